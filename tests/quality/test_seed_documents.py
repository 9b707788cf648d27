"""The four seed documents, read as a person reads them (facts only; their texts stay where they are)."""

import re

import pytest

from xietong.normalise import fold
from xietong.records import CODED_KINDS, Document
from xietong.segment import SegmentOptions, segment
from xietong.tokenise import prepare_tokeniser, tokenise


@pytest.fixture(scope="module")
def seeds():
    from pathlib import Path

    folder = Path(__file__).resolve().parents[2] / ".." / "shared" / "seeds"
    if not folder.is_dir():
        pytest.skip("needs ../shared: the seed documents")
    return {
        path.name[:3]: Document(file=path.name, sha256="", text=path.read_text(encoding="utf-8"))
        for path in sorted(folder.glob("*.txt"))
    }


def test_a_missing_space_between_sentences_is_no_hindrance(seeds):
    sentences = [p.reading for p in segment(seeds["000"], options=SegmentOptions(unit="sentence"))]
    assert sentences[0].endswith("high-quality development.")
    assert sentences[1].startswith("The coordinated development of regional economy")
    assert all(re.search(r"[.!?;:]( \|)?$", sentence) for sentence in sentences)


def test_references_and_affiliation_of_the_english_article_are_not_coded(seeds):
    passages = segment(seeds["002"])
    kinds = [p.kind for p in passages if re.match(r"- \[\d\]", p.reading)]
    assert kinds == ["reference"] * 6
    assert not any("Pingdingshan University" in p.reading for p in passages if p.kind in CODED_KINDS)
    # an entry that a page break has cut is one again
    assert any(p.kind == "reference" and p.reading.endswith("pp.155-178.") for p in passages)


def test_paragraphs_of_the_english_article_cut_by_pages_are_whole(seeds):
    readings = [p.reading for p in segment(seeds["002"]) if p.kind == "body"]
    assert any("the sound economic progress within" in reading for reading in readings)
    assert not any(reading[0].islower() for reading in readings)


def test_sections_of_the_english_article_are_a_tree(seeds):
    headings = [p.reading for p in segment(seeds["002"]) if p.kind == "heading"]
    assert next(h for h in headings if re.match(r"\d\. ", h)) == "1. Introduction"
    assert len([h for h in headings if re.match(r"\d\.\d ", h)]) == 8
    inside = [p.section for p in segment(seeds["002"]) if p.kind == "body" and "order parameters" in p.reading]
    assert all(len(section) == 2 for section in inside)


def test_a_sentence_cut_by_a_page_and_its_footnotes_is_whole(seeds):
    passages = segment(seeds["003"])
    (whole,) = [p for p in passages if p.reading.endswith("区域发展中的突出问题仍亟待解决。")]
    notes = [p for p in passages if p.kind == "footnote"]
    assert [p.reading[:4] for p in notes] == ["收稿日期", "基金项目", "作者简介"]
    assert all(whole.start < note.start and note.end < whole.end for note in notes)
    assert not any("基金项目" in p.reading for p in passages if p.kind in CODED_KINDS)


def test_sections_of_the_chinese_article_are_a_tree(seeds):
    headings = [p.reading for p in segment(seeds["003"]) if p.kind == "heading"]
    assert len([h for h in headings if re.match(r"[一二三四]、", h)]) == 4
    assert len([h for h in headings if re.match(r"[（(]", h)]) == 11
    assert len([h for h in headings if re.match(r"\d\.", h)]) == 23
    deepest = [p.section for p in segment(seeds["003"]) if p.kind == "body" and "负面清单管理模式" in p.reading]
    assert [len(section) for section in deepest] == [3]


def test_no_sentence_of_the_chinese_article_is_cut(seeds):
    body = [p.reading for p in segment(seeds["003"]) if p.kind == "body"]
    assert len(body) > 80
    assert all(re.search(r"[。！？!?：:][”’」』）)\]]*$", reading) for reading in body)


def test_references_and_english_abstract_of_the_chinese_article_are_not_coded(seeds):
    passages = segment(seeds["003"])
    assert sum(p.kind == "reference" for p in passages) == 29
    assert not any(p.language == "en" for p in passages if p.kind in CODED_KINDS)


def test_glosses_never_split_a_term(seeds):
    document = seeds["004"]
    glosses = re.findall(r"\([a-zāáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜü]+\)", document.text)
    assert len(glosses) == 325
    passages = segment(document)
    readings = "".join(p.reading for p in passages)
    assert not re.search(r"[a-zāáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜü]{2,}", readings)
    folded = "".join(p.folded.text for p in passages)
    for term in ("区域协调发展", "创新", "产业", "基础设施", "对口合作", "高质量发展", "城市群"):
        assert term in folded
        at = next(p for p in passages if term in p.folded.text)
        start = at.folded.text.index(term)
        span = at.folded.source_span(start, start + len(term))
        quote = document.text[span.start : span.end]
        assert at.start <= span.start < span.end <= at.end
        assert fold(quote).text == term
    assert {p.language for p in passages} == {"zh-Hant"}


def test_words_of_the_glossed_article_are_whole(seeds):
    tokens = [t for p in tokenise(segment(seeds["004"]), prepare_tokeniser(["区域协调发展"])) for t in p.tokens]
    assert "区域协调发展" in tokens
    assert "产业" in tokens
