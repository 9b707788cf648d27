"""Reads PDF with PDFium: the text page by page, and scans by optical character recognition where asked."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from xietong.ingest.bounds import Bounds
from xietong.ingest.builder import clean
from xietong.ingest.extract import Extract, join_notes
from xietong.ingest.pdf_text import drop_doubled_radicals, is_nonsense, read_columns
from xietong.ingest.reasons import Unreadable
from xietong.records import Span

Recognise = Callable[[bytes, int], str]  # a picture (PNM) and its dots per inch -> text
_SOFT_HYPHENS = re.compile("[\ufffe\x02]")
_DPI = 200
#: With fewer letters a page than this the text layer is a stamp or a page number, not the text.
_MIN_LETTERS = 8


def read_pdf(data: bytes, *, bounds: Bounds, recognise: Recognise | None = None) -> Extract:
    """Read a PDF.

    Parameters
    ----------
    data : the file
    bounds : how many pages are read and recognised
    recognise : reads a picture of a page; None leaves scanned pages out and says so

    Raises
    ------
    Unreadable
        If it is damaged, encrypted, a scan, or its fonts do not say which characters they show.
    """
    import pypdfium2 as pdfium

    document = _open(pdfium, data)
    try:
        n_pages = len(document)
        if n_pages == 0:
            raise Unreadable("no_pages")
        texts, n_broken = _page_texts(document, min(n_pages, bounds.pages), pdfium.PdfiumError)
        blank = [n for n, text in enumerate(texts) if _letters(text) < _MIN_LETTERS]
        pictures = [n for n in blank if _has_picture(document, n, pdfium)]
        if recognise is not None and is_nonsense("".join(texts)):
            pictures = list(range(len(texts)))
        note = ""
        if pictures and recognise is not None:
            note = _recognise_pages(document, pictures[: bounds.ocr_pages], texts, recognise)
        elif pictures:
            note = f"{len(pictures)} of {n_pages} pages are pictures without text and were not read (--ocr reads them)"
        _refuse(texts, pictures, n_pages, n_broken, is_recognised=recognise is not None)
        notes = [note, f"{n_broken} damaged pages were left out" if n_broken else ""]
        if n_pages > bounds.pages:
            notes.append(f"only the first {bounds.pages} of {n_pages} pages were read")
        return _join(texts, _properties(document), join_notes(*notes))
    finally:
        document.close()


def _open(pdfium: Any, data: bytes) -> Any:
    start = data[:1100].find(b"%PDF-")
    _forget_errors(pdfium)
    try:
        return pdfium.PdfDocument(data[start:] if start > 0 else data)
    except pdfium.PdfiumError as error:
        what = str(error)
        if "password" in what.lower():
            raise Unreadable("encrypted") from error
        raise Unreadable("damaged", format="PDF", what="its structure cannot be read") from error


def _forget_errors(pdfium: Any) -> None:
    """Make PDFium's last error one that says nothing: some failures set none, and show that of the document before."""
    with suppress(pdfium.PdfiumError):
        pdfium.PdfDocument(b"x")


def _page_texts(document: Any, n_pages: int, pdfium_error: type[Exception]) -> tuple[list[str], int]:
    """Give the text of each page; a page that cannot be read gives "" and is counted."""
    texts, n_broken = [], 0
    for n in range(n_pages):
        try:
            page = document[n]
            if page.get_rotation():
                page.set_rotation(0)  # PDFium sorts the lines of a turned page as if it were not
            textpage = page.get_textpage()
            text = read_columns(textpage, textpage.get_text_range())
            textpage.close()
            page.close()
        except pdfium_error:
            text, n_broken = "", n_broken + 1
        texts.append(_SOFT_HYPHENS.sub("-", clean(text)))
    return drop_doubled_radicals(texts), n_broken


def _letters(text: str) -> int:
    return sum(map(str.isalnum, text[:2000]))


def _has_picture(document: Any, n: int, pdfium: Any) -> bool:
    """Say whether a page shows a picture at all, directly or in a form."""
    try:
        page = document[n]
        return next(iter(page.get_objects(filter=[pdfium.raw.FPDF_PAGEOBJ_IMAGE], max_depth=3)), None) is not None
    except pdfium.PdfiumError:
        return False


def _recognise_pages(document: Any, pages: list[int], texts: list[str], recognise: Recognise) -> str:
    for n in pages:
        bitmap = document[n].render(scale=_DPI / 72, grayscale=True)
        head = f"P5 {bitmap.width} {bitmap.height} 255\n".encode()
        rows = bytes(bitmap.buffer)
        picture = b"".join(rows[y * bitmap.stride : y * bitmap.stride + bitmap.width] for y in range(bitmap.height))
        texts[n] = clean(recognise(head + picture, _DPI))
    return f"{len(pages)} pages were pictures and read by optical character recognition: expect wrong characters"


def _refuse(texts: list[str], pictures: list[int], n_pages: int, n_broken: int, *, is_recognised: bool) -> None:
    """Stop where what came out is no text."""
    joined = "".join(texts)
    if sum(map(_letters, texts)) < _MIN_LETTERS and not joined.strip():
        if pictures:
            raise Unreadable("ocr_found_nothing" if is_recognised else "scanned", pages=n_pages)
        if n_broken:
            raise Unreadable("damaged", format="PDF", what=f"{n_broken} of {n_pages} pages cannot be read")
        raise Unreadable("no_text")
    if is_nonsense(joined):
        raise Unreadable("no_unicode")
    if len(pictures) >= 0.9 * n_pages and sum(map(_letters, texts)) < _MIN_LETTERS and not is_recognised:
        raise Unreadable("scanned", pages=n_pages)


def _join(texts: list[str], properties: dict[str, str], note: str) -> Extract:
    pages, pieces, at = [], [], 0
    for text in texts:
        piece = text if text.endswith("\n") else text + "\n"
        pages.append(Span(at, at + len(piece)))
        pieces.append(piece)
        at += len(piece)
    text = "".join(pieces)
    n_private = sum("\ue000" <= c <= "\uf8ff" for c in text)
    if n_private:
        note = join_notes(note, f"{n_private} private-use characters, which only the PDF's own fonts can show")
    return Extract(text=text, pages=tuple(pages), properties=properties, note=note)


def _properties(document: Any) -> dict[str, str]:
    found = document.get_metadata_dict(skip_empty=True)
    return {key.lower(): " ".join(clean(value).split())[:500] for key, value in found.items() if value.strip()}
