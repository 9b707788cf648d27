"""Names the parts of an official letter around its text: number, addressees, signatures and date."""

from __future__ import annotations

import re

from xietong.bodies import BODY_END
from xietong.characters import HAN, simplify
from xietong.lines import Block

# 沪科〔2025〕5号, 国发(2016)8号, 高 教〔2016〕55号
_NUMBER = re.compile(rf"[{HAN}()\s]{{1,16}}[〔\[【(]\s*\d{{4}}\s*[〕\]】)]\s*(?:第\s*)?\d{{1,4}}\s*[号號]")
_DAY = (
    r"\(?(?:\d{4}|[〇○零一二三四五六七八九]{4})\s*年\s*(?:\d{1,2}|[一二三四五六七八九十]{1,3})\s*月"
    r"\s*(?:\d{1,2}|[一二三四五六七八九十]{1,3})\s*日\)?"
)
_DATE = re.compile(_DAY)
# 各有关区人民政府,市政府有关委、办、局,各有关单位: 青川省、柏川省人民政府,商务部: (a list of bodies, where BODY_END
# is the end of one; 单位, 部门, 机构 and 学校 are only ever addressed)
_ADDRESSEES = re.compile(
    rf"(?=.*(?:各|人民政府))(?=.*(?:政府|单位|部门|委|局|厅|办|公司|机构|院|校|署|行|会))[{HAN}、,()\s]{{3,150}}:"
)
# what makes a sentence of it: 各部门要做到:
_ASKED = re.compile(r"[要应做将按对以使让把请可须]|如下|包括|以下|下列|各款|情形|例如|分别")
# in whose name a letter is signed
_BODY = rf"(?<![的与和及、]){BODY_END}"
_SIGNATURE = re.compile(rf"[{HAN}()·\s]{{3,40}}{_BODY}")
_SIGNED_AND_DATED = re.compile(rf"[{HAN}()·\s]{{2,120}}{_BODY}\s*{_DAY}")
#: Bodies that sign one letter, at most.
_MOST_SIGNATURES = 20


def name_letter(blocks: list[Block]) -> None:
    """Set the kind of number, addressees, signatures and date to ``front``: they say nothing on any field.

    A signature is a body's name alone on a line above the date.
    """
    for i, block in enumerate(blocks):
        if block.kind not in ("body", "heading", "list") or len(block.text) > 170:
            continue
        text = block.text.strip()
        if _NUMBER.fullmatch(text) or _is_addressed(text) or _is_signed_and_dated(text):
            block.kind = "front"
        elif _DATE.fullmatch(text):
            block.kind = "front"
            _name_signatures(blocks[max(i - _MOST_SIGNATURES, 0) : i])


def _is_addressed(text: str) -> bool:
    if text[-1:] != ":":
        return False
    plain = simplify(text)
    return _ADDRESSEES.fullmatch(plain) is not None and not _ASKED.search(plain)


def _is_signed_and_dated(text: str) -> bool:
    return text[-1:] in ("日", ")") and _SIGNED_AND_DATED.fullmatch(simplify(text)) is not None


def _name_signatures(above: list[Block]) -> None:
    """Name the bodies directly above a date."""
    for block in reversed(above):
        if block.kind in ("boilerplate", "footnote"):
            continue
        signature = simplify(block.text[:50]).strip()
        if block.kind not in ("body", "heading", "front") or not _SIGNATURE.fullmatch(signature):
            return
        block.kind = "front"
