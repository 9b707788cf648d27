"""What the command line shows: progress, summaries, tables, and errors as messages with exit codes."""

from __future__ import annotations

import json
import os
import signal
import sys
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xietong.messages import catalogue, help_in_chinese, language_of, message, product_language, worded_error

if TYPE_CHECKING:
    import pandas as pd
    import typer

    from xietong.codebook import Codebook
    from xietong.job import Progress
    from xietong.runs import Run

DONE, SOME_FAILED, WRONG_USAGE, OWN_ERROR = 0, 1, 2, 3


class _StoppedError(BaseException):
    """A signal asked the program to stop; carries its number."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


def run_app(app: typer.Typer) -> int:
    """Run the command line and give its exit code."""
    from xietong.errors import RunFolderError, XietongError

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _stop)
    try:
        code = command_of(app, sys.argv[1:])(standalone_mode=False)
        return code if isinstance(code, int) else DONE
    except SystemExit as exit_:
        return exit_.code if isinstance(exit_.code, int) else DONE
    except XietongError as error:
        said = worded_error(str(error)).split("\n")
        print("xietong: " + "\n".join(map(safe, said)), file=sys.stderr)
        return OWN_ERROR if isinstance(error, RunFolderError) and "in use" not in str(error) else WRONG_USAGE
    except _StoppedError as stopped:
        print(f"xietong: {message('stopped')}", file=sys.stderr)
        return 128 + stopped.number
    except OSError as error:
        where = f" ({error.filename})" if error.filename else ""
        print(f"xietong: {error.strerror or error}{where}; {message('mend_and_run_again')}", file=sys.stderr)
        return OWN_ERROR
    except Exception as error:  # the last line: a user sees a sentence, never a traceback
        return _report_wrong_call(error) if hasattr(error, "format_message") else _report_own_error(error)


def command_of(app: typer.Typer, arguments: Sequence[str]) -> Any:
    """Build the command line, its help in Chinese where the arguments or the environment ask for it."""
    import typer

    command = typer.main.get_command(app)
    given = [b for a, b in zip(["", *arguments], [*arguments, ""], strict=True) if a == "--lang"]
    given += [argument.removeprefix("--lang=") for argument in arguments if argument.startswith("--lang=")]
    if wanted := language_of(given[-1] if given else os.environ.get("XIETONG_LANG", "")):
        os.environ["XIETONG_LANG"] = wanted  # also for what is said of a call that cannot be carried out
    if product_language() == "zh":
        _translate_help(command, help_in_chinese())
    return command


def _translate_help(command: Any, chinese: dict[str, str]) -> None:
    """Put Chinese help texts into a command, its options and its subcommands."""
    said, example, line = (command.help or "").partition("Example: ")
    command.help = chinese.get(said.strip(), said) + (f"\n\n{chinese[example]}{line}" if example else "")
    command.short_help = chinese.get(said.strip(), command.short_help)
    for parameter in command.params:
        if getattr(parameter, "help", None):
            parameter.help = chinese.get(parameter.help, parameter.help)
    command.context_class = _in_chinese(command.context_class, chinese)
    for subcommand in getattr(command, "commands", {}).values():
        _translate_help(subcommand, chinese)


def _in_chinese(context_class: Any, chinese: dict[str, str]) -> Any:
    """Make a context whose help has Chinese headings."""

    class Formatter(context_class.formatter_class):  # type: ignore[misc]
        def write_heading(self, heading: str) -> None:
            super().write_heading(chinese.get(heading, heading))

        def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
            super().write_usage(prog, args, prefix or chinese["Usage: "])

        def write_dl(self, rows: Any, *args: Any, **kwargs: Any) -> None:
            super().write_dl([(left, chinese.get(right, right)) for left, right in rows], *args, **kwargs)

    class Context(context_class):  # type: ignore[misc]
        formatter_class = Formatter

    return Context


def _report_wrong_call(error: Any) -> int:
    """Say what is wrong with the arguments: the usage of the command, where to find help, and what typer found."""
    if type(error).__name__ == "NoArgsIsHelpError":
        error.show()  # a group of commands without a command: its help
        return WRONG_USAGE
    if error.ctx is not None:
        command = error.ctx.command_path
        print(error.ctx.get_usage(), message("try_help", command=command), "", sep="\n", file=sys.stderr)
    print(f"xietong: {safe(worded_error(error.format_message()))}", file=sys.stderr)
    return WRONG_USAGE


def _report_own_error(error: Exception) -> int:
    """Say that the mistake is ours, and keep the traceback where it can be sent from."""
    import tempfile
    import traceback

    with tempfile.NamedTemporaryFile(
        "w", suffix=".log", prefix="xietong-", delete=False, encoding="utf-8", errors="replace"
    ) as log:
        traceback.print_exception(error, file=log)
    print(
        f"xietong: {message('own_error', kind=type(error).__name__, text=safe(str(error)), log=log.name)}",
        file=sys.stderr,
    )
    return OWN_ERROR


def _stop(number: int, frame: Any) -> None:
    raise _StoppedError(number)


def read_config(file: Path | None) -> dict[str, Any]:
    """Read options from a TOML file; its names are those of the options, with _ or -."""
    from inspect import signature

    from xietong.api import run
    from xietong.errors import UsageError

    if file is None:
        return {}
    import tomllib

    try:
        options = {
            name.replace("-", "_"): value for name, value in tomllib.loads(file.read_text(encoding="utf-8")).items()
        }
    except (OSError, ValueError) as error:
        raise UsageError(f"{file}: cannot be read as TOML: {error}") from error
    known = set(signature(run).parameters) - {"progress"}
    unknown = sorted(set(options) - known)
    if unknown:
        raise UsageError(f"{file}: no such option: {', '.join(unknown)}; there are {', '.join(sorted(known))}")
    return options


@contextmanager
def progress_bar(quiet: bool) -> Iterator[Callable[[Progress], None]]:
    """Show how far a run is, with rate and time left, on standard error."""
    if quiet:
        yield lambda progress: None
        return
    from rich import progress as widgets
    from rich.console import Console

    columns = (
        widgets.TextColumn("{task.description}"),
        widgets.BarColumn(),
        widgets.MofNCompleteColumn(),
        widgets.TextColumn("{task.fields[rate]}"),
        widgets.TimeElapsedColumn(),
        widgets.TextColumn(message("progress_left")),
        widgets.TimeRemainingColumn(),
    )
    words = {step: message(f"progress_{step}") for step in ("find", "code", "write")}
    with widgets.Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task(words["find"], total=None, rate="")

        def show(progress: Progress) -> None:
            seconds = bar.tasks[0].elapsed or 0
            rate = f"{progress.n_bytes / 1e6 / seconds:.1f} MB/s" if seconds > 1 and progress.n_bytes else ""
            total = progress.of_documents if progress.step != "find" else None
            bar.update(task, description=words[progress.step], completed=progress.documents, total=total, rate=rate)

        yield show


def closing_summary(run: Run, quiet: bool) -> int:
    """Say where the tables are, what failed, and show the first coded passages; give the exit code."""
    counts = run.manifest["counts"]
    failed = counts["by_status"].get("failed", 0)
    if quiet:
        return SOME_FAILED if failed else DONE
    from rich.console import Console

    from xietong.duplicates import are_alike
    from xietong.export.xlsx import MOST_PASSAGES

    console = Console(width=None if sys.stdout.isatty() else 120, soft_wrap=False, highlight=False)
    by_status = sorted(counts["by_status"].items(), key=lambda item: (item[0] != "ok", item))
    between = "，" if product_language() == "zh" else ", "
    statuses = between.join(f"{n} {message(f'report_status_{status}')}" for status, n in by_status)
    said = message(
        "summary", documents=sum(counts["by_status"].values()), statuses=statuses, passages=counts["passages"]
    )
    console.print(f"\n{said}", markup=False)
    _print_changes(run, console)
    if alike := int(are_alike(run.documents()).sum()):
        console.print(message("summary_alike", n=alike), markup=False)
    if counts["passages"] > MOST_PASSAGES:
        console.print(message("workbook_too_large", n=f"{counts['passages']:,}"), markup=False)
    if not run.manifest["model"]["hash"]:
        console.print(message("no_model", codebook=run.codebook.name), markup=False)
    _print_failures(run, console)
    _print_first_passages(run, console)
    places = {"table": f"{run.folder / 'passages.xlsx'}, passages.csv"}
    if (run.folder / "report.html").is_file():
        places["report"] = str(run.folder / "report.html")
    places["why"] = f"xietong explain {run.folder} PASSAGE_ID"
    console.print()
    for name, place in places.items():
        console.print(f"{message(f'summary_{name}')}  {place}", markup=False, soft_wrap=True)
    return SOME_FAILED if failed else DONE


def _print_changes(run: Run, console: Any, most: int = 5) -> None:
    """Say what came from the run before, which of its files are gone, and where edited files are kept."""
    changes = run.changes
    if changes is None:
        return
    said = []
    if changes.taken_over or changes.gone:
        said.append(message("summary_taken_over", taken_over=changes.taken_over, anew=changes.anew))
    if changes.gone:
        names = ", ".join(changes.gone[:most]) + (" …" if len(changes.gone) > most else "")
        said.append(message("summary_gone", n=len(changes.gone), names=names))
    said += [message("summary_set_aside", file=name, kept=kept) for name, kept in changes.set_aside.items()]
    for line in said:
        console.print(safe(line), markup=False, soft_wrap=True)


def _print_failures(run: Run, console: Any, most: int = 10) -> None:
    from xietong.ingest.reasons import worded

    documents = run.table("documents", ["file", "status", "reason"]).to_pylist()
    bad = [row for row in documents if row["status"] in {"failed", "empty"}]
    language = product_language()
    for row in bad[:most]:
        console.print(
            f"  {row['status']:7} {safe(row['file'])}: {safe(worded(row['reason'], language))}",
            markup=False,
            style="yellow",
        )
    if len(bad) > most:
        console.print(f"  {message('and_more', n=len(bad) - most)}", markup=False)


def _print_first_passages(run: Run, console: Any, most: int = 5) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table(
        message("summary_passage_id"),
        *map(_facet_name, run.codebook.facets),
        message("summary_passage"),
        show_lines=True,
    )
    for passage_id, codes, reading in _first_passages(run, most):
        names = [_code_names(run.codebook, facet, codes) for facet in run.codebook.facets]
        table.add_row(*(Text(safe(cell)) for cell in (passage_id, *names, _shorten(reading, 110))))
    if table.row_count:
        console.print(table)


def _facet_name(facet: str) -> str:
    key = f"report_facet_{facet}"
    return message(key) if key in catalogue() else facet


_VALUE_NAMES = {1: "report_theme_value", 2: "report_synergy"}


def _code_names(codebook: Codebook, facet: str, assigned: Mapping[str, int]) -> str:
    """Name the codes of a facet, those of a wider scale with their value: a theme (1) is no synergy (2)."""
    is_chinese = product_language() == "zh"
    names = [
        ((code.label_zh if is_chinese else code.label_en) or code.code)
        + (f" · {message(_VALUE_NAMES[assigned[code.code]])}" if code.scale_max > 1 else "")
        for code in codebook.codes
        if code.facet == facet and code.code in assigned
    ]
    return ("；" if is_chinese else "; ").join(names)


#: Passages among which those to show are looked for: the documents shown are the first ones, so a large run is not read whole.
_ROWS_LOOKED_AT = 50_000


def _first_passages(run: Run, most: int) -> list[tuple[str, dict[str, int], str]]:
    """Give id, codes with values, and reading: one coded passage a document, body text first; more if there are few."""
    import duckdb

    from xietong.wide import ASSIGNING_CODER

    query = """
        with first as (
            select * from read_parquet($passages, file_row_number = true) where file_row_number < $rows
        ), coded as (
            select passage_id, map(list(code), list(value)) as codes from read_parquet($tags)
            where coder_id = $coder and value > 0 and passage_id in (select passage_id from first) group by passage_id
        ), placed as (
            select passage_id, codes, reading, file_row_number as place, min(place) over (partition by document_id) as document,
                row_number() over (partition by document_id order by kind <> 'body', place) as turn
            from first join coded using (passage_id)
        ), chosen as (select * from placed order by turn, document limit $most)
        select passage_id, codes, reading from chosen order by document, turn
    """
    files = {name: str(run.folder / "tables" / f"{name}.parquet") for name in ("tags", "passages")}
    with duckdb.connect() as connection:
        connection.execute("set threads = 1")
        return connection.execute(
            query, {**files, "coder": ASSIGNING_CODER, "most": most, "rows": _ROWS_LOOKED_AT}
        ).fetchall()


def _shorten(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


def print_check(frame: pd.DataFrame, as_json: bool) -> int:
    """Print what a check found; give the exit code."""
    from xietong.ingest.reasons import worded, worded_note

    packed = frame.to_json(orient="records", force_ascii=False, indent=1)
    if as_json:
        print(packed)
    else:
        for row in json.loads(packed):
            about = [row["media_type"], row["encoding"], row["language"], row["title"], str(row["year"] or "")]
            counted = message("check_found", passages=row["n_passages"], characters=row["n_chars"])
            found = counted if row["status"] == "ok" else worded(row["reason"], product_language())
            print(f"{row['status']:9} {safe(row['file'])}: {safe(found)}; {safe(', '.join(filter(None, about)))}")
            if row["note"]:
                print(f"          {safe(worded_note(row['note'], product_language()))}")
    return SOME_FAILED if (frame["status"] == "failed").any() else DONE


def print_imported(imported: Any) -> None:
    """Say whose codes were read, and name what the run does not know."""
    from collections import Counter

    for coder, n in sorted(Counter(coding.coder_id for coding in imported.codings).items()):
        print(message("imported", n=n, coder=safe(coder)))
    if not imported.codings:
        print(message("imported_nothing"))
    for code, n in imported.unknown_codes.items():
        print(message("imported_unknown_code", n=n, code=safe(code)), file=sys.stderr)
    for source in imported.unknown_sources:
        print(message("imported_unknown_source", source=safe(source)), file=sys.stderr)


def print_problems(problems: Sequence[Any], place: str) -> int:
    """Print a codebook's problems, one a line; give the exit code."""
    for problem in problems:
        print(worded_error(str(problem)))
    errors = sum(problem.severity == "error" for problem in problems)
    said = message("problems_found", errors=errors, warnings=len(problems) - errors)
    print(f"{place}: {said}", file=sys.stderr)
    return WRONG_USAGE if errors else DONE


