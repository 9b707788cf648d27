"""Runs the coders over a batch of passages and turns what they say into rows of the tags and evidence tables."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain, pairwise
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from xietong.codebook import Codebook
from xietong.records import CODED_KINDS, Coding, FoldedText, Passage, ReadDocument
from xietong.tables import EVIDENCE, TAGS
from xietong.tokenise import bare_passages, prepare_tokeniser, tokenise

#: Scores below this are not written: they say "not this code" and would be most of the table.
SCORE_FLOOR = 0.05


class Coders:
    """The tokeniser and every coder, prepared once for a codebook and a model."""

    def __init__(self, codebook: Codebook, model: str = "") -> None:
        from xietong.coders import prepare_coders

        self.codebook = codebook
        self.tokeniser = prepare_tokeniser(codebook.lexicon)
        self.prepared = prepare_coders(codebook, model)

    def code(self, sources: Sequence[Sequence[ReadDocument]]) -> list[dict[str, pa.Table]]:
        """Code the passages of several sources; one set of tables per source, in order."""
        batch = [_coded_passages(source) for source in sources]
        firsts = np.cumsum([0, *map(len, batch)])
        rows = list(chain.from_iterable(batch))
        if not rows:
            return [{"tags": TAGS.empty_table(), "evidence": EVIDENCE.empty_table()} for _ in sources]
        passages = [passage for passage, _, _ in rows]
        codings = self._ask(passages)
        names = _Names.of(self.codebook, codings, [passage_id for _, passage_id, _ in rows])
        tags, tag_of = _tag_table(codings, names)
        evidence, evidence_of = _evidence_table(codings, names, passages, [text for _, _, text in rows])
        return [
            {"tags": tags.slice(*tag), "evidence": evidence.slice(*reason)}
            for tag, reason in zip(_slices(tag_of, firsts), _slices(evidence_of, firsts), strict=True)
        ]

    def assign(self, folded: Sequence[str], language: str) -> NDArray[np.int8]:
        """Give the values that bare folded texts are assigned, shape (n_texts, n_codes); for asking what would be."""
        return self._ask(bare_passages(folded, [language] * len(folded)))[-1].values

    def _ask(self, passages: Sequence[Passage]) -> list[Coding]:
        """Tokenise passages and run every coder over them."""
        from threadpoolctl import threadpool_limits

        from xietong.coders import code_passages

        with threadpool_limits(1, user_api="blas"):  # its matrices are small: a second thread only waits
            return code_passages(tokenise(passages, self.tokeniser), self.codebook, self.prepared)


def _coded_passages(source: Sequence[ReadDocument]) -> list[tuple[Passage, str, str]]:
    """List the passages of a source that are coded, each with its id and its document's text."""
    return [
        (passage, passage_id, read.document.text)
        for read in source
        for passage, passage_id in zip(read.passages, read.passage_ids, strict=True)
        if passage.kind in CODED_KINDS
    ]


def _slices(passage: NDArray[np.int64], firsts: NDArray[np.int64]) -> list[tuple[int, int]]:
    """Give offset and length of each source's rows, whose passages are numbered in order."""
    return [(low, high - low) for low, high in pairwise(np.searchsorted(passage, firsts).tolist())]


class _Names:
    """The columns that name a row, from the numbers of passages, codes and coders."""

    def __init__(self, passage_ids: pa.Array, facets: pa.Array, codes: pa.Array, coder_ids: pa.Array) -> None:
        self._lists = (passage_ids, facets, codes, coder_ids)

    @staticmethod
    def of(codebook: Codebook, codings: Sequence[Coding], passage_ids: Sequence[str]) -> _Names:
        lists = (
            passage_ids,
            [code.facet for code in codebook.codes],
            [code.code for code in codebook.codes],
            [coding.coder_id for coding in codings],
        )
        return _Names(*(pa.array(names, pa.string()) for names in lists))

    def columns(self, passage: NDArray[Any], code: NDArray[Any], coder: NDArray[Any]) -> list[pa.Array]:
        """Give ``passage_id, facet, code, coder_id`` of the rows."""
        numbers = (passage, code, code, coder)
        return [names.take(pa.array(number)) for names, number in zip(self._lists, numbers, strict=True)]


