"""Reads the user's ``catalogue.csv``, which lies beside the documents and overrules what is worked out from them."""

from __future__ import annotations

import csv
import difflib
import logging
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from xietong.errors import UsageError
from xietong.messages import message
from xietong.metadata.dates import find_dates
from xietong.normalise import fold
from xietong.records import Source

log = logging.getLogger(__name__)

NAME = "catalogue.csv"
LEVELS = ("central", "provincial", "city", "county", "other")
DOC_TYPES = ("work report", "plan", "opinion", "notice", "regulation", "speech", "article", "other")
#: Rows of one source: "" for the source itself, the name inside for a file in an archive or a document in a table.
Rows = dict[str, dict[str, str]]
ITEMS = ("title", "issuer", "region", "level", "doc_type", "doc_date", "year")


def read_catalogues(inputs: Sequence[str | Path], sources: Iterable[Source]) -> dict[str, Rows]:
    """Read every catalogue in the input folders and give each source its row.

    Parameters
    ----------
    inputs : sequence of paths
        Files and folders as given to the run.
    sources : iterable of Source
        What is read. The catalogue names a file in an archive, or a document in a table, ``a.zip!/member``.

    Returns
    -------
    dict
        ``source.file`` to the row, for the sources that have one, and ``a.zip!/member`` to the row of a file in an
        archive. The nearest catalogue above a document wins.

    Raises
    ------
    UsageError
        If a catalogue has problems; all of them are named with file and line.
    """
    sources = list(sources)
    rows: dict[str, Rows] = {}
    problems: list[str] = []
    for file in sorted(_catalogue_files(inputs, sources), key=lambda file: len(file.parts)):
        table, found = _read(file)
        problems += found
        matched = _match(table, file, sources)
        for name, found_rows in matched.items():
            rows[name] = rows.get(name, {}) | found_rows
        missing = len(table) - sum(map(len, matched.values()))
        if missing > 0:
            log.warning(message("catalogue_left_over", file=file, n=missing, of=len(table)))
    if problems:
        raise UsageError("\n".join(problems))
    return rows


def documents_only(sources: Sequence[Source]) -> list[Source]:
    """Leave out the catalogues, which describe documents and are none; a catalogue that is all there is stays."""
    documents = [source for source in sources if Path(source.location).name != NAME]
    return documents or list(sources)


def read_catalogue(folder: str | Path) -> dict[str, dict[str, str]]:
    """Read the catalogue of one folder: file name to row; {} where there is none.

    Raises
    ------
    UsageError
        If it has problems; all of them are named with file and line.
    """
    file = Path(folder, NAME)
    if not file.is_file():
        return {}
    rows, problems = _read(file)
    if problems:
        raise UsageError("\n".join(problems))
    return rows


def _catalogue_files(inputs: Sequence[str | Path], sources: Sequence[Source]) -> set[Path]:
    """Catalogues in the input folders, below them beside documents, and beside single input files."""
    places = [Path(os.path.abspath(name)) for name in inputs]
    roots = {place if place.is_dir() else place.parent for place in places}
    folders = set(roots)
    for source in sources:
        folder = Path(os.path.abspath(source.location)).parent
        while folder not in folders and any(root in folder.parents for root in roots):
            folders.add(folder)
            folder = folder.parent
    return {folder / NAME for folder in folders if (folder / NAME).is_file()}


def _read(file: Path) -> tuple[dict[str, dict[str, str]], list[str]]:
    """Read a catalogue as spreadsheets save it: UTF-8 or GB18030; comma, semicolon or tab."""
    content = file.read_bytes()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        try:
            text = content.decode("gb18030")
        except UnicodeDecodeError:
            return {}, [f"{file}: neither UTF-8 nor GB18030; save it as CSV UTF-8"]
    lines = text.splitlines()
    if not lines:
        return {}, [f"{file}: empty; the first line has to name the columns: file,title,region,level,year"]
    delimiter = max(",;\t", key=lines[0].count)
    reader = csv.DictReader(lines, delimiter=delimiter)
    columns = [(name or "").strip() for name in reader.fieldnames or ()]
    reader.fieldnames = [column.lower() if column.lower() in ("file", *ITEMS) else column for column in columns]
    if "file" not in reader.fieldnames:
        return {}, [f'{file} line 1: no column "file" (found: {", ".join(columns)}); it names each document']
    return _check(file, reader)


def _check(file: Path, reader: csv.DictReader) -> tuple[dict[str, dict[str, str]], list[str]]:
    rows: dict[str, dict[str, str]] = {}
    problems: list[str] = []
    for raw in reader:
        row = {
            (key or "").strip(): (value or "").strip()
            for key, value in raw.items()
            if isinstance(value, str | None) and key
        }
        where = f"{file} line {reader.line_num}"
        name = row.pop("file", "").replace("\\", "/").removeprefix("./")
        if not name:
            if any(row.values()):
                problems.append(f"{where}: no file is named; write the document's path below this folder")
            continue
        if name in rows:
            problems.append(f'{where}: "{name}" has a row already; keep one of the two')
        rows[name] = {key: _READERS.get(key, str)(value) for key, value in row.items() if value}
        problems += [f"{where}: {problem}" for problem in _problems(row, rows[name])]
    return rows, problems


