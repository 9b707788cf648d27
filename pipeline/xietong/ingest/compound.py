"""Reads the streams of a compound file (OLE), the container of the old Office formats. Source: [MS-CFB]."""

from __future__ import annotations

import struct

from xietong.ingest.reasons import Unreadable

_FREE = 0xFFFFFFFA  # this and above are no sectors
_MINI_CUTOFF = 4096


class CompoundFile:
    """The streams by name; chains of sectors are followed at most once round, so that loops end."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        try:
            self._read_header()
            self._streams = self._read_directory()
        except (struct.error, IndexError) as error:
            raise Unreadable("damaged", format="Word 97-2003", what="its container is cut off") from error

    def __contains__(self, name: str) -> bool:
        return name in self._streams

    def read(self, name: str) -> bytes:
        """Give a stream's bytes.

        Raises
        ------
        Unreadable
            If the file has no stream of that name.
        """
        if name not in self._streams:
            raise Unreadable("damaged", format="Word 97-2003", what=f"its stream {name} is missing")
        start, size = self._streams[name]
        if size < _MINI_CUTOFF:
            return self._chain(start, self._mini_fat, self._mini_stream, self._mini_size)[:size]
        return self._sectors(start)[:size]

    def _read_header(self) -> None:
        data = self._data
        shift, mini_shift = struct.unpack_from("<HH", data, 0x1E)
        if shift not in (9, 12) or mini_shift != 6:
            raise Unreadable("damaged", format="Word 97-2003", what="its container's header is broken")
        self._size, self._mini_size = 1 << shift, 1 << mini_shift
        n_fat, self._first_directory = struct.unpack_from("<II", data, 0x2C)
        self._first_mini_fat, _, next_difat, n_difat = struct.unpack_from("<IIII", data, 0x3C)
        difat = list(struct.unpack_from("<109I", data, 0x4C))
        for _ in range(min(n_difat, len(data) // self._size)):
            if next_difat >= _FREE:
                break
            block = self._sector(next_difat)
            *more, next_difat = struct.unpack(f"<{len(block) // 4}I", block)
            difat += more
        fat_sectors = [sector for sector in difat if sector < _FREE][:n_fat]
        fat = b"".join(self._sector(sector) for sector in fat_sectors)
        self._fat = struct.unpack(f"<{len(fat) // 4}I", fat[: len(fat) // 4 * 4])

    def _sector(self, number: int) -> bytes:
        start = (number + 1) * self._size
        return self._data[start : start + self._size]

    def _sectors(self, start: int) -> bytes:
        return self._chain(start, self._fat, self._data[self._size :], self._size)

    @staticmethod
    def _chain(start: int, table: tuple[int, ...], data: bytes, size: int) -> bytes:
        pieces = []
        for _ in range(len(table)):
            if start >= len(table):
                break
            pieces.append(data[start * size : (start + 1) * size])
            start = table[start]
        return b"".join(pieces)

    def _read_directory(self) -> dict[str, tuple[int, int]]:
        entries = self._sectors(self._first_directory)
        streams: dict[str, tuple[int, int]] = {}
        root = (0, 0)
        for at in range(0, len(entries) - 127, 128):
            n_name, kind = struct.unpack_from("<HB", entries, at + 64)
            start, size = struct.unpack_from("<II", entries, at + 116)
            if kind == 5:
                root = (start, size)
            elif kind == 2 and 2 <= n_name <= 64:
                name = entries[at : at + n_name - 2].decode("utf-16-le", "replace")
                streams.setdefault(name, (start, size))
        mini = self._sectors(self._first_mini_fat) if self._first_mini_fat < _FREE else b""
        self._mini_fat = struct.unpack(f"<{len(mini) // 4}I", mini[: len(mini) // 4 * 4])
        self._mini_stream = self._sectors(root[0])[: root[1]]
        return streams
