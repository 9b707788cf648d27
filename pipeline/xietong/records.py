"""What the stages pass on to one another: a document as read, its passages, and what a coder said of them.

Every offset counts Unicode code points of ``Document.text`` and every span is half-open.
Standard library only (numpy arrays are passed through, never imported here).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

PASSAGE_KINDS = ("body", "heading", "list", "table", "reference", "footnote", "boilerplate", "front")
#: Kinds of passage that coders look at; the others are kept in the tables, without codes.
CODED_KINDS = frozenset({"body", "list", "table"})
LANGUAGES = ("zh-Hans", "zh-Hant", "en", "other")


@dataclass(frozen=True, slots=True)
class Span:
    """Half-open range of code points in a document's extracted text."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Mark:
    """What the file format itself says of a stretch of the extracted text.

    ``kind``: title, heading (with ``level`` 1 to 6), paragraph, list, table, row, cell, footnote, gloss
    (ruby), header, footer, boilerplate (navigation, share buttons), front (front matter).
    Marks may nest; text without a mark is plain text whose layout has to be worked out.
    """

    start: int
    end: int
    kind: str
    level: int = 0


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a table of texts: the row's own id and where its text stands."""

    source_id: str
    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One thing to read, before it is read."""

    file: str  # as the tables show it: below the input, "/" between folders, "a.zip!/member" in an archive
    location: str  # where it lies on disk
    sha256: str = ""  # of the bytes; "" where they could not be read
    n_bytes: int = 0
    problem: str = ""  # key of the reason (ingest/reasons) why it cannot be opened; "" where it can


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One policy text as read; never altered afterwards."""

    file: str
    sha256: str
    text: str = ""
    status: str = "ok"  # ok, empty, failed, duplicate
    reason: str = ""  # why the status is not ok: what, and what to do
    media_type: str = ""
    encoding: str = ""
    encoding_margin: float | None = None  # how far the chosen encoding was ahead of the next, 0 to 1
    pages: tuple[Span, ...] = ()
    marks: tuple[Mark, ...] = ()
    rows: tuple[Row, ...] = ()
    properties: Mapping[str, str] = field(default_factory=dict)  # as the file states them: title, author, date …
    columns: Mapping[str, str] = field(default_factory=dict)  # of a document in a table: its cells by column
    note: str = ""  # what was repaired or left out though the status is ok
    n_members: int = 0  # of an archive or table: documents in it, each with a row of its own; it has no text itself


@dataclass(frozen=True, slots=True)
class FoldedText:
    """Text for matching, with the way back: code point i came from ``source[starts[i]:ends[i]]``."""

    text: str
    starts: Sequence[int] | NDArray[np.int64]
    ends: Sequence[int] | NDArray[np.int64]

    def source_span(self, start: int, end: int) -> Span:
        """Give the span of the document that the folded code points ``start:end`` came from."""
        return Span(int(self.starts[start]), int(self.ends[end - 1]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """One coding unit: a stretch of a document that receives codes as a whole."""

    n: int  # 0, 1, 2 … in the order of the document, over all kinds
    start: int
    end: int
    kind: str = "body"
    section: tuple[str, ...] = ()  # the headings above it, outermost first
    language: str = "zh-Hans"
    source_id: str = ""
    reading: str = ""  # for people: original script, lines joined, glosses and page furniture taken out
    folded: FoldedText  # for matching: ``reading`` in simplified script, plain width, canonical variants


@dataclass(frozen=True, slots=True)
class TokenisedPassage:
    """A passage's folded text cut into words: ``tokens[i]`` starts at ``starts[i]`` of the folded text.

    ``lemmas`` are the comparison forms (lower-case lemma in English, the token itself in Chinese).
    """

    passage: Passage
    tokens: tuple[str, ...]
    starts: tuple[int, ...]
    lemmas: tuple[str, ...]


class Cue(NamedTuple):
    """Words a coder relied on, in a passage's folded text, and how much they weighed."""

    passage: int  # index into the batch of passages that was coded
    code: int  # index into the codebook's codes
    start: int
    end: int
    cue: str  # the codebook term, topic, keyword or feature that matched
    weight: float


@dataclass(frozen=True, slots=True)
class Cues:
    """The evidence of a batch as columns, one element per :class:`Cue`: thousands of them cost no more than a few.

    ``passage``, ``code``, ``start``, ``end``: int, as in :class:`Cue`, sorted in this order. ``label``: int, which of
    ``labels`` says what matched. ``weight``: float. All of shape (n_cues,).
    """

    passage: NDArray[np.int64]
    code: NDArray[np.int64]
    start: NDArray[np.int64]
    end: NDArray[np.int64]
    label: NDArray[np.int64]
    weight: NDArray[np.float64]
    labels: Sequence[str]

    def __len__(self) -> int:
        return len(self.passage)

    def __iter__(self) -> Iterator[Cue]:
        """Give the cues one by one."""
        lists = [column.tolist() for column in (self.passage, self.code, self.start, self.end)]
        return map(Cue, *lists, [self.labels[label] for label in self.label.tolist()], self.weight.tolist())


@dataclass(frozen=True, slots=True)
class Coding:
    """One coder's judgement of a batch of passages.

    ``scores``: float, shape (n_passages, n_codes), 0 to 1, how sure the coder is that the code is present.
    ``values``: int, shape (n_passages, n_codes), on each code's own scale. ``cues``: the evidence.
    ``review``: bool, shape (n_passages, n_codes), where the coder asks for a person's eye.
    """

    coder_id: str
    scores: NDArray[np.float32]
    values: NDArray[np.int8]
    cues: Cues
    review: NDArray[np.bool_] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Metadata:
    """What is known about a document as a whole, and where each item came from."""

    title: str = ""
    issuer: str = ""
    region: str = ""
    level: str = ""  # central, provincial, city, county, other
    doc_type: str = ""  # work report, plan, opinion, notice, regulation, speech, article, other
    doc_date: str = ""  # ISO 8601, as exact as known: 2026, 2026-02 or 2026-02-05
    year: int | None = None
    origins: Mapping[str, str] = field(
        default_factory=dict
    )  # item -> catalogue, front matter, html, heading, file name …
    user: Mapping[str, Any] = field(default_factory=dict)  # the user's own columns from catalogue.csv


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadDocument:
    """A document with its passages and their ids, ready to be coded."""

    document_id: str
    document: Document
    metadata: Metadata
    passages: list[Passage]
    passage_ids: list[str]
