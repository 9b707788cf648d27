"""tasks.json and its labelling interface for Label Studio, and annotations back: one passage is one task.

Label Studio counts code points in text regions since 1.4; older versions counted UTF-16 units, so on the way back the
quoted words decide.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import quoteattr

from xietong.errors import UsageError
from xietong.export.by_document import passages_in_steps
from xietong.records import CODED_KINDS
from xietong.wide import ASSIGNING_CODER

if TYPE_CHECKING:
    from xietong.codebook import Codebook
    from xietong.hand_codes import HandCoding
    from xietong.runs import Run

_SHOWN = ("passage_id", "document_id", "title", "section", "region", "year", "language", "start", "text")


def write(run: Run, target: Path) -> None:
    """Write a task for each passage that coders look at, with the machine's codes as a prediction."""
    with open(target, "w", encoding="utf-8", newline="\n") as stream:
        separator = "[\n"
        for passage in passages_in_steps(run):
            if passage["kind"] in CODED_KINDS:
                stream.write(separator + json.dumps(_task(passage, run.codebook), ensure_ascii=False, allow_nan=False))
                separator = ",\n"
        stream.write("[]\n" if separator.startswith("[") else "\n]\n")


def companions(run: Run, target: Path) -> dict[str, str]:
    """Give the labelling interface that goes with the tasks (Settings, Labeling Interface, Code)."""
    return {f"{target.stem}.config.xml": interface(run.codebook)}


def interface(codebook: Codebook) -> str:
    """Write the labelling interface: evidence as labels on the text, values as choices by facet."""
    lines = ["<View>", '  <Header value="$title"/>', '  <Text name="section" value="$section"/>',
             '  <Labels name="evidence" toName="text">']  # fmt: skip
    for code in codebook.codes:
        lines.append(f"    <Label value={quoteattr(code.code)} hint={quoteattr(code.label_zh + ' ' + code.label_en)}/>")
    lines += ["  </Labels>", '  <Text name="text" value="$text" granularity="symbol"/>']
    for facet in codebook.facets:
        lines.append(f'  <Choices name={quoteattr(facet)} toName="text" choice="multiple" showInline="true">')
        for code in codebook.codes:
            if code.facet == facet:
                values = (f"{code.code}={value}" for value in range(1, code.scale_max + 1))
                lines += [
                    f"    <Choice value={quoteattr(value)} hint={quoteattr(code.definition)}/>" for value in values
                ]
        lines.append("  </Choices>")
    return "\n".join([*lines, "</View>", ""])


def _task(passage: Mapping[str, Any], codebook: Codebook) -> dict[str, Any]:
    result: list[dict[str, Any]] = []
    for facet in codebook.facets:
        choices = [f"{c.code}={passage[c.column]}" for c in codebook.codes if c.facet == facet and passage[c.column]]
        if choices:
            result.append({"id": f"{passage['passage_id']}-{facet}", "from_name": facet, "to_name": "text", "type": "choices",
                           "value": {"choices": choices}})  # fmt: skip
    for number, span in enumerate(passage["spans"]):
        value = {"start": span["start"] - passage["start"], "end": span["end"] - passage["start"], "text": span["quote"],
                 "labels": [span["code"]]}  # fmt: skip
        result.append({"id": f"{passage['passage_id']}-{number}", "from_name": "evidence", "to_name": "text",
                       "type": "labels", "value": value})  # fmt: skip
    prediction = {"model_version": ASSIGNING_CODER, "score": round(passage["confidence"], 4), "result": result}
    return {"data": {name: passage[name] for name in _SHOWN}, "predictions": [prediction]}


def import_codes(file: str | Path, run: Run) -> list[HandCoding]:
    """Read a JSON export of Label Studio: each finished annotation becomes its annotator's judgement of the passage.

    Raises
    ------
    UsageError
        If the file is not such an export, or holds passages or codes that the run does not have.
    """
    try:
        tasks = json.loads(Path(file).read_text(encoding="utf-8-sig"))
        known = set(run.table("passages", ["passage_id"])["passage_id"].to_pylist())
        return [coding for task in tasks for coding in _codings(task, known, file)]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise UsageError(f"{file} is not a JSON export of Label Studio tasks made by Xietong: {error!r}") from error


def _codings(task: Mapping[str, Any], known: set[str], file: str | Path) -> Iterator[HandCoding]:
    from xietong.hand_codes import HandCoding, HandEvidence, coder_id_of

    data = task["data"]
    if data["passage_id"] not in known:
        raise UsageError(f"{file}: passage {data['passage_id']} is not in this run; was it exported from another one?")
    for annotation in task.get("annotations", ()):
        if annotation.get("was_cancelled"):
            continue
        values: dict[str, int] = {}
        evidence: set[tuple[str, int, int]] = set()
        for item in annotation["result"]:
            if item["type"] == "choices":
                for choice in item["value"]["choices"]:
                    code, _, value = choice.rpartition("=")
                    values[code] = max(values.get(code, 0), int(value))
            elif item["type"] == "labels":
                start, end = _place(data["text"], item["value"])
                for code in item["value"]["labels"]:
                    evidence.add((code, start + data["start"], end + data["start"]))
        for code, _, _ in evidence:
            values.setdefault(code, 1)
        spans = tuple(
            HandEvidence(
                code=code, start=start, end=end, quote=data["text"][start - data["start"] : end - data["start"]]
            )
            for code, start, end in sorted(evidence)
        )
        yield HandCoding(
            passage_id=data["passage_id"], coder_id=coder_id_of(_annotator(annotation)), values=values, evidence=spans,
            has_seen_machine=bool(task.get("predictions")), source="labelstudio",
        )  # fmt: skip


def _annotator(annotation: Mapping[str, Any]) -> str:
    who = annotation.get("completed_by", "labelstudio")
    name = (who.get("email") or str(who.get("id"))) if isinstance(who, Mapping) else str(who)
    return name.partition("@")[0][:40]


def _place(text: str, value: Mapping[str, Any]) -> tuple[int, int]:
    """Give a region in code points of the text, whatever units it was counted in."""
    start, end, quote = int(value["start"]), int(value["end"]), value.get("text")
    if quote is None or text[start:end] == quote:
        return start, end
    units = text.encode("utf-16-le")
    if units[2 * start : 2 * end].decode("utf-16-le", errors="replace") == quote:
        start = len(units[: 2 * start].decode("utf-16-le"))
        return start, start + len(quote)
    places = [place for place in range(len(text)) if text.startswith(quote, place)]
    start = min(places, key=lambda place: abs(place - start)) if places else max(0, min(start, len(text)))
    return start, min(len(text), start + len(quote))
