"""Make the DOCX, PDF and XLSX of ``corpora/sample`` from the plain texts beside this script.

Run ``python tests/make_sample.py`` after a change to a text in ``tests/sample_texts``. The other files of the sample
corpus are their own source. PDFs are printed by LibreOffice (``soffice``), so that they have page breaks, running
headers, footnotes and embedded fonts like those of a journal.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
import zipfile
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from xml.sax.saxutils import escape

HERE = Path(__file__).resolve().parent
TEXTS = HERE / "sample_texts"
SAMPLE = HERE.parent / "corpora" / "sample"
AS_PDF = {"区域协同发展的动力机制研究"}
WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"


@dataclass
class Article:
    """A text with the little markup that the sample needs."""

    properties: dict[str, str] = field(default_factory=dict)
    header: str = ""
    blocks: list[tuple[str, str]] = field(default_factory=list)  # (style, text); table rows have style "row"
    notes: dict[str, str] = field(default_factory=dict)


def read_article(file: Path) -> Article:
    """Read ``# heading``, ``> centred line``, ``| table | row |``, ``[^1]: note`` and plain paragraphs."""
    article = Article()
    for line in filter(None, file.read_text(encoding="utf-8").splitlines()):
        if line.startswith("@properties "):
            article.properties = dict(re.findall(r"(\w+)=(.+?)(?= \w+=|$)", line.removeprefix("@properties ")))
        elif line.startswith("@header "):
            article.header = line.removeprefix("@header ")
        elif note := re.match(r"\[\^(\d+)\]: (.+)", line):
            article.notes[note[1]] = note[2]
        elif heading := re.match(r"(#{1,3}) (.+)", line):
            article.blocks.append((("Title", "Heading1", "Heading2")[len(heading[1]) - 1], heading[2]))
        elif line.startswith("> "):
            article.blocks.append(("Centred", line[2:]))
        elif line.startswith("|"):
            article.blocks.append(("row", line))
        else:
            article.blocks.append(("Normal", line))
    return article


def write_docx(article: Article, file: Path) -> None:
    """Write the article as a Word document; the same article gives the same bytes."""
    parts = {
        "[Content_Types].xml": _content_types(article),
        "_rels/.rels": _relations(
            ("officeDocument", "word/document.xml"),
            (f"{PACKAGE}/relationships/metadata/core-properties", "docProps/core.xml"),
        ),
        "docProps/core.xml": _core_properties(article.properties),
        "word/document.xml": _document(article),
        "word/styles.xml": _styles(),
        "word/footnotes.xml": _footnotes(article.notes),
        "word/header1.xml": _part("hdr", _paragraph("Centred", article.header, ())),
        "word/footer1.xml": _part("ftr", _PAGE_NUMBER),
        "word/_rels/document.xml.rels": _relations(
            ("styles", "styles.xml"),
            ("footnotes", "footnotes.xml"),
            ("header", "header1.xml"),
            ("footer", "footer1.xml"),
        ),
    }
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in parts.items():
            member = zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0))  # a fixed date keeps the bytes the same
            member.compress_type = zipfile.ZIP_DEFLATED
            package.writestr(member, '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n' + content)


_PAGE_NUMBER = (
    '<w:p><w:pPr><w:jc w:val="center"/></w:pPr><w:r><w:t>— </w:t></w:r>'
    '<w:fldSimple w:instr=" PAGE "><w:r><w:t>1</w:t></w:r></w:fldSimple><w:r><w:t> —</w:t></w:r></w:p>'
)


def _document(article: Article) -> str:
    """Body of the document, consecutive table rows gathered into one table."""
    body, rows = [], []
    for style, text in [*article.blocks, ("end", "")]:
        if style == "row":
            rows.append([cell.strip() for cell in text.strip("|").split("|")])
            continue
        if rows:
            body.append(_table(rows))
            rows = []
        if style != "end":
            body.append(_paragraph(style, text, article.notes))
    section = (
        '<w:sectPr><w:headerReference w:type="default" r:id="rId3"/><w:footerReference w:type="default" r:id="rId4"/>'
        '<w:pgSz w:w="11906" w:h="16838"/><w:pgMar w:top="1701" w:right="1701" w:bottom="1701" w:left="1701" '
        'w:header="851" w:footer="851" w:gutter="0"/></w:sectPr>'
    )
    return _part("document", f"<w:body>{''.join(body)}{section}</w:body>")


