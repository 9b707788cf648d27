"""Takes what a table of texts says of a document in its columns: 年份, province, 发文机关 …"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache

from xietong.gazetteer import RANKS, Place, places_by_name, resolve
from xietong.lists import read_list
from xietong.metadata.catalogue import DOC_TYPES, ITEMS, LEVELS
from xietong.metadata.dates import find_dates
from xietong.metadata.region import LEVELS as LEVEL_OF_PLACE
from xietong.metadata.titles import document_type_of
from xietong.normalise import fold
from xietong.tables import DOCUMENTS


def read_columns(columns: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str], dict[str, str]]:
    """Tell metadata from the user's own columns.

    Returns
    -------
    items : dict
        Item (title, issuer, region, level, doc_type, doc_date, year) to its value, as the documents table has it.
    origins : dict
        Item to the column it is from: ``column 年份``.
    user : dict
        The other columns, and those whose value is not understood; a name that the documents table has itself
        ends in ``_given``.
    """
    items: dict[str, str] = {}
    origins: dict[str, str] = {}
    user: dict[str, str] = {}
    places: dict[str, str] = {}
    for name, value in columns.items():
        item = _roles().get(name.lower(), "")
        if item == "region":
            places[name] = value
        elif item and item not in items and (read := _READERS[item](value)):
            items[item], origins[item] = read, f"column {name}"
        elif value:
            user[f"{name}_given" if name in DOCUMENTS.names else name] = value
    if places:
        items["region"], level = _region(list(places.values()))
        origins["region"] = f"column {', '.join(places)}"
        if level and "level" not in items:
            items["level"], origins["level"] = level, origins["region"]
    return items, origins, user


@cache
def _roles() -> dict[str, str]:
    return {row["name"]: row["role"] for row in read_list("table_columns") if row["role"] in ITEMS}


def _region(names: list[str]) -> tuple[str, str]:
    """Give the place that province, city and county together name, as the gazetteer has it, and its level."""
    found: list[Place] = []
    for name in names:
        for part in re.split(r"[/\\,，、·\s]+", fold(name).text.strip()):
            place = resolve(places_by_name(with_weak=True).get(part, ()), found)
            if place:
                found.append(place)
    if not found:
        return "/".join(dict.fromkeys(names)), ""
    smallest = max(found, key=lambda place: RANKS.index(place.kind))
    return smallest.region, LEVEL_OF_PLACE[smallest.kind]


_LEVEL_WORDS = (
    ("central", re.compile(r"central|national|中央|国家|国务院|全国", re.I)),
    ("county", re.compile(r"county|district|县|区县|^区", re.I)),
    ("provincial", re.compile(r"provinc|state|省|自治区|直辖市", re.I)),
    ("city", re.compile(r"city|municipal|prefecture|市|州", re.I)),
)


def _level(value: str) -> str:
    folded = fold(value).text.strip().lower()
    if folded in LEVELS:
        return folded
    return next((level for level, words in _LEVEL_WORDS if words.search(folded)), "")


def _doc_type(value: str) -> str:
    folded = fold(value).text.strip().lower()
    return folded if folded in DOC_TYPES else document_type_of(folded)


def _date(value: str) -> str:
    dates = find_dates(fold(value).text)
    return dates[0].iso if dates else _year(value)


def _year(value: str) -> str:
    match = re.fullmatch(r"((?:19|20)\d\d)(?:\.0)?年?(?:度)?", fold(value).text.strip())
    return match[1] if match else ""


_READERS: dict[str, Callable[[str], str]] = {
    "title": str.strip, "issuer": str.strip, "level": _level, "doc_type": _doc_type, "doc_date": _date, "year": _year,
}  # fmt: skip
