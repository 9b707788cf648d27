"""Works out a document's title, issuer and type."""

from __future__ import annotations

import csv
import re
from functools import cache
from importlib.resources import files

from xietong.metadata.clues import Clues, is_body, is_labelled
from xietong.metadata.dates import find_dates
from xietong.normalise import fold


def find_title(clues: Clues) -> tuple[str, str]:
    """Give the title as it stands and where it came from."""
    in_text = _title_in_text(clues)
    for stated in clues.stated("title"):
        if not _is_title(stated.folded):
            continue
        if stated.origin == "document properties" and _bare(stated.folded) not in _bare(clues.sample[:4000]):
            continue  # left over from the file this one was made from
        if in_text and stated.folded in fold(in_text).text and len(in_text) <= 120:
            break  # the text has it in full, with the issuer before it
        return _tidy(stated.value), stated.origin
    if in_text:
        return in_text, "heading"
    return _tidy(_FILE_NOISE.sub(" ", clues.raw_name)) or clues.raw_name, "file name"


def _title_in_text(clues: Clues) -> str:
    if clues.marked_title and _is_title(fold(clues.marked_title).text):
        return _tidy(clues.marked_title)
    return _title_in_lines(clues)


def _bare(text: str) -> str:
    return re.sub(r"\W", "", text)


def find_issuer(clues: Clues, title: str, region: str = "") -> tuple[str, str]:
    """Give the body that issued the document and where it is named; "" where it is not.

    ``region`` is the name of the place, for reports that say 代表市人民政府 only.
    """
    for stated in clues.stated("issuer"):
        return stated.value.strip(), stated.origin
    if match := _TITLE_ISSUER.match(title):
        return match[1].strip(), "title"
    for line in clues.head[:20]:
        if len(line) <= 300 and (assembly := _ASSEMBLY.search(line)):
            return (assembly[1] + assembly[2] if assembly[1] else assembly[3]), "heading"
    for origin, line in clues.signatures():
        return clues.written.get(line, line).strip(), origin
    if speaker := _SPEAKER.search(clues.sample[:3000]):
        name = speaker[1]
        is_bare = re.match(r"[省市县区州]?(?:人民)?政府|自治区人民政府|自治州人民政府", name)
        if not is_bare:
            return name, "text"
        if region:
            return f"{region}人民政府", "text"
    for stated in clues.stated("source"):
        name = re.sub(r"\([^)\u4e00-\u9fff]{1,8}\)", "", stated.value)  # glosses
        return re.sub(r"[\d(].*$|责任编辑.*$", "", name).strip(" 《》"), stated.origin
    return "", ""


_SPEAKER = re.compile(r"代表(?!大会)(国务院|[\u4e00-\u9fff]{0,12}?(?:人民|省|市|县|区|州)政府)")


# 上海市第十五届人民代表大会常务委员会第十三次会议通过, 国务院第28次常务会议通过, 国务院令第536号
_ASSEMBLY = re.compile(
    r"(?:^|日|[\s(])([\u4e00-\u9fff]{2,11}?)第.{1,3}届(人民代表大会(?:常务委员会)?)第.{1,4}次会议(?:通过|修订|修正)"
    r"|(?:^|日|[\s(]|中华人民共和国)(国务院)(?:第.{1,4}次常务会议|令)"
)


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
    table = files("xietong").joinpath("data/document_types.csv").read_text(encoding="utf-8")
    return tuple(
        (row["word"], row["type"], row["note"].startswith("at the end")) for row in csv.DictReader(table.splitlines())
    )


def document_type_of(title: str) -> str:
    """Give the type that a title's words say; the last word decides (关于印发…规划的通知 is a notice); "" for none.

    Examples
    --------
    >>> document_type_of("关于印发安柏望城市群发展规划的通知")
    'notice'
    """
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
_NAVIGATION = re.compile(r"网站首页|门户网站$|^首页|欢迎访问|index|Untitled|^Microsoft|Word 文档|\.docx?$", re.I)
_FILE_NOISE = re.compile(r"_+|\(FBM-CLI[^)]*\)|%u[0-9A-Fa-f]{4}")
_TITLE_ISSUER = re.compile(
    r"((?:中共)?[^《关于印发]{2,40}?(?:政府|办公厅|办公室|委员会|委|厅|局|部|院|会))(?=关于|印发)"
)


