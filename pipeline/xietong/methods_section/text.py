"""The method section of a paper, written from the tables of a run: every number in it is looked up, none is typed."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING, Any

import pandas as pd
import pyarrow.compute as pc

from xietong.agreement.advice import ADVICE, FEWEST_POSITIVES, RELIABLE, TENTATIVE
from xietong.assessment import MACHINE, Assessment
from xietong.codebook import Code
from xietong.duplicates import ALIKE, are_alike
from xietong.errors import UsageError
from xietong.estimates.shares import FEWEST_DOCUMENTS
from xietong.hand_codes import ADJUDICATED, HandCodes
from xietong.hand_codes.samples import list_samples, read_sample
from xietong.hand_codes.store import PREFIX
from xietong.lists import read_list
from xietong.methods_section.blocks import Block, Heading, Paragraph, Table
from xietong.records import CODED_KINDS

if TYPE_CHECKING:
    from xietong.runs import Run

#: The source of codings whose coders the program itself showed, or did not show, the machine's codes.
CODING_PAGE = "review"


@cache
def _rows(name: str) -> dict[str, dict[str, str]]:
    return {row["key"]: row for row in read_list(name)}


class MethodsText:
    """Writes the section for one run in one language."""

    def __init__(self, run: Run, language: str, assessment: Assessment | None = None) -> None:
        self.run, self.language, self.codebook = run, language, run.codebook
        self.has_hand = any(coding.is_done for coding in HandCodes(run.folder))
        self.assessment = assessment or (Assessment(run) if self.has_hand else None)
        self.cited: list[str] = []
        self.n_tables = 0

    def blocks(self) -> list[Block]:
        """Give the whole section."""
        blocks: list[Block] = [
            Heading(self.say("title"), 1),
            Paragraph(self.say("draft_note", run=self.run.folder.name)),
        ]
        parts = {
            "h_corpus": self._corpus, "h_codebook": self._codebook, "h_machine": self._machine, "h_hand": self._hand,
            "h_agreement": self._agreement, "h_errors": self._errors, "h_shares": self._shares, "h_limits": self._limits,
            "h_references": self._references,
        }  # fmt: skip
        for heading, write in parts.items():
            if own := list(write()):
                blocks += [Heading(self.say(heading)), *own]
        return blocks

    # -- words -----------------------------------------------------------------------------------------------------

    def say(self, key: str, **values: object) -> str:
        """Give a sentence with its numbers filled in."""
        template = _rows("methods_sentences")[key][self.language]
        cites = {f"cite_{name}": self._cite(name) for name in _rows("references") if f"{{cite_{name}}}" in template}
        return template.format(**values, **cites)

    def _cite(self, name: str) -> str:
        """Cite by author and year (APA), or by number in the order of first mention (GB/T 7714)."""
        if name not in self.cited:
            self.cited.append(name)
        return f"[{self.cited.index(name) + 1}]" if self.language == "zh" else _rows("references")[name]["cite"]

    def word(self, key: str, plain: object) -> str:
        """Give a word of the tables in the language of the text, or as it is where it has no translation."""
        return self.say(key) if key in _rows("methods_sentences") else str(plain)

    def paragraph(self, *sentences: str) -> Paragraph:
        """Join sentences the way the language does."""
        return Paragraph(("" if self.language == "zh" else " ").join(s for s in sentences if s))

    def listing(self, items: list[str]) -> str:
        """Join names; the word for none where there are none."""
        return self.say("separator").join(items) if items else self.say("none")

    def label(self, code: Code) -> str:
        """Name of a code in the language of the text."""
        return (code.label_zh if self.language == "zh" else code.label_en) or code.code

    def label_of(self, row: dict[str, Any] | pd.Series) -> str:
        """Name of the code of a table's row, with its level where the code has several."""
        code = next(c for c in self.codebook.codes if (c.facet, c.code) == (row["facet"], row["code"]))
        names = {">=1": "level_present", ">=2": "level_synergy"}
        level = names.get(str(row["level"]), "level_scale")
        return self.label(code) if code.scale_max == 1 else self.say(level, label=self.label(code))

    # -- parts -----------------------------------------------------------------------------------------------------

    def _corpus(self) -> Iterator[Block]:
        documents = self.run.documents()
        read = documents[documents["status"] == "ok"]
        kinds = self.run.table("passages", ["kind"])["kind"].to_pandas()
        years = read["year"].dropna().astype(int)
        span = "" if years.empty else self.say("year", first_year=years.min())
        if years.nunique() > 1:
            span = self.say("years", first_year=years.min(), last_year=years.max())
        yield self.paragraph(
            self.say(
                "corpus", n_documents=len(read), years=span, n_chars=f"{int(read['n_chars'].sum()):,}",
                n_passages=f"{len(kinds):,}", n_coded=f"{int(kinds.isin(list(CODED_KINDS)).sum()):,}",
            ),
            self._undated(read), self._counts(read, "language", "languages"), self._counts(read, "level", "levels"),
            self._left_out(documents), self._alike(read),
        )  # fmt: skip

    def _undated(self, documents: pd.DataFrame) -> str:
        n = int(documents["year"].isna().sum())
        return self.say("undated", n=n) if 0 < n < len(documents) else ""

    def _counts(self, documents: pd.DataFrame, column: str, key: str) -> str:
        counts = documents[column].dropna().loc[lambda s: s != ""].value_counts()
        if counts.empty:
            return ""
        return self.say(
            key, **{key: self.listing([f"{self.word(f'value_{name}', name)} {n}" for name, n in counts.items()])}
        )

    def _alike(self, documents: pd.DataFrame) -> str:
        n = int(are_alike(documents).sum())
        return self.say("alike", n=n, least=ALIKE) if n else ""

    def _left_out(self, documents: pd.DataFrame) -> str:
        counts = documents["status"].value_counts()
        parts = [
            self.say(f"n_{status}", n=counts[status]) for status in ("failed", "empty", "duplicate") if status in counts
        ]
        return self.say("left_out", n_files=len(documents), left_out=self.listing(parts)) if parts else ""

    def _codebook(self) -> Iterator[Block]:
        book = self.codebook
        facets = []
        for facet in book.facets:
            labels = [self.label(c) for c in book.codes if c.facet == facet]
            facets.append(
                self.say("facet", facet=self.word(f"facet_{facet}", facet), n=len(labels), labels=self.listing(labels))
            )
        unit = self.run.manifest.get("options", {}).get("document", {}).get("unit") or "passage"
        yield self.paragraph(
            self.say(
                "codebook", codebook=book.name, codebook_hash=book.content_hash[:12], n_codes=len(book.codes),
                n_facets=len(book.facets), facets=self.say("facet_separator").join(facets),
                n_terms=f"{len(book.terms):,}", n_masks=len(book.masks),
            ),
            self.say("scale_two") if any(c.scale_max == 2 for c in book.codes) else "",
            self.say("unit", unit=self.say(f"unit_{unit}")),
        )  # fmt: skip

    def _machine(self) -> Iterator[Block]:
        manifest = self.run.manifest
        libraries = manifest["program"]["libraries"]
        tags = self.run.table("tags", ["coder_id", "value", "needs_review"])
        own = tags.filter(pc.and_(pc.equal(tags["coder_id"], MACHINE), pc.greater(tags["value"], 0)))
        evidence = self.run.table("evidence", ["coder_id"])
        yield self.paragraph(
            self.say(
                "machine", version=manifest["program"]["version"], python=manifest["python"],
                opencc=libraries.get("opencc", "–"), rjieba=libraries.get("rjieba", "–"),
                spacy=libraries.get("spacy", "–"), sklearn=libraries.get("scikit-learn", "–"),
            ),
            self.say(
                "machine_coders", coders=self.listing(sorted(set(tags["coder_id"].to_pylist()))),
                n_tags=f"{own.num_rows:,}", n_review=f"{pc.sum(own['needs_review']).as_py() or 0:,}",
                n_evidence=f"{pc.sum(pc.equal(evidence['coder_id'], MACHINE)).as_py() or 0:,}",
            ),
            self._deciding(set(tags["coder_id"].to_pylist())),
        )  # fmt: skip

    def _deciding(self, coders: set[str]) -> str:
        """How the codes came about: by a trained model, and whose, or by the codebook's terms alone."""
        model = self.run.manifest.get("model") or {}
        if "learned" not in coders:
            return self.say("machine_terms")
        whose = self.say("model_own" if model.get("name") else "model_bundled")
        return self.say("machine_model", whose=whose, model_hash=str(model.get("hash", ""))[:12])

    def _hand(self) -> Iterator[Block]:
        found = self.assessment
        if found is None:
            yield self.paragraph(self.say("no_hand"))
            return
        people = found.coded[found.coded["coder_id"] != ADJUDICATED]
        n_coders_of = people.groupby("passage_id")["coder_id"].nunique()
        yield self.paragraph(
            self.say(
                "hand", n_coders=len(found.coders), coders=self.listing([c.removeprefix(PREFIX) for c in found.coders]),
                n_hand=people["passage_id"].nunique(), n_shared=int((n_coders_of >= 2).sum()),
                n_hand_documents=self._hand_documents(),
            ),
            *(self._sample(name) for name in list_samples(self.run.folder)),
            *self._blindness(people),
        )  # fmt: skip
        n_differing = found.disagreements["passage_id"].nunique()
        if n_differing:
            n_adjudicated = int((found.coded["coder_id"] == ADJUDICATED).sum())
            yield self.paragraph(
                self.say("adjudicated", n_differing=n_differing, n_adjudicated=n_adjudicated),
                self.say("undecided", n_undecided=found.n_undecided) if found.n_undecided else "",
            )

    def _blindness(self, people: pd.DataFrame) -> Iterator[str]:
        """Say whether coders saw the machine's codes; of codings made elsewhere only what their file tells."""
        has_seen, n = people["has_seen_machine"].astype(bool), len(people)
        is_here = people["source"] == CODING_PAGE
        others = people["source"][~has_seen & ~is_here]
        n_blind = int((~has_seen & is_here).sum())
        if n_blind == n:
            yield self.say("blind")
            return
        if has_seen.any():
            yield self.say("not_blind", n_seen=int(has_seen.sum()), n_codings=n)
        if len(others):
            sources = self.listing([self.word(f"source_{name}", name) for name in sorted(set(others))])
            yield self.say("from_files", n=len(others), n_codings=n, sources=sources)
        if n_blind and len(others):
            yield self.say("blind_here", n=n_blind)

    def _hand_documents(self) -> int:
        assert self.assessment is not None
        return int(self.assessment.documents.reindex(self.assessment.coded["passage_id"].unique()).nunique())

    def _sample(self, name: str) -> str:
        sample, _, about = read_sample(self.run.folder, name)
        values = {"by": self.listing([self.word(f"by_{b}", b) for b in about.get("by", [])]), "allocation": ""}
        if about.get("method") == "stratified":
            values["allocation"] = self.say(f"allocation_{about.get('allocation', 'proportional')}")
        method = self.say(f"method_{about.get('method', 'simple')}", **values)
        chances = sample["inclusion_probability"]
        return self.say(
            "sample", name=name, n=int(sample["is_drawn"].sum()), n_population=f"{len(sample):,}", method=method,
            least=f"{chances.min():.4f}", most=f"{chances.max():.4f}",
        )  # fmt: skip

    def _agreement(self) -> Iterator[Block]:
        if self.assessment is None:
            return
        table = self.assessment.agreement
        if table.empty:
            yield self.paragraph(self.say("no_agreement"))
            return
        rows = table[~table["code"].str.startswith("(") & table["level"].str.startswith(">=")]
        defined = rows.dropna(subset=["alpha"]).sort_values("alpha", kind="stable")
        firm = defined[defined["n_positive"] >= FEWEST_POSITIVES]
        defined = firm if len(firm) else defined
        sentences = []
        if len(defined):
            lowest, highest = defined.iloc[0], defined.iloc[-1]
            sentences.append(self.say(
                "agreement", n=int(rows["n_passages"].iloc[0]), n_documents=int(rows["n_documents"].iloc[0]),
                confidence=f"{self.assessment.options.agreement.confidence:.0%}", lowest=f"{lowest['alpha']:.2f}",
                lowest_code=self.label_of(lowest), highest=f"{highest['alpha']:.2f}", highest_code=self.label_of(highest),
            ))  # fmt: skip
        sentences.append(self._advice(rows))
        masi = table.loc[table["code"] == "(sets)", "alpha"]
        if len(masi) and masi.notna().iloc[-1]:
            sentences.append(self.say("sets", masi=f"{masi.iloc[-1]:.2f}"))
        yield self.paragraph(*sentences)
        yield self._table("t_agreement", ("c_code", "c_positive", "c_percent", "c_alpha", "c_interval", "c_ac", "c_met"), [
            (
                self.label_of(r), f"{r['n_positive']:.1f}", _two(r["percent"]), _two(r["alpha"]),
                _range(r["alpha_low"], r["alpha_high"]), _two(r["ac"]), _two(r["positive_agreement"]),
            )
            for r in rows.to_dict("records")
        ])  # fmt: skip

    def _advice(self, rows: pd.DataFrame) -> str:
        """Say which codes fall into which group of advice; groups without a code are not named."""
        groups = {advice: rows[rows["advice"] == advice] for advice in ADVICE if advice}
        said = [
            self.say(f"advice_{advice}", codes=self._codes(own, len(rows)))
            for advice, own in groups.items()
            if len(own)
        ]
        cuts = {"reliable": f"{RELIABLE:.3f}", "tentative": f"{TENTATIVE:.3f}"}
        return self.say("advice", groups=self.say("facet_separator").join(said), **cuts)

    def _codes(self, rows: pd.DataFrame, n_all: int) -> str:
        """Name the codes of a table's rows; where it has all of them, say just that."""
        if len(rows) == n_all > 1:
            return self.say("all_codes")
        return self.listing([self.label_of(row) for row in rows.to_dict("records")])

    def _errors(self) -> Iterator[Block]:
        if self.assessment is None:
            return
        table = self.assessment.machine
        table = table[table["coder_id"] == MACHINE] if len(table) else table
        if table.empty:
            return
        firm = table[table["n_reference"] >= FEWEST_POSITIVES]
        if firm.empty:
            yield self.paragraph(self.say("errors_few", fewest=FEWEST_POSITIVES))
            return
        means = {name: _two(firm[name].mean()) for name in ("f1", "precision", "recall")}
        n = int(table["n_passages"].iloc[0])
        yield self.paragraph(self.say("errors", n=n, n_codes=len(firm), fewest=FEWEST_POSITIVES, **means))

    def _shares(self) -> Iterator[Block]:
        if self.assessment is None:
            return
        table = self.assessment.shares
        if table.empty:
            yield self.paragraph(self.say("no_sample"))
            return
        whole = table.dropna(subset=["corrected"])
        if len(whole):
            moved = (whole["corrected"] - whole["naive"]).abs()
            largest = whole.loc[moved.idxmax()]
            yield self.paragraph(self.say(
                "shares", n_hand=int(whole["n_hand"].max()), table=self.n_tables + 1,
                largest=f"{100 * moved.max():.1f}", largest_code=self.label_of(largest),
            ))  # fmt: skip
        has_groups = set(table["group"]) != {"all"}
        yield self._table("t_shares", ("c_code", "c_naive", "c_hand", "c_corrected", "c_interval"), [
            (
                self.label_of(r) + (f" {r['group']}" if has_groups else ""), _percent(r["naive"]), _percent(r["hand"]),
                _percent(r["corrected"]), _range(100 * r["corrected_low"], 100 * r["corrected_high"], 1),
            )
            for r in table.to_dict("records")
        ])  # fmt: skip

    def _limits(self) -> Iterator[Block]:
        n_documents = int((self.run.documents()["status"] == "ok").sum())
        sentences = [self.say("limit_text"), self.say("limit_corpus", n_documents=n_documents), self.say("limit_multi")]
        if self.assessment is not None:
            table = self.assessment.machine
            table = table[table["coder_id"] == MACHINE] if len(table) else table
            rare = table[table["n_reference"] < FEWEST_POSITIVES] if len(table) else table
            if len(rare):
                sentences.append(self.say("limit_rare", fewest=FEWEST_POSITIVES, codes=self._codes(rare, len(table))))
            if self._hand_documents() < FEWEST_DOCUMENTS:
                sentences.append(self.say("limit_few_documents", n_hand_documents=self._hand_documents()))
        yield self.paragraph(*sentences)

    def _references(self) -> Iterator[Block]:
        style = "gbt" if self.language == "zh" else "apa"
        entries = [_rows("references")[name][style] for name in self.cited]
        entries = entries if self.language == "zh" else sorted(entries)
        for number, entry in enumerate(entries, start=1):
            yield Paragraph(f"[{number}] {entry}" if style == "gbt" else entry)

    def _table(self, title: str, columns: tuple[str, ...], rows: list[tuple[str, ...]]) -> Table:
        self.n_tables += 1
        caption = self.say("table", n=self.n_tables, title=self.say(title))
        return Table(caption, tuple(self.say(c) for c in columns), tuple(rows))


def methods_text(run: Run, *, language: str = "en", assessment: Assessment | None = None) -> list[Block]:
    """Write the method section of a run.

    Parameters
    ----------
    language : en (references in APA style) or zh (references by GB/T 7714)
    assessment : with options of one's own; by default that of all hand codes of the run

    Returns
    -------
    list of Block
        For ``to_markdown`` and ``write_docx``.
    """
    if language not in ("en", "zh"):
        raise UsageError(f'unknown language "{language}"; known: en, zh')
    return MethodsText(run, language, assessment).blocks()


def _two(value: float) -> str:
    return "–" if value != value else f"{value:.2f}"


def _percent(value: float) -> str:
    return "–" if value != value else f"{100 * value:.1f}"


def _range(low: float, high: float, digits: int = 2) -> str:
    return "–" if low != low or high != high else f"{low:.{digits}f} … {high:.{digits}f}"
