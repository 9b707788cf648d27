"""How the names of public bodies end: 政府, 委, 厅, 局 …

There are two patterns because two questions are asked. Where a label, 关于 behind it or a date below says that a name
stands here, ``BODY_END`` takes every ending there is. Where nothing says so, ``is_body`` asks for an ending that hardly any
other line has: 会, 院 or 中心 also end headings (推进产学研结合, 建设国际消费中心).
"""

from __future__ import annotations

import re

_NO_OFFICE = "(?<![布格结全新大当开变时定])局"  # 布局, 格局, 结局, 全局 …

#: A pattern for the end of a name that is known to be a body's.
BODY_END = rf"(?:政府|人大|中央|委|会|厅|{_NO_OFFICE}|部|署|院|室|办|[银分支总]行|处|组|中心|公司|集团|大学)"
_BODY = re.compile(
    r"(?![一二三四五六七八九十]{1,3}[、.]|第.{1,3}[章条节篇部]|[(\d])(?:国务院|中共中央|[^,。;:!?、《》【】\d\t]{2,38}"
    rf"(?:政府|办公室|委员会|[省市县区州国]委|总工会|厅|.{_NO_OFFICE}|[^内全东中西南北各干门一总]部|法院|检察院|国务院|中共中央|科学院))"
)
#: For whom a report is given: 现在,我代表市人民政府向大会报告工作; not 人民代表大会.
SPEAKER = re.compile(r"代表(?!大会)(国务院|[\u4e00-\u9fff]{0,12}?(?:人民|省|市|县|区|州)政府)")


def is_body(line: str) -> bool:
    """Whether a folded line is nothing but the name of a public body.

    Examples
    --------
    >>> is_body("澜江省人民政府办公厅"), is_body("塑造优势互补的区域格局")
    (True, False)
    """
    return len(line) <= 40 and _BODY.fullmatch(line) is not None
