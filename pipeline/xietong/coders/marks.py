"""What the codebook marks at single words: terms of a code, strong or weak, and kinds of cue."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import TYPE_CHECKING

from xietong.coders.convolution import Marks
from xietong.coders.matching import Matcher
from xietong.coders.terms import Findings
from xietong.coders.word_counts import WordRows
from xietong.records import TokenisedPassage

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def name_marks(codes: Sequence[str], matcher: Matcher) -> list[str]:
    """Name the marks: ``strong:CODE`` and ``weak:CODE`` of each code, then ``cue:KIND`` of each kind of cue."""
    return [f"{weight}:{code}" for weight in ("strong", "weak") for code in codes] + [
        f"cue:{kind}" for kind in matcher.kinds
    ]


def mark_words(
    passages: Sequence[TokenisedPassage], rows: WordRows, found: Findings, matcher: Matcher, n_codes: int
) -> Marks:
    """Say at which words the terms that count, and the cues, stand; in the numbering of :func:`name_marks`."""
    import numpy as np

    offsets = found.batch.offsets
    lengths = np.diff(rows.first)
    listed = chain.from_iterable(passage.starts for passage in passages)
    starts = np.fromiter(listed, dtype=np.int64, count=len(rows.numbers))
    starts += np.repeat(offsets[: len(lengths)], lengths)
    counts = found.points > 0
    entry = found.terms.entry[counts]
    marks = [
        _cover(
            starts,
            found.terms.start[counts],
            found.terms.end[counts],
            found.code[counts] + np.where(matcher.strong[entry], 0, n_codes),
        ),
        _cover(starts, found.cues.start, found.cues.end, 2 * n_codes + matcher.kind[found.cues.entry].astype(np.int64)),
    ]
    n_marks = 2 * n_codes + len(matcher.kinds)
    cells = np.unique(np.concatenate([token * n_marks + mark for token, mark in marks]))
    return Marks(cells // n_marks, cells % n_marks)


def _cover(
    token_starts: NDArray[np.int64], starts: NDArray[np.int64], ends: NDArray[np.int64], mark: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """List each token that a span touches, with the span's mark."""
    import numpy as np

    low = np.maximum(np.searchsorted(token_starts, starts, side="right") - 1, 0)
    high = np.searchsorted(token_starts, ends, side="left")
    lengths = np.maximum(high - low, 0)
    within = np.arange(int(lengths.sum())) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    return np.repeat(low, lengths) + within, np.repeat(mark, lengths)
