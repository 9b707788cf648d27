"""How attention is spread: relative emphasis of groups, breadth over codes, concentration over regions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from xietong.analysis.counts import Counts, group_documents
from xietong.analysis.resampling import INTERVAL, adjust_p, caution, permutation_p, resample_weights
from xietong.analysis.results import tidy
from xietong.analysis.trends import _named
from xietong.errors import UsageError

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import ArrayLike, NDArray

QUOTIENT_MEASURES = (
    "this measures relative emphasis: the group's attention to the code over that of all documents; above 1 is more "
    "emphasis, never an advantage; shrunk towards the average where the group has little text"
)
BREADTH_MEASURES = (
    "this measures over how many codes attention is spread: as many equally frequent codes would give as much"
)
CONCENTRATION_MEASURES = (
    "this measures how unequally regions attend to the code, beyond what dealing the same documents to regions at "
    "random gives; it is not a gap between the regions' economies"
)


def location_quotient(part: ArrayLike, part_total: ArrayLike, whole: ArrayLike, whole_total: ArrayLike) -> Any:
    """Give (part / part_total) / (whole / whole_total): 1 where the part has the share of the whole.

    References
    ----------
    Balassa, B. (1965). Trade liberalisation and "revealed" comparative advantage (the same ratio).
    """
    return (np.asarray(part) / np.asarray(part_total)) / (np.asarray(whole) / np.asarray(whole_total))


def attention_quotient(counts: Counts, by: str = "region") -> pd.DataFrame:
    """Compare each group's attention to each code with that of all documents, shrinking what little text says.

    Parameters
    ----------
    counts : Counts
    by : str
        The property that makes the groups.

    Returns
    -------
    DataFrame
        Schema `TRENDS`, per group and code ``quotient`` (as observed) and ``shrunken_quotient``. The log quotient has
        variance D (1/k - 1/n + 1/K - 1/N), with D the code's design effect (how much more documents differ than
        chance); it is shrunk by the between-group variance of DerSimonian and Laird (1986). ``p`` tests quotient 1.

    Raises
    ------
    UsageError
        If there are fewer than three groups: shrinkage has nothing to learn from.
    """
    from scipy import stats

    groups = group_documents(counts.documents, (by,))
    if len(groups) < 3:
        raise UsageError(f"an attention quotient by {by} needs three groups or more; there are {len(groups)}")
    every = np.concatenate(list(groups.values()))
    k_all, n_all = counts.k[every].sum(axis=0).astype(float), float(counts.n[every].sum())
    design = _design_effects(counts.k[every].astype(float), counts.n[every].astype(float))
    k = np.stack([counts.k[rows].sum(axis=0) for rows in groups.values()]).astype(float)
    n = np.array([counts.n[rows].sum() for rows in groups.values()], dtype=float)
    log_quotient = np.log(location_quotient(k + 0.5, (n + 0.5)[:, None], k_all + 0.5, n_all + 0.5))
    variance = design * np.maximum(1 / (k + 0.5) - 1 / (n[:, None] + 0.5) + 1 / (k_all + 0.5) - 1 / (n_all + 0.5), 1e-9)
    shrunken, error = _shrink(log_quotient, variance)
    p = 2 * stats.norm.sf(np.abs(log_quotient) / np.sqrt(variance))
    rows = []
    for g, (key, documents) in enumerate(groups.items()):
        for i, one in enumerate(counts.measured):
            if k_all[i] == 0:
                continue
            half = 1.96 * np.sqrt(variance[g, i])
            same = {
                **one.names, "group": str(key[0]), "p": p[g, i], "n_documents": len(documents), "n_passages": int(n[g]),
                "n_coded": int(k[g, i]), "caution": caution(len(documents)) if len(documents) < 3 else "",
            }  # fmt: skip
            rows.append({**same, "statistic": "quotient", "estimate": location_quotient(k[g, i], n[g], k_all[i], n_all),
                         "low": np.exp(log_quotient[g, i] - half),
                         "high": np.exp(log_quotient[g, i] + half)})  # fmt: skip
            rows.append({**same, "statistic": "shrunken_quotient", "estimate": np.exp(shrunken[g, i]),
                         "low": np.exp(shrunken[g, i] - 1.96 * error[g, i]),
                         "high": np.exp(shrunken[g, i] + 1.96 * error[g, i])})  # fmt: skip
    adjusted = adjust_p([row["p"] for row in rows[::2]])
    for i, row in enumerate(rows):
        row["p_adjusted"] = adjusted[i // 2]
    return tidy(
        rows, analysis="quotient", group_by=by, reference="all documents", corrected=False, measures=QUOTIENT_MEASURES,
        interval="95 % of the log quotient, variance times the design effect of documents",
    )  # fmt: skip


def breadth(counts: Counts, facet: str, by: Sequence[str] = ("level", "year"), *, n_resamples: int = 1000,
            seed: int = 0) -> pd.DataFrame:  # fmt: skip
    """Estimate over how many codes of a facet attention is spread.

    Parameters
    ----------
    counts : Counts
    facet : str
    by : sequence of str
    n_resamples, seed : int

    Returns
    -------
    DataFrame
        Schema `TRENDS`, per cell ``effective_number`` (exp of the entropy of the codes' shares, the entropy corrected
        by (codes seen - 1) / 2N after Miller, 1955) and ``evenness`` (entropy over its largest value; Pielou, 1966).
        Cells with fewer than twenty coded passages have no row.

    References
    ----------
    Hill, M. O. (1973). Diversity and evenness.
    """
    columns = counts.columns(facet=facet, value_from=1)
    if len(columns) < 2:
        raise UsageError(f"breadth needs a facet with two codes or more; {facet!r} has {len(columns)}")
    rows = []
    for key, documents in group_documents(counts.documents, by).items():
        k = counts.k[documents][:, columns].astype(float)
        if k.sum() < 20:
            continue
        entropy = float(_entropy(k.sum(axis=0)))
        weights = resample_weights(len(documents), n_resamples=n_resamples, seed=seed)
        spread = float(np.std(_entropy(weights @ k))) if len(documents) > 1 else np.nan
        half = 1.96 * spread * np.sqrt(len(documents) / max(len(documents) - 1, 1))
        same = {
            **_named(by, key), "n_documents": len(documents), "n_passages": int(counts.n[documents].sum()),
            "n_coded": int(k.sum()), "caution": caution(len(documents)),
        }  # fmt: skip
        most = np.log(len(columns))
        bounds = (entropy, entropy - half, min(entropy + half, most))
        for statistic, value in (("effective_number", np.exp), ("evenness", lambda h: max(h, 0.0) / most)):  # noqa: B023
            estimate, low, high = (float(value(h)) for h in bounds)
            rows.append({**same, "statistic": statistic, "estimate": estimate, "low": low, "high": high})
    if not rows:
        raise UsageError("breadth needs twenty coded passages in one cell; there are fewer everywhere")
    return tidy(
        rows, analysis="breadth", facet=facet, value_from=1, corrected=False, measures=BREADTH_MEASURES,
        interval=f"{INTERVAL}, {n_resamples} resamples",
    )  # fmt: skip


def concentration(counts: Counts, by: str = "region", *, n_permutations: int = 999, seed: int = 0) -> pd.DataFrame:
    """Measure how unequally regions attend to each code, against dealing the documents to regions at random.

    Parameters
    ----------
    counts : Counts
    by : str
    n_permutations, seed : int

    Returns
    -------
    DataFrame
        Schema `TRENDS`, per code ``theil`` (of the regions' shares, one weight each), ``theil_null`` (mean over
        permutations, with the central 95 % of them) and ``theil_excess``; p by permutation of documents. The null is
        far from 0: 31 regions of 20 passages with one true share of 0.15 give about 0.15.

    Raises
    ------
    UsageError
        With fewer than three regions.
    """
    groups = group_documents(counts.documents, (by,))
    if len(groups) < 3:
        raise UsageError(f"concentration by {by} needs three groups or more; there are {len(groups)}")
    every = np.concatenate(list(groups.values()))
    starts = np.cumsum([0] + [len(rows) for rows in groups.values()])[:-1]
    k, n = counts.k[every].astype(float), counts.n[every].astype(float)
    generator = np.random.default_rng([seed, len(every)])
    deals = [np.arange(len(every))] + [generator.permutation(len(every)) for _ in range(n_permutations)]
    values = np.stack([theil(np.add.reduceat(k[d], starts) / np.add.reduceat(n[d], starts)[:, None]) for d in deals])
    observed, null = values[0], values[1:]
    p = permutation_p(observed, null)
    rows = []
    for i, one in enumerate(counts.measured):
        if k[:, i].sum() == 0:
            continue
        same = {**one.names, "n_coded": int(k[:, i].sum()), "p": p[i]}
        low, high = np.quantile(null[:, i], [0.025, 0.975])
        rows += [
            {**same, "statistic": "theil", "estimate": observed[i]},
            {**same, "statistic": "theil_null", "estimate": null[:, i].mean(), "low": low, "high": high},
            {**same, "statistic": "theil_excess", "estimate": observed[i] - null[:, i].mean()},
        ]
    adjusted = adjust_p([row["p"] for row in rows[::3]])
    for i, row in enumerate(rows):
        row["p_adjusted"] = adjusted[i // 3]
    return tidy(
        rows, analysis="concentration", group_by=by, corrected=False, measures=CONCENTRATION_MEASURES,
        n_documents=len(every), n_passages=int(n.sum()), caution=caution(len(every)),
        interval=f"null: central 95 % of {n_permutations} permutations of documents",
    )  # fmt: skip


def theil(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give Theil's T of every column: how unequal its rows are, each with the same weight.

    Parameters
    ----------
    values : array of float, shape (n_units, n_columns)
        Not negative; a zero adds nothing (0 ln 0 = 0).

    Returns
    -------
    array of float, shape (n_columns,)
        sum (y_i/Y) ln(n y_i/Y); 0 where all are the same, and for a column of zeros.

    References
    ----------
    Theil, H. (1967). Economics and Information Theory.
    """
    from scipy.special import xlogy

    totals = values.sum(axis=0)
    part = values / np.where(totals > 0, totals, 1.0)
    return xlogy(part, part * len(values)).sum(axis=0)


