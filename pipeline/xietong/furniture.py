"""Names the lines that are not the text itself: page furniture, navigation, front matter, contents, openings."""

from __future__ import annotations

import re
from collections import Counter
from functools import cache

from xietong.characters import HAN, converter
from xietong.headings import ends_sentence, has_han, numbering
from xietong.lines import Block, Line
from xietong.lists import read_list


def name_furniture(lines: list[Line]) -> None:
    """Set the ``kind`` of every line that can be told from its words, its repetition or its place."""
    _name_repeated(lines)
    _name_by_phrase(lines)
    _name_front_matter(lines)
    _name_contents(lines)
    _name_tail(lines)


# --- repetition -----------------------------------------------------------------------------------------------------

_CONTENTS_ENDS = tuple("0123456789-—)")
_DIGITS = re.compile(r"\d+")
_LETTER = re.compile(rf"[A-Za-z{HAN}]")
_PAGE_NUMBER = re.compile(
    r"(?P<sign>[-—–·_]+\s*)?(?P<di>第\s*)?\[?(?:\d{1,4}|[ivxlc]{1,6})\]?(?:\s*[/／]\s*\d{1,4})?(?P<ye>\s*[页頁])?"
    r"(?:\s*[,，]?\s*共\s*\d{1,4}\s*[页頁])?\s*[-—–·_]*"
    r"|page\s+\d{1,4}(?:\s+of\s+\d{1,4})?",
    re.IGNORECASE,
)


