"""Works out the layout of a text: which lines make a paragraph, and which are headings, furniture or notes."""

from __future__ import annotations

import csv
import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from itertools import pairwise

from xietong.normalise import HAN, join_lines, simplify, widen
from xietong.records import Document


@dataclass(slots=True)
class Line:
    """One line of a text, without the space around it, in plain width and simplified script for looking at."""

    start: int
    end: int
    text: str
    gap: int = 0  # blank lines before it
    indent: int = 0
    raw_end: int = 0  # where the line ends with its trailing space
    kind: str = ""  # as far as it is known
    level: int = 0
    group: int = -1  # lines of one group belong to one block (a row, a marked paragraph)
    page: int = 0


@dataclass(slots=True)
class Block:
    """A paragraph, heading, list item, table row or piece of furniture: lines read one after another."""

    kind: str
    lines: list[Line]
    level: int = 0
    pieces: list[tuple[int, int, str]] = field(default_factory=list)

    @property
    def start(self) -> int:
        """Where the block starts in the document."""
        return self.lines[0].start

    @property
    def text(self) -> str:
        """The block's lines as they are, for looking at."""
        return self.lines[0].text if len(self.lines) == 1 else " ".join(line.text for line in self.lines)


def lay_out(document: Document, start: int = 0, end: int | None = None) -> list[Block]:
    """Give the blocks of a document (or of ``start:end`` of it) in the order of their first characters.

    Every character that is not white space stands in exactly one block.
    """
    text = document.text
    end = len(text) if end is None else end
    lines = _lines_of(text, start, end)
    if not lines:
        return []
    _mark_pages(lines, document)
    _apply_marks(lines, document)
    _name_furniture(lines)
    _name_by_phrase(lines)
    _name_front_matter(lines)
    _name_contents(lines)
    blocks = _gather(lines, _wrap_width(lines))
    _name_references(blocks)
    blocks = _join_cut(blocks)
    for block in blocks:
        block.pieces = join_lines(text, [(line.start, line.raw_end) for line in block.lines])
    blocks.sort(key=lambda block: block.start)
    return blocks


# --- lines ----------------------------------------------------------------------------------------------------------

_LINE = re.compile(r"[^\n\r\x0b\x0c\x85\u2028\u2029]+|\x0c")
_PARAGRAPH_GAP = re.compile(r"(?<=\S)[\u3000 \xa0]*\u3000\u3000[\u3000 \xa0]*(?=\S)")
_BREAK = re.compile(r"[\n\r\x0b\x0c\x85\u2028\u2029]+")
_UNSEEN = "\ufeff\u200b\u200e\u200f\u2060"


def _lines_of(text: str, start: int, end: int) -> list[Line]:
    """Cut a text into lines; where a whole document is one line, at its wide spaces."""
    wide = simplify(widen(text[start:end]))
    n_breaks = text.count("\n", start, end) + text.count("\r", start, end)
    by_gaps = end - start > 400 * (n_breaks + 1) and len(_PARAGRAPH_GAP.findall(text, start, end)) > 2 * n_breaks
    lines: list[Line] = []
    previous_end = start
    page = 0
    for match in _LINE.finditer(text, start, end):
        if match[0] == "\x0c":
            page += 1
            continue
        bounds = [match.start(), match.end()]
        if by_gaps:
            gaps = [gap.end() for gap in _PARAGRAPH_GAP.finditer(text, match.start(), match.end())]
            bounds = [match.start(), *gaps, match.end()]
        for first, last in pairwise(bounds):
            line = text[first:last]
            stripped = line.strip().strip(_UNSEEN).strip()
            if not stripped:
                continue
            lead = line.index(stripped)
            at = first + lead
            stop = at + len(stripped)
            between = text[previous_end:first]
            gap = max(between.count("\n"), between.count("\r"), between.count("\x0c") + 1) - 1
            # what strip() left out beside the text is white space or unseen, and belongs to no line
            lines.append(Line(at, stop, wide[at - start : stop - start], gap, lead, last, page=page))
            previous_end = last
    return lines


def _mark_pages(lines: list[Line], document: Document) -> None:
    """Number the pages where the format states them."""
    if not document.pages:
        return
    starts = [page.start for page in document.pages]
    for line in lines:
        line.page = bisect_right(starts, line.start)


