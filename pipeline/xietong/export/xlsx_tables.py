"""The workbook's other sheets: documents, codebook, paths by mechanisms, totals, and what the run was."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from xietong import __version__
from xietong.codebook import CODE_FACTS, CODE_NAMES
from xietong.export.xlsx_cells import MOST_UNITS, Notes, lines_of, write_text
from xietong.ingest.reasons import worded, worded_note
from xietong.messages import both
from xietong.totals import Totals, crossed_facets

if TYPE_CHECKING:
    from xlsxwriter import Workbook
    from xlsxwriter.worksheet import Worksheet

    from xietong.codebook import Code, Codebook
    from xietong.runs import Run

_DOCUMENT_WIDTHS = {
    "document_id": 19, "file": 40, "reason": 50, "title": 40, "issuer": 24, "note": 40, "sha256": 70,
    "metadata_from": 40,
}  # fmt: skip
_CODE_WIDTHS = {"definition": 50, "definition_zh": 50, "include": 50, "exclude": 50, "example": 50}


def write_left_out(workbook: Workbook, notes: Notes) -> None:
    """Say in the place of the passages where they are."""
    sheet = workbook.add_worksheet("passages")
    wrapped = workbook.add_format({"text_wrap": True, "valign": "top", "bold": True})
    write_text(sheet, 0, 0, both("workbook_too_large", n=f"{notes.n_left_out:,}"), wrapped, notes)
    sheet.set_column(0, 0, 100)


def write_documents(run: Run, workbook: Workbook, notes: Notes) -> None:
    """Write the documents table, what failed and why in colour."""
    table = run.table("documents")
    for name, wording in (("reason", worded), ("note", worded_note)):
        said = [_in_both(text, wording) for text in table[name].to_pylist()]
        table = table.set_column(table.column_names.index(name), name, pa.array(said, pa.string()))
    sheet = workbook.add_worksheet("documents")
    _write_table(workbook, sheet, table.column_names, zip(*(c.to_pylist() for c in table.columns), strict=True), notes,
                 widths=_DOCUMENT_WIDTHS)  # fmt: skip
    status = table.column_names.index("status")
    for value, colour in (("failed", "#F6C9C5"), ("empty", "#FBE7B5"), ("duplicate", "#E4E4E4")):
        rule = {
            "type": "cell",
            "criteria": "==",
            "value": f'"{value}"',
            "format": workbook.add_format({"bg_color": colour}),
        }
        sheet.conditional_format(1, status, max(table.num_rows, 1), status, rule)


def _in_both(text: str | None, wording: Callable[[str, str], str]) -> str | None:
    """Give a reason or note of a document in Chinese and in English."""
    chinese = wording(text or "", "zh")
    return f"{chinese}\n{text}" if text and chinese != text else text


def write_codebook(codebook: Codebook, workbook: Workbook, notes: Notes) -> None:
    """Write the codes and what they mean."""
    names = [*CODE_NAMES, *CODE_FACTS]
    rows = [[getattr(code, name) for name in names] for code in codebook.codes]
    _write_table(workbook, workbook.add_worksheet("codebook"), names, rows, notes, widths=_CODE_WIDTHS)


def write_crosstable(totals: Totals, workbook: Workbook, notes: Notes) -> None:
    """Write in how many passages a path and a mechanism both hold."""
    down, across = crossed_facets(totals.codebook)
    sheet = workbook.add_worksheet("cross-table")
    bold, header = workbook.add_format({"bold": True}), _header(workbook)
    write_text(sheet, 0, 0, both("crosstable_title"), workbook.add_format({"bold": True, "font_size": 13}), notes)
    codes = totals.codebook.codes
    columns = [*(label(codes[i]) for i in across), both("all")]
    sheet.set_row(2, _height(columns, [14] * len(columns)))
    for j, column in enumerate(columns, start=1):
        write_text(sheet, 2, j, column, header, notes)
    for row, i in enumerate(down, start=3):
        write_text(sheet, row, 0, label(codes[i]), bold, notes)
        for j, other in enumerate(across, start=1):
            sheet.write_number(row, j, int(totals.together[i, other]))
        sheet.write_number(row, len(across) + 1, int(totals.counts[0, :, i].sum()), bold)
    last = len(down) + 3
    write_text(sheet, last, 0, both("all"), bold, notes)
    for j, other in enumerate(across, start=1):
        sheet.write_number(last, j, int(totals.counts[0, :, other].sum()), bold)
    sheet.set_column(0, 0, 30)
    sheet.set_column(1, len(across) + 1, 14)
    _print_on_one_width(sheet)
    if down and across:
        scale = {"type": "2_color_scale", "min_color": "#FFFFFF", "max_color": "#5B9BD5"}
        sheet.conditional_format(3, 1, last - 1, len(across), scale)


def write_totals(totals: Totals, column: str, workbook: Workbook, notes: Notes) -> None:
    """Write, for each year, region or level, how many passages hold each code and what share that is."""
    sheet = workbook.add_worksheet(f"by {column}")
    codes, header = totals.codebook.codes, _header(workbook)
    percent, bold = workbook.add_format({"num_format": "0.0%"}), workbook.add_format({"bold": True})
    write_text(sheet, 0, 0, both(f"totals_by_{column}"), workbook.add_format({"bold": True, "font_size": 13}), notes)
    names = [both(column), both("totals_documents"), both("totals_passages"), *(label(code) for code in codes)]
    names += [f"{label(code)} %" for code in codes]
    sheet.set_row(2, _height(names, [13] * len(names)))
    for j, name in enumerate(names):
        write_text(sheet, 2, j, name, header, notes)
    for row, (value, places) in enumerate(totals.by(column), start=3):
        if value is None:
            write_text(sheet, row, 0, both("unknown"), bold, notes)
        elif isinstance(value, str):
            write_text(sheet, row, 0, value, bold, notes)
        else:
            sheet.write_number(row, 0, value, bold)
        n_passages, counts = int(totals.n_coded[places].sum()), totals.counts[0, places].sum(axis=0)
        sheet.write_number(row, 1, len(places))
        sheet.write_number(row, 2, n_passages)
        for j, count in enumerate(counts):
            sheet.write_number(row, 3 + j, int(count))
            if n_passages:
                sheet.write_number(row, 3 + len(codes) + j, count / n_passages, percent)
    sheet.set_column(0, 0, 22)
    sheet.set_column(1, len(names) - 1, 13)
    sheet.freeze_panes(3, 1)
    _print_on_one_width(sheet)


def write_about(run: Run, totals: Totals, workbook: Workbook, notes: Notes) -> None:
    """Write what the run was and what Excel's limits changed."""
    status = run.documents()["status"].value_counts().sort_index()
    rows: list[tuple[str, str | int]] = [
        (both("about_program"), f"Xietong {__version__}"),
        (both("about_codebook"), run.codebook.name),
        (both("about_codebook_hash"), run.codebook.content_hash),
        (both("about_documents"), ", ".join(f"{name} {count}" for name, count in status.items())),
        (both("about_passages"), totals.n_passages),
        (both("about_coded"), int(totals.n_coded.sum())),
        (both("about_review"), totals.n_review),
        (both("about_highlight"), ""),
        (both("about_values"), ""),
        (both("about_links"), ""),
    ]
    if notes.n_sheets > 1:
        rows.append((both("about_sheets", n=notes.n_sheets, most="1,048,576"), ""))
    if notes.n_unlinked:
        rows.append((both("about_unlinked", n=notes.n_unlinked, most="65,530"), ""))
    if notes.cut:
        shown = ", ".join(notes.cut[:50]) + (" …" if len(notes.cut) > 50 else "")
        rows.append((both("about_cut", n=len(notes.cut), most=f"{MOST_UNITS:,}", cells=shown), ""))
    if notes.n_left_out:
        rows.append((both("workbook_too_large", n=f"{notes.n_left_out:,}"), ""))
    elif not notes.cut:
        rows.append((both("about_whole"), ""))
    sheet = workbook.add_worksheet("about")
    wrapped, left = workbook.add_format({"text_wrap": True, "valign": "top"}), workbook.add_format({"align": "left"})
    write_text(sheet, 0, 0, both("about_title"), workbook.add_format({"bold": True, "font_size": 13}), notes)
    for row, (name, value) in enumerate(rows, start=2):
        write_text(sheet, row, 0, name, wrapped, notes)
        if isinstance(value, int):
            sheet.write_number(row, 1, value, left)
        elif value:
            write_text(sheet, row, 1, value, wrapped, notes)
    sheet.set_column(0, 1, 70)


