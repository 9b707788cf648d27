"""Finds the words that weigh most for assigned codes, as readable stretches of the passage."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any

from xietong.coders.word_counts import WordRows
from xietong.records import Cues, TokenisedPassage

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

#: At most this many words per code, each worth at least this share of the weightiest.
MOST_WORDS, LEAST_SHARE = 3, 0.4


@dataclass(frozen=True, slots=True)
class Citable:
    """The words of a batch that may be cited, those of passage ``i`` in ``first[i]:first[i + 1]``.

    ``number``: each word's number in the vocabulary. ``token``: which token of the batch it is, so that neighbours are
    known. ``start``, ``end``: where it stands in its passage's folded text. ``texts``: those texts, one per passage.
    """

    number: NDArray[np.int32]
    token: NDArray[np.int64]
    start: NDArray[np.int64]
    end: NDArray[np.int64]
    first: NDArray[np.int64]
    texts: Sequence[str]


def citable_words(passages: Sequence[TokenisedPassage], rows: WordRows, is_telling: NDArray[np.bool_]) -> Citable:
    """Pick the words of a batch that may be cited; ``is_telling``: shape (n_words + 1,)."""
    import numpy as np

    n_tokens = len(rows.numbers)
    token = np.nonzero(is_telling[rows.numbers])[0]
    starts = np.fromiter(chain.from_iterable(p.starts for p in passages), dtype=np.int64, count=n_tokens)
    lengths = np.fromiter(map(len, chain.from_iterable(p.tokens for p in passages)), dtype=np.int64, count=n_tokens)
    return Citable(
        number=rows.numbers[token],
        token=token,
        start=starts[token],
        end=starts[token] + lengths[token],
        first=np.searchsorted(token, rows.first),
        texts=[passage.passage.folded.text for passage in passages],
    )


def cite_words(citable: Citable, passage: NDArray[Any], code: NDArray[Any], weights: NDArray[Any]) -> Cues:
    """List the weightiest words of assigned codes; neighbours among them become one stretch.

    Parameters
    ----------
    passage, code
        One element per assigned code, sorted.
    weights
        Weight of each word for each code, shape (n_codes, n_words + 1); only positive ones are cited.
    """
    import numpy as np

    pair, word, value = _weightiest(citable, passage, code, weights)
    begins = np.ones(len(word), dtype=bool)
    begins[1:] = (np.diff(pair) != 0) | (np.diff(citable.token[word]) != 1)
    stretch = np.cumsum(begins) - 1
    begin = np.nonzero(begins)[0]
    last = np.append(begin, len(word))[1:] - 1
    start, end = citable.start[word[begin]], citable.end[word[last]]
    of_pair = pair[begin]
    number = passage[of_pair]
    places = zip(number.tolist(), start.tolist(), end.tolist(), strict=True)
    labels = [citable.texts[i][a:b] for i, a, b in places]
    weight = _sums(value, stretch, np.arange(len(word)) - begin[stretch])
    return Cues(number, code[of_pair], start, end, np.arange(len(labels)), weight, labels)


def _weightiest(
    citable: Citable, passage: NDArray[Any], code: NDArray[Any], weights: NDArray[Any]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Choose the words of each assigned code: the pair of passage and code, the word, its weight; in order of text."""
    import numpy as np

    lengths = np.diff(citable.first)[passage]
    pair_first = np.cumsum(lengths) - lengths
    pair = np.repeat(np.arange(len(passage)), lengths)
    word = np.arange(len(pair)) + np.repeat(citable.first[passage] - pair_first, lengths)
    value = weights[np.repeat(code, lengths), citable.number[word]]
    filled = lengths > 0
    peak = np.zeros(len(passage))
    if filled.any():
        peak[filled] = np.maximum.reduceat(value, pair_first[filled])
    kept = np.nonzero((value > 0) & (value >= LEAST_SHARE * peak[pair]))[0]
    order = kept[np.lexsort((-value[kept], pair[kept]))]  # words of one weight stay in the order of the text
    rank = np.arange(len(order)) - np.searchsorted(pair[order], pair[order], side="left")
    chosen = np.sort(order[rank < MOST_WORDS])
    return pair[chosen], word[chosen], value[chosen]


def _sums(value: NDArray[np.float64], stretch: NDArray[np.int64], place: NDArray[np.int64]) -> NDArray[np.float64]:
    """Add up the weights of each stretch, word by word and rounded, so that they come out the same everywhere."""
    import numpy as np

    total = np.zeros(int(stretch[-1]) + 1 if len(stretch) else 0)
    for turn in range(MOST_WORDS):
        here = place == turn
        total[stretch[here]] = np.round(total[stretch[here]] + value[here], 4)
    return total
