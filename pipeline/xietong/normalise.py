"""Folds script, width, variants, glosses and spaces of a text for matching, and keeps the way back to the source."""

from __future__ import annotations

import csv
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, cast

import numpy as np

from xietong.records import FoldedText

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Han characters: unified ideographs, extensions, and the iteration mark and zero that stand among them.
HAN = "\u3005\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af"
#: Characters that are set without spaces: Han, Chinese punctuation, bopomofo, kana.
CJK = HAN + "\u3001-\u301f\u3021-\u30ff\u3100-\u312f\u31a0-\u31bf\ufe30-\ufe4f\uff00-\uffef“”‘’…—·"

Edit = tuple[int, int, str]


@dataclass(frozen=True, slots=True)
class Flow:
    """A text as it is read: ``reading`` for people and ``folded`` for matching, character for character.

    ``reading[i]`` and ``folded[i]`` came from ``source[starts[i]:ends[i]]``.
    """

    reading: str
    folded: str
    starts: NDArray[np.int32]
    ends: NDArray[np.int32]

    def slice(self, start: int, end: int) -> FoldedText:
        """Give the folded characters ``start:end`` with their way back (as ranges where they are contiguous)."""
        starts, ends = self.starts[start:end], self.ends[start:end]
        n = len(starts)
        if n and int(starts[-1]) - int(starts[0]) == n - 1 and int(ends[-1]) - int(starts[0]) == n:
            first = int(starts[0])
            return FoldedText(self.folded[start:end], range(first, first + n), range(first + 1, first + n + 1))
        return _with_arrays(self.folded[start:end], starts.copy(), ends.copy())


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
    if spans is None:
        flow = flow_through(text, _wrapped_pieces(text))
    else:
        flow = flow_through(text, [(start, end, "") for start, end in spans])
    whole = flow.slice(0, len(flow.folded))
    if not offset:
        return whole
    if isinstance(whole.starts, range) and isinstance(whole.ends, range):
        n, first = len(whole.starts), offset + (whole.starts[0] if len(whole.starts) else 0)
        return FoldedText(whole.text, range(first, first + n), range(first + 1, first + n + 1))
    return _with_arrays(whole.text, np.asarray(whole.starts) + offset, np.asarray(whole.ends) + offset)


def _with_arrays(text: str, starts: NDArray[np.int32], ends: NDArray[np.int32]) -> FoldedText:
    # an integer array answers everything that is asked of these sequences, in a tenth of the memory
    return FoldedText(text, cast("Sequence[int]", starts), cast("Sequence[int]", ends))


def flow_through(text: str, pieces: Iterable[tuple[int, int, str]], wide: str | None = None) -> Flow:
    """Read pieces of a text one after another as one flow, folded once for all of it.

    Parameters
    ----------
    text : str
        The source.
    pieces : iterable of (start, end, join)
        Stretches of ``text`` in reading order; ``join`` is written after the piece: nothing, a space,
        or a line break, which separates blocks and is never crossed by a fold.
    wide : str, optional
        ``widen(text)`` where the caller has it already.
    """
    if wide is None:
        wide = widen(text)
    raw_parts: list[str] = []
    wide_parts: list[str] = []
    runs: list[NDArray[np.int32]] = []
    for start, end, join in pieces:
        raw_parts.append(text[start:end])
        wide_parts.append(wide[start:end])
        runs.append(np.arange(start, end, dtype=np.int32))
        if join:
            raw_parts.append(join)
            wide_parts.append(join)
            # the joint stands where the line broke, and maps to the character before it at the end of the text
            at = end if end < len(text) else max(end - 1, 0)
            runs.append(np.full(len(join), at, dtype=np.int32))
    raw, wide = "".join(raw_parts), "".join(wide_parts)
    starts = np.concatenate(runs) if runs else np.zeros(0, dtype=np.int32)
    state = _State(raw, wide, starts, starts + 1)
    for find in (_compositions, _invisible, _glosses, _spread_out, _spaces, _expansions, _missing_spaces):
        edits = find(state.wide)
        if edits:
            state = _apply(state, edits)
    return Flow(_plain_spaces(state.raw), _canonical(simplify(state.wide)), state.starts, state.ends)


# --- one character for one ------------------------------------------------------------------------------------------


def widen(text: str) -> str:
    """Give the text in plain width, character for character: full-width forms, odd spaces, radicals and the like."""
    return text if text.isascii() else text.translate(_width_table())


