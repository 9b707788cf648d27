"""What the terms coder found, as one row of numbers per passage, for coders that learn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from xietong.codebook import Codebook
from xietong.coders.matching import Matcher
from xietong.coders.terms import PRESENT, RELATED, Findings, code_points, relation_points

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def passage_measures(
    found: Findings, codebook: Codebook, fitted: Matcher, n_passages: int
) -> tuple[NDArray[np.float64], list[str]]:
    """Describe passages by the codebook's terms and cues that were found in them.

    Returns
    -------
    measures : array of float, shape (n_passages, n_measures)
        Non-negative. In this order:

        - for each code: ``points:CODE`` (a strong term 2, a weak one 1), ``strong:CODE``, ``weak:CODE``, ``masked:CODE``
          (different terms of each sort, masked ones in all), ``present:CODE`` (0 or 1), ``related:CODE`` (points of
          relation in the sentences that speak of the code), ``synergy:CODE`` (0 or 1: present and related),
          ``sentences:CODE`` (how many sentences speak of it);
        - for each kind of cue: ``cue:KIND`` (different cues in the passage) and, for each code, ``CODE+KIND``
          (sentences in which both stand);
        - ``places`` (different places in the passage), ``places:sentence`` (most in one sentence), ``n_sentences``.
    names : list of str, length n_measures
    """
    import numpy as np

    codes = [code.code for code in codebook.codes]
    blocks = [
        _by_code(found, fitted, (n_passages, len(codes))),
        _by_cue(found, fitted, n_passages, len(codes)),
        _by_place(found, fitted, n_passages),
    ]
    return np.hstack(blocks), name_measures(codes, fitted.kinds)


def name_measures(codes: Sequence[str], kinds: Sequence[str]) -> list[str]:
    """Name the measures of a codebook with these codes and kinds of cue, in their order."""
    names = [f"{measure}:{code}" for measure in CODE_MEASURES for code in codes]
    names += [f"cue:{kind}" for kind in kinds] + [f"{code}+{kind}" for kind in kinds for code in codes]
    return [*names, *PASSAGE_MEASURES]


PASSAGE_MEASURES = ("places", "places:sentence", "n_sentences")
CODE_MEASURES = ("points", "strong", "weak", "masked", "present", "related", "synergy", "sentences")


def _by_code(found: Findings, matcher: Matcher, shape: tuple[int, int]) -> NDArray[np.float64]:
    import numpy as np

    points = code_points(found, matcher, shape)
    related, _ = relation_points(found, matcher, shape)
    strong = matcher.strong[found.terms.entry]
    counts = found.points > 0
    cell = found.passage * shape[1] + found.code
    sentence = np.searchsorted(found.batch.sentence_ends, found.terms.start, side="right")
    measures = [
        points,
        _different(cell, found.terms.entry, counts & strong, shape),
        _different(cell, found.terms.entry, counts & ~strong, shape),
        _different(cell, found.terms.entry, ~counts, shape),
        points >= PRESENT,
        related,
        (points >= PRESENT) & (related >= RELATED),
        _different(cell, sentence, counts, shape),
    ]
    return np.hstack([np.asarray(measure, dtype=float) for measure in measures])


def _by_cue(found: Findings, matcher: Matcher, n_passages: int, n_codes: int) -> NDArray[np.float64]:
    import numpy as np

    ends = found.batch.sentence_ends
    kind = matcher.kind[found.cues.entry].astype(np.int64)
    n_kinds = max(len(matcher.kinds), 1)
    everything = np.ones(len(kind), dtype=bool)
    cues = _different(found.cue_passage * n_kinds + kind, found.cues.entry, everything, (n_passages, n_kinds))
    cue_at = np.unique(np.searchsorted(ends, found.cues.start, side="right") * n_kinds + kind)
    counts = found.points > 0
    sentence = np.searchsorted(ends, found.terms.start, side="right")[counts]
    # a sentence lies in one passage
    sentence, passage_and_code = _pairs(sentence, found.passage[counts] * n_codes + found.code[counts])
    passage, code = passage_and_code // n_codes, passage_and_code % n_codes
    together = [np.zeros((n_passages, n_codes)) for _ in matcher.kinds]
    for number, counter in enumerate(together):
        both = np.isin(sentence * n_kinds + number, cue_at)
        np.add.at(counter, (passage[both], code[both]), 1)
    return np.hstack([cues[:, : len(matcher.kinds)], *together])


def _by_place(found: Findings, matcher: Matcher, n_passages: int) -> NDArray[np.float64]:
    import numpy as np

    ends, offsets = found.batch.sentence_ends, found.batch.offsets
    places = np.zeros((n_passages, 3))
    passage_of = np.searchsorted(offsets, np.maximum(ends - 1, 0), side="right") - 1
    np.add.at(places[:, 2], passage_of[passage_of < n_passages], 1)
    if "place" in matcher.kinds:
        is_place = matcher.kind[found.cues.entry] == matcher.kinds.index("place")
        entry, passage = found.cues.entry[is_place], found.cue_passage[is_place]
        sentence = np.searchsorted(ends, found.cues.start[is_place], side="right")
        places[:, :1] = _different(passage, entry, np.ones(len(entry), dtype=bool), (n_passages, 1))
        of_sentence, _ = _pairs(sentence, entry)
        sentences, n_places = np.unique(of_sentence, return_counts=True)
        at = passage[np.searchsorted(sentence, sentences)]  # a sentence lies in one passage
        np.maximum.at(places[:, 1], at, n_places)
    return places


def _pairs(left: NDArray[np.int64], right: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Give the different pairs of two columns of numbers from 0, sorted."""
    import numpy as np

    n = int(right.max(initial=0)) + 1
    both = np.unique(left * n + right)  # in one number: rows are compared one number at a time
    return both // n, both % n


def _different(
    cell: NDArray[np.int64], thing: NDArray[np.int64], keep: NDArray[np.bool_], shape: tuple[int, int]
) -> NDArray[np.float64]:
    """Count the different things in each cell, ``cell`` being a flat index into ``shape``."""
    import numpy as np

    cells, _ = _pairs(cell[keep], thing[keep])
    return np.bincount(cells, minlength=shape[0] * shape[1]).reshape(shape).astype(float)
