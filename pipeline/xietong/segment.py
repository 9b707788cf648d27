"""Cuts a document into passages, the coding units: whole sentences of one paragraph, with their headings."""

from __future__ import annotations

import csv
import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np

from xietong.language import HAN as HAN_CLASS
from xietong.language import LATIN, SIMPLIFIED, TRADITIONAL, character_classes, language_of, languages_of_spans
from xietong.layout import RANKS, Block, heading_style, lay_out
from xietong.normalise import HAN, Flow, flow_through, widen
from xietong.records import Document, Passage


@dataclass(frozen=True)
class SegmentOptions:
    """How a document is cut.

    ``unit``: passage (one to a few sentences of a paragraph), sentence, paragraph, or row (a table's rows as they are).
    Lengths count Chinese characters; an English word counts as two.
    """

    unit: str = "passage"
    least: int = 80  # a passage goes on until it has so many
    most: int = 160  # a further sentence is taken only up to here
    rest: int = 40  # what remains of a paragraph and is shorter joins the passage before it


def segment(document: Document, *, options: SegmentOptions = SegmentOptions()) -> list[Passage]:
    """Cut a document into passages of all kinds, in the order of the text.

    Every character that is not white space lies in some passage. A passage that a footnote block cuts spans it
    in ``start:end``, its ``reading`` and ``folded`` leave it out, and the footnote is a passage of its own.

    Raises
    ------
    ValueError
        If ``options.unit`` is none of passage, sentence, paragraph, row.
    """
    if options.unit not in ("passage", "sentence", "paragraph", "row"):
        raise ValueError(f'unit "{options.unit}" is unknown; use passage, sentence, paragraph or row')
    if document.rows and options.unit == "row":
        return _number(_whole_rows(document))
    if document.rows:
        found: list[_Draft] = []
        for row in document.rows:
            found += _segment_part(document, row.start, row.end, row.source_id, options)
        return _number(found)
    return _number(_segment_part(document, 0, len(document.text), "", options))


@dataclass(slots=True)
class _Draft:
    start: int
    end: int
    flow: Flow
    bounds: tuple[int, int]  # in the flow
    kind: str
    section: tuple[str, ...]
    language: str
    source_id: str


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
            reading=draft.flow.reading[draft.bounds[0] : draft.bounds[1]],
            folded=draft.flow.slice(*draft.bounds),
        )
        for n, draft in enumerate(drafts)
    ]


def _whole_rows(document: Document) -> list[_Draft]:
    drafts = []
    for row in document.rows:
        text = document.text[row.start : row.end]
        stripped = text.strip()
        start = row.start + (text.index(stripped) if stripped else 0)
        flow = flow_through(document.text, [(start, start + len(stripped), "")])
        language = language_of(flow.reading)
        drafts.append(
            _Draft(start, start + len(stripped), flow, (0, len(flow.folded)), "body", (), language, row.source_id)
        )
    return drafts


def _segment_part(document: Document, start: int, end: int, source_id: str, options: SegmentOptions) -> list[_Draft]:
    blocks = lay_out(document, start, end)
    if not blocks:
        return []
    pieces: list[tuple[int, int, str]] = []
    for block in blocks:
        pieces += block.pieces[:-1]
        pieces.append((*block.pieces[-1][:2], "\n"))
    flow = flow_through(document.text, _without_glosses(pieces, document), widen(document.text))
    return _cut_blocks(blocks, flow, source_id, options)


def _without_glosses(pieces: list[tuple[int, int, str]], document: Document) -> list[tuple[int, int, str]]:
    """Leave ruby out of the flow where the format marks it."""
    glosses = sorted((mark.start, mark.end) for mark in document.marks if mark.kind == "gloss")
    if not glosses:
        return pieces
    starts = [start for start, _ in glosses]
    kept: list[tuple[int, int, str]] = []
    for start, end, join in pieces:
        at = start
        i = max(bisect_left(starts, start) - 1, 0)
        while i < len(glosses) and glosses[i][0] < end:
            first, last = glosses[i]
            if last > at:
                if first > at:
                    kept.append((at, first, ""))
                at = max(at, min(last, end))
            i += 1
        kept.append((at, end, join))
    return kept


# --- from blocks to passages ----------------------------------------------------------------------------------------


