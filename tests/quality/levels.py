"""How often the permutation tests find at 0.05 what is not there, on simulated corpora without any difference.

python tests/quality/levels.py [--tests 4000]

A test that holds its level says so in 5 % of the cases; 4,000 independent tests tell 5 % from 4 and 6 %.
"""

from __future__ import annotations

import argparse

import numpy as np
import pandas as pd

from xietong.analysis.change_points import change_points
from xietong.analysis.consistency import consistency
from xietong.analysis.counts import Counts, Measured
from xietong.analysis.trends import permuted_difference


def contrast(n_tests: int) -> float:
    """Contrast of two groups of documents: 30 documents of unequal length that differ from one another, 40 codes."""
    generator = np.random.default_rng(5)
    p = []
    for trial in range(n_tests // 40):
        n = np.maximum(5, np.round(np.exp(generator.normal(3.2, 0.7, 30)))).astype(int)
        k = generator.binomial(n[:, None], generator.beta(4, 16, (30, 40)))
        p.append(permuted_difference(k, n, np.arange(30) < 12, n_permutations=199, seed=trial))
    return level(np.concatenate(p))


def contrast_within_years(n_tests: int) -> float:
    """The same where the years differ and one group is mostly from the first year."""
    generator = np.random.default_rng(8)
    year = np.repeat([0, 1], 20)
    first = np.r_[np.arange(20) < 15, np.arange(20) < 5]
    p = []
    for trial in range(n_tests // 6):
        n = generator.integers(20, 80, 40)
        k = generator.binomial(n[:, None], np.where(year == 0, 0.3, 0.1)[:, None] * np.ones((1, 6)))
        p.append(permuted_difference(k, n, first, blocks=year, n_permutations=199, seed=trial))
    return level(np.concatenate(p))


def change_point(n_tests: int) -> float:
    """Change of level in ten years of three documents, 20 codes that never change."""
    generator = np.random.default_rng(4)
    frame = pd.DataFrame({"year": np.repeat(np.arange(2010, 2020), 3), "document_id": range(30)})
    p: list[float] = []
    for trial in range(n_tests // 20):
        n = generator.integers(10, 60, 30)
        counts = counted(frame, n, generator.binomial(n[:, None], generator.beta(4, 16, (30, 20))))
        table = change_points(counts, by=None, n_permutations=99, seed=trial)
        p += list(table.loc[table["statistic"] == "year_of_change", "p"])
    return level(np.array(p))


def consistency_of_levels(n_tests: int) -> float:
    """Consistency of two levels of government that follow one policy, three years."""
    generator = np.random.default_rng(9)
    frame = pd.DataFrame({"year": np.tile([2019, 2020, 2021], 8), "level": ["a"] * 9 + ["b"] * 15})
    p = []
    for trial in range(n_tests):
        n = generator.integers(20, 60, 24)
        counts = counted(frame, n, np.stack([generator.multinomial(size, [0.4, 0.3, 0.2, 0.1]) for size in n]))
        table = consistency(counts, "f", ("a", "b"), n_resamples=2, n_permutations=99, seed=trial)
        p.append(table.loc[(table["statistic"] == "jensen_shannon") & table["year"].isna(), "p"].item())
    return level(np.array(p))


def counted(frame: pd.DataFrame, n: np.ndarray, k: np.ndarray) -> Counts:
    """Give simulated counts, shape (n_documents, n_codes), as the analyses take them."""
    return Counts(documents=frame, n=n, k=k, measured=tuple(Measured("f", str(i), 1) for i in range(k.shape[1])))


def level(p: np.ndarray) -> float:
    """Share of the tests that reject at 0.05."""
    return float(np.mean(p <= 0.05))


TESTS = (contrast, contrast_within_years, change_point, consistency_of_levels)


def main() -> None:
    """Print the level of each test."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tests", type=int, default=4000, help="simulated tests of each kind")
    n_tests = parser.parse_args().tests
    for test in TESTS:
        print(f"{test.__name__:24} {test(n_tests):.2%} of {n_tests} tests reject at 0.05", flush=True)


if __name__ == "__main__":
    main()
