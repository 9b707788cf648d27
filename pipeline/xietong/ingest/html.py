"""Reads web pages, as browsers parse them; nothing is run and nothing is fetched."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from xietong.ingest.builder import TextBuilder, clean
from xietong.ingest.encodings import Decoded, decode
from xietong.ingest.extract import Extract
from xietong.lists import read_list
from xietong.records import Mark

_SKIPPED = frozenset({
    "script", "style", "noscript", "template", "iframe", "svg", "object", "embed", "canvas", "audio", "video", "select",
    "datalist", "button", "input", "textarea", "head", "map", "applet", "noframes", "dialog",
})  # fmt: skip
_BLOCKS = frozenset({
    "address", "article", "aside", "blockquote", "body", "center", "dd", "details", "div", "dl", "dt", "fieldset",
    "figcaption", "figure", "footer", "form", "frameset", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "html",
    "legend", "li", "main", "menu", "nav", "ol", "p", "pre", "section", "summary", "table", "tbody", "td", "tfoot",
    "th", "thead", "tr", "ul", "caption",
})  # fmt: skip
_LEVELS = {f"h{level}": level for level in range(1, 7)}
_FURNITURE_TAGS = frozenset({"nav", "footer", "aside", "menu"})
_CHARSET = re.compile(
    rb"""<(?:meta|\?xml)[^>]{0,400}?(?:charset|encoding)\s*=\s*["']?\s*([A-Za-z0-9_:.-]{2,30})""", re.IGNORECASE
)
_WORDS = re.compile(r"[A-Za-z]+")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_TAG = re.compile(r"<[a-zA-Z/!][^<>]*>")
_CDATA = re.compile(r"<!\[CDATA\[(.{0,100000}?)\]\]>", re.DOTALL)
# what HTML parsers take for text: the entities that an XHTML page declares, which are never expanded
_INTERNAL_SUBSET = re.compile(r"(?<=<!DOCTYPE html)[^<>\[\]]{0,300}\[[^\]]{0,100000}\]\s*(?=>)", re.IGNORECASE)
# tags of elements whose end is always written, so that counting tells how deep they nest
_NESTING_TAG = re.compile(
    r"</?(?!(?:p|li|td|th|tr|dt|dd|option|optgroup|tbody|thead|tfoot|colgroup|col|rt|rp|br|hr|img|input|meta|link|base|area|"
    r"source|track|wbr|embed|param|html|head|body|title|frame|image|basefont|bgsound|keygen)\b)[a-z][^<>]*(?<!/)>",
    re.IGNORECASE,
)
_DEEPEST = 2000
#: Furniture that holds more than this share of the page's text is no furniture.
_MAX_FURNITURE = 0.4
#: A data table's cell is shorter than this; longer ones belong to tables that lay out a page.
_MAX_CELL = 600


def read_html(data: bytes, declared: str = "") -> Extract:
    """Read a web page.

    Parameters
    ----------
    data : the page's bytes
    declared : charset stated outside the page, as in a saved mail; the page's own statement comes first
    """
    found = _CHARSET.search(data[:65536])
    decoded = decode(data, found[1].decode("ascii") if found else declared)
    return read_page(decoded)


def read_page(decoded: Decoded) -> Extract:
    """Give the text of a page that is decoded already."""
    source = clean(decoded.text)
    source = _INTERNAL_SUBSET.sub("", source, count=1)
    if source.count("<") > _DEEPEST:
        source = _without_depth(source)
    if "<![CDATA[" in source:
        source = _CDATA.sub(lambda match: match[1].replace("<", "&lt;"), source)
    text, marks, properties = _parse(source)
    if _last_words(source) not in _squeeze(text[-3000:]):
        mended = _TAG.sub(_mend_quotes, source)
        if mended != source:
            text, marks, properties = _parse(mended)  # a quotation mark that is never closed had swallowed the rest
    return Extract(
        text=text,
        marks=marks,
        encoding=decoded.encoding,
        encoding_margin=decoded.margin,
        properties=properties,
        note=decoded.note,
    )


