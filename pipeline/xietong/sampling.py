"""Draws passages for hand coding and keeps each passage's chance of being drawn, so that estimates can be corrected."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from xietong.errors import UsageError

METHODS = ("simple", "stratified", "uncertain")
ALLOCATIONS = ("proportional", "equal")
#: Cuts between the strata of confidence: unsure, fair, sure, very sure.
CONFIDENCE_BANDS = (0.5, 0.8, 0.95)


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleOptions:
    """How passages are drawn."""

    n: int = 200
    method: str = "simple"  # simple, stratified or uncertain (more often where the machine is unsure)
    by: tuple[str, ...] = ()  # stratified: code, confidence, or columns of the passages (year, region, document_id …)
    allocation: str = "proportional"  # stratified: as many as the stratum's share, or equally many per stratum
    floor: float = 0.1  # uncertain: chance left to passages the machine is sure of, relative to the least sure
    seed: int = 20260101


def draw_sample(passages: pd.DataFrame, *, options: SampleOptions = SampleOptions()) -> pd.DataFrame:
    """Draw passages without replacement, each with a known chance above zero.

    Parameters
    ----------
    passages : frame, one row per passage that may be drawn
        passage_id; for ``by`` the columns it names (``code`` needs ``codes``: assigned codes joined with "; ";
        ``confidence`` needs ``confidence``); for the method ``uncertain`` a column ``uncertainty``, 0 to 1.

    Returns
    -------
    frame with one row per passage given, in the order given
        passage_id, stratum, inclusion_probability, is_drawn, order (0, 1, 2 … of the drawn, at random; -1 otherwise).

    Raises
    ------
    UsageError
        For an unknown method, a missing column, or fewer passages than wanted.
    """
    _check(passages, options)
    generator = np.random.default_rng(options.seed)
    # drawn by passage_id, so that the order of the table plays no part
    table = passages.reset_index(drop=True)
    table = table.iloc[np.argsort(table["passage_id"].to_numpy(str), kind="stable")]
    if options.method == "uncertain":
        strata = np.full(len(table), "all", dtype=object)
        chances = _chances_by_size(
            options.floor + (1 - options.floor) * table["uncertainty"].to_numpy(float), options.n
        )
        is_drawn = _draw_systematically(chances, generator)
    else:
        strata = (
            stratify(table, options.by) if options.method == "stratified" else np.full(len(table), "all", dtype=object)
        )
        chances, is_drawn = _draw_in_strata(strata, options, generator)
    order = np.full(len(table), -1)
    order[is_drawn] = generator.permutation(int(is_drawn.sum()))
    drawn = pd.DataFrame(
        {
            "passage_id": table["passage_id"], "stratum": strata, "inclusion_probability": chances,
            "is_drawn": is_drawn, "order": order,
        },
        index=table.index,
    )  # fmt: skip
    return drawn.sort_index(kind="stable")


def _check(passages: pd.DataFrame, options: SampleOptions) -> None:
    if options.method not in METHODS:
        raise UsageError(f'unknown method "{options.method}"; known: {", ".join(METHODS)}')
    if options.allocation not in ALLOCATIONS:
        raise UsageError(f'unknown allocation "{options.allocation}"; known: {", ".join(ALLOCATIONS)}')
    if not 0 < options.floor <= 1:
        raise UsageError(
            f"floor is {options.floor}; it must lie above 0 (no passage may have no chance) and at most at 1"
        )
    if options.method == "stratified" and not options.by:
        raise UsageError("say by what to stratify: code, confidence, year, region, document_id …")
    wanted = ["passage_id", *(["uncertainty"] if options.method == "uncertain" else [])]
    wanted += ["codes" if b == "code" else b for b in options.by]
    missing = [c for c in wanted if c not in passages.columns]
    if missing:
        raise UsageError(f"the passages have no column {', '.join(missing)}; they have {', '.join(passages.columns)}")
    if not 0 < options.n <= len(passages):
        raise UsageError(f"{options.n} passages wanted, but there are {len(passages)} that coders look at")


def stratify(passages: pd.DataFrame, by: Sequence[str]) -> NDArray[np.object_]:
    """Name the stratum of each passage, shape (n_passages,).

    A passage may have several codes; its stratum is the rarest of them, since common codes are met anyway.
    """
    parts = []
    for column in by:
        if column == "code":
            assigned = passages["codes"].fillna("").str.split("; ")
            frequency = assigned.explode().value_counts()
            parts.append([min(codes, key=lambda c: (frequency[c], c)) or "none" for codes in assigned])
        elif column == "confidence":
            band = np.digitize(passages["confidence"].fillna(0).to_numpy(float), CONFIDENCE_BANDS)
            limits = (0.0, *CONFIDENCE_BANDS, 1.0)
            parts.append([f"{limits[b]:g}-{limits[b + 1]:g}" for b in band])
        else:
            values = passages[column].astype(object).where(passages[column].notna(), "unknown")
            parts.append([f"{v:g}" if isinstance(v, float) else str(v) or "unknown" for v in values])
    return np.array([" | ".join(names) for names in zip(*parts, strict=True)], dtype=object)


def _draw_in_strata(
    strata: NDArray[np.object_], options: SampleOptions, generator: np.random.Generator
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    names, members = np.unique(strata.astype(str), return_inverse=True)
    sizes = np.bincount(members)
    if len(names) > options.n:
        raise UsageError(
            f"{len(names)} strata for {options.n} passages: each needs at least one, or its passages have no chance;"
            " draw more, or stratify by less"
        )
    wanted = _allocate(sizes, options.n, options.allocation)
    is_drawn = np.zeros(len(strata), dtype=bool)
    for h, n in enumerate(wanted):
        is_drawn[generator.choice(np.flatnonzero(members == h), size=n, replace=False)] = True
    return (wanted / sizes)[members], is_drawn


def _allocate(sizes: NDArray[np.intp], n: int, allocation: str) -> NDArray[np.intp]:
    """Share ``n`` out over strata: at least 1 each (2 where possible, for a variance), never more than there are."""
    share = sizes / sizes.sum() if allocation == "proportional" else np.full(len(sizes), 1 / len(sizes))
    least = np.minimum(sizes, 2 if 2 * len(sizes) <= n else 1)
    wanted = least.copy()
    while (left := n - int(wanted.sum())) > 0:
        room = sizes - wanted
        gap = np.where(room > 0, np.maximum(n * share - wanted, 1e-9), 0.0)
        step = np.minimum(np.floor(left * gap / gap.sum()).astype(int), room)
        if not step.any():
            step[np.argsort(-gap, kind="stable")[: min(left, int((room > 0).sum()))]] = 1
        wanted += step
    return wanted


def _chances_by_size(sizes: NDArray[np.float64], n: int) -> NDArray[np.float64]:
    """Chances proportional to size that sum to ``n``, none above 1."""
    chances = np.zeros(len(sizes))
    is_open = np.ones(len(sizes), dtype=bool)
    while True:
        left = n - int((~is_open).sum())
        chances[is_open] = left * sizes[is_open] / sizes[is_open].sum() if is_open.any() else 0
        above = is_open & (chances >= 1)
        if not above.any():
            return chances
        chances[above] = 1.0
        is_open &= ~above


def _draw_systematically(chances: NDArray[np.float64], generator: np.random.Generator) -> NDArray[np.bool_]:
    """Draw with exactly these chances: equal steps through the running total, in random order (Madow 1949)."""
    order = generator.permutation(len(chances))
    totals = np.concatenate([[0.0], np.cumsum(chances[order])])
    totals[-1] = round(totals[-1])  # the sum is whole; rounding must not lose the last step
    steps = np.floor(totals - generator.random())
    is_drawn = np.zeros(len(chances), dtype=bool)
    is_drawn[order] = np.diff(steps) > 0
    return is_drawn


def combine_samples(samples: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Join samples drawn independently from the same passages: the chance to be in any of them.

    Returns
    -------
    frame as `draw_sample` gives, its strata the combinations of the samples' strata
    """
    if len(samples) == 1:
        return samples[0]
    first = samples[0].set_index("passage_id")
    missed = np.ones(len(first))
    is_drawn = np.zeros(len(first), dtype=bool)
    strata = np.full(len(first), "", dtype=object)
    for sample in samples:
        rows = sample.set_index("passage_id").reindex(first.index)
        if rows["inclusion_probability"].isna().any():
            raise UsageError("the samples were drawn from different passages; use one of them, or draw again")
        missed *= 1 - rows["inclusion_probability"].to_numpy(float)
        is_drawn |= rows["is_drawn"].to_numpy(bool)
        strata = strata + rows["stratum"].to_numpy(object) + " + "
    return pd.DataFrame({
        "passage_id": first.index, "stratum": [s[:-3] for s in strata], "inclusion_probability": 1 - missed,
        "is_drawn": is_drawn, "order": np.where(is_drawn, np.cumsum(is_drawn) - 1, -1),
    })  # fmt: skip


