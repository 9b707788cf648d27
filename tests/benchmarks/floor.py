"""How much the map side costs beside the least it could cost, measured in the same run.

    python tests/benchmarks/floor.py --mb 50 20 20 --rounds 1 --json floor.json

The floor does what no tagger can do without: decode, traditional to simplified, cut into sentences, cut into words,
match 2,000 terms, count the words into a hashed vector. The map side is everything from bytes to tags and evidence, in
one process and the one that parses; the whole is a run to tables and CSV, measured once. Processor seconds are counted, because the clock also counts what others do.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import statistics
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from corpus import LANGUAGES, source_name, texts

if TYPE_CHECKING:
    from xietong.batch import Recipe, Workshop


def main() -> None:
    """Measure and print one row per language."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--mb", type=float, nargs="+", default=[3.0], help="megabytes a round: for all, or a language each"
    )
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--languages", nargs="+", default=LANGUAGES)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    sizes = options.mb * len(options.languages) if len(options.mb) == 1 else options.mb
    if len(sizes) != len(options.languages):
        parser.error("--mb takes one number, or one for each language")
    print(f"texts: {source_name()}; median of {options.rounds} rounds")
    print(
        f"{'language':10} {'MB':>5} {'floor s/MB':>11} {'map side s/MB':>14} {'ratio':>7} {'whole s/MB':>11} {'ratio':>7}"
    )
    rows = [measure(language, size, options.rounds) for language, size in zip(options.languages, sizes, strict=True)]
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")


def measure(language: str, megabytes: float, rounds: int) -> dict:
    """Time floor and map side in turn on the same documents; processor seconds per MB of UTF-8 and their ratio."""
    from xietong.batch import Recipe, Workshop
    from xietong.codebook import read_codebook

    documents = [text.encode() for text in texts(language, megabytes)]
    size = sum(map(len, documents)) / 1e6
    floor = make_floor(language)
    with TemporaryDirectory() as folder:
        files = write_all(Path(folder), documents)
        workshop = Workshop(Recipe(codebook=read_codebook("regional-coordination")))
        map_side(workshop, files[:2])  # dictionaries and model are loaded before the clock starts
        floor(documents[:2])
        times: dict[str, list[float]] = {"floor": [], "map": []}
        for _ in range(rounds):
            times["floor"].append(clock(lambda: floor(documents), workshop) / size)
            times["map"].append(clock(lambda: map_side(workshop, files), workshop) / size)
        workshop.close()
        whole = clock(lambda: run_to_csv(workshop.recipe, files, Path(folder) / "run"), workshop) / size
    ratio = statistics.median(m / f for m, f in zip(times["map"], times["floor"], strict=True))
    row = {
        "language": language,
        "MB": size,
        "floor": statistics.median(times["floor"]),
        "map": statistics.median(times["map"]),
        "ratio": ratio,
        "whole": whole,
        "whole ratio": whole / statistics.median(times["floor"]),
    }
    figures = f"{row['floor']:11.3f} {row['map']:14.3f} {row['ratio']:7.2f} {whole:11.3f} {row['whole ratio']:7.2f}"
    print(f"{language:10} {size:5.1f} {figures}", flush=True)
    return row


def make_floor(language: str) -> Callable[[list[bytes]], None]:
    """Prepare the floor: the same engines, nothing around them."""
    import ahocorasick_rs
    import opencc
    import rjieba
    from sklearn.feature_extraction.text import HashingVectorizer

    from xietong.codebook import read_codebook

    terms = sorted({term.term.lower() for term in read_codebook("regional-coordination").terms})[:2000]
    matcher = ahocorasick_rs.AhoCorasick(terms, matchkind=ahocorasick_rs.MatchKind.LeftmostLongest)
    convert = opencc.OpenCC("t2s").convert
    sentence = re.compile(r"[^。！？!?；;\n]+[。！？!?；;\n]*" if language != "en" else r"[^.!?\n]+[.!?\n]*")
    word, odd = (
        re.compile(r"[A-Za-z0-9]+(?:['’-][A-Za-z0-9]+)*|[^\sA-Za-z0-9]"),
        re.compile(r"([a-zA-Z0-9]+(?:\.\d+)?%?)"),
    )
    vectorise = HashingVectorizer(analyzer=list, norm=None, alternate_sign=False, n_features=2**18).transform

    def cut(text: str) -> list[str]:
        if language == "en":
            return word.findall(text)
        found = []
        for token in rjieba.cut(text):
            if len(token) > 1 and not token.isalnum() and any(c in token for c in "-._"):
                found.extend(filter(None, odd.split(token)))
            else:
                found.append(token)
        return found

    def floor(documents: list[bytes]) -> None:
        tokens = []
        for raw in documents:
            text = raw.decode()
            if language != "en":
                text = convert(text)
            _ = [match.span() for match in sentence.finditer(text)]
            matcher.find_matches_as_indexes(text.lower())
            tokens.append(cut(text))
        vectorise(tokens)

    return floor


def map_side(workshop: Workshop, tasks: list) -> None:
    """Read, segment, describe, tokenise and code, as a worker does, without writing parts."""
    from xietong.batch import read_tables

    for first in range(0, len(tasks), 25):
        batch = [workshop.read(task) for task in tasks[first : first + 25]]
        _ = [read_tables(found) for found in batch]
        workshop.coders.code(batch)


def run_to_csv(recipe: Recipe, tasks: list, out: Path) -> None:
    """Read and code into parts, merge them into tables, write the CSV: a run without workbook and report."""
    from xietong import job

    job._bring_up_to_date(tasks, recipe, out, job.RunOptions(jobs=1), lambda progress: None)
    job.write_codebook(recipe.codebook, out / ".staging")
    job.write_output(out / ".staging", "csv", None)


def write_all(folder: Path, documents: list[bytes]) -> list:
    """Write the documents as files and make a task of each."""
    from xietong.job import plan

    source = folder / "in"
    source.mkdir()
    for number, raw in enumerate(documents):
        (source / f"{number:05d}.txt").write_bytes(raw)
    from xietong.batch import Recipe
    from xietong.codebook import Codebook

    return plan([source], Recipe(codebook=Codebook(name="", codes=())))


def clock(work: Callable[[], None], workshop: Workshop) -> float:
    """Give the processor seconds of this process and of the one that parses: what else the machine does is left out."""
    start = processor_seconds(workshop)
    work()
    return processor_seconds(workshop) - start


def processor_seconds(workshop: Workshop) -> float:
    """Add up what this process, its finished children and the parsing process have used (Linux)."""
    child = workshop.reader._child
    if child is None:
        return sum(os.times()[:4])
    fields = Path(f"/proc/{child.process.pid}/stat").read_text().rpartition(")")[2].split()
    return sum(os.times()[:4]) + (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()
