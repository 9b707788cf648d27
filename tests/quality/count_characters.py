"""Writes ``data/characters.csv``: how common each character is in Chinese policy prose, for telling encodings apart.

    python tests/quality/count_characters.py ../shared/corpora pipeline/xietong/data/characters.csv

One line for each rarity (minus the binary logarithm of the frequency), then the characters that have it. Simplified
texts count a second time in traditional script, so that both scripts weigh the same.
"""

from __future__ import annotations

import argparse
import csv
from collections import Counter
from math import log2
from pathlib import Path

from opencc import OpenCC


def main() -> None:
    """Count and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpora", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--every", type=int, default=2, help="count every n-th document, so that the rest can test")
    options = parser.parse_args()
    counts = count(options.corpora, options.every)
    with options.out.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(["rarity", "characters"])
        for rarity, characters in group(counts):
            table.writerow([rarity, characters])


def count(corpora: Path, every: int) -> Counter[str]:
    """Count the characters outside ASCII, simplified and traditional alike."""
    to_traditional = OpenCC("s2t").convert
    hans: Counter[str] = Counter()
    hant: Counter[str] = Counter()
    for n, file in enumerate(sorted(corpora.glob("zh-Han[st]/*/*.txt"))):
        if n % every:
            continue
        text = file.read_text(encoding="utf-8-sig", errors="ignore")
        if "zh-Hans" in file.parts:
            hans.update(text)
            hant.update(to_traditional(text))
        else:
            hant.update({c: 8 * n for c, n in Counter(text).items()})
    total = Counter()
    for counts in (hans, hant):
        n_all = sum(n for c, n in counts.items() if ord(c) > 127)
        for c, n in counts.items():
            if ord(c) > 127 and n > 1:
                total[c] += n / n_all / 2
    return total


def group(frequencies: Counter[str]) -> list[tuple[int, str]]:
    """Put characters of the same rarity together, the commonest first."""
    groups: dict[int, list[str]] = {}
    for c, f in frequencies.items():
        if c.isprintable() and not 0xE000 <= ord(c) <= 0xF8FF:
            groups.setdefault(round(-log2(f)), []).append(c)
    return [(rarity, "".join(sorted(groups[rarity]))) for rarity in sorted(groups) if rarity <= 21]


if __name__ == "__main__":
    main()
