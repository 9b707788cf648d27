"""Opens ZIP, TAR and compressed files in memory, member by member; nothing is ever unpacked to disk."""

from __future__ import annotations

import bz2
import gzip
import lzma
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from xietong.ingest.bounds import MB, Bounds
from xietong.ingest.encodings import decode
from xietong.ingest.package import unpack
from xietong.ingest.reasons import Unreadable
from xietong.ingest.sources import showable

_OPENERS: dict[str, Any] = {"gzip": gzip.open, "bzip2": bz2.open, "xz": lzma.open}
_CHUNK = 1 << 20
_UTF8_NAMES = 0x800
_UNICODE_PATH = 0x7075


@dataclass(frozen=True, slots=True)
class Member:
    """One file in an archive: its name as shown, and its bytes or why there are none."""

    name: str
    data: bytes = b""
    problem: Unreadable | None = None


def read_archive(data: bytes, kind: str, name: str, *, bounds: Bounds) -> Iterator[Member]:
    """Give the files in an archive in their order, links and folders apart.

    Parameters
    ----------
    data : the archive
    kind : zip, tar, gzip, bzip2 or xz
    name : the archive's own name, which names the only member of a compressed file

    Raises
    ------
    Unreadable
        If the archive as a whole is damaged or beyond a bound.
    """
    if kind == "zip":
        yield from _read_zip(data, bounds)
    elif kind == "tar":
        yield from _read_tar(data, bounds)
    else:
        yield from _read_compressed(data, kind, name, bounds)


