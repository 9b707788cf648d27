"""Gathers the parts of a document that say what it is: head and tail lines, labelled fields, file name."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from itertools import zip_longest

from xietong.bodies import is_body
from xietong.characters import TONED_LETTERS, simplify, widen
from xietong.normalise import fold, fold_each
from xietong.records import Document, Passage

HEAD_CHARS, TAIL_CHARS, HEAD_LINES, TAIL_LINES, LINE_CHARS, SAMPLE_CHARS = 6000, 1500, 60, 14, 400, 20_000


_WORKBOOKS = (
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "application/vnd.ms-excel",
    "application/vnd.oasis.opendocument.spreadsheet",
)  # fmt: skip
_SHORTEST_TITLE = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A value that the document states under a label, and where: ``front matter``, ``html``, ``heading`` …"""

    item: str  # title, issuer, source, date, posted, number
    value: str  # as it stands
    folded: str
    origin: str


@dataclass(frozen=True, kw_only=True)
class Clues:
    """What is looked at to describe a document; all lines are folded (simplified script, plain width)."""

    file_name: str = ""  # stem, folded; "_" and "-" as they stand
    raw_name: str = ""  # stem as it stands
    folders: tuple[str, ...] = ()  # folded, the innermost first
    head: tuple[str, ...] = ()
    raw_head: tuple[str, ...] = ()  # the same lines as they stand
    tail: tuple[str, ...] = ()
    fields: tuple[Field, ...] = ()
    marked_title: str = ""  # as the file format marks it
    is_table: bool = False
    sample: str = ""  # folded text of the first pages; "" for tables
    row_sample: str = ""  # the same of a table of texts, only for counting places
    written: dict[str, str] = field(default_factory=dict)  # folded line -> the line as it stands

    def stated(self, *items: str) -> Iterator[Field]:
        """Give the labelled fields of these items, in the order of the items."""
        for item in items:
            yield from (stated for stated in self.fields if stated.item == item)

    def signatures(self) -> Iterator[tuple[str, str]]:
        """Give the lines that name a body as letterheads (``heading``) and signatures (``signature``, with a date) do."""
        lines = (*self.head, *self.tail)
        for n, (line, following) in enumerate(zip_longest(lines, lines[1:], fillvalue="")):
            dated = _DATED.match(line) if "年" in line else None
            name = dated[1].strip() if dated else line
            name = name.removesuffix("文件") if n < 6 else name  # 某市人民政府文件
            if not is_body(name):
                continue
            if dated or (n >= 6 and (_DATE_LINE.match(following) or is_body(following))):
                yield "signature", name
            elif n < 6:
                yield "heading", name


_DATED = re.compile(r"([^\d〇一二三四五六七八九]{4,40}?) ?((?:19|20)\d\d年\d{1,2}月(?:\d{1,2}日)?)$")
_DATE_LINE = re.compile(r"[((]?(?:[〇○零一二三四五六七八九十\d]{2,4}年|(?:19|20)\d\d[-./])")


def gather_clues(document: Document, passages: Sequence[Passage] = ()) -> Clues:
    """Gather the clues of a document; the cost does not grow with its length."""
    sample = _sample(document, passages)
    name, folders = _split_name(document.file)
    fields = list(_properties(document))
    is_table = bool(document.rows) and not document.columns
    raw_head: list[str] = []
    tail: list[str] = []
    if document.text and not is_table:
        start = _read_front_matter(document.text, fields)
        raw_head = _lines(_without_boilerplate(document, start, start + HEAD_CHARS))[:HEAD_LINES]
        if document.media_type in _WORKBOOKS:
            # cells further down, and a sheet's short labels, are no title of the whole
            raw_head = [line for line in raw_head[:1] if len(line) >= _SHORTEST_TITLE]
        rest = max(start + HEAD_CHARS, len(document.text) - TAIL_CHARS)
        tail = _lines(_without_boilerplate(document, rest, len(document.text)))[-TAIL_LINES:]
    head = _fold_lines(raw_head)
    folded_tail = _fold_lines(tail)
    fields.extend(_labelled(raw_head))
    return Clues(
        file_name=_fold_line(name),
        raw_name=name,
        folders=folders,
        head=tuple(head),
        raw_head=tuple(raw_head),
        tail=tuple(folded_tail),
        fields=tuple(fields),
        marked_title=_marked_title(document),
        is_table=is_table,
        written=dict(zip((*head, *folded_tail), (*raw_head, *tail), strict=True)),
        sample="" if is_table else sample,
        row_sample=sample if is_table else "",
    )


