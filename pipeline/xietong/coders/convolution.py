"""A small network that reads a passage clause by clause; all arithmetic on whole batches, without padding.

Each word's vector goes through one layer; what the codebook marks at that word (term of a code, kind of cue) is added;
filters over one and over three neighbouring words keep their highest answer in each clause. A layer reads each clause's
answers and keeps its highest in the passage, so that a unit can ask for two things in one clause: a field and a relation
between places. A layer over all of these and a last one give a logit per target. The vectors of English and Chinese
words share one space, so that both languages train one network.

After Kim, Y. (2014). Convolutional neural networks for sentence classification.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from xietong.coders.word_counts import WordRows
from xietong.threads import one_thread

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

#: Table entries are rounded to multiples of 1 / GRID, so that their sums are exact in whatever order they are made.
GRID = 256
#: Entries are clipped to this many grid units: three neighbours and their marks stay within 16 bits.
LIMIT = 5000
#: Words whose answers are worked out together.
BLOCK = 2048
#: The layer over clauses reads answers as whole numbers of 1 / STEP up to TOP, and its weights as whole numbers of 1 / STEP
#: up to HEAVIEST: any sum of 128 products stays below 2 ** 24, so that 32-bit floats add them exactly in any order.
STEP, TOP, HEAVIEST = 64, 1023, 127


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
    ``clause``: whole numbers as float32, shape (n_filters, n_units), ``clause_bias`` in units of 1 / STEP ** 2.
    ``passage``: whole numbers as float64, shape (n_filters + n_units, n_joint), ``passage_bias``.
    ``out``: float64, shape (n_filters + n_units + n_joint, n_targets); ``out_bias``: shape (n_targets,).
    """

    here: NDArray[np.int16]
    left: NDArray[np.int16]
    right: NDArray[np.int16]
    marks: tuple[NDArray[np.int16], NDArray[np.int16], NDArray[np.int16]]
    clause: NDArray[np.float32]
    clause_bias: NDArray[np.float32]
    passage: NDArray[np.float64]
    passage_bias: NDArray[np.float64]
    out: NDArray[np.float64]
    out_bias: NDArray[np.float64]


def prepare_networks(parameters: Mapping[str, NDArray[Any]], vectors: NDArray[Any]) -> tuple[Network, ...]:
    """Make the tables of several networks; each parameter has one more axis, the first, for the networks."""
    n_networks = len(parameters["out"])
    return tuple(
        prepare_network({name: value[i] for name, value in parameters.items()}, vectors) for i in range(n_networks)
    )


def prepare_network(parameters: Mapping[str, NDArray[Any]], vectors: NDArray[Any]) -> Network:
    """Make the tables of a network.

    Parameters
    ----------
    parameters
        ``layer`` (n_dimensions, n_hidden), ``layer_bias``, ``mark`` (n_marks, n_hidden), ``one`` (n_hidden, n_narrow),
        ``three`` (3, n_hidden, n_wide), ``bias`` (n_filters,), ``clause`` (n_filters, n_units), ``clause_bias``,
        ``passage`` (n_filters + n_units, n_joint), ``passage_bias``, ``out``, ``out_bias``.
    vectors
        Vectors of the words, shape (n_words + 1, n_dimensions); row 0 for words without one.
    """
    import numpy as np

    of = {name: np.asarray(value, dtype=np.float64) for name, value in parameters.items()}
    with one_thread():  # the same bits however many processors there are
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
        clause=np.clip(np.rint(of["clause"] * STEP), -HEAVIEST, HEAVIEST).astype(np.float32),
        clause_bias=np.rint(of["clause_bias"] * STEP**2).astype(np.float32),
        passage=np.rint(of["passage"] * GRID),
        passage_bias=np.rint(of["passage_bias"] * STEP**2 * GRID),
        out=np.round(of["out"], 6),
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


def score_networks(rows: WordRows, marks: Marks, networks: Sequence[Network]) -> NDArray[np.float64]:
    """Give the mean logits of several networks, shape (n_passages, n_targets)."""
    import numpy as np

    return np.mean([score_network(rows, marks, network) for network in networks], axis=0)


def score_network(rows: WordRows, marks: Marks, network: Network) -> NDArray[np.float64]:
    """Give the logits of every target, shape (n_passages, n_targets)."""
    import numpy as np

    seen = np.zeros((rows.n_passages, network.out.shape[0]))
    for low, high in _blocks(rows.first):
        edges = rows.first[low : high + 1]
        words, at = slice(edges[0], edges[-1]), slice(*np.searchsorted(marks.token, edges[[0, -1]]))
        block = WordRows(rows.numbers[words], edges - edges[0], rows.is_end[words])
        seen[low:high] = _read_block(block, Marks(marks.token[at] - edges[0], marks.mark[at]), network)
    # einsum adds in the same order whatever the batch; a matrix product would not
    return np.einsum("ij,jk->ik", seen, network.out) + network.out_bias


def _read_block(rows: WordRows, marks: Marks, network: Network) -> NDArray[np.float64]:
    """Give what the last layer sees of each passage, shape (n_passages, n_filters + n_units + n_joint).

    Whole numbers of 1 / STEP ** 2, small enough for their sums to be exact in any order.
    """
    import numpy as np

    starts, passages = rows.clauses()
    by_clause = np.clip(highest_rows(answer_filters(rows, marks, network), starts) // (GRID // STEP), 0, TOP)
    units = by_clause.astype(np.float32) @ network.clause + network.clause_bias
    filters = highest_rows(by_clause, passages).astype(np.float64) * STEP
    highest = np.hstack([filters, np.maximum(highest_rows(units, passages), 0)])
    joint = np.maximum(highest @ network.passage + network.passage_bias, 0.0)
    return np.hstack([highest / STEP**2, joint / (STEP**2 * GRID)])


def highest_rows(values: NDArray[Any], edges: NDArray[np.int64]) -> NDArray[Any]:
    """Give the highest value of each column in each stretch of rows ``edges[i]:edges[i + 1]``; 0 in empty stretches."""
    import numpy as np

    starts, lengths = edges[:-1], np.diff(edges)
    highest = np.zeros((len(starts), values.shape[1]), dtype=values.dtype)
    # stretches of one length at once: reduceat goes row by row and takes several times as long
    for length in np.unique(lengths[lengths > 0]).tolist():
        chosen = np.nonzero(lengths == length)[0]
        highest[chosen] = values[starts[chosen, None] + np.arange(length)].max(axis=1)
    return highest