def _without_depth(source: str) -> str:
    """Leave out tags that nest deeper than any page's: parsers' time grows with the square of the depth."""
    depth = 0

    def keep(match: re.Match[str]) -> str:
        nonlocal depth
        is_end = match[0][1] == "/"
        depth = max(depth - is_end, 0)
        is_deep = depth >= _DEEPEST
        depth += not is_end
        return "" if is_deep else match[0]

    return _NESTING_TAG.sub(keep, source)


def _parse(source: str) -> tuple[str, tuple[Mark, ...], dict[str, str]]:
    from selectolax.lexbor import LexborHTMLParser

    tree = LexborHTMLParser(source)
    page = _Page(TextBuilder(text_mb=128))
    if tree.root is not None:
        page.walk(tree.root)
    return *page.finish(), _properties(tree)


def _mend_quotes(match: re.Match[str]) -> str:
    tag = match[0]
    return tag if tag.count('"') % 2 == 0 and tag.count("'") % 2 == 0 else re.sub("[\"']", "", tag)


def _last_words(source: str) -> str:
    """Give the last visible characters, as far as can be told without parsing."""
    return _squeeze(_TAG.sub("", source[-2000:]))[-12:]


def _squeeze(text: str) -> str:
    return "".join(text.split())


@dataclass(slots=True)
class _Open:
    """An element that has begun: where its text starts and how much of it is links."""

    tag: str
    start: int
    n_links: int
    link_chars: int
    is_furniture: bool
    is_data_table: bool


@dataclass(slots=True)
class _Page:
    """The page under way."""

    out: TextBuilder
    stack: list[_Open] = field(default_factory=list)
    furniture: list[tuple[int, int]] = field(default_factory=list)
    n_links: int = 0
    link_chars: int = 0
    run_start: int = 0  # where the current run of inline text began
    is_broken: bool = False  # whether the run holds a <br>
    preformatted: int = 0
    data_tables: int = 0

    def walk(self, root: Any) -> None:
        """Visit every node in order, without recursion: pages may nest a hundred thousand deep."""
        node = root
        while True:
            goes_in = self.enter(node)
            child = node.child if goes_in else None
            if child is not None:
                node = child
                continue
            if goes_in:
                self.leave(node.tag)
            while node.next is None:
                node = node.parent
                if node is None or node.mem_id == root.mem_id:
                    if node is not None:
                        self.leave(node.tag)
                    return
                self.leave(node.tag)
            if node.mem_id == root.mem_id:
                return
            node = node.next

    def enter(self, node: Any) -> bool:
        """Begin a node; say whether its children are to be visited."""
        if node.is_text_node:
            text = node.text_content or ""
            if self.preformatted:
                self.out.add(text)
            else:
                self.out.add_flowing(text)
            return False
        tag = node.tag
        if not node.is_element_node or tag in _SKIPPED:
            return not node.is_element_node and node.is_document_node
        if tag == "br":
            self._break_line()
            return False
        is_data_table = tag == "table" and not self.data_tables and _is_data_table(node)
        if tag in _BLOCKS:
            self._end_block(tag)
        self.data_tables += is_data_table
        self.preformatted += tag == "pre"
        is_furniture = tag in _FURNITURE_TAGS or (tag in _BLOCKS and _is_furniture(node.attributes))
        if tag == "a":
            self.n_links += 1
        self.stack.append(_Open(tag, self.out.length, self.n_links, self.link_chars, is_furniture, is_data_table))
        return True

    def leave(self, tag: str | None) -> None:
        """End the innermost element, which is of this tag."""
        if not self.stack or self.stack[-1].tag != tag:
            return  # text, comment, or skipped: nothing was begun
        element = self.stack.pop()
        start, end = element.start, self.out.length
        if tag in ("rt", "rp", "rtc"):
            self.out.mark(start, "gloss")
        if tag == "a":
            self.link_chars += end - start
        if tag not in _BLOCKS:
            return
        level = _LEVELS.get(tag, 0)
        if level:
            self.out.mark(start, "heading", level)
            self.run_start = self.out.length
        elif tag == "li":
            self.out.mark(start, "list")
        elif tag in ("td", "th") and self.data_tables:
            self.out.mark(start, "cell")
            self.out.add("\t")
        elif tag in ("tr", "caption") and self.data_tables:
            self.out.mark(start, "row")
            self.out.end_line()
            self.run_start = self.out.length
        if not self.data_tables:
            self._end_block(tag)
        if element.is_data_table:
            self.out.mark(start, "table")
            self.data_tables -= 1
            self.out.end_line()
            self.run_start = self.out.length
        self.preformatted -= tag == "pre"
        if element.is_furniture or self._is_link_list(element, end - start):
            self.furniture.append((start, end))

    def _is_link_list(self, element: _Open, length: int) -> bool:
        n_links = self.n_links - element.n_links
        link_chars = self.link_chars - element.link_chars
        if n_links >= 5:
            return link_chars >= 0.75 * length and link_chars < 30 * n_links
        return n_links >= 3 and link_chars >= 0.85 * length and link_chars < 10 * n_links

    def _break_line(self) -> None:
        if self.data_tables:
            self.out.add_flowing(" ")
        else:
            self.out.add("\n")
            self.is_broken = True

    def _end_block(self, tag: str) -> None:
        """End the run of inline text that came before a block begins or ends."""
        if self.data_tables:
            if tag not in ("td", "th", "tr", "tbody", "thead", "tfoot"):
                self.out.add_flowing(" ")
            return
        if self.out.length > self.run_start and not self.is_broken and not self.preformatted:
            self.out.mark(self.run_start, "paragraph")
        self.out.end_line()
        self.run_start = self.out.length
        self.is_broken = False

    def finish(self) -> tuple[str, tuple]:
        """Give text and marks; furniture that is most of the page was no furniture."""
        self._end_block("html")
        for start, end in self.furniture:
            if end - start <= _MAX_FURNITURE * self.out.length:
                self.out.mark(start, "boilerplate", end=end)
        return self.out.finish()


