"""Keeps the codes people give: one line per save, appended, on disk before it is confirmed, never changed afterwards.

``hand/codes.jsonl`` in the run folder is the history. Each line is one coder's whole judgement of one passage, or the
undoing of their last one. What counts is the last line of a coder and passage; all earlier ones stay readable.
"""

from __future__ import annotations

import json
import os
import threading
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, BinaryIO

from xietong.codebook import Codebook
from xietong.errors import RunFolderError, UsageError

if TYPE_CHECKING:
    import pandas as pd

FOLDER, FILE = "hand", "codes.jsonl"
PREFIX = "hand:"
#: The coder_id of decisions on passages where coders differed.
ADJUDICATED = "hand:adjudicated"
LONGEST_NAME, LONGEST_COMMENT, MOST_SPANS = 40, 4000, 200


@dataclass(frozen=True, slots=True, kw_only=True)
class HandEvidence:
    """Words a coder marked for a code; half-open, in code points of the document's extracted text."""

    code: str
    start: int
    end: int
    quote: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HandCoding:
    """One coder's judgement of one passage."""

    passage_id: str
    coder_id: str
    values: Mapping[str, int]  # code -> value; codes that are left out are 0
    evidence: tuple[HandEvidence, ...] = ()
    comment: str = ""
    is_done: bool = True  # False for a draft that the coder has not confirmed; drafts count nowhere
    has_seen_machine: bool = False  # whether the machine's proposal was shown before or while coding
    source: str = "review"  # review, xlsx, csv or labelstudio
    by: str = ""  # who decided, where coder_id is not a person (adjudication)
    saved_at: str = ""  # ISO 8601, UTC; set when saved

    def check(self, codebook: Codebook) -> HandCoding:
        """Return the coding with zeros left out and in the codebook's order; raise UsageError for a wrong value."""
        values = {}
        for code, value in self.values.items():
            known = codebook.index.get(code)
            if known is None:
                raise UsageError(f'passage {self.passage_id}: code "{code}" is not in the codebook {codebook.name}')
            highest = codebook.codes[known].scale_max
            if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= highest:
                raise UsageError(f"passage {self.passage_id}: {code} is {value!r}; its scale is 0 to {highest}")
            if value:
                values[code] = value
        ordered = dict(sorted(values.items(), key=lambda item: codebook.index[item[0]]))
        for span in self.evidence:
            if span.code not in ordered:
                raise UsageError(f"passage {self.passage_id}: evidence for {span.code}, which is coded 0")
        fields = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return HandCoding(**(fields | {"values": ordered}))


def coder_id_of(name: str) -> str:
    """Turn a coder's name into a coder_id, ``hand:AB``; refuse names that tables and file formats cannot carry."""
    plain = unicodedata.normalize("NFC", name.removeprefix(PREFIX)).strip()
    if not plain or len(plain) > LONGEST_NAME:
        raise UsageError(f"a coder's name has 1 to {LONGEST_NAME} characters; got {len(plain)}")
    if not all(c.isalnum() or c in "-_. " for c in plain):
        raise UsageError(f'coder name "{plain}": use letters, digits, Chinese characters, spaces, - _ and .')
    return PREFIX + plain


@dataclass(slots=True)
class _History:
    """What one coder said of one passage over time, latest last."""

    states: list[HandCoding] = field(default_factory=list)
    has_seen_machine: bool = False


