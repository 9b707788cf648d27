"""The trained coders on a small model that is trained here, on sentences about invented places."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from xietong.codebook import Code, Codebook, CueWord, Term
from xietong.coders import BY_CODEBOOK, CODER_IDS, code_passages, prepare_coders
from xietong.coders.convolution import Marks, prepare_networks, score_networks
from xietong.coders.convolution_training import NetworkOptions, fit_network
from xietong.coders.evidence import citable_words, cite_words
from xietong.coders.inputs import read_inputs
from xietong.coders.linear import fit_keyness, fit_linear
from xietong.coders.marks import name_marks
from xietong.coders.mixture import pick_thresholds
from xietong.coders.model import WordKnowledge, describe_codes, list_targets, shrink, values_of
from xietong.coders.model_files import ARRAYS, CARD, FORMAT, pack_texts, read_model, unpack_texts, write_model
from xietong.coders.terms import prepare_terms
from xietong.coders.training import Lesson, TrainingOptions, split_groups, stored_arrays, train_model
from xietong.coders.word_counts import FIGURE, WordNumbers, WordRows, count_words, number_words, weigh_counts
from xietong.coders.word_fields import FIELDS, pack_fields, read_notes, unpack_fields
from xietong.errors import ModelError, UsageError
from xietong.normalise import fold
from xietong.records import Passage, TokenisedPassage
from xietong.tokenise import prepare_tokeniser, tokenise

ROADS = ["修建铁路和公路", "高铁开通运营", "港口吞吐量增长", "新建机场航站楼", "轨道交通里程增加"]
SCHOOLS = ["新建中小学校", "教师队伍建设", "高校毕业生就业", "幼儿园学位增加", "职业教育学生"]
LINKS = ["与邻近的柏川市共同", "青川、柏川两地联合", "携手柏川市"]
ALONE = ["我市今年", "全市上下", "去年"]


def tiny_codebook() -> Codebook:
    return Codebook(
        name="tiny",
        codes=(
            Code(facet="path", code="transport", scale_max=2),
            Code(facet="path", code="school", scale_max=2),
        ),
        terms=(
            Term(code="transport", language="zh", term="铁路"),
            Term(code="school", language="zh", term="学校"),
        ),
        cues=(CueWord(language="zh", cue="柏川", kind="place"), CueWord(language="zh", cue="共同", kind="joint")),
    )


def cut(texts: list[str], language: str = "zh-Hans") -> list[TokenisedPassage]:
    passages = [
        Passage(n=n, start=0, end=len(text), language=language, reading=text, folded=fold(text))
        for n, text in enumerate(texts)
    ]
    return tokenise(passages, prepare_tokeniser())


def hand_coded() -> tuple[list[str], np.ndarray, list[str]]:
    texts, values, groups = [], [], []
    for number, (opening, value) in enumerate([(o, 2) for o in LINKS] + [(o, 1) for o in ALONE]):
        for code, things in enumerate((ROADS, SCHOOLS)):
            for i, thing in enumerate(things):
                texts.append(f"{opening}{thing}，取得新的进展。")
                values.append([value if c == code else 0 for c in range(2)])
                groups.append(f"document {(number + i) % 6}")
    for i in range(20):
        texts.append(f"会议听取了第{i}项工作汇报，代表们认真审议。")
        values.append([0, 0])
        groups.append(f"document {i % 6}")
    return texts, np.array(values, dtype=np.int8), groups


@pytest.fixture(scope="module")
def model_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    texts, values, groups = hand_coded()
    codebook, passages = tiny_codebook(), cut(texts)
    matcher = prepare_terms(codebook)
    words = sorted({lemma for passage in passages for lemma in passage.lemmas if not lemma.isdigit()} | {FIGURE})
    vectors = np.random.default_rng(0).integers(-90, 90, (len(words) + 1, 16)).astype(np.float32)
    vectors[0] = 0
    fields = read_notes({"机场": "TT", "教师": "W"}, words)
    topics = np.full((len(words) + 1, 3), 1 / 3)
    known = WordKnowledge(vectors * np.float32(0.02), topics, fields / np.float32(2))
    lesson = Lesson(read_inputs(passages, codebook, matcher, WordNumbers(words)), values, groups, np.ones(len(texts)))
    marks = name_marks([code.code for code in codebook.codes], matcher)
    options = TrainingOptions(
        n_folds=2, n_networks=1, network=NetworkOptions(n_hidden=16, n_narrow=8, n_wide=8, n_rounds=12)
    )
    trained = train_model(lesson, codebook, known, len(marks), options=options)
    arrays = stored_arrays(trained)
    arrays |= {
        "words": pack_texts(words),
        "vectors": vectors[1:].astype(np.int8),
        "vectors_scale": np.float64(0.02),
        "fields": pack_fields(fields),
    }
    folder = tmp_path_factory.mktemp("model")
    write_model(folder, arrays, {"codes": describe_codes(codebook), "marks": marks})
    return folder


def test_trained_coders_tell_themes_and_relations_apart(model_folder: Path) -> None:
    codebook = tiny_codebook()
    prepared = prepare_coders(codebook, str(model_folder))
    texts = ["青川、柏川两地联合新建机场航站楼。", "全市上下教师队伍建设。", "会议听取了第3项工作汇报。"]
    codings = {c.coder_id: c for c in code_passages(cut(texts), codebook, prepared)}
    assert tuple(codings) == CODER_IDS
    assert codings["learned"].values.tolist() == [[2, 0], [0, 1], [0, 0]]
    assert codings["combined"].values.tolist() == [[2, 0], [0, 1], [0, 0]]


def test_evidence_is_words_of_the_passage(model_folder: Path) -> None:
    codebook = tiny_codebook()
    passages = cut(["去年新建机场航站楼，取得新的进展。"])
    for coding in code_passages(passages, codebook, prepare_coders(codebook, str(model_folder))):
        for cue in coding.cues:
            assert passages[0].passage.folded.text[cue.start : cue.end] in cue.cue or coding.coder_id == "terms"
            assert coding.values[cue.passage, cue.code] > 0
    codings = code_passages(passages, codebook, prepare_coders(codebook, str(model_folder)))
    learned = codings[CODER_IDS.index("learned")]
    assert "机场" in "".join(cue.cue for cue in learned.cues)


def test_neighbouring_words_become_one_stretch_of_evidence() -> None:
    passages = cut(["新建机场，修桥。", "晴。", "机场"])
    numbers = WordNumbers(["新建", "机场", "修桥", "晴"])
    weights = np.array([[0.0, 1.00004, 2.0, 1.5, 0.0], [0.0, 0.0, 3.0, 1.0, -1.0]])
    citable = citable_words(passages, number_words(passages, numbers), np.array([False, True, True, True, True]))
    cues = cite_words(citable, np.array([0, 0, 1, 2]), np.array([0, 1, 1, 1]), weights)
    assert [tuple(cue) for cue in cues] == [
        (0, 0, 0, 4, "新建机场", 3.0),  # two neighbours: their weights add up
        (0, 0, 5, 7, "修桥", 1.5),
        (0, 1, 2, 4, "机场", 3.0),  # 修桥 weighs too little beside it, 晴 speaks against
        (2, 1, 0, 2, "机场", 3.0),
    ]


def test_codes_do_not_depend_on_the_rest_of_the_batch(model_folder: Path) -> None:
    codebook = tiny_codebook()
    prepared = prepare_coders(codebook, str(model_folder))
    texts = [*hand_coded()[0], "", "全文"]
    together = code_passages(cut(texts), codebook, prepared)
    for first, last in ((0, 1), (1, 30), (30, len(texts))):
        for whole, part in zip(together, code_passages(cut(texts[first:last]), codebook, prepared), strict=True):
            assert np.array_equal(whole.values[first:last], part.values)
            assert np.array_equal(whole.scores[first:last], part.scores)


def test_a_model_for_other_codes_is_refused_where_asked_for_and_passed_over_otherwise(model_folder: Path) -> None:
    other = Codebook(name="other", codes=(Code(facet="path", code="transport"),))
    with pytest.raises(ModelError, match="other codes"):
        prepare_coders(other, str(model_folder))
    coded = code_passages(cut(["修建铁路"]), other, prepare_coders(other))
    assert [coding.coder_id for coding in coded] == [*BY_CODEBOOK, "combined"]


@pytest.mark.parametrize(
    "damage", ["a changed byte", "a shortened file", "no arrays", "no card", "a card that is no card"]
)
def test_a_tampered_model_is_refused(model_folder: Path, tmp_path: Path, damage: str) -> None:
    for name in (ARRAYS, CARD):
        (tmp_path / name).write_bytes((model_folder / name).read_bytes())
    content = (tmp_path / ARRAYS).read_bytes()
    if damage == "a changed byte":
        (tmp_path / ARRAYS).write_bytes(content[:5000] + bytes([content[5000] ^ 1]) + content[5001:])
    elif damage == "a shortened file":
        (tmp_path / ARRAYS).write_bytes(content[:-10])
    elif damage == "no arrays":
        (tmp_path / ARRAYS).unlink()
    elif damage == "no card":
        (tmp_path / CARD).unlink()
    else:
        (tmp_path / CARD).write_text("[1, 2]")
    with pytest.raises(ModelError):
        prepare_coders(tiny_codebook(), str(tmp_path))


def test_a_pickle_in_a_model_is_never_opened(tmp_path: Path) -> None:
    import hashlib

    with (tmp_path / ARRAYS).open("wb") as file:
        np.savez(file, words=np.array([{"a": 1}], dtype=object))
    sha256 = hashlib.sha256((tmp_path / ARRAYS).read_bytes()).hexdigest()
    (tmp_path / CARD).write_text(
        json.dumps({"format": FORMAT, "sha256": sha256, "codes": describe_codes(tiny_codebook())})
    )
    with pytest.raises(ModelError, match="plain arrays"):
        prepare_coders(tiny_codebook(), str(tmp_path))


def test_the_same_arrays_give_the_same_bytes(tmp_path: Path) -> None:
    arrays = {"b": np.arange(5), "a": np.ones((2, 3), dtype=np.float32)}
    hashes = {write_model(tmp_path / name, arrays, {"codes": []}) for name in ("one", "two")}
    assert len(hashes) == 1
    assert read_model(tmp_path / "one").arrays["b"].tolist() == [0, 1, 2, 3, 4]
    assert unpack_texts(pack_texts(["铁路", "rail", "#"])) == ["铁路", "rail", "#"]


def test_too_few_hand_codes_are_refused_with_what_to_do() -> None:
    codebook, passages = tiny_codebook(), cut(["修建铁路"] * 5)
    lesson = Lesson(
        read_inputs(passages, codebook, prepare_terms(codebook), WordNumbers(["铁路"])),
        np.ones((5, 2), dtype=np.int8),
        list("abcde"),
        np.ones(5),
    )
    with pytest.raises(UsageError, match="too few"):
        train_model(lesson, codebook, WordKnowledge(np.zeros((2, 4)), np.zeros((2, 2)), np.zeros((2, 18))), 6)


def test_words_outside_the_vocabulary_and_figures_have_their_numbers() -> None:
    numbers = WordNumbers(["铁路", FIGURE])
    rows = number_words(cut(["铁路里程3200公里"]), numbers)
    assert rows.numbers.tolist() == [1, 0, 2, 0]
    counts = count_words(word_rows(np.array([1, 1, 2, 0]), np.array([0, 3, 3, 4])), 2)
    assert counts.toarray().tolist() == [[0, 2, 1], [0, 0, 0], [0, 0, 0]]
    lengths = np.sqrt(weigh_counts(counts, np.array([0.0, 1.0, 2.0])).power(2).sum(axis=1))
    assert np.allclose(np.asarray(lengths).ravel(), [1, 0, 0])


def test_groups_stay_whole_and_folds_are_about_equal() -> None:
    groups = [f"g{i % 17}" for i in range(170)]
    folds = split_groups(groups, 4)
    assert all(len({f for f, g in zip(folds, groups, strict=True) if g == name}) == 1 for name in set(groups))
    assert max(np.bincount(folds)) - min(np.bincount(folds)) <= 10
    assert np.array_equal(folds, split_groups(groups, 4))


def test_keyness_finds_the_typical_word_and_linear_model_learns_it() -> None:
    counts = count_words(word_rows(np.array([1, 3, 1, 2, 2, 3, 2, 3] * 10), np.arange(0, 81, 2)), 3)
    positive = np.array([True, True, False, False] * 10)
    keyness = fit_keyness(counts, positive[:, None])
    assert np.argmax(keyness[:, 0]) == 1
    assert keyness[2, 0] < 0
    rows = weigh_counts(counts, np.ones(4))
    coefficients, bias = fit_linear(rows, positive[:, None].astype(float), np.ones((40, 1)))
    assert np.array_equal((rows @ coefficients + bias)[:, 0] > 0, positive)


def test_network_learns_the_order_of_words() -> None:
    rng = np.random.default_rng(1)
    passages = [rng.permutation([1, 2, 3, 4, 5]) for _ in range(400)]
    follows = np.array([any(a == 1 and b == 2 for a, b in pairwise(p.tolist())) for p in passages])
    rows = word_rows(np.concatenate(passages), np.arange(0, 2001, 5))
    vectors = np.vstack([np.zeros((1, 6)), np.eye(5, 6)]).astype(np.float32)
    none = Marks(np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64))
    options = NetworkOptions(n_hidden=12, n_narrow=4, n_wide=16, n_rounds=30, drop_words=0.0, drop_filters=0.0)
    parameters = fit_network(rows, none, vectors, 1, follows[:, None], np.ones((400, 1)), options=options)
    logits = score_networks(rows, none, prepare_networks(one_of(parameters), vectors))[:, 0]
    assert ((logits > 0) == follows).mean() > 0.95


def test_network_learns_that_two_words_stand_in_one_clause() -> None:
    # word 5 ends a clause; words 1 and 2 are in every passage, together in one clause or apart
    rng = np.random.default_rng(4)
    together = rng.random(600) < 0.5
    passages = [
        [1, *rng.choice([3, 4], 2), 2, 5, *rng.choice([3, 4], 4)] if is_together
        else [1, *rng.choice([3, 4], 3), 5, *rng.choice([3, 4], 3), 2]
        for is_together in together
    ]  # fmt: skip
    rows = word_rows(np.concatenate(passages), np.arange(0, 5401, 9), ends=5)
    vectors = np.vstack([np.zeros((1, 6)), np.eye(5, 6)]).astype(np.float32)
    none = Marks(np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64))
    options = NetworkOptions(
        n_hidden=8, n_narrow=6, n_wide=2, n_units=8, n_joint=4, n_rounds=20, drop_words=0.0, drop_filters=0.0
    )
    parameters = fit_network(rows, none, vectors, 1, together[:, None], np.ones((600, 1)), options=options)
    logits = score_networks(rows, none, prepare_networks(one_of(parameters), vectors))[:, 0]
    assert ((logits > 0) == together).mean() > 0.95


def test_clauses_end_at_signs_and_never_reach_over_a_passage() -> None:
    rows = number_words(cut(["两市共建，产业互补。", "铁路", "道路。桥梁"]), WordNumbers(["铁路"]))
    starts, passages = rows.clauses()
    assert passages.tolist() == [0, 2, 3, 5]
    assert set(rows.first.tolist()) <= set(starts.tolist())
    assert rows.is_end[starts[[1, 4]] - 1].all()
    empty = WordRows(np.array([7], dtype=np.int32), np.array([0, 0, 1]), np.array([True]))
    starts, passages = empty.clauses()
    assert starts.tolist() == [0, 0, 1]
    assert passages.tolist() == [0, 1, 2]


def test_thresholds_lie_where_f1_is_highest_and_values_are_the_highest_reached() -> None:
    probabilities = np.concatenate([np.linspace(0, 0.3, 80), np.linspace(0.35, 1, 20)])[:, None]
    answers = (probabilities >= 0.34).astype(float)
    threshold = pick_thresholds(probabilities, answers, np.ones_like(answers))
    assert 0.28 < threshold[0] < 0.4
    targets = list_targets(tiny_codebook())
    values = values_of(np.array([[0.9, 0.1, 0.8, 0.1], [0.9, 0.6, 0.2, 0.1]]), np.full(4, 0.5), targets, 2)
    assert values.tolist() == [[2, 0], [1, 1]]


def test_shrinking_makes_tiny_differences_vanish() -> None:
    values = np.random.default_rng(0).normal(size=(50, 3))
    stored, scale = shrink(values, "int16")
    again, same_scale = shrink(values * (1 + 1e-12), "int16")
    assert np.array_equal(stored, again)
    assert np.array_equal(scale, same_scale)
    assert np.allclose(stored * scale, values, atol=1e-3)


def test_a_codebook_may_grow_under_a_trained_model():
    codebook = tiny_codebook()
    grown = replace(codebook, cues=(*codebook.cues, CueWord(language="zh", cue="忽然", kind="a_new_kind")))
    passages = cut(["两市忽然共同修建铁路。", "柏川新建学校。"])
    numbers, marks = WordNumbers(["铁路"]), name_marks([c.code for c in codebook.codes], prepare_terms(codebook))
    before = read_inputs(passages, codebook, prepare_terms(codebook), numbers)
    after = read_inputs(passages, grown, prepare_terms(grown), numbers, known_marks=marks)
    assert (before.marks.token == after.marks.token).all()
    assert (before.marks.mark == after.marks.mark).all()
    assert (before.measures == after.measures).all()


def test_several_networks_give_the_mean_of_each_and_neighbours_in_a_batch_change_nothing() -> None:
    rng = np.random.default_rng(2)
    rows = word_rows(rng.integers(0, 6, 60), np.arange(0, 61, 6), ends=5)
    vectors = np.vstack([np.zeros((1, 6)), np.eye(5, 6)]).astype(np.float32)
    marks = Marks(np.array([3, 17]), np.array([0, 1]))
    answers = rng.integers(0, 2, (10, 3)).astype(float)
    parts = [
        fit_network(
            rows, marks, vectors, 2, answers, np.ones((10, 3)),
            options=NetworkOptions(n_hidden=5, n_narrow=3, n_wide=4, n_units=4, n_joint=3, n_rounds=2, seed=seed),
        )
        for seed in (0, 1)
    ]  # fmt: skip
    stacked = {name: np.stack([part[name] for part in parts]) for name in parts[0]}
    both = score_networks(rows, marks, prepare_networks(stacked, vectors))
    each = [score_networks(rows, marks, prepare_networks(one_of(part), vectors)) for part in parts]
    assert np.allclose(both, np.mean(each, axis=0), atol=1e-9)
    alone = word_rows(rows.numbers[12:18], np.array([0, 6]), ends=5)
    mark = Marks(np.array([5]), np.array([1]))
    assert np.array_equal(score_networks(alone, mark, prepare_networks(stacked, vectors))[0], both[2])


def one_of(parameters):
    """A single network as a stack of one."""
    return {name: value[None] for name, value in parameters.items()}


def word_rows(numbers, first, ends=-1) -> WordRows:
    """Words by number; the word ``ends`` ends a clause."""
    return WordRows(numbers.astype(np.int32), first, numbers == ends)


def test_noted_fields_of_words_are_stored_and_read_again() -> None:
    words = ["机场", "教师", "the"]
    fields = read_notes({"机场": "TT", "教师": "WL", "elsewhere": "E"}, words)
    assert fields.shape == (4, len(FIELDS))
    assert fields[1].sum() == fields[1, list(FIELDS).index("T")] == 2
    assert not fields[[0, 3]].any()
    assert np.array_equal(unpack_fields(pack_fields(fields), 3) * 2, fields)
    with pytest.raises(ValueError, match="'x' is no field"):
        read_notes({"机场": "x"}, words)