def _paragraph(style: str, text: str, notes: dict[str, str] | tuple[()]) -> str:
    runs = []
    for piece in re.split(r"(\[\^\d+\])", text):
        number = piece.removeprefix("[^").removesuffix("]")
        if notes and number in notes and piece.startswith("[^"):
            runs.append(
                f'<w:r><w:rPr><w:vertAlign w:val="superscript"/></w:rPr><w:footnoteReference w:id="{number}"/></w:r>'
            )
        elif piece:
            runs.append(f'<w:r><w:t xml:space="preserve">{escape(piece)}</w:t></w:r>')
    return f'<w:p><w:pPr><w:pStyle w:val="{style}"/></w:pPr>{"".join(runs)}</w:p>'


def _table(rows: list[list[str]]) -> str:
    borders = "".join(
        f'<w:{side} w:val="single" w:sz="4"/>' for side in ("top", "left", "bottom", "right", "insideH", "insideV")
    )
    lines = "".join(
        "<w:tr>" + "".join(f"<w:tc><w:tcPr/>{_paragraph('Cell', cell, ())}</w:tc>" for cell in row) + "</w:tr>"
        for row in rows
    )
    grid = "<w:gridCol/>" * len(rows[0])
    return (
        f"<w:tbl><w:tblPr><w:tblBorders>{borders}</w:tblBorders></w:tblPr><w:tblGrid>{grid}</w:tblGrid>{lines}</w:tbl>"
    )


def _footnotes(notes: dict[str, str]) -> str:
    separators = "".join(
        f'<w:footnote w:type="{kind}" w:id="{number}"><w:p><w:r><w:{kind}/></w:r></w:p></w:footnote>'
        for number, kind in ((-1, "separator"), (0, "continuationSeparator"))
    )
    texts = "".join(
        f'<w:footnote w:id="{number}"><w:p><w:r><w:rPr><w:vertAlign w:val="superscript"/></w:rPr><w:footnoteRef/></w:r>'
        f'<w:r><w:t xml:space="preserve"> {escape(text)}</w:t></w:r></w:p></w:footnote>'
        for number, text in notes.items()
    )
    return _part("footnotes", separators + texts)


def _styles() -> str:
    fonts = '<w:rFonts w:ascii="Noto Serif CJK SC" w:eastAsia="Noto Serif CJK SC" w:hAnsi="Noto Serif CJK SC"/>'
    kinds = {
        "Normal": ("Normal", "", '<w:ind w:firstLine="480"/><w:spacing w:line="400" w:lineRule="exact"/>', 24),
        "Title": ("Title", "", '<w:jc w:val="center"/><w:spacing w:after="240"/>', 32),
        "Heading1": ("heading 1", "0", '<w:keepNext/><w:spacing w:before="240"/>', 26),
        "Heading2": ("heading 2", "1", "<w:keepNext/>", 23),
        "Centred": ("Centred", "", '<w:jc w:val="center"/>', 19),
        "Cell": ("Cell", "", "", 19),
    }
    styles = "".join(
        f'<w:style w:type="paragraph" w:styleId="{style}"><w:name w:val="{name}"/>'
        f'<w:pPr>{layout}{f"""<w:outlineLvl w:val="{level}"/>""" if level else ""}</w:pPr>'
        f'<w:rPr>{fonts}<w:sz w:val="{size}"/></w:rPr></w:style>'
        for style, (name, level, layout, size) in kinds.items()
    )
    return _part("styles", styles)


