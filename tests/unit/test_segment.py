"""Passages: their units, their length, their place in the document, and what the format says of them."""

import pytest

from xietong.records import Document, Mark, Row, Span
from xietong.segment import SegmentOptions, segment

SENTENCE = "两市共同编制交通规划，推动轨道互通。"  # 16 Chinese characters
PARAGRAPH = SENTENCE * 12


def _document(text, **more):
    return Document(file="report.txt", sha256="", text=text, **more)


def test_a_passage_is_one_to_a_few_whole_sentences():
    passages = segment(_document(PARAGRAPH))
    assert len(passages) > 1
    assert all(p.reading.endswith("。") for p in passages)
    assert all(40 <= len(p.reading) <= 180 for p in passages)
    assert "".join(p.reading for p in passages) == PARAGRAPH


def test_a_short_rest_joins_the_passage_before_it():
    passages = segment(_document(SENTENCE * 10 + "好。"))
    assert passages[-1].reading.endswith("。好。")


def test_a_long_sentence_is_never_cut():
    sentence = "推动" + "、".join(["交通规划互通"] * 60) + "。"
    assert [p.reading for p in segment(_document(sentence))] == [sentence]


@pytest.mark.parametrize(("unit", "n"), [("sentence", 12), ("paragraph", 1)])
def test_the_unit_can_be_chosen(unit, n):
    assert len(segment(_document(PARAGRAPH), options=SegmentOptions(unit=unit))) == n


def test_an_unknown_unit_is_refused_with_the_known_ones():
    with pytest.raises(ValueError, match='unit "page" is unknown; use one of: passage, sentence, paragraph, row'):
        segment(_document("甲。"), options=SegmentOptions(unit="page"))


def test_passages_never_cross_sections():
    passages = segment(_document(f"一、交通\n{SENTENCE}\n二、产业\n{SENTENCE}\n"))
    assert [p.kind for p in passages] == ["heading", "body", "heading", "body"]


def test_rows_are_passages_as_they_are_or_are_cut_by_themselves():
    text = f"{PARAGRAPH}\n短。\n"
    rows = (Row("r1", 0, len(PARAGRAPH)), Row("r2", len(PARAGRAPH) + 1, len(text) - 1))
    whole = segment(_document(text, rows=rows), options=SegmentOptions(unit="row"))
    assert [(p.source_id, p.reading) for p in whole] == [("r1", PARAGRAPH), ("r2", "短。")]
    cut = segment(_document(text, rows=rows))
    assert len(cut) > 2
    assert cut[-1].source_id == "r2"


def test_a_row_with_line_breaks_reads_as_one_text():
    text = "推动区域协\n调发展。"
    (passage,) = segment(_document(text, rows=(Row("a", 0, len(text)),)), options=SegmentOptions(unit="row"))
    assert passage.folded.text == "推动区域协调发展。"


def test_the_start_and_end_are_those_of_the_source_with_its_glosses():
    text = "开头。\n推動區(qū)域協(xié)調(diào)發(fā)展(zhǎn)\n"
    passage = segment(_document(text))[-1]
    assert text[passage.start : passage.end] == "推動區(qū)域協(xié)調(diào)發(fā)展(zhǎn)"
    assert passage.reading == "推動區域協調發展"


def test_reading_and_folded_correspond_character_for_character():
    text = "「區域協調」，ﬁrst  step；development.The end。"
    for passage in segment(_document(text)):
        assert len(passage.reading) == len(passage.folded.text) == len(passage.folded.starts)


def test_a_sentence_cut_by_a_footnote_is_one_passage_and_the_footnote_another():
    text = (
        "两地合作起步较早，成果不断涌现。然而由于壁垒依然存在，要素流动的\n\n收稿日期：2030-01-05\n\n"
        "障碍尚未消除。下文考察其演变。\n"
    )
    body, note = segment(_document(text))
    assert body.reading.endswith("要素流动的障碍尚未消除。下文考察其演变。")
    assert (body.kind, note.kind) == ("body", "footnote")
    assert body.start < note.start < note.end < body.end


def test_running_titles_of_pages_are_taken_out_of_the_sentence_they_cut():
    pages, text = [], ""
    for n, body in enumerate(
        ["甲地与乙地合作，推动产业升级，建设共同的\n", "园区和市场。\n", f"{SENTENCE}\n", f"{SENTENCE}\n"]
    ):
        start = len(text)
        text += f"河谷发展规划\n{body}第{n + 1}页\n"
        pages.append(Span(start, len(text)))
    passages = segment(_document(text, pages=tuple(pages)))
    assert "甲地与乙地合作，推动产业升级，建设共同的园区和市场。" in [p.reading for p in passages if p.kind == "body"]
    assert {p.reading for p in passages if p.kind == "boilerplate"} >= {"第1页", "第4页", "河谷发展规划"}


