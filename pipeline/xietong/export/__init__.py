"""Writes a run in the formats of other programs: one file a format, one table of all of them."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from xietong.errors import UsageError

if TYPE_CHECKING:
    from xietong.runs import Run

#: format -> (module of this package, name of what it writes inside the run folder)
EXPORTERS = {
    "csv": ("csv_file", "passages.csv"),
    "xlsx": ("xlsx", "passages.xlsx"),
    "jsonl": ("jsonl", "passages.jsonl"),
    "parquet": ("parquet", "passages.parquet"),
    "duckdb": ("duckdb_file", "run.duckdb"),
    "sqlite": ("sqlite_file", "run.sqlite"),
    "stata": ("stata", "passages.dta"),
    "spss": ("spss", "passages.sav"),
    "qdpx": ("refi_qda", "project.qdpx"),
    "qdc": ("refi_codebook", "codebook.qdc"),
    "labelstudio": ("labelstudio", "tasks.json"),
    "inception": ("inception", "inception.zip"),
}


def export(run: Run, format: str, target: str | Path | None = None) -> Path:
    """Write a run in the format of another program.

    Parameters
    ----------
    run : an opened run
    format : one of ``EXPORTERS``
    target : file or folder to write; None for the usual name inside the run folder

    Returns
    -------
    Path
        What was written: the target, complete; it is written beside and renamed.

    Raises
    ------
    UsageError
        If there is no such format.
    MissingExtraError
        If the format needs an optional library that is not installed.
    """
    if format not in EXPORTERS:
        raise UsageError(f"no export format {format!r}; there are {', '.join(EXPORTERS)}")
    module_name, name = EXPORTERS[format]
    module = import_module(f"{__name__}.{module_name}")
    write: Callable[[Run, Path], None] = module.write
    target = Path(target) if target is not None else run.folder / name
    target.parent.mkdir(parents=True, exist_ok=True)
    # the ending stays, because some libraries go by it
    beside = target.with_name(f".tmp-{target.name}")
    beside.unlink(missing_ok=True)
    try:
        write(run, beside)
        beside.replace(target)
        for name, text in getattr(module, "companions", lambda run, target: {})(run, target).items():
            target.with_name(name).write_text(text, encoding="utf-8", newline="\n")
    finally:
        beside.unlink(missing_ok=True)
    return target
