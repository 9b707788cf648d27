"""Works out the layout of a text: which lines make a paragraph, and which are headings, lists, notes or references."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from xietong.characters import HAN
from xietong.furniture import is_named, name_furniture, name_history, name_opening
from xietong.headings import ends_sentence, has_han, is_heading, numbering
from xietong.letters import name_letter
from xietong.lines import Block, Line, lines_of
from xietong.normalise import join_lines
from xietong.records import Document
from xietong.text_tables import cell_pieces, name_tables


def lay_out(document: Document, start: int, end: int, wide: str, has_unseen: bool = True) -> list[Block]:
    """Give the blocks of ``start:end`` of a document, in the order of their first characters.

    Every character that is neither white space nor invisible stands in exactly one block.

    Parameters
    ----------
    document : Document
        Its text, and the marks and pages where its format states them.
    start, end : int
        The stretch to look at.
    wide : str
        The document's text in plain width, character for character.
    has_unseen : bool
        Whether it holds invisible characters.
    """
    lines = lines_of(document, start, end, wide, has_unseen)
    if not lines:
        return []
    name_furniture(lines)
    name_tables(lines, document.text)
    wrap = _Wrap.of(lines)
    blocks = _gather(lines, wrap)
    if wrap.columns:
        _name_wrapped_headings(blocks)
    style = _Style.of(blocks)
    if style.has_stops:
        name_opening(blocks)
    else:
        _doubt_headings(blocks)
    name_history(blocks)
    name_letter(blocks)
    _name_references(blocks)
    blocks = _join_cut(blocks, style, wrap)
    blocks = _join_at_margin(blocks, style)
    blocks = _join_runs(blocks, style)
    for block in blocks:
        join = cell_pieces if block.kind == "table" else join_lines
        block.pieces = join(document.text, [(line.raw_start, line.raw_end) for line in block.lines])
        _leave_out_markup(block, wide)
    return blocks


_LEADING_MARKUP = re.compile(r"#{1,6}\s*|>\s*")


def _leave_out_markup(block: Block, wide: str) -> None:
    """Start reading after Markdown's signs for headings and quotations."""
    start, end, join = block.pieces[0]
    match = _LEADING_MARKUP.match(wide, start, end)
    if match and match.end() < end:
        block.pieces[0] = (match.end(), end, join)


# --- paragraphs -----------------------------------------------------------------------------------------------------


#: Text wrapped at more columns than this is not wrapped.
_WIDEST = 160


def _width(text: str) -> int:
    """Give the width in columns; a Chinese character takes two. Beyond what a line is wrapped at, any width will do."""
    if len(text) > 2 * _WIDEST:
        return 2 * _WIDEST
    if text.isascii():
        return len(text)
    # the thin spaces that typesetters put around figures are read as whole ones
    return (len(text.encode("utf-8", "replace")) + len(text) - text.count(" ")) // 2


@dataclass(frozen=True, slots=True)
class _Wrap:
    """At what length the lines of a text were wrapped, in columns and in characters; 0 where they were not."""

    columns: int = 0
    characters: int = 0
    is_exact: bool = False  # every line but the last has the same number of characters

    def is_full(self, line: Line, following: Line) -> bool:
        """Tell whether what follows did not fit on the line any more, counted one way or the other."""
        word = _FIRST_CHUNK.match(following.text)
        chunk = word[0] if word else ""
        width = _width(line.text)
        if width + _width(chunk) + 2 > self.columns or line.raw_end - line.raw_start + len(chunk) >= self.characters:
            return True
        # looser setting, as of lines with wide punctuation; the end of a sentence there ends a paragraph
        return width >= 0.85 * self.columns and not ends_sentence(line.text)

    @staticmethod
    def of(lines: Sequence[Line]) -> _Wrap:
        """Find the length that most lines reach without ending a sentence there."""
        loose = [line for line in lines if line.kind in ("", "paragraph") and line.group < 0]
        if len(loose) < 2:
            return _Wrap()
        rank = int(len(loose) * 0.97) if len(loose) > 30 else len(loose) - 1
        characters = sorted(line.raw_end - line.raw_start for line in loose)[rank]
        if characters > _WIDEST:
            return _Wrap()
        columns = sorted(_width(line.text) for line in loose)[rank]
        if not 20 <= columns <= _WIDEST:
            return _Wrap()
        if len(loose) > 2 and {line.raw_end - line.raw_start for line in loose[:-1]} == {characters}:
            return _Wrap(columns, characters, True)
        wrap = _Wrap(columns, characters)
        full = [line for line, following in pairwise(loose) if wrap.is_full(line, following)]
        n_cut = sum(not ends_sentence(line.text) for line in full)
        share = sum(len(line.text) for line in full) / sum(len(line.text) for line in loose[:-1])
        return wrap if share >= 0.45 and n_cut >= 0.34 * len(full) else _Wrap()


