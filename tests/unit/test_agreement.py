"""Agreement: published examples, other implementations, and what the tables say."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from xietong.agreement import (
    AgreementOptions,
    agree,
    agree_on_spans,
    cohen_kappa,
    compare_pairs,
    fleiss_kappa,
    gwet_ac,
    krippendorff_alpha,
    list_disagreements,
    masi_alpha,
    percent_agreement,
)
from xietong.agreement.coefficients import (
    category_weights,
    gwet_from_sums,
    masi_distance,
    statistics_of_counts,
)
from xietong.agreement.intervals import linearised_error
from xietong.errors import UsageError

SHARED = Path(__file__).resolve().parents[2] / ".." / "shared"
NAN = np.nan
#: Krippendorff's example C: four observers, twelve units.
OBSERVERS = np.array([
    [1, 2, 3, 3, 2, 1, 4, 1, 2, NAN, NAN, NAN],
    [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, NAN, 3],
    [NAN, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, NAN],
    [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, NAN],
]).T  # fmt: skip
#: Fifteen patients sorted into five diagnoses by six raters (Gwet's distrib.6raters, after Fleiss 1971).
DIAGNOSES = np.array([
    [0, 0, 0, 6, 0], [0, 3, 0, 0, 3], [0, 1, 4, 0, 1], [0, 0, 0, 0, 6], [0, 3, 0, 3, 0],
    [2, 0, 4, 0, 0], [0, 0, 4, 0, 2], [2, 0, 3, 1, 0], [2, 0, 0, 4, 0], [0, 0, 0, 0, 6],
    [1, 0, 0, 5, 0], [1, 1, 0, 4, 0], [0, 3, 3, 0, 0], [1, 0, 0, 5, 0], [0, 2, 0, 3, 1],
], dtype=float)  # fmt: skip


def ratings_of_table(table: list[list[int]]) -> np.ndarray:
    """Two coders' ratings from their cross-table."""
    return np.array([(i, j) for i, row in enumerate(table) for j, n in enumerate(row) for _ in range(n)], dtype=float)


def long_table(values: np.ndarray, codes: list[str], scale_zeros: bool = True) -> pd.DataFrame:
    """Long table from values, shape (n_passages, n_coders, n_codes)."""
    rows = [
        {
            "passage_id": f"p{u:04d}",
            "facet": "path",
            "code": codes[k],
            "coder_id": f"hand:{'ABCDEF'[r]}",
            "value": int(v),
        }
        for (u, r, k), v in np.ndenumerate(values)
        if not np.isnan(v) and (v or scale_zeros)
    ]
    return pd.DataFrame(rows)


@pytest.mark.parametrize(
    ("level", "expected"), [("nominal", 0.743421), ("ordinal", 0.815388), ("interval", 0.849107), ("ratio", 0.797403)]
)
def test_alpha_reproduces_krippendorffs_example(level: str, expected: float) -> None:
    assert krippendorff_alpha(OBSERVERS, level=level) == pytest.approx(expected, abs=1e-6)


def test_ac1_reproduces_gwets_figures_for_the_same_example() -> None:
    assert gwet_ac(OBSERVERS) == pytest.approx(0.775444, abs=1e-6)
    assert percent_agreement(OBSERVERS) == pytest.approx(0.818182, abs=1e-6)


def test_coefficients_of_the_three_by_three_table_of_abstractors() -> None:
    ratings = ratings_of_table([[13, 0, 0], [0, 20, 7], [0, 4, 56]])
    assert cohen_kappa(ratings) == pytest.approx(0.7964094, abs=1e-7)
    assert fleiss_kappa(ratings) == pytest.approx(0.7962397, abs=1e-7)  # Scott's pi with two coders
    assert gwet_ac(ratings) == pytest.approx(0.8493305, abs=1e-7)
    assert krippendorff_alpha(ratings) == pytest.approx(0.7972585, abs=1e-7)


