"""Folds script, width, variants, glosses and spaces of a text for matching, and keeps the way back to the source."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, cast

import numpy as np

from xietong import characters as kinds
from xietong.characters import HAN, code_points, decode, kind_of_each, simplify, widen, widened
from xietong.glosses import find_glosses, may_have_glosses
from xietong.lists import read_list
from xietong.records import FoldedText

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: What is replaced where: start, end, new text.
Edit = tuple[int, int, str]


@dataclass(frozen=True, slots=True)
class Flow:
    """A text as it is read: ``reading`` for people and ``folded`` for matching, character for character.

    ``reading[i]`` and ``folded[i]`` came from ``source[starts[i]:ends[i]]``; the arrays are int32, shape (n_chars,).
    """

    reading: str
    folded: str
    starts: NDArray[np.int32]
    ends: NDArray[np.int32]

    def slice(self, start: int, end: int) -> FoldedText:
        """Give the folded characters ``start:end`` with their way back (as ranges where they are contiguous)."""
        n = end - start
        if n > 0:
            first = int(self.starts[start])
            if int(self.ends[end - 1]) - first == n and int(self.starts[end - 1]) - first == n - 1:
                return FoldedText(self.folded[start:end], range(first, first + n), range(first + 1, first + n + 1))
        return _with_arrays(self.folded[start:end], self.starts[start:end].copy(), self.ends[start:end].copy())


def fold(text: str, offset: int = 0, spans: Sequence[tuple[int, int]] | None = None) -> FoldedText:
    """Fold a text for matching: simplified script, plain width, canonical variants, no glosses, no stray spaces.

    Parameters
    ----------
    text : str
        A term, a passage or a whole text. Line breaks are taken for hard wraps and joined.
    offset : int
        Where ``text`` starts in its document; added to every source offset.
    spans : sequence of (start, end), optional
        The stretches of ``text`` to read one after another; what lies between them is left out.

    Returns
    -------
    FoldedText
        The folded text, and for each of its code points where it came from.

    Examples
    --------
    >>> fold("區(qū)域協(xié)調(diào)，發(fā)展").text
    '区域协调,发展'
    """
    if text.isascii() and spans is None and _PLAIN_ASCII.fullmatch(text):
        return FoldedText(text, range(offset, offset + len(text)), range(offset + 1, offset + len(text) + 1))
    if spans is None and len(text) <= 100 and _ONLY_HAN.fullmatch(text):
        # a term: nothing in it changes its length
        n = len(text)
        return FoldedText(
            _canonical(simplify(widen(text))), range(offset, offset + n), range(offset + 1, offset + n + 1)
        )
    pieces = pieces_of(text) if spans is None else [(start, end, "") for start, end in spans]
    flow = flow_through(text, pieces)
    if offset:
        flow = Flow(flow.reading, flow.folded, flow.starts + np.int32(offset), flow.ends + np.int32(offset))
    return flow.slice(0, len(flow.folded))


def fold_each(texts: Sequence[str]) -> list[str]:
    """Fold texts, each as `fold` folds it alone, at the cost of one; without the way back."""
    folded = dict.fromkeys(range(len(texts)), "")
    # how glosses are told from other words depends on the whole text: those texts go one by one
    alone = [n for n, text in enumerate(texts) if _could_have_glosses(text)]
    folded.update((n, fold(texts[n]).text) for n in alone)
    together = sorted(set(folded).difference(alone))
    pieces: list[tuple[int, int, str]] = []
    numbers: list[int] = []
    offset = 0
    for n in together:
        if found := pieces_of(texts[n]):
            pieces += [(start + offset, end + offset, join) for start, end, join in found[:-1]]
            pieces.append((found[-1][0] + offset, found[-1][1] + offset, "\n"))
            numbers.append(n)
        offset += len(texts[n]) + 1
    flow = flow_through("\n".join([texts[n] for n in together]), pieces)
    # no piece holds a line break and no fold makes or drops one: each ends its text
    folded.update(zip(numbers, flow.folded.split("\n")[:-1], strict=True))
    return [folded[n] for n in range(len(texts))]


def _could_have_glosses(text: str) -> bool:
    """Tell whether a text may have glosses once marks are composed and what stands between their letters is gone."""
    return may_have_glosses(unicodedata.normalize("NFC", widen(_NOT_OF_GLOSSES.sub("", text))))


#: Anything but letters, figures, combining marks and brackets; and two letters that nobody sees.
_NOT_OF_GLOSSES = re.compile(r"[\u115f\u1160]|[^\w\u0300-\u036f(\[{<〈《【〔〖/﹝)\]}>〉》】〕〗﹞（［｛＜／）］｝＞]")

_ONLY_HAN = re.compile(f"[{HAN}]+")
_PLAIN_ASCII = re.compile(r"[A-Za-z0-9]+(?:[ -][A-Za-z0-9]+)*")


def _with_arrays(text: str, starts: NDArray[np.int32], ends: NDArray[np.int32]) -> FoldedText:
    # an integer array answers all that is asked of these sequences, in a tenth of the memory of a list
    return FoldedText(text, cast("Sequence[int]", starts), cast("Sequence[int]", ends))


def flow_through(text: str, pieces: Iterable[tuple[int, int, str]], codes: NDArray[np.uint32] | None = None) -> Flow:
    """Read pieces of a text one after another as one flow, folded once for all of it.

    Parameters
    ----------
    text : str
        The source.
    pieces : iterable of (start, end, join)
        Stretches of ``text`` in reading order; ``join`` is written after the piece: nothing, a space,
        or a line break, which separates blocks and is never crossed by a fold.
    codes : array of uint32, shape (len(text),), optional
        ``code_points(text)`` where the caller has it already.
    """
    state = _State.of(code_points(text) if codes is None else codes, pieces)
    present = np.bincount(kind_of_each(state.wide), minlength=kinds.N_KINDS)
    if present[kinds.COMBINING]:
        state = state.edited(_compositions(decode(state.wide)))
    if present[kinds.INVISIBLE]:
        state = state.without(kind_of_each(state.wide) == kinds.INVISIBLE)
    if present[kinds.SPACE]:
        state = _without_spread(state)
    wide = decode(state.wide)
    if "**" in wide:
        state = state.edited([(m.start(), m.end(), "") for m in _BOLD_MARK.finditer(wide)])
    wide = decode(state.wide)
    if may_have_glosses(wide):
        state = state.edited(find_glosses(wide))
    if present[kinds.SPACE]:
        state = _without_spaces(state)
    if present[kinds.EXPANDED]:
        state = state.edited(_expansions(decode(state.wide)))
    wide = decode(state.wide)
    if present[kinds.LATIN]:
        gaps = [(m.end(), m.end(), " ") for m in _MISSING_SPACE.finditer(wide)]
        if gaps:
            state = state.edited(gaps)
            wide = decode(state.wide)
    return Flow(decode(state.raw), _canonical(simplify(wide)), state.starts, state.ends)


@dataclass(frozen=True, slots=True)
class _State:
    """The flow so far, as code points: as written, in plain width, and where each came from."""

    raw: NDArray[np.uint32]
    wide: NDArray[np.uint32]
    starts: NDArray[np.int32]
    ends: NDArray[np.int32]

    @staticmethod
    def of(codes: NDArray[np.uint32], pieces: Iterable[tuple[int, int, str]]) -> _State:
        """Put the pieces one after another; a joint maps to where the line broke, or to the text's last character."""
        listed = list(pieces)
        if not listed or not len(codes):
            nothing = np.zeros(0, dtype=np.uint32)
            return _State(nothing, nothing, np.zeros(0, dtype=np.int32), np.zeros(0, dtype=np.int32))
        bounds = np.array([(start, end) for start, end, _ in listed], dtype=np.int64)
        has_joint = np.array([join != "" for _, _, join in listed])
        lengths = bounds[:, 1] - bounds[:, 0] + has_joint
        stops = np.cumsum(lengths)
        # the joint stands one place beyond its piece, in the flow as in the source
        where = np.arange(stops[-1]) + np.repeat(bounds[:, 0] - (stops - lengths), lengths)
        where = np.minimum(where, len(codes) - 1).astype(np.int32)
        written = codes[where]
        written[stops[has_joint] - 1] = [ord(join) for _, _, join in listed if join]
        # tabs and no-break spaces are spaces for the reader too
        written[kind_of_each(written) == kinds.SPACE] = 0x20
        return _State(written, widened(written), where, where + np.int32(1))

    def without(self, gone: NDArray[np.bool_]) -> _State:
        """Leave out the marked characters."""
        kept = ~gone
        return _State(self.raw[kept], self.wide[kept], self.starts[kept], self.ends[kept])

    def edited(self, edits: Sequence[Edit]) -> _State:
        """Replace stretches by other text; every new character comes from the whole stretch, or from the one before."""
        if not edits:
            return self
        raw, wide, starts, ends = self.raw.copy(), self.wide.copy(), self.starts, self.ends.copy()
        gone = np.zeros(len(wide), dtype=bool)
        more_at: list[int] = []
        more: list[int] = []
        for start, end, new in edits:
            n_over = min(len(new), end - start)
            gone[start + n_over : end] = True
            for i in range(n_over):
                raw[start + i] = wide[start + i] = ord(new[i])
                ends[start + i] = self.ends[end - 1]
            more_at += [end] * (len(new) - n_over)
            more += map(ord, new[n_over:])
        if more:
            before = np.maximum(np.asarray(more_at) - 1, 0)
            new_codes = np.asarray(more, dtype=np.uint32)
            raw, wide = np.insert(raw, more_at, new_codes), np.insert(wide, more_at, new_codes)
            starts, ends = np.insert(starts, more_at, starts[before]), np.insert(ends, more_at, ends[before])
            gone = np.insert(gone, more_at, False)
        return _State(raw, wide, starts, ends).without(gone)


