"""Mutants of each format: whatever happens to the bytes, reading gives documents, never an exception."""

from __future__ import annotations

import gzip
import json
import random
import zipfile
from functools import cache
from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xietong.ingest.encodings import decode
from xietong.ingest.formats import Helpers, IngestOptions
from xietong.ingest.reader import read_bytes
from xietong.ingest.reasons import Unreadable
from xietong.ingest.sources import showable

TEXT = "云川省与海陵市推进区域协调发展，共建产业园区。\n第二段 says: cooperation.\n" * 5


def refuse(data: bytes) -> bytes:
    raise Unreadable("no_libreoffice")


HELPERS = Helpers(refuse, None)


def package(parts: dict[str, str]) -> bytes:
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return buffer.getvalue()


@cache
def seeds() -> dict[str, tuple[str, bytes]]:
    import fpdf
    import xlsxwriter

    pdf = fpdf.FPDF()
    pdf.add_page()
    pdf.set_font("helvetica")
    pdf.multi_cell(0, text="Yunchuan and Hailing cooperate on industry.")
    sheet = BytesIO()
    with xlsxwriter.Workbook(sheet, {"in_memory": True}) as book:
        book.add_worksheet().write_row(0, 0, ["id", "text"])
        book.worksheets()[0].write_row(1, 0, ["1", TEXT])
    w = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
    o = 'xmlns:o="urn:oasis:names:tc:opendocument:xmlns:office:1.0" xmlns:t="urn:oasis:names:tc:opendocument:xmlns:text:1.0"'
    return {
        "text": ("a.txt", TEXT.encode("gb18030")),
        "utf16": ("a.txt", TEXT.encode("utf-16")),
        "markdown": ("a.md", f"---\ntitle: 甲\n---\n# 一\n{TEXT}".encode()),
        "html": ("a.html", f"<html><body><table><tr><td>甲<td>乙</table><p class=nav>{TEXT}<ruby>a<rt>b".encode()),
        "mhtml": ("a.mht", b"MIME-Version: 1.0\r\nContent-Type: multipart/related; boundary=b\r\n\r\n--b\r\n"
                  b"Content-Type: text/html\r\n\r\n<p>text</p>\r\n--b--\r\n"),
        "pdf": ("a.pdf", bytes(pdf.output())),
        "docx": ("a.docx", package({"word/document.xml": f"<w:document {w}><w:body><w:p><w:r><w:t>{TEXT}</w:t></w:r></w:p></w:body></w:document>"})),
        "odt": ("a.odt", package({"mimetype": "application/vnd.oasis.opendocument.text", "content.xml": f"<o:document-content {o}><o:body><t:p>{TEXT}</t:p></o:body></o:document-content>"})),
        "rtf": ("a.rtf", rb"{\rtf1\ansicpg936{\fonttbl{\f0\fcharset134 S;}}\f0 \'d4\'c6\u20113?\par{\footnote x}}"),
        "xlsx": ("a.xlsx", sheet.getvalue()),
        "csv": ("a.csv", f'id,text\n1,"{TEXT}"\n2,b\n'.encode("gb18030")),
        "jsonl": ("a.jsonl", (json.dumps({"id": 1, "text": TEXT}) + "\n").encode()),
        "zip": ("a.zip", package({"a.txt": TEXT, "b/c.csv": "id,text\n1,a"})),
        "gzip": ("a.txt.gz", gzip.compress(TEXT.encode(), mtime=0)),
    }  # fmt: skip


def mutate(data: bytes, rng: random.Random) -> bytes:
    """Change a few bits, cut, repeat, or splice in bytes that mean something to some format."""
    content = bytearray(data)
    for _ in range(rng.randint(1, 4)):
        at, n = rng.randrange(len(content) + 1), rng.randint(1, 40)
        kind = rng.randrange(5)
        if kind == 0 and at < len(content):
            content[at] ^= 1 << rng.randrange(8)
        elif kind == 1:
            del content[at : at + n]
        elif kind == 2:
            content[at:at] = content[at : at + n] * rng.randint(1, 5)
        elif kind == 3:
            content[at : at + 4] = rng.choice([b"\xff\xff\xff\xff", b"\0\0\0\0", b"\x7f\xff\xff\xff"])
        else:
            content[at:at] = rng.choice(
                [b"<", b'"', b"{", b"}", b"\\u-1 ", b"<!DOCTYPE a>", b"PK\x03\x04", b"obj", b"\0"]
            )
    return bytes(content)


@pytest.mark.parametrize("kind", sorted(seeds()))
def test_mutants_give_documents(kind: str) -> None:
    name, data = seeds()[kind]
    rng = random.Random(kind)
    for _ in range(120):
        for document in read_bytes(mutate(data, rng), name, IngestOptions(), HELPERS):
            assert document.status in ("ok", "empty", "failed")
            assert (document.status == "ok") == (not document.reason)
            document.text.encode("utf-8")
            for span in (*document.marks, *document.rows, *document.pages):
                assert 0 <= span.start <= span.end <= len(document.text)
            assert "has no attribute" not in document.reason


@given(st.binary(max_size=300))
@settings(max_examples=300, deadline=None)
def test_any_bytes_decode_or_are_refused(data: bytes) -> None:
    try:
        found = decode(data)
    except Unreadable:
        return
    assert 0 <= found.margin <= 1


@given(st.text(alphabet=st.characters(blacklist_categories=["Cs", "Cc", "Co", "Cn"]), min_size=20, max_size=200))
@settings(max_examples=200, deadline=None)
def test_valid_utf8_is_read_as_it_is(text: str) -> None:
    found = decode(text.encode())
    assert found.text == text.removeprefix("\ufeff") or "garbled" in found.note


@given(st.binary(min_size=1, max_size=60).filter(lambda name: b"/" not in name and b"\0" not in name))
def test_shown_names_are_printable_and_reversible(name: bytes) -> None:
    from urllib.parse import unquote_to_bytes

    shown = showable(name.decode("utf-8", "surrogateescape"))
    shown.encode("utf-8")
    assert "\n" not in shown
    assert shown.encode() == name or unquote_to_bytes(shown) == name
