"""Reads each file in a child process with bounds, so that no document can stop a run or harm another's rows.

One child parses many documents; it is replaced when a document killed it or made it large.
"""

from __future__ import annotations

import os
import queue
import subprocess
import sys
import threading
from dataclasses import asdict, replace
from pathlib import Path
from time import monotonic
from types import TracebackType
from typing import Any

from xietong.ingest import external
from xietong.ingest.bounds import MB, Bounds
from xietong.ingest.formats import IngestOptions
from xietong.ingest.frames import BrokenFrameError, read_frame, unpack_document, write_frame
from xietong.ingest.reader import Tally, in_order, problem_of
from xietong.ingest.reasons import Unreadable
from xietong.records import Document, Source

_MAX_DEATHS = 20  # in one archive
_START = "import sys; sys.path.insert(0, sys.argv[1]); from xietong.ingest.child import main; main()"


class Reader:
    """Gives the documents of one source after another.

    >>> with Reader(IngestOptions()) as reader:  # doctest: +SKIP
    ...     documents = reader.read(source)
    """

    def __init__(self, options: IngestOptions | None = None) -> None:
        self.options = options or IngestOptions()
        self._child: _Child | None = None

    def __enter__(self) -> Reader:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the child process."""
        if self._child is not None:
            self._child.end()
            self._child = None

    def read(self, source: Source) -> list[Document]:
        """Read one source.

        Returns
        -------
        list of Document
            One document; or an archive's own row, and then one for each file in it. What cannot be read is a document
            with status ``failed`` or ``empty`` and a reason; nothing is raised for what a file holds.
        """
        problem = problem_of(source, self.options.bounds)
        if problem is not None:
            return [problem.document(source.file, source.sha256)]
        reading = _Reading(source)
        while not reading.is_done:
            child = self._fresh_child()
            try:
                self._read_with(child, reading)
            except _LostError as lost:
                self.close()
                reading.lose(lost.reason)
        return reading.result()

    def _fresh_child(self) -> _Child:
        bounds = self.options.bounds
        child = self._child
        if child is not None and (child.n_read >= bounds.child_documents or child.memory_mb > bounds.child_memory_mb):
            self.close()
            child = None
        if child is None:
            child = self._child = _Child(bounds)
        return child

    def _read_with(self, child: _Child, reading: _Reading) -> None:
        options = {name: value for name, value in asdict(self.options).items() if name != "bounds"}
        done = {"skip": len(reading.documents), "lost": reading.lost}
        child.send({"source": asdict(reading.source), "options": options, **done})
        bounds = self.options.bounds
        deadline = monotonic() + bounds.seconds
        while True:
            header, body = child.receive(deadline, bounds)
            event = header["event"]
            if event == "end":
                child.n_read += 1
                child.memory_mb = header["memory_mb"]
                reading.is_done = True
                return
            if event == "document":
                reading.documents.append(unpack_document(header, body))
                reading.current = ""
            elif event == "begin":
                reading.current = header["file"]
            else:
                left = deadline - monotonic()
                self._help(child, header, body, reading)
                deadline = monotonic() + left
                continue
            deadline = monotonic() + bounds.seconds
            if monotonic() - reading.started > bounds.archive_seconds and event == "document":
                raise _LostError(Unreadable("archive_time", seconds=f"{bounds.archive_seconds:.0f}"))

    def _help(self, child: _Child, header: dict[str, Any], body: bytes, reading: _Reading) -> None:
        """Run LibreOffice or Tesseract for the child."""
        bounds = self.options.bounds
        try:
            if header["event"] == "convert":
                result = external.convert_doc(body, bounds)
            else:
                if monotonic() - reading.started > bounds.ocr_seconds:
                    raise Unreadable("too_long", seconds=f"{bounds.ocr_seconds:.0f}")
                result = external.recognise(body, int(header["dpi"]), bounds).encode("utf-8")
        except Unreadable as problem:
            child.send({"reason": problem.key, "values": problem.values})
        else:
            child.send({}, result)


class _Reading:
    """One source under way: what has come of it so far."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.documents: list[Document] = []
        self.lost: list[str] = []  # members that the child died of
        self.current = ""  # the document being parsed
        self.started = monotonic()
        self.n_deaths = 0
        self.is_done = False

    def lose(self, reason: Unreadable) -> None:
        """Set the document aside that the child died of, or give up on the whole archive."""
        self.n_deaths += 1
        file = self.current or self.source.file
        is_whole = file == self.source.file
        if is_whole or reason.key == "archive_time" or self.n_deaths > _MAX_DEATHS:
            self.documents.append(reason.document(self.source.file, self.source.sha256))
            self.is_done = True
        else:
            self.documents.append(reason.document(file, _name_hash(self.source, file)))
            self.lost.append(file)
        self.current = ""

    def result(self) -> list[Document]:
        """Give the documents, an archive first; after a loss its own row is made anew from all of them."""
        *members, whole = self.documents
        if self.n_deaths and whole.n_members:
            tally = Tally()
            for member in members:
                tally.count(member)
                tally.n += 1
            made = tally.container(whole.file, whole.sha256, whole.media_type)
            whole = replace(made, n_members=whole.n_members)
        elif members and not whole.n_members:
            whole = replace(whole, n_members=len(members))
        return in_order([*members, whole])


