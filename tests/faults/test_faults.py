"""Short forms of the fault scripts: the same programs, a few faults each; their long forms are on the figures page."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
SHORT = {
    "kills.py": ["--kills", "1", "--documents", "8"],
    "every_operation.py": ["--documents", "3", "--step", "12"],
    "edits.py": ["--sequences", "1", "--edits", "2"],
    "two_starts.py": ["--starts", "1", "--documents", "8"],
    "same_bytes.py": ["--only", "interrupted and resumed", "jobs 4"],
}


def run(script, *arguments):
    argv = [sys.executable, str(HERE / script), *arguments]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=900, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("script", sorted(SHORT))
def test_run_survives_the_faults_of(script):
    assert run(script, *SHORT[script])


def test_run_survives_the_death_of_a_dask_worker():
    pytest.importorskip("distributed")
    assert "1 of 1" in run("dask_kills.py", "--kills", "1", "--documents", "150")


def test_run_says_that_the_disk_is_full_and_goes_on_when_there_is_room():
    if not may_mount():
        pytest.skip("no right to mount a small file system here")
    assert "2 of 2" in run("disk_full.py", "--sizes", "2", "--documents", "8")


def may_mount():
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        return False
    with tempfile.TemporaryDirectory() as folder:
        mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", folder]
        if subprocess.run(mount, capture_output=True, check=False).returncode:
            return False
        return subprocess.run(["umount", folder], check=False).returncode == 0