def print_codebook(codebook: Codebook, as_json: bool) -> None:
    """Print a codebook's codes with their definitions and numbers of terms."""
    from dataclasses import asdict

    if as_json:
        print(json.dumps([asdict(code) for code in codebook.codes], ensure_ascii=False, indent=1))
        return
    for facet in codebook.facets:
        print(f"{facet}")
        for code in codebook.codes:
            if code.facet == facet:
                n_terms = sum(term.code == code.code for term in codebook.terms)
                print(f"  {code.code:20} {code.label_zh} / {code.label_en} (0-{code.scale_max}, {n_terms} terms)")
                print(f"  {'':20} {code.define(product_language())[0]}")


def print_explanation(explanation: Any, as_json: bool) -> None:
    """Print why a passage has its codes."""
    from xietong.explain import in_words

    print(json.dumps(explanation, ensure_ascii=False, indent=1) if as_json else in_words(explanation))


def print_files(files: Sequence[Path]) -> None:
    """Print where results are."""
    for file in files:
        print(file)


def print_topics(run: Run, files: Sequence[Path]) -> None:
    """Print a line for each topic: share, words, the code it meets; then where the tables are."""
    for row in run.table("topics").to_pylist():
        code = row["closest_code"] or row["seed_code"] or "-"
        print(f"{row['topic']:>3}  {row['share']:6.1%}  {safe(row['label'])}  [{code}]")
    print_files(files)


