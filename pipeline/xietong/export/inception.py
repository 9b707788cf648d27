"""inception.zip: one UIMA CAS (JSON) a document for INCEpTION, and annotations back.

Passages are sentences, evidence is a named entity whose value is the code's column: both layers are in every INCEpTION
project. Offsets in a CAS are UTF-16 units; dkpro-cassis converts them.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xietong.errors import MissingExtraError, UsageError
from xietong.export.by_document import CodedDocument, documents_in_steps

if TYPE_CHECKING:
    from xietong.codebook import Codebook
    from xietong.hand_codes import HandCoding
    from xietong.runs import Run

_SEGMENTATION = "de.tudarmstadt.ukp.dkpro.core.api.segmentation.type"
_SENTENCE, _TOKEN = f"{_SEGMENTATION}.Sentence", f"{_SEGMENTATION}.Token"
_ENTITY = "de.tudarmstadt.ukp.dkpro.core.api.ner.type.NamedEntity"
#: Tokens that annotations snap to: a Latin word or a single character, because Chinese has no spaces.
_PIECE = re.compile(r"[A-Za-z0-9]+|[^\sA-Za-z0-9]")
_DATE = (1980, 1, 1, 0, 0, 0)


def write(run: Run, target: Path) -> None:
    """Write ``DOCUMENT_ID.json`` for every document; values of a passage are entities over the whole passage."""
    cassis = _cassis()
    system = cassis.load_dkpro_core_typesystem()
    columns = {code.code: code.column for code in run.codebook.codes}
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for document in documents_in_steps(run):
            info = zipfile.ZipInfo(f"{document.about['document_id']}.json", _DATE)
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, _cas(cassis, system, document, columns, run.codebook).to_json())


def _cassis() -> Any:
    try:
        import cassis
    except ImportError as error:
        raise MissingExtraError('INCEpTION files need dkpro-cassis: pip install "xietong[inception]"') from error
    return cassis


def _cas(cassis: Any, system: Any, document: CodedDocument, columns: Mapping[str, str], codebook: Codebook) -> Any:
    cas = cassis.Cas(typesystem=system, sofa_string=document.text, sofa_mime="text/plain")
    sentence, token, entity = (system.get_type(name) for name in (_SENTENCE, _TOKEN, _ENTITY))
    for passage in document.passages:
        cas.add(sentence(begin=passage["start"], end=passage["end"]))
        for piece in _PIECE.finditer(document.text, passage["start"], passage["end"]):
            cas.add(token(begin=piece.start(), end=piece.end()))
        for code in codebook.codes:
            if value := passage[code.column]:
                cas.add(entity(begin=passage["start"], end=passage["end"], value=f"{code.column}={value}"))
        for span in passage["spans"]:
            cas.add(entity(begin=span["start"], end=span["end"], value=columns[span["code"]]))
    return cas


def import_codes(file: str | Path, run: Run, *, coder: str) -> list[HandCoding]:
    """Read annotated documents (a zip of CAS JSON or XMI files named by document_id) as one coder's judgements.

    A passage is judged where anything is marked in it: ``column=value`` over the passage gives the value, an entity
    with a column alone is evidence.

    Raises
    ------
    UsageError
        If the file is not such an archive.
    """
    from xietong.hand_codes import HandCoding, HandEvidence, coder_id_of

    person, codes = coder_id_of(coder), {code.column: code.code for code in run.codebook.codes}
    marks = dict(_marked_documents(Path(file)))
    codings = []
    for document in documents_in_steps(run):
        entities = marks.get(document.about["document_id"], [])
        for passage in document.passages:
            mine = [e for e in entities if e[0] < passage["end"] and e[1] > passage["start"]]
            values: dict[str, int] = {}
            evidence = []
            for start, end, words in mine:
                column, _, value = words.partition("=")
                if column not in codes:
                    raise UsageError(f'{file}: "{words}" is not a code column of this run')
                code = codes[column]
                values[code] = max(values.get(code, 0), int(value or 1))
                if not value:
                    start, end = max(start, passage["start"]), min(end, passage["end"])
                    evidence.append(HandEvidence(code=code, start=start, end=end, quote=document.text[start:end]))
            if mine:
                codings.append(HandCoding(passage_id=passage["passage_id"], coder_id=person, values=values,
                                          evidence=tuple(evidence), has_seen_machine=True, source="inception"))  # fmt: skip
    return codings


def _marked_documents(file: Path) -> Any:
    cassis = _cassis()
    try:
        with zipfile.ZipFile(file) as archive:
            for name in archive.namelist():
                if name.endswith(".json"):
                    cas = cassis.load_cas_from_json(archive.read(name).decode("utf-8"))
                    entities = [(e.begin, e.end, e.value or "") for e in cas.select(_ENTITY)]
                    yield Path(name).stem, entities
    except (OSError, zipfile.BadZipFile, ValueError, KeyError) as error:
        raise UsageError(f"{file} is not a zip of UIMA CAS JSON files: {error}") from error
