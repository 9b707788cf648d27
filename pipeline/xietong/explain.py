"""Why a passage has its codes: scores, thresholds, the words and their weights, what was masked, what would change it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from xietong.errors import UsageError
from xietong.messages import message, product_language
from xietong.records import CODED_KINDS
from xietong.runs import Run
from xietong.wide import ASSIGNING_CODER

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from xietong.coding import Coders

#: Quoted words tried for each code, the heaviest first.
MOST_TRIED = 8
#: Probabilities that differ by less are those of the run; tables hold them with four decimals.
SAME = 0.001


def explain_passage(run: Run, passage_id: str) -> dict[str, Any]:
    """Gather all that the run knows of one passage.

    Returns
    -------
    dict with ``passage`` (its row), ``masked`` (phrases inside which no term counted) and ``codes``: for each code any
    coder scored, the assigned value, every coder's value and score, the evidence with weights; where the model that
    coded the run is here to ask, ``thresholds``: for each value its probability and the probability from which it is
    assigned, and for assigned codes ``would_change``: the quoted words without which the value would be another, and
    which

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
    _ask_again(run, passage, codes)
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
        if entry.get("thresholds"):
            reached = [_against_threshold(each, language) for each in entry["thresholds"]]
            lines.append(f"    {ASSIGNING_CODER:9} " + ("；" if language == "zh" else "; ").join(reached))
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


def _against_threshold(each: dict[str, Any], language: str) -> str:
    """Say how likely a value is and from what on it is assigned, with as many decimals as tell the two apart."""
    probability, threshold = each["probability"], each["threshold"]
    digits = next((n for n in (2, 3, 4) if round(probability, n) != round(threshold, n)), 6)
    sign = "≥" if probability >= threshold else "<"
    said = {"value": each["value"], "probability": f"{probability:.{digits}f}", "threshold": f"{threshold:.{digits}f}"}
    return message("explain_threshold", language, sign=sign, **said)


def _ask_again(run: Run, passage: dict[str, Any], entries: Sequence[dict[str, Any]]) -> None:
    """Code the passage again, where the model that coded the run is here to ask."""
    from xietong.coders import model_hash
    from xietong.coding import Coders

    coded_by = run.manifest["model"]
    settled = [entry for entry in entries if ASSIGNING_CODER in entry["coders"]]
    if settled and model_hash(run.codebook, coded_by["name"]) == coded_by["hash"]:
        coders = Coders(run.codebook, coded_by["name"])
        _ask_thresholds(coders, passage, settled)
        _ask_without(coders, passage, [entry for entry in settled if entry["value"]])


def _ask_thresholds(coders: Coders, passage: dict[str, Any], entries: Sequence[dict[str, Any]]) -> None:
    """Note for each value of a code how likely it is and from what on it is assigned; nothing without a trained model."""
    model = coders.prepared.model
    if model is None:
        return
    probabilities = _probabilities(coders, passage)
    for entry in entries:
        found = [
            {"value": target.least, "probability": float(probability), "threshold": float(threshold)}
            for target, probability, threshold in zip(
                model.targets, probabilities, model.arrays["combined_thresholds"], strict=True
            )
            if target.code == coders.codebook.index[entry["code"]]
        ]
        if abs(found[0]["probability"] - entry["coders"][ASSIGNING_CODER]["score"]) < SAME:
            entry["thresholds"] = found


def _probabilities(coders: Coders, passage: dict[str, Any]) -> NDArray[np.float64]:
    """Give what the trained model says of a passage: the probability of every target, shape (n_targets,)."""
    from xietong.coders.combined import score_combined
    from xietong.coders.inputs import read_inputs
    from xietong.coders.learned import score_passages
    from xietong.tokenise import bare_passages, tokenise

    model, matcher = coders.prepared.model, coders.prepared.matcher
    assert model is not None
    passages = tokenise(bare_passages([passage["folded"]], [passage["language"]]), coders.tokeniser)
    inputs = read_inputs(passages, coders.codebook, matcher, model.words, known_marks=model.card["marks"])
    mixture = (model.arrays[name] for name in ("mixture", "mixture_bias"))
    return score_combined(score_passages(inputs, model), inputs.measures, *mixture)[0]


def _ask_without(coders: Coders, passage: dict[str, Any], entries: Sequence[dict[str, Any]]) -> None:
    """Code the passage again without each of the words that its codes rest on, and note what that changes."""
    if not entries:
        return
    tried = {entry["code"]: _words_to_try(entry["evidence"]) for entry in entries}
    words = list(dict.fromkeys(word for of_code in tried.values() for word in of_code))
    texts = [passage["folded"], *(passage["folded"].replace(word, "") for word in words)]
    values = coders.assign(texts, passage["language"])
    for entry in entries:
        code = coders.codebook.index[entry["code"]]
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
