"""Hostile inputs each get one clear row, and do nothing to their neighbours, to the disk, or to the time and memory."""

from __future__ import annotations

import importlib.util
import os
import socket
from pathlib import Path
from time import perf_counter

import pytest

from xietong.ingest import Bounds, IngestOptions, Reader, find_sources
from xietong.ingest.reasons import worded
from xietong.records import Document

_SPEC = importlib.util.spec_from_file_location("hostile_inputs", Path(__file__).with_name("hostile_inputs.py"))
assert _SPEC
assert _SPEC.loader
_INPUTS = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(_INPUTS)
MAKERS, TEXT = _INPUTS.MAKERS, _INPUTS.TEXT

#: Input to the status of its row and words of the reason (of the text, where it is ok).
EXPECTED = {
    "archive_in_archive.zip": ("failed", "archive inside 3 archives"),
    "bomb.docx": ("failed", "unpacks to more than 128 MB"),
    "bomb.pdf": ("failed", ""),
    "bomb.tar.gz": ("failed", "unpacks to more than 128 MB"),
    "bomb.txt.bz2": ("failed", "unpacks to more than 128 MB"),
    "bomb_of_zeros.zip": ("ok", ""),
    "broken_lines.jsonl": ("ok", TEXT),
    "claims_a_terabyte.tar": ("ok", ""),
    "combining.txt": ("ok", TEXT),
    "commas.csv": ("empty", "no rows with text"),
    "cut_off.docx": ("failed", "damaged"),
    "cut_off.tar": ("ok", ""),
    "cut_off.txt.gz": ("failed", "cut off"),
    "cut_off.xls": ("failed", ""),
    "cut_off.zip": ("failed", "damaged or cut off"),
    "deep.json": ("failed", "nests too deep"),
    "deep_groups.rtf": ("failed", "nest too deep"),
    "device.tar": ("ok", ""),
    "docx.txt": ("ok", TEXT),
    "empty_rows.xlsx": ("ok", TEXT),
    "encrypted.zip": ("failed", "password"),
    "entities.docx": ("failed", "XML entities"),
    "entities.xhtml": ("ok", TEXT),
    "escapes.txt": ("ok", TEXT),
    "formulas.csv": ("ok", ""),
    "formulas.xlsx": ("ok", TEXT),
    "hard_link.tar": ("ok", ""),
    "impossible_cell.xlsx": ("failed", ""),
    "large_dictionary.txt.xz": ("failed", "memory"),
    "laughs.docx": ("failed", "XML entities"),
    "lies.rtf": ("ok", "text of the plan"),
    "link.zip": ("failed", "link"),
    "locked.pdf": ("failed", "password"),
    "lone_surrogates.txt": ("ok", TEXT),
    "long_number.json": ("failed", "damaged"),
    "loop.doc": ("failed", "damaged"),
    "lying_footer.parquet": ("failed", "damaged"),
    "many_documents.csv": ("ok", ""),
    "names.zip": ("ok", ""),
    "nested_arrays.pdf": ("failed", "damaged"),
    "nested_tables.docx": ("failed", "damaged"),
    "nested_tags.html": ("ok", TEXT),
    "no_document.docx": ("failed", "word/document.xml is missing"),
    "noise.parquet": ("failed", "damaged"),
    "nothing.pdf": ("empty", "0 bytes"),
    "nul.csv": ("ok", TEXT),
    "one_line.txt": ("ok", TEXT[:10]),
    "open_comment.html": ("ok", TEXT),
    "open_quote.csv": ("ok", TEXT),
    "outside.tar": ("ok", ""),
    "page.xls": ("ok", TEXT),
    "pages_in_a_circle.pdf": ("failed", "damaged"),
    "parts_in_parts.eml": ("failed", "nest too deep"),
    "pickle.csv": ("failed", "pickle"),
    "pipe.tar": ("ok", ""),
    "program.pdf": ("failed", "program"),
    "remote_image.odt": ("ok", TEXT),
    "remote_template.docx": ("ok", TEXT),
    "same_bytes_named_often.zip": ("failed", "damaged"),
    "scripts.html": ("ok", TEXT),
    "starts_a_program.pdf": ("empty", "no text"),
    "text.docx": ("ok", TEXT),
    "two_marks.txt": ("ok", TEXT),
    "unknown_method.zip": ("failed", "method"),
    "utf16_with_doctype.docx": ("failed", "XML entities"),
}
#: Members of archives and rows of tables that are read beside the bad ones.
MEMBERS = {
    "bomb_of_zeros.zip": ["bomb_of_zeros.zip!/good.txt"],
    "device.tar": ["device.tar!/good.txt"],
    "formulas.csv": ["formulas.csv!/2", "formulas.csv!/3"],
    "outside.tar": ["outside.tar!/good.txt"],
}
SECONDS, MEGABYTES = 55, 1900


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Document]]:
    """Read all of them with one reader, a good document between any two."""
    folder = tmp_path_factory.mktemp("hostile")
    for name, make in MAKERS.items():
        (folder / name).write_bytes(make())
        (folder / f"{name}~good.txt").write_text(f"{TEXT}{name}。", encoding="utf-8")
    before = sorted(folder.iterdir())
    documents = {}
    with Reader(IngestOptions(bounds=Bounds(seconds=SECONDS, memory_mb=MEGABYTES))) as reader:
        for source in find_sources([folder]):
            started = perf_counter()
            documents[source.file] = reader.read(source)
            assert perf_counter() - started < SECONDS + 5, source.file
    assert sorted(folder.iterdir()) == before, "something was written"
    return documents


