"""Works out which place and which level of government a document comes from."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from xietong.bodies import SPEAKER
from xietong.gazetteer import Mention, Place, find_places, places_by_abbreviation, places_by_name, resolve
from xietong.headings import ends_sentence
from xietong.lists import read_list
from xietong.metadata.clues import Clues

#: Level of a body by what its place is; Hong Kong, Macao and Taiwan are places of kind province.
LEVELS = {"country": "central", "province": "provincial", "state": "provincial", "city": "city", "county": "county"}


@dataclass(frozen=True, slots=True)
class Claim:
    """What one clue says: the place, the level, or both."""

    origin: str
    place: Place | None = None
    level: str = ""
    name: str = ""  # of a place that no gazetteer knows


@dataclass(frozen=True, slots=True)
class Body:
    """A body that is known without its place being named: 国务院, 立法院."""

    name: str
    region: str
    level: str


def find_region(clues: Clues, title: str, title_origin: str) -> tuple[Place | None, str, str, str, str]:
    """Give place, name of an unknown place, level, and where region and level came from.

    The first clue that names a place decides the region; a clue before it may already have said the level
    (我代表市人民政府).
    """
    place, name, level, region_origin, level_origin = None, "", "", "", ""
    for claim in _claims(clues, title, title_origin):
        if claim.level and not level and not (claim.place or claim.name):
            level, level_origin = claim.level, claim.origin
        if claim.place or claim.name:
            place, name, region_origin = claim.place, claim.name, claim.origin
            if not _fits(level, place):
                level = ""
            if not level:
                level, level_origin = claim.level or (LEVELS[place.kind] if place else ""), claim.origin
            break
    return place, name, level, region_origin, level_origin


def _fits(level: str, place: Place | None) -> bool:
    """Whether a level stated without a name (市人民政府) can be meant beside this place: 上海 is a province."""
    if place is None or not level:
        return True
    if place.kind == "province" and place.name_zh.endswith("市"):
        return level not in ("city",)
    return LEVELS[place.kind] == level or (level in ("city", "county") and place.kind == "province")


def _claims(clues: Clues, title: str, title_origin: str) -> Iterator[Claim]:
    """What the clues say, the surest first."""
    context = clues.sample[:4000]
    if re.search(r"中华民国 ?[\d一二三四五六七八九十百]{1,4} ?年", context[:1500]):
        body = _first_body(title)
        level = body[1].level if body and body[1].region == "台湾" else "provincial"
        yield Claim("heading", place=places_by_name()["台湾"][0], level=level)
    yield from _titled_or_sitting(clues, title, title_origin, context)
    for stated in clues.stated("issuer"):
        yield from _claim(stated.folded, stated.origin, context)
    for stated in clues.stated("number"):
        yield from _numbered(stated.folded, stated.origin, context)
    for line in clues.head[:25]:
        yield from _numbered(line, "document number", context)
    yield from _speakers(clues, context)
    yield from _signatures(clues, context)
    yield from _named_in_file(clues, context)
    if first := _first_word(title):
        yield Claim(title_origin, place=places_by_name()[first.region][0], level=first.level)
    yield from _claim(title, title_origin, context)
    for stated in clues.stated("source"):
        yield from _claim(stated.folded, stated.origin, context)
    for folder in clues.folders[:3]:
        yield from _leading(_spaced(folder), "folder name", context)
    own = list(_own_words(context))
    yield from own
    for line in clues.head[:6]:
        if not (own and len(line) > 40 and ends_sentence(line)):  # 我省 may name the centre, whose plan it carries out
            yield from _claim(line[:120], "heading", context)
    yield from _most_mentioned(clues)


def _titled_or_sitting(clues: Clues, title: str, title_origin: str, context: str) -> Iterator[Claim]:
    """The place that the title begins with, and the assembly that sat.

    A province's act on one of its districts is the province's, and the centre's act on a province the centre's,
    though the district or the province leads the title.
    """
    titled = list(_leading(title, title_origin, context))
    sat = list(_sittings(clues, title, context))
    if any(_is_central_act(line) for line in clues.head[1:12]):
        yield Claim("heading", place=places_by_name()["中国"][0], level="central")
    place = titled[0].place if titled else None
    assembly = next((claim.place for claim in sat if claim.place), None)
    is_own = bool(sat) and not sat[0].place and place is not None and sat[0].level == LEVELS[place.kind]  # 县第五届人大
    if place and assembly and place.kind == "county" and assembly.name_zh in place.parent.split("/") and not is_own:
        titled = []
    yield from titled
    yield from sat


# how an act of the centre says who made it: 2008年10月9日 国务院令第536号公布
_CENTRAL_ACT = re.compile(
    r"(?:\d日|[(\s])(?:中华人民共和国)?国务院(?:令第|第.{1,5}次常务会议.{0,4}通过|.{0,3}(?:公布|发布)(?!的))"
    r"|(?:\d日|[(\s])第.{1,3}届全国人民代表大会.{0,24}通过"
)
_MADE = re.compile(r"[(]?(?:19|20)\d\d年\d{1,2}月\d{1,2}日 ?(.{2,40}?(?:令|批准|发布|公布|颁布))")


def _is_central_act(line: str) -> bool:
    """Whether one of an act's first lines says that the State Council or a ministry made it."""
    if len(line) > 120:
        return False
    made = _MADE.match(line)
    return _CENTRAL_ACT.search(line) is not None or (made is not None and _body_pattern().match(made[1]) is not None)


