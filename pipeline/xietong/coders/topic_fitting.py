"""Fits the topics that the topics coder folds in: non-negative matrix factorisation guided by the codebook's terms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from scipy.sparse import csr_matrix


def fit_guided_topics(
    rows: csr_matrix, seeds: Sequence[Mapping[int, float]], *, n_free: int = 23, n_rounds: int = 60, seed: int = 0
) -> NDArray[np.float64]:
    """Factorise weighted counts, starting each code's topic from the code's terms.

    Parameters
    ----------
    rows
        Weighted counts of unlabelled passages, shape (n_passages, n_words + 1).
    seeds
        For each code the numbers of its terms' words, with their weights.
    n_free
        Topics without a code, for all the rest that is spoken of.

    Returns
    -------
    array of float, shape (n_words + 1, n_codes + n_free)
        Share of each topic given the word; a row of zeros for words that no topic has.

    References
    ----------
    Lee, D. D., & Seung, H. S. (2001). Algorithms for non-negative matrix factorization.
    """
    import numpy as np
    from sklearn.decomposition import NMF

    n_topics = len(seeds) + n_free
    rng = np.random.default_rng(seed)
    mean = float(rows.mean()) / n_topics
    topics = np.full((n_topics, rows.shape[1]), np.sqrt(mean) * 0.05) * rng.uniform(0.5, 1.5, (n_topics, rows.shape[1]))
    for topic, words in enumerate(seeds):
        for number, weight in words.items():
            topics[topic, number] = weight
    topics[len(seeds) :] *= 20
    shares = np.maximum(rows @ topics.T, 1e-6)
    model = NMF(n_components=n_topics, init="custom", max_iter=n_rounds, tol=1e-4, random_state=seed)
    model.fit_transform(rows, W=shares, H=topics)
    found = model.components_.T
    total = found.sum(axis=1, keepdims=True)
    given: NDArray[np.float64] = np.where(total > 1e-9, found / np.maximum(total, 1e-9), 0.0)
    return given
