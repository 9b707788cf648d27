"""A file layer that fails on purpose: the k-th write, open, rename or sync below a folder raises the error asked for."""

from __future__ import annotations

import builtins
import errno
import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

OPERATIONS = ("open", "write", "rename", "sync")
ERRORS = {"open": errno.EMFILE, "write": errno.ENOSPC, "rename": errno.EIO, "sync": errno.EIO}


@dataclass
class Fault:
    """Fails the ``k``-th operation of one kind; ``fired`` says whether it came to that."""

    operation: str
    k: int
    folder: str
    count: int = 0
    fired: bool = False

    def at(self, operation: str, file: Any) -> None:
        """Count one operation on ``file`` and raise when its turn has come."""
        if operation != self.operation or not os.fspath(file).startswith(self.folder):
            return
        self.count += 1
        if self.count == self.k:
            self.fired = True
            raise OSError(ERRORS[operation], os.strerror(ERRORS[operation]), os.fspath(file))


class _FaultyRaw(io.FileIO):
    """A raw file whose write may fail half-way: a short write first, then the error."""

    def __init__(self, file: str, mode: str, fault: Fault) -> None:
        super().__init__(file, mode)
        self.fault = fault
        self.place = file

    def write(self, data: Any) -> int:
        try:
            self.fault.at("write", self.place)
        except OSError:
            super().write(bytes(data)[: len(bytes(data)) // 2])
            raise
        return super().write(data)


@contextmanager
def faults(fault: Fault) -> Iterator[Fault]:
    """Make files below ``fault.folder`` fail as told, for everything in this process that goes through Python's files."""
    real_open, real_replace, real_rename, real_fsync = builtins.open, os.replace, os.rename, os.fsync

    def faulty_open(file: Any, mode: str = "r", buffering: int = -1, *rest: Any, **named: Any) -> Any:
        if not isinstance(file, (str, os.PathLike)) or not any(letter in mode for letter in "wax+"):
            return real_open(file, mode, buffering, *rest, **named)
        fault.at("open", file)
        if not os.fspath(file).startswith(fault.folder) or "+" in mode:
            return real_open(file, mode, buffering, *rest, **named)
        raw = _FaultyRaw(os.fspath(file), mode.replace("b", "").replace("t", ""), fault)
        buffered = io.BufferedWriter(raw)
        return buffered if "b" in mode else io.TextIOWrapper(buffered, *rest, **named)

    def faulty_replace(source: Any, target: Any, **named: Any) -> None:
        fault.at("rename", target)
        real_replace(source, target, **named)

    def faulty_rename(source: Any, target: Any, **named: Any) -> None:
        fault.at("rename", target)
        real_rename(source, target, **named)

    def faulty_fsync(number: int) -> None:
        try:
            name = os.readlink(f"/proc/self/fd/{number}")
        except OSError:
            name = ""
        fault.at("sync", Path(name))
        real_fsync(number)

    builtins.open = io.open = faulty_open  # type: ignore[assignment]
    os.replace, os.rename, os.fsync = faulty_replace, faulty_rename, faulty_fsync  # type: ignore[assignment]
    try:
        yield fault
    finally:
        builtins.open = io.open = real_open  # type: ignore[assignment]
        os.replace, os.rename, os.fsync = real_replace, real_rename, real_fsync
