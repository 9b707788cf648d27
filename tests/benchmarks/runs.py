"""Whole runs: seconds per MB and peak memory by size of the corpus, number of workers and engine.

    python tests/benchmarks/runs.py --sizes 3 --jobs 1 2 --engines local dask      # short form
    python tests/benchmarks/runs.py --sizes 10 100 1000 --jobs 2 --json runs.json

The corpora are made by resampling real lines of the three languages (60 % zh-Hans, 20 % zh-Hant, 20 % en), no two
documents alike. A run is the command a user gives: from files to tables, CSV, workbook and report (``--no-report``
leaves the report out). Memory should not grow with the size, and two workers should take less than one.
"""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from corpus import source_name, write_folder
from measuring import measure_program, parser, print_row, report

SHARES = {"zh-Hans": 0.6, "zh-Hant": 0.2, "en": 0.2}


def main() -> None:
    """Measure every combination that was asked for."""
    options_of = parser(__doc__)
    options_of.add_argument("--sizes", nargs="+", type=float, default=[3.0], help="megabytes of text")
    options_of.add_argument("--jobs", nargs="+", type=int, default=[1, 2])
    options_of.add_argument("--engines", nargs="+", default=["local"], choices=["local", "dask"])
    options_of.add_argument("--no-report", action="store_true")
    options = options_of.parse_args()
    print(f"texts: {source_name()}, resampled")
    rows: list[dict[str, Any]] = []
    for size in options.sizes:
        with TemporaryDirectory() as folder:
            corpus = make_corpus(Path(folder) / "corpus", size)
            for engine in options.engines:
                for jobs in options.jobs:
                    rows.append(measure(corpus, Path(folder), size, jobs, engine, has_report=not options.no_report))
                    print_row(rows[-1], is_first=len(rows) == 1)
    report(rows, options.json)


def make_corpus(folder: Path, megabytes: float) -> Path:
    """Write the documents of one size."""
    for language, share in SHARES.items():
        write_folder(folder / language, language, megabytes * share)
    return folder


def measure(corpus: Path, folder: Path, size: float, jobs: int, engine: str, *, has_report: bool) -> dict[str, Any]:
    """Run Xietong on a corpus into a new folder."""
    with TemporaryDirectory(dir=folder) as out:
        command = [sys.executable, "-m", "xietong", "run", str(corpus), "--out", f"{out}/run", "--quiet"]
        command += ["--jobs", str(jobs), "--engine", engine] + ([] if has_report else ["--no-report"])
        found = measure_program(command)
    return {"MB": size, "engine": engine, "jobs": jobs, "s per MB": found["seconds"] / size, **found}


if __name__ == "__main__":
    main()
