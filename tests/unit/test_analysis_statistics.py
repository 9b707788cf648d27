"""Attention, contrasts, change points, quotients, consistency: against worked examples and known truths."""

import numpy as np
import pandas as pd
import pytest

from xietong.analysis.association import adjusted_residuals, associate, log_odds_ratio
from xietong.analysis.change_points import change_points, scan_ranks, scan_rates
from xietong.analysis.consistency import consistency, cosine, jensen_shannon
from xietong.analysis.counts import count_codes
from xietong.analysis.profiles import (
    attention_quotient,
    breadth,
    concentration,
    location_quotient,
    theil,
)
from xietong.analysis.resampling import adjust_p, ratio_intervals, resample_weights
from xietong.analysis.trends import attention, contrast
from xietong.codebook import Code, Codebook
from xietong.errors import UsageError
from xietong.tables import TRENDS

CODEBOOK = Codebook(
    name="tiny",
    codes=(
        Code(facet="path", code="roads", scale_max=2),
        Code(facet="path", code="rivers", scale_max=2),
        Code(facet="path", code="schools", scale_max=2),
        Code(facet="mechanism", code="market"),
        Code(facet="mechanism", code="aid"),
    ),
)

# Page (1955), as used by Pettitt (1979)
PAGE = [
    -1.05, .96, 1.22, .58, -.98, -.03, -1.54, -.71, -.35, .66, .44, .91, -.02, -1.42, 1.26, -1.02, -.81, 1.66,
    1.05, .97,
    2.14, 1.22, -.24, 1.60, .72, -.12, .44, .03, .66, .56, 1.37, 1.66, .10, .80, 1.29, .49, -.07, 1.18, 3.29, 1.84,
]  # fmt: skip
# Flow of the Nile at Aswan, 1871 to 1970 (Cobb, 1978)
NILE = [
    1120, 1160, 963, 1210, 1160, 1160, 813, 1230, 1370, 1140, 995, 935, 1110, 994, 1020, 960, 1180, 799, 958, 1140,
    1100, 1210, 1150, 1250, 1260, 1220, 1030, 1100, 774, 840, 874, 694, 940, 833, 701, 916, 692, 1020, 1050, 969,
    831, 726, 456, 824, 702, 1120, 1100, 832, 764, 821, 768, 845, 864, 862, 698, 845, 744, 796, 1040, 759,
    781, 865, 845, 944, 984, 897, 822, 1010, 771, 676, 649, 846, 812, 742, 801, 1040, 860, 874, 848, 890,
    744, 749, 838, 1050, 918, 986, 797, 923, 975, 815, 1020, 906, 901, 1170, 912, 746, 919, 718, 714, 740,
]  # fmt: skip


