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

from xietong.export import EXPORTERS

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


def _language(given: str) -> str:
    """Give an option's language as zh or en, before any work is done."""
    from xietong.messages import language_of

    return language_of(given)


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
    parts: Annotated[str, typer.Option(help="Store for finished batches, s3://bucket/folder.")] = "",
    config: Annotated[
        Path | None, typer.Option(help="TOML file with any of these options; what is given here wins.")
    ] = None,
    lang: Annotated[
        str,
        typer.Option(
            callback=_language, help="Language of messages and report: zh or en; columns keep their English names."
        ),
    ] = "",
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
        "codebook": codebook, "unit": unit, "text_column": text_column, "id_column": id_column, "ocr": ocr,
        "model": model, "jobs": jobs, "engine": engine, "scheduler": scheduler, "parts": parts, "language": lang,
        "has_report": False if no_report else None,
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
    corpus: Annotated[Path | None, typer.Option(help="Run folder: say how the terms do in it.")] = None,
    out: Annotated[Path | None, typer.Option(help="With --corpus: write the table of terms as CSV.")] = None,
    as_json: AsJson = False,
) -> None:
    """Report every problem of a codebook, with file, line and a suggestion; with --corpus, how its terms do.

    Example: xietong codebook check seeds/regional-coordination --corpus outputs/sample
    """
    from xietong.codebook import check_codebook
    from xietong.console import print_problems

    code = print_problems(check_codebook(codebook), codebook)
    if corpus is not None and not code:
        from xietong.codebook_console import print_diagnosis

        print_diagnosis(corpus, codebook, out, as_json)
    raise typer.Exit(code)


@codebook_app.command("suggest")
def codebook_suggest(
    run: RunFolder,
    code: Annotated[str, typer.Argument(help="The code that wants terms: ecology, for instance.")],
    language: Annotated[str, typer.Option(callback=_language, help="zh or en.")] = "zh",
    most: Annotated[int, typer.Option(help="Terms proposed.")] = 30,
    out: Annotated[Path | None, typer.Option(help="Write the table as CSV.")] = None,
    as_json: AsJson = False,
) -> None:
    """Propose terms for a code from a run, each with lines of context, to accept or refuse.

    Example: xietong codebook suggest outputs/sample ecology
    """
    from xietong.codebook_console import print_suggestions

    print_suggestions(run, code, language, most, out, as_json)


@codebook_app.command("show")
def codebook_show(
    codebook: Annotated[str, typer.Argument(help="Bundled name, folder or workbook.")] = "regional-coordination",
    out: Annotated[Path | None, typer.Option(help="Folder to copy the codebook's files to, for editing.")] = None,
    as_json: AsJson = False,
) -> None:
    """Print a codebook: codes, definitions, how many terms; with --out, copy its files to edit them.

    Example: xietong codebook show regional-coordination
    """
    from xietong.codebook import copy_codebook, read_codebook
    from xietong.console import print_codebook, print_files

    if out is not None:
        print_files(copy_codebook(codebook, out))
    else:
        print_codebook(read_codebook(codebook), as_json)


@app.command()
def export(
    run: RunFolder,
    to: Annotated[
        str,
        typer.Option("--to", metavar="|".join(EXPORTERS), help="Format to write."),
    ] = "",
    out: Annotated[Path | None, typer.Option(help="File to write; in the run folder by default.")] = None,
    file: Annotated[
        Path | None, typer.Option("--import", help="Read hand codes back: .qdpx, Label Studio .json, INCEpTION .zip.")
    ] = None,
    coder: Annotated[str, typer.Option(help="With --import: who coded, where the file does not say.")] = "",
) -> None:
    """Write the run in the format of another program, or read codes back from one.

    Example: xietong export outputs/sample --to sqlite
    """
    from xietong.export import export as export_run
    from xietong.runs import open_run

    if file is not None:
        from xietong.console import print_imported
        from xietong.export.imports import import_hand_codes

        print_imported(import_hand_codes(open_run(run), file, coder=coder))
    if to or file is None:
        print(export_run(open_run(run), to, out))


@app.command()
def report(
    run: RunFolder,
    out: Annotated[Path | None, typer.Option(help="File to write (a folder with --methods).")] = None,
    lang: Annotated[str, typer.Option(callback=_language, help="zh or en.")] = "",
    methods: Annotated[bool, typer.Option("--methods", help="Write the method section, Markdown and DOCX.")] = False,
    pmc: Annotated[bool, typer.Option("--pmc", help="Write the worksheet of the PMC index, part-filled.")] = False,
) -> None:
    """Write report.html again, or with --methods the method section of a paper.

    Example: xietong report outputs/sample
    """
    from xietong.report import write_report
    from xietong.runs import open_run

    opened = open_run(run)
    if methods:
        from xietong.methods_section import write_methods

        for file in write_methods(opened, languages=(lang,) if lang else ("zh", "en"), folder=out):
            print(file)
    elif pmc:
        from xietong.messages import product_language
        from xietong.pmc import write_worksheet

        print(write_worksheet(opened, out or opened.folder / "pmc.xlsx", language=lang or product_language()))
    else:
        print(write_report(opened, out or opened.folder / "report.html", lang=lang or None))


