"""Reads the sheets of a codebook, CSV or XLSX, into rows of text that remember their line."""

from __future__ import annotations

import csv
import io
import shutil
import unicodedata
from dataclasses import dataclass, field
from pathlib import Path

SHEETS = ("codes", "terms", "masks", "cues", "lexicon")
MAX_BYTES = 64 * 1024 * 1024  # a codebook that is larger is something else


class UnreadableSheetError(Exception):
    """A sheet cannot be turned into text; the message says what to do."""


@dataclass(frozen=True, slots=True)
class SheetRow:
    """One row of a sheet: the line it stands on and its cells by column name."""

    line: int
    cells: dict[str, str]


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet as read: ``file`` is how messages name it, ``columns`` its header in order."""

    name: str
    file: str
    columns: tuple[str, ...] = ()
    rows: tuple[SheetRow, ...] = field(default=())


def read_sheets(place: Path) -> tuple[dict[str, Sheet], list[tuple[str, str]]]:
    """Read all sheets of a codebook.

    Parameters
    ----------
    place
        A folder of ``codes.csv, terms.csv, masks.csv, cues.csv, lexicon.txt`` or an XLSX workbook with sheets
        named ``codes, terms, masks, cues, lexicon``.

    Returns
    -------
    sheets
        Those that exist and can be read, by name.
    unreadable
        Pairs of file and reason for those that exist and cannot be read.
    """
    return _read_workbook(place) if place.is_file() else _read_folder(place)


def copy_sheets(place: Path, folder: Path) -> list[Path]:
    """Copy a codebook's files into ``folder``, to be edited there; nothing that exists is overwritten.

    Raises
    ------
    FileExistsError
        If the folder already holds one of the files.
    """
    files = [place]
    if place.is_dir():
        wanted = {f"{name}.txt" if name == "lexicon" else f"{name}.csv" for name in SHEETS}
        files = [path for path in sorted(place.iterdir()) if path.name.lower() in wanted]
    copies = [folder / path.name for path in files]
    for copy in copies:
        if copy.exists():
            raise FileExistsError(f"{copy} exists already and is not overwritten; choose another folder")
    folder.mkdir(parents=True, exist_ok=True)
    for path, copy in zip(files, copies, strict=True):
        shutil.copyfile(path, copy)
    return copies


def _read_folder(folder: Path) -> tuple[dict[str, Sheet], list[tuple[str, str]]]:
    sheets, unreadable = {}, []
    present = {path.name.lower(): path for path in sorted(folder.iterdir())}
    for name in SHEETS:
        path = present.get(f"{name}.txt" if name == "lexicon" else f"{name}.csv")
        if path is None:
            continue
        try:
            text = _decode(path.read_bytes()[: MAX_BYTES + 1])
            sheets[name] = (_lexicon_sheet if name == "lexicon" else _csv_sheet)(name, path.name, text)
        except (UnreadableSheetError, OSError, csv.Error) as error:
            unreadable.append((path.name, str(error)))
    return sheets, unreadable


def _decode(data: bytes) -> str:
    """Decode as Excel and editors save: UTF-8 with or without BOM, UTF-16 with BOM, otherwise GB18030."""
    if len(data) > MAX_BYTES:
        raise UnreadableSheetError("the file is larger than 64 MB; a codebook never is")
    is_utf16 = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    encodings = ["utf-16"] if is_utf16 else ["utf-8-sig", "gb18030"]
    for encoding in encodings:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise UnreadableSheetError("neither UTF-8 nor GB18030 text; save it as 'CSV UTF-8 (comma delimited)'")


def _csv_sheet(name: str, file: str, text: str) -> Sheet:
    first = text.lstrip("\r\n").split("\n", 1)[0]
    delimiter = max(",;\t", key=first.count)  # Excel writes ; where the comma is the decimal sign
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=False)
    records, line = [], 1
    for cells in reader:
        records.append((line, cells))
        line = reader.line_num + 1
    return _sheet(name, file, records)


def _lexicon_sheet(name: str, file: str, text: str) -> Sheet:
    """Take one word a line; a count and part of speech after it, as in jieba's own files, are left out."""
    rows = []
    for line, content in enumerate(text.splitlines(), 1):
        words = _clean(content).split()
        if words and not words[0].startswith("#"):
            rows.append(SheetRow(line, {"word": words[0]}))
    return Sheet(name, file, ("word",), tuple(rows))


def _read_workbook(path: Path) -> tuple[dict[str, Sheet], list[tuple[str, str]]]:
    import python_calamine

    try:
        if path.stat().st_size > MAX_BYTES:
            raise UnreadableSheetError("the file is larger than 64 MB; a codebook never is")
        book = python_calamine.CalamineWorkbook.from_path(str(path))
        titles = {title.strip().lower(): title for title in book.sheet_names}
        sheets = {}
        for name in SHEETS:
            if name not in titles:
                continue
            sheet = book.get_sheet_by_name(titles[name])
            skipped = (sheet.start or (0, 0))[0]
            records = [
                (skipped + 1 + i, [_cell(value) for value in row])
                for i, row in enumerate(sheet.to_python(skip_empty_area=True))
            ]
            label = f"{path.name}, sheet {titles[name]}"
            if name == "lexicon" and (not records or not records[0][1] or records[0][1][0].strip().lower() != "word"):
                records.insert(0, (0, ["word"]))  # a plain list of words needs no header
            sheets[name] = _sheet(name, label, records)
    except (python_calamine.CalamineError, UnreadableSheetError, OSError) as error:
        return {}, [
            (path.name, f"not a workbook that can be read ({error}); save it as .xlsx, or give a folder of CSV")
        ]
    return sheets, []


def _cell(value: object) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))  # a bare 1 in a cell arrives as 1.0
    return str(value)


def _sheet(name: str, file: str, records: list[tuple[int, list[str]]]) -> Sheet:
    filled = [(line, [_clean(cell) for cell in cells]) for line, cells in records]
    filled = [(line, cells) for line, cells in filled if any(cells)]
    if not filled:
        return Sheet(name, file)
    columns = tuple(cell.lower() for cell in filled[0][1])
    rows = tuple(
        SheetRow(line, dict(zip(columns, [*cells, *[""] * (len(columns) - len(cells))], strict=False)))
        for line, cells in filled[1:]
    )
    return Sheet(name, file, columns, rows)


def _clean(cell: str) -> str:
    """Trim (no-break and ideographic spaces too), compose, and write line ends one way."""
    cell = unicodedata.normalize("NFC", cell).replace("\r\n", "\n").replace("\r", "\n")
    return cell.replace("\ufeff", "").strip()
