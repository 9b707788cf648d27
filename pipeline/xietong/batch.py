"""What happens to a batch of sources: read, segment, describe, tokenise, code. Everything here sees one document at a time.

The result of a source depends on the source and the recipe only, never on its neighbours in the batch, so batches may
be of any size and run anywhere.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from xietong import ids
from xietong.codebook import Codebook
from xietong.duplicates import sketch
from xietong.ingest.reasons import reason_for
from xietong.parts import PartsPlace, Slice, read_slice, write_part
from xietong.records import CODED_KINDS, Document, Mark, Metadata, Passage, ReadDocument, Row, Source, Span
from xietong.tables import BY_DOCUMENT, SECTION_SEPARATOR

if TYPE_CHECKING:
    from xietong.coding import Coders

log = logging.getLogger(__name__)

_UNCODED = "nothing of it is coded: all of its text was taken for headings, front matter or page furniture"

#: Kept in parts only: the user's own columns and what the file format said of the text, as JSON; the text's sketch.
PARTS_ONLY = [pa.field("user", pa.string()), pa.field("shape", pa.string()), pa.field("sketch", pa.binary())]
READ_TABLES = {
    "documents": pa.schema([*BY_DOCUMENT["documents"], *PARTS_ONLY]),
    "passages": BY_DOCUMENT["passages"],
    "texts": BY_DOCUMENT["texts"],
}
CODED_TABLES = {"tags": BY_DOCUMENT["tags"], "evidence": BY_DOCUMENT["evidence"]}


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentOptions:
    """Options that a document's rows depend on."""

    unit: str = "passage"  # passage, sentence, paragraph or row
    text_column: str = ""  # of a table; "" lets the reader choose and say which
    id_column: str = ""
    ocr: bool = False


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """All that the rows of a source depend on beside the source itself."""

    codebook: Codebook
    options: DocumentOptions = field(default_factory=DocumentOptions)
    model: str = ""  # folder of the trained model; "" for the one that comes with the codebook, "none" for no model
    program: str = ""  # version and content of the program
    model_hash: str = ""

    def read_key(self, source: Source, catalogue: Mapping[str, Mapping[str, str]]) -> str:
        """Say in one hash what the reading of this source depends on."""
        rows = {member: dict(row) for member, row in catalogue.items()}
        return ids.content_hash("read", source.sha256, source.file, rows, asdict(self.options), self.program)

    def code_key(self, read_key: str) -> str:
        """Say in one hash what the codes of this source depend on."""
        return ids.content_hash("code", read_key, self.codebook.content_hash, self.model_hash)


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One source to bring up to date: read it, or only code what was read before."""

    source: Source
    read_key: str
    code_key: str
    catalogue: Mapping[str, dict[str, str]] = field(default_factory=dict)  # its rows: member ("" for itself) to row
    read: Slice | None = None  # where its passages already are


class Workshop:
    """What a worker process sets up once: the reader, the tokeniser, the coders."""

    def __init__(self, recipe: Recipe) -> None:
        self.recipe = recipe

    @cached_property
    def reader(self) -> Any:
        """The reader, which parses each file in a child process of its own."""
        from xietong.ingest import IngestOptions
        from xietong.ingest.isolate import Reader

        options = self.recipe.options
        return Reader(
            IngestOptions(
                text_column=options.text_column, id_column=options.id_column, unit=options.unit, ocr=options.ocr
            )
        )

    @cached_property
    def coders(self) -> Coders:
        """Tokeniser and coders with the codebook's terms and the model loaded."""
        from xietong.coding import Coders

        return Coders(self.recipe.codebook, self.recipe.model)

    def process(self, tasks: Sequence[Task], place: PartsPlace) -> list[str]:
        """Bring a batch up to date and write its parts; give their names."""
        known = [self.recall(task.read) if task.read else self.read(task) for task in tasks]
        unread = [
            (task.read_key, read_tables(found)) for task, found in zip(tasks, known, strict=True) if not task.read
        ]
        written = []
        if unread:
            written.append(_keep(place, "read", [key for key, _ in unread], [tables for _, tables in unread]))
        written.append(_keep(place, "coded", [task.code_key for task in tasks], self.coders.code(known)))
        return written

    def read(self, task: Task) -> list[ReadDocument]:
        """Read, segment and describe one source: the documents that are in it."""
        from xietong.metadata import row_of

        first_file: dict[str, str] = {}
        rows, file = dict(task.catalogue), task.source.file
        return [
            self._understand(_once(document, first_file), row_of(rows, file, document.file))
            for document in self.reader.read(task.source)
        ]

    def recall(self, place: Slice) -> list[ReadDocument]:
        """Segment again what was read before; the documents themselves are not opened."""
        texts = read_slice(place, "texts")
        text_of = dict(zip(texts["document_id"].to_pylist(), texts["text"].to_pylist(), strict=True))
        documents = []
        for row in (
            read_slice(place, "documents").select(["document_id", "file", "sha256", "status", "shape"]).to_pylist()
        ):
            if row["status"] == "ok":
                shape = _unpack_shape(row["shape"])
                document = Document(file=row["file"], sha256=row["sha256"], text=text_of[row["document_id"]], **shape)
                documents.append(_identify(document, self._segment(document), Metadata()))
        return documents

    def _understand(self, document: Document, catalogue_row: Mapping[str, str]) -> ReadDocument:
        from xietong.metadata import describe

        try:
            passages = self._segment(document) if document.status == "ok" else []
            # an archive's text is in its members' rows
            if document.status == "ok" and not passages and not document.n_members:
                document = replace(document, status="empty", reason=reason_for("only_space"), text="")
            return _identify(document, passages, describe(document, passages, catalogue_row))
        except (ValueError, TypeError, LookupError, ArithmeticError, RecursionError, AssertionError) as error:
            # The last guard of "no input stops a run": the mistake is ours, the row says so, the log has the rest.
            log.debug("%s: cannot be segmented", document.file, exc_info=True)
            reason = reason_for("own_failure", what=f"{type(error).__name__}: {error}")
            return _identify(replace(document, status="failed", reason=reason, text=""), [], Metadata())

    def _segment(self, document: Document) -> list[Passage]:
        from xietong.segment import SegmentOptions, segment

        return segment(document, options=SegmentOptions(unit=self.recipe.options.unit))

    def close(self) -> None:
        """End the reader's child process."""
        if "reader" in self.__dict__:
            self.reader.close()