def _name_repeated(lines: list[Line]) -> None:
    """Find page headers, footers and page numbers by their repetition, with digits taken for alike."""
    short = [line for line in lines if line.kind in ("", "paragraph") and len(line.text) <= 80]
    patterns = [_DIGITS.sub("0", line.text) for line in short]
    counts = Counter(patterns)
    edges = _page_edges(lines)
    n_pages = len({line.page for line in lines})
    for line, pattern in zip(short, patterns, strict=True):
        text = line.text
        at_edge = id(line) in edges
        if len(text) <= 24 and (number := _PAGE_NUMBER.fullmatch(text)):
            has_sign = number["sign"] or number["di"] or number["ye"] or text[0] in "pP"
            if at_edge or has_sign or (counts[pattern] >= 3 and text.isdigit()):
                line.kind = "boilerplate"
        elif n_pages > 2 and at_edge and _LETTER.search(text) and counts[pattern] >= max(3, n_pages // 4):
            line.kind = "boilerplate"
    _name_beside_page_numbers(lines, counts)


def _name_beside_page_numbers(lines: list[Line], counts: Counter[str]) -> None:
    """Running titles stand above or below page numbers, again and again."""
    for i in range(1, len(lines)):
        for number, title in ((lines[i - 1], lines[i]), (lines[i], lines[i - 1])):
            if number.kind != "boilerplate" or title.kind not in ("", "paragraph") or len(number.text) > 24:
                continue
            is_number = _PAGE_NUMBER.fullmatch(number.text) is not None
            if (
                is_number
                and len(title.text) <= 80
                and counts[_DIGITS.sub("0", title.text)] >= 2
                and not ends_sentence(title.text)
            ):
                title.kind = "boilerplate"


def _page_edges(lines: list[Line]) -> set[int]:
    """Give the lines, by identity, that are among the first or last two of a page."""
    edges: set[int] = set()
    for i in range(1, len(lines)):
        if lines[i].page != lines[i - 1].page:
            edges.update(id(line) for line in lines[max(i - 2, 0) : i + 2])
    if edges:
        edges.update(id(line) for line in (*lines[:2], *lines[-2:]))
    return edges


# --- phrases --------------------------------------------------------------------------------------------------------


@cache
def _phrases() -> dict[str, tuple[frozenset[str], tuple[str, ...], tuple[str, ...]]]:
    """Read the phrases that name a line, in both scripts: per kind whole lines, beginnings and ends of lines."""
    found: dict[str, dict[str, set[str]]] = {}
    for row in read_list("layout"):
        forms = {row["phrase"]} | {converter(c).convert(row["phrase"]) for c in ("s2t", "s2hk", "s2tw")}
        kind = found.setdefault(row["kind"], {"line": set(), "start": set(), "end": set()})
        kind[row["match"]].update(forms)
    return {
        kind: (frozenset(by["line"]), tuple(sorted(by["start"])), tuple(sorted(by["end"])))
        for kind, by in sorted(found.items())
    }


_TRIM = " *#_[]【】<>〈〉|·:!,>-—"
_TAG = re.compile(r"</?[a-zA-Z][^<>]{0,80}>")


def is_named(text: str, kind: str) -> bool:
    """Tell whether the list of phrases gives this kind to a line."""
    whole, begin, end = _phrases()[kind]
    if "<" in text:
        text = _TAG.sub("", text)
    bare = text.strip(_TRIM)
    if whole and (bare in whole or (len(text) < 30 and bare.replace(" ", "") in whole)):
        return True
    return (bool(begin) and text.lstrip("*# ").startswith(begin)) or (bool(end) and bare.endswith(end))


_LONGEST = {"boilerplate": 120, "front": 160, "footnote": 400}  # longer lines are text that happens to begin so


@cache
def _by_first_character() -> tuple[dict[str, str], dict[str, list[tuple[str, str]]]]:
    """Give kinds by whole line, and beginnings with their kinds by first character."""
    whole: dict[str, str] = {}
    begin: dict[str, list[tuple[str, str]]] = {}
    for kind in reversed(_LONGEST):
        lines, starts, _ = _phrases()[kind]
        whole.update(dict.fromkeys(lines, kind))
        for start in starts:
            begin.setdefault(start[0], []).insert(0, (start, kind))
    return whole, begin


def _kind_by_phrase(text: str) -> str:
    """Give the kind of a line by the first phrase that fits it; "" for none."""
    whole, begin = _by_first_character()
    if "<" in text:
        text = _TAG.sub("", text)
    if len(text) < 60:
        bare = text.strip(_TRIM)
        kind = whole.get(bare) or whole.get(bare.replace(" ", ""))
        if kind:
            return kind
    start = text.lstrip("*# ")
    for phrase, kind in begin.get(start[:1], ()):
        if len(text) <= _LONGEST[kind] and start.startswith(phrase):
            return kind
    return ""


_CRUMBS = re.compile(
    r"[^。;,<>»›]{1,20}(?:\s*[>»›]\s*[^。;,<>»›]{1,20}){1,6}[>»›]?"  # 首页 > 政务公开 > 规划
    r"|[^。;,:|\d]{2,10}(?:\s*\|\s*[^。;,:|\d]{2,10}){3,}"  # 首页|机构职能|政策法规|通知公告
)
_CRUMB_SIGNS = frozenset(">»›|")
_POSTED = re.compile(r"(?:发布|发文|成文|印发|公布|发表|更新|發布|發文)?(?:时间|日期|時間): ?\d{4}[-/.年].{0,30}")
_SIGNS_ONLY = re.compile(r"[|*_=~+#<>\/\-—–•●■◆·\s]+|\[ ?\w+ ?\]")
_COMMENT = re.compile(r"<!--.*-->|</?[a-zA-Z][^<>]{0,200}>|-{3,}|\*{3,}|_{3,}|={3,}")


def _name_by_phrase(lines: list[Line]) -> None:
    """Navigation, share buttons, imprint, salutations and notes, by what they begin with."""
    for line in lines:
        n = len(line.text)
        is_crumbs = n <= 160 and not _CRUMB_SIGNS.isdisjoint(line.text) and _CRUMBS.fullmatch(line.text) is not None
        if line.kind == "heading" and n <= 40 and _POSTED.fullmatch(line.text):
            line.kind = "front"
        if line.kind in ("list", "heading") and n <= 120 and (is_crumbs or _kind_by_phrase(line.text) == "boilerplate"):
            line.kind = "boilerplate"
        if line.kind not in ("", "paragraph") or n > 400:
            continue
        if is_crumbs or _COMMENT.fullmatch(line.text) or _SIGNS_ONLY.fullmatch(line.text):
            line.kind = "boilerplate"
            continue
        if n > 2 and line.text[0] == line.text[-1] == "|":
            line.kind = "table"
            continue
        line.kind = _kind_by_phrase(line.text) or line.kind
    _name_menus(lines)
    # 小 中 大 > 】 beside navigation belong to it, from both sides
    for order in (range(1, len(lines)), range(len(lines) - 2, -1, -1)):
        step = 1 if order.step > 0 else -1
        for i in order:
            line = lines[i]
            if not line.kind and len(line.text) <= 2 and not line.text.isdigit() and not ends_sentence(line.text):
                beside = lines[i - step]
                if beside.kind == "boilerplate" and len(beside.text) <= 12:
                    line.kind = "boilerplate"


_MENU_ITEM = re.compile(rf"[{HAN}A-Za-z0-9|>·\s]{{1,12}}")


def _name_menus(lines: list[Line]) -> None:
    """Runs of short lines without punctuation, one of which is known for navigation, are a menu."""
    run: list[Line] = []
    for line in [*lines, None]:
        if (
            line
            and line.kind in ("", "paragraph", "list", "boilerplate")
            and _MENU_ITEM.fullmatch(line.text)
            and not numbering(line.text)
        ):
            run.append(line)
            continue
        if len(run) >= 4 and sum(item.kind == "boilerplate" for item in run) >= max(1, len(run) // 10):
            for item in run:
                item.kind = "boilerplate"
        run = []


def _name_front_matter(lines: list[Line]) -> None:
    """Front matter between ``---`` lines at the top of a Markdown text."""
    if lines[0].text.rstrip() != "---":
        return
    for i, line in enumerate(lines[1:80], 1):
        if line.text.rstrip() in ("---", "..."):
            for inside in lines[: i + 1]:
                inside.kind = "front"
            return


# --- contents -------------------------------------------------------------------------------------------------------

_LEADER = re.compile(r"(?:\.{4,}|…{2,}|·{4,}|_{4,}|(?:\. ){4,})\s*[-—(]?\s*\d{1,4}\s*[-—)]?$")
_MARKUP_BEFORE = re.compile(r"^[#*>\s\-]+")
_MARKUP_AFTER = re.compile(r"[#*\s\-—.…·\d]+$")


def _bare(text: str) -> str:
    return _MARKUP_AFTER.sub("", _MARKUP_BEFORE.sub("", text)).replace(" ", "")


def _name_contents(lines: list[Line]) -> None:
    """Tables of contents: lines with leaders, or a list after 目录 whose lines come again as headings."""
    for line in lines:
        may_be = line.kind in ("", "paragraph", "list") and len(line.text) <= 120 and line.text.endswith(_CONTENTS_ENDS)
        if may_be and _LEADER.search(line.text):
            line.kind = "front"
    counts: Counter[str] | None = None
    i = 0
    while i < len(lines):
        if (
            lines[i].kind in ("", "paragraph", "heading")
            and len(lines[i].text) < 60
            and is_named(lines[i].text, "contents")
        ):
            lines[i].kind = "front"
            counts = counts or Counter(_bare(line.text) for line in lines if len(line.text) <= 100)
            i = _name_contents_after(lines, i + 1, counts)
        else:
            i += 1


def _name_contents_after(lines: list[Line], i: int, counts: Counter[str]) -> int:
    """Take the list below the word 目录: as long as each line comes again, up to two exceptions in a row."""
    seen: set[str] = set()
    pending: list[Line] = []
    while i < len(lines):
        line, bare = lines[i], _bare(lines[i].text)
        if line.kind in ("front", "boilerplate") or (counts[bare] > 1 and bare not in seen and len(bare) <= 80):
            for passed in (*pending, line):
                if passed.kind != "boilerplate":
                    passed.kind = "front"
            pending = []
            seen.add(bare)
        elif len(line.text) <= 60 and len(pending) < 2 and not ends_sentence(line.text):
            pending.append(line)
        else:
            break
        i += 1
    return i - len(pending)


# --- the ends -------------------------------------------------------------------------------------------------------


def _name_tail(lines: list[Line]) -> None:
    """What a web page says below the text (licence, related pages, imprint), from its first telling phrase on."""
    n_tail = 0
    first = next((i for i, line in enumerate(lines) if _is_text(line)), len(lines) // 2)
    for i in range(len(lines) - 1, max(len(lines) - 60, first), -1):
        n_tail += len(lines[i].text)
        if n_tail > 1500:
            return
        if len(lines[i].text) <= 200 and is_named(lines[i].text, "tail"):
            for line in lines[i:]:
                line.kind = "boilerplate"


def _is_text(line: Line) -> bool:
    """Whether a line that nothing has named yet reads as a sentence or as a numbered item of some length."""
    if line.kind not in ("", "paragraph", "list") or len(line.text) < 10:
        return False
    return bool(numbering(line.text)) or (len(line.text) >= 20 and ends_sentence(line.text))


_KEY_VALUE = re.compile(rf"(?:\*\*)?[{HAN}A-Za-z ]{{2,12}}(?:\*\*)?\s*[:](?:\*\*)?\s*\S")
_OCCASION = re.compile(
    r"(?:Delivered|Presented|Adopted|Approved) |[—–-]{1,3}"
    r"|\(?\d{4}年\d{1,2}月|\(?[〇一二三四五六七八九]{4}年|\d{4}-\d{1,2}-\d{1,2}"
)
_AFFILIATION = re.compile(
    r"\(?\d?[.\s]*.{0,40}(?:大学|大學|学院|學院|研究院|研究所|University|College|Institute|School of|Academy)"
)
#: Under the title of a statute: who passed it and when, and from when it holds.
_ENACTED = re.compile(r"\(\d{4}年\d{1,2}月\d{1,2}日.{4,400}(?:通过|公布|发布|修订|修正|批准|施行|生效)\)")
#: The first line of a statute's history: by which order, on which day of the Republic, it was given or changed.
_ORDERED = re.compile(r"(?:1[.、] ?)?(?:中[华華])?民[国國][^\d年]{1,6}年[^\d月]{1,3}月[^\d日]{1,4}日.{4,80}", re.S)
_FIRST_ARTICLE = re.compile(r"第 ?[一1] ?[编編章条條篇]")
_LONGEST_HISTORY = 400  # blocks
_SALUTATION = re.compile(rf"[{HAN}、,]{{2,30}}[:!]|[A-Z][^.!?]{{3,80}}[,:]")


def name_opening(blocks: list[Block]) -> None:
    """Name title, occasion, author and salutation above the first paragraph."""
    opening = _opening_of(blocks)
    if not opening:
        return
    n_keys = sum(_KEY_VALUE.match(block.text) is not None for block in blocks[:20] if block.kind != "footnote")
    about = [i for i, block in enumerate(opening) if _is_about(block.text, n_keys)]
    plain = [block for i, block in enumerate(opening) if i not in about]
    title = None
    if not any(block.kind == "heading" and block.level == 1 for block in blocks[:40]):
        candidates = [block for block in plain if 4 <= len(block.text) <= 100 and _may_be_title(block.text)]
        named = [block for block in candidates if is_named(block.text, "title")]
        has_title = any(line.text.startswith("title:") for block in blocks[:20] for line in block.lines)
        long_ones = [block for block in candidates if len(block.text) >= (10 if has_han(block.text) else 20)]
        if named or not has_title:
            title = next(iter(named or long_ones or candidates), None)
    for i, block in enumerate(opening):
        is_short = len(block.text) <= 60 and not ends_sentence(block.text) and block.text[0] not in "#*"
        # what looks like a heading above the author's office or the date is the author
        is_aside = block.kind != "heading" or (about and i < about[-1] and not block.level)
        if block is not title and (i in about or (is_short and is_aside)):
            block.kind = "front"
    if title:
        title.kind, title.level = "heading", 1
        _join_title(blocks, title)


def name_history(blocks: list[Block]) -> None:
    """Name a statute's title, and the lines below it that tell when it was given and changed, up to its first article."""
    first = next((i for i, block in enumerate(blocks[:6]) if _ORDERED.match(block.text)), None)
    if first is None:
        return
    end = next(
        (i for i, block in enumerate(blocks[:_LONGEST_HISTORY]) if i > first and _FIRST_ARTICLE.match(block.text)), 0
    )
    if end and first and len(blocks[first - 1].text) <= 60:
        blocks[first - 1].kind, blocks[first - 1].level = "heading", 1
    for block in blocks[first:end]:
        block.kind, block.level = "front", 0


def _may_be_title(text: str) -> bool:
    return text[0] not in "#*>\\" and not ends_sentence(text) and text[-1] not in ",，、"


@cache
def _office_and_name() -> re.Pattern[str]:
    """Find 国务院总理 何远舟, Lin Qing, Premier …: who speaks, by the office held."""
    offices = "|".join(sorted(_phrases()["office"][0], key=lambda office: (-len(office), office)))
    return re.compile(rf"[{HAN}]{{0,16}}(?:{offices})\s*[{HAN}·]{{2,10}}|[A-Z][\w .]{{3,40}}, (?:{offices})\b.{{0,60}}")


def _opening_of(blocks: list[Block]) -> list[Block]:
    """Give the short blocks above the first paragraph or numbered heading; none where no paragraph follows."""
    opening: list[Block] = []
    for block in [block for block in blocks[:60] if block.kind in ("body", "list", "heading")][:16]:
        text = block.text
        if len(text) < 300 and _CITATION.search(text):
            block.kind = "front"  # how to cite what follows
            continue
        if (len(text) < 200 and _AFFILIATION.match(text) and not ends_sentence(text)) or _ENACTED.fullmatch(text):
            opening.append(block)
            continue
        n = len(text) if has_han(text) else len(text) // 3
        is_paragraph = n >= 100 or (n >= 20 and ends_sentence(text)) or (n >= 60 and opening)
        if is_paragraph or numbering(text) not in ("", "markdown"):
            return opening
        opening.append(block)
        if _SALUTATION.fullmatch(text):
            return opening
    return []


_CITATION = re.compile(r"\[[JMDNCR]\]")


def _join_title(blocks: list[Block], title: Block) -> None:
    """Put a title that is set on two lines together, or the office that issues a text with its title."""
    at = next(i for i, block in enumerate(blocks) if block is title)
    before = blocks[at - 1] if at else None
    if (
        before is None
        or before.kind not in ("body", "heading")
        or before.level
        or not _TITLE_LINE.fullmatch(before.text)
    ):
        return
    lines = title.lines
    title.lines, title.text = before.lines, before.text
    title.add(*lines)
    blocks.remove(before)


_TITLE_LINE = re.compile(rf"[{HAN}《〈“]{{6,40}}(?<!文件)(?<!号)")


def _is_about(text: str, n_keys: int) -> bool:
    """Tell whether a line of the opening says when, where, by whom or to whom the text was given."""
    if _SALUTATION.fullmatch(text) or _OCCASION.match(text) or _AFFILIATION.match(text) or is_named(text, "byline"):
        return True
    if len(text) <= 100 and _office_and_name().fullmatch(text):
        return True
    return n_keys >= 2 and _KEY_VALUE.match(text) is not None and not ends_sentence(text)
