"""What a run says and keeps of the run before it in the same folder."""

from __future__ import annotations

import pytest

import xietong
from xietong.console import closing_summary

EDITED = "\ufeffpassage_id,text\n1,corrected by hand\n"


@pytest.fixture
def again(tmp_path, monkeypatch, capsys):
    """Two files, coded once; call it to run again and get the run and what the summary says in a language."""

    def run(language="en"):
        monkeypatch.setenv("XIETONG_LANG", language)
        finished = xietong.run([tmp_path / "in"], tmp_path / "out", jobs=1, has_report=False)
        capsys.readouterr()
        closing_summary(finished, quiet=False)
        return finished, capsys.readouterr().out

    (tmp_path / "in").mkdir()
    for name, text in (("a.txt", "推动区域产业协同。"), ("b.txt", "加快铁路建设。")):
        (tmp_path / "in" / name).write_text(text, encoding="utf-8")
    _, said = run()
    assert "taken over" not in said  # there is nothing before a first run
    return run


def test_the_summary_tells_what_was_taken_over_and_what_is_gone(again, tmp_path):
    (tmp_path / "in" / "b.txt").unlink()
    (tmp_path / "in" / "c.txt").write_text("两省签署合作协议。", encoding="utf-8")
    (tmp_path / "in" / "bad.pdf").write_bytes(b"%PDF-1.4 nothing")
    run, said = again("zh")
    assert "输入文件：沿用以前结果 1 份，新读取或编码 2 份" in said
    assert "上次的输入文件中已不在的（1 份）：b.txt" in said
    assert "（2 读入成功，1 无法读取）" in said
    assert (run.changes.taken_over, run.changes.anew, run.changes.gone) == (1, 2, ("b.txt",))
    _, said = again()
    assert "input files: 3 taken over from before, 0 read or coded anew" in said
    assert "gone" not in said
    assert xietong.open_run(tmp_path / "out").changes is None


@pytest.mark.parametrize("name", ["passages.csv", "passages.xlsx"])
def test_an_edited_file_is_kept_before_a_new_one_is_written(again, tmp_path, name):
    file, (stem, ending) = tmp_path / "out" / name, name.split(".")
    for kept in (f"{stem}.edited.{ending}", f"{stem}.edited-2.{ending}"):
        written = file.read_bytes()
        file.write_text(EDITED + kept, encoding="utf-8")
        run, said = again()
        assert f"kept as {kept}" in said
        assert run.changes.set_aside == {name: kept}
        assert (tmp_path / "out" / kept).read_text(encoding="utf-8") == EDITED + kept
        assert file.read_bytes() == written


def test_an_edit_is_kept_when_documents_are_added_and_then_nothing_is_left_to_do(again, tmp_path):
    file = tmp_path / "out" / "passages.csv"
    file.write_text(EDITED, encoding="utf-8")
    (tmp_path / "in" / "c.txt").write_text("两省签署合作协议。", encoding="utf-8")
    _, said = again("zh")
    assert "passages.csv 与上次写出的不同" in said
    assert "已另存为 passages.edited.csv" in said
    assert "两省签署合作协议" in file.read_text(encoding="utf-8-sig")
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").rglob("*") if path.name != ".lock"}
    run, said = again()
    assert "passages.edited.csv" not in said
    assert run.changes.set_aside == {}
    assert {path: path.stat().st_mtime_ns for path in before} == before


def test_files_that_nobody_touched_are_replaced_without_a_word(again, tmp_path):
    (tmp_path / "in" / "c.txt").write_text("两省签署合作协议。", encoding="utf-8")
    _, said = again()
    assert "edited" not in said
    assert not list((tmp_path / "out").glob("*edited*"))


def test_a_folder_whose_manifest_is_damaged_is_brought_up_to_date(again, tmp_path):
    (tmp_path / "out" / "manifest.json").write_text("[]", encoding="utf-8")
    run, _ = again()
    assert (run.changes.taken_over, run.changes.gone, run.changes.set_aside) == (2, (), {})


def test_the_summary_tells_what_is_nearly_the_same(again, tmp_path):
    text = "".join(f"第{n}项合作由两省共同推进，建设跨区域的交通网络和产业园区。" for n in range(40))
    (tmp_path / "in" / "c.txt").write_text(text, encoding="utf-8")
    (tmp_path / "in" / "d.txt").write_text(text + "另有一句。", encoding="utf-8")
    _, said = again()
    assert "nearly the same as one before (similarity 0.8 or more): 1 documents" in said
