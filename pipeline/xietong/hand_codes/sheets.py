"""Coding in a spreadsheet: writes a workbook with one row per passage, and reads workbooks and CSV files back."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xietong.codebook import CODE_FACTS, Code, Codebook
from xietong.errors import UsageError
from xietong.hand_codes.store import HandCoding, coder_id_of
from xietong.messages import message

if TYPE_CHECKING:
    import pandas as pd

#: Prefix of columns for people in a file that has the machine's columns of the same names.
HAND_COLUMN = "hand_"
#: Columns that stand before those of the codes.
_KNOWN = ("passage_id", "coder", "file", "section", "passage")
_SHEET, _HOW = "coding", "说明 how to"
#: What the sheet says of coding, line by line; keys of the catalogue of texts.
_INSTRUCTIONS = ("sheet_own", "sheet_path", "sheet_mechanism", "sheet_empty", "sheet_codes", "sheet_back")
_MARKS = {"x": 1, "✓": 1, "√": 1, "是": 1, "有": 1, "yes": 1, "否": 0, "无": 0, "no": 0, "-": 0}
_WHOLE = re.compile(r"(\d{1,3})(?:[.．][0０]+)?")
_MISSING = {"NA", "NaN", "nan"}  # an empty cell, as R and pandas write it


def write_coding_sheet(file: str | Path, passages: pd.DataFrame, codebook: Codebook, *, coder: str = "") -> Path:
    """Write a workbook to code passages in: a column per code that takes only values of its scale.

    A second sheet says, in Chinese and English, what the values mean and how a passage without any code is entered;
    a third has the codebook.

    Parameters
    ----------
    passages : frame with passage_id, reading, and where known file and section; in the order to code them
    coder : name put in every row; may be left to the coder
    """
    import xlsxwriter

    file = Path(file)
    with xlsxwriter.Workbook(file, {"strings_to_formulas": False, "strings_to_urls": False}) as book:
        head = book.add_format({"bold": True, "bg_color": "#E8EEF3", "text_wrap": True, "valign": "top"})
        wrap = book.add_format({"text_wrap": True, "valign": "top"})
        entry = book.add_format(
            {"valign": "top", "align": "center", "bg_color": "#FFFBEA", "border": 1, "border_color": "#E1DED6"}
        )
        sheet = book.add_worksheet(_SHEET)
        _write_head(sheet, codebook, head)
        for r, row in enumerate(passages.to_dict("records"), start=1):
            known = (
                row["passage_id"],
                coder,
                row.get("file"),
                row.get("section"),
                row.get("reading") or row.get("text"),
            )
            for i, value in enumerate(known):
                sheet.write_string(r, i, cell_text(value), wrap)
            for i in range(len(codebook.codes)):
                sheet.write_blank(r, len(_KNOWN) + i, None, entry)
        _limit_entries(sheet, codebook, max(len(passages), 1))
        _lay_out(sheet, len(codebook.codes), wrap)
        _write_instructions(book.add_worksheet(_HOW), codebook, wrap)
        _write_codebook(book.add_worksheet("codebook"), codebook, head, wrap)
    return file


def _write_head(sheet: Any, codebook: Codebook, head: Any) -> None:
    labels = [f"{code.column}\n{code.label_zh}".strip() for code in codebook.codes]
    for i, name in enumerate([*_KNOWN, *labels, "comment"]):
        sheet.write_string(0, i, name, head)


def _limit_entries(sheet: Any, codebook: Codebook, n_rows: int) -> None:
    """Let each code's column take only values of its scale, and say what the code means beside its name."""
    for i, code in enumerate(codebook.codes, start=len(_KNOWN)):
        allowed = list(range(code.scale_max + 1))
        rule = {"validate": "list", "source": allowed, "error_message": f"0 – {code.scale_max}"}
        sheet.data_validation(1, i, n_rows, i, rule)
        meaning = f"{code.label_zh} {code.label_en}\n{code.definition_zh}\n{code.definition}"
        sheet.write_comment(0, i, meaning[:1000])