def test_ac1_of_six_raters_and_its_published_standard_error() -> None:
    statistics = statistics_of_counts(DIAGNOSES, np.eye(5))
    assert gwet_from_sums(statistics.sum(axis=0), np.eye(5)) == pytest.approx(0.4448007, abs=1e-7)
    error = linearised_error(statistics, lambda sums: gwet_from_sums(sums, np.eye(5)))
    assert error == pytest.approx(0.08418757, abs=1e-7)


@pytest.mark.parametrize(
    ("table", "kappa", "ac1"),
    [
        ([[40, 9], [6, 45]], 0.6995, 0.7007),
        ([[80, 10], [5, 5]], 0.3182, 0.8080),
        ([[118, 5], [2, 0]], -0.0234, 0.9408),
    ],
)
def test_kappa_paradox_tables(table: list[list[int]], kappa: float, ac1: float) -> None:
    ratings = ratings_of_table(table)
    assert cohen_kappa(ratings) == pytest.approx(kappa, abs=5e-5)
    assert gwet_ac(ratings) == pytest.approx(ac1, abs=5e-5)


def random_ratings(seed: int, n_coders: int, missing: float) -> np.ndarray:
    generator = np.random.default_rng(seed)
    truth = generator.integers(0, 4, size=(60, 1))
    noise = generator.integers(0, 4, size=(60, n_coders))
    ratings = np.where(generator.random((60, n_coders)) < 0.6, truth, noise).astype(float)
    ratings[generator.random(ratings.shape) < missing] = NAN
    return ratings


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("level", ["nominal", "ordinal", "interval", "ratio"])
def test_alpha_agrees_with_another_implementation_on_random_tables(seed: int, level: str) -> None:
    other = pytest.importorskip("krippendorff")
    ratings = random_ratings(seed, 2 + seed % 4, 0.2)
    expected = other.alpha(reliability_data=ratings.T, level_of_measurement=level)
    assert krippendorff_alpha(ratings, level=level) == pytest.approx(expected, abs=1e-10)


@pytest.mark.parametrize("seed", range(8))
def test_kappas_agree_with_another_implementation_on_random_tables(seed: int) -> None:
    other = pytest.importorskip("statsmodels.stats.inter_rater")
    pair, many = random_ratings(seed, 2, 0.0), random_ratings(seed, 5, 0.0)
    table = np.zeros((4, 4))
    np.add.at(table, tuple(pair.astype(int).T), 1)
    assert cohen_kappa(pair) == pytest.approx(other.cohens_kappa(table).kappa, abs=1e-12)
    counts = (many[:, :, None] == np.arange(4)).sum(axis=1)
    assert fleiss_kappa(many) == pytest.approx(other.fleiss_kappa(counts), abs=1e-12)


def test_ordinal_credit_for_theme_and_synergy_follows_gwet() -> None:
    assert category_weights([0, 1, 2], "ordinal") == pytest.approx(
        np.array([[1, 2 / 3, 0], [2 / 3, 1, 2 / 3], [0, 2 / 3, 1]])
    )


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        ("", "", 0),
        ("ab", "ab", 0),
        ("a", "ab", 1 - 1 / 2 * 2 / 3),
        ("ab", "bc", 1 - 1 / 3 * 1 / 3),
        ("a", "b", 1),
        ("a", "", 1),
    ],
)
def test_masi_distance_of_equal_nested_overlapping_and_disjoint_sets(a: str, b: str, expected: float) -> None:
    assert masi_distance(frozenset(a), frozenset(b)) == pytest.approx(expected)


def test_masi_alpha_is_one_for_equal_sets_and_near_zero_for_shuffled_ones() -> None:
    generator = np.random.default_rng(3)
    sets = [frozenset(np.flatnonzero(generator.random(5) < 0.4).tolist()) for _ in range(400)]
    assert masi_alpha([(s, s) for s in sets]) == 1.0
    shuffled = [sets[i] for i in generator.permutation(400)]
    assert abs(masi_alpha(list(zip(sets, shuffled, strict=True)))) < 0.06


