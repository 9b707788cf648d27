"""All formats of one run hold the same rows, keys and texts."""

from __future__ import annotations

import csv
import json
import sqlite3
from contextlib import closing

import duckdb
import openpyxl
import pyarrow.parquet as pq
import pytest

from xietong.errors import UsageError
from xietong.export import EXPORTERS, export
from xietong.export.csv_file import unmark


def _rows(run, folder, format):
    file = export(run, format, folder / EXPORTERS[format][1])
    if format == "csv":
        with open(file, encoding="utf-8-sig", newline="") as lines:
            return [(unmark(row["passage_id"]), unmark(row["reading"])) for row in csv.DictReader(lines)]
    if format == "jsonl":
        with open(file, encoding="utf-8", newline="\n") as lines:
            return [(row["passage_id"], row["reading"]) for row in map(json.loads, lines)]
    if format == "parquet":
        return [(row["passage_id"], row["reading"]) for row in pq.read_table(file).to_pylist()]
    if format == "duckdb":
        with duckdb.connect(str(file), read_only=True) as connection:
            return connection.execute("select passage_id, reading from passages").fetchall()
    with closing(sqlite3.connect(file)) as connection:
        return connection.execute("select passage_id, reading from passages order by rowid").fetchall()


@pytest.mark.parametrize("format", ["csv", "jsonl", "parquet", "duckdb", "sqlite"])
def test_ids_and_texts_are_those_of_the_table(run, wide, tmp_path, format):
    assert _rows(run, tmp_path, format) == [(row["passage_id"], row["reading"]) for row in wide]


def test_workbook_has_the_same_ids_and_says_which_texts_are_cut(run, wide, tmp_path):
    sheet = openpyxl.load_workbook(export(run, "xlsx", tmp_path / "a.xlsx"))["passages"]
    assert [cell.value for cell in sheet["A"][1:]] == [row["passage_id"] for row in wide]


def test_jsonl_spans_are_exact_in_the_text_and_in_the_reading(run, tmp_path):
    lines = export(run, "jsonl", tmp_path / "a.jsonl").read_text(encoding="utf-8").split("\n")[:-1]
    spans = 0
    for row in map(json.loads, lines):
        text = run.text(row["document_id"])
        assert text[row["start"] : row["end"]] == row["text"]
        for span in row["spans"]:
            assert text[span["start"] : span["end"]] == span["quote"]
            shown = row["reading"][span["reading_start"] : span["reading_end"]]
            letters = iter(span["quote"])
            assert shown
            assert all(c in letters for c in shown)
            spans += 1
    assert spans == 11


def test_an_unknown_format_is_refused_with_the_known_ones(run):
    with pytest.raises(UsageError, match=", ".join(EXPORTERS)):
        export(run, "doc")
