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

#: Document columns that the wide passages table repeats on every row.
DOCUMENT_COLUMNS = ("title", "issuer", "region", "level", "doc_type", "doc_date", "year")

SECTION_SEPARATOR = " › "

_n = [("n_documents", _int), ("n_passages", _int)]  # how much the figure rests on
_said = [("interval", _text), ("corrected", pa.bool_()), ("caution", _text), ("measures", _text)]  # how to read it

#: Every figure of `trends`, and prevalence of topics: one row per figure.
TRENDS = pa.schema([
    ("analysis", _text),  # attention, contrast, association, change_point, quotient, breadth, concentration …
    ("facet", _text), ("code", _text), ("other_facet", _text), ("other_code", _text),
    ("value_from", _int),  # the lowest value that counts as carrying the code: 1, or 2 for synergy only
    ("group_by", _text), ("group", _text), ("reference", _text), ("year", _int), ("lag", _int),
    ("statistic", _text), ("estimate", pa.float64()), ("low", pa.float64()), ("high", pa.float64()),
    ("p", pa.float64()), ("p_adjusted", pa.float64()), *_n, ("n_coded", _int), *_said,
])  # fmt: skip

#: One row per topic.
TOPICS = pa.schema([
    ("topic", _int), ("label", _text), ("method", _text), ("seed_code", _text),
    ("share", pa.float64()), ("low", pa.float64()), ("high", pa.float64()),
    ("coherence", pa.float64()), ("stability", pa.float64()), ("exclusivity", pa.float64()),
    ("closest_facet", _text), ("closest_code", _text), ("correspondence", pa.float64()), ("passages", _text),
    *_n, *_said,
])  # fmt: skip

#: One row per topic, way of ranking (probability, frex, lift) and rank.
TOPIC_TERMS = pa.schema([
    ("topic", _int), ("ranking", _text), ("rank", _int), ("term", _text), ("folded_term", _text),
    ("weight", pa.float64()), ("is_seed", pa.bool_()), *_n, *_said,
])  # fmt: skip

#: One row per number of topics tried.
TOPIC_CHOICE = pa.schema([
    ("n_topics", _int), ("coherence", pa.float64()), ("stability", pa.float64()), ("exclusivity", pa.float64()),
    ("score", pa.float64()), ("is_chosen", pa.bool_()), *_n, *_said,
])  # fmt: skip

#: One row per passage and topic it has a noticeable share of.
PASSAGE_TOPICS = pa.schema([
    ("passage_id", _text), ("document_id", _text), ("topic", _int), ("share", pa.float64()),
])  # fmt: skip

#: One row per scope (document, group, code, corpus), method and rank.
KEYWORDS = pa.schema([
    ("scope", _text), ("group_by", _text), ("group", _text), ("language", _text), ("method", _text), ("rank", _int),
    ("term", _text), ("folded_term", _text), ("score", pa.float64()),
    ("effect", pa.float64()), ("low", pa.float64()), ("high", pa.float64()),
    ("p", pa.float64()), ("p_adjusted", pa.float64()),
    ("n_target", _int), ("n_reference", _int), ("dispersion", pa.float64()), *_n, *_said,
])  # fmt: skip

#: One row per occurrence of a term.
KWIC = pa.schema([
    ("term", _text), ("passage_id", _text), ("document_id", _text), ("file", _text), ("year", _int), ("region", _text),
    ("level", _text), ("left", _text), ("hit", _text), ("right", _text), ("start", _int), ("end", _int),
])  # fmt: skip

#: One row per word that stands near the term.
COLLOCATES = pa.schema([
    ("term", _text), ("rank", _int), ("collocate", _text), ("folded_term", _text), ("n_together", _int),
    ("n_collocate", _int), ("mi", pa.float64()), ("log_dice", pa.float64()), ("g2", pa.float64()), *_n, *_said,
])  # fmt: skip

#: One row per edge of a network.
EDGES = pa.schema([
    ("network", _text), ("source", _text), ("target", _text), ("weight", _int), ("expected", pa.float64()),
    ("strength", pa.float64()), ("p", pa.float64()), ("p_adjusted", pa.float64()), *_n, *_said,
])  # fmt: skip

#: One row per stretch of text that one government shares with an earlier text of another.
REUSE = pa.schema([
    ("document_id", _text), ("passage_id", _text), ("file", _text), ("year", _int), ("region", _text), ("level", _text),
    ("source_document_id", _text), ("source_file", _text), ("source_year", _int), ("source_region", _text),
    ("source_level", _text), ("n_chars", _int), ("n_governments", _int), ("text", _text), *_n, *_said,
])  # fmt: skip

#: The tables of the corpus-level analyses.
BY_CORPUS = {
    "topics": TOPICS, "topic_terms": TOPIC_TERMS, "topic_choice": TOPIC_CHOICE, "topic_trends": TRENDS,
    "topic_codes": TRENDS, "passage_topics": PASSAGE_TOPICS, "keywords": KEYWORDS, "trends": TRENDS, "edges": EDGES,
    "reuse": REUSE, "kwic": KWIC, "collocates": COLLOCATES,
}  # fmt: skip
