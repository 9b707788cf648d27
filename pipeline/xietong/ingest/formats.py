"""The formats that are read, one line each: media type, reader, and the names that tell one text from another.

A new format is a reader in a file of its own and a line here. What its first bytes tell is found in ``kinds.py``; a
text that only its name tells from others needs no more than its ``endings``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from xietong.ingest import tables
from xietong.ingest.bounds import Bounds
from xietong.ingest.doc import TooOldError, read_doc
from xietong.ingest.docx import read_docx
from xietong.ingest.extract import Extract
from xietong.ingest.html import read_html
from xietong.ingest.mail import read_mail
from xietong.ingest.odt import read_fodt, read_odt
from xietong.ingest.pdf import read_pdf
from xietong.ingest.reasons import Unreadable
from xietong.ingest.rtf import read_rtf
from xietong.ingest.text import read_markdown, read_text


@dataclass(frozen=True, slots=True, kw_only=True)
class IngestOptions:
    """How documents are read."""

    text_column: str = ""  # of a table; "" chooses and says which in the note
    id_column: str = ""
    unit: str = "passage"  # passage, sentence, paragraph or row
    ocr: bool = False  # recognise scans, where Tesseract is installed
    bounds: Bounds = field(default_factory=Bounds)


@dataclass(frozen=True, slots=True)
class Helpers:
    """Programs outside this process, for formats that need one."""

    convert: Callable[[bytes], bytes]  # a .doc -> a .docx; raises Unreadable
    recognise: Callable[[bytes, int], str] | None  # a picture of a page -> its text


Read = Callable[[bytes, IngestOptions, Helpers], Extract]


@dataclass(frozen=True, slots=True)
class Format:
    """One format: what it is called, what reads it, and how its files may be named."""

    media_type: str
    read: Read
    endings: tuple[str, ...] = ()  # that tell it from other texts, where its bytes do not
    is_table: bool = False  # of texts, which may be from several documents


def _plainly(read: Callable[[bytes], Extract]) -> Read:
    return lambda data, options, helpers: read(data)


def _bounded(read: Callable[..., Extract]) -> Read:
    return lambda data, options, helpers: read(data, bounds=options.bounds)


def _pdf(data: bytes, options: IngestOptions, helpers: Helpers) -> Extract:
    return read_pdf(data, bounds=options.bounds, recognise=helpers.recognise if options.ocr else None)


def _word_97(data: bytes, options: IngestOptions, helpers: Helpers) -> Extract:
    """Read an old Word document ourselves; leave those of Word 6 and 95, and damaged ones, to LibreOffice."""
    bounds = options.bounds
    try:
        return read_doc(data, bounds=bounds)
    except TooOldError:
        return read_docx(helpers.convert(data), bounds=bounds)
    except Unreadable as problem:
        if problem.key != "damaged":
            raise
        try:
            return read_docx(helpers.convert(data), bounds=bounds)
        except Unreadable:
            raise problem from None


def _table(media_type: str, read: Callable[..., Extract], *endings: str) -> Format:
    def read_table(data: bytes, options: IngestOptions, helpers: Helpers) -> Extract:
        return read(data, text_column=options.text_column, id_column=options.id_column, bounds=options.bounds)

    return Format(media_type, read_table, endings, is_table=True)


def _workbook(kind: str, media_type: str) -> Format:
    return _table(media_type, partial(tables.read_workbook, kind=kind))


_OFFICE, _OASIS = "application/vnd.openxmlformats-officedocument", "application/vnd.oasis.opendocument"
FORMATS = {
    "text": Format("text/plain", _plainly(read_text)),
    "markdown": Format("text/markdown", _plainly(read_markdown), (".md", ".markdown", ".mdown", ".qmd", ".rmd")),
    "html": Format("text/html", _plainly(read_html)),
    "mail": Format("message/rfc822", _plainly(read_mail)),
    "mhtml": Format("multipart/related", _plainly(read_mail)),
    "pdf": Format("application/pdf", _pdf),
    "docx": Format(f"{_OFFICE}.wordprocessingml.document", _bounded(read_docx)),
    "doc": Format("application/msword", _word_97),
    "odt": Format(f"{_OASIS}.text", _bounded(read_odt)),
    "fodt": Format(f"{_OASIS}.text-flat-xml", _bounded(read_fodt)),
    "rtf": Format("application/rtf", _bounded(read_rtf)),
    "xlsx": _workbook("xlsx", f"{_OFFICE}.spreadsheetml.sheet"),
    "xls": _workbook("xls", "application/vnd.ms-excel"),
    "ods": _workbook("ods", f"{_OASIS}.spreadsheet"),
    "csv": _table("text/csv", tables.read_csv, ".csv", ".tsv", ".tab"),
    "jsonl": _table("application/jsonl", tables.read_jsonl, ".jsonl", ".ndjson"),
    "json": _table("application/json", tables.read_json, ".json"),
    "parquet": _table("application/vnd.apache.parquet", tables.read_parquet),
}
#: Media types of what holds files to read and has no text of its own; ``archive.py`` opens them.
CONTAINERS = {
    "zip": "application/zip",
    "tar": "application/x-tar",
    "gzip": "application/gzip",
    "bzip2": "application/x-bzip2",
    "xz": "application/x-xz",
}