def _lay_out(sheet: Any, n_codes: int, wrap: Any) -> None:
    """Set the widths of the columns, in characters, and keep head and passage in sight."""
    first = len(_KNOWN)
    sheet.set_column(0, 0, 12)
    sheet.set_column(1, first - 2, 12, wrap)
    sheet.set_column(first - 1, first - 1, 70, wrap)
    sheet.set_column(first, first + n_codes - 1, 11)
    sheet.set_column(first + n_codes, first + n_codes, 40, wrap)
    sheet.freeze_panes(1, first)


def _write_instructions(sheet: Any, codebook: Codebook, wrap: Any) -> None:
    scales = {code.scale_max for code in codebook.codes}
    left_out = {"sheet_path"} if scales == {1} else {"sheet_mechanism"} if scales == {2} else set()
    keys = [key for key in _INSTRUCTIONS if key not in left_out]
    for r, key in enumerate(keys):
        sheet.write_string(r, 0, message(key, "zh"), wrap)
        sheet.write_string(r, 1, message(key, "en"), wrap)
    sheet.set_column(0, 1, 70, wrap)


def cell_text(value: Any) -> str:
    """Give a value as the text of a cell, which holds at most 32,767 characters; nothing for None and NaN."""
    return "" if value is None or value != value else str(value)[:32_767]


def _write_codebook(sheet: Any, codebook: Codebook, head: Any, wrap: Any) -> None:
    names = ["facet", "code", *(name for name in CODE_FACTS if name != "label_zh_hant")]
    for i, name in enumerate(names):
        sheet.write_string(0, i, name, head)
        for r, code in enumerate(codebook.codes, start=1):
            sheet.write_string(r, i, cell_text(getattr(code, name)), wrap)
    sheet.set_column(5, 9, 45, wrap)
    sheet.freeze_panes(1, 2)


def read_coding_sheet(file: str | Path, codebook: Codebook, *, coder: str = "") -> list[HandCoding]:
    """Read codes that were entered in a workbook or CSV file.

    Needs a column passage_id, and a column per code: ``hand_path_planning``, ``path_planning`` or ``planning``; only the
    first line of a column's name counts. Where a file has several of these for a code the first named counts, so that
    our own passages.xlsx can be extended by ``hand_…`` columns. A row without any entry was not coded
    (``count_empty_rows``); in a row with entries an empty cell is 0.

    Parameters
    ----------
    coder : name for rows without one in a column ``coder``

    Raises
    ------
    UsageError
        With every problem, each with its row and column.
    """
    file = Path(file)
    source = "csv" if _is_csv(file) else "xlsx"
    columns, rows = _read_rows(file, codebook)
    problems: list[str] = []
    codings: dict[tuple[str, str], HandCoding] = {}
    for number, cells in rows:
        entries = _entries(cells, columns)
        passage_id = cells["passage_id"]
        if not any(entries.values()):
            continue
        name = str(cells.get("coder") or coder).strip()
        if not name:
            problems.append(f"row {number}: no coder; fill the column coder, or give a name with the file")
            continue
        values, wrong = _values(entries, codebook, columns, number)
        problems += wrong
        comment = str(cells.get(f"{HAND_COLUMN}comment") or cells.get("comment") or "").strip()
        key = (coder_id_of(name), passage_id)
        if key in codings:
            problems.append(f"row {number}: {name} codes passage {passage_id} a second time")
        codings[key] = HandCoding(passage_id=passage_id, coder_id=key[0], values=values, comment=comment, source=source)
    if problems:
        raise UsageError(
            f"{file.name}: "
            + "; ".join(problems[:30])
            + ("" if len(problems) <= 30 else f"; and {len(problems) - 30} more")
        )
    return list(codings.values())


def count_empty_rows(file: str | Path, codebook: Codebook) -> int:
    """Count the rows of a coding sheet that name a passage and have no entry: nobody coded them, so far as is known."""
    columns, rows = _read_rows(Path(file), codebook)
    return sum(not any(_entries(cells, columns).values()) for _, cells in rows)


