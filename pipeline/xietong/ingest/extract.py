"""What a reader of one format gives: the text with what the format says of it, before it has a file name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from xietong.records import Mark, Row, Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One document of a table of texts: its rows, and the cells that all of them share, by column."""

    name: str
    text: str
    rows: tuple[Row, ...]
    columns: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Extract:
    """The fields of a ``Document`` that come from its content."""

    text: str
    encoding: str = ""
    encoding_margin: float | None = None
    pages: tuple[Span, ...] = ()
    marks: tuple[Mark, ...] = ()
    rows: tuple[Row, ...] = ()
    parts: tuple[Part, ...] = ()  # the documents of a table whose columns tell them apart; ``text`` is then unused
    columns: Mapping[str, str] = field(default_factory=dict)  # of a table that is one document
    properties: Mapping[str, str] = field(default_factory=dict)
    note: str = ""

    def with_(self, **changes: Any) -> Extract:
        """Give the same with some fields replaced."""
        return replace(self, **changes)


def join_notes(*notes: str) -> str:
    """Put notes one after the other, without the empty ones."""
    return "; ".join(filter(None, notes))
