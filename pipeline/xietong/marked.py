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
    by_passage: dict[str, list[dict[str, Any]]] = {}
    for row in evidence.select(["passage_id", "code", "start", "end"]).to_pylist():
        by_passage.setdefault(row["passage_id"], []).append(row)
    found: list[list[Highlight]] = []
    columns = (
        rows["passage_id"].to_pylist(),
        rows["start"].to_pylist(),
        rows["reading"].to_pylist(),
        texts.to_pylist(),
    )
    for passage_id, start, reading, text in zip(*columns, strict=True):
        reasons = by_passage.get(passage_id, [])
        spans = reading_spans(text, reading, [(reason["start"] - start, reason["end"] - start) for reason in reasons])
        found.append(
            [
                Highlight(span[0], span[1], reason["code"])
                for span, reason in zip(spans, reasons, strict=True)
                if span is not None
            ]
        )
    return found
