"""Works out a document's title and type."""

from __future__ import annotations

import re
from functools import cache

from xietong.bodies import is_body
from xietong.headings import has_han
from xietong.lists import read_list
from xietong.metadata.clues import Clues, is_labelled
from xietong.metadata.dates import find_dates
from xietong.normalise import fold


def find_title(clues: Clues) -> tuple[str, str]:
    """Give the title as it stands and where it came from."""
    in_text = _title_in_text(clues)
    for stated in clues.stated("title"):
        title = _tidy(stated.value)
        if not _is_title(fold(title).text) or _is_section(title, stated.origin, in_text):
            continue
        if stated.origin == "document properties" and _bare(stated.folded) not in _bare(clues.sample[:4000]):
            continue  # left over from the file this one was made from
        if in_text and _has_in_full(fold(in_text).text, fold(title).text):
            break
        return title, stated.origin
    if in_text:
        return in_text, "heading"
    return _title_in_name(clues.raw_name), "file name"


def _title_in_name(name: str) -> str:
    """Give the title in a file's name, without the words that a program put before a Chinese one.

    Examples
    --------
    >>> _title_in_name("city_plan_03_安柏市综合交通规划 (1)")
    '安柏市综合交通规划'
    """
    words = _tidy(_FILE_NOISE.sub(" ", name)).split(" ")
    first = next((n for n, word in enumerate(words) if has_han(word)), 0)
    if len(words[first]) >= _SHORTEST and any(_IDENTIFIER.fullmatch(word) for word in words[:first]):
        words = words[first:]
    return " ".join(words) or name


def _has_in_full(in_text: str, stated: str) -> bool:
    """Whether the text has a stated title with the issuer before it or a remark behind it, and not a menu."""
    before, found, _ = in_text.partition(stated)
    issuer = re.sub(r"(?:关于)?(?:印发|发布|转发)?《?$", "", before)
    return bool(found) and len(in_text) <= 120 and (not issuer or is_body(issuer))


def _is_section(title: str, origin: str, in_text: str) -> bool:
    """Whether a web page states the name of its section (政策法规) where its text has a title that says what it is."""
    says_nothing = origin == "html" and len(title) <= 8 and not document_type_of(title)
    return says_nothing and bool(document_type_of(in_text))


def _title_in_text(clues: Clues) -> str:
    if clues.marked_title and _is_title(fold(clues.marked_title).text):
        return _tidy(clues.marked_title)
    return _title_in_lines(clues)


def _bare(text: str) -> str:
    return re.sub(r"\W", "", text)


def find_type(clues: Clues, title: str) -> tuple[str, str]:
    """Give the type of document and where it shows."""
    head = "".join([f"\n{line}" for line in clues.head[:40]])
    kind = document_type_of(title)
    if kind in ("", "article", "other", "opinion", "plan") and _ARTICLE.search(head):  # 规划的若干思考 is an article
        return "article", "text"
    if kind:
        return kind, "title"
    if kind := document_type_of(clues.file_name.replace("_", " ")):
        return kind, "file name"
    if re.search(r"^\n第[一1] ?[章条]|\n第一条|(?!\A)\nArticle 1\b", head):
        return "regulation", "text"
    for line in clues.head[:8]:
        if len(line) < 60 and _ends_with_type(line) and (kind := document_type_of(line)):
            return kind, "heading"
    return ("speech", "text") if _SPEECH.search(head) else ("other", "")


@cache
def _types() -> tuple[tuple[str, str, bool], ...]:
    rows = read_list("document_types")
    return tuple((row["word"], row["type"], row["note"].startswith("at the end")) for row in rows)


def document_type_of(title: str) -> str:
    """Give the type that a title's words say; the last word decides (关于印发…规划的通知 is a notice); "" for none.

    Examples
    --------
    >>> document_type_of("关于印发安柏望城市群发展规划的通知")
    'notice'
    """
    outside = re.sub(r"《[^》]*》", "《》", title.strip())  # 解读《…办法》 is about a regulation and none itself
    return (_type_of(outside) if outside != title.strip() else "") or _type_of(title)


