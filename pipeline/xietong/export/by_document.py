"""A run document by document, for formats that keep sources and selections: one document in memory at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq

from xietong.wide import ASSIGNING_CODER, Follower, widen_in_steps

if TYPE_CHECKING:
    from xietong.runs import Run


@dataclass(frozen=True, slots=True)
class CodedDocument:
    """One document: its row of the documents table, its text, and its passages.

    Each passage is a row of the wide table with its verbatim ``text`` and a list ``spans`` of its evidence, as rows
    of the evidence table.
    """

    about: dict[str, Any]
    text: str
    passages: list[dict[str, Any]]


def passages_in_steps(run: Run) -> Iterator[dict[str, Any]]:
    """Give every passage as a row of the wide table with ``text`` and ``spans``."""
    file = pq.ParquetFile(run.folder / "tables" / "passages.parquet")
    evidence = Follower(run.folder / "tables" / "evidence.parquet", [("coder_id", ASSIGNING_CODER)])
    for number, rows in enumerate(widen_in_steps(run)):
        spans: dict[str, list[dict[str, Any]]] = {}
        for span in evidence.take(rows["passage_id"].combine_chunks()).to_pylist():
            spans.setdefault(span.pop("passage_id"), []).append(span)
        texts = file.read_row_group(number, columns=["text"])["text"].to_pylist()
        for row, text in zip(rows.to_pylist(), texts, strict=True):
            yield row | {"text": text, "spans": spans.get(row["passage_id"], [])}


def documents_in_steps(run: Run) -> Iterator[CodedDocument]:
    """Give every document that has a text, in the order of the tables."""
    about = {row["document_id"]: row for row in run.table("documents").to_pylist()}
    groups = groupby(passages_in_steps(run), key=lambda row: row["document_id"])
    waiting = next(groups, None)
    for document_id, text in texts_in_steps(run):
        passages: list[dict[str, Any]] = []
        if waiting is not None and waiting[0] == document_id:
            passages = list(waiting[1])
            waiting = next(groups, None)
        yield CodedDocument(about[document_id], text, passages)


def texts_in_steps(run: Run) -> Iterator[tuple[str, str]]:
    """Give document_id and text of every document."""
    file = pq.ParquetFile(run.folder / "tables" / "texts.parquet", pre_buffer=False)
    for batch in file.iter_batches(batch_size=16, columns=["document_id", "text"]):
        yield from zip(batch["document_id"].to_pylist(), batch["text"].to_pylist(), strict=True)
