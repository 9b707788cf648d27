"""Cuts a text into lines, with what the format says of each: page, mark, and the blank space before it."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field
from itertools import pairwise

from xietong.records import Document, Mark


@dataclass(slots=True)
class Line:
    """One line without the space around it; ``text`` is in plain width, for looking at."""

    start: int
    end: int
    text: str
    raw_start: int  # with the white space around it
    raw_end: int
    gap: int = 0  # blank lines before it
    indent: int = 0  # columns of white space before it; a Chinese character is two wide
    page: int = 0
    kind: str = ""  # as far as it is known
    level: int = 0
    group: int = -1  # lines of one group belong to one block (a row, a marked paragraph)


@dataclass(slots=True)
class Block:
    """A paragraph, heading, list item, table row or piece of furniture: lines read one after another."""

    kind: str
    lines: list[Line]
    level: int = 0  # of a heading that the format or Markdown marks
    text: str = ""  # its lines as they are, for looking at
    stops: list[int] = field(default_factory=list)  # where, within the block, a line begins a sentence of its own
    pieces: list[tuple[int, int, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.text = " ".join([line.text for line in self.lines])

    def add(self, *lines: Line) -> None:
        """Read on in these lines."""
        self.lines += lines
        self.text = " ".join([self.text, *(line.text for line in lines)])

    @property
    def start(self) -> int:
        """Where the block starts in the document."""
        return self.lines[0].start


_LINE = re.compile(r"[^\n\r\x0b\x0c\x85\u2028\u2029]+|\x0c")
# indents inside a line: two wide spaces, or what web pages write for them
_PARAGRAPH_GAP = re.compile(
    r"(?<=[^\u3000 \xa0])[\u3000 \xa0]*(?:\u3000\u3000|\xa0\xa0\xa0|    )[\u3000 \xa0]*(?=[^\u3000 \xa0])"
)
# 第一章　总则　　第一条　为了…: a chapter and its first article on one line
_ARTICLE_AFTER_CHAPTER = re.compile(r"(?<=\S)\s+(?=第[一二三四五六七八九十百\d]{1,5}[条條][\s　])")
_CHAPTER = re.compile(r"\s*第[一二三四五六七八九十百\d]{1,5}[章节節编編]\s")
_INDENTS = ("\u3000\u3000", "\xa0\xa0\xa0", "    ")
_UNSEEN = "\ufeff\u200b\u200e\u200f\u2060"
_UNSEEN_LINE = re.compile(rf"(?<=[\n\r])[ \t]*[{_UNSEEN}][{_UNSEEN} \t]*(?=[\n\r])")
_UNSEEN_INSIDE = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ue000-\uf8ff]"
)
#: A line of more characters than this that holds wide gaps is a whole text whose paragraphs they divide.
LONG_LINE = 120


def lines_of(document: Document, start: int, end: int, wide: str, has_unseen: bool = True) -> list[Line]:
    """Give the lines of ``start:end`` of a document that hold more than white space.

    Parameters
    ----------
    document : Document
        Its text, pages and marks.
    start, end : int
        The stretch to look at.
    wide : str
        The document's text in plain width, character for character.
    has_unseen : bool
        Whether it holds invisible characters, which are not shown in ``Line.text``.
    """
    text = document.text
    lines: list[Line] = []
    page, gap = 0, -1
    previous = start
    for match in _LINE.finditer(text, start, end):
        if match[0] == "\x0c":
            page += 1
            continue
        begin, finish = match.span()
        may_hold_more = finish - begin > LONG_LINE or text[begin] in "第 \u3000\t"
        for first, last in pairwise(_bounds(text, begin, finish)) if may_hold_more else ((begin, finish),):
            raw = text[first:last]
            stripped = raw.strip().strip(_UNSEEN).strip() if has_unseen else raw.strip()
            if not stripped:
                continue
            at = first + raw.index(stripped)
            stop = at + len(stripped)
            shown = wide[at:stop]
            if has_unseen:
                shown = _UNSEEN_INSIDE.sub("", shown).strip() or _UNSEEN_INSIDE.sub("", stripped).strip()
                if not shown:
                    continue
            if shown[1:2] == " " and shown[1::2].isspace():
                shown = shown[::2]  # every character set apart
            breaks = text[previous:first]
            gap = max(breaks.count("\n") or breaks.count("\r"), 1) - 1
            if gap and has_unseen:
                gap -= min(gap, len(_UNSEEN_LINE.findall(breaks)))  # a line of invisible characters is not a blank one
            indent = at - first + text.count("\u3000", first, at)
            lines.append(Line(at, stop, shown, first, last, gap, indent, page))
            previous = last
    _number_pages(lines, document)
    _apply_marks(lines, document)
    return lines


def _bounds(text: str, start: int, end: int) -> list[int]:
    """Give where a line is to be cut, its own start and end among it."""
    if end - start > LONG_LINE and any(text.count(gap, start, end) > 1 for gap in _INDENTS):
        found = [gap.span() for gap in _PARAGRAPH_GAP.finditer(text, start, end)]
        # plain spaces after Latin letters are only wide setting
        gaps = [(at, stop) for at, stop in found if not text[at - 1].isascii() or not text[at:stop].isascii()]
        n_ended = sum(text[at - 1] in "。！？；：”）.!?;:" for at, _ in gaps)
        if len(gaps) > 1 and 2 * n_ended >= len(gaps):
            return [start, *(stop for _, stop in gaps), end]
    if _CHAPTER.match(text, start, end):
        article = _ARTICLE_AFTER_CHAPTER.search(text, start, min(end, start + 60))
        if article:
            return [start, article.end(), end]
    return [start, end]


def _number_pages(lines: list[Line], document: Document) -> None:
    """Number the pages where the format states them."""
    if document.pages:
        starts = [page.start for page in document.pages]
        for line in lines:
            line.page = bisect_right(starts, line.start)


_KIND_OF_MARK = {
    "title": "heading", "heading": "heading", "paragraph": "paragraph", "list": "list", "table": "table",
    "row": "table", "cell": "table", "footnote": "footnote", "header": "boilerplate", "footer": "boilerplate",
    "boilerplate": "boilerplate", "front": "front",
}  # fmt: skip
_WEIGHT = {"paragraph": 1, "list": 2, "heading": 3, "table": 4, "front": 5, "footnote": 6, "boilerplate": 7}
_GROUPING = frozenset({"paragraph", "row", "heading", "title", "footnote"})
#: Rows of these are rows however long.
_WORKBOOKS = frozenset({
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "application/vnd.ms-excel",
    "application/vnd.oasis.opendocument.spreadsheet",
})  # fmt: skip
#: A row or a heading of more characters than this is no row or heading: a page that was laid out with tables.
LONGEST_ROW = 400
LONGEST_HEADING = 120


def _apply_marks(lines: list[Line], document: Document) -> None:
    """Take over what the format says of each line: the weightiest of the marks that hold most of it."""
    starts = [line.start for line in lines]
    is_sheet = document.media_type in _WORKBOOKS
    marks = [mark for mark in document.marks if is_sheet or not _is_mislaid(mark, document.text)]
    has_rows = any(mark.kind in ("row", "cell") for mark in marks)
    for number, mark in enumerate(marks):
        kind = _KIND_OF_MARK.get(mark.kind)
        if kind is None or mark.end <= mark.start or (has_rows and mark.kind == "table"):
            continue  # the rows say more than the table
        i = bisect_left(starts, mark.start)
        if i and lines[i - 1].end > mark.start:
            i -= 1
        while i < len(lines) and lines[i].start < mark.end:
            line = lines[i]
            i += 1
            held = min(line.end, mark.end) - max(line.start, mark.start)
            if 2 * held <= line.end - line.start:
                continue
            if _WEIGHT[kind] >= _WEIGHT.get(line.kind, 0):
                line.kind = kind
                if kind == "heading":
                    line.level = mark.level or 1
            if mark.kind in _GROUPING and line.kind == kind:
                line.group = number


def _is_mislaid(mark: Mark, text: str) -> bool:
    """Tell whether a mark says how a page was laid out and not what the text is."""
    n = mark.end - mark.start
    if mark.kind in ("row", "cell"):
        n_breaks = text.count("\n", mark.start, mark.end)
        return n > LONGEST_ROW or (n > 120 and n_breaks > 1 and mark.kind == "cell")
    return mark.kind in ("heading", "title") and n > LONGEST_HEADING
