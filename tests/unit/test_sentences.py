"""Where sentences end, and where a full stop is something else."""

import pytest

from xietong.sentences import LONGEST, sentence_spans


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("推进合作。共建园区!可行吗?", ["推进合作。", "共建园区!", "可行吗?"]),
        ("他说:“大家辛苦了!”会议继续。", ["他说:“大家辛苦了!”", "会议继续。"]),
        ("深化“放管服!”的改革。继续努力。", ["深化“放管服!”的改革。", "继续努力。"]),
        (
            "建设枢纽(责任单位:交通局。完成时限:年底)并开工。好。",
            ["建设枢纽(责任单位:交通局。完成时限:年底)并开工。", "好。"],
        ),
        ("增长5.6%。投资3.2亿元。", ["增长5.6%。", "投资3.2亿元。"]),
        ("合作不断加深。[1]此后更多。", ["合作不断加深。[1]", "此后更多。"]),
        ("一是、二是;三是", ["一是、二是;三是"]),
        ("发展很快.合作很好.", ["发展很快.", "合作很好."]),
        ("Growth fell. The rest rose by 3.5 per cent.", ["Growth fell.", "The rest rose by 3.5 per cent."]),
        ("Dr. Smith of the U.S. Institute agreed. He left.", ["Dr. Smith of the U.S. Institute agreed.", "He left."]),
        ("See Fig. 3 and J. Smith et al. (2020). Then stop.", ["See Fig. 3 and J. Smith et al. (2020).", "Then stop."]),
        ('"We share." She said so.', ['"We share."', "She said so."]),
        ("At 5 p.m. we met. It rained!", ["At 5 p.m. we met.", "It rained!"]),
        ("2. Priorities are set. 3. Costs are shared.", ["2. Priorities are set.", "3. Costs are shared."]),
        ("  spaces.  Around.  ", ["spaces.", "Around."]),
        ("", []),
    ],
)
def test_text_is_cut_into_sentences(text, sentences):
    assert [text[start:end] for start, end in sentence_spans(text)] == sentences


def test_only_the_given_stretch_is_cut():
    assert sentence_spans("甲。乙。丙。", 2, 4) == [(2, 4)]


def test_what_has_no_end_for_longer_than_any_sentence_is_cut_behind_a_comma() -> None:
    text = "推进协作," * 10_000
    spans = sentence_spans(text)
    assert max(end - start for start, end in spans) <= LONGEST
    assert [text[end - 1] for _, end in spans] == [","] * len(spans)
    assert "".join(text[start:end] for start, end in spans) == text
