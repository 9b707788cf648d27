"""Reads DOCX: paragraphs, headings, lists, tables, footnotes, text boxes and insertions; not deletions or comments."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from xietong.ingest.bounds import Bounds
from xietong.ingest.builder import TextBuilder, clean
from xietong.ingest.extract import Extract
from xietong.ingest.package import Package, local_name
from xietong.ingest.reasons import Unreadable

_LEVEL_IN_NAME = re.compile(r"(?:heading|标题|標題|überschrift|titre)\s*([1-9])", re.IGNORECASE)
_SKIPPED = frozenset(
    # deleted and moved-away text, field codes, properties, comments, and the second copy of a text box for old programs
    {"del", "moveFrom", "instrText", "delText", "delInstrText", "pPr", "rPr", "tblPr", "trPr", "tcPr", "sectPr",
     "sdtPr", "rubyPr", "Fallback", "commentReference", "annotationRef", "fldData", "tblGrid"}
)  # fmt: skip
_CHARACTERS = {"tab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "-", "ptab": "\t"}


def read_docx(data: bytes, *, bounds: Bounds) -> Extract:
    """Read a Word document.

    Raises
    ------
    Unreadable
        If the package or its main part is damaged, encrypted or beyond a bound.
    """
    package = Package(data, format="DOCX", bounds=bounds)
    main = _main_part(package)
    root = package.parse(main)
    levels, titles = _read_styles(package)
    has_title = any(_value(style) in titles for style in root.iterfind(".//{*}pStyle"))
    out = TextBuilder(bounds.text_mb)
    notes = _notes(package, "footnotes") | _notes(package, "endnotes")
    body = _Body(out, levels | dict.fromkeys(titles, 1), notes, titles=titles, depth=int(has_title))
    body.walk(root)
    text, marks = out.finish()
    return Extract(text=text, marks=marks, properties=_properties(package))


def _main_part(package: Package) -> str:
    for name in ("word/document.xml", "word/document2.xml"):
        if name in package:
            return name
    raise Unreadable("damaged", format="DOCX", what="its part word/document.xml is missing")


def _value(element: Any, name: str = "val") -> str:
    for key, value in element.attrib.items():
        if key.rsplit("}", 1)[-1] == name:
            return value
    return ""


@dataclass(slots=True)
class _Body:
    """The document under way."""

    out: TextBuilder
    styles: dict[str, int]
    notes: dict[tuple[str, str], Any]
    titles: frozenset[str] = frozenset()  # styles
    depth: int = 0  # levels by which headings stand below a title that has a style of its own
    starts: list[int] = field(default_factory=list)
    pending: list[Any] = field(default_factory=list)  # notes and text boxes to put after the paragraph
    tables: int = 0
    paragraphs: list[tuple[int, int, bool]] = field(default_factory=list)

    def walk(self, root: Any) -> None:
        """Visit all elements below in order, without recursion."""
        from lxml import etree

        events = etree.iterwalk(root, events=("start", "end"))
        for event, element in events:
            name = local_name(element)
            if event == "start":
                if name in _SKIPPED:
                    events.skip_subtree()
                    continue
                if name == "txbxContent" and element is not root:
                    self.pending.append(element)
                    events.skip_subtree()
                    continue
                self._begin(name, element)
            elif name not in _SKIPPED and not (name == "txbxContent" and element is not root):
                self._end(name)

    def _begin(self, name: str, element: Any) -> None:
        if name == "t":
            self.out.add(clean(element.text or ""))
        elif name in _CHARACTERS:
            self.out.add(" " if name == "br" and self.tables else _CHARACTERS[name])
        elif name == "sym":
            self._symbol(element)
        elif name == "p":
            level, is_list = self._style_of(element)
            self.paragraphs.append((self.out.length, level, is_list))
        elif name in ("tbl", "tr", "tc", "rt"):
            if name == "tbl" and not self.tables:
                self.out.end_line()
            self.starts.append(self.out.length)
            self.tables += name == "tbl"
        elif name in ("footnoteReference", "endnoteReference"):
            note = self.notes.pop((name.removesuffix("Reference"), _value(element, "id")), None)
            if note is not None:
                self.pending.append(note)

    def _end(self, name: str) -> None:
        if name == "p" and self.paragraphs:
            start, level, is_list = self.paragraphs.pop()
            self._end_paragraph(start, level, is_list)
        elif name == "rt":
            self.out.mark(self.starts.pop(), "gloss")
        elif name == "tc":
            self.out.mark(self.starts.pop(), "cell")
            self.out.add("\t")
        elif name == "tr":
            self.out.mark(self.starts.pop(), "row")
            self.out.end_line()
        elif name == "tbl":
            self.tables -= 1
            self.out.mark(self.starts.pop(), "table")
            if not self.tables:
                self.out.end_line()
                self._put_pending()

    def _end_paragraph(self, start: int, level: int, is_list: bool) -> None:
        if self.tables:
            self.out.add(" ")  # a cell's paragraphs stay in its row
            return
        kind = "heading" if level else "list" if is_list else "paragraph"
        self.out.mark(start, kind, level)
        self.out.end_line()
        if not self.paragraphs:
            self._put_pending()

    def _put_pending(self) -> None:
        """Write the notes and text boxes of the paragraph that has just ended."""
        while self.pending:
            element = self.pending.pop(0)
            start = self.out.length
            self.walk(element)
            self.out.end_line()
            if local_name(element) in ("footnote", "endnote"):
                self.out.mark(start, "footnote")

    def _style_of(self, paragraph: Any) -> tuple[int, bool]:
        """Give the heading level (0 for none) and whether the paragraph is an item of a list."""
        properties = next((child for child in paragraph if local_name(child) == "pPr"), None)
        level, is_list, is_title = 0, False, False
        if properties is not None:
            for child in properties:
                name = local_name(child)
                if name == "pStyle":
                    is_title = _value(child) in self.titles
                    level = level or self.styles.get(_value(child), 0)
                elif name == "outlineLvl" and _value(child).isdigit() and int(_value(child)) < 9:
                    level = int(_value(child)) + 1
                elif name == "numPr":
                    is_list = any(local_name(item) == "numId" and _value(item) not in ("", "0") for item in child)
        if level and not is_title:
            level = min(level + self.depth, 6)
        return 1 if is_title else level, is_list and not level

    def _symbol(self, element: Any) -> None:
        code = _value(element, "char")
        if re.fullmatch("[0-9A-Fa-f]{4,5}", code):
            self.out.add(clean(chr(int(code, 16))))


def _read_styles(package: Package) -> tuple[dict[str, int], frozenset[str]]:
    """Give the heading level of each paragraph style that has one, and the styles of titles, by their ids."""
    if "word/styles.xml" not in package:
        return {}, frozenset()
    try:
        root = package.parse("word/styles.xml")
    except Unreadable:
        return {}, frozenset()  # a damaged list of styles costs the headings, not the text
    levels: dict[str, int] = {}
    titles: set[str] = set()
    for style in root:
        if local_name(style) != "style":
            continue
        named, outlined = style.find("{*}name"), style.find("{*}pPr/{*}outlineLvl")
        name = "" if named is None else _value(named)
        outline = "" if outlined is None else _value(outlined)
        found = _LEVEL_IN_NAME.match(name)
        if name.lower() in ("title", "标题", "標題"):
            titles.add(_value(style, "styleId"))
        elif found:
            levels[_value(style, "styleId")] = min(int(found[1]), 6)
        elif outline.isdigit() and int(outline) < 9:
            levels[_value(style, "styleId")] = min(int(outline) + 1, 6)
    return levels, frozenset(titles)


def _notes(package: Package, part: str) -> dict[tuple[str, str], Any]:
    """Give the foot- or endnotes by kind and id."""
    if f"word/{part}.xml" not in package:
        return {}
    try:
        root = package.parse(f"word/{part}.xml")
    except Unreadable:
        return {}
    return {
        (part.removesuffix("s"), _value(note, "id")): note for note in root if _value(note, "type") in ("", "normal")
    }


def _properties(package: Package) -> dict[str, str]:
    """Give what the document states of itself: title, creator, created, modified …"""
    if "docprops/core.xml" not in package:
        return {}
    try:
        root = package.parse("docprops/core.xml")
    except Unreadable:
        return {}
    found = {local_name(child): " ".join((child.text or "").split())[:500] for child in root}
    return {name: value for name, value in found.items() if name and value}
