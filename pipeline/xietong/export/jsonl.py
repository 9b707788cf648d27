"""passages.jsonl: one passage a line, exact, with every span of evidence in the text and in the reading."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from xietong.export.by_document import passages_in_steps
from xietong.highlight import reading_spans

if TYPE_CHECKING:
    from xietong.runs import Run


def write(run: Run, target: Path) -> None:
    """Write a line for each passage: the columns of the wide table, ``text``, and ``spans``.

    A span has ``start`` and ``end`` in the document's text and, where the words are still there, ``reading_start``
    and ``reading_end`` in ``reading``; all of them count code points and are half-open.
    """
    with open(target, "w", encoding="utf-8", newline="\n") as lines:
        for row in passages_in_steps(run):
            places = [(span["start"] - row["start"], span["end"] - row["start"]) for span in row["spans"]]
            for span, place in zip(row["spans"], reading_spans(row["text"], row["reading"], places), strict=True):
                span["reading_start"], span["reading_end"] = place or (None, None)
            lines.write(json.dumps(row, ensure_ascii=False, separators=(",", ":"), allow_nan=False) + "\n")