def _identify(document: Document, passages: list[Passage], metadata: Metadata) -> ReadDocument:
    document_id = ids.document_id(document.sha256, "" if document.status == "ok" else document.file)
    passage_ids = [ids.passage_id(document_id, p.n, p.start, p.end) for p in passages]
    return ReadDocument(
        document_id=document_id, document=document, metadata=metadata, passages=passages, passage_ids=passage_ids
    )


def _once(document: Document, first_file: dict[str, str]) -> Document:
    """Turn a member whose content stood earlier in the same archive into a duplicate of it."""
    first = first_file.setdefault(document.sha256, document.file) if document.status == "ok" else document.file
    if first == document.file:
        return document
    reason = reason_for("same_content", first=first)
    return replace(document, status="duplicate", reason=reason, text="", marks=(), pages=(), rows=())


def _keep(
    place: PartsPlace, stage: str, keys: Sequence[str], tables_by_source: Sequence[Mapping[str, pa.Table]]
) -> str:
    """Write a part, send it to the store if there is one, and give its name."""
    part = write_part(place.folder, stage, keys, tables_by_source)
    if place.url:
        from xietong.remote_parts import remote_parts

        remote_parts(place.url).send(part)
    return part.name


def set_aside(task: Task, reason: str, place: PartsPlace) -> None:
    """Write the parts of a source that cannot be processed: one row that says why."""
    document = Document(file=task.source.file, sha256=task.source.sha256, status="failed", reason=reason)
    _keep(place, "read", [task.read_key], [read_tables([_identify(document, [], Metadata())])])
    _keep(place, "coded", [task.code_key], [{name: schema.empty_table() for name, schema in CODED_TABLES.items()}])


