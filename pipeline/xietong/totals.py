"""Counts over a whole run, gathered in one pass: codes by document, and codes that occur together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from xietong.codebook import Codebook
from xietong.records import CODED_KINDS

if TYPE_CHECKING:
    import pandas as pd


@dataclass
class Totals:
    """What is added up while the wide table passes by, a row group at a time.

    ``n_coded``: passages that coders look at, shape (n_documents,). ``counts``: passages with a value of at least
    1 and at least 2, shape (2, n_documents, n_codes). ``together``: passages in which two codes both hold, shape
    (n_codes, n_codes). ``with_any``: passages with any code of a facet at a value of at least 1 and at least 2, shape
    (2, n_facets).
    """

    codebook: Codebook
    documents: pd.DataFrame

    def __post_init__(self) -> None:
        n_documents, n_codes = len(self.documents), len(self.codebook.codes)
        self.place = {name: i for i, name in enumerate(self.documents["document_id"])}
        self.n_passages = 0
        self.n_review = 0
        self.n_coded = np.zeros(n_documents, dtype=np.int64)
        self.counts = np.zeros((2, n_documents, n_codes), dtype=np.int64)
        self.together = np.zeros((n_codes, n_codes), dtype=np.int64)
        self.with_any = np.zeros((2, len(self.codebook.facets)), dtype=np.int64)

    def add(self, rows: pa.Table) -> None:
        """Count the rows of a piece of the wide table."""
        self.n_passages += rows.num_rows
        document = np.array([self.place[name] for name in rows["document_id"].to_pylist()], dtype=np.int64)
        is_coded = np.isin(np.array(rows["kind"].to_pylist(), dtype=object), sorted(CODED_KINDS))
        values = code_values(rows, self.codebook)
        np.add.at(self.n_coded, document[is_coded], 1)
        for level in (1, 2):
            np.add.at(self.counts[level - 1], document, values >= level)
        present = (values > 0).astype(np.int64)
        self.together += present.T @ present
        for i, facet in enumerate(self.codebook.facets):
            of_facet = [code.facet == facet for code in self.codebook.codes]
            for level in (1, 2):
                self.with_any[level - 1, i] += int((values[:, of_facet] >= level).any(axis=1).sum())
        self.n_review += int(np.count_nonzero(rows["needs_review"].to_numpy(zero_copy_only=False)))

    def by(self, column: str) -> list[tuple[Any, np.ndarray]]:
        """Group the documents that have passages by a column: its values in order, each with document places."""
        values = self.documents[column].astype("object")
        has_passages = self.n_coded > 0
        is_known = (values.notna() & (values != "")).to_numpy(dtype=bool) & has_passages
        named = sorted(set(values[is_known]))
        groups = [(value, np.nonzero((values == value).to_numpy(dtype=bool) & is_known)[0]) for value in named]
        known = np.concatenate([places for _, places in groups]) if groups else np.zeros(0, dtype=np.int64)
        unknown = np.setdiff1d(np.nonzero(has_passages)[0], known)
        return groups + ([(None, unknown)] if len(unknown) else [])


def code_values(rows: pa.Table, codebook: Codebook) -> np.ndarray:
    """Give the code columns of the wide table as one array, shape (n_rows, n_codes)."""
    if not codebook.codes:
        return np.zeros((rows.num_rows, 0), dtype=np.int8)
    return np.stack([rows[code.column].to_numpy() for code in codebook.codes], axis=1)


def crossed_facets(codebook: Codebook) -> tuple[list[int], list[int]]:
    """Choose the codes of the cross-table: the first facet against the second, or against itself where it is alone."""
    facets = codebook.facets
    pick: Callable[[str], list[int]] = lambda facet: [i for i, c in enumerate(codebook.codes) if c.facet == facet]  # noqa: E731
    if not facets:
        return [], []
    return pick(facets[0]), pick(facets[1] if len(facets) > 1 else facets[0])
