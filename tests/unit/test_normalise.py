"""What folding makes of a text, and that the way back is right."""

import pytest

from xietong.normalise import fold, fold_each

FOLDS = [
    ("區域協調發展", "区域协调发展"),
    ("區(qū)域協(xié)調(diào)發(fā)展", "区域协调发展"),
    ("区域（qū yù）协调", "区域协调"),
    ("区【qū】域《yù》协［xié］调", "区域协调"),
    ("區ㄑㄩ域ㄩˋ", "区域"),
    ("區（ㄑㄩ）域（ㄩˋ）", "区域"),
    ("产业，创新；合作：共享（一）", "产业,创新;合作:共享(一)"),
    ("２０２６年ＧＤＰ增长５．５％", "2026年GDP增长5.5%"),
    ("⼭⽔", "山水"),
    ("衞生、羣眾、裏面、裡面、說、説", "卫生、群众、里面、里面、说、说"),
    ("沿著、顯著、著力", "沿着、显著、着力"),
    ("发\u200b展\u00ad、\ue123合作\ufeff", "发展、合作"),
    ("发 展　合 作", "发展合作"),
    ("发 展 2 0 2 6 年 G D P", "发展2026年GDP"),
    ("推进合\n作与发\n展", "推进合作与发展"),
    ("co-\noperation between\ncities", "cooperation between cities"),
    ("development.The era,and growth", "development. The era, and growth"),
    ("my country’s cities", "my country's cities"),
    ("世界贸易组织(WTO)与戴高乐(Général de Gaulle)", "世界贸易组织(WTO)与戴高乐(Général de Gaulle)"),
    ("「一帶一路」", "“一带一路”"),
    ("", ""),
    # glosses without tones are known by the others of their text only
    ("我们(men)与区(qū)域(yù)协(xié)调", "我们与区域协调"),
    ("我们(men)与他", "我们(men)与他"),
]


@pytest.mark.parametrize(("text", "folded"), FOLDS)
def test_fold_gives_the_form_for_matching(text, folded):
    assert fold(text).text == folded


def test_texts_folded_together_come_out_as_each_alone():
    texts = [text for text, _ in FOLDS]
    for some in (texts, texts[::-1], texts[:1], []):
        assert fold_each(some) == [fold(text).text for text in some]


@pytest.mark.parametrize(
    "glossed",
    [
        "区(qu\u0304)域(yu\u0300)协(xie\u0301)调(tia\u0301o)",  # tones of two code points
        "区(q\u200bu1)域(y\u200bu4)协(x\u200bie2)调(t\u200biao2)",
        "区(q\u1160u1)域(y\u1160u4)协(x\u1160ie2)调(t\u1160iao2)",
    ],
)
def test_glosses_of_one_text_say_nothing_of_another(glossed):
    assert fold_each(["我们(men)与他", glossed]) == ["我们(men)与他", "区域协调"]


def test_no_character_folds_to_a_line_break():
    characters = [chr(n) for n in range(0x110000) if not 0xD800 <= n < 0xE000]
    assert "\n" not in fold("域".join(characters)).text


def test_a_folded_span_maps_back_to_the_source_with_its_glosses():
    source = "推進區(qū)域協(xié)調(diào)發(fā)展。"
    folded = fold(source, offset=100)
    at = folded.text.index("区域协调发展")
    span = folded.source_span(at, at + 6)
    assert source[span.start - 100 : span.end - 100] == "區(qū)域協(xié)調(diào)發(fā)展"


def test_text_without_changes_of_length_maps_by_ranges():
    folded = fold("區域，發展", offset=7)
    assert list(folded.starts) == [7, 8, 9, 10, 11]
    assert isinstance(folded.starts, range)


def test_only_the_given_spans_are_read():
    assert fold("开头（略）区域发展", spans=[(0, 2), (5, 9)]).text == "开头区域发展"