def read_tables(found: Sequence[ReadDocument]) -> dict[str, pa.Table]:
    """Make the rows of the ``read`` tables for the documents of one source."""
    passages = [_passage_columns(read) for read in found]
    columns = {name: list(chain.from_iterable(c[name] for c in passages)) for name in READ_TABLES["passages"].names}
    with_text = [read for read in found if read.document.status == "ok"]
    texts = {"document_id": [r.document_id for r in with_text], "text": [r.document.text for r in with_text]}
    rows = [_document_row(read.document_id, read.document, _passages_in(read, found), read.metadata) for read in found]
    return {
        "documents": pa.Table.from_pylist(rows, schema=READ_TABLES["documents"]),
        "passages": pa.table(columns, schema=READ_TABLES["passages"]),
        "texts": pa.table(texts, schema=READ_TABLES["texts"]),
    }


def _passages_in(read: ReadDocument, found: Sequence[ReadDocument]) -> Sequence[Passage]:
    """Give a document's passages; of an archive or table, those of all documents in it, for the language of its row."""
    if not read.document.n_members:
        return read.passages
    inside = f"{read.document.file}!/"
    return [passage for member in found if member.document.file.startswith(inside) for passage in member.passages]


def _passage_columns(read: ReadDocument) -> dict[str, list]:
    passages, n = read.passages, len(read.passages)
    text = read.document.text
    return {
        "passage_id": read.passage_ids,
        "document_id": [read.document_id] * n,
        "file": [read.document.file] * n,
        "source_id": [p.source_id for p in passages],
        "n": [p.n for p in passages],
        "section": [SECTION_SEPARATOR.join(p.section) for p in passages],
        "kind": [p.kind for p in passages],
        "language": [p.language for p in passages],
        "start": [p.start for p in passages],
        "end": [p.end for p in passages],
        "text": [text[p.start : p.end] for p in passages],
        "reading": [p.reading for p in passages],
        "folded": [p.folded.text for p in passages],
    }


def _pack_shape(document: Document) -> str:
    """Keep what the file format said of the text, so that it can be segmented again without the file."""
    if not (document.marks or document.pages or document.rows):
        return ""
    marks = [[m.start, m.end, m.kind, m.level] for m in document.marks]
    pages = [[page.start, page.end] for page in document.pages]
    rows = [[row.source_id, row.start, row.end] for row in document.rows]
    return json.dumps([document.media_type, marks, pages, rows], ensure_ascii=False, separators=(",", ":"))


def _unpack_shape(packed: str) -> dict[str, Any]:
    if not packed:
        return {}
    media_type, marks, pages, rows = json.loads(packed)
    return {
        "media_type": media_type,
        "marks": tuple(Mark(*mark) for mark in marks),
        "pages": tuple(Span(*page) for page in pages),
        "rows": tuple(Row(*row) for row in rows),
    }


def _document_row(document_id: str, document: Document, passages: Sequence[Passage], metadata: Metadata) -> dict:
    return {
        "document_id": document_id,
        "file": document.file,
        "status": document.status,
        "reason": document.reason,
        "media_type": document.media_type,
        "encoding": document.encoding,
        "encoding_margin": document.encoding_margin,
        "language": main_language(passages),
        "title": metadata.title,
        "issuer": metadata.issuer,
        "region": metadata.region,
        "level": metadata.level,
        "doc_type": metadata.doc_type,
        "doc_date": metadata.doc_date,
        "year": metadata.year,
        "metadata_from": json.dumps(dict(metadata.origins), ensure_ascii=False, sort_keys=True),
        "user": json.dumps(dict(metadata.user), ensure_ascii=False),
        "shape": _pack_shape(document) if document.status == "ok" else "",
        "sketch": sketch("" if document.n_members else "".join([p.folded.text for p in passages])).tobytes(),
        "n_chars": len(document.text),
        "n_passages": 0 if document.n_members else len(passages),
        "note": _note_of(document, passages),
        "sha256": document.sha256,
    }


def _note_of(document: Document, passages: Sequence[Passage]) -> str:
    """Give the reader's notes, and say so where nothing of a document's text will be coded."""
    is_uncoded = passages and not document.n_members and not any(passage.kind in CODED_KINDS for passage in passages)
    return "; ".join(filter(None, [document.note, _UNCODED if is_uncoded else ""]))


def main_language(passages: Sequence[Passage]) -> str:
    """Give the language most of the text is in, by characters of the reading text; "" without passages."""
    weights: dict[str, int] = {}
    for passage in passages:
        weights[passage.language] = weights.get(passage.language, 0) + len(passage.reading)
    return max(weights, key=lambda language: (weights[language], language)) if weights else ""
