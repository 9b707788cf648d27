"""Errors and intervals for anything that is a function of sums over units, with documents as clusters.

Passages of one report are alike, so the document is what is drawn again (bootstrap) or summed over (linearisation).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
#: Below this many documents an interval over documents says little; results carry a note.
FEWEST_DOCUMENTS = 10


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate with its analytic error and its bootstrap interval; NaN where undefined."""

    estimate: float
    standard_error: float  # linearised, clustered by document
    low: float  # bootstrap percentile interval over documents
    high: float


def sum_by_cluster(statistics: Floats, clusters: NDArray[np.intp]) -> Floats:
    """Sum rows by cluster number; shape (n_clusters, n_statistics)."""
    sums = np.zeros((int(clusters.max()) + 1 if len(clusters) else 0, statistics.shape[1]))
    np.add.at(sums, clusters, statistics)
    return sums


def draw_weights(n_clusters: int, n_draws: int, seed: int, strata: NDArray[np.intp] | None = None) -> Floats:
    """Draw how often each cluster is in each bootstrap sample, shape (n_draws, n_clusters), within strata if given."""
    generator = np.random.default_rng(seed)
    strata = np.zeros(n_clusters, dtype=np.intp) if strata is None else strata
    weights = np.zeros((n_draws, n_clusters))
    for stratum in np.unique(strata):
        members = np.flatnonzero(strata == stratum)
        weights[:, members] = generator.multinomial(len(members), np.full(len(members), 1 / len(members)), size=n_draws)
    return weights


def linearised_error(cluster_sums: Floats, function: Callable[[Floats], Floats]) -> float:
    """Standard error of a smooth function of sums, from its derivative at the sums.

    Parameters
    ----------
    cluster_sums : array, shape (n_clusters, n_statistics)
    function : takes sums, shape (…, n_statistics), gives shape (…)

    Returns
    -------
    float
        NaN with fewer than two clusters. With units as clusters this is Gwet's variance for AC1, AC2 and Fleiss' kappa.
    """
    n_clusters, n_statistics = cluster_sums.shape
    if n_clusters < 2:
        return float("nan")
    total = cluster_sums.sum(axis=0)
    step = 1e-5 * max(float(np.abs(total).max()), 1.0)
    steps = np.eye(n_statistics) * step
    gradient = (function(total + steps) - function(total - steps)) / (2 * step)
    # homogeneous of degree 0: the influences sum to 0 by themselves, up to the derivative's error
    influence = (cluster_sums - cluster_sums.mean(axis=0)) @ gradient
    return float(np.sqrt(n_clusters / (n_clusters - 1) * np.sum(influence**2)))


def interval_of(
    cluster_sums: Floats, weights: Floats, function: Callable[[Floats], Floats], confidence: float = 0.95
) -> Interval:
    """Estimate a function of sums with its linearised error and percentile bootstrap interval.

    ``cluster_sums`` and ``function`` as in `linearised_error`; ``weights`` from `draw_weights`.
    """
    estimate = float(function(cluster_sums.sum(axis=0)))
    draws = function(weights @ cluster_sums)
    draws = draws[~np.isnan(draws)]
    low = high = float("nan")
    if len(draws) and cluster_sums.shape[0] > 1 and not np.isnan(estimate):
        low, high = np.quantile(draws, [(1 - confidence) / 2, (1 + confidence) / 2]).tolist()
    return Interval(estimate, linearised_error(cluster_sums, function), low, high)
