"""Reads Word 97-2003 documents: text, headings, tables, footnotes and text boxes; not deletions or field codes.

The text is kept in pieces that the piece table puts in order; paragraph and character properties lie in pages of 512
bytes, found by file position. Source: [MS-DOC]. Older versions of Word (6 and 95) are left to LibreOffice.
"""

from __future__ import annotations

import re
import struct
from bisect import bisect_right
from dataclasses import dataclass

from xietong.ingest.bounds import Bounds
from xietong.ingest.builder import TextBuilder, clean
from xietong.ingest.compound import CompoundFile
from xietong.ingest.extract import Extract
from xietong.ingest.reasons import Unreadable

_FIRST_WORD_97 = 101  # nFib
_ENCRYPTED, _TABLE_1 = 0x0100, 0x0200
# (offset in the header, of position and length) of the tables in the table stream
_CHARACTER_PAGES, _PARAGRAPH_PAGES, _PIECES, _STYLES = 0x00FA, 0x0102, 0x01A2, 0x00A2
_DELETED, _ROW_END, _IN_TABLE, _OUTLINE, _LIST = 0x0800, 0x2417, 0x2416, 0x2640, 0x460B
_OPERAND_SIZES = {0: 1, 1: 1, 2: 2, 3: 4, 4: 2, 5: 2, 7: 3}
_FIELD = re.compile("\x13[^\x13\x14\x15]*(?:\x14([^\x13\x15]*))?\x15")
_DROPPED = re.compile("[\x00-\x06\x08\x0e-\x1d\x1f]")
_PAGE = 512


@dataclass(frozen=True, slots=True)
class _Piece:
    """A stretch of text that lies together in the file: ``width`` bytes a character from ``position``."""

    start: int
    end: int
    position: int
    width: int


@dataclass(frozen=True, slots=True)
class _Runs:
    """Properties by file position: run i holds from ``starts[i]`` to ``starts[i + 1]``."""

    starts: list[int]
    values: list[dict[int, int]]

    def at(self, position: int) -> dict[int, int]:
        """Give the properties at a file position."""
        i = bisect_right(self.starts, position) - 1
        return self.values[i] if 0 <= i < len(self.values) else {}


class TooOldError(Exception):
    """The document is of Word 6 or 95, whose format is another."""


def read_doc(data: bytes, *, bounds: Bounds) -> Extract:
    """Read a Word 97-2003 document.

    Raises
    ------
    Unreadable
        If it is damaged, encrypted or beyond a bound.
    TooOldError
        If it is of Word 6 or 95.
    """
    try:
        return _Word(CompoundFile(data)).read(bounds)
    except (struct.error, IndexError) as error:
        raise Unreadable("damaged", format="Word 97-2003", what="its tables of text are cut off") from error