_FIRST_CHUNK = re.compile(r"[^\s\u2e80-\U0010ffff]+|.")


def _gather(lines: Sequence[Line], wrap: _Wrap) -> list[Block]:
    """Gather lines into blocks."""
    blocks: list[Block] = []
    for i, line in enumerate(lines):
        following = lines[i + 1] if i + 1 < len(lines) else None
        if blocks:
            block, previous = blocks[-1], lines[i - 1]
            is_whole = line.kind != "paragraph" and line.group >= 0 and line.group == previous.group
            if is_whole and line.kind == previous.kind:
                block.add(line)
                continue
            is_wrapped = wrap.columns and _continues(previous, line, block, wrap)
            if is_wrapped or _follows_label(previous, line, block) or _closes(previous, line, block):
                block.add(line)
                continue
        kind = line.kind
        if kind in ("", "paragraph"):
            before, after = lines[i - 1] if i else None, lines[i + 2] if i + 2 < len(lines) else None
            if following and wrap.columns and _is_wrapped(line, following, wrap):
                is_head = False
            else:
                is_head = is_heading(line, following, after, before) or _is_inner_title(line, before)
            if is_head:
                kind, line.level = "heading", _markdown_level(line.text)
            else:
                kind = "list" if _LIST_ITEM.match(line.text) else "body"
        blocks.append(Block(kind, [line], line.level))
    return blocks


def _is_inner_title(line: Line, previous: Line | None) -> bool:
    """Tell whether a line is the title of a text within the text, such as the plan that a notice brings."""
    if _LIST_ITEM.match(line.text):
        return False
    is_title = len(line.text) <= 50 and is_named(line.text, "title") and _INNER_MARK.search(line.text) is None
    return is_title and (previous is None or line.gap > 0 or ends_sentence(previous.text) or len(previous.text) < 30)


def _name_wrapped_headings(blocks: Sequence[Block]) -> None:
    """Find the headings that show only once their own lines, or those of the paragraph below, are joined."""
    wholes = [_whole_line(block) for block in blocks]
    for i, (block, whole) in enumerate(zip(blocks, wholes, strict=True)):
        if block.kind != "body" or len(block.lines) > 3 or any(line.kind for line in block.lines):
            continue
        before = wholes[i - 1] if i else None
        is_apart = before is None or whole.gap > 0 or ends_sentence(before.text) or blocks[i - 1].kind == "heading"
        following, after = (wholes[j] if j < len(wholes) else None for j in (i + 1, i + 2))
        if is_apart and is_heading(whole, following, after, before):
            block.kind, block.level = "heading", _markdown_level(whole.text)


def _whole_line(block: Block) -> Line:
    """Give a block's lines as one line, for looking at."""
    first = block.lines[0]
    if len(block.lines) == 1:
        return first
    text = "".join(
        line.text if not before or has_han(before.text[-1] + line.text[0]) else f" {line.text}"
        for before, line in zip([None, *block.lines], block.lines, strict=False)
    )
    return replace(first, text=text, end=block.lines[-1].end, raw_end=block.lines[-1].raw_end)


_INNER_MARK = re.compile(r"[。,;:!?]")


def _is_wrapped(line: Line, following: Line, wrap: _Wrap) -> bool:
    """Tell whether what looks like a heading is the first line of a wrapped paragraph."""
    if following.gap or ends_sentence(line.text) or (numbering(following.text) and not wrap.is_exact):
        return False
    return wrap.is_full(line, following)