_KIND_OF_MARK = {
    "title": "heading", "heading": "heading", "paragraph": "paragraph", "list": "list", "table": "table",
    "row": "table",
    "cell": "table", "footnote": "footnote", "header": "boilerplate", "footer": "boilerplate",
    "boilerplate": "boilerplate", "front": "front",
}  # fmt: skip
_WEIGHT_OF_KIND = {"paragraph": 1, "list": 2, "table": 3, "heading": 4, "front": 5, "footnote": 6, "boilerplate": 7}


def _apply_marks(lines: list[Line], document: Document) -> None:
    """Take over what the format says of each line."""
    starts = [line.start for line in lines]
    for number, mark in enumerate(document.marks):
        kind = _KIND_OF_MARK.get(mark.kind)
        if kind is None:
            continue
        first = bisect_right(starts, mark.start - 1)
        while first > 0 and lines[first - 1].end > mark.start:
            first -= 1
        for line in lines[first:]:
            if line.start >= mark.end:
                break
            if line.start < mark.start - line.indent or line.end > mark.end:
                continue
            if _WEIGHT_OF_KIND[kind] >= _WEIGHT_OF_KIND.get(line.kind, 0):
                line.kind = kind
                if kind == "heading":
                    line.level = mark.level or 1
            if mark.kind in ("paragraph", "row", "heading", "title", "footnote"):
                line.group = number


# --- what a line is -------------------------------------------------------------------------------------------------

_DIGITS = re.compile(r"\d+")
_PAGE_NUMBER = re.compile(
    r"[-—–·.\s]*(?:第\s*)?(?:\d{1,4}|[ivxlc]{1,6})(?:\s*[/／]\s*\d{1,4})?(?:\s*页)?(?:\s*共\s*\d{1,4}\s*页)?[-—–·.\s]*"
    r"|page\s+\d{1,4}(?:\s+of\s+\d{1,4})?",
    re.IGNORECASE,
)


