"""The permutation tests of the analyses hold their level; ``levels.py`` says it more exactly, in minutes."""

from __future__ import annotations

from pathlib import Path

import pytest

#: Simulated tests of each kind, and how far from 0.05 chance alone takes their share in one of a thousand runs.
N_TESTS = {"contrast": (4000, 0.0115), "contrast_within_years": (4000, 0.0115), "change_point": (1200, 0.021),
           "consistency_of_levels": (400, 0.036)}  # fmt: skip


@pytest.mark.parametrize("name", N_TESTS)
def test_permutation_test_holds_its_level(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(Path(__file__).resolve().parent))
    import levels

    n_tests, tolerance = N_TESTS[name]
    assert getattr(levels, name)(n_tests) == pytest.approx(0.05, abs=tolerance)
