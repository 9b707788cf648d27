"""Works out a document's title, issuer and type."""

from __future__ import annotations

import csv
import re
from functools import cache
from importlib.resources import files

from xietong.metadata.clues import Clues


def find_title(clues: Clues) -> tuple[str, str]:
    """Give the title as it stands and where it came from."""
    for stated in clues.stated("title"):
        if _is_title(stated.folded) and (stated.origin != "document properties" or document_type_of(stated.folded)):
            return _tidy(stated.value), stated.origin
    if clues.marked_title and not _NAVIGATION.search(clues.marked_title):
        return _tidy(clues.marked_title), "heading"
    from_lines = _title_in_lines(clues)
    if from_lines:
        return from_lines, "heading"
    return _tidy(_FILE_NOISE.sub(" ", clues.raw_name)) or clues.raw_name, "file name"


def find_issuer(clues: Clues, title: str) -> tuple[str, str]:
    """Give the body that issued the document and where it is named; "" where it is not."""
    for stated in clues.stated("issuer"):
        return stated.value.strip(), stated.origin
    if match := _TITLE_ISSUER.match(title):
        return match[1].strip(), "title"
    for origin, lines in (("heading", clues.head[:8]), ("signature", clues.head[8:]), ("signature", clues.tail)):
        for line in lines:
            if _ISSUER_LINE.fullmatch(line):
                return line, origin
    for stated in clues.stated("source"):
        return stated.value.strip(), stated.origin
    return "", ""


def find_type(clues: Clues, title: str) -> tuple[str, str]:
    """Give the type of document and where it shows."""
    head = "\n".join(clues.head[:40])
    if _ARTICLE.search(head):
        return "article", "text"
    if kind := document_type_of(title):
        return kind, "title"
    if kind := document_type_of(clues.file_name.replace("_", " ")):
        return kind, "file name"
    if re.search(r"^第[一1] ?[章条]|\n第一条|\nArticle 1\b", head):
        return "regulation", "text"
    for line in clues.head[:8]:
        if len(line) < 60 and (kind := document_type_of(line)):
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
    for word, kind, at_end in _types():
        at = title.rfind(word) if not word[0].isascii() else _rfind_word(title, word)
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


def _find_word(title: str, word: str) -> int:
    match = re.search(rf"\b{re.escape(word)}\b", title, re.I)
    return match.start() if match else -1


def _rfind_word(title: str, word: str) -> int:
    return max((match.start() for match in re.finditer(rf"\b{re.escape(word)}\b", title, re.I)), default=-1)


_ARTICLE = re.compile(
    r"(?:^|\n)\W{0,3}(?:摘\s*要|内容提要|关\s*键\s*词|abstract)\s*[:：.*]|本报.{0,6}记者|记者[:：]|引用格式", re.I
)
_SPEECH = re.compile(
    r"(?:^|\n)(?:主席|各位代表|各位议员|同志们|Mr\.? (?:President|Speaker)|Mister Speaker|Honou?rable [Mm]embers"
    r"|Members of the House|Fellow)[^\n]{0,60}"
)
_NAVIGATION = re.compile(r"网站首页|门户网站$|^首页|欢迎访问|index|Untitled|^Microsoft|Word 文档|\.docx?$", re.I)
_FILE_NOISE = re.compile(r"_+|\(FBM-CLI[^)]*\)|%u[0-9A-Fa-f]{4}")
_TITLE_ISSUER = re.compile(
    r"((?:中共)?[^《关于印发]{2,40}?(?:政府|办公厅|办公室|委员会|委|厅|局|部|院|会))(?=关于|印发|办公厅关于)"
)
_ISSUER_LINE = re.compile(r"[^,。;:!?]{2,38}(?:政府|办公厅|办公室|委员会|委|厅|局|部|院|委办)$")


def _is_title(text: str) -> bool:
    return 2 < len(text) <= 200 and not _NAVIGATION.search(text)


def _tidy(title: str) -> str:
    title = " ".join(title.replace("\u3000", " ").split())
    title = re.sub(r"^(?:政务内容[:：]\s*)", "", title)
    # web pages add the site: 《……的通知》 - 某市人民政府门户网站
    return (
        re.sub(r"\s*[-_|—–]+\s*[^-_|—–]{2,30}(?:政府|网|网站|门户|局|委员会)\w{0,8}$", "", title).strip("*# ") or title
    )


def _title_in_lines(clues: Clues) -> str:
    """The first lines that read like a title, joined where it runs over two or three lines."""
    for n, line in enumerate(clues.head[:12]):
        if not 4 <= len(line) <= 90 or line.endswith(("。", ";", ":", "!", ",")) or _NOT_TITLE.search(line):
            continue
        raw = clues.raw_head[n]
        joined, folded = raw, line
        for more in range(1, 4):
            if document_type_of(folded) and _ends_with_type(folded):
                return _tidy(joined)
            if n + more >= len(clues.head) or len(clues.head[n + more]) > 60 or _NOT_TITLE.search(clues.head[n + more]):
                break
            glue = " " if raw[-1:].isascii() else ""
            joined, folded = joined + glue + clues.raw_head[n + more], folded + clues.head[n + more]
        if document_type_of(line):
            return _tidy(raw)
    first = clues.head[0] if clues.head else ""
    is_heading = (
        4 <= len(first) <= 60
        and not first.endswith(("。", ":", ",", ";", "!", "?", "."))
        and not _NOT_TITLE.search(first)
    )
    return _tidy(clues.raw_head[0]) if is_heading else ""


def _ends_with_type(line: str) -> bool:
    end = re.sub(r"(?:[((\[【《][^))\]】》]{0,30}[))\]】])+$", "", line).rstrip('》”"* .0123456789-')
    return any(end.lower().endswith(word.lower()) for word, _, _ in _types()) or end.isascii()


_NOT_TITLE = re.compile(
    r"^各位|^同志们|^主席|文件$|〔\d{4}〕|\[\d{4}\]\d+号|^[—–-]{1,2}\d{4}年|https?:|版权|当前位置|字号|打印|^目录|^第.{1,3}[章条节篇]|^[一二三四五六七八九十]+、|"
    r"^Members|^Honou?rable|^Fellow|^Mr|^Thank|人大.{0,8}文件|引用格式|^索引号|[:：].{12}"
)
