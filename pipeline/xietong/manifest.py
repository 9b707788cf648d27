"""manifest.json: what ran, on what, with which options, versions and hashes; written last, so that it marks a complete run."""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Sequence
from dataclasses import asdict
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xietong import __version__
from xietong.errors import RunFolderError
from xietong.ids import content_hash
from xietong.parts import file_hash, without_secret

if TYPE_CHECKING:
    from xietong.batch import Recipe, Task
    from xietong.job import RunOptions
    from xietong.merge import Counts

_NAME = "manifest.json"
#: What people open and may correct; `xietong report` writes report.html itself.
_FOR_PEOPLE = ("passages.csv", "passages.xlsx")
_PROGRAM_FILES = {".py", ".csv", ".txt", ".json", ".html", ".css", ".js"}
#: Libraries whose version can change a result.
_LIBRARIES = (
    "opencc", "jieba", "rjieba", "spacy", "spacy-lookups-data", "ahocorasick_rs", "pypdfium2", "lxml", "selectolax",
    "python-calamine", "charset-normalizer", "numpy", "scipy", "scikit-learn", "pyarrow",
)  # fmt: skip


@cache
def program_hash() -> str:
    """Say in one hash which program this is: its version, the content of its files, the libraries it reads text with."""
    package = Path(__file__).parent
    digest = hashlib.sha256()
    for file in sorted(package.rglob("*")):
        if file.is_file() and file.suffix in _PROGRAM_FILES and "_bundled" not in file.parts:
            digest.update(str(file.relative_to(package)).encode() + b"\0" + file.read_bytes() + b"\0")
    return content_hash(__version__, digest.hexdigest(), library_versions())


def library_versions() -> dict[str, str]:
    """List the installed versions of the libraries that results depend on."""
    return {name: metadata.version(name) for name in _LIBRARIES}


def plan_hash(tasks: Sequence[Task], options: RunOptions, recipe: Recipe) -> str:
    """Say in one hash what a finished run of these tasks would hold."""
    keys = [[task.source.file, task.read_key, task.code_key] for task in tasks]
    return content_hash(keys, options.has_report, options.language, recipe.program)


def write(
    out: Path,
    state: str,
    tasks: Sequence[Task],
    options: RunOptions,
    recipe: Recipe,
    counts: Counts,
    outputs: Sequence[str],
    *,
    seconds: float,
) -> None:
    """Write the manifest beside and rename it."""
    record = {
        "program": {"name": "xietong", "version": __version__, "hash": recipe.program, "libraries": library_versions()},
        "python": platform.python_version(),
        "plan": state,
        "options": asdict(options) | {"parts": without_secret(options.parts)},
        "codebook": {"name": recipe.codebook.name, "hash": recipe.codebook.content_hash},
        "model": {"name": recipe.model, "hash": recipe.model_hash},
        "inputs": [
            {"file": task.source.file, "sha256": task.source.sha256, "bytes": task.source.n_bytes} for task in tasks
        ],
        "counts": asdict(counts),
        "seconds": round(seconds, 3),
        "outputs": {name: file_hash(out / name) for name in outputs},
    }
    beside = out / f".{_NAME}.tmp"
    beside.write_text(
        json.dumps(record, ensure_ascii=False, indent=1) + "\n", encoding="utf-8", errors="backslashreplace"
    )
    beside.replace(out / _NAME)


def read(out: Path) -> dict[str, Any]:
    """Read the manifest of a run folder."""
    try:
        return json.loads((out / _NAME).read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise RunFolderError(
            f"{out} is not a finished run folder: it has no {_NAME}; run `xietong run … --out {out}`"
        ) from error
    except ValueError as error:
        raise RunFolderError(f"{out / _NAME} is damaged ({error}); run `xietong run` on the folder again") from error


def exists(out: Path) -> bool:
    """Tell whether the folder holds a finished run."""
    return (out / _NAME).is_file()


def remove(out: Path) -> None:
    """Take the manifest away before outputs are replaced: from here on the folder is not a complete run."""
    (out / _NAME).unlink(missing_ok=True)


def inputs(out: Path) -> set[str]:
    """Name the input files of the finished run in the folder; none where there is none."""
    try:
        return {row["file"] for row in read(out)["inputs"]}
    except (RunFolderError, KeyError, TypeError):
        return set()


def edited(out: Path) -> list[str]:
    """Name the files for people that are no longer as the finished run wrote them, by their hashes; none is missing."""
    try:
        written = read(out)["outputs"]
        here = [name for name in _FOR_PEOPLE if name in written and (out / name).is_file()]
        return [name for name in here if file_hash(out / name) != written[name]]
    except (RunFolderError, KeyError, TypeError):
        return []


def is_complete(out: Path, state: str) -> bool:
    """Tell whether the folder already holds what this plan would give, every output as it was written."""
    if not exists(out):
        return False
    try:
        record = read(out)
        return record["plan"] == state and all(
            (out / n).is_file() and file_hash(out / n) == h for n, h in record["outputs"].items()
        )
    except (RunFolderError, KeyError, TypeError, AttributeError):
        return False
