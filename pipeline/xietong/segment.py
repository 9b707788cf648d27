"""Cuts a document into passages, the coding units: whole sentences of one paragraph, with their headings."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import takewhile
from typing import TYPE_CHECKING

import numpy as np

from xietong.characters import INVISIBLE, N_KINDS, code_points, decode, kind_of_each, widened
from xietong.furniture import is_named
from xietong.glosses import find_glosses, may_have_glosses
from xietong.headings import Trail, has_han, numbering
from xietong.language import language_of, languages_of_spans
from xietong.layout import Block, is_speaker, lay_out
from xietong.normalise import Flow, flow_through, pieces_of
from xietong.records import Document, FoldedText, Passage
from xietong.sentences import sentence_spans

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Stands between the cells of a table in ``reading`` and ``folded``, so that no term reaches from one into the next.
CELL_GAP = "\t"
#: The kinds of block that hold the text itself.
TEXT_KINDS = ("body", "list", "table")
UNITS = ("passage", "sentence", "paragraph", "row")


@dataclass(frozen=True)
class SegmentOptions:
    """How a document is cut.

    ``unit``: passage (one to a few sentences of a paragraph), sentence, paragraph, or row (the rows of a
    table of texts as they are). Lengths count Chinese characters; an English word counts as two.
    """

    unit: str = "passage"
    least: int = 80  # a passage goes on until it has so many
    most: int = 160  # a further sentence is taken only up to here
    rest: int = 40  # what remains of a paragraph and is shorter joins the passage before it


def segment(document: Document, *, options: SegmentOptions = SegmentOptions()) -> list[Passage]:
    """Cut a document into passages of all kinds, in the order of the text.

    Every character that is neither white space nor invisible lies in some passage. A passage that a footnote
    or a page's furniture cuts spans it in ``start:end``; its ``reading`` and ``folded`` leave it out, and the
    footnote is a passage of its own. ``reading`` and ``folded.text`` correspond character for character.

    Raises
    ------
    ValueError
        If ``options.unit`` is none of passage, sentence, paragraph, row.
    """
    if options.unit not in UNITS:
        raise ValueError(f'unit "{options.unit}" is unknown; use one of: {", ".join(UNITS)}')
    reader = _Reader(document, options)
    if not document.rows:
        return _number(reader.cut(0, len(document.text), ""))
    found: list[_Draft] = []
    for row in document.rows:
        found += (reader.whole if options.unit == "row" else reader.cut)(row.start, row.end, row.source_id)
    return _number(found)


@dataclass(slots=True)
class _Draft:
    """A passage in the making: where it stands in the document and in the flow."""

    start: int
    end: int
    flow: Flow
    first: int
    last: int
    kind: str
    section: tuple[str, ...] = ()
    language: str = ""
    source_id: str = ""


def _number(drafts: list[_Draft]) -> list[Passage]:
    drafts.sort(key=lambda draft: (draft.start, draft.end))
    return [
        Passage(
            n=n,
            start=draft.start,
            end=draft.end,
            kind=draft.kind,
            section=draft.section,
            language=draft.language,
            source_id=draft.source_id,
            reading=draft.flow.reading[draft.first : draft.last].replace("\n", CELL_GAP),
            folded=_with_cells(draft.flow.slice(draft.first, draft.last)),
        )
        for n, draft in enumerate(drafts)
    ]


def _with_cells(folded: FoldedText) -> FoldedText:
    """Put tabs between the cells of a table."""
    return replace(folded, text=folded.text.replace("\n", CELL_GAP)) if "\n" in folded.text else folded


class _Reader:
    """Reads stretches of one document; holds what is computed once for all of it."""

    def __init__(self, document: Document, options: SegmentOptions) -> None:
        self._document = document
        self._options = options
        self._codes = code_points(document.text)
        self._wide = decode(widened(self._codes))
        present = np.bincount(kind_of_each(self._codes), minlength=N_KINDS)
        self._has_unseen = bool(present[INVISIBLE])
        if may_have_glosses(self._wide):
            self._hide_glosses()
        self._glosses = sorted((mark.start, mark.end) for mark in document.marks if mark.kind == "gloss")

    def _hide_glosses(self) -> None:
        """Make glosses invisible where lines are looked at, so that 基(jī)金项目 is known for what it is."""
        parts: list[str] = []
        at = 0
        for start, end, _ in find_glosses(self._wide):
            parts += (self._wide[at:start], "\u200b" * (end - start))
            at = end
            self._has_unseen = True
        self._wide = "".join([*parts, self._wide[at:]])

    def whole(self, start: int, end: int, source_id: str) -> list[_Draft]:
        """Give a row as one passage, as it is."""
        pieces = pieces_of(self._document.text, start, end)
        first, last = (pieces[0][0], pieces[-1][1]) if pieces else (start, start)
        flow = flow_through(self._document.text, self._without_glosses(pieces), self._codes)
        n = len(flow.folded)
        return [_Draft(first, last, flow, 0, n, "body", (), language_of(flow.reading), source_id)]

    def cut(self, start: int, end: int, source_id: str) -> list[_Draft]:
        """Cut a stretch of the document into passages."""
        blocks = lay_out(self._document, start, end, self._wide, self._has_unseen)
        pieces: list[tuple[int, int, str]] = []
        n_breaks: list[int] = []
        for block in blocks:
            own = [*block.pieces[:-1], (*block.pieces[-1][:2], "\n")]
            n_breaks.append(sum(join == "\n" for _, _, join in own))
            pieces += own
        flow = flow_through(self._document.text, self._without_glosses(pieces), self._codes)
        drafts = _cut_blocks(self._document.text, blocks, flow, n_breaks, self._options)
        for draft in drafts:
            draft.source_id = source_id
        return drafts

    def _without_glosses(self, pieces: list[tuple[int, int, str]]) -> list[tuple[int, int, str]]:
        """Leave ruby out of the flow where the format marks it."""
        if not self._glosses:
            return pieces
        starts = [start for start, _ in self._glosses]
        kept: list[tuple[int, int, str]] = []
        for start, end, join in pieces:
            at = start
            for first, last in self._glosses[max(bisect_left(starts, start) - 1, 0) :]:
                if first >= end:
                    break
                if last > at:
                    if first > at:
                        kept.append((at, first, ""))
                    at = max(at, min(last, end))
            kept.append((at, end, join))
        return kept


# --- from blocks to passages ----------------------------------------------------------------------------------------


def _cut_blocks(
    text_of_document: str, blocks: Sequence[Block], flow: Flow, n_breaks: Sequence[int], options: SegmentOptions
) -> list[_Draft]:
    """Cut each block, and give each passage its section, kind and language."""
    sizes = _sizes(flow.folded)
    trail = Trail()
    titles = {id(block) for block in _titles_of(blocks)}
    drafts: list[_Draft] = []
    for block, (first, last) in zip(blocks, _block_bounds(flow, n_breaks), strict=True):
        if first == last:
            continue
        if id(block) not in titles:
            _follow(trail, block, flow.reading[first:last], flow.folded[first:last])
        cuts = (
            _cut_block(flow, first, last, block.stops, sizes, options) if block.kind in TEXT_KINDS else [(first, last)]
        )
        drafts += _drafts_of(block, cuts, flow, text_of_document, trail.labels)
    _name_languages(drafts, flow)
    return drafts


def _follow(trail: Trail, block: Block, text: str, folded: str) -> None:
    """Enter the section that a heading, or the number at the beginning of a paragraph, opens."""
    if block.kind == "heading":
        names_nothing = is_named(text, "template")  # 政策全文: what a site's template puts above the whole text
        trail.enter("" if names_nothing else text, folded, block.level)
    elif block.kind in TEXT_KINDS and block.kind != "table":  # a number in a cell opens no section for the rows below
        if is_speaker(block.lines[0].text):
            trail.leave_run_ins()
        trail.enter_run_in(text, folded)


def _drafts_of(
    block: Block, cuts: Sequence[tuple[int, int]], flow: Flow, text_of_document: str, section: tuple[str, ...]
) -> list[_Draft]:
    """Give the passages of a block, from where they stand in the flow to where they stand in the document."""
    starts = [block.start, *(int(flow.starts[a]) for a, _ in cuts[1:])]
    ends = [
        _end_before(text_of_document, int(flow.ends[b - 1]), following)
        for (_, b), following in zip(cuts[:-1], starts[1:], strict=True)
    ]
    ends.append(block.lines[-1].end)
    return [
        _Draft(start, end, flow, a, b, block.kind, section)
        for (a, b), start, end in zip(cuts, starts, ends, strict=True)
    ]


def _name_languages(drafts: Sequence[_Draft], flow: Flow) -> None:
    """Set the language of each passage; one too short to tell has that of the document."""
    default = language_of(flow.reading)
    spans = [(draft.first, draft.last) for draft in drafts]
    for draft, language in zip(drafts, languages_of_spans(flow.reading, spans, default), strict=True):
        draft.language = language
    _set_apart_other_language(drafts, default)


def _end_before(text: str, end: int, following: int) -> int:
    """Give the end of a passage: with what folding dropped behind it, such as a gloss, on the same line."""
    dropped = text[end : min(following, end + 80)].split("\n", 1)[0].rstrip()
    return end + len(dropped)


def _titles_of(blocks: Sequence[Block]) -> list[Block]:
    """Find the document's title, which is no section, with the headings above it and those that say it again.

    The title is the first heading that has a level, above the first paragraph and without a number, where no other is as
    high; or one of level 1 worded as titles are (…的通知), below which chapters or attachments may be of level 1 as well.
    """
    headings = [block for block in blocks if block.kind == "heading"]
    above_text = takewhile(lambda block: block.kind not in TEXT_KINDS, blocks)
    opening = [block for block in above_text if block.kind == "heading"] or headings[:1]
    n_above = next((n for n, block in enumerate(opening) if block.level), len(opening))
    if n_above == len(opening) or numbering(opening[n_above].text) not in ("", "markdown"):
        return []
    title = opening[n_above]
    found = [*opening[: n_above + 1], *(block for block in opening[n_above + 1 :] if _say_the_same(block, title))]
    is_highest = all(not 0 < block.level <= title.level for block in headings if not any(block is one for one in found))
    return found if is_highest or (title.level == 1 and is_named(title.text, "title")) else []


def _say_the_same(block: Block, title: Block) -> bool:
    """Tell whether one of two headings has all the words of the other: 文档：某市行动计划."""
    shorter, longer = sorted((re.sub(r"\W", "", each.text) for each in (title, block)), key=len)
    return len(shorter) >= (6 if has_han(shorter) else 20) and shorter in longer


def _block_bounds(flow: Flow, n_breaks: Sequence[int]) -> list[tuple[int, int]]:
    """Give where each block stands in the flow: up to the last of its line breaks; those before stand between cells."""
    bounds = []
    at = 0
    for n in n_breaks:
        end = at - 1
        for _ in range(n):
            end = flow.folded.index("\n", end + 1)
        bounds.append((at, end))
        at = end + 1
    return bounds


def _sizes(folded: str) -> NDArray[np.int64]:
    """Count Chinese characters, and English words twice, up to each place: array of int, shape (n_chars + 1,)."""
    codes = code_points(folded)
    is_han = codes >= 0x3400
    is_latin = ((codes | 0x20) >= 0x61) & ((codes | 0x20) <= 0x7A)
    starts_word = is_latin.copy()
    starts_word[1:] &= ~is_latin[:-1]
    total = np.zeros(len(folded) + 1, dtype=np.int64)
    np.cumsum(is_han + 2 * starts_word, out=total[1:])
    return total


def _cut_block(
    flow: Flow, first: int, last: int, stops: Sequence[int], sizes: NDArray[np.int64], options: SegmentOptions
) -> list[tuple[int, int]]:
    """Cut one paragraph at sentence ends, into passages of about the length people code."""
    is_short = sizes[last] - sizes[first] <= options.most
    if options.unit == "paragraph" or (is_short and options.unit != "sentence"):
        return [(first, last)]
    units = [first]
    for stop in stops:
        at = first + int(np.searchsorted(flow.starts[first:last], stop))
        if units[-1] < at < last:
            units.append(at)
    sentences: list[tuple[int, int]] = []
    for a, b in zip(units, [*units[1:], last], strict=True):
        sentences += sentence_spans(flow.folded, a, b)
    return sentences if options.unit == "sentence" else _pack(sentences, sizes, options)


def _pack(
    sentences: Sequence[tuple[int, int]], sizes: NDArray[np.int64], options: SegmentOptions
) -> list[tuple[int, int]]:
    """Put sentences together until a passage is long enough; a short rest joins the passage before it."""
    cuts: list[tuple[int, int]] = []
    for start, end in sentences:
        if cuts:
            begun = cuts[-1][0]
            so_far = sizes[cuts[-1][1]] - sizes[begun]
            if so_far < options.rest or (so_far < options.least and sizes[end] - sizes[begun] <= options.most):
                cuts[-1] = (begun, end)
                continue
        cuts.append((start, end))
    if len(cuts) > 1 and sizes[cuts[-1][1]] - sizes[cuts[-1][0]] < options.rest:
        cuts[-2:] = [(cuts[-2][0], cuts[-1][1])]
    return cuts


# --- kinds that depend on the language ------------------------------------------------------------------------------

_ABSTRACT = re.compile(r"[*\s]*(?:Abstract|ABSTRACT|Summary|SUMMARY|Key ?words|KEY ?WORDS|摘要|提要|关键词)")


def _set_apart_other_language(drafts: Sequence[_Draft], default: str) -> None:
    """Make abstract and affiliations in another language, above the text or after its references, front matter."""
    family = default[:2]
    after_references = False
    n_body = 0
    for draft in drafts:
        after_references |= draft.kind == "reference"
        if draft.kind not in ("body", "list", "heading"):
            continue
        if draft.language[:2] == family:
            n_body += draft.kind != "heading"
        elif after_references or n_body < 3 or _ABSTRACT.match(draft.flow.folded, draft.first, draft.last):
            draft.kind = "front"
            draft.section = () if after_references else draft.section
