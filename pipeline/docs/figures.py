"""Runs again every figure that README and docs quote, and writes the page ``figures.md`` from what the commands print.

python pipeline/docs/figures.py               # all of them: several hours
python pipeline/docs/figures.py floor terms   # some; the others keep what they last printed
python pipeline/docs/figures.py --short       # all of them on little data, to see that every command works: half an hour
python pipeline/docs/figures.py --list

``--short`` leaves the page alone and writes ``outputs/figures_short.md``. The exit code is 1 where a command failed.
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
SHORT_PAGE = ROOT / "outputs" / "figures_short.md"


@dataclass(frozen=True)
class Figure:
    """One command whose output the page quotes, and what is left out of it or put in its place to see that it works."""

    name: str
    title: str
    command: str
    short: tuple[str, str] = ("", "")

    def shortened(self) -> Figure:
        """Give the figure with its command on little data."""
        old, new = self.short
        command = self.command.replace(old, new) if old else f"{self.command} {new}".strip()
        return Figure(self.name, self.title, command)


FIGURES = (
    Figure(
        "terms",
        "Codes: floors that no change may fall below",
        "pytest -q tests/quality/test_floors.py -m ''",
        (" -m ''", ""),
    ),
    Figure(
        "codes",
        "Codes: every coder on documents it has not seen",
        "python tests/quality/evaluate.py",
        ("", "--quick --first 1"),
    ),
    Figure(
        "collections",
        "Codes: whole collections unseen",
        "python tests/quality/evaluate.py --by collection --quick",
        ("", "--first 1"),
    ),
    Figure(
        "curve",
        "Codes: learning curve",
        "python tests/quality/evaluate.py --learning-curve --quick --first 2",
        ("--first 2", "--first 1"),
    ),
    Figure(
        "peers",
        "Codes: peers on the same passages",
        "python tests/quality/peers.py",
        ("", "--only 'dictionary, word by word' 'Xietong, terms'"),
    ),
    Figure("reading", "Reading: all figures", "python tests/quality/reading_figures.py"),
    Figure("formats", "Reading: speed by format", "python tests/benchmarks/formats.py --mb 1"),
    Figure(
        "floor",
        "Speed: against the least it could cost",
        "python tests/benchmarks/floor.py --mb 50 20 20 --rounds 1",
        ("50 20 20", "2 2 2"),
    ),
    Figure(
        "runs",
        "Speed and memory: whole runs by size",
        "python tests/benchmarks/runs.py --sizes 10 100 --jobs 1 2",
        ("10 100", "1 3"),
    ),
    Figure(
        "large", "Speed and memory: 1,000 MB", "python tests/benchmarks/runs.py --sizes 1000 --jobs 2", ("1000", "10")
    ),
    Figure(
        "engines",
        "Speed: local and Dask",
        "python tests/benchmarks/runs.py --sizes 10 --engines local dask",
        ("10", "2"),
    ),
    Figure("scripts", "Speed: what others would do", "python tests/benchmarks/peers.py --mb 10", ("10", "1")),
    Figure("startup", "Speed: start-up", "python tests/benchmarks/startup.py --rounds 9", ("9", "3")),
    Figure(
        "outputs",
        "Outputs at 100,000 passages",
        "python tests/benchmarks/outputs_at_size.py outputs/sample 100000",
        ("100000", "5000"),
    ),
    Figure(
        "analyses", "Analyses on a run", "python tests/benchmarks/analyses.py outputs/sample 50000", ("50000", "2000")
    ),
    Figure("aligned", "Codes: the same reports in English and Chinese", "python tests/quality/aligned.py"),
    Figure("half", "Hand codes: trained on half, corrected on the rest", "python tests/quality/half.py"),
    Figure("levels", "Analyses: level of the permutation tests", "python tests/quality/levels.py", ("", "--tests 100")),
    Figure(
        "kills", "Faults: 100 kills at random points", "python tests/faults/kills.py --kills 100 --jobs 2", ("100", "5")
    ),
    Figure(
        "operations",
        "Faults: every file operation fails once",
        "python tests/faults/every_operation.py --documents 20 --step 1",
        ("--step 1", "--step 20"),
    ),
    Figure("edits", "Faults: 200 sequences of edits", "python tests/faults/edits.py --sequences 200", ("200", "4")),
    Figure(
        "disks", "Faults: disks of 10 sizes that are full", "python tests/faults/disk_full.py --sizes 10", ("10", "3")
    ),
    Figure("workers", "Faults: 20 Dask workers killed", "python tests/faults/dask_kills.py --kills 20", ("20", "2")),
    Figure("starts", "Faults: two runs started at once", "python tests/faults/two_starts.py --starts 20", ("20", "2")),
    Figure("bytes", "The same bytes, however it is run", "python tests/faults/same_bytes.py", ("", "--repeat 1")),
)


def run(figure: Figure) -> tuple[str, int]:
    """Run a figure's command in the project's folder; give what it printed, where and when, and its exit code."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    started = time.monotonic()
    done = subprocess.run(
        shlex.split(figure.command), cwd=ROOT, env=os.environ | {"PATH": path}, text=True, check=False,
        stdout=subprocess.PIPE,
    )  # fmt: skip
    minutes = (time.monotonic() - started) / 60
    where = f"{platform.machine()}, {os.cpu_count()} processors, Python {platform.python_version()}"
    head = f"{time.strftime('%Y-%m-%d')}, {commit()}, {where}, {minutes:.1f} min, exit code {done.returncode}"
    return f"{head}\n\n```text\n{done.stdout.strip()}\n```", done.returncode


