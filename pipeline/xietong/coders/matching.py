"""Finds a codebook's terms, masks and cues in a batch of passages, all in one pass over the text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain, product
from typing import TYPE_CHECKING, Any, NamedTuple

from xietong.codebook import Codebook

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

TERM, MASK, CUE = 0, 1, 2
#: Between passages in the joined text; a control character that no fold lets through, so that no match spans two.
BREAK = "\x1e"
_TITLE = re.compile(r"《[^《》\x1e]{1,80}》")
_SENTENCE_ENDS = "。；;！!？?\n" + BREAK  # and a full stop before a space or a closing mark
_AFTER_STOP = ' \n\t”"’)' + BREAK
_SPACERS = str.maketrans("-‐‑–/\n\t\xa0", "        ")


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing to look for. ``sort``: TERM, MASK or CUE; ``code`` and ``strong`` of a term, ``kind`` of a cue."""

    sort: int
    text: str
    language: str
    code: int = -1
    strong: bool = False
    kind: str = ""


@dataclass(frozen=True, slots=True)
class _Automaton:
    """Patterns of one language; pattern ``p`` stands for the entries ``owners[first[p]:first[p + 1]]``."""

    machine: Any
    first: NDArray[np.int64]
    owners: NDArray[np.int64]
    is_prefix: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Matcher:
    """Prepared automata of a codebook: fitted state, read only."""

    entries: tuple[Entry, ...]
    automata: tuple[_Automaton | None, _Automaton | None]  # zh, en
    sort: NDArray[np.int8]
    code: NDArray[np.int16]
    strong: NDArray[np.bool_]
    kind: NDArray[np.int8]  # index into ``kinds``, -1 for what is no cue
    kinds: tuple[str, ...]
    labels: tuple[str, ...]  # what evidence calls each entry


class Hits(NamedTuple):
    """Matches in a batch, one element each: where (in the joined text) and which entry."""

    start: NDArray[np.int64]
    end: NDArray[np.int64]
    entry: NDArray[np.int64]

    def where(self, keep: NDArray[Any]) -> Hits:
        """Give the matches that ``keep`` selects."""
        return Hits(self.start[keep], self.end[keep], self.entry[keep])


@dataclass(frozen=True, slots=True)
class Batch:
    """The passages of a batch as one text. ``offsets[i]`` is where passage ``i`` starts, shape (n_passages + 1,)."""

    text: str
    points: NDArray[np.uint32]  # the text as code points, with a space before and after
    offsets: NDArray[np.int64]
    sentence_ends: NDArray[np.int64]
    titles: tuple[NDArray[np.int64], NDArray[np.int64]]  # starts and ends of 《…》


def prepare_matcher(codebook: Codebook) -> Matcher:
    """Build the automata of a codebook's terms, masks and cues; both scripts and all cases fall together."""
    import numpy as np

    entries = _entries(codebook)
    kinds = tuple(dict.fromkeys(entry.kind for entry in entries if entry.kind))
    number = {kind: i for i, kind in enumerate(kinds)}
    return Matcher(
        entries=entries,
        automata=(_automaton(entries, "zh"), _automaton(entries, "en")),
        sort=np.array([entry.sort for entry in entries], dtype=np.int8),
        code=np.array([entry.code for entry in entries], dtype=np.int16),
        strong=np.array([entry.strong for entry in entries], dtype=bool),
        kind=np.array([number.get(entry.kind, -1) for entry in entries], dtype=np.int8),
        kinds=kinds,
        labels=tuple(f"{entry.kind}: {entry.text}" if entry.kind else entry.text for entry in entries),
    )


