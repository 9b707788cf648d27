"""Unitised agreement: whether coders mark the same words as evidence, not only the same passages."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from xietong.agreement.coefficients import alpha_from_sums

Floats = NDArray[np.float64]


def agree_on_spans(
    evidence: pd.DataFrame,
    passages: pd.DataFrame,
    *,
    coded: pd.DataFrame,
    overlap: float = 0.5,
) -> pd.DataFrame:
    """Compare evidence spans of each pair of coders, per code.

    Parameters
    ----------
    evidence : frame with passage_id, facet, code, coder_id, start, end
        Half-open, in code points of the document.
    passages : frame with passage_id, start, end
    coded : frame with passage_id, coder_id: which passages each coder coded, with or without evidence
    overlap : share of their union that two spans must have in common to count as the same

    Returns
    -------
    frame, one row per pair of coders and code
        ``alpha_unitised``: binary alpha over characters (marked or not; Krippendorff, Mathet, Bouvry and Widlöcher
        2016, without their correction of small samples); ``f1_characters``; ``f1_spans`` (matched one to one, greedily
        by overlap); ``n_first``, ``n_second``: spans. NaN where neither marked anything.
    """
    bounds = passages.set_index("passage_id")[["start", "end"]]
    coded_by = {coder: set(group["passage_id"]) for coder, group in coded.groupby("coder_id")}
    spans: dict[tuple[str, str, str, str], list[tuple[int, int]]] = {}
    wanted = evidence[evidence["coder_id"].isin(list(coded_by))]
    for row in wanted.itertuples(index=False):
        spans.setdefault((row.facet, row.code, row.coder_id, row.passage_id), []).append((int(row.start), int(row.end)))
    codes = list(dict.fromkeys((facet, code) for facet, code, _, _ in spans))
    rows: list[dict[str, Any]] = []
    for first, second in combinations(sorted(coded_by), 2):
        common = [p for p in bounds.index if p in coded_by[first] and p in coded_by[second]]
        for facet, code in codes:
            pairs = [
                (int(bounds.at[p, "start"]), int(bounds.at[p, "end"]),
                 spans.get((facet, code, first, p), []), spans.get((facet, code, second, p), []))
                for p in common
            ]  # fmt: skip
            rows.append(
                {"coder_id": first, "reference": second, "facet": facet, "code": code, **_compare(pairs, overlap)}
            )
    return pd.DataFrame(rows)


def _compare(
    pairs: list[tuple[int, int, list[tuple[int, int]], list[tuple[int, int]]]], overlap: float
) -> dict[str, Any]:
    table = np.zeros((2, 2))
    n_first = n_second = n_matched = 0
    for start, end, first, second in pairs:
        marks = np.zeros((2, max(end - start, 0)), dtype=np.intp)
        for coder, own in enumerate((first, second)):
            for s, e in own:
                marks[coder, max(s - start, 0) : max(e - start, 0)] = 1
        np.add.at(table, (marks[0], marks[1]), 1)
        n_first, n_second = n_first + len(first), n_second + len(second)
        n_matched += _match(first, second, overlap)
    marked = 2 * table[1, 1] + table[0, 1] + table[1, 0]
    alpha = float(alpha_from_sums((table + table.T).ravel(), [0.0, 1.0])) if marked else float("nan")
    return {
        "n_passages": len(pairs), "n_first": n_first, "n_second": n_second,
        "alpha_unitised": alpha,
        "f1_characters": 2 * table[1, 1] / marked if marked else float("nan"),
        "f1_spans": 2 * n_matched / (n_first + n_second) if n_first + n_second else float("nan"),
    }  # fmt: skip


def _match(first: list[tuple[int, int]], second: list[tuple[int, int]], overlap: float) -> int:
    """Count spans matched one to one, the best overlaps first."""
    candidates = []
    for i, (a, b) in enumerate(first):
        for j, (c, d) in enumerate(second):
            common = min(b, d) - max(a, c)
            if common > 0 and common >= overlap * (max(b, d) - min(a, c)):
                candidates.append((-common / (max(b, d) - min(a, c)), i, j))
    used_first: set[int] = set()
    used_second: set[int] = set()
    for _, i, j in sorted(candidates):
        if i not in used_first and j not in used_second:
            used_first.add(i)
            used_second.add(j)
    return len(used_first)
