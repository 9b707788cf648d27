"""What kind of character each code point is, and its plain width, variant and script, looked up for whole texts at once."""

from __future__ import annotations

import unicodedata
from functools import cache, partial
from typing import TYPE_CHECKING, Any

import numpy as np

from xietong.lists import read_list

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Han characters, for use inside brackets of a pattern: ideographs, extensions, 々 and 〇.
HAN = "\u3005\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af"

OTHER, SPACE, NEWLINE, HAN_KIND, CHINESE_MARK, LATIN, INVISIBLE, TONED, BOPOMOFO, COMBINING, EXPANDED = range(11)
N_KINDS = 11
TONED_LETTERS = "āáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜńňǹḿếềêĀÁǍÀĒÉĚÈŌÓǑÒ"

_TOP = 0x323B0  # beyond the last assigned ideograph only tags, selectors and private use follow


def code_points(text: str) -> NDArray[np.uint32]:
    """Give the code points of a text: array of uint32, shape (len(text),)."""
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)


def decode(codes: NDArray[np.uint32]) -> str:
    """Give the text of code points."""
    return codes.tobytes().decode("utf-32-le")


def kind_of_each(codes: NDArray[np.uint32]) -> NDArray[np.uint8]:
    """Give the kind of each character: array of uint8, shape (n,), of the constants above."""
    return _kinds()[np.minimum(codes, _TOP)]


