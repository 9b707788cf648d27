"""Word vectors of our own: which words stand near which, in Chinese and English, in one space.

Positive pointwise mutual information of neighbouring words, factorised. What brings the two languages together are
lines that translate one another and a list of equivalents: a word's row is mixed with the rows of its equivalents.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from scipy.sparse import csr_matrix

Words = Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class VectorOptions:
    """How the vectors are made."""

    n_dimensions: int = 128
    least_count: int = 10
    window: int = 5
    smoothing: float = 0.75
    least_weight: float = 0.5  # neighbours met less (a neighbour d words away counts 1/d) say nothing
    mixing: float = 1.0  # weight of the equivalents' rows beside the word's own
    equivalence: float = 1.5  # weight of the equivalence itself
    seed: int = 0


def fit_vectors(
    paragraphs: Sequence[Words],
    translated_lines: Sequence[tuple[Words, Words]],
    equivalents: Iterable[tuple[str, str]],
    *,
    options: VectorOptions = VectorOptions(),
) -> tuple[list[str], NDArray[np.float32]]:
    """Make vectors of the words of a corpus.

    Parameters
    ----------
    paragraphs
        Lemmas in order; neighbours are counted within a paragraph.
    translated_lines
        Lines of two languages that say the same.
    equivalents
        Words that mean the same, of two languages or two places.

    Returns
    -------
    words : list of str
        The most frequent first.
    vectors : array of float32, shape (n_words, n_dimensions)
        Each of length one.

    References
    ----------
    Levy, O., Goldberg, Y., & Dagan, I. (2015). Improving distributional similarity with lessons learned from word
    embeddings.
    """
    import numpy as np
    from scipy import sparse
    from sklearn.utils.extmath import randomized_svd

    counts: Counter[str] = Counter()
    for paragraph in paragraphs:
        counts.update(paragraph)
    words = [
        word for word, n in sorted(counts.items(), key=lambda item: (-item[1], item[0])) if n >= options.least_count
    ]
    number = {word: i for i, word in enumerate(words)}
    information = _information(paragraphs, number, options)
    same = _translations(translated_lines, number)
    pairs = [(number[a], number[b]) for a, b in equivalents if a in number and b in number]
    if pairs:
        left, right = np.array(sorted(set(pairs))).T
        listed = sparse.csr_matrix((np.full(len(left), 4.0), (left, right)), shape=same.shape)
        same = same.maximum(listed)
    same = same.maximum(same.T).tocsr()
    firm = same.multiply(same > 1.5).tocsr()
    shares = sparse.diags(1.0 / np.maximum(np.asarray(firm.sum(axis=1)).ravel(), 1e-9)) @ firm
    mixed = shares @ information
    joined = (information + options.mixing * (mixed + mixed.T) + options.equivalence * same).tocsr().astype(np.float32)
    left_vectors, sizes, _ = randomized_svd(
        joined, n_components=options.n_dimensions, n_iter=4, random_state=options.seed
    )
    vectors = left_vectors * np.sqrt(sizes)
    vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-6)
    return words, vectors.astype(np.float32)


def _information(paragraphs: Sequence[Words], number: dict[str, int], options: VectorOptions) -> csr_matrix:
    """Positive pointwise mutual information of neighbouring words, symmetric."""
    import numpy as np
    from scipy import sparse

    n_words, gap = len(number), [-1] * options.window
    near = sparse.csr_matrix((n_words, n_words), dtype=np.float32)
    for stream in _streams(paragraphs, number, gap):
        for distance in range(1, options.window + 1):
            left, right = stream[:-distance], stream[distance:]
            known = (left >= 0) & (right >= 0)
            weights = np.full(int(known.sum()), 1.0 / distance, dtype=np.float32)
            near = near + sparse.csr_matrix((weights, (left[known], right[known])), shape=near.shape)
    cells = (near + near.T).tocoo()
    of_word = np.bincount(cells.row, cells.data, n_words)
    smoothed = of_word**options.smoothing
    smoothed *= of_word.sum() / smoothed.sum()
    value = np.log(cells.data * of_word.sum() / (of_word[cells.row] * smoothed[cells.col]))
    kept = (value > 0) & (cells.data >= options.least_weight)
    return sparse.csr_matrix((value[kept], (cells.row[kept], cells.col[kept])), shape=near.shape)


def _streams(paragraphs: Sequence[Words], number: dict[str, int], gap: list[int]) -> Iterable[NDArray[np.int32]]:
    """Give the corpus as word numbers, a few million at a time, with gaps between paragraphs."""
    import numpy as np

    stream: list[int] = []
    for paragraph in paragraphs:
        stream += [number.get(word, -1) for word in paragraph]
        stream += gap
        if len(stream) > 3_000_000:
            yield np.array(stream, dtype=np.int32)
            stream = []
    if stream:
        yield np.array(stream, dtype=np.int32)


def _translations(lines: Sequence[tuple[Words, Words]], number: dict[str, int]) -> csr_matrix:
    """Weigh how surely words of the two sides of translated lines mean the same; not yet symmetric."""
    import numpy as np
    from scipy import sparse

    def presence(side: int) -> csr_matrix:
        rows = [sorted({number[word] for word in line[side] if word in number}) for line in lines]
        first = np.concatenate([[0], np.cumsum([len(row) for row in rows], dtype=np.int64)])
        columns = np.array([word for row in rows for word in row], dtype=np.int64)
        return sparse.csr_matrix((np.ones(len(columns)), columns, first), shape=(len(lines), len(number)))

    if not lines:
        return sparse.csr_matrix((len(number), len(number)))
    left, right = presence(0), presence(1)
    together = (left.T @ right).tocoo()
    n_left, n_right = (np.asarray(side.sum(axis=0)).ravel() for side in (left, right))
    information = np.log(together.data * len(lines) / (n_left[together.row] * n_right[together.col]))
    dice = 2 * together.data / (n_left[together.row] + n_right[together.col])
    kept = (information > 1) & (together.data >= 3)
    weight = (information * np.minimum(1.0, 3 * dice))[kept]
    return sparse.csr_matrix((weight, (together.row[kept], together.col[kept])), shape=together.shape)
