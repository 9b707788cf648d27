"""Whether levels of government attend to the same things, in the same years or some years later."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from xietong.analysis.counts import Counts, group_documents
from xietong.analysis.resampling import INTERVAL, caution, resample_weights
from xietong.analysis.results import tidy
from xietong.errors import UsageError

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import ArrayLike, NDArray

MEASURES = (
    "this measures how alike the attention profiles of two levels are, against dealing the same documents to the "
    "levels at random: two samples of one policy are not 1 either; it does not show that one level follows the other"
)
STATISTICS = ("cosine", "jensen_shannon")


def cosine(first: ArrayLike, second: ArrayLike) -> Any:
    """Give the cosine of two profiles along the last axis; 1 for proportional ones."""
    a, b = np.asarray(first, dtype=float), np.asarray(second, dtype=float)
    with np.errstate(invalid="ignore", divide="ignore"):
        return (a * b).sum(axis=-1) / np.sqrt((a * a).sum(axis=-1) * (b * b).sum(axis=-1))


def jensen_shannon(first: ArrayLike, second: ArrayLike) -> Any:
    """Give the Jensen-Shannon divergence of two profiles along the last axis, in bits, 0 to 1.

    References
    ----------
    Lin, J. (1991). Divergence measures based on the Shannon entropy.
    """
    from scipy.special import xlogy

    a, b = np.asarray(first, dtype=float), np.asarray(second, dtype=float)
    with np.errstate(invalid="ignore", divide="ignore"):
        a = a / a.sum(axis=-1, keepdims=True)
        b = b / b.sum(axis=-1, keepdims=True)
    middle = (a + b) / 2

    def bits(p: NDArray[np.float64]) -> Any:
        return -xlogy(p, p).sum(axis=-1) / np.log(2)

    return np.maximum(bits(middle) - (bits(a) + bits(b)) / 2, 0)


def similarity(first: ArrayLike, second: ArrayLike, statistic: str) -> Any:
    """Give the cosine, or 1 - sqrt(Jensen-Shannon divergence), of two profiles along the last axis."""
    return cosine(first, second) if statistic == "cosine" else 1 - np.sqrt(jensen_shannon(first, second))


def consistency(
    counts: Counts,
    facet: str,
    levels: tuple[str, str] = ("central", "provincial"),
    *,
    lags: Sequence[int] = (0,),
    n_resamples: int = 500,
    n_permutations: int = 499,
    seed: int = 0,
) -> pd.DataFrame:
    """Compare the attention profiles of two levels, year by year and at lags.

    Parameters
    ----------
    counts : Counts
    facet : str
        The profile is the distribution of its codes over the passages that carry one.
    levels : pair of str
        The reference and the level compared with it.
    lags : sequence of int
        Years by which the second is compared later than the first: lag 1 sets province t beside centre t - 1.
    n_resamples, n_permutations, seed : int

    Returns
    -------
    DataFrame
        Schema `TRENDS`. Per lag and year, and per lag over all years (``year`` missing): ``cosine`` and
        ``jensen_shannon`` similarity (1 - sqrt of the divergence), each with a document-bootstrap interval
        (over all years not narrower than the spread between years allows: one report a year shows no spread);
        ``…_null``, the mean when documents are dealt to the two levels at random within each pair of years; and
        ``…_excess``. ``p`` is the share of such deals that are at most as alike: small means the levels differ
        more than two samples of one policy would.

    Raises
    ------
    UsageError
        If a level is absent, or the levels share fewer than two years.
    """
    columns = counts.columns(facet=facet, value_from=1)
    if len(columns) < 2:
        raise UsageError(f"consistency needs a facet with two codes or more; {facet!r} has {len(columns)}")
    cells = _cells(counts, levels)
    rows: list[dict[str, Any]] = []
    for lag in lags:
        pairs = [(t, cells[levels[0], t - lag], cells[levels[1], t]) for level, t in sorted(cells)
                 if level == levels[1] and (levels[0], t - lag) in cells]  # fmt: skip
        pairs = [pair for pair in pairs if all(counts.k[rows][:, columns].sum() > 0 for rows in pair[1:])]
        if len(pairs) >= 2:
            rows += _at_lag(counts, columns, pairs, lag, n_resamples, n_permutations, seed)
    if not rows:
        raise UsageError(f"{levels[0]} and {levels[1]} documents share fewer than two years; nothing to compare")
    return tidy(
        rows, analysis="consistency", facet=facet, value_from=1, group_by="level", group=levels[1], reference=levels[0],
        corrected=False, measures=MEASURES,
        interval=f"{INTERVAL}, {n_resamples} resamples; null and p by {n_permutations} permutations of documents",
    )  # fmt: skip


def _at_lag(
    counts: Counts, columns: list[int], pairs: list[tuple[int, NDArray[np.intp], NDArray[np.intp]]], lag: int,
    n_resamples: int, n_permutations: int, seed: int,
) -> list[dict[str, Any]]:  # fmt: skip
    rows = []
    k = counts.k[:, columns].astype(float)
    observed, drawn, dealt = (
        np.zeros((len(pairs), len(STATISTICS), size)) for size in (1, n_resamples, n_permutations)
    )
    for i, (year, one, other) in enumerate(pairs):
        both = np.concatenate([one, other])
        weights = [resample_weights(len(part), n_resamples=n_resamples, seed=seed + year) for part in (one, other)]
        members = _deal(len(one), len(other), n_permutations, np.random.default_rng([seed, year, lag + 1000]))
        for j, statistic in enumerate(STATISTICS):
            observed[i, j, 0] = similarity(k[one].sum(axis=0), k[other].sum(axis=0), statistic)
            drawn[i, j] = similarity(weights[0] @ k[one] + 1e-9, weights[1] @ k[other] + 1e-9, statistic)
            dealt[i, j] = similarity(members @ k[both] + 1e-9, (1 - members) @ k[both] + 1e-9, statistic)
        rows += _rows(observed[i], drawn[i], dealt[i], counts, [both], {"year": year, "lag": lag},
                      min(len(one), len(other)))  # fmt: skip
    together = [np.concatenate(pair[1:]) for pair in pairs]
    rows += _rows(
        observed.mean(axis=0), drawn.mean(axis=0), dealt.mean(axis=0), counts, together, {"lag": lag},
        min(sum(len(pair[1]) for pair in pairs), sum(len(pair[2]) for pair in pairs)),
        between=np.std(observed[:, :, 0], axis=0, ddof=1) / np.sqrt(len(pairs)),
    )  # fmt: skip
    return rows


def _rows(
    observed: NDArray[np.float64], drawn: NDArray[np.float64], dealt: NDArray[np.float64], counts: Counts,
    documents: list[NDArray[np.intp]], label: dict[str, Any], fewest: int,
    between: NDArray[np.float64] | None = None,
) -> list[dict[str, Any]]:  # fmt: skip
    every = np.unique(np.concatenate(documents))
    same = {**label, "n_documents": len(every), "n_passages": int(counts.n[every].sum()), "caution": caution(fewest)}
    rows = []
    for j, statistic in enumerate(STATISTICS):
        value, null = float(observed[j, 0]), dealt[j]
        spread = max(float(np.std(drawn[j])), 0.0 if between is None else float(between[j]))
        half = 1.96 * spread if fewest > 1 else np.nan
        p = (1 + int((null <= value + 1e-12).sum())) / (1 + len(null))
        rows += [
            {**same, "statistic": statistic, "estimate": value, "low": value - half,
             "high": min(value + half, 1.0), "p": p},
            {**same, "statistic": f"{statistic}_null", "estimate": float(null.mean()),
             "low": float(np.quantile(null, 0.025)), "high": float(np.quantile(null, 0.975))},
            {**same, "statistic": f"{statistic}_excess", "estimate": value - float(null.mean())},
        ]  # fmt: skip
    return rows


def _deal(n_first: int, n_second: int, n_permutations: int, generator: np.random.Generator) -> NDArray[np.float64]:
    """Deal documents to two hands of fixed size; 1.0 where a document is in the first."""
    order = np.argsort(generator.random((n_permutations, n_first + n_second)), axis=1)
    return (order < n_first).astype(float)


def _cells(counts: Counts, levels: tuple[str, str]) -> dict[tuple[str, int], NDArray[np.intp]]:
    cells = group_documents(counts.documents, ("level", "year"))
    found = {str(key[0]) for key in cells}
    if missing := [level for level in levels if level not in found]:
        raise UsageError(
            f"no document of level {missing[0]!r} with a year; there are {', '.join(sorted(found)) or 'none'}"
        )
    return {(str(key[0]), int(str(key[1]))): rows for key, rows in cells.items() if key[0] in levels}