def _cut_blocks(blocks: Sequence[Block], flow: Flow, source_id: str, options: SegmentOptions) -> list[_Draft]:
    bounds = _block_bounds(flow, len(blocks))
    sizes = _sizes(flow.folded)
    section = _Section()
    drafts: list[_Draft] = []
    spans: list[tuple[int, int]] = []
    for block, (first, last) in zip(blocks, bounds, strict=True):
        if first == last:
            continue
        text = flow.reading[first:last]
        if block.kind == "heading":
            section.open(text, flow.folded[first:last], block.level)
            cuts = [(first, last)]
        else:
            if block.kind in ("body", "list"):
                section.open_run_in(text, flow.folded[first:last])
            cuts = _cut_block(flow.folded, first, last, sizes, options) if block.kind != "table" else [(first, last)]
        ends = _source_ends(cuts, flow, block)
        start = block.pieces[0][0]
        for (a, b), end in zip(cuts, ends, strict=True):
            drafts.append(_Draft(start, end, flow, (a, b), block.kind, section.trail, "", source_id))
            spans.append((a, b))
            start = int(flow.starts[b]) if b < last else end
        for draft, (a, _) in zip(drafts[-len(cuts) + 1 :] if len(cuts) > 1 else [], cuts[1:], strict=True):
            draft.start = int(flow.starts[a])
    default = language_of(flow.reading)
    for draft, language in zip(drafts, languages_of_spans(flow.reading, spans, default), strict=True):
        draft.language = language
    _set_apart_other_language(drafts, default)
    return drafts


def _block_bounds(flow: Flow, n_blocks: int) -> list[tuple[int, int]]:
    """Give where each block stands in the flow: between the line breaks that were put after each."""
    bounds = []
    at = 0
    for _ in range(n_blocks):
        end = flow.folded.index("\n", at)
        first, last = at, end
        while first < last and flow.folded[first] == " ":
            first += 1
        while last > first and flow.folded[last - 1] == " ":
            last -= 1
        bounds.append((first, last))
        at = end + 1
    return bounds


def _source_ends(cuts: Sequence[tuple[int, int]], flow: Flow, block: Block) -> list[int]:
    """Give where each cut ends in the document; what folding dropped after it belongs to it."""
    ends = [int(flow.ends[b - 1]) for _, b in cuts]
    ends[-1] = max(end for _, end, _ in block.pieces)
    return ends


def _sizes(folded: str) -> np.ndarray:
    """Count Chinese characters, and English words twice, up to each place of the flow."""
    classes = character_classes(folded)
    is_han = (classes == HAN_CLASS) | (classes == TRADITIONAL) | (classes == SIMPLIFIED)
    is_latin = classes == LATIN
    starts_word = is_latin.copy()
    starts_word[1:] &= ~is_latin[:-1]
    total = np.zeros(len(folded) + 1, dtype=np.int64)
    np.cumsum(is_han + 2 * starts_word.astype(np.int64), out=total[1:])
    return total


def _cut_block(folded: str, first: int, last: int, sizes: np.ndarray, options: SegmentOptions) -> list[tuple[int, int]]:
    """Cut one paragraph at sentence ends, into passages of about the length people code."""
    is_short = sizes[last] - sizes[first] <= options.most
    if options.unit == "paragraph" or (is_short and options.unit != "sentence"):
        return [(first, last)]
    sentences = sentence_spans(folded, first, last)
    if options.unit == "sentence":
        return sentences
    cuts: list[tuple[int, int]] = []
    for start, end in sentences:
        if cuts:
            begun = cuts[-1][0]
            so_far = sizes[cuts[-1][1]] - sizes[begun]
            if so_far < options.least and sizes[end] - sizes[begun] <= options.most:
                cuts[-1] = (begun, end)
                continue
            if so_far < options.rest:
                cuts[-1] = (begun, end)
                continue
        cuts.append((start, end))
    if len(cuts) > 1 and sizes[cuts[-1][1]] - sizes[cuts[-1][0]] < options.rest:
        cuts[-2:] = [(cuts[-2][0], cuts[-1][1])]
    return cuts


# --- sentences ------------------------------------------------------------------------------------------------------

_CLOSERS = "”’\"')）》」』】\\]"
_END = re.compile(
    rf"[。!?][。!?]*[{_CLOSERS}]*(?:\[\d{{1,3}}(?:[-,]\d{{1,3}})*\])?(?![,、;:]) ?"
    rf"|(?<=[{HAN}])\.[{_CLOSERS}]*(?=[{HAN}“])"
    rf"|\.[{_CLOSERS}*]*(?:\[\d{{1,3}}(?:[-,]\d{{1,3}})*\])? +(?=[\"“‘'(\[*]*[A-Z0-9{HAN}])"
)
_WORD_BEFORE = re.compile(r"[A-Za-z.]+$")