def _is_data_table(table: Any) -> bool:
    """Tell tables of data from those that only lay out a page."""
    if table.css_first("table table, table h1, table h2, table form") is not None:
        return False
    rows = table.css("tr")
    cells = table.css("td, th")
    if len(rows) < 2 or len(cells) <= len(rows):
        return False
    return all(len(cell.text()) <= _MAX_CELL for cell in cells[:2000])


@cache
def _furniture_words() -> frozenset[str]:
    return frozenset(row["pattern"] for row in read_list("page_furniture") if row["kind"] == "class")


def _is_furniture(attributes: dict[str, str | None]) -> bool:
    """Tell navigation, share buttons and the like by the words in their class and id."""
    names = f"{attributes.get('class') or ''} {attributes.get('id') or ''}"[:300]
    if names == " ":
        return False
    words = {word.lower() for word in _WORDS.findall(_CAMEL.sub(" ", names))}
    words.update(word.lower() for word in names.split())
    return not words.isdisjoint(_furniture_words())


def _properties(tree: Any) -> dict[str, str]:
    """Give the page's title and what its <meta> elements state, names in lower case."""
    properties: dict[str, str] = {}
    title = tree.css_first("title")
    if title is not None and title.text().strip():
        properties["title"] = " ".join(title.text().split())[:500]
    for meta in tree.css("meta")[:200]:
        name = meta.attributes.get("name") or meta.attributes.get("property") or ""
        content = meta.attributes.get("content") or ""
        if name.strip() and content.strip():
            properties.setdefault(name.strip().lower()[:80], " ".join(content.split())[:500])
    html = tree.css_first("html")
    if html is not None and html.attributes.get("lang"):
        properties.setdefault("lang", str(html.attributes["lang"])[:40])
    return properties