_SITTING = re.compile(
    r"(?:在|提请|经|于)?([^,。;:—()\d]{0,24}?)(?:第.{1,4}?届|第.{1,4}?次)[^,。;]{0,12}(?:会议|大会|常委会|全会)"
)


def _sittings(clues: Clues, title: str, context: str) -> Iterator[Claim]:
    """The body that a report was given to or that adopted an act: before its number in one of the first lines."""
    for line in (title, *clues.head[:25]):
        if len(line) > 200 or "会" not in line or ("届" not in line and "次" not in line):
            continue
        for match in _SITTING.finditer(line):
            assembly = re.sub(r"^.*(?:在|经|于|提请|日)", "", match[1]).strip()
            if not assembly:
                continue
            yield from _claim(assembly, "heading", context)
            if assembly in ("省", "市", "自治区", "县", "区", "州"):
                yield Claim("heading", level=_SUFFIX_LEVELS[assembly])


# what an act says it applies, passes on or rests on is another body's
_SKIPPED = re.compile(
    r"(?:根据|依据|依照|按照|贯彻(?:落实|执行|实施)?|落实|转发|批转|执行|遵照|对接|融入)《?[^,。;》]{0,30}"
)
_LEAD = re.compile(
    r"^(?:[\d\s._—–-]|学?年度?|[《“\"'(【\[]|中共|关于(?:印发|发布|公布|实施|颁发|批转|转发)?|印发|发布"
    r"|附件\d?[:：]?|政务内容[:：]?|解读|在|热烈庆祝)+"
)


_ZONE = re.compile(r"^中国[((]([\u4e00-\u9fff]{2,4})[))](?=自由贸易)")


def _leading(text: str, origin: str, context: str) -> Iterator[Claim]:
    """The place or body that a title begins with."""
    text = _LEAD.sub("", _ZONE.sub(r"\1", text))
    yield from _claim(text[:30], origin, context, lead=True)


def _claim(text: str, origin: str, context: str, *, lead: bool = False) -> Iterator[Claim]:
    """The first place or body in a short text; with ``lead`` only where the text begins with it."""
    text = _SKIPPED.sub("", text) or text
    mentions = find_places(text)
    body = _first_body(text)
    weak = _weak_place(text)
    if weak and (not mentions or mentions[0].start > 0):
        mentions = [weak, *mentions]
    if body and (not mentions or body[0] < mentions[0].start):
        if not lead or body[0] == 0:
            country = places_by_name()[body[1].region][0]
            yield Claim(origin, place=country, level=body[1].level)
        return
    if not mentions or (lead and mentions[0].start > 0):
        if unknown := _UNKNOWN.match(text):
            yield Claim(origin, name=unknown[1], level=_SUFFIX_LEVELS[unknown[2]])
        elif bare := _BARE_BODY.match(text):
            yield Claim(origin, level=_SUFFIX_LEVELS[bare[1]])
        return
    place = _deepest(mentions, text, context)
    if place is not None:
        yield Claim(origin, place=place, level=_level_of(place, text[mentions[0].end :]))


