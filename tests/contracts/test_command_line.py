import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from xietong.cli import app

ROOT = Path(__file__).resolve().parents[2]


def commands(group, names=()):
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, (*names, name))
        else:
            yield (*names, name), command


def call(*words):
    return subprocess.run(
        [sys.executable, "-m", *words], capture_output=True, text=True, cwd=ROOT, timeout=300, check=False
    )


COMMANDS = dict(commands(typer.main.get_command(app)))


@pytest.mark.parametrize("names", COMMANDS, ids=" ".join)
def test_every_command_has_help_that_ends_in_an_example(names):
    assert re.search(rf"\n\s*Example: xietong {' '.join(names)}\b.*\Z", COMMANDS[names].help)


@pytest.mark.parametrize("names", COMMANDS, ids=" ".join)
def test_every_option_says_what_it_does(names):
    silent = [p.name for p in COMMANDS[names].params if not getattr(p, "help", "") and p.name not in {"help", "run"}]
    assert not silent


@pytest.mark.parametrize(
    "names", [n for n in COMMANDS if n not in {("run",), ("review",), ("agree",), ("train",)}], ids=" ".join
)
def test_the_example_of_each_command_works(names, sample_run, tmp_path):
    example = COMMANDS[names].help.rsplit("Example: ", 1)[1].strip()
    passage = sample_run.tags().query("value > 0")["passage_id"].iloc[0]
    copy = tmp_path / "run"  # some commands add to the run folder
    shutil.copytree(sample_run.folder, copy)
    words = [
        word.replace("outputs/sample", str(copy)).replace("0123456789abcdef", passage) for word in shlex.split(example)
    ]
    if {"export", "report"} & set(names):
        words += ["--out", str(tmp_path / "out")]
    done = call(*words)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()


def test_results_go_to_stdout_and_nothing_else_does(sample_run):
    done = call("xietong", "run", str(ROOT / "corpora" / "sample"), "--out", str(sample_run.folder), "--quiet")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("what", ["catalogue", "codebook"])
def test_each_problem_of_a_catalogue_or_codebook_stands_on_its_own_line(what, tmp_path):
    (tmp_path / "in.txt").write_text("推动区域产业协同。", encoding="utf-8")
    words = ["xietong", "run", str(tmp_path), "--out", str(tmp_path / "out")]
    if what == "catalogue":
        (tmp_path / "catalogue.csv").write_text("file,year\nin.txt,x1\nb.txt,x2\n", encoding="utf-8")
    else:
        shutil.copytree(ROOT / "seeds" / "rothwell-zegveld", tmp_path / "mine")
        for code in ("x1", "x2"):
            with (tmp_path / "mine" / "terms.csv").open("a", encoding="utf-8") as file:
                file.write(f"{code},zh,某个词,strong,\n")
        words += ["--codebook", str(tmp_path / "mine")]
    done = call(*words)
    assert done.returncode == 2
    lines = done.stderr.splitlines()
    assert [sum(wrong in line for line in lines) for wrong in ("x1", "x2")] == [1, 1]
    assert not [line for line in lines if "x1" in line and "x2" in line]


def test_options_from_a_file_are_used_and_unknown_ones_are_named(tmp_path):
    text, config, out = (str(tmp_path / name) for name in ("in.txt", "run.toml", "out"))
    Path(text).write_text("推动区域产业协同。加快铁路建设。", encoding="utf-8")
    Path(config).write_text('unit = "sentence"\njobs = 1\n', encoding="utf-8")
    done = call("xietong", "run", text, "--out", out, "--config", config)
    assert done.returncode == 0, done.stderr
    assert ", 2 passages" in done.stdout
    Path(config).write_text("unti = 1\n", encoding="utf-8")
    done = call("xietong", "run", text, "--out", out, "--config", config)
    assert done.returncode == 2
    assert "unti" in done.stderr
