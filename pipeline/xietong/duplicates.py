"""Finds near-duplicates in a run: other transcriptions, abridged or amended versions of the same text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

#: From this similarity on, 0 to 1, a document counts as another transcription of the one before it.
ALIKE = 0.8


@dataclass(frozen=True, slots=True, kw_only=True)
class DuplicateOptions:
    """How alike texts have to be, and how closely that is measured."""

    threshold: float = 0.5  # share of common shingles (Jaccard) from which a text is flagged
    sketch_size: int = 256  # hashes kept of each text; the similarity's standard error is at most 0.5 / sqrt(256)
    probes: int = 40  # the smallest hashes, by which candidates meet; at similarity 0.5 one pair in 10^12 is missed
    shortest: int = 60  # shingles below which a text is too short to say


def are_alike(documents: pd.DataFrame) -> pd.Series:
    """Tell which rows of the documents table are nearly the same text as one before them."""
    return documents["similarity"].fillna(0) >= ALIKE


@dataclass(frozen=True, slots=True)
class Similar:
    """A document, the most similar one before it, and their similarity, 0 to 1."""

    document_id: str
    similar_to: str
    similarity: float


def sketch(text: str, *, options: DuplicateOptions = DuplicateOptions()) -> NDArray[np.uint64]:
    """Give the smallest hashes of a text's shingles: 2 kB that stand for it.

    Parameters
    ----------
    text : str
        Folded, so that script, width and glosses make no difference. Shingles are runs of 8 characters in Chinese, 32
        in other scripts, without punctuation and space.

    Returns
    -------
    array of uint64, shape (up to ``sketch_size``,)
        Sorted; empty if the text is too short.

    References
    ----------
    Broder, A. (1997). On the resemblance and containment of documents.
    """
    import numpy as np

    letters = _letters(text)
    is_han = letters >= _FIRST_HAN
    rounds = 3 if is_han.sum() * 2 >= len(letters) else 5  # shingles of 2^3 Han characters or 2^5 Latin letters
    hashes = letters
    for n in range(rounds):  # doubling: the hash of 2k letters from those of two halves
        step = 2**n
        if len(hashes) <= step:
            return np.empty(0, np.uint64)
        hashes = hashes[:-step] * _FACTORS[n] + hashes[step:]
    hashes = _mixed(hashes)
    if len(hashes) < options.shortest:
        return np.empty(0, np.uint64)
    # repeated shingles stand side by side after sorting: take enough of the smallest that as many different ones remain
    size = options.sketch_size
    while True:
        smallest = np.unique(np.partition(hashes, size)[:size] if size < len(hashes) else hashes)
        if len(smallest) >= options.sketch_size or size >= len(hashes):
            return smallest[: options.sketch_size]
        size *= 2


def compare_sketches(
    names: Sequence[str], sketches: Sequence[NDArray[np.uint64]], *, options: DuplicateOptions = DuplicateOptions()
) -> list[Similar]:
    """Find for each document the most similar one before it, from the sketches; ties go to the earlier one.

    Returns
    -------
    list of Similar
        In document order, only documents with a similar one. The similarity is an estimate of the Jaccard similarity
        of the sets of shingles.
    """
    best: dict[int, tuple[float, int]] = {}
    for later, earlier in _candidates(sketches, options.probes):
        similarity = _similarity(sketches[later], sketches[earlier], options.sketch_size)
        if similarity >= options.threshold and similarity > best.get(later, (0.0, 0))[0]:
            best[later] = (similarity, earlier)
    return [
        Similar(names[later], names[earlier], round(similarity, 3))
        for later, (similarity, earlier) in sorted(best.items())
    ]


_FIRST_HAN = 0x3400
_FACTORS = (0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0xD6E8FEB86659FD93, 0xA0761D6478BD642F)
#: Documents that share one hash; beyond this many each meets only the first of them and its neighbour.
_CROWD = 40
#: Documents whose pairs are worked out together.
_AT_ONCE = 1000


def _letters(text: str) -> NDArray[np.uint64]:
    """Code points of the letters, digits and Han characters of a text, Latin in lower case."""
    import numpy as np

    points = np.frombuffer(text.encode("utf-32-le", errors="replace"), dtype="<u4")
    upper = (points >= 65) & (points <= 90)
    points = np.where(upper, points + 32, points)
    is_latin = (
        ((points >= 97) & (points <= 122)) | ((points >= 48) & (points <= 57)) | ((points >= 0xC0) & (points < 0x2000))
    )
    is_han = ((points >= _FIRST_HAN) & (points < 0xFE00)) | (points >= 0x20000)
    return points[is_latin | is_han].astype(np.uint64)


def _mixed(hashes: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Spread the hashes over all 64 bits (the finaliser of SplitMix64), so that the smallest are a random sample."""
    import numpy as np

    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        hashes = (hashes ^ (hashes >> np.uint64(shift))) * np.uint64(factor)
    return hashes ^ (hashes >> np.uint64(31))


def _candidates(sketches: Sequence[NDArray[np.uint64]], probes: int) -> Iterator[tuple[int, int]]:
    """Give the pairs (later, earlier) of documents that share one of their smallest hashes, in order.

    Some documents' pairs are worked out at once: those of a large corpus together would not fit in memory.
    """
    import numpy as np

    smallest = [sketch[:probes] for sketch in sketches]
    first = np.concatenate([[0], np.cumsum([len(part) for part in smallest], dtype=np.int64)])
    if not first[-1]:
        return
    owners = np.repeat(np.arange(len(sketches)), np.diff(first))
    values = np.concatenate(smallest)
    order = np.lexsort((owners, values))
    place = np.empty_like(order)  # of each document's hashes among all hashes in their order
    place[order] = np.arange(len(order))
    values, owners = values[order], owners[order]
    starts = np.flatnonzero(np.r_[True, values[1:] != values[:-1]])
    sizes = np.diff(np.r_[starts, len(values)])
    start, size = np.repeat(starts, sizes), np.repeat(sizes, sizes)  # of the group of documents with the same hash
    for low in range(0, len(sketches), _AT_ONCE):
        here = place[first[low] : first[min(low + _AT_ONCE, len(sketches))]]
        few, many = here[size[here] <= _CROWD], here[(size[here] > _CROWD) & (here > start[here])]
        n_before = few - start[few]
        before_few = np.arange(n_before.sum()) + np.repeat(start[few] - (np.cumsum(n_before) - n_before), n_before)
        later = owners[np.concatenate([np.repeat(few, n_before), many, many])]
        earlier = owners[np.concatenate([before_few, start[many], many - 1])]
        for pair in np.unique(later * len(sketches) + earlier).tolist():
            yield divmod(pair, len(sketches))


def _similarity(one: NDArray[np.uint64], other: NDArray[np.uint64], size: int) -> float:
    """Estimate the Jaccard similarity: of the smallest hashes of both together, the share that both have."""
    import numpy as np

    both = np.sort(np.concatenate([one, other]), kind="stable")  # each sketch has a hash once, so a pair is a repeat
    repeats = both[1:] == both[:-1]
    n_different = len(both) - int(repeats.sum())
    if n_different <= size:
        return float(repeats.sum()) / max(1, n_different)
    rank = np.cumsum(np.r_[True, ~repeats])  # how many different hashes up to here
    return float(repeats[rank[1:] <= size].sum()) / size
