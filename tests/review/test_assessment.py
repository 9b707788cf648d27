"""From a sample to settled codes, agreement, the machine's errors and corrected shares; and coding in a workbook."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pytest

from xietong.active import forecast, learning_curve, next_passages, passages_to_draw
from xietong.assessment import Assessment, AssessmentOptions
from xietong.assessment_files import write_assessment
from xietong.errors import UsageError
from xietong.hand_codes import ADJUDICATED, HandCodes, HandCoding
from xietong.hand_codes.samples import list_samples, read_sample, save_sample
from xietong.hand_codes.settle import settle
from xietong.hand_codes.sheets import count_empty_rows, read_coding_sheet, write_coding_sheet
from xietong.hand_console import print_assessment
from xietong.messages import message
from xietong.runs import Run
from xietong.sampling import SampleOptions, draw_sample, split_among_coders


def truth_of(run: Run) -> dict[str, dict[str, int]]:
    """Invented true codes: what the machine found, and planning wherever a passage has an even number of characters."""
    passages = run.table("passages").to_pandas()
    tags = run.table("tags").to_pandas()
    truth: dict[str, dict[str, int]] = {p: {} for p in passages["passage_id"]}
    for row in tags.itertuples():
        truth[row.passage_id][row.code] = 1
    for row in passages.itertuples():
        if len(row.text) % 2 == 0:
            truth[row.passage_id]["planning"] = 2
    return truth


def code_by_hand(run: Run, n: int = 40, overlap: float = 0.5, slips: float = 0.1) -> Run:
    """Two coders code a sample, each with slips of their own."""
    sample = draw_sample(passages_to_draw(run), options=SampleOptions(n=n))
    split = split_among_coders(sample, ["AB", "李"], overlap=overlap)
    save_sample(run.folder, "first", sample, split, {"method": "simple", "n": n})
    truth, generator = truth_of(run), np.random.default_rng(1)
    with HandCodes(run.folder) as hand:
        for row in split.itertuples():
            values = dict(truth[row.passage_id])
            if generator.random() < slips:
                values["market"] = 1 - min(values.get("market", 0), 1)
            hand.save(HandCoding(passage_id=row.passage_id, coder_id=f"hand:{row.coder}", values=values), run.codebook)
    return run


def test_hand_codes_become_agreement_errors_and_corrected_shares(make_run: Callable) -> None:
    run = code_by_hand(make_run())
    assessment = Assessment(run)
    agreement = assessment.agreement.set_index(["code", "level"])
    assert agreement.loc[("planning", ">=2"), "alpha"] == 1.0
    assert agreement.loc[("market", ">=1"), "alpha"] < 1.0
    machine = assessment.machine.set_index(["coder_id", "code", "level"])
    assert machine.loc[("combined", "planning", ">=2"), "recall"] == 0.0
    assert set(assessment.disagreements["code"]) == {"market"}
    assert assessment.disagreements["reading"].str.len().min() > 0
    shares = assessment.shares.set_index(["code", "level"])
    truth = np.mean([t.get("planning", 0) >= 2 for t in truth_of(run).values()])
    row = shares.loc[("planning", ">=2")]
    assert row["naive"] == 0.0
    assert row["corrected_low"] <= truth <= row["corrected_high"]


def test_hand_codes_of_other_passages_are_left_out_and_counted(make_run: Callable, capsys) -> None:
    run = code_by_hand(make_run())
    elsewhere = HandCoding(passage_id="of another run", coder_id="hand:AB", values={"planning": 2})
    assessment = Assessment(run, extra=[elsewhere])
    assert assessment.agreement.equals(Assessment(run).agreement)
    print_assessment(assessment, [], as_json=False)
    assert message("agree_elsewhere", n=1) in capsys.readouterr().out


def test_shares_by_year_and_tables_for_people(make_run: Callable, tmp_path: Path) -> None:
    run = code_by_hand(make_run(hostile=True), n=60)
    assessment = Assessment(run, options=AssessmentOptions(by="year"))
    assert set(assessment.shares["group"]) == {2023, 2024, 2025, 2026}
    files = write_assessment(assessment, tmp_path / "out")
    assert {f.name for f in files} >= {
        "agreement.csv",
        "machine.csv",
        "disagreements.csv",
        "shares.csv",
        "assessment.xlsx",
    }
    book = openpyxl.load_workbook(tmp_path / "out" / "assessment.xlsx")
    assert "shares" in book.sheetnames
    for file in files[:-1]:
        for cell in pd.read_csv(file, dtype=str, keep_default_na=False).to_numpy().ravel():
            number = cell.lstrip("-").replace(".", "", 1).replace("e-", "", 1).isdigit()
            assert number or not cell.startswith(("=", "+", "-", "@"))
    with pytest.raises(UsageError, match="no column colour"):
        _ = Assessment(run, options=AssessmentOptions(by="colour")).shares


def test_run_that_nobody_coded_says_what_to_do(make_run: Callable) -> None:
    with pytest.raises(UsageError, match="xietong sample"):
        Assessment(make_run())


@pytest.mark.parametrize(
    ("votes", "decided", "expected"),
    [
        ([1], None, 1),
        ([1, 1, 0], None, 1),
        ([0, 1], None, None),
        ([2, 1, 0], None, None),
        ([0, 1], 2, 2),
        ([1, 1], 0, 0),
    ],
)
def test_codes_are_settled_by_decision_or_majority(votes: list[int], decided: int | None, expected: int | None) -> None:
    coders = [f"hand:{c}" for c in "ABC"][: len(votes)] + ([ADJUDICATED] if decided is not None else [])
    values = votes + ([decided] if decided is not None else [])
    tags = pd.DataFrame({"passage_id": "p", "facet": "path", "code": "planning", "coder_id": coders, "value": values})
    row = settle(tags).iloc[0]
    assert row["is_settled"] == (expected is not None)
    assert np.isnan(row["value"]) if expected is None else row["value"] == expected
    assert row["n_coders"] == len(votes)


def test_codes_entered_in_a_workbook_come_back(make_run: Callable, tmp_path: Path) -> None:
    run = make_run(hostile=True)
    passages = run.table("passages").to_pandas()
    file = write_coding_sheet(tmp_path / "coding.xlsx", passages, run.codebook, coder="李")
    book = openpyxl.load_workbook(file)
    sheet = book["coding"]
    header = [cell.value.partition("\n")[0] for cell in sheet[1]]
    sheet.cell(2, header.index("path_planning") + 1, 2)
    sheet.cell(2, header.index("mechanism_market") + 1, "x")
    sheet.cell(2, header.index("comment") + 1, "边界个案")
    sheet.cell(4, header.index("path_industry") + 1, 0)
    book.save(file)
    first, second = read_coding_sheet(file, run.codebook)
    assert (first.coder_id, first.passage_id, first.source) == ("hand:李", passages["passage_id"][0], "xlsx")
    assert first.values == {"planning": 2, "market": 1}
    assert first.comment == "边界个案"
    assert (second.passage_id, second.values) == (passages["passage_id"][2], {})
    assert count_empty_rows(file, run.codebook) == len(passages) - 2
    # no passage is taken for a formula
    assert all(cell.data_type != "f" for row in sheet.iter_rows() for cell in row)


def test_hand_columns_beside_the_machines_win_and_problems_come_all_at_once(make_run: Callable, tmp_path: Path) -> None:
    codebook = make_run().codebook
    file = tmp_path / "codes.csv"
    file.write_text("passage_id,path_planning,hand_path_planning,coder\np1,2,1,AB\np2,2,,AB\n", encoding="utf-8-sig")
    (only,) = read_coding_sheet(file, codebook)
    assert only.values == {"planning": 1}
    file.write_text("passage_id;planning;market\np1;3;1\np2;1;y\np3;1;0\n", encoding="gb18030")
    with pytest.raises(UsageError, match=r'row 2, planning: "3".*row 3, market: "y"'):
        read_coding_sheet(file, codebook, coder="AB")
    file.write_text("passage_id,colour\np1,1\n")
    with pytest.raises(UsageError, match="no column for a code"):
        read_coding_sheet(file, codebook)
    file.write_text("id,planning\np1,1\n")
    with pytest.raises(UsageError, match="no column passage_id"):
        read_coding_sheet(file, codebook)
    file.write_text("passage_id,planning\np1,1\n")
    with pytest.raises(UsageError, match="no coder"):
        read_coding_sheet(file, codebook)


def test_a_sheet_saved_by_pandas_or_r_is_read_and_half_values_are_refused(make_run: Callable, tmp_path: Path) -> None:
    codebook = make_run().codebook
    file = tmp_path / "codes.csv"
    entered = pd.DataFrame({"passage_id": ["p1", "p2", "p3"], "planning": [2, None, 1], "market": [None, None, 1]})
    entered.to_csv(file, index=False)  # a column with gaps becomes 2.0, "", 1.0
    codings = [(c.passage_id, c.values) for c in read_coding_sheet(file, codebook, coder="AB")]
    assert codings == [("p1", {"planning": 2}), ("p3", {"planning": 1, "market": 1})]
    file.write_text(
        '"","passage_id","planning","market"\n"1","p1",１,NA\n"2","p2",NA,NA\n"3","p3","1 ",0.0\n', encoding="utf-8"
    )
    codings = [(c.passage_id, c.values) for c in read_coding_sheet(file, codebook, coder="AB")]
    assert codings == [("p1", {"planning": 1}), ("p3", {"planning": 1})]
    assert count_empty_rows(file, codebook) == 1
    file.write_text("passage_id,planning,market\np1,1.5,1.0\np2,3.0,1\np3,-1.0,1\n", encoding="utf-8")
    with pytest.raises(UsageError, match=r'row 2, planning: "1\.5".*row 3, planning: "3\.0".*row 4, planning: "-1\.0"'):
        read_coding_sheet(file, codebook, coder="AB")


def test_sample_is_kept_with_its_chances_and_its_name_is_not_taken_twice(make_run: Callable) -> None:
    run = code_by_hand(make_run())
    sample, split, about = read_sample(run.folder, "first")
    assert list_samples(run.folder) == ["first"]
    assert sample["inclusion_probability"].sum() == pytest.approx(40)
    assert about == {"method": "simple", "n": 40}
    assert set(split["coder"]) == {"AB", "李"}
    with pytest.raises(UsageError, match="another name"):
        save_sample(run.folder, "first", sample, split, {})
    for name in ("../x", "", ".x", "a/b"):
        with pytest.raises(UsageError, match="letters, digits"):
            save_sample(run.folder, name, sample, split, {})


def test_commands_sample_import_and_agree_work_together(make_run: Callable, tmp_path: Path) -> None:
    run = make_run()

    def xietong(*arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "xietong", *arguments], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    made = xietong("sample", str(run.folder), "--n", "20", "--coders", "AB,李", "--overlap", "1", "--sheets").split()
    assert [Path(f).name for f in made] == ["sample1.csv", "sample1_AB.xlsx", "sample1_李.xlsx"]
    for file in made[1:]:
        book = openpyxl.load_workbook(file)
        for row in book["coding"].iter_rows(min_row=2):
            row[5].value = 1  # planning
            row[6].value = 0
        book.save(file)
        assert "20" in xietong("review", str(run.folder), "--import", file)
    report = json.loads(xietong("agree", str(run.folder), "--json"))
    assert {r["n_passages"] for r in report["agreement"]} == {20}
    assert (run.folder / "agreement" / "assessment.xlsx").is_file()


def test_next_passages_are_unsure_uncoded_and_from_many_documents(make_run: Callable) -> None:
    run = make_run()
    first = next_passages(run, [], 5)
    assert len(first) == 5
    assert first["document_id"].nunique() >= 4
    again = next_passages(run, first["passage_id"], 5)
    assert not set(first["passage_id"]) & set(again["passage_id"])


def test_forecast_recovers_a_known_learning_curve() -> None:
    sizes = np.array([50, 100, 200, 400, 800.0])
    curve = forecast(sizes, 0.85 - 1.5 * sizes**-0.5)
    assert curve.at(1600) == pytest.approx(0.85 - 1.5 * 1600**-0.5, abs=0.005)
    assert curve.at(10_000) >= curve.at(1600)


def test_learning_curve_rises_where_words_tell_the_code() -> None:
    generator = np.random.default_rng(2)
    codes = generator.random((300, 2)) < 0.4
    words = ("铁路", "港口", "公路"), ("森林", "河流", "湿地")
    texts = [
        "".join(generator.choice(w) if has else "其他" for w, has in zip(words, row, strict=True)) + str(i)
        for i, row in enumerate(codes)
    ]
    curve = learning_curve(texts, codes.astype(int), [f"d{i % 30}" for i in range(300)])
    assert curve.scores[-1] > 0.9
    with pytest.raises(UsageError, match="40 coded passages"):
        learning_curve(texts[:20], codes[:20].astype(int), ["d"] * 20)


def test_trends_show_corrected_shares_beside_the_machines(make_run: Callable) -> None:
    from xietong.analysis.corrected import corrected_trends

    run = code_by_hand(make_run(), n=50)
    table = corrected_trends(run, [(), ("year",), ("level", "year")], ["level"])
    assert table["corrected"].all()
    shares = Assessment(run).shares.set_index(["code", "level"])
    whole = table[(table["group_by"] == "") & (table["code"] == "planning") & (table["value_from"] == 2)].iloc[0]
    assert whole["estimate"] == pytest.approx(shares.loc[("planning", ">=2"), "corrected"])
    years = table[(table["group_by"] == "year") & (table["code"] == "planning") & (table["value_from"] == 2)]
    assert years["year"].tolist() == [2023, 2024, 2025, 2026]
    both = table[table["group_by"] == "level × year"]
    assert set(both["group"]) == {"city", "provincial"}
    assert set(both["year"]) <= {2023, 2024, 2025, 2026}
    difference = table[table["analysis"] == "contrast"]
    assert set(difference["reference"]) == {"city"}
    assert (difference["low"] <= difference["estimate"]).all()