def _continues(previous: Line, line: Line, block: Block, wrap: _Wrap) -> bool:
    """Tell whether a line goes on with the paragraph of the line before it, in a hard-wrapped text."""
    if line.gap or line.kind or previous.kind not in ("", "footnote") or block.kind not in ("body", "list", "footnote"):
        return False
    if previous.text[-1] == ":" and not wrap.is_exact:
        return False
    if line.indent > previous.indent + 1 and not wrap.is_exact:
        return False
    if not wrap.is_full(previous, line):
        return False
    return wrap.is_exact or not (numbering(line.text) and ends_sentence(previous.text))


_LABEL = re.compile(r"\d{1,3}(?:\.\d{1,3}){0,3}[.)]?|\(\d{1,3}\)|[-•●*]")


def _follows_label(previous: Line, line: Line, block: Block) -> bool:
    """Tell whether the line before is only the number of this paragraph, as in numbered speeches."""
    return (
        len(block.lines) == 1
        and block.kind in ("body", "list")
        and len(previous.text) <= 8
        and _LABEL.fullmatch(previous.text) is not None
        and line.kind in ("", "paragraph", "list")
        and len(line.text) > 30
    )


def _closes(previous: Line, line: Line, block: Block) -> bool:
    """Tell whether a line closes what the line before it has opened: 关于印发《…|…》的通知."""
    if line.gap or line.kind not in ("", "paragraph") or block.kind not in ("body", "heading") or previous.level:
        return False
    if previous.text[-1] in "《「『" or line.text[0] in "》」』，。、；：,;":
        return True  # a link that a web page set on a line of its own
    opened, closed = previous.text.rfind("《"), line.text.find("》")
    return opened > previous.text.rfind("》") and 0 <= closed < 60 and "《" not in line.text[:closed]


_LIST_ITEM = re.compile(r"[-*•●■◆▪○]\s+\S|[①-⑳]|\(\s?(?:\d{1,2}|[a-z]|[ivx]{1,4})\s?\)|\d{1,2}\)|[a-z]\)\s")


def _markdown_level(text: str) -> int:
    return len(text) - len(text.lstrip("#"))


def _doubt_headings(blocks: Sequence[Block]) -> None:
    """Take long headings with a comma back where sentences have no full stops either."""
    for block in blocks:
        if block.kind == "heading" and not block.level and len(block.text) > 20 and "," in block.text:
            block.kind = "body"


# --- references -----------------------------------------------------------------------------------------------------

_ENTRY = re.compile(r"(?:[-*]\s*)?(?:\[\d{1,3}\]|〔\d{1,3}〕)|(?:[-*]\s*)?\(?\d{1,3}[.)\]]\s")
_CITED = re.compile(r"\[[JMDNCRSPZGB](?:/OL)?\]|\bvol\.|\bpp\.|\bdoi\b|https?://", re.IGNORECASE)
_YEAR = re.compile(r"(?:19|20)\d\d")


_OUTERMOST = 9  # above every numbered heading


def _name_references(blocks: list[Block]) -> None:
    """Name what stands under a heading References, and entries like ``[3] … [J]`` anywhere."""
    inside = False
    for block in blocks:
        text = block.text
        if block.kind in ("heading", "body", "list") and len(text) <= 30 and is_named(text, "references"):
            block.kind, block.level = "heading", block.level or _OUTERMOST
            inside = True
        elif block.kind in ("body", "list", "heading"):
            is_entry = _ENTRY.match(text) is not None
            if is_entry and (inside or (len(text) < 500 and _CITED.search(text))):
                block.kind, block.level = "reference", 0
            elif inside and block.kind != "heading" and len(text) < 400 and (text[0].islower() or _YEAR.search(text)):
                block.kind = "reference"
            elif inside:
                inside = False


