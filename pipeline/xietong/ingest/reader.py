"""Reads one source: decides by content what it is, hands it to the reader of its format, opens archives."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from xietong.ingest.bounds import MB, Bounds
from xietong.ingest.builder import clean
from xietong.ingest.extract import Extract, join_notes
from xietong.ingest.formats import CONTAINERS, FORMATS, Helpers, IngestOptions
from xietong.ingest.kinds import kind_of
from xietong.ingest.reasons import Unreadable
from xietong.records import Document, Source

if TYPE_CHECKING:
    from xietong.ingest.archive import Member

Begin = Callable[[str], None]  # told the name of each document before it is read


def read_bytes(
    data: bytes,
    file: str,
    options: IngestOptions,
    helpers: Helpers,
    *,
    begin: Begin = lambda file: None,
    skip: int = 0,
    lost: Collection[str] = (),
) -> Iterator[Document]:
    """Read what a file holds: one document, or the documents of an archive or table and then the archive or table itself.

    Parameters
    ----------
    data, file : content, and label in the tables
    begin : called before each document is read
    skip : documents given before, which are passed over
    lost : labels of those among them that could not be read, and are not to be tried again
    """
    yield from _Reading(options, helpers, begin, skip, lost).read(data, file, 0)


@dataclass(slots=True)
class _Reading:
    """One file under way: how many documents of an archive are to be passed over, and how much was unpacked."""

    options: IngestOptions
    helpers: Helpers
    begin: Begin
    skip: int
    lost: Collection[str] = ()
    n_bytes: int = 0

    def read(self, data: bytes, file: str, depth: int) -> Iterator[Document]:
        sha256 = hashlib.sha256(data).hexdigest()
        try:
            kind = kind_of(data, file)
        except Unreadable as problem:
            row = problem.document(file, sha256)
            yield from self._give(lambda: row, file)
            return
        if kind in CONTAINERS:
            yield from self._read_container(data, file, sha256, kind, depth)
        elif FORMATS[kind].is_table and file not in self.lost:
            yield from self._read_table(data, file, sha256, kind)
        else:
            yield from self._give(
                lambda: _read_documents(data, file, sha256, kind, self.options, self.helpers)[-1], file
            )

    def _read_table(self, data: bytes, file: str, sha256: str, kind: str) -> Iterator[Document]:
        """Give the documents that a table's rows are from, and then the table's own row."""
        self.begin(file)
        for document in _read_documents(data, file, sha256, kind, self.options, self.helpers):
            if self.skip:
                self.skip -= 1
            else:
                yield document

    def _give(self, make: Callable[[], Document], file: str) -> Iterator[Document]:
        if self.skip:
            self.skip -= 1
            return
        self.begin(file)
        yield make()

    def _read_container(self, data: bytes, file: str, sha256: str, kind: str, depth: int) -> Iterator[Document]:
        from xietong.ingest.archive import read_archive

        found = Tally()
        media_type = CONTAINERS[kind]
        try:
            if depth >= self.options.bounds.depth:
                raise Unreadable("too_deep", bound=self.options.bounds.depth)
            for member in read_archive(data, kind, file, bounds=self.options.bounds):
                label = f"{file}!/{member.name}"
                found.n += 1
                for document in self._read_member(member, label, sha256, depth):
                    found.count(document)
                    yield document
        except (Unreadable, MemoryError) as error:
            out_of_memory = Unreadable("too_much_memory", mb=self.options.bounds.memory_mb)
            problem = error if isinstance(error, Unreadable) else out_of_memory
            row = problem.document(file, sha256, media_type)
            yield from self._give(lambda: row, file)
            return
        yield from self._give(lambda: found.container(file, sha256, media_type), file)

    def _read_member(self, member: Member, label: str, sha256: str, depth: int) -> Iterator[Document]:
        problem = member.problem
        self.n_bytes += len(member.data)
        if problem is None and self.n_bytes > self.options.bounds.archive_mb * MB:
            problem = Unreadable("archive_total", bound=self.options.bounds.archive_mb)
        if problem is None:
            yield from self.read(member.data, label, depth + 1)
        else:
            row = problem.document(label, _hash_of_name(sha256, label))
            yield from self._give(lambda: row, label)


@dataclass(slots=True)
class Tally:
    """What came out of an archive."""

    n: int = 0
    n_ok: int = 0
    n_failed: int = 0
    first: str = ""

    def count(self, document: Document) -> None:
        """Take in one document of the archive."""
        if document.n_members:
            return
        self.n_ok += document.status == "ok"
        self.n_failed += document.status == "failed"
        if not self.first and document.status != "ok":
            self.first = document.reason

    def container(self, file: str, sha256: str, media_type: str) -> Document:
        """Give the archive's own row."""
        if not self.n_ok and self.n:
            # members passed over after a restart are not known here; the process that restarts corrects the row
            key = "members_failed" if self.n_failed else "members_empty"
            problem = Unreadable(key, n=self.n, first=self.first[:150])
            return replace(problem.document(file, sha256, media_type), n_members=self.n)
        n_other = self.n - self.n_ok
        note = f"{self.n} files" + (
            f", {n_other} of them without text or not read: see their rows" if n_other > 0 else ""
        )
        return Document(file=file, sha256=sha256, media_type=media_type, n_members=self.n, note=note)


def _hash_of_name(sha256: str, label: str) -> str:
    """Stand in for the hash of a member whose bytes cannot be had."""
    return hashlib.sha256(f"{sha256} {label}".encode("utf-8", "replace")).hexdigest()


