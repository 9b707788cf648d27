"""Whatever the text: nothing is lost, the way back is right, and the same text gives the same passages."""

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from xietong.normalise import fold, fold_each
from xietong.records import Document, Row
from xietong.segment import SegmentOptions, segment

WORD = re.compile(r"[A-Za-z0-9]+|[\u3400-\u4dbf\u4e00-\u9fff]")
FRAGMENTS = st.sampled_from([
    "区域协调发展", "區域協調發展", "區(qū)域", "一、总体要求", "（二）产业", "第三条 ",
    "1.", "## ", "**", "参考文献", "[1] ", "目录",
    "。", "，", "；", "：", "！", "“", "”", "（", "）", ".", ",", " ", "  ", "\u3000", "\n", "\n\n", "\r\n", "\t", "\x0c", "- 3 -",
    "development",
    "The ", "co-", "GDP", "2026年", "3.5", "U.S.", "ﬁ", "㎡", "\u200b", "\u00ad", "\ue000", "e\u0301", "衞", "著",
    "ㄑㄩ", "qū",
    "当前位置：", "打印", "收稿日期：", "Abstract:", "各位代表：", "----", "|", "附件",
])  # fmt: skip
TEXTS = st.one_of(st.lists(FRAGMENTS, max_size=60).map("".join), st.text(max_size=200))


def _document(text, **more):
    return Document(file="a.txt", sha256="", text=text, **more)


@settings(deadline=None, max_examples=300)
@given(TEXTS)
def test_no_word_is_lost_and_passages_are_in_order(text):
    passages = segment(_document(text))
    covered = bytearray(len(text))
    for passage in passages:
        covered[passage.start : passage.end] = b"\1" * (passage.end - passage.start)
    assert all(all(covered[m.start() : m.end()]) for m in WORD.finditer(text))
    assert [p.n for p in passages] == list(range(len(passages)))
    assert [p.start for p in passages] == sorted(p.start for p in passages)


@settings(deadline=None, max_examples=300)
@given(TEXTS, st.sampled_from(["passage", "sentence", "paragraph"]))
def test_the_way_back_stays_inside_the_passage(text, unit):
    for passage in segment(_document(text), options=SegmentOptions(unit=unit)):
        folded = passage.folded
        assert len(passage.reading) == len(folded.text) == len(folded.starts) == len(folded.ends)
        assert 0 <= passage.start <= passage.end <= len(text)
        if folded.text:
            assert all(a <= b for a, b in zip(folded.starts[:-1], folded.starts[1:], strict=True))
            assert passage.start <= folded.starts[0]
            assert folded.ends[-1] <= passage.end


@settings(deadline=None, max_examples=300)
@given(TEXTS)
def test_folding_a_folded_text_changes_nothing_but_what_glosses_hid(text):
    once = fold(text)
    assert all(0 <= a < b <= len(text) for a, b in zip(once.starts, once.ends, strict=True))
    assert fold(once.text).text == fold(fold(once.text).text).text


@settings(deadline=None, max_examples=200)
@given(TEXTS)
def test_the_same_text_gives_the_same_passages(text):
    first, second = segment(_document(text)), segment(_document(text))
    assert [(p.start, p.end, p.kind, p.section, p.language, p.reading) for p in first] == [
        (p.start, p.end, p.kind, p.section, p.language, p.reading) for p in second
    ]


@settings(deadline=None, max_examples=100)
@given(st.lists(TEXTS, max_size=6))
def test_each_row_is_one_passage_with_its_id(texts):
    text, rows = "", []
    for n, row in enumerate(texts):
        rows.append(Row(f"r{n}", len(text), len(text) + len(row)))
        text += row + "\n"
    passages = segment(_document(text, rows=tuple(rows)), options=SegmentOptions(unit="row"))
    assert sorted(p.source_id for p in passages) == sorted(f"r{n}" for n in range(len(texts)))


@settings(deadline=None, max_examples=300)
@given(st.lists(TEXTS, max_size=8))
def test_texts_folded_together_come_out_as_each_alone(texts):
    assert fold_each(texts) == [fold(text).text for text in texts]
