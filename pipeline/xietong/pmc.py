"""The PMC index (policy modelling consistency): a worksheet part-filled from the codes, and the index from its scores.

References
----------
Ruiz Estrada, M. A. (2011). Policy modeling: definition, classification and evaluation. Journal of Policy Modeling, 33.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from xietong.errors import UsageError
from xietong.hand_codes.sheets import cell_text
from xietong.lists import read_list

if TYPE_CHECKING:
    from xietong.runs import Run

#: Lower limits of the levels for nine variables, of a maximum of 9; authors differ, so they are printed with the result.
LEVELS: Mapping[str, float] = {"poor": 0.0, "acceptable": 5.0, "good": 7.0, "perfect": 9.0}
_MACHINE = "combined"


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A second-level variable: 0 or 1 for each policy. ``source`` says what in the run it can be filled from."""

    variable: str
    variable_en: str
    variable_zh: str
    item: str
    item_en: str
    item_zh: str
    source: str = ""

    @property
    def name(self) -> str:
        """Name of its column, ``X1.2`` for instance."""
        return f"{self.variable}.{self.item}"


def pmc_items(run: Run) -> list[Item]:
    """List the items, those that stand for a facet of the codebook as one item per code."""
    items = []
    for row in read_list("pmc_variables"):
        if not row["source"].startswith("facet:"):
            items.append(Item(**row))
            continue
        place = int(row["source"].partition(":")[2]) - 1
        facet = run.codebook.facets[place] if place < len(run.codebook.facets) else None
        for number, code in enumerate((c for c in run.codebook.codes if c.facet == facet), start=1):
            filled = {
                "item": str(number),
                "item_en": code.label_en,
                "item_zh": code.label_zh,
                "source": f"code:{code.code}",
            }
            items.append(Item(**(row | filled)))
    return items


def fill_from_codes(run: Run, items: Sequence[Item]) -> pd.DataFrame:
    """Fill what the run knows: 1 where a passage of the document has the code, or its metadata say so; else 0.

    Returns
    -------
    frame, one row per document that was read, one column per item; NaN where a person has to decide
    """
    documents = run.documents()
    documents = documents[documents["status"] == "ok"]
    tags = run.table("tags", ["passage_id", "code", "coder_id", "value"]).to_pandas()
    tags = tags[(tags["coder_id"] == _MACHINE) & (tags["value"] > 0)]
    places = run.table("passages", ["passage_id", "document_id"]).to_pandas()
    codes_of = tags.merge(places, on="passage_id").groupby("document_id")["code"].agg(set)
    found = documents["document_id"].map(codes_of)
    known_codes = set(run.codebook.index)
    columns: dict[str, list[float]] = {}
    for item in items:
        kind, _, what = item.source.partition(":")
        if kind == "code" and what in known_codes:
            columns[item.name] = [float(isinstance(codes, set) and what in codes) for codes in found]
        elif kind == "level":
            columns[item.name] = [float(level == what) if level else float("nan") for level in documents["level"]]
        else:
            columns[item.name] = [float("nan")] * len(documents)
    return pd.DataFrame(columns, index=pd.Index(documents["document_id"]))


def pmc_index(scores: pd.DataFrame, *, levels: Mapping[str, float] = LEVELS) -> pd.DataFrame:
    """Compute the index.

    Parameters
    ----------
    scores : frame, one row per policy, columns ``X1.1``, ``X1.2`` … with 0 or 1; NaN where not decided
    levels : name -> lower limit, for nine variables; scaled to the number of variables there are

    Returns
    -------
    frame, one row per policy
        ``X1`` … : mean of the variable's items; ``PMC``: their sum; ``depression``: the largest possible sum minus the
        PMC; ``level``. NaN, and no level, where an item is not decided.

    Examples
    --------
    >>> pmc_index(pd.DataFrame({"X1.1": [1], "X1.2": [0], "X2.1": [1]}))["PMC"].tolist()
    [1.5]
    """
    wrong = scores.stack().dropna()[lambda s: ~s.isin([0, 1])]
    if len(wrong):
        where, column = wrong.index[0]
        raise UsageError(f"{column} of {where} is {wrong.iloc[0]}; items are 0 or 1")
    variables = list(dict.fromkeys(str(name).split(".")[0] for name in scores.columns))
    result = pd.DataFrame(index=scores.index)
    for variable in variables:
        own = scores[[c for c in scores.columns if str(c).split(".")[0] == variable]]
        result[variable] = own.mean(axis=1, skipna=False)
    result["PMC"] = result[variables].sum(axis=1, skipna=False)
    result["depression"] = len(variables) - result["PMC"]
    scale = len(variables) / 9
    result["level"] = [_level(value, levels, scale) for value in result["PMC"]]
    return result


def _level(value: float, levels: Mapping[str, float], scale: float) -> str:
    reached = [name for name, limit in levels.items() if value >= limit * scale - 1e-9]
    return reached[-1] if reached else ""


