"""passages.csv as people open it: nothing in it runs, and every text can be had back."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from xietong.export import export
from xietong.export.csv_file import mark, marked, unmark, with_csv

#: What a spreadsheet may take for a formula, spaces and characters without width before it included.
LIVE = re.compile(
    r"^[\s\u00a0\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3000\ufeff\u00ad]*[=+\-@\uff1d\uff0b\uff0d\uff20]"
)
NUMBER = re.compile(r"[+-]?\d+(\.\d+)?([eE][+-]?\d+)?")
STARTS = st.text(alphabet="='+-@＝＋－＠ \t\r\n\u200b\u3000\ufeff\x01a1", max_size=6)


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "+cmd",
        "-2",
        "@SUM(A1)",
        "＝1",
        "\u3000=1",
        "\t=1",
        "\n=1",
        "\u200b@x",
        "'=1",
        "''=1",
        "\x85=1",
        "\ufeff=1",
    ],
)
def test_text_that_could_run_is_marked_and_had_back(text):
    assert not LIVE.match(mark(text))
    assert mark(text).startswith("'")
    assert unmark(mark(text)) == text


@pytest.mark.parametrize("text", ["'tis", "''", "000123", "1=1", "规划", "", " x", "'"])
def test_text_that_cannot_run_stays_as_it_is(text):
    assert mark(text) == text
    assert unmark(text) == text


@settings(max_examples=300, deadline=None)
@given(st.lists(st.one_of(STARTS, st.text(max_size=20)), min_size=300, max_size=400))
def test_the_mark_can_be_undone_for_any_text(texts):
    texts = [text.replace("\0", "").encode("utf-8", "ignore").decode() for text in texts]
    cells = marked(pa.table({"text": pa.array(texts, pa.string())}))["text"].to_pylist()
    assert not [cell for cell in cells if LIVE.match(cell)]
    assert [unmark(cell) for cell in cells] == texts


def test_csv_holds_every_row_and_no_cell_that_runs(run, wide, tmp_path):
    file = export(run, "csv", tmp_path / "passages.csv")
    assert file.read_bytes().startswith(b"\xef\xbb\xbf")
    assert b"\0" not in file.read_bytes()
    with open(file, encoding="utf-8-sig", newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert not [c for row in rows for c in row.values() if LIVE.match(c) and not NUMBER.fullmatch(c)]
    for row, expected in zip(rows, wide, strict=True):
        for name, value in expected.items():
            if isinstance(value, str) or value is None:
                assert unmark(row[name]) == (value or "")
            elif isinstance(value, bool):
                assert row[name] == str(value).upper()
            else:
                assert float(row[name]) == pytest.approx(value)


def test_csv_reads_in_pandas_with_texts_and_types(run, wide, tmp_path):
    frame = pd.read_csv(export(run, "csv", tmp_path / "passages.csv"), dtype={"批次": str})
    assert frame["passage_id"].tolist() == [row["passage_id"] for row in wide]
    assert frame["needs_review"].dtype == bool
    assert frame["path_planning"].tolist() == [row["path_planning"] for row in wide]
    assert frame["批次"].tolist()[0] == "0007"


def test_csv_opens_in_libreoffice_with_every_text_as_text(run, wide, tmp_path, office):
    cells = office(export(run, "csv", tmp_path / "passages.csv"))
    names = cells[0]
    reading, identity = names.index("reading"), names.index("passage_id")
    assert [row[identity] for row in cells[1:]] == [row["passage_id"] for row in wide]
    for row, expected in zip(cells[1:], wide, strict=True):
        if expected["reading"] != "000123":  # a CSV cannot say that digits are text; the workbook can
            shown = unmark(row[reading]).replace("\x01", "").replace("\x1b", "").replace("\ufffe", "")
            assert shown[:1000] == re.sub("[\x01\x1b\ufffe]", "", expected["reading"])[:1000]


def test_csv_is_the_same_each_time(run, tmp_path):
    first, second = (export(run, "csv", tmp_path / name).read_bytes() for name in ("a.csv", "b.csv"))
    assert first == second


def test_a_failed_export_leaves_the_old_file(run, tmp_path, monkeypatch):
    file = tmp_path / "passages.csv"
    file.write_text("old")
    monkeypatch.setattr("xietong.export.csv_file.marked", lambda rows: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        export(run, "csv", file)
    assert file.read_text() == "old"
    assert sorted(path.name for path in Path(tmp_path).iterdir()) == ["passages.csv"]


def test_a_table_of_an_analysis_gets_a_csv_file_beside_it(tmp_path):
    table = pa.table({"code": ["planning", "=1+1"], "estimate": [0.25, None]})
    parquet.write_table(table, tmp_path / "trends.parquet")
    (tmp_path / "codes.gexf").write_text("<gexf/>")
    files = with_csv([tmp_path / "trends.parquet", tmp_path / "codes.gexf"])
    assert [file.name for file in files] == ["trends.parquet", "trends.csv", "codes.gexf"]
    rows = list(csv.reader(files[1].read_text(encoding="utf-8-sig").splitlines()))
    assert rows == [["code", "estimate"], ["planning", "0.25"], ["'=1+1", ""]]
