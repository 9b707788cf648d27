"""Which lines are headings, and the trail of sections they make."""

import pytest

from xietong.records import Document
from xietong.segment import segment

PARAGRAPH = "各地加强合作，共同建设跨区域的交通网络和产业园区，推动公共服务互认，让更多群众受益，成效不断显现。"
ENGLISH = "The counties work together on transport and on industry, and they recognise each other's permits in full."


def _headings(text):
    return [p.reading for p in segment(Document(file="", sha256="", text=text)) if p.kind == "heading"]


def _trails(text):
    return [p.section for p in segment(Document(file="", sha256="", text=text)) if p.kind == "body"]


@pytest.mark.parametrize(
    "heading",
    [
        "一、总体要求",
        "一、2030年工作回顾",
        "（二）推动产业协作",
        "第三章　监督管理",
        "第一篇 发展环境",
        "第二部分 主要任务",
        "第四節　財政",
        "第5條",
        "3.健全合作机制",
        "## 政策全文",
        "**今后五年的任务**",
        "改善民生",
    ],
)
def test_a_line_above_a_paragraph_is_a_heading(heading):
    text = f"{PARAGRAPH}\n{heading}\n{PARAGRAPH}\n"
    assert len(_headings(text)) == 1


@pytest.mark.parametrize("heading", ["3. Priorities", "2.1 Why we act together", "Article 12", "Chapter 2 Finance"])
def test_english_numbering_makes_headings(heading):
    assert _headings(f"{ENGLISH}\n{heading}\n{ENGLISH}\n") == [heading]


@pytest.mark.parametrize(
    "line",
    [
        "（一）编制规划；",
        "特此通知。",
        "第三条 市人民政府应当加强领导。",
        "2031年2月3日",
        "现将有关事项通知如下：",
        "三是深化改革，",
        "（二）积分条件。根据全市发展情况建立积分指标",
        "5.居所情况（随迁人员为配偶或未成年子女的",
    ],
)
def test_other_short_lines_are_no_headings(line):
    assert _headings(f"{PARAGRAPH}\n{line}\n{PARAGRAPH}\n") == []


def test_sections_are_nested_by_their_numbering():
    headings = ["一、回顾", "（一）产业", "1.园区", "（二）交通", "二、任务"]
    text = "".join(f"{heading}\n{PARAGRAPH}\n" for heading in headings)
    assert _trails(text) == [
        ("一、回顾",),
        ("一、回顾", "（一）产业"),
        ("一、回顾", "（一）产业", "1.园区"),
        ("一、回顾", "（二）交通"),
        ("二、任务",),
    ]


@pytest.mark.parametrize("words", ["政策全文", "文件全文", "元数据"])
def test_what_a_template_puts_above_the_text_is_a_heading_but_no_section(words):
    text = f"## 发展背景\n{PARAGRAPH}\n## {words}\n{PARAGRAPH}\n### 一、总体要求\n{PARAGRAPH}\n"
    assert _headings(text) == ["发展背景", words, "一、总体要求"]
    assert _trails(text) == [("发展背景",), (), ("一、总体要求",)]


def test_a_number_at_the_head_of_a_paragraph_opens_a_section():
    text = f"一、任务\n（一）推动产业协作。{PARAGRAPH}\n{PARAGRAPH}\n（二）改善交通。{PARAGRAPH}\n"
    assert _trails(text) == [
        ("一、任务", "（一）推动产业协作"),
        ("一、任务", "（一）推动产业协作"),
        ("一、任务", "（二）改善交通"),
    ]


def test_a_number_out_of_turn_opens_none():
    assert _trails(f"三、四十年前，{PARAGRAPH}\n") == [()]


def test_numbers_may_run_through_the_sections():
    text = f"一、基础\n1.交通。{PARAGRAPH}\n2.产业。{PARAGRAPH}\n二、保障\n3.资金。{PARAGRAPH}\n5.旧例。{PARAGRAPH}\n"
    assert _trails(text) == [
        ("一、基础", "1.交通"),
        ("一、基础", "2.产业"),
        ("二、保障", "3.资金"),
        ("二、保障", "3.资金"),
    ]


def test_a_paragraph_numbered_within_a_heading_in_parentheses_lies_below_it():
    text = f"（三）经济\n一、金融。{PARAGRAPH}\n二、航运。{PARAGRAPH}\n（四）结语\n{PARAGRAPH}\n"
    assert _trails(text) == [("（三）经济", "一、金融"), ("（三）经济", "二、航运"), ("（四）结语",)]


def test_decimal_sections_lie_within_their_whole_number():
    text = f"1. Aims\n{ENGLISH}\n1.1 Trade\n{ENGLISH}\n2. Means\n{ENGLISH}\n"
    assert _trails(text) == [("1. Aims",), ("1. Aims", "1.1 Trade"), ("2. Means",)]


def test_articles_head_the_paragraphs_below_them():
    text = f"第一章 总则\n第一条 {PARAGRAPH}\n{PARAGRAPH}\n第二条 {PARAGRAPH}\n"
    assert _trails(text) == [("第一章总则", "第一条"), ("第一章总则", "第一条"), ("第一章总则", "第二条")]
