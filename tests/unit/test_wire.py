import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from xietong.records import FoldedText
from xietong.wire import pack_fold_map, unpack_fold_map


def test_text_in_step_with_its_source_needs_no_bytes():
    assert pack_fold_map(FoldedText("协同", range(7, 9), range(8, 10)), 7) == b""
    assert pack_fold_map(FoldedText("协同", np.array([7, 8]), np.array([8, 9])), 7) == b""


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(1, 3)), min_size=1), st.integers(0, 10**9))
def test_any_map_comes_back_as_it_was(steps, start):
    starts = start + np.cumsum([gap for gap, _ in steps])
    ends = starts + [width for _, width in steps]
    folded = FoldedText("字" * len(steps), starts, ends)
    back = unpack_fold_map(folded.text, pack_fold_map(folded, start), start)
    assert list(back.starts) == list(starts)
    assert list(back.ends) == list(ends)