def write_worksheet(run: Run, file: str | Path, *, language: str = "en") -> Path:
    """Write the worksheet: a sheet to score, filled from the codes where they can, and a sheet that computes the index.

    Cells filled by the machine are grey and may be overwritten; empty ones are for a person. Formulas follow.
    """
    import xlsxwriter

    items, file = pmc_items(run), Path(file)
    scores = fill_from_codes(run, items)
    documents = run.documents().set_index("document_id").loc[scores.index]
    with xlsxwriter.Workbook(file, {"strings_to_formulas": False, "strings_to_urls": False}) as book:
        formats = {
            "head": book.add_format({"bold": True, "bg_color": "#E8EEF3", "text_wrap": True, "valign": "top"}),
            "auto": book.add_format({"bg_color": "#ECECEC", "align": "center"}),
            "blank": book.add_format(
                {"bg_color": "#FFFBEA", "align": "center", "border": 1, "border_color": "#E1DED6"}
            ),
            "number": book.add_format({"num_format": "0.000"}),
        }
        sheet, index, about = (book.add_worksheet(name) for name in ("scores", "index", "variables"))
        _write_heads(sheet, index, items, formats["head"], language)
        _write_scores(sheet, index, scores, documents, formats)
        _write_index(index, items, len(scores), formats, language)
        _write_about(about, items, formats["head"], _n_variables(items) / 9)
        for target in (sheet, index):
            target.freeze_panes(1, _FIRST)
            target.set_column(0, 0, 10)
            target.set_column(1, 2, 26)
    return file


_NAMES = ("document_id", "file", "title")
_FIRST = len(_NAMES)  # the column of the first item or variable


def _n_variables(items: Sequence[Item]) -> int:
    return len({item.variable for item in items})


def _write_heads(sheet: Any, index: Any, items: Sequence[Item], head: Any, language: str) -> None:
    for place, name in enumerate(_NAMES):
        sheet.write_string(0, place, name, head)
        index.write_string(0, place, name, head)
    for place, item in enumerate(items, start=_FIRST):
        label = item.item_zh if language == "zh" else item.item_en
        sheet.write_string(0, place, f"{item.name} {label}", head)


def _write_scores(
    sheet: Any, index: Any, scores: pd.DataFrame, documents: pd.DataFrame, formats: Mapping[str, Any]
) -> None:
    """Write a row per document: what it is in both sheets, its scores in one."""
    last = _FIRST - 1 + len(scores.columns)
    sheet.data_validation(1, _FIRST, len(scores), last, {"validate": "list", "source": [0, 1]})
    for r, (document_id, row) in enumerate(scores.iterrows(), start=1):
        known = documents.loc[document_id]
        for target in (sheet, index):
            for place, text in enumerate((document_id, known["file"], known["title"])):
                target.write_string(r, place, cell_text(text))
        for place, value in enumerate(row, start=_FIRST):
            if value == value:
                sheet.write_number(r, place, value, formats["auto"])
            else:
                sheet.write_blank(r, place, None, formats["blank"])


def _write_index(index: Any, items: Sequence[Item], n_rows: int, formats: Mapping[str, Any], language: str) -> None:
    """Write the formulas: each variable as the mean of its items, their sum, how far it is from the largest, the level."""
    from xlsxwriter.utility import xl_col_to_name, xl_range

    groups: dict[str, list[int]] = {}
    for place, item in enumerate(items, start=_FIRST):
        groups.setdefault(item.variable, []).append(place)
    for place, (variable, columns) in enumerate(groups.items(), start=_FIRST):
        first = items[columns[0] - _FIRST]
        label = first.variable_zh if language == "zh" else first.variable_en
        index.write_string(0, place, f"{variable} {label}", formats["head"])
        for r in range(1, n_rows + 1):
            cells = "scores!" + xl_range(r, columns[0], r, columns[-1])
            index.write_formula(r, place, f'=IF(COUNTBLANK({cells})>0,"",AVERAGE({cells}))', formats["number"], "")
    at = _FIRST + len(groups)
    for place, name in enumerate(("PMC", "depression", "level"), start=at):
        index.write_string(0, place, name, formats["head"])
    for r in range(1, n_rows + 1):
        own, total = xl_range(r, _FIRST, r, at - 1), f"{xl_col_to_name(at)}{r + 1}"
        level = _level_formula(total, len(groups) / 9)
        index.write_formula(r, at, f'=IF(COUNT({own})<{len(groups)},"",SUM({own}))', formats["number"], "")
        index.write_formula(r, at + 1, f'=IF({total}="","",{len(groups)}-{total})', formats["number"], "")
        index.write_formula(r, at + 2, f'=IF({total}="","",{level})', None, "")


def _level_formula(cell: str, scale: float) -> str:
    formula = '""'
    for name, limit in LEVELS.items():
        formula = f'IF({cell}>={limit * scale:.6g},"{name}",{formula})'
    return formula


def _write_about(sheet: Any, items: Sequence[Item], head: Any, scale: float) -> None:
    fields = ("variable", "variable_en", "variable_zh", "item", "item_en", "item_zh", "source")
    for place, name in enumerate(fields):
        sheet.write_string(0, place, name, head)
        for r, item in enumerate(items, start=1):
            sheet.write_string(r, place, cell_text(getattr(item, name)))
    for r, (name, limit) in enumerate(LEVELS.items(), start=len(items) + 3):
        sheet.write_string(r, 0, name)
        sheet.write_number(r, 1, limit * scale)
    sheet.set_column(1, 5, 24)
