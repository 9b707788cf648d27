"""passages.dta: the wide table for Stata 14 and later, with variable and value labels."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from xietong.export.statistics_files import labelled_frame

if TYPE_CHECKING:
    from xietong.runs import Run

_LONGEST_STRING, _LONGEST_LABEL = 2_045, 80


def write(run: Run, target: Path) -> None:
    """Write Stata's format 118; text longer than 2,045 bytes becomes strL, so nothing is cut."""
    labelled = labelled_frame(run)
    frame = labelled.frame
    texts = [name for name in frame.columns if frame[name].dtype == "object"]
    long = [name for name in texts if frame[name].str.encode("utf-8").str.len().max() > _LONGEST_STRING]
    frame.to_stata(
        target,
        version=118,
        write_index=False,
        convert_strl=long,
        data_label="Xietong: coded policy passages",
        variable_labels={name: label[:_LONGEST_LABEL] for name, label in labelled.variable_labels.items()},
        value_labels=labelled.value_labels,
        time_stamp=datetime(2000, 1, 1),  # the same run gives the same bytes
    )
