"""run.duckdb: the tables of the run with keys between them, for SQL over millions of rows."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from xietong.export.sql import KEYS, VIEWS, pieces, schemas

if TYPE_CHECKING:
    from xietong.runs import Run


def write(run: Run, target: Path) -> None:
    """Write the tables documents, codes, passages (wide), tags and evidence, and views over them."""
    import duckdb

    with duckdb.connect(str(target)) as connection:
        connection.execute("set threads = 1")  # rows stay in their order
        for name, schema in schemas(run).items():
            connection.register("incoming", schema.empty_table())
            types = connection.execute("describe incoming").fetchall()
            fields = [f'"{column[0].replace(chr(34), chr(34) * 2)}" {column[1]}' for column in types]
            connection.execute(f"create table {name} ({', '.join([*fields, *KEYS.get(name, ())])})")
            for rows in pieces(run, name, schema):
                connection.register("incoming", rows)
                connection.execute(f"insert into {name} select * from incoming")
            connection.unregister("incoming")
        for name, query in VIEWS.items():
            connection.execute(f"create view {name} as {query}")
