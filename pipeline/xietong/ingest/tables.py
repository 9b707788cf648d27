"""Reads tables of texts: CSV, XLSX, XLS, ODS, JSONL, JSON and Parquet; each row's text is one ``Row``.

A workbook without a column of texts is a table that is a document itself, and is read whole.
"""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from io import BytesIO, StringIO
from typing import Any

from xietong.ingest.bounds import Bounds
from xietong.ingest.builder import TextBuilder, clean
from xietong.ingest.encodings import decode
from xietong.ingest.extract import Extract, join_notes
from xietong.ingest.lists import read_list
from xietong.ingest.package import Package
from xietong.ingest.reasons import Unreadable
from xietong.records import Row

_DELIMITERS = ",\t;|"
#: A column of texts has at least this many characters a cell on average, or a name that says so.
_MIN_TEXT = 12
#: In a workbook a column without such a name is the texts only if it has this share of all letters.
_MIN_SHARE = 0.8
_SAMPLE_ROWS = 2000


@dataclass(frozen=True, slots=True)
class Table:
    """One sheet: its name, its header, and the rows below it as text."""

    name: str
    header: list[str]
    rows: Sequence[Sequence[str]]
    is_workbook: bool = False


def read_csv(data: bytes, *, text_column: str, id_column: str, bounds: Bounds) -> Extract:
    """Read CSV or TSV with any of the usual delimiters."""
    decoded = decode(data)
    text = clean(decoded.text).lstrip("\ufeff")
    delimiter, text = _delimiter_of(text)
    lines, note = _parse_csv(text, delimiter)
    table = _with_header("", (row for row in lines if any(cell.strip() for cell in row)), bounds)
    extract = _extract([table], text_column, id_column, bounds)
    note = join_notes(decoded.note, note, extract.note)
    return extract.with_(encoding=decoded.encoding, encoding_margin=decoded.margin, note=note)


def _delimiter_of(text: str) -> tuple[str, str]:
    """Choose the delimiter that splits the first lines most evenly; a ``sep=`` line of Excel says it."""
    first, _, rest = text.partition("\n")
    if first.lower().startswith("sep=") and len(first.strip()) == 5:
        return first.strip()[4], rest
    head = text[:20_000]
    best, best_score = ",", (0, 0.0)
    for delimiter in _DELIMITERS:
        try:
            rows = list(csv.reader(StringIO(head), delimiter=delimiter))[:50]
        except csv.Error:
            continue
        widths = Counter(len(row) for row in rows if row)
        width, n = max(widths.items(), key=lambda item: (item[1] * (item[0] > 1), item[0]), default=(1, 0))
        header_width = next((len(row) for row in rows if any(cell.strip() for cell in row)), 1)
        score = (int(width > 1 and header_width > 1), n / max(len(rows), 1))
        if score > best_score:
            best, best_score = delimiter, score
    return best, text


def _parse_csv(text: str, delimiter: str) -> tuple[list[list[str]], str]:
    """Parse; where a quotation mark is never closed, take the marks as they stand so that no row is swallowed."""
    csv.field_size_limit(1 << 30)
    try:
        return list(csv.reader(StringIO(text, newline=""), delimiter=delimiter, strict=True)), ""
    except csv.Error:
        pass
    lenient = list(csv.reader(StringIO(text, newline=""), delimiter=delimiter))
    n_lines = text.count("\n") + 1
    longest = max((len(cell) for row in lenient for cell in row), default=0)
    if len(lenient) >= 0.8 * n_lines or longest < 0.2 * len(text):
        return lenient, "some quotation marks are not as CSV has them; check the rows' ends"
    plain = list(csv.reader(StringIO(text, newline=""), delimiter=delimiter, quoting=csv.QUOTE_NONE))
    return plain, "a quotation mark is never closed; the marks were read as they stand, each line as one row"


def read_workbook(data: bytes, kind: str, *, text_column: str, id_column: str, bounds: Bounds) -> Extract:
    """Read the visible and hidden sheets of XLSX, XLS or ODS; formulas give the values stored with them."""
    import python_calamine

    if kind in ("xlsx", "ods"):
        _measure(data, kind, bounds)
    try:
        book = python_calamine.CalamineWorkbook.from_filelike(BytesIO(data))
        tables = [
            _with_header(name, _cells(book.get_sheet_by_name(name).iter_rows()), bounds, is_workbook=True)
            for name in book.sheet_names
        ]
    except python_calamine.PasswordError as error:
        raise Unreadable("encrypted") from error
    except (python_calamine.CalamineError, OSError, ValueError, KeyError, IndexError) as error:
        raise Unreadable("damaged", format=kind.upper(), what=str(error)[:100] or "it cannot be opened") from error
    return _extract(tables, text_column, id_column, bounds)


def _measure(data: bytes, kind: str, bounds: Bounds) -> None:
    """Count what the parts unpack to before a parser takes them whole."""
    package = Package(data, format=kind.upper(), bounds=bounds)
    for name in package.names():
        if name.endswith((".xml", ".rels")):
            content = package.read(name)
            if b"<!DOCTYPE" in content or b"<\0!\0D\0O\0C\0T\0Y\0P\0E\0" in content:
                raise Unreadable("forbidden_xml", format=kind.upper())


