"""Random edit sequences: after each, an incremental run must give the bytes of a full run and read nothing twice.

python tests/faults/edits.py --sequences 200
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import sys
import tempfile
from pathlib import Path

from every_operation import hashes, in_child, make_corpus


def main() -> None:
    """Edit, run, compare; print how many sequences held."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sequences", type=int, default=200)
    parser.add_argument("--edits", type=int, default=4, help="edits a sequence")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    rng = random.Random(options.seed)
    held = 0
    with tempfile.TemporaryDirectory() as place:
        run(make_corpus(Path(place) / "warm", 2), Path(place) / "warm_out", {})  # libraries are loaded for every fork
        for number in range(options.sequences):
            said = try_sequence(Path(place) / str(number), rng, options.edits)
            held += not said
            if said:
                print(f"  sequence {number}: {said}")
            print(f"{held} of {number + 1} held so far", file=sys.stderr, flush=True)
    print(f"{held} of {options.sequences} edit sequences: incremental equals full, nothing unchanged was read again")
    sys.exit(0 if held == options.sequences else 1)


def try_sequence(place: Path, rng: random.Random, n_edits: int) -> str:
    """Run, edit and run again a few times; say what went wrong, "" where nothing did."""
    corpus = make_corpus(place / "in", 6)
    options: dict = {}
    in_child(lambda: run(corpus, place / "out", options))
    for number in range(n_edits):
        touched = EDITS[rng.choice(sorted(EDITS))](corpus, rng, options)
        expected_reads = sum(file.exists() for file in touched)
        reads = place / "reads"
        in_child(lambda to=reads: run(corpus, place / "out", options, count_reads=to))
        full = place / f"full{number}"
        in_child(lambda to=full: run(corpus, to, options))
        if hashes(place / "out") != hashes(full):
            return f"edit {number}: incremental run differs from a full one"
        if int(reads.read_text() or 0) > expected_reads:
            return f"edit {number}: {reads.read_text()} documents read, {expected_reads} changed"
    shutil.rmtree(place)
    return ""


def run(corpus: Path, out: Path, options: dict, count_reads: Path | None = None) -> int:
    """Run in this process; optionally write how many sources were read."""
    import xietong
    from xietong.batch import Workshop

    read, n_reads = Workshop.read, 0

    def counted(workshop: Workshop, task: object) -> object:
        nonlocal n_reads
        n_reads += 1
        return read(workshop, task)

    Workshop.read = counted  # type: ignore[method-assign,assignment]
    try:
        xietong.run([corpus], out, jobs=1, has_report=False, **options)
    finally:
        Workshop.read = read  # type: ignore[method-assign]
    if count_reads:
        count_reads.write_text(str(n_reads))
    return 0


def add(corpus: Path, rng: random.Random, options: dict) -> list[Path]:
    """Add a document."""
    file = corpus / f"new{rng.randrange(10**6)}.txt"
    file.write_text(f"两市签署第{rng.randrange(999)}号合作协议，共建产业园区。", encoding="utf-8")
    return [file]


def change(corpus: Path, rng: random.Random, options: dict) -> list[Path]:
    """Add a sentence to a document."""
    file = pick(corpus, rng)
    file.write_text(file.read_text(encoding="utf-8") + f"新增{rng.randrange(999)}公里高速公路。", encoding="utf-8")
    return [file]


def remove(corpus: Path, rng: random.Random, options: dict) -> list[Path]:
    """Remove a document, unless it is the last."""
    if len(list(corpus.iterdir())) > 1:
        pick(corpus, rng).unlink()
    return []


def rename(corpus: Path, rng: random.Random, options: dict) -> list[Path]:
    """Rename a document."""
    file = pick(corpus, rng)
    return [file.rename(corpus / f"renamed{rng.randrange(10**6)}.txt")]


def touch(corpus: Path, rng: random.Random, options: dict) -> list[Path]:
    """Change a document's time and nothing else."""
    os.utime(pick(corpus, rng), (rng.randrange(10**9), rng.randrange(10**9)))
    return []


def switch_unit(corpus: Path, rng: random.Random, options: dict) -> list[Path]:
    """Change an option that every document depends on."""
    options["unit"] = rng.choice(["passage", "sentence"])
    return list(corpus.iterdir())


def switch_codebook(corpus: Path, rng: random.Random, options: dict) -> list[Path]:
    """Change the codebook: everything is coded anew, nothing is read anew."""
    options["codebook"] = rng.choice(["regional-coordination", "rothwell-zegveld"])
    return []


def pick(corpus: Path, rng: random.Random) -> Path:
    """Choose a document."""
    return rng.choice(sorted(corpus.iterdir()))


EDITS = {f.__name__: f for f in (add, change, remove, rename, touch, switch_unit, switch_codebook)}


if __name__ == "__main__":
    main()
