"""Holds the codes of a report in English against those of the same report in Chinese, line by line.

python tests/quality/aligned.py

The premier's reports of 2008 to 2022 stand in both languages with one sentence a line. Every line is coded by itself;
a group of ten lines has a theme where one of them has it. Some of the lines are among what the bundled model learned from.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(name, "1")

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
SHARED = ROOT / ".." / "shared"
sys.path[:0] = [str(ROOT / "pipeline")]

from train_base_model import cut_texts
from xietong.bundled import bundled
from xietong.codebook import read_codebook
from xietong.coders import code_passages, prepare_coders
from xietong.coders.model import list_targets
from xietong.tokenise import prepare_tokeniser

GROUP = 10


def main() -> None:
    """Print kappa and agreement of each code over groups of lines."""
    codebook = read_codebook(bundled("seeds/regional-coordination"))
    prepared, tokeniser = prepare_coders(codebook), prepare_tokeniser(codebook.lexicon)
    sides: dict[str, list[np.ndarray]] = {"en": [], "zh-Hans": []}
    for english, chinese in reports():
        lines = {"en": read_lines(english), "zh-Hans": read_lines(chinese)}
        n = min(len(found) for found in lines.values())
        for language, found in lines.items():
            passages = cut_texts(((line, language) for line in found[:n]), tokeniser)
            values = code_passages(passages, codebook, prepared)[-1].values
            sides[language].append(np.stack([values[i : i + GROUP].max(axis=0) for i in range(0, n, GROUP)]))
    left, right = (np.concatenate(found) for found in sides.values())
    print(f"{len(left)} groups of {GROUP} lines of {len(sides['en'])} reports")
    kappas: dict[int, list[float]] = {}
    for target in list_targets(codebook):
        a, b = left[:, target.code] >= target.least, right[:, target.code] >= target.least
        kappa = cohen(a, b)
        code = codebook.codes[target.code]
        kappas.setdefault(target.least if code.facet == "path" else 0, []).append(kappa)
        print(
            f"{code.column}={target.least:<3} en {a.mean():.3f} zh {b.mean():.3f} agree {(a == b).mean():.3f} kappa {kappa:.3f}"
        )
    for kind, found in kappas.items():
        print({1: "themes", 2: "synergies", 0: "mechanisms"}[kind], f"mean kappa {np.nanmean(found):.3f}")


def reports() -> list[tuple[Path, Path]]:
    """Pair the files of the two languages by year."""
    folders = "corpora/en/central_gwr_en_2008_2022", "corpora/zh-Hans/central_gwr_zh_aligned_2008_2022"
    english, chinese = ({year_of(place): place for place in (SHARED / name).iterdir()} for name in folders)
    return [(english[year], chinese[year]) for year in sorted(english.keys() & chinese.keys())]


def year_of(place: Path) -> str:
    """Give the year in a file's name."""
    return next(place.name[i : i + 4] for i in range(len(place.name)) if place.name[i : i + 4].isdigit())


def read_lines(place: Path) -> list[str]:
    """Give the lines, empty ones too: they keep the two languages side by side."""
    return place.read_text(encoding="utf-8-sig").split("\n")


def cohen(a: np.ndarray, b: np.ndarray) -> float:
    """Cohen's kappa of two yes-or-no codings (Cohen 1960); NaN where chance alone agrees wholly."""
    chance = a.mean() * b.mean() + (1 - a.mean()) * (1 - b.mean())
    return float((np.mean(a == b) - chance) / (1 - chance)) if chance < 1 else float("nan")


if __name__ == "__main__":
    main()
