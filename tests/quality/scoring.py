"""Precision, recall and F1 of assigned codes against hand codes, by code, facet, value and language."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from xietong.codebook import Codebook

#: (name, facet, least value): what is scored.
ASPECTS = (("theme", "path", 1), ("synergy", "path", 2), ("mechanism", "mechanism", 1))
FEWEST_POSITIVES = 20  # codes with fewer do not enter a mean


def hand_codes(gold: pd.DataFrame, codebook: Codebook) -> NDArray[np.int8]:
    """Give the hand codes of ``gold/*.csv`` in the order of the codebook, shape (n_passages, n_codes)."""
    columns = [("p_" if code.facet == "path" else "m_") + code.code for code in codebook.codes]
    return gold[columns].to_numpy(dtype=np.int8)


def f1_score(hand: NDArray[np.bool_], machine: NDArray[np.bool_]) -> tuple[float, float, float]:
    """Precision, recall and F1 of one code; 0 where undefined."""
    both = int((hand & machine).sum())
    precision = both / max(int(machine.sum()), 1)
    recall = both / max(int(hand.sum()), 1)
    return precision, recall, 2 * both / max(int(hand.sum()) + int(machine.sum()), 1)


def score_codes(hand: NDArray[np.int8], machine: NDArray[np.int8], codebook: Codebook) -> list[dict[str, object]]:
    """Score each code of each aspect; both arrays have shape (n_passages, n_codes)."""
    rows: list[dict[str, object]] = []
    for aspect, facet, least in ASPECTS:
        for i, code in enumerate(codebook.codes):
            if code.facet == facet:
                true, assigned = hand[:, i] >= least, machine[:, i] >= least
                precision, recall, f1 = f1_score(true, assigned)
                row = {
                    "aspect": aspect,
                    "code": code.code,
                    "positives": int(true.sum()),
                    "assigned": int(assigned.sum()),
                }
                rows.append({**row, "precision": precision, "recall": recall, "f1": f1})
    return rows


def macro_f1(rows: Sequence[dict[str, object]], fewest: int = FEWEST_POSITIVES) -> dict[str, float]:
    """Mean F1 of each aspect over its codes with at least ``fewest`` positives; nan where there is none."""
    means = {}
    for aspect, _, _ in ASPECTS:
        scores = [row["f1"] for row in rows if row["aspect"] == aspect and int(str(row["positives"])) >= fewest]
        means[aspect] = float(np.mean(scores)) if scores else float("nan")
    return means


def by_language(
    hand: NDArray[np.int8],
    machine: NDArray[np.int8],
    codebook: Codebook,
    languages: Sequence[str],
    fewest: int = FEWEST_POSITIVES,
) -> dict[str, dict[str, float]]:
    """Macro-F1 within each language."""
    of = np.asarray(languages)
    return {
        str(language): macro_f1(score_codes(hand[of == language], machine[of == language], codebook), fewest)
        for language in sorted(set(languages))
    }
