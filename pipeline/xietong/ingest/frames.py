"""What parent and child say to each other: a JSON header and bytes, each with its length; never pickled objects."""

from __future__ import annotations

import json
import struct
from dataclasses import fields
from typing import IO, Any

from xietong.records import Document, Mark, Row, Span

_LENGTHS = struct.Struct(">IQ")
_PLAIN = ("file", "sha256", "status", "reason", "media_type", "encoding", "encoding_margin", "note", "n_members")


class BrokenFrameError(Exception):
    """The other side is gone, or says what cannot be understood."""


def write_frame(pipe: IO[bytes], header: dict[str, Any], body: bytes = b"") -> None:
    """Send one message."""
    head = json.dumps(header, separators=(",", ":")).encode("ascii")
    pipe.write(_LENGTHS.pack(len(head), len(body)) + head)
    pipe.write(body)
    pipe.flush()


def read_frame(pipe: IO[bytes], max_bytes: int) -> tuple[dict[str, Any], bytes]:
    """Receive one message.

    Raises
    ------
    BrokenFrameError
        If the pipe ends, or the message is larger than ``max_bytes``.
    """
    n_head, n_body = _LENGTHS.unpack(_read_exactly(pipe, _LENGTHS.size))
    if n_head > max_bytes or n_body > max_bytes:
        raise BrokenFrameError("too large")
    head = _read_exactly(pipe, n_head)
    body = _read_exactly(pipe, n_body)
    try:
        header = json.loads(head)
    except ValueError as error:
        raise BrokenFrameError("not JSON") from error
    if not isinstance(header, dict):
        raise BrokenFrameError("not an object")
    return header, body


def _read_exactly(pipe: IO[bytes], n: int) -> bytes:
    data = bytearray()
    while len(data) < n:
        chunk = pipe.read(min(n - len(data), 1 << 22))
        if not chunk:
            raise BrokenFrameError("ended")
        data += chunk
    return bytes(data)


def pack_document(document: Document) -> tuple[dict[str, Any], bytes]:
    """Make a message of a document; its text is the body."""
    header = {name: getattr(document, name) for name in _PLAIN}
    header["pages"] = [[page.start, page.end] for page in document.pages]
    header["marks"] = [[mark.start, mark.end, mark.kind, mark.level] for mark in document.marks]
    header["rows"] = [[row.source_id, row.start, row.end] for row in document.rows]
    header["properties"] = dict(document.properties)
    header["columns"] = dict(document.columns)
    return header, document.text.encode("utf-8", "replace")


def unpack_document(header: dict[str, Any], body: bytes) -> Document:
    """Make the document again."""
    known = {field.name for field in fields(Document)}
    plain = {name: header[name] for name in _PLAIN if name in known}
    return Document(
        text=body.decode("utf-8", "replace"),
        pages=tuple(Span(*page) for page in header["pages"]),
        marks=tuple(Mark(*mark) for mark in header["marks"]),
        rows=tuple(Row(*row) for row in header["rows"]),
        properties=header["properties"],
        columns=header["columns"],
        **plain,
    )
