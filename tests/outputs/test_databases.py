"""The DuckDB and SQLite files, queried; the SQLite file served by Datasette and asked in Chinese."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from contextlib import closing

import duckdb
import pytest

from xietong.export import export


@pytest.fixture(scope="module")
def sqlite_file(run, tmp_path_factory):
    return export(run, "sqlite", tmp_path_factory.mktemp("sqlite") / "run.sqlite")


def test_sqlite_keys_hold_and_every_row_is_there(sqlite_file, run, wide):
    with closing(sqlite3.connect(sqlite_file)) as connection:
        assert connection.execute("pragma foreign_key_check").fetchall() == []
        assert connection.execute("pragma integrity_check").fetchall() == [("ok",)]
        keys = {row[2] for row in connection.execute("pragma foreign_key_list(evidence)")}
        assert keys == {"passages", "codes"}
        rows = connection.execute("select passage_id, reading, year from passages order by rowid").fetchall()
        assert rows == [(row["passage_id"], row["reading"], row["year"]) for row in wide]
        for name in ("documents", "tags", "evidence"):
            (count,) = connection.execute(f"select count(*) from {name}").fetchone()
            assert count == run.table(name).num_rows


@pytest.mark.parametrize(("words", "found"), [("国土空间", 1), ("區域協調", 1), ("joint plan", 1), ("没有这个", 0)])
def test_sqlite_finds_chinese_in_full_text(sqlite_file, words, found):
    with closing(sqlite3.connect(sqlite_file)) as connection:
        query = "select count(*) from passages_search where passages_search match ?"
        assert connection.execute(query, [f'"{words}"']).fetchone() == (found,)


def test_evidence_cut_again_from_the_database_is_its_quote(sqlite_file, run):
    texts = {row["document_id"]: row["text"] for row in run.table("texts").to_pylist()}
    query = """select p.document_id, e.start, e."end", e.quote, e.start >= p.start and e."end" <= p."end"
               from evidence e join passages p on p.passage_id = e.passage_id"""
    with closing(sqlite3.connect(sqlite_file)) as connection:
        rows = connection.execute(query).fetchall()
    assert rows
    for document_id, start, end, quote, is_inside in rows:
        assert texts[document_id][start:end] == quote
        assert is_inside


@pytest.mark.parametrize("view", ["evidence_in_context", "codes_by_year", "codes_together", "to_review"])
def test_both_databases_answer_their_views_alike(sqlite_file, run, tmp_path, view):
    with closing(sqlite3.connect(sqlite_file)) as connection:
        first = connection.execute(f"select count(*) from {view}").fetchone()
    with duckdb.connect(str(export(run, "duckdb", tmp_path / "run.duckdb")), read_only=True) as connection:
        assert connection.execute(f"select count(*) from {view}").fetchone() == first
    assert first[0] > 0


def test_duckdb_keeps_types_keys_and_rows(run, wide, tmp_path):
    with duckdb.connect(str(export(run, "duckdb", tmp_path / "run.duckdb")), read_only=True) as connection:
        rows = connection.execute("select passage_id, reading, needs_review, path_planning from passages").fetchall()
        assert rows == [(r["passage_id"], r["reading"], r["needs_review"], r["path_planning"]) for r in wide]
        kinds = connection.execute(
            "select constraint_type from duckdb_constraints() where table_name = 'evidence'"
        ).fetchall()
        assert kinds.count(("FOREIGN KEY",)) == 2
        query = "select count(*) from passages where contains(folded, '国土空间')"
        assert connection.execute(query).fetchone() == (1,)


def test_datasette_shows_facets_labels_and_finds_chinese(sqlite_file):
    app = pytest.importorskip("datasette.app", reason="needs datasette")
    metadata = json.loads(sqlite_file.with_name("run.metadata.json").read_text(encoding="utf-8"))

    async def ask(path: str):
        response = await app.Datasette([str(sqlite_file)], metadata=metadata).client.get(path)
        assert response.status_code == 200, path
        return response

    facet = asyncio.run(ask("/run/passages.json?_facet=region&_size=0")).json()["facet_results"]["region"]["results"]
    assert {result["value"]: result["count"] for result in facet}["云岭省"] == 6
    found = asyncio.run(ask("/run/passages.json?_search=国土空间&_shape=array")).json()
    assert [row["region"] for row in found] == ["云岭省"]
    short = asyncio.run(ask("/run/find.json?words=区域&_shape=array")).json()
    assert short == []
    assert len(asyncio.run(ask("/run/find.json?words=區域&_shape=array")).json()) == 1
    page = asyncio.run(ask("/run/passages")).text
    assert "规划协同 Planning" in page
    assert "<script>hostilexss_run" not in page


def test_sqlite_is_the_same_each_time(sqlite_file, run, tmp_path):
    assert export(run, "sqlite", tmp_path / "run.sqlite").read_bytes() == sqlite_file.read_bytes()
