"""The command line: each command parses its arguments, calls one public function, and says what came of it.

Results go to files and standard output, messages and progress to standard error. Exit codes: 0 done; 1 done, but some
documents failed; 2 wrong usage or nothing to do; 3 stopped by an error of its own; 130 and 143 stopped from outside.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

app = typer.Typer(
    name="xietong",
    help="Codes policy documents (简体, 繁體, English) for synergy paths and mechanism types, and shows the words that say so.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # plain help: importing rich for it would double the start-up time
    context_settings={"help_option_names": ["-h", "--help"]},
)
codebook_app = typer.Typer(help="Check a codebook, print it, or get terms proposed from a run.", no_args_is_help=True)
app.add_typer(codebook_app, name="codebook")

RunFolder = Annotated[Path, typer.Argument(help="Run folder, outputs/NAME.", metavar="RUN")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]


def main() -> None:
    """Run the program; turn what went wrong into a message and an exit code."""
    from xietong.console import run_app

    sys.exit(run_app(app))


@app.command()
def run(
    inputs: Annotated[
        list[Path] | None,
        typer.Argument(help="Files, folders, archives or tables; none: the sample.", metavar="[INPUT]..."),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Run folder; outputs/NAME by default.")] = None,
    codebook: Annotated[str, typer.Option(help="Bundled codebook, folder of CSV files, or XLSX workbook.")] = "",
    unit: Annotated[str, typer.Option(help="What is coded: passage, sentence, paragraph or row.")] = "",
    text_column: Annotated[str, typer.Option(help="Column of a table that holds the text.")] = "",
    id_column: Annotated[str, typer.Option(help="Column of a table that holds the row's id.")] = "",
    ocr: Annotated[bool | None, typer.Option("--ocr/--no-ocr", help="Read scanned PDFs with Tesseract.")] = None,
    model: Annotated[str, typer.Option(help="Folder of a trained model; 'none' for terms only.")] = "",
    jobs: Annotated[int | None, typer.Option(help="Worker processes; 0 for one per processor.")] = None,
    engine: Annotated[str, typer.Option(help="local or dask.")] = "",
    scheduler: Annotated[str, typer.Option(help="Address of a Dask scheduler.")] = "",
    config: Annotated[
        Path | None, typer.Option(help="TOML file with any of these options; what is given here wins.")
    ] = None,
    lang: Annotated[str, typer.Option(help="Language of messages, headings and report: zh or en.")] = "",
    no_report: Annotated[bool, typer.Option("--no-report", help="Do not write report.html.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="No progress, no summary.")] = False,
) -> None:
    """Code documents: the main job. A second run on the same folder does only what is new.

    Example: xietong run corpora/sample --out outputs/sample
    """
    from xietong.api import run as run_documents
    from xietong.console import closing_summary, progress_bar, read_config

    if lang:
        os.environ["XIETONG_LANG"] = lang
    given = {
        "codebook": codebook, "unit": unit, "text_column": text_column, "id_column": id_column, "ocr": ocr, "model": model,
        "jobs": jobs, "engine": engine, "scheduler": scheduler, "language": lang, "has_report": False if no_report else None,
    }  # fmt: skip
    options = read_config(config) | {name: value for name, value in given.items() if value not in (None, "")}
    inputs = inputs or options.pop("inputs", None)
    out = out or options.pop("out", None)
    with progress_bar(quiet) as progress:
        finished = run_documents(inputs, out, progress=progress, **options)
    raise typer.Exit(closing_summary(finished, quiet))


@app.command()
def check(
    inputs: Annotated[list[Path], typer.Argument(help="Files, folders, archives or tables.", metavar="INPUT...")],
    text_column: Annotated[str, typer.Option(help="Column of a table that holds the text.")] = "",
    id_column: Annotated[str, typer.Option(help="Column of a table that holds the row's id.")] = "",
    ocr: Annotated[bool, typer.Option("--ocr/--no-ocr", help="Read scanned PDFs with Tesseract.")] = False,
    as_json: AsJson = False,
) -> None:
    """Read and segment only: what each file holds, in which encoding, and what would fail.

    Example: xietong check corpora/sample
    """
    from xietong.api import check as check_inputs
    from xietong.console import print_check

    frame = check_inputs(list(inputs), text_column=text_column, id_column=id_column, ocr=ocr)
    raise typer.Exit(print_check(frame, as_json))


@app.command()
def explain(
    run: RunFolder,
    passage_id: Annotated[str, typer.Argument(help="As in the passage_id column of passages.csv.")],
    as_json: AsJson = False,
) -> None:
    """Say why a passage has its codes: each coder's score, the words and their weights, what was masked.

    Example: xietong explain outputs/sample 0123456789abcdef
    """
    from xietong.console import print_explanation
    from xietong.explain import explain_passage
    from xietong.runs import open_run

    print_explanation(explain_passage(open_run(run), passage_id), as_json)


@codebook_app.command("check")
def codebook_check(
    codebook: Annotated[str, typer.Argument(help="Bundled name, folder or workbook.")] = "regional-coordination",
) -> None:
    """Report every problem of a codebook, with file, line and a suggestion.

    Example: xietong codebook check seeds/regional-coordination
    """
    from xietong.codebook import check_codebook
    from xietong.console import print_problems

    raise typer.Exit(print_problems(check_codebook(codebook), codebook))


@codebook_app.command("show")
def codebook_show(
    codebook: Annotated[str, typer.Argument(help="Bundled name, folder or workbook.")] = "regional-coordination",
    as_json: AsJson = False,
) -> None:
    """Print a codebook: codes, definitions, how many terms.

    Example: xietong codebook show regional-coordination
    """
    from xietong.codebook import read_codebook
    from xietong.console import print_codebook

    print_codebook(read_codebook(codebook), as_json)


@app.command()
def export(
    run: RunFolder,
    to: Annotated[
        str, typer.Option("--to", help="csv xlsx jsonl parquet duckdb sqlite stata spss qdpx qdc labelstudio.")
    ],
    out: Annotated[Path | None, typer.Option(help="File or folder to write; in the run folder by default.")] = None,
) -> None:
    """Write the run in the format of another program.

    Example: xietong export outputs/sample --to sqlite
    """
    from xietong.export import export as export_run
    from xietong.runs import open_run

    print(export_run(open_run(run), to, out))


@app.command()
def report(
    run: RunFolder,
    out: Annotated[Path | None, typer.Option(help="File to write; report.html in the run folder by default.")] = None,
    lang: Annotated[str, typer.Option(help="zh or en.")] = "",
) -> None:
    """Write report.html again.

    Example: xietong report outputs/sample
    """
    from xietong.report import write_report
    from xietong.runs import open_run

    opened = open_run(run)
    print(write_report(opened, out or opened.folder / "report.html", lang=lang or None))


@app.callback(invoke_without_command=True)
def _program(
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
    lang: Annotated[str, typer.Option("--lang", help="Language of messages and report: zh or en.")] = "",
) -> Any:
    if lang:
        os.environ["XIETONG_LANG"] = lang
    if version:
        from xietong import __version__

        print(f"xietong {__version__}")
        raise typer.Exit
