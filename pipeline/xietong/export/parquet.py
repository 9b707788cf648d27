"""passages.parquet: the wide table, exact and typed, for R, Python, DuckDB and Spark."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow.parquet as pq

from xietong.wide import wide_schema, widen_in_steps

if TYPE_CHECKING:
    from xietong.runs import Run


def write(run: Run, target: Path) -> None:
    """Write the wide table in row groups, as it is read."""
    with open(target, "wb") as stream, pq.ParquetWriter(stream, wide_schema(run), compression="zstd") as writer:
        for rows in widen_in_steps(run):
            writer.write_table(rows)
