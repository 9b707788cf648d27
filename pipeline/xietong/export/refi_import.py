"""Reads a REFI-QDA project back: what people coded and changed in another program, as their hand codes."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from xietong.errors import UsageError
from xietong.export.by_document import CodedDocument, documents_in_steps
from xietong.export.people import Judgement, judgements
from xietong.export.refi_qda import guid, value_code
from xietong.hand_codes import HandCoding, HandEvidence, coder_id_of
from xietong.wide import ASSIGNING_CODER

if TYPE_CHECKING:
    from lxml.etree import _Element

    from xietong.codebook import Codebook
    from xietong.runs import Run

_MOST_BYTES = 2_000_000_000


@dataclass(frozen=True, slots=True)
class Imported:
    """What a project held: the judgements of people that are new or changed, and what could not be placed."""

    codings: list[HandCoding]
    unknown_codes: dict[str, int] = field(default_factory=dict)  # codes that the codebook lacks, with their selections
    unknown_sources: list[str] = field(default_factory=list)  # sources that are not texts of the run


@dataclass(frozen=True, slots=True)
class _Selection:
    identity: str
    start: int
    end: int
    codings: tuple[tuple[str, int, str], ...]  # code, value (0 where the selection only shows the code), user


def import_codes(file: str | Path, run: Run, *, coder: str = "") -> Imported:
    """Read the codes of people from a project that was exported from this run and edited elsewhere.

    A person's judgement of a passage is what they added, with what they left of the machine's codes. Machine codes
    that were taken away count as a judgement too.

    Parameters
    ----------
    file : a ``.qdpx`` project
    run : the run it was exported from
    coder : who took machine codes away; needed only where the project names nobody or several people

    Raises
    ------
    UsageError
        If the file is not a REFI-QDA project.
    """
    root, archive = _open(Path(file))
    with archive:
        reader = _Reader(run, root)
        found: dict[str, list[_Selection]] = {}
        for source in _children(root, "Sources", "TextSource"):
            if document_id := reader.document_of(source, archive):
                found[document_id] = reader.selections(source, archive, document_id)
    people = sorted({c[2] for each in found.values() for s in each for c in s.codings if c[2] != ASSIGNING_CODER})
    editor = coder_id_of(coder) if coder else people[0] if len(people) == 1 else "hand:import"
    known = judgements(run)
    codings = [
        coding
        for document in documents_in_steps(run)
        if document.about["document_id"] in found
        for coding in _judge(document, found[document.about["document_id"]], editor, known, run.codebook)
    ]
    return Imported(codings, reader.unknown_codes, reader.unknown_sources)


def _open(file: Path) -> tuple[_Element, zipfile.ZipFile]:
    from lxml import etree

    try:
        archive = zipfile.ZipFile(file)
        name = next(name for name in archive.namelist() if name.lower().endswith(".qde"))
        if archive.getinfo(name).file_size > _MOST_BYTES:
            raise UsageError(f"{file}: the project is larger than {_MOST_BYTES:,} bytes")
        parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=True)
        return etree.fromstring(archive.read(name), parser), archive
    except (OSError, zipfile.BadZipFile, StopIteration, etree.XMLSyntaxError) as error:
        raise UsageError(f"{file} is not a REFI-QDA project (.qdpx): {error or 'it holds no project.qde'}") from error


def _children(root: _Element, *names: str) -> Iterator[_Element]:
    """Go through elements by local names, whatever version the namespace says."""
    if not names:
        yield root
        return
    for child in root:
        if isinstance(child.tag, str) and child.tag.rpartition("}")[2] == names[0]:
            yield from _children(child, *names[1:])


def _plain(words: str) -> str:
    return re.sub(r"\s+", " ", words).strip().casefold()


class _Reader:
    """Knows which code, user and document each GUID or name of the project stands for."""

    def __init__(self, run: Run, root: _Element) -> None:
        self.run = run
        self.unknown_codes: dict[str, int] = {}
        self.unknown_sources: list[str] = []
        self.documents = run.table("documents", ["document_id"])["document_id"].to_pylist()
        self.by_source = {guid("source", name): name for name in self.documents}
        self.codes = self._codes(root, run.codebook)
        self.users = {}
        for user in _children(root, "Users", "User"):
            name = user.get("name") or user.get("id") or ""
            is_machine = _guid(user) == guid("user", ASSIGNING_CODER) or name == "Xietong"
            self.users[_guid(user)] = ASSIGNING_CODER if is_machine else _coder(name)

    def _codes(self, root: _Element, codebook: Codebook) -> dict[str, tuple[str, int] | str]:
        """Map the GUID of every code of the project to code and value, or to its name where the codebook lacks it."""
        known: dict[str, tuple[str, int]] = {}
        for code in codebook.codes:
            known[guid("code", code.code)] = (code.code, 0)
            names = {code.code, code.column, code.label_en, code.label_zh, f"{code.label_zh} {code.label_en}".strip()}
            known |= {_plain(name): (code.code, 0) for name in names if name}
            for value in range(1, code.scale_max + 1) if code.scale_max > 1 else ():
                known[value_code(code, value)] = (code.code, value)
        found: dict[str, tuple[str, int] | str] = {}

        def walk(element: _Element, parent: str) -> None:
            name, column = element.get("name") or "", re.search(r"\[(\w+)\]\s*$", _description(element))
            place = (
                known.get(_guid(element))
                or known.get(_plain(name))
                or (known.get(_plain(column[1])) if column else None)
            )
            if place is None and parent and (value := re.search(r":\s*(\d)\b", name)):
                place = (parent, int(value[1]))
            found[_guid(element)] = place or name
            for child in _children(element, "Code"):
                walk(child, place[0] if place else "")

        for element in _children(root, "CodeBook", "Codes", "Code"):
            walk(element, "")
        return found

    def document_of(self, source: _Element, archive: zipfile.ZipFile) -> str:
        """Tell which document a source is: by GUID, by the id in its description, or by its text."""
        found = self.by_source.get(_guid(source), "")
        if not found and (named := re.search(r"\[(\w+)\]\s*$", _description(source))) and named[1] in self.documents:
            found = named[1]
        if not found:
            bare = _bare(_text(source, archive))
            matches = [name for name in self.documents if bare and _bare(self._own_text(name)) == bare]
            found = matches[0] if matches else ""
        if not found:
            self.unknown_sources.append(source.get("name") or _guid(source))
        return found

    def _own_text(self, document_id: str) -> str:
        try:
            return self.run.text(document_id)
        except UsageError:  # a document that could not be read has no text
            return ""

    def selections(self, source: _Element, archive: zipfile.ZipFile, document_id: str) -> list[_Selection]:
        """Give the selections of a source, in code points of the document's text."""
        own, theirs = self.run.text(document_id), _text(source, archive)
        place = _placing(own, theirs or own)
        found = []
        for element in _children(source, "PlainTextSelection"):
            codings = []
            for coding in _children(element, "Coding"):
                user = self.users.get(
                    (coding.get("creatingUser") or element.get("creatingUser") or "").strip("{}").upper()
                )
                for reference in _children(coding, "CodeRef"):
                    target = self.codes.get((reference.get("targetGUID") or "").strip("{}").upper(), "?")
                    if isinstance(target, str):
                        self.unknown_codes[target] = self.unknown_codes.get(target, 0) + 1
                    else:
                        codings.append((*target, user or "hand:import"))
            start, end = place(int(element.get("startPosition", 0))), place(int(element.get("endPosition", 0)))
            found.append(_Selection(_guid(element), start, end, tuple(codings)))
        return found


