"""Finds the files to read: each file below the inputs gets exactly one source, also those that cannot be read."""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

from xietong.errors import UsageError
from xietong.ingest.bounds import MB, Bounds
from xietong.records import Source

_UNSHOWABLE = re.compile("[\x00-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\udc80-\udcff]")
_LOOKS_ESCAPED = re.compile("%[0-9A-Fa-f]{2}")


def find_sources(inputs: Sequence[str | Path]) -> list[Source]:
    """List everything there is to read.

    Parameters
    ----------
    inputs : files and folders; folders are walked to the bottom, links are not followed out of them

    Returns
    -------
    list of Source
        Sorted by ``file``, which is the path below the folder given; where several inputs are given it begins with
        the folder's name. ``problem`` is the key of a reason where the thing cannot be opened.

    Raises
    ------
    UsageError
        If an input does not exist.
    """
    roots = [Path(os.path.abspath(entry)) for entry in dict.fromkeys(os.fspath(entry) for entry in inputs)]
    absent = [str(entry) for entry, root in zip(inputs, roots, strict=False) if not os.path.lexists(root)]
    if absent:
        raise UsageError(f"not found: {', '.join(absent)}; check the name")
    found: dict[str, Source] = {}
    for root, prefix in zip(roots, _prefixes(roots), strict=True):
        for location, problem in _walk(root):
            below = os.path.relpath(location, root) if location != str(root) else ""
            label = showable("/".join(filter(None, [prefix, *below.split(os.sep)])))
            found.setdefault(label, _source(label, location, problem))
    return sorted(found.values(), key=lambda source: source.file)


def showable(name: str) -> str:
    """Give a name that can stand in a table: control characters and bytes outside UTF-8 as ``%XX``; always reversible.

    >>> showable("a\\nb.txt")
    'a%0Ab.txt'
    >>> showable("100%.txt")
    '100%.txt'
    """
    if not _UNSHOWABLE.search(name) and not _LOOKS_ESCAPED.search(name):
        return name
    return "".join(_escape(c) if c == "%" or _UNSHOWABLE.match(c) else c for c in name)


def _escape(c: str) -> str:
    return "".join(f"%{byte:02X}" for byte in c.encode("utf-8", "surrogateescape"))


def _prefixes(roots: list[Path]) -> list[str]:
    """Name each input so that no two files get the same label: by as few of its last folders as tell them apart."""
    if len(roots) == 1:
        return ["" if roots[0].is_dir() else roots[0].name]
    for depth in range(1, max(len(root.parts) for root in roots) + 1):
        names = ["/".join(part for part in root.parts[-depth:] if part != root.anchor) for root in roots]
        if len(set(names)) == len(names):
            return names
    return [root.as_posix() for root in roots]


def _walk(root: Path) -> Iterator[tuple[str, str]]:
    """Give the place of each thing below a folder, and the key of the reason where it cannot be read."""
    if not root.is_dir():
        yield str(root), _problem_of(str(root), os.path.realpath(root.parent), is_named=True)
        return
    real_root = os.path.realpath(root)
    waiting = [str(root)]
    while waiting:
        folder = waiting.pop()
        try:
            with os.scandir(folder) as entries:
                listed = sorted(entries, key=lambda entry: os.fsencode(entry.name))
        except OSError as error:
            yield folder, "no_permission" if isinstance(error, PermissionError) else "unreadable"
            continue
        for entry in listed:
            if entry.is_dir(follow_symlinks=False):
                waiting.append(entry.path)
            else:
                yield entry.path, _problem_of(entry.path, real_root)


def _problem_of(location: str, real_root: str, *, is_named: bool = False) -> str:
    """Say why a thing that is no folder cannot be read; "" where it can, as far as can be seen from outside."""
    try:
        kind = os.lstat(location).st_mode
        if stat.S_ISLNK(kind):
            target = os.path.realpath(location, strict=True)
            if not is_named and os.path.commonpath([target, real_root]) != real_root:
                return "link_outside"
            kind = os.stat(target).st_mode
            if stat.S_ISDIR(kind):
                return "link_inside"
    except FileNotFoundError:
        return "missing"
    except PermissionError:
        return "no_permission"
    except OSError:
        return "link_loop"
    return "" if stat.S_ISREG(kind) else "not_a_file"


def _source(label: str, location: str, problem: str) -> Source:
    if problem:
        return Source(file=label, location=location, problem=problem)
    try:
        size = os.stat(location)
        n_bytes = size.st_size
        if n_bytes > 16 * MB and getattr(size, "st_blocks", n_bytes) * 512 < n_bytes // 16:
            return Source(file=label, location=location, n_bytes=0, problem="sparse")
        if n_bytes > Bounds().file_mb * MB:
            return Source(file=label, location=location, n_bytes=0, problem="too_large")
        with open(location, "rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except PermissionError:
        return Source(file=label, location=location, problem="no_permission")
    except OSError:
        return Source(file=label, location=location, problem="unreadable")
    return Source(file=label, location=location, sha256=digest, n_bytes=n_bytes)
