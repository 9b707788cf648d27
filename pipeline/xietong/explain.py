"""Why a passage has its codes: each coder's score, the words and their weights, what was masked, what would change it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from xietong.errors import UsageError
from xietong.messages import message, product_language
from xietong.records import CODED_KINDS
from xietong.runs import Run
from xietong.wide import ASSIGNING_CODER

#: Quoted words tried for each code, the heaviest first.
MOST_TRIED = 8


def explain_passage(run: Run, passage_id: str) -> dict[str, Any]:
    """Gather all that the run knows of one passage.

    Returns
    -------
    dict with ``passage`` (its row), ``masked`` (phrases inside which no term counted) and ``codes``: for each code any
    coder scored, the assigned value, every coder's value and score, the evidence with weights, and for assigned codes
    ``would_change``: the quoted words without which the value would be another, and which (None where the model that
    coded the run is not here to ask)

    Raises
    ------
    UsageError
        If the run has no such passage.
    """
    passage = _row(run, passage_id)
    tags = _rows_of(run, "tags", passage_id)
    evidence = _rows_of(run, "evidence", passage_id)
    codes: list[dict[str, Any]] = []
    for code in run.codebook.codes:
        scored = [tag for tag in tags if tag["code"] == code.code]
        if scored:
            assigned = next(
                (tag for tag in scored if tag["coder_id"] == ASSIGNING_CODER), {"value": 0, "needs_review": False}
            )
            codes.append(
                {
                    "facet": code.facet,
                    "code": code.code,
                    "label_zh": code.label_zh,
                    "label_en": code.label_en,
                    "value": assigned["value"],
                    "needs_review": assigned["needs_review"],
                    "coders": {
                        tag["coder_id"]: {"value": tag["value"], "score": round(tag["score"], 4)} for tag in scored
                    },
                    "evidence": [row for row in evidence if row["code"] == code.code],
                }
            )
    codes.sort(key=lambda entry: -int(entry["value"]))
    _ask_without(run, passage, [entry for entry in codes if entry["value"]])
    return {"passage": passage, "masked": _masked(run, passage["folded"]), "codes": codes}


def in_words(explanation: dict[str, Any], language: str | None = None) -> str:
    """Write an explanation as lines a scholar can read, in Chinese (``zh``) or English; None asks the environment."""
    language = language or product_language()

    def say(key: str, **values: object) -> str:
        return message(f"explain_{key}", language, **values)

    passage = explanation["passage"]
    lines = [
        f"{passage['passage_id']}  {passage['file']}",
        say("section", section=passage["section"] or "-"),
        say("kind", kind=message(f"report_kind_{passage['kind']}", language)),
        "",
        passage["reading"],
        "",
    ]
    for entry in explanation["codes"]:
        lines.append(_verdict(entry, language))
        lines += [
            f"    {coder:9} " + say("score", value=said["value"], score=f"{said['score']:.2f}")
            for coder, said in entry["coders"].items()
        ]
        words = Counter(
            f"    {row['coder_id']:9} "
            + say("words", quote=" ".join(row["quote"].split()), cue=row["cue"], weight=f"{row['weight']:+.2f}")
            for row in entry["evidence"]
        )
        lines += [line if times == 1 else f"{line} ×{times}" for line, times in words.items()]
        changes = entry.get("would_change")
        lines += [f"    {say('without', word=change['without'], value=change['value'])}" for change in changes or ()]
        if changes == []:
            lines.append(f"    {say('none_decides')}")
    if explanation["masked"]:
        lines += ["", say("masked", phrases=", ".join(explanation["masked"]))]
    if not explanation["codes"]:
        lines.append(say("nothing" if passage["kind"] in CODED_KINDS else "not_coded"))
    return "\n".join(lines)


def _verdict(entry: dict[str, Any], language: str) -> str:
    """Name a code with its label, and say what was assigned."""
    label = entry["label_zh" if language == "zh" else "label_en"] or entry["code"]
    value = f"= {entry['value']}" if entry["value"] else message("explain_not_assigned", language)
    review = f"  ({message('explain_needs_review', language)})" if entry["needs_review"] else ""
    return f"{label} [{entry['facet']} {entry['code']}]: {value}{review}"


def _ask_without(run: Run, passage: dict[str, Any], entries: Sequence[dict[str, Any]]) -> None:
    """Code the passage again without each of the words that its codes rest on, and note what that changes."""
    from xietong.coders import model_hash
    from xietong.coding import Coders

    coded_by = run.manifest["model"]
    if not entries or model_hash(run.codebook, coded_by["name"]) != coded_by["hash"]:
        return
    tried = {entry["code"]: _words_to_try(entry["evidence"]) for entry in entries}
    words = list(dict.fromkeys(word for of_code in tried.values() for word in of_code))
    texts = [passage["folded"], *(passage["folded"].replace(word, "") for word in words)]
    values = Coders(run.codebook, coded_by["name"]).assign(texts, passage["language"])
    for entry in entries:
        code = run.codebook.index[entry["code"]]
        asked = {word: int(values[1 + words.index(word), code]) for word in tried[entry["code"]]}
        if int(values[0, code]) == entry["value"]:
            changed = {word: value for word, value in asked.items() if value != entry["value"]}
            entry["would_change"] = [{"without": word, "value": value} for word, value in changed.items()]


def _words_to_try(evidence: Sequence[dict[str, Any]]) -> list[str]:
    """List the quoted words as they are matched, the heaviest first."""
    from xietong.normalise import fold

    heaviest = sorted(evidence, key=lambda row: -abs(row["weight"]))
    words = dict.fromkeys(fold(row["quote"]).text for row in heaviest)
    return [word for word in words if word][:MOST_TRIED]


def _row(run: Run, passage_id: str) -> dict[str, Any]:
    rows = _rows_of(run, "passages", passage_id)
    if not rows:
        raise UsageError(
            f"{run.folder} has no passage {passage_id!r}; take an id from the passage_id column of passages.csv"
        )
    return rows[0]


def _rows_of(run: Run, table: str, passage_id: str) -> list[dict[str, Any]]:
    import pyarrow.parquet as pq

    file = run.folder / "tables" / f"{table}.parquet"
    return pq.read_table(file, filters=[("passage_id", "=", passage_id)]).to_pylist()


def _masked(run: Run, folded: str) -> list[str]:
    lowered = folded.lower()
    return [mask.phrase for mask in run.codebook.masks if mask.phrase.lower() in lowered]
