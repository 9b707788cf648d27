"""Cuts folded text into sentences, Chinese and English."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from functools import cache

from xietong.characters import HAN
from xietong.lists import read_list

_CLOSERS = "”’\"')\\]》〉】〕}"
_NOTE = r"(?:\^?\{?\[?\(?\d{1,3}(?:[-,]\d{1,3})*[\])}]+)?"
_END = re.compile(
    # 。 ends a sentence wherever it stands, unless what follows goes on with it: “放管服!”的
    rf"[。!?](?:[。!?…]*[{_CLOSERS}]*)(?:\[\d{{1,3}}(?:[-,]\d{{1,3}})*\])? ?(?![,、;:。!?])"
    # a full stop between Chinese characters
    rf"|\.(?:(?<=[{HAN}]\.)[{_CLOSERS}]*(?=[{HAN}“《]))"
    # a full stop, closing marks or a note number, a space, and a capital, a digit or an opening mark
    rf"|\.[{_CLOSERS}*]*{_NOTE} +(?=[\"“‘'(\[*–—-]*[A-Z0-9{HAN}])"
    # nothing but spaces until the end of the stretch is looked at by the caller
)
_WORD_BEFORE = re.compile(r"[A-Za-z.]+\Z")
_DOTTED = re.compile(r"(?:[A-Za-z]\.)+[A-Za-z]")
_PARENTHESIS = re.compile(r"\([^()\n]{1,120}\)")
_CLAUSE_END = re.compile(r"[,;:、]|(?<=\S) ")
#: No sentence has more characters than this; what goes on longer without an end is cut, so that every cell can be shown.
LONGEST = 20_000
_GOES_ON = re.compile(r"[的地得之等和与及、,;:]")


def sentence_spans(text: str, start: int = 0, end: int | None = None) -> list[tuple[int, int]]:
    """Give the sentences of a stretch of folded text, without the spaces between them.

    Parameters
    ----------
    text : str
        Folded text (plain width, so that only ``。`` and ASCII punctuation end a sentence).
    start, end : int, optional
        The stretch; the whole text by default.

    Returns
    -------
    list of (start, end)
        In order, together all of the stretch but spaces. What stands within brackets is never cut, nor is a sentence,
        unless it has more than ``LONGEST`` characters.

    Examples
    --------
    >>> sentence_spans("Growth fell.  It rose by 3.5 per cent.")
    [(0, 12), (14, 38)]
    >>> sentence_spans("推进合作。“放管服!”的改革(见附件。)继续。")
    [(0, 5), (5, 23)]
    """
    end = len(text) if end is None else end
    while start < end and text[end - 1] == " ":
        end -= 1
    while start < end and text[start] == " ":
        start += 1
    spans: list[tuple[int, int]] = []
    begun = start
    held: list[tuple[int, int]] | None = None  # brackets, looked for only when a stop has been found
    for match in _END.finditer(text, start, end):
        at, stop = match.span()
        if stop >= end:
            break
        if match[0][0] == ".":
            if _is_abbreviation(text, at, begun):
                continue
        elif match[0][-1] in '”’"' and _GOES_ON.match(text, stop):
            continue
        if held is None:
            held = [m.span() for m in _PARENTHESIS.finditer(text, start, end)]
        around = bisect_left(held, (at, at)) - 1
        if around >= 0 and held[around][0] < at < held[around][1] - 1 and stop < held[around][1]:
            continue
        last = stop
        while last > begun and text[last - 1] == " ":
            last -= 1
        spans.append((begun, last))
        begun = stop
    if begun < end:
        spans.append((begun, end))
    return spans if end - start <= LONGEST else [piece for span in spans for piece in _pieces(text, *span)]


def _pieces(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Cut what is too long to be a sentence (a file in one line, a table of numbers) behind a comma or a space."""
    while end - start > LONGEST:
        cut = start + LONGEST
        found = [match.end() for match in _CLAUSE_END.finditer(text, cut - 1000, cut)]
        at = found[-1] if found else cut
        yield start, at
        start = at
    yield start, end


@cache
def _abbreviations() -> frozenset[str]:
    return frozenset(row["abbreviation"] for row in read_list("abbreviations"))


def _is_abbreviation(text: str, dot: int, begun: int) -> bool:
    """Tell whether the full stop belongs to an abbreviation, an initial or the number of a list item."""
    word = _WORD_BEFORE.search(text[max(begun, dot - 20) : dot])
    if word:
        letters = word[0].lstrip(".")
        is_initial = len(letters) == 1 and letters.isupper()
        return is_initial or letters in _abbreviations() or _DOTTED.fullmatch(letters) is not None
    return text[begun:dot].strip("*( ").isdigit()
