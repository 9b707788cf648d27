import re
from dataclasses import fields
from pathlib import Path

import pytest

from xietong.ingest.bounds import Bounds
from xietong.tables import BY_CORPUS, BY_DOCUMENT

MANUAL = (Path(__file__).resolve().parents[2] / "pipeline" / "docs" / "manual.md").read_text(encoding="utf-8")
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


def test_every_command_is_in_the_manual():
    import typer

    from xietong.cli import app

    group = typer.main.get_command(app)
    names = [name for name in group.commands if name != "codebook"]
    names += [f"codebook {name}" for name in group.commands["codebook"].commands]
    section = MANUAL.split("## Commands")[1].split("##")[0]
    assert not [name for name in names if not re.search(rf"`(xietong )?{name}`", section)]