def _problems(given: Mapping[str, str], read: Mapping[str, str]) -> Iterator[str]:
    """Say which values of a row are none that their column can have; ``read`` has "" for them."""
    for item in (item for item in _READERS if given.get(item) and not read[item]):
        value = given[item]
        if item == "year":
            yield f'year "{value}" is not a year; write four digits, for instance 2024'
        elif item == "doc_date":
            yield f'doc_date "{value}" is not a date; write 2024, 2024-03 or 2024-03-15'
        else:
            yield f'{item} "{value}" is not known{_hint(value, LEVELS if item == "level" else DOC_TYPES)}'


def _hint(value: str, allowed: Sequence[str]) -> str:
    near = difflib.get_close_matches(value.lower(), allowed, 1, 0.5)
    listed = ", ".join(_CHINESE_LEVELS.get(name, name) if allowed is LEVELS else name for name in allowed)
    return f'; did you mean "{near[0]}"? It has to be one of {listed}' if near else f"; it has to be one of {listed}"


def _level(value: str) -> str:
    """Give a level as the documents table has it: provincial for 省级; "" for what is none.

    Examples
    --------
    >>> [_level(value) for value in ("省级", "国家级", "中央", "地市级", "县", "Provincial", "乡镇")]
    ['provincial', 'central', 'central', 'city', 'county', 'provincial', '']
    """
    name = fold(value).text.strip().lower()
    return next((level for level in LEVELS if name == level or name.removesuffix("级") in _LEVEL_NAMES[level]), "")


def _doc_type(value: str) -> str:
    name = value.lower()
    return name if name in DOC_TYPES else ""


def _doc_date(value: str) -> str:
    """Give a date as ISO 8601, as exact as stated; "" for what is none, or more than one.

    Examples
    --------
    >>> [_doc_date(value) for value in ("2024/3/5", "2005年12月29日", "2015年", "'2015", "2024-03-05 00:00:00", "2024/13/5")]
    ['2024-03-05', '2005-12-29', '2015', '2015', '2024-03-05', '']
    """
    text = _MIDNIGHT.sub("", fold(value).text.strip("'‘’ "))
    if _ISO.fullmatch(text):
        return text
    dates = find_dates(text)
    return dates[0].iso if dates and (dates[0].start, dates[0].end) == (0, len(text)) else _year(text)


def _year(value: str) -> str:
    match = _FOUR_DIGITS.fullmatch(fold(value).text.strip("'‘’ "))
    return match[1] if match else ""


_ISO = re.compile(r"\d{4}(?:-(?:0[1-9]|1[0-2])(?:-(?:0[1-9]|[12]\d|3[01]))?)?")
_FOUR_DIGITS = re.compile(r"(\d{4})(?:\.0)?(?:年度?)?")
_MIDNIGHT = re.compile(r"[ T]0?0:00(?::00(?:\.0+)?)?$")  # pandas and Excel add it to a day
#: What people write for a level, without 级 at the end.
_LEVEL_NAMES = {
    "central": ("中央", "国家", "全国", "national"),
    "provincial": ("省", "省市区", "自治区", "直辖市", "province"),
    "city": ("市", "地", "地市", "设区市", "州", "自治州", "盟", "municipal", "prefecture"),
    "county": ("县", "区", "区县", "县区", "县市区", "旗", "district"),
    "other": ("其他", "其它"),
}
_CHINESE_LEVELS = {
    "central": "central (中央)", "provincial": "provincial (省级)", "city": "city (市级)", "county": "county (县级)",
    "other": "other (其他)",
}  # fmt: skip
_READERS: dict[str, Callable[[str], str]] = {
    "level": _level, "doc_type": _doc_type, "year": _year, "doc_date": _doc_date,
}  # fmt: skip


def _match(table: Mapping[str, dict[str, str]], file: Path, sources: Sequence[Source]) -> dict[str, Rows]:
    """Give the sources below the catalogue's folder their rows, by path below it or by a file name that is unique."""
    inside: dict[str, list[str]] = {}
    for name in table:
        container, _, member = name.partition("!/")
        inside.setdefault(container, []).extend([member] if member else [])
    matched: dict[str, Rows] = {}
    for source in sources:
        try:
            below = Path(os.path.abspath(source.location)).relative_to(file.parent).as_posix()
        except ValueError:
            continue
        rows: Rows = {}
        for name in (below, source.file, Path(source.file).name):
            for member in ("", *inside.get(name, ())):
                full = f"{name}!/{member}" if member else name
                if full in table:
                    rows.setdefault(member, table[full])
        if rows:
            matched[source.file] = rows
    return matched


def row_of(rows: Rows, source_file: str, file: str) -> dict[str, str]:
    """Give what the catalogue says of a document: an archive's row holds for all in it, a member's own row wins.

    Examples
    --------
    >>> row_of({"": {"region": "云川省"}, "b.txt": {"year": "2024"}}, "a.zip", "a.zip!/b.txt")
    {'region': '云川省', 'year': '2024'}
    """
    return {**rows.get("", {}), **rows.get(file.removeprefix(f"{source_file}!/"), {})}