def _is_title(folded: str) -> bool:
    """Whether a stated title is one, and not the name of the site, the program or the section."""
    return 2 < len(folded) <= 200 and not (_NAVIGATION.search(folded) or _NOT_TITLE.search(folded) or is_body(folded))


def _tidy(title: str) -> str:
    title = " ".join(title.replace("\u3000", " ").split()).lstrip("■□●◆★▲ ")
    title = re.sub(r"\s*[—–-]{1,2}\s*(?:19|20)\d\d年\d{1,2}月.*$", "", title)  # the day of the sitting
    title = re.sub(r"^(?:政务内容[:：]\s*)", "", title)
    # web pages add the site: 《……的通知》 - 某市人民政府门户网站
    return (
        re.sub(r"\s*[-_|—–]+\s*[^-_|—–]{2,30}(?:政府|网|网站|门户|局|委员会)\w{0,8}$", "", title).strip("*# ") or title
    )


def _title_in_lines(clues: Clues) -> str:
    """The first lines that read like a title, joined where it runs over two or three lines."""
    for n, line in enumerate(clues.head[:12]):
        if not _may_begin_title(line) or (is_body(line) and _has_day("".join(clues.head[n + 1 : n + 2]))):
            continue
        joined, folded = clues.raw_head[n], line
        for more in range(1, 4):
            if _ends_with_type(folded) and document_type_of(folded):
                return _tidy(joined)
            following = clues.head[n + more] if n + more < len(clues.head) else ""
            if not following or len(following) > 60 or _NOT_TITLE.search(following) or _has_day(following):
                break
            glue = " " if joined[-1:].isascii() or clues.raw_head[n + more][:1].isascii() else ""
            joined, folded = joined + glue + clues.raw_head[n + more], folded + following
        if document_type_of(line) and "," not in line:
            return _tidy(clues.raw_head[n])
    first = clues.head[0] if clues.head else ""
    is_heading = _may_begin_title(first) and len(first) <= 60 and not first.endswith(("?", ".")) and "," not in first
    return _tidy(clues.raw_head[0]) if is_heading else ""


def _has_day(line: str) -> bool:
    return any(date.month for date in find_dates(line))


def _may_begin_title(line: str) -> bool:
    return (
        4 <= len(line) <= 90
        and not line.endswith(("。", ";", ":", "!", ","))
        and not _NOT_TITLE.search(line)
        and not is_labelled(line)
    )


def _ends_with_type(line: str) -> bool:
    end = re.sub(r"(?:[((\[【《][^))\]】》]{0,30}[))\]】])+$", "", line).rstrip('》”"* .0123456789-')
    return end.isascii() or end.lower().endswith(_type_words())


@cache
def _type_words() -> tuple[str, ...]:
    return tuple(word.lower() for word, _, _ in _types())


_NOT_TITLE = re.compile(
    r"^各位|^同志们|^主席|文件$|〔\d{4}〕|\[\d{4}\]\d+号|^[—–-]{1,2}\d{4}年|https?:|版权|当前位置|字号|打印|^目录|^第.{1,3}[章条节篇]|^[一二三四五六七八九十]+、|"
    r"^\W*本报|记者|^[((]?\d?\.? ?[^。]{0,40}(?:学院|大学|研究[所院]).{0,30}\d{6}|"
    r"^(?:省长|市长|主席|州长|县长|区长|总理|行政长官)|日报|^Introduction|^Foreword|^Contents|^RSS|"
    r"^Members|^Honou?rable|^Fellow|^Mr|^Thank|人大.{0,8}文件|引用格式|^索引号|[:：].{12}"
)
