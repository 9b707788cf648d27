"""A finished run, opened: its tables as pandas frames, its texts, its codebook."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xietong import manifest
from xietong.codebook import Code, Codebook, CueWord, Mask, Term
from xietong.errors import RunFolderError, UsageError

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

_CODEBOOK = "tables/codebook.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What a run did beside what was there: input files taken over and done anew, those gone, edited files set aside."""

    taken_over: int
    anew: int = 0
    gone: tuple[str, ...] = ()
    set_aside: Mapping[str, str] = field(default_factory=dict)  # passages.csv to passages.edited.csv


class Run:
    """A run folder. Frames are read from ``tables/`` when asked for; ``changes`` only the run itself knows."""

    def __init__(self, folder: str | Path, changes: Changes | None = None) -> None:
        self.folder, self.changes = Path(folder), changes

    def __repr__(self) -> str:
        return f"Run({str(self.folder)!r})"

    @cached_property
    def manifest(self) -> dict[str, Any]:
        """What ran, on what, with which options."""
        return manifest.read(self.folder)

    @cached_property
    def codebook(self) -> Codebook:
        """The codebook the run was coded with."""
        file = self.folder / _CODEBOOK
        try:
            stored = json.loads(file.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise RunFolderError(f"{file} cannot be read ({error}); run `xietong run` on the folder again") from error
        return Codebook(
            name=stored["name"],
            codes=tuple(Code(**row) for row in stored["codes"]),
            terms=tuple(Term(**row) for row in stored["terms"]),
            masks=tuple(Mask(**row) for row in stored["masks"]),
            cues=tuple(CueWord(**row) for row in stored["cues"]),
            lexicon=tuple(stored["lexicon"]),
            content_hash=stored["content_hash"],
        )

    def has_table(self, name: str) -> bool:
        """Tell whether the run has this table (topics, keywords and trends are made on request)."""
        return (self.folder / "tables" / f"{name}.parquet").is_file()

    def table(self, name: str, columns: list[str] | None = None) -> pa.Table:
        """Read one table as Arrow."""
        import pyarrow.parquet as pq

        file = self.folder / "tables" / f"{name}.parquet"
        try:
            return pq.ParquetFile(file).read(columns=columns)
        except FileNotFoundError as error:
            raise RunFolderError(f"{self.folder} has no table {name}: {file} does not exist") from error

    def documents(self) -> pd.DataFrame:
        """One row per input document."""
        return _frame(self.table("documents"))

    def tags(self) -> pd.DataFrame:
        """One row per passage, code and coder."""
        return self.table("tags").to_pandas()

    def evidence(self) -> pd.DataFrame:
        """One row per reason: the quoted words, where they stand, the cue that matched and its weight."""
        return self.table("evidence").to_pandas()

    def passages(self) -> pd.DataFrame:
        """One row per passage with the document's metadata, one column per code, and what the codes rest on."""
        from xietong.wide import widen

        return _frame(widen(self))

    def text(self, document_id: str) -> str:
        """Give the extracted text that ``start`` and ``end`` of every table count in."""
        import pyarrow.parquet as pq

        file = self.folder / "tables" / "texts.parquet"
        found = pq.read_table(file, filters=[("document_id", "=", document_id)])["text"].to_pylist()
        if not found:
            raise UsageError(
                f"no text of document {document_id!r} in {self.folder}; see the document_id column of documents"
            )
        return found[0]


def _frame(table: pa.Table) -> pd.DataFrame:
    frame = table.to_pandas()
    frame["year"] = frame["year"].astype("Int32")  # a year that is not known must not turn the others into 2025.0
    return frame


def open_run(folder: str | Path) -> Run:
    """Open a run folder.

    Raises
    ------
    RunFolderError
        If the folder does not hold a finished run.
    """
    run = Run(folder)
    manifest.read(run.folder)
    return run


def write_codebook(codebook: Codebook, folder: Path) -> None:
    """Keep the codebook with the run, so that its codes can be explained when the codebook's files have changed."""
    fields = {
        "name": codebook.name,
        "content_hash": codebook.content_hash,
        "codes": [asdict(code) for code in codebook.codes],
        "terms": [asdict(term) for term in codebook.terms],
        "masks": [asdict(mask) for mask in codebook.masks],
        "cues": [asdict(cue) for cue in codebook.cues],
        "lexicon": list(codebook.lexicon),
    }
    file = folder / _CODEBOOK
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(fields, ensure_ascii=False, indent=0) + "\n", encoding="utf-8")