_SUFFIX_LEVELS = {
    "省": "provincial", "自治区": "provincial", "特别行政区": "provincial", "市": "city", "自治州": "city", "州": "city",
    "盟": "city", "县": "county", "自治县": "county", "区": "county", "旗": "county",
}  # fmt: skip
# an invented or unknown place: 澜江省人民政府, 青棠县要闻; never 全省, 我市, 各县
_UNKNOWN = re.compile(
    r"(?:中共)?(?![全我各本外该两三多跨省市县大中小新老都城某])([\u4e00-\u9fff]{2,5}?(?<![全我各本该某])(省|自治区|特别行政区|自治州|自治县|市|县))"
    r"(?=人民|政府|委|第|20|发展|国民|城|国土|省|市|要闻|关于|_|\d|$|[\u4e00-\u9fff]{0,12}(?:报告|条例|规划|办法|规定|意见|事项|方案|公报))"
)
_BARE_BODY = re.compile(r"(省|自治区|市|县|区)(?:人民政府|政府|委|人大|发展)")


def _deepest(mentions: list[Mention], text: str, context: str) -> Place | None:
    """Follow 山东省济南市历下区 down to the last place of the chain."""
    around = [place for mention in find_places(context[:2000]) for place in mention.places if len(mention.places) == 1]
    around += [place for mention in mentions for place in mention.places if len(mention.places) == 1]
    chosen: Place | None = None
    end = mentions[0].start
    for mention in mentions[:4]:
        if mention.start - end > 1 or (mention.start > end and text[end] not in " /,_-"):
            break
        inside = [
            place for place in mention.places if chosen and chosen.name_zh in (place.country, *place.parent.split("/"))
        ]
        if chosen and not inside:
            break
        chosen = inside[0] if inside else resolve(mention.places, around)
        end = mention.end
        if chosen is None:
            break
    return chosen


def _level_of(place: Place, following: str) -> str:
    """Level by the place, except that Taiwan's central bodies are bodies of the centre there."""
    if place.name_zh == "台湾" and _first_body(following):
        return "central"
    return LEVELS[place.kind]


@cache
def _bodies() -> tuple[Body, ...]:
    return tuple(Body(row["name"], row["region"], row["level"]) for row in read_list("bodies"))


@cache
def _bodies_by_name() -> dict[str, Body]:
    return {body.name: body for body in _bodies()}


@cache
def _body_pattern() -> re.Pattern[str]:
    always = [body.name for body in _bodies() if body.name not in _FIRST_WORD_ONLY]
    return re.compile("|".join(re.escape(name) for name in sorted(always, key=len, reverse=True)))


_FIRST_WORD_ONLY = ("国家", "全国", "中央", "Central")


def _first_body(text: str) -> tuple[int, Body] | None:
    """Where the first body known by itself stands, and which it is."""
    match = _body_pattern().search(text)
    return (match.start(), _bodies_by_name()[match[0]]) if match else None


def _first_word(title: str) -> Body | None:
    """What a title's first word says where nothing surer does: 国家…, 全国…, 中央…."""
    return next((body for body in _bodies() if body.name in _FIRST_WORD_ONLY and title.startswith(body.name)), None)


def _weak_place(text: str) -> Mention | None:
    """A place whose name is a word as well (日照, 中山), where it stands first."""
    for length in (2, 3):
        places = tuple(
            place
            for place in places_by_name(with_weak=True).get(text[:length], ())
            if text[:length] in place.weak_aliases
        )
        if places and not find_places(text[: length + 1]):
            return Mention(0, length, text[:length], places)
    return None


_NUMBER = re.compile(r"([\u4e00-\u9fff]{1,8})[〔\[(（【]?(?:19|20)\d\d[〕\])）】]?第?\d+号")


def _numbered(text: str, origin: str, context: str) -> Iterator[Claim]:
    """The place a document number begins with: 沪府办发〔2025〕11号."""
    match = _NUMBER.search(text[:80]) if "号" in text[:80] else None
    if match is None or not re.match(r"[^,。]{0,6}$", text[: match.start()][-6:]):
        return
    letters = match[1]
    if letters.startswith(("国发", "国办", "中发", "中办", "国函")):
        yield Claim(origin, place=places_by_name()["中国"][0], level="central")
    elif letters[1:2] in _AFTER_SIGN:
        signed = places_by_abbreviation().get(letters[0], ())
        if len(signed) > 1:  # 宁 is Ningxia and Nanjing, 青 Qinghai and Qingdao
            named = {place.name_zh for mention in find_places(context) for place in mention.places}
            signed = tuple(place for place in signed if place.name_zh in named)
        if len(signed) == 1:
            yield Claim(origin, place=signed[0], level=LEVELS[signed[0].kind])


