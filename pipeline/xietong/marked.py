"""The wide table with, beside each passage, where the evidence stands in its reading."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from xietong.highlight import reading_spans
from xietong.wide import ASSIGNING_CODER, Follower, widen_in_steps

if TYPE_CHECKING:
    from xietong.runs import Run


@dataclass(frozen=True, slots=True)
class Highlight:
    """Evidence of one code in a passage's reading; ``start`` and ``end`` count code points of the reading."""

    start: int
    end: int
    code: str


def marked_in_steps(run: Run) -> Iterator[tuple[pa.Table, list[list[Highlight]]]]:
    """Give the wide table a row group at a time, each with the highlights of its rows."""
    file = pq.ParquetFile(run.folder / "tables" / "passages.parquet")
    evidence = Follower(run.folder / "tables" / "evidence.parquet", [("coder_id", ASSIGNING_CODER)])
    for number, rows in enumerate(widen_in_steps(run)):
        texts = file.read_row_group(number, columns=["text"])["text"]
        yield rows, _highlights(rows, texts, evidence.take(rows["passage_id"].combine_chunks()))


def _highlights(rows: pa.Table, texts: pa.ChunkedArray, evidence: pa.Table) -> list[list[Highlight]]:
    by_passage: dict[str, list[tuple[str, int, int]]] = {}
    for passage_id, *reason in _rows(evidence, "passage_id", "code", "start", "end"):
        by_passage.setdefault(passage_id, []).append(tuple(reason))
    found: list[list[Highlight]] = []
    for (passage_id, place, reading), text in zip(
        _rows(rows, "passage_id", "start", "reading"), texts.to_pylist(), strict=True
    ):
        reasons = by_passage.get(passage_id, [])
        spans = reading_spans(text, reading, [(start - place, end - place) for _, start, end in reasons])
        found.append(
            [Highlight(*span, code) for span, (code, _, _) in zip(spans, reasons, strict=True) if span is not None]
        )
    return found


def _rows(table: pa.Table, *names: str) -> Iterator[tuple[Any, ...]]:
    return zip(*(table[name].to_pylist() for name in names), strict=True)
