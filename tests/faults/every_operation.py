"""Fail every k-th file operation of a run, then resume: always a clear error, no half file, and the same bytes in the end.

python tests/faults/every_operation.py --documents 20 --step 1
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import sys
import tempfile
from pathlib import Path

from faulty_files import OPERATIONS, Fault, faults

ROOT = Path(__file__).resolve().parents[2]
FINAL = ("passages.csv", "passages.xlsx", "report.html", "tables/documents.parquet", "tables/passages.parquet",
         "tables/tags.parquet", "tables/evidence.parquet", "tables/texts.parquet")  # fmt: skip


def main() -> None:
    """Try every operation and print how many points held."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--documents", type=int, default=20)
    parser.add_argument("--step", type=int, default=1, help="try every STEP-th operation")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        held, tried, wrong = try_all(Path(place), options.documents, options.step)
    print(f"{held} of {tried} faults: clear error, no half file, resumed run equal")
    for line in wrong:
        print(f"  {line}")
    sys.exit(0 if held == tried else 1)


def try_all(place: Path, n_documents: int, step: int) -> tuple[int, int, list[str]]:
    """Run once whole, then once per fault and resume; give points held, points tried, and what went wrong."""
    corpus = make_corpus(place / "in", n_documents)
    whole = place / "whole"
    run(corpus, whole)  # in this process, so that every fork of it finds libraries and dictionaries loaded
    expected = hashes(whole)
    held, tried, wrong = 0, 0, []
    for operation in OPERATIONS:
        k = 1
        while True:
            out = place / "out"
            shutil.rmtree(out, ignore_errors=True)
            code = in_child(lambda o=operation, n=k, to=out: run_with_fault(corpus, to, o, n))
            if code == NOT_FIRED:
                break
            tried += 1
            said = judge(corpus, out, code, expected)
            held += not said
            wrong += [f"{operation} {k}: {said}"] if said else []
            print(f"{operation} {k}: {said or 'held'}", file=sys.stderr, flush=True)
            k += step
    return held, tried, wrong


NOT_FIRED, CLEAR_ERROR, TRACEBACK, SWALLOWED = 40, 41, 42, 43


def run_with_fault(corpus: Path, out: Path, operation: str, k: int) -> int:
    """Run with one fault; say by exit code what came of it."""
    from xietong.errors import XietongError

    with faults(Fault(operation, k, str(out))) as fault:
        try:
            run(corpus, out)
        except (OSError, XietongError):
            return CLEAR_ERROR
        except BaseException:
            import traceback

            traceback.print_exc()
            return TRACEBACK
    return SWALLOWED if fault.fired else NOT_FIRED


def judge(corpus: Path, out: Path, code: int, expected: dict[str, str]) -> str:
    """Say what is wrong after a fault and a resumed run; "" where all is well."""
    if code not in (CLEAR_ERROR, SWALLOWED):
        return f"the run ended with {code}, not with a clear error"
    half = {name: digest for name, digest in hashes(out).items() if digest != expected.get(name)}
    if half:
        return f"half files under final names: {sorted(half)}"
    if in_child(lambda: run(corpus, out)) != 0:
        return "the resumed run failed"
    return "" if hashes(out) == expected else "the resumed run gave other bytes"


def run(corpus: Path, out: Path) -> int:
    """Run in this process with one job."""
    import xietong

    xietong.run([corpus], out, jobs=1)
    return 0


def in_child(work: object) -> int:
    """Do the work in a fork of this process, whose dictionaries are loaded, and give its exit code."""
    sys.stdout.flush()
    pid = os.fork()
    if pid == 0:
        code = 99
        try:
            code = int(work() or 0)
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def make_corpus(folder: Path, n: int) -> Path:
    """Write short documents of our own."""
    folder.mkdir(parents=True)
    for number in range(n):
        text = f"第{number}号文件\n\n推动青川、白石两市产业协同，共建跨区域科技创新平台，完善生态补偿机制。加快高速公路建设。\n"
        (folder / f"{number:02d}.txt").write_text(text * 3, encoding="utf-8")
    return folder


def hashes(out: Path) -> dict[str, str]:
    """Hash the files that stand under their final names."""
    return {name: hashlib.sha256((out / name).read_bytes()).hexdigest() for name in FINAL if (out / name).is_file()}


if __name__ == "__main__":
    main()
