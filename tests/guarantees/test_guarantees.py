"""Guarantees of the design, each a test whose name says so: bytes, rows and positions, on the sample corpus."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import xietong
from xietong.parts import file_hash
from xietong.records import CODED_KINDS

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "corpora" / "sample"
TABLES = ("documents", "passages", "tags", "evidence", "texts")


def table_hashes(run):
    tables = {name: file_hash(run.folder / "tables" / f"{name}.parquet") for name in TABLES}
    return tables | {"csv": file_hash(run.folder / "passages.csv")}


def command(*arguments, **environment):
    argv = [sys.executable, "-m", "xietong", *map(str, arguments)]
    return subprocess.run(argv, capture_output=True, text=True, env=os.environ | environment, timeout=300, check=False)


def test_evidence_quotes_are_verbatim_and_inside_their_passage(sample_run):
    passages = sample_run.table("passages").to_pandas().set_index("passage_id")
    texts = dict(zip(*sample_run.table("texts").to_pydict().values(), strict=True))
    evidence = sample_run.evidence()
    assert len(evidence) > 100
    for row in evidence.itertuples():
        passage = passages.loc[row.passage_id]
        assert row.quote == texts[passage["document_id"]][row.start : row.end]
        assert passage["start"] <= row.start < row.end <= passage["end"]


def test_passage_text_is_the_slice_of_the_document_it_says(sample_run):
    texts = dict(zip(*sample_run.table("texts").to_pydict().values(), strict=True))
    for row in sample_run.table("passages").to_pylist():
        assert row["text"] == texts[row["document_id"]][row["start"] : row["end"]]


def test_same_input_gives_the_same_bytes_with_one_job_or_two(sample_run, tmp_path):
    assert table_hashes(xietong.run([SAMPLE], tmp_path / "two", jobs=2)) == table_hashes(sample_run)


def test_files_for_people_are_the_same_bytes_written_at_once_or_in_turn(sample_run, tmp_path, monkeypatch):
    monkeypatch.setattr("xietong.job.MANY_PASSAGES", 1)
    at_once = xietong.run([SAMPLE], tmp_path / "two", jobs=2)
    for name in ("passages.csv", "passages.xlsx", "report.html"):
        assert file_hash(at_once.folder / name) == file_hash(sample_run.folder / name)


@pytest.mark.parametrize(
    "environment", [{"PYTHONHASHSEED": "1", "LC_ALL": "C"}, {"PYTHONHASHSEED": "7", "TZ": "Asia/Shanghai"}]
)
def test_same_input_gives_the_same_bytes_whatever_the_hash_seed_and_locale(sample_run, tmp_path, environment):
    done = command("run", SAMPLE, "--out", tmp_path / "run", "--quiet", "--jobs", "1", "--lang", "en", **environment)
    assert done.returncode == 0, done.stderr
    assert table_hashes(xietong.open_run(tmp_path / "run")) == table_hashes(sample_run)


def test_same_input_gives_the_same_bytes_on_a_dask_cluster(sample_run, tmp_path):
    pytest.importorskip("distributed")
    done = command("run", SAMPLE, "--out", tmp_path / "run", "--quiet", "--engine", "dask", "--jobs", "2")
    assert done.returncode == 0, done.stderr
    assert table_hashes(xietong.open_run(tmp_path / "run")) == table_hashes(sample_run)


def test_order_of_the_inputs_changes_nothing(tmp_path):
    files = [SAMPLE / name for name in sorted(os.listdir(SAMPLE))[:4]]
    forwards = xietong.run(files, tmp_path / "a", jobs=1, has_report=False)
    backwards = xietong.run(files[::-1], tmp_path / "b", jobs=1, has_report=False)
    assert table_hashes(forwards) == table_hashes(backwards)


def test_ids_and_codes_do_not_move_when_documents_are_added(sample_run, tmp_path):
    shutil.copytree(SAMPLE, tmp_path / "in")
    (tmp_path / "in" / "0_new.txt").write_text(
        "青川市与白石市共建跨区域科技创新平台，推动产业协同发展。", encoding="utf-8"
    )
    run = xietong.run([tmp_path / "in"], tmp_path / "out", jobs=1, has_report=False)
    before = set(sample_run.tags().itertuples(index=False, name=None))
    assert before < set(run.tags().itertuples(index=False, name=None))


def test_incremental_run_equals_a_full_run(sample_run, tmp_path):
    shutil.copytree(SAMPLE, tmp_path / "in")
    files = sorted((tmp_path / "in").iterdir())
    away = files[3].read_bytes()
    files[3].unlink()
    extra = tmp_path / "in" / "extra.txt"
    extra.write_text("两省签署合作协议。", encoding="utf-8")
    xietong.run([tmp_path / "in"], tmp_path / "out", jobs=1, has_report=False)
    files[3].write_bytes(away)
    extra.unlink()
    run = xietong.run([tmp_path / "in"], tmp_path / "out", jobs=1, has_report=False)
    assert table_hashes(run) == table_hashes(sample_run)


def test_no_input_stops_a_run_and_every_input_has_a_row(tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "good.txt").write_text("推动区域产业协同，共建科技创新平台。", encoding="utf-8")
    (folder / "empty.txt").write_bytes(b"")
    (folder / "broken.docx").write_bytes(b"PK\x03\x04 not a document")
    (folder / "broken.pdf").write_bytes(b"%PDF-1.7\n%%EOF")
    (folder / "random.bin").write_bytes(bytes(range(256)) * 40)
    run = xietong.run([folder], tmp_path / "out", jobs=1)
    documents = run.documents().set_index("file")
    assert sorted(documents.index) == sorted(file.name for file in folder.iterdir())
    assert documents.loc["good.txt", "status"] == "ok"
    assert all(
        reason for status, reason in zip(documents["status"], documents["reason"], strict=True) if status != "ok"
    )


def test_nothing_in_the_text_is_lost_between_extraction_and_table(sample_run):
    texts = dict(zip(*sample_run.table("texts").to_pydict().values(), strict=True))
    passages = sample_run.table("passages").to_pandas()
    for document_id, text in texts.items():
        covered = [False] * len(text)
        for row in passages[passages["document_id"] == document_id].itertuples():
            covered[row.start : row.end] = [True] * (row.end - row.start)
        lost = [c for c, is_covered in zip(text, covered, strict=True) if not is_covered and not c.isspace()]
        assert not lost


def test_every_code_of_the_codebook_occurs_in_the_sample(sample_run):
    found = set(sample_run.tags().query("value > 0")["code"])
    missing = [code.code for code in sample_run.codebook.codes if code.code not in found]
    assert not missing


def test_only_coded_kinds_of_passage_have_tags(sample_run):
    passages = sample_run.table("passages").to_pandas().set_index("passage_id")
    assert set(passages.loc[sample_run.tags()["passage_id"], "kind"]) <= CODED_KINDS


def test_second_run_does_nothing_and_changes_no_file(tmp_path):
    file = tmp_path / "a.txt"
    file.write_text("推动区域产业协同，共建科技创新平台。", encoding="utf-8")
    run = xietong.run([file], tmp_path / "out", jobs=1)
    before = {path: path.stat().st_mtime_ns for path in run.folder.rglob("*")}
    xietong.run([file], tmp_path / "out", jobs=1)
    assert {
        path: path.stat().st_mtime_ns for path in run.folder.rglob("*") if path.name != ".lock"
    }.items() <= before.items()


def test_a_folder_of_other_files_is_refused(tmp_path):
    (tmp_path / "mine.txt").write_text("x", encoding="utf-8")
    done = command("run", SAMPLE, "--out", tmp_path)
    assert done.returncode == 3
    assert "not a run folder" in done.stderr


def test_an_input_that_does_not_exist_is_wrong_usage_and_leaves_no_folder(tmp_path):
    done = command("run", tmp_path / "nowhere", "--out", tmp_path / "results" / "first")
    assert done.returncode == 2
    assert not any(tmp_path.iterdir())
    assert "nowhere" in done.stderr
    assert "Traceback" not in done.stderr