def _type_of(title: str) -> str:
    title = re.sub(r"(?:[((\[【《][^))\]】》]{0,30}[))\]】])+$", "", title.strip()).rstrip('》”" .0123456789-_年')
    best = (-1, 0, "")
    lower = title.lower()
    for word, kind, at_end in _types():
        if word.lower() not in lower:
            continue
        at = _rfind_word(title, word) if word[0].isascii() else title.rfind(word)
        if at < 0 or (at_end and at + len(word) < len(title)):
            continue
        best = max(best, (at + len(word), len(word), kind))
    if best[2] and title[: best[0]].isascii():  # English titles begin with what they are: Notice on Issuing the Plan
        first = min(
            (
                (at, -len(word), kind)
                for word, kind, _ in _types()
                if word[0].isascii() and (at := _find_word(title, word)) >= 0
            ),
            default=None,
        )
        return first[2] if first else ""
    return best[2]


@cache
def _whole_word(word: str) -> re.Pattern[str]:
    return re.compile(rf"\b{re.escape(word)}\b", re.I)


def _find_word(title: str, word: str) -> int:
    match = _whole_word(word).search(title)
    return match.start() if match else -1


def _rfind_word(title: str, word: str) -> int:
    return max((match.start() for match in _whole_word(word).finditer(title)), default=-1)


# both are searched for in lines with a line break before each
_ARTICLE = re.compile(
    r"\n\W{0,3}(?:摘\s*要|内容提要|关\s*键\s*词|[Aa][Bb][Ss][Tt][Rr][Aa][Cc][Tt])\s*[:：.*]"
    r"|本报.{0,6}记者|记者[:：]|引用格式"
)
_SPEECH = re.compile(
    r"\n(?:主席|各位代表|各位议员|同志们|Mr\.? (?:President|Speaker)|Mister Speaker|Honou?rable [Mm]embers"
    r"|Members of the House|Fellow)[^\n]{0,60}"
)
_NAVIGATION = re.compile(
    r"网站首页|门户网站$|^首页|欢迎访问|index|Untitled|GitHub|forked from|^Microsoft|Word 文档|\.docx?$", re.I
)
_FILE_NOISE = re.compile(r"_+|\(FBM-CLI[^)]*\)|%u[0-9A-Fa-f]{4}|(?<=.)[ _]?\(\d{1,2}\)$")
_IDENTIFIER = re.compile(r"[a-z]{2,}\d*")
_SHORTEST = 4  # characters of a title


def _is_title(folded: str) -> bool:
    """Whether a stated title is one, and not a number, or the name of the site, the program or the section."""
    is_named = 2 < len(folded) <= 200 and _LETTERS.search(folded) is not None
    is_section = _SECTION.fullmatch(folded) is not None
    return is_named and not (is_section or _NAVIGATION.search(folded) or _NOT_TITLE.search(folded) or is_body(folded))


_LETTERS = re.compile(r"[^\W\d_]{2}")
# 通知公告, 政策法规: what a web page is listed under
_SECTION = re.compile(
    "(?:通知|公告|通告|公示|政策|法规|规章|文件|规范性|新闻|动态|要闻|热点|信息|公开|政务|工作|部门|地方|行政|图片|解读|公文|正文|详情|内容)+"
)
# a web site: of a body, but named by 网 or 门户 as often, and never by 中心 or 会
_SITE = r"[^-_|—–]{2,30}(?:政府|网|网站|门户|局|委员会)"
# 中国安柏 - 某省…, 某市某局网站-某某条例
_SITE_BEFORE = re.compile(
    r"(?:中国[\u4e00-\u9fff]{2,6}(?:\s+[-–—]\s+|\s*[_|]+\s*)|[\u4e00-\u9fff·]{2,24}(?:网|网站|门户)\s*[-_|–—]+\s*)(?=.{6})"
)
# 《……的通知》 - 某市人民政府门户网站
_SITE_BEHIND = re.compile(rf"\s*[-_|—–]+\s*{_SITE}\w{{0,8}}$")
_SECTION_BEHIND = re.compile(r"\s*[-_|]+\s*[\u4e00-\u9fff]{0,8}(?:文件|法规|公开|公告|动态|新闻|栏目|频道|专栏)$")
# the day of the sitting, and who spoke: ——2026年2月3日…, (2026年2月3日 某某)
_SITTING_BEHIND = re.compile(
    r"\s*[—–-]{1,2}\s*(?:19|20)\d\d年\d{1,2}月.*$"
    r"|\s*[(（](?:19|20)\d\d年\d{1,2}月\d{1,2}日[^()（）\d稿案行]{0,12}[)）]$"
)


