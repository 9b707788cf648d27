"""The texts of the product in Chinese and English: ``data/messages.csv`` has them all, ``data/help.csv`` the help texts."""

from __future__ import annotations

import os
from functools import cache

from xietong.lists import read_list

LANGUAGES = ("en", "zh")


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


def product_language(environment: dict[str, str] | None = None) -> str:
    """Tell which language people here read: ``zh`` where the environment says so, else ``en``.

    ``XIETONG_LANG`` comes first, then the usual ``LC_ALL``, ``LC_MESSAGES`` and ``LANG``. Only what people read on
    the screen depends on it, never a table.
    """
    settings = os.environ if environment is None else environment
    for name in ("XIETONG_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        if value := settings.get(name, ""):
            return "zh" if value.lower().startswith("zh") else "en"
    return "en"


def both(key: str, **values: object) -> str:
    """Give a text in both languages, for what must not depend on the environment: the workbook's headings.

    Examples
    --------
    >>> both("documents")
    '文件 Documents'
    """
    return f"{message(key, 'zh', **values)} {message(key, 'en', **values)}"
