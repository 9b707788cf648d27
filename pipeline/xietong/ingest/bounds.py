"""The bounds within which every document is read; the manual's table of bounds is made from this one."""

from __future__ import annotations

from dataclasses import dataclass

MB = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """What one document may cost. Beyond a bound the document gets status ``failed`` and a reason that names it."""

    seconds: float = 55.0  # to read one document or one member of an archive
    archive_seconds: float = 220.0  # to read all members of one archive
    memory_mb: int = 1900  # address space of the process that parses
    file_mb: int = 500  # size of one file on disk
    text_mb: int = 128  # text that one document may give, in UTF-8
    part_mb: int = 128  # one part of a DOCX, ODT or XLSX, or one compressed file, when unpacked
    archive_mb: int = 1000  # all members of an archive together, when unpacked
    members: int = 10_000  # files in one archive
    depth: int = 3  # archives inside archives
    pages: int = 20_000  # of a PDF
    ocr_pages: int = 300  # of a scan that are recognised
    ocr_seconds: float = 900.0  # to recognise one scan
    convert_seconds: float = 60.0  # for LibreOffice to read one .doc
    rows: int = 2_000_000  # of one table
    table_documents: int = 50_000  # documents that the rows of one table are told apart into; else it stays one
    child_documents: int = 500  # documents after which the parsing process is replaced
    child_memory_mb: int = 600  # memory after which it is replaced
