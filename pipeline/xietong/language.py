"""Language and script of a text and of its parts, by counting characters."""

from __future__ import annotations

from functools import cache, partial
from typing import TYPE_CHECKING

import numpy as np

from xietong.characters import code_points, mark_ranges, only_in_one_script

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

# classes of characters; a character that says nothing (digit, punctuation) is neutral
_NEUTRAL, _LATIN, _HAN, _TRADITIONAL, _SIMPLIFIED, _KANA, _OTHER = range(7)
_TOP = 0x323B0


def language_of(text: str, default: str = "") -> str:
    """Give the language and script of a text: ``zh-Hans``, ``zh-Hant``, ``en`` or ``other``.

    Parameters
    ----------
    text : str
        In its original script.
    default : str
        The language of what surrounds the text: the answer where the text itself does not tell (no letters
        at all, or Chinese written alike in both scripts, or a character or two of the other script).
        "" is for a text on its own; then ``zh-Hans`` is the answer to what is undecided.

    Examples
    --------
    >>> language_of("區域協調發展"), language_of("区域协调发展"), language_of("Regional growth")
    ('zh-Hant', 'zh-Hans', 'en')
    """
    classes = _classes()[np.minimum(code_points(text), _TOP)]
    return _decide(np.bincount(classes, minlength=7).tolist(), default)


def languages_of_spans(text: str, spans: Sequence[tuple[int, int]], default: str = "") -> list[str]:
    """Give the language of each span of a text, as `language_of` does, in one pass over the text.

    ``spans`` are in order and do not overlap. Where ``default`` is "", the language of the text as a whole serves.
    """
    if not spans:
        return []
    classes = _classes()[np.minimum(code_points(text), _TOP)]
    bounds = np.asarray(spans, dtype=np.int64).reshape(-1, 2)
    # each character counts for its span (2i + 1) or for the gap before it (2i)
    n_places = np.diff(np.concatenate(([0], bounds.ravel(), [len(text)])))
    place = np.repeat(np.arange(len(n_places), dtype=np.int64), n_places)
    counts = np.bincount(place * 7 + classes, minlength=7 * len(n_places)).reshape(-1, 7)
    default = default or _decide(counts.sum(axis=0).tolist(), "")
    return [_decide(row, default) for row in counts[1::2].tolist()]


def _decide(counts: list[int], default: str) -> str:
    _, latin, han, traditional, simplified, kana, other = counts
    chinese = han + traditional + simplified
    words = latin / 4  # letters weigh less: a word of English says about as much as two Chinese characters
    if not (chinese or latin or kana or other):
        return default or "zh-Hans"
    if kana * 4 > chinese + kana + words or other > chinese + words:
        return "other"
    if words > chinese:
        return "en"
    if default == "zh-Hant":
        return "zh-Hans" if simplified > 2 * traditional + 2 else "zh-Hant"
    if default == "zh-Hans":
        return "zh-Hant" if traditional > 2 * simplified + 2 else "zh-Hans"
    return "zh-Hant" if traditional > simplified else "zh-Hans"


@cache
def _classes() -> NDArray[np.uint8]:
    """Give the class of every code point; which characters are of one script only, OpenCC says."""
    table = np.full(_TOP + 1, _OTHER, dtype=np.uint8)

    mark = partial(mark_ranges, table)
    mark(_NEUTRAL, (0, 0xBF), (0xD7, 0xD7), (0xF7, 0xF7), (0x2B0, 0x36F), (0x2000, 0x2E7F), (0x3000, 0x3040))
    mark(_NEUTRAL, (0x30FB, 0x30FC), (0x3100, 0x33FF), (0xD800, 0xF8FF), (0xFE00, 0xFF65), (0xFFE0, 0xFFFF))
    mark(_NEUTRAL, (0x1F000, 0x1FAFF), (_TOP, _TOP))
    mark(_LATIN, (0x41, 0x5A), (0x61, 0x7A), (0xC0, 0xD6), (0xD8, 0xF6), (0xF8, 0x24F), (0x1E00, 0x1EFF))
    mark(_LATIN, (0xFF21, 0xFF3A), (0xFF41, 0xFF5A), (0xFB00, 0xFB06))
    mark(_KANA, (0x3041, 0x30FA), (0x30FD, 0x30FF), (0xFF66, 0xFF9D))
    mark(_HAN, (0x2E80, 0x2FDF), (0x3005, 0x3007), (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF))
    mark(_HAN, (0x20000, 0x323AF))
    traditional, simplified = only_in_one_script()
    for character in traditional:
        table[ord(character)] = _TRADITIONAL
    for character in simplified:
        table[ord(character)] = _SIMPLIFIED
    return table
