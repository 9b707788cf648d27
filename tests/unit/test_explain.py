"""Why a passage has its codes, and without which words it would have others."""

from __future__ import annotations

import re

import pytest

from xietong.coders import CODER_IDS
from xietong.errors import UsageError
from xietong.explain import explain_passage, in_words
from xietong.runs import Run


@pytest.fixture(scope="module")
def explained(sample_run):
    tags = sample_run.tags().query("coder_id == 'combined' and value == 2")
    return [explain_passage(sample_run, passage_id) for passage_id in tags["passage_id"].unique()[:6]]


def test_every_coder_and_its_words_are_shown(explained):
    for explanation in explained:
        text = in_words(explanation, "en")
        assert explanation["passage"]["reading"] in text
        for entry in explanation["codes"]:
            assert set(entry["coders"]) <= set(CODER_IDS)
            assert all(" ".join(row["quote"].split()) in text for row in entry["evidence"])


def test_words_that_decide_are_named_and_coding_without_them_gives_another_value(explained, sample_run):
    from xietong.coding import Coders

    coders, n_changes = Coders(sample_run.codebook), 0
    for explanation in explained:
        folded, language = explanation["passage"]["folded"], explanation["passage"]["language"]
        for entry in explanation["codes"]:
            for change in entry.get("would_change") or ():
                code = sample_run.codebook.index[entry["code"]]
                (values,) = coders.assign([folded.replace(change["without"], "")], language)
                assert values[code] == change["value"] != entry["value"]
                assert f"without “{change['without']}” the value would be {change['value']}" in in_words(
                    explanation, "en"
                )
                n_changes += 1
    assert n_changes > 0


def test_values_follow_from_their_probabilities_and_thresholds(explained):
    n_of_two = 0
    for explanation in explained:
        english, chinese = in_words(explanation, "en"), in_words(explanation, "zh")
        for entry in explanation["codes"]:
            assert ("thresholds" in entry) == ("combined" in entry["coders"])
            value = 0
            for each in entry.get("thresholds", ()):
                is_reached = each["probability"] >= each["threshold"]
                value = each["value"] if is_reached and value == each["value"] - 1 else value
                sign = "≥" if is_reached else "<"
                assert f"value {each['value']}: probability {each['probability']:.2f}"[:-1] in english
                assert re.search(
                    rf"取值 {each['value']}：概率 [\d.]+ {sign} 阈值 {each['threshold']:.1f}"[:-1], chinese
                )
            assert value == entry["value"]
            n_of_two += len(entry.get("thresholds", ())) == 2
    assert n_of_two > 0


def test_nothing_is_asked_of_a_model_that_is_not_the_runs_own(sample_run):
    class Older(Run):
        manifest = sample_run.manifest | {"model": {"name": "", "hash": "of another version"}}

    passage_id = sample_run.tags().query("coder_id == 'combined' and value == 2")["passage_id"].iloc[0]
    entries = explain_passage(Older(sample_run.folder), passage_id)["codes"]
    assert not any("would_change" in entry or "thresholds" in entry for entry in entries)


def test_an_unknown_passage_is_a_clear_error(sample_run):
    with pytest.raises(UsageError, match="passage_id column"):
        explain_passage(sample_run, "0000000000000000")


def test_an_explanation_is_in_the_readers_language(explained):
    for explanation in explained:
        english, chinese = in_words(explanation, "en"), in_words(explanation, "zh")
        assert "score " in english
        assert "得分 " in chinese
        assert "score " not in chinese.replace(explanation["passage"]["reading"], "")
        assert "Industry [path industry]" in english or "[path industry]" not in english
        assert "产业协同 [path industry]" in chinese or "[path industry]" not in chinese
