"""The texts of the product in Chinese and English.

``data/messages.csv`` has them; ``data/help.csv`` the help texts; ``data/errors.csv`` and other tables the Chinese of what is
worded in English first, with ``{places}`` for the particulars.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence
from functools import cache

from xietong.errors import UsageError
from xietong.lists import read_list

LANGUAGES = ("en", "zh")
#: What people write for the two, beside ``zh-CN``, ``zh_TW.UTF-8``, ``en-GB`` …; chs and cht are Microsoft's.
_NAMES = {
    "en": {"en", "eng", "english", "英文", "英语", "英語"},
    "zh": {"zh", "cn", "zho", "chi", "chs", "cht", "chinese", "中文", "汉语", "漢語", "华语", "華語",
           "简体", "簡體", "繁体", "繁體", "简体中文", "簡體中文", "繁体中文", "繁體中文"},
}  # fmt: skip


def message(key: str, language: str | None = None, **values: object) -> str:
    """Give one text of the catalogue, with its ``{names}`` filled in.

    Parameters
    ----------
    key : name of the text in ``data/messages.csv``
    language : ``en`` or ``zh``; None asks the environment
    values : what the names in the text stand for

    Raises
    ------
    KeyError
        If the catalogue has no such text, or a name in it is not given.

    Examples
    --------
    >>> message("documents", "zh")
    '文件'
    """
    return catalogue()[key][language or product_language()].format_map(values)


@cache
def catalogue() -> dict[str, dict[str, str]]:
    """Give every text: key -> language -> text."""
    return {row["key"]: {language: row[language] for language in LANGUAGES} for row in read_list("messages")}


@cache
def help_in_chinese() -> dict[str, str]:
    """Give the command line's help texts: English -> Chinese."""
    return {row["en"]: row["zh"] for row in read_list("help")}


def language_of(given: str) -> str:
    """Give ``zh`` or ``en`` for whatever people write for them; "" stays "".

    Raises
    ------
    UsageError
        If it is neither; the message is in both languages.

    Examples
    --------
    >>> [language_of(given) for given in ("zh-CN", "ZH", "cn", "中文", "zh_TW.UTF-8", "en-US", "")]
    ['zh', 'zh', 'zh', 'zh', 'zh', 'en', '']
    """
    found = _known_language(given)
    if given and not found:
        raise UsageError(both("unknown_language", given=given))
    return found


def _known_language(given: str) -> str:
    first = re.split(r"[-_.@]", given.strip().lower())[0]
    return next((language for language, names in _NAMES.items() if first in names), "")


def product_language(environment: dict[str, str] | None = None) -> str:
    """Tell which language people here read: ``zh`` where the environment says so, else ``en``.

    ``XIETONG_LANG`` comes first, then the usual ``LC_ALL``, ``LC_MESSAGES`` and ``LANG``. Only what people read on
    the screen depends on it, never a table.
    """
    settings = os.environ if environment is None else environment
    for name in ("XIETONG_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        if value := settings.get(name, ""):
            return _known_language(value) or "en"
    return "en"


def both(key: str, **values: object) -> str:
    """Give a text in both languages, for what must not depend on the environment: the workbook's headings.

    Examples
    --------
    >>> both("documents")
    '文件 Documents'
    """
    return f"{message(key, 'zh', **values)} {message(key, 'en', **values)}"


def worded_error(text: str, language: str | None = None) -> str:
    """Give the message of an error, which is in English, in the language of the reader; what is unknown stays English.

    Examples
    --------
    >>> worded_error("terms.csv, line 3: the code 'transprt' is not in codes.csv. Did you mean 'transport'?", "zh")
    "terms.csv 第 3 行：编码 'transprt' 不在 codes.csv 中。是否为 'transport'？"
    """
    if (language or product_language()) != "zh":
        return text
    return "\n".join(re.sub(r"\S.*", lambda line: _error_in_chinese(line[0]), line) for line in text.split("\n"))


#: A message may say what it is about, and that where it stands; more colons belong to what users wrote.
_MOST_COLONS = 3


def _error_in_chinese(text: str, n_colons: int = 0) -> str:
    if place := re.match(r"(.+?),? line (\d+): ", text):
        return f"{place[1]} 第 {place[2]} 行：{_error_in_chinese(text[place.end() :], n_colons + 1)}"
    found = in_chinese(text, ["errors"], _error_in_chinese)
    if found != text:
        return found
    if len(problems := re.split(r"; (?=row \d|and \d)", text)) > 1:
        return "；".join(_error_in_chinese(problem, n_colons) for problem in problems)
    sentences = re.split(r"(?<=[.?…]) ", text)
    said = [_error_in_chinese(sentence, n_colons) for sentence in sentences] if 1 < len(sentences) < 4 else []
    if said and all(one != other for one, other in zip(said, sentences, strict=True)):
        return "".join(said)
    where, _, what = text.partition(": ")
    in_words = _error_in_chinese(what, n_colons + 1) if what and n_colons < _MOST_COLONS else what
    return f"{where}：{in_words}" if in_words != what else text


def in_chinese(text: str, tables: Sequence[str], inside: Callable[[str], str]) -> str:
    """Give the Chinese of an English text; the text itself where it is unknown.

    Parameters
    ----------
    tables : lists of texts with columns ``en`` and ``zh``, in which the text is looked up
    inside : what gives the Chinese of what stands in the text's places
    """
    for table in tables:
        for pattern, chinese in _templates(table):
            if match := pattern.fullmatch(text):
                return chinese.format_map({name: inside(value) for name, value in match.groupdict().items()})
    return text


@cache
def _templates(table: str) -> tuple[tuple[re.Pattern[str], str], ...]:
    """Patterns of the English texts, those with the most fixed words first, each with the Chinese text."""
    rows = sorted(read_list(table), key=lambda row: -len(_PLACE.sub("", row["en"])))
    return tuple((re.compile(_pattern(row["en"]), re.DOTALL), row["zh"]) for row in rows)


_PLACE = re.compile(r"\{(\w+)\}")


def _pattern(template: str) -> str:
    pieces = _PLACE.split(template)
    places = (rf"(?P<{piece}>{_NUMBER if piece == 'n' else '.*'})" if n % 2 else "" for n, piece in enumerate(pieces))
    return "".join(place or re.escape(piece) for place, piece in zip(places, pieces, strict=True))


_NUMBER = r"\d[\d,]*"
