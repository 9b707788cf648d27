"""Tells what a file is by its first bytes; the name only decides between kinds that look alike from inside."""

from __future__ import annotations

import re
import zipfile
from fnmatch import fnmatch
from functools import cache
from io import BytesIO

from xietong.ingest.formats import FORMATS
from xietong.ingest.reasons import Unreadable
from xietong.lists import read_list

_MAGIC = (
    (b"\x7fELF", "a program (ELF)"),
    (b"\x89PNG", "a picture (PNG)"),
    (b"\xff\xd8\xff", "a picture (JPEG)"),
    (b"GIF8", "a picture (GIF)"),
    (b"II*\0", "a picture (TIFF)"),
    (b"MM\0*", "a picture (TIFF)"),
    (b"RIFF", "a sound, video or picture (RIFF)"),
    (b"ID3", "a sound (MP3)"),
    (b"\xff\xfb", "a sound (MP3)"),
    (b"OggS", "a sound or video (Ogg)"),
    (b"Rar!", "an archive of the kind RAR"),
    (b"7z\xbc\xaf\x27\x1c", "an archive of the kind 7z"),
    (b"\x28\xb5\x2f\xfd", "a file compressed with zstd"),
    (b"MSCF", "an archive of the kind CAB"),
    (b"SQLite format 3\0", "a database (SQLite)"),
    (b"\xca\xfe\xba\xbe", "a program (Java or macOS)"),
    (b"\xcf\xfa\xed\xfe", "a program (macOS)"),
    (b"AT&TFORM", "a scanned document of the kind DjVu"),
    (b"%!PS", "a PostScript document"),
    (b"\x00\x05\x16\x07", "an AppleDouble file of macOS"),
    (b"\x80\x02", "a Python pickle, which is never opened"),
    (b"\x80\x03", "a Python pickle, which is never opened"),
    (b"\x80\x04", "a Python pickle, which is never opened"),
    (b"\x80\x05", "a Python pickle, which is never opened"),
    (b"\x93NUMPY", "a NumPy array"),
    (b"wOFF", "a font"),
    (b"CAJ\0", "a document of the kind CAJ"),
    (b"HN\0\0", "a document of the kind CAJ"),
    (b"KDH ", "a document of the kind KDH"),
)
_DOCUMENT_NAMES = (".txt", ".csv", ".md", ".pdf", ".docx", ".doc", ".html", ".htm", ".xlsx", ".xls", ".odt", ".rtf")
#: Names that say another thing than the content, which other programs refuse as well; most wrong names are overlooked.
_CONTRADICTED = {"gzip": _DOCUMENT_NAMES, "bzip2": _DOCUMENT_NAMES, "xz": _DOCUMENT_NAMES, "rtf": (".docx",)}
_HTML_START = re.compile(
    rb"(?:\s|\xef\xbb\xbf|<!--.{0,2000}?-->|<\?xml[^>]{0,200}>|<\?mso[^>]{0,200}>)*"
    rb"<(?:!doctype\s+html|html[\s>]|head[\s>]|body[\s>]|meta\s|title>|frameset)",
    re.IGNORECASE | re.DOTALL,
)
_ANY_TAG = re.compile(
    rb"</?(?:html|head|body|p|div|br|table|td|span|h[1-6]|ul|li|a|title|meta|font|center|ruby|pre|frameset|b|i)\b[^<>]{0,500}>",
    re.IGNORECASE,
)
_MAIL_HEADER = re.compile(rb"(?:[A-Za-z-]{2,40}: [^\n]{0,998}\r?\n(?:[ \t][^\n]{0,998}\r?\n){0,50}){2,60}\r?\n")


def kind_of(data: bytes, name: str) -> str:
    """Say what a file is: a key of ``FORMATS`` or ``CONTAINERS``.

    Parameters
    ----------
    data : the whole file
    name : its name, for what content does not tell (Markdown, CSV, programs)

    Raises
    ------
    Unreadable
        If it is something that is not read, with what it is.
    """
    name = name.rsplit("/", 1)[-1]
    lower = name.lower().rstrip(". ~")
    _refuse_by_name(name, "any", "name")
    if not data:
        raise Unreadable("no_bytes")
    head = data[:4096]
    kind = _binary_kind(data, head, lower)
    if lower.endswith(_CONTRADICTED.get(kind, ())):
        raise Unreadable("misnamed", what=kind.upper(), name="." + lower.rsplit(".", 1)[-1])
    if kind:
        return kind
    plain = _as_ascii(head, data)
    if _HTML_START.match(plain):
        if b"multipart/related" in plain[:2000].lower() and b"mime-version" in plain[:2000].lower():
            return "mhtml"
        return "html"
    if _is_mail(plain, lower):
        return "mhtml" if b"multipart/related" in plain.lower() else "mail"
    if lower.endswith((".html", ".htm", ".xhtml", ".shtml", ".doc", ".xls")) and _ANY_TAG.search(data[:200_000]):
        return "html"
    _refuse_by_name(name, "text")
    return _text_kind(plain, lower)


