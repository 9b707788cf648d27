"""Writes a plain DOCX: headings, paragraphs and tables, which Word, WPS and LibreOffice open without repair."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

from lxml import etree

from xietong.methods_section.blocks import Block, Heading, Paragraph, Table

_W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_MAIN = "application/vnd.openxmlformats-officedocument.wordprocessingml"
#: Same text, same bytes: archives carry a time, and this is the earliest they can.
_TIME = (1980, 1, 1, 0, 0, 0)
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")


def write_docx(blocks: list[Block], file: str | Path) -> Path:
    """Write blocks as a DOCX file."""
    body = _element("body")
    for block in blocks:
        match block:
            case Heading(text, level):
                body.append(_paragraph(text, f"Heading{level}"))
            case Paragraph(text):
                body.append(_paragraph(text))
            case Table(caption, header, rows):
                body.append(_paragraph(caption, "Caption"))
                body.append(_table(header, rows))
                body.append(_paragraph(""))
    page = _element("sectPr")
    page.append(_element("pgSz", w="11906", h="16838"))  # A4, in twentieths of a point
    page.append(
        _element("pgMar", top="1440", right="1440", bottom="1440", left="1440", header="720", footer="720", gutter="0")
    )
    body.append(page)
    document = etree.Element(f"{{{_W}}}document", nsmap={"w": _W})
    document.append(body)
    parts = {
        "[Content_Types].xml": _content_types(),
        "_rels/.rels": _relations("officeDocument", "word/document.xml"),
        "word/document.xml": document,
        "word/styles.xml": _styles(),
        "word/_rels/document.xml.rels": _relations("styles", "styles.xml"),
    }
    file = Path(file)
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, tree in parts.items():
            data = etree.tostring(tree, xml_declaration=True, encoding="UTF-8", standalone=True)
            archive.writestr(zipfile.ZipInfo(name, _TIME), data, zipfile.ZIP_DEFLATED)
    return file


def _element(tag: str, **attributes: str) -> etree._Element:
    return etree.Element(f"{{{_W}}}{tag}", {f"{{{_W}}}{name}": value for name, value in attributes.items()})


def _paragraph(text: str, style: str = "", *, is_bold: bool = False) -> etree._Element:
    paragraph = _element("p")
    if style:
        settings = _element("pPr")
        settings.append(_element("pStyle", val=style))
        paragraph.append(settings)
    if text:
        run = _element("r")
        if is_bold:
            form = _element("rPr")
            form.append(_element("b"))
            run.append(form)
        content = _element("t")
        content.set("{http://www.w3.org/XML/1998/namespace}space", "preserve")
        content.text = _NOT_XML.sub("\ufffd", text)
        run.append(content)
        paragraph.append(run)
    return paragraph


def _table(header: tuple[str, ...], rows: tuple[tuple[str, ...], ...]) -> etree._Element:
    table, settings, grid = _element("tbl"), _element("tblPr"), _element("tblGrid")
    settings.append(_element("tblStyle", val="ThreeLine"))
    settings.append(_element("tblW", w="5000", type="pct"))
    borders = _element("tblBorders")
    for side in ("top", "bottom"):
        borders.append(_element(side, val="single", sz="12", space="0", color="auto"))
    settings.append(borders)
    for _ in header:
        grid.append(_element("gridCol", w=str(9000 // len(header))))
    table.append(settings)
    table.append(grid)
    for number, row in enumerate((header, *rows)):
        line = _element("tr")
        if number == 0:
            repeated = _element("trPr")
            repeated.append(_element("tblHeader"))
            line.append(repeated)
        for cell_text in row:
            cell, cell_settings = _element("tc"), _element("tcPr")
            cell_settings.append(_element("tcW", w=str(9000 // len(header)), type="dxa"))
            if number == 0:
                rule = _element("tcBorders")
                rule.append(_element("bottom", val="single", sz="6", space="0", color="auto"))
                cell_settings.append(rule)
            cell.append(cell_settings)
            cell.append(_paragraph(cell_text, "TableText", is_bold=number == 0))
            line.append(cell)
        table.append(line)
    return table


def _styles() -> etree._Element:
    styles = etree.Element(f"{{{_W}}}styles", nsmap={"w": _W})
    sizes = {"Normal": "22", "Heading1": "32", "Heading2": "26", "Caption": "20", "TableText": "18"}
    for name, size in sizes.items():
        style = _element("style", type="paragraph", styleId=name)
        if name == "Normal":
            style.set(f"{{{_W}}}default", "1")
        style.append(
            _element(
                "name", val={"Heading1": "heading 1", "Heading2": "heading 2", "Caption": "caption"}.get(name, name)
            )
        )
        if name != "Normal":
            style.append(_element("basedOn", val="Normal"))
        spacing = _element("pPr")
        is_heading = name.startswith("Heading")
        if is_heading or name == "Caption":
            spacing.append(_element("keepNext"))
        spacing.append(
            _element("spacing", before="240" if is_heading else "0", after="40" if name == "TableText" else "120")
        )
        if is_heading:
            spacing.append(_element("outlineLvl", val=str(int(name[-1]) - 1)))
        form = _element("rPr")
        form.append(_element("rFonts", ascii="Times New Roman", hAnsi="Times New Roman", eastAsia="SimSun"))
        if is_heading or name == "Caption":
            form.append(_element("b"))
        form.append(_element("sz", val=size))
        style.append(spacing)
        style.append(form)
        styles.append(style)
    three_line = _element("style", type="table", styleId="ThreeLine")
    three_line.append(_element("name", val="Three Line"))
    styles.append(three_line)
    return styles


def _content_types() -> etree._Element:
    types = etree.Element("Types", xmlns=f"{_PACKAGE}/content-types")
    etree.SubElement(
        types, "Default", Extension="rels", ContentType="application/vnd.openxmlformats-package.relationships+xml"
    )
    etree.SubElement(types, "Override", PartName="/word/document.xml", ContentType=f"{_MAIN}.document.main+xml")
    etree.SubElement(types, "Override", PartName="/word/styles.xml", ContentType=f"{_MAIN}.styles+xml")
    return types


def _relations(kind: str, target: str) -> etree._Element:
    relations = etree.Element("Relationships", xmlns=f"{_PACKAGE}/relationships")
    etree.SubElement(relations, "Relationship", Id="rId1", Type=f"{_OFFICE}/{kind}", Target=target)
    return relations
