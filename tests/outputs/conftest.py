"""A small run folder about invented places, written by hand, with all that an output can stumble over."""

from __future__ import annotations

import csv
import hashlib
import json
import shutil
import subprocess
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from xietong.codebook import Code, Codebook, Term
from xietong.runs import Run, write_codebook
from xietong.tables import BY_DOCUMENT, DOCUMENTS

CODES = (
    Code(facet="path", code="planning", label_en="Planning", label_zh="规划协同", label_zh_hant="規劃協同", scale_max=2,
         definition="Where things go.", include="Zones & <plans>", exclude="=1+1", example="两市共编规划。"),
    Code(facet="path", code="ecology", label_en="Ecology <script>hostilexss_run()</script>", label_zh="生态协同", scale_max=2),
    Code(facet="mechanism", code="market", label_en="Market", label_zh="市场机制", definition="Prices steer."),
    Code(facet="mechanism", code="support", label_en="Support", label_zh="扶持机制"),
)  # fmt: skip
CODEBOOK = Codebook(
    name="test", codes=CODES, terms=(Term(code="planning", language="zh", term="规划"),), content_hash="c0de"
)

#: document -> (metadata, passages); a passage is (section, kind, text, reading or None, codes, words that show them)
PASSAGES = {
    "plain": [
        ("一、总体要求", "heading", "一、总体要求", None, {}, []),
        ("一、总体要求", "body", "𠮷水县与青漓市🏞️共同编制国土空间规划,共建统一市场。", None, {"planning": 2, "market": 1},
         [("planning", "共同编制国土空间规划"), ("market", "统一市场")]),
        ("一、总体要求 › (一)生态", "list", "上下游两县共享水质数据👩‍👩‍👧,设立专项资金。", None, {"ecology": 2, "support": 1},
         [("ecology", "水质"), ("ecology", "上下游"), ("support", "专项资金")]),
        ("附表", "table", "=1+1", None, {}, []),
        ("附表", "table", "000123", None, {}, []),
        ("附表", "table", "＝cmd|' /C calc'!A0", None, {"market": 1}, [("market", "cmd")]),
    ],
    "glossed": [
        ("", "body",
         "推進區(qū)域協(xié)調(diào)發(fā)展的規(guī)劃\n—12—\n綱要,統(tǒng)一市場。",
         "推進區域協調發展的規劃綱要,統一市場。",
         {"planning": 1, "market": 1}, [("planning", "規(guī)劃\n—12—\n綱要"), ("market", "統(tǒng)一市場")]),
    ],
    "hostile": [
        ("<b onmouseover=hostilexss_run()>x</b>", "body", "<script>hostilexss_run()</script> joint plan & market",
         None, {"planning": 1}, [("planning", "joint plan")]),
        ("", "body", "abc \u202eright to left\u202c عربى plan \x01\x1b[31m tab\there _x0041_ \ufffe end", None, {"planning": 1},
         [("planning", "plan")]),
        ("", "body", "+" + "长文规划。" * 8_000, None, {"planning": 1}, [("planning", "长文规划")]),
        ("", "footnote", "\u200b@SUM(A1)", None, {}, []),
        ("", "body", "</script><img src=x onerror=hostilexss_run()>" + "𠮷" * 20_000, None, {}, []),
    ],
}  # fmt: skip
METADATA = {
    "plain": {"file": "报告/𠮷水🏞️.txt", "language": "zh-Hans", "title": "𠮷水县工作报告",
              "region": "云岭省", "level": "provincial", "year": 2024, "doc_date": "2024-02", "批次": "0007", "issuer": "云岭省政府", "doc_type": "work report"},
    "glossed": {"file": "b.html", "language": "zh-Hant", "title": "區域綱要", "region": "=cmd", "level": "city", "year": 2025},
    "hostile": {"file": "=cmd|' /C calc'!A0 \"><img src=x onerror=hostilexss_run()>.txt", "language": "en", "批次": "=1+1",
                "title": "</title><script>hostilexss_run()</script>", "region": "", "level": "", "year": None},
    "broken": {"file": "broken.pdf", "status": "failed", "reason": "the PDF is damaged; open it and save it again"},
}  # fmt: skip


def _id(*parts: object) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]