class _Word:
    """One document's streams and tables."""

    def __init__(self, file: CompoundFile) -> None:
        self.main = file.read("WordDocument")
        (version,) = struct.unpack_from("<H", self.main, 2)
        (flags,) = struct.unpack_from("<H", self.main, 10)
        if flags & _ENCRYPTED:
            raise Unreadable("encrypted")
        if version < _FIRST_WORD_97:
            raise TooOldError
        self.tables = file.read("1Table" if flags & _TABLE_1 else "0Table")
        self.pieces = self._read_pieces()
        self.paragraphs = self._read_runs(_PARAGRAPH_PAGES, is_paragraph=True)
        self.characters = self._read_runs(_CHARACTER_PAGES, is_paragraph=False)
        self.levels = self._read_levels()

    def read(self, bounds: Bounds) -> Extract:
        """Put the parts of the document one after the other: text, footnotes, endnotes, text boxes."""
        text, positions = self._text()
        body, footnotes, headers, macros, comments, endnotes, boxes = struct.unpack_from("<7I", self.main, 0x4C)
        out = TextBuilder(bounds.text_mb)
        at = 0
        for length, kind in (
            (body, "body"), (footnotes, "footnote"), (headers, ""), (macros, ""), (comments, ""),
            (endnotes, "footnote"), (boxes, "body"),
        ):  # fmt: skip
            if kind:
                self._write(out, text[at : at + length], positions, at, kind)
            at += length
        joined, marks = out.finish()
        return Extract(text=joined, marks=marks)

    def _table(self, offset: int) -> bytes:
        position, length = struct.unpack_from("<II", self.main, offset)
        return self.tables[position : position + length]

    def _read_pieces(self) -> list[_Piece]:
        clx = self._table(_PIECES)
        at = 0
        while at < len(clx) and clx[at] == 1:
            at += 3 + struct.unpack_from("<H", clx, at + 1)[0]
        if at >= len(clx) or clx[at] != 2:
            raise Unreadable("damaged", format="Word 97-2003", what="its piece table is missing")
        (length,) = struct.unpack_from("<I", clx, at + 1)
        table = clx[at + 5 : at + 5 + length]
        n = (len(table) - 4) // 12
        bounds = struct.unpack_from(f"<{n + 1}I", table)
        pieces = []
        for i in range(n):
            (place,) = struct.unpack_from("<I", table, 4 * (n + 1) + 8 * i + 2)
            is_narrow = bool(place & 0x40000000)
            position = (place & 0x3FFFFFFF) // 2 if is_narrow else place & 0x3FFFFFFF
            pieces.append(_Piece(bounds[i], bounds[i + 1], position, 1 if is_narrow else 2))
        return pieces

    def _text(self) -> tuple[str, list[_Piece]]:
        """Give the whole text, one character for each position the tables count."""
        parts, pieces, at = [], [], 0
        for piece in self.pieces:
            length = piece.end - piece.start
            raw = self.main[piece.position : piece.position + length * piece.width]
            if length <= 0 or not raw:
                continue
            if piece.width == 1:
                part = raw.decode("cp1252", "replace")
            else:
                # surrogates count one by one, as in the tables; they are joined when the text is written
                part = "".join(map(chr, struct.unpack(f"<{len(raw) // 2}H", raw[: len(raw) // 2 * 2])))
            parts.append(part)
            pieces.append(_Piece(at, at + len(part), piece.position, piece.width))
            at += len(part)
        return "".join(parts), pieces

    def _read_runs(self, offset: int, *, is_paragraph: bool) -> _Runs:
        """Read the pages of properties that a table of pages lists."""
        table = self._table(offset)
        n = (len(table) - 4) // 8
        starts: list[int] = []
        values: list[dict[int, int]] = []
        for i in range(max(n, 0)):
            (number,) = struct.unpack_from("<I", table, 4 * (n + 1) + 4 * i)
            page = self.main[(number & 0x3FFFFF) * _PAGE :][:_PAGE]
            if len(page) < _PAGE:
                continue
            for start, properties in _page_of_runs(page, is_paragraph):
                if not starts or start > starts[-1]:
                    starts.append(start)
                    values.append(properties)
        return _Runs(starts, values)

    def _read_levels(self) -> dict[int, int]:
        """Give the heading level of each style that is a heading: its built-in number says so."""
        table = self._table(_STYLES)
        if len(table) < 4:
            return {}
        (n_header,) = struct.unpack_from("<H", table)
        at, number, levels = 2 + n_header, 0, {}
        while at + 2 <= len(table) and number < 4096:
            (length,) = struct.unpack_from("<H", table, at)
            if length >= 2:
                (built_in,) = struct.unpack_from("<H", table, at + 2)
                if 1 <= built_in & 0x0FFF <= 9:
                    levels[number] = min(built_in & 0x0FFF, 6)
            at += 2 + length + (length & 1)
            number += 1
        return levels

    def _write(self, out: TextBuilder, text: str, pieces: list[_Piece], at: int, kind: str) -> None:
        """Write one part, paragraph by paragraph."""
        row_start = table_start = -1
        starts = [piece.start for piece in pieces]
        begin = 0
        for match in re.finditer("[\r\x07\x0c]", text):
            end = match.start()
            piece = pieces[max(bisect_right(starts, at + end) - 1, 0)]
            properties = self.paragraphs.at(piece.position + (at + end - piece.start) * piece.width)
            content = self._visible(text, begin, end, at, pieces, starts)
            begin = end + 1
            in_table = bool(properties.get(_IN_TABLE)) or match[0] == "\x07"
            if in_table and table_start < 0:
                out.end_line()
                table_start = row_start = out.length
            if properties.get(_ROW_END):
                out.mark(row_start, "row")
                out.end_line()
                row_start = out.length
            elif in_table:
                if row_start < 0:
                    row_start = out.length
                cell = out.length
                out.add(" ".join(content.split()))
                out.mark(cell, "cell")
                out.add("\t" if match[0] == "\x07" else " ")
            else:
                if table_start >= 0:
                    out.end_line()
                    out.mark(table_start, "table")
                    table_start = row_start = -1
                self._paragraph(out, content, properties, kind)
        rest = self._visible(text, begin, len(text), at, pieces, starts)
        self._paragraph(out, rest, {}, kind)
        if table_start >= 0:
            out.mark(table_start, "table")

    def _paragraph(self, out: TextBuilder, content: str, properties: dict[int, int], kind: str) -> None:
        start = out.length
        out.add(content)
        level = self.levels.get(properties.get(-1, 0), 0)
        outline = properties.get(_OUTLINE, 9)
        level = level or (min(outline + 1, 6) if outline < 9 else 0)
        if kind == "footnote":
            out.mark(start, "footnote")
        else:
            out.mark(start, "heading" if level else "list" if properties.get(_LIST) else "paragraph", level)
        out.end_line()

    def _visible(self, text: str, begin: int, end: int, at: int, pieces: list[_Piece], starts: list[int]) -> str:
        """Give a paragraph without deleted text, field codes and the places of pictures."""
        kept = []
        i = begin
        while i < end:
            piece = pieces[max(bisect_right(starts, at + i) - 1, 0)]
            position = piece.position + (at + i - piece.start) * piece.width
            run = bisect_right(self.characters.starts, position) - 1
            stop = end if piece.end - at <= i else min(end, piece.end - at)
            if run + 1 < len(self.characters.starts):
                ahead = -(-(self.characters.starts[run + 1] - position) // piece.width)
                stop = min(stop, i + max(ahead, 1))
            if not self.characters.at(position).get(_DELETED):
                kept.append(text[i:stop])
            i = stop
        content = "".join(kept)
        while "\x15" in content:
            shorter = _FIELD.sub(lambda match: match[1] or "", content)
            if shorter == content:
                break
            content = shorter
        content = content.replace("\x1e", "-").replace("\x0b", "\n")
        content = content.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
        return clean(_DROPPED.sub("", content))


def _page_of_runs(page: bytes, is_paragraph: bool) -> list[tuple[int, dict[int, int]]]:
    """Give the runs of one page: file position, and the properties we know; -1 stands for the style."""
    n = page[511]
    width = 13 if is_paragraph else 1
    if 4 * (n + 1) + width * n > 511:
        return []
    starts = struct.unpack_from(f"<{n + 1}I", page)
    runs = []
    for i in range(n):
        offset = 2 * page[4 * (n + 1) + width * i]
        runs.append((starts[i], _properties(page, offset, is_paragraph) if offset else {}))
    return runs


def _properties(page: bytes, offset: int, is_paragraph: bool) -> dict[int, int]:
    length = page[offset]
    at = offset + 1
    if is_paragraph:
        if length:
            length = 2 * length - 1
        else:
            length, at = 2 * page[at], at + 1
    content = page[at : min(at + length, 511)]
    properties: dict[int, int] = {}
    i = 0
    if is_paragraph and len(content) >= 2:
        properties[-1] = int.from_bytes(content[:2], "little")
        i = 2
    while i + 2 < len(content):
        code = int.from_bytes(content[i : i + 2], "little")
        size = _OPERAND_SIZES.get(code >> 13, -1)
        if size < 0:  # the operand states its own length
            size = content[i + 2] + 1 if code != 0xD608 else int.from_bytes(content[i + 2 : i + 4], "little") + 1
        properties[code] = int.from_bytes(content[i + 2 : i + 2 + min(size, 4)], "little")
        i += 2 + size
    return properties
