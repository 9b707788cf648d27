"""Puts the parts together: the tables of the run, in document order, whatever batches they were made in."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field as default_field
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from xietong import ids
from xietong.batch import PARTS_ONLY, Task
from xietong.duplicates import compare_sketches
from xietong.ingest.reasons import reason_for
from xietong.parts import Slice, read_slice
from xietong.tables import BY_DOCUMENT

#: Rows of a Parquet row group; fixed, so that the bytes do not depend on the batches. Whole texts fill a group sooner.
ROWS_PER_GROUP = 16_384
TEXTS_PER_GROUP = 128


@dataclass
class Counts:
    """What the closing summary and the manifest say of a run."""

    by_status: dict[str, int] = default_field(default_factory=dict)
    passages: int = 0
    tags: int = 0
    evidence: int = 0


def merge(tasks: Sequence[Task], places: dict[str, dict[str, Slice]], folder: Path) -> Counts:
    """Write the tables of every document of ``tasks``, in their order, into ``folder``.

    A document whose content stands earlier in the list is a ``duplicate``: it keeps its row, and its passages are
    those of the earlier one.
    """
    counts = Counts()
    survey = _survey(tasks, places)
    schema = BY_DOCUMENT["documents"]
    for name in survey.user_columns:
        schema = schema.append(pa.field(name, pa.string()))
    writers = {
        name: TableWriter(
            folder / f"{name}.parquet",
            schema if name == "documents" else s,
            TEXTS_PER_GROUP if name == "texts" else ROWS_PER_GROUP,
        )
        for name, s in BY_DOCUMENT.items()
    }
    first_file: dict[str, str] = {}
    for task in tasks:
        read, coded = places["read"][task.read_key], places["coded"][task.code_key]
        documents, repeated = _settle(read_slice(read, "documents").to_pylist(), first_file, survey)
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


@dataclass(frozen=True)
class _Survey:
    """What has to be known of all documents before the first row is written."""

    user_columns: list[str]
    similar: dict[str, tuple[str, float]]  # document_id -> file of the most similar document before it, and how similar


def _survey(tasks: Sequence[Task], places: dict[str, dict[str, Slice]]) -> _Survey:
    columns: dict[str, None] = {}
    files: dict[str, str] = {}
    sketches = []
    wanted = ["document_id", "file", "status", "user", "sketch"]
    for task in tasks:
        for row in read_slice(places["read"][task.read_key], "documents").select(wanted).to_pylist():
            columns.update(dict.fromkeys(json.loads(row["user"])))
            if row["status"] == "ok" and row["document_id"] not in files:
                files[row["document_id"]] = row["file"]
                sketches.append(np.frombuffer(row["sketch"], dtype=np.uint64))
    similar = compare_sketches(list(files), sketches)
    return _Survey(
        user_columns=[name for name in columns if name not in BY_DOCUMENT["documents"].names],
        similar={found.document_id: (files[found.similar_to], found.similarity) for found in similar},
    )


def _settle(rows: list[dict], first_file: dict[str, str], survey: _Survey) -> tuple[list[dict], set[str]]:
    """Mark repeated and similar documents and open the user's columns; give the rows and the ids whose passages go."""
    repeated = set()
    for row in rows:
        user = json.loads(row["user"])
        row.update({name: user.get(name) for name in survey.user_columns})
        for field in PARTS_ONLY:
            del row[field.name]
        if row["status"] == "ok" and row["sha256"] in first_file:
            first = first_file[row["sha256"]]
            repeated.add(row["document_id"])
            row.update(
                document_id=ids.document_id(row["sha256"], row["file"]),
                status="duplicate",
                duplicate_of=first,
                reason=reason_for("same_content", first=first),
                n_passages=0,
            )
        elif row["status"] == "ok":
            first_file[row["sha256"]] = row["file"]
            row["similar_to"], row["similarity"] = survey.similar.get(row["document_id"], (None, None))
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


class TableWriter:
    """Writes one Parquet file in row groups of a fixed size."""

    def __init__(self, file: Path, schema: pa.Schema, rows_per_group: int = ROWS_PER_GROUP) -> None:
        self.schema, self.rows_per_group = schema, rows_per_group
        self.stream = open(file, "wb")  # noqa: SIM115 closed by close()
        self.writer = pq.ParquetWriter(self.stream, schema, compression="zstd", store_schema=False)
        self.waiting: list[pa.Table] = []
        self.n_waiting = 0

    def write(self, table: pa.Table) -> None:
        """Add rows; they reach the file a row group at a time."""
        self.waiting.append(table.cast(self.schema))
        self.n_waiting += table.num_rows
        if self.n_waiting >= self.rows_per_group:
            self._flush(self.rows_per_group)

    def _flush(self, size: int) -> None:
        rows = pa.concat_tables(self.waiting).combine_chunks()
        while rows.num_rows >= size:
            self.writer.write_table(rows.slice(0, size), row_group_size=self.rows_per_group)
            rows = rows.slice(size)
        self.waiting, self.n_waiting = [rows], rows.num_rows

    def close(self) -> None:
        """Write what is left and finish the file."""
        if self.n_waiting:
            self._flush(self.n_waiting)
        self.writer.close()
        self.stream.close()
