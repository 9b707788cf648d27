"""The method section and the PMC worksheet: every number from the run's tables, in both languages, openable."""

from __future__ import annotations

import csv
import re
import zipfile
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pytest

from xietong.agreement import AgreementOptions
from xietong.assessment import Assessment, AssessmentOptions
from xietong.errors import UsageError
from xietong.hand_codes import HandCodes, HandCoding
from xietong.hand_codes.samples import save_sample
from xietong.methods_section import methods_text, to_markdown, write_methods
from xietong.methods_section.blocks import Heading, Paragraph, Table
from xietong.methods_section.docx_file import write_docx
from xietong.methods_section.text import MethodsText
from xietong.pmc import fill_from_codes, pmc_index, pmc_items, write_worksheet
from xietong.runs import Run
from xietong.sampling import SampleOptions, draw_sample, split_among_coders


def coded(run: Run, seed: int = 1, n: int = 40) -> Run:
    """Two coders code a sample with chances of their own."""
    sample = draw_sample(run.table("passages").to_pandas(), options=SampleOptions(n=n, seed=seed))
    split = split_among_coders(sample, ["AB", "李"], overlap=1.0)
    save_sample(run.folder, "first", sample, split, {"method": "simple", "n": n})
    generator = np.random.default_rng(seed)
    truth = {p: int(generator.random() < 0.6) for p in split["passage_id"].unique()}
    with HandCodes(run.folder) as hand:
        for row in split.itertuples():
            value = truth[row.passage_id] if generator.random() < 0.9 else 1
            coding = HandCoding(
                passage_id=row.passage_id, coder_id=f"hand:{row.coder}", values={"planning": value, "market": 1 - value}
            )
            hand.save(coding, run.codebook)
    return run


def assessed(run: Run) -> Assessment:
    return Assessment(run, options=AssessmentOptions(agreement=AgreementOptions(n_draws=100)))


def text_of(run: Run, language: str, assessment: Assessment | None = None) -> str:
    return to_markdown(methods_text(run, language=language, assessment=assessment))


def test_sentences_hold_no_numbers_of_their_own() -> None:
    rows = csv.DictReader(
        (files("xietong") / "data" / "methods_sentences.csv").read_text(encoding="utf-8").splitlines()
    )
    typed = {
        (row["key"], language): re.findall(r"\d+", re.sub(r"SHA-256|F1|{\w+}", "", row[language]))
        for row in rows
        for language in ("en", "zh")
    }
    assert {key: found for key, found in typed.items() if found} == {}


def test_numbers_in_the_text_are_those_of_the_tables(make_run: Callable) -> None:
    run = coded(make_run())
    assessment = assessed(run)
    documents, passages = run.documents(), run.table("passages").to_pandas()
    row = assessment.agreement.set_index(["code", "level"]).loc[("market", ">=1")]
    share = assessment.shares.set_index(["code", "level"]).loc[("market", ">=1")]
    for language in ("en", "zh"):
        text = text_of(run, language, assessment)
        wanted = [
            str(len(documents)), str(len(passages)), f"{int(documents['n_chars'].sum()):,}", f"{len(run.codebook.terms):,}",
            f"{row['alpha']:.2f}", f"{row['ac']:.2f}", f"{row['positive_agreement']:.2f}", f"{100 * share['corrected']:.1f}",
            f"{100 * share['naive']:.1f}", run.codebook.content_hash[:12], str(assessment.coded["passage_id"].nunique()),
        ]  # fmt: skip
        assert [w for w in wanted if w not in text] == []
        assert "nan" not in text
        assert "{" not in text


def test_text_follows_the_run_and_not_a_template(make_run: Callable) -> None:
    first, second = coded(make_run("one")), coded(make_run("two", hostile=True), seed=2, n=50)
    one, two = text_of(first, "en", assessed(first)), text_of(second, "en", assessed(second))
    assert "12 documents" in one
    assert "13 documents" in two
    assert "40 passages" in one
    assert "50 passages" in two


def test_groups_without_a_code_are_not_named_and_a_group_of_all_is_called_that(make_run: Callable) -> None:
    run = coded(make_run())
    writer = MethodsText(run, "zh", assessed(run))
    rows = writer.assessment.agreement.head(3).assign(advice="too_rare")
    assert writer._advice(rows).endswith("：过少而无法判断的有全部编码。")
    rows["advice"] = ["publish", "too_rare", "publish"]
    said = writer._advice(rows)
    assert said.index("可靠的有") < said.index("过少而无法判断的有") < len(said)
    assert "初步结论" not in said