def label(code: Code) -> str:
    """Give a code's label in both languages; its name where it has none."""
    return " ".join(part for part in (code.label_zh, code.label_en) if part) or code.code


def _height(texts: Sequence[Any], widths: Sequence[float]) -> float:
    """Give the height that shows a row of wrapped texts whole, in points; at most Excel's 409."""
    lines = [lines_of(text, width) for text, width in zip(texts, widths, strict=True) if isinstance(text, str)]
    return min(409.0, 15.0 * (max(lines, default=0) + 1))


def _header(workbook: Workbook) -> Any:
    return workbook.add_format(
        {"bold": True, "bg_color": "#E8EDF3", "bottom": 1, "text_wrap": True, "valign": "vcenter"}
    )


def _write_table(
    workbook: Workbook,
    sheet: Worksheet,
    names: Sequence[str],
    rows: Iterable[Sequence[Any]],
    notes: Notes,
    *,
    widths: Mapping[str, float],
) -> None:
    header, wrapped = _header(workbook), workbook.add_format({"text_wrap": True, "valign": "top"})
    for j, name in enumerate(names):
        sheet.set_column(j, j, widths.get(name, 14))
        write_text(sheet, 0, j, name, header, notes)
    last = 0
    for last, row in enumerate(rows, start=1):
        # said outright, because LibreOffice does not make rows of wrapped text as high as they need when it prints
        sheet.set_row(last, _height(row, [widths.get(name, 14) for name in names]))
        for j, value in enumerate(row):
            if value is None or value == "":
                continue
            if isinstance(value, str):
                write_text(sheet, last, j, value, wrapped, notes)
            else:
                sheet.write_number(last, j, value, wrapped)
    sheet.freeze_panes(1, 1)
    sheet.autofilter(0, 0, max(last, 1), len(names) - 1)
    _print_on_one_width(sheet)


def _print_on_one_width(sheet: Worksheet) -> None:
    sheet.set_landscape()
    sheet.set_paper(8)  # A3
    sheet.fit_to_pages(1, 0)
