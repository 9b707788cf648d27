"""Names of public bodies are known by how they end."""

import re

import pytest

from xietong.bodies import BODY_END, is_body


@pytest.mark.parametrize(
    "name", ["柏川市人民政府", "柏川市委编办", "中国人民银行柏川分行", "柏川大学", "轨道建设领导小组"]
)
def test_a_stated_name_may_have_any_ending(name: str) -> None:
    assert re.search(f"{BODY_END}$", name)


@pytest.mark.parametrize("words", ["优化区域布局", "新发展格局", "自发布之日起施行", "加强交通运输"])
def test_words_that_only_end_alike_are_no_names(words: str) -> None:
    assert not re.search(f"{BODY_END}$", words)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("柏川市交通运输局", True),
        ("中共柏川市委", True),
        ("建设国际消费中心", False),
        ("推进区域协调发展委员会建设", False),
        ("一、市人民政府", False),
        ("国务院", True),
    ],
)
def test_a_line_is_a_body_only_with_an_ending_that_hardly_any_other_line_has(line: str, expected: bool) -> None:
    assert is_body(line) is expected
