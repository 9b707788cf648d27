"""Counts for how many real passages the codes stay the same in other scripts, with glosses, in other widths and wraps.

    python tests/quality/code_invariance.py [--passages 1000] [--shared ../shared]

Each passage is coded as a row of a table (``row``: one passage whatever its line breaks) and as a document of its own
(``document``: cut into passages first; compared is the highest value of each code over its passages).
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from segmentation import CHINESE_ONLY, FORMS, ROOT, SIMPLIFIED_ONLY, gold
from xietong.codebook import read_codebook
from xietong.coders import code_passages
from xietong.coding import Coders
from xietong.job import DEFAULT_CODEBOOK
from xietong.records import CODED_KINDS, Document, Passage, Row
from xietong.segment import SegmentOptions, segment
from xietong.tokenise import tokenise

CODERS = ("terms", "combined")
Codes = dict[str, "np.ndarray[Any, Any]"]  # coder to values, shape (n_texts, n_codes)


def measure(n_passages: int, shared: Path, seed: int = 0) -> dict[str, dict[str, list[int]]]:
    """Give, by form and by "coder, unit", how many passages keep all their codes, of how many.

    Parameters
    ----------
    n_passages : drawn from the hand-coded passages
    shared : folder that holds ``gold``
    """
    coders = Coders(read_codebook(DEFAULT_CODEBOOK))
    passages = gold(shared, n_passages, seed)
    texts = [passage["text"] for passage in passages]
    plain = {unit: code(texts, coders) for unit, code in UNITS.items()}
    figures: dict[str, dict[str, list[int]]] = {}
    for name, form in FORMS.items():
        chosen = np.array([_is_meant(name, passage["lang"]) for passage in passages])
        others = [form(text) for text, is_meant in zip(texts, chosen, strict=True) if is_meant]
        figures[name] = {}
        for unit, code in UNITS.items():
            found = code(others, coders)
            for coder in CODERS:
                same = (found[coder] == plain[unit][coder][chosen]).all(axis=1)
                figures[name][f"{coder}, {unit}"] = [int(same.sum()), len(others)]
    return figures


def _is_meant(form: str, language: str) -> bool:
    return (form not in CHINESE_ONLY or language != "en") and (form not in SIMPLIFIED_ONLY or language == "zh-Hans")


def as_rows(texts: Sequence[str], coders: Coders) -> Codes:
    """Code each text as one passage, as ``--unit row`` does."""
    rows, at = [], 0
    for text in texts:
        rows.append(Row(str(len(rows)), at, at + len(text)))
        at += len(text) + 1
    document = Document(file="table.csv", sha256="", text="\n".join(texts) + "\n", rows=tuple(rows))
    passages = segment(document, options=SegmentOptions(unit="row"))
    return _coded(passages, range(len(texts)), len(texts), coders)


def as_documents(texts: Sequence[str], coders: Coders) -> Codes:
    """Cut each text into passages, code them, and give the highest value of each code."""
    passages: list[Passage] = []
    owners: list[int] = []
    for number, text in enumerate(texts):
        found = [p for p in segment(Document(file="a.txt", sha256="", text=text)) if p.kind in CODED_KINDS]
        passages += found
        owners += [number] * len(found)
    return _coded(passages, owners, len(texts), coders)


def _coded(passages: list[Passage], owners: Sequence[int], n_texts: int, coders: Coders) -> Codes:
    codings = code_passages(tokenise(passages, coders.tokeniser), coders.codebook, coders.prepared)
    codes: Codes = {}
    for coding in codings:
        if coding.coder_id in CODERS:
            codes[coding.coder_id] = np.zeros((n_texts, len(coders.codebook.codes)), dtype=np.int8)
            np.maximum.at(codes[coding.coder_id], np.array(owners), coding.values)
    return codes


UNITS: dict[str, Callable[[Sequence[str], Coders], Codes]] = {"row": as_rows, "document": as_documents}


def print_figures(figures: dict[str, dict[str, list[int]]]) -> None:
    """Print one line a form."""
    columns = [f"{coder}, {unit}" for coder in CODERS for unit in UNITS]
    print(f"{'form':24} {'n':>5} " + " ".join(f"{name:>19}" for name in columns))
    for form, found in figures.items():
        shares = " ".join(f"{found[name][0] / found[name][1]:19.2%}" for name in columns)
        print(f"{form:24} {found[columns[0]][1]:5} {shares}")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--passages", type=int, default=1000)
    parser.add_argument("--shared", type=Path, default=ROOT.parent / "shared")
    options = parser.parse_args()
    print_figures(measure(options.passages, options.shared))


if __name__ == "__main__":
    main()
