"""Writes rows of a sheet as whole lines of XML: what XlsxWriter would write cell by cell, in a fraction of the time.

``tests/outputs/test_xlsx.py`` holds both against each other, byte for byte.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from io import StringIO

from xlsxwriter.format import Format
from xlsxwriter.utility import xl_col_to_name
from xlsxwriter.worksheet import Worksheet
from xlsxwriter.xmlwriter import XMLwriter

_MOST_KEPT = 20_000
_EDGE_SPACE = re.compile(r"\A\s|\s\Z")
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f]")
_ESCAPES = re.compile("(_x[0-9a-fA-F]{4}_)")
_NEEDS_CARE = re.compile("[\x00-\x08\x0b-\x1f&<>\ufffe\uffff]|_x[0-9a-fA-F]{4}_")


class RowSheet(Worksheet):
    """A sheet of a workbook in ``constant_memory`` mode whose rows may also be written whole, after the others."""

    def begin_rows(self, n_columns: int) -> None:
        """Write out the rows given cell by cell so far; whole rows follow, of at most so many columns."""
        self._check_dimensions(self.previous_row, n_columns - 1)
        self._write_single_row(self.previous_row + 1)
        self.letters = [xl_col_to_name(column) for column in range(n_columns)]
        self._default_font = self.font(Format())
        self._side_by_side: dict[tuple[int, str, tuple[int | None, ...]], str] = {}

    def end_rows(self, row: int) -> None:
        """Say which row was the last."""
        self._check_dimensions(max(row, 0), 0)
        self.previous_row = row + 1

    def write_whole(self, row: int, points: float, cells: Sequence[str]) -> None:
        """Write a row of cells, made with the methods below, in the order of their columns; ``points``: its height."""
        height = int(points * 4 / 3 + 0.5) * 0.75  # whole pixels
        tall = "" if height == 15 else f' ht="{height:.16g}" customHeight="1"'
        self.row_data_fh.write(f'<row r="{row + 1}"{tall}>{"".join(cells)}</row>')

    def link(self, row: int, column: int, address: str, text: str) -> None:
        """Make a cell of a whole row lead somewhere."""
        self.ignore_write_string = True
        self.write_url(row, column, address, None, text)

    def number(self, row: int, column: int, value: float, style: str) -> str:
        """Give the XML of a number."""
        return f'<c r="{self.letters[column]}{row + 1}"{style}><v>{value:.16G}</v></c>'

    def numbers(self, row: int, column: int, values: tuple[int | None, ...], style: str) -> str:
        """Give the XML of whole numbers side by side from ``column`` on; None leaves a cell out.

        Most rows repeat those of another, so what is made of them is kept, with a sign for the number of the row.
        """
        key = (column, style, values)
        made = self._side_by_side.get(key)
        if made is None:
            places = zip(self.letters[column:], values, strict=False)
            made = "".join(f'<c r="{at}\0"{style}><v>{value}</v></c>' for at, value in places if value is not None)
            if len(self._side_by_side) < _MOST_KEPT:
                self._side_by_side[key] = made
        return made.replace("\0", str(row + 1))

    def boolean(self, row: int, column: int, value: bool, style: str) -> str:
        """Give the XML of a truth value."""
        return f'<c r="{self.letters[column]}{row + 1}"{style} t="b"><v>{value:d}</v></c>'

    def text(self, row: int, column: int, text: str, style: str) -> str:
        """Give the XML of a text."""
        start = f'<c r="{self.letters[column]}{row + 1}"{style} t="inlineStr"><is>'
        return f"{start}{_text(text)}</is></c>"

    def rich_text(self, row: int, column: int, pieces: Sequence[tuple[str, str]], style: str) -> str:
        """Give the XML of a text in pieces, each with its font (:meth:`font`), "" for the sheet's own."""
        start = f'<c r="{self.letters[column]}{row + 1}"{style} t="inlineStr"><is>'
        fonts = [font or (self._default_font if n else "") for n, (_, font) in enumerate(pieces)]
        runs = [f"<r>{font}{_text(piece)}</r>" for font, (piece, _) in zip(fonts, pieces, strict=True)]
        return f"{start}{''.join(runs)}</is></c>"

    def style(self, form: Format) -> str:
        """Give the attribute that gives a cell this format."""
        return f' s="{form._get_xf_index()}"'

    def font(self, form: Format) -> str:
        """Give the XML of a format's font, for :meth:`rich_text`."""
        stream, self.rstring = StringIO(), XMLwriter()
        self.rstring._set_filehandle(stream)
        self._write_font(form)
        return stream.getvalue()


def _text(text: str) -> str:
    space = ' xml:space="preserve"' if _EDGE_SPACE.search(text) else ""
    return f"<t{space}>{_escaped(text)}</t>"


def _escaped(text: str) -> str:
    """Escape what XML cannot hold as Excel does: _x0001_ for a control character, _x005F_ before what looks like one."""
    if not _NEEDS_CARE.search(text):
        return text
    text = _CONTROLS.sub(lambda match: f"_x{ord(match[0]):04X}_", _ESCAPES.sub(r"_x005F\1", text))
    text = text.replace("\ufffe", "_xFFFE_").replace("\uffff", "_xFFFF_")
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
