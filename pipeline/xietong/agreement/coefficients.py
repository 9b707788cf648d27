"""Coefficients of agreement, each a function of sums over units, so that intervals need no second pass.

Every coefficient here is computed from *statistics* that add up over units (a passage coded by several coders). The
sums over documents can therefore be reweighted a thousand times for a bootstrap, or differentiated for an analytic
error, without looking at the ratings again. ``statistics_of_*`` gives one row per unit; ``*_from_sums`` accepts sums
of such rows with any leading axes.

References
----------
Cohen, J. (1960). A coefficient of agreement for nominal scales.
Fleiss, J. L. (1971). Measuring nominal scale agreement among many raters.
Gwet, K. L. (2008). Computing inter-rater reliability and its variance in the presence of high agreement.
Krippendorff, K. (2019). Content Analysis, 4th edition, chapter 12.
Passonneau, R. (2006). Measuring agreement on set-valued items (MASI) for semantic and pragmatic annotation.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def _ratio(numerator: Floats, denominator: Floats) -> Floats:
    """Divide, NaN where the denominator is zero: a coefficient without variation is undefined, not 1 and not 0."""
    return np.divide(
        numerator, denominator, out=np.full(np.broadcast(numerator, denominator).shape, np.nan), where=denominator != 0
    )


def count_categories(ratings: Floats, categories: Sequence[float]) -> Floats:
    """Count how many coders gave each unit each category.

    Parameters
    ----------
    ratings : array of float, shape (n_units, n_coders)
        NaN where a coder did not code the unit.
    categories : sequence of float, length n_categories

    Returns
    -------
    array of float, shape (n_units, n_categories)
    """
    return (ratings[:, :, None] == np.asarray(categories, float)[None, None, :]).sum(axis=1).astype(float)


def category_weights(categories: Sequence[float], kind: str) -> Floats:
    """Give the agreement weights between categories, shape (n_categories, n_categories).

    ``identity`` counts only equal categories; ``ordinal``, ``linear`` and ``quadratic`` give part of the credit to
    near ones (Gwet 2014, Handbook of Inter-Rater Reliability, 4th edition, section 3.5).
    """
    values = np.asarray(categories, float)
    if kind == "identity":
        return np.eye(len(values))
    if kind == "ordinal":
        steps = np.abs(np.subtract.outer(np.arange(len(values)), np.arange(len(values))))
        pairs = (steps + 1) * steps / 2
        return 1 - pairs / max(pairs.max(), 1)
    distance = np.abs(np.subtract.outer(values, values))
    if kind == "linear":
        return 1 - distance / max(distance.max(), 1)
    if kind == "quadratic":
        return 1 - distance**2 / max(distance.max() ** 2, 1)
    raise ValueError(f'unknown weights "{kind}"; known: identity, ordinal, linear, quadratic')


# -- percent agreement, Fleiss, Gwet -----------------------------------------------------------------------------


def statistics_of_counts(counts: Floats, weights: Floats) -> Floats:
    """Give per unit: agreement, whether at least two coders coded it, whether one did, and its category shares.

    Shape (n_units, 3 + n_categories).
    """
    n_coders = counts.sum(axis=1)
    is_pairable = n_coders >= 2
    agreement = (counts * (counts @ weights.T - 1)).sum(axis=1)
    agreement = np.where(is_pairable, _ratio(agreement, n_coders * (n_coders - 1)), 0.0)
    shares = np.where(n_coders[:, None] > 0, _ratio(counts, n_coders[:, None]), 0.0)
    return np.column_stack([agreement, is_pairable, n_coders > 0, shares])


def percent_from_sums(sums: Floats) -> Floats:
    """Mean share of agreeing pairs of coders (weighted where the weights were)."""
    return _ratio(sums[..., 0], sums[..., 1])


def gwet_from_sums(sums: Floats, weights: Floats) -> Floats:
    """Gwet's AC1 (identity weights) or AC2."""
    observed, shares = percent_from_sums(sums), _ratio(sums[..., 3:], sums[..., 2, None])
    q = weights.shape[0]
    by_chance = weights.sum() / (q * (q - 1)) * (shares * (1 - shares)).sum(axis=-1)
    return _ratio(observed - by_chance, 1 - by_chance)


def fleiss_from_sums(sums: Floats, weights: Floats) -> Floats:
    """Fleiss' kappa, for any number of coders per unit; Scott's pi for two."""
    observed, shares = percent_from_sums(sums), _ratio(sums[..., 3:], sums[..., 2, None])
    by_chance = ((shares @ weights) * shares).sum(axis=-1)
    return _ratio(observed - by_chance, 1 - by_chance)


# -- Krippendorff ------------------------------------------------------------------------------------------------


