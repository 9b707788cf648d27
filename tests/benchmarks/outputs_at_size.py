"""Measures workbook, CSV and report of many passages, and how fast the report opens and filters in Chromium.

    python tests/benchmarks/outputs_at_size.py RUN_FOLDER 100000

The run's tables are repeated, with new ids, until there are that many passages.
"""

from __future__ import annotations

import resource
import shutil
import sys
import tempfile
import time
from pathlib import Path

import pyarrow.compute as pc
import pyarrow.parquet as pq

from xietong.export import export
from xietong.report import write_report
from xietong.runs import Run

_TABLES = ("documents", "passages", "tags", "evidence", "texts")
_FILTERS = """() => {
    const seconds = {}, time = (name, change) => { const from = performance.now(); change(); filter(); seconds[name] = Math.round(performance.now() - from); };
    time("code", () => { query.codes = [0]; });
    time("two codes", () => { query.codes = [0, facts.codes.length - 1]; });
    time("words, rare", () => { query.codes = []; query.text = "區域協調發展"; });
    time("words, common", () => { query.text = "的"; });
    time("two words", () => { query.text = "发展 创新"; });
    return seconds;
}"""


_REDRAW = """async () => {
    const from = performance.now();
    draw();
    await drawn();
    return Math.round(performance.now() - from);
}"""


def repeat(source: Path, target: Path, n_passages: int) -> Run:
    """Write a run folder with the source's tables over and over."""
    (target / "tables").mkdir(parents=True)
    shutil.copy(source / "tables" / "codebook.json", target / "tables")
    tables = {name: pq.read_table(source / "tables" / f"{name}.parquet") for name in _TABLES}
    times = max(1, n_passages // tables["passages"].num_rows)
    for name, table in tables.items():
        with pq.ParquetWriter(target / "tables" / f"{name}.parquet", table.schema) as writer:
            for number in range(times):
                renamed = table
                for column in {"passage_id", "document_id"} & set(table.column_names):
                    ids = pc.binary_join_element_wise(table[column], f"{number:04d}", "")
                    renamed = renamed.set_column(table.schema.get_field_index(column), column, ids)
                writer.write_table(renamed, row_group_size=16_384)
    return Run(target)


def open_report(file: Path) -> None:
    """Time the page until charts and passages are there, drawing all of it again, and each filter, in milliseconds."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as program:
        browser = program.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page()
        start = time.monotonic()
        page.goto(file.as_uri())
        page.wait_for_selector("html[data-ready=true]", timeout=120_000)
        print(f"  opens in {time.monotonic() - start:.1f} s; filters, ms: {page.evaluate(_FILTERS)}")
        print(f"  draws again in {page.evaluate(_REDRAW)} ms")
        browser.close()


def main(source: Path, n_passages: int) -> None:
    """Print processor seconds, size and peak memory of each output."""
    for n in (1_000, n_passages):
        with tempfile.TemporaryDirectory() as folder:
            run = repeat(source, Path(folder) / "run", n)
            print(n, "passages")
            for name, make in (
                ("csv", lambda run: export(run, "csv")),
                ("xlsx", lambda run: export(run, "xlsx")),
                ("report", lambda run: write_report(run, run.folder / "report.html")),
            ):
                start = time.process_time()
                file = make(run)
                memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
                seconds, size = time.process_time() - start, file.stat().st_size / 1e6
                print(f"  {name:7}{seconds:6.1f} s {size:7.1f} MB, peak {memory:.0f} MB")
            open_report(run.folder / "report.html")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 100_000)
