"""Recognises headings by their numbering and their shape, and keeps the trail of sections."""

from __future__ import annotations

import re
from functools import lru_cache

from xietong.characters import HAN
from xietong.lines import Line

_NUMERAL = r"〇零一二三四五六七八九十百千\d"
_COUNT = r"[一二三四五六七八九十]"
NUMBERING = re.compile(
    rf"(?P<markdown>\#{{1,6}})(?:\s|(?=[{HAN}]))"
    rf"|(?P<part>第\s?[{_NUMERAL}]{{1,6}}\s?[编編篇]|(?:Part|PART)\s+(?:[IVX]+|\d+|[A-Z])\b)"
    rf"|(?P<division>第\s?[{_NUMERAL}]{{1,6}}\s?部分)"
    rf"|(?P<chapter>第\s?[{_NUMERAL}]{{1,6}}\s?章|(?:Chapter|CHAPTER)\s+(?:[IVX]+|\d+)\b)"
    rf"|(?P<paragraph>第\s?[{_NUMERAL}]{{1,6}}\s?[节節]|(?:Section|SECTION)\s+\d+\b)"
    rf"|(?P<article>第\s?[{_NUMERAL}]{{1,6}}\s?[条條](?:之{_COUNT}{{1,2}})?|(?:Article|ARTICLE)\s+\d+(?:-\d+)?\b)"
    rf"|(?P<han>{_COUNT}{{1,3}}\s?(?:、|[.](?!\d)))"
    rf"|(?P<hanparen>\(\s?{_COUNT}{{1,3}}\s?\))"
    rf"|(?P<roman>(?:[IVX]{{1,5}})\.\s)"
    rf"|(?P<decimal>\d{{1,2}}(?:\.\d{{1,2}}){{1,3}}\.?(?=\s|[{HAN}]|$))"
    rf"|(?P<arabic>\d{{1,3}}\s?(?:、|[.](?!\d)))"
    rf"|(?P<arabicparen>\(\s?\d{{1,2}}\s?\)|\d{{1,2}}\))"
    rf"|(?P<circled>[①-⑳])"
)
#: The order of the numberings, outermost first; headings marked by the format have their level, 1 to 9.
RANKS = {
    "part": 10, "division": 20, "chapter": 30, "paragraph": 40, "article": 50, "roman": 60, "han": 70, "hanparen": 80,
    "arabic": 90, "decimal": 90, "arabicparen": 100, "circled": 110,
}  # fmt: skip
_BELOW_HAN = 75
_BELOW_PARENTHESES = 85
_BELOW_DECIMAL = 99
UNNUMBERED = 200
_BOLD = re.compile(r"\*\*[^*]{1,60}\*\*[:]?")
_SENTENCE_END = re.compile(r"[。!?…;:][”’\")》」』\]*]*$|[.][”’\")\]*]*(?:\[\d{1,3}\])?$")
_PUNCTUATED_END = re.compile(r"[。!?;…][”’\")》」』\]*]*$|[.:][”’\")\]*]*$|[,、]$")
_HAN = re.compile(f"[{HAN}]")
_NOT_IN_TITLES = re.compile(r"[,。;:、!?(=%|]|\d{1,2}日|\d{1,2}:\d\d|^\d+$")


def ends_sentence(text: str) -> bool:
    """Tell whether a line ends as a sentence or a part of a list does, closing marks and note numbers aside."""
    return _SENTENCE_END.search(text[-16:]) is not None


def numbering(text: str) -> str:
    """Name the numbering a line begins with: ``han`` for 一、, ``hanparen`` for （一） …; "" if there is none."""
    match = NUMBERING.match(text)
    return match.lastgroup or "" if match else ""


def has_han(text: str) -> bool:
    """Tell whether a text has a Chinese character."""
    return not text.isascii() and _HAN.search(text) is not None


_BULLETS = frozenset("-*•●■◆▪○·>")


