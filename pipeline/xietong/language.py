"""Language and script of a text and of its parts, by counting characters."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

#: Simplified forms that are also written in traditional texts (后 of 皇后, 里 of 公里): no evidence of a script.
_ALIKE = (
    "后里面台只于发干系制准谷范表云余咸几斗折松板冲划出向回致姜着才托采升岳峰家征郁志杯欲注涂淡游熏周痴秋"
    "糊累胡舍药蒙蔑衹修辟鉴钟雕须凶占厘启吁同卷吊叠合"
)

# classes of characters; a character that says nothing (digit, punctuation) is NEUTRAL
NEUTRAL, LATIN, HAN, TRADITIONAL, SIMPLIFIED, KANA, OTHER = range(7)


def language_of(text: str, default: str = "zh-Hans") -> str:
    """Give the language and script of a text: ``zh-Hans``, ``zh-Hant``, ``en`` or ``other``.

    Parameters
    ----------
    text : str
        In its original script.
    default : str
        The answer where the text does not tell: no letters at all, or Chinese written alike in both scripts.
    """
    return languages_of_spans(text, [(0, len(text))], default)[0]


def languages_of_spans(text: str, spans: Sequence[tuple[int, int]], default: str = "zh-Hans") -> list[str]:
    """Give the language of each span of a text, as `language_of` does, in one pass over the text."""
    classes = character_classes(text)
    totals = np.zeros((7, len(text) + 1), dtype=np.int32)
    for kind in (LATIN, HAN, TRADITIONAL, SIMPLIFIED, KANA, OTHER):
        np.cumsum(classes == kind, out=totals[kind, 1:])
    bounds = np.asarray(spans, dtype=np.int64).reshape(-1, 2)
    counts = totals[:, bounds[:, 1]] - totals[:, bounds[:, 0]]
    return [_decide(column.tolist(), default) for column in counts.T]


def character_classes(text: str) -> NDArray[np.uint8]:
    """Give the class of each character: array of uint8, shape (len(text),)."""
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    table = _class_table()
    return table[np.minimum(codes, len(table) - 1)]


def _decide(counts: list[int], default: str) -> str:
    _, latin, han, traditional, simplified, kana, other = counts
    chinese = han + traditional + simplified
    letters = latin / 4  # a word of English is worth about a character and a half of Chinese
    if not chinese and not latin and not kana and not other:
        return default
    if kana * 4 > chinese + kana + letters or other > chinese + letters:
        return "other"
    if letters > chinese:
        return "en"
    if traditional == simplified:
        return default if default in ("zh-Hans", "zh-Hant") else "zh-Hans"
    return "zh-Hant" if traditional > simplified else "zh-Hans"


@cache
def _class_table() -> NDArray[np.uint8]:
    """Class of every code point up to U+323AF; which characters are of one script only, OpenCC says."""
    import opencc

    table = np.full(0x323B0 + 1, OTHER, dtype=np.uint8)
    table[:0xAA] = NEUTRAL
    for first, last in (
        (0x41, 0x5A),
        (0x61, 0x7A),
        (0xC0, 0x24F),
        (0xFF21, 0xFF3A),
        (0xFF41, 0xFF5A),
        (0x1E00, 0x1EFF),
    ):
        table[first : last + 1] = LATIN
    for code in (0xD7, 0xF7, 0x323B0):
        table[code] = NEUTRAL
    for first, last in ((0x2B0, 0x36F), (0x2000, 0x2E7F), (0x3000, 0x3040), (0x3100, 0x33FF), (0xD800, 0xF8FF),
                        (0xFE00, 0xFF20), (0xFF3B, 0xFF40), (0xFF5B, 0xFF65), (0xFFE0, 0xFFFF), (0xAA, 0xBF),
                        (0x1F000, 0x1FAFF)):  # fmt: skip
        table[first : last + 1] = NEUTRAL
    table[0x3041:0x3100] = KANA
    table[0x30FB:0x30FC] = NEUTRAL
    for first, last in ((0x2E80, 0x2FDF), (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x323AF)):
        table[first : last + 1] = HAN
    characters = [chr(code) for code in range(0x4E00, 0xA000)]
    joined = "\n".join(characters)
    simple = opencc.OpenCC("t2s").convert(joined).split("\n")
    traditional = opencc.OpenCC("s2t").convert(joined).split("\n")
    for character, to_simple, to_traditional in zip(characters, simple, traditional, strict=True):
        if to_simple != character:
            table[ord(character)] = TRADITIONAL
        elif to_traditional != character:
            table[ord(character)] = SIMPLIFIED
    # written alike in simplified texts and in one of the traditional standards: no evidence either way
    for character in _ALIKE:
        if table[ord(character)] == SIMPLIFIED:
            table[ord(character)] = HAN
    return table
