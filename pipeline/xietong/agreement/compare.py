"""Agreement per code and overall, between people, or people and the machine, with what to do about it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from xietong.agreement import coefficients as co
from xietong.agreement.advice import advise
from xietong.agreement.intervals import FEWEST_DOCUMENTS, draw_weights, interval_of, sum_by_cluster
from xietong.agreement.ratings import Ratings, arrange_ratings
from xietong.codebook import Codebook
from xietong.errors import UsageError

Floats = NDArray[np.float64]
MEASURES = ("percent", "kappa", "fleiss", "alpha", "ac", "positive_agreement")


@dataclass(frozen=True, slots=True, kw_only=True)
class AgreementOptions:
    """How agreement is computed."""

    n_draws: int = 1000  # bootstrap samples of documents
    confidence: float = 0.95
    seed: int = 20260101
    level: str = "ordinal"  # alpha, AC2 and kappa of codes with more than two values: ordinal or nominal


def agree(
    codes: pd.DataFrame,
    *,
    codebook: Codebook | None = None,
    documents: pd.Series | None = None,
    coded: pd.DataFrame | None = None,
    coders: Sequence[str] | None = None,
    options: AgreementOptions = AgreementOptions(),
) -> pd.DataFrame:
    """Measure how far coders coincide, per code, per facet and overall.

    Parameters
    ----------
    codes, documents, coded, coders
        As in `arrange_ratings`. Only passages that at least two of the coders coded count.
    codebook : gives the order of the codes and their scales; without it they are read off the codes

    Returns
    -------
    frame, one row per code and level
        ``level`` is ``>=1`` (present), ``>=2`` (synergy, for codes with the scale 0-2) or ``0-2`` (the whole scale,
        ordinal). Rows with code ``(mean)`` are means over the codes of a facet, rows with ``(sets)`` compare whole sets
        of codes (MASI). Per measure: the estimate, ``_se`` (linearised, clustered by document), ``_low`` and ``_high``
        (percentile bootstrap over documents). ``kappa``: Cohen's, mean over pairs; ``fleiss``: Fleiss'; ``alpha``:
        Krippendorff's; ``ac``: Gwet's AC1, AC2 on the whole scale; ``positive_agreement``: 2a / (2a + b + c), the F1
        of one coder against the other; on the whole scale percent and the kappas give partial credit as AC2 does.
        NaN where undefined. ``advice`` and ``reason_en``, ``reason_zh``: what to do.
    """
    order = None if codebook is None else [(c.facet, c.code) for c in codebook.codes]
    ratings = arrange_ratings(codes, documents=documents, coded=coded, coders=coders, order=order)
    ratings = ratings.of_coders(ratings.coders)
    if not ratings.passages:
        raise UsageError("no passage was coded by two of these coders; give them some passages in common")
    weights = draw_weights(int(ratings.clusters.max()) + 1, options.n_draws, options.seed)
    scale = {} if codebook is None else {(c.facet, c.code): c.scale_max for c in codebook.codes}
    rows: list[dict[str, Any]] = []
    for k, (facet, code) in enumerate(ratings.codes):
        values = ratings.values[:, :, k]
        highest = int(scale.get((facet, code), max(np.nanmax(values, initial=0), 1)))
        for threshold in range(1, highest + 1):
            rows.append({"facet": facet, "code": code, "level": f">={threshold}"})
            is_coded = np.where(np.isnan(values), np.nan, values >= threshold)
            rows[-1] |= _measure(is_coded, [0.0, 1.0], ratings, weights, options, n_levels=2)
        if highest > 1:
            rows.append({"facet": facet, "code": code, "level": f"0-{highest}"})
            scores = [float(v) for v in range(highest + 1)]
            rows[-1] |= _measure(values, scores, ratings, weights, options, n_levels=highest + 1)
    rows += _rows_of_sets(ratings, weights, options)
    table = pd.DataFrame(rows)
    table = pd.concat([table, _means(table)], ignore_index=True)
    return pd.concat([table, advise(table)], axis=1)


def _measure(
    values: Floats, categories: list[float], ratings: Ratings, weights: Floats, options: AgreementOptions, n_levels: int
) -> dict[str, Any]:
    """Every measure of one code at one level, with its error and interval."""
    kind = "identity" if n_levels == 2 or options.level == "nominal" else "ordinal"
    metric = "nominal" if kind == "identity" else "ordinal"
    credit = co.category_weights(categories, kind)
    counts = co.count_categories(values, categories)
    gwet = sum_by_cluster(co.statistics_of_counts(counts, credit), ratings.clusters)
    coincidences = sum_by_cluster(co.statistics_of_coincidences(counts), ratings.clusters)
    pairs = sum_by_cluster(co.statistics_of_pairs(values, categories), ratings.clusters)
    functions: dict[str, tuple[Floats, Callable[[Floats], Floats]]] = {
        "percent": (gwet, co.percent_from_sums),
        "kappa": (pairs, partial(co.cohen_from_sums, n_categories=n_levels, weights=credit)),
        "fleiss": (gwet, partial(co.fleiss_from_sums, weights=credit)),
        "alpha": (coincidences, partial(co.alpha_from_sums, categories=categories, level=metric)),
        "ac": (gwet, partial(co.gwet_from_sums, weights=credit)),
    }
    if n_levels == 2:
        functions["positive_agreement"] = (pairs, lambda sums: co.binary_from_sums(sums)["positive_agreement"])
    result: dict[str, Any] = {
        "coders": "; ".join(ratings.coders),
        "n_passages": len(ratings.passages),
        "n_documents": int(ratings.clusters.max()) + 1 if ratings.has_documents else None,
        # judgements per coder: comparable whatever the number of coders
        "n_positive": float(np.nansum(values >= categories[1]) / len(ratings.coders)),
    }
    for name, (sums, function) in functions.items():
        interval = interval_of(sums, weights, function, options.confidence)
        result |= {name: interval.estimate, f"{name}_se": interval.standard_error}
        result |= {f"{name}_low": interval.low, f"{name}_high": interval.high}
    is_firm = not ratings.has_documents or int(ratings.clusters.max()) + 1 >= FEWEST_DOCUMENTS
    return result | {"note": "" if is_firm else f"interval unreliable: fewer than {FEWEST_DOCUMENTS} documents"}


def _rows_of_sets(ratings: Ratings, weights: Floats, options: AgreementOptions) -> list[dict[str, Any]]:
    """Alpha with the MASI distance between the whole sets of codes, per facet and over all facets."""
    facets = list(dict.fromkeys(facet for facet, _ in ratings.codes))
    groups = [(f, [k for k, (facet, _) in enumerate(ratings.codes) if facet == f]) for f in facets]
    if len(facets) > 1:
        groups.append(("(all)", list(range(len(ratings.codes)))))
    rows = []
    for facet, columns in groups:
        present = ratings.values[:, :, columns]
        sets = [
            [None if np.isnan(v).any() else frozenset(np.flatnonzero(v > 0).tolist()) for v in unit] for unit in present
        ]
        statistics, distances = co.statistics_of_sets(sets)
        sums = sum_by_cluster(statistics, ratings.clusters)
        function = partial(co.set_alpha_from_sums, distances=distances)
        interval = interval_of(sums, weights, function, options.confidence)
        rows.append({
            "facet": facet, "code": "(sets)", "level": "MASI", "coders": "; ".join(ratings.coders),
            "n_passages": len(ratings.passages),
            "n_documents": int(ratings.clusters.max()) + 1 if ratings.has_documents else None,
            "alpha": interval.estimate, "alpha_se": interval.standard_error,
            "alpha_low": interval.low, "alpha_high": interval.high, "note": "",
        })  # fmt: skip
    return rows


def _means(table: pd.DataFrame) -> pd.DataFrame:
    """Mean of every measure over the codes of a facet, per level; undefined values are left out and counted."""
    plain = table[~table["code"].str.startswith("(")]
    rows = []
    for (facet, level), group in plain.groupby(["facet", "level"], sort=False):
        means = {m: group[m].mean() for m in MEASURES if m in group}
        n_undefined = int(group["kappa"].isna().sum())
        note = f"{n_undefined} of {len(group)} codes undefined (no variation)" if n_undefined else ""
        first = group.iloc[0]
        rows.append({
            "facet": facet, "code": "(mean)", "level": level, "coders": first["coders"],
            "n_passages": first["n_passages"], "n_documents": first["n_documents"], "note": note, **means,
        })  # fmt: skip
    return pd.DataFrame(rows)


def compare_pairs(
    codes: pd.DataFrame,
    *,
    reference: str | None = None,
    codebook: Codebook | None = None,
    documents: pd.Series | None = None,
    coded: pd.DataFrame | None = None,
    sample_weights: pd.Series | None = None,
    options: AgreementOptions = AgreementOptions(),
) -> pd.DataFrame:
    """Compare coders two by two, per code, with precision, recall and F1 of the one against the other.

    Parameters
    ----------
    reference : a coder to compare all others with (adjudicated codes, say); without it, every pair
    sample_weights : series by passage_id, or None
        1 / inclusion probability of each passage. With a sample that was not drawn with equal chances, precision and
        recall hold for the corpus only with these weights.

    Returns
    -------
    frame, one row per pair, code and level, with ``_low`` and ``_high`` from a bootstrap over documents
    """
    order = None if codebook is None else [(c.facet, c.code) for c in codebook.codes]
    everything = arrange_ratings(codes, documents=documents, coded=coded, order=order)
    pairs = (
        list(combinations(everything.coders, 2))
        if reference is None
        else [(c, reference) for c in everything.coders if c != reference]
    )
    rows: list[dict[str, Any]] = []
    for coder, other in pairs:
        ratings = everything.of_coders([coder, other])
        if ratings.passages:
            rows += _rows_of_pair(ratings, codebook, sample_weights, options)
    return pd.DataFrame(rows)


def _rows_of_pair(
    ratings: Ratings, codebook: Codebook | None, sample_weights: pd.Series | None, options: AgreementOptions
) -> list[dict[str, Any]]:
    weights = draw_weights(int(ratings.clusters.max()) + 1, options.n_draws, options.seed)
    passage_weights = (
        np.ones(len(ratings.passages))
        if sample_weights is None
        else sample_weights.reindex(list(ratings.passages)).fillna(1.0).to_numpy(float)
    )
    scale = {} if codebook is None else {(c.facet, c.code): c.scale_max for c in codebook.codes}
    rows = []
    for k, (facet, code) in enumerate(ratings.codes):
        values = ratings.values[:, :, k]
        highest = int(scale.get((facet, code), max(np.nanmax(values, initial=0), 1)))
        for threshold in range(1, highest + 1):
            cells = co.statistics_of_pairs((values >= threshold).astype(float), [0.0, 1.0]) * passage_weights[:, None]
            sums = sum_by_cluster(cells, ratings.clusters)
            n_first, n_second = (values >= threshold).sum(axis=0).tolist()
            row: dict[str, Any] = {
                "coder_id": ratings.coders[0], "reference": ratings.coders[1], "facet": facet, "code": code,
                "level": f">={threshold}", "n_passages": len(values), "n_coder": n_first, "n_reference": n_second,
            }  # fmt: skip
            for name, function in _PAIR_MEASURES.items():
                interval = interval_of(sums, weights, function, options.confidence)
                row |= {name: interval.estimate, f"{name}_low": interval.low, f"{name}_high": interval.high}
            rows.append(row)
    return rows


def _percent_of_table(sums: Floats) -> Floats:
    return (sums[..., 0] + sums[..., 3]) / sums.sum(axis=-1)


def _ac1_of_table(sums: Floats) -> Floats:
    share = (sums[..., 3] + (sums[..., 1] + sums[..., 2]) / 2) / sums.sum(axis=-1)
    by_chance = 2 * share * (1 - share)
    return (_percent_of_table(sums) - by_chance) / (1 - by_chance)


_PAIR_MEASURES: dict[str, Callable[[Floats], Floats]] = {
    "percent": _percent_of_table,
    "kappa": partial(co.cohen_from_sums, n_categories=2),
    "ac1": _ac1_of_table,
    "precision": lambda sums: co.binary_from_sums(sums)["precision"],
    "recall": lambda sums: co.binary_from_sums(sums)["recall"],
    "f1": lambda sums: co.binary_from_sums(sums)["positive_agreement"],
}


def list_disagreements(
    codes: pd.DataFrame,
    passages: pd.DataFrame,
    *,
    coders: Sequence[str] | None = None,
    coded: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """List where coders differ, with the passage, in the order of the passages.

    Parameters
    ----------
    passages : frame with passage_id, reading (or text) and, where known, file and section

    Returns
    -------
    frame, one row per passage and code that got different values
        ``values`` reads ``hand:AB=2; hand:CD=1``; ``distance`` is the largest difference on the code's scale.
    """
    ratings = arrange_ratings(codes, coded=coded, coders=coders)
    ratings = ratings.of_coders(ratings.coders)
    shown = [c for c in ("file", "section", "reading", "text") if c in passages.columns]
    if "reading" in shown and "text" in shown:
        shown.remove("text")
    if not ratings.passages:
        return pd.DataFrame(columns=["passage_id", "facet", "code", "values", "distance", *shown])
    n_given = (~np.isnan(ratings.values)).sum(axis=1)
    spread = np.nanmax(ratings.values, axis=1) - np.nanmin(ratings.values, axis=1)
    rows = []
    for u, k in zip(*np.nonzero((spread > 0) & (n_given >= 2)), strict=True):
        given = [(c, v) for c, v in zip(ratings.coders, ratings.values[u, :, k], strict=True) if not np.isnan(v)]
        facet, code = ratings.codes[k]
        rows.append({
            "passage_id": ratings.passages[u], "facet": facet, "code": code,
            "values": "; ".join(f"{c}={int(v)}" for c, v in given), "distance": int(spread[u, k]),
        })  # fmt: skip
    table = pd.DataFrame(rows, columns=["passage_id", "facet", "code", "values", "distance"])
    position = pd.Series(np.arange(len(passages)), index=passages["passage_id"])
    table = table.merge(passages[["passage_id", *shown]], on="passage_id", how="left")
    return table.iloc[np.argsort(table["passage_id"].map(position).to_numpy(float), kind="stable")].reset_index(
        drop=True
    )