@cache
def _width_table() -> dict[int, str]:
    ranges = (
        (0x2E80, 0x2FDF), (0x3000, 0x3000), (0xF900, 0xFAFF), (0xFE10, 0xFE1F), (0xFE30, 0xFE4F), (0xFE50, 0xFE6F),
        (0xFF01, 0xFFEF), (0x2F800, 0x2FA1F), (0x1D400, 0x1D7FF), (0x2000, 0x200A), (0x2024, 0x2024),
    )  # fmt: skip
    table: dict[int, str] = {}
    for first, last in ranges:
        for code in range(first, last + 1):
            plain = unicodedata.normalize("NFKC", chr(code))
            if len(plain) == 1 and plain != chr(code):
                table[code] = plain
    table.update(dict.fromkeys((160, 5760, 8239, 8287, 12288, 9, 11), " "))
    table.update(dict.fromkeys((133, 8232, 8233), "\n"))
    table.update(dict.fromkeys((8208, 8209, 8722, 65123), "-"))
    # quotation marks of the three scripts; ﹁﹂ are their vertical forms
    table.update(zip(map(ord, "「」『』﹁﹂﹃﹄｢｣"), "“”‘’“”‘’“”", strict=True))
    table.update({ord("﹐"): ",", ord("﹑"): "、", ord("｡"): "。", ord("‧"): "·", ord("・"): "·", ord("•"): "·"})
    return table


@cache
def _converter() -> object:
    import opencc

    return opencc.OpenCC("t2s")


def simplify(text: str) -> str:
    """Give the text in simplified characters, one for one (official OpenCC, ``t2s``)."""
    if text.isascii():
        return text
    convert = _converter().convert  # type: ignore[attr-defined]
    simple = convert(text)
    if len(simple) == len(text):
        return simple
    # Not seen on 55,000 real sentences; should an entry change a length, its line goes character by character.
    lines = []
    for line in text.split("\n"):
        plain = convert(line)
        lines.append(plain if len(plain) == len(line) else "".join(_one_for_one(c) for c in line))
    return "\n".join(lines)


@cache
def _one_for_one(character: str) -> str:
    plain = _converter().convert(character)  # type: ignore[attr-defined]
    return plain if len(plain) == 1 else character


