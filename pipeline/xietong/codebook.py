"""The codebook: which codes there are, what they mean, and which words point to them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import Any

from xietong.codebook_checks import SCALES, Problem, find_problems
from xietong.codebook_files import Sheet, copy_sheets, read_sheets
from xietong.errors import CodebookError, UsageError


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """One category of one facet."""

    facet: str
    code: str
    label_en: str = ""
    label_zh: str = ""
    label_zh_hant: str = ""
    scale_max: int = 1  # 1: absent or present; 2: absent, theme, synergy
    definition: str = ""
    definition_zh: str = ""  # the whole of it in Chinese: what it means, what belongs to it, what does not
    include: str = ""
    exclude: str = ""
    example: str = ""

    def define(self, language: str) -> tuple[str, str, str]:
        """Give definition, what to include and what to exclude for readers of ``language`` (en or zh).

        The Chinese definition says all three in one.
        """
        if language == "zh" and self.definition_zh:
            return self.definition_zh, "", ""
        return self.definition, self.include, self.exclude

    @property
    def column(self) -> str:
        """Name of the code's column in the wide tables, ``path_planning`` for instance."""
        return f"{self.facet}_{self.code}"


#: A table of codes names each by these, and says of it, in this order, what else `Code` holds.
CODE_NAMES = ("facet", "code", "column")
CODE_FACTS = tuple(field.name for field in fields(Code) if field.name not in CODE_NAMES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """A word or phrase that points to a code: alone where strong, in company where weak."""

    code: str
    language: str  # zh or en
    term: str
    weight: str = "strong"  # strong or weak
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mask:
    """A phrase inside which no term counts."""

    language: str
    phrase: str
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CueWord:
    """A word, named place or body that makes a theme a synergy; ``kind`` says how."""

    language: str
    cue: str
    kind: str


@dataclass(frozen=True, kw_only=True)
class Codebook:
    """Codes with their terms, masks, cues and lexicon, in the order of their files."""

    name: str
    codes: tuple[Code, ...]
    terms: tuple[Term, ...] = ()
    masks: tuple[Mask, ...] = ()
    cues: tuple[CueWord, ...] = ()
    lexicon: tuple[str, ...] = ()
    content_hash: str = ""  # SHA-256 of all of the above, so that a run can say which codebook it used

    @cached_property
    def index(self) -> dict[str, int]:
        """Position of each code in ``codes``, by its name; names are unique over all facets."""
        return {code.code: i for i, code in enumerate(self.codes)}

    @cached_property
    def facets(self) -> tuple[str, ...]:
        """The facets, in the order of their first code."""
        return tuple(dict.fromkeys(code.facet for code in self.codes))


def read_codebook(place: str | Path) -> Codebook:
    """Read a codebook and check it.

    Parameters
    ----------
    place
        The name of a bundled codebook (``regional-coordination``), a folder of CSV files or an XLSX workbook.

    Returns
    -------
    Codebook
        Codes, terms, masks, cues and lexicon in the order of their files.

    Raises
    ------
    CodebookError
        If it does not exist or has problems; the message lists every problem with file, line and suggestion.
    """
    path = locate_codebook(place)
    sheets, unreadable = read_sheets(path)
    errors = [p for p in find_problems(sheets, unreadable, path.name) if p.severity == "error"]
    if errors:
        head = f"The codebook {path.name} has {len(errors)} problem{'s' if len(errors) > 1 else ''}:"
        raise CodebookError("\n".join([head, *(f"  {problem}" for problem in errors)]))
    return _build(path.stem if path.is_file() else path.name, sheets)


def check_codebook(place: str | Path) -> list[Problem]:
    """Give every problem of a codebook, errors and warnings, in the order of files and lines.

    Raises
    ------
    CodebookError
        Only if there is nothing to check: no such folder, workbook or bundled name.
    """
    path = locate_codebook(place)
    return find_problems(*read_sheets(path), path.name)


def copy_codebook(place: str | Path, folder: str | Path) -> list[Path]:
    """Copy a codebook, a bundled one for instance, into a folder of your own to edit.

    Returns
    -------
    list of Path
        The files written.

    Raises
    ------
    CodebookError
        If there is no such codebook.
    UsageError
        If the folder already holds a codebook, or cannot be written.
    """
    try:
        return copy_sheets(locate_codebook(place), Path(folder))
    except OSError as error:
        raise UsageError(str(error)) from error


def locate_codebook(place: str | Path) -> Path:
    """Find the folder or workbook that ``place`` means; an existing path wins over a bundled name."""
    path = Path(place)
    if path.is_dir() or path.is_file():
        return path.resolve()
    bundled = bundled_folder(str(place))
    if bundled is not None:
        return bundled
    known = ", ".join(bundled_names()) or "none"
    raise CodebookError(
        f"No codebook at {str(place)!r}: give a folder with codes.csv and terms.csv, an XLSX workbook, "
        f"or the name of one that comes with Xietong ({known})."
    )


def bundled_folder(name: str) -> Path | None:
    """Find a codebook that comes with the package: in an installed wheel, or in the checkout's ``seeds``."""
    if not name or name != Path(name).name:
        return None
    for seeds in _seed_folders():
        if (seeds / name / "codes.csv").is_file():
            return seeds / name
    return None


def bundled_names() -> list[str]:
    """List the codebooks that come with the package."""
    return sorted({file.parent.name for seeds in _seed_folders() for file in seeds.glob("*/codes.csv")})


def _seed_folders() -> tuple[Path, Path]:
    here = Path(__file__).resolve().parent
    return here / "_bundled" / "seeds", here.parents[1] / "seeds"


def _build(name: str, sheets: dict[str, Sheet]) -> Codebook:
    codes: tuple[Code, ...] = tuple(_records(sheets, "codes", _code))
    terms: tuple[Term, ...] = tuple(_records(sheets, "terms", _term))
    masks: tuple[Mask, ...] = tuple(_records(sheets, "masks", _mask))
    cues: tuple[CueWord, ...] = tuple(_records(sheets, "cues", _cue))
    lexicon: tuple[str, ...] = tuple(dict.fromkeys(_records(sheets, "lexicon", lambda cells: cells["word"])))
    digest = _content_hash(codes, terms, masks, cues, lexicon)
    return Codebook(name=name, codes=codes, terms=terms, masks=masks, cues=cues, lexicon=lexicon, content_hash=digest)


def _records(sheets: dict[str, Sheet], name: str, make: Callable[[dict[str, str]], Any]) -> Iterator[Any]:
    return (make(row.cells) for row in (sheets[name].rows if name in sheets else ()))


def _code(cells: dict[str, str]) -> Code:
    texts = {name: cells.get(name, "") for name in CODE_FACTS if name != "scale_max"}
    return Code(facet=cells["facet"], code=cells["code"], scale_max=SCALES[cells["scale"]], **texts)


def _term(cells: dict[str, str]) -> Term:
    return Term(
        code=cells["code"],
        language=cells["language"].lower(),
        term=cells["term"],
        weight=cells.get("weight", "").lower() or "strong",
        source=cells.get("source", ""),
    )


def _mask(cells: dict[str, str]) -> Mask:
    return Mask(language=cells["language"].lower(), phrase=cells["phrase"], reason=cells.get("reason", ""))


def _cue(cells: dict[str, str]) -> CueWord:
    return CueWord(language=cells["language"].lower(), cue=cells["cue"], kind=cells["kind"].lower())


def _content_hash(*parts: tuple[Any, ...]) -> str:
    """Hash what the codebook says: the order of codes counts, as columns follow it, that of other rows does not."""
    codes, *others = ([_plain(record) for record in records] for records in parts)
    content = [codes, *(sorted(records) for records in others)]
    return hashlib.sha256(json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()).hexdigest()


def _plain(record: Any) -> list[str]:
    return [record] if isinstance(record, str) else [str(getattr(record, name)) for name in record.__slots__]