# --- changes of length ----------------------------------------------------------------------------------------------

_COMBINED = re.compile(r"[A-Za-zÀ-ɏ][\u0300-\u036f]+")
_EXPANDED = re.compile("[ﬀ-ﬆ㈠-㈩㎎-㏄℃℉㏑㏒№]")
_BOLD_MARK = re.compile(r"\*\*")
_MISSING_SPACE = re.compile(
    r"[,;!?](?:(?<=[A-Za-z][,;!?])(?=[A-Za-z]))|\.(?:(?<=[a-z]{2}\.)|(?<=[a-z]\)\.))(?=[A-Z][a-z])"
)


def _compositions(text: str) -> list[Edit]:
    """Letters followed by combining marks, as some PDF writers store them."""
    return [(m.start(), m.end(), unicodedata.normalize("NFC", m[0])) for m in _COMBINED.finditer(text)]


def _expansions(text: str) -> list[Edit]:
    """Ligatures and squared units, which stand for several characters."""
    return [(m.start(), m.end(), unicodedata.normalize("NFKC", m[0])) for m in _EXPANDED.finditer(text)]


_SPREAD_OUT = re.compile(r"(?<!\S)(?:[^\s] {1,9}(?=[^\s])){7,}[^\s](?!\S)")
_GAP = re.compile(" +")


