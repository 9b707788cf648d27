"""The Stata and SPSS files, read back by pyreadstat and pandas: values, labels and whole texts."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pandas as pd
import pytest

from xietong.errors import MissingExtraError
from xietong.export import export
from xietong.export.spss import LONGEST
from xietong.export.statistics_files import _safe_names

pyreadstat = pytest.importorskip("pyreadstat", reason="needs pyreadstat")
THREE = {0: "无 absent", 1: "主题 theme", 2: "协同 synergy"}


def test_stata_file_has_values_labels_and_whole_texts(run, wide, tmp_path):
    file = export(run, "stata", tmp_path / "passages.dta")
    frame, about = pyreadstat.read_dta(str(file))
    assert frame["passage_id"].tolist() == [row["passage_id"] for row in wide]
    assert frame["reading"].tolist() == [row["reading"] for row in wide]
    assert frame["path_planning"].tolist() == [row["path_planning"] for row in wide]
    assert about.variable_value_labels["path_planning"] == THREE
    assert about.column_names_to_labels["path_planning"] == "规划协同 Planning"
    named = pd.read_stata(file)
    assert named["path_planning"].tolist()[1] == "协同 synergy"
    assert named["year"].tolist()[0] == 2024


def test_spss_file_has_values_labels_and_whole_texts(run, wide, tmp_path):
    frame, about = pyreadstat.read_sav(str(export(run, "spss", tmp_path / "passages.sav")))
    parts = [name for name in frame.columns if name == "reading" or name.startswith("reading_")]
    assert len(parts) == 1 + max(len(row["reading"].encode()) for row in wide) // LONGEST
    # SPSS pads with spaces, so a text's own spaces at its end are lost; nothing else is
    assert ["".join(texts).rstrip() for texts in frame[parts].values] == [row["reading"].rstrip() for row in wide]
    assert about.variable_value_labels["path_planning"] == THREE
    assert about.variable_value_labels["needs_review"] == {0: "否 no", 1: "是 yes"}
    assert about.column_names_to_labels["mechanism_market"] == "市场机制 Market"


@pytest.mark.parametrize("format", ["stata", "spss"])
def test_statistics_files_are_the_same_each_time(run, tmp_path, format):
    first, second = (export(run, format, tmp_path / name).read_bytes() for name in ("a", "b"))
    assert first == second


def test_variable_names_are_safe_short_and_different():
    columns = ["start", "end", "批次", "x" * 40, "x" * 41, "Value", "value", "1st", "a b"]
    names = _safe_names(columns)
    assert len({name.lower() for name in names.values()}) == len(columns)
    assert all(name.isascii() and name.isidentifier() and len(name) <= 32 for name in names.values())


def test_without_pyreadstat_the_message_has_the_command(run, tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "pyreadstat", None)
    with pytest.raises(MissingExtraError, match=r'pip install "xietong\[spss\]"'):
        export(run, "spss", tmp_path / "passages.sav")


def test_the_snippet_for_r_reads_the_run(run, wide, tmp_path):
    program = shutil.which("Rscript")
    if program is None:
        pytest.skip("needs R (Rscript)")
    export(run, "csv", tmp_path / "passages.csv")
    packages = "quit(status = !(requireNamespace('haven') && requireNamespace('RSQLite')))"
    if subprocess.run([program, "-e", packages], capture_output=True).returncode == 0:
        export(run, "stata", tmp_path / "passages.dta")
        export(run, "sqlite", tmp_path / "run.sqlite")
    script = Path(__file__).resolve().parents[2] / "pipeline" / "docs" / "read.R"
    environment = os.environ | {"LC_ALL": "C.UTF-8"}
    done = subprocess.run(
        [program, str(script), str(tmp_path)], capture_output=True, text=True, env=environment, timeout=120
    )
    assert done.returncode == 0, done.stderr
    planning = sum(row["path_planning"] > 0 for row in wide)
    assert f"passages {len(wide)} planning {planning}" in done.stdout
    if (tmp_path / "passages.dta").exists():
        assert "协同 synergy" in done.stdout
