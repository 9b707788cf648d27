"""Why a document could not be read, and what was repaired in one that was, in English and in Chinese.

Every reason stands in ``data/reasons.csv``, every note in ``data/notes.csv``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from xietong.errors import ReadError
from xietong.lists import read_list
from xietong.messages import in_chinese
from xietong.records import Document


@dataclass(frozen=True, slots=True)
class Reason:
    """A kind of failure: the status it gives and its message in each language, with ``{places}`` for the particulars."""

    status: str
    en: str
    zh: str


class Unreadable(ReadError):
    """A document gives no text; ``key`` names the reason and ``values`` fill its places."""

    def __init__(self, key: str, **values: object) -> None:
        self.key = key
        self.values = {name: _plain(str(value)) for name, value in values.items()}
        super().__init__(reason_for(key, **self.values))

    def __reduce__(self) -> tuple:
        """Rebuild from the message alone would lose the key."""
        return _rebuild, (self.key, self.values)

    @property
    def status(self) -> str:
        """``empty`` where there is nothing to read, ``failed`` where it could not be read."""
        return reasons()[self.key].status

    def document(self, file: str, sha256: str, media_type: str = "") -> Document:
        """Give the row that says so."""
        return Document(file=file, sha256=sha256, status=self.status, reason=str(self), media_type=media_type)


def _rebuild(key: str, values: Mapping[str, str]) -> Unreadable:
    return Unreadable(key, **values)


@cache
def reasons() -> dict[str, Reason]:
    """Read the table of messages."""
    return {row["key"]: Reason(row["status"], row["en"], row["zh"]) for row in read_list("reasons")}


def reason_for(key: str, language: str = "en", **values: object) -> str:
    """Word a reason in English (``en``) or Chinese (``zh``)."""
    reason = reasons()[key]
    return (reason.zh if language == "zh" else reason.en).format_map({k: str(v) for k, v in values.items()})


def worded(reason: str, language: str) -> str:
    """Give a reason of the documents table, which is in English, in the language of the reader.

    Examples
    --------
    >>> worded(reason_for("other_format", what="a picture (PNG)"), "zh")
    '图片（PNG），不支持的格式；请另存为 DOCX、PDF、HTML 或 TXT 后重新运行'
    """
    return in_chinese(reason, ["reasons"], _detail) if language == "zh" else reason


def worded_note(note: str, language: str) -> str:
    """Give the notes of a document or of a share, which are in English, in the language of the reader.

    Examples
    --------
    >>> worded_note("only the first 500 of 812 pages were read; 3 damaged pages were left out", "zh")
    '812 页中只读取了前 500 页；3 页损坏，已略去'
    """
    if language != "zh":
        return note
    return "；".join(_note(one) for one in note.split("; "))


def _detail(text: str) -> str:
    return in_chinese(text, ["reason_details", "reasons"], _detail)


def _note(text: str) -> str:
    return in_chinese(text, ["notes"], _note)


def _plain(value: str) -> str:
    """Make a parser's own words fit to be shown: one line, no control characters, not long."""
    return "".join(c if c.isprintable() else " " for c in value).strip()[:200]