def write_run(folder: Path, passages: dict = PASSAGES, metadata: dict = METADATA) -> Run:
    """Write a run folder from the tables above."""
    rows: dict[str, list[dict]] = {name: [] for name in BY_DOCUMENT}
    for name, about in metadata.items():
        units = passages.get(name, [])
        document_id = "d" + _id(name)
        text = "\n\n".join(unit[2] for unit in units)
        base = {"document_id": document_id, "status": "ok", "reason": "", "media_type": "text/plain", "encoding": "utf-8",
                "title": "", "issuer": "", "region": "", "level": "", "doc_type": "", "doc_date": "", "n_chars": len(text),
                "n_passages": len(units), "sha256": _id(text), "metadata_from": "{}", "note": ""}  # fmt: skip
        rows["documents"].append(base | about)
        rows["texts"].append({"document_id": document_id, "text": text})
        start = 0
        for n, unit in enumerate(units):
            _add_passage(rows, document_id, about, n, start, unit)
            start += len(unit[2]) + 2
    schemas = dict(BY_DOCUMENT)
    schemas["documents"] = DOCUMENTS.append(pa.field("批次", pa.string()))
    (folder / "tables").mkdir(parents=True)
    for name, schema in schemas.items():
        pq.write_table(
            pa.Table.from_pylist(rows[name], schema=schema), folder / "tables" / f"{name}.parquet", row_group_size=4
        )
    write_codebook(CODEBOOK, folder)
    return Run(folder)


def _add_passage(rows: dict, document_id: str, about: dict, n: int, start: int, unit: tuple) -> None:
    section, kind, text, reading, values, words = unit
    passage_id = "p" + _id(document_id, n)
    rows["passages"].append({
        "passage_id": passage_id, "document_id": document_id, "file": about["file"], "source_id": "", "n": n, "section": section,
        "kind": kind, "language": about["language"], "start": start, "end": start + len(text), "text": text,
        "reading": reading or text, "folded": (reading or text).lower(),
    })  # fmt: skip
    facets = {code.code: code.facet for code in CODES}
    for coder_id in ("terms", "combined"):
        for code, value in values.items():
            rows["tags"].append({"passage_id": passage_id, "facet": facets[code], "code": code, "coder_id": coder_id,
                                 "value": value, "score": 0.75, "needs_review": code == "support"})  # fmt: skip
        for code, quote in words:
            place = start + text.index(quote)
            rows["evidence"].append({
                "passage_id": passage_id, "facet": facets[code], "code": code, "coder_id": coder_id, "start": place,
                "end": place + len(quote), "quote": quote, "cue": quote, "weight": 1.0,
            })  # fmt: skip


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return write_run(tmp_path_factory.mktemp("run") / "run")


@pytest.fixture(scope="session")
def wide(run: Run) -> list[dict]:
    """The rows that every format has to hold."""
    frame = run.passages().drop(columns="folded").astype("object")
    return frame.where(frame.notna(), None).to_dict("records")


@pytest.fixture(scope="session")
def office(tmp_path_factory: pytest.TempPathFactory):
    """Opens a file in LibreOffice and gives the cells of one of its sheets, as LibreOffice shows them."""
    program = shutil.which("soffice") or shutil.which("libreoffice")
    if program is None:
        pytest.skip("needs LibreOffice (soffice)")
    place = tmp_path_factory.mktemp("office")

    def cells(file: Path, sheet: str | None = None) -> list[list[str]]:
        out = place / file.stem / (sheet or "only")
        options = "44,34,76,1,,0,false,true,false,false,false," + ("-1" if sheet else "0")
        command = [program, "--headless", f"-env:UserInstallation=file://{place}/profile"]
        if file.suffix == ".csv":  # read as UTF-8, comma; formulas are evaluated where a cell could be one
            command.append("--infilter=CSV:44,34,76,1,,0,false,true,false,false,false,0,true,false,true")
        command += ["--convert-to", f"csv:Text - txt - csv (StarCalc):{options}", "--outdir", str(out), str(file)]
        subprocess.run(command, check=True, capture_output=True, timeout=180)
        name = f"{file.stem}-{sheet}.csv" if sheet else f"{file.stem}.csv"
        with open(out / name, encoding="utf-8", newline="") as lines:
            return list(csv.reader(lines))

    return cells


@pytest.fixture(name="write_run", scope="session")
def writer():
    """Writes a run folder from tables of the test's own."""
    return write_run


@pytest.fixture
def new_run(tmp_path: Path) -> Run:
    """A run folder of the test's own, to write into."""
    return write_run(tmp_path / "new")
