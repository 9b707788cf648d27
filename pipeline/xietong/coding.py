"""Runs the coders over a batch of passages and turns what they say into rows of the tags and evidence tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from xietong.codebook import Codebook
from xietong.records import CODED_KINDS, Coding, ReadDocument
from xietong.tables import EVIDENCE, TAGS

#: Scores below this are not written: they say "not this code" and would be most of the table.
SCORE_FLOOR = 0.05


class Coders:
    """The tokeniser and every coder, prepared once for a codebook and a model."""

    def __init__(self, codebook: Codebook, model: str = "") -> None:
        from xietong.coders import prepare_coders
        from xietong.tokenise import prepare_tokeniser

        self.codebook = codebook
        self.tokeniser = prepare_tokeniser(codebook.lexicon)
        self.prepared = prepare_coders(codebook, model)

    def code(self, sources: Sequence[Sequence[ReadDocument]]) -> list[dict[str, pa.Table]]:
        """Code the passages of several sources; one set of tables per source, in order."""
        from xietong.coders import code_passages
        from xietong.tokenise import tokenise

        passages, passage_ids, texts, lasts = [], [], [], []
        for source in sources:
            for read in source:
                for passage, passage_id in zip(read.passages, read.passage_ids, strict=True):
                    if passage.kind in CODED_KINDS:
                        passages.append(passage)
                        passage_ids.append(passage_id)
                        texts.append(read.document.text)
            lasts.append(len(passages))
        codings = code_passages(tokenise(passages, self.tokeniser), self.codebook, self.prepared) if passages else []
        tags, evidence = _tag_rows(codings), _evidence_rows(codings)
        ids = np.array(passage_ids, dtype=object)
        return [
            {
                "tags": _tag_table(tags, first, last, ids, codings, self.codebook),
                "evidence": self._evidence_table(evidence, first, last, passage_ids, texts, passages, codings),
            }
            for first, last in zip([0, *lasts], lasts, strict=False)
        ]

    def _evidence_table(
        self,
        rows: list[tuple],
        first: int,
        last: int,
        passage_ids: Any,
        texts: list[str],
        passages: list,
        codings: Sequence[Coding],
    ) -> pa.Table:
        columns: dict[str, list] = {name: [] for name in EVIDENCE.names}
        low, high = np.searchsorted([row[0] for row in rows], [first, last]) if rows else (0, 0)
        for number, code_number, coder_number, start, end, cue, weight in rows[low:high]:
            passage, code = passages[number], self.codebook.codes[code_number]
            span = passage.folded.source_span(start, end)
            values = (
                passage_ids[number], code.facet, code.code, codings[coder_number].coder_id,
                span.start, span.end, texts[number][span.start : span.end], cue, weight,
            )  # fmt: skip
            for column, value in zip(columns.values(), values, strict=True):
                column.append(value)
        return pa.table(columns, schema=EVIDENCE)


def _tag_rows(codings: Sequence[Coding]) -> np.ndarray:
    """List (passage, code, coder) of every tag worth a row, shape (n_tags, 3), in that order."""
    found = [np.empty((0, 3), dtype=np.int64)]
    for number, coding in enumerate(codings):
        worth = (coding.values > 0) | (coding.scores >= SCORE_FLOOR)
        passage, code = np.nonzero(worth)
        found.append(np.column_stack([passage, code, np.full_like(passage, number)]))
    rows = np.concatenate(found)
    return rows[np.lexsort((rows[:, 2], rows[:, 1], rows[:, 0]))]


def _tag_table(
    rows: np.ndarray, first: int, last: int, passage_ids: Any, codings: Sequence[Coding], codebook: Codebook
) -> pa.Table:
    low, high = np.searchsorted(rows[:, 0], [first, last])
    passage, code, coder = rows[low:high].T
    values = np.zeros(high - low, dtype=np.int8)
    scores = np.zeros(high - low, dtype=np.float32)
    review = np.zeros(high - low, dtype=bool)
    for number, coding in enumerate(codings):
        here = coder == number
        values[here] = coding.values[passage[here], code[here]]
        scores[here] = np.round(coding.scores[passage[here], code[here]].astype(np.float64), 4)
        if coding.review is not None:
            review[here] = coding.review[passage[here], code[here]]
    facets = np.array([c.facet for c in codebook.codes], dtype=object)
    names = np.array([c.code for c in codebook.codes], dtype=object)
    coder_ids = np.array([coding.coder_id for coding in codings], dtype=object)
    columns = (passage_ids[passage], facets[code], names[code], coder_ids[coder], values, scores, review)
    if high == low:
        return TAGS.empty_table()
    return pa.table(list(map(pa.array, columns)), names=TAGS.names).cast(TAGS)


def _evidence_rows(codings: Sequence[Coding]) -> list[tuple]:
    """List the cues of the codes each coder assigned, by passage, code, coder and position."""
    rows = {
        (cue.passage, cue.code, number, cue.start, cue.end, cue.cue, round(float(cue.weight), 4))
        for number, coding in enumerate(codings)
        for cue in coding.cues
        if cue.end > cue.start and coding.values[cue.passage, cue.code] > 0
    }
    return sorted(rows)