def passages(n_documents=24, n=12, years=range(2011, 2023), seed=1, shift=None, levels=("central", "provincial")):
    """Make coded passages of invented documents; after year ``shift`` roads are twice as frequent."""
    generator = np.random.default_rng(seed)
    rows = []
    years = list(years)
    for d in range(n_documents):
        year = years[d % len(years)]
        for i in range(int(generator.integers(n // 2, 2 * n))):
            roads = generator.random() < (0.6 if shift and year >= shift else 0.2)
            rows.append({
                "passage_id": f"p{d}-{i}", "document_id": f"d{d}", "file": f"{d}.txt", "kind": "body", "year": year,
                "region": f"R{d % 4}", "level": levels[d // len(years) % len(levels)], "issuer": f"office {d % 4}",
                "path_roads": int(roads) * int(generator.integers(1, 3)), "path_rivers": int(generator.random() < 0.3),
                "path_schools": int(generator.random() < 0.3), "mechanism_market": int(generator.random() < 0.3),
                "mechanism_aid": int(roads and generator.random() < 0.7),
            })  # fmt: skip
    return pd.DataFrame(rows)


def test_ranks_find_the_published_change_of_the_page_data():
    u = np.abs(scan_ranks(np.array([PAGE], dtype=float))[0])
    assert (u.max(), u.argmax() + 1) == (232, 17)


def test_ranks_find_the_change_of_the_nile_after_1898():
    u = np.abs(scan_ranks(np.array([NILE], dtype=float))[0])
    assert (u.max(), 1870 + u.argmax() + 1) == (1617, 1898)


def test_a_shift_of_a_rate_is_found_by_the_binomial_likelihood_ratio():
    k = np.array([3, 4, 2, 5, 4, 3, 9, 11, 10, 12, 9, 13], dtype=float)
    n = np.array([40, 42, 38, 45, 40, 41, 44, 43, 40, 46, 39, 47], dtype=float)
    ratio = scan_rates(k[None, :, None], n[None, :])[0, :, 0]
    assert ratio.argmax() + 1 == 6
    assert ratio.max() == pytest.approx(24.6013, abs=5e-5)


def test_consistency_of_the_toy_profiles():
    centre, province = (30, 20, 25, 15, 10), (22, 18, 30, 18, 12)
    assert cosine(centre, province) == pytest.approx(0.976187, abs=5e-7)
    assert jensen_shannon(centre, province) == pytest.approx(0.008120, abs=5e-7)
    assert jensen_shannon((1, 0), (0, 1)) == pytest.approx(1.0)
    assert jensen_shannon((2, 4), (1, 2)) == pytest.approx(0.0, abs=1e-12)


@pytest.mark.parametrize(
    ("arguments", "expected", "digits"),
    [
        ((1714, 79006, 879213, 15593224), 0.3847623, 5e-8),  # Farhauer & Kroell
        ((2712.2, 11690, 57767.9, 693642), 2.786, 5e-4),  # Heilongjiang 2015, primary industry
        ((3926.9, 11690, 298296.6, 693642), 0.781, 5e-4),
        ((5050.9, 11690, 337578.1, 693642), 0.888, 5e-4),
    ],
)
def test_location_quotient_of_published_examples(arguments, expected, digits):
    assert location_quotient(*arguments) == pytest.approx(expected, abs=digits)


def test_theil_of_the_worked_example():
    a, b = np.array([10, 10, 4, 4, 4, 4, 2, 2.0]), np.array([8.0] * 4 + [6] * 6)
    groups = [theil(part[:, None])[0] for part in (np.concatenate([a, b]), a, b)]
    assert groups == pytest.approx([0.07907822, 0.16568710, 0.01021666], abs=5e-9)
    assert theil(np.array([[3.0, 0], [3, 0], [3, 0]])) == pytest.approx([0, 0], abs=1e-12)


def test_theil_of_equal_attention_is_far_from_zero():
    k = np.random.default_rng(3).binomial(20, 0.15, size=(31, 4000)).astype(float)
    assert theil(k).mean() == pytest.approx(0.154, abs=0.004)


def test_concentration_of_equal_attention_stays_within_its_null():
    frame = passages(n_documents=60)
    table = concentration(count_codes(frame, CODEBOOK), seed=2)
    market = table[table["code"] == "market"].set_index("statistic")
    assert market.loc["theil_null", "low"] < market.loc["theil", "estimate"] < market.loc["theil_null", "high"]
    assert market.loc["theil_null", "estimate"] > 0


def test_adjusted_residuals_of_a_fourfold_table_are_the_root_of_chi_squared():
    table = np.array([[30, 20], [10, 40]])
    residuals = adjusted_residuals(table)
    assert residuals[0, 0] ** 2 == pytest.approx(100 * (30 * 40 - 20 * 10) ** 2 / (50 * 50 * 40 * 60))
    assert residuals[0, 0] == pytest.approx(-residuals[0, 1])


def test_log_odds_ratio_never_claims_more_than_independent_passages():
    cells = np.array([[3, 2, 1, 4], [2, 3, 1, 4], [4, 1, 2, 3]], dtype=float)
    estimate, error = log_odds_ratio(cells)
    assert estimate == pytest.approx(np.log(9.5 * 11.5 / (6.5 * 4.5)))
    assert error >= np.sqrt(1 / 9.5 + 1 / 6.5 + 1 / 4.5 + 1 / 11.5) - 1e-12


def test_an_association_that_was_planted_is_found_and_others_are_not():
    table = associate(passages(n_documents=40), CODEBOOK, "path", "mechanism")
    ratio = table[table["statistic"] == "odds_ratio"].set_index(["code", "other_code"])
    assert ratio.loc[("roads", "aid"), "low"] > 5
    assert ratio.loc[("rivers", "market"), "low"] < 1 < ratio.loc[("rivers", "market"), "high"]
    assert (ratio["p_adjusted"] >= ratio["p"] - 1e-12).all()


def test_p_values_are_adjusted_as_benjamini_and_hochberg_do():
    p = [0.01, 0.04, 0.03, np.nan, 0.005]
    assert adjust_p(p) == pytest.approx([0.02, 0.04, 0.04, np.nan, 0.02], nan_ok=True)


@pytest.mark.parametrize(("share", "n_documents", "spread"), [(0.15, 25, 0.8), (0.4, 15, 0.8), (0.06, 60, 0.6)])
def test_intervals_of_attention_cover_the_truth_in_a_thousand_corpora(share, n_documents, spread):
    generator = np.random.default_rng(11)
    hits = 0
    for corpus in range(1000):
        n = np.maximum(5, np.round(np.exp(generator.normal(3.5, spread, n_documents)))).astype(int)
        rates = generator.beta(share * 29, (1 - share) * 29, n_documents)  # documents differ from one another
        k = generator.binomial(n, rates)
        _, low, high = ratio_intervals(k, n, weights=resample_weights(n_documents, n_resamples=400, seed=corpus))
        hits += low <= share <= high
    assert 930 <= hits <= 970


def test_change_points_find_the_planted_year_and_its_probability():
    table = change_points(count_codes(passages(n_documents=72, shift=2017), CODEBOOK), by=None, n_permutations=199)
    roads = table[(table["code"] == "roads") & (table["value_from"] == 1)].set_index("statistic")
    assert roads.loc["year_of_change", "year"] == 2017
    assert roads.loc["year_of_change", "p"] <= 0.01
    assert roads.loc["level_before", "estimate"] < 0.3 < roads.loc["level_after", "estimate"]
    assert (table.loc[table["code"] == "rivers", "p"].dropna() > 0.01).all()


def test_attention_has_one_row_per_cell_and_code_in_the_common_columns():
    counts = count_codes(passages(), CODEBOOK)
    table = attention(counts, ("level", "year"))
    assert list(table.columns) == TRENDS.names
    assert len(table) == 24 * 8  # levels and years, three codes counted twice and two once
    assert set(table["n_documents"]) == {1}
    assert (table["caution"] == "no interval: one document").all()
    whole = attention(counts, ())
    row = whole[(whole["code"] == "roads") & (whole["value_from"] == 2)].iloc[0]
    assert row["estimate"] == pytest.approx(row["n_coded"] / row["n_passages"])
    assert row["low"] < row["estimate"] < row["high"]


def test_headings_and_footnotes_are_not_in_the_denominator():
    frame = passages(n_documents=4)
    frame.loc[frame["document_id"] == "d1", "kind"] = "heading"
    counts = count_codes(frame, CODEBOOK)
    assert list(counts.documents["document_id"]) == ["d0", "d2", "d3"]


def test_attention_is_corrected_for_coding_error_on_demand():
    counts = count_codes(passages(), CODEBOOK)
    plain, corrected = attention(counts, ()), attention(counts, (), errors={"market": (0.96, 0.89)})
    at = plain["code"] == "market"
    assert corrected.loc[at, "estimate"].item() == pytest.approx((plain.loc[at, "estimate"].item() + 0.89 - 1) / 0.85)
    assert corrected.loc[at, "corrected"].item()
    assert not corrected.loc[~at, "corrected"].any()
    with pytest.raises(UsageError, match="no better than chance"):
        attention(counts, (), errors={"market": (0.5, 0.5)})


def test_attention_is_the_same_for_the_same_seed_and_does_not_depend_on_the_order_of_documents():
    frame = passages()
    first = attention(count_codes(frame, CODEBOOK), ("level",))
    second = attention(count_codes(frame, CODEBOOK), ("level",))
    pd.testing.assert_frame_equal(first, second)


def test_contrast_gives_differences_with_effect_sizes_and_adjusted_p():
    frame = passages(n_documents=48)
    frame.loc[frame["level"] == "central", "mechanism_market"] = 1
    table = contrast(count_codes(frame, CODEBOOK), "level", within="year", n_permutations=199)
    market = table[table["code"] == "market"].set_index("statistic")
    assert market.loc["difference", "low"] > 0.4
    assert market.loc["cohen_h", "estimate"] > 0.8
    assert market.loc["difference", "p"] == pytest.approx(0.005)
    assert (table["p_adjusted"].dropna() >= table["p"].dropna() - 1e-12).all()


def test_quotients_of_small_groups_are_shrunk_towards_the_average():
    frame = passages(n_documents=40)
    frame = frame[~((frame["region"] == "R3") & (frame["document_id"] != "d3"))]
    table = attention_quotient(count_codes(frame, CODEBOOK))
    one = table[(table["code"] == "market") & (table["group"] == "R3")].set_index("statistic")["estimate"]
    assert abs(np.log(one["shrunken_quotient"])) < abs(np.log(one["quotient"])) + 1e-9


def test_breadth_of_even_attention_is_the_number_of_codes():
    frame = passages(n_documents=30)
    frame["path_rivers"] = frame["path_schools"] = frame["path_roads"] = 1
    table = breadth(count_codes(frame, CODEBOOK), "path", ())
    values = table.set_index("statistic")["estimate"]
    assert (values["effective_number"], values["evenness"]) == (pytest.approx(3), pytest.approx(1))


@pytest.mark.parametrize(
    ("call", "reason"),
    [
        (lambda c: attention(c, ("year",)), "known year"),
        (lambda c: contrast(c, "level"), "two groups"),
        (lambda c: change_points(c, by=None), "6 years and 12 documents .* years and \\d+ documents"),
        (lambda c: attention_quotient(c, "region"), "three groups"),
        (lambda c: concentration(c, "region"), "three groups"),
        (lambda c: consistency(c, "path"), "no document of level"),
        (lambda c: attention(c, ("party",)), "no column party"),
    ],
)
def test_what_a_method_cannot_answer_is_refused_with_a_reason(call, reason):
    frame = passages(n_documents=2)
    frame["year"], frame["region"], frame["level"] = None, "", None
    with pytest.raises(UsageError, match=reason):
        call(count_codes(frame, CODEBOOK))


def test_one_coder_s_codes_can_be_analysed_instead_of_the_assigned_ones():
    from xietong.analysis.counts import recode

    frame = passages(n_documents=2)
    tags = pd.DataFrame(
        {"passage_id": ["p0-0", "p0-1"], "code": ["roads", "roads"], "coder_id": ["hand:AB", "terms"], "value": [2, 1]}
    )
    recoded = recode(frame, tags, CODEBOOK, "hand:AB")
    assert recoded.set_index("passage_id")["path_roads"].drop("p0-0").sum() == 0
    assert recoded["path_roads"].iloc[0] == 2
    with pytest.raises(UsageError, match="there are codes by hand:AB, terms"):
        recode(frame, tags, CODEBOOK, "nobody")


def test_a_second_transcription_of_a_text_does_not_count_twice():
    from xietong.analysis.counts import one_of_each

    frame = passages(n_documents=3)
    documents = pd.DataFrame({"document_id": ["d0", "d1", "d2"], "similarity": [np.nan, 0.95, 0.6]})
    assert list(one_of_each(frame, documents)["document_id"].unique()) == ["d0", "d2"]
