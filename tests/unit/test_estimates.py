"""Corrected estimates: published figures, known truths over many simulated studies, other implementations."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from xietong.errors import UsageError
from xietong.estimates import (
    RegressionOptions,
    contrast_shares,
    correct_shares,
    ppi_mean,
    regress,
    rogan_gladen,
    rogan_gladen_limits,
    wilson,
)
from xietong.estimates.shares import augmented_share, design_weights
from xietong.sampling import SampleOptions, draw_sample

SHARED = Path(__file__).resolve().parents[2] / ".." / "shared"
# Counts of Pan and Chen's 1,412 posts, 500 of them labelled: 70 true and 50 false positives, 48 missed, 332 true
# negatives; the machine says yes to 344 of all.
HAND = np.repeat([1.0, 1.0, 0.0, 0.0], [70, 48, 50, 332])
MACHINE = np.repeat([1.0, 0.0, 1.0, 0.0], [70, 48, 50, 332])
REST = np.repeat([1.0, 0.0], [224, 688])


def test_rogan_gladen_reproduces_the_published_example() -> None:
    share, was_clipped = rogan_gladen(23 / 150, 0.96, 0.89)
    assert share == pytest.approx(0.0510, abs=5e-5)
    assert not was_clipped
    assert wilson(23 / 150, 150) == pytest.approx((0.1044, 0.2196), abs=5e-5)
    assert rogan_gladen_limits(23, 150, 0.96, 0.89) == pytest.approx((-0.0066, 0.1289), abs=5e-5)


def test_rogan_gladen_clips_and_says_so_and_is_undefined_for_a_useless_machine() -> None:
    assert rogan_gladen(0.05, 0.9, 0.9) == (0.0, True)
    assert np.isnan(rogan_gladen(0.5, 0.5, 0.5)[0])


def test_adjusted_count_of_the_posts() -> None:
    assert rogan_gladen(344 / 1412, 70 / 118, 332 / 382)[0] == pytest.approx(0.24384, abs=1e-5)


def test_power_tuned_ppi_of_the_posts() -> None:
    tuned = ppi_mean(HAND, MACHINE, REST)
    assert tuned.tuning == pytest.approx(0.2926, abs=5e-5)
    assert tuned.value == pytest.approx(0.23764, abs=5e-6)
    assert tuned.standard_error == pytest.approx(0.01767, abs=2e-5)
    alone = ppi_mean(HAND, MACHINE, REST, tuning=0)
    assert (alone.value, alone.standard_error) == pytest.approx((0.236, 0.01899), abs=5e-6)


@pytest.mark.parametrize(
    ("tuning", "value", "error"), [(1.0, 0.23963, 0.01956), (None, 0.23764, 0.01767), (0.0, 0.236, 0.019)]
)
def test_design_based_share_of_the_posts(tuning: float | None, value: float, error: float) -> None:
    machine, hand = np.concatenate([MACHINE, REST]), np.concatenate([HAND, np.full(912, np.nan)])
    strata, posts = np.zeros(1412, dtype=np.intp), np.arange(1412)
    weights = design_weights(np.full(1412, 500 / 1412), strata, ~np.isnan(hand))
    found = augmented_share(machine, hand, weights, strata, posts, 1412, tuning=tuning)
    assert found.value == pytest.approx(value, abs=1e-5)
    assert found.standard_error == pytest.approx(error, abs=2e-5)


def simulate(seed: int, share: float, design: str) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """One study: 1,500 passages in 200 documents, a machine that misses and invents, 250 coded by hand."""
    generator = np.random.default_rng(seed)
    documents = np.sort(generator.integers(0, 200, 1500))
    rates = generator.beta(share * 8, (1 - share) * 8, 200)
    truth = generator.random(1500) < rates[documents]
    machine = np.where(truth, generator.random(1500) < 0.75, generator.random(1500) < 0.08)
    ids = [f"p{i:04d}" for i in range(1500)]
    uncertainty = np.where(machine, 0.3 + 0.7 * generator.random(1500), 0.6 * generator.random(1500))
    frame = pd.DataFrame({"passage_id": ids, "codes": np.where(machine, "opening", ""), "uncertainty": uncertainty})
    by, allocation = (("code",), "equal") if design == "stratified" else ((), "proportional")
    sample = draw_sample(frame, options=SampleOptions(n=250, method=design, by=by, allocation=allocation, seed=seed))
    coded = sample["is_drawn"].to_numpy()
    hand = pd.DataFrame({"passage_id": np.array(ids)[coded], "opening": truth[coded].astype(float)})
    return pd.DataFrame({"passage_id": ids, "document_id": documents, "opening": machine.astype(float)}), hand, sample


@pytest.mark.parametrize(
    ("design", "share"),
    [
        ("simple", 0.2),
        pytest.param("simple", 0.08, marks=pytest.mark.slow),
        pytest.param("stratified", 0.2, marks=pytest.mark.slow),
        pytest.param("uncertain", 0.1, marks=pytest.mark.slow),
    ],
)
def test_corrected_intervals_cover_the_truth_in_a_thousand_studies_and_naive_ones_do_not(
    design: str, share: float
) -> None:
    table = pd.concat([correct_shares(*simulate(seed, share, design)) for seed in range(1000)])

    def coverage(name: str) -> float:
        return float(((table[f"{name}_low"] <= share) & (share <= table[f"{name}_high"])).mean())

    assert 0.93 <= coverage("corrected") <= 0.97
    assert coverage("naive") < 0.8
    widths = {n: (table[f"{n}_high"] - table[f"{n}_low"]) for n in ("corrected", "hand")}
    assert widths["corrected"].mean() <= widths["hand"].mean()
    assert table["corrected"].mean() == pytest.approx(share, abs=0.003)


def test_contrast_between_groups_covers_the_true_difference() -> None:
    hits, naive_hits, differences = 0, 0, []
    for seed in range(300):
        machine, hand, sample = simulate(seed, 0.2, "simple")
        # the machine invents the code in later reports only: naive change, no true one
        later = machine["document_id"] >= 100
        invented = np.random.default_rng(seed + 10_000).random(len(machine)) < 0.15
        machine["opening"] = np.where(later & invented, 1.0, machine["opening"])
        groups = pd.Series(np.where(later, 2025, 2024), index=machine["passage_id"])
        row = contrast_shares(machine, hand, sample, groups).iloc[0]
        hits += row["corrected_low"] <= 0 <= row["corrected_high"]
        naive_hits += row["naive_low"] <= 0 <= row["naive_high"]
        differences.append(row["corrected"])
    assert 0.92 <= hits / 300 <= 0.98
    assert naive_hits / 300 < 0.3
    assert np.mean(differences) == pytest.approx(0, abs=0.01)


def test_shares_by_group_say_where_hand_codes_are_missing_or_few() -> None:
    machine, hand, sample = simulate(3, 0.2, "simple")
    names = np.where(machine["document_id"] < 190, "north", "south")
    groups = pd.Series(names, index=machine["passage_id"])
    hand = hand[~hand["passage_id"].isin(machine["passage_id"][machine["document_id"] > 191])]
    table = correct_shares(machine, hand, sample, groups=groups).set_index("group")
    assert table.loc["north", "note"] == ""
    assert "hand-coded passages" in table.loc["south", "note"]
    nothing = correct_shares(machine, hand.head(0), sample).iloc[0]
    assert np.isnan(nothing["corrected"])
    assert nothing["note"] == "no hand-coded passages"


def test_share_stays_between_zero_and_one_when_no_hand_coded_passage_has_the_code() -> None:
    machine, hand, sample = simulate(4, 0.2, "simple")
    row = correct_shares(machine, hand.assign(opening=0.0), sample).iloc[0]
    assert row["hand"] == 0
    assert 0 <= row["corrected_low"] <= row["corrected"] <= row["corrected_high"] < 0.05
    assert "no hand-coded passage has the code" in row["note"]


def test_hand_codes_of_passages_that_were_not_drawn_are_left_out() -> None:
    machine, hand, sample = simulate(5, 0.2, "simple")
    others = machine["passage_id"][~sample["is_drawn"].to_numpy()].head(200)
    extra = pd.DataFrame({"passage_id": others, "opening": 1.0})
    pd.testing.assert_frame_equal(
        correct_shares(machine, hand, sample), correct_shares(machine, pd.concat([hand, extra]), sample)
    )


def test_unfit_hand_codes_are_refused() -> None:
    machine, hand, sample = simulate(6, 0.2, "simple")
    with pytest.raises(UsageError, match="two hand codings"):
        correct_shares(machine, pd.concat([hand, hand.head(1)]), sample)
    with pytest.raises(UsageError, match="no column opening"):
        correct_shares(machine, hand.rename(columns={"opening": "closing"}), sample)
    with pytest.raises(UsageError, match="draw a new sample"):
        correct_shares(machine, hand, sample.head(1000))


# -- regression --------------------------------------------------------------------------------------------------


def regression_study(seed: int, logit: bool) -> pd.DataFrame:
    """2,000 passages in 200 documents; outcome coded by a machine whose errors depend on a predictor."""
    generator = np.random.default_rng(seed)
    documents = np.repeat(np.arange(200), 10)
    level = np.where(generator.random(200) < 0.5, "city", "province")[documents]
    x = generator.normal(size=2000) + generator.normal(size=200)[documents] * 0.5
    line = -0.5 + 0.6 * x + 0.5 * (level == "province")
    truth = (generator.random(2000) < 1 / (1 + np.exp(-line))) if logit else line + generator.normal(size=2000)
    if logit:
        machine = np.where(generator.random(2000) < 0.15 + 0.15 * (x > 0), ~truth, truth).astype(float)
    else:
        machine = truth - 0.4 * x + generator.normal(size=2000) * 0.5
    chances = np.where(x > 0, 0.3, 0.15)
    hand = np.where(generator.random(2000) < chances, truth.astype(float), np.nan)
    return pd.DataFrame({
        "outcome": machine, "hand": hand, "x": x, "level": level, "document_id": documents,
        "inclusion_probability": chances,
    })  # fmt: skip


@pytest.mark.parametrize("logit", [False, True])
def test_corrected_coefficients_cover_the_truth_and_naive_ones_do_not(logit: bool) -> None:
    options = RegressionOptions(model="logit" if logit else "linear", n_splits=3)
    tables = [
        regress(regression_study(s, logit), "outcome", ["x", "level"], hand={"outcome": "hand"}, options=options).iloc[
            1
        ]
        for s in range(200)
    ]
    table = pd.DataFrame(tables)
    assert set(table["term"]) == {"x"}
    covered = (table["corrected_low"] <= 0.6) & (table["corrected_high"] >= 0.6)
    assert 0.91 <= covered.mean() <= 0.985
    assert ((table["naive_low"] <= 0.6) & (table["naive_high"] >= 0.6)).mean() < 0.3
    assert table["corrected"].mean() == pytest.approx(0.6, abs=0.02)
    assert table["corrected_se"].mean() <= table["hand_se"].mean()


def test_predicted_covariate_is_corrected_too() -> None:
    estimates = []
    for seed in range(60):
        generator = np.random.default_rng(seed)
        truth = generator.random(1500) < 0.4
        machine = np.where(generator.random(1500) < 0.25, ~truth, truth)
        y = 1.0 + 2.0 * truth + generator.normal(size=1500)
        frame = pd.DataFrame({"y": y, "code": machine.astype(float), "inclusion_probability": 0.3})
        frame["hand"] = np.where(generator.random(1500) < 0.3, truth.astype(float), np.nan)
        options = RegressionOptions(n_splits=3)
        fit = regress(frame, "y", ["code"], hand={"code": "hand"}, document=None, options=options)
        estimates.append(fit.set_index("term").loc["code", ["naive", "corrected"]].to_numpy(float))
    naive, corrected = np.mean(estimates, axis=0)
    assert corrected == pytest.approx(2.0, abs=0.03)
    assert naive < 1.2


@pytest.mark.parametrize("logit", [False, True])
def test_naive_regression_agrees_with_another_implementation(logit: bool) -> None:
    other = pytest.importorskip("statsmodels.api")
    frame = regression_study(1, logit)
    options = RegressionOptions(model="logit" if logit else "linear", n_splits=1)
    found = regress(frame, "outcome", ["x"], hand={"outcome": "hand"}, options=options)
    terms = other.add_constant(frame[["x"]])
    model = other.GLM(frame["outcome"], terms, family=other.families.Binomial() if logit else other.families.Gaussian())
    fit = model.fit(cov_type="cluster", cov_kwds={"groups": frame["document_id"], "use_correction": False})
    np.testing.assert_allclose(found["naive"], fit.params, atol=1e-8)
    np.testing.assert_allclose(found["naive_se"], fit.bse, rtol=1e-5)


def test_when_everything_is_coded_by_hand_the_machine_plays_no_part() -> None:
    frame = regression_study(2, logit=False).assign(inclusion_probability=1.0)
    frame["hand"] = frame["x"] * 2 + 1
    fit = regress(frame, "outcome", ["x"], hand={"outcome": "hand"}, options=RegressionOptions(n_splits=2))
    np.testing.assert_allclose(fit["corrected"], [1, 2], atol=1e-8)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"inclusion_probability": 0.0}, "above 0"),
        ({"hand": np.nan}, "too few"),
    ],
)
def test_unfit_regressions_are_refused(change: dict, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        regress(regression_study(1, logit=False).assign(**change), "outcome", ["x"], hand={"outcome": "hand"})


def test_corrected_shares_of_the_gold_passages_cover_the_hand_coded_truth() -> None:
    """A rough machine (a single cue word) is corrected with a fifth of the passages, and the rest knows the truth."""
    if not (SHARED / "gold" / "dev.csv").exists():
        pytest.skip("needs ../shared: gold/dev.csv")
    frame = pd.read_csv(SHARED / "gold" / "dev.csv", encoding="utf-8-sig").rename(
        columns={"id": "passage_id", "group": "document_id"}
    )
    cues = {
        "p_transport": "交通|铁路|公路|transport|rail",
        "p_ecology": "生态|环境|ecolog|environment",
        "p_industry": "产业|industr",
        "m_market": "市场|market",
    }
    covered, total = 0, 0
    for seed in range(20):
        machine = frame[["passage_id", "document_id"]].copy()
        for column, cue in cues.items():
            machine[column] = frame["text"].str.contains(cue, case=False).astype(float)
        sample = draw_sample(machine, options=SampleOptions(n=300, seed=seed))
        hand = frame.loc[sample["is_drawn"], ["passage_id"]].join((frame[list(cues)] > 0).astype(float))
        table = correct_shares(machine, hand, sample).set_index("code")
        truth = (frame[list(cues)] > 0).mean()
        covered += sum(table.loc[c, "corrected_low"] <= truth[c] <= table.loc[c, "corrected_high"] for c in cues)
        total += len(cues)
        assert (table["corrected_high"] - table["corrected_low"]).sum() <= (
            table["hand_high"] - table["hand_low"]
        ).sum()
    assert covered / total >= 0.9
