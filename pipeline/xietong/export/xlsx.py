"""passages.xlsx: the coded passages for reading in a spreadsheet, with the evidence highlighted and tables around it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from xietong.export.one_error import open_once
from xietong.export.xlsx_cells import Notes, fitting, lines_of, pieces_of
from xietong.export.xlsx_tables import (
    write_about,
    write_codebook,
    write_crosstable,
    write_documents,
    write_left_out,
    write_totals,
)
from xietong.highlight import merged
from xietong.marked import Highlight, marked_in_steps
from xietong.messages import both
from xietong.totals import Totals
from xietong.wide import count_passages, facet_column, wide_schema, widen_in_steps

if TYPE_CHECKING:
    from xlsxwriter import Workbook
    from xlsxwriter.format import Format

    from xietong.export.xlsx_rows import RowSheet
    from xietong.runs import Run

#: Rows of a sheet with its header, and links of a sheet, that Excel allows.
MOST_ROWS, MOST_LINKS = 1_048_576, 65_530
#: Beyond so many passages no spreadsheet program would open the workbook; it says so and has the other sheets alone.
MOST_PASSAGES = 1_500_000
#: The same run gives the same bytes, so the workbook does not say when it was made.
_CREATED = datetime(2000, 1, 1)
#: Columns that a reader wants to see first; then the codes and what they rest on, then the rest of the wide table.
_FIRST = ("passage_id", "title", "section", "reading")
_LAST_RESULTS = ("evidence", "confidence", "needs_review")
_WIDTHS = {
    "passage_id": 19, "document_id": 19, "file": 26, "source_id": 10, "n": 6, "section": 24, "kind": 8, "language": 9,
    "start": 8, "end": 8, "reading": 80, "title": 24, "issuer": 18, "region": 12, "level": 11, "doc_type": 11,
    "doc_date": 11, "year": 7, "evidence": 44, "confidence": 11, "needs_review": 13,
}  # fmt: skip
_WRAPPED = ("title", "section", "reading", "evidence")
#: Lines that a long title or trail of headings may take in a row made for reading the passage.
_MOST_SIDE_LINES = 4


@contextmanager
def _plain_errors() -> Iterator[None]:
    """Give a full disk and the like as the OSError it is, not wrapped in one of XlsxWriter's."""
    from xlsxwriter.exceptions import FileCreateError

    try:
        yield
    except FileCreateError as error:
        raise (error.args[0] if error.args and isinstance(error.args[0], OSError) else OSError(str(error))) from error


def write(run: Run, target: Path, *, most_rows: int = MOST_ROWS, most_passages: int = MOST_PASSAGES) -> None:
    """Write the workbook; memory does not grow with the number of passages.

    Text is always written as text, never as a formula, number or link. Rows beyond ``most_rows`` of a sheet, the
    header among them, go on in the next sheet. With more passages than ``most_passages`` the workbook says where they
    are instead.
    """
    import xlsxwriter

    options = {
        "constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False,
        "tmpdir": str(target.parent),
    }  # fmt: skip
    totals, notes = Totals(run.codebook, run.documents()), Notes()
    with _plain_errors(), open_once(target) as stream, xlsxwriter.Workbook(stream, options) as workbook:
        workbook.set_properties({"title": both("workbook_title"), "created": _CREATED})
        workbook.use_zip64()  # a sheet of a million rows is larger than archives could once hold
        n_passages = count_passages(run)
        notes.n_left_out = n_passages if n_passages > most_passages else 0
        if notes.n_left_out:
            write_left_out(workbook, notes)
            for rows in widen_in_steps(run):
                totals.add(rows)
        else:
            _write_passages(run, workbook, notes, totals, most_rows)
        write_documents(run, workbook, notes)
        write_codebook(run.codebook, workbook, notes)
        write_crosstable(totals, workbook, notes)
        for column in ("year", "region", "level"):
            write_totals(totals, column, workbook, notes)
        write_about(run, totals, workbook, notes)


def _write_passages(run: Run, workbook: Workbook, notes: Notes, totals: Totals, most_rows: int) -> None:
    sheets = _PassageSheets(run, workbook, notes, most_rows)
    for rows, highlights in marked_in_steps(run):
        totals.add(rows)
        sheets.add(rows, highlights)
    sheets.finish()


