"""Counts the cues that codes rest on, along the passages, so that memory does not grow with their number."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from xietong.wide import ASSIGNING_CODER, Follower

if TYPE_CHECKING:
    from xietong.runs import Run

_CUES_PER_CODE = 15
_COLUMNS = ["passage_id", "coder_id", "code", "cue", "weight"]


def list_cues(run: Run) -> list[list[list[Any]]]:
    """Give, for each code, the cues that most passages rest on: cue, number of passages, sum of weights.

    Words, and relations such as ``places: 2``, are counted apart, so that neither crowds the other out.
    """
    found: dict[str, list[list[Any]]] = {code.code: [] for code in run.codebook.codes}
    taken: dict[tuple[str, bool], int] = {}
    rows = zip(*(column.to_pylist() for column in _count(run).columns), strict=True)
    for code, cue, n, weight in sorted(rows, key=lambda row: (-row[2], -round(row[3], 3), row[1])):
        kind = (code, ": " in cue)
        taken[kind] = taken.get(kind, 0) + 1
        if taken[kind] <= _CUES_PER_CODE:
            found[code].append([cue, n, round(weight, 3)])
    return list(found.values())


def _count(run: Run) -> pa.Table:
    """Give code, cue, number of passages and sum of weights."""
    evidence = Follower(run.folder / "tables" / "evidence.parquet", [("coder_id", ASSIGNING_CODER)], _COLUMNS)
    passages = pq.ParquetFile(run.folder / "tables" / "passages.parquet")
    counted = pa.table({"code": pa.array([], pa.string()), "cue": pa.array([], pa.string()),
                        "n": pa.array([], pa.int64()), "weight": pa.array([], pa.float64())})  # fmt: skip
    for number in range(passages.num_row_groups):
        ids = passages.read_row_group(number, columns=["passage_id"])["passage_id"].combine_chunks()
        rows = evidence.take(ids)
        rows = _sums(rows.filter(pc.not_equal(rows["cue"], "")), ["passage_id", "code", "cue"], ["weight"])
        rows = rows.append_column("n", pa.array([1] * rows.num_rows, pa.int64()))
        counted = _sums(
            pa.concat_tables([counted, rows.select(counted.column_names)]), ["code", "cue"], ["n", "weight"]
        )
    return counted


def _sums(rows: pa.Table, by: list[str], columns: list[str]) -> pa.Table:
    """Sum columns by others, adding up in the order of the rows."""
    sums = rows.group_by(by, use_threads=False).aggregate([(name, "sum") for name in columns])
    totals = [sums[f"{name}_sum"].cast(pa.float64() if name == "weight" else pa.int64()) for name in columns]
    return pa.table([*(sums[name] for name in by), *totals], names=[*by, *columns])
