"""passages.csv: the wide table for spreadsheets, in which no cell can be executed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from xietong.runs import Run

#: Characters that spreadsheets skip or drop before they look for a formula: controls, spaces, marks without width.
_SKIPPED = r"\x00-\x20\x7f-\xa0\xad{ogham}{mongolian}{spaces}{line}{maths}{ideographic}{mark}".format(
    ogham=chr(0x1680), mongolian=chr(0x180E), spaces=f"{chr(0x2000)}-{chr(0x200F)}", line=f"{chr(0x2028)}-{chr(0x202F)}",
    maths=f"{chr(0x205F)}-{chr(0x206F)}", ideographic=chr(0x3000), mark=chr(0xFEFF),
)  # fmt: skip
#: What can start a formula, as typed and in full and small width.
_STARTERS = "=+\\-@＝＋－＠﹦﹢﹣﹫"
_COULD_EXECUTE = f"^'*[{_SKIPPED}]*[{_STARTERS}]"
_WAS_MARKED = re.compile(f"^'(?='*[{_SKIPPED}]*[{_STARTERS}])")


def write(run: Run, target: Path) -> None:
    """Write the wide table as UTF-8 with a byte order mark, comma separated, quoted where needed.

    Text that a spreadsheet could execute gets an apostrophe in front; ``unmark`` takes it away again. NUL, which no
    spreadsheet can hold, is shown as ␀. Everything else is as in the tables.
    """
    from pyarrow import csv

    from xietong.wide import wide_schema, widen_in_steps

    names = [name for name in wide_schema(run).names if name != "folded"]
    with open(target, "wb") as stream:
        stream.write(b"\xef\xbb\xbf")
        header = pa.table({f"c{i}": [name] for i, name in enumerate(names)})
        options = csv.WriteOptions(include_header=False, quoting_style="needed")
        csv.write_csv(marked(header), stream, options)
        for rows in widen_in_steps(run):
            csv.write_csv(marked(rows.select(names)), stream, options)


def write_table(table: pa.Table, target: Path) -> None:
    """Write any table in the same way."""
    from pyarrow import csv

    with open(target, "wb") as stream:
        stream.write(b"\xef\xbb\xbf")
        csv.write_csv(marked(table), stream, csv.WriteOptions(quoting_style="needed"))


def with_csv(files: Sequence[Path]) -> list[Path]:
    """Write a CSV file beside every Parquet table among these, for people; give all files, each CSV behind its table."""
    from pyarrow import parquet

    found: list[Path] = []
    for file in files:
        found.append(file)
        if file.suffix == ".parquet":
            found.append(file.with_suffix(".csv"))
            write_table(parquet.read_table(file), found[-1])
    return found


def marked(rows: pa.Table) -> pa.Table:
    """Put the mark before every text that a spreadsheet could execute, and write truth values as TRUE and FALSE."""
    columns = {}
    for name, column in zip(rows.column_names, rows.columns, strict=True):
        if pa.types.is_string(column.type):
            column = pc.replace_substring(column, "\0", "␀")
            could_execute = pc.fill_null(pc.match_substring_regex(column, _COULD_EXECUTE), False)
            column = pc.if_else(could_execute, pc.binary_join_element_wise("'", column, ""), column)
        elif pa.types.is_boolean(column.type):
            column = pc.if_else(column, "TRUE", "FALSE")
        columns[name] = column
    return pa.table(columns)


def mark(text: str) -> str:
    """Give a text as the CSV file shows it."""
    return marked(pa.table({"text": pa.array([text], pa.string())}))["text"][0].as_py()


def unmark(cell: str) -> str:
    """Take the mark of a CSV cell away: the text as it was.

    Examples
    --------
    >>> unmark("'=1+1"), unmark("'tis")
    ('=1+1', "'tis")
    """
    return _WAS_MARKED.sub("", cell, count=1)
