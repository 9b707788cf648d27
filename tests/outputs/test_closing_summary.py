"""The first coded passages that a run shows when it ends: one a document, in the reader's language."""

from __future__ import annotations

from io import StringIO

import pytest
from rich.console import Console

from xietong.console import _first_passages, _print_first_passages


def _passages(*texts, kind="body", code="planning"):
    return [("", kind, text, None, {code: 1}, []) for text in texts]


def _about(names):
    return {name: {"file": name, "language": "en"} for name in names}


def _readings(run):
    return [reading for _, _, reading in _first_passages(run, 5)]


def test_one_passage_of_each_of_the_first_documents_is_shown(tmp_path, write_run):
    passages = {name: [("", "body", "uncoded", None, {}, []), *_passages(f"{name}1", f"{name}2")] for name in "abcdef"}
    assert _readings(write_run(tmp_path / "run", passages, _about("abcdef"))) == ["a1", "b1", "c1", "d1", "e1"]


def test_where_documents_are_few_they_show_more_in_the_order_of_the_table(tmp_path, write_run):
    passages = {"a": _passages("a1", "a2", "a3", "a4"), "b": _passages("b1"), "c": []}
    assert _readings(write_run(tmp_path / "run", passages, _about("abc"))) == ["a1", "a2", "a3", "a4", "b1"]


def test_body_text_comes_before_other_kinds(tmp_path, write_run):
    passages = {"a": _passages("heading", kind="heading") + _passages("body"), "b": _passages("row", kind="table")}
    assert _readings(write_run(tmp_path / "run", passages, _about("ab"))) == ["body", "heading", "row"]


@pytest.mark.parametrize(
    ("language", "shown", "hidden"),
    [
        ("zh", ("语段编号", "协同路径", "机制类型", "规划协同 · 主题（1）", "市场机制"), ("planning", "Planning", "paths", "passage_id")),
        ("en", ("passage_id", "Synergy paths", "Mechanisms", "Planning · theme (1)", "Market"), ("规划协同", "mechanisms")),
    ],
)  # fmt: skip
def test_headings_and_codes_are_in_the_language_of_the_reader(run, monkeypatch, language, shown, hidden):
    monkeypatch.setenv("XIETONG_LANG", language)
    out = StringIO()
    _print_first_passages(run, Console(file=out, width=160))
    assert [word for word in shown if word not in out.getvalue()] == []
    assert [word for word in hidden if word in out.getvalue()] == []
    assert "hostilexss_run" in out.getvalue()  # text stays text


def test_a_run_without_codes_shows_no_table(tmp_path, write_run):
    out = StringIO()
    run = write_run(tmp_path / "run", {"a": [("", "body", "text", None, {}, [])]}, _about("a"))
    _print_first_passages(run, Console(file=out, width=160))
    assert out.getvalue() == ""
