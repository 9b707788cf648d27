"""Finds dates in folded text: Western and Chinese numerals, the calendar of the Republic, English."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

_DIGITS = str.maketrans("〇零○Ｏ一二三四五六七八九", "0000123456789")
_CN = "〇零○一二三四五六七八九十百"
_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "january jan",
            "february feb",
            "march mar",
            "april apr",
            "may",
            "june jun",
            "july jul",
            "august aug",
            "september sept sep",
            "october oct",
            "november nov",
            "december dec",
        ),
        start=1,
    )
    for name in names.split()
}
_MONTH = "|".join(sorted(_MONTHS, key=len, reverse=True))

_YEAR_OF_FOUR = r"((?:19|20)\d\d|[一二](?: ?[〇零○0一二三四五六七八九]){3})"
_MONTH_AND_DAY = rf"(?: ?([\d{_CN}]{{1,3}}) ?月(?: ?([\d{_CN}]{{1,3}}) ?日?)?)?"

_PATTERNS = (
    # 2026年2月3日, 2026 年 2 月; also 二〇二六年二月三日
    ("western", re.compile(rf"{_YEAR_OF_FOUR} ?年{_MONTH_AND_DAY}")),
    # 民国 98 年 06 月 17 日, 中华民国一百零四年十二月三十日
    ("republic", re.compile(rf"民国 ?([\d{_CN}]{{1,4}}) ?年{_MONTH_AND_DAY}")),
    ("numeric", re.compile(r"(?<![\d.])((?:19|20)\d\d)([-/.])(\d{1,2})(?:\2(\d{1,2}))?(?![\d.-])")),
    ("compact", re.compile(r"(?<!\d)((?:19|20)\d\d)(0[1-9]|1[0-2])([0-2]\d|3[01])(?!\d)")),
    (
        "day first",
        re.compile(rf"(?<![\w-])(\d{{1,2}})(?:st|nd|rd|th)? (?:of )?({_MONTH})\.?,? ((?:19|20)\d\d)(?!\d)", re.I),
    ),
    (
        "month first",
        re.compile(rf"(?<![\w-])({_MONTH})\.? (?:(\d{{1,2}})(?:st|nd|rd|th)?,? )?((?:19|20)\d\d)(?!\d)", re.I),
    ),
)


@dataclass(frozen=True, slots=True, order=True)
class FoundDate:
    """A date at ``[start:end]`` of the text searched; month and day are 0 where not stated."""

    year: int
    month: int = 0
    day: int = 0
    start: int = 0
    end: int = 0

    @property
    def iso(self) -> str:
        """ISO 8601, as exact as known: 2026, 2026-02 or 2026-02-05."""
        return "-".join(
            part
            for part in (
                f"{self.year:04}",
                f"{self.month:02}" if self.month else "",
                f"{self.day:02}" if self.day else "",
            )
            if part
        )


def find_dates(text: str) -> list[FoundDate]:
    """Find the dates of a text in the order they stand; impossible ones (month 13) are left out.

    Examples
    --------
    >>> [date.iso for date in find_dates("2026年2月3日;二〇二一年三月;民国98年06月17日;March 5, 2008")]
    ['2026-02-03', '2021-03', '2009-06-17', '2008-03-05']
    """
    return list(_dates_in(text))


@lru_cache(maxsize=512)  # the first lines are looked at for the title, the day, the signature and the year
def _dates_in(text: str) -> tuple[FoundDate, ...]:
    if "年" not in text and not _YEAR_ANYWHERE.search(text):
        return ()
    text = _SPACED_YEAR.sub(lambda match: match[0].replace(" ", "").rjust(len(match[0])), text)
    found: list[FoundDate] = []
    for kind, pattern in _PATTERNS:
        for match in pattern.finditer(text):
            date = _read(kind, match)
            if date is not None and not any(date.start < other.end and other.start < date.end for other in found):
                found.append(date)
    return tuple(sorted(found, key=lambda date: date.start))


_YEAR_ANYWHERE = re.compile("(?:19|20)[0-9][0-9]")
_SPACED_YEAR = re.compile(r"(?<!\d)[12](?: \d){3}(?= ?年)")  # 2 0 0 1 年, as some PDFs have it


def find_years(text: str) -> list[FoundDate]:
    """Find bare years that a title or a file name is about, without spans of years and distant aims.

    ``2021—2025年`` and ``到2035年`` say what a plan covers, not when it was made.
    """
    text = _YEAR_SPAN.sub(lambda match: "·" * len(match[0]), text)
    years = [FoundDate(int(match[1]), start=match.start(), end=match.end()) for match in _YEAR.finditer(text)]
    years += [
        FoundDate(int(match[1].translate(_DIGITS)), start=match.start(), end=match.end())
        for match in _CHINESE_YEAR.finditer(text)
    ]
    return sorted(years, key=lambda year: year.start)


_YEAR_SPAN = re.compile(
    r"(?:19|20)\d\d ?(?:年度?)? ?(?:[-—–─~～―至到]|--|——)+ ?(?:19|20)?\d\d ?年?|(20\d\d) (?!\1)20\d\d(?!\d)"
    r"|(?:到|至|迈向|面向) ?20\d\d ?年|20\d\d ?年?(?:远景|愿景|中长期)|(?:till|until|towards?|by|to) 20\d\d"
)
_YEAR = re.compile(r"(?<![\d.])((?:19|20)\d\d)(?![\d.]|[-/]\d| ?年 ?\d{1,2} ?月)")
_CHINESE_YEAR = re.compile("([一二][〇零○一二三四五六七八九]{3})年(?![一二三四五六七八九十]{1,2}月)")


def _read(kind: str, match: re.Match[str]) -> FoundDate | None:
    if kind in ("western", "republic"):
        year, month, day = (_number(group) for group in match.groups())
        year += 1911 if kind == "republic" else 0
    elif kind == "numeric":
        year, month, day = int(match[1]), int(match[3]), int(match[4] or 0)
    elif kind == "compact":
        year, month, day = (int(group) for group in match.groups())
    elif kind == "day first":
        year, month, day = int(match[3]), _MONTHS[match[2].lower()], int(match[1])
    else:
        year, month, day = int(match[3]), _MONTHS[match[1].lower()], int(match[2] or 0)
    if not (1900 <= year <= 2100 and month <= 12 and day <= 31):
        return None
    return FoundDate(year, month, day if month else 0, match.start(), match.end())


def _number(text: str | None) -> int:
    """Read 98, 二〇二六, 十二, 三十一, 一百零四; 0 for nothing."""
    if not text:
        return 0
    text = text.replace(" ", "")
    if text.isdigit():
        return int(text)
    if "百" not in text and "十" not in text:
        digits = text.translate(_DIGITS)
        return int(digits) if digits.isdigit() else 0
    hundreds, _, rest = text.rpartition("百")
    tens, ten, ones = rest.rpartition("十")
    value = (_number(hundreds) or 1) * 100 if "百" in text else 0
    if ten:
        value += (_number(tens.lstrip("零〇")) or 1) * 10
    return value + (_number(ones.lstrip("零〇")) if ones else 0)