def _without_spread(state: _State) -> _State:
    """Close up stretches where every single character is set apart; three spaces hold one that was there before."""
    kind = kind_of_each(state.wide)
    is_blank = (kind == kinds.SPACE) | (kind == kinds.NEWLINE)
    blank_or_edge = np.concatenate(([True], is_blank, [True]))
    alone = ~is_blank & blank_or_edge[:-2] & blank_or_edge[2:]
    if np.count_nonzero(alone) < 8 or np.count_nonzero(alone & (kind == kinds.HAN_KIND)) < 2:
        return state
    edits: list[Edit] = []
    for m in _SPREAD_OUT.finditer(decode(state.wide)):
        if len(_HAN_CHARACTER.findall(m[0])) >= 2:
            edits += [
                (m.start() + gap.start(), m.start() + gap.end(), " " if len(gap[0]) > 2 else "")
                for gap in _GAP.finditer(m[0])
            ]
    return state.edited(edits)


_HAN_CHARACTER = re.compile(f"[{HAN}]")


def _without_spaces(state: _State) -> _State:
    """Drop spaces at line ends, beside Chinese characters and their punctuation; other runs become one space."""
    kind = kind_of_each(state.wide)
    is_space = kind == kinds.SPACE
    at = np.flatnonzero(is_space)
    if not len(at):
        return state
    is_set_solid = (kind == kinds.HAN_KIND) | (kind == kinds.CHINESE_MARK) | (kind == kinds.NEWLINE)
    solid = np.concatenate(([True], is_set_solid, [True]))  # beyond either end counts as a line end
    first = at[np.concatenate(([True], np.diff(at) > 1))]
    last = at[np.concatenate((np.diff(at) > 1, [True]))]
    is_dropped = solid[first] | solid[last + 2]
    # a quotation mark or a comma says nothing: what matters is the letter beyond it
    is_letter = is_set_solid | (kind == kinds.LATIN) | (kind == kinds.TONED)
    place = np.arange(len(kind), dtype=np.int64)
    before = np.maximum.accumulate(np.where(is_letter, place, -1))
    after = np.minimum.accumulate(np.where(is_letter, place, len(kind))[::-1])[::-1]
    is_dropped |= solid[before[first] + 1] & solid[after[last] + 1]
    gone = is_space
    gone[first[~is_dropped]] = False
    return state.without(gone)


# --- variants -------------------------------------------------------------------------------------------------------


@cache
def _written_for_zhe() -> re.Pattern[str]:
    """Find 著 where it stands for 着, that is outside the words that keep it (著名, 显著)."""
    words = kinds.words_that_keep_zhu()
    before = "".join(sorted(word[0] for word in words if word.endswith("著")))
    after = "".join(sorted(word[1] for word in words if word.startswith("著")))
    return re.compile(f"著(?:(?<![{before}]著)(?![{after}]))")


def _canonical(text: str) -> str:
    for form, plain in kinds.phrase_variants():
        text = text.replace(form, plain)
    if "著" in text:
        text = _written_for_zhe().sub("着", text)
    if "’" in text:
        text = _APOSTROPHE.sub("'", text)
    return text