@app.command()
def sample(
    run: RunFolder,
    n: Annotated[int, typer.Option(help="Passages to draw.")] = 200,
    method: Annotated[
        str, typer.Option(help="simple, stratified, or uncertain (more where the machine is unsure).")
    ] = "",
    by: Annotated[str, typer.Option(help="Stratify by: code, confidence, year, region … several with commas.")] = "",
    allocation: Annotated[str, typer.Option(help="proportional, or equal: as many of each stratum.")] = "proportional",
    coders: Annotated[str, typer.Option(help="Names of the coders, with commas.")] = "A,B",
    overlap: Annotated[float, typer.Option(help="Share of the passages that every coder gets.")] = 0.2,
    name: Annotated[str, typer.Option(help="Name of the sample; sample1, sample2 … by default.")] = "",
    width: Annotated[
        float, typer.Option(help="Draw as many as an interval of this width needs (0.1: ± 5 points).")
    ] = 0.0,
    share: Annotated[float, typer.Option(help="With --width: the share expected; 0.5 is the most demanding.")] = 0.5,
    seed: Annotated[int, typer.Option(help="Another seed draws other passages.")] = 20260101,
    sheets: Annotated[bool, typer.Option("--sheets", help="Also write a workbook per coder.")] = False,
) -> None:
    """Draw passages to code by hand, each with a known chance, and share them out among coders.

    Example: xietong sample outputs/sample --n 20 --by code --coders AB,李
    """
    from xietong.hand_console import draw_and_save
    from xietong.messages import message
    from xietong.runs import open_run
    from xietong.sampling import passages_needed

    strata = tuple(part.strip() for part in by.split(",") if part.strip())
    for file in draw_and_save(
        open_run(run), name=name, coders=[c.strip() for c in coders.split(",") if c.strip()], overlap=overlap,
        has_sheets=sheets, n=passages_needed(width, share=share) if width else n,
        method=method or ("stratified" if strata else "simple"), by=strata, allocation=allocation, seed=seed,
    ):  # fmt: skip
        print(file)
    print(message("sample_next", run=run), file=sys.stderr)


@app.command()
def review(
    run: RunFolder,
    files: Annotated[
        list[Path] | None,
        typer.Option(
            "--import", help="Take codes from a workbook, CSV or Label Studio file instead of serving the page."
        ),
    ] = None,
    coder: Annotated[str, typer.Option(help="With --import: the coder, where the file does not say.")] = "",
    port: Annotated[int, typer.Option(help="Port on this machine; a free one by default.")] = 0,
    assisted: Annotated[bool, typer.Option("--assisted", help="Show the machine's proposals; it is recorded.")] = False,
    lang: Annotated[str, typer.Option(callback=_language, help="zh or en.")] = "",
) -> None:
    """Serve the page to code passages by hand, on this machine only, or take in codes made elsewhere.

    Example: xietong review outputs/sample
    """
    from xietong.hand_console import take_in
    from xietong.messages import product_language
    from xietong.review import serve
    from xietong.runs import open_run

    if files:
        print(take_in(open_run(run), files, coder=coder))
    else:
        serve(
            run,
            port=port,
            is_blind=not assisted,
            language=lang or product_language(),
            announce=lambda url: print(url, flush=True),
        )


