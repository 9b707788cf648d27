"""Mends what PDF writers do to text: doubled radicals, columns read across, fonts that lie about their characters."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from typing import Any

_Rect = tuple[float, float, float, float]  # left, bottom, right, top, in points
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
    rows = _rows([textpage.get_rect(n) for n in range(n_rects)])
    gap = _gap_between_columns(rows)
    if gap is None:
        return text
    left: list[str] = []
    right: list[str] = []
    for row in rows:
        for column, stretch in ((left, [r for r in row if r[2] <= gap]), (right, [r for r in row if r[2] > gap])):
            if stretch:
                column.append(" ".join(" ".join(textpage.get_text_bounded(*rect).split()) for rect in stretch))
    columns = "\n".join(left + right)
    letters = Counter(filter(str.isalnum, text))
    # nothing may be lost or doubled by cutting the page up
    return columns if Counter(filter(str.isalnum, columns)) == letters else text


def _rows(rects: list[_Rect]) -> list[list[_Rect]]:
    """Put the stretches that stand side by side together, from the top of the page to its foot."""
    rows: list[list[_Rect]] = []
    for rect in sorted(rects, key=lambda rect: -(rect[1] + rect[3])):
        height = max(rect[3] - rect[1], 1)
        if rows and abs(sum(rows[-1][0][1::2]) - (rect[1] + rect[3])) < height:
            rows[-1].append(rect)
        else:
            rows.append([rect])
    return [sorted(row) for row in rows]


def _gap_between_columns(rows: list[list[_Rect]]) -> float | None:
    """Give the place between two columns, or None."""
    pairs = [row for row in rows if len(row) == 2]
    if len(pairs) < 4 or len(pairs) < 0.7 * len(rows):
        return None
    start, end = max(pair[0][2] for pair in pairs), min(pair[1][0] for pair in pairs)
    wide = all(rect[2] - rect[0] > 50 for pair in pairs for rect in pair)
    crossing = any(rect[0] < start and rect[2] > end for row in rows for rect in row)
    # lines of running text fill their column; the cells of a table do not
    full = sum(start - pair[0][2] < 0.15 * (start - pair[0][0]) for pair in pairs) >= 0.6 * len(pairs)
    return (start + end) / 2 if wide and full and not crossing and end - start > 8 else None
