"""Run on a disk too small for the results, then on one with room: a clear error, no half file, and the same bytes.

python tests/faults/disk_full.py --sizes 10

Mounts small file systems in memory (tmpfs), so it needs Linux and the right to mount.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from every_operation import hashes, make_corpus
from kills import finish, start


def main() -> None:
    """Fill disks of several sizes; print how many held."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, default=10)
    parser.add_argument("--documents", type=int, default=60)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        said = list(fill_disks(Path(place), options.sizes, options.documents))
    held = sum(line.endswith("held") for line in said)
    print("\n".join(said), f"{held} of {len(said)} full disks: clear error, no half file, resumed run equal", sep="\n")
    sys.exit(0 if held == len(said) else 1)


def fill_disks(place: Path, n_sizes: int, n_documents: int) -> Iterator[str]:
    """Try sizes spread evenly below what a run needs; say of each what came of it."""
    corpus = make_corpus(place / "in", n_documents)
    finish(start(corpus, place / "whole", jobs=1))
    expected = hashes(place / "whole")
    needed = sum(file.stat().st_size for file in (place / "whole").rglob("*") if file.is_file()) // 1024
    for number in range(1, n_sizes + 1):
        size = max(16, needed * number // (n_sizes + 1))
        yield f"{size} KiB of {needed}: {fill_disk(corpus, place / f'disk{number}', size, expected) or 'held'}"


def fill_disk(corpus: Path, disk: Path, kilobytes: int, expected: dict[str, str]) -> str:
    """Run on one full disk, make room and run again; say what went wrong, "" where nothing did."""
    with mounted(disk, kilobytes):
        process = start(corpus, disk / "out", jobs=1)
        _, heard = process.communicate(timeout=600)
        message = heard.decode()
        if process.returncode == 0:
            return "the run did not notice"
        if "Traceback" in message or "space" not in message.lower():
            return f"no clear error: {message[-300:]}"
        half = {name for name, digest in hashes(disk / "out").items() if digest != expected.get(name)}
        if half:
            return f"half files under final names: {sorted(half)}"
        subprocess.run(["mount", "-o", "remount,size=1g", str(disk)], check=True)
        finish(start(corpus, disk / "out", jobs=1))
        return "" if hashes(disk / "out") == expected else "the resumed run gave other bytes"


@contextmanager
def mounted(disk: Path, kilobytes: int) -> Iterator[None]:
    """Mount a file system of so many kilobytes."""
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", str(disk)], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", str(disk)], check=True)


if __name__ == "__main__":
    main()
