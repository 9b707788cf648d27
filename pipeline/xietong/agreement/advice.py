"""What to do with each code, given its agreement: publish, publish with care, or code another round; and why."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from xietong.lists import read_list

#: Krippendorff's customary cuts: rely on alpha from .800, draw tentative conclusions from .667.
RELIABLE, TENTATIVE = 0.800, 0.667
#: With fewer positives than this (mean over coders) one passage moves the coefficients too far.
FEWEST_POSITIVES = 20
ADVICE = ("publish", "publish_with_care", "another_round", "too_rare", "")


@cache
def _reasons() -> dict[str, tuple[str, str]]:
    return {row["reason"]: (row["en"], row["zh"]) for row in read_list("agreement_advice")}


def advise(table: pd.DataFrame) -> pd.DataFrame:
    """Give advice for each row of a table from ``agree``: columns advice, reason_en, reason_zh.

    Alpha decides, since it corrects for chance and prevalence; its lower limit must at least allow tentative
    conclusions. Gwet's coefficient alone never does: for a rare code it is high even when the coders never meet.
    Rows for means and sets get none.
    """
    return pd.DataFrame([_advise_row(row) for row in table.to_dict("records")], index=table.index)


def _advise_row(row: dict[str, Any]) -> dict[str, str]:
    if str(row["code"]).startswith("("):
        return {"advice": "", "reason_en": "", "reason_zh": ""}
    advice, reason = _decide(row)
    known = {k: v for k, v in row.items() if isinstance(v, float | int)}
    limits = {"reliable": RELIABLE, "tentative": TENTATIVE, "fewest": FEWEST_POSITIVES}
    english, chinese = _reasons()[reason]
    return {
        "advice": advice,
        "reason_en": english.format(**known, **limits),
        "reason_zh": chinese.format(**known, **limits),
    }


def _decide(row: dict[str, Any]) -> tuple[str, str]:
    alpha, low, n_positive = row["alpha"], row["alpha_low"], row["n_positive"]
    met = row.get("positive_agreement", np.nan)
    if n_positive == 0:
        return "too_rare", "never_coded"
    if np.isnan(alpha):
        return "too_rare", "undefined"
    if n_positive < FEWEST_POSITIVES:
        return "too_rare", "few_and_low" if alpha < TENTATIVE else "few"
    if alpha < TENTATIVE:
        return "another_round", "agree_on_absence" if row["ac"] >= RELIABLE and not met >= RELIABLE else "low"
    if alpha < RELIABLE:
        return "publish_with_care", "tentative"
    if low < TENTATIVE:
        return "publish_with_care", "wide"
    return "publish", "reliable"
