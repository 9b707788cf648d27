"""Texts to measure with: real ones of ``../shared/corpora`` where present, those of the sample corpus otherwise."""

from __future__ import annotations

import csv
import itertools
import random
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SHARED = ROOT.parent / "shared" / "corpora"
LANGUAGES = ("zh-Hans", "zh-Hant", "en")


def texts(language: str, megabytes: float, *, chars: int = 10_000) -> list[str]:
    """Give about so many megabytes (UTF-8) in documents of about ``chars`` characters, cut at line ends."""
    found, size = [], 0
    for piece in itertools.cycle(_pieces(language, chars)):
        found.append(piece)
        size += len(piece.encode())
        if size >= megabytes * 1e6:
            return found
    raise ValueError(f"no text in {language}")


def source_name() -> str:
    """Say where the texts come from."""
    return "../shared/corpora" if SHARED.is_dir() else "corpora/sample (../shared is absent)"


def write_folder(folder: Path, language: str, megabytes: float, *, seed: int = 0) -> Path:
    """Write documents made by resampling real lines, no two alike, about so many megabytes in all."""
    rng = random.Random(seed)
    lines = [line for piece in _pieces(language, 10_000) for line in piece.splitlines() if len(line) > 40]
    folder.mkdir(parents=True, exist_ok=True)
    size = number = 0
    while size < megabytes * 1e6:
        body = "\n".join(rng.choices(lines, k=120)).encode()
        (folder / f"{language}_{number:06d}.txt").write_bytes(body)
        size, number = size + len(body), number + 1
    return folder


def _pieces(language: str, chars: int) -> list[str]:
    pieces = []
    for file in _files(language):
        piece: list[str] = []
        n = 0
        for line in file.read_text(encoding="utf-8", errors="replace").splitlines(keepends=True):
            piece.append(line)
            n += len(line)
            if n >= chars:
                pieces.append("".join(piece))
                piece, n = [], 0
        pieces.append("".join(piece))
    return [piece for piece in pieces if piece.strip()]


def _files(language: str) -> list[Path]:
    if SHARED.is_dir():
        with open(SHARED / "corpora.csv", encoding="utf-8-sig", newline="") as stream:
            rows = [
                row
                for row in csv.DictReader(stream)
                if row["lang"] == language and row["path"].endswith((".txt", ".md"))
            ]
        files = [SHARED / row["path"] for row in rows if not row["path"].startswith(("messy", "labelled"))]
        return [file for file in files if file.is_file()]
    from xietong.ingest.text import decode_text

    found = []
    for file in sorted((ROOT / "corpora" / "sample").glob("*.txt")):
        if decode_text(file.read_bytes()):
            found.append(file)
    return found