def _cells(rows: Iterable[Sequence[Any]]) -> Iterator[list[str]]:
    for row in rows:
        yield [_cell(value) for value in row]


def _cell(value: Any) -> str:
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    return clean(str(value))


def read_jsonl(data: bytes, *, text_column: str, id_column: str, bounds: Bounds) -> Extract:
    """Read one JSON object a line."""
    decoded = decode(data)
    records, n_bad = [], 0
    for line in clean(decoded.text).lstrip("\ufeff").split("\n"):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
        except (ValueError, RecursionError):
            n_bad += 1
            continue
        if isinstance(record, dict):
            records.append(record)
        else:
            n_bad += 1
    note = f"{n_bad} lines are no JSON objects and were left out" if n_bad else ""
    extract = _extract([_from_records(records)], text_column, id_column, bounds)
    return extract.with_(
        encoding=decoded.encoding, encoding_margin=decoded.margin, note=join_notes(decoded.note, note, extract.note)
    )


def read_json(data: bytes, *, text_column: str, id_column: str, bounds: Bounds) -> Extract:
    """Read a JSON list of objects, or an object that holds one."""
    decoded = decode(data)
    try:
        content = json.loads(clean(decoded.text).lstrip("\ufeff"))
    except (ValueError, RecursionError) as error:
        raise Unreadable("damaged", format="JSON", what="it cannot be parsed, or nests too deep") from error
    if isinstance(content, dict):
        lists = [value for value in content.values() if isinstance(value, list)]
        content = lists[0] if len(lists) == 1 else [content]
    records = [record for record in content if isinstance(record, dict)] if isinstance(content, list) else []
    if not records:
        raise Unreadable("no_records")
    extract = _extract([_from_records(records)], text_column, id_column, bounds)
    return extract.with_(encoding=decoded.encoding, encoding_margin=decoded.margin)


def _from_records(records: list[dict[str, Any]]) -> Table:
    header = list(dict.fromkeys(clean(key) for record in records for key in record))
    if not header:
        raise Unreadable("no_records")
    rows = [["" if record.get(key) is None else _json_cell(record[key]) for key in header] for record in records]
    return Table("", header, rows)


def _json_cell(value: Any) -> str:
    return clean(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))


def read_parquet(data: bytes, *, text_column: str, id_column: str, bounds: Bounds) -> Extract:
    """Read a Parquet file; only columns of text and numbers."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    pa.set_cpu_count(1)
    try:
        source = pq.ParquetFile(BytesIO(data))
        size = sum(source.metadata.row_group(n).total_byte_size for n in range(source.metadata.num_row_groups))
        if size > bounds.part_mb * 1_000_000:
            raise Unreadable("bomb", bound=bounds.part_mb)
        table = source.read(use_threads=False)
        columns = {name: table.column(name).to_pylist() for name in table.column_names}
    except (pa.ArrowException, OSError, ValueError) as error:
        raise Unreadable("damaged", format="Parquet", what="it cannot be opened") from error
    rows = list(
        zip(*[["" if v is None else _json_cell(v) for v in values] for values in columns.values()], strict=True)
    )
    return _extract([Table("", list(columns), rows)], text_column, id_column, bounds)


# --- which column --------------------------------------------------------------------------------------------------


def _with_header(name: str, rows: Iterable[Sequence[str]], bounds: Bounds, *, is_workbook: bool = False) -> Table:
    """Take the first row that is not blank as the header."""
    kept = []
    for row in rows:
        if any(cell.strip() for cell in row):
            kept.append(row)
        if len(kept) > bounds.rows:
            raise Unreadable("too_many_members", n=f"more than {bounds.rows} rows", bound=bounds.rows)
    header = [cell.strip() for cell in kept[0]] if kept else []
    return Table(name, header, kept[1:], is_workbook)


@cache
def _known_columns(role: str) -> tuple[str, ...]:
    return tuple(row["name"] for row in read_list("table_columns") if row["role"] == role)


def _extract(tables: Sequence[Table], text_column: str, id_column: str, bounds: Bounds) -> Extract:
    """Put the texts of all sheets one after the other; each becomes a ``Row``."""
    tables = [table for table in tables if table.header]
    if not tables:
        raise Unreadable("no_rows")
    chosen = [(table, _text_column_of(table, text_column)) for table in tables]
    if text_column and all(column is None for _, column in chosen):
        raise Unreadable("no_such_column", column=text_column, columns=_columns(tables))
    if tables[0].is_workbook and not text_column and _is_for_people(chosen):
        return _whole(tables, bounds)
    if all(column is None for _, column in chosen):
        raise Unreadable("no_rows" if not any(t.rows for t in tables) else "no_text_column", columns=_columns(tables))
    pieces: list[str] = []
    rows: list[Row] = []
    notes: list[str] = []
    at = 0
    for table, column in chosen:
        if column is None:
            notes.append(f'sheet "{table.name}" has no column of texts and was left out')
            continue
        ids = _id_column_of(table, id_column, column)
        notes.append(_choice(table, column, ids, is_given=bool(text_column)))
        for number, cells in enumerate(table.rows, start=2):
            text = cells[column].strip("\n") if column < len(cells) else ""
            if not text.strip():
                continue
            source_id = cells[ids].strip() if ids is not None and ids < len(cells) else ""
            rows.append(Row(source_id or _row_name(table, number), at, at + len(text)))
            pieces.append(text)
            at += len(text) + 1
            if at > bounds.text_mb * 1_000_000:
                raise Unreadable("text_too_long", mb=bounds.text_mb)
    if not rows:
        raise Unreadable("no_rows")
    return Extract(text="\n".join(pieces) + "\n", rows=tuple(rows), note=join_notes(*notes))


def _is_for_people(chosen: Sequence[tuple[Table, int | None]]) -> bool:
    """Say whether rows would leave out sheets with text, and no column's name says that it holds the texts."""
    names = {table.header[column].lower() for table, column in chosen if column is not None}
    return names.isdisjoint(_known_columns("text")) and any(column is None and table.rows for table, column in chosen)


