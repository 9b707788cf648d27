"""Works out which body issued a document."""

from __future__ import annotations

import re
from collections.abc import Iterator

from xietong.bodies import BODY_END, SPEAKER
from xietong.characters import simplify, widen
from xietong.metadata.clues import Clues, Field
from xietong.normalise import fold


def find_issuer(clues: Clues, title: str, region: str = "") -> tuple[str, str]:
    """Give the body that issued the document and where it is named; "" where it is not.

    ``title`` is the title as it stands; ``region`` the name of the place, for reports that say 代表市人民政府 only.
    What the front matter states wins, then the body that the title names, then labels, adoptions, letterheads,
    signatures and speakers; who posted the text on the web comes last.
    """
    return next(((name, origin) for name, origin in _found(clues, title, region) if name), ("", ""))


def _found(clues: Clues, title: str, region: str) -> Iterator[tuple[str, str]]:
    labelled = [(name, stated) for stated in clues.stated("issuer") if (name := _stated(stated))]
    named = _in_title(title)
    yield from ((name, stated.origin) for name, stated in labelled if stated.origin == "front matter")
    if not _BARE.match(named):
        yield named, "title"
    yield from ((name, stated.origin) for name, stated in labelled if _ENDS_AS_A_BODY.search(stated.folded))
    yield _whole(named, region), "title"
    yield _adopting(clues, region), "heading"
    for origin, line in clues.signatures():
        yield "" if _NOBODY.fullmatch(line) else " ".join(clues.written.get(line, line).split()), origin
    yield _speaking(clues, region), "text"
    yield from ((name, stated.origin) for name, stated in labelled)
    sources = sorted(clues.stated("source"), key=lambda stated: _SITE.search(stated.value) is not None)
    yield from ((_stated(stated), stated.origin) for stated in sources)


# what is written in place of a body
_NOBODY = re.compile(
    r"(?:有关|相关|各).*|.*(?:(?:相关|有关)(?:部门|单位)|[:：])|(?:本站|本网|网络|互联网|未知|不详|佚名|管理员|admin|原创|转载|整理)+",
    re.I,
)
_SITE = re.compile(r"(?:门户网站|官方网站|网站|官网|信息网|网|客户端|公众号|日报)$")
_ENDS_AS_A_BODY = re.compile(rf"{BODY_END}(?:\([^()]*\))?$")


def _stated(stated: Field) -> str:
    """A labelled body without glosses, remarks and 门户网站; "" where it is none."""
    name = re.sub(r"\([^)\u4e00-\u9fff]{1,8}\)", "", stated.value)
    if stated.item == "source":
        name = re.sub(r"[\d(].*$|责任编辑.*$|\s{3,}.*$", "", name)
    name = re.sub(rf"({BODY_END})(?:门户|官方)?网站$", r"\1", " ".join(name.split()).strip(" 《》"))
    return "" if _NOBODY.fullmatch(fold(name).text) or not re.search(r"[^\W\d_]{2}", name) else name


# bodies that name no place: 市政府办公室, 省教育厅
_BARE = re.compile(r"[省市县区州]|自治[区州]")
_BARE_GOVERNMENT = re.compile(r"(?:[省市县区州]|自治[区州])?(?:人民)?政府(办公厅|办公室)?")
_TITLE_ISSUER = re.compile(
    r"(?:【[^】]*】)?((?!解读|图解)(?:(?!关于|印发|转发|[《,。:?]).){1,80}?"
    rf"(?:{BODY_END}|等.{{1,4}}部门)) ?(?=关于|印发|转发|批转)"
)


def _in_title(title: str) -> str:
    """The bodies before 关于 or 印发, as they stand."""
    match = _TITLE_ISSUER.match(simplify(widen(title)))
    return " ".join(title[match.start(1) : match.end(1)].split()) if match else ""


def _whole(name: str, region: str) -> str:
    """A government with its place: 市人民政府 of 柏川市 is 柏川市人民政府."""
    name = re.sub(r"^[经由已]+|第.{1,3}届", "", name)
    bare = _BARE_GOVERNMENT.fullmatch(name)
    return f"{region}人民政府{bare[1] or ''}" if bare and region else name


# 上海市第十五届人民代表大会常务委员会第十三次会议通过, 国务院第28次常务会议通过, 国务院令第536号
_ASSEMBLY = re.compile(
    r"(?:^|日|[\s(])([\u4e00-\u9fff]{2,11}?)第.{1,3}届(人民代表大会(?:常务委员会)?)第.{1,4}次会议(?:审议)?(?:通过|修订|修正)"
    r"|(?:^|日|[\s(]|中华人民共和国)(?<!》\()(国务院)(?:第.{1,4}次常务会议|令)"
)
# 2005年11月29日柏川市人民政府令第11号公布, 经市人民政府第82次常务会议通过, 柏川市人民政府令
_COUNCIL = re.compile(
    r"(?:^|[日(\s经由])([\u4e00-\u9fff]{0,12}?人民政府)第.{1,5}次(?:常务|全体)?会议.{0,8}通过"
    r"|^([\u4e00-\u9fff]{2,12}人民政府)令(?:第|$| )"
)
# 2005年11月29日柏川市人民政府公布, 2003年2月13日建设部、对外贸易经济合作部第16号联合发布
_PROMULGATED = re.compile(
    r"日 ?(?:中华人民共和国)?([^,。;:()《\d\s第]{2,40}?)(?:令?第.{1,6}号)?(?:联合)?(?:公布|发布|颁布)"
)
# Taiwan: 民国八十九年六月二十三日交通部(89)交航发字第 8927 号令
_ORDERED = re.compile(rf"日 ?([\u4e00-\u9fff]{{2,14}}?{BODY_END})(?:\(\d+\)|[\u4e00-\u9fff]{{0,8}}字)(?!.*会衔).*令")


def _adopting(clues: Clues, region: str) -> str:
    """The body that adopted or promulgated an act, from the lines between its title and its first article."""
    lines = []
    for line in clues.head[:20]:
        if _FIRST_ARTICLE.match(line):
            break
        lines += [line] if len(line) <= 300 else []
    for line in lines:
        if assembly := _ASSEMBLY.search(line):
            return assembly[1] + assembly[2] if assembly[1] else assembly[3]
    for line in lines:
        if council := _COUNCIL.search(line):
            return _whole(council[1] or council[2], region)
        if (promulgated := _PROMULGATED.search(line)) and _ENDS_AS_A_BODY.search(promulgated[1]):
            return _whole(promulgated[1], region)
        if ordered := _ORDERED.search(line):
            return _written(ordered[1], clues.written.get(line, line))
    return ""


def _written(name: str, line: str) -> str:
    """A name found in a folded line, in the characters of the line itself."""
    at = simplify(widen(line)).find(name)
    return line[at : at + len(name)] if at >= 0 else name


_FIRST_ARTICLE = re.compile(r"第 ?[一1] ?条")


def _speaking(clues: Clues, region: str) -> str:
    """For whom a report is given; "" where only 市人民政府 is said and no place is known."""
    speaker = SPEAKER.search(clues.sample[:3000])
    name = _whole(speaker[1], region) if speaker else ""
    return "" if _BARE_GOVERNMENT.fullmatch(name) else name