# --- what was cut ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Style:
    """How a text is written, as far as it tells whether two lines belong together."""

    has_stops: bool  # paragraphs end in punctuation
    lines_are_sentences: bool  # each line is one sentence, and paragraphs are not marked
    indented: bool  # paragraphs are marked by their first line's indent
    spaced: bool  # paragraphs are marked by blank lines
    margin_continues: bool  # most paragraphs begin with an indent, so that lines at the margin may go on with one

    @staticmethod
    def of(blocks: Sequence[Block]) -> _Style:
        bodies = [block for block in blocks if block.kind == "body"]
        long_ones = [block for block in bodies if len(block.text) > 20]
        n_stopped = sum(_STOP.search(block.text) is not None for block in long_ones)
        has_stops = n_stopped >= 0.35 * len(long_ones)
        firsts = [block.lines[0] for block in bodies]
        n_indented = sum(line.indent >= 2 for line in firsts)
        n_single = sum(_INNER_END.search(block.text) is None for block in bodies)
        n_spaced = sum(line.gap > 0 for line in firsts)
        n_ended = sum(ends_sentence(block.text) for block in bodies)
        n_marked = sum(line.group >= 0 for line in firsts)
        n_long = sum(len(block.text) > (110 if has_han(block.text) else 330) for block in bodies)
        return _Style(
            has_stops=has_stops,
            lines_are_sentences=len(bodies) >= 30
            and n_single >= 0.75 * len(bodies)
            and n_spaced < 0.3 * len(bodies)
            and n_indented < 0.3 * len(bodies)
            and n_long < 0.25 * len(bodies)
            and n_ended > 0.5 * len(bodies)
            and n_marked < 0.5 * len(bodies),
            spaced=n_spaced > 0.5 * len(bodies),
            indented=not has_stops and 0.05 * len(bodies) < n_indented < 0.9 * len(bodies),
            margin_continues=has_stops and 0.5 * len(bodies) < n_indented < len(bodies),
        )


# what a match begins with is a rare character in both, so that the search passes over the others
_STOP = re.compile(r"[。!?]|\.(?<=[a-z)]\.)(?: |$)")
_INNER_END = re.compile(r"[。!?](?=[^”’\")])|\.(?<=[a-z]\.) [A-Z]")


def _join_cut(blocks: list[Block], style: _Style, wrap: _Wrap) -> list[Block]:
    """Join paragraphs that a page break, a footnote block or furniture has cut in the middle of a sentence."""
    if not style.has_stops:
        return blocks  # a text without full stops: their absence says nothing
    joined: list[Block] = []
    taken: set[int] = set()
    for i, block in enumerate(blocks):
        if i in taken:
            continue
        joined.append(block)
        if block.kind not in ("body", "list", "reference"):
            continue
        found = _continuation(blocks, i, block, taken, style, wrap)
        while found is not None:
            block.add(*blocks[found].lines)
            taken.add(found)
            found = _continuation(blocks, found, block, taken, style, wrap)
    return joined


def _continuation(blocks: list[Block], i: int, block: Block, taken: set[int], style: _Style, wrap: _Wrap) -> int | None:
    """Find the block that goes on with the unfinished sentence at the end of a block."""
    last = block.lines[-1]
    text = block.text
    if len(text) < 15 or ends_sentence(last.text):
        return None
    may_wrap = wrap.columns > 0 and not last.kind
    for j in range(i + 1, min(i + 14, len(blocks))):
        candidate = blocks[j]
        if j in taken or candidate.kind in ("boilerplate", "footnote") or _ASIDE.fullmatch(candidate.text):
            continue
        first = candidate.lines[0]
        # a link that a web page set on a line of its own looks like a heading
        is_link = candidate.kind == "heading" and not candidate.level and not first.gap and j == i + 1
        is_like = candidate.kind == block.kind or candidate.kind == "body" or is_link
        if not is_like or numbering(first.text) or first.text[0] in "*#>" or _LIST_ITEM.match(first.text):
            return None
        if first.indent > block.lines[0].indent and last.text[-1] not in ",，、":
            return None
        return j if (may_wrap and wrap.is_full(last, first)) or _goes_on(text, last, first, style) else None
    return None


_ASIDE = re.compile(r"\([^()]{1,40}\)|\[[^\[\]]{1,40}\]")  # (applause), (several members rise)


def _goes_on(text: str, last: Line, first: Line, style: _Style) -> bool:
    """Tell whether a paragraph without an end goes on in a line, by the words on both sides."""
    if first.text[0] in ",.;:、。)”" or first.text[0] == last.text[-1] == "-":
        return True
    is_latin = last.text[-1].isascii() and (last.text[-1].isalnum() or last.text[-1] in ",-")
    if is_latin and (first.text[0].isascii() or first.text[0] == "“"):
        is_open = (last.text[-1].islower() and first.text[0] in '“"') or _UNFINISHED.search(last.text[-12:]) is not None
        return len(text) >= 60 and (first.text[0].islower() or is_open)
    if not _CHINESE_START.match(first.text) or _NO_CONTINUATION.match(first.text):
        return False
    if style.spaced and not first.gap and _COMMA.search(text):
        return True  # no blank line, so the paragraph is not over
    has_sentence = (len(text) >= 30 and "。" in text) or (len(text) >= 40 and _COMMA.search(text) is not None)
    return has_sentence or (last.page != first.page and _COMMA.search(text) is not None)


