"""What the command line shows of samples, hand codes and their assessment."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xietong.errors import UsageError

if TYPE_CHECKING:
    import pandas as pd

    from xietong.hand_codes import HandCoding
    from xietong.runs import Run

#: Columns shown of each table.
_KEY = "facet code level "
_AGREEMENT = (
    _KEY + "n_passages n_positive percent kappa alpha alpha_low alpha_high ac positive_agreement advice"
).split()
_MACHINE = (_KEY + "n_passages n_reference precision recall f1 f1_low f1_high kappa").split()
_SHEETS = (".xlsx", ".xls", ".csv", ".tsv")
_SHARES = (_KEY + "group n_hand naive hand corrected corrected_low corrected_high note").split()


def draw_and_save(
    run: Run, *, name: str, coders: Sequence[str], overlap: float, has_sheets: bool, **options: Any
) -> list[Path]:
    """Draw a sample, share it out, keep it in the run folder; give the files a person may want."""
    from xietong.active import passages_to_draw
    from xietong.hand_codes.samples import list_samples, save_sample
    from xietong.hand_codes.sheets import write_coding_sheet
    from xietong.sampling import SampleOptions, draw_sample, split_among_coders

    name = name or f"sample{len(list_samples(run.folder)) + 1}"
    passages = passages_to_draw(run)
    sample = draw_sample(passages, options=SampleOptions(**options))
    split = split_among_coders(sample, coders, overlap=overlap)
    about = {
        **options,
        "by": list(options["by"]),
        "n_passages": len(passages),
        "coders": list(coders),
        "overlap": overlap,
    }
    file = save_sample(run.folder, name, sample, split, about)
    files = [file.with_suffix(".csv")]
    for coder, own in with_texts(run, split).groupby("coder", sort=False) if has_sheets else ():
        rows = own.sort_values("order", kind="stable")
        sheet = file.with_name(f"{name}_{coder}.xlsx")
        files.append(write_coding_sheet(sheet, rows, run.codebook, coder=str(coder)))
    return files


def with_texts(run: Run, chosen: pd.DataFrame) -> pd.DataFrame:
    """Add to chosen passages, in their order, what people read of them: file, section, reading and text."""
    import pyarrow as pa
    import pyarrow.compute as pc

    table = run.table("passages", ["passage_id", "file", "section", "reading", "text"])
    is_chosen = pc.is_in(table["passage_id"], pa.array(chosen["passage_id"], pa.string()))
    return chosen.merge(table.filter(is_chosen).to_pandas(), on="passage_id")


def read_codes(files: Sequence[Path], run: Run, *, coder: str = "") -> list[HandCoding]:
    """Read hand codes from workbooks, CSV files, Label Studio, INCEpTION or REFI-QDA, by the file's ending."""
    from xietong.hand_codes.sheets import read_coding_sheet

    found: list[HandCoding] = []
    for file in files:
        if not file.is_file():
            raise UsageError(f"{file} does not exist")
        ending = file.suffix.lower()
        if ending in _SHEETS:
            found += read_coding_sheet(file, run.codebook, coder=coder)
        elif ending == ".json":
            from xietong.export.labelstudio import import_codes

            found += import_codes(file, run)
        elif ending == ".zip":
            from xietong.export.inception import import_codes as import_inception

            found += import_inception(file, run, coder=coder or "inception")
        elif ending == ".qdpx":
            from xietong.export.refi_import import import_codes as import_project

            project = import_project(file, run, coder=coder)
            _warn(file, [*project.unknown_codes, *project.unknown_sources])
            found += project.codings
        else:
            raise UsageError(
                f"{file.name}: hand codes are read from .xlsx, .csv, .json (Label Studio), .zip (INCEpTION), .qdpx"
            )
    return found


def _warn(file: Path, unknown: Sequence[str]) -> None:
    """Say what a project holds that the run does not know."""
    import sys

    from xietong.console import safe
    from xietong.messages import message

    if unknown:
        names = ", ".join(unknown[:10]) + (" …" if len(unknown) > 10 else "")
        print(safe(message("sheet_left_out", file=file.name, names=names)), file=sys.stderr)


def take_in(run: Run, files: Sequence[Path], *, coder: str = "") -> str:
    """Save hand codes made elsewhere with the run's own; say how many of whom."""
    from xietong.hand_codes import HandCodes
    from xietong.messages import message

    codings = read_codes(files, run, coder=coder)
    known = set(run.table("passages", ["passage_id"])["passage_id"].to_pylist())
    here = [coding for coding in codings if coding.passage_id in known]
    with HandCodes(run.folder) as hand:
        hand.save_all(here, run.codebook)
    counts = Counter(coding.coder_id.removeprefix("hand:") for coding in here)
    lines = [f"{name}: {n}" for name, n in sorted(counts.items())]
    if len(here) < len(codings):
        lines.append(f"{len(codings) - len(here)} passages are not in this run")
    lines += [message("sheet_rows_empty", file=file.name, n=n) for file, n in _empty_rows(files, run)]
    return "\n".join(lines)


