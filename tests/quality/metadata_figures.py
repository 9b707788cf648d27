"""Measure how often year, region, level and language are worked out rightly on the real corpora.

Run ``python tests/quality/metadata_figures.py [--part tune|report] [--errors]``. ``report`` is every third document of
``corpora.csv``; errors are to be looked for in ``tune``, the other two thirds.
"""

from __future__ import annotations

import argparse
import csv
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from pathlib import Path

from xietong.batch import main_language
from xietong.ingest import IngestOptions, read_file
from xietong.metadata import describe
from xietong.normalise import fold
from xietong.records import Document, Source
from xietong.segment import segment

CORPORA = Path(__file__).resolve().parents[2] / ".." / "shared" / "corpora"
SUFFIXES = re.compile(r"(?:\(中央\)|\(central\)|\(us\)|\s)")
CHINESE_DIGITS = str.maketrans("0123456789", "〇一二三四五六七八九")


def read(path: str) -> list[Document]:
    """Read a document, and those in it where it is a table; nothing where it is not ``ok`` (damaged files, scans)."""
    file = CORPORA / path
    source = Source(file=path, location=str(file), sha256="", n_bytes=file.stat().st_size)
    documents = list(read_file(source, IngestOptions()))
    return documents if documents[0].status == "ok" else []


def region_key(region: str) -> str:
    """Name of the last place of a region, in simplified script, without spaces."""
    return SUFFIXES.sub("", fold(region.split("/")[-1]).text.lower())


def is_same_region(expected: str, found: str) -> bool:
    """Whether the places agree, in full or short; a district of the place that the index names agrees as well."""
    want = region_key(expected)
    names = [region_key(part) for part in found.split("/")]
    names += [{"china": "中国", "中国": "china"}.get(name, name) for name in names]
    return any(
        (name[:2] == want[:2] and (name.startswith(want) or want.startswith(name))) or _is_prefecture(want, name)
        for name in names
        if name
    )


def _is_prefecture(short: str, name: str) -> bool:
    """Whether 阿坝州 is meant by 阿坝藏族羌族自治州."""
    return short.endswith("州") and name.endswith("自治州") and name.startswith(short[:-1])


def is_same_level(expected: str, found: str) -> bool:
    """Whether the levels agree; the index has no level for counties, it gives them their city's or province's."""
    return expected == found or (found == "county" and expected in ("city", "provincial"))


def states_year(row: dict[str, str], document: Document) -> bool:
    """Whether the name, the first or the last pages state the year in any calendar and numerals."""
    year = int(row["year"])
    text = Path(row["path"]).name + document.text[:6000] + document.text[-1500:]
    text = re.sub(r"\s", "", fold(text).text)
    forms = [str(year), str(year).translate(CHINESE_DIGITS), str(year).translate(CHINESE_DIGITS).replace("〇", "零")]
    if year > 1911:
        forms += [f"民国{year - 1911}年", f"民国{_chinese(year - 1911)}年"]
    return any(form in text for form in forms)


def states_region(row: dict[str, str], document: Document) -> bool:
    """Whether the name or the text names the place; the centre is stated by any of its bodies."""
    want = region_key(row["region"])
    text = fold(re.sub(r"[_\s]", "", Path(row["path"]).name) + document.text[:20000]).text.lower()
    short = re.sub(r"(?:自治区|[\u4e00-\u9fff]族自治州|省|市|州)$", "", want)
    if want in ("中国", "china"):
        return bool(re.search("国务院|中共中央|全国人|全国|国家|中央|部|china|state council|central", text))
    return (short if len(short) >= 2 else want) in re.sub(r"\s", "", text)


def _chinese(number: int) -> str:
    digits = "零一二三四五六七八九"
    hundreds, tens, ones = number // 100, number // 10 % 10, number % 10
    text = (digits[hundreds] + "百" if hundreds else "") + ("零" if hundreds and not tens and ones else "")
    text += (digits[tens] if tens > 1 or hundreds else "") + "十" if tens else ""
    return text + (digits[ones] if ones else "")


def measure(
    rows: Iterable[dict[str, str]], on_error: Callable[[str], None] = lambda line: None
) -> tuple[Counter[str], Counter[str], dict[str, Counter[str]]]:
    """Count the answers that are right and the questions asked, by item, and both by collection."""
    right: Counter[str] = Counter()
    asked: Counter[str] = Counter()
    by_collection: dict[str, Counter[str]] = defaultdict(Counter)
    for row in rows:
        documents = read(row["path"])
        if not documents:
            asked["unread"] += 1
            continue
        document, passages = documents[0], [passage for inside in documents for passage in segment(inside)]
        found = describe(document, segment(document))
        language = main_language(passages)
        checks = {"language": (row["lang"], language, language == row["lang"])}
        if re.fullmatch(r"\d{4}", row["year"]):
            checks["year"] = (row["year"], str(found.year), str(found.year) == row["year"])
        if row["region"]:
            checks["region"] = (row["region"], found.region, is_same_region(row["region"], found.region))
            checks["level"] = (row["level"], found.level, is_same_level(row["level"], found.level))
        for item, (expected, got, is_right) in checks.items():
            is_stated = item == "language" or (states_year if item == "year" else states_region)(row, document)
            asked[f"{item} of all"] += 1
            right[f"{item} of all"] += is_right
            if not is_stated:
                continue
            asked[item] += 1
            right[item] += is_right
            by_collection[row["collection"]][item if is_right else f"{item} wrong"] += 1
            if not is_right:
                origin = found.origins.get(item)
                on_error(
                    f"{item}: want {expected!r}, got {got!r} from {origin} | {row['path'][-90:]} | {found.title[:40]}"
                )
    return right, asked, by_collection


def index() -> list[dict[str, str]]:
    """Read the index of the real corpora."""
    with (CORPORA / "corpora.csv").open(encoding="utf-8") as table:
        return list(csv.DictReader(table))


def main() -> None:
    """Print the figures, and the errors on request."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--part", choices=("tune", "report"), default="report")
    parser.add_argument("--errors", action="store_true")
    parser.add_argument("--only", default="", help="part of a collection's name")
    options = parser.parse_args()
    chosen = [
        row
        for n, row in enumerate(index())
        if (n % 3 == 0) == (options.part == "report") and options.only in row["collection"]
    ]
    right, asked, by_collection = measure(chosen, print if options.errors else lambda line: None)
    for item in ("language", "year", "region", "level", "year of all", "region of all", "level of all"):
        print(f"{item}: {right[item]} of {asked[item]} = {right[item] / max(1, asked[item]):.4f}")
    print("not read:", asked["unread"], file=sys.stderr)
    for collection, counts in sorted(by_collection.items()):
        if any(key.endswith("wrong") for key in counts):
            print(collection, dict(sorted(counts.items())), file=sys.stderr)


if __name__ == "__main__":
    main()
