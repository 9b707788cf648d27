"""Finds what is wrong with a codebook's sheets, all of it at once, each with file, line and suggestion."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from xietong.codebook_files import Sheet, SheetRow

#: How the scale of a code may be written, and its highest value; Excel users write dashes of every kind.
SCALES = {"0-1": 1, "0-2": 2, "0–1": 1, "0–2": 2, "0/1": 1, "0/1/2": 2, "1": 1, "2": 2}
LANGUAGES = ("zh", "en")
WEIGHTS = ("strong", "weak")
#: What a cue does for value 2; ``coders/terms.py`` says how each kind counts.
CUE_KINDS = ("space", "relation", "body", "joint", "partner", "level", "place", "negation", "name_tail", "list_mark")
REQUIRED = {
    "codes": ("facet", "code", "scale"),
    "terms": ("code", "language", "term"),
    "masks": ("language", "phrase"),
    "cues": ("language", "cue", "kind"),
    "lexicon": ("word",),
}
LONGEST_COLUMN = 32  # Stata's limit for the name of a variable
_HAN = re.compile(r"[\u3400-\u9fff\U00020000-\U0003ffff]")


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to mend. ``severity``: error (the codebook cannot be used) or warning; ``line`` 0: the whole file."""

    severity: str
    file: str
    line: int
    message: str
    suggestion: str = ""

    def __str__(self) -> str:
        """Say it in one line, as compilers do: file, line, what, what to do."""
        place = f"{self.file}, line {self.line}" if self.line else self.file
        return f"{place}: {self.message}" + (f" {self.suggestion}" if self.suggestion else "")


def find_problems(sheets: dict[str, Sheet], unreadable: Iterable[tuple[str, str]], name: str) -> list[Problem]:
    """Check the sheets of a codebook, ``name`` being what to call the folder or workbook as a whole."""
    problems = [Problem("error", file, 0, reason) for file, reason in unreadable]
    if not problems:
        problems += [
            Problem(
                "error", name, 0, f"has no sheet {sheet!r}.", f"Add {sheet}.csv, or a sheet {sheet!r} in a workbook."
            )
            for sheet in ("codes", "terms")
            if sheet not in sheets
        ]
    usable = {}
    for key, sheet in sheets.items():
        missing = list(_missing_columns(sheet))
        problems += missing
        if not missing:
            usable[key] = sheet
    codes = _code_names(usable)
    for key, check in (("codes", _check_codes), ("masks", _check_masks), ("cues", _check_cues)):
        if key in usable:
            problems += check(usable[key])
    if "terms" in usable:
        problems += _check_terms(usable["terms"], codes)
        problems += _check_together(usable)
    order = {sheet.file: i for i, sheet in enumerate(sheets.values())}
    return sorted(problems, key=lambda p: (order.get(p.file, -1), p.line, p.severity, p.message))


def _missing_columns(sheet: Sheet) -> Iterator[Problem]:
    if not sheet.columns:
        if sheet.name in ("codes", "terms"):
            yield Problem("error", sheet.file, 0, "is empty.", f"Its first line is {','.join(REQUIRED[sheet.name])} …")
        return
    for column in REQUIRED[sheet.name]:
        if column not in sheet.columns:
            near = _did_you_mean(column, sheet.columns)
            hint = f"Rename {near!r} to {column!r}." if near else f"Add it; the header has: {', '.join(sheet.columns)}."
            yield Problem("error", sheet.file, 1, f"the column {column!r} is missing.", hint)


def _code_names(sheets: dict[str, Sheet]) -> dict[str, str]:
    """Facet of each code, as far as the sheet of codes can be read."""
    return {row.cells["code"]: row.cells["facet"] for row in (sheets["codes"].rows if "codes" in sheets else ())}


def _check_codes(sheet: Sheet) -> Iterator[Problem]:
    if not sheet.rows:
        yield Problem("error", sheet.file, 0, "has no code.", "Add one line for each code.")
    lines: dict[str, int] = {}
    for row in sheet.rows:
        facet, code, scale = (row.cells[column] for column in REQUIRED["codes"])
        if scale not in SCALES:
            yield Problem("error", sheet.file, row.line, f"the scale {scale!r} is not known.", "Write 0-1 or 0-2.")
        yield from _check_name(sheet, row, facet, code)
        if code and code.lower() in lines:
            first = lines[code.lower()]
            yield Problem(
                "error", sheet.file, row.line, f"the code {code!r} stands on line {first} already.",
                "Code names are unique over all facets, whatever their case: rename or delete one.",
            )  # fmt: skip
        lines.setdefault(code.lower(), row.line)
        if not row.cells.get("definition"):
            yield Problem("warning", sheet.file, row.line, f"the code {code!r} has no definition.")


def _check_name(sheet: Sheet, row: SheetRow, facet: str, code: str) -> Iterator[Problem]:
    from xietong.tables import DOCUMENTS, PASSAGES, TAGS  # here, because few commands need Arrow for a codebook

    column = f"{facet}_{code}"
    for what, value in (("facet", facet), ("code", code)):
        if not value:
            yield Problem(
                "error", sheet.file, row.line, f"the {what} is empty.", "Give it a short name, such as market."
            )
        elif not value.isidentifier():
            better = re.sub(r"\W+", "_", value).strip("_")
            hint = f"Write {better!r}." if better.isidentifier() else "Begin with a letter."
            yield Problem(
                "error", sheet.file, row.line,
                f"the {what} {value!r} cannot name a column: only letters, digits and _ can, and no digit first.", hint,
            )  # fmt: skip
    if column in {*DOCUMENTS.names, *PASSAGES.names, *TAGS.names}:
        yield Problem("error", sheet.file, row.line, f"the column {column!r} has another meaning.", "Rename the code.")
    if len(column) > LONGEST_COLUMN:
        yield Problem(
            "warning", sheet.file, row.line,
            f"the column {column!r} is longer than {LONGEST_COLUMN} characters; Stata will cut it.", "Shorten it.",
        )  # fmt: skip