def statistics_of_coincidences(counts: Floats) -> Floats:
    """Give each unit's coincidences of categories, shape (n_units, n_categories ** 2); none where fewer than two."""
    n_coders = counts.sum(axis=1)
    pairs = counts[:, :, None] * counts[:, None, :]
    diagonal = np.arange(counts.shape[1])
    pairs[:, diagonal, diagonal] -= counts
    scale = np.where(n_coders >= 2, 1 / np.maximum(n_coders - 1, 1), 0.0)
    return (pairs * scale[:, None, None]).reshape(len(counts), -1)


def _difference(margins: Floats, categories: Floats, level: str) -> Floats:
    """Squared difference between categories at a level of measurement, shape (…, n_categories, n_categories)."""
    if level == "nominal":
        return 1 - np.eye(len(categories))
    if level == "ordinal":
        midpoints = margins.cumsum(axis=-1) - margins / 2
        return (midpoints[..., :, None] - midpoints[..., None, :]) ** 2
    if level == "interval":
        return np.subtract.outer(categories, categories) ** 2
    if level == "ratio":
        return (
            np.nan_to_num(_ratio(np.subtract.outer(categories, categories), np.add.outer(categories, categories))) ** 2
        )
    raise ValueError(f'unknown level "{level}"; known: nominal, ordinal, interval, ratio')


def alpha_from_sums(sums: Floats, categories: Sequence[float], level: str = "nominal") -> Floats:
    """Krippendorff's alpha from summed coincidences."""
    values = np.asarray(categories, float)
    q = len(values)
    coincidences = sums.reshape(*sums.shape[:-1], q, q)
    margins = coincidences.sum(axis=-1)
    total = margins.sum(axis=-1)
    difference = _difference(margins, values, level)
    observed = (coincidences * difference).sum(axis=(-2, -1))
    expected = (margins[..., :, None] * margins[..., None, :] * difference).sum(axis=(-2, -1))
    return 1 - _ratio(observed * (total - 1), expected)


def masi_distance(a: frozenset[Hashable], b: frozenset[Hashable]) -> float:
    """Distance between two sets of codes: 1 - Jaccard times 1, 2/3, 1/3 or 0 (equal, nested, overlapping, disjoint)."""
    if a == b:
        return 0.0
    common, union = len(a & b), len(a | b)
    monotonicity = 2 / 3 if a <= b or b <= a else 1 / 3 if common else 0.0
    return 1 - common / union * monotonicity


def statistics_of_sets(sets: Sequence[Sequence[frozenset[Hashable] | None]]) -> tuple[Floats, Floats]:
    """Prepare set-valued ratings for alpha.

    Parameters
    ----------
    sets : per unit, per coder a frozenset of codes, or None where the coder did not code the unit

    Returns
    -------
    statistics : array, shape (n_units, 1 + n_distinct_sets)
        Observed disagreement of the unit, then how often it has each distinct set.
    distances : array, shape (n_distinct_sets, n_distinct_sets)
    """
    index: dict[frozenset[Hashable], int] = {}
    rows: list[list[int]] = []
    for unit in sets:
        coded = [s for s in unit if s is not None]
        rows.append([index.setdefault(s, len(index)) for s in coded] if len(coded) >= 2 else [])
    distinct = list(index)
    distances = np.array([[masi_distance(a, b) for b in distinct] for a in distinct]).reshape(len(distinct), -1)
    statistics = np.zeros((len(rows), 1 + len(distinct)))
    for u, row in enumerate(rows):
        if row:
            statistics[u, 0] = distances[np.ix_(row, row)].sum() / (len(row) - 1)
            np.add.at(statistics[u], [1 + i for i in row], 1)
    return statistics, distances


def set_alpha_from_sums(sums: Floats, distances: Floats) -> Floats:
    """Krippendorff's alpha for sets, with the given distances between them."""
    margins = sums[..., 1:]
    total = margins.sum(axis=-1)
    expected = ((margins @ distances) * margins).sum(axis=-1)
    return 1 - _ratio(sums[..., 0] * (total - 1), expected)


# -- pairs of coders ---------------------------------------------------------------------------------------------


def statistics_of_pairs(ratings: Floats, categories: Sequence[float]) -> Floats:
    """Give each unit's cell in the cross-table of each pair of coders, shape (n_units, n_pairs * n_categories ** 2)."""
    is_category = ratings[:, :, None] == np.asarray(categories, float)[None, None, :]
    first, second = np.triu_indices(ratings.shape[1], k=1)
    cells = is_category[:, first, :, None] & is_category[:, second, None, :]
    return cells.reshape(len(ratings), -1).astype(float)


