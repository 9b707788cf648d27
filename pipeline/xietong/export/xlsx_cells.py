"""One text in one cell of a workbook: always as text, cut where Excel must cut, with words highlighted."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from xietong.messages import both

if TYPE_CHECKING:
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

#: UTF-16 units that a cell holds.
MOST_UNITS = 32_767
#: Pieces of one rich cell; where there are more, the last words stay plain.
_MOST_PIECES = 400
#: What XML cannot hold is written the way Excel writes it (_x0001_); in rich cells the writer would do that twice.
_ESCAPED = re.compile("[\x00-\x08\x0b-\x1f\ufffe\uffff]|_x[0-9a-fA-F]{4}_")


@dataclass
class Notes:
    """What Excel's limits made us change; the sheet about the run says it."""

    n_sheets: int = 0
    n_unlinked: int = 0
    cut: list[str] = field(default_factory=list)


def write_text(
    sheet: Worksheet,
    row: int,
    column: int,
    text: str,
    form: Format | None,
    notes: Notes,
    *,
    spans: Sequence[tuple[int, int]] = (),
    mark: Format | None = None,
) -> None:
    """Write a text, with the words at ``spans`` (sorted, disjoint) in the format ``mark``."""
    text, spans = _fitting(sheet, row, column, text, spans, notes)
    if spans and _ESCAPED.search(text):
        spans = ()
    pieces = list(_pieces(text, spans[: _MOST_PIECES // 2], mark))
    if len([piece for piece in pieces if isinstance(piece, str)]) > 1:
        sheet.write_rich_string(row, column, *pieces, form)
    else:
        sheet.write_string(row, column, text, form)


def _fitting(
    sheet: Worksheet, row: int, column: int, text: str, spans: Sequence[tuple[int, int]], notes: Notes
) -> tuple[str, Sequence[tuple[int, int]]]:
    if len(text) <= MOST_UNITS // 2 or len(text.encode("utf-16-le")) // 2 <= MOST_UNITS:
        return text, spans
    from xlsxwriter.utility import xl_rowcol_to_cell

    notes.cut.append(f"{sheet.get_name()}!{xl_rowcol_to_cell(row, column)}")
    note = both("cell_cut", n=len(text))
    room = MOST_UNITS - len(note)
    kept = text.encode("utf-16-le")[: 2 * room].decode("utf-16-le", errors="ignore")
    return kept + note, [span for span in spans if span[1] <= len(kept)]


def _pieces(text: str, spans: Sequence[tuple[int, int]], mark: Format | None) -> Iterator[str | Format | None]:
    place = 0
    for start, end in spans:
        if place < start:
            yield text[place:start]
        yield mark
        yield text[start:end]
        place = end
    if place < len(text):
        yield text[place:]
