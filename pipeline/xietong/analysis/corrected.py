"""Attention and contrasts corrected with hand codes, in the rows of the trends table, beside the uncorrected ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from xietong.analysis.results import tidy
from xietong.analysis.trends import ATTENTION_MEASURES, CONTRAST_MEASURES
from xietong.assessment import Assessment
from xietong.errors import UsageError

if TYPE_CHECKING:
    from xietong.runs import Run

_INTERVAL = "corrected by power-tuned differences between hand and machine codes; errors clustered by document"


def corrected_trends(run: Run, cells: Sequence[tuple[str, ...]], contrasts: Sequence[str]) -> pd.DataFrame:
    """Correct shares and differences of shares with the hand-coded sample of the run.

    Parameters
    ----------
    cells : properties of documents that make the groups, ``()`` for the whole corpus
    contrasts : properties whose groups are compared with their first

    Returns
    -------
    frame, schema `TRENDS`, with ``corrected`` true; groups without two hand-coded passages have no row

    Raises
    ------
    UsageError
        If nobody coded a passage, or none of a sample with known probabilities.
    """
    assessment = Assessment(run)
    if assessment.sample is None:
        raise UsageError("the hand-coded passages are of no sample; draw one with `xietong sample`")
    rows: list[dict[str, Any]] = []
    for by in cells:
        rows += [_attention_row(row, by) for row in _records(assessment.shares_by(by))]
    attention = tidy(
        rows,
        analysis="attention",
        statistic="attention",
        corrected=True,
        interval=_INTERVAL,
        measures=ATTENTION_MEASURES,
    )
    rows = [_contrast_row(row, by) for by in contrasts for row in _records(assessment.contrasts_by(by))]
    difference = tidy(
        rows,
        analysis="contrast",
        statistic="difference",
        corrected=True,
        interval=_INTERVAL,
        measures=CONTRAST_MEASURES,
    )
    return pd.concat([attention, difference], ignore_index=True) if len(difference) else attention


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    return table.dropna(subset=["corrected"]).to_dict("records") if len(table) else []


def _attention_row(row: dict[str, Any], by: tuple[str, ...]) -> dict[str, Any]:
    values = [] if not by else str(row["group"]).split(" × ") if len(by) > 1 else [row["group"]]
    named = dict(zip(by, values, strict=True))
    year = named.pop("year", None)
    return {
        "facet": row["facet"], "code": row["code"], "value_from": int(row["level"][2:]), "group_by": " × ".join(by),
        "group": " × ".join(str(value) for value in named.values()), "year": None if year is None else int(float(year)),
        "estimate": row["corrected"], "low": row["corrected_low"], "high": row["corrected_high"],
        "n_documents": row["n_documents"], "n_passages": row["n_passages"], "n_coded": row["n_hand"], "caution": row["note"],
    }  # fmt: skip


def _contrast_row(row: dict[str, Any], by: str) -> dict[str, Any]:
    return {
        "facet": row["facet"], "code": row["code"], "value_from": int(row["level"][2:]), "group_by": by,
        "group": str(row["group"]), "reference": str(row["reference"]), "estimate": row["corrected"],
        "low": row["corrected_low"], "high": row["corrected_high"], "p": row["p_value"],
    }  # fmt: skip
