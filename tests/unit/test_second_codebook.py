"""The second bundled codebook shows that nothing is wired to the first."""

from __future__ import annotations

from pathlib import Path

import pytest

from xietong.codebook import read_codebook

SEEDS = Path(__file__).resolve().parents[2] / "seeds"


@pytest.fixture(scope="module")
def codebook():
    return read_codebook(SEEDS / "rothwell-zegveld")


def test_it_has_twelve_instruments_in_three_facets(codebook):
    assert codebook.facets == ("supply", "environment", "demand")
    assert len(codebook.codes) == 12
    assert {code.scale_max for code in codebook.codes} == {1}


def test_each_instrument_is_defined_and_has_terms_in_both_languages(codebook):
    for code in codebook.codes:
        assert all((code.definition, code.include, code.exclude, code.example)), code.code
        for language in ("zh", "en"):
            terms = [term for term in codebook.terms if term.code == code.code and term.language == language]
            assert sum(term.weight == "strong" for term in terms) >= 8, (code.code, language)


def test_it_shares_no_code_with_the_first(codebook):
    first = read_codebook(SEEDS / "regional-coordination")
    columns = {code.column for code in first.codes}
    assert not columns & {code.column for code in codebook.codes}
