"""Finds tables in plain text, laid out with tabs or runs of spaces, and keeps the cells of all tables apart."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from itertools import groupby

from xietong.headings import numbering
from xietong.lines import Line
from xietong.normalise import join_lines

_GAP = re.compile(r"(?<=\S)(?:[ \u3000\xa0]*\t\s*|[ \xa0]{3,}|\u3000{2,})(?=\S)")
_DIGIT = re.compile(r"\d|[一二三四五六七八九十百千万亿]")
_PAGE_NUMBER = re.compile(r"[\d.…·]{1,12}")
#: Cells are short, and a table has at least so many rows.
_LONGEST_CELL, _FEWEST_ROWS = 60, 3


def name_tables(lines: Sequence[Line], text: str) -> None:
    """Call lines a table where several in a row have the same number of cells.

    Parameters
    ----------
    lines : whose ``kind`` is set; only those without a kind are looked at
    text : of the document
    """
    widths = [0 if line.kind else _n_cells(text[line.start : line.end]) for line in lines]
    at = 0
    for is_row, run in groupby(widths, key=bool):
        rows = list(run)
        (_, n_alike), *_ = Counter(rows).most_common(1)
        if is_row and n_alike >= max(_FEWEST_ROWS, 2 * len(rows) / 3):
            for line in lines[at : at + len(rows)]:
                line.kind = "table"
        at += len(rows)


def _n_cells(row: str) -> int:
    """Count the cells of a line; 0 where it is no row of a table."""
    if len(row) < 3 or ("\t" not in row and "   " not in row and "\u3000\u3000" not in row):
        return 0
    cells = [cell.strip() for cell in _GAP.split(row)]
    is_long = max(map(len, cells)) > _LONGEST_CELL
    is_prose = any("。" in cell or cell[-1] in ":：，,；;" for cell in cells)
    if len(cells) < 2 or is_long or is_prose or numbering(f"{cells[0]} ") or len(cells[0]) == 1:
        return 0
    if len(cells) == 2:
        is_contents = _PAGE_NUMBER.fullmatch(cells[1]) is not None
        return 0 if is_contents or ("\t" not in row and not _DIGIT.search(cells[1])) else 2
    return len(cells)


def cell_pieces(text: str, lines: Sequence[tuple[int, int]]) -> list[tuple[int, int, str]]:
    """Give the pieces of a row of a table for `flow_through`, with a line break between cells, which no term crosses.

    Parameters
    ----------
    text : of the document
    lines : (start, end) of the row's lines; a line break inside a cell is a hard wrap
    """
    cells: list[list[tuple[int, int]]] = [[]]
    for start, end in lines:
        at = start
        for gap in _GAP.finditer(text, start, end):
            cells[-1].append((at, gap.start()))
            cells.append([])
            at = gap.end()
        cells[-1].append((at, end))
        if text[end - 1 : end] == "\t" or text[end : end + 1] == "\t":
            cells.append([])
    pieces: list[tuple[int, int, str]] = []
    for cell in filter(None, cells):
        pieces += join_lines(text, cell)
        pieces[-1] = (*pieces[-1][:2], "\n")
    return pieces
