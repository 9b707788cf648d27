"""Reads web pages saved as one file (MHTML) and saved mails: the part with the text, by its own headers."""

from __future__ import annotations

from typing import Any

from xietong.ingest.extract import Extract
from xietong.ingest.html import read_html
from xietong.ingest.reasons import Unreadable
from xietong.ingest.text import read_text


def read_mail(data: bytes) -> Extract:
    """Read the first part that is a page, or else the first that is plain text.

    Raises
    ------
    Unreadable
        If there is neither.
    """
    from email import policy
    from email.parser import BytesParser

    try:
        message = BytesParser(policy=policy.compat32).parsebytes(data)
        parts = [part for part in message.walk() if not part.is_multipart()][:1000]
    except RecursionError as error:
        raise Unreadable("damaged", format="MHTML", what="its parts nest too deep") from error
    for kind in ("text/html", "application/xhtml+xml", "text/plain"):
        for part in parts:
            if part.get_content_type() == kind:
                return _read_part(part, kind, _subject(data))
    raise Unreadable("damaged", format="MHTML", what="no part of it is a page or a text")


def _read_part(part: Any, kind: str, subject: str) -> Extract:
    payload = part.get_payload(decode=True) or b""
    charset = str(part.get_content_charset() or "")
    extract = read_text(payload) if kind == "text/plain" else read_html(payload, charset)
    if subject and "title" not in extract.properties:
        extract = extract.with_(properties={**extract.properties, "title": subject})
    return extract


def _subject(data: bytes) -> str:
    from email import policy
    from email.message import EmailMessage
    from email.parser import BytesParser

    try:
        message = BytesParser(EmailMessage, policy=policy.default).parsebytes(data, headersonly=True)
        return " ".join(str(message.get("subject", "")).split())[:300]
    except (ValueError, LookupError, AttributeError, IndexError, TypeError):
        return ""  # the standard library's header parser stumbles over some malformed headers