def test_masi_alpha_of_single_codes_is_nominal_alpha() -> None:
    ratings = random_ratings(5, 3, 0.2)
    sets = [[None if np.isnan(v) else frozenset([v]) for v in unit] for unit in ratings]
    assert masi_alpha(sets) == pytest.approx(krippendorff_alpha(ratings), abs=1e-12)


def test_nothing_that_varies_gives_nan_and_not_one() -> None:
    same = np.zeros((20, 2))
    assert np.isnan(krippendorff_alpha(same, categories=[0, 1]))
    assert np.isnan(cohen_kappa(same, categories=[0, 1]))


def test_analytic_and_bootstrap_errors_agree_when_documents_are_many() -> None:
    generator = np.random.default_rng(11)
    truth = generator.random((600, 1, 1)) < 0.3
    values = np.where(generator.random((600, 2, 1)) < 0.9, truth, ~truth).astype(float)
    documents = pd.Series([f"d{u // 4}" for u in range(600)], index=[f"p{u:04d}" for u in range(600)])
    row = agree(long_table(values, ["planning"]), documents=documents).iloc[0]
    for measure in ("kappa", "alpha", "ac", "positive_agreement"):
        half_width = (row[f"{measure}_high"] - row[f"{measure}_low"]) / 2
        assert half_width == pytest.approx(1.96 * row[f"{measure}_se"], rel=0.12)


def test_passages_of_one_document_that_are_alike_widen_the_interval() -> None:
    generator = np.random.default_rng(4)
    documents = np.repeat(np.arange(60), 10)
    quality = np.where(generator.random(60) < 0.5, 0.99, 0.6)[documents]
    truth = generator.random(600) < 0.4
    second = np.where(generator.random(600) < quality, truth, ~truth)
    codes = long_table(np.stack([truth, second], axis=1)[:, :, None].astype(float), ["planning"])
    ids = [f"p{u:04d}" for u in range(600)]
    clustered = agree(codes, documents=pd.Series(documents.astype(str), index=ids)).iloc[0]
    alone = agree(codes).iloc[0]
    assert clustered["kappa"] == alone["kappa"]
    assert clustered["kappa_se"] > 1.2 * alone["kappa_se"]


def test_zeros_that_were_left_out_count_where_the_coder_coded_the_passage() -> None:
    values = np.array([[[1, 0], [1, 0]], [[0, 1], [0, 0]], [[0, 0], [0, 0]]], dtype=float)
    with_zeros = agree(long_table(values, ["planning", "industry"]))
    coded = pd.DataFrame(
        [(f"p{u:04d}", f"hand:{c}") for u in range(3) for c in "AB"], columns=["passage_id", "coder_id"]
    )
    without = agree(long_table(values, ["planning", "industry"], scale_zeros=False), coded=coded)
    pd.testing.assert_frame_equal(with_zeros, without)


def test_rare_code_on_whose_presence_coders_never_meet_is_not_saved_by_ac1() -> None:
    values = np.zeros((600, 2, 1))
    values[:25, 0] = 1
    values[25:50, 1] = 1
    row = agree(long_table(values, ["opening"])).iloc[0]
    assert row["ac"] > 0.9
    assert row["positive_agreement"] == 0
    assert row["advice"] == "another_round"
    assert "absent" in row["reason_en"]
    assert "一致" in row["reason_zh"]


