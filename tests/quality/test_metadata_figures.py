"""Year, region and level stay above their floors on a sample of the real corpora."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

FLOORS = {"language": 0.97, "year": 0.95, "region": 0.93, "level": 0.93}


def test_metadata_figures_stay_above_their_floors():
    spec = importlib.util.spec_from_file_location("metadata_figures", Path(__file__).with_name("metadata_figures.py"))
    figures = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(figures)
    if not (figures.CORPORA / "corpora.csv").is_file():
        pytest.skip("needs ../shared: corpora/corpora.csv")
    rows = [row for row in figures.index()[3::60] if row["path"].endswith((".txt", ".docx", ".html", ".htm"))]
    errors: list[str] = []
    right, asked, _ = figures.measure(rows, errors.append)
    for item, floor in FLOORS.items():
        assert right[item] >= floor * asked[item] - 1, "\n".join(errors)
