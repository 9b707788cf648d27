"""Runs the two programs some formats need, LibreOffice and Tesseract, confined as the parsers are."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from xietong.ingest.bounds import Bounds
from xietong.ingest.reasons import Unreadable

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
    with tempfile.TemporaryDirectory(prefix="xietong-", ignore_cleanup_errors=True) as folder:
        source = Path(folder) / "document.doc"
        source.write_bytes(data)
        command = [
            office, "--headless", "--norestore", "--nolockcheck", "--nodefault",
            f"-env:UserInstallation={(Path(folder) / 'profile').as_uri()}",
            "--convert-to", "docx:MS Word 2007 XML", "--outdir", folder, str(source),
        ]  # fmt: skip
        _run(command, folder, bounds.convert_seconds, bounds)
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

    Raises
    ------
    Unreadable
        If Tesseract is missing or fails.
    """
    program, languages = find_tesseract()
    if not languages:
        raise Unreadable("no_ocr", pages="")
    with tempfile.TemporaryDirectory(prefix="xietong-", ignore_cleanup_errors=True) as folder:
        place = Path(folder) / "page.pgm"
        place.write_bytes(picture)
        command = [program, str(place), str(place.with_suffix("")), "-l", languages, "--dpi", str(dpi)]
        _run(command, folder, bounds.convert_seconds, bounds)
        result = place.with_suffix(".txt")
        return result.read_text(encoding="utf-8", errors="replace") if result.exists() else ""


def _run(command: list[str], folder: str, seconds: float, bounds: Bounds) -> None:
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
