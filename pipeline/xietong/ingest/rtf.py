"""Reads RTF: text, paragraphs, tables, footnotes; skips pictures, fields' codes, styles and everything marked to ignore."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

from xietong.ingest.bounds import Bounds
from xietong.ingest.builder import TextBuilder, clean
from xietong.ingest.encodings import note_of_damage
from xietong.ingest.extract import Extract
from xietong.ingest.reasons import Unreadable

_TOKEN = re.compile(
    rb"\\([a-zA-Z]{1,32})(-?\d{1,10})? ?|\\'([0-9a-fA-F]{2})|\\([^a-zA-Z])|([{}])|[\r\n]+|([^\\{}\r\n]+)"
)
_SKIPPED = frozenset(
    b"fonttbl colortbl stylesheet info pict object header headerl headerr headerf footer footerl footerr footerf "
    b"listtable listoverridetable revtbl rsidtbl generator themedata colorschememapping latentstyles datastore xmlnstbl "
    b"fldinst filetbl annotation atnid atnauthor atrfstart atrfend atndate bkmkstart bkmkend pntext pntxta pntxtb "
    b"mmathPr wgrffmtfilter nonshppict shpinst template blipuid operator ftnsep ftnsepc aftnsep listtext".split()
)
_CHARACTERS = {
    b"par": "\n", b"line": "\n", b"sect": "\n", b"page": "\n", b"tab": "\t", b"cell": "\t", b"row": "\n",
    b"nestcell": "\t", b"nestrow": "\n", b"emdash": "—", b"endash": "–", b"lquote": "‘", b"rquote": "’",
    b"ldblquote": "“", b"rdblquote": "”", b"bullet": "•", b"emspace": "\u2003", b"enspace": "\u2002",
}  # fmt: skip
_SYMBOLS = {b"~": "\u00a0", b"_": "\u2011", b"\\": "\\", b"{": "{", b"}": "}", b"\n": "\n", b"\r": "\n"}
_CODE_PAGES = {0: "cp1252", 77: "mac_roman", 128: "cp932", 129: "cp949", 134: "gb18030", 136: "cp950", 204: "cp1251"}
_FONT_CHARSET = re.compile(rb"\\f(\d{1,5})(?:\\[a-z]{1,20}-?\d{0,9} ?){0,9}?\\fcharset(\d{1,3})")


@dataclass(slots=True)
class _Group:
    """What a brace opens: whether its text counts, how many bytes stand for one \\u, and the code page."""

    is_skipped: bool
    n_fallback: int
    code_page: str
    is_deleted: bool
    footnote_start: int = -1


def read_rtf(data: bytes, *, bounds: Bounds) -> Extract:
    """Read an RTF document.

    Raises
    ------
    Unreadable
        If it holds more text than the bound, or no group at all.
    """
    start = data.find(b"{\\rtf")
    if start < 0:
        raise Unreadable("damaged", format="RTF", what="it does not begin like RTF")
    reader = _Reader(data[start:], TextBuilder(bounds.text_mb))
    reader.run()
    text, marks = reader.out.finish()
    return Extract(text=text, marks=marks, encoding=reader.encoding, note=reader.note)


def _codec(page: str) -> str:
    """Give the name of a code page's codec; Latin-1 for those that do not exist."""
    try:
        codecs.lookup(page)
    except LookupError:
        return "cp1252"
    return {"cp936": "gb18030", "cp65001": "utf-8"}.get(page, page)