def _check_language(sheet: Sheet, row: SheetRow, text: str) -> Iterator[Problem]:
    language = row.cells["language"]
    if language.lower() not in LANGUAGES:
        guess = "zh" if _HAN.search(text) or language.lower().startswith(("zh", "cn", "chi")) else "en"
        yield Problem(
            "error", sheet.file, row.line, f"the language {language!r} is not known.",
            f"Did you mean {guess!r}? Terms in traditional script are zh as well.",
        )  # fmt: skip
    elif language.lower() == "en" and _HAN.search(text):
        yield Problem("error", sheet.file, row.line, f"{text!r} is marked en but is Chinese.", "Write zh.")
    elif language.lower() == "zh" and not _HAN.search(text) and " " in text:
        yield Problem("warning", sheet.file, row.line, f"{text!r} is marked zh but is not Chinese.", "Write en?")


def _check_terms(sheet: Sheet, codes: dict[str, str]) -> Iterator[Problem]:
    seen: dict[tuple[str, str, str], int] = {}
    for row in sheet.rows:
        code, language, term = (row.cells[column] for column in REQUIRED["terms"])
        weight = row.cells.get("weight", "")
        if code not in codes:
            near = _did_you_mean(code, codes)
            hint = f"Did you mean {near!r}?" if near else f"codes.csv has: {', '.join(codes) or 'no code'}."
            yield Problem("error", sheet.file, row.line, f"the code {code!r} is not in codes.csv.", hint)
        if weight.lower() not in (*WEIGHTS, ""):
            near = _did_you_mean(weight.lower(), WEIGHTS)
            hint = f"Did you mean {near!r}?" if near else "Write strong or weak."
            yield Problem("error", sheet.file, row.line, f"the weight {weight!r} is not known.", hint)
        if not _letters(term):
            yield Problem("error", sheet.file, row.line, "the term is empty.", "Fill it in or delete the line.")
            continue
        yield from _check_language(sheet, row, term)
        first = seen.setdefault((code, language.lower(), _letters(term)), row.line)
        if first != row.line:
            yield Problem(
                "error", sheet.file, row.line, f"the term {term!r} of {code!r} stands on line {first} already.",
                "Delete one of the two.",
            )  # fmt: skip
        if len(_letters(term)) == 1 and _HAN.search(term) and weight.lower() != "weak":
            yield Problem(
                "warning", sheet.file, row.line, f"the strong term {term!r} is one character and will match everywhere.",
                "Make it weak or longer.",
            )  # fmt: skip


def _check_masks(sheet: Sheet) -> Iterator[Problem]:
    for row in sheet.rows:
        if not _letters(row.cells["phrase"]):
            yield Problem("error", sheet.file, row.line, "the phrase is empty.", "Fill it in or delete the line.")
        else:
            yield from _check_language(sheet, row, row.cells["phrase"])


def _check_cues(sheet: Sheet) -> Iterator[Problem]:
    for row in sheet.rows:
        kind = row.cells["kind"].lower()
        if kind not in CUE_KINDS:
            near = _did_you_mean(kind, CUE_KINDS)
            hint = f"Did you mean {near!r}?" if near else f"Kinds are: {', '.join(CUE_KINDS)}."
            yield Problem("error", sheet.file, row.line, f"the kind {row.cells['kind']!r} is not known.", hint)
        if not row.cells["cue"].strip():
            yield Problem("error", sheet.file, row.line, "the cue is empty.", "Fill it in or delete the line.")
        else:
            yield from _check_language(sheet, row, row.cells["cue"])


def _check_together(sheets: dict[str, Sheet]) -> Iterator[Problem]:
    """Check what only shows when sheets are read side by side."""
    terms = sheets["terms"]
    owners: dict[tuple[str, str], list[SheetRow]] = {}
    for row in terms.rows:
        owners.setdefault((row.cells["language"].lower(), _letters(row.cells["term"])), []).append(row)
    for row in sheets["masks"].rows if "masks" in sheets else ():
        for term in owners.get((row.cells["language"].lower(), _letters(row.cells["phrase"])), []):
            yield Problem(
                "error", sheets["masks"].file, row.line,
                f"the mask {row.cells['phrase']!r} hides the term on line {term.line} of {terms.file} everywhere.",
                "Delete one of the two.",
            )  # fmt: skip
    facets = _code_names(sheets)
    for (_, _), rows in owners.items():
        strong = [row for row in rows if row.cells.get("weight", "").lower() != "weak"]
        for i, row in enumerate(strong):
            for other in strong[:i]:
                same = facets.get(row.cells["code"]) == facets.get(other.cells["code"]) is not None
                if same and row.cells["code"] != other.cells["code"]:
                    yield Problem(
                        "warning", terms.file, row.line,
                        f"{row.cells['term']!r} is a strong term of {other.cells['code']!r} (line {other.line}) as well.",
                        "One facet, two codes: intended?",
                    )  # fmt: skip
    for code in facets:
        if code and not any(row.cells["code"] == code for row in terms.rows):
            yield Problem("warning", terms.file, 0, f"the code {code!r} has no term.", "No passage will get it.")


def _letters(text: str) -> str:
    """Reduce a term to what tells it from others: case, hyphens and runs of spaces do not."""
    return " ".join(re.sub(r"[\s\-‐‑–]+", " ", text).casefold().split())


def _did_you_mean(word: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(word.lower(), [k.lower() for k in known], n=1, cutoff=0.6)
    return next((k for k in known if near and k.lower() == near[0]), "")
