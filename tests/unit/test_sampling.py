"""Samples for hand coding: sizes, chances, splits, and how many are needed."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from xietong.errors import UsageError
from xietong.sampling import SampleOptions, combine_samples, draw_sample, passages_needed, split_among_coders


def passages(n: int = 600) -> pd.DataFrame:
    generator = np.random.default_rng(1)
    return pd.DataFrame({
        "passage_id": [f"p{i:04d}" for i in range(n)],
        "year": np.repeat([2021.0, 2022.0, np.nan], n // 3),
        "codes": ["planning; opening" if i % 30 == 0 else "planning" if i % 3 == 0 else "" for i in range(n)],
        "confidence": generator.random(n),
        "uncertainty": generator.random(n) ** 3,
    })  # fmt: skip


DESIGNS = [
    SampleOptions(n=60),
    SampleOptions(n=60, method="stratified", by=("year",)),
    SampleOptions(n=60, method="stratified", by=("code", "confidence")),
    SampleOptions(n=60, method="stratified", by=("code",), allocation="equal"),
    SampleOptions(n=60, method="uncertain"),
]


@pytest.mark.parametrize("options", DESIGNS, ids=lambda o: f"{o.method} {'+'.join(o.by)} {o.allocation}")
def test_every_passage_has_a_chance_and_the_chances_add_up_to_the_sample(options: SampleOptions) -> None:
    sample = draw_sample(passages(), options=options)
    assert sample["is_drawn"].sum() == 60
    assert sample["inclusion_probability"].sum() == pytest.approx(60)
    assert sample["inclusion_probability"].between(0, 1, inclusive="right").all()
    assert sorted(sample.loc[sample["is_drawn"], "order"]) == list(range(60))


@pytest.mark.parametrize("options", [DESIGNS[2], DESIGNS[4]], ids=["stratified", "uncertain"])
def test_passages_are_drawn_as_often_as_their_stored_chance_says(options: SampleOptions) -> None:
    table = passages(150)
    runs = [
        draw_sample(table, options=SampleOptions(n=60, method=options.method, by=options.by, seed=s))
        for s in range(600)
    ]
    drawn = np.mean([r["is_drawn"] for r in runs], axis=0)
    assert np.abs(drawn - runs[0]["inclusion_probability"]).max() < 0.085  # four standard errors


def test_stratum_of_a_passage_with_several_codes_is_the_rarest_of_them() -> None:
    sample = draw_sample(passages(), options=DESIGNS[3])
    assert sample["stratum"].iloc[[0, 1, 3]].tolist() == ["opening", "none", "planning"]
    assert sample[sample["is_drawn"]]["stratum"].value_counts().to_dict() == {"none": 20, "opening": 20, "planning": 20}


def test_order_of_the_table_plays_no_part_and_the_seed_does() -> None:
    table = passages()
    first = draw_sample(table).set_index("passage_id")
    shuffled = draw_sample(table.sample(frac=1, random_state=2)).set_index("passage_id").loc[first.index]
    pd.testing.assert_frame_equal(first, shuffled)
    other = draw_sample(table, options=SampleOptions(seed=5)).set_index("passage_id")
    assert (first["is_drawn"] != other["is_drawn"]).any()


def test_two_independent_samples_combine_to_the_chance_of_being_in_either() -> None:
    first = draw_sample(passages(), options=SampleOptions(n=60, seed=1))
    second = draw_sample(passages(), options=SampleOptions(n=30, method="uncertain", seed=2))
    both = combine_samples([first, second])
    expected = 1 - (1 - first["inclusion_probability"]) * (1 - second["inclusion_probability"])
    np.testing.assert_allclose(both["inclusion_probability"], expected)
    assert both["is_drawn"].tolist() == (first["is_drawn"] | second["is_drawn"]).tolist()


def test_split_gives_each_coder_their_share_and_everyone_the_overlap() -> None:
    sample = draw_sample(passages(), options=SampleOptions(n=100))
    split = split_among_coders(sample, ["AB", "李"], overlap=0.2)
    coders_of = split.groupby("passage_id")["coder"].nunique()
    assert (coders_of == 2).sum() == 20
    assert len(coders_of) == 100
    assert split.groupby("coder").size().to_dict() == {"AB": 60, "李": 60}
    # shared passages are spread over the queue, so that agreement is known early and drift shows
    shared = split[split["passage_id"].isin(coders_of[coders_of == 2].index)]
    assert shared["order"].min() < 10
    assert shared["order"].max() > 90


def test_one_coder_gets_everything() -> None:
    sample = draw_sample(passages(), options=SampleOptions(n=40))
    assert len(split_among_coders(sample, ["AB"])) == 40


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"width": 0.1}, 385),  # the textbook figure: 1.96² · 0.25 / 0.05²
        ({"width": 0.1, "share": 0.1}, 139),
        ({"width": 0.1, "design_effect": 2.0}, 769),
        ({"width": 0.1, "n_passages": 100}, 100),
    ],
)
def test_passages_needed_for_a_wished_width(arguments: dict, expected: int) -> None:
    assert passages_needed(**arguments) == expected


def test_a_good_machine_saves_hand_coding() -> None:
    assert passages_needed(0.1, n_passages=5000, correlation=0.8) < 0.5 * passages_needed(0.1, n_passages=5000)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (SampleOptions(n=0), "wanted"),
        (SampleOptions(n=601), "601 passages wanted, but there are 600"),
        (SampleOptions(method="best"), "unknown method"),
        (SampleOptions(method="stratified"), "by what to stratify"),
        (SampleOptions(method="stratified", by=("region",)), "no column region"),
        (SampleOptions(method="stratified", by=("passage_id",)), "each needs at least one"),
        (SampleOptions(method="uncertain", floor=0.0), "no passage may have no chance"),
    ],
)
def test_impossible_samples_are_refused_with_what_to_do(options: SampleOptions, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        draw_sample(passages(), options=options)
