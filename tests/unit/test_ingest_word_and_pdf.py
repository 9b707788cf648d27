"""Word 97-2003 and PDF: what their writers do to text, and how it is put right."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from xietong.ingest.bounds import Bounds
from xietong.ingest.doc import TooOldError, read_doc
from xietong.ingest.docx import read_docx
from xietong.ingest.external import convert_doc, find_office
from xietong.ingest.pdf import read_pdf
from xietong.ingest.pdf_text import drop_doubled_radicals, is_nonsense
from xietong.ingest.reasons import Unreadable

SHARED = Path(__file__).resolve().parents[2] / ".." / "shared"


def old_documents() -> list[bytes]:
    files = sorted((SHARED / "corpora" / "messy" / "doc_mirrorcn").glob("*.doc"))
    if not files:
        pytest.skip("needs ../shared: corpora/messy/doc_mirrorcn")
    return [data for data in (file.read_bytes() for file in files) if data.startswith(b"\xd0\xcf")]


def test_old_word_documents_give_text_without_control_characters() -> None:
    for data in old_documents():
        text = read_doc(data, bounds=Bounds()).text
        assert not re.search("[\x00-\x08\x0b-\x1f\ud800-\udfff]", text)


def test_old_word_documents_read_as_libreoffice_reads_them() -> None:
    if not find_office():
        pytest.skip("needs LibreOffice")
    data = old_documents()[1]
    ours = read_doc(data, bounds=Bounds()).text
    theirs = read_docx(convert_doc(data, Bounds()), bounds=Bounds()).text
    assert "".join(ours.split()) == "".join(theirs.split())


def test_damaged_old_word_documents_are_refused_and_never_crash() -> None:
    import random

    rng = random.Random(5)
    documents = [data for data in old_documents() if len(data) < 40_000]
    for _ in range(200):
        data = bytearray(rng.choice(documents))
        for _ in range(rng.randint(1, 6)):
            at = rng.randrange(len(data))
            data[at : at + 4] = rng.choice([b"\xff\xff\xff\xff", b"\0\0\0\0", b"\x01\0\0\0"])
        try:
            read_doc(bytes(data[: rng.choice([len(data), len(data) // 2])]), bounds=Bounds())
        except (Unreadable, TooOldError):
            continue


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        ("⽗父⺟母⼀一⽅方持有，⼲⼴广州⼯工作⼈人员⼦子⼥女", "父母一方持有，广州工作人员子女"),
        ("用⽔量与⼈口", "用⽔量与⼈口"),  # radicals in place of characters stay: folding knows them
    ],
)
def test_radicals_before_their_own_characters_are_taken_out(page: str, expected: str) -> None:
    assert drop_doubled_radicals([page]) == [expected]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("云川省与海陵市推进区域协调发展，共建产业园区。" * 8, False),
        ("The provinces cooperate on industry and share the gains of growth. " * 4, False),
        ("지역 간 협력은 균형 발전을 위한 중요한 조치이다. " * 8, False),
        ("\ue001\ue002\ue003 \ue004\ue005" * 40, True),
        ("".join(chr(0x0900 + 37 * n % 0x1100) for n in range(400)), True),
    ],
)
def test_text_of_fonts_that_lie_is_known_as_nonsense(text: str, expected: bool) -> None:
    assert is_nonsense(text) is expected


def two_columns(*, is_table: bool = False) -> bytes:
    import fpdf

    pdf = fpdf.FPDF()
    pdf.add_page()
    pdf.set_font("helvetica", size=10)
    for n in range(8):
        pdf.text(
            20, 30 + 8 * n, f"Left column line number {n} here" if not is_table else "Indicator" + " more" * (n % 4)
        )
        pdf.text(115, 30 + 8 * n, f"Right column line number {n} here")
    return bytes(pdf.output())


def test_columns_are_read_one_after_the_other() -> None:
    text = read_pdf(two_columns(), bounds=Bounds()).text
    assert text.index("Left column line number 7") < text.index("Right column line number 0")


def test_table_of_two_columns_is_read_row_by_row() -> None:
    text = read_pdf(two_columns(is_table=True), bounds=Bounds()).text
    assert text.index("Right column line number 0") < text.rindex("Indicator")


def test_page_of_pictures_is_a_scan_and_is_read_when_asked() -> None:
    import fpdf
    from PIL import Image

    pdf = fpdf.FPDF()
    pdf.add_page()
    pdf.image(Image.new("RGB", (60, 60), "white"))
    data = bytes(pdf.output())
    with pytest.raises(Unreadable, match="--ocr"):
        read_pdf(data, bounds=Bounds())
    assert "recognised text" in read_pdf(data, bounds=Bounds(), recognise=lambda page, dpi: "recognised text\n").text