def _empty_rows(files: Sequence[Path], run: Run) -> list[tuple[Path, int]]:
    """Give the coding sheets with rows in which nothing was entered, and how many those are."""
    from xietong.hand_codes.sheets import count_empty_rows

    sheets = [file for file in files if file.suffix.lower() in _SHEETS]
    return [(file, n) for file in sheets if (n := count_empty_rows(file, run.codebook))]


def print_assessment(assessment: Any, files: Sequence[Path], as_json: bool) -> None:
    """Print agreement, the machine's errors and the shares, short; the files have everything."""
    from xietong.assessment import MACHINE
    from xietong.ingest.reasons import worded_note
    from xietong.messages import message, product_language

    tables = {
        "agreement": _short(assessment.agreement, _AGREEMENT),
        "machine": _short(assessment.machine, _MACHINE, coder_id=MACHINE),
        "shares": _short(assessment.shares, _SHARES),
    }
    if as_json:
        records = {
            name: json.loads(table.to_json(orient="records", force_ascii=False)) for name, table in tables.items()
        }
        print(json.dumps(records | {"files": [str(f) for f in files]}, ensure_ascii=False, indent=1))
        return
    for name, table in tables.items():
        if len(table):
            shown = table.drop(columns="note", errors="ignore")
            print(f"{name}\n{shown.to_string(index=False, float_format=lambda v: f'{v:.3f}', na_rep='–')}\n")
    if assessment.n_elsewhere:
        print(message("agree_elsewhere", n=assessment.n_elsewhere))
    for note, n in _notes(assessment.shares):
        print(message("agree_note", n=n, of=len(assessment.shares), note=worded_note(note, product_language())))
    if assessment.n_undecided:
        print(message("agree_undecided", n=assessment.n_undecided, run=assessment.run.folder))
    for file in files:
        print(file)


def _notes(shares: pd.DataFrame) -> list[tuple[str, int]]:
    """What is said of some of the shares, and of how many; said once below them rather than in every line."""
    said = shares["note"].str.split("; ").explode() if len(shares) else []
    return [(str(note), int(n)) for note, n in Counter(note for note in said if note).most_common()]


def print_training(run: Run, folder: Path, card: dict[str, Any], n_next: int, as_json: bool) -> None:
    """Print a trained model's figures, what more hand codes would buy, and where the passages to code next are."""
    from xietong.active import learning_curve
    from xietong.messages import message
    from xietong.own_model import settled_codes

    table, codes = settled_codes(run)
    try:
        curve = learning_curve(table["folded"].tolist(), codes.astype(int), table["document_id"].tolist())
        sizes = [*curve.sizes.astype(int).tolist(), len(table), len(table) + 100, len(table) + 300]
        forecast = {int(n): round(curve.at(n), 3) for n in sizes}
    except UsageError:
        forecast = {}  # too few codes for a curve; the figures above stand without
    file = propose_next(run, table["passage_id"].tolist(), n_next) if n_next else None
    if as_json:
        print(json.dumps(card | {"forecast": forecast, "next": str(file or "")}, ensure_ascii=False, indent=1))
        return
    print(f"{folder}: {card['data']}")
    print("\n".join(f"{name}: {figure}" for name, figure in card["figures"].items()))
    for n, figure in forecast.items():
        print(message("train_forecast" if n > len(table) else "train_curve", n=n, f1=f"{figure:.2f}"))
    print("\n".join([f"xietong run … --model {folder}"] + [message("train_next", file=file)] * bool(file)))


def propose_next(run: Run, coded: Sequence[str], n: int) -> Path:
    """Write a workbook with the passages whose codes would teach a trained coder most; ``review --import`` reads it."""
    from xietong.active import next_passages
    from xietong.hand_codes.sheets import write_coding_sheet

    rows = with_texts(run, next_passages(run, coded, n))
    folder = run.folder / "hand"
    folder.mkdir(exist_ok=True)
    return write_coding_sheet(folder / "next.xlsx", rows, run.codebook)


def _short(table: pd.DataFrame, columns: Sequence[str], **only: str) -> pd.DataFrame:
    for column, value in only.items():
        table = table[table[column] == value] if len(table) else table
    return table[[c for c in columns if c in table.columns]]
