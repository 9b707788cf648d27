"""Start two runs on one folder at once: one works, the other says so within two seconds of its start.

python tests/faults/two_starts.py --starts 20
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from subprocess import Popen

from every_operation import hashes, make_corpus
from kills import finish, start


def main() -> None:
    """Start pairs of runs; print how many held and how long the refused ones took."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--starts", type=int, default=20)
    parser.add_argument("--documents", type=int, default=60)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        corpus = make_corpus(Path(place) / "in", options.documents)
        finish(start(corpus, Path(place) / "whole", jobs=1))
        expected = hashes(Path(place) / "whole")
        waits = [start_two(corpus, Path(place) / f"out{number}", expected) for number in range(options.starts)]
    held = sum(wait is not None for wait in waits)
    print(f"{held} of {options.starts} pairs: one worked and gave the usual bytes, the other said the folder is in use")
    print("seconds until it said so: " + " ".join(f"{wait:.2f}" for wait in waits if wait is not None))
    sys.exit(0 if held == options.starts else 1)


def start_two(corpus: Path, out: Path, expected: dict[str, str]) -> float | None:
    """Start two at once; give the seconds the refused one took, None where the pair did not behave."""
    began = time.monotonic()
    with ThreadPoolExecutor() as pool:
        ended = list(pool.map(lambda process: _end(process, began), [start(corpus, out, jobs=1) for _ in range(2)]))
    (seconds, code, said), (_, other, _) = sorted(ended)
    refused = code != 0 and "in use" in said and "Traceback" not in said
    return seconds if refused and other == 0 and hashes(out) == expected else None


def _end(process: Popen, began: float) -> tuple[float, int, str]:
    _, said = process.communicate(timeout=600)
    return time.monotonic() - began, process.returncode, said.decode()


if __name__ == "__main__":
    main()