def print_trends(run: Run, files: Sequence[Path]) -> None:
    """Print where the tables are, and on standard error what the documents do not allow."""
    refused = run.table("trends", columns=["analysis", "statistic", "caution"]).to_pylist()
    for text in dict.fromkeys(
        f"{row['analysis']}: {worded_error(row['caution'])}" for row in refused if row["statistic"] == "refused"
    ):
        print(safe(text), file=sys.stderr)
    print_files(files)


def print_kwic(hits: pd.DataFrame, company: pd.DataFrame, *, as_json: bool, most: int) -> None:
    """Print a term in context, the term in one column, and its closest company."""
    if as_json:
        tables = {"hits": hits, "collocates": company}
        print(json.dumps({name: json.loads(table.to_json(orient="records")) for name, table in tables.items()},
                         ensure_ascii=False, indent=1))  # fmt: skip
        return
    for row in hits.head(most).itertuples(index=False):
        left = safe(row.left)
        wide = sum(unicodedata.east_asian_width(c) in "WF" for c in left) + len(left)
        print(f"{' ' * max(80 - wide, 0)}{left}【{safe(row.hit)}】{safe(row.right)}  {row.passage_id}")
    if len(hits) > most:
        print(f"… {len(hits) - most}")
    for row in company.head(most).itertuples(index=False):
        print(f"{row.log_dice:6.2f} {row.mi:6.2f} {row.n_together:>5}  {safe(row.collocate)}")
    if hits.empty:
        print("0")


def safe(text: str) -> str:
    """Make text from a document harmless for a terminal: control, format and bidi characters are written as escapes."""
    return "".join(
        f"\\u{ord(c):04x}" if unicodedata.category(c) in {"Cc", "Cf", "Cs", "Co", "Cn"} and c != "\n" else c
        for c in text
    ).replace("\n", " ")
