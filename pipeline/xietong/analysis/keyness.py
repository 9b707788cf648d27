"""Which words set one part of a corpus apart from another, how strongly, and how evenly over documents."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from xietong.errors import UsageError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


def log_odds(
    target: ArrayLike, reference: ArrayLike, *, prior: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Compare word rates by log odds with an informative Dirichlet prior.

    Parameters
    ----------
    target, reference : arrays of int, shape (n_words,)
        Counts of the same words.
    prior : array of float, shape (n_words,), or float
        Pseudo-counts of each word. Informative: ``a0 * background share`` (`background_prior`).

    Returns
    -------
    delta, z : arrays of float, shape (n_words,)
        The difference of log odds, and the same over its standard deviation. z ranks words; it is not a test,
        for words are many and come in clusters.

    Raises
    ------
    UsageError
        If a side has no words, or the prior is not positive.

    References
    ----------
    Monroe, B. L., Colaresi, M. P. & Quinn, K. M. (2008). Fightin' words, eqs 15, 16 and 22.
    """
    y1, y2 = _sides(target, reference)
    a = np.broadcast_to(np.asarray(prior, dtype=float), y1.shape)
    if (a <= 0).any():
        raise UsageError("the prior of log odds needs a positive pseudo-count for every word")
    n1, n2, a0 = y1.sum(), y2.sum(), a.sum()
    delta = np.log((y1 + a) / (n1 + a0 - y1 - a)) - np.log((y2 + a) / (n2 + a0 - y2 - a))
    return delta, delta / np.sqrt(1 / (y1 + a) + 1 / (y2 + a))


def background_prior(background: ArrayLike, a0: float) -> NDArray[np.float64]:
    """Spread ``a0`` pseudo-counts over words as a background corpus does, shape (n_words,); they add up to ``a0``."""
    y = np.asarray(background, dtype=float)
    return a0 * y / y.sum()


def log_likelihood(target: ArrayLike, reference: ArrayLike) -> NDArray[np.float64]:
    """Give the signed log-likelihood ratio G² of each word; positive where the target has more than its share.

    Counts and result have the shape (n_words,); G² has no unit.

    References
    ----------
    Dunning, T. (1993). Accurate methods for the statistics of surprise and coincidence.
    Rayson, P. & Garside, R. (2000). Comparing corpora using frequency profiling (the two-cell form).
    """
    from scipy.special import xlogy

    y1, y2 = _sides(target, reference)
    n1, n2 = y1.sum(), y2.sum()
    rate = (y1 + y2) / (n1 + n2)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio1 = np.where(rate > 0, y1 / (n1 * rate), 1.0)
        ratio2 = np.where(rate > 0, y2 / (n2 * rate), 1.0)
    return 2 * (xlogy(y1, ratio1) + xlogy(y2, ratio2)) * np.sign(y1 / n1 - y2 / n2)


def dispersion(counts: Any, sizes: ArrayLike) -> NDArray[np.float64]:
    """Say how unevenly each word is spread over documents: 0 in proportion to their length, 1 in one of many.

    Parameters
    ----------
    counts : sparse matrix, shape (n_documents, n_words)
    sizes : array of float, shape (n_documents,)
        Words of each document.

    Returns
    -------
    array of float, shape (n_words,)
        Gries's deviation of proportions, over its largest value 1 - min(share of a document); NaN for absent words.

    References
    ----------
    Gries, S. Th. (2008). Dispersions and adjusted frequencies in corpora; normalised as in Lijffijt & Gries (2012).
    """
    sizes = np.asarray(sizes, dtype=float)
    share = sizes / sizes.sum()
    counts = counts.tocoo()
    totals = np.asarray(counts.sum(axis=0)).ravel()
    of_word = counts.data / totals[counts.col]
    expected = share[counts.row]
    # documents without the word contribute their whole expected share: 1 minus that of the documents with it
    gap = np.bincount(counts.col, weights=np.abs(of_word - expected) - expected, minlength=counts.shape[1]) + 1.0
    most = 1 - share[share > 0].min()
    return np.where(totals > 0, gap / 2 / most if most > 0 else 0.0, np.nan)


def clustered_log_ratio(
    target: NDArray[np.float64], target_sizes: NDArray[np.float64],
    reference: NDArray[np.float64], reference_sizes: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:  # fmt: skip
    """Give the log2 ratio of two rates with its standard error between documents.

    Parameters
    ----------
    target, reference : arrays, shape (n_documents of that side, n_words)
        Counts by document.
    target_sizes, reference_sizes : arrays, shape (n_documents of that side,)
        Words of each document.

    Returns
    -------
    estimate, standard_error : arrays of float, shape (n_words,)
        Linearised ratio variance of each side (Cochran, 1977), never smaller than that of independent words.
    """
    estimate = log_ratio_of_sums(target, target_sizes, reference, reference_sizes)
    variance = np.zeros(target.shape[1])
    for k, n in ((target, target_sizes), (reference, reference_sizes)):
        total, size, g = k.sum(axis=0), n.sum(), len(n)
        rate = total / size
        residual = ((k - rate * n[:, None]) ** 2).sum(axis=0) * (g / max(g - 1, 1))
        variance += np.maximum(residual, total) / np.maximum(total, 0.5) ** 2
        variance += np.where(total == 0, 2.0, 0.0)  # half a word instead of none: an error of its own size
    return estimate, np.sqrt(variance) / np.log(2)


def log_ratio_of_sums(
    target: NDArray[np.float64], target_sizes: NDArray[np.float64],
    reference: NDArray[np.float64], reference_sizes: NDArray[np.float64],
) -> NDArray[np.float64]:  # fmt: skip
    """Give log2 of the ratio of two rates counted by document, shape (n_words,); half a word where there is none.

    Counts are words by document, shape (n_documents, n_words); sizes are all words of each, shape (n_documents,).
    """
    y1, y2 = np.maximum(target.sum(axis=0), 0.5), np.maximum(reference.sum(axis=0), 0.5)
    return np.log2(y1 / target_sizes.sum()) - np.log2(y2 / reference_sizes.sum())


def _sides(target: ArrayLike, reference: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    y1, y2 = np.asarray(target, dtype=float), np.asarray(reference, dtype=float)
    if y1.shape != y2.shape:
        raise UsageError(f"keyness needs counts of the same words on both sides; got {y1.shape} and {y2.shape}")
    if y1.sum() <= 0 or y2.sum() <= 0:
        raise UsageError("keyness needs words on both sides; one side has none")
    return y1, y2
