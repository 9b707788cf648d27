"""Gives all figures of reading in one go: prints tables and writes them as JSON.

    python tests/quality/reading_figures.py [--shared ../shared] [--out outputs/reading_figures.json] [--only rows,codes …]

``rows``: every file of the messy and labelled collections has a row, and each that is not ``ok`` is named with its
reason. ``metadata``: language, year, region and level on every third document of corpora.csv. ``encodings``: real texts
written in other encodings and read back. ``kept``: every Chinese character and word of 300 real documents stands in their
passages, in order. ``folds`` and ``codes``: 1,000 real passages in other scripts, widths and wraps, with glosses and
spaces. ``checked``: documents whose passages people have looked through are cut as they were found right. ``speed``: MB/s by
format, beside the bare extractor.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import code_invariance
import metadata_figures
import reading
import segmentation
import test_checked_documents as checked

FOLDERS = ("messy", "labelled")


def main() -> None:
    """Measure what is asked for, print it, and write it after each part, so that a stopped run loses one part at most."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", type=Path, default=segmentation.ROOT.parent / "shared")
    parser.add_argument("--out", type=Path, default=segmentation.ROOT / "outputs" / "reading_figures.json")
    parser.add_argument("--only", default=",".join(PARTS), help="parts, separated by commas")
    options = parser.parse_args()
    options.out.parent.mkdir(parents=True, exist_ok=True)
    figures: dict[str, Any] = json.loads(options.out.read_text(encoding="utf-8")) if options.out.exists() else {}
    for name in options.only.split(","):
        print(f"\n== {name} ==", flush=True)
        figures[name] = PARTS[name](options.shared)
        options.out.write_text(json.dumps(figures, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def rows(shared: Path) -> dict[str, Any]:
    """Read every file of the messy and labelled collections."""
    return reading.print_rows([shared / "corpora" / name for name in FOLDERS], 1)


def metadata(shared: Path) -> dict[str, list[int]]:
    """Compare language, year, region and level with the index, on every third document."""
    metadata_figures.CORPORA = shared / "corpora"
    right, asked, _ = metadata_figures.measure(metadata_figures.index()[::3])
    found = {item: [right[item], asked[item]] for item in sorted(asked) if item != "unread"}
    for item, (n_right, n) in found.items():
        print(f"{item:16} {n_right:6} of {n:6} = {n_right / max(n, 1):.2%}")
    print(f"{'not read':16} {asked['unread']:6}")
    return found | {"not read": [asked["unread"], 0]}


def encodings(shared: Path) -> dict[str, list[int]]:
    """Read real texts back from other encodings."""
    return reading.print_encodings([shared / "corpora"], 3000)


def kept(shared: Path) -> dict[str, int]:
    """Look for each word of real documents in their passages, in order, and for sentences that are cut."""
    counts: Counter[str] = Counter()
    for path in segmentation.documents_of(shared, 300, 0):
        for document in segmentation.read(path):
            counts["documents"] += 1
            counts["words and characters"] += len(segmentation.WORD.findall(document.text))
            counts["words and characters lost"] += len(segmentation.lost(document))
            counts["documents with passages out of order"] += segmentation.is_out_of_order(document)
            counts += segmentation.broken(document)
    for name, count in counts.items():
        print(f"{name:40} {count}")
    for name in ("words and characters lost", "documents with passages out of order"):
        print(f"{name:40} {counts[name]}")
    return dict(counts)


def folds(shared: Path) -> dict[str, list[float]]:
    """Fold and cut real passages in other forms."""
    found = segmentation.invariance(segmentation.gold(shared, 1000, 0))
    print(f"{'form':24} {'n':>5} {'same fold':>10} {'same passages':>14}")
    for name, (n, same, alike) in found.items():
        print(f"{name:24} {n:5} {same:10.2%} {alike:14.2%}")
    return {name: list(values) for name, values in found.items()}


def codes(shared: Path) -> dict[str, Any]:
    """Code real passages in other forms."""
    found = code_invariance.measure(1000, shared)
    code_invariance.print_figures(found)
    return found


def check(shared: Path) -> dict[str, Any]:
    """Cut the documents again that people have looked through."""
    checked.CORPORA = shared / "corpora"
    expected = checked._rows()
    changed = [row["path"] for row in expected if checked._facts(row["path"]) != row]
    print(f"{len(expected) - len(changed)} of {len(expected)} documents are cut as they were found right")
    print(*changed, sep="\n")
    return {"documents": len(expected), "changed": changed}


def speed(shared: Path) -> dict[str, list[float]]:
    """Time reading, by format: MB, seconds, seconds of the bare extractor."""
    return reading.print_speed([shared / "corpora" / name for name in FOLDERS], 1)


PARTS: dict[str, Callable[[Path], Any]] = {
    "codes": codes, "folds": folds, "kept": kept, "rows": rows, "encodings": encodings, "checked": check,
    "speed": speed, "metadata": metadata,
}  # fmt: skip


if __name__ == "__main__":
    main()
