"""Finds readings written after the characters they gloss: pinyin and bopomofo, in every style of bracket."""

from __future__ import annotations

import re
from functools import lru_cache

from xietong.characters import HAN, TONED_LETTERS

_TONED = TONED_LETTERS
_OPEN, _CLOSE = r"[(\[{<〈《【〔〖/﹝“]", r"[)\]}>〉》】〕〗/﹞”]"
_BRACKETED = re.compile(rf"{_OPEN} ?([A-Za-zü{_TONED}'’ \-]{{1,40}}[1-5]?) ?{_CLOSE}")
_BARE = re.compile(
    rf"(?<=[{HAN}]) ?([a-zü]{{0,3}}[{_TONED}][a-zü]{{0,3}})(?= ?(?:[{HAN}，。、；：！？,.;:!?”’』)）]|$))"
)
_BOPOMOFO = re.compile(rf"(?<=[{HAN}]){_OPEN}? ?[ˊˇˋ˙]?[ㄅ-ㄯㆠ-ㆿ][ㄅ-ㄯㆠ-ㆿˊˇˋ˙ ]{{0,30}}{_CLOSE}?")
_AFTER_HAN = re.compile(rf"[{HAN}] ?")
# The syllables of pinyin without their tone (ü as v): initials with the finals that each group of them takes.
_SYLLABLE = (
    r"(?:[bpm](?:a|o|ai|ei|ao|an|en|ang|eng|i|ie|iao|ian|in|ing|u|ou)|m(?:e|iu)|f(?:a|o|ei|ou|an|en|ang|eng|u)"
    r"|[dt](?:a|e|ai|ei|ao|ou|an|ang|eng|ong|i|ie|iao|ian|ing|u|uo|ui|uan|un)|d(?:en|iu|ia)"
    r"|[nl](?:a|e|ai|ei|ao|ou|an|en|ang|eng|ong|i|ie|iao|iu|ian|in|iang|ing|u|uo|uan|un|v|ve|ue)|l(?:ia|o)"
    r"|(?:[gkh]|[zcs]h)(?:a|e|ai|ei|ao|ou|an|en|ang|eng|ong|u|ua|uo|uai|ui|uan|un|uang)"
    r"|[jqx](?:i|ia|ie|iao|iu|ian|in|iang|ing|iong|u|ue|uan|un|v|ve|van|vn)"
    r"|(?:[zcs]h?|r)(?:i|e|ao|ou|an|en|ang|eng|ong|u|uo|ui|uan|un)|[zcs](?:a|ai|ei)|rua"
    r"|y(?:a|o|e|ai|ao|ou|an|ang|i|in|ing|ong|u|ue|uan|un|v|ve|van|vn)|w(?:a|o|ai|ei|an|en|ang|eng|u)"
    r"|a|o|e|ai|ei|ao|ou|an|en|ang|eng|er|ng|n|m|hm|hng)"
)
_SYLLABLES = re.compile(rf"(?:{_SYLLABLE}r?[1-5]?[ '’\-]?)+")
_PLAIN_VOWELS = str.maketrans(
    "āáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜüńňǹḿếềêĀÁǍÀĒÉĚÈŌÓǑÒ", "aaaaeeeeiiiioooouuuuvvvvvnnnmeeeaaaaeeeeoooo"
)
_HAS_TONE = re.compile(f"[{_TONED}]")
_NUMBERED = re.compile(r"[(\[{<〈《【〔〖/﹝]\s?[a-z]{1,6}[1-5]\s?[)\]}>〉》】〕〗/﹞]")


def may_have_glosses(text: str) -> bool:
    """Tell whether a text of plain width has tones, bopomofo, or tones written as numbers: qu1."""
    return _ANY_TONE.search(text) is not None or _NUMBERED.search(text) is not None


_ANY_TONE = re.compile(f"[{_TONED}ㄅ-ㄯㆠ-ㆿ]")


def find_glosses(text: str) -> list[tuple[int, int, str]]:
    """Find the glosses in a text of plain width: 區(qū)域, 区[qu1]域, 區ㄑㄩ域, 区qū域yù.

    Returns
    -------
    list of (start, end, "")
        What to take out, in order.
    """
    found: list[tuple[int, int, str]] = [(m.start(), m.end(), "") for m in _BOPOMOFO.finditer(text)]
    found += [(m.start(), m.end(), "") for m in _BARE.finditer(text) if _is_pinyin(m[1])]
    unmarked: list[tuple[int, int, str]] = []
    previous_end = -1  # where one gloss ends another may begin
    for m in _BRACKETED.finditer(text):
        start, end = m.span()
        follows = start == previous_end or (start > 0 and _AFTER_HAN.match(text, start - 1) is not None)
        if not follows or not _is_pinyin(m[1]):
            continue
        if _HAS_TONE.search(m[1]) or m[1][-1].isdigit():
            found.append((start, end, ""))
            previous_end = end
        elif m[1].islower():
            unmarked.append((start, end, ""))
    # 们(men) has no tone mark: a gloss only among glosses, for (he) and (an) also occur as plain English
    if len(found) >= 3:
        found += unmarked
    found.sort()
    return [gloss for i, gloss in enumerate(found) if not i or gloss[0] >= found[i - 1][1]]


@lru_cache(maxsize=10_000)
def _is_pinyin(latin: str) -> bool:
    plain = latin.lower().translate(_PLAIN_VOWELS).strip()
    return _SYLLABLES.fullmatch(plain) is not None
