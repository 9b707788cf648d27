"""Bytes to text: byte order mark, strict UTF-8, then a scored choice between the encodings Chinese texts come in.

The score is the mean rarity of the characters an encoding gives (``data/characters.csv``: minus the binary logarithm of
their frequency in policy prose) per byte, with a price for bytes it cannot decode and for Han characters that
touch Latin letters, as they do where Latin-1 is read as GBK. A declared charset makes its encoding a little cheaper.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from xietong.ingest.reasons import Unreadable
from xietong.lists import read_list

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16 LE, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    (b"\x84\x31\x95\x33", "gb18030"),
)
_MAIN = ("gb18030", "big5hkscs", "cp1252")
_WIDE = ("utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be")
_OTHERS = ("cp932", "euc_jp", "cp949", "cp1251", "koi8_r")  # asked only where none of the main ones reads well
_RARE = 24.0  # of a Han character outside the table
_UNKNOWN = 30.0  # of anything else outside it: private use, other scripts, unassigned
_UNDECODED = 40.0  # of a byte that cannot be decoded
_TOUCH = 8.0  # of a Han character beside a Latin letter inside a word
_DECLARED = 0.10  # share by which the declared encoding is made cheaper
_ASCII = 5.0  # of a letter, digit, space or line end
_CONTROL = 30.0  # of a control character
_OTHERS_PRICE = 1.2  # factor for the less likely encodings
_DOUBTFUL = 6.3  # rarity per byte of the best main encoding above which the others are asked as well
_POOR = 8.5  # rarity per byte of what is hardly a text
_TOO_MANY_UNDECODED = 0.05  # share of the bytes outside ASCII
_SAMPLE = 300_000  # bytes outside ASCII that are looked at, spread over the file


@dataclass(frozen=True, slots=True)
class Decoded:
    """A text, the encoding it was read in, how far that was ahead of the next (0 to 1), and what was repaired."""

    text: str
    encoding: str
    margin: float
    note: str = ""


def decode(data: bytes, declared: str = "") -> Decoded:
    """Turn bytes into text.

    Parameters
    ----------
    data : the whole file
    declared : charset the file names itself, taken as evidence only

    Raises
    ------
    Unreadable
        If the bytes are text in no known encoding.
    """
    for bom, encoding in _BOMS:
        if data.startswith(bom):
            found = _decode_after_bom(data, bom, encoding)
            if found is not None:
                return found
            data = data[len(bom) :]
            break
    if not data.strip(b"\0"):
        return Decoded("", "utf-8", 1.0)
    escaped = _decode_escaped(data)
    if escaped is not None:
        return escaped
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return _decode_by_cost(data, declared)
    if _CONTROLS.search(text):
        wide = _wide_without_bom(data)
        if wide is not None:
            return wide
    return _repair_mojibake(Decoded(text, "utf-8", 1.0 if len(text) < len(data) else 0.5))


def _decode_escaped(data: bytes) -> Decoded | None:
    """Read the 7-bit encodings that switch to Chinese, Japanese or Korean by an escape sequence."""
    for escape, encoding in ((b"~{", "hz"), (b"\x1b$B", "iso2022_jp"), (b"\x1b$)C", "iso2022_kr")):
        if escape in data and not any(byte > 0x7F for byte in data[:65536]):
            try:
                text = data.decode(encoding)
            except UnicodeDecodeError:
                continue
            if any(c > "\x7f" for c in text):
                return Decoded(text, encoding, 0.9)
    return None


def _decode_after_bom(data: bytes, bom: bytes, encoding: str) -> Decoded | None:
    if encoding != "utf-8-sig":
        found = _lenient(data, encoding, 1.0)
        sample = found.text[:20_000]
        lies = rarity(sample) > 2 * _POOR * len(sample) and encoding == "utf-16"
        return None if lies else found
    body = data[len(bom) :]
    try:
        return Decoded(body.decode("utf-8"), encoding, 1.0)
    except UnicodeDecodeError:
        mixed = _decode_mostly_utf8(body)
        return None if mixed is None else Decoded(mixed.text, encoding, mixed.margin, mixed.note)


def _lenient(data: bytes, encoding: str, margin: float) -> Decoded:
    try:
        return Decoded(data.decode(encoding), encoding, margin)
    except UnicodeDecodeError:
        text = data.decode(encoding, "replace")
        return Decoded(text, encoding, margin, note_of_damage(text.count("\ufffd")))


def note_of_damage(n: int) -> str:
    """Say how many places of a text could not be decoded."""
    return f"{n} damaged places could not be decoded and read as \ufffd"


def _wide_without_bom(data: bytes) -> Decoded | None:
    """Read UTF-16 or UTF-32 without a byte order mark, where that makes much better sense than UTF-8."""
    sample = data[:65536]
    costs = {encoding: _cost(sample, encoding) for encoding in (*_WIDE, "utf-8")}
    best, second = sorted(costs, key=lambda encoding: (costs[encoding], encoding))[:2]
    if best == "utf-8":
        return None
    return _lenient(data, best, max(0.0, 1 - costs[best] / max(costs[second], 1e-9)))


# --- 8-bit and multi-byte encodings -------------------------------------------------------------------------------


def _decode_by_cost(data: bytes, declared: str) -> Decoded:
    mixed = _decode_mostly_utf8(data)
    if mixed is not None:
        return mixed
    sample = _sample(data)
    costs = {encoding: _cost(sample, encoding) for encoding in _MAIN}
    if _CONTROL_BYTES.search(sample) or min(costs.values()) > _POOR or len(data) < 400:
        costs.update({encoding: _cost(data[:65536], encoding) for encoding in _WIDE})
    if min(costs.values()) > _DOUBTFUL:
        costs.update({encoding: _OTHERS_PRICE * _cost(sample, encoding) for encoding in _OTHERS})
    hinted = _codec_of(declared)
    if hinted in costs:
        costs[hinted] *= 1 - _DECLARED
    best, second = sorted(costs, key=lambda encoding: (costs[encoding], encoding))[:2]
    margin = min(1.0, (costs[second] - costs[best]) / max(costs[second], 1e-9))
    return _lenient(data, best, margin) if best in _WIDE else _decode_as(data, best, margin)


def _decode_as(data: bytes, encoding: str, margin: float) -> Decoded:
    if encoding == "big5hkscs":
        # code page 950 has a few characters that HKSCS reads otherwise or not at all
        for codec in ("big5hkscs", "cp950"):
            try:
                return Decoded(data.decode(codec), codec, margin)
            except UnicodeDecodeError:
                continue
    try:
        return Decoded(data.decode(encoding), encoding, margin)
    except UnicodeDecodeError:
        text = data.decode(encoding, "replace")
    n_high = _n_high(data)
    n_bad = text.count("\ufffd")
    if n_bad > max(2, _TOO_MANY_UNDECODED * n_high):
        raise Unreadable("bad_encoding", what=f"{n_bad / max(n_high, 1):.0%}")
    return Decoded(text, encoding, margin, note_of_damage(n_bad))


_CONTROLS = re.compile("[\x00-\x08\x0e-\x1f\x7f]")
_HIGH = re.compile(rb"[\x80-\xff]")
_CONTROL_BYTES = re.compile(rb"[\x00-\x08\x0e-\x1f]")


def _sample(data: bytes) -> bytes:
    """Take the lines that hold bytes outside ASCII, at most about ``_SAMPLE`` bytes of them, from all over the file."""
    lines = [_from_first_letter(line) for line in data.split(b"\n") if not line.isascii()]
    step = max(1, sum(map(len, lines)) // _SAMPLE)
    return b"\n".join(line[:_SAMPLE] for line in lines[::step])[: 2 * _SAMPLE]


_TOUCHING = re.compile("(?<=[A-Za-z])[\u3400-\u9fff](?=[a-z])|(?<=[a-z])[\u3400-\u9fff](?=[a-z \n]|$)")


def _from_first_letter(line: bytes) -> bytes:
    """Leave out all but a few of the ASCII bytes a long line begins with."""
    first = _HIGH.search(line)
    return line[max(first.start() - 20, 0) :] if first else line


def _cost(data: bytes, encoding: str) -> float:
    """Mean rarity, per byte, of what an encoding makes of the bytes."""
    text = data.decode(encoding, "replace")
    n_bad = text.count("\ufffd")
    if n_bad and encoding == "big5hkscs":
        other = data.decode("cp950", "replace")
        if other.count("\ufffd") < n_bad:
            text, n_bad = other, other.count("\ufffd")
    if n_bad and text.endswith("\ufffd"):
        n_bad -= 1  # a text cut off in the middle of its last character
    if n_bad and encoding in _WIDE:
        n_bad *= 4  # any two bytes are some character in UTF-16, so a pair that is none says much
    cost = rarity(text.replace("\ufffd", ""), is_foreign=encoding in _OTHERS) + _UNDECODED * n_bad
    if encoding not in ("cp1252", "cp1251", "koi8_r"):
        cost += _TOUCH * len(_TOUCHING.findall(text))
    return cost / max(len(data), 1)


def rarity(text: str, *, is_foreign: bool = False) -> float:
    """Give the sum of the rarities of the characters, in bits: about 10 for a common Han character, 24 for a rare one."""
    import numpy as np

    points = np.frombuffer(text.encode("utf-32-le", "replace"), dtype=np.uint32)
    table = _foreign_rarities() if is_foreign else _rarities()
    return float(table[np.minimum(points, 0xFFFF)].sum())


@cache
def _foreign_rarities() -> NDArray[np.float32]:
    """Give the same where kana, Hangul and Cyrillic are expected: such texts are read right, though not coded."""
    table = _rarities().copy()
    table[0x3040:0x3100] = 11.0
    table[0xAC00:0xD7A4] = 11.0
    table[0x410:0x430] = 8.0
    table[0x430:0x450] = 5.0
    return table


@cache
def _rarities() -> NDArray[np.float32]:
    """Rarity of each character of the Basic Plane; the last place stands for all beyond it."""
    import numpy as np

    table = np.full(0x10000, _UNKNOWN, dtype=np.float32)
    table[0x3400:0xA000] = _RARE
    table[0xA0:0x250] = 12.0  # Latin letters with accents; two of them cost as much as a rare Han character
    table[:0x20] = _CONTROL
    table[0x20:0x7F] = _ASCII
    table[[9, 10, 12, 13]] = _ASCII
    for row in read_list("characters"):
        points = [ord(c) for c in row["characters"] if 0x2000 <= ord(c) < 0xFFFF]
        table[points] = float(row["rarity"])
    table[0x2010:0x2030] = np.minimum(table[0x2010:0x2030], 10.0)  # dashes and curly quotes, also in Latin texts
    return table


def _n_high(data: bytes) -> int:
    """Count the bytes outside ASCII."""
    return len(data) - len(data.translate(None, bytes(range(128, 256))))


def _n_valid(data: bytes) -> int:
    """Count the bytes outside ASCII that are part of valid UTF-8."""
    return _n_high(data.decode("utf-8", "ignore").encode("utf-8"))


def _decode_mostly_utf8(data: bytes) -> Decoded | None:
    """Read UTF-8 with a few damaged bytes, or with lines in another encoding; None where it is no UTF-8 at all."""
    n_high, n_valid = _n_high(data), _n_valid(data)
    if n_valid < 0.5 * n_high:
        return None
    if n_valid < 0.9 * n_high and _cost(_sample(data), "utf-8") > min(_cost(_sample(data), c) for c in _MAIN):
        return None
    lines = data.split(b"\n")
    texts, n_other, n_bad = [], 0, 0
    for line in lines:
        try:
            texts.append(line.decode("utf-8"))
            continue
        except UnicodeDecodeError:
            pass
        text, is_other = _decode_bad_line(line)
        n_other += is_other
        n_bad += text.count("\ufffd")
        texts.append(text)
    notes = [f"mixed encodings: {n_other} lines are not UTF-8 and were read as GB18030 or Big5"] if n_other else []
    notes += [note_of_damage(n_bad)] if n_bad else []
    return Decoded("\n".join(texts), "utf-8", n_valid / max(n_high, 1), "; ".join(notes))


def _decode_bad_line(line: bytes) -> tuple[str, bool]:
    """Read a line that is not valid UTF-8; say whether it is in another encoding altogether."""
    joined = _join_surrogates(line)
    if joined is not None:
        return joined, False
    n_high, n_valid = _n_high(line), _n_valid(line)
    if n_valid >= 0.5 * n_high or n_high < 4:
        return line.decode("utf-8", "replace"), False
    costs = {encoding: _cost(line, encoding) for encoding in ("gb18030", "big5hkscs", "utf-8")}
    best = min(costs, key=lambda encoding: (costs[encoding], encoding))
    return line.decode(best, "replace"), best != "utf-8"


def _join_surrogates(line: bytes) -> str | None:
    """Read surrogates that were encoded one by one (CESU-8); None where that does not help."""
    try:
        text = line.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return None
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _codec_of(declared: str) -> str:
    """Give our name of a declared charset; "" for those that are no evidence."""
    name = declared.strip().lower().replace("_", "-")
    if name.startswith(("gb", "x-gbk", "cp936", "hz", "euc-cn")):
        return "gb18030"
    if name.startswith(("big5", "cp950", "x-x-big5")):
        return "big5hkscs"
    if name in ("shift-jis", "sjis", "cp932", "windows-31j"):
        return "cp932"
    return {"euc-kr": "cp949", "windows-1251": "cp1251", "windows-1252": "cp1252", "iso-8859-1": "cp1252"}.get(name, "")


# --- mojibake ---------------------------------------------------------------------------------------------------------

_LATIN_RUN = re.compile("[\u0080-\u00ff\u0152\u0153\u0160\u0161\u0178\u017d\u017e\u0192\u02c6\u02dc\u2013-\u2122]")


def _repair_mojibake(found: Decoded) -> Decoded:
    """Undo the reading of UTF-8 or GBK as Latin-1, where the whole text shows it and the way back is exact."""
    head = found.text[:20000]
    n_latin = len(_LATIN_RUN.findall(head))
    n_outside = len(head) - len(head.encode("ascii", "ignore"))
    if n_latin < 8 or n_latin < 0.95 * n_outside or n_latin < 0.2 * len(head):
        return found
    for wrong in ("latin-1", "cp1252"):
        try:
            data = found.text.encode(wrong)
        except UnicodeEncodeError:
            continue
        for right in ("utf-8", "gb18030", "big5hkscs"):
            try:
                text = data.decode(right)
            except UnicodeDecodeError:
                continue
            if rarity(text) / max(len(data), 1) < _POOR:
                note = f"garbled: {right} had been read as {wrong} and saved again; the text was put right"
                return Decoded(text, found.encoding, found.margin, note)
    note = "garbled: most characters are accented Latin letters, as when Chinese is read in a wrong encoding; check it"
    return Decoded(found.text, found.encoding, found.margin, note)
