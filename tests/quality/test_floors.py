"""No coder may code less well than it once did: macro-F1 against the hand codes stays above ``floors.json``.

The floors hold for the hand codes of ``../shared/gold``: other hand codes move the figures and need other floors. Raise one
when ``tests/quality/evaluate.py`` gives more; lower one only on purpose, with the reason in ``pipeline/docs/decisions.md``.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest

HERE = Path(__file__).resolve().parent
SHARED = HERE.parents[1] / ".." / "shared"
FLOORS = json.loads((HERE / "floors.json").read_text(encoding="utf-8"))

pytestmark = pytest.mark.skipif(not (SHARED / "gold").is_dir(), reason="needs ../shared: the hand-coded passages")


@pytest.fixture(scope="module")
def evaluation(monkeypatch_module: pytest.MonkeyPatch):
    monkeypatch_module.setattr(sys, "path", [str(HERE), str(HERE.parents[1] / "pipeline"), *sys.path])
    import evaluate

    return evaluate


@pytest.fixture(scope="module")
def monkeypatch_module():
    with pytest.MonkeyPatch.context() as patch:
        yield patch


@pytest.fixture(scope="module")
def task(evaluation):
    return evaluation.open_task(SHARED)


def below(figures: dict[str, float], floors: dict[str, float]) -> dict[str, str]:
    """Say which figures are below their floors, or not numbers at all."""
    lows = {aspect: floor for aspect, floor in floors.items() if not figures[aspect] >= floor}
    return {aspect: f"{figures[aspect]:.3f}, floor {floor:.3f}" for aspect, floor in lows.items()}


def test_terms_alone_stay_above_their_floor(evaluation, task) -> None:
    rows = np.nonzero(task.is_dev)[0]
    passages = [task.gold.passages[i] for i in rows.tolist()]
    coded = evaluation.code_by_terms(passages, task.codebook, task.matcher)
    figures = evaluation.macro_f1(evaluation.score_codes(task.lesson.values[rows], coded.values, task.codebook))
    assert not below(figures, FLOORS["terms"])


@pytest.mark.slow
def test_combined_stays_above_its_floor_on_documents_it_has_not_seen(evaluation, task) -> None:
    from xietong.coders.convolution_training import NetworkOptions
    from xietong.coders.training import TrainingOptions

    # One fold of five, and a shorter training than the shipped model's: a floor, not the figure of the README.
    train, test = next(evaluation.folds_by_document(task))
    options = TrainingOptions(n_folds=2, n_networks=1, network=NetworkOptions(n_rounds=8))
    found = evaluation.predict_held_out(task, iter([(train, test)]), options)
    hand = task.lesson.values[test]
    figures = evaluation.macro_f1(
        evaluation.score_codes(hand, found.values["combined"][test], task.codebook), fewest=10
    )
    assert not below(figures, FLOORS["combined"])
