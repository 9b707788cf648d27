"""Prints the figures of reading: what is not ok and why, encodings told right, speed beside the bare extractor.

    python tests/quality/reading.py rows ../shared/corpora/messy ../shared/corpora/labelled
    python tests/quality/reading.py encodings ../shared/corpora --samples 3000
    python tests/quality/reading.py speed ../shared/corpora/messy

``rows`` reads every file below the folders and says which is not ``ok``, and why. ``encodings`` cuts real texts into
pieces of 200 bytes and more and of 20 to 199, writes them in GB18030, Big5 and UTF-16 and counts how many are read
back exactly. ``speed`` reads each format's files in one process, and beside it runs only the library underneath.
"""

from __future__ import annotations

import argparse
import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from functools import lru_cache
from io import BytesIO, StringIO
from pathlib import Path
from time import perf_counter
from typing import Any

from xietong.ingest import Reader, find_sources
from xietong.ingest.encodings import decode
from xietong.ingest.formats import FORMATS
from xietong.ingest.reader import read_file
from xietong.ingest.reasons import Unreadable

CODECS = ("gb18030", "big5hkscs", "utf-16", "utf-16-le", "utf-16-be")
LENGTHS = ((20, 199), (200, 4000))


def main() -> None:
    """Parse the command line and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("figure", choices=("rows", "encodings", "speed"))
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--samples", type=int, default=2000, help="pieces of each length (encodings)")
    parser.add_argument("--every", type=int, default=1, help="take every n-th file (rows, speed)")
    options = parser.parse_args()
    if options.figure == "rows":
        print_rows(options.folders, options.every)
    elif options.figure == "encodings":
        print_encodings(options.folders, options.samples)
    else:
        print_speed(options.folders, options.every)


def print_rows(folders: list[Path], every: int) -> dict[str, Any]:
    """Read everything; list what is not ok, and give the counts."""
    states: Counter[tuple[str, str]] = Counter()
    bad: list[dict[str, str]] = []
    n_files = n_rows = 0
    with Reader() as reader:
        for source in find_sources(folders)[::every]:
            documents = reader.read(source)
            n_files += 1
            n_rows += documents[0].file == source.file
            for document in documents:
                states[document.media_type, document.status] += 1
                if document.status != "ok":
                    bad.append({"file": document.file, "status": document.status, "reason": document.reason})
                    print(f"{document.status:7} {document.file}: {document.reason}")
    print(f"\n{n_files} files, {n_rows} with a row of their own")
    for (media_type, status), n in sorted(states.items()):
        print(f"{n:6} {status:7} {media_type}")
    by_type = {f"{media_type} {status}": n for (media_type, status), n in sorted(states.items())}
    return {"files": n_files, "with_a_row": n_rows, "by_type": by_type, "not_ok": bad}


def print_encodings(folders: list[Path], n_samples: int) -> dict[str, list[int]]:
    """Write pieces of real texts in each encoding and read them back; the odd files, which the table was not made of."""
    files = [file for folder in folders for file in sorted(folder.glob("zh-Han[st]/*/*.txt"))][1::2]
    rng = random.Random(7)
    files = rng.sample(files, min(len(files), 300))
    figures: dict[str, list[int]] = {}
    for low, high in LENGTHS:
        tried: Counter[str] = Counter()
        right: Counter[str] = Counter()
        while sum(tried.values()) < n_samples:
            codec = rng.choice(CODECS)
            piece = _piece(rng, files, codec, low, high)
            if piece is None:
                continue
            text, data = piece
            tried[codec] += 1
            try:
                right[codec] += decode(data).text == text
            except Unreadable:
                continue
        for codec in CODECS:
            share = right[codec] / max(tried[codec], 1)
            print(f"{low:4} to {high:4} bytes  {codec:10} {right[codec]:5} of {tried[codec]:5} = {share:.2%}")
            figures[f"{low} to {high} bytes, {codec}"] = [right[codec], tried[codec]]
        figures[f"{low} to {high} bytes"] = [sum(right.values()), sum(tried.values())]
        print(f"{low:4} to {high:4} bytes  all        {sum(right.values()) / sum(tried.values()):.2%}")
    return figures


def _piece(rng: random.Random, files: list[Path], codec: str, low: int, high: int) -> tuple[str, bytes] | None:
    text = _read(rng.choice(files))
    start = rng.randrange(max(1, len(text) - high // 2))
    text = text[start : start + rng.randint(low // 2, high // 2)]
    if codec == "big5hkscs":
        text = _to_traditional().convert(text)
        text = "".join(c for c in text if c.encode(codec, "ignore"))
    data = text.encode(codec)
    # the shortest pieces hold a word at least: nobody can tell ten digits in UTF-16 from noise by their meaning
    return (text, data) if low <= len(data) <= high and sum(c > "\x7f" for c in text) >= 4 else None


@lru_cache(maxsize=500)
def _read(file: Path) -> str:
    return file.read_text(encoding="utf-8-sig", errors="ignore")


@lru_cache
def _to_traditional() -> Any:
    from opencc import OpenCC

    return OpenCC("s2t")


def print_speed(folders: list[Path], every: int) -> dict[str, list[float]]:
    """Time our reading and the library underneath, format by format."""
    seconds: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0, 0.0])
    for source in find_sources(folders)[::every]:
        started = perf_counter()
        document = read_file(source)[0]
        ours = perf_counter() - started
        kind = next((kind for kind, format in FORMATS.items() if format.media_type == document.media_type), "")
        if document.status != "ok" or not kind:
            continue
        data = Path(source.location).read_bytes()
        started = perf_counter()
        has_bare = _bare(kind, data)
        bare = perf_counter() - started if has_bare else 0.0
        for i, value in enumerate((source.n_bytes / 1e6, ours, bare)):
            seconds[kind][i] += value
    print(f"{'format':10} {'MB':>7} {'MB/s':>8} {'bare MB/s':>10}  times bare")
    for kind, (size, ours, bare) in sorted(seconds.items()):
        beside = f"{size / bare:10.1f} {ours / bare:8.1f}" if bare else f"{'none':>10}"
        print(f"{kind:10} {size:7.2f} {size / ours:8.1f} {beside}")
    return {kind: [round(value, 4) for value in values] for kind, values in sorted(seconds.items())}


def _bare(kind: str, data: bytes) -> bool:
    """Do what the library underneath does, and no more; False where there is none (old Word documents are read by us)."""
    for _ in _EXTRACTORS.get(kind, _nothing)(data):
        continue
    return kind in _EXTRACTORS


def _nothing(data: bytes) -> Iterator[str]:
    yield from ()


def _csv(data: bytes) -> Iterator[str]:
    import csv

    for row in csv.reader(StringIO(data.decode("utf-8", "replace"))):
        yield from row


def _decode(data: bytes) -> Iterator[str]:
    yield data.decode("utf-8", "replace")


def _html(data: bytes) -> Iterator[str]:
    from selectolax.lexbor import LexborHTMLParser

    yield LexborHTMLParser(data.decode("utf-8", "replace")).text()


def _pdf(data: bytes) -> Iterator[str]:
    import pypdfium2

    for page in pypdfium2.PdfDocument(data):
        yield page.get_textpage().get_text_range()


def _docx(data: bytes) -> Iterator[str]:
    import zipfile

    from lxml import etree

    yield from etree.fromstring(zipfile.ZipFile(BytesIO(data)).read("word/document.xml")).itertext()


def _workbook(data: bytes) -> Iterator[str]:
    import python_calamine

    book = python_calamine.CalamineWorkbook.from_filelike(BytesIO(data))
    for name in book.sheet_names:
        yield str(book.get_sheet_by_name(name).to_python())


_EXTRACTORS: dict[str, Callable[[bytes], Iterator[str]]] = {
    "text": _decode,
    "markdown": _decode,
    "csv": _csv,
    "html": _html,
    "pdf": _pdf,
    "docx": _docx,
    "xls": _workbook,
    "xlsx": _workbook,
}


if __name__ == "__main__":
    main()
