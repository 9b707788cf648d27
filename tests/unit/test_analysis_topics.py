"""Topics: those that generated a text are found again, seeds steer, models stay fixed, curves choose the number."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.metrics import adjusted_mutual_info_score

from xietong.analysis.topic_choice import choose_n_topics, coherence, matched_cosines
from xietong.analysis.topic_model import (
    fit_seeded_topics,
    fit_topics,
    load_model,
    save_model,
    topic_shares,
)
from xietong.analysis.topics import TopicOptions, frex, lift, topics, word_probabilities
from xietong.codebook import Code, Codebook, Term
from xietong.errors import RunFolderError, UsageError
from xietong.tables import PASSAGE_TOPICS, TOPIC_TERMS, TOPICS, TRENDS

N_TOPICS = 8
TERMS = [f"w{i}" for i in range(600)]


@pytest.fixture(scope="module")
def known():
    """Passages made from known topics: counts, the topics' words, each passage's mixture, each passage's document."""
    generator = np.random.default_rng(0)
    words = 0.8 * generator.dirichlet(np.full(len(TERMS), 0.03), N_TOPICS) + 0.2 * generator.dirichlet(
        np.full(len(TERMS), 0.5)
    )
    mixtures = generator.dirichlet(np.full(N_TOPICS, 0.08), 1200)
    lengths = generator.poisson(40, 1200) + 5
    counts = np.stack([generator.multinomial(n, mixture @ words) for n, mixture in zip(lengths, mixtures, strict=True)])
    return sparse.csr_matrix(counts.astype(float)), words, mixtures, np.arange(1200) % 60


def _seeds(words, n):
    exclusive = np.sqrt(words) * words / words.sum(axis=0)
    return {f"code{k}": [TERMS[i] for i in np.argsort(-exclusive[k])[:4]] for k in range(n)}


def _recovered(model, counts, words, mixtures):
    shares = topic_shares(model, counts)
    information = adjusted_mutual_info_score(mixtures.argmax(axis=1), shares.argmax(axis=1))
    return information, matched_cosines(words, word_probabilities(shares, counts)).mean()


@pytest.mark.parametrize("method", ["nmf", "lda", "tomotopy"])
def test_known_topics_are_found_without_seeds(known, method):
    if method == "tomotopy":
        pytest.importorskip("tomotopy", reason="needs the extra topics")
    counts, words, mixtures, _ = known
    information, cosine = _recovered(fit_topics(counts, TERMS, N_TOPICS, method=method), counts, words, mixtures)
    assert information > 0.78
    assert cosine > 0.95


@pytest.mark.parametrize("method", ["nmf", "tomotopy"])
def test_known_topics_are_found_with_seeds_and_keep_their_names(known, method):
    if method == "tomotopy":
        pytest.importorskip("tomotopy", reason="needs the extra topics")
    counts, words, mixtures, _ = known
    model = fit_seeded_topics(counts, TERMS, _seeds(words, N_TOPICS - 2), 2, method=method)
    information, cosine = _recovered(model, counts, words, mixtures)
    assert information > 0.75
    assert cosine > 0.95
    found = word_probabilities(topic_shares(model, counts), counts)
    own = [found[k] @ words[k] / np.linalg.norm(found[k]) / np.linalg.norm(words[k]) for k in range(N_TOPICS - 2)]
    assert min(own) > 0.9
    assert model.seeds == (*(f"code{k}" for k in range(6)), "", "")


def test_the_number_of_topics_is_chosen_at_the_truth(known):
    counts, _, _, document = known
    curve = choose_n_topics(counts, TERMS, document, grid=(4, 6, 8, 10, 12, 16))
    assert curve.loc[curve["is_chosen"], "n_topics"].tolist() == [N_TOPICS]
    assert curve["stability"].max() > 0.95


def test_the_same_seed_gives_the_same_model(known):
    counts, _, _, _ = known
    first, second = (fit_topics(counts, TERMS, 5, seed=3) for _ in range(2))
    assert np.array_equal(first.components, second.components)


def test_topics_stay_fixed_when_new_passages_are_folded_in(known, tmp_path):
    counts, _, _, _ = known
    old, new = counts[:800], counts[800:]
    model = fit_topics(old, TERMS, N_TOPICS)
    save_model(model, tmp_path / "model.npz")
    kept = load_model(tmp_path / "model.npz")
    assert np.array_equal(kept.components, model.components)
    before = topic_shares(model, old)
    together = topic_shares(kept, sparse.vstack([old, new]).tocsr())
    assert together[:800] == pytest.approx(before, abs=1e-12)
    assert together.sum(axis=1) == pytest.approx(1)


def test_a_damaged_model_file_is_refused(tmp_path):
    (tmp_path / "model.npz").write_bytes(b"not a model")
    with pytest.raises(RunFolderError, match="not a topic model"):
        load_model(tmp_path / "model.npz")


def test_seeds_that_do_not_occur_are_passed_over(known):
    counts, words, _, _ = known
    seeds = {**_seeds(words, 3), "ghost": ["absent"]}
    assert fit_seeded_topics(counts, TERMS, seeds, 2).seeds == ("code0", "code1", "code2", "", "")
    with pytest.raises(UsageError, match="none of the codebook's terms"):
        fit_seeded_topics(counts, TERMS, {"ghost": ["absent"]}, 2)
    with pytest.raises(UsageError, match="takes no seed"):
        fit_seeded_topics(counts, TERMS, seeds, 2, method="lda")