def _read_documents(
    data: bytes, file: str, sha256: str, kind: str, options: IngestOptions, helpers: Helpers
) -> list[Document]:
    """Read what is no archive: one document; or the documents of a table, and then the table without text."""
    media_type, bounds = FORMATS[kind].media_type, options.bounds

    def read() -> list[Document]:
        extract = FORMATS[kind].read(data, options, helpers)
        if not extract.parts:
            return _alone(extract, file, sha256, media_type, bounds)
        return [*_documents_of(extract, file, sha256, media_type, bounds), _table(extract, file, sha256, media_type)]

    return _guarded(read, file, sha256, media_type, bounds)


def _documents_of(extract: Extract, file: str, sha256: str, media_type: str, bounds: Bounds) -> Iterator[Document]:
    for part in extract.parts:
        label = f"{file}!/{part.name}"
        own = extract.with_(text=part.text, rows=part.rows, columns=part.columns, note="")
        part_hash = _hash_of_name(sha256, part.name)
        yield from _guarded(
            partial(_alone, own, label, part_hash, media_type, bounds), label, part_hash, media_type, bounds
        )


def _alone(extract: Extract, file: str, sha256: str, media_type: str, bounds: Bounds) -> list[Document]:
    return [_document(extract, file, sha256, media_type, bounds)]


def _table(extract: Extract, file: str, sha256: str, media_type: str) -> Document:
    """Give the row of a table whose texts are in the rows of its documents."""
    return Document(
        file=file,
        sha256=sha256,
        media_type=media_type,
        encoding=extract.encoding,
        encoding_margin=extract.encoding_margin,
        n_members=len(extract.parts),
        note=join_notes(f"{len(extract.parts)} documents", extract.note),
    )


def _guarded(
    read: Callable[[], list[Document]], file: str, sha256: str, media_type: str, bounds: Bounds
) -> list[Document]:
    """Turn whatever goes wrong into a row that says so."""
    try:
        return read()
    except Unreadable as problem:
        return [problem.document(file, sha256, media_type)]
    except MemoryError:
        return [Unreadable("too_much_memory", mb=bounds.memory_mb).document(file, sha256, media_type)]
    except (
        ValueError,
        TypeError,
        LookupError,
        ArithmeticError,
        RecursionError,
        AttributeError,
        AssertionError,
        OSError,
    ) as error:
        # the last guard: a mistake of ours or of a parser becomes a row
        what = f"{type(error).__name__}: {error}"
        return [Unreadable("reader_failed", what=what).document(file, sha256, media_type)]


def _document(extract: Extract, file: str, sha256: str, media_type: str, bounds: Bounds) -> Document:
    text = clean(extract.text)  # only lone surrogates can be left, so lengths stay
    if len(text) > bounds.text_mb * MB:
        raise Unreadable("text_too_long", mb=bounds.text_mb)
    if not _has_text(text):
        raise Unreadable("no_text")
    return Document(
        file=file,
        sha256=sha256,
        text=text,
        media_type=media_type,
        encoding=extract.encoding,
        encoding_margin=extract.encoding_margin,
        pages=extract.pages,
        marks=extract.marks,
        rows=extract.rows,
        columns={clean(name): clean(value) for name, value in extract.columns.items()},
        properties={clean(key): clean(value) for key, value in extract.properties.items()},
        note=extract.note,
    )


def _has_text(text: str) -> bool:
    """Say whether there is anything but white space, controls and unseen characters."""
    return any(c.isprintable() and not c.isspace() and c != "\ufffd" for c in text)


def problem_of(source: Source, bounds: Bounds) -> Unreadable | None:
    """Say why a source cannot be opened, as far as was seen when it was found."""
    if not source.problem:
        return None
    size = f"over {bounds.file_mb}"
    return Unreadable(source.problem, what="pipe, device or socket", size=size, bound=bounds.file_mb)


def read_location(source: Source, bounds: Bounds) -> bytes:
    """Give a file's bytes.

    Raises
    ------
    Unreadable
        If it cannot be opened, has changed since it was found, or has become larger than the bound.
    """
    problem = problem_of(source, bounds)
    if problem is not None:
        raise problem
    try:
        with open(source.location, "rb") as file:
            # read() sets aside as much memory as it is asked for, so it is asked for no more than there is
            size = min(os.fstat(file.fileno()).st_size, bounds.file_mb * MB)
            data = file.read(size + 1)
    except PermissionError as error:
        raise Unreadable("no_permission") from error
    except FileNotFoundError as error:
        raise Unreadable("changed") from error
    except MemoryError as error:
        raise Unreadable("too_much_memory", mb=bounds.memory_mb) from error
    except OSError as error:
        raise Unreadable("unreadable", what=error.strerror or "input/output error") from error
    if len(data) > bounds.file_mb * MB:
        raise Unreadable("too_large", size=f"over {bounds.file_mb}", bound=bounds.file_mb)
    if source.sha256 and hashlib.sha256(data).hexdigest() != source.sha256:
        raise Unreadable("changed")
    return data


def read_file(source: Source, options: IngestOptions | None = None) -> list[Document]:
    """Read a source in this process, without the protection of ``isolate.Reader``.

    Returns
    -------
    list of Document
        One document; or an archive's own row, and then one for each file in it.
    """
    from xietong.ingest import external

    options = options or IngestOptions()
    helpers = Helpers(
        lambda data: external.convert_doc(data, options.bounds),
        lambda picture, dpi: external.recognise(picture, dpi, options.bounds),
    )
    try:
        data = read_location(source, options.bounds)
    except Unreadable as problem:
        return [problem.document(source.file, source.sha256)]
    return in_order(list(read_bytes(data, source.file, options, helpers)))


def in_order(documents: list[Document]) -> list[Document]:
    """Put an archive before its members."""
    return documents[-1:] + documents[:-1]
