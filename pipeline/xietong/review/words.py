"""Cuts a passage's reading into words to select, each with the stretch of the document's text it stands for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher

#: Longer passages are shown as extracted: comparing two texts takes time that grows with the square of their length.
LONGEST_READING = 3000
_PIECES = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]+|[^\W_]+(?:[-'’.][^\W_]+)*|\s+|.", re.DOTALL)
_IDEOGRAPHS = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]+")


@dataclass(frozen=True, slots=True)
class Word:
    """A word as shown, and the code points of the document it stands for; ``end == start`` for what was put in."""

    text: str
    start: int
    end: int

    @property
    def is_space(self) -> bool:
        """Whether the word is white space, which no cursor stops at."""
        return self.text.isspace()


def cut_words(reading: str, text: str, offset: int) -> list[Word]:
    """Cut the reading of a passage into words.

    Parameters
    ----------
    reading : the passage for people: lines joined, glosses and page furniture taken out
    text : the passage as extracted
    offset : where ``text`` begins in the document

    Returns
    -------
    list of Word
        In order; joined they give the reading (or the text, where the reading is empty or too long to compare).
    """
    if not reading or len(reading) > LONGEST_READING:
        reading = text
    sources = align(reading, text)
    words, position = [], 0
    for piece in _cut(reading):
        known = [s for s in sources[position : position + len(piece)] if s >= 0]
        position += len(piece)
        start, end = (known[0], known[-1] + 1) if known else (0, 0)
        # HTML has no U+0000, and browsers drop it in silence
        words.append(Word(piece.replace("\0", "\ufffd"), offset + start, offset + end))
    return words


def align(reading: str, text: str) -> list[int]:
    """Give for each character of the reading its place in the text; -1 for what is not in the text."""
    if reading == text:
        return list(range(len(text)))
    places = [-1] * len(reading)
    for block in SequenceMatcher(None, reading, text, autojunk=False).get_matching_blocks():
        places[block.a : block.a + block.size] = range(block.b, block.b + block.size)
    return places


def _cut(reading: str) -> Iterator[str]:
    import rjieba

    for match in _PIECES.finditer(reading):
        piece = match.group()
        if len(piece) > 2 and _IDEOGRAPHS.fullmatch(piece):
            yield from rjieba.cut(piece)
        else:
            yield piece