def _binary_kind(data: bytes, head: bytes, lower: str) -> str:
    if b"%PDF-" in head[:1100] and not head.startswith((b"PK", b"{\\rtf")):
        return "pdf"
    if head.startswith(b"PK"):
        return _zip_kind(data)
    if head.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        return _ole_kind(data)
    if head.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"{\\rtf"):
        return "rtf"
    if head.startswith(b"PAR1") and data.endswith(b"PAR1"):
        return "parquet"
    if head.startswith(b"\x1f\x8b"):
        return "gzip"
    if head.startswith(b"BZh") and data[4:10] == b"1AY&SY":
        return "bzip2"
    if head.startswith(b"\xfd7zXZ\0"):
        return "xz"
    if head[257:262] == b"ustar":
        return "tar"
    for magic, what in _MAGIC:
        if head.startswith(magic):
            raise Unreadable("other_format", what=what)
    if head[4:8] == b"ftyp":
        raise Unreadable("other_format", what="a video")
    if lower.endswith(".zip") and b"PK\x05\x06" in data[-70_000:]:
        return "zip"  # a program or other bytes stand before the archive
    if b"office:document" in head and b"opendocument" in data[:20_000]:
        return "fodt"
    return ""


def _zip_kind(data: bytes) -> str:
    """Look at the members: office documents are ZIP archives too."""
    try:
        with zipfile.ZipFile(BytesIO(data)) as package:
            names = set(package.namelist())
            mimetype = package.read("mimetype")[:100].decode("ascii", "replace") if "mimetype" in names else ""
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, RuntimeError, EOFError):
        if b"word/document.xml" in data:
            return "docx"
        return "xlsx" if b"xl/workbook" in data else "zip"
    lower = {name.lower().replace("\\", "/").lstrip("/") for name in names}
    if "word/document.xml" in lower or (any(n.startswith("word/") for n in lower) and "[content_types].xml" in lower):
        return "docx"
    if any(n.startswith("xl/") for n in lower):
        return "xlsx"
    if any(n.startswith("ppt/") for n in lower):
        raise Unreadable("other_format", what="a PowerPoint presentation")
    if "opendocument.text" in mimetype or (
        not mimetype and "content.xml" in lower and "meta-inf/manifest.xml" in lower
    ):
        return "odt"
    if "opendocument.spreadsheet" in mimetype:
        return "ods"
    if "epub" in mimetype:
        raise Unreadable("other_format", what="an electronic book (EPUB)")
    if "[content_types].xml" in lower:
        return "docx"
    return "zip"


def _ole_kind(data: bytes) -> str:
    """Look for the streams of the old Office formats, whose names are in UTF-16 in the directory."""

    def has(stream: str) -> bool:
        return stream.encode("utf-16-le") in data

    if has("EncryptedPackage") or has("EncryptionInfo"):
        raise Unreadable("encrypted")
    if has("WordDocument"):
        return "doc"
    if has("Workbook") or has("Book"):
        return "xls"
    if has("PowerPoint Document"):
        raise Unreadable("other_format", what="a PowerPoint presentation of 97-2003")
    raise Unreadable("other_format", what="an old Office or Windows file (OLE)")


def _as_ascii(head: bytes, data: bytes) -> bytes:
    """Give the first bytes so that tags can be looked for also in UTF-16."""
    if head[:2] in (b"\xff\xfe", b"\xfe\xff") or head[:200].count(0) > len(head[:200]) // 3:
        return head.lstrip(b"\xff\xfe").replace(b"\0", b"")
    return data[:20_000]


def _is_mail(head: bytes, lower: str) -> bool:
    if not _MAIL_HEADER.match(head):
        return False
    low = head[:5000].lower()
    return b"mime-version:" in low or lower.endswith((".eml", ".mht", ".mhtml"))


def _text_kind(head: bytes, lower: str) -> str:
    for kind, format in FORMATS.items():
        if lower.endswith(format.endings):
            return kind
    if re.match(rb"(?:\xef\xbb\xbf)?---[ \t]*\r?\n(?:[^\n]*\n){0,40}?---[ \t]*\r?(?:\n|$)", head[:8000]):
        return "markdown"
    return "text"


def _refuse_by_name(name: str, *places: str) -> None:
    for pattern, what, where in _not_documents():
        if where in places and fnmatch(name.lower(), pattern):
            raise Unreadable("not_a_document", what=what)


@cache
def _not_documents() -> tuple[tuple[str, str, str], ...]:
    return tuple((row["pattern"].lower(), row["what"], row["where"]) for row in read_list("not_documents"))
