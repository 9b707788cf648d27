"""Tells the documents in a table of texts apart: rows that agree in title, place, date and the like are one document."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache

from xietong.ingest.extract import Part
from xietong.ingest.sources import showable
from xietong.lists import read_list
from xietong.records import Row

#: Roles of columns that say what document a row is from; ``document`` names it and is no metadata.
ROLES = ("document", "title", "issuer", "region", "level", "doc_type", "doc_date", "year")
#: Columns of the user's own that are passed on, and the characters of one of their cells.
MOST_COLUMNS, MOST_CHARS = 50, 500
_LONGEST_LABEL = 60


@dataclass(frozen=True, slots=True)
class TextRow:
    """The text of one row, with its id and its other cells by the names of their columns."""

    source_id: str
    name: str  # by its number, for a document's label where the id is not fit for one
    text: str
    cells: Mapping[str, str]


@cache
def names_of(role: str) -> tuple[str, ...]:
    """Give the names that columns of a role have, in lower case, the preferred ones first."""
    return tuple(row["name"] for row in read_list("table_columns") if row["role"] == role)


def telling_columns(header: Iterable[str]) -> list[str]:
    """Give the columns that tell documents apart: those that state title, issuer, place, date or a document's name."""
    return [name for name in header if any(name.lower() in names_of(role) for role in ROLES)]


@dataclass(slots=True)
class _Gathered:
    """The rows of one document, and the cells in which they agree."""

    rows: list[TextRow] = field(default_factory=list)
    columns: dict[str, str] = field(default_factory=dict)

    def add(self, row: TextRow) -> None:
        if not self.rows:
            self.columns = dict(row.cells)
        self.rows.append(row)
        for name in [name for name, value in self.columns.items() if row.cells.get(name, "") != value]:
            del self.columns[name]


def into_documents(rows: Sequence[TextRow], telling: Sequence[str], most: int) -> tuple[Part, ...]:
    """Gather rows into documents, in the order of their first rows.

    Parameters
    ----------
    rows : with their cells
    telling : columns in which the rows of one document agree
    most : documents at most; () where there are more, so that the table stays one document
    """
    gathered: dict[tuple[str, ...], _Gathered] = {}
    for row in rows:
        gathered.setdefault(tuple(row.cells.get(name, "").strip() for name in telling), _Gathered()).add(row)
        if len(gathered) > most:
            return ()
    names: dict[str, int] = {}
    return tuple(_part(document, key, names) for key, document in gathered.items())


def _part(document: _Gathered, key: tuple[str, ...], names: dict[str, int]) -> Part:
    rows, at = [], 0
    for row in document.rows:
        rows.append(Row(row.source_id, at, at + len(row.text)))
        at += len(row.text) + 1
    text = "\n".join(row.text for row in document.rows) + "\n"
    columns = {name: value[:MOST_CHARS] for name, value in document.columns.items() if value.strip()}
    return Part(name=_label(document.rows, key, names), text=text, rows=tuple(rows), columns=columns)


def _label(rows: Sequence[TextRow], key: tuple[str, ...], names: dict[str, int]) -> str:
    """Name a document by its only row's id, else by what its rows agree in; no two of a table have the same name."""
    stated = rows[0].source_id if len(rows) == 1 else "·".join(filter(None, key))
    is_fit = 0 < len(stated) <= _LONGEST_LABEL and "/" not in stated
    base = label = showable(stated if is_fit else rows[0].name)
    while label in names:
        names[base] += 1
        label = f"{base}#{names[base]}"
    names[label] = 1
    return label