def sentence_spans(text: str, start: int = 0, end: int | None = None) -> list[tuple[int, int]]:
    """Give the sentences of a stretch of folded text, without the spaces between them.

    Examples
    --------
    >>> sentence_spans("Growth fell.  It rose by 3.5 per cent.")
    [(0, 12), (14, 38)]
    """
    end = len(text) if end is None else end
    spans = []
    begun = start
    for match in _END.finditer(text, start, end):
        stop = match.end()
        if match[0][0] == "." and _is_abbreviation(text, match.start(), begun):
            continue
        if stop >= end:
            break
        spans.append((begun, match.start() + len(match[0].rstrip())))
        begun = stop
    if begun < end:
        spans.append((begun, end))
    return spans


@cache
def _abbreviations() -> frozenset[str]:
    with (files("xietong") / "data" / "abbreviations.csv").open(encoding="utf-8") as file:
        return frozenset(row["abbreviation"] for row in csv.DictReader(file))


def _is_abbreviation(text: str, dot: int, begun: int) -> bool:
    """Tell whether the full stop belongs to an abbreviation, an initial or the number of a list."""
    word = _WORD_BEFORE.search(text, max(begun, dot - 20), dot)
    if word:
        letters = word[0]
        return (
            letters in _abbreviations() or (len(letters) == 1 and letters.isupper()) or bool(_DOTTED.fullmatch(letters))
        )
    return text[begun:dot].strip().isdigit()


_DOTTED = re.compile(r"(?:[A-Za-z]\.)+[A-Za-z]")


# --- sections -------------------------------------------------------------------------------------------------------


class _Section:
    """The headings above the place reached, outermost first."""

    def __init__(self) -> None:
        self._stack: list[tuple[int, str]] = []
        self._trail: tuple[str, ...] = ()

    @property
    def trail(self) -> tuple[str, ...]:
        return self._trail

    def open(self, text: str, folded: str, level: int) -> None:
        """Enter the section of a heading."""
        label = text.strip("#* ")
        rank = level or RANKS.get(heading_style(folded.lstrip("#* ")), 30)
        self._push(rank, label)

    def open_run_in(self, text: str, folded: str) -> None:
        """Enter the section of a paragraph that begins with its number, as 第三条 or （二） do."""
        bare = folded.lstrip("* ")
        style = heading_style(bare)
        if style in ("", "circled", "arabicparen", "markdown"):
            return
        match = _RUN_IN[style].match(bare)
        if match:
            offset = len(folded) - len(bare)
            self._push(RANKS[style], text[offset + match.start() : offset + match.end()].strip("* 。.:：,"))

    def _push(self, rank: int, label: str) -> None:
        while self._stack and self._stack[-1][0] >= rank:
            self._stack.pop()
        self._stack.append((rank, label))
        self._trail = tuple(text for _, text in self._stack)


_FIRST_SENTENCE = re.compile(r"[^。:;!?]{2,40}?(?=[。:;!?]|\*\*)")
_NUMBER_ONLY = re.compile(r"第[^条]{1,8}条(?:之.)?|Article\s+\d+(?:-\d+)?")
_RUN_IN = dict.fromkeys(RANKS, _FIRST_SENTENCE) | {"article": _NUMBER_ONLY, "decimal": re.compile(r"[\d.]+")}


# --- kinds that depend on the language ------------------------------------------------------------------------------

_ABSTRACT = re.compile(r"[*\s]*(?:Abstract|ABSTRACT|Summary|SUMMARY|Key ?words|KEY ?WORDS|摘要|提要|关键词)")


def _set_apart_other_language(drafts: list[_Draft], default: str) -> None:
    """Make abstract and affiliations in another language, before the text or after its references, front matter."""
    family = default[:2]
    after_references = False
    n_body = 0
    for draft in drafts:
        if draft.kind == "reference":
            after_references = True
        if draft.kind not in ("body", "list", "heading"):
            continue
        folded = draft.flow.folded[draft.bounds[0] : draft.bounds[1]]
        is_other = draft.language[:2] != family
        if is_other and family == "zh" and (after_references or n_body < 3 or _ABSTRACT.match(folded)):
            draft.kind = "front"
        elif not is_other:
            n_body += 1