def test_documents_without_a_year_and_the_way_codes_came_about_are_stated(make_run: Callable) -> None:
    run = coded(make_run())
    text, n = text_of(run, "zh", assessed(run)), int(run.documents()["year"].isna().sum())
    assert (f"{n} 份文件未注明年份" in text) == (0 < n < len(run.documents()))
    learned = "learned" in run.table("tags", ["coder_id"])["coder_id"].to_pylist()
    assert ("逻辑回归" in text, "未使用训练的模型" in text) == (learned, not learned)


@pytest.mark.parametrize(
    ("source", "has_seen", "said", "unsaid"),
    [
        ("review", False, ["编码者未看到机器编码。"], ["由文件读入", "已看过机器建议"]),
        ("xlsx", False, ["（编码工作簿）", "没有记录"], ["未看到机器编码"]),
        ("qdpx", True, ["已看过机器建议"], ["未看到机器编码", "由文件读入"]),
    ],
)
def test_blind_coding_is_stated_only_where_it_is_known(make_run: Callable, source, has_seen, said, unsaid) -> None:
    run = make_run()
    passage_ids = run.table("passages")["passage_id"].to_pylist()[:6]
    with HandCodes(run.folder) as hand:
        for passage_id in passage_ids:
            coding = HandCoding(
                passage_id=passage_id, coder_id="hand:AB", values={}, source=source, has_seen_machine=has_seen
            )
            hand.save(coding, run.codebook)
    text = text_of(run, "zh", assessed(run))
    assert all(words in text for words in said)
    assert not any(words in text for words in unsaid)
    with HandCodes(run.folder) as hand:
        hand.save(HandCoding(passage_id=passage_ids[0], coder_id="hand:李", values={}), run.codebook)
    text = text_of(run, "zh", assessed(run))
    assert ("另有 1 次编码在编码页面上完成" in text) == (source == "xlsx")


def test_coded_units_are_a_mean_of_coders_with_one_decimal(make_run: Callable) -> None:
    run = coded(make_run())
    assessment = assessed(run)
    table = next(block for block in methods_text(run, assessment=assessment) if isinstance(block, Table))
    means = assessment.agreement.query("level == '>=1' and not code.str.startswith('(')")["n_positive"]
    assert table.header[1] == "Coded (mean of coders)"
    assert {f"{mean:.1f}" for mean in means} <= {row[1] for row in table.rows}
    assert all(re.fullmatch(r"\d+\.\d", row[1]) for row in table.rows)


def test_run_without_hand_codes_is_told_not_to_publish(make_run: Callable) -> None:
    run = make_run()
    assert "should not be published" in text_of(run, "en")
    assert "不宜直接发表" in text_of(run, "zh")


def test_references_are_cited_in_the_text_and_in_the_style_of_the_language(make_run: Callable) -> None:
    run = coded(make_run())
    assessment = assessed(run)
    english, chinese = text_of(run, "en", assessment), text_of(run, "zh", assessment)
    assert "(Krippendorff, 2019)" in english
    assert "Krippendorff, K. (2019)." in english
    numbers = [int(n) for n in re.findall(r"^\\\[(\d+)\\\]", chinese, flags=re.M)]
    assert numbers == list(range(1, len(numbers) + 1))
    body = chinese.split("## 参考文献")[0]
    assert all(f"\\[{n}\\]" in body for n in numbers)
    assert "[M" in chinese.replace("\\", "")
    with pytest.raises(UsageError, match="unknown language"):
        methods_text(run, language="fr")


def test_files_are_written_in_both_languages_and_formats_with_the_same_bytes_each_time(
    make_run: Callable, tmp_path: Path
) -> None:
    run = coded(make_run())
    first = {f.name: f.read_bytes() for f in write_methods(run, folder=tmp_path / "a")}
    second = {f.name: f.read_bytes() for f in write_methods(run, folder=tmp_path / "b")}
    assert set(first) == {"methods_zh.md", "methods_zh.docx", "methods_en.md", "methods_en.docx"}
    assert first == second


