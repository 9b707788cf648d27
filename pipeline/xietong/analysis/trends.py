"""Attention over time and between groups: shares of passages with document-clustered intervals, and their contrasts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np

from xietong.analysis.counts import Counts, group_documents
from xietong.analysis.resampling import (
    INTERVAL,
    adjust_p,
    caution,
    permutation_p,
    ratio_intervals,
    resample_weights,
)
from xietong.analysis.results import tidy
from xietong.errors import UsageError

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

ATTENTION_MEASURES = (
    "this measures the share of coded passages that carry the code: emphasis in the text, not implementation; "
    "a passage may carry several codes, so shares do not add up to one"
)
CONTRAST_MEASURES = (
    "this measures how far the documents of one group devote more of their passages to the code than the others; "
    "p by exchanging documents between groups"
)


def attention(
    counts: Counts,
    by: Sequence[str] = ("year",),
    *,
    n_resamples: int = 1000,
    seed: int = 0,
    errors: Mapping[str, tuple[float, float]] | None = None,
) -> pd.DataFrame:
    """Estimate the share of passages that carry each code, by year or by any other property of documents.

    Parameters
    ----------
    counts : Counts
        From `count_codes`.
    by : sequence of str
        Properties whose combinations make the cells: ``("year",)``, ``("level", "year")`` …; empty for all together.
    n_resamples, seed : int
        Of the bootstrap over documents; documents are drawn within levels.
    errors : mapping of code to (sensitivity, specificity), optional
        Of the coding, estimated on the same population. Shares of these codes are corrected for coding error:
        (share + specificity - 1) / (sensitivity + specificity - 1), cut to 0 … 1 (Rogan & Gladen, 1978).

    Returns
    -------
    DataFrame
        Schema `TRENDS`, one row per cell and code; cells without documents have no row.

    Raises
    ------
    UsageError
        If no document has the properties.
    """
    cells = group_documents(counts.documents, by)
    if not cells:
        raise UsageError(f"no document has a known {' and '.join(by)}; fill it in catalogue.csv and run again")
    rows = []
    for key, documents in cells.items():
        cell = counts.take(documents)
        weights = resample_weights(
            len(documents), n_resamples=n_resamples, seed=seed, strata=_strata(cell.documents, by)
        )
        share, low, high = ratio_intervals(cell.k, cell.n, weights=weights)
        for i, one in enumerate(counts.measured):
            n_coded = int(cell.k[:, i].sum())
            row = {
                **one.names, **_named(by, key), "estimate": share[i], "low": low[i], "high": high[i],
                "n_documents": len(documents), "n_passages": int(cell.n.sum()), "n_coded": n_coded,
                "caution": caution(len(documents), n_coded), "corrected": False,
            }  # fmt: skip
            rows.append(row if not errors or one.code not in errors else _corrected(row, *errors[one.code]))
    return tidy(
        rows, analysis="attention", statistic="attention",
        interval=f"{INTERVAL}, {n_resamples} resamples", measures=ATTENTION_MEASURES,
    )  # fmt: skip


def contrast(
    counts: Counts,
    by: str,
    *,
    within: str | None = None,
    pairs: bool | None = None,
    n_resamples: int = 1000,
    n_permutations: int = 999,
    seed: int = 0,
) -> pd.DataFrame:
    """Compare the attention of groups of documents, with effect sizes and control of multiplicity.

    Parameters
    ----------
    counts : Counts
    by : str
        The property that makes the groups: level, region, issuer …
    within : str, optional
        Exchange documents only within this property (``"year"``), so that a difference between years is not
        taken for one between groups.
    pairs : bool, optional
        Every pair of groups, rather than each group against all others. Default: pairs where there are at most four.
    n_resamples, n_permutations, seed : int

    Returns
    -------
    DataFrame
        Schema `TRENDS`; per comparison and code one row ``difference`` (of shares; interval by combining the
        groups' bootstrap intervals, Zou & Donner, 2008) and one row ``cohen_h`` (2·asin√s1 - 2·asin√s2: 0.2 small,
        0.5 medium, 0.8 large; Cohen, 1988). ``p``: permutation of documents on the studentised difference;
        ``p_adjusted``: Benjamini-Hochberg over the table.

    Raises
    ------
    UsageError
        If there are not at least two groups of two documents.
    """
    groups = {key[0]: rows for key, rows in group_documents(counts.documents, (by,)).items() if len(rows) > 1}
    if len(groups) < 2:
        raise UsageError(
            f"a contrast by {by} needs two groups of two documents or more; there are {len(groups)} such groups"
        )
    blocks = _blocks(counts.documents, within)
    everyone = np.concatenate(list(groups.values()))
    rows: list[dict[str, Any]] = []
    for number, (first, second) in enumerate(_comparisons(list(groups), pairs)):
        one = groups[first]
        other = groups[second] if second is not None else np.setdiff1d(everyone, one)
        label = {"group_by": by, "group": str(first), "reference": "others" if second is None else str(second)}
        rows += _compare(counts, one, other, blocks, label, n_resamples, n_permutations, seed + number)
    adjusted = adjust_p([row["p"] for row in rows if row["statistic"] == "difference"])
    for i, row in enumerate(rows):  # the two rows of one comparison follow each other
        row["p_adjusted"] = adjusted[i // 2]
    return tidy(
        rows, analysis="contrast", corrected=False, measures=CONTRAST_MEASURES,
        interval=f"{INTERVAL}, {n_resamples} resamples; p by {n_permutations} permutations of documents"
        + (f" within {within}" if within else ""),
    )  # fmt: skip


def permuted_difference(
    k: NDArray[np.int64],
    n: NDArray[np.int64],
    is_first: NDArray[np.bool_],
    *,
    blocks: NDArray[np.intp] | None = None,
    n_permutations: int = 999,
    seed: int = 0,
) -> NDArray[np.float64]:
    """Test whether two groups of documents give a code the same share of passages.

    Parameters
    ----------
    k : array of int, shape (n_documents, n_codes)
    n : array of int, shape (n_documents,)
    is_first : array of bool, shape (n_documents,)
    blocks : array of int, shape (n_documents,), optional
        Documents are exchanged within a block only.
    n_permutations, seed : int

    Returns
    -------
    array of float, shape (n_codes,)
        Two-sided p of the studentised difference, which holds its level also where the groups differ in
        size and spread (Janssen, 1997). NaN for a code that no passage, or every passage, carries.
    """
    generator = np.random.default_rng([seed, len(n)])
    members = _permute_members(is_first, blocks, n_permutations, generator)
    groupings = np.vstack([is_first, members]).astype(float)  # the observed one comes first
    statistic = _studentised(groupings, k.astype(float), n.astype(float))
    centred = np.abs(statistic - (statistic[1:].mean(axis=0) if blocks is not None else 0.0))
    p = permutation_p(centred[0], centred[1:])
    return np.where((k.sum(axis=0) == 0) | (k.sum(axis=0) == n.sum()), np.nan, p)


def _permute_members(
    is_first: NDArray[np.bool_], blocks: NDArray[np.intp] | None, n_permutations: int, generator: np.random.Generator
) -> NDArray[np.bool_]:
    """Draw groupings with the same number of documents of the first group in each block."""
    members = np.zeros((n_permutations, len(is_first)), dtype=bool)
    blocks = np.zeros(len(is_first), dtype=np.intp) if blocks is None else blocks
    for block in np.unique(blocks):
        inside = np.flatnonzero(blocks == block)
        if 0 < is_first[inside].sum() < len(inside):
            order = np.argsort(generator.random((n_permutations, len(inside))), axis=1)
            members[:, inside] = is_first[inside][order]
        else:
            members[:, inside] = is_first[inside]
    return members


def _studentised(members: NDArray[np.float64], k: NDArray[np.float64], n: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give the difference of shares over its linearised standard error, for each grouping and code."""
    share, variance = [], []
    for side in (members, 1 - members):
        size, documents = (side @ n)[:, None], side.sum(axis=1)[:, None]
        rate = (side @ k) / size
        square = side @ (k * k) - 2 * rate * (side @ (k * n[:, None])) + rate**2 * (side @ (n * n))[:, None]
        share.append(rate)
        variance.append(np.maximum(square, 0) / size**2 * documents / np.maximum(documents - 1, 1))
    # one passage's worth of noise keeps groups without spread from giving infinite statistics
    floor = (0.5 / n.sum()) ** 2
    return (share[0] - share[1]) / np.sqrt(variance[0] + variance[1] + floor)


