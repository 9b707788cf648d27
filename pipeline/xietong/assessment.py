"""What is known of a run's codes once people have coded some: agreement, errors of the machine, corrected shares."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from xietong.agreement import AgreementOptions, agree, agree_on_spans, compare_pairs, list_disagreements
from xietong.errors import UsageError
from xietong.estimates import correct_shares
from xietong.hand_codes import ADJUDICATED, HandCodes, HandCoding
from xietong.hand_codes.samples import list_samples, read_sample
from xietong.hand_codes.settle import settle
from xietong.records import CODED_KINDS
from xietong.sampling import combine_samples

if TYPE_CHECKING:
    from xietong.runs import Run

#: The coder whose codes the tables show, and the name under which people's settled codes are compared with machines.
MACHINE, PEOPLE = "combined", "people"
TABLES = ("agreement", "machine", "spans", "disagreements", "shares")


@dataclass(frozen=True, kw_only=True)
class AssessmentOptions:
    """What is assessed, and how."""

    by: str = ""  # shares by this column of the documents (year, region, level …); "" for the whole corpus
    samples: tuple[str, ...] = ()  # samples that the shares rest on; all by default
    agreement: AgreementOptions = field(default_factory=AgreementOptions)


class Assessment:
    """A run's hand codes set against one another and against the machine; each table is made when asked for.

    Attributes
    ----------
    tags, coded, evidence : what people said, as `HandCodes` gives it
    passages : frame with passage_id, document_id of every passage that coders look at
    n_elsewhere : hand-coded passages that this run does not have
    """

    def __init__(
        self, run: Run, *, extra: Sequence[HandCoding] = (), options: AssessmentOptions = AssessmentOptions()
    ) -> None:
        self.run, self.options, self.codebook = run, options, run.codebook
        passages = run.table("passages", ["passage_id", "document_id", "kind"]).to_pandas()
        self.passages = passages.loc[passages["kind"].isin(list(CODED_KINDS)), ["passage_id", "document_id"]]
        self.documents = self.passages.set_index("passage_id")["document_id"]
        hand = HandCodes(run.folder)
        tags, coded = hand.tags(self.codebook), hand.coded()
        for coding in (c.check(self.codebook) for c in extra):
            tags, coded = self._with(coding, tags, coded)
        # codes of an earlier state of the corpus stay in the file, but nothing can be said of them here
        is_here = coded["passage_id"].isin(self.documents.index)
        self.n_elsewhere = int((~is_here).sum())
        self.coded = coded[is_here]
        self.tags = tags[tags["passage_id"].isin(self.documents.index)]
        self.evidence = hand.evidence(self.codebook)
        if self.coded.empty:
            raise UsageError("nobody has coded a passage of this run yet; use `xietong sample` and `xietong review`")

    def _with(self, coding: HandCoding, tags: pd.DataFrame, coded: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
        rows = [
            (coding.passage_id, c.facet, c.code, coding.coder_id, coding.values.get(c.code, 0))
            for c in self.codebook.codes
        ]
        more = pd.DataFrame(rows, columns=["passage_id", "facet", "code", "coder_id", "value"])
        row = {
            name: [getattr(coding, name)]
            for name in ("passage_id", "coder_id", "has_seen_machine", "source", "comment")
        }
        return pd.concat([tags, more], ignore_index=True), pd.concat([coded, pd.DataFrame(row)], ignore_index=True)

    # -- people ----------------------------------------------------------------------------------------------------

    @property
    def coders(self) -> list[str]:
        """Who coded, without the adjudicated codes."""
        return sorted(set(self.coded["coder_id"]) - {ADJUDICATED})

    @cached_property
    def agreement(self) -> pd.DataFrame:
        """Agreement between people, per code; empty where no passage was coded by two of them."""
        people = self.coded[self.coded["coder_id"] != ADJUDICATED]
        if not (people.groupby("passage_id")["coder_id"].nunique() >= 2).any():
            return pd.DataFrame()
        return agree(
            self.tags, codebook=self.codebook, documents=self.documents, coded=people, coders=self.coders,
            options=self.options.agreement,
        )  # fmt: skip

    @cached_property
    def disagreements(self) -> pd.DataFrame:
        """Where people differ, with the passages."""
        people = self.coded[self.coded["coder_id"] != ADJUDICATED]
        ids = people["passage_id"].drop_duplicates()
        return list_disagreements(self.tags, self._texts(ids), coders=self.coders, coded=people)

    def _texts(self, ids: pd.Series) -> pd.DataFrame:
        import pyarrow as pa
        import pyarrow.compute as pc

        table = self.run.table("passages", ["passage_id", "file", "section", "start", "end", "reading", "text"])
        return table.filter(pc.is_in(table["passage_id"], pa.array(ids, pa.string()))).to_pandas()

    @cached_property
    def spans(self) -> pd.DataFrame:
        """Unitised agreement between people on the words they marked."""
        people = self.coded[self.coded["coder_id"] != ADJUDICATED]
        return agree_on_spans(self.evidence, self._texts(people["passage_id"]), coded=people)

    @cached_property
    def settled(self) -> pd.DataFrame:
        """One value per hand-coded passage and code: adjudicated, else of the majority; NaN where undecided."""
        return settle(self.tags)

    @property
    def n_undecided(self) -> int:
        """Passages on which people differ and nobody has decided."""
        return int(self.settled.loc[~self.settled["is_settled"], "passage_id"].nunique())

    # -- the machine -----------------------------------------------------------------------------------------------

    @cached_property
    def machine_tags(self) -> pd.DataFrame:
        """Values above 0 that the machine coders gave; all passages."""
        import pyarrow.compute as pc

        table = self.run.table("tags", ["passage_id", "facet", "code", "coder_id", "value"])
        return table.filter(pc.greater(table["value"], 0)).to_pandas()

    @cached_property
    def machine(self) -> pd.DataFrame:
        """Each machine coder against people's settled codes: precision, recall, F1, kappa, weighted to the corpus."""
        settled = self.settled[self.settled["is_settled"]].assign(coder_id=PEOPLE)
        ids = settled["passage_id"].unique()
        machine = self.machine_tags[self.machine_tags["passage_id"].isin(ids)]
        coders = sorted(self.machine_tags["coder_id"].unique())
        coded = pd.DataFrame([(p, c) for c in [*coders, PEOPLE] for p in ids], columns=["passage_id", "coder_id"])
        columns = ["passage_id", "facet", "code", "coder_id", "value"]
        return compare_pairs(
            pd.concat([machine[columns], settled[columns]], ignore_index=True), reference=PEOPLE, codebook=self.codebook,
            documents=self.documents, coded=coded, sample_weights=self._sample_weights(), options=self.options.agreement,
        )  # fmt: skip

    def _sample_weights(self) -> pd.Series | None:
        if self.sample is None:
            return None
        drawn = self.sample[self.sample["is_drawn"]].set_index("passage_id")
        return 1 / drawn["inclusion_probability"]

    # -- shares ----------------------------------------------------------------------------------------------------

    @cached_property
    def sample(self) -> pd.DataFrame | None:
        """The sample that shares rest on: the named ones or all, combined; None where none was drawn."""
        names = self.options.samples or tuple(list_samples(self.run.folder))
        return combine_samples([read_sample(self.run.folder, name)[0] for name in names]) if names else None

    @cached_property
    def shares(self) -> pd.DataFrame:
        """Shares of passages per code (and group): naive, by hand alone, corrected. Empty where no sample was drawn.

        Columns facet, code and level come before those of ``estimates.correct_shares``.
        """
        if self.sample is None:
            return pd.DataFrame()
        names = {
            f"{c.column} >={v}": (c.facet, c.code, f">={v}")
            for c in self.codebook.codes
            for v in range(1, c.scale_max + 1)
        }
        settled = self.settled[self.settled["is_settled"]]
        # a passage counts once all its codes are settled; else the codes on which people agree would be over-represented
        n_codes = settled.groupby("passage_id")["code"].size()
        complete = settled[settled["passage_id"].isin(n_codes.index[n_codes == len(self.codebook.codes)])]
        machine = self.machine_tags[self.machine_tags["coder_id"] == MACHINE]
        ids = self.sample["passage_id"]
        frame = self.passages.set_index("passage_id").reindex(ids).dropna().reset_index()
        hand = self._indicators(complete, complete["passage_id"].drop_duplicates(), names)
        wide = frame.merge(self._indicators(machine, frame["passage_id"], names), on="passage_id")
        table = correct_shares(wide, hand, self.sample, groups=self._groups(frame))
        keys = pd.DataFrame([names[c] for c in table["code"]], columns=["facet", "code", "level"])
        return pd.concat([keys, table.drop(columns="code")], axis=1)

    def _groups(self, frame: pd.DataFrame) -> pd.Series | None:
        if not self.options.by:
            return None
        documents = self.run.documents()
        if self.options.by not in documents:
            raise UsageError(f"documents have no column {self.options.by}; they have {', '.join(documents.columns)}")
        values = frame["document_id"].map(documents.set_index("document_id")[self.options.by])
        return values.set_axis(frame["passage_id"])

    def _indicators(self, tags: pd.DataFrame, ids: pd.Series, names: dict[str, tuple[str, str, str]]) -> pd.DataFrame:
        """0/1 columns per code and level, a row per passage."""
        result = pd.DataFrame({"passage_id": ids.to_numpy()})
        for name, (facet, code, level) in names.items():
            own = tags[(tags["facet"] == facet) & (tags["code"] == code) & (tags["value"] >= int(level[2:]))]
            result[name] = result["passage_id"].isin(own["passage_id"]).astype(float)
        return result