def _guid(element: _Element) -> str:
    return (element.get("guid") or "").strip("{}").upper()


def _coder(name: str) -> str:
    kept = "".join(c if c.isalnum() or c in "-_. " else "-" for c in name).strip()[:40]
    return coder_id_of(kept or "import")


def _description(element: _Element) -> str:
    return next((child.text or "" for child in _children(element, "Description")), "")


def _text(source: _Element, archive: zipfile.ZipFile) -> str:
    path = source.get("plainTextPath") or ""
    if path.startswith("internal://"):
        wanted = path.removeprefix("internal://").lower()
        for name in archive.namelist():
            if name.lower().endswith(f"sources/{wanted}") and archive.getinfo(name).file_size < _MOST_BYTES:
                return archive.read(name).decode("utf-8-sig", errors="replace")
    return next((child.text or "" for child in _children(source, "PlainTextContent")), "")


def _bare(text: str) -> str:
    return re.sub(r"\s+", "", text)


def _placing(own: str, theirs: str) -> Any:
    """Give a function from places in their text to places in ours; programs change line ends, nothing else."""
    if own == theirs or _bare(own) != _bare(theirs):
        return lambda place: max(0, min(place, len(own)))
    ours = np.array([i for i, c in enumerate(own) if not c.isspace()] + [len(own)])
    before = np.cumsum([0] + [not c.isspace() for c in theirs])  # characters but white space before each place
    return lambda place: int(ours[before[max(0, min(place, len(theirs)))]])


def _judge(
    document: CodedDocument,
    selections: Sequence[_Selection],
    editor: str,
    known: Mapping[str, Sequence[Judgement]],
    codebook: Codebook,
) -> Iterator[HandCoding]:
    """Turn the selections of a document into judgements of its passages, where they say something new."""
    text = document.text
    for passage in document.passages:
        span = (passage["start"], passage["end"])
        mine = [s for s in selections if _belongs((s.start, s.end), span)]
        exported = {code.code: passage[code.column] for code in codebook.codes if passage[code.column]}
        left = _values(codebook, mine, {ASSIGNING_CODER})
        persons = {c[2] for s in mine for c in s.codings} - {ASSIGNING_CODER}
        if left != exported:
            persons.add(editor)
        before = {judgement.coder_id: judgement for judgement in known.get(passage["passage_id"], ())}
        for person in sorted(persons):
            own = any(s.identity == guid("passage", passage["passage_id"], person) for s in mine)
            who = {person} if own else {person, ASSIGNING_CODER}
            values = _values(codebook, mine, who)
            spans = sorted({
                (code, max(s.start, span[0]), min(s.end, span[1]))
                for s in mine for code, _, user in s.codings if user in who and (s.start, s.end) != span and code in values
            })  # fmt: skip
            if person in before and dict(before[person].values) == values and sorted(before[person].spans) == spans:
                continue
            yield HandCoding(
                passage_id=passage["passage_id"], coder_id=person, values=values, source="qdpx", has_seen_machine=not own,
                evidence=tuple(HandEvidence(code=c, start=a, end=b, quote=text[a:b]) for c, a, b in spans),
            )  # fmt: skip


def _belongs(selection: tuple[int, int], passage: tuple[int, int]) -> bool:
    """Tell whether a selection speaks of a passage: it holds half of it, or half of it lies there."""
    shared = min(selection[1], passage[1]) - max(selection[0], passage[0])
    return shared > 0 and 2 * shared >= min(selection[1] - selection[0], passage[1] - passage[0])


def _values(codebook: Codebook, selections: Iterable[_Selection], users: set[str]) -> dict[str, int]:
    values: dict[str, int] = {}
    for selection in selections:
        for code, value, user in selection.codings:
            if user in users:
                values[code] = max(values.get(code, 0), value or 1)
    return dict(sorted(values.items(), key=lambda item: codebook.index[item[0]]))