def test_what_the_format_marks_goes_before_what_lines_look_like():
    text = "合作办法\n甲、乙两地。\n名称\t数量\n脚注一。\n返回\n"
    starts = [0, 5, 12, 18, 23]
    ends = [4, 11, 17, 22, 25]
    kinds = ["heading", "paragraph", "row", "footnote", "footer"]
    marks = tuple(Mark(a, b, kind, 1) for a, b, kind in zip(starts, ends, kinds, strict=True))
    passages = segment(_document(text, marks=marks))
    assert [p.kind for p in passages] == ["heading", "body", "table", "footnote", "boilerplate"]


def test_marked_ruby_is_left_out_of_the_reading():
    text = "區qu域yu發展。"
    marks = (Mark(1, 3, "gloss"), Mark(4, 6, "gloss"))
    (passage,) = segment(_document(text, marks=marks))
    assert (passage.reading, passage.folded.text) == ("區域發展。", "区域发展。")
    assert passage.folded.source_span(0, 2) == Span(0, 4)


def test_an_english_abstract_of_a_chinese_article_is_front_matter():
    text = (
        f"一、引言\n{PARAGRAPH}\n参考文献\n[1] 林青. 城市[M]. 云溪出版社, 2021.\nAbstract: Three cities are studied.\n"
    )
    kinds = {p.reading[:8]: p.kind for p in segment(_document(text))}
    assert kinds["Abstract"] == "front"


@pytest.mark.parametrize("text", ["", "\n\n  \n", "\u200b\n\ufeff", "\x0c\x0c"])
def test_a_document_without_text_has_no_passages(text):
    assert [p for p in segment(_document(text)) if p.reading] == []


def test_cells_of_plain_text_tables_are_kept_apart_and_map_back() -> None:
    text = "区域资金如下。\n地区\t资金\t项目\n海陵\t三亿元\t产业\n云川\t两亿元\t园区\n\n指标     2020年     2025年\n人口     三百     四百\n财政     五亿     六亿\n"
    passages = segment(Document(file="a.txt", sha256="", text=text))
    rows = [p for p in passages if p.kind == "table"]
    assert [p.folded.text for p in rows[:2]] == ["地区\t资金\t项目", "海陵\t三亿元\t产业"]
    assert [p.reading for p in rows[3:]] == ["指标\t2020年\t2025年", "人口\t三百\t四百", "财政\t五亿\t六亿"]
    assert passages[0].kind == "body"
    for p in rows:
        at = p.folded.text.rindex("\t") + 1
        span = p.folded.source_span(at, len(p.folded.text))
        assert text[span.start : span.end] == p.folded.text[at:]


def test_labels_and_lists_with_wide_gaps_are_no_tables() -> None:
    text = "科　　長　朱莉華\n專　　員　楊雅如\n主　　席　蘇委員\n1.\t推进协作。\n2.\t共建园区。\n3.\t健全机制。\n总则\t1\n目标\t3\n任务\t12\n"
    assert {p.kind for p in segment(Document(file="a.txt", sha256="", text=text))}.isdisjoint({"table"})


def test_headings_stay_headings_where_lines_are_wrapped() -> None:
    heading = "一、面对转型升级的压力，坚持产业强市不动摇，经济运行质态得到稳步提升"
    body = "我们推进区域协调发展，加强与周边地区的合作，共建产业园区，健全利益共享机制，完善跨区域交通网络。" * 3
    lines = [part[i : i + 30] for part in (body, heading, body, body) for i in range(0, len(part), 30)]
    passages = segment(Document(file="a.txt", sha256="", text="\n".join(lines)))
    assert [p.reading for p in passages if p.kind == "heading"] == [heading]


def test_lines_of_words_that_are_equally_long_by_chance_are_not_glued() -> None:
    text = "We come together for the\nwork of this great state\nand we go on."
    passages = segment(Document(file="a.txt", sha256="", text=text))
    assert " ".join(p.reading for p in passages) == " ".join(text.split())


def test_link_on_a_line_of_its_own_belongs_to_its_sentence() -> None:
    text = "国务院发出《\n实施区域协调规划的通知\n》，提出了具体措施，要求各地认真落实。\n今年继续推进。"
    first = segment(Document(file="a.txt", sha256="", text=text))[0]
    assert first.reading.startswith("国务院发出《实施区域协调规划的通知》，提出了具体措施")


def test_the_imprint_of_a_web_page_below_a_text_is_boilerplate():
    text = f"{PARAGRAPH}\n文档附件：\n相关文档：\n主办：澜江省人民政府办公厅　协办：澜江省信息中心　承办：澜江新闻网\n"
    kinds = [p.kind for p in segment(_document(text))]
    assert "body" in kinds
    assert kinds[-1] == "boilerplate"
    assert all(
        "主办" not in p.reading and "文档" not in p.reading for p in segment(_document(text)) if p.kind == "body"
    )