def write_assessment(assessment: Assessment, folder: str | Path) -> list[Path]:
    """Write every table that is not empty as ``NAME.csv`` and all of them as ``assessment.xlsx``; give the files."""
    import xlsxwriter

    from xietong.export.csv_file import mark

    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    tables = {name: getattr(assessment, name) for name in TABLES}
    tables = {name: table for name, table in tables.items() if len(table)}
    files = []
    for name, table in tables.items():
        files.append(folder / f"{name}.csv")
        safe = table.map(lambda value: mark(value) if isinstance(value, str) else value)
        safe.to_csv(files[-1], index=False, encoding="utf-8-sig", lineterminator="\n")
    files.append(folder / "assessment.xlsx")
    with xlsxwriter.Workbook(files[-1], {"strings_to_formulas": False, "strings_to_urls": False}) as book:
        for name, table in tables.items():
            _write_sheet(book, name, table)
    return files


def _write_sheet(book: Any, name: str, table: pd.DataFrame) -> None:
    from xietong.export.xlsx_cells import Notes, write_text

    head, number = book.add_format({"bold": True, "bg_color": "#E8EEF3"}), book.add_format({"num_format": "0.000"})
    sheet, notes = book.add_worksheet(name), Notes()
    sheet.freeze_panes(1, 0)
    for i, column in enumerate(table.columns):
        sheet.write_string(0, i, str(column), head)
        for r, value in enumerate(table[column].tolist(), start=1):
            if isinstance(value, str):
                write_text(sheet, r, i, value, None, notes)
            elif isinstance(value, bool):
                sheet.write_boolean(r, i, value)
            elif value is not None and value == value:  # an undefined figure is an empty cell
                sheet.write_number(r, i, float(value), number if isinstance(value, float) else None)
    sheet.autofilter(0, 0, len(table), len(table.columns) - 1)
    sheet.set_column(0, len(table.columns) - 1, 12)
