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
#: Words laid out together, and those of them whose answers are worked out at once.
BLOCK = 16384
STRETCH = 2048
#: The layer over clauses reads answers as whole numbers of 1 / STEP up to TOP, and its weights as whole numbers of 1 / STEP
#: up to HEAVIEST: any sum of 128 products stays below 2 ** 24, so that 32-bit floats add them exactly in any order.
STEP, TOP, HEAVIEST = 64, 1023, 127
_SHIFT = (GRID // STEP).bit_length() - 1  # from grid units to those of 1 / STEP


class Marks(NamedTuple):
    """What the codebook says of single words: mark ``mark[i]`` stands at word ``token[i]`` of the batch (sorted)."""

    token: NDArray[np.int64]
    mark: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Network:
    """Tables made once from the trained parameters, in grid units, int16.

    ``here``: answers of all filters to each word at its own place, shape (n_words + 1, n_filters). ``left``, ``right``:
    answers of the filters over three words to the word before and after, shape (n_words + 2, n_wide), the last row,
    of zeros, standing for no word. ``marks``: what each mark adds to the word after it, then to its own, then to the word
    before it, shape (3 * n_marks, n_filters).
    ``clause``: whole numbers as float32, shape (n_filters, n_units), ``clause_bias`` in units of 1 / STEP ** 2.
    ``passage``: whole numbers as float64, shape (n_filters + n_units, n_joint), ``passage_bias``.
    ``out``: float64, shape (n_filters + n_units + n_joint, n_targets); ``out_bias``: shape (n_targets,).
    """

    here: NDArray[np.int16]
    left: NDArray[np.int16]
    right: NDArray[np.int16]
    marks: NDArray[np.int16]
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
        marks=np.vstack([_to_grid(of["mark"] @ where) for where in (before, at, after)]),
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


class _Stretch(NamedTuple):
    """Clauses of one length, laid side by side: ``n_clauses`` from clause ``clause`` on, their words from ``word`` on."""

    clause: int
    n_clauses: int
    word: int
    n_words: int


@dataclass(frozen=True, slots=True)
class _Block:
    """Some passages as every network reads them, clauses of one length side by side.

    ``numbers``, ``before``, ``after``: each word and its neighbours in the passage, the number after the last word's where
    there is none. ``clauses``:
    which clause of the passages stands at each place. ``marked``: words that a mark stands at or beside, sorted;
    ``turns``: for the first mark of each of them, the second …, which of ``marked``, and which row of the three tables of
    marks below one another. ``passages``: first clause of each passage, and the number of clauses.
    """

    numbers: NDArray[np.int64]
    before: NDArray[np.int64]
    after: NDArray[np.int64]
    clauses: NDArray[np.int64]
    stretches: list[_Stretch]
    marked: NDArray[np.int64]
    turns: list[tuple[NDArray[np.int64], NDArray[np.int64]]]
    passages: NDArray[np.int64]


def score_networks(rows: WordRows, marks: Marks, networks: Sequence[Network]) -> NDArray[np.float64]:
    """Give the mean logits of several networks, shape (n_passages, n_targets)."""
    import numpy as np

    seen = [np.zeros((rows.n_passages, network.out.shape[0])) for network in networks]
    for low, high in _blocks(rows.first):
        block = _lay_side_by_side(rows, marks, low, high, networks[0])
        for of_network, network in zip(seen, networks, strict=True):
            of_network[low:high] = _read_block(block, network)
    # einsum adds in the same order whatever the batch; a matrix product would not
    logits = [np.einsum("ij,jk->ik", s, net.out) + net.out_bias for s, net in zip(seen, networks, strict=True)]
    return np.mean(logits, axis=0)


def _blocks(first: NDArray[np.int64]) -> Iterator[tuple[int, int]]:
    """Cut a batch into stretches of passages of bounded size; what is added is exact in any case."""
    import numpy as np

    low, n_passages = 0, len(first) - 1
    while low < n_passages:
        high = max(int(np.searchsorted(first, first[low] + BLOCK, side="right")) - 1, low + 1)
        yield low, high
        low = high


def _lay_side_by_side(rows: WordRows, marks: Marks, low: int, high: int, network: Network) -> _Block:
    """Lay the words of passages ``low`` to ``high`` out by the length of their clauses; any network's tables will do."""
    import numpy as np

    first = rows.first[low : high + 1]
    here = slice(first[0], first[-1])
    part = WordRows(rows.numbers[here], first - first[0], rows.is_end[here])
    edges, passages = part.clauses()
    lengths = np.diff(edges)
    clauses = np.argsort(lengths, kind="stable")
    ordered = lengths[clauses]
    places = np.concatenate([[0], np.cumsum(ordered)])
    words = np.arange(places[-1]) + np.repeat(edges[clauses] - places[:-1], ordered)
    before, after = _neighbours(part, nobody=len(network.left) - 1)
    marked, turns = _take_turns(part, marks, int(first[0]), words, len(network.marks) // 3)
    return _Block(
        part.numbers[words].astype(np.int64),
        before[words],
        after[words],
        clauses,
        list(_stretches(ordered)),
        marked,
        turns,
        passages,
    )


def _neighbours(rows: WordRows, nobody: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Give the word before and after each word in its passage, ``nobody`` where there is none."""
    import numpy as np

    before, after = np.full((2, len(rows.numbers)), nobody, dtype=np.int64)
    before[1:], after[:-1] = rows.numbers[:-1], rows.numbers[1:]
    borders = rows.first[(rows.first > 0) & (rows.first < len(rows.numbers))]
    before[borders] = after[borders - 1] = nobody
    return before, after


def _stretches(lengths: NDArray[np.int64]) -> Iterator[_Stretch]:
    """Cut clauses that are sorted by their length into stretches of one length that fit the processor's cache."""
    import numpy as np

    values, firsts, counts = np.unique(lengths, return_index=True, return_counts=True)
    word = 0
    for length, first, n in zip(values.tolist(), firsts.tolist(), counts.tolist(), strict=True):
        most = max(STRETCH // max(length, 1), 1)
        for clause in range(first, first + n, most):
            n_clauses = min(most, first + n - clause)
            yield _Stretch(clause, n_clauses, word, length)
            word += n_clauses * length


def _take_turns(
    rows: WordRows, marks: Marks, start: int, words: NDArray[np.int64], n_marks: int
) -> tuple[NDArray[np.int64], list[tuple[NDArray[np.int64], NDArray[np.int64]]]]:
    """Say which words marks bear upon, and number those of each word, so that none is lost where they are added."""
    import numpy as np

    n_words = len(words)
    here = slice(*np.searchsorted(marks.token, [start, start + n_words]))
    token, mark = marks.token[here] - start, marks.mark[here]
    is_first, is_last = np.zeros((2, n_words + 1), dtype=bool)
    is_first[rows.first] = is_last[rows.first - 1] = True
    inner, outer = ~is_last[token], ~is_first[token]
    at = np.concatenate([token[inner] + 1, token, token[outer] - 1])
    table_row = np.concatenate([mark[inner], mark + n_marks, mark[outer] + 2 * n_marks])
    place = np.empty(n_words, dtype=np.int64)
    place[words] = np.arange(n_words)
    at = place[at]
    order = np.argsort(at, kind="stable")
    at, table_row = at[order], table_row[order]
    marked, firsts, counts = np.unique(at, return_index=True, return_counts=True)
    turn = np.arange(len(at)) - np.repeat(firsts, counts)
    which = np.repeat(np.arange(len(marked)), counts)
    return marked, [(which[turn == n], table_row[turn == n]) for n in range(int(counts.max(initial=0)))]


def _read_block(block: _Block, network: Network) -> NDArray[np.float64]:
    """Give what the last layer sees of each passage, shape (n_passages, n_filters + n_units + n_joint).

    Whole numbers of 1 / STEP ** 2, small enough for their sums to be exact in any order.
    """
    import numpy as np

    by_clause = np.clip(_highest_by_clause(block, network) >> _SHIFT, 0, TOP)
    units = by_clause.astype(np.float32) @ network.clause + network.clause_bias
    filters = highest_rows(by_clause, block.passages).astype(np.float64) * STEP
    highest = np.hstack([filters, np.maximum(highest_rows(units, block.passages), 0)])
    joint = np.maximum(highest @ network.passage + network.passage_bias, 0.0)
    return np.hstack([highest / STEP**2, joint / (STEP**2 * GRID)])


def _highest_by_clause(block: _Block, network: Network) -> NDArray[np.int16]:
    """Give the highest answer of every filter in each clause, shape (n_clauses, n_filters), in grid units."""
    import numpy as np

    n_filters, n_wide = network.here.shape[1], network.left.shape[1]
    highest = np.zeros((len(block.clauses), n_filters), dtype=np.int16)
    of_marks = np.zeros((len(block.marked), n_filters), dtype=np.int16)
    for which, table_row in block.turns:
        of_marks[which] += network.marks.take(table_row, axis=0)
    bounds = np.searchsorted(
        block.marked, [stretch.word for stretch in block.stretches] + [len(block.numbers)]
    ).tolist()
    for (clause, n, word, length), low, high in zip(block.stretches, bounds, bounds[1:], strict=False):
        if not length:
            continue
        here = slice(word, word + n * length)
        beside = network.left.take(block.before[here], axis=0)
        beside += network.right.take(block.after[here], axis=0)
        answers = network.here.take(block.numbers[here], axis=0)
        answers[:, -n_wide:] += beside
        answers[block.marked[low:high] - word] += of_marks[low:high]
        highest[block.clauses[clause : clause + n]] = answers.reshape(n, length, n_filters).max(axis=1)
    return highest


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
