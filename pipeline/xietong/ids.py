"""Ids that come from content: the same input gives the same ids on any machine."""

from __future__ import annotations

import hashlib
import json
from typing import Any

ID_LENGTH = 16  # hexadecimal digits; 64 bits keep a clash among ten million passages below one in 300,000


_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), sort_keys=True)


def content_hash(*fields: Any) -> str:
    """Hash fields as a JSON list, so that ("ab", "c") and ("a", "bc") differ; 64 hexadecimal digits."""
    packed = _ENCODER.encode(fields)
    return hashlib.sha256(packed.encode("utf-8", "backslashreplace")).hexdigest()


def document_id(sha256: str, file: str = "") -> str:
    """Give the id of a document: from its bytes alone, or with its file name where the bytes do not tell it apart."""
    return content_hash("document", sha256, "" if sha256 and not file else file)[:ID_LENGTH]


def passage_id(document: str, n: int, start: int, end: int) -> str:
    """Give the id of the ``n``-th passage of a document, which spans ``start:end`` of its text."""
    return content_hash("passage", document, n, start, end)[:ID_LENGTH]
