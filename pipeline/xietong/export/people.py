"""The hand codes of a run, passage by passage, as the exchange formats want them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from xietong.hand_codes import HandCodes

if TYPE_CHECKING:
    from xietong.runs import Run


@dataclass(frozen=True, slots=True)
class Judgement:
    """What one coder says of one passage; ``spans`` are (code, start, end) in the document's text."""

    coder_id: str
    values: Mapping[str, int]
    spans: tuple[tuple[str, int, int], ...] = ()


def judgements(run: Run) -> dict[str, list[Judgement]]:
    """Give the finished hand codes of every passage, by its id, coders in order."""
    found: dict[str, list[Judgement]] = {}
    for coding in sorted(HandCodes(run.folder), key=lambda coding: coding.coder_id):
        if coding.is_done and set(coding.values) <= set(run.codebook.index):
            spans = tuple((span.code, span.start, span.end) for span in coding.evidence)
            found.setdefault(coding.passage_id, []).append(Judgement(coding.coder_id, coding.values, spans))
    return found
