"""Diagnostics of a codebook's terms, and proposals for new ones, on passages small enough to count by hand."""

from __future__ import annotations

import pandas as pd
import pytest

from xietong.analysis.codebook_suggestions import SuggestOptions, suggest_terms
from xietong.analysis.codebook_terms import TermOptions, diagnose_codes, diagnose_terms
from xietong.codebook import Code, Codebook, Mask, Term
from xietong.errors import UsageError

CODEBOOK = Codebook(
    name="weather",
    codes=(Code(facet="sky", code="rain"), Code(facet="sky", code="wind")),
    terms=(
        Term(code="rain", language="zh", term="下雨"),
        Term(code="rain", language="zh", term="潮湿", weight="weak"),
        Term(code="rain", language="zh", term="打伞", weight="weak"),
        Term(code="rain", language="zh", term="冰雹"),
        Term(code="rain", language="zh", term="风暴"),
        Term(code="wind", language="zh", term="风暴"),
        Term(code="wind", language="zh", term="风车"),
    ),
    masks=(Mask(language="zh", phrase="风车节"),),
)
TEXTS = ["下雨。", "下雨,潮湿。", "潮湿,打伞。", "风暴。", "风车节。", "晴。"]


def passages(texts: list[str] = TEXTS) -> pd.DataFrame:
    return pd.DataFrame({
        "passage_id": [f"p{i}" for i in range(len(texts))], "document_id": [f"d{i % 3}" for i in range(len(texts))],
        "language": "zh-Hans", "folded": texts,
    })  # fmt: skip


def diagnosed(**more) -> pd.DataFrame:
    return diagnose_terms(passages(), CODEBOOK, **more).set_index(["code", "term"])


def test_each_term_says_where_it_counts_and_what_hangs_on_it():
    table = diagnosed()
    assert table.loc[("rain", "下雨"), ["n_passages", "n_documents", "n_alone"]].tolist() == [2, 2, 2]
    assert table.loc[("rain", "潮湿"), ["n_passages", "n_alone"]].tolist() == [2, 1]  # with 下雨 it is not needed
    assert table.loc[("rain", "下雨"), "share"] == pytest.approx(2 / 4)


def test_terms_that_never_occur_are_hidden_dominate_or_are_shared_are_named():
    table = diagnosed(options=TermOptions(dominant=0.5, dominant_least=1))
    assert table["finding"].to_dict() == {
        ("rain", "下雨"): "dominates", ("rain", "冰雹"): "never occurs", ("rain", "打伞"): "", ("rain", "潮湿"): "dominates",
        ("rain", "风暴"): "", ("wind", "风暴"): "dominates", ("wind", "风车"): "always hidden",
    }  # fmt: skip
    assert table.loc[("rain", "风暴"), "shared_with"] == "wind"


def test_hand_codes_show_what_a_term_adds_or_costs():
    hand = pd.DataFrame({"passage_id": ["p0", "p1", "p3"], "code": ["rain", "rain", "wind"], "value": [1, 1, 1]})
    table = diagnosed(hand=hand)
    # judged: p0, p1, p3; rain assigned in all three and right in two, so F1 is 4/5; without 下雨 it is 0
    assert table.loc[("rain", "下雨"), "f1_change"] == pytest.approx(0.8)
    assert table.loc[("rain", "风暴"), ["n_hand", "n_hand_right", "precision"]].tolist() == [1, 0, 0.0]
    assert table.loc[("rain", "风暴"), "f1_change"] == pytest.approx(0.8 - 1.0)
    assert table.loc[("rain", "冰雹"), "f1_change"] == 0


def test_a_code_that_another_swallows_is_named():
    table = diagnose_codes(passages(), CODEBOOK, options=TermOptions(dominant_least=1))
    row = table[table["code"] == "wind"].iloc[0]
    assert (row["other"], row["n_code"], row["n_both"], row["n_shared_terms"]) == ("rain", 1, 1, 1)
    assert row["finding"] == "swallowed"


def test_suggestions_are_whole_words_that_the_codebook_lacks_with_lines():
    wet = [f"{a}毛毛细雨{b},下雨。" for a, b in zip("甲乙丙丁戊己庚辛", "春夏秋冬早晚东西", strict=True)]
    dry = [f"{a}天晴{b}。" for a, b in zip("甲乙丙丁戊己庚辛", "春夏秋冬早晚东西", strict=True)]
    table = passages(wet + dry)
    table["sky_rain"] = [1] * len(wet) + [0] * len(dry)
    found = suggest_terms(table, CODEBOOK, "rain", "zh", options=SuggestOptions(n_least=3))
    assert found["term"].tolist() == ["毛毛细雨"]  # neither 下雨, which is known, nor 毛细, a piece
    assert found.loc[0, ["n_code", "n_other", "weight"]].tolist() == [8, 0, "strong"]
    assert "甲【毛毛细雨】春" in found.loc[0, "lines"]


def test_suggestions_in_english_are_words_and_phrases():
    wet = [
        f"{a} thunder clouds {b}; rain"
        for a, b in zip(["ab", "cd", "ef", "gh", "ij", "kl"], ["mn", "op", "qr", "st", "uv", "wx"], strict=True)
    ]
    table = passages([*wet, "fair day", "fine day", "good day"]).assign(language="en")
    table["sky_rain"] = [1] * len(wet) + [0] * 3
    found = suggest_terms(table, CODEBOOK, "rain", "en", options=SuggestOptions(n_least=3))
    assert "thunder clouds" in found["term"].tolist()


def test_suggestions_for_a_code_that_is_unknown_or_unused_say_so():
    table = passages().assign(sky_rain=0)
    with pytest.raises(UsageError, match="it has: rain, wind"):
        suggest_terms(table, CODEBOOK, "snow")
    with pytest.raises(UsageError, match="no passage with code 'rain'"):
        suggest_terms(table, CODEBOOK, "rain")
