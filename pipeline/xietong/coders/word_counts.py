"""Turns tokenised passages into numbers of words of a fixed vocabulary, one sparse row per passage."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

from xietong.records import TokenisedPassage

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from scipy.sparse import csr_matrix

#: What every figure is read as: amounts and years say nothing about the field.
FIGURE = "#"
_FIGURE = re.compile(r"[0-9][0-9.,:/-]*%?")


def figure_or_word(word: str) -> str:
    """Give the word, or the one sign that stands for all figures."""
    return FIGURE if _FIGURE.fullmatch(word) else word


class WordNumbers(dict[str, int]):
    """Number of each word of the vocabulary; 0 for the words outside it, the figures' own number for figures.

    Words outside are remembered as they are met, up to a limit, so that each is looked at once.
    """

    limit = 200_000

    def __init__(self, words: Iterable[str]) -> None:
        super().__init__((word, number) for number, word in enumerate(words, start=1))
        self.n_words = len(self)
        self.room = self.limit

    def __missing__(self, word: str) -> int:
        form = figure_or_word(word)
        number = self.get(form, 0) if form != word else 0
        if self.room > 0:
            self.room -= 1
            self[word] = number
        return number


#: Signs that end a clause; the enumeration comma does not.
CLAUSE_ENDS = frozenset("，。；：！？…,.;:!?")


@dataclass(frozen=True, slots=True)
class WordRows:
    """Words of a batch: ``numbers`` of all its tokens, those of passage ``i`` in ``first[i]:first[i + 1]``.

    ``is_end``: which tokens end a clause.
    """

    numbers: NDArray[np.int32]
    first: NDArray[np.int64]
    is_end: NDArray[np.bool_]

    @property
    def n_passages(self) -> int:
        """How many passages the batch has."""
        return len(self.first) - 1

    def clauses(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Give the first token of each clause, and the first clause of each passage; both end with their number.

        A passage without words has one clause without words.
        """
        import numpy as np

        n_tokens = len(self.numbers)
        inside = np.nonzero(self.is_end)[0] + 1  # a clause starts after an end, unless a passage does
        inside = inside[~np.isin(inside, self.first)]
        borders = np.sort(np.concatenate([self.first[:-1], inside]), kind="stable")
        starts = np.concatenate([borders, [n_tokens]])
        passages = np.searchsorted(inside, self.first, side="left") + np.arange(len(self.first))
        return starts, passages


def number_words(passages: Sequence[TokenisedPassage], numbers: WordNumbers) -> WordRows:
    """Look up every token's number."""
    import numpy as np

    lengths = [len(passage.lemmas) for passage in passages]
    first = np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)])
    n_tokens = int(first[-1])
    found = map(numbers.__getitem__, chain.from_iterable(passage.lemmas for passage in passages))
    ends = map(CLAUSE_ENDS.__contains__, chain.from_iterable(passage.lemmas for passage in passages))
    return WordRows(np.fromiter(found, np.int32, n_tokens), first, np.fromiter(ends, bool, n_tokens))


def count_words(rows: WordRows, n_words: int) -> csr_matrix:
    """Count each word in each passage.

    Returns
    -------
    csr_matrix of float64, shape (n_passages, n_words + 1)
        Column 0, for words outside the vocabulary, is always empty.
    """
    import numpy as np
    from scipy import sparse

    width = n_words + 1
    passage = np.repeat(np.arange(rows.n_passages, dtype=np.int64), np.diff(rows.first))
    known = rows.numbers > 0
    cells, counts = np.unique(passage[known] * width + rows.numbers[known], return_counts=True)
    first = np.searchsorted(cells, np.arange(rows.n_passages + 1, dtype=np.int64) * width)
    return sparse.csr_matrix((counts.astype(float), cells % width, first), shape=(rows.n_passages, width))


def weigh_counts(counts: csr_matrix, idf: NDArray[np.float64]) -> csr_matrix:
    """Give sublinear tf-idf rows of length one: ``(1 + ln count) * idf``, divided by the row's Euclidean length."""
    import numpy as np
    from scipy import sparse

    weights = (1.0 + np.log(counts.data)) * idf[counts.indices]
    # not as differences of a running sum: that would depend on the passages before
    lengths = np.zeros(counts.shape[0])
    filled = np.diff(counts.indptr) > 0
    if filled.any():
        lengths[filled] = np.add.reduceat(weights**2, counts.indptr[:-1][filled])
    scale = 1.0 / np.sqrt(np.maximum(lengths, 1e-12))
    return sparse.csr_matrix(
        (weights * np.repeat(scale, np.diff(counts.indptr)), counts.indices, counts.indptr), shape=counts.shape
    )
