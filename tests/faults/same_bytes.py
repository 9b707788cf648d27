"""Run the same documents in every way a user may run them: tables and CSV must be the same bytes each time.

python tests/faults/same_bytes.py                                # the sample
python tests/faults/same_bytes.py FOLDER --repeat 5
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from every_operation import ROOT, hashes


def main() -> None:
    """Run in every way; print the ways and whether their bytes are those of the first."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path, default=ROOT / "corpora" / "sample")
    parser.add_argument("--repeat", type=int, default=5, help="runs that differ in nothing")
    parser.add_argument("--only", nargs="+", metavar="WAY", help="compare the first run with these ways alone")
    options = parser.parse_args()
    expected: dict[str, str] = {}
    results = []
    with tempfile.TemporaryDirectory() as place:
        for number, (name, way) in enumerate(ways(options)):
            if number and options.only and name not in options.only:
                continue
            found = run(way, Path(place) / str(number))
            expected = expected or found
            results.append(found == expected)
            print(f"{name:24} {'equal' if found == expected else 'OTHER BYTES'}", flush=True)
    print(f"{sum(results)} of {len(results)} ways give the same bytes ({len(expected)} files each)")
    sys.exit(0 if all(results) else 1)


Way = tuple[list[str], dict[str, str]]


def ways(options: argparse.Namespace) -> Iterator[tuple[str, Way]]:
    """Name every way: arguments and environment."""
    inputs = [str(options.folder)]
    for number in range(options.repeat):
        yield f"run {number + 1}", ([*inputs, "--jobs", "1"], {})
    for jobs in ("2", "4"):
        yield f"jobs {jobs}", ([*inputs, "--jobs", jobs], {})
    yield "dask", ([*inputs, "--engine", "dask", "--jobs", "2"], {})
    for seed in ("0", "1", "2", "3", "4"):
        yield f"PYTHONHASHSEED {seed}", (inputs, {"PYTHONHASHSEED": seed})
    for locale in ("C", "zh_CN.UTF-8", "en_US.UTF-8"):
        yield f"locale {locale}", ([*inputs, "--lang", "en"], {"LC_ALL": locale})
    yield "interrupted and resumed", ([*inputs, "--jobs", "2"], {"INTERRUPT": "1"})
    files = sorted(str(file) for file in options.folder.iterdir() if file.name != "catalogue.csv")
    yield "shuffled, of files", (random.Random(1).sample(files, len(files)), {})
    yield "sorted, of files", (files, {})


def run(way: Way, out: Path) -> dict[str, str]:
    """Run one way, stopped twice where it is to be interrupted, and hash the tables and the CSV."""
    arguments, environment = way
    command = [sys.executable, "-m", "xietong", "run", *arguments, "--out", str(out), "--quiet", "--no-report"]
    for seconds in (3.0, 4.0) if "INTERRUPT" in environment else ():
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(seconds)
        process.send_signal(signal.SIGINT)
        process.wait()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=os.environ | environment)
    return {name: digest for name, digest in hashes(out).items() if "report" not in name}


if __name__ == "__main__":
    main()
