"""Short forms of the benchmarks: each must still run and print its table; none can fail for being slow."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
SHORT = {
    "floor.py": ["--mb", "0.5", "--rounds", "1"],
    "formats.py": ["--mb", "0.05"],
    "reading.py": ["--mb", "0.05", "--rounds", "1"],
    "runs.py": ["--sizes", "0.05", "--jobs", "1", "--engines", "local"],
    "startup.py": ["--rounds", "1"],
}


@pytest.mark.parametrize("script", sorted(SHORT))
def test_short_form_prints_a_table_and_keeps_its_rows(script, tmp_path):
    argv = [sys.executable, str(HERE / script), *SHORT[script], "--json", str(tmp_path / "rows.json")]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=900, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(done.stdout.splitlines()) >= 2
    assert json.loads((tmp_path / "rows.json").read_text(encoding="utf-8"))
