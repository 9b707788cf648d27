"""Intervals and tests that treat documents, not passages, as the units that were drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

FEW_DOCUMENTS = 10
INTERVAL = "95 % document-clustered bootstrap"


def resample_weights(
    n_documents: int, *, n_resamples: int = 1000, seed: int = 0, strata: NDArray[np.intp] | None = None
) -> NDArray[np.float64]:
    """Draw documents with replacement: how often each document is in each resample.

    Parameters
    ----------
    n_documents : int
    n_resamples : int
    seed : int
        The same seed gives the same draws on every machine.
    strata : array of int, shape (n_documents,), optional
        Draw within each stratum; strata of one document are drawn together.

    Returns
    -------
    array of float, shape (n_resamples, n_documents)
    """
    generator = np.random.default_rng([seed, n_documents])
    if strata is None:
        parts = [np.arange(n_documents)]
    else:
        strata = np.asarray(strata)
        sizes = np.bincount(strata)
        merged = np.where(sizes[strata] < 2, -1, strata)
        parts = [np.flatnonzero(merged == one) for one in np.unique(merged)]
    weights = np.zeros((n_resamples, n_documents))
    for part in parts:
        draws = generator.integers(0, len(part), size=(n_resamples, len(part)))
        flat = draws + np.arange(n_resamples)[:, None] * len(part)
        weights[:, part] = np.bincount(flat.ravel(), minlength=n_resamples * len(part)).reshape(n_resamples, len(part))
    return weights


def ratio_intervals(
    k: ArrayLike, n: ArrayLike, *, weights: NDArray[np.float64], level: float = 0.95
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Estimate shares sum(k) / sum(n) with intervals that respect the clustering of passages in documents.

    The documents are resampled; both sums are taken again in every resample. The spread is measured on the
    logit scale, where it is nearly symmetric, and widened by Student's t with the *effective* number of
    documents, 1 / sum(h²) with h a document's share of the passages, so that few documents, or a few very
    long ones, are not mistaken for much evidence. Plain percentiles cover only 77 to 91 % there.

    Parameters
    ----------
    k : array of int, shape (n_documents,) or (n_documents, n_codes)
        Passages that carry the code, by document.
    n : array of int, shape (n_documents,)
        Passages, by document.
    weights : array of float, shape (n_resamples, n_documents)
        From `resample_weights`.
    level : float
        Coverage wanted.

    Returns
    -------
    share, low, high : arrays of float, shape (n_codes,) or scalars
        NaN bounds with fewer than two documents. Where no passage (or every passage) carries the code, the
        Wilson interval of the passages, for the spread between documents cannot be seen.

    References
    ----------
    Cochran, W. G. (1977). Sampling Techniques, ch. 6 (ratio estimators).
    Cameron, A. C. & Miller, D. L. (2015). A practitioner's guide to cluster-robust inference.
    """
    from scipy import stats

    n = np.asarray(n, dtype=float)
    k = np.asarray(k, dtype=float)
    totals, size = k.sum(axis=0), n.sum()
    share = totals / size
    if len(n) < 2:
        return share, np.full_like(share, np.nan), np.full_like(share, np.nan)
    drawn = weights @ n
    rates = ((weights @ k).T + 0.5) / (drawn + 1.0)  # half a passage keeps the logit finite
    spread = np.std(np.log(rates / (1 - rates)), axis=-1)
    effective = size**2 / (n**2).sum()
    wide = stats.t.ppf(0.5 + level / 2, max(effective - 1, 1.0)) * np.sqrt(effective / max(effective - 1, 0.5))
    centre = (totals + 0.5) / (size + 1.0)
    centre = np.log(centre / (1 - centre))
    low, high = (1 / (1 + np.exp(-(centre + sign * wide * spread))) for sign in (-1, 1))
    empty = (totals == 0) | (totals == size)
    wilson_low, wilson_high = wilson(totals, size, level=level)
    return (
        share,
        np.where(empty, wilson_low, np.minimum(low, share)),
        np.where(empty, wilson_high, np.maximum(high, share)),
    )


def wilson(k: ArrayLike, n: ArrayLike, *, level: float = 0.95) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Give Wilson's score interval of k in n independent passages: lower and upper ends, of the shape of ``k``.

    References
    ----------
    Wilson, E. B. (1927). Probable inference, the law of succession, and statistical inference.
    """
    from scipy import stats

    k, n = np.asarray(k, dtype=float), np.asarray(n, dtype=float)
    z = stats.norm.ppf(0.5 + level / 2)
    share = k / n
    centre = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2)) / (1 + z**2 / n)
    return np.clip(centre - half, 0, 1), np.clip(centre + half, 0, 1)


def ratio_variance(k: NDArray[np.float64], n: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give the linearised variance of s = sum(k) / sum(n) over documents: G/(G-1) · sum((k - s n)²) / sum(n)².

    Parameters
    ----------
    k : array of float, shape (n_documents,) or (n_documents, n_codes)
        Passages of each document that carry the code.
    n : array of float, shape (n_documents,)
        Passages of each document.

    Returns
    -------
    array of float, shape () or (n_codes,)

    References
    ----------
    Cochran, W. G. (1977). Sampling techniques, 3rd edition, chapter 6: the variance of a ratio.
    """
    n = np.asarray(n, dtype=float)
    k = np.asarray(k, dtype=float)
    share = k.sum(axis=0) / n.sum()
    residual = k - share * (n[:, None] if k.ndim == 2 else n)
    return len(n) / (len(n) - 1) * (residual**2).sum(axis=0) / n.sum() ** 2


def adjust_p(p: ArrayLike) -> NDArray[np.float64]:
    """Adjust p values for the number of tests so that the false discovery rate is held; NaN stays NaN, the shape too.

    References
    ----------
    Benjamini, Y. & Hochberg, Y. (1995). Controlling the false discovery rate.
    """
    p = np.asarray(p, dtype=float)
    adjusted = np.full(p.shape, np.nan)
    known = np.flatnonzero(~np.isnan(p))
    if len(known):
        order = known[np.argsort(p[known], kind="stable")]
        scaled = p[order] * len(order) / np.arange(1, len(order) + 1)
        adjusted[order] = np.minimum(np.minimum.accumulate(scaled[::-1])[::-1], 1.0)
    return adjusted


def permutation_p(observed: ArrayLike, permuted: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give the share of permutations at least as extreme, counting the observed one among them.

    ``permuted`` has the shape (n_permutations, *observed.shape). Larger is more extreme. The result is 1/(1 + n) at least.
    """
    observed = np.asarray(observed, dtype=float)
    least = observed - 1e-12 * np.maximum(1.0, np.abs(observed))  # equal but for rounding counts as equal
    return (1 + (permuted >= least).sum(axis=0)) / (1 + len(permuted))


def caution(n_documents: int, n_coded: int | None = None) -> str:
    """Say what makes an interval unreliable, or nothing."""
    if n_documents < 2:
        return "no interval: one document"
    if n_coded == 0:
        return "never coded here: interval of independent passages"
    return f"interval unreliable: {n_documents} documents" if n_documents < FEW_DOCUMENTS else ""
