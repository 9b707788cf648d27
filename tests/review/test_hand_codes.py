"""The store of hand codes: what is saved stays, what is torn is passed over, nobody writes beside another."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from xietong.codebook import Code, Codebook
from xietong.errors import RunFolderError, UsageError
from xietong.hand_codes import HandCodes, HandCoding, HandEvidence, coder_id_of
from xietong.hand_codes.store import FILE, FOLDER

CODEBOOK = Codebook(
    name="test",
    codes=(
        Code(facet="path", code="planning", scale_max=2),
        Code(facet="mechanism", code="market"),
        Code(facet="mechanism", code="support"),
    ),
)  # fmt: skip


def coding(
    passage: str = "p1", coder: str = "hand:AB", values: dict[str, int] | None = None, **more: object
) -> HandCoding:
    return HandCoding(passage_id=passage, coder_id=coder, values={"planning": 2} if values is None else values, **more)  # type: ignore[arg-type]


def test_saved_codes_are_tags_with_zeros_and_evidence(tmp_path: Path) -> None:
    with HandCodes(tmp_path) as hand:
        span = HandEvidence(code="planning", start=3, end=7, quote="共同规划")
        hand.save(coding(values={"planning": 2, "market": 0}, evidence=(span,), comment="边界\n个案"), CODEBOOK)
        hand.save(coding("p2", values={}, is_done=False), CODEBOOK)
    again = HandCodes(tmp_path)
    tags = again.tags(CODEBOOK)
    assert tags[["passage_id", "code", "coder_id", "value"]].values.tolist() == [
        ["p1", "planning", "hand:AB", 2], ["p1", "market", "hand:AB", 0], ["p1", "support", "hand:AB", 0],
    ]  # fmt: skip
    assert again.evidence(CODEBOOK)[["code", "start", "end", "quote"]].values.tolist() == [
        ["planning", 3, 7, "共同规划"]
    ]
    assert again.coded()["comment"].tolist() == ["边界\n个案"]
    draft = again.get("hand:AB", "p2")
    assert draft is not None
    assert not draft.is_done


def test_last_save_counts_and_history_stays_in_the_file(tmp_path: Path) -> None:
    with HandCodes(tmp_path) as hand:
        for value in (1, 2, 0):
            hand.save(coding(values={"planning": value}), CODEBOOK)
    lines = (tmp_path / FOLDER / FILE).read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["values"] for line in lines] == [{"planning": 1}, {"planning": 2}, {}]
    found = HandCodes(tmp_path).get("hand:AB", "p1")
    assert found is not None
    assert found.values == {}


def test_undo_goes_back_step_by_step_and_survives_reopening(tmp_path: Path) -> None:
    with HandCodes(tmp_path) as hand:
        for value in (1, 2):
            hand.save(coding(values={"planning": value}), CODEBOOK)
        before = hand.undo("hand:AB", "p1")
        assert before is not None
        assert before.values == {"planning": 1}
    with HandCodes(tmp_path) as hand:
        assert hand.undo("hand:AB", "p1") is None
        assert hand.undo("hand:AB", "p1") is None
        assert hand.get("hand:AB", "p1") is None
    assert len((tmp_path / FOLDER / FILE).read_text(encoding="utf-8").splitlines()) == 4


@pytest.mark.parametrize("n_bytes", [1, 20, 60, 119])
def test_line_torn_by_a_kill_is_passed_over_and_does_not_spoil_the_next(tmp_path: Path, n_bytes: int) -> None:
    with HandCodes(tmp_path) as hand:
        hand.save(coding("p1"), CODEBOOK)
    file = tmp_path / FOLDER / FILE
    whole = file.read_bytes()
    file.write_bytes(whole + whole[:n_bytes])
    with HandCodes(tmp_path) as hand:
        assert hand.unreadable_lines == [2]
        hand.save(coding("p2"), CODEBOOK)
    assert sorted(c.passage_id for c in HandCodes(tmp_path)) == ["p1", "p2"]


def test_what_cannot_be_written_does_not_count_and_leaves_no_half_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    with HandCodes(tmp_path) as hand:
        hand.save(coding("p1"), CODEBOOK)
        size = hand.file.stat().st_size
        with monkeypatch.context() as patch:
            patch.setattr("xietong.hand_codes.store._sync", fail)
            with pytest.raises(OSError, match="No space"):
                hand.save(coding("p2"), CODEBOOK)
        assert hand.file.stat().st_size == size
        assert hand.get("hand:AB", "p2") is None
        hand.save(coding("p3"), CODEBOOK)
    assert sorted(c.passage_id for c in HandCodes(tmp_path)) == ["p1", "p3"]


def test_second_writer_is_refused_and_a_dead_one_leaves_no_lock(tmp_path: Path) -> None:
    hold = (
        "import sys, time; from xietong.hand_codes import HandCodes; "
        "hand = HandCodes(sys.argv[1]).open_for_writing(); print('open', flush=True); time.sleep(60)"
    )
    other = subprocess.Popen([sys.executable, "-c", hold, str(tmp_path)], stdout=subprocess.PIPE)
    try:
        assert other.stdout
        assert other.stdout.readline() == b"open\n"
        with pytest.raises(RunFolderError, match="in use"):
            HandCodes(tmp_path).open_for_writing()
    finally:
        other.kill()
        other.wait()
        other.stdout.close()
    with HandCodes(tmp_path) as hand:
        hand.save(coding(), CODEBOOK)


def test_every_save_is_forced_to_disk_before_it_returns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[int] = []
    force = os.fsync
    monkeypatch.setattr("xietong.hand_codes.store.os.fsync", lambda d: (force(d), synced.append(os.fstat(d).st_size)))
    with HandCodes(tmp_path) as hand:
        hand.save(coding(), CODEBOOK)
        assert synced[-1] == hand.file.stat().st_size > 0


def test_having_seen_the_proposal_is_never_forgotten(tmp_path: Path) -> None:
    with HandCodes(tmp_path) as hand:
        hand.reveal("hand:AB", "p1")
        hand.save(coding("p1"), CODEBOOK)
        hand.save(coding("p2"), CODEBOOK)
        hand.undo("hand:AB", "p1")
        hand.save(coding("p1"), CODEBOOK)
    coded = HandCodes(tmp_path).coded().set_index("passage_id")["has_seen_machine"]
    assert coded.to_dict() == {"p1": True, "p2": False}


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"plannning": 1}, "not in the codebook"), ({"market": 2}, "0 to 1"), ({"planning": -1}, "0 to 2"),
        ({"planning": True}, "True"), ({"planning": "1"}, "'1'"),
    ],
)  # fmt: skip
def test_values_that_do_not_fit_the_codebook_are_refused_before_anything_is_written(
    tmp_path: Path, values: dict, message: str
) -> None:
    with HandCodes(tmp_path) as hand:
        with pytest.raises(UsageError, match=message):
            hand.save(coding(values=values), CODEBOOK)
        assert hand.file.stat().st_size == 0


def test_evidence_for_an_absent_code_is_refused(tmp_path: Path) -> None:
    span = HandEvidence(code="market", start=0, end=1, quote="x")
    with HandCodes(tmp_path) as hand, pytest.raises(UsageError, match="coded 0"):
        hand.save(coding(evidence=(span,)), CODEBOOK)


@pytest.mark.parametrize(
    ("name", "expected"),
    [("AB", "hand:AB"), (" 李 四 ", "hand:李 四"), ("hand:AB", "hand:AB"), ("e\u0301", "hand:\u00e9")],
)
def test_coder_names_become_ids(name: str, expected: str) -> None:
    assert coder_id_of(name) == expected


@pytest.mark.parametrize("name", ["", "  ", "a" * 41, "a/b", "<b>", "a\nb", "=1+1", "a\u202eb", "x;y"])
def test_unfit_coder_names_are_refused(name: str) -> None:
    with pytest.raises(UsageError, match=r"name"):
        coder_id_of(name)


def test_reading_does_not_need_or_make_a_folder(tmp_path: Path) -> None:
    assert HandCodes(tmp_path).tags(CODEBOOK).empty
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(RunFolderError, match="reading only"):
        HandCodes(tmp_path).save(coding(), CODEBOOK)


def test_codings_of_many_passages_come_back_in_order(tmp_path: Path, make_run: Callable) -> None:
    with HandCodes(tmp_path) as hand:
        for i in range(30):
            hand.save(coding(f"p{i:02d}", coder=f"hand:{'AB'[i % 2]}"), CODEBOOK)
    assert HandCodes(tmp_path).coders() == ["hand:A", "hand:B"]
    assert [c.passage_id for c in HandCodes(tmp_path)] == [f"p{i:02d}" for i in range(30)]