@cache
def _variants() -> tuple[dict[int, str], re.Pattern[str]]:
    """Read the table of variant characters: what to replace, and where 著 stays."""
    table: dict[int, str] = {}
    before: set[str] = set()
    after: set[str] = set()
    with (files("xietong") / "data" / "variants.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if row["kind"] == "character":
                table[ord(row["form"])] = row["canonical"]
            elif row["kind"] == "keep":
                word = row["form"]
                (after if word.startswith("著") else before).add(word.replace("著", ""))
    pattern = f"(?<![{''.join(sorted(before))}])著(?![{''.join(sorted(after))}])"
    return table, re.compile(pattern)


def _canonical(text: str) -> str:
    if text.isascii():
        return text
    table, written_for_zhe = _variants()
    for code, plain in table.items():
        if chr(code) in text:
            text = text.replace(chr(code), plain)
    if "著" in text:
        text = written_for_zhe.sub("着", text)
    if "’" in text:
        text = _APOSTROPHE.sub("'", text)
    return text


_APOSTROPHE = re.compile(r"(?<=[A-Za-z])’(?=[A-Za-z])|(?<=[A-Za-rt-z]s)’(?= )")


def _plain_spaces(text: str) -> str:
    return text.replace("\u3000", " ").replace("\xa0", " ").replace("\t", " ")


# --- changes of length ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _State:
    raw: str
    wide: str
    starts: NDArray[np.int32]
    ends: NDArray[np.int32]


def _apply(state: _State, edits: list[Edit]) -> _State:
    """Replace ``wide[start:end]`` by each edit's text, in the original as well, and keep the way back."""
    raw, wide, starts, ends = state.raw, state.wide, state.starts, state.ends
    keep = np.ones(len(wide), dtype=bool)
    raw_parts: list[str] = []
    wide_parts: list[str] = []
    extra_at: list[int] = []
    extra_from: list[int] = []
    position = 0
    for start, end, new in edits:
        raw_parts += (raw[position:start], new)
        wide_parts += (wide[position:start], new)
        position = end
        n_kept = min(len(new), end - start)
        keep[start + n_kept : end] = False
        if n_kept and end - start > len(new):
            ends[start : start + n_kept] = ends[end - 1]
        if len(new) > n_kept:
            extra_at += [end] * (len(new) - n_kept)
            extra_from += [max(end - 1, 0)] * (len(new) - n_kept)
    raw_parts.append(raw[position:])
    wide_parts.append(wide[position:])
    if extra_at:
        starts = np.insert(starts, extra_at, starts[extra_from])
        ends = np.insert(ends, extra_at, ends[extra_from])
        keep = np.insert(keep, extra_at, True)
    return _State("".join(raw_parts), "".join(wide_parts), starts[keep], ends[keep])


_COMBINED = re.compile(r"[A-Za-zÀ-ɏ][\u0300-\u036f]+")


def _compositions(text: str) -> list[Edit]:
    """Letters followed by combining marks, as some PDF writers store them."""
    if not text.isascii() and _COMBINED.search(text):
        return [(m.start(), m.end(), unicodedata.normalize("NFC", m[0])) for m in _COMBINED.finditer(text)]
    return []


_INVISIBLE = re.compile(
    "\u00ad\n?|[\x00-\x08\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f"
    "\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff\ufff0-\ufffb\ufffe\uffff\ue000-\uf8ff\ud800-\udfff\U000e0000-\U0010ffff]+"
)


def _invisible(text: str) -> list[Edit]:
    """Controls, zero-width and private-use characters, soft hyphens."""
    return [(m.start(), m.end(), "") for m in _INVISIBLE.finditer(text)]


_TONED = "āáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜńňǹḿếềê"
_OPEN, _CLOSE = r"[(\[{<〈《【〔〖/﹝]", r"[)\]}>〉》】〕〗/﹞]"
_GLOSS = re.compile(
    rf"(?<=[{HAN}]){_OPEN} ?([a-zü{_TONED}A-ZĀÁǍÀĒÉĚÈŌÓǑÒ'’ \-]{{1,40}}[1-5]?) ?{_CLOSE}"
    rf"|(?<=[{HAN}]){_OPEN}?[ˊˇˋ˙]?[ㄅ-ㄯㆠ-ㆿ][ㄅ-ㄯㆠ-ㆿˊˇˋ˙ ]{{0,30}}{_CLOSE}?"
    rf"|(?<=[{HAN}]) ?([a-zü]{{0,3}}[{_TONED}][a-zü]{{0,3}})(?= ?(?:[{HAN}，。、；：！？,.;:!?”’」』）]|$))"
)
_SYLLABLES = re.compile(
    r"(?:(?:[bpmfdtnlgkhjqxrzcsyw]|zh|ch|sh)?(?:[iu]?ang|[iu]?an|iong|ong|eng|ing|uai|iao|ei|en|in|un|vn|ue|ve|ie|er"
    r"|ai|ao|ou|iu|ui|ia|ua|uo|[aoeiuv])r?[1-5]?[ '’\-]?)+"
)
_PLAIN_VOWELS = str.maketrans(
    "āáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜüńňǹḿếềêĀÁǍÀĒÉĚÈŌÓǑÒ", "aaaaeeeeiiiioooouuuuvvvvvnnnmeeeaaaaeeeeoooo"
)
_HAS_GLOSS = re.compile(f"[{_TONED}ㄅ-ㄯ]")


def _glosses(text: str) -> list[Edit]:
    """Pinyin and bopomofo written after the character they gloss: 區(qū)域, 区[qu1]域, 區ㄑㄩ域."""
    if text.isascii() or not _HAS_GLOSS.search(text):
        return []
    found: list[Edit] = []
    unmarked: list[Edit] = []
    for m in _GLOSS.finditer(text):
        latin = m[1] or m[2]
        if latin is None:
            found.append((m.start(), m.end(), ""))
        elif _is_pinyin(latin):
            has_tone = bool(_HAS_GLOSS.search(latin.lower())) or latin[-1].isdigit()
            (found if has_tone else unmarked).append((m.start(), m.end(), ""))
    # 们(men) has no tone mark: a gloss only among glosses, for (he) or (an) also occur in plain English
    if len(found) >= 3 and unmarked:
        found = sorted(found + unmarked)
    return found


@cache
def _is_pinyin(latin: str) -> bool:
    return _SYLLABLES.fullmatch(latin.lower().translate(_PLAIN_VOWELS).strip()) is not None


_SPREAD_OUT = re.compile(r"(?<!\S)(?:[^\s](?: |   )(?=[^\s])){7,}[^\s](?!\S)")
_GAP = re.compile(" +")


def _spread_out(text: str) -> list[Edit]:
    """Spaces in a stretch where every single character is set apart; three of them hold one that was there before."""
    edits: list[Edit] = []
    if "  " not in text and text.count(" ") < 7:
        return edits
    for m in _SPREAD_OUT.finditer(text):
        if len(_HAN_CHARACTER.findall(m[0])) >= 2:
            edits += [
                (m.start() + gap.start(), m.start() + gap.end(), " " if len(gap[0]) == 3 else "")
                for gap in _GAP.finditer(m[0])
            ]
    return edits


_HAN_CHARACTER = re.compile(f"[{HAN}]")
_SPACE_BY_HAN = re.compile(rf"(?<=[{CJK}]) +| +(?=[{CJK}])")
_SPACES = re.compile(rf"(?<=[{CJK}]) +| +(?=[{CJK}])|(?<=\S)  +|^ +| +$|(?<=\n) +| +(?=\n)")


def _spaces(text: str) -> list[Edit]:
    """Spaces beside Chinese characters go; runs of spaces in Latin text become one."""
    if " " not in text:
        return []
    edits: list[Edit] = []
    for m in _SPACES.finditer(text):
        start, end = m.span()
        is_within_latin = start > 0 and end < len(text) and text[start - 1] != "\n" and text[end] != "\n"
        if is_within_latin and text[start - 1].isascii() and text[end].isascii():
            edits.append((start, end, " "))
            continue
        edits.append((start, end, ""))
    return edits


_EXPANDED = re.compile("[ﬀ-ﬆ㈠-㈩㎎-㏄℃℉㏑㏒№ĳǆ]")


def _expansions(text: str) -> list[Edit]:
    """Ligatures and squared units that stand for several characters."""
    if text.isascii():
        return []
    return [(m.start(), m.end(), unicodedata.normalize("NFKC", m[0])) for m in _EXPANDED.finditer(text)]


_MISSING_SPACE = re.compile(
    r"(?<=[A-Za-z])[,;!?](?=[A-Za-z])|(?<=[a-z]{2})\.(?=[A-Z][a-z])|(?<=[a-z]\))\.(?=[A-Z][a-z])"
)


def _missing_spaces(text: str) -> list[Edit]:
    """Places where English punctuation has lost its space: ``development.The``, ``era,and``."""
    return [(m.end(), m.end(), " ") for m in _MISSING_SPACE.finditer(text)]


# --- line breaks ----------------------------------------------------------------------------------------------------

_LINE = re.compile(r"[^\n\r]*")


def _wrapped_pieces(text: str) -> list[tuple[int, int, str]]:
    if "\n" not in text and "\r" not in text:
        return [(0, len(text), "")]
    lines = [m.span() for m in _LINE.finditer(text) if m[0].strip()]
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
    # Lines cut by counting characters, wherever a word stands, have all the same length but the last.
    lengths = {end - start for start, end in lines[:-1]}
    is_cut_anywhere = len(lines) > 2 and len(lengths) == 1 and lines[-1][1] - lines[-1][0] <= min(lengths)
    pieces: list[tuple[int, int, str]] = []
    for i, (start, end) in enumerate(lines):
        line = text[start:end]
        first = start + len(line) - len(line.lstrip())
        last = start + len(line.rstrip())
        if i + 1 == len(lines):
            pieces.append((first, last, ""))
            continue
        if is_cut_anywhere:
            pieces.append((start if i else first, end, ""))
            continue
        following = text[lines[i + 1][0] : lines[i + 1][1]].lstrip()[:1]
        before = text[last - 1 : last]
        if before == "-" and last - first > 1 and text[last - 2].isalpha() and following.islower():
            pieces.append((first, last - 1, ""))
        elif _needs_space(before, following):
            pieces.append((first, last, " "))
        else:
            pieces.append((first, last, ""))
    return pieces


_NO_SPACE = re.compile(f"[{CJK}]")


def _needs_space(before: str, following: str) -> bool:
    if not before or not following or _NO_SPACE.match(before) or _NO_SPACE.match(following):
        return False
    return not (before.isdigit() and following.isdigit())
