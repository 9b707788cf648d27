"""Prints how well real documents are read: nothing lost, the same folds for the same text, sentences and sections whole.

Run by hand with the shared material beside the project::

    python tests/quality/segmentation.py [--documents 300] [--passages 1000] [--shared ../shared]

The figures are those of the issue on reading: characters and words kept, invariance of folding and of passages
under script, width, glosses, wraps and spaces, and how many passages begin or end inside a sentence.
"""

from __future__ import annotations

import argparse
import csv
import random
import re
import textwrap
import unicodedata
from collections import Counter
from pathlib import Path

from xietong.characters import converter
from xietong.ingest import read_file
from xietong.normalise import fold
from xietong.records import CODED_KINDS, Document, Source
from xietong.segment import segment

ROOT = Path(__file__).resolve().parents[2]
WORD = re.compile(r"[A-Za-z0-9]+|[\u3400-\u4dbf\u4e00-\u9fff]")
WHOLE = re.compile(r"[。！？!?；;：:…][”’\"』」）)\]*]*(?:\[\d+\])?$|\.[”’\")\]*]*(?:\[\d+\])?$|[）)》】]$")
PINYIN = ("qū", "yù", "xié", "tiáo", "fā", "zhǎn", "chuàng", "lǜ", "ér", "shuāng", "guó", "jiā", "lüè", "de", "men")
FULL_WIDTH = {ord(mark): ord(mark) + 0xFEE0 for mark in ",.:;?!()"}
FULL_WIDTH_ALL = {code: code + 0xFEE0 for code in range(0x21, 0x7F)}


def with_glosses(text: str) -> str:
    """Write pinyin behind every second Chinese character (of any syllable: folding does not look words up)."""
    choice = random.Random(text)
    return "".join(
        f"{c}({choice.choice(PINYIN)})" if "\u4e00" <= c <= "\u9fff" and choice.random() < 0.5 else c for c in text
    )


FORMS = {
    "s2t": lambda text: converter("s2t").convert(text),
    "s2tw": lambda text: converter("s2tw").convert(text),
    "s2hk": lambda text: converter("s2hk").convert(text),
    "glosses": with_glosses,
    "full-width punctuation": lambda text: text.translate(FULL_WIDTH),
    "full width": lambda text: text.translate(FULL_WIDTH_ALL),
    "wrapped at 30": lambda text: "\n".join(text[i : i + 30] for i in range(0, len(text), 30)),
    "wrapped at words": lambda text: textwrap.fill(text, 30, break_on_hyphens=False),
    "spaced": lambda text: " ".join(text),
}
CHINESE_ONLY = {"s2t", "s2tw", "s2hk", "glosses", "spaced"}
SIMPLIFIED_ONLY = {"s2t", "s2tw", "s2hk"}


def cut(text: str) -> list[tuple[bool, str]]:
    """Give the passages of a text on its own: whether each is coded, and its folded text."""
    passages = segment(Document(file="passage.txt", sha256="", text=text))
    return [(p.kind in CODED_KINDS, p.folded.text) for p in passages]


def invariance(passages: list[dict[str, str]]) -> dict[str, tuple[int, float, float]]:
    """Give, per form, the number of passages, the share with the same fold, and with the same passages."""
    figures = {}
    for name, form in FORMS.items():
        n = n_same = n_cut_alike = 0
        for passage in passages:
            text, language = passage["text"], passage["lang"]
            if (name in CHINESE_ONLY and language == "en") or (name in SIMPLIFIED_ONLY and language != "zh-Hans"):
                continue
            other = form(text)
            n += 1
            n_same += fold(text).text == fold(other).text
            n_cut_alike += cut(text) == cut(other)
        figures[name] = (n, n_same / n, n_cut_alike / n)
    return figures


def lost(document: Document) -> list[str]:
    """Give the words and Chinese characters of a document that lie in none of its passages."""
    covered = bytearray(len(document.text))
    for passage in segment(document):
        covered[passage.start : passage.end] = b"\1" * (passage.end - passage.start)
    return [m[0] for m in WORD.finditer(document.text) if not all(covered[m.start() : m.end()])]


def is_out_of_order(document: Document) -> bool:
    """Tell whether passages do not follow one another as in the text, or read other characters than it has there."""
    passages = segment(document)
    starts = [passage.start for passage in passages]
    return starts != sorted(starts) or any(
        not _is_subsequence(WORD.findall(passage.reading), [document.text[passage.start : passage.end]])
        for passage in passages
    )


def _is_subsequence(words: list[str], source: list[str]) -> bool:
    """Tell whether the characters of the words stand in the source in the same order (words may have been joined)."""
    rest = iter(unicodedata.normalize("NFKC", "".join(source)))
    return all(character in rest for character in unicodedata.normalize("NFKC", "".join(words)))


def broken(document: Document) -> Counter[str]:
    """Count coded passages, and those that begin or end where no sentence does."""
    counts: Counter[str] = Counter()
    for passage in segment(document):
        if passage.kind == "body":
            counts["body"] += 1
            counts["ends inside a sentence"] += len(passage.reading) > 40 and WHOLE.search(passage.reading) is None
            counts["begins inside a sentence"] += passage.reading[0] in "，,；;：、）》”。"
    return counts


def documents_of(folder: Path, n: int, seed: int) -> list[Path]:
    """Draw files of all formats, evenly over the collections."""
    collections = sorted({path.parent for path in (folder / "corpora").glob("*/**/*") if path.is_file()})
    drawn = random.Random(seed)
    files: list[Path] = []
    for collection in collections:
        inside = sorted(path for path in collection.iterdir() if path.is_file())
        files += drawn.sample(inside, min(len(inside), -(-n // len(collections))))
    drawn.shuffle(files)
    return files[:n]


def read(path: Path) -> list[Document]:
    """Read one file as a run does."""
    return [d for d in read_file(Source(file=path.name, location=str(path))) if d.status == "ok" and d.text]


def gold(folder: Path, n: int, seed: int) -> list[dict[str, str]]:
    """Draw real passages."""
    rows = []
    for name in ("dev", "train"):
        with (folder / "gold" / f"{name}.csv").open(encoding="utf-8-sig", newline="") as file:
            rows += list(csv.DictReader(file))
    return random.Random(seed).sample(rows, min(n, len(rows)))


def main() -> None:
    """Print all figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--documents", type=int, default=300)
    parser.add_argument("--passages", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--shared", type=Path, default=ROOT.parent / "shared")
    options = parser.parse_args()
    print(f"{'form':24} {'n':>5} {'same fold':>10} {'same passages':>14}")
    for name, (n, same, alike) in invariance(gold(options.shared, options.passages, options.seed)).items():
        print(f"{name:24} {n:5} {same:10.2%} {alike:14.2%}")
    counts: Counter[str] = Counter()
    for path in documents_of(options.shared, options.documents, options.seed):
        for document in read(path):
            counts["documents"] += 1
            missing = lost(document)
            counts["documents with something lost"] += bool(missing)
            counts["words lost"] += len(missing)
            counts += broken(document)
            if missing:
                print(f"lost in {path.name}: {missing[:5]}")
    for name, count in counts.items():
        print(f"{name:32} {count}")


if __name__ == "__main__":
    main()
