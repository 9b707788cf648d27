"""Measure how often year, region and level are worked out rightly on the real corpora, by plain reading of text.

Run ``python tests/quality/metadata_figures.py [--part tune|report] [--errors]``. ``report`` is every third document of
``corpora.csv``; errors are to be looked for in ``tune``, the other two thirds.
"""

from __future__ import annotations

import argparse
import csv
import re
import sys
from collections import Counter, defaultdict
from pathlib import Path

from xietong.metadata import describe
from xietong.normalise import fold
from xietong.records import Document

CORPORA = Path(__file__).resolve().parents[2] / ".." / "shared" / "corpora"
#: The index has no level for counties and districts: it gives them their city's or province's.
SHORT = re.compile(
    r"(?:特别行政区|维吾尔自治区|壮族自治区|回族自治区|自治区|省|市|[\u4e00-\u9fff]+族自治州|州|地区|\(中央\)|\(central\)| \(US\))$"
)


def read(path: str) -> Document | None:
    """Read a document with the package's reader where it can, plain text otherwise."""
    file = CORPORA / path
    try:
        from xietong.ingest import IngestOptions, read_file
        from xietong.records import Source
    except ImportError:
        if file.suffix not in (".txt", ".md"):
            return None
        return Document(file=path, sha256="", text=_decode(file.read_bytes()))
    source = Source(file=path, location=str(file), sha256="", n_bytes=file.stat().st_size)
    documents = list(read_file(source, IngestOptions()))
    return documents[0] if documents and documents[0].status == "ok" else None


def _decode(content: bytes) -> str:
    for encoding in ("utf-8-sig", "gb18030", "big5hkscs"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    return content.decode("utf-8", errors="replace")


def region_key(region: str) -> str:
    """Name of the last place of a region, without its suffix, in simplified script and lower case."""
    last = fold(region).text.split("/")[-1].strip()
    return SHORT.sub("", last).lower() or last.lower()


def is_same_region(expected: str, found: str) -> bool:
    """Whether the places agree; a district of the place that the index names agrees as well."""
    want = region_key(expected)
    return (
        want in [region_key(part) for part in found.split("/")]
        or (want == "china" and found == "中国")
        or (want == "中国" and found == "China")
    )


def is_same_level(expected: str, found: str) -> bool:
    """Whether the levels agree; the index counts counties to their city or province."""
    return expected == found or (found == "county" and expected in ("city", "provincial"))


def main() -> None:
    """Print the figures, and the errors on request."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--part", choices=("tune", "report"), default="report")
    parser.add_argument("--errors", action="store_true")
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    with (CORPORA / "corpora.csv").open(encoding="utf-8") as table:
        rows = list(csv.DictReader(table))
    right: Counter[str] = Counter()
    asked: Counter[str] = Counter()
    by_collection: dict[str, Counter[str]] = defaultdict(Counter)
    for n, row in enumerate(rows):
        if (n % 3 == 0) != (options.part == "report") or options.only not in row["collection"]:
            continue
        document = read(row["path"])
        if document is None:
            asked["unread"] += 1
            continue
        found = describe(document)
        checks = {}
        if re.fullmatch(r"\d{4}", row["year"]):
            checks["year"] = (row["year"], str(found.year), str(found.year) == row["year"])
        if row["region"]:
            checks["region"] = (row["region"], found.region, is_same_region(row["region"], found.region))
            checks["level"] = (row["level"], found.level, is_same_level(row["level"], found.level))
        for item, (expected, got, is_right) in checks.items():
            asked[item] += 1
            right[item] += is_right
            by_collection[row["collection"]][item if is_right else f"{item} wrong"] += 1
            if not is_right and options.errors:
                print(
                    f"{item}: want {expected!r}, got {got!r} from {found.origins.get(item)} | {row['path'][-90:]} | {found.title[:40]}"
                )
    for item in ("year", "region", "level"):
        print(f"{item}: {right[item]} of {asked[item]} = {right[item] / max(1, asked[item]):.4f}")
    print("not read:", asked["unread"], file=sys.stderr)
    for collection, counts in sorted(by_collection.items()):
        if any(key.endswith("wrong") for key in counts):
            print(collection, dict(sorted(counts.items())), file=sys.stderr)


if __name__ == "__main__":
    main()
