"""Knows the places of China and the world by name, and finds them in text."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from xietong.lists import read_list

if TYPE_CHECKING:
    from ahocorasick_rs import AhoCorasick


@dataclass(frozen=True, slots=True)
class Place:
    """One place; ``parent`` is the name of what it lies in, ``province/city`` for a county."""

    name_zh: str
    name_en: str
    kind: str  # country, province, state (of another country), city (prefecture level), county (or district)
    parent: str
    code: str  # GB/T 2260 in China where known, ISO 3166 elsewhere
    aliases: tuple[str, ...] = ()
    weak_aliases: tuple[str, ...] = ()  # also ordinary words: 日照, 来宾; they count only where a place must stand
    abbreviations: tuple[str, ...] = ()  # one character, as in document numbers: 沪, 粤

    @property
    def region(self) -> str:
        """Name with the province before it: ``广东省/广州市``; countries and provinces stand alone."""
        is_top = self.kind in ("country", "province") or not self.parent
        return self.name_zh if is_top else f"{self.parent}/{self.name_zh}"

    @property
    def country(self) -> str:
        """Name of the country it lies in."""
        if self.kind == "country":
            return self.name_zh
        return self.parent if self.kind == "state" else "中国"


@dataclass(frozen=True, slots=True)
class Mention:
    """A place name found at ``text[start:end]``; several places where the name is shared (朝阳区)."""

    start: int
    end: int
    name: str
    places: tuple[Place, ...]


@cache
def load_places() -> tuple[Place, ...]:
    """Read the gazetteer that comes with the package; read once per process."""
    return tuple(
        Place(
            name_zh=row["name_zh"],
            name_en=row["name_en"],
            kind=row["kind"],
            parent=row["parent"],
            code=row["code"],
            aliases=_names(row["aliases"]),
            weak_aliases=_names(row["weak_aliases"]),
            abbreviations=_names(row["abbreviation"]),
        )
        for row in _rows()
        if row["kind"] != "mask"
    )


def find_places(text: str) -> list[Mention]:
    """Find place names in folded text, the longest first from the left.

    Parameters
    ----------
    text : str
        Text in simplified script (``fold(...).text``); English names are found as they are written, in capitals.

    Returns
    -------
    list of Mention
        In the order of the text. Names that are ordinary words as well (日照, 来宾) are not among them, nor are
        names inside longer words (黄河南岸 is not 河南).
    """
    finder, names = _finder()
    mentions: list[Mention] = []
    for number, start, end in finder.find_matches_as_indexes(text):
        name, places = names[number]
        if not places or (name[0].isascii() and not _is_whole_word(text, start, end)):
            continue
        mention = Mention(start, end, name, places)
        if _may_stand(text, mention, mentions[-1] if mentions else None):
            mentions.append(mention)
    return mentions


@cache
def places_by_name(*, with_weak: bool = False) -> dict[str, tuple[Place, ...]]:
    """Give the places that bear each name: full names, aliases, English names; on request names that are words too."""
    found: dict[str, list[Place]] = defaultdict(list)
    for place in load_places():
        english = (place.name_en,) if place.kind != "county" else ()
        for name in dict.fromkeys((place.name_zh, *place.aliases, *english, *place.weak_aliases)):
            if name and (with_weak or name not in place.weak_aliases):
                found[name].append(place)
    return {name: tuple(places) for name, places in found.items()}


@cache
def places_by_abbreviation() -> dict[str, tuple[Place, ...]]:
    """Give the provinces and cities that a character stands for in document numbers (沪府办发 is Shanghai)."""
    found: dict[str, list[Place]] = defaultdict(list)
    for place in load_places():
        for sign in place.abbreviations:
            found[sign].append(place)
    return {sign: tuple(places) for sign, places in found.items()}


def resolve(places: Iterable[Place], context: Iterable[Place]) -> Place | None:
    """Choose between places of one name by the places named around them; None where that does not decide."""
    candidates = tuple(places)
    if len(candidates) == 1:
        return candidates[0]
    around = {place.name_zh for place in context} | {place.parent for place in context if place.kind == "city"}
    near = [place for place in candidates if around.intersection(place.parent.split("/"))]
    if len(near) == 1:
        return near[0]
    # 吉林 alone is the province, Georgia the country: the larger place bears the bare name
    ranks = [RANKS.index(place.kind) for place in candidates]
    largest = [place for place, rank in zip(candidates, ranks, strict=True) if rank == min(ranks)]
    return largest[0] if len(largest) == 1 else None


RANKS = ("country", "province", "state", "city", "county")


def _may_stand(text: str, mention: Mention, before: Mention | None) -> bool:
    """Whether a county's name is one here: not the 和县 of 城市和县城, the 东方市 of 东方市场, the 泰山区 of 泰山区域."""
    name, place = mention.name, mention.places[0]
    if place.kind != "county":
        return True
    if text[mention.end : mention.end + 1] in _CONTINUED.get(name[-1], ()):
        return False
    is_after_parent = (
        before is not None
        and before.end == mention.start
        and any(above.name_zh in place.parent.split("/") for place in mention.places for above in before.places)
    )
    if is_after_parent:
        return True
    if name in place.weak_aliases:
        return False
    is_short = len(name) == 2 or name.endswith("山区")  # 创新县域, 陕南山区
    return not (is_short and _is_han(text[mention.start - 1 : mention.start]))


_CONTINUED = {"区": tuple("域间块位别"), "市": ("场",)}


def _is_han(character: str) -> bool:
    return "\u4e00" <= character <= "\u9fff"


@cache
def _rows() -> tuple[dict[str, str], ...]:
    return tuple(read_list("gazetteer"))


@cache
def _finder() -> tuple[AhoCorasick, list[tuple[str, tuple[Place, ...]]]]:
    from ahocorasick_rs import AhoCorasick, Implementation, MatchKind

    names: dict[str, tuple[Place, ...]] = dict(places_by_name())
    # counties named by an ordinary word (城区) are looked at as well: they count right after their city
    for name, places in places_by_name(with_weak=True).items():
        if counties := tuple(place for place in places if place.name_zh == name):
            names.setdefault(name, counties)
    for row in _rows():
        if row["kind"] == "mask":
            names[row["name_zh"]] = ()  # matched first from the left, so that the place inside it is not
    listed = sorted(names.items())
    finder = AhoCorasick(
        [name for name, _ in listed],
        matchkind=MatchKind.LeftmostLongest,
        implementation=Implementation.ContiguousNFA,
    )
    return finder, listed


def _is_whole_word(text: str, start: int, end: int) -> bool:
    before, after = text[start - 1 : start], text[end : end + 1]
    return not (before.isascii() and before.isalpha()) and not (after.isascii() and after.isalpha())


def _names(cell: str) -> tuple[str, ...]:
    return tuple(name.replace("_", " ") for name in cell.split())
