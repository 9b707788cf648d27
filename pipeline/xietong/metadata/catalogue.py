"""Reads the user's ``catalogue.csv``, which lies beside the documents and overrules what is worked out from them."""

from __future__ import annotations

import csv
import difflib
import logging
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from xietong.errors import UsageError
from xietong.records import Source

log = logging.getLogger(__name__)

NAME = "catalogue.csv"
LEVELS = ("central", "provincial", "city", "county", "other")
DOC_TYPES = ("work report", "plan", "opinion", "notice", "regulation", "speech", "article", "other")
#: Rows of one source: "" for the source itself, the name inside for a file in an archive or a document in a table.
Rows = dict[str, dict[str, str]]
ITEMS = ("title", "issuer", "region", "level", "doc_type", "doc_date", "year")


def read_catalogues(inputs: Sequence[str | Path], sources: Iterable[Source]) -> dict[str, Rows]:
    """Read every catalogue in the input folders and give each source its row.

    Parameters
    ----------
    inputs : sequence of paths
        Files and folders as given to the run.
    sources : iterable of Source
        What is read. The catalogue names a file in an archive, or a document in a table, ``a.zip!/member``.

    Returns
    -------
    dict
        ``source.file`` to the row, for the sources that have one, and ``a.zip!/member`` to the row of a file in an
        archive. The nearest catalogue above a document wins.

    Raises
    ------
    UsageError
        If a catalogue has problems; all of them are named with file and line.
    """
    sources = list(sources)
    rows: dict[str, Rows] = {}
    problems: list[str] = []
    for file in sorted(_catalogue_files(inputs, sources), key=lambda file: len(file.parts)):
        table, found = _read(file)
        problems += found
        matched = _match(table, file, sources)
        for name, found_rows in matched.items():
            rows[name] = rows.get(name, {}) | found_rows
        missing = len(table) - sum(map(len, matched.values()))
        if missing > 0:
            log.warning("%s: %d of %d rows name no document of this run", file, missing, len(table))
    if problems:
        raise UsageError("\n".join(problems))
    return rows


def documents_only(sources: Sequence[Source]) -> list[Source]:
    """Leave out the catalogues, which describe documents and are none; a catalogue that is all there is stays."""
    documents = [source for source in sources if Path(source.location).name != NAME]
    return documents or list(sources)


def read_catalogue(folder: str | Path) -> dict[str, dict[str, str]]:
    """Read the catalogue of one folder: file name to row; {} where there is none.

    Raises
    ------
    UsageError
        If it has problems; all of them are named with file and line.
    """
    file = Path(folder, NAME)
    if not file.is_file():
        return {}
    rows, problems = _read(file)
    if problems:
        raise UsageError("\n".join(problems))
    return rows


def _catalogue_files(inputs: Sequence[str | Path], sources: Sequence[Source]) -> set[Path]:
    """Catalogues in the input folders, below them beside documents, and beside single input files."""
    places = [Path(os.path.abspath(name)) for name in inputs]
    roots = {place if place.is_dir() else place.parent for place in places}
    folders = set(roots)
    for source in sources:
        folder = Path(os.path.abspath(source.location)).parent
        while folder not in folders and any(root in folder.parents for root in roots):
            folders.add(folder)
            folder = folder.parent
    return {folder / NAME for folder in folders if (folder / NAME).is_file()}


def _read(file: Path) -> tuple[dict[str, dict[str, str]], list[str]]:
    """Read a catalogue as spreadsheets save it: UTF-8 or GB18030; comma, semicolon or tab."""
    content = file.read_bytes()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        try:
            text = content.decode("gb18030")
        except UnicodeDecodeError:
            return {}, [f"{file}: neither UTF-8 nor GB18030; save it as CSV UTF-8"]
    lines = text.splitlines()
    if not lines:
        return {}, [f"{file}: empty; the first line has to name the columns: file,title,region,level,year"]
    delimiter = max(",;\t", key=lines[0].count)
    reader = csv.DictReader(lines, delimiter=delimiter)
    columns = [(name or "").strip() for name in reader.fieldnames or ()]
    reader.fieldnames = [column.lower() if column.lower() in ("file", *ITEMS) else column for column in columns]
    if "file" not in reader.fieldnames:
        return {}, [f'{file} line 1: no column "file" (found: {", ".join(columns)}); it names each document']
    return _check(file, reader)


def _check(file: Path, reader: csv.DictReader) -> tuple[dict[str, dict[str, str]], list[str]]:
    rows: dict[str, dict[str, str]] = {}
    problems: list[str] = []
    for raw in reader:
        row = {
            (key or "").strip(): (value or "").strip()
            for key, value in raw.items()
            if isinstance(value, str | None) and key
        }
        where = f"{file} line {reader.line_num}"
        name = row.pop("file", "").replace("\\", "/").removeprefix("./")
        if not name:
            if any(row.values()):
                problems.append(f"{where}: no file is named; write the document's path below this folder")
            continue
        if name in rows:
            problems.append(f'{where}: "{name}" has a row already; keep one of the two')
        row = {key: value for key, value in row.items() if value}
        for item, allowed in (("level", LEVELS), ("doc_type", DOC_TYPES)):
            if item in row and row[item] not in allowed:
                near = difflib.get_close_matches(row[item].lower(), allowed, 1, 0.5)
                hint = f'; did you mean "{near[0]}"?' if near else f"; it has to be one of {', '.join(allowed)}"
                problems.append(f'{where}: {item} "{row[item]}" is not known{hint}')
        if "year" in row and not re.fullmatch(r"\d{4}(?:\.0)?", row["year"]):
            problems.append(f'{where}: year "{row["year"]}" is not a year; write four digits, for instance 2024')
        if "doc_date" in row and not re.fullmatch(r"\d{4}(?:-\d\d(?:-\d\d)?)?", row["doc_date"]):
            problems.append(f'{where}: doc_date "{row["doc_date"]}" is not a date; write 2024, 2024-03 or 2024-03-15')
        rows[name] = row
    return rows, problems


def _match(table: Mapping[str, dict[str, str]], file: Path, sources: Sequence[Source]) -> dict[str, Rows]:
    """Give the sources below the catalogue's folder their rows, by path below it or by a file name that is unique."""
    inside: dict[str, list[str]] = {}
    for name in table:
        container, _, member = name.partition("!/")
        inside.setdefault(container, []).extend([member] if member else [])
    matched: dict[str, Rows] = {}
    for source in sources:
        try:
            below = Path(os.path.abspath(source.location)).relative_to(file.parent).as_posix()
        except ValueError:
            continue
        rows: Rows = {}
        for name in (below, source.file, Path(source.file).name):
            for member in ("", *inside.get(name, ())):
                full = f"{name}!/{member}" if member else name
                if full in table:
                    rows.setdefault(member, table[full])
        if rows:
            matched[source.file] = rows
    return matched


def row_of(rows: Rows, source_file: str, file: str) -> dict[str, str]:
    """Give what the catalogue says of a document: an archive's row holds for all in it, a member's own row wins.

    Examples
    --------
    >>> row_of({"": {"region": "云川省"}, "b.txt": {"year": "2024"}}, "a.zip", "a.zip!/b.txt")
    {'region': '云川省', 'year': '2024'}
    """
    return {**rows.get("", {}), **rows.get(file.removeprefix(f"{source_file}!/"), {})}
