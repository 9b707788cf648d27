"""passages.xlsx opened in LibreOffice and openpyxl: text is text, the evidence is highlighted, limits are said."""

from __future__ import annotations

import zipfile

import openpyxl
import pytest
import xlsxwriter
from openpyxl.cell.rich_text import CellRichText, TextBlock

from xietong.export import export, xlsx
from xietong.export.xlsx_cells import MOST_UNITS
from xietong.export.xlsx_rows import RowSheet
from xietong.marked import marked_in_steps


@pytest.fixture(scope="module")
def workbook(run, tmp_path_factory):
    return export(run, "xlsx", tmp_path_factory.mktemp("xlsx") / "passages.xlsx")


def test_workbook_has_its_sheets_frozen_filtered_and_without_formulas(workbook):
    book = openpyxl.load_workbook(workbook)
    expected = ["passages", "documents", "codebook", "cross-table", "by year", "by region", "by level", "about"]
    assert book.sheetnames == expected
    assert book["passages"].freeze_panes == "B2"
    assert book["passages"].auto_filter.ref == "A1:AB13"
    formulas = [cell.coordinate for sheet in book for row in sheet.iter_rows() for cell in row if cell.data_type == "f"]
    assert formulas == []


def test_libreoffice_shows_every_cell_as_the_table_has_it(workbook, wide, office):
    cells = office(workbook, "passages")
    names = cells[0]
    assert sorted(names) == sorted(wide[0])
    for row, expected in zip(cells[1:], wide, strict=True):
        for name, shown in zip(names, row, strict=True):
            value = expected[name]
            if isinstance(value, bool):
                assert shown == str(value).upper()
            elif isinstance(value, float):
                assert float(shown) == pytest.approx(value)
            elif isinstance(value, str) and len(value) > 20_000:
                assert shown[:16_000] == value[:16_000]
            else:
                assert shown == ("" if value is None else str(value))


def test_rows_are_as_high_as_the_wrapped_texts_in_them(workbook):
    book = openpyxl.load_workbook(workbook)
    for name, rows in (("cross-table", (3,)), ("by year", (3,)), ("documents", range(1, 6)), ("codebook", range(1, 6))):
        sheet = book[name]
        for row in rows:
            letters = [(cell.column_letter, str(cell.value or "")) for cell in sheet[row]]
            widths = {letter: sheet.column_dimensions[letter].width for letter, _ in letters}
            needed = max(len(text.encode("gb18030")) / widths.get(letter, 13) for letter, text in letters)
            assert (sheet.row_dimensions[row].height or 15) >= min(409, 13 * needed), (name, row)


def test_digits_and_formulas_stay_text(workbook):
    sheet = openpyxl.load_workbook(workbook)["passages"]
    readings = [cell for cell in sheet["D"] if cell.value in ("=1+1", "000123")]
    assert [cell.data_type for cell in readings] == ["s", "s"]


def test_the_words_in_red_are_the_evidence(workbook, run):
    sheet = openpyxl.load_workbook(workbook, rich_text=True)["passages"]
    expected: dict[str, list[str]] = {}
    for rows, highlights in marked_in_steps(run):
        for row, marks in zip(rows.to_pylist(), highlights, strict=True):
            expected[row["passage_id"]] = sorted(row["reading"][mark.start : mark.end] for mark in marks)
    checked = 0
    for identity, cell in zip(sheet["A"][1:], sheet["D"][1:], strict=True):
        if isinstance(cell.value, CellRichText):
            red = sorted(part.text for part in cell.value if isinstance(part, TextBlock) and part.font.b)
            assert red == expected[identity.value]
            checked += 1
    assert checked >= 4


def test_a_row_links_to_its_passage_in_the_report(workbook):
    cell = openpyxl.load_workbook(workbook)["passages"]["A2"]
    assert cell.hyperlink.target == "report.html"
    assert cell.hyperlink.location == cell.value


