"""Writes an assessment as tables for people: CSV files and one workbook, in which nothing executes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from xietong.assessment import Assessment

TABLES = ("agreement", "machine", "spans", "disagreements", "shares")


def write_assessment(assessment: Assessment, folder: str | Path) -> list[Path]:
    """Write every table that is not empty as ``NAME.csv`` and all of them as ``assessment.xlsx``; give the files."""
    import xlsxwriter

    from xietong.export.csv_file import mark

    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    tables = {name: getattr(assessment, name) for name in TABLES}
    tables = {name: table for name, table in tables.items() if len(table)}
    files = []
    for name, table in tables.items():
        files.append(folder / f"{name}.csv")
        safe = table.map(lambda value: mark(value) if isinstance(value, str) else value)
        safe.to_csv(files[-1], index=False, encoding="utf-8-sig", lineterminator="\n")
    files.append(folder / "assessment.xlsx")
    with xlsxwriter.Workbook(files[-1], {"strings_to_formulas": False, "strings_to_urls": False}) as book:
        for name, table in tables.items():
            _write_sheet(book, name, table)
    return files


def _write_sheet(book: Any, name: str, table: pd.DataFrame) -> None:
    from xietong.export.xlsx_cells import Notes, write_text

    head, number = book.add_format({"bold": True, "bg_color": "#E8EEF3"}), book.add_format({"num_format": "0.000"})
    sheet, notes = book.add_worksheet(name), Notes()
    sheet.freeze_panes(1, 0)
    for i, column in enumerate(table.columns):
        sheet.write_string(0, i, str(column), head)
        for r, value in enumerate(table[column].tolist(), start=1):
            if isinstance(value, str):
                write_text(sheet, r, i, value, None, notes)
            elif isinstance(value, bool):
                sheet.write_boolean(r, i, value)
            elif value is not None and value == value:  # an undefined figure is an empty cell
                sheet.write_number(r, i, float(value), number if isinstance(value, float) else None)
    sheet.autofilter(0, 0, len(table), len(table.columns) - 1)
    sheet.set_column(0, len(table.columns) - 1, 12)