def test_coherence_is_one_for_words_always_together_and_minus_one_for_never():
    together = sparse.csr_matrix(np.array([[1, 1, 0, 0]] * 5 + [[0, 0, 1, 0]] * 5 + [[0, 0, 0, 1]] * 5, dtype=float))
    assert coherence(together, np.array([[0, 1], [2, 3]])) == pytest.approx([1, -1])


def test_frex_prefers_frequent_and_exclusive_words_and_lift_ignores_rare_ones():
    probabilities = np.array([[0.4, 0.3, 0.2, 0.1], [0.4, 0.05, 0.05, 0.5]])
    assert frex(probabilities)[0].argmax() == 1
    assert lift(probabilities, np.array([50.0, 30.0, 5.0, 40.0]))[0, 2] == 0


@pytest.mark.parametrize(("n_passages", "n_topics"), [(20, 3), (1200, 700), (1200, 1)])
def test_what_cannot_be_fitted_is_refused(known, n_passages, n_topics):
    with pytest.raises(UsageError, match="topics"):
        fit_topics(known[0][:n_passages], TERMS, n_topics)


SUBJECTS = {
    "rail": ["轻轨", "车站", "轨道", "列车", "隧道", "线路", "地铁", "桥梁", "乘客", "票价"],
    "farm": ["稻田", "农户", "种子", "灌溉", "果园", "粮仓", "水渠", "农机", "肥料", "丰收"],
    "school": ["小学", "教师", "课堂", "学生", "教材", "操场", "校长", "图书馆", "考试", "书包"],
}
CODEBOOK = Codebook(
    name="tiny",
    codes=(Code(facet="path", code="rail"), Code(facet="path", code="farm")),
    terms=(Term(code="rail", language="zh", term="轻轨"), Term(code="farm", language="zh", term="稻田")),
)


@pytest.fixture(scope="module")
def passages():
    generator = np.random.default_rng(1)
    rows = []
    for i in range(360):
        subject = list(SUBJECTS)[i % 3]
        words = [*generator.choice(SUBJECTS[subject], 7), *generator.choice(["新芽市", "工作组", "会议", "办法"], 2)]
        text = "，".join(words) + "。"
        rows.append({
            "passage_id": f"p{i}", "document_id": f"d{i % 24}", "file": "x.txt", "kind": "body", "language": "zh-Hans",
            "year": 2015 + i % 24 % 4, "region": f"R{i % 2}", "level": "city", "reading": text, "folded": text,
            "path_rail": int(subject == "rail"), "path_farm": int(subject == "farm"),
        })  # fmt: skip
    return pd.DataFrame(rows)


def test_topics_are_described_and_matched_with_codes(passages):
    result = topics(passages, CODEBOOK, options=TopicOptions(n_topics=3))
    assert list(result.topics.columns) == TOPICS.names
    assert list(result.topic_terms.columns) == TOPIC_TERMS.names
    assert list(result.passage_topics.columns) == PASSAGE_TOPICS.names
    assert list(result.topic_trends.columns) == TRENDS.names
    assert set(result.topics["closest_code"]) == {"rail", "farm", ""}
    uncovered = result.topics[result.topics["closest_code"] == ""].iloc[0]
    assert uncovered["caution"].startswith("no code covers")
    terms = result.topic_terms
    shown = terms[(terms["topic"] == uncovered["topic"]) & (terms["ranking"] == "frex")]["term"].head(6)
    assert set(shown) <= set(SUBJECTS["school"])
    assert result.topics["share"].sum() == pytest.approx(1, abs=0.01)
    assert set(uncovered["passages"].split("; ")) <= {f"p{i}" for i in range(2, 360, 3)}


def test_seeded_topics_bear_the_names_of_codes(passages):
    result = topics(passages, CODEBOOK, options=TopicOptions(seeded=True, n_free=1))
    assert list(result.topics["seed_code"]) == ["rail", "farm", ""]
    assert list(result.topics["closest_code"]) == ["rail", "farm", ""]
    assert result.topic_terms["is_seed"].any()


def test_last_year_s_topics_are_applied_to_new_documents(passages):
    first = topics(passages[passages["year"] < 2018], CODEBOOK, options=TopicOptions(n_topics=3))
    later = topics(passages, CODEBOOK, model=first.model)
    assert list(later.topics["label"]) == list(first.topics["label"])
    old = later.passage_topics.merge(first.passage_topics, on=["passage_id", "topic"])
    assert len(old) == len(first.passage_topics)
    assert old["share_x"].to_numpy() == pytest.approx(old["share_y"].to_numpy())


def test_topics_of_a_handful_of_passages_are_refused(passages):
    with pytest.raises(UsageError, match="50 coded passages"):
        topics(passages.head(45), CODEBOOK, options=TopicOptions(n_topics=3))
    with pytest.raises(UsageError, match="recur"):
        topics(passages.head(5), CODEBOOK)


def test_a_model_of_another_language_is_refused(passages):
    model = topics(passages, CODEBOOK, options=TopicOptions(n_topics=3)).model
    english = passages.assign(folded="Ferries run early.", reading="Ferries run early.", language="en")
    with pytest.raises(UsageError, match="another language"):
        topics(english, CODEBOOK, model=model)
