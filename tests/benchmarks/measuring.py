"""Runs a program and says how long it took and how much memory it and its children held; prints and keeps the rows."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any


def measure_program(command: Sequence[str]) -> dict[str, float]:
    """Run a program to its end.

    Returns
    -------
    dict
        ``seconds`` by the clock, ``cpu_seconds`` of it and its children, and in MB the largest resident memory of the
        process itself (``main_mb``), of the largest of its children (``child_mb``) and of all together (``all_mb``),
        looked at every 0.1 s (Linux).

    Raises
    ------
    RuntimeError
        If the program fails.
    """
    before = os.times()
    start = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        watch = _Watch(process.pid)
        _, said = process.communicate()
    seconds = time.perf_counter() - start
    watch.stop()
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}: {said.decode()[-500:]}")
    after = os.times()
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    return {"seconds": seconds, "cpu_seconds": cpu, **watch.peaks}


class _Watch:
    """Looks at the memory of a process and of all below it until it is stopped."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.peaks = {"main_mb": 0.0, "child_mb": 0.0, "all_mb": 0.0}
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._over.wait(0.1):
            sizes = {pid: _resident_mb(pid) for pid in (self.pid, *_below(self.pid))}
            children = [size for pid, size in sizes.items() if pid != self.pid]
            seen = {"main_mb": sizes[self.pid], "child_mb": max(children, default=0.0), "all_mb": sum(sizes.values())}
            self.peaks = {name: max(self.peaks[name], size) for name, size in seen.items()}


def _resident_mb(pid: int) -> float:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6
    except (OSError, IndexError, ValueError):
        return 0.0


def _below(pid: int) -> list[int]:
    try:
        found = [int(child) for task in Path(f"/proc/{pid}/task").iterdir() for child in _words(task / "children")]
    except OSError:
        return []
    return found + [deeper for child in found for deeper in _below(child)]


def _words(file: Path) -> list[str]:
    try:
        return file.read_text().split()
    except OSError:
        return []


def parser(description: str | None) -> argparse.ArgumentParser:
    """Start the options of a benchmark: all can keep their rows."""
    made = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("--json", type=Path, help="where to keep the rows")
    return made


def print_row(row: dict[str, Any], *, is_first: bool) -> None:
    """Print a row of a table, and its names above the first."""
    if is_first:
        print("  ".join(f"{name:>12}" for name in row))
    cells = (f"{value:12.3g}" if isinstance(value, float) else f"{value!s:>12}" for value in row.values())
    print("  ".join(cells), flush=True)


def report(rows: Sequence[dict[str, Any]], file: Path | None) -> None:
    """Keep the rows as JSON."""
    if file:
        file.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
