"""Keeps samples in the run folder: which passages, with which chance, for which coders, in which order."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pandas as pd

from xietong.errors import UsageError
from xietong.hand_codes.store import FOLDER

_NAME = re.compile(r"[\w.-]{1,40}")


def save_sample(
    run_folder: str | Path, name: str, sample: pd.DataFrame, assignment: pd.DataFrame, about: dict[str, Any]
) -> Path:
    """Write a sample as ``hand/samples/NAME.parquet``, ``NAME.csv`` (who codes what) and ``NAME.json`` (how drawn).

    Parameters
    ----------
    sample : one row per passage that could be drawn, from ``sampling.draw_sample``
    assignment : passage_id, coder, order, from ``sampling.split_among_coders``
    about : method, options and the like, kept as they are

    Raises
    ------
    UsageError
        If the name is unfit for a file, or taken: coders may be at work on that sample.
    """
    if not _NAME.fullmatch(name) or name.startswith("."):
        raise UsageError(f'sample name "{name}": use letters, digits, - _ and .')
    folder = Path(run_folder) / FOLDER / "samples"
    if (folder / f"{name}.json").exists():
        raise UsageError(f"there is a sample {name} already; give another name, its passages may be coded by now")
    folder.mkdir(parents=True, exist_ok=True)
    sample.reset_index(drop=True).to_parquet(folder / f"{name}.parquet", index=False)
    assignment.to_csv(folder / f"{name}.csv", index=False, encoding="utf-8-sig")
    # last, since it is what makes the sample count
    (folder / f"{name}.json").write_text(json.dumps(about, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return folder / f"{name}.json"


def list_samples(run_folder: str | Path) -> list[str]:
    """List the names of a run's samples, sorted."""
    return sorted(file.stem for file in (Path(run_folder) / FOLDER / "samples").glob("*.json"))


def read_sample(run_folder: str | Path, name: str) -> tuple[pd.DataFrame, pd.DataFrame, dict[str, Any]]:
    """Read a sample: (sample, assignment, about), as they were saved."""
    folder = Path(run_folder) / FOLDER / "samples"
    if name not in list_samples(run_folder):
        known = ", ".join(list_samples(run_folder)) or "none; draw one with `xietong sample`"
        raise UsageError(f"no sample {name}; the samples are: {known}")
    assignment = pd.read_csv(folder / f"{name}.csv", encoding="utf-8-sig", dtype={"passage_id": str, "coder": str})
    about = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
    return pd.read_parquet(folder / f"{name}.parquet"), assignment, about
