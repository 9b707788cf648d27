"""Reading codebooks: every form gives the same, and every problem is reported at once."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest
import xlsxwriter

from xietong.codebook import bundled_folder, bundled_names, check_codebook, copy_codebook, read_codebook
from xietong.errors import CodebookError, UsageError
from xietong.tables import DOCUMENTS, PASSAGES

SHEETS = {
    "codes": [
        ["facet", "code", "label_zh", "scale", "definition"],
        ["tool", "supply", "供给", "0-1", "Means given."],
        ["tool", "demand", "需求", "0-2", "Buyers found, so to say."],
    ],
    "terms": [
        ["code", "language", "term", "weight", "source"],
        ["supply", "zh", "资金投入", "strong", "003"],
        ["supply", "en", "seed money", "weak", ""],
        ["demand", "zh", "政府采购", "strong", ""],
    ],
    "masks": [["language", "phrase", "reason"], ["zh", "政府采购中心", "office"]],
    "cues": [["language", "cue", "kind"], ["zh", "跨市", "relation"]],
}


def write_folder(
    folder: Path, sheets=SHEETS, encoding: str = "utf-8", lexicon: str = "政府采购 5 n\n资金投入\n"
) -> Path:
    folder.mkdir(exist_ok=True)
    for name, rows in sheets.items():
        with (folder / f"{name}.csv").open("w", encoding=encoding, newline="") as file:
            csv.writer(file).writerows(rows)
    (folder / "lexicon.txt").write_text(lexicon, encoding=encoding)
    return folder


def with_rows(name: str, *rows: list[str]) -> dict:
    return {**SHEETS, name: [*SHEETS[name], *rows]}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_a_folder_reads_the_same_in_every_encoding_excel_saves(tmp_path, encoding):
    codebook = read_codebook(write_folder(tmp_path / "book", encoding=encoding))
    assert [code.code for code in codebook.codes] == ["supply", "demand"]
    assert [code.scale_max for code in codebook.codes] == [1, 2]
    assert codebook.terms[0].term == "资金投入"
    assert codebook.lexicon == ("政府采购", "资金投入")


def test_a_workbook_and_a_folder_have_the_same_content_hash(tmp_path):
    with xlsxwriter.Workbook(str(tmp_path / "book.xlsx")) as workbook:
        for name, rows in SHEETS.items():
            sheet = workbook.add_worksheet(name.title())
            for i, row in enumerate(rows):
                sheet.write_row(i, 0, row)
        workbook.add_worksheet("lexicon").write_column(0, 0, ["政府采购", "资金投入"])
    folder = read_codebook(write_folder(tmp_path / "book"))
    book = read_codebook(tmp_path / "book.xlsx")
    assert book.content_hash == folder.content_hash
    assert book.name == folder.name == "book"


def test_the_order_of_terms_does_not_change_the_hash_but_a_term_does(tmp_path):
    turned = {**SHEETS, "terms": [SHEETS["terms"][0], *SHEETS["terms"][:0:-1]]}
    first = read_codebook(write_folder(tmp_path / "a")).content_hash
    assert read_codebook(write_folder(tmp_path / "b", turned)).content_hash == first
    more = with_rows("terms", ["demand", "en", "procurement", "strong", ""])
    assert read_codebook(write_folder(tmp_path / "c", more)).content_hash != first


@pytest.mark.parametrize(
    ("name", "row", "said"),
    [
        ("terms", ["suply", "zh", "投资", "strong", ""], ("line 5", "'suply'", "Did you mean 'supply'?")),
        ("terms", ["supply", "zn", "投资", "strong", ""], ("'zn'", "Did you mean 'zh'?")),
        ("terms", ["supply", "en", "投资", "strong", ""], ("is Chinese",)),
        ("terms", ["supply", "zh", "投资", "strnog", ""], ("Did you mean 'strong'?",)),
        ("terms", ["supply", "zh", "", "strong", ""], ("the term is empty",)),
        ("terms", ["supply", "en", "Seed-Money", "weak", ""], ("stands on line 3 already",)),
        ("codes", ["tool", "Supply", "", "0-1", ""], ("stands on line 2 already",)),
        ("codes", ["tool", "big tool", "", "0-1", ""], ("cannot name a column", "'big_tool'")),
        ("codes", ["tool", "grant", "", "0-3", ""], ("scale '0-3'", "0-1 or 0-2")),
        ("codes", ["needs", "review", "", "0-1", ""], ("another meaning",)),
        ("masks", ["zh", "政府采购", ""], ("masks.csv, line 3", "line 4 of terms.csv")),
        ("cues", ["zh", "跨县", "relatoin"], ("Did you mean 'relation'?",)),
    ],
)
def test_each_problem_names_its_line_and_suggests_what_to_do(tmp_path, name, row, said):
    with pytest.raises(CodebookError) as caught:
        read_codebook(write_folder(tmp_path / "book", with_rows(name, row)))
    for piece in said:
        assert piece in str(caught.value)


@pytest.mark.parametrize("column", [name for name in (*DOCUMENTS.names, *PASSAGES.names) if "_" in name])
def test_no_code_takes_the_name_of_a_column_of_ours(tmp_path, column):
    facet, _, code = column.partition("_")
    with pytest.raises(CodebookError, match=f"'{column}' has another meaning"):
        read_codebook(write_folder(tmp_path / "book", with_rows("codes", [facet, code, "", "0-1", ""])))


def test_all_problems_are_reported_at_once(tmp_path):
    sheets = with_rows("terms", ["suply", "zh", "投资", "strong", ""], ["supply", "zh", "", "", ""])
    sheets["masks"] = [["language", "frase"], ["zh", "中心"]]
    problems = check_codebook(write_folder(tmp_path / "book", sheets))
    assert [(p.file, p.line) for p in problems if p.severity == "error"] == [
        ("terms.csv", 5), ("terms.csv", 6), ("masks.csv", 1),
    ]  # fmt: skip
    assert "Rename 'frase' to 'phrase'" in problems[-1].suggestion


def test_a_term_of_two_codes_of_one_facet_is_a_warning(tmp_path):
    folder = write_folder(tmp_path / "book", with_rows("terms", ["demand", "zh", "资金投入", "strong", ""]))
    read_codebook(folder)
    assert [p.severity for p in check_codebook(folder)] == ["warning"]


def test_an_unknown_codebook_is_an_error_that_names_the_bundled_ones():
    with pytest.raises(CodebookError, match="regional-coordination"):
        read_codebook("no-such-codebook")


def test_every_bundled_codebook_has_no_error():
    assert "regional-coordination" in bundled_names()
    for name in bundled_names():
        assert bundled_folder(name) is not None
        assert [p for p in check_codebook(name) if p.severity == "error"] == []


def test_a_broken_workbook_is_one_clear_error(tmp_path):
    (tmp_path / "book.xlsx").write_bytes(b"PK\x03\x04 and no more")
    with pytest.raises(CodebookError, match=r"save it as \.xlsx"):
        read_codebook(tmp_path / "book.xlsx")


@pytest.mark.parametrize("name", bundled_names())
def test_a_copied_codebook_is_the_same_and_is_never_overwritten(tmp_path, name):
    copied = copy_codebook(name, tmp_path / "mine")
    assert read_codebook(tmp_path / "mine").content_hash == read_codebook(name).content_hash
    with pytest.raises(UsageError, match="exists already"):
        copy_codebook(name, tmp_path / "mine")
    assert copied[0].parent == tmp_path / "mine"


@pytest.mark.parametrize("name", bundled_names())
def test_every_code_is_defined_in_both_languages(name):
    for code in read_codebook(name).codes:
        definition, include, exclude = code.define("en")
        assert all([definition, include, exclude])
        assert re.search("[一-鿿]{4}", code.define("zh")[0])
