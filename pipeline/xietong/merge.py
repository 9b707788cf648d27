"""Puts the parts together: the tables of the run, in document order, whatever batches they were made in."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from xietong import ids
from xietong.batch import Task
from xietong.parts import Slice, read_slice
from xietong.tables import BY_DOCUMENT

#: Rows of a Parquet row group; fixed, so that the bytes do not depend on the batches.
ROWS_PER_GROUP = 16_384


@dataclass
class Counts:
    """What the closing summary and the manifest say of a run."""

    by_status: dict[str, int] = field(default_factory=dict)
    passages: int = 0
    tags: int = 0
    evidence: int = 0


def merge(tasks: Sequence[Task], places: dict[str, dict[str, Slice]], folder: Path) -> Counts:
    """Write the tables of every document of ``tasks``, in their order, into ``folder``.

    A document whose content stands earlier in the list is a ``duplicate``: it keeps its row, and its passages are
    those of the earlier one.
    """
    counts = Counts()
    user_columns = _user_columns(tasks, places)
    schema = BY_DOCUMENT["documents"]
    for name in user_columns:
        schema = schema.append(pa.field(name, pa.string()))
    writers = {
        name: TableWriter(folder / f"{name}.parquet", schema if name == "documents" else s)
        for name, s in BY_DOCUMENT.items()
    }
    first_file: dict[str, str] = {}
    for task in tasks:
        read, coded = places["read"][task.read_key], places["coded"][task.code_key]
        documents, repeated = _settle(read_slice(read, "documents").to_pylist(), first_file, user_columns)
        for row in documents:
            counts.by_status[row["status"]] = counts.by_status.get(row["status"], 0) + 1
        writers["documents"].write(pa.Table.from_pylist(documents, schema=schema))
        tables = {name: read_slice(read, name) for name in ("passages", "texts")}
        tables |= {name: read_slice(coded, name) for name in ("tags", "evidence")}
        if repeated:
            tables = _without(tables, repeated)
        for name, table in tables.items():
            writers[name].write(table.select(BY_DOCUMENT[name].names))
        counts.passages += tables["passages"].num_rows
        counts.tags += tables["tags"].num_rows
        counts.evidence += tables["evidence"].num_rows
    for writer in writers.values():
        writer.close()
    return counts


def _settle(rows: list[dict], first_file: dict[str, str], user_columns: Sequence[str]) -> tuple[list[dict], set[str]]:
    """Mark repeated documents and open the user's columns; give the rows and the ids whose passages go."""
    repeated = set()
    for row in rows:
        user = json.loads(row.pop("user"))
        del row["shape"]
        row.update({name: user.get(name) for name in user_columns})
        if row["status"] == "ok" and row["sha256"] in first_file:
            first = first_file[row["sha256"]]
            repeated.add(row["document_id"])
            row.update(
                document_id=ids.document_id(row["sha256"], row["file"]),
                status="duplicate",
                duplicate_of=first,
                reason=f"same content as {first}, which is coded; it is counted once",
                n_passages=0,
            )
        elif row["status"] == "ok":
            first_file[row["sha256"]] = row["file"]
    return rows, repeated


def _without(tables: dict[str, pa.Table], repeated: set[str]) -> dict[str, pa.Table]:
    """Take the passages of repeated documents out, and all that hangs on them; ids in one source may repeat as well."""
    gone = pa.array(sorted(repeated))
    passages = tables["passages"]
    is_gone = pa.compute.is_in(passages["document_id"], gone)
    gone_passages = passages.filter(is_gone)["passage_id"].combine_chunks()
    kept = {"passages": passages.filter(pa.compute.invert(is_gone))}
    kept["texts"] = tables["texts"].filter(pa.compute.invert(pa.compute.is_in(tables["texts"]["document_id"], gone)))
    for name in ("tags", "evidence"):
        table = tables[name]
        kept[name] = table.filter(pa.compute.invert(pa.compute.is_in(table["passage_id"], gone_passages)))
    return kept


def _user_columns(tasks: Sequence[Task], places: dict[str, dict[str, Slice]]) -> list[str]:
    """List the user's own metadata columns over all documents, in order of appearance."""
    names: dict[str, None] = {}
    for task in tasks:
        for packed in set(read_slice(places["read"][task.read_key], "documents")["user"].to_pylist()):
            names.update(dict.fromkeys(json.loads(packed)))
    return [name for name in names if name not in BY_DOCUMENT["documents"].names]


class TableWriter:
    """Writes one Parquet file in row groups of a fixed size."""

    def __init__(self, file: Path, schema: pa.Schema) -> None:
        self.schema = schema
        self.stream = open(file, "wb")  # noqa: SIM115 closed by close()
        self.writer = pq.ParquetWriter(self.stream, schema, compression="zstd", store_schema=False)
        self.waiting: list[pa.Table] = []
        self.n_waiting = 0

    def write(self, table: pa.Table) -> None:
        """Add rows; they reach the file a row group at a time."""
        self.waiting.append(table.cast(self.schema))
        self.n_waiting += table.num_rows
        if self.n_waiting >= ROWS_PER_GROUP:
            self._flush(ROWS_PER_GROUP)

    def _flush(self, size: int) -> None:
        rows = pa.concat_tables(self.waiting).combine_chunks()
        while rows.num_rows >= size:
            self.writer.write_table(rows.slice(0, size), row_group_size=ROWS_PER_GROUP)
            rows = rows.slice(size)
        self.waiting, self.n_waiting = [rows], rows.num_rows

    def close(self) -> None:
        """Write what is left and finish the file."""
        if self.n_waiting:
            self._flush(self.n_waiting)
        self.writer.close()
        self.stream.close()


def document_rows(tasks: Sequence[Task], places: dict[str, dict[str, Slice]]) -> Iterator[dict]:
    """Give the documents' rows of the parts, in order, as they were read."""
    for task in tasks:
        yield from read_slice(places["read"][task.read_key], "documents").to_pylist()