def test_every_input_is_expected_to_give_something() -> None:
    assert set(EXPECTED) == set(MAKERS)


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_hostile_input_gets_a_row_that_says_what_it_is(found: dict[str, list[Document]], name: str) -> None:
    first, *members = found[name]
    status, words = EXPECTED[name]
    assert (first.file, first.status) == (name, status), first.reason
    assert words in (first.text if status == "ok" else first.reason)
    if status != "ok":
        assert len(first.reason) > 20
        assert worded(first.reason, "zh") != first.reason
    assert "root:x:0:0" not in first.text + "".join(member.text for member in members)
    assert set(MEMBERS.get(name, ())) <= {member.file for member in members if member.status == "ok"}


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_document_beside_a_hostile_one_is_read_as_it_is(found: dict[str, list[Document]], name: str) -> None:
    (good,) = found[f"{name}~good.txt"]
    assert (good.status, good.text, good.note) == ("ok", f"{TEXT}{name}。", "")


def test_things_that_are_no_files_are_named_and_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.txt")
    (tmp_path / "loop.txt").symlink_to("loop.txt")
    (tmp_path / "gone.txt").symlink_to("nowhere.txt")
    (tmp_path / "passwd.txt").symlink_to("/etc/passwd")
    (tmp_path / "\u202egpj.txt").write_text(TEXT, encoding="utf-8")
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(tmp_path / "socket"))
    with listener, Reader() as reader:
        rows = {source.file: reader.read(source)[0] for source in find_sources([tmp_path])}
    words = {
        "pipe.txt": "pipe",
        "loop.txt": "circle",
        "gone.txt": "missing",
        "passwd.txt": "outside",
        "socket": "socket",
    }
    for name, word in words.items():
        assert rows[name].status == "failed"
        assert word in rows[name].reason
    assert rows["%E2%80%AEgpj.txt"].status == "ok"


def test_file_that_changes_while_it_is_read_is_not_read_half(tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    file.write_text(TEXT, encoding="utf-8")
    (source,) = find_sources([file])
    file.write_text(TEXT * 2, encoding="utf-8")
    with Reader() as reader:
        (row,) = reader.read(source)
    assert (row.status, row.text) == ("failed", "")
    assert "changed" in row.reason
