"""The terms coder on small codebooks and small sentences, with what must not match as well."""

from __future__ import annotations

import numpy as np
import pytest

from xietong.codebook import Code, Codebook, CueWord, Mask, Term
from xietong.coders.features import passage_measures
from xietong.coders.matching import forms_of
from xietong.coders.terms import code_by_terms, find_terms, prepare_terms
from xietong.normalise import fold
from xietong.records import Passage, TokenisedPassage

CODEBOOK = Codebook(
    name="weather",
    codes=(
        Code(facet="sky", code="rain", scale_max=2),
        Code(facet="sky", code="wind", scale_max=1),
    ),
    terms=(
        Term(code="rain", language="zh", term="降雨"),
        Term(code="rain", language="zh", term="降雨量预报"),
        Term(code="rain", language="zh", term="水", weight="weak"),
        Term(code="rain", language="zh", term="湿", weight="weak"),
        Term(code="rain", language="en", term="heavy shower"),
        Term(code="rain", language="en", term="drizzl*"),
        Term(code="rain", language="en", term="wet", weight="weak"),
        Term(code="wind", language="zh", term="大风"),
        Term(code="wind", language="en", term="co-operate with gales"),
        Term(code="wind", language="en", term="gust"),
    ),
    masks=(Mask(language="zh", phrase="大风车"), Mask(language="en", phrase="wet nurse")),
    cues=(
        CueWord(language="zh", cue="两谷", kind="space"),
        CueWord(language="zh", cue="共同", kind="joint"),
        CueWord(language="zh", cue="邻谷", kind="partner"),
        CueWord(language="zh", cue="青谷", kind="place"),
        CueWord(language="zh", cue="白谷", kind="place"),
        CueWord(language="zh", cue="没有", kind="negation"),
        CueWord(language="zh", cue="研究所", kind="name_tail"),
        CueWord(language="zh", cue="、", kind="list_mark"),
    ),
)


def passages(*texts: str) -> list[TokenisedPassage]:
    made = (Passage(n=i, start=0, end=len(t), reading=t, folded=fold(t)) for i, t in enumerate(texts))
    return [TokenisedPassage(passage, (), (), ()) for passage in made]


def code(*texts: str):
    return code_by_terms(passages(*texts), CODEBOOK, prepare_terms(CODEBOOK))


@pytest.mark.parametrize(
    ("text", "rain", "wind"),
    [
        ("山上有降雨。", 1, 0),
        ("山上有降雨,也有大風。", 1, 1),  # traditional script
        ("水多。", 0, 0),  # one weak term is not enough
        ("水多,水深。", 0, 0),  # the same weak term twice is still one
        ("水多,空气湿。", 1, 0),
        ("大风车在转。", 0, 0),  # masked
        ("大风车边起了大风。", 0, 1),
        ("读《降雨记》一书。", 0, 0),  # a title is no statement
        ("今年没有降雨。", 0, 0),
        ("降雨研究所搬家。", 0, 0),
        ("说到降雨、霜冻、日照。", 0, 0),  # an item of a list is a mere mention …
        ("说到降雨、霜冻,天湿。", 1, 0),  # … and counts in company
        ("降雨、霜冻之后又有降雨。", 1, 0),  # the better of two mentions counts
        ("Heavy showers fell.", 1, 0),
        ("HEAVY-SHOWERS everywhere", 1, 0),
        ("It was drizzling.", 1, 0),
        ("A wet day.", 0, 0),
        ("A wet, drizzly day.", 1, 0),
        ("gusto and disgust", 0, 0),  # whole words only
        ("Gusts rose.", 0, 1),
        ("They cooperated with gales.", 0, 1),
    ],
)
def test_a_sentence_gets_the_codes_its_terms_add_up_to(text, rain, wind):
    assert code(text).values.tolist() == [[rain, wind]]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("两谷降雨增多。", 2),
        ("与邻谷共同观测降雨。", 2),
        ("青谷和白谷共同观测降雨。", 2),
        ("共同观测降雨。", 1),
        ("青谷观测降雨,青谷共同。", 1),  # one place, twice
        ("两谷丰收。山上有降雨。", 1),  # the cue is in another sentence
    ],
)
def test_a_relation_in_the_same_sentence_raises_a_code_to_two(text, value):
    assert code(text).values[0, 0] == value


def test_a_code_with_scale_one_never_gets_two():
    assert code("两谷起大风。").values.tolist() == [[0, 1]]


def test_cues_point_to_the_words_in_their_own_passage():
    texts = ["开头。", "两谷有降雨量预报,A drizzly day。"]
    coding = code(*texts)
    quotes = [(cue.passage, fold(texts[cue.passage]).text[cue.start : cue.end], cue.weight) for cue in coding.cues]
    assert quotes == [(1, "两谷", 2.0), (1, "降雨量预报", 2.0), (1, "drizzly", 2.0)]


def test_scores_grow_with_points_and_half_is_just_present():
    coding = code("水", "降雨", "降雨,湿", "晴")
    assert coding.scores[:, 0] == pytest.approx([1 / 3, 0.5, 0.6, 0.0])


def test_an_empty_batch_and_an_empty_codebook_give_empty_codings():
    assert code().values.shape == (0, 2)
    bare = Codebook(name="bare", codes=CODEBOOK.codes)
    assert code_by_terms(passages("降雨"), bare, prepare_terms(bare)).values.tolist() == [[0, 0]]


def test_the_order_of_terms_and_passages_makes_no_difference():
    turned = Codebook(
        name="t", codes=CODEBOOK.codes, terms=CODEBOOK.terms[::-1], masks=CODEBOOK.masks, cues=CODEBOOK.cues[::-1]
    )
    texts = passages("两谷降雨。", "It drizzled; gusts.")
    assert list(code_by_terms(texts, turned, prepare_terms(turned)).cues) == list(
        code_by_terms(texts, CODEBOOK, prepare_terms(CODEBOOK)).cues
    )
    alone = [code(text.passage.reading).values[0].tolist() for text in texts]
    assert code(*(text.passage.reading for text in texts)).values.tolist() == alone


def test_features_name_every_column_and_count_what_was_found():
    matcher = prepare_terms(CODEBOOK)
    measures, names = passage_measures(find_terms(["两谷降雨,水。", "晴"], matcher), CODEBOOK, matcher, 2)
    assert measures.shape == (2, len(names))
    assert len(set(names)) == len(names)
    row = dict(zip(names, measures[0].tolist(), strict=True))
    expected = {"points:rain": 3, "strong:rain": 1, "weak:rain": 1, "synergy:rain": 1, "cue:space": 1, "rain+space": 1}
    assert {name: row[name] for name in expected} == expected
    assert row["points:wind"] == 0
    assert np.count_nonzero(measures[1]) == 1  # only the count of sentences


@pytest.mark.parametrize(
    ("term", "some"),
    [
        ("policy alignment", {"policies alignment", "policy alignments"}),
        ("harmonise rules", {"harmonising rules", "harmonized rules"}),
        ("labour market", {"labor markets"}),
        ("co operation", {"cooperation", "co operations"}),
        ("co ordinate", {"coordinated", "co ordinating"}),
    ],
)
def test_english_terms_are_looked_for_in_their_usual_forms(term, some):
    assert some <= set(forms_of(term, "en"))
