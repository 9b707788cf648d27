"""Builds a document's text piece by piece and remembers what the format says of each stretch."""

from __future__ import annotations

import re

from xietong.ingest.bounds import MB
from xietong.ingest.reasons import Unreadable
from xietong.records import Mark

_SPACES = re.compile(r"[ \t\n\r\f\v]+")
_SURROGATES = re.compile("[\ud800-\udfff]")
_LINE_ENDS = re.compile("\r\n?")


def clean(text: str) -> str:
    r"""Give the text with ``\n`` line ends and without lone surrogates (which become U+FFFD); lengths may shrink."""
    if "\r" in text:
        text = _LINE_ENDS.sub("\n", text)
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        text = _SURROGATES.sub("\ufffd", text)
    return text


class TextBuilder:
    """Text under construction. Blocks are separated by one line break, table cells by a tab."""

    def __init__(self, text_mb: int) -> None:
        self.pieces: list[str] = []
        self.length = 0
        self.marks: list[Mark] = []
        self._last = "\n"
        self._bound_mb = text_mb

    def add(self, text: str) -> None:
        """Append text as it is."""
        if not text:
            return
        self.pieces.append(text)
        self.length += len(text)
        self._last = text[-1]
        if self.length > self._bound_mb * MB:
            raise Unreadable("text_too_long", mb=self._bound_mb)

    def add_flowing(self, text: str) -> None:
        """Append text in which any run of white space counts as one space, as in HTML."""
        text = _SPACES.sub(" ", text)
        if text[:1] == " " and self._last in "\n\t ":
            text = text[1:]
        self.add(text)

    def end_line(self) -> None:
        """Start a new line unless one has just begun."""
        if self._last != "\n":
            self.add("\n")

    def mark(self, start: int, kind: str, level: int = 0, end: int | None = None) -> None:
        """Say what the text from ``start`` to here is; nothing is noted of an empty stretch."""
        end = self.length if end is None else end
        if end > start:
            self.marks.append(Mark(start, end, kind, level))

    def finish(self) -> tuple[str, tuple[Mark, ...]]:
        """Give the text and its marks in order, outer before inner, without white space at their ends."""
        text = "".join(self.pieces)
        marks = []
        for mark in self.marks:
            end = mark.end
            start = mark.start
            while end > start and text[end - 1].isspace():
                end -= 1
            while start < end and text[start].isspace():
                start += 1
            if end > start:
                marks.append(Mark(start, end, mark.kind, mark.level))
        marks.sort(key=lambda mark: (mark.start, -mark.end))
        return text, tuple(marks)
