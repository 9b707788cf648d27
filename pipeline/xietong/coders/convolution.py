"""A small network that reads a passage as word vectors in order; all arithmetic on whole batches, without padding.

Each word's vector goes through one layer; what the codebook marks at that word (term of a code, kind of cue) is added;
filters over one and over three neighbouring words keep their highest answer in the passage; one more layer gives a
logit per target. The vectors of English and Chinese words share one space, so that both languages train one network.

After Kim, Y. (2014). Convolutional neural networks for sentence classification.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

from xietong.coders.word_counts import WordRows

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

#: Table entries are rounded to multiples of 1 / GRID, so that their sums are exact in whatever order they are made.
GRID = 256
#: Entries are clipped to this many grid units: three neighbours and their marks stay within 16 bits.
LIMIT = 5000
#: Words whose answers are worked out together.
BLOCK = 2048


class Marks(NamedTuple):
    """What the codebook says of single words: mark ``mark[i]`` stands at word ``token[i]`` of the batch (sorted)."""

    token: NDArray[np.int64]
    mark: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Network:
    """Tables made once from the trained parameters, in grid units, int16.

    ``here``: answers of all filters to each word at its own place, shape (n_words + 1, n_filters). ``left``, ``right``:
    answers of the filters over three words to the word before and after, shape (n_words + 2, n_wide), the last row,
    of zeros, standing for no word. ``marks``: the same three for each mark, all of shape (n_marks, n_filters).
    ``out``: float64, shape (n_filters, n_targets); ``out_bias``: shape (n_targets,).
    """

    here: NDArray[np.int16]
    left: NDArray[np.int16]
    right: NDArray[np.int16]
    marks: tuple[NDArray[np.int16], NDArray[np.int16], NDArray[np.int16]]
    out: NDArray[np.float64]
    out_bias: NDArray[np.float64]


def prepare_network(parameters: Mapping[str, NDArray[Any]], vectors: NDArray[Any]) -> Network:
    """Make the tables of a network.

    Parameters
    ----------
    parameters
        ``layer`` (n_dimensions, n_hidden), ``layer_bias``, ``mark`` (n_marks, n_hidden), ``one`` (n_hidden, n_narrow),
        ``three`` (3, n_hidden, n_wide), ``bias`` (n_filters,), ``out``, ``out_bias``.
    vectors
        Vectors of the words, shape (n_words + 1, n_dimensions); row 0 for words without one.
    """
    import numpy as np
    from threadpoolctl import threadpool_limits

    of = {name: np.asarray(value, dtype=np.float64) for name, value in parameters.items()}
    with threadpool_limits(1):  # the same bits however many processors there are
        return _tables(of, vectors.astype(np.float64))


def _tables(of: Mapping[str, NDArray[np.float64]], vectors: NDArray[np.float64]) -> Network:
    import numpy as np

    hidden = np.maximum(vectors @ of["layer"] + of["layer_bias"], 0.0)
    nothing = np.zeros_like(of["one"])
    before, at, after = (np.hstack([of["one"] if o == 1 else nothing, of["three"][o]]) for o in range(3))
    no_word = np.zeros((1, of["three"].shape[2]), dtype=np.int16)
    return Network(
        here=_to_grid(hidden @ at) + _to_grid(of["bias"]),
        left=np.vstack([_to_grid(hidden @ of["three"][0]), no_word]),
        right=np.vstack([_to_grid(hidden @ of["three"][2]), no_word]),
        marks=(_to_grid(of["mark"] @ before), _to_grid(of["mark"] @ at), _to_grid(of["mark"] @ after)),
        out=np.round(of["out"] / GRID, 9),
        out_bias=of["out_bias"],
    )


def _to_grid(values: NDArray[np.float64]) -> NDArray[np.int16]:
    import numpy as np

    return np.clip(np.rint(values * GRID), -LIMIT, LIMIT).astype(np.int16)


def answer_filters(rows: WordRows, marks: Marks, network: Network) -> NDArray[np.int16]:
    """Give the answer of every filter at every word, shape (n_tokens, n_filters), in grid units."""

    numbers, first = rows.numbers, rows.first
    n_words, n_wide = network.left.shape
    answers = network.here[numbers]
    if not len(numbers):
        return answers
    inner = first[1:-1][(first[1:-1] > 0) & (first[1:-1] < len(numbers))]  # where another passage starts
    before, after = numbers[:-1].copy(), numbers[1:].copy()
    before[inner - 1] = after[inner - 1] = n_words - 1
    answers[1:, -n_wide:] += network.left[before]
    answers[:-1, -n_wide:] += network.right[after]
    if len(marks.token):
        _add_marks(answers, marks, network, inner)
    return answers


def _add_marks(answers: NDArray[np.int16], marks: Marks, network: Network, inner: NDArray[np.int64]) -> None:
    """Add what the marks mean to the filters at the marked word and its neighbours in the passage."""
    import numpy as np

    is_first, is_last = np.zeros((2, len(answers)), dtype=bool)
    is_first[inner] = is_first[0] = True
    is_last[inner - 1] = is_last[-1] = True
    n_wide = network.left.shape[1]
    starts = np.nonzero(np.diff(marks.token, prepend=-1))[0]
    rank = np.arange(len(marks.token)) - np.repeat(starts, np.diff(starts, append=len(marks.token)))
    # the first mark of every word, then the second …: no word twice at once, so that none is lost in the addition
    for turn in range(int(rank.max()) + 1):
        token, mark = marks.token[rank == turn], marks.mark[rank == turn]
        for step, table, outside in zip((1, 0, -1), network.marks, (is_last, None, is_first), strict=True):
            columns = slice(None) if step == 0 else slice(-n_wide, None)
            used = np.ones(len(token), dtype=bool) if outside is None else ~outside[token]
            answers[token[used] + step, columns] += table[mark[used], columns]


def _blocks(first: NDArray[np.int64]) -> Iterator[tuple[int, int]]:
    """Cut a batch into stretches of passages whose answers fit the processor's cache; the sums are exact in any case."""
    import numpy as np

    low, n_passages = 0, len(first) - 1
    while low < n_passages:
        high = max(int(np.searchsorted(first, first[low] + BLOCK, side="right")) - 1, low + 1)
        yield low, high
        low = high


def score_network(rows: WordRows, marks: Marks, network: Network) -> NDArray[np.float64]:
    """Give the logits of every target, shape (n_passages, n_targets)."""
    import numpy as np

    highest = np.zeros((rows.n_passages, network.out.shape[0]), dtype=np.int16)
    for low, high in _blocks(rows.first):
        edges = rows.first[low : high + 1]
        at = slice(*np.searchsorted(marks.token, edges[[0, -1]]))
        block = WordRows(rows.numbers[edges[0] : edges[-1]], edges - edges[0])
        answers = answer_filters(block, Marks(marks.token[at] - edges[0], marks.mark[at]), network)
        for passage, (first, last) in enumerate(pairwise(block.first.tolist()), start=low):
            if last > first:  # an own loop: reduceat goes row by row and takes four times as long
                np.max(answers[first:last], axis=0, out=highest[passage])
    np.maximum(highest, 0, out=highest)
    # einsum adds in the same order whatever the batch; a matrix product would not
    return np.einsum("ij,jk->ik", highest.astype(np.float64), network.out) + network.out_bias
