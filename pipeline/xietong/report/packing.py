"""Packs the passages of the report into compressed columns that a browser unpacks in one step."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Sequence
from functools import cache
from heapq import nsmallest
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from xietong.marked import Highlight
from xietong.totals import code_values

if TYPE_CHECKING:
    import pandas as pd

    from xietong.codebook import Codebook
    from xietong.runs import Run


def choose_rows(run: Run, most: int) -> frozenset[str] | None:
    """Draw the passages to show; None for all of them. The draw goes by a hash of the ids, so it is always the same."""
    file = pq.ParquetFile(run.folder / "tables" / "passages.parquet")
    if file.metadata.num_rows <= most:
        return None
    ids = (name for rows in file.iter_batches(columns=["passage_id"]) for name in rows["passage_id"].to_pylist())
    return frozenset(nsmallest(most, ids, key=lambda name: hashlib.sha256(name.encode()).digest()))


class PassageColumns:
    """The columns of the shown passages, gathered piece by piece.

    Texts are UTF-16, all behind one another, because that is how a browser counts; so are the places of highlights.
    """

    def __init__(self, codebook: Codebook, documents: pd.DataFrame) -> None:
        self.codebook = codebook
        self.codes = codebook.index
        self.document_place = {name: i for i, name in enumerate(documents["document_id"])}
        self.n_rows = 0
        self.numbers: dict[str, list[np.ndarray]] = {}
        self.reading: list[bytes] = []
        self.ids: list[str] = []
        self.section_place: dict[str, int] = {}
        self.kinds: dict[str, int] = {}
        self.languages: dict[str, int] = {}

    def add(self, rows: pa.Table, highlights: Sequence[Sequence[Highlight]], chosen: frozenset[str] | None) -> None:
        """Add rows of the wide table, or those of them that were chosen."""
        if chosen is not None:
            keep = [name in chosen for name in rows["passage_id"].to_pylist()]
            rows = rows.filter(pa.array(keep, pa.bool_()))
            highlights = [marks for marks, kept in zip(highlights, keep, strict=True) if kept]
        texts = rows["reading"].to_pylist()
        self.n_rows += rows.num_rows
        self.ids += rows["passage_id"].to_pylist()
        encoded = [text.encode("utf-16-le") for text in texts]
        self.reading += encoded
        marks = [
            (*_in_units(text, mark, len(units) // 2), self.codes[mark.code])
            for text, units, row in zip(texts, encoded, highlights, strict=True)
            for mark in row
        ]
        self._put("length", np.array([len(units) // 2 for units in encoded], dtype=np.uint32))
        self._put(
            "document", np.array([self.document_place[name] for name in rows["document_id"].to_pylist()], np.uint32)
        )
        self._put("section", _numbered(rows["section"].to_pylist(), self.section_place, np.uint32))
        self._put("kind", _numbered(rows["kind"].to_pylist(), self.kinds, np.uint8))
        self._put("language", _numbered(rows["language"].to_pylist(), self.languages, np.uint8))
        self._put("n", rows["n"].to_numpy().astype(np.uint32))
        self._put("start", rows["start"].to_numpy().astype(np.uint32))
        self._put("end", rows["end"].to_numpy().astype(np.uint32))
        self._put("review", rows["needs_review"].to_numpy(zero_copy_only=False).astype(np.uint8))
        self._put("confidence", np.round(rows["confidence"].to_numpy() * 100).astype(np.uint8))
        self._put("values", code_values(rows, self.codebook).astype(np.uint8).ravel())
        self._put("n_marks", np.array([len(row) for row in highlights], dtype=np.uint32))
        for i, name in enumerate(("mark_start", "mark_end", "mark_code")):
            kind = np.uint8 if name == "mark_code" and len(self.codes) < 256 else np.uint32
            self._put(name, np.array([mark[i] for mark in marks], dtype=kind))

    def pack(self) -> bytes:
        """Give the columns as one compressed block: length of the header, header (JSON), columns on multiples of 8."""
        columns = {name: np.concatenate(pieces) for name, pieces in self.numbers.items()}
        columns["reading"] = np.frombuffer(b"".join(self.reading), dtype=np.uint16)
        fold_from, fold_to = fold_table()
        columns |= {"fold_from": fold_from, "fold_to": fold_to}
        header: dict[str, Any] = {
            "rows": self.n_rows, "ids": self.ids, "sections": list(self.section_place), "kinds": list(self.kinds),
            "languages": list(self.languages), "columns": {},
        }  # fmt: skip
        body, place = [], 0
        for name, column in columns.items():
            block = column.astype(column.dtype.newbyteorder("<")).tobytes()
            header["columns"][name] = [column.dtype.name, place, len(column)]
            padding = -len(block) % 8
            body.append(block + bytes(padding))
            place += len(block) + padding
        head = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
        head += b" " * (-(len(head) + 8) % 8)
        whole = len(head).to_bytes(8, "little") + head + b"".join(body)
        return gzip.compress(whole, compresslevel=6, mtime=0)

    def _put(self, name: str, column: np.ndarray) -> None:
        self.numbers.setdefault(name, []).append(column)


@cache
def fold_table() -> tuple[np.ndarray, np.ndarray]:
    """Give the characters that folding changes one for one, and what they become, for searching in any script."""
    from xietong.normalise import fold

    letters = [chr(i) for i in (*range(0x21, 0xD800), *range(0xF900, 0xFFF0)) if not chr(i).isspace()]
    folded = fold("。".join(letters))  # a full stop between them, so that each is folded by itself
    places = np.asarray(folded.starts)
    times = np.bincount(places, minlength=2 * len(letters))
    pairs = [
        (ord(letters[place // 2]), ord(became.lower()))
        for place, became in zip(places.tolist(), folded.text, strict=True)
        if place % 2 == 0 and times[place] == 1 and len(became.lower()) == 1
    ]
    changed = [(before, after) for before, after in pairs if before != after and after < 0x10000]
    return np.array([pair[0] for pair in changed], np.uint16), np.array([pair[1] for pair in changed], np.uint16)


def _in_units(text: str, mark: Highlight, n_units: int) -> tuple[int, int]:
    if n_units == len(text):
        return mark.start, mark.end
    start = len(text[: mark.start].encode("utf-16-le")) // 2
    return start, start + len(text[mark.start : mark.end].encode("utf-16-le")) // 2


def _numbered(values: Sequence[str], places: dict[str, int], kind: type) -> np.ndarray:
    return np.array([places.setdefault(value or "", len(places)) for value in values], dtype=kind)