def split_among_coders(sample: pd.DataFrame, coders: Sequence[str], *, overlap: float = 0.2) -> pd.DataFrame:
    """Share the drawn passages out among coders, some of them to everyone.

    Parameters
    ----------
    sample : from `draw_sample`
    overlap : share of the drawn passages, 0 to 1, that every coder gets (for agreement); taken at random

    Returns
    -------
    frame with passage_id, coder, order: each coder's passages in the order to code them, shared ones mixed in
    """
    if not coders or len(set(coders)) != len(coders):
        raise UsageError(f"give each coder a name of their own; got {', '.join(coders) or 'none'}")
    if not 0 <= overlap <= 1:
        raise UsageError(f"overlap is {overlap}; it is a share between 0 and 1")
    drawn = sample[sample["is_drawn"]].sort_values("order", kind="stable")["passage_id"].tolist()
    n_shared = len(drawn) if len(coders) == 1 else math.ceil(round(overlap * len(drawn), 9))
    # the order is random already, so the shared ones can be taken evenly from it and stay mixed in
    shared = set(np.floor(np.arange(n_shared) * len(drawn) / max(n_shared, 1)).astype(int).tolist())
    rows, turn = [], 0
    for i, passage_id in enumerate(drawn):
        if i in shared:
            rows += [(passage_id, coder, i) for coder in coders]
        else:
            rows.append((passage_id, coders[turn % len(coders)], i))
            turn += 1
    return pd.DataFrame(rows, columns=["passage_id", "coder", "order"])


