from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xietong.highlight import merged, reading_spans

CASES = [
    # text, reading, quote in the text, words to highlight in the reading
    ("推进区域协调", "推进区域协调", "区域", "区域"),
    ("推进区\n域协调", "推进区域协调", "区\n域", "区域"),
    ("促進區(qū)域協(xié)調(diào)發(fā)展", "促進區域協調發展", "區(qū)域協(xié)調(diào)", "區域協調"),
    ("促進區(qū)域", "促進區域", "(qū)", None),
    ("问题仍\n—12—\n亟待解决的问题", "问题仍亟待解决的问题", "解决的问题", "解决的问题"),
    ("the co-\nordinated plan", "the coordinated plan", "co-\nordinated", "coordinated"),
    ("a  b\tc", "a b c", "b\tc", "b c"),
    ("区域区域协调", "区域协调", "区域协调", "区域协调"),
    ("𠮷水🏞️县规划", "𠮷水🏞️县规划", "县规划", "县规划"),
    ("other words", "quite different", "words", None),
]


@pytest.mark.parametrize(("text", "reading", "quote", "expected"), CASES)
def test_a_quote_is_found_in_the_reading(text, reading, quote, expected):
    start = text.index(quote)
    (span,) = reading_spans(text, reading, [(start, start + len(quote))])
    assert (None if span is None else reading[span[0] : span[1]]) == expected


@given(st.text(alphabet="ab c", max_size=30), st.data())
def test_whatever_was_left_out_the_words_found_are_words_of_the_quote(text, data):
    kept = data.draw(st.lists(st.booleans(), min_size=len(text), max_size=len(text)))
    reading = "".join(c for c, is_kept in zip(text, kept, strict=True) if is_kept)
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    (span,) = reading_spans(text, reading, [(start, end)])
    if span is not None:
        letters = iter(text[start:end])
        assert all(c in letters for c in reading[span[0] : span[1]] if not c.isspace())


def test_overlapping_and_touching_spans_are_joined():
    assert merged([(5, 7), None, (0, 2), (2, 4), (6, 9)]) == [(0, 4), (5, 9)]
