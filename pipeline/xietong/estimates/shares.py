"""Shares of codes, corrected for the machine's errors with a hand-coded sample.

The corrected share is the machine's share over all passages plus the mean error on the hand-coded ones, weighted by
their chances of being drawn. How far the machine is used at all (``tuning``, 0 to 1) is chosen so that the variance is
least: a useless machine gets 0, and the estimate is that of the hand codes alone.

References
----------
Rogan, W. J. and Gladen, B. (1978). Estimating prevalence from the results of a screening test.
Angelopoulos, A. N., Duchi, J. C. and Zrnic, T. (2023). PPI++: efficient prediction-powered inference.
Egami, N., Hinck, M., Stewart, B. M. and Wei, H. (2023). Using imperfect surrogates for downstream inference.
Särndal, C.-E., Swensson, B. and Wretman, J. (1992). Model assisted survey sampling, chapter 6.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from xietong.errors import UsageError

Floats = NDArray[np.float64]
NAN = float("nan")
#: Below these a corrected figure is given with a warning.
FEWEST_HAND_CODED, FEWEST_DOCUMENTS = 20, 10


@dataclass(frozen=True, slots=True)
class Estimate:
    """An estimate, its standard error and its interval."""

    value: float
    standard_error: float
    low: float
    high: float
    tuning: float = NAN  # weight of the machine's codes, 0 to 1


# -- Rogan and Gladen --------------------------------------------------------------------------------------------


def rogan_gladen(apparent: float, sensitivity: float, specificity: float) -> tuple[float, bool]:
    """Correct an apparent share for known error rates: (share, whether it had to be clipped to 0 … 1).

    NaN where sensitivity and specificity add up to 1: then the machine says nothing.

    Examples
    --------
    >>> round(rogan_gladen(23 / 150, 0.96, 0.89)[0], 4)
    0.051
    """
    informative = sensitivity + specificity - 1
    if informative == 0 or np.isnan(informative):
        return NAN, False
    share = (apparent + specificity - 1) / informative
    return min(max(share, 0.0), 1.0), not 0 <= share <= 1


def rogan_gladen_limits(
    n_positive: int, n: int, sensitivity: float, specificity: float, *, confidence: float = 0.95
) -> tuple[float, float]:
    """Map Wilson's limits of the apparent share through Rogan and Gladen's formula, unclipped; error rates as known."""
    informative = sensitivity + specificity - 1
    limits = [(limit + specificity - 1) / informative for limit in wilson(n_positive / n, n, confidence)]
    return min(limits), max(limits)


def wilson(share: float, n: float, confidence: float = 0.95) -> tuple[float, float]:
    """Wilson's interval of a share of ``n`` independent passages."""
    from scipy.stats import norm

    z = float(norm.ppf((1 + confidence) / 2))
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * np.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return float(middle - half), float(middle + half)


# -- prediction-powered mean, as published -----------------------------------------------------------------------


def ppi_mean(
    hand: Floats, machine_on_hand: Floats, machine_on_rest: Floats, *, tuning: float | None = None
) -> Estimate:
    """Prediction-powered mean of a simple random sample, power-tuned (PPI++).

    Parameters
    ----------
    hand, machine_on_hand : array, shape (n,)
        Codes of the hand-coded passages by people and by the machine.
    machine_on_rest : array, shape (N,)
        The machine's codes of the passages that were not coded by hand.
    tuning : None to choose the one with the least variance; 1 for plain PPI; 0 for hand codes alone
    """
    n, rest = len(hand), len(machine_on_rest)
    if tuning is None:
        covariance = np.cov(hand, machine_on_hand)[0, 1]
        variance = np.concatenate([machine_on_hand, machine_on_rest]).var(ddof=1)
        tuning = float(np.clip(covariance / ((1 + n / rest) * variance), 0, 1)) if variance > 0 else 0.0
    value = tuning * machine_on_rest.mean() + (hand - tuning * machine_on_hand).mean()
    error = np.sqrt(tuning**2 * machine_on_rest.var() / rest + (hand - tuning * machine_on_hand).var() / n)
    low, high = _interval(float(value), float(error), np.inf, n, 0.95)
    return Estimate(float(value), float(error), low, high, tuning)


