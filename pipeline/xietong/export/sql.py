"""What the two database formats share: tables, keys, views, and the rows that go in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from xietong.codebook import CODE_FACTS
from xietong.tables import BY_CORPUS, EVIDENCE, TAGS
from xietong.wide import facet_column, wide_schema, widen_in_steps

if TYPE_CHECKING:
    from xietong.codebook import Codebook
    from xietong.runs import Run

#: Keys of the tables, in the order in which they have to be filled.
KEYS = {
    "documents": ("primary key (document_id)",),
    "codes": ("primary key (code)",),
    "passages": ("primary key (passage_id)", "foreign key (document_id) references documents (document_id)"),
    "tags": (
        "foreign key (passage_id) references passages (passage_id)",
        "foreign key (code) references codes (code)",
    ),
    "evidence": (
        "foreign key (passage_id) references passages (passage_id)",
        "foreign key (code) references codes (code)",
    ),
}
#: Views that answer the questions asked most; plain SQL that both programs run.
VIEWS = {
    "evidence_in_context": """
        select e.passage_id, d.title, d.region, d.year, p.section, e.code, e.coder_id, e.quote, e.weight, p.reading
        from evidence e join passages p on p.passage_id = e.passage_id
        join documents d on d.document_id = p.document_id""",
    "codes_by_year": """
        select d.year, t.code, count(*) as n_passages, sum(case when t.value > 1 then 1 else 0 end) as n_synergy
        from tags t join passages p on p.passage_id = t.passage_id
        join documents d on d.document_id = p.document_id
        where t.coder_id = 'combined' and t.value > 0 group by d.year, t.code""",
    "codes_together": """
        select a.code as code, b.code as other_code, count(*) as n_passages
        from tags a join tags b on b.passage_id = a.passage_id and b.facet <> a.facet
        where a.coder_id = 'combined' and b.coder_id = 'combined' and a.value > 0 and b.value > 0
        group by a.code, b.code""",
    "to_review": "select * from passages where needs_review",
}


def schemas(run: Run) -> dict[str, pa.Schema]:
    """Give the columns of every table; ``passages`` is the wide table with the verbatim text."""
    fields = list(wide_schema(run))
    place = [field.name for field in fields].index("reading")
    passages = pa.schema([*fields[:place], pa.field("text", pa.string()), *fields[place:]])
    codes = pa.schema([("code", pa.string()), ("facet", pa.string()), ("column_name", pa.string()),
                       *((name, pa.int32() if name == "scale_max" else pa.string()) for name in CODE_FACTS)])  # fmt: skip
    documents = pq.read_schema(run.folder / "tables" / "documents.parquet")
    made = {name: schema for name, schema in BY_CORPUS.items() if run.has_table(name)}  # by topics, keywords, trends
    return {"documents": documents, "codes": codes, "passages": passages, "tags": TAGS, "evidence": EVIDENCE, **made}


def pieces(run: Run, name: str, schema: pa.Schema) -> Iterator[pa.Table]:
    """Give the rows of a table, a row group at a time."""
    if name == "codes":
        yield pa.Table.from_pylist(_code_rows(run.codebook), schema=schema)
        return
    file = pq.ParquetFile(run.folder / "tables" / f"{name}.parquet")
    wide = widen_in_steps(run) if name == "passages" else None
    for number in range(file.num_row_groups):
        if wide is None:
            yield file.read_row_group(number).select(schema.names).cast(schema)
        else:
            rows = next(wide)
            yield rows.append_column("text", file.read_row_group(number, columns=["text"])["text"]).select(schema.names)


def indexes() -> dict[str, tuple[str, ...]]:
    """Name the columns that are looked things up by."""
    return {
        "passages": ("document_id", "region", "year"),
        "tags": ("passage_id", "code"),
        "evidence": ("passage_id", "code"),
    }


def facets(codebook: Codebook) -> list[str]:
    """Name the columns of passages that are worth counting."""
    return ["year", "region", "level", "language", "kind", *(facet_column(facet) for facet in codebook.facets)]


def _code_rows(codebook: Codebook) -> list[dict[str, Any]]:
    return [
        {"code": code.code, "facet": code.facet, "column_name": code.column}
        | {name: getattr(code, name) for name in CODE_FACTS}
        for code in codebook.codes
    ]
