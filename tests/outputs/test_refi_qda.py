"""The REFI-QDA project: valid, every selection cut again from its source, and the way back."""

from __future__ import annotations

import os
import re
import zipfile
from pathlib import Path

import pytest
from lxml import etree

from xietong.cli import export as export_command
from xietong.errors import UsageError
from xietong.export import export
from xietong.export.refi_import import import_codes
from xietong.export.refi_qda import guid
from xietong.hand_codes import HandCodes, HandCoding, HandEvidence

NS = "{urn:QDA-XML:project:1.0}"
GUID = re.compile(r"[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}")
#: What the standard (1.5, section 5.3) says may stand in each element, in this order, and what it must say of itself.
CHILDREN = {
    "Project": ["Users", "CodeBook", "Variables", "Cases", "Sources", "Notes", "Links", "Sets", "Graphs", "Description"],
    "Users": ["User"], "CodeBook": ["Codes"], "Codes": ["Code"], "Code": ["Description", "NoteRef", "Code"],
    "Variables": ["Variable"], "Sources": ["TextSource"],
    "TextSource": ["Description", "PlainTextContent", "PlainTextSelection", "Coding", "NoteRef", "VariableValue"],
    "PlainTextSelection": ["Description", "Coding", "NoteRef"], "Coding": ["CodeRef", "NoteRef"],
    "VariableValue": ["VariableRef", "TextValue", "IntegerValue"],
}  # fmt: skip
REQUIRED = {
    "Project": {"name"}, "User": {"guid"}, "Code": {"guid", "name", "isCodable"},
    "Variable": {"guid", "name", "typeOfVariable"}, "TextSource": {"guid"}, "Coding": {"guid"},
    "PlainTextSelection": {"guid", "startPosition", "endPosition"}, "CodeRef": {"targetGUID"}, "VariableRef": {"targetGUID"},
}  # fmt: skip


@pytest.fixture(scope="module")
def project(run, tmp_path_factory):
    return export(run, "qdpx", tmp_path_factory.mktemp("qda") / "project.qdpx")


def _read(file: Path) -> tuple[etree._Element, dict[str, str]]:
    with zipfile.ZipFile(file) as archive:
        texts = {name: archive.read(name).decode("utf-8") for name in archive.namelist() if name.endswith(".txt")}
        return etree.fromstring(archive.read("project.qde")), texts


def test_project_is_built_as_the_standard_says(project):
    root, _ = _read(project)
    ids = [element.get("guid") for element in root.iter() if element.get("guid")]
    assert len(ids) == len(set(ids)) > 40
    for element in root.iter():
        name = element.tag.removeprefix(NS)
        order = [CHILDREN.get(name, []).index(child.tag.removeprefix(NS)) for child in element]
        assert order == sorted(order), name
        assert set(element.attrib) >= REQUIRED.get(name, set()), name
        for key, value in element.attrib.items():
            if key.lower().endswith("guid") or key == "creatingUser":
                assert GUID.fullmatch(value), (name, key)
            if key == "targetGUID" or key == "creatingUser":
                assert value in ids, (name, value)


def test_project_is_valid_against_the_published_schema(project):
    place = os.environ.get("REFI_QDA_XSD", "")
    if not Path(place).is_file():
        pytest.skip("needs the REFI-QDA Project.xsd: set REFI_QDA_XSD to it")
    etree.XMLSchema(etree.parse(place)).assertValid(_read(project)[0])


def test_selections_cut_again_from_their_sources_are_the_quotes(project, run):
    root, texts = _read(project)
    quotes = set()
    for source in root.iter(f"{NS}TextSource"):
        text = texts["Sources/" + source.get("plainTextPath").removeprefix("internal://")]
        for selection in source.iter(f"{NS}PlainTextSelection"):
            quotes.add(text[int(selection.get("startPosition")) : int(selection.get("endPosition"))])
    evidence = run.evidence()
    expected = set(evidence.loc[evidence["coder_id"] == "combined", "quote"])
    passages = run.table("passages").to_pylist()
    coded = set(evidence["passage_id"])
    assert quotes == expected | {row["text"] for row in passages if row["passage_id"] in coded}
    assert "共同编制国土空间规划" in quotes  # behind an astral character and an emoji


def test_codebook_alone_has_the_same_codes(run, project, tmp_path):
    root = etree.parse(export(run, "qdc", tmp_path / "codebook.qdc")).getroot()
    assert root.tag == "{urn:QDA-XML:codebook:1.0}CodeBook"
    names = [(code.get("guid"), code.get("name")) for code in root.iter("{urn:QDA-XML:codebook:1.0}Code")]
    assert names == [(code.get("guid"), code.get("name")) for code in _read(project)[0].iter(f"{NS}Code")]
    assert len(names) == 2 + 4 + 2 * 2


def test_a_project_that_comes_back_unchanged_says_nothing_new(project, run):
    imported = import_codes(project, run)
    assert (imported.codings, imported.unknown_codes, imported.unknown_sources) == ([], {}, [])


def _edited(project: Path, target: Path, edit, text=lambda content: content) -> Path:
    with zipfile.ZipFile(project) as source, zipfile.ZipFile(target, "w") as copy:
        for name in source.namelist():
            content = source.read(name)
            if name == "project.qde":
                root = etree.fromstring(content)
                edit(root)
                content = etree.tostring(root)
            copy.writestr(name, text(content) if name.endswith(".txt") else content)
    return target


def _selection(root: etree._Element, words: str) -> etree._Element:
    return next(element for element in root.iter(f"{NS}PlainTextSelection") if element.get("name").startswith(words))


def _add_user(root: etree._Element) -> str:
    user = "11111111-2222-3333-4444-555555555555"
    etree.SubElement(root.find(f"{NS}Users"), f"{NS}User", guid=user, name="李 AB")
    return user