class HandCodes:
    """The hand codes of a run, opened for reading, or with `open_for_writing` for both."""

    def __init__(self, run_folder: str | Path) -> None:
        self.file = Path(run_folder) / FOLDER / FILE
        self.n_lines = 0
        self.unreadable_lines: list[int] = []
        self._histories: dict[tuple[str, str], _History] = {}
        self._handle: BinaryIO | None = None
        self._lock = threading.Lock()
        self._read()

    # -- reading -------------------------------------------------------------------------------------------------

    def _read(self) -> None:
        try:
            content = self.file.read_bytes()
        except FileNotFoundError:
            return
        for line in content.split(b"\n"):
            if line.strip():
                self.n_lines += 1
                try:
                    self._replay(json.loads(line))
                except (ValueError, KeyError, TypeError, AttributeError):
                    # a line torn by a kill or a full disk was never confirmed; it is counted, kept and passed over
                    self.unreadable_lines.append(self.n_lines)

    def _replay(self, event: dict[str, Any]) -> None:
        key = (event["coder_id"], event["passage_id"])
        if event["event"] == "undo":
            history = self._histories.get(key)
            if history and history.states:
                history.states.pop()
        elif event["event"] == "reveal":
            self._histories.setdefault(key, _History()).has_seen_machine = True
        elif event["event"] == "code":
            evidence = tuple(HandEvidence(**span) for span in event.get("evidence", ()))
            known = {k: v for k, v in event.items() if k in HandCoding.__dataclass_fields__ and k != "evidence"}
            history = self._histories.setdefault(key, _History())
            history.states.append(HandCoding(**known, evidence=evidence))
            history.has_seen_machine |= history.states[-1].has_seen_machine

    def get(self, coder_id: str, passage_id: str) -> HandCoding | None:
        """Give the coder's present judgement of the passage, drafts included; None where there is none."""
        history = self._histories.get((coder_id, passage_id))
        return history.states[-1] if history and history.states else None

    def has_seen_machine(self, coder_id: str, passage_id: str) -> bool:
        """Tell whether the machine's proposal for this passage was ever shown to this coder."""
        history = self._histories.get((coder_id, passage_id))
        return history is not None and history.has_seen_machine

    def __iter__(self) -> Iterator[HandCoding]:
        """Go through present judgements, drafts included, in the order of first save."""
        return (history.states[-1] for history in self._histories.values() if history.states)

    def coders(self) -> list[str]:
        """List who has finished passages, sorted."""
        return sorted({coding.coder_id for coding in self if coding.is_done})

    # -- writing -------------------------------------------------------------------------------------------------

    def open_for_writing(self) -> HandCodes:
        """Take the file for this process; a second writer gets a RunFolderError."""
        self.file.parent.mkdir(parents=True, exist_ok=True)
        handle = open(self.file, "a+b", buffering=0)  # noqa: SIM115 - held open until close()
        try:
            _lock_file(handle)
        except OSError as error:
            handle.close()
            raise RunFolderError(f"{self.file} is in use by another review or import; close that first") from error
        self._handle = handle
        self._histories.clear()
        self.n_lines, self.unreadable_lines = 0, []
        self._read()  # again, now that nobody else can add to it
        size = handle.seek(0, os.SEEK_END)
        if size:
            handle.seek(size - 1)
            if handle.read(1) != b"\n":
                handle.write(b"\n")  # keeps a torn line apart from the next one
        _sync(handle.fileno())
        _sync_folder(self.file.parent)
        _sync_folder(self.file.parent.parent)
        return self

    def close(self) -> None:
        """Give the file back."""
        if self._handle:
            self._handle.close()
            self._handle = None

    def __enter__(self) -> HandCodes:
        return self.open_for_writing() if self._handle is None else self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def save(self, coding: HandCoding, codebook: Codebook) -> HandCoding:
        """Write a judgement and return it as saved; when this returns, it is on disk.

        Raises
        ------
        UsageError
            If a value does not fit the codebook.
        OSError
            If it could not be written; then nothing of it counts.
        """
        coding = coding.check(codebook)
        event: dict[str, Any] = {"event": "code", "version": 1}
        event |= {name: getattr(coding, name) for name in HandCoding.__dataclass_fields__}
        event["saved_at"] = _now()
        event["values"] = dict(coding.values)
        event["evidence"] = [
            {"code": e.code, "start": e.start, "end": e.end, "quote": e.quote} for e in coding.evidence[:MOST_SPANS]
        ]
        event["comment"] = coding.comment[:LONGEST_COMMENT]
        event["has_seen_machine"] = coding.has_seen_machine or self.has_seen_machine(coding.coder_id, coding.passage_id)
        self._append([event])
        saved = self.get(coding.coder_id, coding.passage_id)
        assert saved is not None
        return saved

    def save_all(self, codings: list[HandCoding], codebook: Codebook) -> None:
        """Write many judgements, for imports; all are checked before the first is written."""
        for coding in [coding.check(codebook) for coding in codings]:
            self.save(coding, codebook)

    def undo(self, coder_id: str, passage_id: str) -> HandCoding | None:
        """Take the coder's last save of a passage back; give the judgement before it, None where there was none."""
        if self.get(coder_id, passage_id) is None:
            return None
        self._append(
            [{"event": "undo", "version": 1, "coder_id": coder_id, "passage_id": passage_id, "saved_at": _now()}]
        )
        return self.get(coder_id, passage_id)

    def reveal(self, coder_id: str, passage_id: str) -> None:
        """Record that the machine's proposal is about to be shown to the coder."""
        if not self.has_seen_machine(coder_id, passage_id):
            event = {
                "event": "reveal",
                "version": 1,
                "coder_id": coder_id,
                "passage_id": passage_id,
                "saved_at": _now(),
            }
            self._append([event])

    def _append(self, events: list[dict[str, Any]]) -> None:
        """Write lines, force them to disk, then let them count."""
        lines = b"".join(
            json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass") + b"\n"
            for event in events
        )
        with self._lock:
            if self._handle is None:
                raise RunFolderError("the hand codes are open for reading only; use open_for_writing()")
            size = self._handle.seek(0, os.SEEK_END)
            try:
                written = self._handle.write(lines)
                if written != len(lines):
                    raise OSError(
                        f"only {written} of {len(lines)} bytes could be written to {self.file}; is the disk full?"
                    )
                _sync(self._handle.fileno())
            except OSError:
                self._handle.truncate(size)  # half a line must not stand before the next one
                raise
            self.n_lines += len(events)
            for event in events:
                self._replay(event)

    # -- tables --------------------------------------------------------------------------------------------------

    def tags(self, codebook: Codebook) -> pd.DataFrame:
        """Give finished judgements as tags (columns of the tags table): every code of every coded passage, zeros too."""
        import pandas as pd

        rows = [
            (coding.passage_id, code.facet, code.code, coding.coder_id, coding.values.get(code.code, 0), 1.0, False)
            for coding in self
            if coding.is_done
            for code in codebook.codes
        ]
        columns = ["passage_id", "facet", "code", "coder_id", "value", "score", "needs_review"]
        frame = pd.DataFrame(rows, columns=columns)
        return frame.astype({"value": "int8", "score": "float32", "needs_review": "bool"})

    def evidence(self, codebook: Codebook) -> pd.DataFrame:
        """Give the words people marked (columns of the evidence table)."""
        import pandas as pd

        rows = [
            (
                c.passage_id,
                codebook.codes[codebook.index[e.code]].facet,
                e.code,
                c.coder_id,
                e.start,
                e.end,
                e.quote,
                "",
                1.0,
            )
            for c in self
            if c.is_done
            for e in c.evidence
            if e.code in codebook.index
        ]
        columns = ["passage_id", "facet", "code", "coder_id", "start", "end", "quote", "cue", "weight"]
        return pd.DataFrame(rows, columns=columns).astype({"start": "int64", "end": "int64", "weight": "float32"})

    def coded(self) -> pd.DataFrame:
        """Give who has finished which passage, whether they saw the machine's proposal, and their comment."""
        import pandas as pd

        rows = [
            (c.passage_id, c.coder_id, c.has_seen_machine, c.source, c.by, c.comment, c.saved_at)
            for c in self
            if c.is_done
        ]
        columns = ["passage_id", "coder_id", "has_seen_machine", "source", "by", "comment", "saved_at"]
        return pd.DataFrame(rows, columns=columns)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _sync(descriptor: int) -> None:
    os.fsync(descriptor)


def _sync_folder(folder: Path) -> None:
    """Make a new file's name last, where the system can."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _lock_file(handle: BinaryIO) -> None:
    """Lock for this process; the system lets go when the process ends, however it ends."""
    if os.name == "posix":
        import fcntl

        fcntl.flock(handle.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
    else:
        import msvcrt

        handle.seek(2**30)  # a byte far behind the content, so that readers are not disturbed
        msvcrt.locking(handle.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
        handle.seek(0, os.SEEK_END)
