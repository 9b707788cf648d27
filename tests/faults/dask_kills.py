"""Kill a worker of a Dask cluster at a random point of a run: the run must end well, with the bytes of a local one.

python tests/faults/dask_kills.py --kills 20
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
from kills import finish, start


def main() -> None:
    """Kill workers; print how many runs were equal."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--documents", type=int, default=400)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    rng = random.Random(options.seed)
    with tempfile.TemporaryDirectory() as place:
        corpus = make_corpus(Path(place) / "in", options.documents)
        finish(start(corpus, Path(place) / "whole", jobs=1))
        expected = hashes(Path(place) / "whole")
        equal = 0
        for number in range(options.kills):
            out, tries = Path(place) / f"out{number}", 0
            while not run_with_a_death(corpus, out, rng):  # the run was over before the moment drawn: draw another
                shutil.rmtree(out)
                tries += 1
                assert tries < 10, "no worker could be killed in ten runs: give more documents"
            equal += hashes(out) == expected
            print(f"{equal} of {number + 1} equal so far", file=sys.stderr, flush=True)
    print(f"{equal} of {options.kills} runs whose Dask worker was killed equal to a local one, byte for byte")
    sys.exit(0 if equal == options.kills else 1)


def run_with_a_death(corpus: Path, out: Path, rng: random.Random) -> bool:
    """Run on a new cluster of two workers and kill one of them while it works; say whether it came to that."""
    from distributed import Client, LocalCluster

    with (
        LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster,
        Client(cluster) as client,
    ):
        command = [sys.executable, "-m", "xietong", "run", str(corpus), "--out", str(out), "--quiet"]
        process = subprocess.Popen(
            [*command, "--scheduler", cluster.scheduler_address], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        )
        while process.poll() is None and not any(client.processing().values()):
            time.sleep(0.02)
        time.sleep(rng.uniform(0, 3))
        busy = [worker for worker, tasks in client.processing().items() if tasks]
        if busy:
            os.kill(client.run(os.getpid, workers=[rng.choice(busy)]).popitem()[1], signal.SIGKILL)
        finish(process)
        return bool(busy)


if __name__ == "__main__":
    main()