@pytest.mark.parametrize(
    ("n_positive", "n_miss", "advice"),
    [
        (100, 2, "publish"),
        (100, 36, "publish_with_care"),
        (100, 60, "another_round"),
        (10, 0, "too_rare"),
        (0, 0, "too_rare"),
    ],
)
def test_advice_follows_alpha_and_the_number_of_positives(n_positive: int, n_miss: int, advice: str) -> None:
    values = np.zeros((500, 2, 1))
    values[:n_positive] = 1
    values[: n_miss // 2, 0] = 0
    values[n_miss // 2 : n_miss, 1] = 0
    assert agree(long_table(values, ["planning"])).iloc[0]["advice"] == advice


def test_three_value_codes_are_measured_as_present_as_synergy_and_on_the_whole_scale() -> None:
    values = np.array([[[0.0], [0.0]], [[1.0], [2.0]], [[2.0], [2.0]], [[1.0], [1.0]]])
    table = agree(long_table(values, ["planning"])).query("code == 'planning'").set_index("level")
    assert table.loc[">=1", "percent"] == 1.0
    assert table.loc[">=2", "percent"] == 0.75
    assert table.loc["0-2", "alpha"] == pytest.approx(krippendorff_alpha(values[:, :, 0], level="ordinal"))


def test_precision_and_recall_read_the_reference_and_the_sample_weights() -> None:
    values = np.array([[1, 1], [1, 0], [0, 1], [0, 0]], dtype=float)[:, :, None]
    codes = long_table(values, ["planning"]).replace({"coder_id": {"hand:A": "combined", "hand:B": "hand:AB"}})
    weights = pd.Series([1.0, 3.0, 1.0, 1.0], index=[f"p{u:04d}" for u in range(4)])
    row = compare_pairs(codes, reference="hand:AB", sample_weights=weights).iloc[0]
    assert (row["coder_id"], row["reference"]) == ("combined", "hand:AB")
    assert row["precision"] == pytest.approx(1 / 4)
    assert row["recall"] == pytest.approx(1 / 2)


def test_disagreements_come_with_their_passages_in_order() -> None:
    values = np.array([[[0], [0]], [[1], [2]], [[2], [0]]], dtype=float)
    passages = pd.DataFrame({"passage_id": ["p0002", "p0001", "p0000"], "reading": ["third", "second", "first"]})
    table = list_disagreements(long_table(values, ["planning"]), passages)
    assert table["reading"].tolist() == ["third", "second"]
    assert table["values"].tolist() == ["hand:A=2; hand:B=0", "hand:A=1; hand:B=2"]
    assert table["distance"].tolist() == [2, 1]


def test_contradiction_missing_column_and_unknown_coder_are_named() -> None:
    codes = long_table(np.ones((3, 2, 1)), ["planning"])
    with pytest.raises(UsageError, match="two values for path planning"):
        agree(pd.concat([codes, codes.head(1).assign(value=0)]))
    with pytest.raises(UsageError, match="no column value"):
        agree(codes.drop(columns="value"))
    with pytest.raises(UsageError, match="no codes by hand:Z"):
        agree(codes, coders=["hand:A", "hand:Z"])
    with pytest.raises(UsageError, match="in common"):
        agree(codes[codes["coder_id"] == "hand:A"])


def test_same_codes_in_another_order_give_the_same_table() -> None:
    generator = np.random.default_rng(9)
    codes = long_table((generator.random((80, 3, 2)) < 0.4).astype(float), ["planning", "industry"])
    order = ["planning", "industry"]
    first = agree(codes, options=AgreementOptions(n_draws=200))
    second = agree(codes.iloc[::-1], options=AgreementOptions(n_draws=200))
    second = second.set_index(["code", "level"]).loc[first.set_index(["code", "level"]).index].reset_index()
    assert first["code"].tolist()[:2] == order
    np.testing.assert_allclose(first["alpha"], second["alpha"], equal_nan=True)


def test_unitised_agreement_reads_characters_and_spans() -> None:
    evidence = pd.DataFrame(
        [
            ("p1", "hand:A", 100, 110),
            ("p1", "hand:B", 105, 110),
            ("p1", "hand:A", 130, 135),
            ("p2", "hand:B", 200, 204),
        ],
        columns=["passage_id", "coder_id", "start", "end"],
    ).assign(facet="path", code="planning")
    passages = pd.DataFrame({"passage_id": ["p1", "p2"], "start": [100, 200], "end": [140, 220]})
    coded = pd.DataFrame(
        [(p, c) for p in ("p1", "p2") for c in ("hand:A", "hand:B")], columns=["passage_id", "coder_id"]
    )
    row = agree_on_spans(evidence, passages, coded=coded).iloc[0]
    assert row["f1_characters"] == pytest.approx(2 * 5 / (15 + 9))
    assert row["f1_spans"] == pytest.approx(2 * 1 / (2 + 2))
    marks = np.zeros((60, 2))
    marks[[*range(10), *range(30, 35)], 0] = 1
    marks[[*range(5, 10), *range(40, 44)], 1] = 1
    assert row["alpha_unitised"] == pytest.approx(krippendorff_alpha(marks))


#: Kappa and F1 between the two codings of the gold passages, as published beside them: (code, level) -> kappa, F1.
GOLD = {
    ("planning", ">=1"): (0.93, 0.94), ("planning", ">=2"): (0.95, 0.96),
    ("innovation", ">=1"): (0.92, 0.93), ("innovation", ">=2"): (0.86, 0.87),
    ("industry", ">=1"): (0.90, 0.93), ("industry", ">=2"): (0.90, 0.91),
    ("transport", ">=1"): (0.93, 0.93), ("transport", ">=2"): (0.95, 0.95),
    ("policy", ">=1"): (0.88, 0.91), ("policy", ">=2"): (0.82, 0.82),
    ("ecology", ">=1"): (0.92, 0.92), ("ecology", ">=2"): (0.90, 0.90),
    ("public_service", ">=1"): (0.95, 0.97), ("public_service", ">=2"): (0.86, 0.87),
    ("opening", ">=1"): (0.96, 0.97), ("opening", ">=2"): (0.79, 0.79),
    ("market", ">=1"): (0.94, 0.95), ("cooperation", ">=1"): (0.92, 0.93),
    ("mutual_assistance", ">=1"): (0.96, 0.96), ("support", ">=1"): (0.92, 0.93),
    ("compensation", ">=1"): (0.97, 0.97), ("core_coordination", ">=1"): (0.74, 0.76),
    ("supervision", ">=1"): (0.94, 0.95), ("order_parameter", ">=1"): (0.91, 0.91),
    ("driver_interplay", ">=1"): (0.78, 0.79),
}  # fmt: skip


def gold_codings(frame: pd.DataFrame, prefixes: dict[str, str]) -> pd.DataFrame:
    """Long table of the gold codings: column prefix -> coder_id."""
    facets = {"p": "path", "m": "mechanism"}
    parts = []
    for prefix, coder in prefixes.items():
        for column in (
            c for c in frame.columns if c.startswith(prefix) and c[len(prefix) : len(prefix) + 2] in ("p_", "m_")
        ):
            facet, code = facets[column[len(prefix)]], column[len(prefix) + 2 :]
            part = pd.DataFrame({"passage_id": frame["id"], "facet": facet, "code": code, "coder_id": coder})
            parts.append(part.assign(value=frame[column]))
    return pd.concat(parts, ignore_index=True)


def test_two_codings_of_the_gold_passages_give_the_published_figures() -> None:
    if not (SHARED / "gold" / "dev.csv").exists():
        pytest.skip("needs ../shared: gold/dev.csv")
    frame = pd.read_csv(SHARED / "gold" / "dev.csv", encoding="utf-8-sig")
    table = agree(gold_codings(frame, {"A_": "hand:A", "B_": "hand:B"}), documents=frame.set_index("id")["group"])
    rows = {(row.code, row.level): row for row in table.itertuples()}
    for key, (kappa, f1) in GOLD.items():
        assert rows[key].kappa == pytest.approx(kappa, abs=0.0051), key
        assert rows[key].positive_agreement == pytest.approx(f1, abs=0.0051), key
        assert rows[key].kappa_low < rows[key].kappa < rows[key].kappa_high