_COMMA = re.compile(r"[,，、]")
_UNFINISHED = re.compile(
    r"\b(?:the|of|and|a|an|to|in|for|or|by|with|on|at|from|its|their|our|this|that|which)$", re.IGNORECASE
)
_CHINESE_START = re.compile(f"[{HAN}“(《\\d]")
_NO_CONTINUATION = re.compile(r"摘要|[关關][键鍵][词詞]|附件|附:|附表|抄送|主题词|\(?\d{4}年\d{1,2}月\d{1,2}日\)?$")
_ITEM_NUMBERING = frozenset({"hanparen", "arabic", "arabicparen", "circled", "decimal", "han"})


def _join_at_margin(blocks: list[Block], style: _Style) -> list[Block]:
    """Join Chinese lines at the margin to the indented paragraph that was broken off before them."""
    if not style.margin_continues:
        return blocks
    joined: list[Block] = []
    for block in blocks:
        if joined and _goes_on_at_margin(joined[-1], block):
            joined[-1].kind = "body" if joined[-1].kind == "heading" else joined[-1].kind
            joined[-1].add(*block.lines)
        else:
            joined.append(block)
    return joined


def _goes_on_at_margin(before: Block, block: Block) -> bool:
    """Tell whether a block at the margin goes on with an indented one whose last line is long and does not end."""
    first, last = block.lines[0], before.lines[-1]
    is_broken_off = (
        len(last.text) >= 25 and has_han(last.text) and last.text[-1] != ":" and not ends_sentence(last.text)
    )
    may_go_on = before.kind in ("body", "list", "heading") and not before.level and before.lines[0].indent >= 2
    at_margin = block.kind == "body" and not first.indent and not first.gap and not numbering(first.text)
    return is_broken_off and may_go_on and at_margin


def _join_runs(blocks: list[Block], style: _Style) -> list[Block]:
    """Put the short parts of one statement together: a colon and its items, items ended by semicolons, a speaker.

    Where each line is one sentence, lines that follow one another make one paragraph. The places where
    lines began stay known, so that passages still end there.
    """
    joined: list[Block] = []
    for block in blocks:
        if joined and _is_one_statement(joined[-1], block, style):
            before = joined[-1]
            if ends_sentence(before.lines[-1].text) or not style.has_stops:
                before.stops.append(block.start)
            before.add(*block.lines)
        else:
            joined.append(block)
    return joined


def _is_one_statement(before: Block, block: Block, style: _Style) -> bool:
    if before.kind not in ("body", "list") or block.kind not in ("body", "list"):
        return False
    first, last = block.lines[0], before.lines[-1]
    numbered = numbering(first.text)
    if style.lines_are_sentences and not first.gap:
        return not numbered and (len(last.text) > 12 or last.text[-1] in "，,。；;")
    if style.indented and not first.indent and not first.gap:
        return not numbered
    if last.text[-1] in ";:,、" or _ENDS_WITH_AND.search(last.text[-8:]):
        is_item = block.kind == "list" or numbered in _ITEM_NUMBERING
        is_single = len(block.text) <= 120 and _INNER_END.search(block.text) is None
        return (is_item and is_single) or first.text[0].islower() or is_speaker(last.text)
    return False


_ENDS_WITH_AND = re.compile(r"(?:[;,] (?:and|or)|[;,]?[和及或])$")
_SPEAKER = re.compile(
    rf"[{HAN}·]{{2,16}}(?:\([^()]{{1,20}}\))?:|(?:The )?[A-Z][A-Za-z.,' ]{{2,60}}(?:\([^()]{{1,40}}\))?:"
)


def is_speaker(text: str) -> bool:
    """Tell whether a line only names who speaks, as in the minutes of a parliament."""
    return len(text) <= 80 and _SPEAKER.fullmatch(text) is not None
