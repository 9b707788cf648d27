"""Reads the small tables that come with the package: messages, names of columns and places, words of page furniture."""

from __future__ import annotations

import csv
from importlib.resources import files
from io import StringIO


def read_list(name: str) -> list[dict[str, str]]:
    """Give the rows of ``data/<name>.csv``."""
    text = files("xietong").joinpath("data", f"{name}.csv").read_text(encoding="utf-8-sig")
    return list(csv.DictReader(StringIO(text)))