def _row_name(table: Table, number: int) -> str:
    return f"{table.name}!{number}" if table.name else str(number)


def _columns(tables: Sequence[Table]) -> str:
    names = list(dict.fromkeys(name for table in tables for name in table.header))
    return ", ".join(names[:20]) + (f" … ({len(names)} in all)" if len(names) > 20 else "")


def _text_column_of(table: Table, wanted: str) -> int | None:
    """Give the number of the column of texts, or None."""
    if wanted:
        return table.header.index(wanted) if wanted in table.header else None
    lower = [name.lower() for name in table.header]
    lengths = [_mean_length(table, column) for column in range(len(table.header))]
    for name in _known_columns("text"):
        if name in lower and lengths[lower.index(name)] > 0:
            return lower.index(name)
    if not lengths or not table.rows or max(lengths) < _MIN_TEXT:
        return None
    if table.is_workbook and (max(lengths) < _MIN_SHARE * sum(lengths) or not all(table.header)):
        return None  # a sheet laid out for people, with headings across it, is a document of its own
    return lengths.index(max(lengths))


def _mean_length(table: Table, column: int) -> float:
    """Mean number of letters a cell, over the cells that are not empty; Chinese characters count double."""
    cells = [row[column] for row in table.rows[:_SAMPLE_ROWS] if column < len(row) and row[column].strip()]
    if not cells:
        return 0.0
    return sum(_weight(cell[:500]) for cell in cells) / len(cells)


def _weight(text: str) -> int:
    letters = sum(c.isalpha() for c in text)
    return letters + sum("\u3400" <= c <= "\u9fff" for c in text)


def _id_column_of(table: Table, wanted: str, text_column: int) -> int | None:
    """Give the number of the column of ids, or None where rows are named by their numbers."""
    if wanted:
        if wanted not in table.header:
            raise Unreadable("no_such_column", column=wanted, columns=_columns([table]))
        return table.header.index(wanted)
    lower = [name.lower() for name in table.header]
    return next((lower.index(n) for n in _known_columns("id") if n in lower and lower.index(n) != text_column), None)


def _choice(table: Table, column: int, ids: int | None, *, is_given: bool) -> str:
    """Say which columns were taken and which were not."""
    where = f'sheet "{table.name}": ' if table.name else ""
    same = table.header.count(table.header[column]) > 1
    name = f'"{table.header[column]}"' + (f" (the first of {table.header.count(table.header[column])})" if same else "")
    others = [name for n, name in enumerate(table.header) if n not in (column, ids)]
    left = f"; not read: {', '.join(others[:12])}{' …' if len(others) > 12 else ''}" if others else ""
    chosen = "texts from column" if is_given else "texts taken from column"
    by = f', ids from "{table.header[ids]}"' if ids is not None else ", ids are row numbers"
    wide = sum(len(row) > len(table.header) for row in table.rows)
    narrow = sum(len(row) < len(table.header) for row in table.rows)
    uneven = f"; {wide + narrow} rows have more or fewer cells than the header" if wide + narrow else ""
    return f"{where}{chosen} {name}{by}{left}{uneven}"


def _whole(tables: Sequence[Table], bounds: Bounds) -> Extract:
    """Read a workbook that is no table of texts as a document: each row is a line, cells are apart by tabs."""
    out = TextBuilder(bounds.text_mb)
    for table in tables:
        start = out.length
        for row in [table.header, *table.rows]:
            begin = out.length
            cells = [" ".join(cell.split()) for cell in row]
            while cells and not cells[-1]:
                cells.pop()
            for cell in cells:
                at = out.length
                out.add(cell)
                out.mark(at, "cell")
                out.add("\t")
            out.mark(begin, "row")
            out.end_line()
        out.mark(start, "table")
    text, marks = out.finish()
    if not any(c.isalpha() for c in text):
        raise Unreadable("no_text_column", columns=_columns(tables))
    return Extract(text=text, marks=marks, note="read as a whole: no column holds texts (--text-column names one)")
