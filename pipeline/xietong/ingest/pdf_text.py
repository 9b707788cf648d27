"""Mends what PDF writers do to text: doubled radicals, columns read across, fonts that lie about their characters."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from itertools import pairwise
from typing import Any

_RADICALS = re.compile("([\u2e80-\u2fd5]+)(?=([\u3400-\u9fff]))")
_NONSENSE = re.compile("[\ufffd\ufffe\uffff\ue000-\uf8ff\x00-\x08\x0e-\x1f]")
#: A text in which no script has this share, and which is not common Chinese, is no text.
_MIN_SCRIPT = 0.6
_MAX_RARITY = 16.0


def drop_doubled_radicals(pages: list[str]) -> list[str]:
    """Take out radicals that stand before their own character (⽗父), as Apple's programs write them.

    Done only where a document does so throughout; a radical in place of a character stays.
    """
    found = [match for page in pages for match in _RADICALS.finditer(page)]
    doubled = sum(unicodedata.normalize("NFKC", match[1][-1]) == match[2] for match in found)
    if doubled < 3 or doubled < 0.6 * len(found):
        return pages
    return [_RADICALS.sub(_without_double, page) for page in pages]


def _without_double(match: re.Match[str]) -> str:
    last = match[1][-1]
    # the supplement's radicals have no equivalent in Unicode, so the document's habit decides
    return "" if last < "\u2f00" or unicodedata.normalize("NFKC", last) == match[2] else match[1]


def is_nonsense(text: str) -> bool:
    """Say whether the fonts do not say, or say wrongly, which characters they show."""
    sample = "".join(text.split())[:6000]
    if len(_NONSENSE.findall(sample)) > 0.3 * len(sample):
        return True
    if len(sample) < 100:
        return False
    from xietong.ingest.encodings import rarity

    if rarity(sample) / len(sample) < _MAX_RARITY:
        return False
    scripts = Counter(unicodedata.name(c, "none").split()[0] for c in sample if c.isalpha())
    return max(scripts.values(), default=0) < _MIN_SCRIPT * sum(scripts.values())


def read_columns(textpage: Any, text: str) -> str:
    """Read a page in two columns one after the other; any other page is given as it is.

    Lines count as two columns where at least four have exactly two stretches, left and right of the same gap, both
    with several letters. Tables with more stretches a line, or mostly numbers, do not.
    """
    lines = text.count("\n") + 1
    n_rects = textpage.count_rects()
    if lines < 4 or not 1.5 * lines <= n_rects <= 1000:
        return text
    rects = [textpage.get_rect(n) for n in range(n_rects)]
    gap = _gap_between_columns(rects)
    if gap is None:
        return text
    left: list[tuple[tuple[float, float, float, float], str]] = []
    right: list[tuple[tuple[float, float, float, float], str]] = []
    for rect in sorted(rects, key=lambda rect: (-round(rect[3]), rect[0])):
        piece = " ".join(textpage.get_text_bounded(*rect).split())
        (left if rect[2] <= gap else right).append((rect, piece))
    columns = "\n".join(_lines_of(left) + _lines_of(right))
    letters = Counter(filter(str.isalnum, text))
    # nothing may be lost or doubled by cutting the page up
    return columns if Counter(filter(str.isalnum, columns)) == letters else text


def _gap_between_columns(rects: list[tuple[float, float, float, float]]) -> float | None:
    """Give the place between two columns, or None."""
    rows: dict[int, list[tuple[float, float, float, float]]] = {}
    for rect in rects:
        rows.setdefault(round(rect[1] / 3), []).append(rect)
    pairs = [sorted(row) for row in rows.values() if len(row) == 2]
    if len(pairs) < 4 or len(pairs) < 0.7 * len(rows):
        return None
    start, end = max(pair[0][2] for pair in pairs), min(pair[1][0] for pair in pairs)
    wide = all(pair[0][2] - pair[0][0] > 50 and pair[1][2] - pair[1][0] > 50 for pair in pairs)
    crossing = any(rect[0] < start and rect[2] > end for rect in rects)
    return (start + end) / 2 if wide and not crossing and end - start > 8 else None


def _lines_of(pieces: list[tuple[tuple[float, float, float, float], str]]) -> list[str]:
    lines = [pieces[0][1]] if pieces else []
    for (before, _), (rect, piece) in pairwise(pieces):
        if abs(before[1] - rect[1]) < 3:
            lines[-1] += f" {piece}"
        else:
            lines.append(piece)
    return lines