def _sections(*headings: tuple[str, int]) -> list[str]:
    """Give the sections of one paragraph below each heading; a level of 0 is a plain line."""
    text, marks = "", []
    for heading, level in headings:
        marks += [Mark(len(text), len(text) + len(heading), "heading", level)] if level else []
        text += f"{heading}\n"
        marks.append(Mark(len(text), len(text) + len(PARAGRAPH), "paragraph"))
        text += f"{PARAGRAPH}\n"
    passages = segment(_document(text, marks=tuple(marks)))
    return list(dict.fromkeys(" › ".join(p.section) for p in passages if p.kind == "body"))


@pytest.mark.parametrize(
    ("headings", "sections"),
    [
        # the attachment is as high as the title, and the sections between have no level
        (
            [("关于推进都市圈建设的通知", 1), ("一、总体要求", 0), ("柏川都市圈建设方案", 1)],
            ["", "一、总体要求", "柏川都市圈建设方案"],
        ),
        ([("都市圈建设情况", 2), ("一、总体要求", 0)], ["", "一、总体要求"]),
        ([("都市圈建设情况", 1), ("工作打算", 1)], ["都市圈建设情况", "工作打算"]),
        ([("一、总体要求", 1), ("（一）基本原则", 0)], ["一、总体要求", "一、总体要求 › （一）基本原则"]),
    ],
)
def test_the_title_is_no_section(headings: list[tuple[str, int]], sections: list[str]) -> None:
    assert _sections(*headings) == sections


def test_lines_that_say_the_title_again_are_no_sections() -> None:
    title = "柏川都市圈建设行动计划"
    text = f"{title}\n# {title}\n# 文档：{title}.md\n{PARAGRAPH}\n## 一、总体要求\n{PARAGRAPH}\n"
    sections = [p.section for p in segment(_document(text)) if p.kind == "body"]
    assert sections[0] == ()
    assert sections[-1] == ("一、总体要求",)


def test_the_menu_of_a_printed_web_page_is_no_title() -> None:
    title = "印发柏川都市圈建设方案的通知"
    text = f"简体 繁体\n首页 柏川概况 政务公开 网上办事\n热词 权责清单 政府工作报告\n{title}\n各区人民政府：\n{PARAGRAPH}\n"
    kinds = {p.reading: p.kind for p in segment(_document(text))}
    assert [reading for reading, kind in kinds.items() if kind == "heading"] == [title]
    assert kinds["热词权责清单政府工作报告"] == "boilerplate"


def test_the_history_of_a_statute_is_front_matter_and_its_short_title_a_heading() -> None:
    history = (
        "1.中華民國八十八年一月二十五日總統華總一字第 11223 號令制\n  定公布全文 12 條；並自公布日施行\n"
        "2.中華民國九十四年六月二十二日總統華總一字第 44556 號令\n  修正公布第 7 條條文\n"
    )
    text = (
        f"橋樑法\n{history}\n第 1 條\n為健全橋樑之管理，促進地方合作，特制定本法。\n第 2 條\n主管機關在中央為交通部。\n"
    )
    kinds = [(p.kind, p.reading[:4]) for p in segment(Document(file="", sha256="", text=text))]
    assert kinds[0] == ("heading", "橋樑法")
    assert {kind for kind, _ in kinds[1 : kinds.index(("heading", "第1條"))]} == {"front"}
    assert [start for kind, start in kinds if kind == "body"] == ["為健全橋", "主管機關"]


def test_a_number_in_a_cell_opens_no_section() -> None:
    rows = ["第七条 住房补贴\t100万元", "交通补贴\t200万元", "教育补贴\t300万元"]
    text = "\n".join(rows)
    starts = [text.index(row) for row in rows]
    marks = [Mark(start, start + len(row), "table") for start, row in zip(starts, rows, strict=True)]
    passages = segment(_document(text, marks=tuple(marks)))
    assert {(p.kind, p.section) for p in passages} == {("table", ())}


def test_lines_at_the_margin_go_on_with_the_indented_paragraph_that_was_broken_off() -> None:
    whole = "    各地应当加强组织领导，建立健全合作机制，推动交通、产业和公共服务共建共享，让更多群众受益。\n"
    broken = "    （一）文件超越制定机关法定权限、同法律和法规相抵触或者内容\n不适当的，提出意见并责令限期改正；\n"
    passages = segment(_document(whole * 3 + broken + whole))
    assert {p.kind for p in passages} == {"body"}
    assert any("或者内容不适当的，提出意见" in p.reading for p in passages)
