"""The process that parses: reads one source after another as its parent says, without the right to do anything else."""

from __future__ import annotations

import os
import sys
from typing import IO, Any

from xietong.ingest.bounds import Bounds
from xietong.ingest.confine import confine
from xietong.ingest.formats import Helpers, IngestOptions
from xietong.ingest.frames import BrokenFrameError, pack_document, read_frame, write_frame
from xietong.ingest.reader import read_bytes, read_location
from xietong.ingest.reasons import Unreadable, reasons
from xietong.records import Source


def main() -> None:
    """Serve requests on standard input until it ends."""
    answers = os.fdopen(os.dup(1), "wb")
    # what a library prints must not get between the messages
    with open(os.devnull, "wb") as nothing:
        os.dup2(nothing.fileno(), 1)
    requests = sys.stdin.buffer
    bounds = Bounds(**read_frame(requests, 1 << 20)[0])
    _prepare()
    confine(bounds.memory_mb)
    while True:
        try:
            request, _ = read_frame(requests, 1 << 24)
        except BrokenFrameError:
            return
        _serve(request, requests, answers, bounds)


def _prepare() -> None:
    """Load what nearly every document needs, before rights are taken away."""
    import ctypes  # noqa: F401 # PDFium's bindings load it
    import encodings.big5hkscs
    import encodings.gb18030  # noqa: F401 # codecs are loaded when first used

    reasons()


def _serve(request: dict[str, Any], requests: IO[bytes], answers: IO[bytes], bounds: Bounds) -> None:
    source = Source(**request["source"])
    options = IngestOptions(**request["options"], bounds=bounds)
    helpers = _ask_parent(requests, answers, bounds, can_recognise=options.ocr)

    def begin(file: str) -> None:
        write_frame(answers, {"event": "begin", "file": file})

    try:
        data = read_location(source, bounds)
    except Unreadable as problem:
        documents = iter([problem.document(source.file, source.sha256)])
    else:
        documents = read_bytes(
            data, source.file, options, helpers, begin=begin, skip=request["skip"], lost=request["lost"]
        )
    for document in documents:
        header, body = pack_document(document)
        write_frame(answers, {"event": "document", **header}, body)
    write_frame(answers, {"event": "end", "memory_mb": _memory_mb()})


def _ask_parent(requests: IO[bytes], answers: IO[bytes], bounds: Bounds, *, can_recognise: bool) -> Helpers:
    """Have the parent run the programs that this process may not start."""

    def ask(header: dict[str, Any], body: bytes) -> bytes:
        write_frame(answers, header, body)
        reply, result = read_frame(requests, 4 * bounds.text_mb * 1_000_000)
        if "reason" in reply:
            raise Unreadable(reply["reason"], **reply["values"])
        return result

    def recognise(picture: bytes, dpi: int) -> str:
        return ask({"event": "recognise", "dpi": dpi}, picture).decode("utf-8")

    return Helpers(lambda data: ask({"event": "convert"}, data), recognise if can_recognise else None)


def _memory_mb() -> float:
    """Give the most memory used so far, or half the address space where that is more: some libraries set aside a lot."""
    try:
        import resource
    except ImportError:
        return 0.0
    try:
        # ru_maxrss survives exec: in a child of a large process it is the parent's size, so the kernel's own mark is read
        with open("/proc/self/status", encoding="ascii") as file:
            peak = next(int(line.split()[1]) for line in file if line.startswith("VmHWM:")) / 1e3
        with open("/proc/self/statm", encoding="ascii") as file:
            return max(peak, int(file.read().split()[0]) * resource.getpagesize() / 2e6)
    except (OSError, ValueError, IndexError, StopIteration):
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)
