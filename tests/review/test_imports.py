"""Hand codes made in other programs come back with the review command's import."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from xietong.errors import UsageError
from xietong.export import export
from xietong.hand_codes import HandCodes, HandCoding
from xietong.hand_console import read_codes, take_in
from xietong.messages import message


def test_label_studio_tasks_that_people_finished_come_back(make_run: Callable, tmp_path: Path) -> None:
    run = make_run()
    file = export(run, "labelstudio", tmp_path / "tasks.json")
    tasks = json.loads(file.read_text(encoding="utf-8-sig"))
    text = tasks[0]["data"]["text"]
    tasks[0]["annotations"] = [{
        "completed_by": {"email": "li@example.org"}, "was_cancelled": False,
        "result": [
            {"from_name": "path", "to_name": "text", "type": "choices", "value": {"choices": ["planning=2"]}},
            {"from_name": "evidence", "to_name": "text", "type": "labels",
             "value": {"start": 0, "end": 2, "text": text[:2], "labels": ["planning"]}},
        ],
    }]  # fmt: skip
    file.write_text(json.dumps(tasks), encoding="utf-8")
    assert take_in(run, [file]) == "li: 1"
    (coding,) = HandCodes(run.folder)
    assert coding.coder_id == "hand:li"
    assert coding.values == {"planning": 2}
    assert coding.evidence[0].quote == text[:2]


def test_rows_that_nobody_filled_in_are_counted_aloud(make_run: Callable, tmp_path: Path) -> None:
    run = make_run()
    first, second, third = run.table("passages")["passage_id"].to_pylist()[:3]
    file = tmp_path / "codes.csv"
    rows = [f"{first},AB,1", f"{second},AB,0", f"{third},AB,"]
    file.write_text("\n".join(['passage_id,coder,"path_planning\n规划协同"', *rows]), encoding="utf-8-sig")
    said = take_in(run, [file])
    assert said == f"AB: 2\n{message('sheet_rows_empty', file='codes.csv', n=1)}"
    assert {c.passage_id: dict(c.values) for c in HandCodes(run.folder)} == {first: {"planning": 1}, second: {}}


def test_refi_project_with_peoples_codes_comes_back_the_same(make_run: Callable, tmp_path: Path) -> None:
    first = make_run("first")
    passages = first.table("passages")["passage_id"].to_pylist()
    with HandCodes(first.folder) as hand:
        for i, passage_id in enumerate(passages[:4]):
            hand.save(HandCoding(passage_id=passage_id, coder_id="hand:AB", values={"planning": i % 3}), first.codebook)
    project = export(first, "qdpx", tmp_path / "project.qdpx")
    second = make_run("second")  # the same documents, coded by nobody
    found = {c.passage_id: dict(c.values) for c in read_codes([project], second) if c.coder_id == "hand:AB"}
    assert all(found[p] == {"planning": i % 3} for i, p in enumerate(passages[:4]) if i % 3)


def test_files_of_another_kind_or_that_are_not_there_are_refused(make_run: Callable, tmp_path: Path) -> None:
    run = make_run()
    (tmp_path / "codes.pdf").write_bytes(b"%PDF")
    with pytest.raises(UsageError, match="hand codes are read from"):
        read_codes([tmp_path / "codes.pdf"], run)
    with pytest.raises(UsageError, match="does not exist"):
        read_codes([tmp_path / "none.csv"], run)
