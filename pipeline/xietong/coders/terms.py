"""Coder ``terms``: what the codebook's terms, masks and cues say, in points that add up on paper.

A strong term is worth two points, a weak one a point; two points make a code present. Terms inside a mask or a
title do not count, nor do terms right after a negation or right before the rest of an institution's name; a strong
term that is a mere item of a list is worth a point.
On a scale to 2 a present code gets value 2 if a sentence that speaks of it also shows a relation between places.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from xietong.codebook import Codebook
from xietong.coders.matching import (
    CUE,
    MASK,
    TERM,
    Batch,
    Hits,
    Matcher,
    find,
    inside,
    join_passages,
    leftmost_longest,
    prepare_matcher,
)  # fmt: skip
from xietong.records import Coding, Cues, TokenisedPassage

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

STRONG, WEAK = 2.0, 1.0
PRESENT = 2.0  # points that make a code present
#: What cues in one sentence are worth towards value 2; RELATED points are needed.
RELATED = 2
CUE_POINTS = {"space": 2, "relation": 2, "body": 2, "joint": 1, "partner": 1}
PAIR_POINTS = 1  # two or more different places
LEVELS_POINTS = 1  # two or more different levels of government
#: Kinds of cue that change what stands beside them instead of speaking of relations.
NEGATION, NAME_TAIL, LIST_MARK = "negation", "name_tail", "list_mark"


@dataclass(frozen=True, slots=True)
class Findings:
    """All that was found in a batch, resolved; arrays have one element per match, in order of position."""

    batch: Batch
    terms: Hits
    passage: NDArray[np.int64]  # of each term
    code: NDArray[np.int64]
    points: NDArray[np.float64]  # 0 where the term does not count
    cues: Hits
    cue_passage: NDArray[np.int64]


def prepare_terms(codebook: Codebook) -> Matcher:
    """Build the automata once per process; what ``code_by_terms`` takes as ``fitted``."""
    return prepare_matcher(codebook)


def code_by_terms(
    passages: Sequence[TokenisedPassage], codebook: Codebook, fitted: Matcher, found: Findings | None = None
) -> Coding:
    """Code passages by the codebook's terms.

    Parameters
    ----------
    passages
        The batch; only the folded texts are looked at.
    codebook, fitted
        The codebook and what :func:`prepare_terms` made of it.
    found
        What :func:`find_terms` gave for these passages, where a caller has it already.

    Returns
    -------
    Coding
        ``scores`` are points / (points + 2), so that 0.5 is just present; cues are the terms that count, weighted
        with their points, and for value 2 the cues of relation.
    """
    import numpy as np

    if found is None:
        found = find_terms([p.passage.folded.text for p in passages], fitted)
    shape = (len(passages), len(codebook.codes))
    points = code_points(found, fitted, shape)
    related, cue_sentence = relation_points(found, fitted, shape)
    scale = np.array([code.scale_max for code in codebook.codes])
    present = points >= PRESENT
    values = np.where(present & (related >= RELATED) & (scale > 1), 2, present).astype(np.int8)
    scores = (points / (points + PRESENT)).astype(np.float32)
    return Coding("terms", scores, values, cite_terms(found, fitted, values, cue_sentence))


def find_terms(texts: Sequence[str], matcher: Matcher) -> Findings:
    """Find terms and cues in folded texts and settle which count."""
    import numpy as np

    batch = join_passages(texts)
    hits = find(batch, matcher)
    sort = matcher.sort[hits.entry]
    masks = hits.where(sort == MASK)
    terms = hits.where(sort == TERM)
    terms = terms.where(leftmost_longest(terms, matcher.code[terms.entry].astype(np.int64)))
    cues = hits.where(sort == CUE)
    cues = cues.where(leftmost_longest(cues, np.zeros(len(cues.start), dtype=np.int64)))
    masked = inside(terms, masks.start, masks.end) | inside(terms, *batch.titles) | _undone(terms, cues, matcher)
    points = np.where(matcher.strong[terms.entry] & ~_listed(terms, cues, matcher), STRONG, WEAK)
    return Findings(
        batch=batch,
        terms=terms,
        passage=np.searchsorted(batch.offsets, terms.start, side="right") - 1,
        code=matcher.code[terms.entry].astype(np.int64),
        points=np.where(masked, 0.0, points),
        cues=cues,
        cue_passage=np.searchsorted(batch.offsets, cues.start, side="right") - 1,
    )


def code_points(found: Findings, matcher: Matcher, shape: tuple[int, int]) -> NDArray[np.float64]:
    """Add up the points of each code in each passage, every term once, shape (n_passages, n_codes)."""
    import numpy as np

    counts = np.nonzero(found.points > 0)[0]
    best = counts[np.lexsort((-found.points[counts], found.terms.entry[counts], found.passage[counts]))]
    passage, entry = found.passage[best], found.terms.entry[best]
    first = np.ones(len(best), dtype=bool)
    first[1:] = (passage[1:] != passage[:-1]) | (entry[1:] != entry[:-1])
    points = np.zeros(shape)
    np.add.at(points, (passage[first], found.code[best[first]]), found.points[best[first]])
    return points


def relation_points(
    found: Findings, matcher: Matcher, shape: tuple[int, int]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Say how much relation between places the sentences of each code show.

    Returns
    -------
    related : ndarray of int, shape (n_passages, n_codes)
        Most points of a sentence in which a term of the code counts.
    sentence_of_cue : ndarray of int, shape (n_cues,)
        The sentence of each cue, as an index into the batch.
    """
    import numpy as np

    ends = found.batch.sentence_ends
    n_sentences = len(ends) + 1
    cue_sentence = np.searchsorted(ends, found.cues.start, side="right")
    kind = matcher.kind[found.cues.entry]
    strength = np.zeros(n_sentences, dtype=np.int64)
    for number, name in enumerate(matcher.kinds):
        sentences = cue_sentence[kind == number]
        if name in CUE_POINTS:
            strength[np.unique(sentences)] += CUE_POINTS[name]
        elif name in ("place", "level"):
            n_entries = len(matcher.entries)
            pairs = np.unique(sentences * n_entries + found.cues.entry[kind == number])
            several = np.bincount(pairs // n_entries, minlength=n_sentences) >= 2
            strength[several] += PAIR_POINTS if name == "place" else LEVELS_POINTS
    counts = found.points > 0
    term_sentence = np.searchsorted(ends, found.terms.start, side="right")
    related = np.zeros(shape, dtype=np.int64)
    np.maximum.at(related, (found.passage[counts], found.code[counts]), strength[term_sentence[counts]])
    return related, cue_sentence


def _undone(terms: Hits, cues: Hits, matcher: Matcher) -> NDArray[np.bool_]:
    """Say which terms a negation right before them, or the tail of an institution's name right after, undoes."""
    import numpy as np

    negations, tails = _of_kind(cues, matcher, NEGATION), _of_kind(cues, matcher, NAME_TAIL)
    after_negation = np.isin(terms.start, np.concatenate([negations.end, negations.end + 1]))
    return after_negation | np.isin(terms.end, np.concatenate([tails.start, tails.start - 1]))


def _listed(terms: Hits, cues: Hits, matcher: Matcher) -> NDArray[np.bool_]:
    """Say which terms have a list mark (、 for instance) right before or after them."""
    import numpy as np

    marks = _of_kind(cues, matcher, LIST_MARK)
    return np.isin(terms.start, marks.end) | np.isin(terms.end, marks.start)


def _of_kind(cues: Hits, matcher: Matcher, kind: str) -> Hits:
    number = matcher.kinds.index(kind) if kind in matcher.kinds else -2
    return cues.where(matcher.kind[cues.entry] == number)


def cite_terms(
    found: Findings, fitted: Matcher, values: NDArray[np.int8], cue_sentence: NDArray[np.int64] | None = None
) -> Cues:
    """List the terms that speak for the assigned ``values``, and the cues of relation for those at 2, in order."""
    import numpy as np

    if cue_sentence is None:
        _, cue_sentence = relation_points(found, fitted, (values.shape[0], values.shape[1]))
    counts = found.points > 0
    value = values[found.passage, found.code]
    rows = counts & (value > 0)
    terms = (found.passage, found.code, found.terms.start, found.terms.end, found.terms.entry, found.points)
    sentence = np.searchsorted(found.batch.sentence_ends, found.terms.start, side="right")
    n_codes = values.shape[1]
    spoken = np.unique((sentence * n_codes + found.code)[counts & (value == 2)])  # sentence and code in one number
    cue, code = _pairs(cue_sentence, spoken // n_codes, spoken % n_codes)
    weight = np.array([_relation_weight(kind) for kind in fitted.kinds] + [0.0])[fitted.kind[found.cues.entry]]
    cue, code = cue[weight[cue] > 0], code[weight[cue] > 0]
    hits = found.cues
    relations = (found.cue_passage[cue], code, hits.start[cue], hits.end[cue], hits.entry[cue], weight[cue])
    columns = [np.concatenate([a[rows], b]) for a, b in zip(terms, relations, strict=True)]
    order = np.lexsort(columns[4::-1])  # by passage, code, start, end, entry
    passage, code, start, end, entry, points = (column[order] for column in columns)
    offset = found.batch.offsets[passage]
    return Cues(passage, code, start - offset, end - offset, entry, points, fitted.labels)


def _pairs(
    left: NDArray[np.int64], keys: NDArray[np.int64], values: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Join: the index of each element of ``left`` with every value whose key (sorted) equals it."""
    import numpy as np

    first, last = np.searchsorted(keys, left, side="left"), np.searchsorted(keys, left, side="right")
    n = last - first
    index = np.repeat(np.arange(len(left)), n)
    within = np.arange(len(index)) - np.repeat(np.cumsum(n) - n, n)
    return index, values[first[index] + within]


def _relation_weight(kind: str) -> float:
    return float(CUE_POINTS.get(kind, PAIR_POINTS if kind in ("place", "level") else 0))
