"""Keyness, phrases, keywords, terms and new words: published toys, planted truths, both languages and scripts."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from xietong.analysis import keyness
from xietong.analysis.keywords import KeywordOptions, keywords
from xietong.analysis.phrases import PhraseOptions, apply_phrases, learn_phrases
from xietong.analysis.terms import TermOptions, c_value, new_words, textrank
from xietong.analysis.tokens import count_words, number_tokens, tokenise_passages
from xietong.codebook import Code, Codebook
from xietong.errors import UsageError
from xietong.tables import KEYWORDS

WORDS = ["the", "quick", "brown", "fox", "jumped", "over", "lazy", "dog"]
FIRST = np.array([1, 1, 1, 1, 2, 0, 0, 0])
SECOND = np.array([1, 0, 1, 0, 0, 1, 1, 2])


def test_log_odds_of_the_toy_with_a_flat_prior():
    _, z = keyness.log_odds(FIRST, SECOND, prior=0.01)
    z = dict(zip(WORDS, z, strict=True))
    assert z["jumped"] == pytest.approx(0.5689, abs=5e-5)
    assert z["fox"] == z["quick"] == pytest.approx(0.4772, abs=5e-5)
    assert z["the"] == z["brown"] == pytest.approx(0)
    assert z["dog"] == pytest.approx(-0.5689, abs=5e-5)


def test_log_odds_of_the_toy_with_the_corpus_as_prior():
    _, z = keyness.log_odds(FIRST, SECOND, prior=keyness.background_prior(FIRST + SECOND, 5))
    z = dict(zip(WORDS, z, strict=True))
    assert z["jumped"] == pytest.approx(1.1578, abs=5e-5)
    assert z["fox"] == pytest.approx(0.7507, abs=5e-5)


def test_log_likelihood_is_that_of_a_contingency_of_rates():
    g2 = keyness.log_likelihood([10, 90], [30, 70])
    assert g2[0] == pytest.approx(-2 * (10 * np.log(10 / 20) + 30 * np.log(30 / 20)))
    assert g2[0] < 0 < g2[1]


def test_the_effect_size_says_how_many_times_as_often():
    sides = np.array([[20.0, 0.0]]), np.array([100.0]), np.array([[5.0, 1.0]]), np.array([100.0])
    assert keyness.log_ratio_of_sums(*sides) == pytest.approx([2, -1])  # a word that one side lacks counts half there


def test_dispersion_is_zero_when_even_and_one_when_in_one_document():
    counts = sparse.csr_matrix(np.array([[2, 5, 0], [4, 0, 0], [4, 0, 0]]))
    spread = keyness.dispersion(counts, [100, 200, 200])
    assert spread[0] == pytest.approx(0)
    assert spread[1] == pytest.approx(1)
    assert np.isnan(spread[2])


def test_intervals_of_a_ratio_of_word_rates_cover_the_truth():
    generator = np.random.default_rng(2)
    hits = 0
    for _ in range(600):
        sizes = generator.integers(300, 3000, 40).astype(float)
        rates = np.r_[np.full(20, 0.02), np.full(20, 0.01)] * generator.gamma(4, 0.25, 40)  # words come in bursts
        counts = generator.poisson(sizes * rates)[:, None].astype(float)
        estimate, error = keyness.clustered_log_ratio(counts[:20], sizes[:20], counts[20:], sizes[20:])
        hits += abs(estimate[0] - 1) <= 1.96 * error[0]
    assert 0.90 <= hits / 600 <= 0.97


def test_keyness_without_words_on_one_side_is_refused():
    with pytest.raises(UsageError, match="one side has none"):
        keyness.log_likelihood([1, 2], [0, 0])
    with pytest.raises(UsageError, match="positive"):
        keyness.log_odds([1, 2], [2, 1], prior=[0.0, 1.0])


def tokens_of(texts):
    """Take texts that are cut into words already; places count the words joined without spaces."""
    lengths = [[len(word) for word in text] for text in texts]
    return number_tokens((t, [sum(n[:i]) for i in range(len(n))], n) for t, n in zip(texts, lengths, strict=True))


def _texts(generator, phrase, n=60):
    """Sentences of random filler in which a phrase stands now and then."""
    filler = [f"词{chr(0x4E00 + i)}" for i in range(40)]
    return [
        [*generator.choice(filler, 6), *(phrase if i % 2 else []), *generator.choice(filler, 6)] for i in range(n)
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("phrase", "joined"),
    [
        (["新质", "生产力"], "新质生产力"),
        (["主体", "功能", "区"], "主体功能区"),
        (["transfer", "payment"], "transfer payment"),
        (["fiscal", "transfer", "payment"], "fiscal transfer payment"),
    ],
)
def test_a_phrase_is_learned_before_counting(phrase, joined):
    generator = np.random.default_rng(1)
    phrases, merged = learn_phrases(tokens_of(_texts(generator, phrase)))
    assert joined in set(phrases.table["phrase"])
    assert merged.words(1).count(joined) == 1
    counts = count_words(merged)
    assert counts[:, merged.vocabulary.index(joined)].sum() == 30


def test_words_that_merely_follow_each_other_by_chance_are_no_phrase():
    phrases, _ = learn_phrases(tokens_of(_texts(np.random.default_rng(1), [])))
    assert phrases.table.empty


def test_phrases_never_cross_passages_punctuation_or_stop_words():
    texts = [["粮食", "。", "安全"]] * 20 + [["粮食", "的", "安全"]] * 20 + [["粮食"], ["安全"]] * 20
    phrases, _ = learn_phrases(tokens_of(texts), options=PhraseOptions(strength=-1.0))
    assert phrases.table.empty


def test_learned_phrases_are_found_in_other_texts_too():
    phrases, _ = learn_phrases(tokens_of(_texts(np.random.default_rng(1), ["主体", "功能", "区"])))
    merged = apply_phrases(tokens_of([["划定", "主体", "功能", "区"], ["功能"]]), phrases.rounds)
    assert merged.words(0) == ["划定", "主体功能区"]
    assert merged.words(1) == ["功能"]
    assert (merged.starts.tolist(), merged.ends.tolist()) == ([0, 2, 0], [2, 7, 2])


def test_textrank_puts_the_hub_of_a_network_first():
    texts = [["中心", f"叶子{i}"] for i in "甲乙丙丁戊"]
    tokens = tokens_of(texts)
    ranks = textrank(tokens, np.zeros(5, dtype=int), 1, window=1)
    assert tokens.vocabulary[int(ranks.toarray()[0].argmax())] == "中心"
    assert ranks.sum() == pytest.approx(1)


def test_textrank_of_a_document_does_not_depend_on_others():
    one, two = [["甲乙", "丙丁", "戊己"]], [["甲乙", "丙丁", "戊己"], ["庚辛", "甲乙", "丙丁"]]
    alone = textrank(tokens_of(one), np.zeros(1, dtype=int), 1).toarray()[0]
    together = textrank(tokens_of(two), np.arange(2), 2).toarray()[0]
    assert together[: len(alone)] == pytest.approx(alone)


def test_c_value_discounts_what_lies_within_longer_terms():
    texts = [["区域", "协调", "发展"]] * 10 + [["协调", "发展"]] * 5
    table = c_value(tokens_of(texts), options=TermOptions(n_least=2)).set_index("term")
    assert table.loc["区域协调发展", "c_value"] == pytest.approx(np.log2(3) * 10)
    assert table.loc["协调发展", "c_value"] == pytest.approx(1 * (15 - 10))
    assert "区域协调" not in table.index  # never seen alone


def test_new_words_hold_together_and_are_used_freely():
    generator = np.random.default_rng(3)
    characters = [chr(0x5200 + i) for i in range(200)]
    texts = ["".join([*generator.choice(characters, 8), "嵐芥湾", *generator.choice(characters, 8)]) for _ in range(80)]
    table = new_words(texts, known={"芥湾"})
    assert table["term"][0] == "嵐芥湾"
    assert "嵐芥" not in set(table["term"])  # a part, never seen elsewhere
    assert new_words(texts, known={"嵐芥湾"}).empty


PLAIN = "新芽市推进轻轨建设，轻轨连接各区。本年完成投资。"
TRADITIONAL = "青巒縣發展雲端農業，農業合作社擴大。雲端平台開放。"
ENGLISH = "The council of Fernvale expands ferry services; ferry terminals open early."


def _frame(n=30):
    from xietong.normalise import fold

    rows = []
    for i in range(n):
        for j, (text, language) in enumerate([(PLAIN, "zh-Hans"), (TRADITIONAL, "zh-Hant"), (ENGLISH, "en")]):
            rows += [{
                "passage_id": f"{i}-{j}-{k}", "document_id": f"{i}-{j}", "kind": "body", "language": language,
                "year": 2000 + i % 3, "region": f"R{j}",
                "level": "city", "reading": text, "folded": fold(text).text, "path_rail": int(j == 0),
            } for k in range(4)]  # fmt: skip
    return pd.DataFrame(rows)


APART = PhraseOptions(n_least=10**6)  # the same sentence over and over would be one phrase
CODEBOOK = Codebook(name="tiny", codes=(Code(facet="path", code="rail", scale_max=2),))


def test_keywords_are_in_the_reader_s_script_and_language():
    table = keywords(_frame(), CODEBOOK, options=KeywordOptions(groups=("region",), phrases=APART))
    assert list(table.columns) == KEYWORDS.names
    of = table[table["scope"] == "group"].groupby("group")["term"].agg(set)
    assert "轻轨" in of["R0"]
    assert "農業" in of["R1"]
    documents = table[table["scope"] == "document"].groupby("group")["term"].agg(set)
    assert "雲端" in documents["0-1"]
    assert "云端" not in documents["0-1"]
    assert "ferry" in documents["0-2"]
    assert not {"the", "of", "，", "。"} & set(table["term"])


def test_keywords_of_a_code_set_its_passages_apart_with_interval_and_adjusted_p():
    table = keywords(_frame(), CODEBOOK, options=KeywordOptions(phrases=APART))
    row = table[(table["scope"] == "code") & (table["method"] == "log_odds") & (table["term"] == "轻轨")].iloc[0]
    assert row["low"] > 1
    assert row["p"] <= row["p_adjusted"] < 0.001
    assert (row["n_documents"], row["n_passages"]) == (30, 120)


def test_keywords_are_the_same_bytes_twice():
    pd.testing.assert_frame_equal(keywords(_frame(8), CODEBOOK), keywords(_frame(8), CODEBOOK))


def test_no_words_are_refused_with_a_reason():
    frame = _frame(2)
    frame["folded"] = frame["reading"] = "12345 ……"
    with pytest.raises(UsageError, match="no word"):
        keywords(frame, CODEBOOK)
    with pytest.raises(UsageError, match="no coded passage"):
        keywords(frame.assign(kind="heading"), CODEBOOK)


def test_english_words_are_counted_as_lemmas():
    tokens = tokenise_passages(pd.DataFrame({"folded": ["Cities built bridges."], "language": ["en"]}))
    assert tokens.words(0)[:3] == ["city", "build", "bridge"]
