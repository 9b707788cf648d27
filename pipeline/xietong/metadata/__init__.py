"""Works out what a document is: title, issuer, place, level, type and date, each with where it came from."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache

from xietong.bodies import is_body
from xietong.gazetteer import Place, load_places
from xietong.metadata.catalogue import ITEMS, documents_only, read_catalogue, read_catalogues, row_of
from xietong.metadata.clues import Clues, gather_clues, is_labelled
from xietong.metadata.columns import read_columns
from xietong.metadata.dates import FoundDate, find_dates, find_years
from xietong.metadata.issuers import find_issuer
from xietong.metadata.region import find_region
from xietong.metadata.titles import find_title, find_type
from xietong.normalise import fold
from xietong.records import Document, Metadata, Passage

__all__ = ["describe", "documents_only", "read_catalogue", "read_catalogues", "row_of"]


def describe(
    document: Document, passages: Sequence[Passage] = (), catalogue_row: Mapping[str, str] | None = None
) -> Metadata:
    """Work out what a document is, from its own statements, its first and last lines and its name.

    Parameters
    ----------
    document : Document
        As read; its marks and properties are used where the file format has them.
    passages : sequence of Passage
        Its passages; they say which language the region is named in.
    catalogue_row : mapping, optional
        The user's row of ``catalogue.csv``; what it states wins, also over the columns of a table of texts. Its other
        columns go to ``user``, as a table's do.

    Returns
    -------
    Metadata
        Items that nothing states are "" (``year`` None); ``origins`` names the source of each item found.
    """
    row = dict(catalogue_row or {})
    columns, column_origins, own = read_columns(document.columns)
    stated = {item: row.pop(item) for item in ITEMS if row.get(item)}
    found, origins = _work_out(document, passages, stated.get("title") or columns.get("title", ""))
    for items, where in ((columns, column_origins), (stated, dict.fromkeys(stated, "catalogue"))):
        if "doc_date" in items and "year" not in items:
            items, where = {**items, "year": items["doc_date"][:4]}, {**where, "year": where["doc_date"]}
        for item, value in items.items():
            found[item], origins[item] = (int(float(value)) if item == "year" else value), where[item]
    return Metadata(**found, origins=dict(sorted(origins.items())), user=own | row)  # type: ignore[arg-type]


def _work_out(
    document: Document, passages: Sequence[Passage], stated_title: str
) -> tuple[dict[str, object], dict[str, str]]:
    """Work out all items; a title that the user states tells as much as one that the text has."""
    clues = gather_clues(document, passages)
    title, title_origin = (stated_title, "title") if stated_title else find_title(clues)
    folded_title = fold(title).text
    place, name, level, region_origin, level_origin = find_region(clues, folded_title, title_origin)
    issuer, issuer_origin = find_issuer(clues, title, place.name_zh if place else name)
    doc_type, type_origin = find_type(clues, folded_title)
    if place and place.name_zh == "台湾" and doc_type == "regulation":
        level = "central"  # Taiwan's acts are made by its central bodies
    if doc_type == "article" and level_origin in ("", "text", "heading") and not _OFFICIAL.search(folded_title):
        level, level_origin = "other", type_origin  # newspapers and journals speak for no government
    date, date_origin = _find_date(clues)
    year, year_origin = _find_year(clues, folded_title, title_origin, date, date_origin)
    items: tuple[tuple[str, object, str], ...] = (
        ("title", title, title_origin),
        ("issuer", issuer, issuer_origin),
        ("region", _region_name(place, name, _is_english(document, passages, folded_title)), region_origin),
        ("level", level or "other", level_origin),
        ("doc_type", doc_type, type_origin),
        ("doc_date", date.iso if date else "", date_origin),
        ("year", year, year_origin),
    )
    return {item: value for item, value, _ in items}, {
        item: origin for item, value, origin in items if value and origin
    }


_HAN = re.compile("[\u4e00-\u9fff]")
_OFFICIAL = re.compile("解读|答记者问")  # in these a government speaks


def _is_english(document: Document, passages: Sequence[Passage], title: str) -> bool:
    """Whether most of a document is English; not where a Chinese one stands in an English web page."""
    if _HAN.search(title):
        return False
    if passages:
        return sum(passage.language == "en" for passage in passages[:200]) * 2 > len(passages[:200])
    sample = document.text[:2000]
    return sum(character.isascii() for character in sample) > 0.9 * max(1, len(sample))


def _region_name(place: Place | None, name: str, is_english: bool) -> str:
    """Name the region in the language of the document: 广东省/深圳市, Guangdong/Shenzhen."""
    if place is None:
        return name
    if not is_english:
        return place.region
    english = _english_names()
    return (
        "/".join(english.get(part, part) for part in place.parent.split("/")) + f"/{place.name_en}"
        if (place.kind in ("city", "county", "state"))
        else place.name_en
    )


@cache
def _english_names() -> dict[str, str]:
    return {place.name_zh: place.name_en for place in load_places() if place.kind in ("country", "province", "city")}


_ADOPTED = re.compile(r"通过|批准|公布|发布|修正|修订|修改|制定|令第|施行")
# when an act takes effect, which is not when it was made
_FORCE = re.compile(
    r"[\d ]{4,}年[\d ]{1,4}月[\d ]{1,4}日 ?起?(?:施行|实施|执行|生效)"
    r"|(?:自|从)[^,。;]{0,24}(?:施行|实施|生效)"
    r"|(?:施行|实施|失效|生效|废止)(?:日期|时间).{0,20}|有效期[^。;]{0,30}"
)
# by when or from when something has to be done
_TERM = re.compile(
    r"(?:截至|截止|自|从|距)[^,。;\d]{0,6}[\d ]{4,}年[\d ]{1,4}月[\d ]{1,4}日"
    r"|[\d ]{4,}年[\d ]{1,4}月[\d ]{1,4}日(?:\([^()]{1,6}\))?(?:[之以]?[前后]|起|止|至|应)"
)
_POSTED_NAME = re.compile(r"(?:.*_)?t20\d{6}_\d+$")  # t20130807_94973, as a web site names the page of a day
_MEETING = re.compile(r"(?:会议|大会|全会|congress|session|assembly|parliament|delivered)", re.I)


def _find_date(clues: Clues) -> tuple[FoundDate | None, str]:
    """Give the day the document was given, adopted or signed, by the surest clue that states it."""
    for stated in clues.stated("date"):
        if stated.origin == "front matter" and (dates := find_dates(stated.value)):
            return dates[0], stated.origin
    named = find_dates(clues.file_name)
    version = named[-1] if named and named[-1].day and not _POSTED_NAME.match(clues.file_name) else None
    adopted, origin = _adoption(clues)
    if adopted:  # a name such as 条例(2019-03-02) says which version of an act it is
        is_later = version is not None and (version.year, version.month) > (adopted.year, adopted.month)
        return (version, "file name") if is_later else (adopted, origin)
    for stated in clues.stated("date"):
        if dates := find_dates(stated.folded):
            return dates[0], stated.origin
    for found, origin in (_sitting(clues), _signature(clues), _in_title(clues)):
        if found:
            return found, origin
    posted = [
        (date, stated.origin) for stated in clues.stated("posted", "source") for date in find_dates(stated.folded)[:1]
    ]
    if posted:
        dated = [item for item in posted if item[0].month] or posted
        return dated[0]
    if named and named[-1].month:
        return named[-1], "file name"
    for line in clues.head[:12]:
        if len(line) <= 160 and (dates := [date for date in find_dates(_TERM.sub("", line)) if date.day]):
            return dates[0], "heading"
    return None, ""


def _adoption(clues: Clues) -> tuple[FoundDate | None, str]:
    """The last of the adoptions and amendments that an act lists under its title."""
    ends = [
        n for n, line in enumerate(clues.head) if re.match(r"第 ?[一1] ?[条章]|Article 1\b|Chapter (?:1|I)\b", line)
    ]
    if ends:  # an act: its history may be wrapped anywhere, also inside a date
        lines = [line for line in clues.head[: ends[0]] if not is_labelled(line, "source", "posted")]
        history = _FORCE.sub("", "".join(lines))
        dates = [date for date in find_dates(history) if date.day] if _ADOPTED.search(history) else []
    else:
        dates = []
        for line in clues.head[:25]:
            if len(line) <= 200 and _ADOPTED.search(line) and not re.match(r"各|现|为|自", line):
                dates += [date for date in find_dates(_FORCE.sub("", line)) if date.day]
    return (max(dates, key=lambda date: (date.year, date.month, date.day)), "heading") if dates else (None, "")


def _sitting(clues: Clues) -> tuple[FoundDate | None, str]:
    """The day of the sitting that a report was given to: ——2026年2月3日在…会议上."""
    for line in clues.head[:20]:
        if len(line) <= 200 and _MEETING.search(line) and (dates := [date for date in find_dates(line) if date.day]):
            return dates[0], "heading"
    return None, ""


def _in_title(clues: Clues) -> tuple[FoundDate | None, str]:
    """The day of the sitting behind a stated title: 某市政府工作报告(2020年1月7日 某某)."""
    for stated in clues.stated("title"):
        if stated.folded.endswith(")") and (dates := [date for date in find_dates(stated.folded) if date.day]):
            return dates[-1], stated.origin
    return None, ""


def _signature(clues: Clues) -> tuple[FoundDate | None, str]:
    """A line that is nothing but a date, or a body and a date; the first one, the annexes have their own."""
    for origin, lines in (("heading", clues.head), ("signature", clues.tail)):
        for line in lines:
            dates = find_dates(line)
            if len(dates) != 1 or not dates[0].month:
                continue
            rest = (line[: dates[0].start] + line[dates[0].end :]).strip(" ()\t")
            if len(rest) <= 3 or is_body(rest):
                return dates[0], origin
    return None, ""


_NUMBERED_YEAR = re.compile(r"[〔\[(（【]((?:19|20)\d\d)[〕\])）】]第?\d+号")
_YEAR_AND_MONTH = re.compile(r"(?<!\d)((?:19|20)\d\d)(?:0[1-9]|1[0-2])(?!\d)")  # 201505 in a file name
_CITED_YEAR = re.compile(r"(?:^|[,.] ?)((?:19|20)\d\d), ?(?:Vol\. ?)?\d{1,3} ?\(\d{1,3}\)")  # a journal's 2025, 8(3)
_REVIEWED_YEAR = re.compile(r"[、\s](\d{4})年(?:工作|政府工作)?(?:回顾|总结)")


def _find_year(
    clues: Clues, title: str, title_origin: str, date: FoundDate | None, date_origin: str
) -> tuple[int | None, str]:
    """Give the year that the document is known by.

    A report called "2012" that was given in the last days of 2011 is the report of 2012: the title's year wins where
    it is within a year of the date. So does the one year of the file name, which is how the researcher filed it.
    """
    if year := _named_year(title, date):
        return year, title_origin
    name = clues.file_name.replace("_", " ")
    in_name = {year.year for year in find_years(name)} or {found.year for found in find_dates(name) if found.month}
    in_name |= {int(match[1]) for match in _YEAR_AND_MONTH.finditer(name)} if not in_name else set()
    if len(in_name) == 1:
        return in_name.pop(), "file name"
    if year := _named_year(name, date):
        return year, "file name"
    if date:
        return date.year, date_origin
    for line in (*clues.head[:30], clues.file_name):
        if number := _NUMBERED_YEAR.search(line):
            return int(number[1]), "document number"
    for line in clues.head[:12]:
        if cited := _CITED_YEAR.search(line):
            return int(cited[1]), "heading"
    for line in clues.head:
        if reviewed := _REVIEWED_YEAR.search(line):
            return int(reviewed[1]) + 1, "heading"
    return None, ""


def _named_year(text: str, date: FoundDate | None) -> int | None:
    years = [year.year for year in find_years(text)]
    if date is None:
        return years[-1] if years else None
    near = [year for year in years if abs(year - date.year) <= 1]
    return near[-1] if near else None
