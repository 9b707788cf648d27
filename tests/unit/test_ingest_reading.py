"""Reading: each format in, text and marks out; built in code, about invented places."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

import pytest

from xietong.ingest import IngestOptions, Reader, find_sources, read_file
from xietong.ingest.formats import FORMATS
from xietong.ingest.kinds import kind_of
from xietong.ingest.reasons import worded_note
from xietong.records import Document, Source

TEXT = "云川省与海陵市推进区域协调发展，共建产业园区。\n第二段说明对口支援的办法。"
HANT = "雲川省與海陵市推進區域協調發展，共建產業園區。"


def read(tmp_path: Path, name: str, content: bytes, **options: object) -> list[Document]:
    file = tmp_path / name
    file.write_bytes(content)
    return read_file(Source(file=name, location=str(file)), IngestOptions(**options))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "codec", "encoding"),
    [
        (TEXT, "utf-8", "utf-8"),
        (TEXT, "utf-8-sig", "utf-8-sig"),
        (TEXT, "gb18030", "gb18030"),
        (HANT, "gb18030", "gb18030"),
        (HANT, "big5", "big5hkscs"),
        (TEXT, "utf-16", "utf-16"),
        (TEXT, "utf-16-le", "utf-16-le"),
        (TEXT, "utf-16-be", "utf-16-be"),
        (TEXT, "utf-32", "utf-32"),
        ("The café’s “regional” coöperation programme between Yunchuan and Hailing.", "cp1252", "cp1252"),
    ],
)
def test_text_is_read_in_the_encoding_it_was_written_in(tmp_path: Path, text: str, codec: str, encoding: str) -> None:
    document = read(tmp_path, "a.txt", text.encode(codec))[0]
    assert (document.text, document.encoding) == (text, encoding)


ENDINGS = [(ending, kind) for kind, format in FORMATS.items() for ending in format.endings]


@pytest.mark.parametrize(("ending", "kind"), [*ENDINGS, (".txt", "text"), ("", "text")])
def test_the_name_tells_apart_what_looks_like_any_text(ending: str, kind: str) -> None:
    assert kind_of(TEXT.encode(), f"a.b/报告{ending.upper()}") == kind


def test_line_ends_become_newlines_and_nothing_else_changes(tmp_path: Path) -> None:
    assert read(tmp_path, "a.txt", "甲 乙\r\n　丙\r丁\n".encode())[0].text == "甲 乙\n　丙\n丁\n"


def test_mojibake_is_put_right_and_said(tmp_path: Path) -> None:
    document = read(tmp_path, "a.txt", (TEXT * 3).encode().decode("latin-1").encode())[0]
    assert document.text == TEXT * 3
    assert "garbled" in document.note


def test_front_matter_becomes_properties_and_a_mark(tmp_path: Path) -> None:
    document = read(tmp_path, "a.md", f"---\ntitle: 云川报告\n发布日期：2031-02-03\n---\n{TEXT}".encode())[0]
    assert document.properties == {"title": "云川报告", "发布日期": "2031-02-03"}
    assert document.text[document.marks[0].start : document.marks[0].end].endswith("---\n")


PAGE = """<html><head><meta charset="gb2312"><title>通知</title><script>alert(1)</script></head><body>
<div class="nav"><a href="/">首页</a> | <a href="/a">新闻</a></div><h1>关于协作的通知</h1>
<p>云川省<b>推进</b>区域
协调发展，共建产业园区，这一段是正文，应当占页面的大半，因而不会被当作页面装饰。</p><ul><li>第一项<li>第二项</ul>
<table><tr><td>市</td><td>资金</td></tr><tr><td>海陵</td><td>三亿元</td></tr></table>
<p><ruby>經<rt>jīng</rt></ruby>濟</p></body></html>"""


def test_page_gives_text_and_marks_and_never_scripts(tmp_path: Path) -> None:
    document = read(tmp_path, "a.html", PAGE.encode("gb18030"))[0]
    marked = {(mark.kind, document.text[mark.start : mark.end]) for mark in document.marks}
    assert ("heading", "关于协作的通知") in marked
    assert ("boilerplate", "首页 | 新闻") in marked
    assert ("gloss", "jīng") in marked
    assert ("row", "海陵\t三亿元") in marked
    assert ("list", "第二项") in marked
    assert "alert" not in document.text
    assert document.encoding == "gb18030"
    assert document.properties["title"] == "通知"


W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'


def docx(body: str, **parts: str) -> bytes:
    from io import BytesIO

    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w") as package:
        package.writestr("[Content_Types].xml", "<Types/>")
        package.writestr("word/document.xml", f"<w:document {W}><w:body>{body}</w:body></w:document>")
        for name, content in parts.items():
            package.writestr(f"word/{name}.xml", content)
    return buffer.getvalue()


def run(text: str) -> str:
    return f"<w:r><w:t>{text}</w:t></w:r>"


def test_docx_keeps_insertions_tables_notes_and_boxes_but_no_deletions(tmp_path: Path) -> None:
    body = (
        f'<w:p><w:pPr><w:pStyle w:val="H"/></w:pPr>{run("一、总体要求")}</w:p>'
        f"<w:p>{run('原文')}<w:ins>{run('插入')}</w:ins><w:del>{run('删去')}</w:del>"
        '<w:r><w:footnoteReference w:id="2"/></w:r></w:p>'
        f"<w:tbl><w:tr><w:tc><w:p>{run('市')}</w:p></w:tc><w:tc><w:p>{run('海陵')}</w:p></w:tc></w:tr></w:tbl>"
        f"<w:p><w:r><w:txbxContent><w:p>{run('框内')}</w:p></w:txbxContent></w:r></w:p>"
    )
    styles = f'<w:styles {W}><w:style w:styleId="H"><w:name w:val="heading 2"/></w:style></w:styles>'
    notes = f'<w:footnotes {W}><w:footnote w:id="2"><w:p>{run("脚注")}</w:p></w:footnote></w:footnotes>'
    document = read(tmp_path, "a.docx", docx(body, styles=styles, footnotes=notes))[0]
    assert document.text.split() == ["一、总体要求", "原文插入", "脚注", "市", "海陵", "框内"]
    kinds = {(mark.kind, mark.level, document.text[mark.start : mark.end]) for mark in document.marks}
    assert {("heading", 2, "一、总体要求"), ("footnote", 0, "脚注"), ("row", 0, "市 \t海陵")} <= kinds


def test_docx_headings_stand_below_a_title_that_has_a_style_of_its_own(tmp_path: Path) -> None:
    body = "".join(
        f'<w:p><w:pPr><w:pStyle w:val="{style}"/></w:pPr>{run(text)}</w:p>'
        for style, text in (("T", "云川省年度工作"), ("H", "回顾"), ("H", "打算"))
    )
    named = (("T", "Title"), ("H", "heading 1"))
    styles = "".join(f'<w:style w:styleId="{i}"><w:name w:val="{name}"/></w:style>' for i, name in named)
    styled = {"styles": f"<w:styles {W}>{styles}</w:styles>"}
    marks = read(tmp_path, "a.docx", docx(body, **styled))[0].marks
    assert [mark.level for mark in marks] == [1, 2, 2]
    untitled = read(tmp_path, "b.docx", docx(body.replace('w:val="T"', 'w:val="N"'), **styled))[0].marks
    assert [mark.level for mark in untitled if mark.kind == "heading"] == [1, 1]


def test_docx_with_an_entity_declaration_is_refused(tmp_path: Path) -> None:
    body = docx("").replace(b"<w:document", b"<!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/hosts'>]><w:document")
    document = read(tmp_path, "a.docx", body)[0]
    assert document.status == "failed"


@pytest.mark.parametrize(
    ("rtf", "text"),
    [
        (rb"{\rtf1\ansi\ansicpg936 \'d4\'c6\'b4\'a8\par B}", "云川\nB"),
        (rb"{\rtf1\ansi\uc1 \u20113?\u24029?{\*\generator x;}{\fonttbl{\f0 Arial;}} end}", "云川 end"),
        (rb"{\rtf1 a{\deleted gone}{\b b}}", "ab"),
    ],
)
def test_rtf_gives_its_text(tmp_path: Path, rtf: bytes, text: str) -> None:
    assert read(tmp_path, "a.rtf", rtf)[0].text.strip() == text


def test_rows_of_a_table_become_the_documents_that_its_columns_tell_apart(tmp_path: Path) -> None:
    lines = ["编号,标题,省份,年份,正文", "1,云川省规划,云川,2021,第一段。", "2,云川省规划,云川,2021,第二段。"]
    lines += ["3,海陵市通知,海陵,2022,推进协作。"]
    table, plan, notice = read(tmp_path, "a.csv", "\n".join(lines).encode())
    assert (table.file, table.n_members, table.text) == ("a.csv", 2, "")
    assert (plan.file, plan.text, [row.source_id for row in plan.rows]) == (
        "a.csv!/云川省规划·云川·2021",
        "第一段。\n第二段。\n",
        ["1", "2"],
    )
    assert plan.columns == {"标题": "云川省规划", "省份": "云川", "年份": "2021"}
    assert (notice.file, notice.columns["年份"]) == ("a.csv!/3", "2022")
    assert plan.sha256 != notice.sha256


def test_table_loses_no_column_of_prose_and_no_first_row(tmp_path: Path) -> None:
    long = "推进基础设施互联互通，建立跨区域协调机制，完善利益共享和补偿办法，共建产业园区，深化公共服务合作。"
    two = read(tmp_path, "two.csv", f"问题,答复\n{long}甲,{long}乙\n".encode())[0]
    assert two.text == f"{long}甲\n{long}乙\n"
    bare = read(tmp_path, "bare.csv", f"1,{long}甲\n2,{long}乙\n".encode())[0]
    assert (bare.text, [row.source_id for row in bare.rows]) == (f"{long}甲\n{long}乙\n", ["1", "2"])


@pytest.mark.parametrize("delimiter", [",", "\t", ";", "|"])
def test_table_takes_the_column_of_texts_and_the_ids(tmp_path: Path, delimiter: str) -> None:
    lines = [["id", "备注", "正文"], ["001", "甲", "云川省推进协作。"], ["1e5", "乙", "海陵市共建园区。"]]
    document = read(tmp_path, "a.csv", "\n".join(delimiter.join(line) for line in lines).encode("gb18030"))[0]
    assert [(row.source_id, document.text[row.start : row.end]) for row in document.rows] == [
        ("001", "云川省推进协作。"),
        ("1e5", "海陵市共建园区。"),
    ]
    assert '"正文"' in document.note


def test_missing_text_column_names_the_columns_there_are(tmp_path: Path) -> None:
    document = read(tmp_path, "a.csv", "id,正文\n1,云川省推进协作。\n".encode(), text_column="内容")[0]
    assert document.status == "failed"
    assert "id, 正文" in document.reason


def test_unclosed_quotation_mark_swallows_no_row(tmp_path: Path) -> None:
    rows = "\n".join(f'{n},"第{n}条意见没有结尾' if n == 3 else f"{n},第{n}条意见在此说明" for n in range(40))
    document = read(tmp_path, "a.csv", f"id,text\n{rows}\n".encode())[0]
    assert len(document.rows) == 40


def test_jsonl_gives_a_row_for_each_record(tmp_path: Path) -> None:
    document = read(tmp_path, "a.jsonl", '{"id": 7, "text": "云川省推进协作。"}\nnonsense\n'.encode())[0]
    assert document.rows[0].source_id == "7"
    assert "1 lines" in document.note


def test_archive_has_its_own_row_and_one_for_each_member(tmp_path: Path) -> None:
    file = tmp_path / "a.zip"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("云川/报告.txt", TEXT)
        archive.writestr("../escape.txt", TEXT)
        archive.writestr("empty.txt", "")
    documents = read_file(Source(file="a.zip", location=str(file)))
    assert [(document.file, document.status) for document in documents] == [
        ("a.zip", "ok"),
        ("a.zip!/云川/报告.txt", "ok"),
        ("a.zip!/../escape.txt", "failed"),
        ("a.zip!/empty.txt", "empty"),
    ]
    assert documents[0].n_members == 3


@pytest.mark.parametrize("codec", ["gb18030", "big5", "utf-8"])
def test_member_names_without_the_utf8_flag_are_decoded(tmp_path: Path, codec: str) -> None:
    name = "雲川省年度工作報告.txt"
    raw = name.encode(codec)
    stand_in = "x" * len(raw)
    file = tmp_path / "a.zip"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(stand_in, TEXT)
    file.write_bytes(file.read_bytes().replace(stand_in.encode(), raw))
    assert read_file(Source(file="a.zip", location=str(file)))[1].file == f"a.zip!/{name}"


def test_every_thing_in_a_folder_gets_one_row(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    (folder / "x.pdf").mkdir(parents=True)
    (folder / "x.pdf" / "inside.txt").write_text(TEXT, encoding="utf-8")
    (folder / "line\nbreak.txt").write_text(TEXT, encoding="utf-8")
    (tmp_path / "secret.txt").write_text("secret", encoding="utf-8")
    (folder / "out.txt").symlink_to(tmp_path / "secret.txt")
    (folder / "loop").symlink_to("loop")
    (folder / "up").symlink_to("..")
    sources = find_sources([folder])
    assert [(source.file, source.problem) for source in sources] == [
        ("line%0Abreak.txt", ""),
        ("loop", "link_loop"),
        ("out.txt", "link_outside"),
        ("up", "link_outside"),
        ("x.pdf/inside.txt", ""),
    ]


def test_several_inputs_keep_their_folders_names_apart(tmp_path: Path) -> None:
    for name in ("a/docs", "b/docs"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "x.txt").write_text(name, encoding="utf-8")
    sources = find_sources([tmp_path / "a/docs", tmp_path / "b/docs"])
    assert [source.file for source in sources] == ["a/docs/x.txt", "b/docs/x.txt"]


def test_reader_gives_the_same_as_reading_in_this_process(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_bytes(PAGE.encode("gb18030"))
    (tmp_path / "b.csv").write_text("id,text\n1,云川省推进协作。\n", encoding="utf-8")
    (tmp_path / "c.docx").write_bytes(docx(f"<w:p>{run('云川')}</w:p>"))
    with Reader(IngestOptions()) as reader:
        for source in find_sources([tmp_path]):
            assert reader.read(source) == read_file(source)


def test_tables_of_html_inside_plain_text_lose_their_tags(tmp_path: Path) -> None:
    row = '<tr><td WIDTH="88" STYLE="border: none"><p LANG="">席次：</p></td><td>甲&nbsp;委員</td></tr>'
    document = read(tmp_path, "a.txt", f"會議紀錄 a < b\n<table>{row * 4}</table>\n決議：通過。".encode())[0]
    assert "<td" not in document.text
    assert document.text.startswith("會議紀錄 a < b\n席次：\n")
    assert document.text.endswith("決議：通過。")
    assert "tags were left out" in document.note


def test_a_tag_that_a_text_mentions_stays(tmp_path: Path) -> None:
    assert "<td>" in read(tmp_path, "a.txt", "表格用 <td> 標記，共建平臺。".encode())[0].text


def test_archives_are_read_by_a_process_that_read_parquet_before(tmp_path: Path) -> None:
    import io
    import tarfile

    import pyarrow as pa
    import pyarrow.parquet as pq

    pq.write_table(pa.table({"id": ["a"], "text": [TEXT], "n": [1]}), tmp_path / "a.parquet")
    with tarfile.open(tmp_path / "b.tar.gz", "w:gz") as archive:
        member = tarfile.TarInfo("报告.txt")
        member.size = len(TEXT.encode())
        archive.addfile(member, io.BytesIO(TEXT.encode()))
    with Reader() as reader:
        documents = [document for source in find_sources([tmp_path]) for document in reader.read(source)]
    assert [(document.file, document.status) for document in documents] == [
        ("a.parquet", "ok"),
        ("b.tar.gz", "ok"),
        ("b.tar.gz!/b.tar!/报告.txt", "ok"),
        ("b.tar.gz!/b.tar", "ok"),
    ]


@pytest.mark.parametrize(
    ("name", "data", "note"),
    [
        ("a.csv", "编号,正文,标题\n1,推进协作建设。,甲\n2,共建园区。,乙\n", "2 篇文档；正文列："),
        ("a.csv", "备注,正文\n无,推进协作建设，共建园区。\n无,两市,共建\n", "1 行的单元格数与表头不符"),
        ("a.jsonl", '{"text": "推进协作建设，共建园区。"}\n{"text": "两市共建。"}\n无\n', "1 行不是 JSON 对象，已略去"),
        ("a.txt", "推进协作。<table>" + "<td>两市共建</td>" * 8, "文字中有 HTML 表格：标签已略去"),
    ],
)
def test_notes_of_documents_are_worded_in_chinese(tmp_path: Path, name: str, data: str, note: str) -> None:
    found = read(tmp_path, name, data.encode())[0].note
    assert note in worded_note(found, "zh")
    assert not re.search(r"[a-z]{3,} [a-z]{3,}", worded_note(found, "zh"))
    assert worded_note(found, "en") == found


def test_names_of_columns_stay_as_they_are_in_notes() -> None:
    assert worded_note("not read: all documents, check", "zh") == "未读取的列：all documents, check"