def is_heading(line: Line, following: Line | None, after: Line | None = None, before: Line | None = None) -> bool:
    """Tell whether a line that no format has marked is a heading of its own.

    Parameters
    ----------
    line : Line
        The line.
    following, after, before : Line, optional
        The two lines below it and the one above; None at the ends of the text.
    """
    text = line.text
    n = len(text)
    if not 2 <= n <= 120:
        return False
    if text[0] == "#":
        return NUMBERING.match(text) is not None
    if text.startswith("**"):
        if _BOLD.fullmatch(text):
            is_key = text[-1] == ":" and n <= 14
            return "。" not in text[:-3] and n <= 50 and not is_key  # else a paragraph set in bold
        text = text.strip("* ")
    elif text[0] in _BULLETS:
        return False
    if n > 110:
        return False
    is_chinese = has_han(text)
    if is_chinese and n > 45:
        return False
    match = NUMBERING.match(text)
    style = match.lastgroup if match else ""
    if match and style == "article":
        return match.end() == len(text)
    if _PUNCTUATED_END.search(text[-16:]) or (is_chinese and _goes_on(text)):
        return False
    if style in ("part", "division", "chapter", "paragraph", "han", "hanparen", "roman"):
        return style in ("part", "chapter", "paragraph") or (match is not None and match.end() < len(text))
    if style in ("arabic", "decimal", "arabicparen"):
        if match is not None and match.end() == n:
            return False  # a number alone, whose paragraph follows
        neighbours = [numbering(other.text) for other in (before, following) if other is not None]
        if following is None or style in neighbours:
            return False  # an item of a list
        is_titled = _is_title_case(text) or style == "decimal"
        return len(following.text) > n if is_chinese else is_titled
    if style or following is None or following.kind not in ("", "paragraph", "list"):
        return False
    if _is_bare_heading(text, line, following, is_chinese):
        return True
    # a heading may stand right above the heading of its first part
    if after is None or numbering(following.text) or _NOT_IN_TITLES.search(text):
        return False
    is_short = (
        n <= 10 and len(following.text) <= 24 if is_chinese else n <= 50 and text[0].isupper() and text[-1].isalpha()
    )
    return is_short and (is_chinese or _is_title_case(text)) and is_heading(following, after)


def _goes_on(text: str) -> bool:
    """Tell whether a Chinese line is the first of a paragraph: a sentence has ended in it, or a bracket is still open."""
    return "。" in text[:-1] or text.count("(") > text.count(")")


def _is_bare_heading(text: str, line: Line, following: Line, is_chinese: bool) -> bool:
    """Tell whether a short line without a number stands above a paragraph as its heading."""
    n, n_next = len(text), len(following.text)
    if is_chinese:
        return (
            n <= 24
            and _NOT_IN_TITLES.search(text) is None
            and n_next > max(2 * n, 40)
            and ends_sentence(following.text)
        )
    return (
        len(text.split()) <= 12
        and text[0].isupper()
        and text[-1].isalnum()
        and (_is_title_case(text) or (line.gap > 0 and len(text.split()) <= 5))
        and n_next > max(80, n)
    )


def _is_title_case(text: str) -> bool:
    """Tell whether most of the longer words begin with a capital."""
    words = [word for word in text.split() if len(word) > 3 and word[0].isalpha()]
    return sum(word[0].isupper() for word in words) * 2 >= len(words)


_FIRST_OF_NUMBERS = frozenset("第一二三四五六七八九十(0123456789IVXPCSA")


