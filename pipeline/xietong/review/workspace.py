"""What the review page shows: passages with their context, queues of coders, the machine's proposals, disagreements."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pandas as pd

from xietong.agreement import agree, list_disagreements
from xietong.codebook import Codebook
from xietong.errors import UsageError
from xietong.hand_codes import ADJUDICATED, HandCodes, HandCoding, HandEvidence
from xietong.hand_codes.samples import list_samples, read_sample
from xietong.records import CODED_KINDS
from xietong.review.words import Word, cut_words
from xietong.runs import Run

#: The queue of every passage that coders look at, in the order of the documents, where no sample was drawn.
EVERYTHING = "all"
#: Rows of keys for codes, one facet a row where they fit. The lowest row, z x c v b n m, stays for commands.
KEY_ROWS = ("1234567890", "qwertyuiop", "asdfghjkl")
_SHOWN = ["passage_id", "document_id", "file", "n", "section", "kind", "language", "start", "end", "text", "reading"]


def assign_keys(codebook: Codebook) -> dict[str, str]:
    """Give each code a key: a row of the keyboard per facet, or one after the other where that does not fit.

    Codes beyond the last key have none; they are coded with the mouse, or with Tab and Enter.
    """
    by_facet = [[c.code for c in codebook.codes if c.facet == facet] for facet in codebook.facets]
    if len(by_facet) <= len(KEY_ROWS) and all(len(f) <= len(row) for f, row in zip(by_facet, KEY_ROWS, strict=False)):
        return {
            code: key
            for codes, row in zip(by_facet, KEY_ROWS, strict=False)
            for code, key in zip(codes, row, strict=False)
        }
    return dict(zip((code for codes in by_facet for code in codes), "".join(KEY_ROWS), strict=False))


@dataclass(frozen=True, slots=True)
class ShownPassage:
    """One passage as the page shows it."""

    passage_id: str
    file: str
    title: str
    section: str
    language: str
    words: list[Word]
    before: str
    after: str


class Workspace:
    """A run opened for coding by hand."""

    def __init__(self, run: Run, hand: HandCodes) -> None:
        self.run = run
        self.hand = hand
        self.codebook: Codebook = run.codebook
        self.table = run.table("passages", _SHOWN)
        self.rows = {p: i for i, p in enumerate(self.table["passage_id"].to_pylist())}
        documents = run.table("documents", ["document_id", "title", "file"]).to_pylist()
        self.titles = {d["document_id"]: d["title"] or d["file"] for d in documents}
        self._queues: dict[str, dict[str, list[str]]] = {}

    # -- queues --------------------------------------------------------------------------------------------------

    @cached_property
    def samples(self) -> list[str]:
        """Names of the samples, or ``all`` where none was drawn."""
        return list_samples(self.run.folder) or [EVERYTHING]

    def coders_of(self, sample: str) -> list[str]:
        """Names of the coders a sample was split among; none for the queue of everything."""
        return sorted(self._assignment(sample))

    def queue(self, sample: str, coder: str) -> list[str]:
        """Give the passages a coder is to code, in order. A name the sample does not know gets all of its passages."""
        assigned = self._assignment(sample)
        if coder in assigned:
            return assigned[coder]
        return list(dict.fromkeys(p for passages in assigned.values() for p in passages)) or self._everything

    def _assignment(self, sample: str) -> dict[str, list[str]]:
        if sample not in self._queues:
            if sample not in self.samples:
                raise UsageError(f"no sample {sample}; the samples are: {', '.join(self.samples)}")
            queues: dict[str, list[str]] = {}
            if sample != EVERYTHING:
                for row in read_sample(self.run.folder, sample)[1].sort_values("order", kind="stable").itertuples():
                    if row.passage_id in self.rows:
                        queues.setdefault(str(row.coder), []).append(str(row.passage_id))
            self._queues[sample] = queues
        return self._queues[sample]

    @cached_property
    def _everything(self) -> list[str]:
        kinds = self.table["kind"].to_pylist()
        return [p for p, i in self.rows.items() if kinds[i] in CODED_KINDS]

    # -- passages ------------------------------------------------------------------------------------------------

    def show(self, passage_id: str) -> ShownPassage:
        """Give a passage with the ends of its neighbours in the document."""
        row = self._row(passage_id)
        return ShownPassage(
            passage_id=passage_id,
            file=row["file"],
            title=self.titles.get(row["document_id"], ""),
            section=row["section"] or "",
            language={"zh-Hant": "zh-Hant", "en": "en"}.get(row["language"], "zh-Hans"),
            words=cut_words(row["reading"] or "", row["text"], row["start"]),
            before=self._neighbour(passage_id, -1, row["document_id"]),
            after=self._neighbour(passage_id, 1, row["document_id"]),
        )

    def _row(self, passage_id: str) -> dict[str, Any]:
        if passage_id not in self.rows:
            raise UsageError(f"no passage {passage_id} in {self.run.folder}")
        return self.table.slice(self.rows[passage_id], 1).to_pylist()[0]

    def _neighbour(self, passage_id: str, step: int, document_id: str) -> str:
        """Text of the passage before or after; "" at the ends of the document and for page furniture."""
        place = self.rows[passage_id] + step
        while 0 <= place < self.table.num_rows:
            row = self.table.slice(place, 1).to_pylist()[0]
            if row["document_id"] != document_id:
                return ""
            if row["kind"] != "boilerplate":
                return row["reading"] or row["text"]
            place += step
        return ""

    def coding_from(self, payload: dict[str, Any], coder_id: str) -> HandCoding:
        """Read what the page sent; quotes are taken from the text, never from the page.

        Raises
        ------
        UsageError
            If the passage is unknown or a span lies outside it.
        """
        row = self._row(str(payload.get("passage_id", "")))
        values, spans = payload.get("values", {}), payload.get("evidence", [])
        if not isinstance(values, dict) or not isinstance(spans, list):
            raise UsageError("values is an object, evidence a list")
        evidence = []
        for span in spans:
            if (
                not isinstance(span, dict)
                or not isinstance(span.get("start"), int)
                or not isinstance(span.get("end"), int)
            ):
                raise UsageError("each piece of evidence has a code, a start and an end")
            start, end = span["start"], span["end"]
            if not row["start"] <= start < end <= row["end"]:
                raise UsageError(f"evidence {start}-{end} lies outside its passage, {row['start']}-{row['end']}")
            quote = row["text"][start - row["start"] : end - row["start"]]
            evidence.append(HandEvidence(code=str(span.get("code")), start=start, end=end, quote=quote))
        return HandCoding(
            passage_id=row["passage_id"],
            coder_id=coder_id,
            values={str(k): v for k, v in values.items()},
            evidence=tuple(evidence),
            comment=str(payload.get("comment", "")),
            is_done=payload.get("is_done") is True,
            by=str(payload.get("by", ""))[:80],
        )

    # -- the machine ---------------------------------------------------------------------------------------------

    @cached_property
    def _proposals(self) -> dict[str, dict[str, int]]:
        table = self.run.table("tags", ["passage_id", "code", "coder_id", "value"]).to_pandas()
        table = table[(table["coder_id"] == "combined") & (table["value"] > 0)]
        found: dict[str, dict[str, int]] = {}
        for row in table.itertuples(index=False):
            found.setdefault(str(row.passage_id), {})[str(row.code)] = int(row.value)
        return found

    def proposal(self, passage_id: str) -> dict[str, int]:
        """Give the machine's codes of a passage: code -> value, without zeros."""
        return self._proposals.get(passage_id, {})

    # -- agreement -----------------------------------------------------------------------------------------------

    def codings_of(self, passage_id: str) -> list[HandCoding]:
        """Give the finished judgements of people on a passage, without the adjudicated one."""
        found = [self.hand.get(coder, passage_id) for coder in self.hand.coders() if coder != ADJUDICATED]
        return [coding for coding in found if coding and coding.is_done]

    def disagreements(self) -> pd.DataFrame:
        """List where people differ; column ``is_settled`` says whether it was adjudicated."""
        tags, coded = self._people()
        passages = pd.DataFrame({"passage_id": list(self.rows)})
        table = list_disagreements(tags, passages, coded=coded)
        settled = [(c := self.hand.get(ADJUDICATED, p)) is not None and c.is_done for p in table["passage_id"]]
        return table.assign(is_settled=settled)

    def agreement(self) -> pd.DataFrame | None:
        """Measure agreement so far; None until two people have coded passages in common."""
        tags, coded = self._people()
        n_coders = coded.groupby("passage_id")["coder_id"].nunique()
        if not (n_coders >= 2).any():
            return None
        return agree(tags, codebook=self.codebook, coded=coded)

    def _people(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        tags, coded = self.hand.tags(self.codebook), self.hand.coded()
        return tags[tags["coder_id"] != ADJUDICATED], coded[coded["coder_id"] != ADJUDICATED]

    def agreed_values(self, codings: Sequence[HandCoding]) -> tuple[dict[str, int], list[str]]:
        """Split codes into those that all coders gave the same value, and those on which they differ."""
        same, different = {}, []
        for code in self.codebook.codes:
            given = {coding.values.get(code.code, 0) for coding in codings}
            if len(given) > 1:
                different.append(code.code)
            elif given and (value := given.pop()):
                same[code.code] = value
        return same, different
