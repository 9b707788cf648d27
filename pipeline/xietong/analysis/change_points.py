"""When a series changed its level, with the probability that chance alone would show as much."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from xietong.analysis.counts import Counts, group_documents
from xietong.analysis.resampling import adjust_p, caution, permutation_p
from xietong.analysis.results import tidy
from xietong.errors import UsageError

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

MEASURES = (
    "this measures whether attention shifted once within the years covered, and after which year; a year chosen after "
    "seeing the series is a description, not a test of a policy"
)
FEWEST_YEARS = 6


def change_points(
    counts: Counts, by: str | None = "level", *, n_permutations: int = 999, seed: int = 0
) -> pd.DataFrame:
    """Look for one change in the attention to each code over the years, in each group of documents.

    Parameters
    ----------
    counts : Counts
    by : str, optional
        Property that makes the groups; None for all documents together. Groups with fewer than six years or
        twelve documents are left out.
    n_permutations, seed : int

    Returns
    -------
    DataFrame
        Schema `TRENDS`, per group and code: ``year_of_change`` (the first year of the new level, by the binomial
        likelihood ratio; p by permuting documents over the years), ``level_before``, ``level_after`` and
        ``pettitt_year`` (by ranks of the yearly shares, p by permuting the years' documents as well).

    Raises
    ------
    UsageError
        If no group is long enough.
    """
    groups = group_documents(counts.documents, (by,) if by else ())
    rows: list[dict[str, Any]] = []
    seen = []
    for key, documents in groups.items():
        part = counts.take(documents)
        years = part.documents["year"]
        part = part.take(years.notna().to_numpy(dtype=bool))
        n_years = part.documents["year"].nunique()
        seen.append((n_years, len(part.n)))
        if n_years >= FEWEST_YEARS and len(part.n) >= 2 * FEWEST_YEARS:
            label = {"group_by": by or "", "group": str(key[0]) if key else ""}
            rows += [{**label, **row} for row in _changes(part, n_permutations, seed)]
    if not rows:
        most_years, its_documents = max(seen, default=(0, 0))
        raise UsageError(
            f"a change point needs {FEWEST_YEARS} years and {2 * FEWEST_YEARS} documents with a year in one group; "
            f"the longest has {most_years} years and {its_documents} documents"
        )
    for statistic in ("year_of_change", "pettitt_year"):
        chosen = [row for row in rows if row["statistic"] == statistic]
        for row, p in zip(chosen, adjust_p([row["p"] for row in chosen]), strict=True):
            row["p_adjusted"] = p
    return tidy(
        rows, analysis="change_point", corrected=False, measures=MEASURES,
        interval=f"none; p by {n_permutations} permutations of documents over years",
    )  # fmt: skip


def _changes(counts: Counts, n_permutations: int, seed: int) -> list[dict[str, Any]]:
    """Scan the observed series and those with the documents dealt anew to the years."""
    order = np.argsort(counts.documents["year"].to_numpy(dtype=int), kind="stable")
    sorted_years = counts.documents["year"].to_numpy(dtype=int)[order]
    years, starts = np.unique(sorted_years, return_index=True)
    k, n = counts.k[order].astype(float), counts.n[order].astype(float)
    generator = np.random.default_rng([seed, len(n)])
    deals = [np.arange(len(n))] + [generator.permutation(len(n)) for _ in range(n_permutations)]
    all_k = np.stack([np.add.reduceat(k[deal], starts, axis=0) for deal in deals])
    all_n = np.stack([np.add.reduceat(n[deal], starts) for deal in deals])
    ratio = scan_rates(all_k, all_n)
    best = ratio.max(axis=1)
    p = permutation_p(best[0], best[1:])
    rows = []
    for i, one in enumerate(counts.measured):
        if not 0 < k[:, i].sum() < n.sum():
            continue
        after = int(np.argmax(ratio[0, :, i])) + 1
        u = np.abs(scan_ranks(all_k[:, :, i] / all_n))
        same = {
            **one.names, "n_documents": len(n), "n_passages": int(n.sum()), "n_coded": int(k[:, i].sum()),
            "caution": caution(len(n), int(k[:, i].sum())),
        }  # fmt: skip
        year = int(years[after])
        before, later = (
            float(all_k[0, half, i].sum() / all_n[0, half].sum()) for half in (slice(0, after), slice(after, None))
        )
        pettitt_year = int(years[int(np.argmax(u[0])) + 1])
        rows += [
            {**same, "statistic": "year_of_change", "estimate": year, "year": year, "p": p[i]},
            {**same, "statistic": "level_before", "estimate": before, "year": year},
            {**same, "statistic": "level_after", "estimate": later, "year": year},
            {**same, "statistic": "pettitt_year", "estimate": pettitt_year, "year": pettitt_year,
             "p": float(permutation_p(u[0].max(), u[1:].max(axis=1)))},
        ]  # fmt: skip
    return rows


def scan_ranks(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give Pettitt's U for every split of each series: the sum of sgn(x_a - x_b) over a before and b after it.

    Parameters
    ----------
    values : array of float, shape (n_series, n_periods)

    Returns
    -------
    array of float, shape (n_series, n_periods - 1)
        The change is where |U| is largest.

    References
    ----------
    Pettitt, A. N. (1979). A non-parametric approach to the change-point problem.
    """
    sign = np.sign(values[:, :, None] - values[:, None, :])
    return np.cumsum(sign.sum(axis=2), axis=1)[:, :-1]  # what lies before cancels within itself


def scan_rates(k: NDArray[np.float64], n: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give twice the log likelihood ratio of two binomial rates against one, for every split of series of k of n.

    Parameters
    ----------
    k : array of float, shape (n_series, n_periods, n_codes)
    n : array of float, shape (n_series, n_periods)

    Returns
    -------
    array of float, shape (n_series, n_periods - 1, n_codes)
        The change is where it is largest. The largest of many is not chi-squared: p comes from permuting documents.
    """
    head_k, head_n = np.cumsum(k, axis=1), np.cumsum(n, axis=1)[:, :, None]
    all_k, all_n = head_k[:, -1:], head_n[:, -1:]
    tail_k, tail_n = all_k - head_k, all_n - head_n
    split = _log_likelihood(head_k, head_n) + _log_likelihood(tail_k, tail_n)
    return np.maximum(2 * (split - _log_likelihood(all_k, all_n)), 0)[:, :-1]


def _log_likelihood(k: NDArray[np.float64], n: NDArray[np.float64]) -> NDArray[np.float64]:
    from scipy.special import xlogy

    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.where(n > 0, k / n, 0.0)
    return xlogy(k, share) + xlogy(n - k, 1 - share)
