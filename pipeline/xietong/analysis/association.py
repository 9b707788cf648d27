"""Which codes of two facets stand in the same passages more often than chance would put them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from xietong.analysis.counts import coded_passages
from xietong.analysis.resampling import FEW_DOCUMENTS, adjust_p, caution
from xietong.analysis.results import tidy
from xietong.codebook import Code, Codebook
from xietong.errors import UsageError

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import ArrayLike, NDArray

MEASURES = (
    "this measures whether the two codes stand in the same passages more often than if they were placed independently; "
    "it says nothing of one causing the other"
)


def adjusted_residuals(table: ArrayLike) -> NDArray[np.float64]:
    """Give the adjusted Pearson residuals of a contingency table.

    Parameters
    ----------
    table : array of counts, shape (n_rows, n_columns)

    Returns
    -------
    array of float, same shape
        (O - E) / sqrt(E (1 - row share) (1 - column share)): about standard normal under independence.

    References
    ----------
    Haberman, S. J. (1973). The analysis of residuals in cross-classified tables.
    """
    table = np.asarray(table, dtype=float)
    total = table.sum()
    row, column = table.sum(axis=1, keepdims=True) / total, table.sum(axis=0, keepdims=True) / total
    expected = total * row * column
    with np.errstate(invalid="ignore", divide="ignore"):
        return (table - expected) / np.sqrt(expected * (1 - row) * (1 - column))


def associate(
    passages: pd.DataFrame, codebook: Codebook, facet: str, other: str, *, value_from: int = 1
) -> pd.DataFrame:
    """Measure the association of every code of one facet with every code of another, passage by passage.

    Parameters
    ----------
    passages : DataFrame
        The wide passages frame.
    codebook : Codebook
    facet, other : str
        The two facets, ``path`` and ``mechanism`` for instance; the same one twice pairs its own codes.
    value_from : int
        The lowest value of a 0-2 code that counts.

    Returns
    -------
    DataFrame
        Schema `TRENDS`, per pair of codes one row ``odds_ratio`` (half a passage added to each cell; interval and
        p from the variance of the log odds ratio between documents, Student's t) and one row ``adjusted_residual``.
        ``p_adjusted``: Benjamini-Hochberg.

    Raises
    ------
    UsageError
        If a facet has no code or there are fewer than three documents.
    """
    import pandas as pd

    coded = coded_passages(passages)
    pairs = _pairs(codebook, facet, other)
    which, _ = pd.factorize(coded["document_id"])
    n_documents = int(which.max()) + 1
    if n_documents < 3:
        raise UsageError(
            f"an association needs three documents or more to show its uncertainty; there are {n_documents}"
        )
    rows: list[dict[str, Any]] = []
    for first, second in pairs:
        x = _carries(coded, first, value_from)
        y = _carries(coded, second, value_from)
        rows += _pair_rows(first, second, x, y, which, n_documents, value_from)
    adjusted = adjust_p([row["p"] for row in rows if row["statistic"] == "odds_ratio"])
    for i, row in enumerate(rows):
        row["p_adjusted"] = adjusted[i // 2]
    return tidy(
        rows, analysis="association", corrected=False, measures=MEASURES, n_documents=n_documents,
        n_passages=len(coded),
        interval="95 % document-clustered (linearised variance, Student's t)",
        caution=caution(n_documents) if n_documents < FEW_DOCUMENTS else "",
    )  # fmt: skip


def log_odds_ratio(cells: NDArray[np.float64]) -> tuple[float, float]:
    """Give the log odds ratio of a fourfold table counted by document, and its standard error between documents.

    Parameters
    ----------
    cells : array, shape (n_documents, 4)
        Passages with both codes, the first only, the second only, neither.

    Returns
    -------
    estimate, standard_error : float
        Half a passage is added to each cell (Haldane, 1956); the error is the linearised, document-clustered one,
        never smaller than that of independent passages.
    """
    both, first, second, neither = cells.sum(axis=0) + 0.5
    estimate = float(np.log(both * neither / (first * second)))
    influence = cells @ np.array([1 / both, -1 / first, -1 / second, 1 / neither])
    g = len(cells)
    clustered = g / (g - 1) * float(((influence - influence.mean()) ** 2).sum())
    return estimate, float(np.sqrt(max(clustered, 1 / both + 1 / first + 1 / second + 1 / neither)))


def _pair_rows(
    first: Code, second: Code, x: NDArray[np.bool_], y: NDArray[np.bool_], which: NDArray[np.intp],
    n_documents: int, value_from: int,
) -> list[dict[str, Any]]:  # fmt: skip
    from scipy import stats

    parts = (x & y, x & ~y, ~x & y, ~x & ~y)
    cells = np.stack([np.bincount(which, weights=part.astype(float), minlength=n_documents) for part in parts], axis=1)
    estimate, error = log_odds_ratio(cells.astype(float))
    wide = stats.t.ppf(0.975, n_documents - 1)
    both, only_first, only_second, neither = cells.sum(axis=0)
    residual = adjusted_residuals([[both, only_first], [only_second, neither]])[0, 0]
    is_known = 0 < x.sum() < len(x) and 0 < y.sum() < len(y)
    same = {
        "facet": first.facet, "code": first.code, "other_facet": second.facet, "other_code": second.code,
        "value_from": value_from, "n_coded": int(both),
        "p": 2 * stats.t.sf(abs(estimate) / error, n_documents - 1) if is_known else None,
    }  # fmt: skip
    bounds = np.exp([estimate, estimate - wide * error, estimate + wide * error]) if is_known else [None] * 3
    return [
        {**same, "statistic": "odds_ratio", "estimate": bounds[0], "low": bounds[1], "high": bounds[2]},
        {**same, "statistic": "adjusted_residual", "estimate": residual if is_known else None},
    ]


def _carries(coded: pd.DataFrame, code: Code, value_from: int) -> NDArray[np.bool_]:
    return coded[code.column].fillna(0).to_numpy(dtype=np.int64) >= min(value_from, code.scale_max)


def _pairs(codebook: Codebook, facet: str, other: str) -> list[tuple[Code, Code]]:
    for name in (facet, other):
        if name not in codebook.facets:
            raise UsageError(f"the codebook has no facet {name!r}; it has {', '.join(codebook.facets)}")
    first = [code for code in codebook.codes if code.facet == facet]
    second = [code for code in codebook.codes if code.facet == other]
    if facet == other:
        return [(a, b) for i, a in enumerate(first) for b in second[i + 1 :]]
    return [(a, b) for a in first for b in second]