# the number of the document: …的意见(某劳社〔2004〕135号)
_NUMBER_BEHIND = re.compile(
    r"(?<=.{8}) ?[(（][\u4e00-\u9fff]{2,10}[〔【\[（(](?:19|20)\d\d[〕】\]）)]第? ?\d+ ?号[)）]?$"
)
# where a line ended in the layout: 《…居住证》 暂行办法; the blank of 中共中央 国务院 stays
_QUOTE_GAP = re.compile("(?<=》) (?=暂行|试行|实施|的|若干|有关|等)|(?<=[\u4e00-\u9fff]) (?=[《（])")


def _tidy(title: str) -> str:
    """The title without what web pages, sittings and typists add to it."""
    title = _QUOTE_GAP.sub("", " ".join(re.sub("[\u3000\ue000-\uf8ff]", " ", title).split()).lstrip("■□●◆★▲ "))
    title = _NUMBER_BEHIND.sub("", title)
    title = re.sub(r"^(?:政务内容[:：]\s*)", "", _SITTING_BEHIND.sub("", title))
    named = _SITE_BEHIND.sub("", _SITE_BEFORE.sub("", title, count=1) if _SITE_BEFORE.match(title) else title)
    if _SECTION_BEHIND.search(named) and _ends_with_type(fold(shorter := _SECTION_BEHIND.sub("", named)).text):
        named = shorter
    return named.strip("*# ") or title


def _title_in_lines(clues: Clues) -> str:
    """The first lines that read like a title, joined where it runs over two or three lines."""
    for n, line in enumerate(clues.head[:12]):
        if not _may_begin_title(line) or _is_aside(clues, n):
            continue
        joined, folded = clues.raw_head[n], line
        for more in range(n + 1, n + 5):
            if _ends_with_type(folded) and document_type_of(folded):
                return _tidy(joined + "".join(clues.raw_head[more : more + 1]) * _is_remark(clues.head, more))
            following = clues.head[more] if more < len(clues.head) else ""
            if len(following) > 60 or not _may_go_on(folded, following):
                break
            joined, folded = _glued(joined, clues.raw_head[more]), folded + following
        if document_type_of(line) and "," not in line:
            return _tidy(clues.raw_head[n])
    first = clues.head[0] if clues.head else ""
    is_heading = _may_begin_title(first) and len(first) <= 60 and not first.endswith(("?", ".")) and "," not in first
    return _tidy(_as_named(clues)) if is_heading else ""


def _may_go_on(line: str, following: str) -> bool:
    """Whether a title may go on in the next line, which is no remark, no date and in the same language."""
    is_english = [part.isascii() for part in (line, following) if _LETTERS.search(part)]
    return bool(following) and len(set(is_english)) < 2 and not (_NOT_TITLE.search(following) or _has_day(following))


def _is_aside(clues: Clues, n: int) -> bool:
    """Whether a line is a letterhead over a date, the last of a row of links (首页 > 某某要闻) or cited by the one before."""
    is_dated = is_body(clues.head[n]) and _has_day("".join(clues.head[n + 1 : n + 2]))
    return is_dated or (n > 0 and clues.raw_head[n - 1].endswith(_LINK_MARKS))


_LINK_MARKS = (">", "»", "›", "《")


def _is_remark(head: tuple[str, ...], n: int) -> bool:
    """Whether a line goes on with the title before it: (草案), (2021-2023年), or 修正案 after 《…条例》."""
    line, before = "".join(head[n : n + 1]), head[n - 1]
    if before.startswith("《") and before.endswith("》") and _OF_AN_ACT.match(line):
        return len(line) <= 30
    return _REMARK.fullmatch(line) is not None


