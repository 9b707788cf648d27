"""The long table of codes as an array: passages by coders by codes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from xietong.errors import UsageError

COLUMNS = ("passage_id", "facet", "code", "coder_id", "value")


@dataclass(frozen=True, kw_only=True)
class Ratings:
    """Values of every passage, coder and code; NaN where the coder did not code the passage.

    ``values``: float, shape (n_passages, n_coders, n_codes). ``clusters``: document number of each passage.
    """

    passages: tuple[str, ...]
    coders: tuple[str, ...]
    codes: tuple[tuple[str, str], ...]  # (facet, code)
    values: NDArray[np.float64]
    clusters: NDArray[np.intp]
    has_documents: bool  # whether the clusters are documents; otherwise each passage stands for itself

    def of_coders(self, coders: Sequence[str]) -> Ratings:
        """Give the same for some of the coders, with the passages that at least two of them coded."""
        columns = [self.coders.index(c) for c in coders]
        values = self.values[:, columns]
        rows = np.flatnonzero((~np.isnan(values).all(axis=2)).sum(axis=1) >= 2)
        _, clusters = np.unique(self.clusters[rows], return_inverse=True)
        return Ratings(
            passages=tuple(self.passages[i] for i in rows), coders=tuple(coders), codes=self.codes,
            values=values[rows], clusters=clusters.astype(np.intp), has_documents=self.has_documents,
        )  # fmt: skip


def arrange_ratings(
    codes: pd.DataFrame,
    *,
    documents: pd.Series | None = None,
    coded: pd.DataFrame | None = None,
    coders: Sequence[str] | None = None,
    order: Sequence[tuple[str, str]] | None = None,
) -> Ratings:
    """Arrange a long table of codes as an array.

    Parameters
    ----------
    codes : frame with columns passage_id, facet, code, coder_id, value
        Zeros may be left out: a code without a row is 0 wherever the coder coded the passage.
    documents : series of document_id by passage_id, or None to treat each passage as its own document
    coded : frame with columns passage_id, coder_id, or None
        Which passages each coder coded, including those that got no code; without it, those with a row in ``codes``.
    coders : which coders, in this order; without it, all, sorted
    order : which (facet, code), in this order; without it, in the order of their first row

    Raises
    ------
    UsageError
        If a column is missing, a coder gave one code of one passage two values, or a named coder has no codes.
    """
    missing = [c for c in COLUMNS if c not in codes.columns]
    if missing:
        raise UsageError(f"the table of codes has no column {', '.join(missing)}; it needs {', '.join(COLUMNS)}")
    _refuse_contradictions(codes)
    pairs = (codes if coded is None else pd.concat([codes, coded]))[["passage_id", "coder_id"]].drop_duplicates()
    known = sorted(pairs["coder_id"].unique())
    coders = known if coders is None else list(coders)
    unknown = [c for c in coders if c not in known]
    if unknown:
        raise UsageError(f"no codes by {', '.join(unknown)}; the coders are {', '.join(known) or 'none'}")
    if order is None:
        order = list(dict.fromkeys(zip(codes["facet"], codes["code"], strict=True)))
    pairs = pairs[pairs["coder_id"].isin(coders)]
    passages = pd.Index(pairs["passage_id"].unique())
    values = _fill(codes, pairs, passages, coders, order)
    if documents is None:
        clusters = np.arange(len(passages))
    else:
        clusters = pd.factorize(documents.reindex(passages).fillna(pd.Series(passages, index=passages)))[0]
    return Ratings(
        passages=tuple(passages), coders=tuple(coders), codes=tuple(order), values=values,
        clusters=np.asarray(clusters, dtype=np.intp), has_documents=documents is not None,
    )  # fmt: skip


def _fill(
    codes: pd.DataFrame,
    pairs: pd.DataFrame,
    passages: pd.Index,
    coders: Sequence[str],
    order: Sequence[tuple[str, str]],
) -> NDArray[np.float64]:
    """Zeros where a coder coded the passage, then the values that were given."""
    coder_index, code_index = pd.Index(coders), pd.MultiIndex.from_tuples(list(order), names=["facet", "code"])
    values = np.full((len(passages), len(coders), len(order)), np.nan)
    values[passages.get_indexer(pairs["passage_id"]), coder_index.get_indexer(pairs["coder_id"])] = 0.0
    u = passages.get_indexer(codes["passage_id"])
    r = coder_index.get_indexer(codes["coder_id"])
    c = code_index.get_indexer(pd.MultiIndex.from_frame(codes[["facet", "code"]]))
    keep = (u >= 0) & (r >= 0) & (c >= 0)
    values[u[keep], r[keep], c[keep]] = codes["value"].to_numpy(float)[keep]
    return values


def _refuse_contradictions(codes: pd.DataFrame) -> None:
    key = ["passage_id", "facet", "code", "coder_id"]
    distinct = codes[[*key, "value"]].drop_duplicates()
    doubled = distinct[distinct.duplicated(key, keep=False)]
    if len(doubled):
        row = doubled.iloc[0]
        raise UsageError(
            f"coder {row.coder_id} gave passage {row.passage_id} two values for {row.facet} {row.code}"
            f" ({len(doubled)} such rows); keep one row per passage, code and coder"
        )
