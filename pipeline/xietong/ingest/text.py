"""Reads plain text and Markdown."""

from __future__ import annotations

import re
from html import unescape

from xietong.ingest.builder import clean
from xietong.ingest.encodings import decode
from xietong.ingest.extract import Extract, join_notes
from xietong.ingest.reasons import Unreadable
from xietong.records import Mark

_CONTROLS = re.compile("[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_FRONT = re.compile(r"(?:\ufeff)?---[ \t]*\n(.*?\n)?(?:---|\.\.\.)[ \t]*(?:\n|$)", re.DOTALL)
_FRONT_LINE = re.compile(r"([A-Za-z_\u4e00-\u9fff][\w .-]{0,40}?)[ \t]*[:：][ \t]*(.*)")
#: A text with a larger share of control characters than this is binary data.
_MAX_CONTROLS = 0.05


def read_text(data: bytes) -> Extract:
    """Read plain text in whatever encoding it comes."""
    decoded = decode(data)
    text = clean(decoded.text)
    _refuse_binary(text, data)
    text, note = _without_tables_in_html(text)
    note = join_notes(decoded.note, note)
    return Extract(text=text, encoding=decoded.encoding, encoding_margin=decoded.margin, note=note)


def _without_tables_in_html(text: str) -> tuple[str, str]:
    """Take the tags out of plain text that holds whole tables of HTML, as gazettes turned into text do."""
    if text.count("<td") + text.count("<TD") < _TABLE_CELLS:
        return text, ""
    text = _BLOCK_END.sub("\n", text)
    return unescape(_TAG.sub("", text)), "tables of HTML in the text: the tags were left out"


_TABLE_CELLS = 6  # fewer cells are no table but a text that mentions one
_BLOCK_END = re.compile(r"</(?:p|td|th|tr|table|div|li|h[1-6])\s*>|<br\s*/?>", re.I)
_TAG = re.compile(r"<(?:/?[A-Za-z][A-Za-z0-9]{0,15}(?:\s[^<>]{0,4000})?/?|!--[^<>]{0,4000}--)>")


def read_markdown(data: bytes) -> Extract:
    """Read Markdown; front matter between ``---`` lines becomes properties and is marked ``front``."""
    extract = read_text(data)
    match = _FRONT.match(extract.text[:20_000])
    if match is None:
        return extract
    properties = {}
    for line in (match[1] or "").split("\n"):
        found = _FRONT_LINE.match(line.strip())
        if found and found[2]:
            properties[found[1].strip().lower()] = found[2].strip().strip("\"'")
    return extract.with_(properties=properties, marks=(Mark(match.start(), match.end(), "front"),))


def _refuse_binary(text: str, data: bytes) -> None:
    nuls = text.count("\0")
    controls = len(_CONTROLS.findall(text)) - nuls
    if controls > max(64, _MAX_CONTROLS * len(text)) or (
        nuls > 0.55 * len(text) and len(text) > 8 and text.strip("\0")
    ):
        raise Unreadable("binary")
    if data.count(0) == len(data):
        raise Unreadable("no_text")