def test_codes_added_elsewhere_come_back_as_that_persons(project, run, tmp_path):
    def edit(root):
        user, selection = _add_user(root), _selection(root, "𠮷水县")
        coding = etree.SubElement(selection, f"{NS}Coding", guid=guid("x", 1), creatingUser=user)
        etree.SubElement(coding, f"{NS}CodeRef", targetGUID=guid("code", "support"))

    (coding,) = import_codes(_edited(project, tmp_path / "back.qdpx", edit), run).codings
    assert coding.coder_id == "hand:李 AB"
    assert dict(coding.values) == {"planning": 2, "market": 1, "support": 1}
    assert [span.quote for span in coding.evidence] == ["统一市场", "共同编制国土空间规划"]


def test_codes_taken_away_elsewhere_come_back_as_a_judgement(project, run, tmp_path):
    def edit(root):
        for words in ("𠮷水县", "统一市场"):
            selection = _selection(root, words)
            for coding in selection.findall(f"{NS}Coding"):
                if coding.find(f"{NS}CodeRef").get("targetGUID") == guid("code", "market"):
                    selection.remove(coding)

    (coding,) = import_codes(_edited(project, tmp_path / "back.qdpx", edit), run, coder="AB").codings
    assert (coding.coder_id, dict(coding.values)) == ("hand:AB", {"planning": 2})


def test_codes_are_known_by_name_when_another_program_gives_new_ids_and_line_ends(project, run, tmp_path):
    def edit(root):
        change = {}
        for element in root.iter(f"{NS}Code"):
            change[element.get("guid")] = guid("other", element.get("guid"))
            element.set("guid", change[element.get("guid")])
        for element in root.iter(f"{NS}CodeRef"):
            element.set("targetGUID", change[element.get("targetGUID")])
        for source in root.iter(f"{NS}TextSource"):
            source.set("guid", guid("other", source.get("guid")))
            text = texts["Sources/" + source.get("plainTextPath").removeprefix("internal://")]
            for selection in source.iter(f"{NS}PlainTextSelection"):
                for name in ("startPosition", "endPosition"):
                    place = int(selection.get(name))
                    selection.set(name, str(place + text[:place].count("\n")))

    texts = _read(project)[1]
    file = _edited(project, tmp_path / "back.qdpx", edit, lambda content: content.replace(b"\n", b"\r\n"))
    imported = import_codes(file, run)
    assert (imported.codings, imported.unknown_codes, imported.unknown_sources) == ([], {}, [])


def test_new_codes_of_another_program_are_named_not_lost_in_silence(project, run, tmp_path):
    def edit(root):
        codes = root.find(f"{NS}CodeBook/{NS}Codes")
        etree.SubElement(codes, f"{NS}Code", guid=guid("x", 2), name="my own idea", isCodable="true")
        coding = etree.SubElement(_selection(root, "𠮷水县"), f"{NS}Coding", guid=guid("x", 3))
        etree.SubElement(coding, f"{NS}CodeRef", targetGUID=guid("x", 2))

    assert import_codes(_edited(project, tmp_path / "back.qdpx", edit), run).unknown_codes == {"my own idea": 1}


def test_hand_codes_go_out_as_users_and_come_back_the_same(tmp_path, new_run):
    passage = new_run.table("passages").to_pylist()[1]
    start = passage["start"] + passage["text"].index("青漓市")
    evidence = HandEvidence(code="support", start=start, end=start + 3, quote="青漓市")
    coding = HandCoding(
        passage_id=passage["passage_id"], coder_id="hand:王", values={"support": 1, "planning": 1}, evidence=(evidence,)
    )
    with HandCodes(new_run.folder) as hand:
        hand.save(coding, new_run.codebook)
    project = export(new_run, "qdpx", tmp_path / "project.qdpx")
    assert [user.get("name") for user in _read(project)[0].iter(f"{NS}User")] == ["Xietong", "王"]
    assert import_codes(project, new_run).codings == []
    (new_run.folder / "hand" / "codes.jsonl").unlink()
    (back,) = import_codes(project, new_run).codings
    assert (back.coder_id, dict(back.values), back.evidence) == ("hand:王", {"planning": 1, "support": 1}, (evidence,))


def test_a_file_that_is_no_project_is_refused(run, tmp_path):
    file = tmp_path / "x.qdpx"
    file.write_bytes(b"no zip")
    with pytest.raises(UsageError, match="not a REFI-QDA project"):
        import_codes(file, run)


def test_project_is_the_same_each_time(run, project, tmp_path):
    assert export(run, "qdpx", tmp_path / "again.qdpx").read_bytes() == project.read_bytes()


def test_the_command_saves_what_a_person_changed_elsewhere(tmp_path, new_run, capsys):
    (new_run.folder / "manifest.json").write_text("{}", encoding="utf-8")

    def edit(root):
        user, selection = _add_user(root), _selection(root, "𠮷水县")
        coding = etree.SubElement(selection, f"{NS}Coding", guid=guid("x", 1), creatingUser=user)
        etree.SubElement(coding, f"{NS}CodeRef", targetGUID=guid("code", "support"))

    file = _edited(export(new_run, "qdpx"), tmp_path / "back.qdpx", edit)
    export_command(new_run.folder, "", None, file, "")
    assert "hand:李 AB" in capsys.readouterr().out
    (coding,) = [coding for coding in HandCodes(new_run.folder) if coding.is_done]
    assert dict(coding.values) == {"planning": 2, "market": 1, "support": 1}
    export_command(new_run.folder, "", None, file, "")
    assert len(list(HandCodes(new_run.folder))) == 1
