"""Runs again every figure that README and docs quote, and writes the page ``figures.md`` from what the commands print.

python pipeline/docs/figures.py               # all of them: several hours
python pipeline/docs/figures.py floor terms   # some; the others keep what they last printed
python pipeline/docs/figures.py --list
"""

from __future__ import annotations

import argparse
import os
import platform
import shlex
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = Path(__file__).with_suffix(".md")


@dataclass(frozen=True)
class Figure:
    """One command whose output the page quotes."""

    name: str
    title: str
    command: str


FIGURES = (
    Figure("terms", "Codes: floors that no change may fall below", "pytest -q tests/quality/test_floors.py -m ''"),
    Figure("codes", "Codes: every coder on documents it has not seen", "python tests/quality/evaluate.py"),
    Figure("collections", "Codes: whole collections unseen", "python tests/quality/evaluate.py --by collection --quick"),
    Figure("curve", "Codes: learning curve", "python tests/quality/evaluate.py --learning-curve --quick --first 2"),
    Figure("peers", "Codes: peers on the same passages", "python tests/quality/peers.py"),
    Figure("reading", "Reading: all figures", "python tests/quality/reading_figures.py"),
    Figure("formats", "Reading: speed by format", "python tests/benchmarks/formats.py --mb 1"),
    Figure("floor", "Speed: against the least it could cost", "python tests/benchmarks/floor.py --mb 50 20 20 --rounds 1"),
    Figure("runs", "Speed and memory: whole runs by size", "python tests/benchmarks/runs.py --sizes 10 100 --jobs 1 2"),
    Figure("large", "Speed and memory: 1,000 MB", "python tests/benchmarks/runs.py --sizes 1000 --jobs 2"),
    Figure("engines", "Speed: local and Dask", "python tests/benchmarks/runs.py --sizes 10 --engines local dask"),
    Figure("scripts", "Speed: what others would do", "python tests/benchmarks/peers.py --mb 10"),
    Figure("startup", "Speed: start-up", "python tests/benchmarks/startup.py --rounds 9"),
    Figure("outputs", "Outputs at 100,000 passages", "python tests/benchmarks/outputs_at_size.py"),
    Figure("analyses", "Analyses on a run", "python tests/benchmarks/analyses.py outputs/sample 50000"),
    Figure("aligned", "Codes: the same reports in English and Chinese", "python tests/quality/aligned.py"),
    Figure("half", "Hand codes: trained on half, corrected on the rest", "python tests/quality/half.py"),
    Figure("levels", "Analyses: level of the permutation tests", "python tests/quality/levels.py"),
    Figure("kills", "Faults: 100 kills at random points", "python tests/faults/kills.py --kills 100 --jobs 2"),
    Figure(
        "operations", "Faults: every file operation fails once",
        "python tests/faults/every_operation.py --documents 20 --step 1",
    ),
    Figure("edits", "Faults: 200 sequences of edits", "python tests/faults/edits.py --sequences 200"),
    Figure("disks", "Faults: disks of 10 sizes that are full", "python tests/faults/disk_full.py --sizes 10"),
    Figure("workers", "Faults: 20 Dask workers killed", "python tests/faults/dask_kills.py --kills 20"),
    Figure("starts", "Faults: two runs started at once", "python tests/faults/two_starts.py --starts 20"),
    Figure("bytes", "The same bytes, however it is run", "python tests/faults/same_bytes.py"),
)  # fmt: skip


def run(figure: Figure) -> str:
    """Run a figure's command in the project's folder; give what it printed, and where and when, as Markdown."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    started = time.monotonic()
    done = subprocess.run(
        shlex.split(figure.command), cwd=ROOT, env=os.environ | {"PATH": path}, text=True, check=False,
        stdout=subprocess.PIPE,
    )  # fmt: skip
    minutes = (time.monotonic() - started) / 60
    where = f"{platform.machine()}, {os.cpu_count()} processors, Python {platform.python_version()}"
    head = f"{time.strftime('%Y-%m-%d')}, {commit()}, {where}, {minutes:.1f} min, exit code {done.returncode}"
    return f"{head}\n\n```text\n{done.stdout.strip()}\n```"


def commit() -> str:
    """Name the state of the project that is measured; this page itself does not count as a change."""
    page = PAGE.relative_to(ROOT)
    changes = _git("status", "--porcelain", "--untracked-files=no", "--", ".", f":!{page}")
    return (_git("rev-parse", "--short", "HEAD") or "no git") + ("-dirty" if changes else "")


def _git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.strip()


def kept() -> dict[str, str]:
    """Give what the page holds of each figure, by its title."""
    if not PAGE.is_file():
        return {}
    sections = PAGE.read_text(encoding="utf-8").split("\n## ")[1:]
    return {title: body.split("`\n\n", 1)[1].strip() for title, _, body in (s.partition("\n") for s in sections)}


def write_page(new: dict[str, str]) -> None:
    """Write the page; a figure that was not run keeps what it had, or says that it was not run."""
    results = kept() | new
    parts = ["# Figures", "", "Every figure that README and docs quote comes from one of these commands. This page is made by",
             "`python pipeline/docs/figures.py`; a figure keeps its last output until it is run again."]  # fmt: skip
    for figure in FIGURES:
        parts += ["", f"## {figure.title}", "", f"`{figure.command}`", "", results.get(figure.title, "Not run yet.")]
    PAGE.write_text("\n".join(parts) + "\n", encoding="utf-8")


def main() -> None:
    """Run what is asked for and write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help="figures to run; all of them by default")
    parser.add_argument("--list", action="store_true", help="name the figures and their commands")
    arguments = parser.parse_args()
    unknown = set(arguments.names) - {figure.name for figure in FIGURES}
    if unknown:
        parser.error(f"no such figure: {', '.join(sorted(unknown))}; --list names them")
    if arguments.list:
        print("\n".join(f"{figure.name:12} {figure.command}" for figure in FIGURES))
        return
    for figure in FIGURES:
        if not arguments.names or figure.name in arguments.names:
            print(f"{figure.name}: {figure.command}", flush=True)
            write_page({figure.title: run(figure)})


if __name__ == "__main__":
    main()