def _compare(
    counts: Counts, one: NDArray[np.intp], other: NDArray[np.intp], blocks: NDArray[np.intp] | None,
    label: dict[str, str], n_resamples: int, n_permutations: int, seed: int,
) -> list[dict[str, Any]]:  # fmt: skip
    rows = np.concatenate([one, other])
    is_first = np.arange(len(rows)) < len(one)
    shares = []
    for part in (one, other):
        weights = resample_weights(len(part), n_resamples=n_resamples, seed=seed)
        shares.append(ratio_intervals(counts.k[part], counts.n[part], weights=weights))
    p = permuted_difference(
        counts.k[rows], counts.n[rows], is_first, blocks=None if blocks is None else blocks[rows],
        n_permutations=n_permutations, seed=seed,
    )  # fmt: skip
    (s1, l1, h1), (s2, l2, h2) = shares
    difference = s1 - s2
    low = difference - np.sqrt((s1 - l1) ** 2 + (h2 - s2) ** 2)
    high = difference + np.sqrt((h1 - s1) ** 2 + (s2 - l2) ** 2)
    effect = 2 * np.arcsin(np.sqrt(s1)) - 2 * np.arcsin(np.sqrt(s2))
    result = []
    for i, measured in enumerate(counts.measured):
        n_coded = int(counts.k[rows, i].sum())
        same = {
            **measured.names, **label, "p": p[i], "n_documents": len(rows), "n_passages": int(counts.n[rows].sum()),
            "n_coded": n_coded, "caution": caution(min(len(one), len(other)), n_coded),
        }  # fmt: skip
        result.append({**same, "statistic": "difference", "estimate": difference[i], "low": low[i], "high": high[i]})
        result.append({**same, "statistic": "cohen_h", "estimate": effect[i]})
    return result