def passages_needed(
    width: float,
    *,
    share: float = 0.5,
    n_passages: int | None = None,
    correlation: float = 0.0,
    design_effect: float = 1.0,
    confidence: float = 0.95,
) -> int:
    """Say how many passages to code by hand for an interval of a wished width around a share.

    Parameters
    ----------
    width : whole width of the interval, 0 to 1 (0.1 for plus or minus 5 points)
    share : the share expected; 0.5 is the most demanding
    n_passages : passages in the corpus, all coded by the machine; None for very many
    correlation : between machine and hand codes, 0 to 1; 0 plans for hand codes alone
    design_effect : how much larger the variance is since passages of one document are alike; 1 for none

    Returns
    -------
    int
        From variance = d * s(1-s) * ((1 - r²)/n + r²/N), the power-tuned estimator's (Angelopoulos, Duchi and Zrnic
        2023), at most ``n_passages``.
    """
    from scipy.stats import norm

    if not (0 < width < 1 and 0 < share < 1 and 0 <= correlation < 1 and design_effect > 0):
        raise UsageError(
            "width and share lie between 0 and 1, correlation from 0 to below 1, the design effect above 0"
        )
    target = (width / 2 / float(norm.ppf((1 + confidence) / 2))) ** 2 / (design_effect * share * (1 - share))
    size = math.inf if n_passages is None else n_passages
    # with the machine's part known for the whole corpus, only the rest is left to the sample; as n nears N nothing is
    left = target - (correlation**2 / size if correlation else 0.0)
    if left <= 0:
        return int(size)
    needed = (1 - correlation**2) / left
    return int(min(math.ceil(round(needed, 6)), size))