def _sample(document: Document, passages: Sequence[Passage]) -> str:
    """Folded text of the first pages: of the passages, which are folded already, where there are any."""
    if not passages:
        return fold(document.text[:SAMPLE_CHARS]).text
    sample: list[str] = []
    length = 0
    for passage in passages:
        if length >= SAMPLE_CHARS:
            break
        sample.append(passage.folded.text)
        length += len(passage.folded.text)
    return "\n".join(sample)[:SAMPLE_CHARS]


@cache
def labels() -> dict[str, str]:
    """Labels that documents put before a value, in lower case and simplified script, and the item they give."""
    table = files("xietong").joinpath("data/metadata_labels.csv").read_text(encoding="utf-8")
    return {row["label"].lower(): row["item"] for row in csv.DictReader(table.splitlines())}


def _split_name(file: str) -> tuple[str, tuple[str, ...]]:
    """Give the stem of the file name and the folders above it; the archive's name counts as a folder."""
    parts = [part for part in re.split(r"/|!/", file.replace("\\", "/")) if part]
    stem = re.sub(r"\.(?:[A-Za-z]{1,5}\d?|7z)$", "", parts[-1]) if parts else ""
    return stem, tuple(fold(part).text for part in reversed(parts[:-1]))


def _properties(document: Document) -> Iterator[Field]:
    """Document properties: front matter, HTML meta or the properties of an office file."""
    origin = _PROPERTY_ORIGINS.get(document.media_type, "document properties")
    for key, value in document.properties.items():
        item = labels().get(key.lower().removeprefix("meta:").removeprefix("dc.").removeprefix("html:"))
        stated = str(value).strip()[:500]
        if item and stated:
            yield Field(item=item, value=stated, folded=_fold_line(stated), origin=origin)


_PROPERTY_ORIGINS = {"text/html": "html", "application/xhtml+xml": "html", "text/markdown": "front matter"}
_FRONT_MATTER = re.compile(r"\s*---[ \t]*\r?\n(.{0,4000}?)\r?\n---[ \t]*\r?\n", re.S)
_PAIR = re.compile(r"^([\w.:-]{2,30}):[ \t]*(.*)$")


def _read_front_matter(text: str, fields: list[Field]) -> int:
    """Read a YAML block of plain pairs at the top of the text; give where it ends, 0 without one."""
    block = _FRONT_MATTER.match(text[:5000].lstrip("\ufeff"))
    if block is None:
        return 0
    key = ""
    values: dict[str, list[str]] = {}
    for line in block[1].splitlines():
        if pair := _PAIR.match(line):
            key = pair[1].lower()
            values[key] = [pair[2]] if pair[2] else []
        elif key and line.lstrip().startswith("- "):
            values[key].append(line.strip()[2:])
    for key, found in values.items():
        value = "、".join(item.strip().strip("'\"") for item in found).strip()
        if value and (item := labels().get(key)):
            fields.append(Field(item=item, value=value, folded=_fold_line(value), origin="front matter"))
    return block.end()


@cache
def _label_pattern() -> re.Pattern[str]:
    words = sorted((label for label in labels() if not label.isascii()), key=len, reverse=True)
    spaced = [r"\s{0,8}".join(word) for word in words] + ["title", "date", "issuer"]  # 标　　题
    before = r"(?:^|(?<=[\s|,;:(*_\[【]))"
    after = r"[)*_ \u3000]{0,4}(?:[:：]|\t|[\]】]|(?=\d{4}[-年]|中华民国))[* \t\xa0\u3000]{0,8}"
    return re.compile(f"{before}({'|'.join(spaced)}){after}", re.I)


def is_labelled(line: str, *items: str) -> bool:
    """Whether a folded line begins with a label: 法规名称:…; with ``items`` only with a label of one of them."""
    match = _label_pattern().search(line)
    if match is None or match.start(1) > 2:
        return False
    return not items or labels()["".join(match[1].lower().split())] in items


def _labelled(raw_head: list[str]) -> Iterator[Field]:
    """Values behind labels in the first lines: 发布日期：2025-06-18　来源：县政府办公室, or on the next line."""
    lines = raw_head[:40]
    for n, raw in enumerate(lines):
        line = _plain(raw)
        found = list(_label_pattern().finditer(line))
        for match, following in zip_longest(found, found[1:]):
            value = _one_value(raw[match.end() : following.start() if following else len(raw)])
            if not value and match.end() >= len(line.rstrip()):
                value = _value_of_next_line(lines[n + 1 : n + 2])
            item = labels()["".join(match[1].lower().split())]
            if value and (item == "title" or len(value) <= 60):
                yield Field(item=item, value=value, folded=_fold_line(value), origin="heading")


