"""Runs the two programs some formats need, LibreOffice and Tesseract, confined as the parsers are."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from xietong.ingest.bounds import Bounds
from xietong.ingest.reasons import Unreadable

_PREFIX = "xietong-convert-"
_OFFICE_NAMES = ("soffice", "libreoffice")
_OFFICE_PLACES = (
    "/Applications/LibreOffice.app/Contents/MacOS/soffice",
    r"C:\Program Files\LibreOffice\program\soffice.exe",
)
_OCR_LANGUAGES = ("chi_sim", "chi_tra", "eng")


def find_office() -> str:
    """Give the place of LibreOffice, or ""."""
    for name in _OFFICE_NAMES:
        place = shutil.which(name)
        if place:
            return place
    return next((place for place in _OFFICE_PLACES if os.path.exists(place)), "")


def convert_doc(data: bytes, bounds: Bounds) -> bytes:
    """Turn a Word 97-2003 document into DOCX with LibreOffice.

    Raises
    ------
    Unreadable
        If LibreOffice is not installed, takes too long, or cannot read the document.
    """
    office = find_office()
    if not office:
        raise Unreadable("no_libreoffice")
    with _folder() as folder:
        source = Path(folder) / "document.doc"
        source.write_bytes(data)
        command = [
            office, "--headless", "--norestore", "--nolockcheck", "--nodefault",
            f"-env:UserInstallation={(Path(folder) / 'profile').as_uri()}",
            "--convert-to", "docx:MS Word 2007 XML", "--outdir", folder, str(source),
        ]  # fmt: skip
        _run(command, folder, bounds.convert_seconds)
        result = source.with_suffix(".docx")
        if not result.exists():
            raise Unreadable("not_converted", what="it gave no document")
        return result.read_bytes()


def find_tesseract() -> tuple[str, str]:
    """Give the place of Tesseract and the languages to read, joined by ``+``; "" where it or they are missing."""
    program = shutil.which("tesseract") or ""
    if not program:
        return "", ""
    listed = subprocess.run([program, "--list-langs"], capture_output=True, text=True, timeout=30, check=False).stdout
    return program, "+".join(language for language in _OCR_LANGUAGES if language in listed.split())


def recognise(picture: bytes, dpi: int, bounds: Bounds) -> str:
    """Read a picture of a page with Tesseract.

    Both Chinese scripts are tried together first; where the result mixes them, the page is read again in the script
    that most of it is in, which is what people print.

    Raises
    ------
    Unreadable
        If Tesseract is missing or fails.
    """
    program, languages = find_tesseract()
    if not languages:
        raise Unreadable("no_ocr", pages="")
    with _folder() as folder:
        place = Path(folder) / "page.pgm"
        place.write_bytes(picture)
        text = _read_page(program, place, languages, dpi, bounds)
        minor = _minor_script(text)
        if minor in languages.split("+"):
            kept = "+".join(language for language in languages.split("+") if language != minor)
            text = _read_page(program, place, kept, dpi, bounds)
        return text


def _read_page(program: str, place: Path, languages: str, dpi: int, bounds: Bounds) -> str:
    command = [program, str(place), str(place.with_suffix("")), "-l", languages, "--dpi", str(dpi)]
    _run(command, str(place.parent), bounds.convert_seconds)
    result = place.with_suffix(".txt")
    return result.read_text(encoding="utf-8", errors="replace") if result.exists() else ""


def _minor_script(text: str) -> str:
    """Give the language of the script fewer characters are in; "" where only one is there."""
    from opencc import OpenCC

    n_traditional = sum(a != b for a, b in zip(text, OpenCC("t2s").convert(text), strict=False))
    n_simplified = sum(a != b for a, b in zip(text, OpenCC("s2t").convert(text), strict=False))
    if not n_traditional or not n_simplified:
        return ""
    return "chi_tra" if n_traditional < n_simplified else "chi_sim"


@contextmanager
def _folder() -> Iterator[str]:
    """Make a folder that goes away with the block; those that killed processes left behind go away as well."""
    for left in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        process = left.name.removeprefix(_PREFIX).partition("-")[0]
        if process.isdigit() and not _is_alive(int(process)):
            shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=f"{_PREFIX}{os.getpid()}-", ignore_cleanup_errors=True) as folder:
        yield folder


def _is_alive(process: int) -> bool:
    if os.name != "posix":
        return True  # asking would end the process there; such folders stay until the system clears them
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _run(command: list[str], folder: str, seconds: float) -> None:
    """Run a program without network, for a bounded time; it and what it started are ended together."""
    launcher = [sys.executable, "-P", "-c", _LAUNCH, str(Path(__file__).resolve().parents[2]), *command]
    environment = {**os.environ, "HOME": folder, "TMPDIR": folder, "OMP_THREAD_LIMIT": "1"}
    with subprocess.Popen(
        launcher if os.name == "posix" else command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=folder,
        env=environment,
        start_new_session=True,
    ) as process:
        try:
            process.wait(timeout=seconds)
        except subprocess.TimeoutExpired as error:
            raise Unreadable("too_long", seconds=f"{seconds:.0f}") from error
        finally:
            _end_group(process)


def _end_group(process: subprocess.Popen) -> None:
    if os.name == "posix":
        import signal

        try:
            os.killpg(process.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            return  # all of the group are gone
    elif process.poll() is None:
        process.kill()


_LAUNCH = """
import os, sys
sys.path.insert(0, sys.argv[1])
from xietong.ingest.confine import deny_network, end_with_parent
end_with_parent()
deny_network()
os.execv(sys.argv[2], sys.argv[2:])
"""