class _Reader:
    """Walks through the tokens once; groups are a stack, bytes of one code page are decoded together."""

    def __init__(self, data: bytes, out: TextBuilder) -> None:
        self.data = data
        self.out = out
        found = re.search(rb"\\ansicpg(\d{3,5})", data[:2000])
        self.encoding = _codec(f"cp{found[1].decode()}" if found else "cp1252")
        self.fonts = {int(f): _CODE_PAGES.get(int(c), "") for f, c in _FONT_CHARSET.findall(data[:200_000])}
        self.group = _Group(False, 1, self.encoding, False)
        self.stack: list[_Group] = []
        self.waiting = bytearray()  # bytes not yet decoded
        self.n_to_skip = 0
        self.high_surrogate = 0
        self.n_bad = 0
        self.is_first = False

    @property
    def note(self) -> str:
        """What could not be read."""
        return note_of_damage(self.n_bad) if self.n_bad else ""

    def run(self) -> None:
        """Read everything."""
        for match in _TOKEN.finditer(self.data):
            word, number, byte, symbol, brace, plain = match.groups()
            if plain is not None:
                self._bytes(plain)
            elif byte is not None:
                self._bytes(bytes([int(byte, 16)]))
            elif word is not None:
                if word == b"bin" and number:
                    continue
                self._word(word, int(number) if number else None)
            elif brace is not None:
                self._brace(brace)
            elif symbol is not None:
                self._symbol(symbol)
        self._flush()

    def _brace(self, brace: bytes) -> None:
        self._flush()
        self.n_to_skip = 0
        if brace == b"{":
            self.stack.append(self.group)
            if len(self.stack) > 10_000:
                raise Unreadable("damaged", format="RTF", what="its groups nest too deep")
            g = self.group
            self.group = _Group(g.is_skipped, g.n_fallback, g.code_page, g.is_deleted)
        elif self.stack:
            if self.group.footnote_start >= 0:
                self.out.end_line()
                self.out.mark(self.group.footnote_start, "footnote")
            self.group = self.stack.pop()

    def _symbol(self, symbol: bytes) -> None:
        if symbol == b"*":
            # the group may be ignored by those who do not know it; footnotes and shapes' texts we do know
            self.group.is_skipped = True
        elif symbol in _SYMBOLS:
            self._flush()
            self._put(_SYMBOLS[symbol])

    def _word(self, word: bytes, number: int | None) -> None:
        if word == b"u" and number is not None:
            self._flush()
            self._unicode(number % 65536)
            self.n_to_skip = self.group.n_fallback
            return
        if word == b"uc":
            self.group.n_fallback = max(number or 0, 0)
            return
        self._flush()
        self.n_to_skip = 0
        if word in _SKIPPED:
            self.group.is_skipped = True
        elif word == b"shptxt":
            self.group.is_skipped = self.group.is_deleted
        elif word == b"footnote" and not self.group.is_skipped:
            self.out.end_line()
            self.group.footnote_start = self.out.length
        elif word == b"deleted":
            self.group.is_deleted = number != 0
        elif word == b"plain":
            self.group.is_deleted = False
        elif word == b"f" and number is not None:
            self.group.code_page = self.fonts.get(number) or self.encoding
        elif word in _CHARACTERS:
            self._put(_CHARACTERS[word])

    def _unicode(self, point: int) -> None:
        if 0xD800 <= point < 0xDC00:
            self.high_surrogate = point
            return
        if 0xDC00 <= point < 0xE000 and self.high_surrogate:
            point = 0x10000 + ((self.high_surrogate - 0xD800) << 10) + point - 0xDC00
        self.high_surrogate = 0
        self._put(clean(chr(point)))

    def _bytes(self, data: bytes) -> None:
        if self.n_to_skip:
            skipped = min(self.n_to_skip, len(data))
            self.n_to_skip -= skipped
            data = data[skipped:]
        if not self.group.is_skipped and not self.group.is_deleted:
            self.waiting += data

    def _flush(self) -> None:
        if not self.waiting:
            return
        data = bytes(self.waiting)
        self.waiting.clear()
        for code_page in (self.group.code_page, self.encoding):
            try:
                self._put(data.decode(code_page))
                return
            except (UnicodeDecodeError, LookupError):
                continue
        text = data.decode("gb18030", "replace")
        self.n_bad += text.count("\ufffd")
        self._put(text)

    def _put(self, text: str) -> None:
        if not self.group.is_skipped and not self.group.is_deleted:
            self.out.add(text)
