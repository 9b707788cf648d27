import re
from dataclasses import fields
from pathlib import Path

import pytest

from xietong.export import EXPORTERS
from xietong.ingest.bounds import Bounds
from xietong.ingest.formats import CONTAINERS, FORMATS
from xietong.tables import BY_CORPUS, BY_DOCUMENT

DOCS = Path(__file__).resolve().parents[2] / "pipeline" / "docs"
MANUAL = (DOCS / "manual.md").read_text(encoding="utf-8")
NAMED = set(re.findall(r"`([a-z0-9_]+)`", MANUAL))


@pytest.mark.parametrize("table", [*BY_DOCUMENT, *BY_CORPUS])
def test_every_table_and_column_is_in_the_manual(table):
    schema = (BY_DOCUMENT | BY_CORPUS)[table]
    assert {table, *schema.names} - NAMED - {table if f"## {table}:" in MANUAL else ""} == set()


@pytest.mark.parametrize("bound", fields(Bounds), ids=lambda field: field.name)
def test_every_bound_is_in_the_manual_with_its_value(bound):
    assert f"| `{bound.name}` | {bound.default:,.0f} |" in MANUAL


@pytest.mark.parametrize("readme", ["README.md", "README.zh.md"])
def test_bounds_stand_in_the_manual_alone(readme):
    text = (Path(__file__).resolve().parents[2] / readme).read_text(encoding="utf-8")
    assert "pipeline/docs/manual.md#bounds" in text
    assert not re.findall(rf"^\\| `({'|'.join(field.name for field in fields(Bounds))})`", text, flags=re.MULTILINE)


@pytest.mark.parametrize("readme", ["README.md", "README.zh.md"])
@pytest.mark.parametrize("kind", [*FORMATS, *CONTAINERS])
def test_every_format_that_is_read_is_in_the_readme(kind, readme):
    text = (Path(__file__).resolve().parents[2] / readme).read_text(encoding="utf-8")
    name = {"text": "TXT", "mail": "EML", "gzip": "GZ", "bzip2": "BZ2"}.get(kind, kind.upper())
    line = next(line for line in text.splitlines() if line.startswith("TXT"))
    assert name in re.findall(r"[A-Z0-9]+", line.upper())


def test_every_coder_is_in_the_manual_and_explained_in_both_languages():
    from xietong.coders import CODER_IDS

    pages = [(DOCS / name).read_text(encoding="utf-8") for name in ("explanation.md", "explanation.zh.md")]
    assert [coder for coder in CODER_IDS if coder not in NAMED] == []
    assert [coder for coder in CODER_IDS for page in pages if f"| `{coder}` |" not in page] == []


@pytest.mark.parametrize("format", EXPORTERS)
def test_every_export_is_in_the_table_of_exports_with_the_file_it_writes(format):
    rows = [line for line in (DOCS / "exports.md").read_text(encoding="utf-8").splitlines() if line.startswith("| `")]
    assert [row for row in rows if f"`{format}`" in row and f"`{EXPORTERS[format][1]}`" in row]


def test_every_command_is_in_the_manual():
    import typer

    from xietong.cli import app

    group = typer.main.get_command(app)
    names = [name for name in group.commands if name != "codebook"]
    names += [f"codebook {name}" for name in group.commands["codebook"].commands]
    section = MANUAL.split("## Commands")[1].split("##")[0]
    assert not [name for name in names if not re.search(rf"`(xietong )?{name}`", section)]
