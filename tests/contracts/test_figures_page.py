"""The figures page: every figure that is quoted has a section with the command that gives it, and the command exists."""

import importlib.util
import re
import shlex
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def script():
    spec = importlib.util.spec_from_file_location("figures", ROOT / "pipeline" / "docs" / "figures.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules["figures"] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


def test_the_page_has_every_figure_under_the_command_that_gives_it(script):
    page = script.PAGE.read_text(encoding="utf-8")
    shown = re.findall(r"\n## (.*)\n\n`(.*)`\n", page)
    assert shown == [(figure.title, figure.command) for figure in script.FIGURES]


def test_every_command_whole_or_short_names_a_file_that_exists(script):
    for figure in (*script.FIGURES, *(figure.shortened() for figure in script.FIGURES)):
        files = [word for word in shlex.split(figure.command) if word.endswith(".py")]
        assert files, figure.command
        assert all((ROOT / file).is_file() for file in files), figure.command


def test_a_short_command_differs_where_the_figure_says_so(script):
    for figure in script.FIGURES:
        assert (figure.shortened().command != figure.command) == any(figure.short), figure.name
