"""Kill a run's process group at random points, resume, and compare with a run that was never disturbed.

python tests/faults/kills.py --kills 100 --jobs 2
python tests/faults/kills.py --kills 20 --signal TERM
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from every_operation import hashes, make_corpus


def main() -> None:
    """Kill, resume, compare; print how many resumed runs were equal."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--documents", type=int, default=60)
    parser.add_argument("--signal", choices=("KILL", "TERM", "INT"), default="KILL")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        equal, stops = kill_and_resume(Path(place), options)
    print(f"{equal} of {options.kills} resumed runs equal to the undisturbed one, byte for byte")
    if options.signal != "KILL" and stops:
        print(f"slowest stop after SIG{options.signal}: {max(stops):.1f} s")
    sys.exit(0 if equal == options.kills else 1)


def kill_and_resume(place: Path, options: argparse.Namespace) -> tuple[int, list[float]]:
    """Give the number of resumed runs that were equal, and the seconds each stop took."""
    rng = random.Random(options.seed)
    corpus = make_corpus(place / "in", options.documents)
    began = time.monotonic()
    finish(start(corpus, place / "whole", options.jobs))
    usual = time.monotonic() - began
    expected = hashes(place / "whole")
    equal, stops = 0, []
    for number in range(options.kills):
        out = place / "out"
        shutil.rmtree(out, ignore_errors=True)
        for _ in range(rng.randint(1, 3)):
            process = start(corpus, out, options.jobs)
            time.sleep(rng.uniform(0.02, usual))
            stops.append(stop(process, options.signal))
        finish(start(corpus, out, options.jobs))
        equal += hashes(out) == expected
        print(f"{equal} of {number + 1} equal so far", file=sys.stderr, flush=True)
    return equal, stops


def start(corpus: Path, out: Path, jobs: int) -> subprocess.Popen:
    """Start a run in a process group of its own."""
    argv = [sys.executable, "-m", "xietong", "run", str(corpus), "--out", str(out), "--jobs", str(jobs), "--quiet"]
    return subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True)


def stop(process: subprocess.Popen, name: str) -> float:
    """Signal the run; KILL goes to the whole group, as a power cut would. Give the seconds until it was gone."""
    began = time.monotonic()
    if process.poll() is None:
        number = getattr(signal, f"SIG{name}")
        (os.killpg if name == "KILL" else os.kill)(process.pid, number)
    process.communicate(timeout=60)
    return time.monotonic() - began


def finish(process: subprocess.Popen) -> None:
    """Wait for a run that must succeed."""
    _, said = process.communicate(timeout=600)
    if process.returncode != 0:
        raise SystemExit(f"a run that nobody disturbed failed with {process.returncode}: {said.decode()}")


if __name__ == "__main__":
    main()
