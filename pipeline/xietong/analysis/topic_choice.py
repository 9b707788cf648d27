"""How many topics: coherence of their words and stability over resampled documents, as a curve."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from xietong.analysis.results import tidy
from xietong.analysis.topic_model import fit_topics
from xietong.errors import UsageError
from xietong.tables import TOPIC_CHOICE

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

MEASURES = (
    "this measures, for each number of topics, how often the words of a topic stand together (NPMI, -1 to 1) and how alike "
    "the topics come out when documents are resampled (matched cosine, 0 to 1); the numbers differ little near the best"
)
TOLERANCE = 0.1
GRID = (4, 6, 8, 10, 12, 15, 18, 22, 26, 30)


def coherence(counts: Any, top_terms: NDArray[np.intp]) -> NDArray[np.float64]:
    """Give the mean normalised pointwise mutual information of each topic's words over the passages.

    Parameters
    ----------
    counts : sparse matrix, shape (n_passages, n_terms)
    top_terms : array of int, shape (n_topics, n_top)
        Columns of ``counts``.

    Returns
    -------
    array of float, shape (n_topics,)
        -1: never together, 0: as by chance, 1: always. Pairs that never meet count as -1.

    References
    ----------
    Bouma, G. (2009). Normalized (pointwise) mutual information in collocation extraction.
    Lau, J. H., Newman, D. & Baldwin, T. (2014). Machine reading tea leaves.
    """
    used, place = np.unique(top_terms, return_inverse=True)
    place = place.reshape(top_terms.shape)
    present = (counts.tocsc()[:, used] > 0).astype(float)
    together = np.asarray((present.T @ present).todense()) / counts.shape[0]
    single = np.diag(together)
    with np.errstate(divide="ignore", invalid="ignore"):
        npmi = np.log(together / np.outer(single, single)) / -np.log(together)
    npmi = np.where(together > 0, npmi, -1.0)
    npmi = np.where(together >= 1, 1.0, npmi)
    first, second = np.triu_indices(top_terms.shape[1], k=1)
    return npmi[place[:, first], place[:, second]].mean(axis=1)


def matched_cosines(first: NDArray[np.float64], second: NDArray[np.float64]) -> NDArray[np.float64]:
    """Pair the rows of two models one to one for the largest sum of cosines, and give each first row's cosine.

    Both have the shape (n_topics, n_words), the result (n_topics,).

    References
    ----------
    Greene, D., O'Callaghan, D. & Cunningham, P. (2014). How many topics? Stability analysis for topic models.
    """
    from scipy.optimize import linear_sum_assignment

    a = first / np.maximum(np.sqrt((first**2).sum(axis=1, keepdims=True)), 1e-12)
    b = second / np.maximum(np.sqrt((second**2).sum(axis=1, keepdims=True)), 1e-12)
    cosine = a @ b.T
    rows, columns = linear_sum_assignment(-cosine)
    result = np.zeros(len(first))
    result[rows] = cosine[rows, columns]
    return result


def stability(
    counts: Any, terms: Sequence[str], components: NDArray[np.float64], document: NDArray[np.intp], *, method: str,
    n_resamples: int = 3, seed: int = 0,
) -> NDArray[np.float64]:  # fmt: skip
    """Fit the same number of topics on random four fifths of the documents; mean matched cosine of each topic."""
    return np.mean(
        [
            matched_cosines(components, fit_topics(part, terms, len(components), method=method, seed=seed, n_steps=60).components)
            for part in _resamples(counts, document, n_resamples, seed)
        ],
        axis=0,
    )  # fmt: skip


def choose_n_topics(
    counts: Any,
    terms: Sequence[str],
    document: NDArray[np.intp],
    *,
    grid: Sequence[int] = GRID,
    method: str = "nmf",
    n_resamples: int = 3,
    n_passages: int = 4000,
    seed: int = 0,
) -> pd.DataFrame:
    """Fit each number of topics and score it by coherence and stability.

    Parameters
    ----------
    counts : sparse matrix, shape (n_passages, n_terms)
    terms : sequence of str
    document : array of int, shape (n_passages,)
        The document of each passage; documents are resampled, for their passages are alike.
    grid : sequence of int
        Numbers to try; those too large for the corpus are left out.
    method : str
    n_resamples : int
    n_passages : int
        At most so many passages, drawn at random, are used for the choice.
    seed : int

    Returns
    -------
    DataFrame
        Schema `TOPIC_CHOICE`. ``score`` is the mean of coherence and stability, each rescaled to 0 … 1 over the grid.
        Of the numbers within 0.1 of the best score the largest is chosen: as good, and it says more.

    Raises
    ------
    UsageError
        If the corpus is too small for every number of the grid.
    """
    if counts.shape[0] > n_passages:
        drawn = np.sort(np.random.default_rng([seed, 7]).choice(counts.shape[0], n_passages, replace=False))
        counts, document = counts[drawn], document[drawn]
    tried = [k for k in sorted(set(grid)) if 2 <= k <= min(counts.shape[0] // 25, counts.shape[1] // 5)]
    if not tried:
        raise UsageError(
            f"{counts.shape[0]} coded passages with {counts.shape[1]} terms are too few to choose a number of topics; "
            "give more documents, or the number yourself"
        )
    rows = []
    for k in tried:
        model = fit_topics(counts, terms, k, method=method, seed=seed, n_steps=60)
        top = np.argsort(-model.components, axis=1, kind="stable")[:, :10]
        stable = stability(counts, terms, model.components, document, method=method, n_resamples=n_resamples, seed=seed)
        rows.append({
            "n_topics": k, "coherence": float(coherence(counts, top).mean()), "stability": float(stable.mean()),
            "exclusivity": float((np.bincount(top.ravel())[top] == 1).mean()),
        })  # fmt: skip
    scores = (_rescaled([row["coherence"] for row in rows]) + _rescaled([row["stability"] for row in rows])) / 2
    best = int(np.flatnonzero(scores >= scores.max() - TOLERANCE)[-1])
    for i, row in enumerate(rows):
        row |= {"score": float(scores[i]), "is_chosen": i == best}
    return tidy(
        rows, schema=TOPIC_CHOICE, n_documents=len(np.unique(document)), n_passages=counts.shape[0], corrected=False,
        interval=f"none; stability over {n_resamples} random four fifths of the documents", measures=MEASURES,
    )  # fmt: skip


def _resamples(counts: Any, document: NDArray[np.intp], n_resamples: int, seed: int) -> list[Any]:
    """Draw four fifths of the documents; where there are fewer than ten, of the passages."""
    generator = np.random.default_rng([seed, 11])
    unit = document if len(np.unique(document)) >= 10 else np.arange(counts.shape[0])
    units = np.unique(unit)
    parts = []
    for _ in range(n_resamples):
        kept = generator.permutation(units)[: max(int(0.8 * len(units)), 2)]
        parts.append(counts[np.isin(unit, kept)])
    return parts


def _rescaled(values: Sequence[float]) -> NDArray[np.float64]:
    array = np.asarray(values, dtype=float)
    width = array.max() - array.min()
    return (array - array.min()) / width if width > 1e-9 else np.ones_like(array)
