"""Words: jieba's for Chinese, spaCy's for English, and the fast ways that give the same."""

import random
import string
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xietong.normalise import fold
from xietong.records import Document, Passage
from xietong.segment import segment
from xietong.tokenise import prepare_tokeniser, tokenise

CHINESE = [
    "推进区域协调发展,建设云白都市圈,2026年2月26日起施行。",
    "PM_2.5平均浓度下降4.1%,COVID-19疫情得到控制,U.S标准,5G基站1.2万个。",
    "深化“放管服”改革,健全东西部协作和对口支援机制(2026-02-26)。",
    "他来到网易杭研大厦,和何远舟、林青一起研究𠮷野家的案例。",
]
ENGLISH = [
    "We're building the U.S.-style network; it costs $3.5m (e.g. rail, roads) -- see https://example.org/a?b=1.",
    "The counties' plans don't match: \"well-being\" was up 3.5% in 2024/25, and/or so they'd say...",
    "Cities and ministries were better connected; the largest children's hospitals closed.",
]


def _tokenised(text, language, tokeniser):
    passage = Passage(n=0, start=0, end=len(text), language=language, folded=fold(text))
    return tokenise([passage], tokeniser)[0]


@pytest.fixture(scope="module")
def tokeniser():
    return prepare_tokeniser(["云白都市圈", "东西部协作"])


@pytest.mark.parametrize("text", CHINESE)
def test_the_fast_engine_gives_the_words_of_jieba(text, tokeniser):
    reference = prepare_tokeniser(["云白都市圈", "东西部协作"], engine="jieba")
    assert (tokeniser.engine, reference.engine) == ("rjieba", "jieba")
    assert tokeniser.cut(text) == reference.cut(text)


@pytest.mark.parametrize("text", ENGLISH)
def test_remembered_chunks_give_the_tokens_of_spacy_on_the_whole_text(text, tokeniser):
    import spacy

    result = _tokenised(text, "en", tokeniser)
    whole = [token for token in spacy.blank("en")(result.passage.folded.text) if not token.is_space]
    assert list(result.tokens) == [token.text for token in whole]
    assert list(result.starts) == [token.idx for token in whole]


@settings(max_examples=300, deadline=None)
@given(
    st.one_of(st.text(string.ascii_letters, min_size=1), st.sampled_from(["dont", "Im", "cannot", "wont", "Adm", "km"]))
)
def test_a_chunk_of_letters_alone_is_cut_as_spacy_cuts_it(tokeniser, chunk):
    tokens, starts, _ = tokeniser.english.chunks[chunk]
    assert list(zip(tokens, starts, strict=True)) == [(token.text, token.idx) for token in blank_english()(chunk)]


@cache
def blank_english():
    import spacy

    return spacy.blank("en")


@pytest.mark.parametrize(("text", "language"), [(CHINESE[0], "zh-Hans"), (ENGLISH[0], "en"), ("GDP 增长 of 5%", "en")])
def test_every_token_stands_where_it_says(text, language, tokeniser):
    result = _tokenised(text, language, tokeniser)
    folded = result.passage.folded.text
    assert all(
        folded[start : start + len(token)] == token for token, start in zip(result.tokens, result.starts, strict=True)
    )
    assert "".join(result.tokens) == folded.replace(" ", "")
    assert len(result.lemmas) == len(result.tokens)


def test_words_of_the_lexicon_are_kept_whole(tokeniser):
    tokens = _tokenised("建设云白都市圈，深化東西部協作", "zh-Hant", tokeniser).tokens
    assert {"云白都市圈", "东西部协作"} <= set(tokens)


def test_english_lemmas_are_lower_case_and_looked_up(tokeniser):
    assert _tokenised("Cities were Building", "en", tokeniser).lemmas == ("city", "be", "build")


def test_chinese_in_an_english_passage_is_cut_as_chinese(tokeniser):
    assert "京津冀" in _tokenised("The 京津冀区域 plan", "en", tokeniser).tokens


def test_an_empty_passage_has_no_tokens(tokeniser):
    assert _tokenised("", "zh-Hans", tokeniser).tokens == ()
    assert _tokenised("", "en", tokeniser).tokens == ()


def _real_passages(language, n_documents, n_characters, seed=4):
    """Passages of real documents in ``../shared/corpora``, drawn evenly over the collections."""
    folder = Path(__file__).resolve().parents[2] / ".." / "shared" / "corpora" / language
    if not folder.is_dir():
        pytest.skip("needs ../shared: real documents")
    files = sorted(folder.glob("*/*.txt"))
    for file in random.Random(seed).sample(files, min(n_documents, len(files))):
        text = file.read_text(encoding="utf-8")[:n_characters]
        yield from segment(Document(file=file.name, sha256="", text=text))


@pytest.mark.slow
@pytest.mark.parametrize("language", ["zh-Hans", "zh-Hant"])
def test_both_engines_give_the_same_words_on_up_to_sixty_real_documents(language, tokeniser):
    reference = prepare_tokeniser(["云白都市圈", "东西部协作"], engine="jieba")
    texts = [p.folded.text for p in _real_passages(language, 60, 6_000)]
    assert len(texts) > 500
    assert [text for text in texts if tokeniser.cut(text) != reference.cut(text)] == []


@pytest.mark.slow
def test_remembered_chunks_give_the_tokens_of_spacy_on_sixty_real_documents(tokeniser):
    import spacy

    nlp = spacy.blank("en")
    passages = [p for p in _real_passages("en", 60, 6_000) if p.language == "en" and p.folded.text.isascii()]
    assert len(passages) > 300
    for result in tokenise(passages, tokeniser):
        whole = [(token.text, token.idx) for token in nlp(result.passage.folded.text) if not token.is_space]
        assert list(zip(result.tokens, result.starts, strict=True)) == whole
