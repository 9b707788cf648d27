"""Reads and segments without coding: what each file holds, and what would fail."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from xietong.batch import PARTS_ONLY, DocumentOptions, Recipe, Workshop, read_tables
from xietong.codebook import Codebook


def check_documents(inputs: Sequence[str | Path], **options: Any) -> list[dict]:
    """Give the documents table of the inputs, one dictionary a row, without writing anything."""
    from xietong.job import plan

    recipe = Recipe(codebook=Codebook(name="none", codes=()), options=DocumentOptions(**options))
    workshop = Workshop(recipe)
    try:
        rows = [
            row for task in plan(inputs, recipe) for row in read_tables(workshop.read(task))["documents"].to_pylist()
        ]
    finally:
        workshop.close()
    for row in rows:
        for field in PARTS_ONLY:
            del row[field.name]
    return rows