class Trail:
    """The headings above the place reached, outermost first."""

    def __init__(self) -> None:
        self._open: list[tuple[int, str, bool]] = []  # rank, label, whether it began inside a paragraph
        self._last: dict[int, int] = {}  # the last number seen at each rank in the section that is open
        self._through: dict[int, int] = {}  # the same in all of the document, for numbers that run through its sections
        self.labels: tuple[str, ...] = ()

    def enter(self, text: str, folded: str, level: int) -> None:
        """Enter the section of a heading; one without a text ends the sections before it and opens none."""
        bare = folded.lstrip("#* ")
        match = NUMBERING.match(bare)
        rank, number = self._rank(match)
        if match:
            self._count(rank, number)
        self._push(level or rank, text.strip("#* \\"), False)

    def enter_run_in(self, text: str, folded: str) -> None:
        """Enter the section of a paragraph that begins with its number, as 第三条 or （二） do.

        A number that does not follow the last one of its kind is none: 三、四十年前 is thirty or forty years ago.
        """
        bare = folded.lstrip("* ")
        match = NUMBERING.match(bare) if bare[:1] in _FIRST_OF_NUMBERS else None
        style = match.lastgroup if match else None
        if match is None or style in ("circled", "arabicparen", "markdown"):
            return
        rank, number = self._rank(match)
        if style == "han" and self._lies_in_parentheses(rank):
            rank = _BELOW_PARENTHESES
        due = (1, self._last.get(rank, 0) + 1, self._through.get(rank, 0) + 1)
        if style not in ("article", "decimal") and number not in due:
            return
        self._count(rank, number)
        label = match[0].strip() if style in ("article", "decimal") else _run_in_label(bare, match.end())
        offset = len(folded) - len(bare)
        self._push(rank, text[offset : offset + len(label)].strip("* 。.:：,，"), True)

    def _lies_in_parentheses(self, rank: int) -> bool:
        """Whether a heading （三） is open that is in no section of this rank, so that 一、 in its paragraphs is below it."""
        headings = [other for other, _, is_run_in in self._open if not is_run_in]
        return RANKS["hanparen"] in headings and all(other != rank for other, _, _ in self._open)

    def _count(self, rank: int, number: int) -> None:
        self._last[rank] = self._through[rank] = number

    def _rank(self, match: re.Match[str] | None) -> tuple[int, int]:
        """Give the rank of a numbering and its number; 2.1 lies within 2., and 1. within 2.1 if 3. is what is due."""
        style = match.lastgroup if match else None
        if match is None or style is None or style == "markdown":
            return UNNUMBERED, 0
        rank, number = RANKS[style], _number(match[0]) or 0
        if style == "article" and any(other == RANKS["han"] and not is_run_in for other, _, is_run_in in self._open):
            rank = _BELOW_HAN  # measures whose articles are numbered through, under headings 一、 二、
        elif style == "decimal":
            rank += match[0].strip(". ").count(".")
        elif style == "arabic" and number != self._last.get(rank, 0) + 1:
            is_inside = any(rank < other < _BELOW_DECIMAL for other, _, _ in self._open)
            rank = _BELOW_DECIMAL if is_inside else rank
        return rank, number

    def leave_run_ins(self) -> None:
        """Leave the sections that began inside paragraphs: another person speaks."""
        while self._open and self._open[-1][2]:
            self._open.pop()
        self.labels = tuple(label for _, label, _ in self._open)

    def _push(self, rank: int, label: str, is_run_in: bool) -> None:
        while self._open and self._open[-1][0] >= rank:
            self._open.pop()
        for deeper in [other for other in self._last if other > rank]:
            del self._last[deeper]
        if label:
            self._open.append((rank, label, is_run_in))
        self.labels = tuple(label for _, label, _ in self._open)


_FIRST_SENTENCE = re.compile(r"[^。:;!?]{1,40}?(?=[。:;!?]|\*\*|$)")
_FIRST_CLAUSE = re.compile(r"[^。:;!?,]{1,40}?(?=[。:;!?,])")


def _run_in_label(text: str, after_number: int) -> str:
    """Give the number with the first sentence if that is short, else with its first clause, else alone."""
    match = _FIRST_SENTENCE.match(text, after_number) or _FIRST_CLAUSE.match(text, after_number)
    return text[: match.end()] if match else text[:after_number]


_VALUES = {character: value for value, character in enumerate("〇一二三四五六七八九")} | {"零": 0}


@lru_cache(maxsize=4096)
def _number(label: str) -> int | None:
    """Give the number in a label: 二 is 2, 十二 is 12, （3） is 3, IV is 4."""
    digits = re.search(r"\d+", label)
    if digits:
        return int(digits[0])
    roman = re.match(r"[IVX]+", label)
    if roman:
        values = [{"I": 1, "V": 5, "X": 10}[letter] for letter in roman[0]]
        return sum(-v if i + 1 < len(values) and v < values[i + 1] else v for i, v in enumerate(values))
    han = re.search(r"[〇零一二三四五六七八九十]+", label)
    if not han:
        return None
    tens, ten, ones = han[0].partition("十")
    if not ten:
        return _VALUES.get(tens) if len(tens) == 1 else None
    return (_VALUES.get(tens, 1) if tens else 1) * 10 + (_VALUES.get(ones, 0) if ones else 0)
