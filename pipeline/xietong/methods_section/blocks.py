"""The pieces of a text that can be written as Markdown and as DOCX."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading; level 1 is the title."""

    text: str
    level: int = 2


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph of plain text."""

    text: str


@dataclass(frozen=True, slots=True)
class Table:
    """A table with its caption; every cell is text."""

    caption: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


Block = Heading | Paragraph | Table


def to_markdown(blocks: list[Block]) -> str:
    """Write blocks as Markdown, with what could be markup in names and labels escaped."""
    parts = []
    for block in blocks:
        match block:
            case Heading(text, level):
                parts.append(f"{'#' * level} {_escape(text)}")
            case Paragraph(text):
                parts.append(_escape(text))
            case Table(caption, header, rows):
                lines = [" | ".join(_escape(cell) for cell in row) for row in (header, *rows)]
                rule = " | ".join(["---"] * len(header))
                parts.append(
                    f"**{_escape(caption)}**\n\n" + "\n".join(f"| {line} |" for line in (lines[0], rule, *lines[1:]))
                )
    return "\n\n".join(parts) + "\n"


def _escape(text: str) -> str:
    for mark in "\\`*_<>|[]":
        text = text.replace(mark, f"\\{mark}")
    return text.replace("\n", " ")
