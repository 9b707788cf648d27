"""Reads OpenDocument texts (ODT, and the flat FODT)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from xietong.ingest.bounds import Bounds
from xietong.ingest.builder import TextBuilder, clean
from xietong.ingest.extract import Extract
from xietong.ingest.package import Package, local_name, parse_xml
from xietong.ingest.reasons import Unreadable

_SKIPPED = frozenset(
    # deletions, comments, scripts, forms and the note's own number
    {"tracked-changes", "annotation", "annotation-end", "scripts", "forms", "sequence-decls", "note-citation",
     "automatic-styles", "styles", "master-styles", "font-face-decls", "settings", "meta", "binary-data", "title",
     "desc", "variable-decls", "user-field-decls"}
)  # fmt: skip
_MAX_SPACES = 1000


def read_odt(data: bytes, *, bounds: Bounds) -> Extract:
    """Read an OpenDocument text.

    Raises
    ------
    Unreadable
        If it is damaged, encrypted or beyond a bound.
    """
    package = Package(data, format="ODT", bounds=bounds)
    if "meta-inf/manifest.xml" in package and b"encryption-data" in package.read("meta-inf/manifest.xml"):
        raise Unreadable("encrypted")
    root = package.parse("content.xml")
    properties: dict[str, str] = {}
    if "meta.xml" in package:
        try:
            properties = _properties(package.parse("meta.xml"))
        except Unreadable:
            properties = {}  # damaged properties cost themselves, not the text
    return _read_tree(root, properties, bounds)


def read_fodt(data: bytes, *, bounds: Bounds) -> Extract:
    """Read an OpenDocument text that is one XML file."""
    root = parse_xml(data, "FODT")
    return _read_tree(root, _properties(root), bounds)


def _read_tree(root: Any, properties: dict[str, str], bounds: Bounds) -> Extract:
    out = TextBuilder(bounds.text_mb)
    body = _Body(out)
    start = next((element for element in root.iter() if local_name(element) == "body"), root)
    body.walk(start)
    for note in body.notes:
        begin = out.length
        body.walk(note)
        out.end_line()
        out.mark(begin, "footnote")
    text, marks = out.finish()
    return Extract(text=text, marks=marks, properties=properties)


@dataclass(slots=True)
class _Body:
    """The document under way."""

    out: TextBuilder
    starts: list[tuple[str, int, int]] = field(default_factory=list)
    notes: list[Any] = field(default_factory=list)
    tables: int = 0
    lists: int = 0

    def walk(self, root: Any) -> None:
        """Visit all elements below in order, without recursion."""
        from lxml import etree

        events = etree.iterwalk(root, events=("start", "end"))
        for event, element in events:
            name = local_name(element)
            is_skipped = name in _SKIPPED or (name == "note" and element is not root)
            if event == "start":
                if is_skipped:
                    self.notes += [child for child in element if local_name(child) == "note-body"]
                    events.skip_subtree()
                    continue
                self._begin(name, element)
            else:
                if not is_skipped:
                    self._end(name)
                if element is not root and element.tail and self._is_inline():
                    self.out.add_flowing(clean(element.tail))

    def _is_inline(self) -> bool:
        return any(name in ("p", "h") for name, _, _ in self.starts)

    def _begin(self, name: str, element: Any) -> None:
        if name in ("p", "h"):
            if not self.tables and not self._is_inline():
                self.out.end_line()
            level = _number(element, "outline-level", 1) if name == "h" else 0
            self.starts.append((name, self.out.length, min(max(level, 0), 6)))
        elif name in ("table", "table-row", "table-cell", "ruby-text", "list-item"):
            self.starts.append((name, self.out.length, 0))
            self.tables += name == "table"
            self.lists += name == "list-item"
        elif name == "s":
            self.out.add(" " * min(max(_number(element, "c", 1), 0), _MAX_SPACES))
        elif name == "tab":
            self.out.add("\t")
        elif name == "line-break":
            self.out.add(" " if self.tables else "\n")
        if element.text and self._is_inline():
            self.out.add_flowing(clean(element.text))

    def _end(self, name: str) -> None:
        if not self.starts or self.starts[-1][0] != name:
            return
        _, start, level = self.starts.pop()
        if name in ("p", "h") and self.tables:
            self.out.add(" ")
        elif name in ("p", "h"):
            self.out.mark(start, "heading" if name == "h" else "list" if self.lists else "paragraph", level)
            if not self._is_inline():
                self.out.end_line()
        elif name == "ruby-text":
            self.out.mark(start, "gloss")
        elif name == "table-cell":
            self.out.mark(start, "cell")
            self.out.add("\t")
        elif name == "table-row":
            self.out.mark(start, "row")
            self.out.end_line()
        elif name == "table":
            self.tables -= 1
            self.out.mark(start, "table")
            self.out.end_line()
        elif name == "list-item":
            self.lists -= 1


def _number(element: Any, name: str, default: int) -> int:
    for key, value in element.attrib.items():
        if key.rsplit("}", 1)[-1] == name and value.isascii() and value.isdigit():
            return int(value[:9])
    return default


def _properties(root: Any) -> dict[str, str]:
    names = {
        "title",
        "creator",
        "initial-creator",
        "date",
        "creation-date",
        "subject",
        "description",
        "keyword",
        "language",
    }
    meta = next((element for element in root.iter() if local_name(element) == "meta"), None)
    if meta is None:
        return {}
    return {
        local_name(child): " ".join((child.text or "").split())[:500]
        for child in meta
        if local_name(child) in names and (child.text or "").strip()
    }
