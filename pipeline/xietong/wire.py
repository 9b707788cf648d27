"""The way from folded text back to the source, packed small enough to be kept with each passage."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from xietong.records import FoldedText

FOLD_MAP = pa.field("fold_map", pa.binary())


def pack_fold_map(folded: FoldedText, start: int) -> bytes:
    """Pack the map as int32 offsets from the passage's start; empty where folded text and source run in step."""
    n = len(folded.text)
    if (
        isinstance(folded.starts, range)
        and folded.starts == range(start, start + n)
        and folded.ends == range(start + 1, start + n + 1)
    ):
        return b""
    starts, ends = np.asarray(folded.starts, dtype=np.int64), np.asarray(folded.ends, dtype=np.int64)
    in_step = np.arange(start, start + n)
    if np.array_equal(starts, in_step) and np.array_equal(ends, in_step + 1):
        return b""
    return np.concatenate([starts - start, ends - start]).astype("<i4").tobytes()


def unpack_fold_map(text: str, packed: bytes, start: int) -> FoldedText:
    """Undo ``pack_fold_map``."""
    if not packed:
        return FoldedText(text, range(start, start + len(text)), range(start + 1, start + len(text) + 1))
    both = np.frombuffer(packed, dtype="<i4").astype(np.int64) + start
    return FoldedText(text, both[: len(text)], both[len(text) :])
