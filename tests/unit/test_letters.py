"""The parts of an official letter around its text are known for what they are."""

import pytest

from xietong.records import Document
from xietong.segment import segment

LETTER = """关于推进柏川都市圈轨道建设的通知

柏政办〔2024〕12号

各区人民政府，市政府有关委、办、局，各有关单位：

经市政府同意，现将轨道建设方案印发给你们，请认真组织实施，并于年底前报送进展情况。

特此通知。

柏川市发展和改革委员会
柏川市交通运输局

2024年3月5日
"""


def kinds(text: str) -> dict[str, str]:
    return {passage.reading: passage.kind for passage in segment(Document(file="a.txt", sha256="", text=text))}


@pytest.mark.parametrize(
    "part",
    [
        "柏政办〔2024〕12号",
        "各区人民政府，市政府有关委、办、局，各有关单位：",
        "柏川市发展和改革委员会",
        "柏川市交通运输局",
        "2024年3月5日",
    ],
)
def test_parts_of_a_letter_are_front_matter(part: str) -> None:
    found = kinds(LETTER)
    assert {kind for reading, kind in found.items() if part in reading} == {"front"}
    assert found["特此通知。"] == "body"


def test_a_number_with_a_blank_in_it_is_front_matter() -> None:
    assert kinds(LETTER.replace("柏政办", "柏 政办"))["柏政办〔2024〕12号"] == "front"


@pytest.mark.parametrize(
    "line",
    [
        "青川省、柏川省、云溪自治区人民政府，交通运输部：",
        "柏川市发展和改革委员会 柏川市交通运输局2024年3月5日",
        "柏川市发展和改革委员会　　柏川市委编办\n2024年3月5日",
    ],
)
def test_addressees_by_name_and_bodies_before_the_date_are_front_matter(line: str) -> None:
    found = kinds(LETTER.replace("各区人民政府，市政府有关委、办、局，各有关单位：", line))
    assert {kind for reading, kind in found.items() if line[:5] in reading} == {"front"}


@pytest.mark.parametrize(
    "line",
    [
        "柏川市人民政府将继续推进：",
        "工程于2024年3月5日",
        "各地区、各部门要做好以下工作：",
        "各有关部门分别负责：",
        "柏川市交通运输局",
    ],
)
def test_what_only_looks_like_a_part_of_a_letter_stays_text(line: str) -> None:
    body = "经市政府同意，现将轨道建设方案印发给你们，请认真组织实施，并于年底前报送进展情况。"
    found = kinds(f"关于轨道建设的通知\n\n{body}\n\n{line}\n\n{body}\n\n{body}\n")
    assert "front" not in {kind for reading, kind in found.items() if line in reading}


def test_who_passed_a_statute_and_when_is_front_matter():
    lines = (
        "柏川市档案管理规定",
        "（2006年5月8日柏川市人民政府第37次常务会议审议通过2006年7月5日柏川市人民政府令第76号公布自2006年8月10日起施行）",
        "第一条  为加强本市档案管理，提高档案工作水平，根据有关法律、法规，结合本市实际，制定本规定。",
        "第二条  本规定适用于本市行政区域内的档案管理工作。",
    )
    passages = segment(Document(file="a.txt", sha256="", text="\n\n".join(lines)))
    assert [p.kind for p in passages] == ["heading", "front", "body", "body"]
