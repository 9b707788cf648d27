"""Chooses the columns of a table: which hold the texts, which the ids, and which say what a row is from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from xietong.ingest.bounds import Bounds
from xietong.ingest.reasons import Unreadable
from xietong.ingest.table_documents import MOST_COLUMNS, TextRow, names_of, telling_columns

#: A column of texts has at least this many characters a cell on average, or a name that says so.
_MIN_TEXT = 12
#: A second column of texts has this many, and this share of the first one's.
_MIN_MORE_TEXT, _MIN_MORE_SHARE = 40, 0.2
#: In a workbook a column without such a name is the texts only if it has this share of all letters.
_MIN_SHARE = 0.8
#: What is longer than this is no column's name; Chinese characters count double.
_LONGEST_NAME = 80
_SAMPLE_ROWS = 2000


@dataclass(frozen=True, slots=True)
class Table:
    """One sheet: its name, its header, and the rows below it as text."""

    name: str
    header: list[str]
    rows: Sequence[Sequence[str]]
    is_workbook: bool = False
    has_header: bool = True


@dataclass(frozen=True, slots=True)
class Layout:
    """What the columns of a table are for, by their numbers."""

    table: Table
    texts: tuple[int, ...]  # the cells of these make a row's text
    ids: int | None  # None where rows are named by their numbers
    others: tuple[int, ...]  # passed on to the documents table where rows are told apart
    is_given: bool  # the user named the column of texts

    @property
    def telling(self) -> list[str]:
        """Names of the columns that tell documents apart."""
        return telling_columns(self.table.header[n] for n in self.others)

    def rows(self) -> Iterator[TextRow]:
        """Give the rows that hold a text."""
        for number, cells in enumerate(self.table.rows, start=1 + self.table.has_header):
            text = "\n".join(filter(str.strip, (_at(cells, n).strip("\n") for n in self.texts)))
            if text:
                name = self._row_name(number)
                others = {self.table.header[n]: _at(cells, n).strip() for n in self.others}
                yield TextRow(_at(cells, self.ids).strip() or name, name, text, others)

    def _row_name(self, number: int) -> str:
        return f"{self.table.name}!{number}" if self.table.name else str(number)

    def note(self, *, is_apart: bool) -> str:
        """Say which columns were taken and which were not."""
        header = self.table.header
        where = f'sheet "{self.table.name}": ' if self.table.name else ""
        chosen = "texts from column" if self.is_given else "texts taken from column"
        names = " and ".join(f'"{header[n]}"' for n in self.texts)
        by = f', ids from "{header[self.ids]}"' if self.ids is not None else ", ids are row numbers"
        told = f"; rows with the same {', '.join(self.telling)} are one document" if is_apart else ""
        kept = {*self.texts, self.ids, *(self.others if is_apart else ())}
        left = [name for n, name in enumerate(header) if n not in kept]
        rest = f"; not read: {', '.join(left[:12])}{' …' if len(left) > 12 else ''}" if left else ""
        n_uneven = sum(len(row) != len(header) for row in self.table.rows)
        uneven = f"; {n_uneven} rows have more or fewer cells than the header" if n_uneven else ""
        return f"{where}{chosen} {names}{by}{told}{rest}{uneven}"


def _at(cells: Sequence[str], n: int | None) -> str:
    return cells[n] if n is not None and n < len(cells) else ""


def with_header(name: str, rows: Iterable[Sequence[str]], bounds: Bounds, *, is_workbook: bool = False) -> Table:
    """Take the first row that is not blank as the header, unless it holds a text itself."""
    kept = []
    for row in rows:
        if any(cell.strip() for cell in row):
            kept.append(row)
        if len(kept) > bounds.rows:
            raise Unreadable("too_many_members", n=f"more than {bounds.rows} rows", bound=bounds.rows)
    header = [cell.strip() for cell in kept[0]] if kept else []
    if not is_workbook and max(map(_weight, header), default=0) > _LONGEST_NAME:
        return Table(name, [f"column {n}" for n in range(1, len(header) + 1)], kept, has_header=False)
    return Table(name, header, kept[1:], is_workbook)


def choose_columns(table: Table, text_column: str, id_column: str) -> Layout | None:
    """Say what each column is for; None where none holds texts."""
    first = _text_column_of(table, text_column)
    if first is None:
        return None
    ids = _id_column_of(table, id_column, first)
    texts = (first, *(() if text_column else _more_texts(table, first, ids)))
    telling = set(telling_columns(table.header))
    others = [
        n
        for n, name in enumerate(table.header)
        if name and n not in texts and (n != ids or name in telling) and table.header.index(name) == n
    ]
    # those that say what a document is come first, should there be too many
    others.sort(key=lambda n: table.header[n] not in telling)
    return Layout(table, texts, ids, tuple(sorted(others[:MOST_COLUMNS])), bool(text_column))


def is_for_people(tables: Sequence[Table], layouts: Sequence[Layout | None]) -> bool:
    """Say whether rows would leave out sheets with text, and no column's name says that it holds the texts."""
    names = {layout.table.header[layout.texts[0]].lower() for layout in layouts if layout is not None}
    left_out = any(layout is None and table.rows for table, layout in zip(tables, layouts, strict=True))
    return names.isdisjoint(names_of("text")) and left_out