def _is_csv(file: Path) -> bool:
    return file.suffix.lower() in {".csv", ".tsv", ".txt"}


def _read_rows(file: Path, codebook: Codebook) -> tuple[dict[str, str], list[tuple[int, dict[str, str]]]]:
    """Give the column of each code, and number and cells of every row that names a passage."""
    rows = list(_read_csv(file) if _is_csv(file) else _read_workbook(file))
    if not rows:
        raise UsageError(f"{file.name} is empty")
    header = [str(name).strip().partition("\n")[0].strip() for name in rows[0]]  # the label stands in a second line
    columns = _find_columns(header, codebook, file.name)
    texts = [[str(_plain(cell)).strip() for cell in row] for row in rows[1:]]
    named = [(n, dict(zip_longest(header, row[: len(header)], fillvalue=""))) for n, row in enumerate(texts, start=2)]
    return columns, [(n, cells) for n, cells in named if cells["passage_id"]]


def _entries(cells: dict[str, str], columns: dict[str, str]) -> dict[str, str]:
    return {code: "" if cells[column] in _MISSING else cells[column] for code, column in columns.items()}


def _find_columns(header: Sequence[str], codebook: Codebook, name: str) -> dict[str, str]:
    if "passage_id" not in header:
        raise UsageError(f"{name} has no column passage_id; its columns are {', '.join(header)}")
    found = {}
    for code in codebook.codes:
        for column in (f"{HAND_COLUMN}{code.column}", f"{HAND_COLUMN}{code.code}", code.column, code.code):
            if column in header:
                found[code.code] = column
                break
    by_people = {c: column for c, column in found.items() if column.startswith(HAND_COLUMN)}
    if not found:
        wanted = ", ".join(c.column for c in codebook.codes[:3])
        raise UsageError(f"{name} has no column for a code, such as {wanted}; its columns are {', '.join(header)}")
    # where people have columns of their own, the plain ones are the machine's
    return by_people or found


def _values(
    entries: dict[str, str], codebook: Codebook, columns: dict[str, str], number: int
) -> tuple[dict[str, int], list[str]]:
    values, wrong = {}, []
    for name, entry in entries.items():
        code: Code = codebook.codes[codebook.index[name]]
        value = _value(entry)
        if value is None or not 0 <= value <= code.scale_max:
            wrong.append(f'row {number}, {columns[name]}: "{entry[:20]}" is not between 0 and {code.scale_max}')
        elif value:
            values[name] = value
    return values, wrong


def _value(entry: str) -> int | None:
    """Read an entry: 1, １, 1.0 (as pandas and R save a column with gaps) or a mark; None for what is none, such as 1.5.

    Examples
    --------
    >>> [_value(entry) for entry in ("1", "１", "2.0", "是", "", "1.5")]
    [1, 1, 2, 1, 0, None]
    """
    if whole := _WHOLE.fullmatch(entry):
        return int(whole[1])
    return _MARKS.get(entry.lower()) if entry else 0


def _plain(cell: Any) -> Any:
    """Numbers come from workbooks as floats."""
    return int(cell) if isinstance(cell, float) and cell.is_integer() else cell


def _read_workbook(file: Path) -> Iterator[list[Any]]:
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        with CalamineWorkbook.from_path(str(file)) as book:
            name = _SHEET if _SHEET in book.sheet_names else book.sheet_names[0]
            yield from book.get_sheet_by_name(name).to_python(skip_empty_area=False)
    except (CalamineError, OSError) as error:
        raise UsageError(f"{file.name} cannot be read as a workbook ({error})") from error


def _read_csv(file: Path) -> Iterator[list[str]]:
    data = file.read_bytes()
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = data.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    else:
        raise UsageError(f"{file.name} is neither UTF-8 nor GB18030; save it as CSV UTF-8")
    first = text.partition("\n")[0]
    delimiter = max("\t;,", key=first.count)
    yield from csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
