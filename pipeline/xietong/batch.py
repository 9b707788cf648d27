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
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from xietong import ids
from xietong.codebook import Codebook
from xietong.parts import Slice, read_slice, write_part
from xietong.records import CODED_KINDS, Document, Metadata, Passage, Source
from xietong.tables import BY_DOCUMENT, SECTION_SEPARATOR
from xietong.wire import FOLD_MAP, pack_fold_map, unpack_fold_map

if TYPE_CHECKING:
    from xietong.coding import Coders

log = logging.getLogger(__name__)

READ_TABLES = {
    "documents": BY_DOCUMENT["documents"].append(pa.field("user", pa.string())),  # the user's columns, as JSON
    "passages": BY_DOCUMENT["passages"].append(FOLD_MAP),
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

    def read_key(self, source: Source, catalogue_row: Mapping[str, str] | None) -> str:
        """Say in one hash what the reading of this source depends on."""
        row = dict(catalogue_row) if catalogue_row else None
        return ids.content_hash("read", source.sha256, source.file, row, asdict(self.options), self.program)

    def code_key(self, read_key: str) -> str:
        """Say in one hash what the codes of this source depend on."""
        return ids.content_hash("code", read_key, self.codebook.content_hash, self.model_hash)


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One source to bring up to date: read it, or only code what was read before."""

    source: Source
    read_key: str
    code_key: str
    catalogue_row: Mapping[str, str] | None = None
    read: Slice | None = None  # where its passages already are


class Workshop:
    """What a worker process sets up once: the reader, the tokeniser, the coders."""

    def __init__(self, recipe: Recipe, parts: Path) -> None:
        self.recipe = recipe
        self.parts = parts

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

    def process(self, tasks: Sequence[Task]) -> None:
        """Bring a batch up to date and write its parts."""
        unread = [task for task in tasks if task.read is None]
        fresh = dict(zip([task.read_key for task in unread], map(self.read, unread), strict=True))
        if unread:
            write_part(self.parts, "read", list(fresh), list(fresh.values()))
        passages = [
            fresh[task.read_key]["passages"] if task.read is None else read_slice(task.read, "passages")
            for task in tasks
        ]
        coded = self.coders.code(passages)
        write_part(self.parts, "coded", [task.code_key for task in tasks], coded)

    def read(self, task: Task) -> dict[str, pa.Table]:
        """Read, segment and describe one source; give its rows of the ``read`` tables."""
        rows: dict[str, list[dict]] = {name: [] for name in READ_TABLES}
        first_file: dict[str, str] = {}
        for document in self.reader.read(task.source):
            document = _once(document, first_file)
            passages, metadata, document = self._understand(document, task.catalogue_row)
            document_id = ids.document_id(document.sha256, "" if document.status == "ok" else document.file)
            rows["documents"].append(_document_row(document_id, document, passages, metadata))
            rows["passages"].extend(_passage_row(document_id, document, passage) for passage in passages)
            if document.status == "ok":
                rows["texts"].append({"document_id": document_id, "text": document.text})
        return {name: pa.Table.from_pylist(rows[name], schema=schema) for name, schema in READ_TABLES.items()}

    def _understand(
        self, document: Document, catalogue_row: Mapping[str, str] | None
    ) -> tuple[list[Passage], Metadata, Document]:
        from xietong.metadata import describe
        from xietong.segment import SegmentOptions, segment

        try:
            passages = (
                segment(document, options=SegmentOptions(unit=self.recipe.options.unit))
                if document.status == "ok"
                else []
            )
            if (
                document.status == "ok"
                and not any(passage.kind in CODED_KINDS for passage in passages)
                and not passages
            ):
                document = replace(
                    document, status="empty", reason="no text in it: nothing but white space and page furniture"
                )
            return passages, describe(document, passages, catalogue_row), document
        except (ValueError, TypeError, LookupError, ArithmeticError, RecursionError, AssertionError) as error:
            # The last guard of "no input stops a run": the mistake is ours, the row says so, the log has the rest.
            log.exception("%s: cannot be segmented", document.file)
            reason = (
                f"Xietong failed on this document ({type(error).__name__}: {error}); please report it with the document"
            )
            return [], Metadata(), replace(document, status="failed", reason=reason, text="")

    def close(self) -> None:
        """End the reader's child process."""
        if "reader" in self.__dict__:
            self.reader.close()


def _once(document: Document, first_file: dict[str, str]) -> Document:
    """Turn a member whose content stood earlier in the same archive into a duplicate of it."""
    first = first_file.setdefault(document.sha256, document.file) if document.status == "ok" else document.file
    if first == document.file:
        return document
    reason = f"same content as {first}, which is coded; it is counted once"
    return replace(document, status="duplicate", reason=reason, text="", marks=(), pages=(), rows=())


def set_aside(task: Task, reason: str, recipe: Recipe, parts: Path) -> None:
    """Write the parts of a source that cannot be processed: one row that says why."""
    document = Document(file=task.source.file, sha256=task.source.sha256, status="failed", reason=reason)
    row = _document_row(ids.document_id(document.sha256, document.file), document, [], Metadata())
    read = {
        name: pa.Table.from_pylist([row] if name == "documents" else [], schema=schema)
        for name, schema in READ_TABLES.items()
    }
    write_part(parts, "read", [task.read_key], [read])
    coded = {name: pa.Table.from_pylist([], schema=schema) for name, schema in CODED_TABLES.items()}
    write_part(parts, "coded", [task.code_key], [coded])


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
        "n_chars": len(document.text),
        "n_passages": len(passages),
        "note": document.note,
        "sha256": document.sha256,
    }


def main_language(passages: Sequence[Passage]) -> str:
    """Give the language most of the text is in, by characters of the reading text; "" without passages."""
    weights: dict[str, int] = {}
    for passage in passages:
        weights[passage.language] = weights.get(passage.language, 0) + len(passage.reading)
    return max(weights, key=lambda language: (weights[language], language)) if weights else ""


def _passage_row(document_id: str, document: Document, passage: Passage) -> dict:
    return {
        "passage_id": ids.passage_id(document_id, passage.n, passage.start, passage.end),
        "document_id": document_id,
        "file": document.file,
        "source_id": passage.source_id,
        "n": passage.n,
        "section": SECTION_SEPARATOR.join(passage.section),
        "kind": passage.kind,
        "language": passage.language,
        "start": passage.start,
        "end": passage.end,
        "text": document.text[passage.start : passage.end],
        "reading": passage.reading,
        "folded": passage.folded.text,
        FOLD_MAP.name: pack_fold_map(passage.folded, passage.start),
    }


def passages_of(table: pa.Table) -> list[Passage]:
    """Make passages again from the rows of a ``read`` part."""
    rows = table.select(
        ["n", "start", "end", "kind", "section", "language", "source_id", "reading", "folded", FOLD_MAP.name]
    )
    return [
        Passage(
            n=row["n"],
            start=row["start"],
            end=row["end"],
            kind=row["kind"],
            section=tuple(filter(None, row["section"].split(SECTION_SEPARATOR))),
            language=row["language"],
            source_id=row["source_id"],
            reading=row["reading"],
            folded=unpack_fold_map(row["folded"], row[FOLD_MAP.name], row["start"]),
        )
        for row in rows.to_pylist()
    ]
