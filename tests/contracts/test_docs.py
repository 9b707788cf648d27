"""The documentation builds without a warning, and every command on its pages works as written."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "pipeline" / "docs"


def blocks(page: str) -> list[tuple[str, str]]:
    """Language and content of each block of code on a page."""
    return re.findall(r"```(sh|python)\n(.*?)```", (DOCS / page).read_text(encoding="utf-8"), flags=re.DOTALL)


def call(arguments: list[str], folder: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-m", *arguments], cwd=folder, capture_output=True, text=True, check=False, encoding="utf-8"
    )
    assert done.returncode == 0, f"{arguments}\n{done.stderr}"
    return done.stdout


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / "corpora" / "sample", tmp_path / "corpora" / "sample")
    return tmp_path


def test_pages_build_without_a_warning(tmp_path: Path) -> None:
    pytest.importorskip("sphinx", reason='needs pip install -e ".[docs]"')
    call(["sphinx", "-q", "-W", "--keep-going", "-d", str(tmp_path / "seen"), str(DOCS), str(tmp_path / "pages")], ROOT)
    commands = (tmp_path / "pages" / "commands.html").read_text(encoding="utf-8")
    assert "xietong codebook suggest" in commands


@pytest.mark.parametrize("page", ["howto"])
def test_both_languages_give_the_same_commands(page: str) -> None:
    assert blocks(f"{page}.md") == blocks(f"{page}.zh.md")


def test_every_page_is_listed() -> None:
    listed = set(re.findall(r"^[\w.]+$", (DOCS / "index.md").read_text(encoding="utf-8"), flags=re.MULTILINE))
    assert {page.stem for page in DOCS.glob("*.md")} - {"index"} == listed | {"commands"}


def test_how_to_works_as_written(folder: Path) -> None:
    for language, content in blocks("howto.md"):
        if language == "python":
            done = subprocess.run(
                [sys.executable, "-c", content], cwd=folder, capture_output=True, text=True, check=False
            )
            assert done.returncode == 0, done.stderr
            continue
        for line in content.strip().splitlines():
            call(line.split(), folder)
    for written in ("project.qdpx", "codebook.qdc", "passages.dta", "passages.sav", "passages.parquet", "run.sqlite"):
        assert (folder / "outputs" / "howto" / written).is_file()


def wait_for(port: int, process: subprocess.Popen, seconds: float = 120) -> None:
    """Wait until somebody listens at a port of this machine; how long that takes is the machine's business."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        assert process.poll() is None, f"{process.args} ended with {process.returncode}"
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.2)
    raise AssertionError(f"nobody listens at port {port} after {seconds} s")


def test_cluster_works_as_written_and_gives_the_local_result(folder: Path, sample_run) -> None:
    scheduler, worker, run = [content.split() for _, content in blocks("cluster.md")]
    scheduler_port = int(run[run.index("--scheduler") + 1].rpartition(":")[2])
    started = []
    try:
        for command in (scheduler, worker):
            assert command[0] == "dask"
            started.append(
                subprocess.Popen(
                    [sys.executable, "-m", "dask", *command[1:]],
                    cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                )
            )  # fmt: skip
            wait_for(scheduler_port, started[-1])
        call(run, folder)
    finally:
        for process in reversed(started):
            process.terminate()
            process.wait(timeout=30)
    name = "tables/tags.parquet"
    assert (folder / "outputs" / "cluster" / name).read_bytes() == (sample_run.folder / name).read_bytes()