class _PassageSheets:
    """The sheets of passages: as many as the rows need."""

    def __init__(self, run: Run, workbook: Workbook, notes: Notes, most_rows: int) -> None:
        self.codes = {code.column: code.scale_max for code in run.codebook.codes}
        self.wrapping = {*_WRAPPED, *(facet_column(facet) for facet in run.codebook.facets)}
        results = [*self.codes, *(facet_column(facet) for facet in run.codebook.facets), *_LAST_RESULTS]
        others = [name for name in wide_schema(run).names if name not in {*_FIRST, *results, "folded"}]
        self.names, self.n_printed = [*_FIRST, *results, *others], len(_FIRST) + len(results)
        self.workbook, self.notes, self.most_rows = workbook, notes, most_rows
        add = workbook.add_format
        top = {"valign": "top"}
        self.header = add({"bold": True, "bg_color": "#E8EDF3", "bottom": 1, "valign": "bottom"})
        self.turned = add({"bold": True, "bg_color": "#E8EDF3", "bottom": 1, "rotation": 90, "align": "center"})
        self.plain, self.wrapped = add(top), add({**top, "text_wrap": True})
        self.code = add({**top, "align": "center", "font_color": "#A0A0A0"})
        self.link = add({**top, "font_color": "#1F5FA8", "underline": 1})
        self.mark = add({"bold": True, "font_color": "#B3261E"})
        self.one = add({"bg_color": "#CFE3F5", "font_color": "#12395B"})
        self.two = add({"bg_color": "#2F6FAE", "font_color": "#FFFFFF", "bold": True})
        self.sheet = self._start()

    def add(self, rows: pa.Table, highlights: Sequence[Sequence[Highlight]]) -> None:
        """Write rows of the wide table."""
        columns = [rows[name].to_pylist() for name in self.names]
        for cells, marks in zip(zip(*columns, strict=True), highlights, strict=True):
            if self.row == self.most_rows:
                self.finish()
                self.sheet = self._start()
            self._write(cells, marks)
            self.row += 1

    def finish(self) -> None:
        """Set what needs to know the last row of the sheet."""
        self.sheet.end_rows(self.row - 1)
        last_row, last_column = max(self.row - 1, 1), len(self.names) - 1
        self.sheet.autofilter(0, 0, last_row, last_column)
        self.sheet.print_area(0, 0, last_row, self.n_printed - 1)
        places = [i for i, name in enumerate(self.names) if name in self.codes]
        if places:
            for value, form in ((1, self.one), (2, self.two)):
                rule = {"type": "cell", "criteria": "==", "value": value, "format": form}
                self.sheet.conditional_format(1, places[0], last_row, places[-1], rule)

    def _start(self) -> RowSheet:
        from xietong.export.xlsx_rows import RowSheet

        self.notes.n_sheets += 1
        name = "passages" if self.notes.n_sheets == 1 else f"passages {self.notes.n_sheets}"
        sheet = self.workbook.add_worksheet(name, RowSheet)
        sheet.freeze_panes(1, 1)
        sheet.set_row(0, 200)
        for i, column in enumerate(self.names):
            sheet.set_column(i, i, 5 if column in self.codes else _WIDTHS.get(column, 18))
            sheet.write_string(0, i, column, self.turned if column in self.codes else self.header)
        sheet.ignore_errors({"number_stored_as_text": f"A1:XFD{self.most_rows}"})
        sheet.set_landscape()
        sheet.set_paper(8)  # A3, one page wide, as far as the evidence
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(0)
        sheet.begin_rows(len(self.names))
        self.link_style, self.mark_font = sheet.style(self.link), sheet.font(self.mark)
        self.styles = [sheet.style(self._form(name)) for name in self.names]
        self.code_style = sheet.style(self.code)
        self.row, self.n_links = 1, 0
        return sheet

    def _form(self, name: str) -> Format:
        if name in self.codes:
            return self.code
        return self.wrapped if name in self.wrapping else self.plain

    def _write(self, cells: Sequence[Any], marks: Sequence[Highlight]) -> None:
        first, last = len(_FIRST), len(_FIRST) + len(self.codes)
        written = [
            *self._cells(cells[:first], 0, marks),
            self.sheet.numbers(self.row, first, tuple(cells[first:last]), self.code_style),
            *self._cells(cells[last:], last, marks),
        ]
        # said outright, because not every program works out the height of highlighted text by itself
        self.sheet.write_whole(self.row, _height(dict(zip(self.names, cells, strict=True))), written)

    def _cells(self, values: Sequence[Any], column: int, marks: Sequence[Highlight]) -> Iterator[str]:
        """Give the XML of cells side by side from ``column`` on; nothing for what is not stated."""
        for i, value in enumerate(values, column):
            if value is not None and value != "":
                yield self._cell(i, value, marks if self.names[i] == "reading" else ())

    def _cell(self, column: int, value: Any, marks: Sequence[Highlight]) -> str:
        """Give the XML of one cell; a passage's id leads to its place in the report."""
        style = self.styles[column]
        if isinstance(value, str):
            if column == 0:
                style = self._link(value) or style
            return self._text(column, value, style, marks)
        if isinstance(value, bool):
            return self.sheet.boolean(self.row, column, value, style)
        return self.sheet.number(self.row, column, round(value, 4) if isinstance(value, float) else value, style)

    def _link(self, passage_id: str) -> str:
        if self.n_links == MOST_LINKS:
            self.notes.n_unlinked += 1
            return ""
        self.n_links += 1
        self.sheet.link(self.row, 0, f"external:report.html#{passage_id}", passage_id)
        return self.link_style

    def _text(self, column: int, text: str, style: str, marks: Sequence[Highlight]) -> str:
        merged_marks = merged((mark.start, mark.end) for mark in marks) if marks else ()
        text, spans = fitting(self.sheet, self.row, column, text, merged_marks, self.notes)
        pieces = list(pieces_of(text, spans)) if spans else []
        if len(pieces) < 2:
            return self.sheet.text(self.row, column, text, style)
        fonts = [(piece, self.mark_font if is_marked else "") for piece, is_marked in pieces]
        return self.sheet.rich_text(self.row, column, fonts, style)


def _height(cells: Mapping[str, Any]) -> float:
    """Give the height that shows the wrapped texts of a row whole, in points; at most Excel's 409."""
    lines = 1
    for name in _WRAPPED:
        text = cells[name] or ""
        needed = lines_of(text, _WIDTHS[name])
        lines = max(lines, min(needed, _MOST_SIDE_LINES) if name in ("title", "section") else needed)
    return min(409.0, 15.0 * lines)