# -- any design --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Influences:
    """A share as a value and the influence of each document on it, so that shares can be subtracted with an error."""

    value: float
    by_document: Floats  # shape (n_documents,)
    tuning: float
    n_hand: int
    n_hand_documents: int
    rarity_variance: float = 0.0  # from strata that showed the code hardly ever, or nearly always

    @property
    def standard_error(self) -> float:
        """Clustered by document; NaN where fewer than two documents have hand codes."""
        g = self.n_hand_documents
        return float(np.sqrt(g / (g - 1) * np.sum(self.by_document**2) + self.rarity_variance)) if g > 1 else NAN


def pool_strata(strata: NDArray[np.intp], is_coded: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Join strata with fewer than two hand-coded passages into one, and that into the largest if still too small.

    Arrays have the shape (n_passages,); the strata given are numbered 0, 1, 2 … without gaps.
    """
    strata = strata.copy()
    n_coded = np.bincount(strata, weights=is_coded)
    small = np.isin(strata, np.flatnonzero(n_coded < 2))
    strata[small] = strata.max() + 1
    if small.any() and (is_coded & small).sum() < 2 and not small.all():
        strata[small] = np.bincount(strata[~small]).argmax()
    return np.unique(strata, return_inverse=True)[1].astype(np.intp)


def design_weights(chances: Floats, strata: NDArray[np.intp], is_coded: NDArray[np.bool_]) -> Floats:
    """Give each hand-coded passage the number of passages it stands for, others 0; they add up to each stratum's size.

    Arrays have the shape (n_passages,): chances of being drawn (0 to 1), numbers of strata, whether coded by hand.
    """
    weights = np.where(is_coded, 1 / chances, 0.0)
    sizes, sums = np.bincount(strata), np.bincount(strata, weights=weights)
    factor = np.divide(sizes, sums, out=np.zeros(len(sizes)), where=sums > 0)
    return weights * factor[strata]


def augmented_share(
    machine: Floats,
    hand: Floats,
    weights: Floats,
    strata: NDArray[np.intp],
    documents: NDArray[np.intp],
    n_documents: int,
    *,
    tuning: float | None = None,
) -> Influences:
    """Estimate a share from machine codes of all passages and hand codes of some.

    Parameters
    ----------
    machine : array, shape (n_passages,)
    hand : array, shape (n_passages,); NaN where not coded by hand
    weights : from `design_weights`; strata and documents : numbers, shape (n_passages,)
    tuning : weight of the machine's codes; None for the one with the least variance over documents
    """
    is_coded = weights > 0
    y = np.where(is_coded, np.nan_to_num(hand), 0.0)
    sizes = np.bincount(strata).astype(float)
    n = len(machine)

    def stratum_means(values: Floats) -> Floats:
        return np.bincount(strata, weights=weights * values) / np.maximum(sizes, 1)

    hand_means, machine_means = stratum_means(y), stratum_means(machine)
    hand_share = float(hand_means @ sizes / n)
    correction = float(machine.mean() - machine_means @ sizes / n)
    of_hand = weights * (y - hand_means[strata]) + hand_means[strata] - hand_share
    of_machine = (machine - machine.mean()) - (
        weights * (machine - machine_means[strata]) + machine_means[strata] - machine_means @ sizes / n
    )
    a = np.bincount(documents, weights=of_hand, minlength=n_documents) / n
    b = np.bincount(documents, weights=of_machine, minlength=n_documents) / n
    if tuning is None:
        tuning = float(np.clip(-(a @ b) / (b @ b), 0, 1)) if b @ b > 0 else 0.0
    return Influences(
        hand_share + tuning * correction,
        a + tuning * b,
        tuning,
        int(is_coded.sum()),
        len(np.unique(documents[is_coded])),
        _variance_of_rarity(y, is_coded, strata, sizes / n),
    )


def _variance_of_rarity(y: Floats, is_coded: NDArray[np.bool_], strata: NDArray[np.intp], shares: Floats) -> float:
    """Variance that strata with fewer than five codes of a kind hide: 0 of 50 is not a share of exactly 0.

    The difference to the variance under the mean of the posterior with Jeffreys' prior.
    """
    n = np.bincount(strata, weights=is_coded)
    k = np.bincount(strata, weights=y)
    is_rare = (np.minimum(k, n - k) < 5) & (n > 0)
    n, k, shares = n[is_rare], k[is_rare], shares[is_rare]
    seen, smoothed = k / n, (k + 0.5) / (n + 1)
    hidden = np.maximum(smoothed * (1 - smoothed) / (n + 1) - seen * (1 - seen) / n, 0.0)
    return float(shares**2 @ hidden)


def _interval(value: float, error: float, degrees: float, n_hand: int, confidence: float) -> tuple[float, float]:
    """Interval on the logit scale, which stays inside 0 … 1 and leans the right way for rare codes."""
    from scipy.special import expit
    from scipy.stats import t

    if np.isnan(error) or np.isnan(value):
        return NAN, NAN
    spread = value * (1 - value)
    if error == 0 or spread < 1e-9:
        # every hand code alike: the data show no variance, yet n passages cannot exclude a small share
        low, high = wilson(min(max(value, 0.0), 1.0), max(n_hand, 1), confidence)
        return max(low, 0.0), min(high, 1.0)
    quantile = float(t.ppf((1 + confidence) / 2, degrees))
    if error > 0.6 * spread:  # so close to 0 or 1 that the logit's slope runs away
        return max(value - quantile * error, 0.0), min(value + quantile * error, 1.0)
    logit, slope = np.log(value / (1 - value)), quantile * error / spread
    return float(expit(logit - slope)), float(expit(logit + slope))


def _as_estimate(influences: Influences, confidence: float) -> Estimate:
    error = influences.standard_error
    degrees = max(influences.n_hand_documents - 1, 1)
    low, high = _interval(influences.value, error, degrees, influences.n_hand, confidence)
    return Estimate(min(max(influences.value, 0.0), 1.0), error, low, high, influences.tuning)


# -- tables ------------------------------------------------------------------------------------------------------


def correct_shares(
    machine: pd.DataFrame,
    hand: pd.DataFrame,
    sample: pd.DataFrame,
    *,
    groups: pd.Series | None = None,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Give the share of passages with each code, naive, by hand alone and corrected, side by side.

    Parameters
    ----------
    machine : frame, one row per passage the machine coded: passage_id, document_id, and a 0/1 column per code
    hand : frame, one row per hand-coded passage: passage_id and the same columns
    sample : from ``sampling.draw_sample``; hand codes of passages that were not drawn are left out
    groups : series by passage_id (year, region …), or None for the corpus as a whole

    Returns
    -------
    frame, one row per group and code
        ``naive`` (the machine's share, with ``naive_low`` and ``naive_high`` as if it made no errors), ``hand``,
        ``corrected`` and ``rogan_gladen``, each with ``_low`` and ``_high``; ``tuning``; ``sensitivity`` and
        ``specificity`` of the machine (weighted); n_passages, n_documents, n_hand; ``note``. NaN where undefined.
    """
    arrays = _align(machine, hand, sample)
    codes = [c for c in machine.columns if c not in ("passage_id", "document_id")]
    unknown = [c for c in codes if c not in hand.columns]
    if unknown:
        raise UsageError(f"the hand codes have no column {', '.join(unknown)}")
    labels, names = _group_numbers(groups, arrays.passages)
    rows = []
    for g, name in enumerate(names):
        members = np.flatnonzero(labels == g)
        part = arrays.take(members)
        for code in codes:
            f = machine[code].to_numpy(float)[members]
            y = arrays.hand_values(hand, code)[members]
            rows.append({"group": name, "code": code} | _shares_of_group(f, y, part, confidence))
    return pd.DataFrame(rows)


@dataclass(frozen=True, slots=True)
class _Aligned:
    """Machine, hand and sample in one order."""

    passages: pd.Index
    documents: NDArray[np.intp]
    chances: Floats
    strata: NDArray[np.intp]
    is_drawn: NDArray[np.bool_]

    def take(self, rows: NDArray[np.intp]) -> _Aligned:
        return _Aligned(
            self.passages[rows], self.documents[rows], self.chances[rows], self.strata[rows], self.is_drawn[rows]
        )

    def hand_values(self, hand: pd.DataFrame, code: str) -> Floats:
        values = hand.set_index("passage_id")[code].reindex(self.passages).to_numpy(float)
        return np.where(self.is_drawn, values, np.nan)


def _align(machine: pd.DataFrame, hand: pd.DataFrame, sample: pd.DataFrame) -> _Aligned:
    passages = pd.Index(machine["passage_id"])
    design = sample.set_index("passage_id").reindex(passages)
    if design["inclusion_probability"].isna().any():
        n_missing = int(design["inclusion_probability"].isna().sum())
        raise UsageError(
            f"{n_missing} of {len(passages)} passages were not there when the sample was drawn; draw a new sample,"
            " or estimate for the passages it was drawn from"
        )
    if hand["passage_id"].duplicated().any():
        doubled = hand.loc[hand["passage_id"].duplicated(), "passage_id"].iloc[0]
        raise UsageError(f"passage {doubled} has two hand codings; settle them first (adjudicated, or one coder's)")
    return _Aligned(
        passages,
        pd.factorize(machine["document_id"])[0].astype(np.intp),
        design["inclusion_probability"].to_numpy(float),
        pd.factorize(design["stratum"])[0].astype(np.intp),
        design["is_drawn"].to_numpy(bool),
    )


def _group_numbers(groups: pd.Series | None, passages: pd.Index) -> tuple[NDArray[np.intp], list[object]]:
    if groups is None:
        return np.zeros(len(passages), dtype=np.intp), ["all"]
    labels, names = pd.factorize(groups.reindex(passages), sort=True)
    return labels.astype(np.intp), list(names)


def _influences(f: Floats, y: Floats, part: _Aligned, tuning: float | None) -> Influences:
    is_coded = ~np.isnan(y)
    strata = pool_strata(np.unique(part.strata, return_inverse=True)[1].astype(np.intp), is_coded)
    weights = design_weights(part.chances, strata, is_coded)
    return augmented_share(f, y, weights, strata, part.documents, int(part.documents.max()) + 1, tuning=tuning)


def _shares_of_group(f: Floats, y: Floats, part: _Aligned, confidence: float) -> dict[str, object]:
    n_documents, n_hand = len(np.unique(part.documents)), int((~np.isnan(y)).sum())
    naive = _naive(f, part.documents, confidence)
    row: dict[str, object] = {"n_passages": len(f), "n_documents": n_documents, "n_hand": n_hand}
    row |= _columns("naive", naive)
    if n_hand < 2:
        empty = Estimate(NAN, NAN, NAN, NAN)
        names = ("hand", "corrected", "rogan_gladen")
        row |= {k: v for name in names for k, v in _columns(name, empty).items()}
        return row | {"tuning": NAN, "sensitivity": NAN, "specificity": NAN, "note": "no hand-coded passages"}
    alone, tuned = _influences(f, y, part, 0.0), _influences(f, y, part, None)
    row |= _columns("hand", _as_estimate(alone, confidence)) | _columns("corrected", _as_estimate(tuned, confidence))
    sensitivity, specificity, adjusted = _rogan_gladen_of_sample(f, y, part, confidence)
    row |= _columns("rogan_gladen", adjusted)
    notes = []
    if n_hand < FEWEST_HAND_CODED:
        notes.append(f"fewer than {FEWEST_HAND_CODED} hand-coded passages")
    if tuned.n_hand_documents < FEWEST_DOCUMENTS:
        notes.append(f"interval unreliable: hand codes from fewer than {FEWEST_DOCUMENTS} documents")
    if np.nansum(y) == 0:
        notes.append("no hand-coded passage has the code")
    return row | {
        "tuning": tuned.tuning, "sensitivity": sensitivity, "specificity": specificity, "note": "; ".join(notes),
    }  # fmt: skip


def _columns(name: str, estimate: Estimate) -> dict[str, object]:
    return {name: estimate.value, f"{name}_low": estimate.low, f"{name}_high": estimate.high}


def _naive(f: Floats, documents: NDArray[np.intp], confidence: float) -> Estimate:
    """The machine's share with a cluster-robust interval, as if its codes were the truth."""
    n_clusters = len(np.unique(documents))
    influence = np.bincount(documents, weights=f - f.mean()) / len(f)
    whole = Influences(float(f.mean()), influence, 1.0, len(f), n_clusters)
    return _as_estimate(whole, confidence)


def _rogan_gladen_of_sample(f: Floats, y: Floats, part: _Aligned, confidence: float) -> tuple[float, float, Estimate]:
    """Rogan and Gladen with the error rates of the same sample, and the delta method's error over documents."""
    is_coded = ~np.isnan(y)
    strata = pool_strata(np.unique(part.strata, return_inverse=True)[1].astype(np.intp), is_coded)
    w, truth = design_weights(part.chances, strata, is_coded), np.nan_to_num(y)
    positives, negatives = float(w @ truth), float(w @ (is_coded * (1 - truth)))
    if positives == 0 or negatives == 0:
        return NAN, NAN, Estimate(NAN, NAN, NAN, NAN)
    sensitivity, specificity = (
        float(w @ (truth * f)) / positives,
        float(w @ (is_coded * (1 - truth) * (1 - f))) / negatives,
    )
    informative = sensitivity + specificity - 1
    share, was_clipped = rogan_gladen(float(f.mean()), sensitivity, specificity)
    if informative <= 0:
        return sensitivity, specificity, Estimate(NAN, NAN, NAN, NAN)
    influence = (f - f.mean()) / len(f) - share * w * truth * (f - sensitivity) / positives
    influence += (1 - share) * w * (is_coded * (1 - truth)) * ((1 - f) - specificity) / negatives
    by_document = np.bincount(part.documents, weights=(influence / informative).astype(np.float64)).astype(np.float64)
    whole = Influences(share, by_document, 1.0, int(is_coded.sum()), len(np.unique(part.documents[is_coded])))
    estimate = _as_estimate(whole, confidence)
    return (
        sensitivity,
        specificity,
        Estimate(share, estimate.standard_error, estimate.low, estimate.high, NAN if was_clipped else 1.0),
    )


def contrast_shares(
    machine: pd.DataFrame,
    hand: pd.DataFrame,
    sample: pd.DataFrame,
    groups: pd.Series,
    *,
    reference: object = None,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Give the difference of each group's corrected share from a reference group's, with a cluster-robust interval.

    Parameters
    ----------
    machine, hand, sample, groups : as in `correct_shares`
    reference : name of a group; the first by default

    Returns
    -------
    frame, one row per other group and code
        ``naive`` and ``corrected`` differences with ``_low`` and ``_high``, and the corrected one's two-sided
        ``p_value``.
    """
    from scipy.stats import t

    arrays = _align(machine, hand, sample)
    labels, names = _group_numbers(groups, arrays.passages)
    reference = names[0] if reference is None else reference
    if reference not in names:
        raise UsageError(f"no group {reference}; the groups are {', '.join(map(str, names))}")
    base = names.index(reference)
    rows = []
    for code in (c for c in machine.columns if c not in ("passage_id", "document_id")):
        f, y = machine[code].to_numpy(float), arrays.hand_values(hand, code)
        n_documents = int(arrays.documents.max()) + 1
        fits = [_pair_of_fits(f, y, arrays, np.flatnonzero(labels == g), n_documents) for g in range(len(names))]
        for g, name in enumerate(names):
            if g == base or fits[g] is None or fits[base] is None:
                continue
            row: dict[str, object] = {"group": name, "reference": reference, "code": code}
            for label, this, other in zip(("naive", "corrected"), fits[g] or (), fits[base] or (), strict=True):
                clusters = max(this.n_hand_documents + other.n_hand_documents, 3)
                error = np.sqrt(clusters / (clusters - 1) * np.sum((this.by_document - other.by_document) ** 2))
                difference, quantile = this.value - other.value, t.ppf((1 + confidence) / 2, clusters - 2)
                row |= _columns(
                    label, Estimate(difference, error, difference - quantile * error, difference + quantile * error)
                )
                row["p_value"] = float(2 * t.sf(abs(difference) / error, clusters - 2)) if error > 0 else NAN
            rows.append(row)
    return pd.DataFrame(rows)


def _pair_of_fits(
    f: Floats, y: Floats, arrays: _Aligned, members: NDArray[np.intp], n_documents: int
) -> tuple[Influences, Influences] | None:
    """Naive and corrected influences of one group on all documents; None without hand codes."""
    part, own = arrays.take(members), y[members]
    if (~np.isnan(own)).sum() < 2:
        return None
    fit = _influences(f[members], own, part, None)
    deviation = f[members] - f[members].mean()
    naive = np.bincount(part.documents, weights=deviation, minlength=n_documents) / float(len(members))
    padded = np.zeros(n_documents)
    padded[: len(fit.by_document)] = fit.by_document
    n_clusters = len(np.unique(part.documents))
    corrected = Influences(fit.value, padded, fit.tuning, fit.n_hand, fit.n_hand_documents)
    return Influences(float(f[members].mean()), naive, 1.0, len(members), n_clusters), corrected
