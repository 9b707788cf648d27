"""Finds the evidence, which is quoted from the document's text, in the text for reading."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import numpy as np

_SPACE = re.compile(r"\s+")
#: Largest alignment table that is worked out, in cells; passages beyond it are aligned greedily.
_MOST_CELLS = 4_000_000


def reading_spans(text: str, reading: str, spans: Sequence[tuple[int, int]]) -> list[tuple[int, int] | None]:
    """Say where spans of a passage's text stand in its reading.

    The reading is the text without glosses, page furniture and line ends, so it is aligned as a subsequence of the
    text, white space aside, with as few gaps as possible.

    Parameters
    ----------
    text, reading : the passage as in the passages table
    spans : half-open spans of ``text``, counted from the start of the passage

    Returns
    -------
    list
        A half-open span of ``reading`` for each of ``spans``; None where nothing of it is left in the reading, or
        where the two cannot be aligned. A span given is never wrong: its characters are characters of the quote.
    """
    if not spans:
        return []
    if text == reading:
        return [(start, end) if start < end else None for start, end in spans]
    places = _places(text, reading)
    if places is None:
        return [None] * len(spans)
    in_text, in_reading = places
    found: list[tuple[int, int] | None] = []
    for start, end in spans:
        first, last = np.searchsorted(in_text, (start, end))
        found.append((int(in_reading[first]), int(in_reading[last - 1]) + 1) if first < last else None)
    return found


def merged(spans: Iterable[tuple[int, int] | None]) -> list[tuple[int, int]]:
    """Join overlapping and touching spans, in order."""
    joined: list[tuple[int, int]] = []
    for start, end in sorted(span for span in spans if span is not None):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined


def _places(text: str, reading: str) -> tuple[np.ndarray, np.ndarray] | None:
    """Give, for each character of the reading but white space, its place in the text and in the reading."""
    text_places, bare_text = _without_space(text)
    reading_places, bare_reading = _without_space(reading)
    if bare_text == bare_reading:
        return text_places, reading_places
    if len(bare_text) * len(bare_reading) > _MOST_CELLS:
        order = _first_fit(bare_text, bare_reading)
    else:
        order = _fewest_gaps(bare_text, bare_reading)
    return None if order is None else (text_places[order], reading_places)


def _without_space(text: str) -> tuple[np.ndarray, str]:
    places = [np.arange(piece.start(), piece.end()) for piece in re.finditer(r"\S+", text)]
    return (np.concatenate(places) if places else np.zeros(0, dtype=np.int64)), _SPACE.sub("", text)


def _first_fit(text: str, reading: str) -> np.ndarray | None:
    """Take each character of the reading at its first place in the text after the one before."""
    order, place = [], -1
    for character in reading:
        place = text.find(character, place + 1)
        if place < 0:
            return None
        order.append(place)
    return np.array(order, dtype=np.int64)


def _fewest_gaps(text: str, reading: str) -> np.ndarray | None:
    """Align the reading as a subsequence of the text with as few gaps as possible (dynamic programming, row by row)."""
    if len(reading) > len(text):
        return None
    far = np.iinfo(np.int32).max // 2
    letters = np.frombuffer(text.encode("utf-32-le"), dtype=np.uint32)
    wanted = np.frombuffer(reading.encode("utf-32-le"), dtype=np.uint32)
    # gaps[i, j]: gaps so far when reading[i] stands at text[j]
    gaps = np.full((len(wanted), len(letters)), far, dtype=np.int32)
    if len(wanted) == 0:
        return np.zeros(0, dtype=np.int64)
    gaps[0, letters == wanted[0]] = 0
    for i in range(1, len(wanted)):
        before = np.concatenate(([far], gaps[i - 1, :-1]))
        after_a_gap = np.minimum.accumulate(np.concatenate(([far], before[:-1]))) + 1
        gaps[i] = np.where(letters == wanted[i], np.minimum(before, after_a_gap), far)
    place = int(gaps[-1].argmin())
    if gaps[-1, place] >= far:
        return None
    order = np.empty(len(wanted), dtype=np.int64)
    order[-1] = place
    for i in range(len(wanted) - 1, 0, -1):
        if gaps[i - 1, place - 1] == gaps[i, place]:
            place -= 1
        else:
            place = int(gaps[i - 1, : place - 1].argmin())
        order[i - 1] = place
    return order