@app.command()
def agree(
    run: RunFolder,
    codes: Annotated[
        list[Path] | None,
        typer.Argument(help="Further hand codes: workbooks, CSV, Label Studio.", metavar="[CODES]..."),
    ] = None,
    by: Annotated[str, typer.Option(help="Shares by year, region, level … as well.")] = "",
    samples: Annotated[str, typer.Option(help="Samples that the shares rest on, with commas; all by default.")] = "",
    out: Annotated[
        Path | None, typer.Option(help="Folder for the tables; agreement/ in the run folder by default.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Compare coders, people and machine, say which codes can be published, and correct the shares.

    Example: xietong agree outputs/sample --by year
    """
    from xietong.assessment import Assessment, AssessmentOptions
    from xietong.assessment_files import write_assessment
    from xietong.hand_console import print_assessment, read_codes
    from xietong.runs import open_run

    opened = open_run(run)
    options = AssessmentOptions(by=by, samples=tuple(s.strip() for s in samples.split(",") if s.strip()))
    assessment = Assessment(opened, extra=read_codes(codes or [], opened), options=options)
    print_assessment(assessment, write_assessment(assessment, out or opened.folder / "agreement"), as_json)


@app.command()
def train(
    run: RunFolder,
    out: Annotated[Path | None, typer.Option(help="Folder for the model; model/ in the run folder by default.")] = None,
    following: Annotated[int, typer.Option("--next", help="Passages proposed to code next; 0 for none.")] = 100,
    as_json: AsJson = False,
) -> None:
    """Train the coders on the run's hand codes, say what more would buy, and propose the passages to code next.

    Example: xietong train outputs/sample --out outputs/sample/model
    """
    from xietong.hand_console import print_training
    from xietong.own_model import train as train_model
    from xietong.runs import open_run

    opened = open_run(run)
    folder = out or opened.folder / "model"
    print_training(opened, folder, train_model(opened, folder), following, as_json)


@app.command()
def topics(
    run: RunFolder,
    method: Annotated[str, typer.Option(help="nmf, lda or tomotopy.")] = "nmf",
    number: Annotated[int | None, typer.Option(help="How many topics; chosen by a curve if not given.")] = None,
    seeded: Annotated[bool, typer.Option("--seeded", help="One topic for each code, steered by its terms.")] = False,
    free: Annotated[int, typer.Option(help="Topics without seeds, beside the seeded ones.")] = 6,
    model_of: Annotated[
        Path | None, typer.Option("--from", help="Keep the topics of this earlier run; fold these documents in.")
    ] = None,
    seed: Annotated[int, typer.Option(help="The same number gives the same topics.")] = 0,
) -> None:
    """Find topics beyond the codebook, choose their number, and say which code each meets.

    Example: xietong topics outputs/sample
    """
    from xietong.analysis.commands import analyse_topics
    from xietong.analysis.topics import TopicOptions
    from xietong.console import print_topics
    from xietong.export.csv_file import with_csv
    from xietong.runs import open_run

    options = TopicOptions(method=method, n_topics=number, seeded=seeded, n_free=free, seed=seed)
    opened = open_run(run)
    written = analyse_topics(opened, options, model_of=None if model_of is None else open_run(model_of))
    print_topics(opened, with_csv(written))


@app.command()
def keywords(
    run: RunFolder,
    by: Annotated[list[str] | None, typer.Option(help="Properties that make the groups: level, region, year …")] = None,
    most: Annotated[int, typer.Option(help="Keywords for each group, code and method.")] = 20,
) -> None:
    """Find keywords of documents, groups and codes, multiword terms, and words no dictionary has.

    Example: xietong keywords outputs/sample
    """
    from xietong.analysis.commands import analyse_keywords
    from xietong.analysis.keywords import KeywordOptions
    from xietong.console import print_files
    from xietong.export.csv_file import with_csv
    from xietong.runs import open_run

    options = KeywordOptions(n_group=most) if not by else KeywordOptions(n_group=most, groups=tuple(by))
    print_files(with_csv(analyse_keywords(open_run(run), options)))


@app.command()
def trends(
    run: RunFolder,
    by: Annotated[list[str] | None, typer.Option(help="Further properties to compare by: issuer, doc_type …")] = None,
    coder: Annotated[str, typer.Option(help="Use one coder's codes: terms, learned, hand:AB …")] = "",
    seed: Annotated[int, typer.Option(help="The same number gives the same draws.")] = 0,
    networks: Annotated[
        bool, typer.Option("--networks/--no-networks", help="Networks of codes, places, issuers.")
    ] = True,
    reuse: Annotated[bool, typer.Option("--reuse/--no-reuse", help="Text taken over from other governments.")] = True,
) -> None:
    """Compute attention over time with intervals, contrasts, associations, change points, consistency, networks, reuse.

    Example: xietong trends outputs/sample
    """
    from xietong.analysis.commands import TrendOptions, analyse_trends
    from xietong.console import print_trends
    from xietong.export.csv_file import with_csv
    from xietong.runs import open_run

    opened = open_run(run)
    options = TrendOptions(by=tuple(by or ()), coder=coder, seed=seed, has_networks=networks, has_reuse=reuse)
    print_trends(opened, with_csv(analyse_trends(opened, options)))


@app.command()
def kwic(
    run: RunFolder,
    term: Annotated[str, typer.Argument(help="Word or phrase, in any script; * stands for some letters.")],
    width: Annotated[int, typer.Option(help="Characters shown to each side.")] = 40,
    window: Annotated[int, typer.Option(help="Words to each side that count as company.")] = 5,
    only: Annotated[str, typer.Option(help="Only passages with this property: year=2026, region=…")] = "",
    most: Annotated[int, typer.Option(help="Lines shown; all are in the tables.")] = 20,
    out: Annotated[Path | None, typer.Option(help="Write all lines as CSV.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show a term in context, and the words that keep it company.

    Example: xietong kwic outputs/sample 协同
    """
    from xietong.analysis.commands import kwic as find_in_context
    from xietong.analysis.kwic import KwicOptions
    from xietong.console import print_kwic
    from xietong.runs import open_run

    opened = open_run(run)
    hits, company = find_in_context(opened, term, KwicOptions(width=width, window=window, only=only))
    if out is not None:
        from xietong.export.csv_file import write_table

        write_table(opened.table("kwic"), out)
    print_kwic(hits, company, as_json=as_json, most=most)


@app.callback(invoke_without_command=True)
def _program(
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
    lang: Annotated[
        str, typer.Option("--lang", callback=_language, help="Language of messages and report: zh or en.")
    ] = "",
) -> Any:
    if lang:
        os.environ["XIETONG_LANG"] = lang
    if version:
        from xietong import __version__

        print(f"xietong {__version__}")
        raise typer.Exit
