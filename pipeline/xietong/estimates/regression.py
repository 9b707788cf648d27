"""Regressions on coded passages, corrected by design-based supervised learning, with errors clustered by document.

References
----------
Egami, N., Hinck, M., Stewart, B. M. and Wei, H. (2023). Using imperfect surrogates for downstream inference:
design-based supervised learning for social science applications of large language models.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from xietong.errors import UsageError

Floats = NDArray[np.float64]
Moments = Callable[[Floats, Floats, Floats], tuple[Floats, Floats]]


@dataclass(frozen=True, slots=True, kw_only=True)
class RegressionOptions:
    """How the regression is fitted."""

    model: str = "linear"  # linear or logit
    n_folds: int = 5  # parts for cross-fitting: no passage's code is predicted from itself
    n_splits: int = 10  # random ways to cut into folds; the median over them is reported
    seed: int = 20260101
    confidence: float = 0.95


def regress(
    frame: pd.DataFrame,
    outcome: str,
    predictors: Sequence[str],
    *,
    hand: dict[str, str],
    inclusion_probability: str = "inclusion_probability",
    document: str | None = "document_id",
    options: RegressionOptions = RegressionOptions(),
) -> pd.DataFrame:
    """Regress an outcome on predictors, where some of them are machine codes that people checked on a sample.

    Parameters
    ----------
    frame : one row per passage
        Text columns among the predictors become one 0/1 column per value but the first.
    hand : machine-coded column -> column with the hand code, NaN where the passage was not coded by hand
        May name the outcome, predictors, or both.
    inclusion_probability : column with each passage's chance of having been drawn, above 0
    document : column whose values are the clusters; None to treat passages as independent

    Returns
    -------
    frame, one row per term
        ``naive`` (machine codes taken for the truth), ``hand`` (hand-coded passages alone, weighted) and
        ``corrected``, each with ``_se``, ``_low``, ``_high``; ``p_value``: two-sided, of the corrected one.

    Raises
    ------
    UsageError
        If a column is missing, a probability is not above 0, or too few passages have hand codes.
    """
    chances = _check(frame, outcome, predictors, hand, inclusion_probability)
    is_coded = frame[list(hand.values())].notna().all(axis=1).to_numpy()
    machine, names = _design(frame, outcome, predictors, {})
    if is_coded.sum() < 2 * len(names) + options.n_folds:
        raise UsageError(f"{int(is_coded.sum())} hand-coded passages are too few for {len(names)} terms; code more")
    clusters = np.arange(len(frame)) if document is None else pd.factorize(frame[document])[0]
    moments = {"linear": _linear, "logit": _logit}.get(options.model)
    if moments is None:
        raise UsageError(f'unknown model "{options.model}"; known: linear, logit')
    ones, weights = np.ones(len(frame)), np.where(is_coded, 1 / chances, 0.0)
    truth, _ = _design(frame, outcome, predictors, hand)
    naive = _solve([(machine, ones)], clusters, moments)
    alone = _solve([(truth, weights)], clusters, moments)
    fits = []
    for split in range(options.n_splits):
        guess = _design_from(
            frame, outcome, predictors, _cross_fit(frame, outcome, predictors, hand, is_coded, split, options)
        )
        fits.append(_solve([(guess, ones - weights), (truth, weights)], clusters, moments, start=alone[0]))
    values = np.median([b for b, _ in fits], axis=0)
    variances = np.median([np.diag(v) + (b - values) ** 2 for b, v in fits], axis=0)
    return _table(names, naive, alone, values, variances, len(np.unique(clusters)), options.confidence)


def _check(
    frame: pd.DataFrame, outcome: str, predictors: Sequence[str], hand: dict[str, str], inclusion_probability: str
) -> Floats:
    wanted = [outcome, *predictors, *hand, *hand.values(), inclusion_probability]
    missing = [c for c in dict.fromkeys(wanted) if c not in frame.columns]
    if missing:
        raise UsageError(f"no column {', '.join(missing)}; the columns are {', '.join(frame.columns)}")
    foreign = [c for c in hand if c != outcome and c not in predictors]
    if foreign or not hand:
        raise UsageError(f"hand names columns of the regression that people checked; got {', '.join(hand) or 'none'}")
    chances = frame[inclusion_probability].to_numpy(float)
    if not (chances > 0).all() or (chances > 1).any():
        raise UsageError("every passage needs a known chance of being drawn, above 0 and at most 1")
    return chances


def _design(
    frame: pd.DataFrame, outcome: str, predictors: Sequence[str], replaced: dict[str, str]
) -> tuple[Floats, list[str]]:
    """Outcome in column 0, then the terms; hand codes in the place of machine codes where ``replaced`` says so."""
    columns = [frame[replaced.get(outcome, outcome)].to_numpy(float)[:, None], np.ones((len(frame), 1))]
    names = ["(intercept)"]
    for name in predictors:
        series = frame[replaced.get(name, name)]
        if pd.api.types.is_numeric_dtype(series) or pd.api.types.is_bool_dtype(series):
            columns.append(series.to_numpy(float)[:, None])
            names.append(name)
        else:
            values = sorted(series.dropna().unique().tolist())[1:]
            columns.append(
                np.column_stack([(series == v).to_numpy(float) for v in values])
                if values
                else np.empty((len(frame), 0))
            )
            names += [f"{name}={v}" for v in values]
    return np.nan_to_num(np.hstack(columns)), names


def _design_from(frame: pd.DataFrame, outcome: str, predictors: Sequence[str], guesses: dict[str, Floats]) -> Floats:
    return _design(frame.assign(**guesses), outcome, predictors, {})[0]


def _cross_fit(
    frame: pd.DataFrame,
    outcome: str,
    predictors: Sequence[str],
    hand: dict[str, str],
    is_coded: NDArray[np.bool_],
    split: int,
    options: RegressionOptions,
) -> dict[str, Floats]:
    """Predict each hand code from the machine's and the other variables, linearly, by people's codes of other folds."""
    generator = np.random.default_rng([options.seed, split])
    folds = generator.permutation(np.arange(len(frame)) % options.n_folds)
    folds[is_coded] = generator.permutation(np.arange(is_coded.sum()) % options.n_folds)
    # the machine's codes and what is known without error, the outcome among them
    columns, _ = _design(frame, outcome, predictors, {})
    guesses: dict[str, Floats] = {}
    for name, hand_name in hand.items():
        truth, guess = frame[hand_name].to_numpy(float), np.empty(len(frame))
        for fold in range(options.n_folds):
            fitted = is_coded & (folds != fold)
            # least squares with the smallest norm: columns that are constant in a fold do no harm
            slopes = np.linalg.lstsq(columns[fitted], truth[fitted], rcond=None)[0]
            guess[folds == fold] = columns[folds == fold] @ slopes
        guesses[name] = guess
    return guesses


def _linear(table: Floats, weights: Floats, values: Floats) -> tuple[Floats, Floats]:
    terms = table[:, 1:]
    residual = table[:, 0] - terms @ values
    return terms * (weights * residual)[:, None], -(terms * weights[:, None]).T @ terms


def _logit(table: Floats, weights: Floats, values: Floats) -> tuple[Floats, Floats]:
    from scipy.special import expit

    terms = table[:, 1:]
    chance = expit(terms @ values)
    slope = weights * chance * (1 - chance)
    return terms * (weights * (table[:, 0] - chance))[:, None], -(terms * slope[:, None]).T @ terms


def _solve(
    parts: list[tuple[Floats, Floats]], clusters: NDArray[np.intp], moments: Moments, start: Floats | None = None
) -> tuple[Floats, Floats]:
    """Solve sum of moments = 0 by Newton's method; the values and their sandwich variance, clustered."""
    values = np.zeros(parts[0][0].shape[1] - 1) if start is None else start.copy()
    for _ in range(100):
        contributions, slope = _sum_parts(parts, values, moments)
        step = np.linalg.lstsq(slope, contributions.sum(axis=0), rcond=None)[0]
        # a long step on a logit can overshoot for good
        values = values - step * min(1.0, 5.0 / max(float(np.abs(step).max()), 1e-12))
        if np.abs(step).max() < 1e-10:
            break
    else:
        raise UsageError("the regression finds no solution: a predictor separates the outcome, or terms are collinear")
    contributions, slope = _sum_parts(parts, values, moments)
    by_cluster = np.zeros((int(clusters.max()) + 1, len(values)))
    np.add.at(by_cluster, clusters, contributions)
    inverse = np.linalg.pinv(slope)
    return values, inverse @ (by_cluster.T @ by_cluster) @ inverse.T