def _tag_table(codings: Sequence[Coding], names: _Names) -> tuple[pa.Table, NDArray[np.int64]]:
    """Make a row of every tag worth one, by passage, code and coder; give the passage of each row as well."""
    values = np.stack([coding.values for coding in codings], axis=-1)
    scores = np.stack([coding.scores for coding in codings], axis=-1)
    review = np.stack(
        [np.zeros(c.values.shape, dtype=bool) if c.review is None else c.review for c in codings], axis=-1
    )
    cells = np.nonzero((values > 0) | (scores >= SCORE_FLOOR))
    rounded = np.round(scores[cells].astype(np.float64), 4).astype(np.float32)
    columns = [*names.columns(*cells), *map(pa.array, (values[cells], rounded, review[cells]))]
    return pa.table(columns, schema=TAGS), cells[0]


def _evidence_table(
    codings: Sequence[Coding], names: _Names, passages: Sequence[Passage], texts: Sequence[str]
) -> tuple[pa.Table, NDArray[np.int64]]:
    """Make a row of every cue of an assigned code, by passage, code, coder and place; give the passages as well."""
    passage, code, coder, start, end, label, weight = _assigned_cues(codings)
    labels = list(chain.from_iterable(coding.cues.labels for coding in codings))
    order = _in_order((passage, code, coder, start, end), label, labels)
    passage, code, coder, start, end, label, weight = (
        column[order] for column in (passage, code, coder, start, end, label, weight)
    )
    offsets, starts, ends = _ways_back([one.folded for one in passages])
    start, end = starts[offsets[passage] + start], ends[offsets[passage] + end - 1]
    quotes = [texts[i][a:b] for i, a, b in zip(passage.tolist(), start.tolist(), end.tolist(), strict=True)]
    columns = [
        *names.columns(passage, code, coder),
        *(pa.array(start), pa.array(end), pa.array(quotes, pa.string())),
        pa.array(labels, pa.string()).take(pa.array(label)),
        pa.array(np.round(weight, 4).astype(np.float32)),
    ]
    return pa.table(columns, schema=EVIDENCE), passage


def _assigned_cues(codings: Sequence[Coding]) -> list[NDArray[Any]]:
    """Put the cues of all coders one after another: passage, code, coder, start, end, label and weight."""
    parts, n_labels = [], 0
    for number, coding in enumerate(codings):
        cues = coding.cues
        used = (cues.end > cues.start) & (coding.values[cues.passage, cues.code] > 0)
        part = (cues.passage, cues.code, np.full(len(cues), number), cues.start, cues.end, cues.label + n_labels)
        parts.append([column[used] for column in (*part, cues.weight)])
        n_labels += len(cues.labels)
    return [np.concatenate(columns) for columns in zip(*parts, strict=True)]


def _in_order(keys: Sequence[NDArray[Any]], label: NDArray[Any], labels: Sequence[str]) -> NDArray[np.int64]:
    """Sort rows by ``keys`` and, where these are all equal, by the label."""
    order = np.lexsort(keys[::-1])
    sorted_keys = np.stack([key[order] for key in keys])
    tied = (sorted_keys[:, 1:] == sorted_keys[:, :-1]).all(axis=0)
    if not tied.any():
        return order
    group = np.cumsum(np.concatenate([[True], ~tied]))
    at = np.nonzero(np.isin(group, group[1:][tied]))[0]
    rows = zip(group[at].tolist(), [labels[i] for i in label[order[at]].tolist()], order[at].tolist(), strict=True)
    order[at] = [row for _, _, row in sorted(rows)]
    return order


def _ways_back(folded: Sequence[FoldedText]) -> tuple[NDArray[np.int64], NDArray[Any], NDArray[Any]]:
    """Put the ways back of all passages one after another: where each begins, and every start and end."""
    offsets = np.cumsum([0, *(len(one.text) for one in folded)])
    starts, ends = ([_as_array(getattr(one, side)) for one in folded] for side in ("starts", "ends"))
    return offsets, np.concatenate(starts), np.concatenate(ends)


def _as_array(places: Sequence[int] | NDArray[np.int64]) -> NDArray[np.int64]:
    """Give places as an array, ranges without going through their members."""
    if isinstance(places, range):
        return np.arange(places.start, places.stop, places.step)
    return np.asarray(places, dtype=np.int64)