def _core_properties(properties: dict[str, str]) -> str:
    return (
        f'<cp:coreProperties xmlns:cp="{PACKAGE}/metadata/core-properties" xmlns:dc="http://purl.org/dc/elements/1.1/" '
        'xmlns:dcterms="http://purl.org/dc/terms/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
        f"<dc:title>{escape(properties.get('title', ''))}</dc:title>"
        f"<dc:creator>{escape(properties.get('author', ''))}</dc:creator>"
        f'<dcterms:created xsi:type="dcterms:W3CDTF">{properties.get("created", "2026-01-01")}T08:00:00Z</dcterms:created>'
        "</cp:coreProperties>"
    )


def _content_types(article: Article) -> str:
    word = "application/vnd.openxmlformats-officedocument.wordprocessingml"
    kinds = {
        "document": "document.main",
        "styles": "styles",
        "footnotes": "footnotes",
        "header1": "header",
        "footer1": "footer",
    }
    overrides = "".join(
        f'<Override PartName="/word/{part}.xml" ContentType="{word}.{kind}+xml"/>' for part, kind in kinds.items()
    )
    return (
        f'<Types xmlns="{PACKAGE}/content-types"><Default Extension="xml" ContentType="application/xml"/>'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'{overrides}<Override PartName="/docProps/core.xml" '
        'ContentType="application/vnd.openxmlformats-package.core-properties+xml"/></Types>'
    )


def _relations(*targets: tuple[str, str]) -> str:
    items = "".join(
        f'<Relationship Id="rId{n}" Type="{kind if "/" in kind else f"{RELATIONS}/{kind}"}" Target="{target}"/>'
        for n, (kind, target) in enumerate(targets, 1)
    )
    return f'<Relationships xmlns="{PACKAGE}/relationships">{items}</Relationships>'


def _part(name: str, content: str) -> str:
    return f'<w:{name} xmlns:w="{WORD}" xmlns:r="{RELATIONS}">{content}</w:{name}>'


def write_pdf(article: Article, file: Path) -> None:
    """Print the article to PDF with LibreOffice."""
    soffice = shutil.which("soffice")
    if soffice is None:
        raise SystemExit("soffice is not installed; on Debian: apt install libreoffice-writer")
    with tempfile.TemporaryDirectory() as folder:
        docx = Path(folder, file.with_suffix(".docx").name)
        write_docx(article, docx)
        command = [soffice, f"-env:UserInstallation=file://{folder}/profile", "--headless", "--convert-to", "pdf"]
        subprocess.run([*command, "--outdir", folder, str(docx)], check=True, timeout=120, capture_output=True)
        shutil.copyfile(docx.with_suffix(".pdf"), file)


def write_xlsx(file: Path) -> None:
    """Write the replies to deputies' suggestions as a workbook, one suggestion a row."""
    import xlsxwriter

    source = (TEXTS / "人大代表建议答复.tsv").read_text(encoding="utf-8")
    rows = [line.split("\t") for line in source.splitlines() if line]
    with xlsxwriter.Workbook(str(file)) as workbook:
        workbook.set_properties({"title": "人大代表建议答复摘要", "created": datetime(2026, 1, 1)})
        sheet = workbook.add_worksheet("答复")
        wrap, bold = workbook.add_format({"text_wrap": True, "valign": "top"}), workbook.add_format({"bold": True})
        sheet.set_column(2, 2, 80, wrap)
        for n, row in enumerate(rows):
            sheet.write_row(n, 0, row, bold if n == 0 else wrap)


def main() -> None:
    """Make every file that is not its own source."""
    SAMPLE.mkdir(parents=True, exist_ok=True)
    for text in sorted(TEXTS.glob("*.md")):
        if text.stem in AS_PDF:
            write_pdf(read_article(text), SAMPLE / f"{text.stem}.pdf")
        else:
            write_docx(read_article(text), SAMPLE / f"{text.stem}.docx")
    write_xlsx(SAMPLE / "人大代表建议答复.xlsx")


if __name__ == "__main__":
    main()