def _name_furniture(lines: list[Line]) -> None:
    """Find page headers, footers and page numbers by their repetition, with digits taken for alike."""
    short = [line for line in lines if not line.kind and len(line.text) <= 80]
    counts = Counter(_DIGITS.sub("0", line.text) for line in short)
    edges = _page_edges(lines)
    n_pages = len({line.page for line in lines})
    for line in short:
        text = line.text
        if (
            _PAGE_NUMBER.fullmatch(text)
            and (id(line) in edges or line.text[0] in "-—–·第pP" or counts[_DIGITS.sub("0", text)] >= 3)
        ) or (n_pages > 2 and id(line) in edges and counts[_DIGITS.sub("0", text)] >= max(3, n_pages // 4)):
            line.kind = "boilerplate"


def _page_edges(lines: list[Line]) -> set[int]:
    edges: set[int] = set()
    for i, line in enumerate(lines):
        near = lines[max(i - 2, 0) : i + 3]
        if any(other.page != line.page for other in near):
            edges.add(id(line))
    return edges


@cache
def _phrases() -> dict[str, tuple[frozenset[str], tuple[str, ...]]]:
    """Read the phrases that name a line: per kind the whole lines and the beginnings of lines."""
    whole: dict[str, set[str]] = {}
    begin: dict[str, set[str]] = {}
    with (files("xietong") / "data" / "layout.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            (whole if row["match"] == "line" else begin).setdefault(row["kind"], set()).add(row["phrase"])
    return {
        kind: (frozenset(whole.get(kind, ())), tuple(sorted(begin.get(kind, ())))) for kind in sorted({*whole, *begin})
    }


_TRIM = " *#_[]【】<>〈〉|·:>-—"


def _is_named(text: str, kind: str) -> bool:
    whole, begin = _phrases()[kind]
    bare = text.strip(_TRIM).replace(" ", "") if len(text) < 30 else text
    return bare in whole or text.strip(_TRIM) in whole or (bool(begin) and text.lstrip("*# ").startswith(begin))


def _name_by_phrase(lines: list[Line]) -> None:
    """Navigation, share buttons, imprint and notes, by what they begin with."""
    for line in lines:
        if line.kind not in ("", "paragraph") or len(line.text) > 400:
            continue
        for kind, limit in (("boilerplate", 120), ("front", 300), ("footnote", 400)):
            if len(line.text) <= limit and _is_named(line.text, kind):
                line.kind = kind
                break
    # 小 中 大 > 】 beside navigation belong to it
    for _ in range(2):
        for i, line in enumerate(lines):
            if not line.kind and len(line.text) <= 2 and not line.text.isdigit():
                near = lines[max(i - 1, 0) : i + 2]
                if any(other.kind == "boilerplate" for other in near):
                    line.kind = "boilerplate"
        for i in range(len(lines) - 2, 0, -1):
            line = lines[i]
            if not line.kind and len(line.text) <= 2 and lines[i + 1].kind == "boilerplate":
                line.kind = "boilerplate"


def _name_front_matter(lines: list[Line]) -> None:
    """Front matter between ``---`` lines at the top of a Markdown text."""
    if lines[0].text.rstrip() != "---":
        return
    for i, line in enumerate(lines[1:60], 1):
        if line.text.rstrip() in ("---", "..."):
            for inside in lines[: i + 1]:
                inside.kind = "front"
            return


_LEADER = re.compile(r"(?:\.{4,}|…{2,}|·{4,}|_{4,})\s*[-—(]?\s*\d{1,4}\s*[-—)]?$")
_MARKUP = re.compile(r"[#*>\s\-—.…·\d]+$|^[#*>\s\-]+")


def _name_contents(lines: list[Line]) -> None:
    """Tables of contents: lines with leaders, or a list after 目录 whose lines come again as headings."""
    for line in lines:
        if line.kind in ("", "paragraph") and len(line.text) <= 120 and _LEADER.search(line.text):
            line.kind = "front"
    later = Counter(_MARKUP.sub("", line.text) for line in lines)
    i = 0
    while i < len(lines):
        if lines[i].kind in ("", "paragraph", "heading") and _is_named(lines[i].text, "contents"):
            lines[i].kind = "front"
            i += 1
            seen: set[str] = set()
            while i < len(lines):
                bare = _MARKUP.sub("", lines[i].text)
                if lines[i].kind == "front" or (later[bare] > 1 and bare not in seen and len(bare) <= 80):
                    lines[i].kind = "front"
                    seen.add(bare)
                    i += 1
                else:
                    break
        else:
            i += 1


# --- headings -------------------------------------------------------------------------------------------------------

NUMERAL = "〇零一二三四五六七八九十百千两\\d"
HEADING = re.compile(
    rf"(?P<markdown>\#{{1,6}})(?:\s|(?=[{HAN}]))"
    rf"|(?P<part>第\s?[{NUMERAL}]{{1,6}}\s?[编编篇]|Part\s+(?:[IVX]+|\d+|[A-Z])\b|PART\s+(?:[IVX]+|\d+|[A-Z])\b)"
    rf"|(?P<division>第\s?[{NUMERAL}]{{1,6}}\s?部分)"
    rf"|(?P<chapter>第\s?[{NUMERAL}]{{1,6}}\s?章|Chapter\s+(?:[IVX]+|\d+)\b|CHAPTER\s+(?:[IVX]+|\d+)\b)"
    rf"|(?P<paragraph>第\s?[{NUMERAL}]{{1,6}}\s?节|Section\s+\d+\b|SECTION\s+\d+\b)"
    rf"|(?P<article>第\s?[{NUMERAL}]{{1,6}}\s?条(?:之[一二三四五六七八九十]{{1,2}})?|Article\s+\d+(?:-\d+)?\b)"
    rf"|(?P<han>[一二三四五六七八九十]{{1,3}}\s?[、.,](?!\d))"
    rf"|(?P<hanparen>\(\s?[一二三四五六七八九十]{{1,3}}\s?\))"
    rf"|(?P<roman>(?:[IVX]{{1,5}})\.\s)"
    rf"|(?P<decimal>\d{{1,2}}(?:\.\d{{1,2}}){{1,3}}\.?(?=\s|[{HAN}]))"
    rf"|(?P<arabic>\d{{1,3}}\s?(?:、|[.](?!\d)))"
    rf"|(?P<arabicparen>\(\s?\d{{1,2}}\s?\)|\d{{1,2}}\))"
    rf"|(?P<circled>[①-⑳])"
)
RANKS = {
    "part": 10, "division": 11, "chapter": 12, "paragraph": 13, "article": 14, "roman": 15, "han": 16, "hanparen": 17,
    "decimal": 18, "arabic": 18, "arabicparen": 20, "circled": 21,
}  # fmt: skip
BOLD = re.compile(r"\*\*[^*]{1,60}\*\*[:：]?")
_TERMINAL = re.compile(r"[。!?;…][”’\")》」』\]*]*$|[.:][”’\")\]*]*$|[,、]$")
_SENTENCE_END = re.compile(r"[。!?…；;:][”’\")》」』\]*]*$|[.][”’\")\]*]*(?:\[\d{1,3}\])?$")


def heading_style(text: str) -> str:
    """Name the numbering a line begins with: ``han`` for 一、, ``hanparen`` for （一） …; "" if there is none."""
    match = HEADING.match(text)
    return match.lastgroup or "" if match else ""


def is_heading(line: Line, following: Line | None) -> bool:
    """Tell whether a line that no format has marked is a heading of its own."""
    text = line.text
    n = len(text)
    if n > 120 or n < 2:
        return False
    if text[0] == "#":
        return HEADING.match(text) is not None
    if text.startswith("**") and BOLD.fullmatch(text):
        return True
    if text.startswith("**") and text.endswith("**"):
        text = text.strip("* ")
    is_han = re.search(f"[{HAN}]", text) is not None
    if n > (45 if is_han else 110):
        return False
    match = HEADING.match(text)
    style = match.lastgroup if match else None
    if match and style == "article":
        return match.end() == n
    if _TERMINAL.search(text):
        return False
    if style in ("part", "division", "chapter", "paragraph", "han", "hanparen", "roman"):
        return True
    if style in ("arabic", "decimal", "arabicparen"):
        return following is not None and len(following.text) > n and (not is_han or n <= 40)
    if style:
        return False
    if following is None or following.kind not in ("", "paragraph", "list"):
        return False
    if is_han:
        return (
            n <= 24
            and not re.search(r"[,。;:、!?(\d]", text)
            and len(following.text) > 2 * n
            and len(following.text) > 40
            and _SENTENCE_END.search(following.text) is not None
        )
    words = text.split()
    capitals = sum(word[0].isupper() for word in words)
    return (
        len(words) <= 12
        and text[0].isupper()
        and (capitals * 2 >= len(words) or line.gap > 0)
        and len(following.text) > 80
        and len(following.text) > n
    )


# --- paragraphs -----------------------------------------------------------------------------------------------------


def _width(text: str) -> int:
    return len(text) if text.isascii() else len(text) + sum(map("\u2e7f".__lt__, text))


def _wrap_width(lines: Sequence[Line]) -> int:
    """Give the width at which the text was wrapped, in half-width columns; 0 where lines are paragraphs."""
    loose = [line for line in lines if line.kind in ("", "paragraph") and line.group < 0]
    if len(loose) < 2:
        return 0
    widths = [_width(line.text) for line in loose]
    longest = sorted(widths)[int(len(widths) * 0.97)] if len(widths) > 30 else max(widths)
    if longest > 160 or longest < 20:
        return 0
    full = sum(width >= 0.85 * longest for width in widths[:-1])
    cut = sum(
        width >= 0.85 * longest and _SENTENCE_END.search(line.text) is None
        for width, line in zip(widths[:-1], loose, strict=False)
    )
    if full >= 0.45 * (len(widths) - 1) and cut >= 0.5 * full:
        return longest
    return 0


def _gather(lines: Sequence[Line], wrap: int) -> list[Block]:
    """Gather lines into blocks."""
    blocks: list[Block] = []
    for i, line in enumerate(lines):
        following = lines[i + 1] if i + 1 < len(lines) else None
        block = blocks[-1] if blocks else None
        previous = lines[i - 1] if i else None
        if block and previous and line.group >= 0 and line.group == previous.group and line.kind == previous.kind:
            block.lines.append(line)
            continue
        if block and previous and _continues(previous, line, block, wrap):
            block.lines.append(line)
            continue
        kind, level = line.kind, line.level
        if kind in ("", "paragraph"):
            if is_heading(line, following) and not (wrap and following and _is_wrapped(line, following, wrap)):
                kind, level = "heading", _level(line.text)
            else:
                kind = "list" if _is_list_item(line.text) else "body"
        blocks.append(Block(kind, [line], level))
    return blocks


def _is_wrapped(line: Line, following: Line, wrap: int) -> bool:
    return (
        _width(line.text) >= 0.85 * wrap
        and not following.gap
        and not _SENTENCE_END.search(line.text)
        and not heading_style(following.text)
    )


def _continues(previous: Line, line: Line, block: Block, wrap: int) -> bool:
    """Tell whether a line goes on with the paragraph of the line before it, in a hard-wrapped text."""
    if not wrap or line.gap or line.kind or previous.kind or block.kind not in ("body", "list"):
        return False
    if _width(previous.text) < 0.85 * wrap:
        return False
    if line.indent > previous.indent and len(block.lines) > 1:
        return False
    return not (heading_style(line.text) and _SENTENCE_END.search(previous.text))


_LIST_ITEM = re.compile(r"[-*•●■◆▪○]\s+\S|[①-⑳]|\(\s?(?:\d{1,2}|[a-z])\s?\)|\d{1,2}\)|[a-z]\)\s")


def _is_list_item(text: str) -> bool:
    return _LIST_ITEM.match(text) is not None


def _level(text: str) -> int:
    match = re.match(r"#{1,6}", text)
    return len(match[0]) if match else 0


_REFERENCE = re.compile(r"(?:[-*]\s*)?\[\d{1,3}\]|(?:[-*]\s*)?\(?\d{1,3}[.)\]]\s")
_CITED = re.compile(r"\[[JMDNCRSPZGB](?:/OL)?\]|\bvol\.|\bpp\.|\bdoi\b|https?://", re.IGNORECASE)


def _name_references(blocks: list[Block]) -> None:
    """What follows a heading References, and entries like ``[3] … [J]`` anywhere."""
    inside = False
    for block in blocks:
        text = block.text
        if block.kind in ("heading", "body", "list") and len(text) <= 30 and _is_named(text, "references"):
            block.kind = "heading"
            inside = True
            continue
        if block.kind == "heading" and inside and heading_style(text) not in ("", "arabic", "decimal"):
            inside = False
        if block.kind not in ("body", "list", "heading"):
            continue
        if _REFERENCE.match(text) and (inside or (len(text) < 500 and _CITED.search(text))):
            block.kind = "reference"
        elif inside and block.kind == "heading":
            inside = False
        elif inside:
            previous_is_cut = True
            block.kind = "reference" if previous_is_cut and len(text) < 400 and text[0].islower() else block.kind
            inside = block.kind == "reference" or len(text) < 400


def _join_cut(blocks: list[Block]) -> list[Block]:
    """Join paragraphs that a page break, a footnote block or furniture has cut in the middle of a sentence."""
    long_ones = [block for block in blocks if block.kind == "body" and len(block.text) > 60]
    n_ended = sum(_SENTENCE_END.search(block.lines[-1].text) is not None for block in long_ones)
    if n_ended < 0.6 * len(long_ones):
        return blocks  # a text without full stops: their absence says nothing
    joined: list[Block] = []
    taken: set[int] = set()
    for i, block in enumerate(blocks):
        if i in taken:
            continue
        joined.append(block)
        if block.kind not in ("body", "list", "reference"):
            continue
        j = i
        while True:
            following = _continuation(blocks, j, block, taken)
            if following is None:
                break
            block.lines += blocks[following].lines
            taken.add(following)
            j = following
    return joined


def _continuation(blocks: list[Block], i: int, block: Block, taken: set[int]) -> int | None:
    last = block.lines[-1].text
    if len(block.text) < 30 or _SENTENCE_END.search(last):
        return None
    for j in range(i + 1, min(i + 12, len(blocks))):
        candidate = blocks[j]
        if j in taken or candidate.kind in ("boilerplate", "footnote"):
            continue
        if candidate.kind != block.kind and not (block.kind == "list" and candidate.kind == "body"):
            return None
        text = candidate.text
        if heading_style(text) or _is_list_item(text) or candidate.lines[0].indent > block.lines[0].indent:
            return None
        if text[0].islower():
            return j
        if not text[0].isascii() and re.match(f"[{HAN}“(《]", text) and re.search(f"[{HAN},、]$", last):
            return j
        return None
    return None
