"""What folding, cutting into passages and cutting into words cost, beside bare engines in the same run.

    python tests/benchmarks/reading.py --mb 1 --rounds 3

Beside them: OpenCC on the whole text, a regular expression for sentences, jieba-rs with the split at hyphens (in
English a regular expression for words). Milliseconds of processor time per MB of UTF-8, median of the rounds.
"""

from __future__ import annotations

import re
import statistics
import time
from collections.abc import Callable
from typing import Any

from corpus import LANGUAGES, source_name, texts
from measuring import parser, print_row, report
from xietong.records import Document
from xietong.segment import segment
from xietong.tokenise import prepare_tokeniser, tokenise


def main() -> None:
    """Measure and print one row per language."""
    options_of = parser(__doc__)
    options_of.add_argument("--mb", type=float, default=1.0)
    options_of.add_argument("--rounds", type=int, default=3)
    options = options_of.parse_args()
    print(f"texts: {source_name()}; {options.mb} MB a language, median of {options.rounds} rounds, ms per MB")
    rows: list[dict[str, Any]] = []
    for language in LANGUAGES:
        rows.append(measure(language, options.mb, options.rounds))
        print_row(rows[-1], is_first=len(rows) == 1)
    report(rows, options.json)


def measure(language: str, megabytes: float, rounds: int) -> dict[str, Any]:
    """Time the engines alone and the two stages, in turn, on the same documents."""
    documents = [Document(file="a.txt", sha256="", text=text) for text in texts(language, megabytes)]
    size = sum(len(document.text.encode()) for document in documents) / 1e6
    tokeniser = prepare_tokeniser()
    bare = bare_engines(language)
    for document in documents[:3]:
        bare(document.text)
        tokenise(segment(document), tokeniser)
    times: dict[str, list[float]] = {"bare": [], "segment": [], "tokenise": []}
    for _ in range(rounds):
        times["bare"].append(clock(lambda: [bare(document.text) for document in documents]) / size)
        times["segment"].append(clock(lambda: [segment(document) for document in documents]) / size)
        passages = [segment(document) for document in documents]
        times["tokenise"].append(clock(lambda p=passages: [tokenise(batch, tokeniser) for batch in p]) / size)
    cost = {name: statistics.median(values) * 1000 for name, values in times.items()}
    return {"language": language, **cost, "ratio": (cost["segment"] + cost["tokenise"]) / cost["bare"]}


def bare_engines(language: str) -> Callable[[str], object]:
    """Give the least that could be done to a text: script, sentences, words."""
    import opencc
    import rjieba

    convert = opencc.OpenCC("t2s").convert
    sentence = re.compile(r"[^。！？!?；;\n]+[。！？!?；;\n]*" if language != "en" else r"[^.!?\n]+[.!?\n]*")
    word = re.compile(r"[A-Za-z0-9]+(?:['’-][A-Za-z0-9]+)*|[^\sA-Za-z0-9]")
    part = re.compile(r"([a-zA-Z0-9]+(?:\.\d+)?%?)")

    def bare(text: str) -> object:
        if language == "en":
            return [m.span() for m in sentence.finditer(text)], word.findall(text)
        text = convert(text)
        spans = [m.span() for m in sentence.finditer(text)]
        tokens: list[str] = []
        for token in rjieba.cut(text):
            if len(token) > 1 and not token.isalnum() and any(c in token for c in "-._"):
                tokens += filter(None, part.split(token))
            else:
                tokens.append(token)
        return spans, tokens

    return bare


def clock(work: Callable[[], object]) -> float:
    """Give the processor seconds that a piece of work takes."""
    start = time.process_time()
    work()
    return time.process_time() - start


if __name__ == "__main__":
    main()
