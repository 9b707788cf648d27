"""Isolation: a document that hangs, dies, grows or reaches out costs its own row and nothing else."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import zipfile
from pathlib import Path

import pytest

from xietong.ingest import Bounds, IngestOptions, Reader, find_sources
from xietong.ingest.reasons import reason_for, reasons, worded
from xietong.records import Source

TEXT = "云川省与海陵市推进区域协调发展，共建产业园区。"
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def good(tmp_path: Path) -> Source:
    folder = tmp_path / "good"
    folder.mkdir()
    (folder / "good.txt").write_text(TEXT, encoding="utf-8")
    return find_sources([folder])[0]


def source_of(tmp_path: Path, name: str, content: bytes) -> Source:
    (tmp_path / name).write_bytes(content)
    return Source(file=name, location=str(tmp_path / name))


def test_killed_parser_becomes_a_row_and_the_next_document_is_read(tmp_path: Path, good: Source) -> None:
    with Reader() as reader:
        assert reader.read(good)[0].status == "ok"
        assert reader._child is not None
        child = reader._child.process
        child.send_signal(signal.SIGSTOP)  # it hangs over the document …
        threading.Timer(2.0, child.kill).start()  # … and is killed there
        lost = reader.read(good)[0]
        assert (lost.status, "signal 9" in lost.reason) == ("failed", True)
        assert reader.read(good)[0].text == TEXT


def test_parser_is_kept_however_large_the_process_is_that_started_it(good: Source) -> None:
    ballast = bytearray(800_000_000)  # more than the bound from which a parser is replaced
    with Reader() as reader:
        reader.read(good)
        first = reader._child
        reader.read(good)
        assert reader._child is first
    del ballast


#: Takes more than ten seconds to read: every byte is a word of its own.
SLOW = b"{\\rtf1\\ansi " + b"\\'d4\\'c6\\b " * 5_000_000 + b"}"


def test_document_that_takes_too_long_is_stopped(tmp_path: Path, good: Source) -> None:
    deep = source_of(tmp_path, "long.rtf", SLOW)
    with Reader(IngestOptions(bounds=Bounds(seconds=2))) as reader:
        slow = reader.read(deep)[0]
        assert slow.status == "failed"
        assert "2 s" in slow.reason
        assert reader.read(good)[0].status == "ok"


def test_member_that_kills_the_parser_leaves_the_others_in_the_archive(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("1.txt", TEXT)
        archive.writestr("2.rtf", SLOW)
        archive.writestr("3.txt", TEXT + "其三。")
    with Reader(IngestOptions(bounds=Bounds(seconds=2))) as reader:
        documents = reader.read(find_sources([tmp_path / "a.zip"])[0])
    assert [(document.file, document.status) for document in documents] == [
        ("a.zip", "ok"),
        ("a.zip!/1.txt", "ok"),
        ("a.zip!/2.rtf", "failed"),
        ("a.zip!/3.txt", "ok"),
    ]


@pytest.mark.parametrize(("size", "status"), [(-1, "ok"), (0, "ok"), (1, "failed")])
def test_member_is_refused_just_beyond_the_bound_on_its_size(tmp_path: Path, size: int, status: str) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.txt", "a" * (2_000_000 + size))
    with Reader(IngestOptions(bounds=Bounds(part_mb=2))) as reader:
        assert reader.read(find_sources([tmp_path / "a.zip"])[0])[1].status == status


@pytest.mark.parametrize(("extra", "status"), [(-1, "ok"), (0, "ok"), (1, "failed")])
def test_archive_is_refused_just_beyond_the_bound_on_its_members(tmp_path: Path, extra: int, status: str) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for n in range(5 + extra):
            archive.writestr(f"{n}.txt", f"{TEXT}{n}")
    with Reader(IngestOptions(bounds=Bounds(members=5))) as reader:
        assert reader.read(find_sources([tmp_path / "a.zip"])[0])[0].status == status


@pytest.mark.parametrize(("depth", "status"), [(1, "ok"), (2, "ok"), (3, "failed")])
def test_archives_are_opened_down_to_the_bound_on_depth(tmp_path: Path, depth: int, status: str) -> None:
    content, name = TEXT.encode(), "text.txt"
    for n in range(depth):
        with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
            archive.writestr(name, content)
        content, name = (tmp_path / "a.zip").read_bytes(), f"{n}.zip"
    with Reader(IngestOptions(bounds=Bounds(depth=2))) as reader:
        assert reader.read(find_sources([tmp_path / "a.zip"])[0])[0].status == status


@pytest.mark.parametrize(("size", "status"), [(-1, "ok"), (0, "ok"), (1, "failed")])
def test_text_is_refused_just_beyond_the_bound_on_its_length(tmp_path: Path, size: int, status: str) -> None:
    source = source_of(tmp_path, "a.txt", b"a" * (1_000_000 + size))
    with Reader(IngestOptions(bounds=Bounds(text_mb=1))) as reader:
        assert reader.read(source)[0].status == status


def test_document_that_needs_too_much_memory_is_set_aside(tmp_path: Path, good: Source) -> None:
    source = source_of(tmp_path, "a.txt", "云".encode() * 60_000_000)
    with Reader(IngestOptions(bounds=Bounds(memory_mb=700, text_mb=500))) as reader:
        assert reader.read(source)[0].status == "failed"
        assert reader.read(good)[0].status == "ok"


ATTEMPTS = {
    "write": "open({path!r}, 'w')",
    "write in C": "__import__('lxml.etree').etree.ElementTree(__import__('lxml.etree').etree.Element('a')).write({path!r})",
    "program": "__import__('subprocess').run(['true'])",
    "connection": "__import__('socket').create_connection(('127.0.0.1', {port}))",
    "connection in C": "__import__('ctypes').CDLL(None).socket(2, 1, 0) >= 0 or 1 / 0",
}


@pytest.mark.skipif(sys.platform != "linux", reason="the system call filter is Linux's")
@pytest.mark.parametrize("attempt", ATTEMPTS)
def test_confined_process_can_neither_write_nor_connect_nor_start_programs(tmp_path: Path, attempt: str) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        listener.settimeout(0.2)
        target = tmp_path / "written"
        code = ATTEMPTS[attempt].format(path=str(target), port=listener.getsockname()[1])
        preamble = "import lxml.etree; from xietong.ingest.confine import confine; confine(2000)"
        done = subprocess.run(
            [sys.executable, "-c", f"{preamble}\n{code}"],
            env={**os.environ, "PYTHONPATH": str(ROOT / "pipeline")},
            capture_output=True,
            check=False,
        )
        assert done.returncode != 0 or attempt == "write in C"  # libxml2 keeps the refusal to itself
        assert not target.exists()
        with pytest.raises(TimeoutError):
            listener.accept()


def test_every_reason_has_both_languages_and_the_same_places() -> None:
    import string

    for key, reason in reasons().items():
        places = [{name for _, name, _, _ in string.Formatter().parse(text) if name} for text in (reason.en, reason.zh)]
        assert places[0] == places[1], key
        assert reason.status in ("empty", "failed", "duplicate"), key
        assert reason_for(key, "zh", **dict.fromkeys(places[0], "x")), key


def test_reasons_are_worded_in_chinese_with_their_particulars() -> None:
    missing = reason_for("damaged", format="DOCX", what="its part word/document.xml is missing")
    assert worded(missing, "zh") == "DOCX 文件损坏（缺少部件 word/document.xml）；请打开后重新保存或重新下载"
    inside = reason_for("members_failed", n=2, first=reason_for("encrypted"))
    assert worded(inside, "zh").startswith("压缩包内 2 个文件均无法读取；第一个：文件有密码")
    assert worded(missing, "en") == missing
    assert worded("words of a parser", "zh") == "words of a parser"
    for key, reason in reasons().items():
        assert worded(reason_for(key, **dict.fromkeys(re.findall(r"{(\w+)}", reason.en), "9")), "zh") == reason_for(
            key, "zh", **dict.fromkeys(re.findall(r"{(\w+)}", reason.en), "9")
        ), key


def test_small_part_of_the_hostile_kit_gives_what_it_expects(tmp_path: Path) -> None:
    import csv
    from urllib.parse import unquote_to_bytes

    maker = ROOT / ".." / "shared" / "hostile" / "make_hostile.py"
    if not maker.exists():
        pytest.skip("needs ../shared: hostile/make_hostile.py")
    kit = tmp_path / "kit"
    parts = "type,odt,names,special"
    subprocess.run([sys.executable, str(maker), str(kit), "--only", parts], check=True, capture_output=True)
    found = {os.fsencode(source.location): source for source in find_sources([kit / "input"])}
    states = {"ok": "ok", "empty": "skipped-with-reason", "failed": "error-clear"}
    wrong = []
    with (kit / "expectations.csv").open(encoding="utf-8", newline="") as file, Reader() as reader:
        for row in csv.DictReader(file):
            if row["needs"] == "non-root" or row["level"] != "must":
                continue
            source = found[os.path.join(os.fsencode(kit / "input"), unquote_to_bytes(row["file"]))]
            if states[reader.read(source)[0].status] not in row["expected"].split("|"):
                wrong.append(row["id"])
    assert not wrong