def join_passages(texts: Sequence[str]) -> Batch:
    """Join folded texts for matching: same length, small letters, hyphens as spaces."""
    import numpy as np

    joined = BREAK.join([*texts, ""]) if texts else ""
    text = _small_letters(joined)
    points = np.frombuffer(f" {text} ".encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    lengths = np.fromiter(map(len, texts), dtype=np.int64, count=len(texts))
    titles = np.array([m.span() for m in _TITLE.finditer(text)], dtype=np.int64).reshape(-1, 2)
    return Batch(
        text=text.replace("-", " ").replace("\n", " ").replace("–", " ").replace("’", "'"),
        points=points,
        offsets=np.concatenate([[0], np.cumsum(lengths + 1)]),
        sentence_ends=_sentence_ends(points),
        titles=(titles[:, 0], titles[:, 1]),
    )


def find(batch: Batch, matcher: Matcher) -> Hits:
    """Find every entry in a batch, overlapping ones too, in order of position.

    English needs whole words; ``term*`` stands for every word that begins so.
    """
    import numpy as np

    found = []
    for automaton, whole_words in zip(matcher.automata, (False, True), strict=True):
        if automaton is None:
            continue
        matches = automaton.machine.find_matches_as_indexes(batch.text, overlapping=True)
        flat = np.fromiter(chain.from_iterable(matches), dtype=np.int64, count=3 * len(matches))
        pattern, start, end = flat.reshape(-1, 3).T
        if whole_words and len(pattern):
            pattern, start, end = _whole_words(batch.points, pattern, start, end, automaton.is_prefix)
        n_owners = automaton.first[pattern + 1] - automaton.first[pattern]
        which = np.repeat(np.arange(len(pattern)), n_owners)
        within = np.arange(len(which)) - np.repeat(np.cumsum(n_owners) - n_owners, n_owners)
        found.append((start[which], end[which], automaton.owners[automaton.first[pattern[which]] + within]))
    start, end, entry = (
        (np.concatenate(parts) for parts in zip(*found, strict=True)) if found else (np.zeros(0, int),) * 3
    )
    order = np.lexsort((entry, -end, start))
    return Hits(start[order], end[order], entry[order])


def leftmost_longest(hits: Hits, group: NDArray[np.int64]) -> NDArray[np.int64]:
    """Choose, within each group, the matches that come first and, of those that start together, the longest.

    Returns
    -------
    ndarray of int, shape (n_kept,)
        Indices into ``hits``, sorted; no two kept matches of a group overlap.
    """
    import numpy as np

    order = np.lexsort((-hits.end, hits.start, group))
    kept, last_group, last_end = [], -1, -1
    rows = zip(order.tolist(), group[order].tolist(), hits.start[order].tolist(), hits.end[order].tolist(), strict=True)
    for index, its_group, start, end in rows:
        if its_group != last_group or start >= last_end:
            kept.append(index)
            last_group, last_end = its_group, end
    return np.sort(np.array(kept, dtype=np.int64))


def inside(hits: Hits, starts: NDArray[np.int64], ends: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Say of each match whether it lies in one of the spans (``starts`` sorted)."""
    import numpy as np

    if not len(starts):
        return np.zeros(len(hits.start), dtype=bool)
    reach = np.maximum.accumulate(ends)
    before = np.searchsorted(starts, hits.start, side="right") - 1
    return (before >= 0) & (reach[before] >= hits.end)


def _entries(codebook: Codebook) -> tuple[Entry, ...]:
    """List what to look for, in an order that does not depend on the order of rows."""
    entries = {
        Entry(TERM, term.term, term.language, codebook.index[term.code], term.weight == "strong")
        for term in codebook.terms
    }
    entries |= {Entry(MASK, mask.phrase, mask.language) for mask in codebook.masks}
    entries |= {Entry(CUE, cue.cue, cue.language, kind=cue.kind) for cue in codebook.cues}
    return tuple(sorted(entries, key=lambda e: (e.sort, e.code, e.language, e.kind, e.text, e.strong)))


def _automaton(entries: Sequence[Entry], language: str) -> _Automaton | None:
    import ahocorasick_rs
    import numpy as np

    owners: dict[tuple[str, bool], list[int]] = {}
    mine = [number for number, entry in enumerate(entries) if entry.language == language]
    for number, plain in zip(mine, _plain([entries[number].text for number in mine]), strict=True):
        for form in forms_of(plain, language):
            owners.setdefault((form.rstrip("*"), form.endswith("*")), []).append(number)
    if not owners:
        return None
    machine = ahocorasick_rs.AhoCorasick(
        [form for form, _ in owners],
        matchkind=ahocorasick_rs.MatchKind.Standard,
        implementation=ahocorasick_rs.Implementation.ContiguousNFA,
    )
    return _Automaton(
        machine,
        np.concatenate([[0], np.cumsum([len(numbers) for numbers in owners.values()])]).astype(np.int64),
        np.array([number for numbers in owners.values() for number in numbers], dtype=np.int64),
        np.array([is_prefix for _, is_prefix in owners], dtype=bool),
    )


def _plain(terms: Sequence[str]) -> list[str]:
    """Fold terms as texts are folded before matching; all in one go, as each call has its cost."""
    from xietong.normalise import fold

    between = "。"
    folded = fold(between.join(terms)).text.split(between)
    if len(folded) != len(terms):  # a term has a full stop of its own
        folded = [fold(term).text for term in terms]
    return [" ".join(_small_letters(term).translate(_SPACERS).replace("’", "'").split()) for term in folded]


def forms_of(plain: str, language: str) -> list[str]:
    """Give the forms in which a term, folded, with small letters and spaces for hyphens, is looked for.

    English terms are looked for with their first and last word in every regular inflection, and with -ise and -ize,
    co- and coo- alike; Chinese ones as they are.
    """
    if language == "zh" or not plain:
        return [plain] if plain else []
    plain = re.sub(r"\bco (?=[a-z])", "co", plain)
    if plain.endswith("*"):
        return _spellings(plain)
    words = plain.split()
    if len(words) == 1:
        candidates = _inflections(words[0], verb=True)
    else:
        ends = product(_inflections(words[0], verb=True), _inflections(words[-1], verb=False))
        candidates = [" ".join([first, *words[1:-1], last]) for first, last in ends]
    return list(dict.fromkeys(form for candidate in candidates for form in _spellings(candidate)))


def _inflections(word: str, *, verb: bool) -> list[str]:
    """Regular plural, third person, past and -ing of a word; forms that do not exist do no harm."""
    if len(word) < 3 or not word.isalpha():
        return [word]
    if word.endswith(("s", "x", "z", "ch", "sh")):
        forms = [word, word + "es"]
    elif word.endswith("y") and word[-2] not in "aeiou":
        forms = [word, word[:-1] + "ies"]
    else:
        forms = [word, word + "s"]
    if verb:
        stem = word[:-1] if word.endswith("e") else word
        past = word[:-1] + "ied" if word.endswith("y") and word[-2] not in "aeiou" else stem + "ed"
        forms += [past, stem + "ing"]
    return forms


def _spellings(form: str) -> list[str]:
    """British and American, hyphened and joined: -ise and -ize, our and or, co-operate and cooperate."""
    forms = [form]
    for pattern, other in _SPELLING_RULES:
        forms += [changed for old in list(forms) if (changed := pattern.sub(other, old)) != old]
    return forms


_SPELLING_RULES = [
    (re.compile(r"(?<=[a-z]{3})iz(?=(?:e|es|ed|ing|ation|ations)\b)"), "is"),
    (re.compile(r"(?<=[a-z]{3})is(?=(?:e|es|ed|ing|ation|ations)\b)"), "iz"),
    (re.compile(r"\b(lab|harb|neighb|fav|behavi)our"), r"\1or"),
    (re.compile(r"\b(lab|harb|neighb|fav|behavi)or(?=\b|s\b|ing|hood|able|al)"), r"\1our"),
    (re.compile(r"\bprogramme(?=s?\b)"), "program"),
    (re.compile(r"\bprogram(?=s?\b)"), "programme"),
    (re.compile(r"\bcentre(?=s?\b)"), "center"),
    (re.compile(r"\bcenter(?=s?\b)"), "centre"),
    (re.compile(r"\bco(?=op|ord|built|build|author|chair|exist|fund|found|host|own|sign|locat)"), "co "),
]


def _small_letters(text: str) -> str:
    small = text.lower()
    if len(small) == len(text):
        return small
    return "".join(low if len(low := letter.lower()) == 1 else letter for letter in text)


def _sentence_ends(points: NDArray[np.uint32]) -> NDArray[np.int64]:
    """Where sentences end (half-open), from code points with one space before and after the text."""
    import numpy as np

    text, following = points[1:-1], points[2:]
    ends = np.isin(text, np.array([ord(mark) for mark in _SENTENCE_ENDS], dtype=np.uint32))
    stops = np.nonzero(text == ord("."))[0]
    after = np.array([ord(mark) for mark in _AFTER_STOP], dtype=np.uint32)
    ends[stops[np.isin(following[stops], after)]] = True
    return np.nonzero(ends)[0] + 1


def _whole_words(
    points: NDArray[np.uint32],
    pattern: NDArray[np.int64],
    start: NDArray[np.int64],
    end: NDArray[np.int64],
    is_prefix: NDArray[np.bool_],
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Drop matches that begin or end inside a word; stretch ``term*`` to the end of its word."""
    import numpy as np

    letter = _latin_letters()[np.minimum(points, 0x24F)]
    prefix = is_prefix[pattern]
    if prefix.any():
        word_end = np.nonzero(letter[:-1] & ~letter[1:])[0]  # in padded points, so past the last letter in the text
        reach = np.append(word_end, len(points) - 2)[np.searchsorted(word_end, end)]
        end = np.where(prefix, np.maximum(end, reach), end)
    keep = ~letter[start] & ~letter[end + 1]
    return pattern[keep], start[keep], end[keep]


def _latin_letters() -> NDArray[np.bool_]:
    import numpy as np

    table = np.array([chr(i).isalnum() for i in range(0x250)], dtype=bool)
    table[-1] = False  # stands for everything above, Han among it
    return table
