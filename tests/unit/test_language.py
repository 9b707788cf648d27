"""Which language and script a text is in."""

import pytest

from xietong.language import language_of, languages_of_spans


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("推动区域协调发展，加强对口合作", "zh-Hans"),
        ("推動區域協調發展，加強對口合作", "zh-Hant"),
        ("推動區域協調發展，強化衞生服務", "zh-Hant"),
        ("Regional cooperation across counties", "en"),
        ("我国加入世界贸易组织（WTO）", "zh-Hans"),
        ("The term 协同 means synergy in this report of the council", "en"),
        ("地域の経済をみんなで支える", "other"),
        ("Региональное развитие", "other"),
        ("2026", "zh-Hans"),
        ("", "zh-Hans"),
    ],
)
def test_language_of_a_text_on_its_own(text, language):
    assert language_of(text) == language


@pytest.mark.parametrize(
    ("text", "default", "language"),
    [
        ("2026", "en", "en"),
        ("合作", "zh-Hant", "zh-Hant"),
        ("主席陳立人", "zh-Hans", "zh-Hans"),
        ("推動區域協調發展", "zh-Hans", "zh-Hant"),
        ("推动区域协调发展", "zh-Hant", "zh-Hans"),
    ],
)
def test_what_surrounds_a_text_decides_what_the_text_leaves_open(text, default, language):
    assert language_of(text, default) == language


def test_each_span_has_its_own_language():
    text = "推动区域发展。Regional growth. 2026"
    assert languages_of_spans(text, [(0, 7), (7, 23), (24, 28)]) == ["zh-Hans", "en", "zh-Hans"]
    assert languages_of_spans(text, []) == []
