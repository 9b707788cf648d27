"""Which brackets hold a reading, and which hold something else."""

import pytest

from xietong.normalise import fold


@pytest.mark.parametrize("brackets", ["()", "（）", "[]", "［］", "【】", "〔〕", "{}", "<>", "〈〉", "《》", "//"])
def test_pinyin_is_taken_out_of_every_style_of_bracket(brackets):
    left, right = brackets
    text = "".join(
        f"{c}{left}{reading}{right}" for c, reading in zip("区域发展", ["qū", "yù", "fā", "zhǎn"], strict=True)
    )
    assert fold(text).text == "区域发展"


@pytest.mark.parametrize(
    "text",
    ["区(qu1)域(yu4)", "区域(qūyù)", "区域(qū yù)", "区qū域yù", "區（ㄑㄩ）域（ㄩˋ）", "區ㄑㄩ域ㄩˋ", "区( qū )域"],
)
def test_readings_are_taken_out_in_every_notation(text):
    assert fold(text).text == "区域"


@pytest.mark.parametrize(
    "text",
    [
        "世界贸易组织(WTO)",
        "国内生产总值(GDP)增长",
        "戴高乐(Général de Gaulle)说",
        "圣保罗(São Paulo)",
        "附件(a)和附件(b)",
        "方案(he)",
        "区域(一)",
        "增长(5%)",
        "José的café",
    ],
)
def test_other_brackets_stay(text):
    assert fold(text).text == text


def test_a_reading_without_a_tone_goes_where_others_have_theirs():
    assert fold("我(wǒ)们(men)的(de)区(qū)域(yù)").text == "我们的区域"