_APOSTROPHE = re.compile(r"’(?:(?<=[A-Za-z]’)(?=[A-Za-z])|(?<=[a-z]s’)(?= ))")

# --- line breaks ----------------------------------------------------------------------------------------------------

_LINE = re.compile(r"[^\n\r\x0b\x0c\x85\u2028\u2029]+")


def pieces_of(text: str, start: int = 0, end: int | None = None) -> list[tuple[int, int, str]]:
    """Give the pieces of a stretch of text, its line breaks taken for hard wraps, for `flow_through`."""
    end = len(text) if end is None else end
    lines = [m.span() for m in _LINE.finditer(text, start, end) if not m[0].isspace()]
    return join_lines(text, lines)


def join_lines(text: str, lines: Sequence[tuple[int, int]]) -> list[tuple[int, int, str]]:
    """Join the lines of one paragraph: nothing between Chinese characters, a space between words, hyphens undone.

    Parameters
    ----------
    text : str
        The source.
    lines : sequence of (start, end)
        The lines without their line breaks.

    Returns
    -------
    list of (start, end, join)
        Pieces for `flow_through`, without the space around each line.
    """
    if len(lines) == 1:
        start, end = lines[0]
        line = text[start:end]
        first = start + len(line) - len(line.lstrip())
        return [(first, max(first, start + len(line.rstrip())), "")]
    longest = max((end - start for start, end in lines), default=0)
    is_cut_anywhere = _is_cut_anywhere(text, lines, longest)
    pieces: list[tuple[int, int, str]] = []
    for i, (start, end) in enumerate(lines):
        line = text[start:end]
        first = start + len(line) - len(line.lstrip())
        last = start + len(line.rstrip())
        if i + 1 == len(lines):
            pieces.append((start if is_cut_anywhere else first, max(last, first), ""))
        elif is_cut_anywhere:
            pieces.append((start if i else first, end, ""))
        elif end - start == longest and last == end and _HAN_CHARACTER.search(line):
            # a full line of Chinese may end inside a word of another script: GD|P, 20|26
            pieces.append((first, last, ""))
        else:
            following = text[lines[i + 1][0] : lines[i + 1][0] + 60].lstrip()
            last, join = _joint(text, first, last, following)
            pieces.append((first, last, join))
    return pieces


def _is_cut_anywhere(text: str, lines: Sequence[tuple[int, int]], longest: int) -> bool:
    """Tell whether lines were cut by counting characters, wherever a word stands: all but the last are equally long.

    A few lines wrapped at words may be equally long by chance. Where such lines meet in letters, cutting by counting shows
    in a space that came to stand at a line's end or start.
    """
    if len(lines) < 3 or any(end - start != longest for start, end in lines[:-1]):
        return False
    edges = [text[end - 1] + text[start] for (_, end), (start, _) in pairwise(lines)]
    meets_in_letters = any(edge.isascii() and edge.isalnum() for edge in edges)
    return len(lines) > _FEWEST_CUT or not meets_in_letters or any(c.isspace() for edge in edges for c in edge)


#: So many lines of words are not equally long by chance.
_FEWEST_CUT = 4


def _joint(text: str, first: int, last: int, following: str) -> tuple[int, str]:
    """Tell where a line really ends (before a hyphen that only divides a word) and what joins it to the next."""
    before, after = text[last - 1 : last], following[:1]
    if before in ("-", "\u00ad", "\u2010") and last - first > 1 and text[last - 2].isalnum() and after.isalnum():
        return (last - 1 if _is_divided(text[first : last - 1], following) else last), ""
    if not before or not after or _SET_SOLID.match(before) or _SET_SOLID.match(after):
        return last, ""
    are_marks = _MARK.match(before) and _MARK.match(after)
    are_digits = before.isdigit() and after.isdigit()
    return last, "" if are_marks or are_digits else " "


def _is_divided(before: str, after: str) -> bool:
    """Tell whether a hyphen at the end of a line divides a word (econ|omy) and is not part of it (long|term)."""
    left, right = _LAST_WORD.search(before), _FIRST_WORD.match(after)
    if not left or not right:
        return False
    firsts, seconds = _compounds()
    return left[0].lower() not in firsts and right[0] not in seconds


@cache
def _compounds() -> tuple[frozenset[str], frozenset[str]]:
    """Read which words keep their hyphen behind them, and which before them."""
    rows = read_list("compounds")
    return (
        frozenset(row["form"] for row in rows if row["side"] == "first"),
        frozenset(row["form"] for row in rows if row["side"] == "second"),
    )


_LAST_WORD = re.compile(r"[A-Za-z]+$")
_FIRST_WORD = re.compile(r"[a-z]+")
_MARK = re.compile(r"[“”‘’…—·]")
_SET_SOLID = re.compile(f"[{HAN}\u3001-\u301f\u3021-\u30ff\u3100-\u312f\uff00-\uffef]")
