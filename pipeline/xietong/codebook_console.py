"""Answers `codebook check --corpus` and `codebook suggest` on the command line."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from xietong.messages import message

if TYPE_CHECKING:
    import pandas as pd

    from xietong.runs import Run


_FINDINGS = {
    "never occurs": "diagnose_never",
    "always hidden": "diagnose_hidden",
    "dominates": "diagnose_dominates",
}


def print_diagnosis(run_folder: Path, codebook_place: str, out: Path | None, as_json: bool, most: int = 15) -> None:
    """Say how a codebook's terms do in a run, with people's codes where the run has any.

    Parameters
    ----------
    run_folder : the run
    codebook_place : the codebook that is tried; "" for the run's own
    out : file for the whole table, one row per term
    """
    from xietong.analysis.codebook_terms import diagnose_codes, diagnose_terms
    from xietong.codebook import read_codebook
    from xietong.runs import open_run

    run = open_run(run_folder)
    codebook = read_codebook(codebook_place) if codebook_place else run.codebook
    passages = _coded_passages(run)
    table = diagnose_terms(passages, codebook, _hand_codes(run))
    _save(table, out)
    if as_json:
        print(table.to_json(orient="records", force_ascii=False, indent=1))
        return
    for finding, rows in table[table["finding"] != ""].groupby("finding"):
        said = message(_FINDINGS[str(finding)])
        print(message("diagnose_finding", finding=said, n=len(rows), of=len(table)))
        print(f"    {', '.join(f'{row.term} ({row.code})' for row in rows.head(most).itertuples())}")
    print(f"\n{message('diagnose_alone')}")
    _print(table.sort_values("n_alone", ascending=False).head(most), ["code", "term", "n_passages", "share", "n_alone"])
    if "f1_change" in table:
        print(f"\n{message('diagnose_cost')}")
        columns = ["code", "term", "n_hand", "n_hand_right", "f1_change"]
        _print(table[table["f1_change"] < 0].sort_values("f1_change").head(most), columns)
    pairs = diagnose_codes(passages, codebook)
    print(f"\n{message('diagnose_together')}")
    _print(pairs.head(most), ["code", "other", "n_code", "n_both", "share", "finding"])
    if out is None:
        print(message("diagnose_whole"), file=sys.stderr)


def print_suggestions(
    run_folder: Path, code: str, language: str, n_terms: int, out: Path | None, as_json: bool
) -> None:
    """Propose terms for a code from a run, each with lines of context."""
    from xietong.analysis.codebook_suggestions import SuggestOptions, suggest_terms
    from xietong.runs import open_run

    run = open_run(run_folder)
    options = SuggestOptions(n_terms=n_terms)
    table = suggest_terms(_coded_passages(run), run.codebook, code, language, options=options)
    _save(table, out)
    if as_json:
        print(table.to_json(orient="records", force_ascii=False, indent=1))
        return
    for row in table.itertuples():
        found = message("suggest_found", n=row.n_code, code=code, others=row.n_other)
        print(f"{row.term}  {row.weight}: {found}")
        print("".join(f"    {line}\n" for line in str(row.lines).splitlines()))


def _coded_passages(run: Run) -> pd.DataFrame:
    from xietong.records import CODED_KINDS

    passages = run.passages()
    return passages[passages["kind"].isin(sorted(CODED_KINDS))].reset_index(drop=True)


def _hand_codes(run: Run) -> pd.DataFrame | None:
    """Give what people settled on, or None where nobody coded."""
    from xietong.hand_codes import HandCodes
    from xietong.hand_codes.settle import settle

    tags = HandCodes(run.folder).tags(run.codebook)
    settled = settle(tags) if len(tags) else tags
    return settled[settled["is_settled"]] if len(settled) else None


def _save(table: pd.DataFrame, out: Path | None) -> None:
    if out is not None:
        import pyarrow as pa

        from xietong.export.csv_file import write_table

        write_table(pa.Table.from_pandas(table, preserve_index=False), out)


def _print(table: pd.DataFrame, columns: list[str]) -> None:
    if len(table):
        print(table[columns].to_string(index=False, float_format=lambda value: f"{value:.3f}"))
    else:
        print(message("diagnose_none"))
