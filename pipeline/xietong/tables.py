"""Columns and types of every table; one place, so that the same meaning has the same name everywhere."""

from __future__ import annotations

import pyarrow as pa

_text, _int = pa.string(), pa.int32()

DOCUMENTS = pa.schema([
    ("document_id", _text), ("file", _text), ("status", _text), ("reason", _text), ("media_type", _text),
    ("encoding", _text), ("encoding_margin", pa.float32()), ("language", _text), ("title", _text), ("issuer", _text),
    ("region", _text), ("level", _text), ("doc_type", _text), ("doc_date", _text), ("year", _int),
    ("metadata_from", _text),  # JSON object: item -> where it came from
    ("n_chars", pa.int64()), ("n_passages", _int), ("duplicate_of", _text), ("similar_to", _text),
    ("similarity", pa.float32()), ("note", _text), ("sha256", _text),
])  # fmt: skip

PASSAGES = pa.schema([
    ("passage_id", _text), ("document_id", _text), ("file", _text), ("source_id", _text), ("n", _int),
    ("section", _text), ("kind", _text), ("language", _text), ("start", pa.int64()), ("end", pa.int64()),
    ("text", _text), ("reading", _text), ("folded", _text),
])  # fmt: skip

TAGS = pa.schema([
    ("passage_id", _text), ("facet", _text), ("code", _text), ("coder_id", _text),
    ("value", pa.int8()), ("score", pa.float32()), ("needs_review", pa.bool_()),
])  # fmt: skip

EVIDENCE = pa.schema([
    ("passage_id", _text), ("facet", _text), ("code", _text), ("coder_id", _text),
    ("start", pa.int64()), ("end", pa.int64()), ("quote", _text), ("cue", _text), ("weight", pa.float32()),
])  # fmt: skip

TEXTS = pa.schema([("document_id", _text), ("text", _text)])

#: The tables of a run that are made document by document, in the order they are written.
BY_DOCUMENT = {"documents": DOCUMENTS, "passages": PASSAGES, "tags": TAGS, "evidence": EVIDENCE, "texts": TEXTS}

SECTION_SEPARATOR = " › "