def _name_hash(source: Source, file: str) -> str:
    import hashlib

    return hashlib.sha256(f"{source.sha256} {file}".encode("utf-8", "replace")).hexdigest()


class _LostError(Exception):
    """The child is of no more use; the reason is for the document it was reading."""

    def __init__(self, reason: Unreadable) -> None:
        super().__init__(str(reason))
        self.reason = reason


class _Child:
    """The parsing process, and a thread that takes in what it says."""

    def __init__(self, bounds: Bounds) -> None:
        root = Path(__file__).resolve().parents[2]
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
        environment |= {"PYTHONHASHSEED": "0", "PYTHONUTF8": "1", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        self.n_read = 0
        self.memory_mb = 0.0
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-c", _START, str(root)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
        )
        max_bytes = 5 * bounds.text_mb * MB
        self._said: queue.Queue[tuple[dict[str, Any], bytes] | None] = queue.Queue(maxsize=4)
        self._listener = threading.Thread(target=self._listen, args=(max_bytes,), daemon=True)
        self._listener.start()
        self.send(asdict(bounds))

    def _listen(self, max_bytes: int) -> None:
        assert self.process.stdout is not None
        try:
            while True:
                self._said.put(read_frame(self.process.stdout, max_bytes))
        except (BrokenFrameError, OSError, ValueError):
            self._said.put(None)

    def send(self, header: dict[str, Any], body: bytes = b"") -> None:
        """Tell the child something."""
        assert self.process.stdin is not None
        try:
            write_frame(self.process.stdin, header, body)
        except OSError as error:
            raise _LostError(Unreadable("parser_died", what=self._cause_of_death())) from error

    def receive(self, deadline: float, bounds: Bounds) -> tuple[dict[str, Any], bytes]:
        """Wait for what the child says next.

        Raises
        ------
        _LostError
            If it says nothing in time, or is dead.
        """
        try:
            said = self._said.get(timeout=max(deadline - monotonic(), 0.01))
        except queue.Empty:
            raise _LostError(Unreadable("too_long", seconds=f"{bounds.seconds:.0f}")) from None
        if said is None:
            raise _LostError(Unreadable("parser_died", what=self._cause_of_death()))
        return said

    def _cause_of_death(self) -> str:
        try:
            code = self.process.wait(timeout=2)
        except subprocess.TimeoutExpired:
            return "it sent what cannot be understood"
        if code == -6:
            return "it ran out of memory or found its own data wrong"
        return f"ended by signal {-code}" if code < 0 else f"ended with code {code}"

    def end(self) -> None:
        """End the process and wait for it."""
        self.process.kill()
        self.process.wait()
        while self._listener.is_alive():
            try:
                self._said.get(timeout=0.05)
            except queue.Empty:
                continue
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                try:
                    pipe.close()
                except OSError:
                    continue  # a message that could not be delivered is still in the buffer