def _read_zip(data: bytes, bounds: Bounds) -> Iterator[Member]:
    try:
        archive = zipfile.ZipFile(BytesIO(data))
        infos = [info for info in archive.infolist() if not info.filename.endswith("/")]
    except (zipfile.BadZipFile, OSError, ValueError, EOFError, NotImplementedError, UnicodeDecodeError) as error:
        raise Unreadable("damaged_archive", what="its list of files is broken or missing") from error
    infos = [info for info in infos if not _is_resource_fork(info.filename)]
    if not infos:
        raise Unreadable("no_files")
    if len(infos) > bounds.members:
        raise Unreadable("too_many_members", n=len(infos), bound=bounds.members)
    names = _zip_names(infos)
    total = 0
    for info, name in zip(infos, names, strict=True):
        problem = _zip_problem(info, name)
        content = b""
        if problem is None:
            try:
                left = min(bounds.part_mb, bounds.archive_mb - total // MB)
                content = b"".join(unpack(archive, info, max(left, 0)))
            except Unreadable as error:
                problem = error
                if error.key == "bomb" and left < bounds.part_mb:
                    problem = Unreadable("archive_total", bound=bounds.archive_mb)
            total += len(content)
        yield Member(name, content, problem)


def _zip_problem(info: zipfile.ZipInfo, name: str) -> Unreadable | None:
    if info.flag_bits & 1:
        return Unreadable("encrypted")
    if (info.external_attr >> 16) & 0o170000 == 0o120000:
        return Unreadable("member_link")
    return _name_problem(name)


def _name_problem(name: str) -> Unreadable | None:
    parts = name.replace("\\", "/").split("/")
    if name.startswith(("/", "\\")) or ".." in parts or (len(parts[0]) == 2 and parts[0][1] == ":"):
        return Unreadable("member_outside", what=name)
    return None


def _is_resource_fork(name: str) -> bool:
    return name.startswith("__MACOSX/") or "/__MACOSX/" in name


def _zip_names(infos: list[zipfile.ZipInfo]) -> list[str]:
    """Give the members' names; those without the UTF-8 flag are judged together, so that few letters suffice."""
    raw = {}
    for number, info in enumerate(infos):
        name = _unicode_path(info)
        if name is None and not info.flag_bits & _UTF8_NAMES:
            try:
                raw[number] = info.orig_filename.encode("cp437")
            except UnicodeEncodeError:
                continue
    encoding = _encoding_of_names(b"\n".join(raw.values()))
    names: dict[str, int] = {}
    result = []
    for number, info in enumerate(infos):
        name = _unicode_path(info) or info.filename
        if number in raw:
            name = raw[number].decode(encoding, "replace") if encoding else info.orig_filename
            name = name.replace("\0", "\u2400")
        name = showable(name)
        names[name] = names.get(name, 0) + 1
        # two members of one name are two documents
        result.append(name if names[name] == 1 else f"{name}#{names[name]}")
    return result


def _encoding_of_names(names: bytes) -> str:
    if not names or max(names) < 0x80:
        return "ascii"
    try:
        found = decode(names).encoding
    except Unreadable:
        return ""
    return found if found in ("utf-8", "gb18030", "big5hkscs", "cp950") else ""


def _unicode_path(info: zipfile.ZipInfo) -> str | None:
    """Give the name in Info-ZIP's extra field, which states UTF-8."""
    extra, at = info.extra, 0
    while at + 4 <= len(extra):
        tag, size = int.from_bytes(extra[at : at + 2], "little"), int.from_bytes(extra[at + 2 : at + 4], "little")
        if tag == _UNICODE_PATH and size > 5:
            try:
                return extra[at + 9 : at + 4 + size].decode("utf-8")
            except UnicodeDecodeError:
                return None
        at += 4 + size
    return None


def _read_tar(data: bytes, bounds: Bounds) -> Iterator[Member]:
    """Read a TAR; what is no regular file is reported and not followed."""
    total, n = 0, 0
    try:
        with tarfile.open(fileobj=BytesIO(data), mode="r:", errors="surrogateescape") as archive:
            for info in archive:
                if info.isdir() or _is_resource_fork(info.name):
                    continue
                n += 1
                if n > bounds.members:
                    raise Unreadable("too_many_members", n=f"more than {bounds.members}", bound=bounds.members)
                total += info.size
                yield _tar_member(archive, info, total, bounds)
    except (tarfile.TarError, EOFError, OSError, ValueError) as error:
        if n == 0:
            raise Unreadable("damaged_archive", what="it is cut off or no TAR archive") from error
        yield Member(f"#{n + 1}", problem=Unreadable("damaged_member", what="the archive is cut off here"))
    if n == 0:
        raise Unreadable("no_files")


def _tar_member(archive: tarfile.TarFile, info: tarfile.TarInfo, total: int, bounds: Bounds) -> Member:
    name = info.name
    if any("\udc80" <= c <= "\udcff" for c in name):
        raw = name.encode("utf-8", "surrogateescape")
        encoding = _encoding_of_names(raw)
        name = raw.decode(encoding, "surrogateescape") if encoding else name
    name = showable(name)
    problem = _name_problem(name)
    if problem is None and not info.isreg():
        problem = Unreadable("member_link")
    if problem is None and info.size > bounds.part_mb * MB:
        problem = Unreadable("bomb", bound=bounds.part_mb)
    if problem is None and total > bounds.archive_mb * MB:
        problem = Unreadable("archive_total", bound=bounds.archive_mb)
    if problem is not None:
        return Member(name, problem=problem)
    content = archive.extractfile(info)
    return Member(name, content.read() if content else b"")


def _read_compressed(data: bytes, kind: str, name: str, bounds: Bounds) -> Iterator[Member]:
    """Read a single compressed file; a compressed TAR is then an archive in its turn."""
    chunks, size = [], 0
    try:
        with _OPENERS[kind](BytesIO(data)) as file:
            while chunk := file.read(_CHUNK):
                size += len(chunk)
                if size > bounds.part_mb * MB:
                    raise Unreadable("bomb", bound=bounds.part_mb)
                chunks.append(chunk)
    except (OSError, EOFError, zlib.error, lzma.LZMAError) as error:
        raise Unreadable("damaged_archive", what="it is cut off or its check sum is wrong") from error
    yield Member(_inner_name(name), b"".join(chunks))


def _inner_name(name: str) -> str:
    base = name.rsplit("/", 1)[-1]
    for end, inner in ((".tgz", ".tar"), (".tbz2", ".tar"), (".txz", ".tar")):
        if base.lower().endswith(end):
            return base[: -len(end)] + inner
    for end in (".gz", ".bz2", ".xz"):
        if base.lower().endswith(end):
            return base[: -len(end)]
    return base
