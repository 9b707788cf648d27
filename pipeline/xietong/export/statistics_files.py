"""What Stata and SPSS share: one frame with safe variable names, variable labels and value labels."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from xietong.messages import both

if TYPE_CHECKING:
    import pandas as pd

    from xietong.runs import Run

_VALUES = {0: "value_absent", 1: "value_present", 2: "value_synergy"}
_VALUES_OF_TWO = {0: "value_absent", 1: "value_theme", 2: "value_synergy"}


@dataclass(frozen=True, slots=True)
class LabelledFrame:
    """The wide table as a statistics program wants it."""

    frame: pd.DataFrame
    variable_labels: dict[str, str]
    value_labels: dict[str, dict[int | float, str]]


def labelled_frame(run: Run) -> LabelledFrame:
    """Give the wide table with ASCII variable names, labels, and no missing text.

    These formats are written in one piece, so the table has to fit in memory. NUL, which they cannot hold, is ␀.
    """
    frame = run.passages().drop(columns="folded")
    codes = {code.column: code for code in run.codebook.codes}
    names = _safe_names(list(frame.columns))
    variable_labels: dict[str, str] = {}
    value_labels: dict[str, dict[int | float, str]] = {}
    for column, name in names.items():
        variable_labels[name] = column
        if code := codes.get(column):
            variable_labels[name] = f"{code.label_zh} {code.label_en}".strip() or code.code
            words = _VALUES_OF_TWO if code.scale_max > 1 else _VALUES
            value_labels[name] = {value: both(words[value]) for value in range(code.scale_max + 1)}
    frame["needs_review"] = frame["needs_review"].astype("int8")
    value_labels[names["needs_review"]] = {0: both("value_no"), 1: both("value_yes")}
    frame["year"] = frame["year"].astype("float64")
    frame["confidence"] = frame["confidence"].astype("float64").round(4)
    for column in frame.columns:
        if frame[column].dtype.kind not in "iuf":
            frame[column] = frame[column].astype("object").where(frame[column].notna(), "").str.replace("\0", "␀")
    return LabelledFrame(frame.rename(columns=names), variable_labels, value_labels)


def _safe_names(columns: list[str]) -> dict[str, str]:
    """Make names of at most 32 ASCII letters, digits and _, each different, also without regard to case."""
    names = {"start": "start_char", "end": "end_char"}  # both are words of Stata's language
    taken = set(names.values())
    for number, column in enumerate(columns):
        if column in names:
            continue
        name = re.sub(r"[^A-Za-z0-9_]+", "_", column).strip("_")[:28] or f"user_{number}"
        if not name[0].isalpha():
            name = f"v_{name}"
        while name.lower() in taken:
            name = f"{name[:26]}_{number}"
        taken.add(name.lower())
        names[column] = name
    return names
