"""Finds the words that weigh most for assigned codes, as readable stretches of the passage."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from xietong.coders.word_counts import WordRows
from xietong.records import Cue, TokenisedPassage

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

#: At most this many words per code, each worth at least this share of the weightiest.
MOST_WORDS, LEAST_SHARE = 3, 0.4


def telling_words(rows: WordRows, is_telling: NDArray[np.bool_]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Give the words of a batch that may be cited, and where those of each passage start, shape (n_passages + 1,)."""
    import numpy as np

    places = np.nonzero(is_telling[rows.numbers])[0]
    return places, np.searchsorted(places, rows.first)


def cite_words(
    passages: Sequence[TokenisedPassage],
    rows: WordRows,
    telling: tuple[NDArray[np.int64], NDArray[np.int64]],
    passage: NDArray[Any],
    code: NDArray[Any],
    column: NDArray[Any],
    weights: NDArray[Any],
) -> list[Cue]:
    """List the weightiest words of assigned codes; neighbours among them become one stretch.

    Parameters
    ----------
    telling
        What :func:`telling_words` gave for the batch.
    passage, code, column
        One element per assigned code: the passage, the code, and its column of ``weights``.
    weights
        Weight of each word for each column, shape (n_words + 1, n_columns); only positive ones are cited.
    """
    import numpy as np

    places, first = telling
    lengths = np.diff(first)[passage]
    total = int(lengths.sum())
    if not total:
        return []
    pair_first = np.concatenate([[0], np.cumsum(lengths)[:-1]])
    pair = np.repeat(np.arange(len(passage)), lengths)
    token = places[np.arange(total) - np.repeat(pair_first - first[:-1][passage], lengths)]
    value = weights[rows.numbers[token], column[pair]]
    filled = lengths > 0
    peak = np.zeros(len(passage))
    peak[filled] = np.maximum.reduceat(value, pair_first[filled])
    kept = np.nonzero((value > 0) & (value >= LEAST_SHARE * peak[pair]))[0]
    order = kept[np.lexsort((token[kept], -value[kept], pair[kept]))]
    rank = np.arange(len(order)) - np.searchsorted(pair[order], pair[order], side="left")
    chosen = np.sort(order[rank < MOST_WORDS])
    cues: list[Cue] = []
    last_pair, last_token = -1, -2
    for of_pair, at, weight in zip(pair[chosen].tolist(), token[chosen].tolist(), value[chosen].tolist(), strict=True):
        number = int(passage[of_pair])
        words = passages[number]
        within = at - int(rows.first[number])
        start = words.starts[within]
        end = start + len(words.tokens[within])
        if of_pair == last_pair and at == last_token + 1:
            before = cues.pop()
            text = words.passage.folded.text[before.start : end]
            cues.append(Cue(number, before.code, before.start, end, text, round(before.weight + weight, 4)))
        else:
            cues.append(Cue(number, int(code[of_pair]), start, end, words.tokens[within], round(weight, 4)))
        last_pair, last_token = of_pair, at
    return cues
