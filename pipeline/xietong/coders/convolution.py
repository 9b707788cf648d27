"""A small network that reads a passage as word vectors in order; all arithmetic on whole batches, without padding.

Each word's vector goes through one layer; what the codebook marks at that word (term of a code, kind of cue) is added;
filters over one and over three neighbouring words keep their highest answer in the passage; one more layer gives a
logit per target. The vectors of English and Chinese words share one space, so that both languages train one network.

After Kim, Y. (2014). Convolutional neural networks for sentence classification.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from xietong.coders.word_counts import WordRows

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

#: Table entries are rounded to multiples of 1 / GRID, so that their sums are exact in whatever order they are made.
GRID = 256
#: Entries are clipped to this many grid units: three neighbours and their marks stay within 16 bits.
LIMIT = 5000


class Marks(NamedTuple):
    """What the codebook says of single words: mark ``mark[i]`` stands at word ``token[i]`` of the batch (sorted)."""

    token: NDArray[np.int64]
    mark: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Network:
    """Tables made once from the trained parameters.

    ``words[o]``: answers of all filters to each word at offset ``o``, int16, shape (n_words + 1, n_filters), in grid
    units; ``marks[o]`` the same for each mark; offsets are -1, 0, 1. ``bias``: shape (n_filters,).
    ``out``: float64, shape (n_filters, n_targets); ``out_bias``: shape (n_targets,).
    """

    words: tuple[NDArray[np.int16], ...]
    marks: tuple[NDArray[np.int16], ...]
    bias: NDArray[np.int16]
    out: NDArray[np.float64]
    out_bias: NDArray[np.float64]


def prepare_network(parameters: Mapping[str, NDArray[Any]], vectors: NDArray[Any]) -> Network:
    """Make the tables of a network.

    Parameters
    ----------
    parameters
        ``layer`` (n_dimensions, n_hidden), ``layer_bias``, ``mark`` (n_marks, n_hidden),
        ``one`` (n_hidden, n_filters_1), ``three`` (3, n_hidden, n_filters_3), ``bias`` (n_filters,), ``out``, ``out_bias``.
    vectors
        Vectors of the words, shape (n_words + 1, n_dimensions); row 0 for words without one.
    """
    import numpy as np

    of = {name: np.asarray(value, dtype=np.float64) for name, value in parameters.items()}
    hidden = np.maximum(vectors.astype(np.float64) @ of["layer"] + of["layer_bias"], 0.0)
    nothing = np.zeros_like(of["one"])
    filters = [np.hstack([of["one"] if offset == 1 else nothing, of["three"][offset]]) for offset in range(3)]
    return Network(
        words=tuple(_to_grid(hidden @ part) for part in filters),
        marks=tuple(_to_grid(of["mark"] @ part) for part in filters),
        bias=_to_grid(of["bias"]),
        out=np.round(of["out"] / GRID, 9),
        out_bias=of["out_bias"],
    )


def _to_grid(values: NDArray[np.float64]) -> NDArray[np.int16]:
    import numpy as np

    return np.clip(np.rint(values * GRID), -LIMIT, LIMIT).astype(np.int16)


def answer_filters(rows: WordRows, marks: Marks, network: Network) -> NDArray[np.int16]:
    """Give the answer of every filter at every word, shape (n_tokens, n_filters), in grid units, 0 where negative."""
    import numpy as np

    numbers, first = rows.numbers, rows.first
    answers = network.words[1][numbers] + network.bias
    within_left = np.ones(len(numbers), dtype=bool)  # words that have a left neighbour in their passage
    within_left[first[:-1][first[:-1] < len(numbers)]] = False
    right = np.nonzero(within_left)[0]
    narrow = network.out.shape[0] - _n_wide(network)
    answers[right, narrow:] += network.words[0][numbers[right - 1], narrow:]
    answers[right - 1, narrow:] += network.words[2][numbers[right], narrow:]
    if len(marks.token):
        starts = np.nonzero(np.diff(marks.token, prepend=-1))[0]
        token = marks.token[starts]
        for offset, table in zip((1, 0, -1), network.marks, strict=True):
            total = np.add.reduceat(table[marks.mark], starts, axis=0, dtype=np.int16)
            target = token + offset
            inside = (target >= 0) & (target < len(numbers))
            if offset == 1:
                inside[inside] &= within_left[target[inside]]
            elif offset == -1:
                inside &= within_left[token]
            answers[target[inside]] += total[inside]
    np.maximum(answers, 0, out=answers)
    return answers


def _n_wide(network: Network) -> int:
    import numpy as np

    return int(np.any(network.words[0] != 0, axis=0).sum())


def score_network(rows: WordRows, marks: Marks, network: Network) -> NDArray[np.float64]:
    """Give the logits of every target, shape (n_passages, n_targets)."""
    import numpy as np

    answers = answer_filters(rows, marks, network)
    highest = np.zeros((rows.n_passages, network.out.shape[0]), dtype=np.int16)
    filled = np.diff(rows.first) > 0
    if filled.any():
        highest[filled] = np.maximum.reduceat(answers, rows.first[:-1][filled], axis=0)
    # einsum adds in the same order whatever the batch; a matrix product would not
    return np.einsum("ij,jk->ik", highest.astype(np.float64), network.out) + network.out_bias
