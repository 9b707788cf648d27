"""Reads tables of texts: CSV, XLSX, XLS, ODS, JSONL, JSON and Parquet; each row's text is one ``Row``.

A workbook without a column of texts is a table that is a document itself, and is read whole.
"""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from io import BytesIO, StringIO
from typing import Any

from xietong.ingest.bounds import Bounds
from xietong.ingest.builder import TextBuilder, clean
from xietong.ingest.encodings import decode
from xietong.ingest.extract import Extract, join_notes
from xietong.ingest.package import Package
from xietong.ingest.reasons import Unreadable
from xietong.ingest.table_columns import Layout, Table, choose_columns, column_names, is_for_people, with_header
from xietong.ingest.table_documents import TextRow, into_documents
from xietong.records import Row

_DELIMITERS = ",\t;|"


def read_csv(data: bytes, *, text_column: str, id_column: str, bounds: Bounds) -> Extract:
    """Read CSV or TSV with any of the usual delimiters."""
    decoded = decode(data)
    text = clean(decoded.text).lstrip("\ufeff")
    delimiter, text = _delimiter_of(text)
    lines, note = _parse_csv(text, delimiter)
    table = with_header("", (row for row in lines if any(cell.strip() for cell in row)), bounds)
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
            with_header(name, _cells(book.get_sheet_by_name(name).iter_rows()), bounds, is_workbook=True)
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


# --- texts and documents --------------------------------------------------------------------------------------------


def _extract(tables: Sequence[Table], text_column: str, id_column: str, bounds: Bounds) -> Extract:
    """Take the texts out of all sheets; a workbook for people is read whole."""
    tables = [table for table in tables if table.header]
    if not tables:
        raise Unreadable("no_rows")
    layouts = [choose_columns(table, text_column, id_column) for table in tables]
    found = [layout for layout in layouts if layout is not None]
    if text_column and not found:
        raise Unreadable("no_such_column", column=text_column, columns=column_names(tables))
    if tables[0].is_workbook and not text_column and is_for_people(tables, layouts):
        return _whole(tables, bounds)
    if not found:
        key = "no_text_column" if any(table.rows for table in tables) else "no_rows"
        raise Unreadable(key, columns=column_names(tables))
    left = [
        f'sheet "{t.name}" has no column of texts and was left out'
        for t, x in zip(tables, layouts, strict=True)
        if not x
    ]
    return _of_rows(found, left, bounds)


def _of_rows(layouts: Sequence[Layout], notes: Sequence[str], bounds: Bounds) -> Extract:
    """Put the rows into documents where their columns tell documents apart, else one after the other."""
    rows: list[TextRow] = []
    n_chars = 0
    for row in (row for layout in layouts for row in layout.rows()):
        rows.append(row)
        n_chars += len(row.text) + 1
        if n_chars > bounds.text_mb * 1_000_000:
            raise Unreadable("text_too_long", mb=bounds.text_mb)
    if not rows:
        raise Unreadable("no_rows")
    telling = list(dict.fromkeys(name for layout in layouts for name in layout.telling))
    parts = into_documents(rows, telling, bounds.table_documents) if telling else ()
    note = join_notes(*(layout.note(is_apart=bool(parts)) for layout in layouts), *notes)
    if len(parts) > 1:
        return Extract(text="", parts=parts, note=note)
    if parts:
        return Extract(text=parts[0].text, rows=parts[0].rows, columns=parts[0].columns, note=note)
    starts = _starts(rows)
    placed = tuple(Row(row.source_id, at, at + len(row.text)) for row, at in zip(rows, starts, strict=True))
    return Extract(text="\n".join(row.text for row in rows) + "\n", rows=placed, note=note)


def _starts(rows: Sequence[TextRow]) -> list[int]:
    starts, at = [], 0
    for row in rows:
        starts.append(at)
        at += len(row.text) + 1
    return starts


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
        raise Unreadable("no_text_column", columns=column_names(tables))
    return Extract(text=text, marks=marks, note="read as a whole: no column holds texts (--text-column names one)")
