"""Tasks for Label Studio and INCEpTION, and what comes back from them."""

from __future__ import annotations

import json
import zipfile

import pytest
from lxml import etree

from xietong.errors import UsageError
from xietong.export import export, inception, labelstudio
from xietong.records import CODED_KINDS


@pytest.fixture(scope="module")
def tasks_file(run, tmp_path_factory):
    return export(run, "labelstudio", tmp_path_factory.mktemp("tasks") / "tasks.json")


def test_every_coded_passage_is_a_task_whose_regions_fit_the_interface(tasks_file, wide):
    tasks = json.loads(tasks_file.read_text(encoding="utf-8"))
    assert [task["data"]["passage_id"] for task in tasks] == [r["passage_id"] for r in wide if r["kind"] in CODED_KINDS]
    config = etree.parse(tasks_file.with_name("tasks.config.xml"))
    tags = {element.get("name"): element for element in config.iter() if element.get("toName")}
    for task in tasks:
        assert set(task) == {"data", "predictions"}
        for item in task["predictions"][0]["result"]:
            tag, value = tags[item["from_name"]], item["value"]
            assert tag.get("toName") == item["to_name"] == "text"
            assert tag.tag.lower() == item["type"]
            chosen = value["labels"] if item["type"] == "labels" else value["choices"]
            assert set(chosen) <= {child.get("value") for child in tag}
            if item["type"] == "labels":
                assert task["data"]["text"][value["start"] : value["end"]] == value["text"]


@pytest.mark.parametrize("units", ["code points", "utf-16"])
def test_annotations_come_back_as_judgements_in_whatever_units_they_count(tasks_file, run, tmp_path, units):
    tasks = json.loads(tasks_file.read_text(encoding="utf-8"))[:2]
    for task in tasks:
        result = task["predictions"][0]["result"]
        for item in result:
            if units == "utf-16" and item["type"] == "labels":
                for name in ("start", "end"):
                    before = task["data"]["text"][: item["value"][name]]
                    item["value"][name] = len(before.encode("utf-16-le")) // 2
        task["annotations"] = [{"result": result, "completed_by": {"email": "wang@example.org"}}]
    file = tmp_path / "export.json"
    file.write_text(json.dumps(tasks), encoding="utf-8")
    first, second = labelstudio.import_codes(file, run)
    assert (first.coder_id, dict(first.values)) == ("hand:wang", {"planning": 2, "market": 1})
    text = run.table("texts").to_pylist()[0]["text"]
    assert {span.quote for span in second.evidence} == {"水质", "上下游", "专项资金"}
    assert all(text[span.start : span.end] == span.quote for coding in (first, second) for span in coding.evidence)


def test_tasks_of_another_run_are_refused(run, tmp_path):
    file = tmp_path / "export.json"
    file.write_text(json.dumps([{"data": {"passage_id": "other", "text": "", "start": 0}}]), encoding="utf-8")
    with pytest.raises(UsageError, match="is not in this run"):
        labelstudio.import_codes(file, run)


def test_inception_documents_have_utf16_offsets_and_come_back(run, tmp_path):
    pytest.importorskip("cassis", reason="needs dkpro-cassis")
    file = export(run, "inception", tmp_path / "inception.zip")
    with zipfile.ZipFile(file) as archive:
        cas = json.loads(archive.read(archive.namelist()[0]))
    structures = cas["%FEATURE_STRUCTURES"]
    units = next(each["sofaString"] for each in structures if each["%TYPE"] == "uima.cas.Sofa").encode("utf-16-le")
    marked = {units[2 * e["begin"] : 2 * e["end"]].decode("utf-16-le"): e["value"] for e in structures if "value" in e}
    assert marked["共同编制国土空间规划"] == "path_planning"
    codings = inception.import_codes(file, run, coder="AB")
    values = {coding.passage_id: dict(coding.values) for coding in codings}
    frame = run.passages().set_index("passage_id")
    columns = {code.column: code.code for code in run.codebook.codes}
    for passage_id, row in frame[list(columns)].iterrows():
        assert values.get(passage_id, {}) == {columns[name]: value for name, value in row.items() if value}
