"""project.qdpx and codebook.qdc: the run in the exchange format of NVivo, MAXQDA, ATLAS.ti and QualCoder (REFI-QDA 1.5).

The facts of the format: selections are half-open and count Unicode code points of the plain text from 0; a source is
a UTF-8 text file inside the archive; every thing has a GUID, here made from the run's own ids.
"""

from __future__ import annotations

import re
import tempfile
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any
from uuid import UUID, uuid5
from xml.sax.saxutils import XMLGenerator
from xml.sax.xmlreader import AttributesImpl

from xietong import __version__
from xietong.export.by_document import CodedDocument, documents_in_steps, texts_in_steps
from xietong.export.people import Judgement, judgements
from xietong.wide import ASSIGNING_CODER

if TYPE_CHECKING:
    from xietong.codebook import Code, Codebook
    from xietong.runs import Run

PROJECT, CODEBOOK = "urn:QDA-XML:project:1.0", "urn:QDA-XML:codebook:1.0"
_NAMESPACE = UUID("6f0d3a52-64a1-5d0e-9d7e-0f3f6d0c9b11")
_COLOURS = ("#1F5FA8", "#3D8B6B", "#B3611E", "#7A4FA3", "#A32638", "#2A8C9E", "#8C7A1E", "#5A6675")
_DATE = (1980, 1, 1, 0, 0, 0)  # the same run gives the same bytes
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_VARIABLES = {"file": "Text", "issuer": "Text", "region": "Text", "level": "Text", "doc_type": "Text", "doc_date": "Text",
              "year": "Integer", "language": "Text"}  # fmt: skip
_LONGEST_NAME = 60


def guid(kind: str, *parts: object) -> str:
    """Give the GUID of a thing of the run: the same thing always has the same one."""
    return str(uuid5(_NAMESPACE, "\x1f".join([kind, *map(str, parts)]))).upper()


def value_code(code: Code, value: int) -> str:
    """Give the GUID of the code that says a passage has this value: a child of the code where it has two values."""
    return guid("value", code.code, value) if code.scale_max > 1 else guid("code", code.code)


def write(run: Run, target: Path) -> None:
    """Write the project: texts, codes, evidence and coded passages as selections, coders as users.

    Machine codes carry the user ``Xietong``, hand codes the user that gave them. One document is held at a time.
    """
    people = judgements(run)
    with (
        tempfile.TemporaryFile(dir=target.parent) as project,
        zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive,
    ):
        _write_project(run, people, project)
        project.seek(0)
        _store(archive, "project.qde", project)
        for document_id, text in texts_in_steps(run):
            name = zipfile.ZipInfo(f"Sources/{guid('text', document_id)}.txt", _DATE)
            name.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(name, text.encode("utf-8"))


def _store(archive: zipfile.ZipFile, name: str, content: IO[bytes]) -> None:
    import shutil

    info = zipfile.ZipInfo(name, _DATE)
    info.compress_type = zipfile.ZIP_DEFLATED
    with archive.open(info, "w", force_zip64=True) as stream:
        shutil.copyfileobj(content, stream)


class Xml:
    """Writes elements in order; text that XML cannot hold is written as U+FFFD."""

    def __init__(self, stream: IO[bytes], namespace: str) -> None:
        self.generator = XMLGenerator(stream, encoding="utf-8", short_empty_elements=True)
        self.namespace = namespace
        self.depth = 0

    def start(self, name: str, /, **attributes: object) -> None:
        """Open an element."""
        if self.depth == 0:
            self.generator.startDocument()
            attributes = {"xmlns": self.namespace} | attributes
        shown = {key: _NOT_XML.sub("\ufffd", str(value)) for key, value in attributes.items() if value is not None}
        self.generator.startElement(name, AttributesImpl(shown))
        self.depth += 1

    def end(self, name: str) -> None:
        """Close it."""
        self.generator.endElement(name)
        self.depth -= 1
        if self.depth == 0:
            self.generator.endDocument()

    def text(self, name: str, words: str, /, **attributes: object) -> None:
        """Write an element with text; nothing where there is no text."""
        if words:
            self.start(name, **attributes)
            self.generator.characters(_NOT_XML.sub("\ufffd", words))
            self.end(name)

    def empty(self, name: str, /, **attributes: object) -> None:
        """Write an element without content."""
        self.start(name, **attributes)
        self.end(name)


def write_codes(xml: Xml, codebook: Codebook) -> None:
    """Write facets, their codes, and below a code of two values one code for each."""
    xml.start("Codes")
    for number, facet in enumerate(codebook.facets):
        xml.start(
            "Code", guid=guid("facet", facet), name=facet, isCodable="false", color=_COLOURS[number % len(_COLOURS)]
        )
        for code in codebook.codes:
            if code.facet == facet:
                _write_code(xml, code)
        xml.end("Code")
    xml.end("Codes")