def _sum_parts(parts: list[tuple[Floats, Floats]], values: Floats, moments: Moments) -> tuple[Floats, Floats]:
    results = [moments(table, weights, values) for table, weights in parts]
    return sum(r[0] for r in results), sum(r[1] for r in results)  # type: ignore[return-value]


def _table(
    names: list[str],
    naive: tuple[Floats, Floats],
    alone: tuple[Floats, Floats],
    values: Floats,
    variances: Floats,
    n_clusters: int,
    confidence: float,
) -> pd.DataFrame:
    from scipy.stats import t

    quantile = float(t.ppf((1 + confidence) / 2, max(n_clusters - 1, 1)))
    columns: dict[str, object] = {"term": names}
    for name, b, error in (
        ("naive", naive[0], np.sqrt(np.diag(naive[1]))),
        ("hand", alone[0], np.sqrt(np.diag(alone[1]))),
        ("corrected", values, np.sqrt(variances)),
    ):
        columns |= {
            name: b,
            f"{name}_se": error,
            f"{name}_low": b - quantile * error,
            f"{name}_high": b + quantile * error,
        }
    errors = np.sqrt(variances)
    scores = np.divide(np.abs(values), errors, out=np.full(len(values), np.inf), where=errors > 0)
    columns["p_value"] = 2 * t.sf(scores, max(n_clusters - 1, 1))
    return pd.DataFrame(columns)