def widened(codes: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """Give each character in plain width: full-width forms, radicals, compatibility forms, quotation marks, variants."""
    return _plain()[np.minimum(codes, _TOP)]


def widen(text: str) -> str:
    """Give a text in plain width, one character for one."""
    return text if text.isascii() else decode(widened(code_points(text)))


def mark_ranges(table: NDArray[np.uint8], kind: int, *ranges: tuple[int, int]) -> None:
    """Write a kind into a table of code points, from the first to the last of each range."""
    for first, last in ranges:
        table[first : last + 1] = kind


@cache
def _kinds() -> NDArray[np.uint8]:
    table = np.full(_TOP + 1, OTHER, dtype=np.uint8)

    mark = partial(mark_ranges, table)
    mark(LATIN, (0x30, 0x39), (0x41, 0x5A), (0x61, 0x7A), (0xC0, 0xD6), (0xD8, 0xF6), (0xF8, 0x24F), (0x1E00, 0x1EFF))
    mark(SPACE, (0x09, 0x09), (0x20, 0x20), (0xA0, 0xA0), (0x1680, 0x1680), (0x2000, 0x200A), (0x202F, 0x202F))
    mark(SPACE, (0x205F, 0x205F), (0x3000, 0x3000))
    mark(NEWLINE, (0x0A, 0x0D), (0x85, 0x85), (0x2028, 0x2029))
    mark(HAN_KIND, (0x2E80, 0x2FDF), (0x3005, 0x3005), (0x3007, 0x3007), (0x3400, 0x4DBF), (0x4E00, 0x9FFF))
    mark(HAN_KIND, (0xF900, 0xFAFF), (0x20000, 0x323AF))
    mark(CHINESE_MARK, (0x3001, 0x3004), (0x3006, 0x3006), (0x3008, 0x301F), (0x3021, 0x30FF), (0xFE30, 0xFE4F))
    mark(CHINESE_MARK, (0xFF01, 0xFF0F), (0xFF1A, 0xFF20), (0xFF3B, 0xFF40), (0xFF5B, 0xFFEF))
    mark(INVISIBLE, (0x00, 0x08), (0x0E, 0x1F), (0x7F, 0x84), (0x86, 0x9F), (0xAD, 0xAD), (0x34F, 0x34F))
    mark(INVISIBLE, (0x61C, 0x61C), (0x115F, 0x1160), (0x17B4, 0x17B5), (0x180B, 0x180F), (0x200B, 0x200F))
    mark(INVISIBLE, (0x202A, 0x202E), (0x2060, 0x206F), (0xD800, 0xF8FF), (0xFE00, 0xFE0F), (0xFEFF, 0xFEFF))
    mark(INVISIBLE, (0xFFF0, 0xFFFB), (0xFFFE, 0xFFFF), (_TOP, _TOP))
    mark(BOPOMOFO, (0x3105, 0x312F), (0x31A0, 0x31BF))
    mark(COMBINING, (0x300, 0x36F))
    mark(EXPANDED, (0xFB00, 0xFB06), (0x3220, 0x3229), (0x338E, 0x33C4), (0x2103, 0x2103), (0x2109, 0x2109))
    mark(EXPANDED, (0x33D1, 0x33D2), (0x2116, 0x2116))
    for letter in TONED_LETTERS:
        table[ord(letter)] = TONED
    return table


@cache
def _plain() -> NDArray[np.uint32]:
    table = np.arange(_TOP + 1, dtype=np.uint32)
    ranges = (
        (0x2E80, 0x2FDF), (0xF900, 0xFAFF), (0xFE10, 0xFE1F), (0xFE30, 0xFE4F), (0xFE50, 0xFE6F), (0xFF01, 0xFFEF),
        (0x1D400, 0x1D7FF), (0x2F800, 0x2FA1F), (0x2024, 0x2024),
    )  # fmt: skip
    for first, last in ranges:
        for code in range(first, last + 1):
            plain = unicodedata.normalize("NFKC", chr(code))
            if len(plain) == 1:
                table[code] = ord(plain)
    table[_kinds() == SPACE] = 0x20
    table[0xD800:0xE000] = 0x20  # lone surrogates cannot be decoded; they are dropped
    table[_TOP] = 0x20
    for codes, plain in (("\u2010\u2011\u2212\ufe63", "-"), ("‧・•", "·"), ("﹐", ","), ("﹑", "、"), ("｡", "。")):
        for character in codes:
            table[ord(character)] = ord(plain)
    # quotation marks of the three scripts; ﹁﹂﹃﹄ are their vertical forms
    for character, plain in zip("「」『』﹁﹂﹃﹄｢｣", "“”‘’“”‘’“”", strict=True):
        table[ord(character)] = ord(plain)
    for row in _variant_rows():
        if row["kind"] == "character":
            table[ord(row["form"])] = ord(row["canonical"])
    return table


@cache
def _variant_rows() -> tuple[dict[str, str], ...]:
    return tuple(read_list("variants"))


@cache
def words_that_keep_zhu() -> tuple[str, ...]:
    """Give the words in which 著 is itself, in simplified form; elsewhere it is written for 着."""
    return tuple(row["form"] for row in _variant_rows() if row["kind"] == "keep")


@cache
def phrase_variants() -> tuple[tuple[str, str], ...]:
    """Give words that are written in two ways, in simplified characters, with the one to match; lengths are equal."""
    rows = [(row["form"], row["canonical"]) for row in _variant_rows() if row["kind"] == "phrase"]
    return tuple((form, plain) for form, plain in rows if len(form) == len(plain))


# --- script ---------------------------------------------------------------------------------------------------------


@cache
def converter(config: str = "t2s") -> Any:
    """Give the official OpenCC converter of that name."""
    import opencc

    return opencc.OpenCC(config)


def simplify(text: str) -> str:
    """Give the text in simplified characters, one for one (official OpenCC, ``t2s``)."""
    if text.isascii():
        return text
    convert = converter().convert
    simple: str = convert(text)
    if len(simple) == len(text):
        return simple
    # Not seen on 55,000 real sentences; should an entry change a length, its line goes character by character.
    lines = []
    for line in text.split("\n"):
        plain = convert(line)
        lines.append(plain if len(plain) == len(line) else "".join(map(_one_for_one, line)))
    return "\n".join(lines)


@cache
def _one_for_one(character: str) -> str:
    plain: str = converter().convert(character)
    return plain if len(plain) == 1 else character


@cache
def only_in_one_script() -> tuple[frozenset[str], frozenset[str]]:
    """Give the characters that only traditional texts have, and those that only simplified texts have.

    Characters such as 后 or 里, which OpenCC changes one way but which both scripts write, count for neither.
    """
    characters = [chr(code) for code in range(0x4E00, 0xA000)]
    joined = "\n".join(characters)
    to_simple = converter("t2s").convert(joined).split("\n")
    to_traditional = [converter(config).convert(joined).split("\n") for config in ("s2t", "s2tw", "s2hk")]
    traditional = frozenset(c for c, simple in zip(characters, to_simple, strict=True) if simple != c)
    changed = [c for c, *forms in zip(characters, *to_traditional, strict=True) if all(form != c for form in forms)]
    written_in_both = {row["form"] for row in _variant_rows() if row["kind"] == "both"}
    return traditional, frozenset(changed) - traditional - written_in_both