_OF_AN_ACT = re.compile("修正案|修正草案|修订草案|实施细则|实施办法|的")
_REMARK = re.compile(r"[(【\[](?:[^()【】\[\]]{0,8}稿|草案|试行|暂行|\d{4}年?[-—–~至]{1,2}\d{4}年?)[)】\]]")


def _glued(joined: str, following: str) -> str:
    return joined + (" " if joined[-1:].isascii() or following[:1].isascii() else "") + following


def _as_named(clues: Clues) -> str:
    """The first line, with those after it that the file is named by as well."""
    joined, name = clues.raw_head[0], _bare(clues.file_name)
    for following in clues.raw_head[1:3]:
        longer = _glued(joined, following)
        if _bare(fold(longer).text) not in name:
            break
        joined = longer
    return joined


def _has_day(line: str) -> bool:
    return any(date.month for date in find_dates(line))


def _may_begin_title(line: str) -> bool:
    line = _NUMBER_BEHIND.sub("", line)
    longest = 200 if line.isascii() and not line.endswith(".") else 90
    return (
        4 <= len(line) <= longest
        and not line.endswith(("。", ";", ":", "!", ","))
        and _LETTERS.search(line) is not None
        and not (_NOT_TITLE.search(line) or _MIDDLE.search(line))
        and not is_labelled(line)
        and not _begins_with_day(line)
        and not (_SHORT_LABEL.match(line) and not document_type_of(line))
    )


# lines from the middle of a sentence or of a title
_MIDDLE = re.compile("^[^《]*》|通过$|^(?!.*(?:印发|发布|转发|公布|关于)).*《$")
_SHORT_LABEL = re.compile(r"[\u4e00-\u9fff]{1,5}(?: [\u4e00-\u9fff])*\s*[:\t]")  # 时 效 性:有效


def _begins_with_day(line: str) -> bool:
    """Whether a line is a date, says what happened on one, or is a signature; no title is."""
    dates = [date for date in find_dates(line) if date.day]
    return any(date.start <= 1 or is_body(line[: date.start].strip()) for date in dates[:1])


def _ends_with_type(line: str) -> bool:
    end = re.sub(r"(?:[((\[【《][^))\]】》]{0,30}[))\]】])+$", "", line).rstrip('》”"* .0123456789-')
    return end.isascii() or end.lower().endswith(_type_words())


@cache
def _type_words() -> tuple[str, ...]:
    return tuple(word.lower() for word, _, _ in _types())


_NOT_TITLE = re.compile(
    r"^[((][一二三四五六七八九十]+[))]|^[、,。]|^\d{1,2}[.、](?!\d)|》[已业](?:经|于|由)|现予(?:公布|发布)|^.{0,12}第? ?\d+ ?号$|"
    r"^为(?:了|深入|贯彻|落实|进一步|全面|切实|加强|规范|认真)|^.{0,4}(?:根据|依据|按照)|"
    r"^(?:English|Skip to|简体|繁体|登录|注册|首页|热词|热门|搜索|长者|无障碍|窗体)|^(?:Article|Chapter|Section) \d|"
    r"^各位|^同志们|^主席|文件$|〔\d{4}〕|\[\d{4}\]\d+号|^[—–-]{1,2}\d{4}年|https?:|版权|当前位置|字号|打印|^目录|^第.{1,3}[章条节篇]|^[一二三四五六七八九十]+、|"
    r"^\W*本报|记者|^[((]?\d?\.? ?[^。]{0,40}(?:学院|大学|研究[所院]).{0,30}\d{6}|"
    r"^(?:省长|市长|主席|州长|县长|区长|总理|行政长官)|日报|^Introduction|^Foreword|^Contents|^RSS|"
    r"^Members|^Honou?rable|^Fellow|^Mr|^Thank|人大.{0,8}文件|引用格式|^索引号|[:：].{12}"
)