def _write_code(xml: Xml, code: Code) -> None:
    name = " ".join(part for part in (code.label_zh, code.label_en) if part) or code.code
    parts = [code.definition_zh, code.definition,
             f"Include: {code.include}" * bool(code.include), f"Exclude: {code.exclude}" * bool(code.exclude),
             f"Example: {code.example}" * bool(code.example), f"[{code.column}]"]  # fmt: skip
    xml.start("Code", guid=guid("code", code.code), name=name, isCodable="true")
    xml.text("Description", "\n".join(part for part in parts if part))
    if code.scale_max > 1:
        for value in range(1, code.scale_max + 1):
            words = {1: "1 主题 theme", 2: "2 协同 synergy"}.get(value, str(value))
            xml.empty("Code", guid=value_code(code, value), name=f"{name}: {words}", isCodable="true")
    xml.end("Code")


def _write_project(run: Run, people: Mapping[str, list[Judgement]], stream: IO[bytes]) -> None:
    xml = Xml(stream, PROJECT)
    xml.start(
        "Project", name="Xietong", origin=f"Xietong {__version__}", creatingUserGUID=guid("user", ASSIGNING_CODER)
    )
    xml.start("Users")
    coders = [ASSIGNING_CODER, *sorted({judgement.coder_id for each in people.values() for judgement in each})]
    for coder in coders:
        xml.empty("User", guid=guid("user", coder), name=_user_name(coder), id=coder)
    xml.end("Users")
    xml.start("CodeBook")
    write_codes(xml, run.codebook)
    xml.end("CodeBook")
    xml.start("Variables")
    for name, kind in _VARIABLES.items():
        xml.empty("Variable", guid=guid("variable", name), name=name, typeOfVariable=kind)
    xml.end("Variables")
    has_sources = False
    for document in documents_in_steps(run):
        if not has_sources:
            xml.start("Sources")
            has_sources = True
        _write_source(xml, document, run.codebook, people)
    if has_sources:
        xml.end("Sources")
    xml.end("Project")


def _user_name(coder_id: str) -> str:
    return "Xietong" if coder_id == ASSIGNING_CODER else coder_id.removeprefix("hand:")


def _write_source(xml: Xml, document: CodedDocument, codebook: Codebook, people: Mapping[str, list[Judgement]]) -> None:
    about = document.about
    identity = about["document_id"]
    xml.start("TextSource", guid=guid("source", identity), name=about["title"] or about["file"],
              plainTextPath=f"internal://{guid('text', identity)}.txt", creatingUser=guid("user", ASSIGNING_CODER))  # fmt: skip
    xml.text("Description", f"{about['file']} [{identity}]")
    for passage in document.passages:
        machine = Judgement(ASSIGNING_CODER, _machine_values(passage, codebook),
                            tuple((span["code"], span["start"], span["end"]) for span in passage["spans"]))  # fmt: skip
        for judgement in (machine, *people.get(passage["passage_id"], ())):
            _write_judgement(xml, passage, judgement, codebook, document.text)
    for name, kind in _VARIABLES.items():
        if about[name] not in (None, ""):
            xml.start("VariableValue")
            xml.empty("VariableRef", targetGUID=guid("variable", name))
            xml.text(f"{kind}Value", str(about[name]))
            xml.end("VariableValue")
    xml.end("TextSource")


def _machine_values(passage: Mapping[str, Any], codebook: Codebook) -> dict[str, int]:
    return {code.code: passage[code.column] for code in codebook.codes if passage[code.column]}


def _write_judgement(xml: Xml, passage: Mapping[str, Any], judgement: Judgement, codebook: Codebook, text: str) -> None:
    """Write the passage as a selection with its codes, and each span of evidence as one with the code it shows."""
    identity, user = passage["passage_id"], guid("user", judgement.coder_id)
    if judgement.values:
        codes = [codebook.codes[codebook.index[name]] for name in judgement.values]
        xml.start("PlainTextSelection", guid=guid("passage", identity, judgement.coder_id), name=_shortened(passage["reading"]),
                  startPosition=passage["start"], endPosition=passage["end"], creatingUser=user)  # fmt: skip
        xml.text("Description", passage["section"] or "")
        for code in codes:
            value = judgement.values[code.code]
            _write_coding(xml, ("passage", identity, judgement.coder_id, code.code), user, value_code(code, value))
        xml.end("PlainTextSelection")
    for (start, end), names in _by_place(judgement.spans).items():
        xml.start("PlainTextSelection", guid=guid("evidence", identity, judgement.coder_id, start, end),
                  name=_shortened(text[start:end]), startPosition=start, endPosition=end, creatingUser=user)  # fmt: skip
        for name in names:
            target = guid("code", name)
            _write_coding(xml, ("evidence", identity, judgement.coder_id, name, start, end), user, target)
        xml.end("PlainTextSelection")


def _by_place(spans: Iterable[tuple[str, int, int]]) -> dict[tuple[int, int], dict[str, None]]:
    places: dict[tuple[int, int], dict[str, None]] = {}
    for code, start, end in spans:
        places.setdefault((start, end), {})[code] = None
    return places


def _write_coding(xml: Xml, identity: tuple[object, ...], user: str, target: str) -> None:
    xml.start("Coding", guid=guid("coding", *identity), creatingUser=user)
    xml.empty("CodeRef", targetGUID=target)
    xml.end("Coding")


def _shortened(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST_NAME else line[: _LONGEST_NAME - 1] + "…"