def _plain(raw: str) -> str:
    """A line in plain script and width, one character for one, with the spaces and tabs that tell values apart."""
    return "\t".join([simplify(widen(cell)) for cell in raw.split("\t")])


def _one_value(text: str) -> str:
    """The first cell of what stands behind a label, without the labels that follow it: 浏览次数：."""
    return _NEXT_CELL.split(text.strip(_EDGES))[0].strip(_EDGES)


_EDGES = " \t\xa0\u3000*|,，;；"
_NEXT_CELL = re.compile(r"\t|\s[\u4e00-\u9fff]{2,6}[:：]")
# any label, also one that states nothing of interest: 浏览次数：, 分类**:
_ANY_LABEL = re.compile(r"[\W_]*[\u4e00-\u9fff]{2,6}[*\s]*[:：]")


def _value_of_next_line(lines: list[str]) -> str:
    """What the line after a lonely label states, unless that is a label as well (来源： before 日期：2014-04-29)."""
    line = lines[0] if lines else ""
    label = _label_pattern().search(_plain(line))
    value = _one_value(line[: label.start()] if label else line)
    return "" if _ANY_LABEL.match(value) or value.endswith((":", "：")) else value


_FURNITURE = ("boilerplate", "header", "footer")


def _without_boilerplate(document: Document, start: int, end: int) -> str:
    """Text between two offsets without what the reader marked as navigation, running headers and footers."""
    pieces, at = [], start
    end = min(end, len(document.text))
    furniture = [mark for mark in document.marks if mark.kind in _FURNITURE and mark.start < end and mark.end > start]
    for mark in sorted(furniture, key=lambda mark: (mark.start, -mark.end)):
        if mark.end > at:
            pieces.append(document.text[at : max(at, mark.start)])
            at = mark.end
    pieces.append(document.text[at:end] if at < end else "")
    return "".join(pieces)


_BREAK = re.compile(r"[\r\n\u2028\x0b\x0c]+")
_WIDE_BREAK = re.compile(r"\u3000{2,}|\t(?=\S{0,20}——)|\t{3,}")


def _lines(text: str) -> list[str]:
    """Lines with text in them; texts without line breaks are cut where wide spaces or tabs stand in their place."""
    cut = [part for line in _BREAK.split(text) for part in _wide_parts(line)]
    return [line.strip()[:LINE_CHARS] for line in cut if line.strip() and not line.strip().startswith("<!--")]


def _wide_parts(line: str) -> list[str]:
    has_gap = len(line) > 60 and ("\u3000\u3000" in line or "\t" in line)
    return _WIDE_BREAK.split(line) if has_gap else [line]


def _fold_line(line: str) -> str:
    return _fold_lines([line])[0]


# what needs the whole folding, with its way back: glosses, spaces between Han characters, rare forms
_UNEVEN = re.compile(
    rf"[\u3400-\u9fff][ \u3000]+[\u3400-\u9fff]|[\u3400-\u9fff][(\[（][A-Za-z{TONED_LETTERS}]{{1,8}}[)\]）]|[\u0300-\u036f"
    r"\u200b-\u200f\u3105-\u312f\u2060\ufeff\ufe00-\ufe0f\x00-\x08\x0e-\x1f\xad]|著"
)


def _fold_lines(lines: list[str]) -> list[str]:
    """Fold lines one by one, the cells between tabs apart from one another."""
    cells = [_cells(line.strip(" \t*#>").strip()) for line in lines]
    folded = iter(_fold_cells([cell for row in cells for cell in row]))
    return ["\t".join([next(folded) for _ in row]) for row in cells]


def _cells(line: str) -> list[str]:
    """The cells of a line; one where tabs only space out a heading: 报<tab>告."""
    cells = [cell.strip() for cell in line.split("\t")]
    return cells if max(map(len, cells)) > 2 else [line]


def _fold_cells(cells: list[str]) -> list[str]:
    """Fold cells at the cost of one: script and width of plain ones in one go, the others in another."""
    plain = simplify(widen("\n".join(cells))).replace("’", "'").split("\n")
    if len(plain) != len(cells):
        return [fold(cell).text.strip() for cell in cells]
    uneven = [n for n, simple in enumerate(plain) if _UNEVEN.search(simple)]
    for n, folded in zip(uneven, fold_each([cells[n] for n in uneven]), strict=True):
        plain[n] = folded
    return [cell.strip() for cell in plain]


def _marked_title(document: Document) -> str:
    for kind, level in (("title", 0), ("heading", 1)):
        for mark in document.marks:
            if mark.kind == kind and (not level or mark.level == level) and mark.start < 8000:
                title = " ".join(document.text[mark.start : mark.end].split())
                if 2 < len(title) <= 200:
                    return title
    return ""