def commit() -> str:
    """Name the state of the project that is measured; this page itself does not count as a change."""
    page = PAGE.relative_to(ROOT)
    changes = _git("status", "--porcelain", "--untracked-files=no", "--", ".", f":!{page}")
    return (_git("rev-parse", "--short", "HEAD") or "no git") + ("-dirty" if changes else "")


def _git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.strip()


def kept(page: Path) -> dict[str, str]:
    """Give what a page holds of each figure, by its title."""
    if not page.is_file():
        return {}
    sections = page.read_text(encoding="utf-8").split("\n## ")[1:]
    return {title: body.split("`\n\n", 1)[1].strip() for title, _, body in (s.partition("\n") for s in sections)}


def write_page(new: dict[str, str], page: Path = PAGE, figures: tuple[Figure, ...] = FIGURES) -> None:
    """Write the page; a figure that was not run keeps what it had, or says that it was not run."""
    results = kept(page) | new
    parts = ["# Figures", "", "Every figure that README and docs quote comes from one of these commands. This page is made by",
             "`python pipeline/docs/figures.py`; a figure keeps its last output until it is run again."]  # fmt: skip
    for figure in figures:
        parts += ["", f"## {figure.title}", "", f"`{figure.command}`", "", results.get(figure.title, "Not run yet.")]
    page.write_text("\n".join(parts) + "\n", encoding="utf-8")


def main() -> int:
    """Run what is asked for and write the page; give 1 where a command failed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help="figures to run; all of them by default")
    parser.add_argument("--short", action="store_true", help="on little data, into outputs/figures_short.md")
    parser.add_argument("--list", action="store_true", help="name the figures and their commands")
    arguments = parser.parse_args()
    unknown = set(arguments.names) - {figure.name for figure in FIGURES}
    if unknown:
        parser.error(f"no such figure: {', '.join(sorted(unknown))}; --list names them")
    figures = tuple(figure.shortened() for figure in FIGURES) if arguments.short else FIGURES
    if arguments.list:
        print("\n".join(f"{figure.name:12} {figure.command}" for figure in figures))
        return 0
    return run_all(tuple(figure for figure in figures if not arguments.names or figure.name in arguments.names),
                   SHORT_PAGE if arguments.short else PAGE, figures)  # fmt: skip


def run_all(chosen: tuple[Figure, ...], page: Path, figures: tuple[Figure, ...]) -> int:
    """Run figures one after another, each onto the page as soon as it is there; some of them look at the sample's run."""
    subprocess.run([sys.executable, "-m", "xietong", "run", "--quiet"], cwd=ROOT, check=True)
    failed = []
    for figure in chosen:
        print(f"{figure.name}: {figure.command}", flush=True)
        text, code = run(figure)
        write_page({figure.title: text}, page, figures)
        failed += [figure.name] * (code != 0)
    print(f"failed: {', '.join(failed)}" if failed else f"{len(chosen)} figures in {page}")
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main())