_AFTER_SIGN = tuple("府政委办发教科财工人社建交卫民农水环商市规住国公法")
_LEVEL_WORDS = (
    ("国务院", "central"),
    ("省", "provincial"),
    ("自治区", "provincial"),
    ("市", "city"),
    ("州", "city"),
    ("县", "county"),
    ("区", "county"),
)


def _speakers(clues: Clues, context: str) -> Iterator[Claim]:
    """For whom a report is given: 现在,我代表市人民政府向大会报告工作."""
    match = SPEAKER.search(context[:3000])
    if match is None:
        return
    yield from _claim(match[1], "text", context)
    for word, level in _LEVEL_WORDS:
        if match[1].startswith(word) and word != "国务院":
            yield Claim("text", level=level)


def _signatures(clues: Clues, context: str) -> Iterator[Claim]:
    """Lines that are nothing but the name of a body, as under a notice or in its letterhead."""
    for origin, line in clues.signatures():
        yield from _claim(line, origin, context)


def _named_in_file(clues: Clues, context: str) -> Iterator[Claim]:
    """What the file name begins with, then any place in it; ``US_Alabama`` and ``HongKong`` are read as words."""
    name = _spaced(clues.file_name)
    if first := _first_word(name):
        yield Claim("file name", place=places_by_name()[first.region][0], level=first.level)
    yield from _leading(name, "file name", context)
    states = [p for m in find_places(name) for p in m.places if p.kind in ("state", "province")]
    if states and name.isascii():
        yield Claim("file name", place=states[0], level=LEVELS[states[0].kind])
    yield from _claim(name, "file name", context)


def _spaced(name: str) -> str:
    """Put spaces where file names have none: underscores, HongKong."""
    name = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", re.sub(r"[_+]+", " ", name))
    return re.sub(r"(?<![A-Za-z])[a-z]", lambda letter: letter[0].upper(), name)


_OWN = re.compile("(?:我|全)(省|自治区|市|州|县|区)(?![级际内])")


def _own_words(context: str) -> Iterator[Claim]:
    """The level that a text speaks of as its own, 我省 or 全市, where it says so more than once."""
    own = Counter(match[1] for match in _OWN.finditer(context)).most_common(1)
    if own and own[0][1] >= 2:
        yield Claim("text", level=_SUFFIX_LEVELS[own[0][0]])


def _most_mentioned(clues: Clues) -> Iterator[Claim]:
    """The province or country that the first pages speak of most, where it clearly leads."""
    counts: Counter[str] = Counter()
    for mention in find_places(clues.sample or clues.row_sample):
        if len(mention.places) == 1:
            place = mention.places[0]
            counts[place.name_zh if place.kind in ("country", "province", "state") else place.parent.split("/")[0]] += 1
    (first, n), (_, second) = (*counts.most_common(2), ("", 0), ("", 0))[:2]
    if n >= 5 and n >= 2 * second and first:
        yield Claim("text", place=places_by_name()[first][0])
    unknown = Counter(_UNKNOWN_PROVINCE.findall(clues.sample or clues.row_sample)).most_common(1)
    if unknown and unknown[0][1] >= 2 and unknown[0][1] > n:
        yield Claim("text", name=unknown[0][0], level="provincial")
    if match := _ENGLISH_COUNTRY.search("\n".join(clues.head[:6])):
        yield Claim("heading", name=match[1].title(), level="central")


# a province that no gazetteer knows: 澜江省, with what stands before a name rather than inside a phrase
_UNKNOWN_PROVINCE = re.compile(
    r"(?:^|[,。;:、了在和与对\s])((?![全我各本外该两三多跨])[\u4e00-\u9fff]{2}省)(?![级内际外直属份心略去时钱力会])",
    re.M,
)
_ENGLISH_COUNTRY = re.compile(r"\b(?:republic|kingdom|commonwealth) of ([A-Z][A-Za-z]{3,20})\b", re.I)
