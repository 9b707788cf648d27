"""The guarantees on script, memory and safety, each tried on texts and files made for it."""

import gc
import os
import subprocess
import sys
import tracemalloc
from pathlib import Path

import pytest

import xietong
from xietong.batch import Recipe, Task, Workshop
from xietong.characters import converter
from xietong.codebook import read_codebook
from xietong.parts import PartsPlace
from xietong.records import Source

WIDE = {n: n + 0xFEE0 for n in range(0x21, 0x7F)}
FORMS = {
    "traditional": lambda text: converter("s2t").convert(text),
    "hong_kong": lambda text: converter("s2hk").convert(text),
    "taiwan": lambda text: converter("s2tw").convert(text),
    "glossed": lambda text: text.replace("协同", "协同(xiétóng)").replace("合作", "合作（hézuò）"),
    "full_width": lambda text: text.translate(WIDE),
    "wrapped": lambda text: "\n".join(text[i : i + 30] for i in range(0, len(text), 30)),
}


TEXTS = (
    "2025年，青川市与白石市深化合作机制，共建3个跨区域科技创新平台，推动产业协同发展，两市签署合作协议12项，惠及城里群众。",
    "全省完善对口支援制度，健全生态补偿机制，推进5条城际铁路建设，加强跨省协同治理，实现公共服务共享，惠及城里群众。",
)


@pytest.fixture(scope="module")
def in_all_forms(tmp_path_factory):
    """A run over documents that say the same in every form: NUMBER/FORM.txt."""
    folder = tmp_path_factory.mktemp("forms")
    for number, text in enumerate(TEXTS):
        (folder / "in" / str(number)).mkdir(parents=True)
        for name, form in {"plain": str, **FORMS}.items():
            (folder / "in" / str(number) / f"{name}.txt").write_text(form(text), encoding="utf-8")
    return xietong.run([folder / "in"], folder / "out", jobs=1, has_report=False)


def test_codes_do_not_depend_on_script_glosses_width_or_wraps(in_all_forms):
    codes = in_all_forms.passages().groupby("file")[[code.column for code in in_all_forms.codebook.codes]].max()
    assert len(codes) == len(TEXTS) * (1 + len(FORMS))
    for file, values in codes.iterrows():
        plain = codes.loc[f"{Path(file).parent}/plain.txt"]
        assert plain.sum() > 1
        assert values.tolist() == plain.tolist(), file


def test_evidence_quotes_are_verbatim_in_any_script_and_through_every_fold(in_all_forms):
    documents = in_all_forms.passages().set_index("passage_id")["document_id"]
    evidence = in_all_forms.evidence()
    for row in evidence.itertuples():
        assert row.quote == in_all_forms.text(documents[row.passage_id])[row.start : row.end]
    quotes = "|".join(evidence["quote"])
    assert "(xiétóng)" in quotes or "（hézuò）" in quotes
    assert "協" in quotes


def test_memory_does_not_grow_with_the_corpus_where_documents_are_read_and_coded(tmp_path):
    text = "青川市与白石市共建跨区域科技创新平台，推动产业协同发展；两市的交通一体化规划同步实施。"
    workshop = Workshop(Recipe(codebook=read_codebook("regional-coordination"), model="none"))
    place = PartsPlace(tmp_path / "parts")
    place.folder.mkdir()

    def process(number):
        file = tmp_path / f"{number}.txt"
        file.write_text(f"{number}\n" + f"{text}\n" * 300, encoding="utf-8")
        source = Source(file=file.name, location=str(file))
        workshop.process([Task(source=source, read_key=f"r{number}", code_key=f"c{number}")], place)
        gc.collect()
        return tracemalloc.get_traced_memory()[0], file.stat().st_size

    tracemalloc.start()
    try:
        after = [process(number) for number in range(10)]
    finally:
        tracemalloc.stop()
        workshop.close()
    (early, _), (late, size) = after[4], after[-1]
    assert late - early < size, f"{late - early} bytes kept of 5 documents of {size} bytes"


WATCH = """
import sys
def watch(event, arguments):
    is_of_this_machine = event == "socket.connect" and not isinstance(arguments[1], tuple)  # a Unix socket has a path
    if event in ("socket.connect", "socket.getaddrinfo", "socket.sendto") and not is_of_this_machine:
        open({log!r}, "a").write(f"{{event}} {{arguments[-1]}}\\n")
sys.addaudithook(watch)
"""


def watched(code, tmp_path):
    """Run Python with every name it looks up and every address it calls written down; give what was written."""
    log = tmp_path / "calls.txt"
    code = WATCH.format(log=str(log)) + code
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    return log.read_text() if log.exists() else ""


def test_nothing_is_fetched_from_a_network_at_run_time(tmp_path):
    page = '<html><body><img src="http://127.0.0.1:9/a.png"><p>推动区域产业协同，共建科技创新平台。</p></body></html>'
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.html").write_text(page, encoding="utf-8")
    run = f"import xietong; xietong.run([{str(tmp_path / 'in')!r}], {str(tmp_path / 'out')!r}, jobs=1)"
    assert watched(run, tmp_path) == ""
    assert (tmp_path / "out" / "report.html").is_file()
    probe = "import socket\ntry: socket.create_connection(('127.0.0.1', 9), timeout=1)\nexcept OSError: pass"
    assert "127.0.0.1" in watched(probe, tmp_path)  # the watch sees what it is there to see


def test_nothing_in_a_document_is_executed(tmp_path):
    target = tmp_path / "executed"
    shell = f"$(touch {target}) `touch {target}`"
    code = f"__import__('os').system('touch {target}')"
    documents = {
        "cell.csv": f"text\n\"=cmd|'/c touch {target}'!A1 推动区域产业协同发展。\"\n",
        "page.html": f"<html><body><script>{code}</script><p>推动区域产业协同。{shell}</p></body></html>",
        "front.md": f'---\ntitle: !!python/object/apply:os.system ["touch {target}"]\n---\n推动区域产业协同。{{{{ {code} }}}}',
        "lines.jsonl": f'{{"text": "推动区域产业协同。{code}"}}\n',
    }
    (tmp_path / "in").mkdir()
    for name, content in documents.items():
        (tmp_path / "in" / name).write_text(content, encoding="utf-8")
    (tmp_path / "in" / "a;touch executed;$(touch executed).txt").write_text(f"共建平台。{shell}", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "xietong", "run", "in", "--out", "out", "--jobs", "1", "--quiet"],
        cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False, env=os.environ | {"XIETONG_LANG": "en"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert len(xietong.open_run(tmp_path / "out").documents().query("status == 'ok'")) == 5
    assert not target.exists()
    assert not any(cell.startswith("=") for cell in (tmp_path / "out" / "passages.csv").read_text("utf-8").split(","))
