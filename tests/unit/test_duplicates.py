import random

import pytest

from xietong.duplicates import compare_sketches, sketch

SYLLABLES = (
    "山水城乡江河湖海东南西北中春夏秋冬风云雨雪田园林路桥港站车船工农商学政民文产科技创新发展合作协同规划市县省区"
)


def made_text(seed: int, length: int = 3000) -> str:
    chance = random.Random(seed)
    return "".join(chance.choice(SYLLABLES) for _ in range(length))


def english(seed: int, length: int = 800) -> str:
    chance = random.Random(seed)
    words = ["".join(chance.choice("abcdefghij") for _ in range(chance.randint(2, 8))) for _ in range(400)]
    return " ".join(chance.choice(words) for _ in range(length))


def with_errors(text: str, every: int) -> str:
    return "".join("误" if n % every == every - 1 else letter for n, letter in enumerate(text))


def true_similarity(one: str, other: str, size: int = 8) -> float:
    first, second = ({text[n : n + size] for n in range(len(text) - size + 1)} for text in (one, other))
    return len(first & second) / len(first | second)


def find_near_duplicates(texts):
    texts = list(texts)
    return compare_sketches([name for name, _ in texts], [sketch(text) for _, text in texts])


def test_the_same_text_in_other_layout_is_entirely_similar():
    text = made_text(1)
    spaced = "，\n".join(text[n : n + 30] for n in range(0, len(text), 30))
    (found,) = find_near_duplicates([("a", text), ("b", spaced)])
    assert (found.document_id, found.similar_to, found.similarity) == ("b", "a", 1.0)


@pytest.mark.parametrize("every", [20, 50, 200])
def test_similarity_is_near_the_true_share_of_common_shingles(every):
    text = made_text(2, 20_000)
    other = with_errors(text, every)
    true = true_similarity(text, other)
    found = find_near_duplicates([("a", text), ("b", other)])
    if true >= 0.6:
        assert abs(found[0].similarity - true) < 0.12
    elif true < 0.4:
        assert not found


def test_different_texts_are_not_flagged():
    texts = [(str(n), made_text(n)) for n in range(60)] + [(f"en{n}", english(n)) for n in range(60)]
    assert find_near_duplicates(texts) == []


def test_a_shared_paragraph_alone_is_no_duplicate():
    shared = made_text(7, 500)
    assert find_near_duplicates([("a", shared + made_text(8)), ("b", made_text(9) + shared)]) == []


def test_english_versions_are_found():
    text = english(3)
    (found,) = find_near_duplicates([("a", text), ("x", english(4)), ("b", text.upper().replace(" ", "\n"))])
    assert (found.document_id, found.similar_to) == ("b", "a")


def test_each_document_points_to_the_most_similar_one_before_it():
    text = made_text(5, 6000)
    texts = [("far", with_errors(text, 40)), ("near", with_errors(text, 400)), ("text", text)]
    found = {similar.document_id: similar.similar_to for similar in find_near_duplicates(texts)}
    assert found["text"] == "near"


def test_short_and_odd_texts_give_no_result():
    texts = [
        ("a", ""),
        ("b", "短"),
        ("c", "短"),
        ("d", "\ud800" * 3),
        ("e", "，。" * 500),
        ("f", made_text(1, 50)),
        ("g", made_text(1, 50)),
    ]
    assert find_near_duplicates(texts) == []


def test_many_copies_of_one_text_cost_no_more_than_linear_time():
    text = made_text(6)
    found = find_near_duplicates((str(n), text) for n in range(1500))
    assert len(found) == 1499
    assert {similar.similar_to for similar in found[1:3]} <= {"0", "1", "2"}


def test_repetitive_text_has_a_small_sketch():
    assert len(sketch("统一市场规则" * 20_000)) <= 12


def test_pairs_do_not_depend_on_how_many_documents_are_worked_on_at_once(monkeypatch):
    import numpy as np

    from xietong import duplicates

    rng = np.random.default_rng(0)
    sketches = [np.unique(rng.integers(0, 60, rng.integers(0, 50)).astype(np.uint64)) for _ in range(120)]
    whole = list(duplicates._candidates(sketches, 40))
    monkeypatch.setattr(duplicates, "_AT_ONCE", 7)
    assert list(duplicates._candidates(sketches, 40)) == whole
    smallest = [set(sketch[:40].tolist()) for sketch in sketches]
    assert all(smallest[later] & smallest[earlier] and earlier < later for later, earlier in whole)
    assert len(whole) == len(set(whole)) > 1000
