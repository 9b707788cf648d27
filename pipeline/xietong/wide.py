"""The wide passages table: one row a passage, one column a code, the document's metadata and the quoted words beside it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from xietong.codebook import Codebook
from xietong.tables import DOCUMENT_COLUMNS, DOCUMENTS, PASSAGES

if TYPE_CHECKING:
    from pathlib import Path

    from xietong.runs import Run

#: The coder whose values the code columns show.
ASSIGNING_CODER = "combined"
#: All of the passages table but ``text``, which ``reading`` shows to people.
_PASSAGE_COLUMNS = [name for name in PASSAGES.names if name != "text"]


def widen(run: Run) -> pa.Table:
    """Give the whole wide table of a run; ``widen_in_steps`` gives it piece by piece."""
    pieces = list(widen_in_steps(run))
    return pa.concat_tables(pieces) if pieces else wide_schema(run).empty_table()


def widen_in_steps(run: Run) -> Iterator[pa.Table]:
    """Give the wide table a row group at a time, so that memory does not grow with the corpus.

    The passages, tags and evidence tables are all in the order of the passages, so one reading of each is enough.
    """
    folder = run.folder / "tables"
    schema = wide_schema(run)
    documents = _documents(run)
    tags = Follower(folder / "tags.parquet", [("coder_id", ASSIGNING_CODER)])
    evidence = Follower(folder / "evidence.parquet", [("coder_id", ASSIGNING_CODER)])
    file = pq.ParquetFile(folder / "passages.parquet")
    for number in range(file.num_row_groups):
        passages = file.read_row_group(number, columns=_PASSAGE_COLUMNS).select(_PASSAGE_COLUMNS)
        ids = passages["passage_id"].combine_chunks()
        columns = {name: passages[name] for name in _PASSAGE_COLUMNS}
        place = pc.index_in(passages["document_id"], documents["document_id"])
        columns |= {name: documents[name].take(place) for name in documents.column_names if name != "document_id"}
        columns |= _code_columns(run.codebook, ids, tags.take(ids), evidence.take(ids))
        yield pa.table({name: columns[name] for name in schema.names}, schema=schema)


def wide_schema(run: Run) -> pa.Schema:
    """Give names and types of the wide table's columns, in their order."""
    fields = [PASSAGES.field(name) for name in _PASSAGE_COLUMNS]
    fields += [field for field in _documents(run, n_rows=0).schema if field.name != "document_id"]
    fields += [pa.field(code.column, pa.int8()) for code in run.codebook.codes]
    fields += [pa.field(facet_column(facet), pa.string()) for facet in run.codebook.facets]
    fields += [
        pa.field("evidence", pa.string()),
        pa.field("confidence", pa.float32()),
        pa.field("needs_review", pa.bool_()),
    ]
    return pa.schema(fields)


def facet_column(facet: str) -> str:
    """Name the column that lists the assigned codes of a facet: ``paths`` for ``path``."""
    return f"{facet}s"


def _documents(run: Run, n_rows: int | None = None) -> pa.Table:
    table = run.table("documents")
    user = [name for name in table.column_names if name not in DOCUMENTS.names]
    table = table.select(["document_id", *DOCUMENT_COLUMNS, *user])
    return table if n_rows is None else table.slice(0, n_rows)


def count_passages(run: Run) -> int:
    """Give the number of passages of all kinds."""
    n: int = pq.read_metadata(run.folder / "tables" / "passages.parquet").num_rows
    return n


class Follower:
    """Reads a table that is in passage order alongside the passages: all columns, or some, ``passage_id`` among them."""

    def __init__(self, file: Path, equal: list[tuple[str, str]], columns: list[str] | None = None) -> None:
        self.file = pq.ParquetFile(file)
        self.equal = equal
        self.columns = columns or self.file.schema_arrow.names
        self.next_group = 0
        self.waiting = self.file.schema_arrow.empty_table().select(self.columns)

    def take(self, ids: pa.Array) -> pa.Table:
        """Give the rows of the next passages, which are ``ids``."""
        found = [self._mine(self.waiting, ids)]
        while self.waiting.num_rows == 0 and self.next_group < self.file.num_row_groups:
            group = self.file.read_row_group(self.next_group, columns=self.columns)
            self.next_group += 1
            for column, value in self.equal:
                group = group.filter(pc.equal(group[column], value))
            found.append(self._mine(group, ids))
        return pa.concat_tables(found)

    def _mine(self, table: pa.Table, ids: pa.Array) -> pa.Table:
        is_mine = pc.is_in(table["passage_id"], ids)
        self.waiting = table.filter(pc.invert(is_mine))
        return table.filter(is_mine)


def _code_columns(codebook: Codebook, ids: pa.Array, tags: pa.Table, evidence: pa.Table) -> dict[str, pa.Array]:
    n = len(ids)
    names = pa.array([code.code for code in codebook.codes])
    row = pc.index_in(tags["passage_id"], ids).to_numpy()
    code = pc.index_in(tags["code"], names).to_numpy()
    values = np.zeros((n, len(codebook.codes)), dtype=np.int8)
    values[row, code] = tags["value"].to_numpy()
    sureness = np.ones((n, len(codebook.codes)), dtype=np.float32)
    scores = tags["score"].to_numpy()
    sureness[row, code] = np.where(tags["value"].to_numpy() > 0, scores, 1 - scores)
    review = np.zeros(n, dtype=bool)
    np.logical_or.at(review, row, tags["needs_review"].to_numpy(zero_copy_only=False))
    columns: dict[str, pa.Array] = {c.column: pa.array(values[:, i]) for i, c in enumerate(codebook.codes)}
    for facet in codebook.facets:
        columns[facet_column(facet)] = _assigned(codebook, facet, values)
    columns["evidence"] = _quotes(codebook, ids, evidence)
    columns["confidence"] = pa.array(np.round(sureness.min(axis=1, initial=1), 4), type=pa.float32())
    columns["needs_review"] = pa.array(review)
    return columns


def _assigned(codebook: Codebook, facet: str, values: np.ndarray) -> pa.Array:
    labels = [""] * len(values)
    for i, code in enumerate(codebook.codes):
        if code.facet == facet:
            for row in np.nonzero(values[:, i])[0]:
                labels[row] += f"; {code.code}" if labels[row] else code.code
    return pa.array(labels, type=pa.string())


def _quotes(codebook: Codebook, ids: pa.Array, evidence: pa.Table) -> pa.Array:
    """Join the quoted words of each passage, code by code: ``planning: 城市群 | 都市圈; market: 统一市场``."""
    quotes: list[dict[str, dict[str, None]]] = [{} for _ in range(len(ids))]
    place = pc.index_in(evidence["passage_id"], ids).to_pylist()
    for row, code, quote in zip(place, evidence["code"].to_pylist(), evidence["quote"].to_pylist(), strict=True):
        quotes[row].setdefault(code, {})[" ".join(quote.split())] = None
    return pa.array(
        ["; ".join(f"{code}: {' | '.join(words)}" for code, words in found.items()) for found in quotes],
        type=pa.string(),
    )
