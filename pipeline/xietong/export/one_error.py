"""A file to write that says once what is wrong with the disk: what cleans up after an error does not print it again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class OneErrorFile:
    """What ``zipfile`` needs of a file; after the first error everything is dropped.

    ``zipfile`` writes the end of its archive even when it is thrown away, and Python prints what goes wrong then
    beside the message that the user got.
    """

    def __init__(self, target: Path) -> None:
        self._stream = open(target, "wb")  # noqa: SIM115 closed by open_once
        self._is_over = False

    def write(self, data: bytes) -> int:
        """Write all of the data; OSError where the disk is full."""
        if self._is_over:
            return len(data)
        try:
            return self._stream.write(data)
        except OSError:
            self._is_over = True
            raise

    def tell(self) -> int:
        """Give the place of the next byte."""
        return 0 if self._is_over else self._stream.tell()

    def seek(self, place: int, whence: int = 0) -> int:
        """Go to a place, which may write what was held back."""
        if self._is_over:
            return 0
        try:
            return self._stream.seek(place, whence)
        except OSError:
            self._is_over = True
            raise

    def flush(self) -> None:
        """Leave it to ``close``: nobody reads the file before."""

    def close(self) -> None:
        """Write what was held back; OSError where the disk is full and has not said so."""
        has_failed, self._is_over = self._is_over, True
        try:
            self._stream.close()
        except OSError:
            if not has_failed:
                raise


@contextmanager
def open_once(target: Path) -> Iterator[OneErrorFile]:
    """Open a file for writing from the start."""
    stream = OneErrorFile(target)
    try:
        yield stream
    finally:
        stream.close()
