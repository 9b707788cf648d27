"""One text in one cell of a workbook: always as text, cut where Excel must cut, with words highlighted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from math import ceil
from typing import TYPE_CHECKING

from xietong.messages import both

if TYPE_CHECKING:
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

#: UTF-16 units that a cell holds.
MOST_UNITS = 32_767
#: Pieces of one rich cell; where there are more, the last words stay plain.
_MOST_PIECES = 400


@dataclass
class Notes:
    """What Excel's limits made us change; the sheet about the run says it."""

    n_sheets: int = 0
    n_unlinked: int = 0
    n_left_out: int = 0  # passages, where there are too many for a workbook
    cut: list[str] = field(default_factory=list)


def write_text(sheet: Worksheet, row: int, column: int, text: str, form: Format | None, notes: Notes) -> None:
    """Write a text in one format."""
    sheet.write_string(row, column, fitting(sheet, row, column, text, (), notes)[0], form)


def fitting(
    sheet: Worksheet, row: int, column: int, text: str, spans: Sequence[tuple[int, int]], notes: Notes
) -> tuple[str, Sequence[tuple[int, int]]]:
    """Cut a text that is too long for a cell, and say so in it; give the ``spans`` that are still there."""
    if len(text) <= MOST_UNITS // 2 or len(text.encode("utf-16-le")) // 2 <= MOST_UNITS:
        return text, spans
    from xlsxwriter.utility import xl_rowcol_to_cell

    notes.cut.append(f"{sheet.get_name()}!{xl_rowcol_to_cell(row, column)}")
    note = both("cell_cut", n=len(text))
    room = MOST_UNITS - len(note)
    kept = text.encode("utf-16-le")[: 2 * room].decode("utf-16-le", errors="ignore")
    return kept + note, [span for span in spans if span[1] <= len(kept)]


def lines_of(text: str, width: float) -> int:
    """Say on how many lines a text stands that wraps in a column of so many characters; a few more than needed."""
    n_wide = len(text.encode("utf-8")) - len(text) >> 1  # a Han character has three bytes and fills two places
    return ceil((len(text) + n_wide) * 1.2 / width) + text.count("\n")


def pieces_of(text: str, spans: Sequence[tuple[int, int]]) -> Iterator[tuple[str, bool]]:
    """Cut a text at ``spans`` (sorted, disjoint): each piece, and whether it is a span."""
    place = 0
    for start, end in spans[: _MOST_PIECES // 2]:
        if place < start:
            yield text[place:start], False
        yield text[start:end], True
        place = end
    if place < len(text):
        yield text[place:], False
