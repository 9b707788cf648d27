"""A run folder to code by hand: invented reports and hostile passages, coded by a rough machine that counts terms."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from xietong import __version__
from xietong.codebook import Codebook, read_codebook
from xietong.ids import content_hash
from xietong.runs import Run, write_codebook
from xietong.tables import DOCUMENTS, EVIDENCE, PASSAGES, TAGS, TEXTS

ROOT = Path(__file__).resolve().parents[2]
#: Texts that a careless page would run, or that break out of an attribute, a comment or a script.
PAYLOADS = (
    "<script>hostilexss_run()</script>",
    "\"><img src=x onerror=hostilexss_run()>",
    "' onmouseover='hostilexss_run()' x='",
    "</textarea><svg onload=hostilexss_run()>",
    "</script><script>hostilexss_run()</script>",
    "{{ 7*7 }} {% include '/etc/passwd' %} ${7*7}",
    "javascript:hostilexss_run()",
    "<!-- --><iframe srcdoc='<script>hostilexss_run()</script>'></iframe>",
    "&lt;b&gt; &amp;#60;script&#62;",
    "\u202egnp.exe \u0000\u001b[31m tab\there",
)  # fmt: skip


def invented_documents() -> list[dict]:
    """Reports of invented provinces, one a year and place, each of several passages."""
    texts = (ROOT / "corpora" / "sample").glob("*.txt")
    lines = [
        line.strip()
        for file in sorted(texts)
        for line in file.read_bytes().decode("utf-8", "ignore").splitlines()
        if 60 <= len(line.strip()) <= 500 and line.isprintable()
    ]
    places = ("澜江省", "柏川市", "Sarravale")
    documents = []
    for i in range(12):
        own = lines[i::12][:8]
        place, year = places[i % 3], 2023 + i // 3
        documents.append({
            "document_id": f"d{i:02d}", "file": f"{place}_{year}.txt", "title": f"{place} 政府工作报告 {year}",
            "region": place, "year": year, "level": "provincial" if i % 3 == 0 else "city", "passages": own,
        })  # fmt: skip
    return documents


def hostile_document() -> dict:
    return {
        "document_id": "dx", "file": PAYLOADS[1] + ".txt", "title": PAYLOADS[0], "region": PAYLOADS[2], "year": 2026,
        "level": "other", "passages": [f"联合编制规划 {p} joint plan" for p in PAYLOADS],
    }  # fmt: skip


def write_run(folder: Path, documents: list[dict], codebook: Codebook) -> Run:
    """Write the tables that a run would have written for these documents."""
    rows: dict[str, list[dict]] = {"documents": [], "passages": [], "tags": [], "evidence": [], "texts": []}
    for document in documents:
        text = "\n".join(document["passages"])
        rows["texts"].append({"document_id": document["document_id"], "text": text})
        known = {k: v for k, v in document.items() if k != "passages"}
        rows["documents"].append(
            {**known, "status": "ok", "n_chars": len(text), "n_passages": len(document["passages"])}
        )
        start = 0
        for n, passage in enumerate(document["passages"]):
            passage_id = content_hash(document["document_id"], n)[:16]
            language = "zh-Hans" if re.search("[\u4e00-\u9fff]", passage) else "en"
            rows["passages"].append({
                "passage_id": passage_id, "document_id": document["document_id"], "file": document["file"], "source_id": "",
                "n": n, "section": "二、重点任务 › （一）区域协同" if n % 2 else PAYLOADS[3], "kind": "body",
                "language": language, "start": start, "end": start + len(passage), "text": passage, "reading": passage,
                "folded": passage,
            })  # fmt: skip
            _code_roughly(rows, passage, passage_id, start, codebook)
            start += len(passage) + 1
    schemas = {"documents": DOCUMENTS, "passages": PASSAGES, "tags": TAGS, "evidence": EVIDENCE, "texts": TEXTS}
    (folder / "tables").mkdir(parents=True)
    for name, schema in schemas.items():
        filled = [{column: row.get(column) for column in schema.names} for row in rows[name]]
        pq.write_table(pa.Table.from_pylist(filled, schema=schema), folder / "tables" / f"{name}.parquet")
    write_codebook(codebook, folder)
    manifest = {
        "program": {"name": "xietong", "version": __version__, "hash": "0" * 64, "libraries": {}}, "python": "3",
        "options": {}, "codebook": {"name": codebook.name, "hash": codebook.content_hash}, "model": {"name": "", "hash": ""},
        "inputs": [], "counts": {}, "seconds": 0.0, "outputs": {},
    }  # fmt: skip
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    return Run(folder)


def _code_roughly(rows: dict[str, list[dict]], passage: str, passage_id: str, start: int, codebook: Codebook) -> None:
    for term in codebook.terms:
        place = passage.find(term.term)
        if term.weight != "strong" or place < 0:
            continue
        code = codebook.codes[codebook.index[term.code]]
        tag = {"passage_id": passage_id, "facet": code.facet, "code": code.code, "coder_id": "combined", "value": 1}
        if not any(t["passage_id"] == passage_id and t["code"] == code.code for t in rows["tags"]):
            rows["tags"].append({**tag, "score": 0.7, "needs_review": False})
        span = {"start": start + place, "end": start + place + len(term.term), "quote": term.term, "cue": term.term}
        rows["evidence"].append(
            {**{k: tag[k] for k in ("passage_id", "facet", "code", "coder_id")}, **span, "weight": 1.0}
        )


@pytest.fixture
def make_run(tmp_path: Path) -> Callable[..., Run]:
    """Make a run folder; with ``hostile`` its first document holds texts that attack the page."""

    def make(name: str = "run", hostile: bool = False) -> Run:
        documents = ([hostile_document()] if hostile else []) + invented_documents()
        return write_run(tmp_path / name, documents, read_codebook("regional-coordination"))

    return make


class Served:
    """A review server in a process of its own, as a user starts it."""

    def __init__(self, folder: Path, *, port: int = 0, token: str = "", is_blind: bool = True) -> None:
        self.folder, self.is_blind = folder, is_blind
        self.token = token or "t" * 32
        self.port = port
        self.start()

    def start(self) -> None:
        program = (
            "import sys; from xietong.review import serve; "
            "serve(sys.argv[1], port=int(sys.argv[2]), token=sys.argv[3], is_blind=sys.argv[4] == 'blind')"
        )
        mode = "blind" if self.is_blind else "assisted"
        arguments = [sys.executable, "-u", "-c", program, str(self.folder), str(self.port), self.token, mode]
        self.process = subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout
        self.url = self.process.stdout.readline().strip()
        assert self.url.startswith("http://127.0.0.1:"), self.url
        self.port = int(self.url.split(":")[2].split("/")[0])

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def headers(self, **changes: str | None) -> dict[str, str]:
        """Headers of a proper save, with changes; None leaves one out."""
        proper: dict[str, str | None] = {
            "Host": f"127.0.0.1:{self.port}", "Origin": self.base, "Content-Type": "application/json",
            "X-Xietong-Token": self.token, "Cookie": f"xietong_{self.port}={self.token}",
        }  # fmt: skip
        proper |= {name.replace("_", "-"): value for name, value in changes.items()}
        return {name: value for name, value in proper.items() if value is not None}

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()
        assert self.process.stdout
        self.process.stdout.close()


@pytest.fixture
def serve(make_run: Callable[..., Run]) -> Iterator[Callable[..., Served]]:
    """Serve a run; the server ends with the test."""
    started: list[Served] = []

    def start(run: Run | None = None, **options: object) -> Served:
        started.append(Served((run or make_run()).folder, **options))  # type: ignore[arg-type]
        return started[-1]

    yield start
    for server in started:
        server.kill()


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Headless Chromium; tests that need it are skipped where it is not installed."""
    playwright = pytest.importorskip("playwright.sync_api")
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        pytest.skip("needs chromium (apt-get install chromium)")
    flags = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
             "--disable-component-update", "--disable-sync"]  # fmt: skip
    with playwright.sync_playwright() as started:
        opened = started.chromium.launch(executable_path=chromium, args=flags)
        yield opened
        opened.close()