def cohen_from_sums(sums: Floats, n_categories: int, weights: Floats | None = None) -> Floats:
    """Cohen's kappa; with more than two coders the mean over pairs (Light 1971)."""
    tables = sums.reshape(*sums.shape[:-1], -1, n_categories, n_categories)
    weights = np.eye(n_categories) if weights is None else weights
    total = tables.sum(axis=(-2, -1))
    observed = _ratio((tables * weights).sum(axis=(-2, -1)), total)
    rows, columns = tables.sum(axis=-1), tables.sum(axis=-2)
    by_chance = _ratio(((rows @ weights) * columns).sum(axis=-1), total**2)
    kappas = _ratio(observed - by_chance, 1 - by_chance)
    is_defined = ~np.isnan(kappas)
    return _ratio(np.where(is_defined, kappas, 0.0).sum(axis=-1), is_defined.sum(axis=-1).astype(float))


def binary_from_sums(sums: Floats) -> dict[str, Floats]:
    """Positive and negative agreement, precision and recall from two-category tables, pooled over pairs.

    Precision and recall read the second coder of each pair as the reference.
    """
    tables = sums.reshape(*sums.shape[:-1], -1, 2, 2).sum(axis=-3)
    neither, only_second = tables[..., 0, 0], tables[..., 0, 1]
    only_first, both = tables[..., 1, 0], tables[..., 1, 1]
    differ = only_first + only_second
    return {
        "positive_agreement": _ratio(2 * both, 2 * both + differ),
        "negative_agreement": _ratio(2 * neither, 2 * neither + differ),
        "precision": _ratio(both, both + only_first),
        "recall": _ratio(both, both + only_second),
    }


# -- the same, straight from ratings -----------------------------------------------------------------------------


def _categories_of(ratings: Floats, categories: Sequence[float] | None) -> Sequence[float]:
    return np.unique(ratings[~np.isnan(ratings)]).tolist() if categories is None else categories


def percent_agreement(ratings: Floats) -> float:
    """Share of agreeing pairs of coders, averaged over units; ``ratings`` as in `count_categories`."""
    categories = _categories_of(ratings, None)
    return float(percent_from_sums(_gwet_sums(ratings, categories, "identity")))


def _gwet_sums(ratings: Floats, categories: Sequence[float], weights: str) -> Floats:
    return statistics_of_counts(count_categories(ratings, categories), category_weights(categories, weights)).sum(
        axis=0
    )


def fleiss_kappa(ratings: Floats, *, categories: Sequence[float] | None = None, weights: str = "identity") -> float:
    """Fleiss' kappa of ratings, shape (n_units, n_coders), NaN where missing."""
    categories = _categories_of(ratings, categories)
    return float(fleiss_from_sums(_gwet_sums(ratings, categories, weights), category_weights(categories, weights)))


def gwet_ac(ratings: Floats, *, categories: Sequence[float] | None = None, weights: str = "identity") -> float:
    """Gwet's AC1 of ratings, shape (n_units, n_coders), NaN where missing; AC2 with other weights than identity."""
    categories = _categories_of(ratings, categories)
    return float(gwet_from_sums(_gwet_sums(ratings, categories, weights), category_weights(categories, weights)))


def krippendorff_alpha(ratings: Floats, *, level: str = "nominal", categories: Sequence[float] | None = None) -> float:
    """Krippendorff's alpha of ratings, shape (n_units, n_coders), NaN where missing.

    Parameters
    ----------
    level : nominal, ordinal, interval or ratio

    Returns
    -------
    float
        At most 1; 0 for chance; NaN where no two coders coded the same unit or nothing varies.

    Examples
    --------
    >>> round(krippendorff_alpha(np.array([[1, 1], [2, 2], [1, 2], [2, 2.0]])), 3)
    0.533
    """
    categories = _categories_of(ratings, categories)
    sums = statistics_of_coincidences(count_categories(ratings, categories)).sum(axis=0)
    return float(alpha_from_sums(sums, categories, level))


def cohen_kappa(ratings: Floats, *, categories: Sequence[float] | None = None, weights: str = "identity") -> float:
    """Cohen's kappa of ratings, shape (n_units, n_coders); units that one of a pair left out do not count."""
    categories = _categories_of(ratings, categories)
    sums = statistics_of_pairs(ratings, categories).sum(axis=0)
    return float(cohen_from_sums(sums, len(categories), category_weights(categories, weights)))


def masi_alpha(sets: Sequence[Sequence[frozenset[Hashable] | None]]) -> float:
    """Krippendorff's alpha for sets of codes with the MASI distance; None where a coder did not code the unit."""
    statistics, distances = statistics_of_sets(sets)
    return float(set_alpha_from_sums(statistics.sum(axis=0), distances))