def _comparisons(groups: list[Any], pairs: bool | None) -> list[tuple[Any, Any]]:
    if pairs is None:
        pairs = len(groups) <= 4
    return list(combinations(groups, 2)) if pairs or len(groups) == 2 else [(group, None) for group in groups]


def _strata(documents: pd.DataFrame, by: Sequence[str]) -> NDArray[np.intp] | None:
    """Resample within levels, where the cell mixes levels and each has documents enough to show its spread."""
    import pandas as pd

    if "level" not in documents or "level" in by:
        return None
    which, _ = pd.factorize(documents["level"].fillna(""), sort=True)
    return which if np.bincount(which).min() >= 5 else None


def _blocks(documents: pd.DataFrame, within: str | None) -> NDArray[np.intp] | None:
    import pandas as pd

    return None if within is None else pd.factorize(documents[within].astype("string").fillna(""), sort=True)[0]


def _named(by: Sequence[str], key: tuple[Any, ...]) -> dict[str, Any]:
    """Spread the key of a cell over the columns of the table of results."""
    named = dict(zip(by, key, strict=True))
    year = named.pop("year", None)
    return {
        "group_by": " × ".join(by), "group": " × ".join(str(part) for part in named.values()),
        "year": None if year is None else int(year),
    }  # fmt: skip


def _corrected(row: dict[str, Any], sensitivity: float, specificity: float) -> dict[str, Any]:
    """Correct a share for coding error after Rogan and Gladen (1978)."""
    informed = sensitivity + specificity - 1
    if informed <= 0:
        raise UsageError(
            f"code {row['code']}: sensitivity {sensitivity} and specificity {specificity} say that the coding is no "
            "better than chance; its attention cannot be corrected"
        )
    fixed = {name: (row[name] + specificity - 1) / informed for name in ("estimate", "low", "high")}
    if any(value < 0 or value > 1 for value in fixed.values()):
        row = {**row, "caution": "; ".join(filter(None, [row["caution"], "corrected share cut to 0 … 1"]))}
    return {**row, **{name: float(np.clip(value, 0, 1)) for name, value in fixed.items()}, "corrected": True}