def column_names(tables: Sequence[Table]) -> str:
    """List the columns' names for a message."""
    names = list(dict.fromkeys(name for table in tables for name in table.header))
    return ", ".join(names[:20]) + (f" … ({len(names)} in all)" if len(names) > 20 else "")


def _text_column_of(table: Table, wanted: str) -> int | None:
    """Give the number of the column of texts, or None."""
    if wanted:
        return table.header.index(wanted) if wanted in table.header else None
    lower = [name.lower() for name in table.header]
    lengths = [_mean_length(table, column) for column in range(len(table.header))]
    for name in names_of("text"):
        if name in lower and lengths[lower.index(name)] > 0:
            return lower.index(name)
    if not lengths or not table.rows or max(lengths) < _MIN_TEXT:
        return None
    if table.is_workbook and (max(lengths) < _MIN_SHARE * sum(lengths) or not all(table.header)):
        return None  # a sheet laid out for people, with headings across it, is a document of its own
    return lengths.index(max(lengths))


def _more_texts(table: Table, first: int, ids: int | None) -> list[int]:
    """Give the columns whose texts belong to the same row: of the same name, or as long where no name says which."""
    name = table.header[first]
    same = [n for n, other in enumerate(table.header) if n != first and other == name]
    if name.lower() in names_of("text"):
        return same
    least = max(_MIN_MORE_TEXT, _MIN_MORE_SHARE * _mean_length(table, first))
    known = set(telling_columns(table.header))
    return [
        n
        for n, other in enumerate(table.header)
        if n in same or (n not in (first, ids) and other not in known and _mean_length(table, n) >= least)
    ]


def _mean_length(table: Table, column: int) -> float:
    """Mean number of letters a cell, over the cells that are not empty; Chinese characters count double."""
    cells = [row[column] for row in table.rows[:_SAMPLE_ROWS] if column < len(row) and row[column].strip()]
    if not cells:
        return 0.0
    return sum(_weight(cell[:500]) for cell in cells) / len(cells)


def _weight(text: str) -> int:
    letters = sum(c.isalpha() for c in text)
    return letters + sum("\u3400" <= c <= "\u9fff" for c in text)


def _id_column_of(table: Table, wanted: str, text_column: int) -> int | None:
    """Give the number of the column of ids, or None where rows are named by their numbers."""
    if wanted:
        if wanted not in table.header:
            raise Unreadable("no_such_column", column=wanted, columns=column_names([table]))
        return table.header.index(wanted)
    lower = [name.lower() for name in table.header]
    return next((lower.index(n) for n in names_of("id") if n in lower and lower.index(n) != text_column), None)