def _entropy(k: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give the entropy (nats) of counts along the last axis, with Miller's correction, at most that of equal shares."""
    from scipy.special import xlogy

    size = np.maximum(k.sum(axis=-1, keepdims=True), 1.0)
    share = k / size
    raw = -xlogy(share, share).sum(axis=-1) + ((k > 0).sum(axis=-1) - 1) / (2 * size[..., 0])
    return np.clip(raw, 0, np.log(k.shape[-1]))


def _design_effects(k: NDArray[np.float64], n: NDArray[np.float64]) -> NDArray[np.float64]:
    """Say how many times larger the variance between documents is than that of independent passages; at least 1."""
    from xietong.analysis.resampling import ratio_variance

    share = k.sum(axis=0) / n.sum()
    independent = np.maximum(share * (1 - share) / n.sum(), 1e-12)
    return np.maximum(ratio_variance(k, n) / independent, 1.0) if len(n) > 1 else np.ones(k.shape[1])


def _shrink(
    estimate: NDArray[np.float64], variance: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Shrink estimates (groups by codes) towards their weighted mean by the method of moments."""
    weight = 1 / variance
    mean = (weight * estimate).sum(axis=0) / weight.sum(axis=0)
    q = (weight * (estimate - mean) ** 2).sum(axis=0)
    scale = weight.sum(axis=0) - (weight**2).sum(axis=0) / weight.sum(axis=0)
    between = np.maximum((q - (len(estimate) - 1)) / scale, 0)
    weight = 1 / (variance + between)
    mean = (weight * estimate).sum(axis=0) / weight.sum(axis=0)
    kept = between / (between + variance)
    return mean + kept * (estimate - mean), np.sqrt(kept * variance + (1 - kept) ** 2 / weight.sum(axis=0))
