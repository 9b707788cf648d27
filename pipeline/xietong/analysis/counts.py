"""How many passages of each document carry each code: the table that every attention analysis starts from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from xietong.codebook import Codebook
from xietong.duplicates import are_alike
from xietong.errors import UsageError
from xietong.records import CODED_KINDS

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

#: What is known about a document, as the wide passages frame carries it.
DOCUMENT_COLUMNS = ("document_id", "file", "language", "year", "region", "level", "issuer", "doc_date")


@dataclass(frozen=True, slots=True)
class Measured:
    """A code, counted from ``value_from`` upwards (1: theme or synergy; 2: synergy only)."""

    facet: str
    code: str
    value_from: int

    @property
    def names(self) -> dict[str, str | int]:
        """The columns that name it in a table of results."""
        return {"facet": self.facet, "code": self.code, "value_from": self.value_from}


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """Coded passages by document.

    ``documents``: one row per document, in the order of ``n`` and ``k``; ``n``: int, shape (n_documents,),
    passages that could carry a code; ``k``: int, shape (n_documents, n_measured), passages that do.
    """

    documents: pd.DataFrame
    n: NDArray[np.int64]
    k: NDArray[np.int64]
    measured: tuple[Measured, ...]

    def take(self, rows: NDArray[np.intp] | NDArray[np.bool_]) -> Counts:
        """Give the counts of some documents only."""
        documents = self.documents.loc[rows] if rows.dtype == bool else self.documents.iloc[rows]
        return Counts(
            documents=documents.reset_index(drop=True), n=self.n[rows], k=self.k[rows], measured=self.measured
        )

    def columns(self, *, facet: str | None = None, value_from: int | None = None) -> list[int]:
        """Give the positions of the measured codes of a facet, at a threshold."""
        return [
            i
            for i, one in enumerate(self.measured)
            if (facet is None or one.facet == facet) and (value_from is None or one.value_from == value_from)
        ]


def coded_passages(passages: pd.DataFrame) -> pd.DataFrame:
    """Keep the passages that coders look at: body text, list items and tables.

    Raises
    ------
    UsageError
        If none is left.
    """
    kept = passages[passages["kind"].isin(CODED_KINDS)] if "kind" in passages else passages
    if kept.empty:
        raise UsageError("no coded passage in this run: every document is empty or failed; see `xietong check`")
    return kept.astype({"year": "Int64"}) if "year" in kept else kept  # a missing year makes pandas read 2019.0


def recode(passages: pd.DataFrame, tags: pd.DataFrame, codebook: Codebook, coder: str) -> pd.DataFrame:
    """Give the wide frame with the values of one coder, a method or a person, instead of the assigned ones.

    Raises
    ------
    UsageError
        If the coder has coded nothing in this run.
    """
    mine = tags[(tags["coder_id"] == coder) & (tags["value"] > 0)]
    if mine.empty:
        there = ", ".join(sorted(tags["coder_id"].unique()))
        raise UsageError(f"no code by {coder!r} in this run; there are codes by {there or 'nobody'}")
    frame = passages.copy()
    for code in codebook.codes:
        values = mine.loc[mine["code"] == code.code].drop_duplicates("passage_id").set_index("passage_id")["value"]
        frame[code.column] = frame["passage_id"].map(values).fillna(0).astype("int8")
    return frame


def one_of_each(passages: pd.DataFrame, documents: pd.DataFrame) -> pd.DataFrame:
    """Leave out documents that are another transcription of one before them, so that no text counts twice."""
    if "similarity" not in documents:
        return passages
    twice = documents.loc[are_alike(documents), "document_id"]
    return passages[~passages["document_id"].isin(set(twice))].reset_index(drop=True)


def count_codes(passages: pd.DataFrame, codebook: Codebook) -> Counts:
    """Count, for each document, its coded passages and those that carry each code.

    Parameters
    ----------
    passages : DataFrame
        The wide passages frame: one row per passage, one column of values per code.
    codebook : Codebook
        Which codes there are. A code on a 0-2 scale is counted twice: from 1 and from 2.

    Returns
    -------
    Counts
        Documents in the order of their first passage.
    """
    import numpy as np
    import pandas as pd

    coded = coded_passages(passages)
    measured = tuple(
        Measured(code.facet, code.code, value) for code in codebook.codes for value in range(1, code.scale_max + 1)
    )
    wanted = [code.column for code in codebook.codes]
    if missing := [name for name in wanted if name not in coded]:
        raise UsageError(f"the passages have no column {missing[0]}: was the run made with another codebook?")
    if codebook.codes:
        values = coded[wanted].fillna(0).to_numpy(dtype=np.int64)
        hits = np.column_stack(
            [values[:, codebook.index[one.code]] >= one.value_from for one in measured]  # (n_passages, n_measured)
        ).astype(np.int64)
    else:
        hits = np.zeros((len(coded), 0), dtype=np.int64)
    which, _ = pd.factorize(coded["document_id"])
    n = np.bincount(which)
    k = np.zeros((len(n), len(measured)), dtype=np.int64)
    np.add.at(k, which, hits)
    first = coded.drop_duplicates("document_id")
    documents = first[[name for name in DOCUMENT_COLUMNS if name in first]].reset_index(drop=True)
    return Counts(documents=documents, n=n, k=k, measured=measured)


def group_documents(documents: pd.DataFrame, by: Sequence[str]) -> dict[tuple[object, ...], NDArray[np.intp]]:
    """Give the documents of each group, groups in sorted order; documents with a missing value are left out."""
    import numpy as np

    if missing := [name for name in by if name not in documents]:
        raise UsageError(f"the documents have no column {missing[0]}; there are {', '.join(documents.columns)}")
    keys = documents[list(by)]
    known = keys.notna().all(axis=1) & (keys.astype("string") != "").all(axis=1)
    groups: dict[tuple[object, ...], list[int]] = {}
    for row, key in zip(np.flatnonzero(known.to_numpy()), keys[known].astype(object).to_numpy(), strict=True):
        groups.setdefault(tuple(key), []).append(int(row))
    return {key: np.array(groups[key]) for key in sorted(groups, key=lambda key: [str(part) for part in key])}
