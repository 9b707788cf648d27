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
    write: Callable[[Run, Path], None] = import_module(f"{__name__}.{module_name}").write
    target = Path(target) if target is not None else run.folder / name
    target.parent.mkdir(parents=True, exist_ok=True)
    beside = target.with_name(f".{target.name}.tmp")
    try:
        write(run, beside)
        beside.replace(target)
    finally:
        beside.unlink(missing_ok=True)
    return target