def test_cells_that_excel_cannot_hold_are_cut_and_said(workbook, wide):
    book = openpyxl.load_workbook(workbook)
    long = [cell for cell in book["passages"]["D"] if cell.value and "已截短" in str(cell.value)]
    assert len(long) == sum(len(row["reading"].encode("utf-16-le")) // 2 > MOST_UNITS for row in wide) == 2
    assert all(len(cell.value.encode("utf-16-le")) // 2 <= MOST_UNITS for cell in long)
    about = " ".join(str(cell.value) for row in book["about"].iter_rows() for cell in row)
    assert "D11" in about
    assert "32,767" in about


def test_rows_beyond_the_limit_go_on_in_the_next_sheet_and_it_is_said(run, wide, tmp_path):
    file = tmp_path / "passages.xlsx"
    xlsx.write(run, file, most_rows=6)
    book = openpyxl.load_workbook(file)
    sheets = [name for name in book.sheetnames if name.startswith("passages")]
    assert sheets == ["passages", "passages 2", "passages 3"]
    ids = [cell.value for name in sheets for cell in book[name]["A"][1:]]
    assert ids == [row["passage_id"] for row in wide]
    assert any("3" in str(cell.value) and "sheets" in str(cell.value) for cell in book["about"]["A"])


def test_too_many_passages_for_a_workbook_are_said_to_be_elsewhere(run, wide, tmp_path):
    file = tmp_path / "passages.xlsx"
    xlsx.write(run, file, most_passages=len(wide) - 1)
    book = openpyxl.load_workbook(file)
    assert f"{len(wide):,}" in book["passages"]["A1"].value
    assert "passages.csv" in book["passages"]["A1"].value
    about = " ".join(str(cell.value) for row in book["about"].iter_rows() for cell in row)
    assert "too many for a workbook" in about
    assert "every row is here" not in about
    assert book["cross-table"].max_row > 3


def test_documents_that_failed_are_there_with_their_reason(workbook):
    rows = list(openpyxl.load_workbook(workbook)["documents"].iter_rows(values_only=True))
    named = [dict(zip(rows[0], row, strict=True)) for row in rows[1:]]
    assert [(row["file"], row["reason"]) for row in named if row["status"] == "failed"] == [
        ("broken.pdf", "the PDF is damaged; open it and save it again")
    ]


def test_the_cross_table_counts_passages_with_both_codes(workbook, wide):
    rows = [list(row) for row in openpyxl.load_workbook(workbook)["cross-table"].iter_rows(values_only=True)]
    both = sum(row["path_planning"] > 0 and row["mechanism_market"] > 0 for row in wide)
    assert rows[3][1] == both == 2
    assert rows[3][-1] == sum(row["path_planning"] > 0 for row in wide)


def test_the_workbook_is_the_same_each_time(run, workbook, tmp_path):
    assert export(run, "xlsx", tmp_path / "again.xlsx").read_bytes() == workbook.read_bytes()


def test_whole_rows_are_the_bytes_that_xlsxwriter_writes_cell_by_cell(tmp_path):
    texts = ["区域协调", " edge", "a\nb ", "<b> & \"q\" 'x'", "\x01 and _x0001_", "=1+1", "\ufffe\uffff"]
    sheets = []
    for is_whole in (False, True):
        file = tmp_path / f"{is_whole}.xlsx"
        options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
        with xlsxwriter.Workbook(str(file), options) as book:
            sheet = book.add_worksheet("s", RowSheet)
            plain, mark = book.add_format({"valign": "top"}), book.add_format({"bold": True, "font_color": "#B3261E"})
            sheet.write_string(0, 0, "header", plain)
            (_write_whole if is_whole else _write_cell_by_cell)(sheet, texts, plain, mark)
        with zipfile.ZipFile(file) as archive:
            sheets.append({name: archive.read(name) for name in archive.namelist() if "core" not in name})
    assert sheets[0]["xl/worksheets/sheet1.xml"].decode() == sheets[1]["xl/worksheets/sheet1.xml"].decode()
    assert sheets[0] == sheets[1]


def _codes_of(row):
    return (row % 3, None, 0, 2 if row > 3 else None)


def _write_cell_by_cell(sheet, texts, plain, mark):
    for row, text in enumerate(texts, start=1):
        sheet.set_row(row, 15.0 * row if row < 7 else 409.0)
        sheet.write_url(row, 0, f"external:report.html#{row}", plain, string=str(row))
        sheet.write_string(row, 1, text, plain)
        sheet.write_number(row, 2, row / 7, plain)
        sheet.write_boolean(row, 3, row % 2 == 0, plain)
        for column, value in enumerate(_codes_of(row), start=4):
            if value is not None:
                sheet.write_number(row, column, value, plain)
        sheet.write_rich_string(row, 28, "前 ", mark, "<词>", " 后", mark, "尾", plain)


def _write_whole(sheet, texts, plain, mark):
    sheet.begin_rows(29)
    style, font = sheet.style(plain), sheet.font(mark)
    for row, text in enumerate(texts, start=1):
        sheet.link(row, 0, f"external:report.html#{row}", str(row))
        cells = [
            sheet.text(row, 0, str(row), style),
            sheet.text(row, 1, text, style),
            sheet.number(row, 2, row / 7, style),
            sheet.boolean(row, 3, row % 2 == 0, style),
            sheet.numbers(row, 4, _codes_of(row), style),
            sheet.rich_text(row, 28, [("前 ", ""), ("<词>", font), (" 后", ""), ("尾", font)], style),
        ]
        sheet.write_whole(row, 15.0 * row if row < 7 else 409.0, cells)
    sheet.end_rows(len(texts))


def test_text_that_looks_like_xml_stays_text_and_is_highlighted_beside_control_characters(tmp_path):
    texts = ["<r><t>x</t></r>", "\x01<b>词</b>"]
    with xlsxwriter.Workbook(str(tmp_path / "x.xlsx"), {"constant_memory": True}) as book:
        sheet = book.add_worksheet("s", RowSheet)
        sheet.begin_rows(2)
        font = sheet.font(book.add_format({"bold": True}))
        for row, text in enumerate(texts):
            rich = sheet.rich_text(row, 1, [(text[:1], ""), (text[1:], font)], "")
            sheet.write_whole(row, 15.0, [sheet.text(row, 0, text, ""), rich])
        sheet.end_rows(len(texts) - 1)
    cells = openpyxl.load_workbook(tmp_path / "x.xlsx", rich_text=True)["s"]
    assert [str(cells.cell(row, 1).value).replace("_x0001_", "\x01") for row in (1, 2)] == texts
    assert [str(cells.cell(row, 2).value[1]) for row in (1, 2)] == [text[1:] for text in texts]
