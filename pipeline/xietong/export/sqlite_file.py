"""run.sqlite: the tables of the run with keys, views and a full-text index for Chinese, ready for Datasette."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from xietong.export.sql import KEYS, VIEWS, facets, indexes, pieces, schemas

if TYPE_CHECKING:
    from xietong.runs import Run

#: Trigrams find any three characters in a row, so no word boundaries are needed in Chinese; the folded text stands
#: beside the reading, so that both scripts are found.
_SEARCH = """
create virtual table passages_search using fts5 (
    reading, folded, content="passages", content_rowid="rowid", tokenize="trigram"
);
insert into passages_search (passages_search) values ('rebuild');
"""
#: For words of one or two characters, which trigrams cannot find.
_FIND = """
select passage_id, title, section, reading from passages
where folded like '%' || :words || '%' or reading like '%' || :words || '%' limit 1000
"""


def write(run: Run, target: Path) -> None:
    """Write the tables documents, codes, passages (wide), tags and evidence, views, and ``passages_search``."""
    target.unlink(missing_ok=True)
    with closing(sqlite3.connect(target)) as connection:
        connection.executescript("pragma page_size = 8192; pragma journal_mode = off; pragma synchronous = off;")
        for name, schema in schemas(run).items():
            fields = [f"{_name(field.name)} {_type(field.type)}" for field in schema]
            connection.execute(f"create table {name} ({', '.join([*fields, *KEYS.get(name, ())])})")
            places = ", ".join("?" * len(schema))
            for rows in pieces(run, name, schema):
                columns = [column.to_pylist() for column in rows.columns]
                connection.executemany(f"insert into {name} values ({places})", zip(*columns, strict=True))
        for table, keys in indexes().items():
            for column in keys:
                connection.execute(f"create index {table}_{column} on {table} ({column})")
        for name, query in VIEWS.items():
            connection.execute(f"create view {name} as {query}")
        connection.executescript(_SEARCH)
        connection.commit()
        connection.execute("pragma optimize")


def companions(run: Run, target: Path) -> dict[str, str]:
    """Give the metadata file that tells Datasette what to show: ``datasette run.sqlite -m run.metadata.json``."""
    labels = {code.column: f"{code.label_zh} {code.label_en}: {code.definition}".strip() for code in run.codebook.codes}
    database: dict[str, Any] = {
        "title": "Xietong: coded policy passages",
        "tables": {
            "passages": {"facets": facets(run.codebook), "fts_table": "passages_search", "fts_pk": "rowid",
                         "label_column": "reading", "size": 25, "columns": labels},
            "documents": {"facets": ["status", "region", "level", "year"], "label_column": "title"},
            "codes": {"label_column": "label_en"},
            "tags": {"facets": ["code", "coder_id", "value"]},
            "evidence": {"facets": ["code", "coder_id"]},
        },
        "queries": {"find": {"title": "Words of any length, in the passages", "sql": _FIND.strip()}},
    }  # fmt: skip
    text = json.dumps({"databases": {target.stem: database}}, ensure_ascii=False, indent=1) + "\n"
    return {f"{target.stem}.metadata.json": text}


def _type(kind: pa.DataType) -> str:
    if pa.types.is_floating(kind):
        return "real"
    return "text" if pa.types.is_string(kind) else "integer"


def _name(column: str) -> str:
    return '"' + column.replace('"', '""') + '"'