def test_docx_is_read_by_another_program(tmp_path: Path) -> None:
    docx = pytest.importorskip("docx")
    blocks = [
        Heading("方法", 1),
        Paragraph("a < b & c \x00 𠮷"),
        Table("Table 1", ("code", "n"), (("planning", "3"), ("=1+1", "4"))),
    ]
    document = docx.Document(str(write_docx(blocks, tmp_path / "m.docx")))
    assert [p.text for p in document.paragraphs][:3] == ["方法", "a < b & c \ufffd 𠮷", "Table 1"]
    assert document.paragraphs[0].style.name == "Heading 1"
    assert [[c.text for c in row.cells] for row in document.tables[0].rows] == [
        ["code", "n"],
        ["planning", "3"],
        ["=1+1", "4"],
    ]
    with zipfile.ZipFile(tmp_path / "m.docx") as archive:
        assert archive.testzip() is None


def test_hostile_names_do_not_become_markup(make_run: Callable) -> None:
    text = to_markdown(
        [Paragraph("<script>x()</script> [a](javascript:x) *b* | c"), Table("t|", ("a|b",), (("<b>",),))]
    )
    assert "<script>" not in text.replace("\\<", "")
    assert "[a](" not in text.replace("\\[", "")
    assert "| a\\|b |" in text


# -- PMC index ---------------------------------------------------------------------------------------------------


def scores_of(rows: list[str]) -> pd.DataFrame:
    return pd.DataFrame([{f"X{i}.{j}": int(v) for i, row in enumerate(rows, 1) for j, v in enumerate(row, 1)}])


def test_index_of_the_worked_example() -> None:
    table = pmc_index(scores_of(["110", "1011", "11", "01110", "111", "10", "1110", "011", "1111"])).iloc[0]
    expected = [0.6667, 0.75, 1, 0.6, 1, 0.5, 0.75, 0.6667, 1]
    assert [table[f"X{i}"] for i in range(1, 10)] == pytest.approx(expected, abs=5e-5)
    assert table["PMC"] == pytest.approx(6.9333, abs=5e-5)
    assert table["level"] == "acceptable"


def test_published_surface_sums_to_the_published_index() -> None:
    surface = np.array([[1, 0.75, 0.58], [1, 0.50, 0.67], [0.36, 0.36, 0.22]])
    assert surface.sum() == pytest.approx(5.44)
    assert surface.mean() == pytest.approx(0.604, abs=5e-4)
    # the same through the function: each cell as the mean of a hundred items
    rows = ["1" * round(100 * x) + "0" * (100 - round(100 * x)) for x in surface.ravel()]
    table = pmc_index(scores_of(rows)).iloc[0]
    assert table["PMC"] == pytest.approx(5.44)
    assert table["level"] == "acceptable"


def test_undecided_items_leave_the_index_undefined_and_wrong_ones_are_refused() -> None:
    scores = scores_of(["11", "10"]).astype(float)
    assert np.isnan(pmc_index(scores.assign(**{"X2.2": np.nan})).iloc[0]["PMC"])
    with pytest.raises(UsageError, match="items are 0 or 1"):
        pmc_index(scores.assign(**{"X2.2": 2}))


def test_worksheet_is_filled_from_codes_and_left_open_where_a_person_decides(
    make_run: Callable, tmp_path: Path
) -> None:
    run = make_run(hostile=True)
    items = pmc_items(run)
    filled = fill_from_codes(run, items)
    assert [i.source for i in items if i.variable == "X4"] == [
        f"code:{c.code}" for c in run.codebook.codes if c.facet == "path"
    ]
    codes = (
        run.table("tags")
        .to_pandas()
        .merge(run.table("passages").to_pandas()[["passage_id", "document_id"]], on="passage_id")
    )
    for item in items:
        if item.source.startswith("code:"):
            has = set(codes.loc[codes["code"] == item.source[5:], "document_id"])
            assert {d for d, v in filled[item.name].items() if v == 1} == has
        elif not item.source:
            assert filled[item.name].isna().all()
    book = openpyxl.load_workbook(write_worksheet(run, tmp_path / "pmc.xlsx", language="zh"))
    assert book.sheetnames == ["scores", "index", "variables"]
    formulas = [c.value for row in book["index"].iter_rows(min_row=2, max_row=2) for c in row if c.data_type == "f"]
    assert len(formulas) == 9 + 3
    assert all(c.data_type != "f" for row in book["scores"].iter_rows() for c in row)
