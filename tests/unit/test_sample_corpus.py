"""The sample corpus is what its README says: formats, scripts and encodings, and every code occurs."""

from __future__ import annotations

from pathlib import Path

import pytest

from xietong.codebook import read_codebook
from xietong.coders.terms import code_by_terms, prepare_terms
from xietong.ingest import IngestOptions, find_sources, read_file
from xietong.metadata import describe, documents_only, read_catalogues
from xietong.records import CODED_KINDS, TokenisedPassage
from xietong.segment import segment

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "corpora" / "sample"


@pytest.fixture(scope="module")
def documents():
    sources = documents_only(find_sources([SAMPLE]))
    return {document.file: document for source in sources for document in read_file(source, IngestOptions())}


@pytest.fixture(scope="module")
def passages(documents):
    return {file: segment(document) for file, document in documents.items()}


@pytest.mark.parametrize(
    ("file", "encoding"),
    [
        ("澜江省_政府工作报告_2026.txt", "utf-8"),
        ("澜政办发〔2025〕18号_重点任务分工的通知.txt", "gb18030"),
        ("區域均衡發展促進條例.txt", "big5"),
        ("青棠县要闻_山海协作.html", "gb18030"),
    ],
)
def test_each_encoding_is_recognised(documents, file, encoding):
    assert documents[file].encoding.startswith(encoding)


def test_all_documents_are_read(documents):
    assert len([file for file in documents if "!/" not in file]) == 13
    assert {document.status for document in documents.values()} == {"ok"}


@pytest.mark.parametrize("name", ["regional-coordination", "rothwell-zegveld"])
def test_every_code_of_both_codebooks_occurs(passages, name):
    codebook = read_codebook(ROOT / "seeds" / name)
    batch = [
        TokenisedPassage(passage, (), (), ())
        for file in sorted(passages)
        for passage in passages[file]
        if passage.kind in CODED_KINDS
    ]
    values = code_by_terms(batch, codebook, prepare_terms(codebook)).values
    for number, code in enumerate(codebook.codes):
        assert (values[:, number] > 0).any(), code.code
        if code.scale_max == 2:
            assert (values[:, number] == 2).any(), f"{code.code} never as a synergy"


def test_pinyin_glosses_do_not_stand_in_the_reading_text(passages):
    readings = "".join(passage.reading for passage in passages["瀾江日報_都市圈專訪.txt"])
    assert "區域協調發展" in readings
    assert "(" not in readings.replace("(來源", "")


@pytest.mark.parametrize(
    ("file", "region", "level", "year"),
    [
        ("澜江省_政府工作报告_2026.txt", "澜江省", "provincial", 2026),
        ("柏川市城乡融合发展规划.docx", "柏川市", "city", 2025),
        ("青棠县要闻_山海协作.html", "青棠县", "county", 2025),
        ("區域均衡發展促進條例.txt", "", "other", 2024),
        ("区域协同发展的动力机制研究.pdf", "", "other", 2025),
    ],
)
def test_metadata_are_worked_out_without_the_catalogue(documents, passages, file, region, level, year):
    found = describe(documents[file], passages[file])
    assert (found.region, found.level, found.year) == (region, level, year)


def test_the_catalogue_names_every_document():
    sources = documents_only(find_sources([SAMPLE]))
    rows = read_catalogues([SAMPLE], sources)
    assert sorted(rows) == [source.file for source in sources]
    assert all(row[""]["genre"] for row in rows.values())
