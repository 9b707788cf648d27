"""What is known of a run's codes once people have coded some: agreement, errors of the machine, corrected shares."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import pandas as pd

from xietong.agreement import AgreementOptions, agree, agree_on_spans, compare_pairs, list_disagreements
from xietong.errors import UsageError
from xietong.estimates import contrast_shares, correct_shares
from xietong.hand_codes import ADJUDICATED, HandCodes, HandCoding
from xietong.hand_codes.samples import list_samples, read_sample
from xietong.hand_codes.settle import settle
from xietong.records import CODED_KINDS
from xietong.sampling import combine_samples

if TYPE_CHECKING:
    from xietong.runs import Run

#: The coder whose codes the tables show, and the name under which people's settled codes are compared with machines.
MACHINE, PEOPLE = "combined", "people"


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
    n_elsewhere : judgements of passages that this run does not have
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
        """Shares by the column of the options, or of the whole corpus; as `shares_by`."""
        return self.shares_by((self.options.by,) if self.options.by else ())

    def shares_by(self, columns: Sequence[str]) -> pd.DataFrame:
        """Shares of passages per code and group: naive, by hand alone, corrected. Empty where no sample was drawn.

        Parameters
        ----------
        columns : columns of the documents whose values make the groups; none for the whole corpus

        Returns
        -------
        frame
            facet, code and level, then the columns of ``estimates.correct_shares``.
        """
        if self.sample is None:
            return pd.DataFrame()
        wide, hand = self._to_correct
        return self._with_names(correct_shares(wide, hand, self.sample, groups=self.groups(columns)))

    def contrasts_by(self, column: str) -> pd.DataFrame:
        """Differences of groups' shares from the first group's, naive and corrected; as ``estimates.contrast_shares``."""
        groups = self.groups((column,))
        if self.sample is None or groups is None or groups.nunique() < 2:
            return pd.DataFrame()
        wide, hand = self._to_correct
        table = contrast_shares(wide, hand, self.sample, groups)
        return self._with_names(table) if len(table) else table

    @cached_property
    def _names(self) -> dict[str, tuple[str, str, str]]:
        """Column of the indicators -> facet, code, level."""
        codes = self.codebook.codes
        return {f"{c.column} >={v}": (c.facet, c.code, f">={v}") for c in codes for v in range(1, c.scale_max + 1)}

    def _with_names(self, table: pd.DataFrame) -> pd.DataFrame:
        keys = pd.DataFrame([self._names[c] for c in table["code"]], columns=["facet", "code", "level"])
        return pd.concat([keys, table.drop(columns="code")], axis=1)

    @cached_property
    def _to_correct(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Indicators of the machine's codes for all passages, and of people's for those that are settled."""
        assert self.sample is not None
        settled = self.settled[self.settled["is_settled"]]
        # a passage counts once all its codes are settled; else the codes on which people agree would be over-represented
        n_codes = settled.groupby("passage_id")["code"].size()
        complete = settled[settled["passage_id"].isin(n_codes.index[n_codes == len(self.codebook.codes)])]
        machine = self.machine_tags[self.machine_tags["coder_id"] == MACHINE]
        frame = self.passages.set_index("passage_id").reindex(self.sample["passage_id"]).dropna().reset_index()
        hand = self._indicators(complete, complete["passage_id"].drop_duplicates(), self._names)
        return frame.merge(self._indicators(machine, frame["passage_id"], self._names), on="passage_id"), hand

    def groups(self, columns: Sequence[str]) -> pd.Series | None:
        """Name each passage's group by its document; None for no columns. Missing values leave a passage out."""
        if not columns:
            return None
        documents = self.run.documents().set_index("document_id")
        missing = [c for c in columns if c not in documents]
        if missing:
            raise UsageError(f"documents have no column {', '.join(missing)}; they have {', '.join(documents.columns)}")
        values = documents[list(columns)].replace("", None)
        if len(columns) == 1:
            named = values[columns[0]]
        else:
            named = values.astype(object).apply(
                lambda row: None if row.isna().any() else " × ".join(map(str, row)), axis=1
            )
        return self.documents.map(named)

    def _indicators(self, tags: pd.DataFrame, ids: pd.Series, names: dict[str, tuple[str, str, str]]) -> pd.DataFrame:
        """0/1 columns per code and level, a row per passage."""
        result = pd.DataFrame({"passage_id": ids.to_numpy()})
        for name, (facet, code, level) in names.items():
            own = tags[(tags["facet"] == facet) & (tags["code"] == code) & (tags["value"] >= int(level[2:]))]
            result[name] = result["passage_id"].isin(own["passage_id"]).astype(float)
        return result
