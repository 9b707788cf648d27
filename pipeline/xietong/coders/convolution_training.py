"""Fits the network of ``convolution.py`` with numpy alone, so that training needs nothing that coding does not need."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from xietong.coders.convolution import Marks
from xietong.coders.word_counts import WordRows

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkOptions:
    """Size and training of the network."""

    n_hidden: int = 64
    n_narrow: int = 64  # filters over one word
    n_wide: int = 64  # filters over three; no more than 128 of both kinds (see ``convolution.TOP``)
    n_units: int = 128  # of the layer over clauses
    n_joint: int = 128  # of the layer over passages
    n_rounds: int = 18
    batch: int = 32
    rate: float = 4e-3
    decay: float = 1e-3
    drop_words: float = 0.1  # share of words replaced by an unknown one
    drop_marks: float = 0.2
    drop_hidden: float = 0.1
    drop_filters: float = 0.3
    seed: int = 0


def fit_network(
    rows: WordRows,
    marks: Marks,
    vectors: NDArray[np.float32],
    n_marks: int,
    targets: NDArray[Any],
    weights: NDArray[Any],
    *,
    options: NetworkOptions = NetworkOptions(),
) -> dict[str, NDArray[np.float32]]:
    """Fit the network's parameters by Adam on the cross-entropy of all targets together.

    Parameters
    ----------
    rows, marks
        All training passages.
    vectors
        Shape (n_words + 1, n_dimensions); not changed.
    targets, weights
        0 or 1, and how much each decision counts (0 leaves it out), both of shape (n_passages, n_targets).

    References
    ----------
    Kingma, D. P., & Ba, J. (2015). Adam: a method for stochastic optimization.
    """
    import numpy as np

    rng = np.random.default_rng(options.seed)
    parameters = _start(vectors.shape[1], n_marks, targets.shape[1], options, rng)
    first_moment = {name: np.zeros_like(value) for name, value in parameters.items()}
    second_moment = {name: np.zeros_like(value) for name, value in parameters.items()}
    batches_per_round = -(-rows.n_passages // options.batch)
    n_steps, step = options.n_rounds * batches_per_round, 0
    mark_first, clauses = np.searchsorted(marks.token, rows.first), rows.clauses()
    for _ in range(options.n_rounds):
        for chosen in _batches(rows, options.batch, rng):
            step += 1
            rate = options.rate * min(1.0, step / 200) * max(0.02, 1.0 - step / n_steps)
            picked = _pick(rows, marks, mark_first, clauses, chosen, options, rng)
            gradients = _gradients(picked, vectors, parameters, targets[chosen], weights[chosen], options, rng)
            for name, gradient in gradients.items():
                first_moment[name] += 0.1 * (gradient - first_moment[name])
                second_moment[name] += 0.001 * (gradient * gradient - second_moment[name])
                size = rate * np.sqrt(1 - 0.999**step) / (1 - 0.9**step)
                parameters[name] *= 1 - rate * options.decay
                parameters[name] -= size * first_moment[name] / (np.sqrt(second_moment[name]) + 1e-8)
    return parameters


def _start(
    n_dimensions: int, n_marks: int, n_targets: int, options: NetworkOptions, rng: np.random.Generator
) -> dict[str, NDArray[np.float32]]:
    import numpy as np

    def draw(*shape: int, inputs: int) -> NDArray[np.float32]:
        bound = inputs**-0.5
        return rng.uniform(-bound, bound, shape).astype(np.float32)

    hidden, n_filters = options.n_hidden, options.n_narrow + options.n_wide
    n_seen = n_filters + options.n_units
    return {
        "layer": draw(n_dimensions, hidden, inputs=n_dimensions),
        "layer_bias": draw(hidden, inputs=n_dimensions),
        "mark": draw(n_marks, hidden, inputs=max(n_marks, 1)),
        "one": draw(hidden, options.n_narrow, inputs=hidden),
        "three": draw(3, hidden, options.n_wide, inputs=3 * hidden),
        "bias": draw(n_filters, inputs=2 * hidden),
        "clause": draw(n_filters, options.n_units, inputs=n_filters),
        "clause_bias": draw(options.n_units, inputs=n_filters),
        "passage": draw(n_seen, options.n_joint, inputs=n_seen),
        "passage_bias": draw(options.n_joint, inputs=n_seen),
        "out": draw(n_seen + options.n_joint, n_targets, inputs=n_seen + options.n_joint),
        "out_bias": draw(n_targets, inputs=n_seen + options.n_joint),
    }


def _batches(rows: WordRows, size: int, rng: np.random.Generator) -> list[NDArray[np.int64]]:
    import numpy as np

    order = rng.permutation(rows.n_passages)
    return [np.sort(order[i : i + size]) for i in range(0, len(order), size)]


@dataclass(frozen=True, slots=True)
class _Picked:
    """Passages of one step, each with one empty place before it, so that no filter reaches over a border."""

    numbers: NDArray[np.int64]  # -1 at the empty places
    first: NDArray[np.int64]  # of each clause's words
    last: NDArray[np.int64]
    passage: NDArray[np.int64]  # first clause of each passage, and the number of clauses
    mark_at: NDArray[np.int64]
    mark: NDArray[np.int64]


def _pick(
    rows: WordRows,
    marks: Marks,
    mark_first: NDArray[np.int64],
    clauses: tuple[NDArray[np.int64], NDArray[np.int64]],
    chosen: NDArray[np.int64],
    options: NetworkOptions,
    rng: np.random.Generator,
) -> _Picked:
    import numpy as np

    starts, passages = clauses
    pieces, first, last, mark_at, mark, n_clauses = [], [], [], [], [], [0]
    at = 0
    for passage in chosen.tolist():
        low, high = rows.first[passage], rows.first[passage + 1]
        numbers = rows.numbers[low:high].astype(np.int64)
        pieces += [np.array([-1]), np.where(rng.random(len(numbers)) < options.drop_words, 0, numbers)]
        borders = starts[passages[passage] : passages[passage + 1] + 1] - low + at + 1
        first.append(borders[:-1])
        last.append(borders[1:])
        n_clauses.append(len(borders) - 1)
        here = slice(mark_first[passage], mark_first[passage + 1])
        kept = rng.random(high - low)[marks.token[here] - low] >= options.drop_marks
        mark_at.append((marks.token[here] - low + at + 1)[kept])
        mark.append(marks.mark[here][kept])
        at += 1 + len(numbers)
    return _Picked(
        np.concatenate([*pieces, [-1]]),
        np.concatenate(first),
        np.concatenate(last),
        np.cumsum(n_clauses),
        np.concatenate(mark_at),
        np.concatenate(mark),
    )


def _gradients(
    picked: _Picked,
    vectors: NDArray[np.float32],
    parameters: dict[str, NDArray[np.float32]],
    targets: NDArray[Any],
    weights: NDArray[Any],
    options: NetworkOptions,
    rng: np.random.Generator,
) -> dict[str, NDArray[np.float32]]:
    """Run the network forward and back once."""
    import numpy as np
    from scipy import sparse

    p, n_places = parameters, len(picked.numbers)
    words, where = np.unique(picked.numbers, return_inverse=True)
    of_word = vectors[np.maximum(words, 0)]
    before = of_word @ p["layer"] + p["layer_bias"]
    alive = (before > 0) & (words >= 0)[:, None]
    alive &= rng.random(alive.shape) >= options.drop_hidden
    scale = np.float32(1 / (1 - options.drop_hidden))
    hidden_of_word = before * alive * scale
    marked = sparse.csr_matrix(
        (np.ones(len(picked.mark), dtype=np.float32), (picked.mark_at, picked.mark)),
        shape=(n_places, len(p["mark"])),
    )
    hidden = hidden_of_word[where] + marked @ p["mark"]
    # rows of three neighbours side by side; the ends are empty places anyway
    wide = np.zeros((n_places, 3, hidden.shape[1]), dtype=np.float32)
    wide[1:, 0], wide[:, 1], wide[:-1, 2] = hidden[:-1], hidden, hidden[1:]
    flat = wide.reshape(n_places, -1)
    narrow_weights, wide_weights = p["one"], p["three"].reshape(flat.shape[1], -1)
    answers = np.hstack([hidden @ narrow_weights, flat @ wide_weights]) + p["bias"]
    highest, place = _highest(answers, picked.first, picked.last)
    layers, d_highest = _upper_layers(highest, picked.passage, p, targets, weights, options, rng)
    d_answers = np.zeros_like(answers)
    d_answers[place, np.arange(answers.shape[1])[None, :]] = d_highest
    touched = np.unique(place)  # most places are nobody's highest
    n_narrow = narrow_weights.shape[1]
    d_narrow, d_wide = d_answers[touched, :n_narrow], d_answers[touched, n_narrow:]
    d_flat = (d_wide @ wide_weights.T).reshape(len(touched), 3, -1)
    d_hidden = np.zeros_like(hidden)
    d_hidden[touched] += d_narrow @ narrow_weights.T + d_flat[:, 1]
    d_hidden[touched - 1] += d_flat[:, 0]
    d_hidden[touched + 1] += d_flat[:, 2]
    gather = sparse.csr_matrix(
        (np.ones(n_places, dtype=np.float32), (where, np.arange(n_places))), shape=(len(words), n_places)
    )
    d_before = (gather @ d_hidden) * alive * scale
    return {
        "layer": of_word.T @ d_before,
        "layer_bias": d_before.sum(axis=0),
        "mark": marked.T @ d_hidden,
        "one": hidden[touched].T @ d_narrow,
        "three": (flat[touched].T @ d_wide).reshape(p["three"].shape),
        "bias": d_answers[touched].sum(axis=0),
        **layers,
    }


def _upper_layers(
    highest: NDArray[np.float32],
    passage: NDArray[np.int64],
    p: dict[str, NDArray[np.float32]],
    targets: NDArray[Any],
    weights: NDArray[Any],
    options: NetworkOptions,
    rng: np.random.Generator,
) -> tuple[dict[str, NDArray[np.float32]], NDArray[np.float32]]:
    """Run the layers over clauses and passages forward and back.

    Returns
    -------
    gradients of the layers' parameters, and of ``highest`` (n_clauses, n_filters)
    """
    import numpy as np

    def keep(shape: tuple[int, ...]) -> NDArray[np.float32]:
        return (rng.random(shape) >= options.drop_filters).astype(np.float32) / np.float32(1 - options.drop_filters)

    n_filters = highest.shape[1]
    clauses = np.maximum(highest, 0)
    kept = keep(clauses.shape)
    seen = clauses * kept
    units = np.maximum(seen @ p["clause"] + p["clause_bias"], 0)
    top, top_at = _highest(clauses, passage[:-1], passage[1:])
    unit, unit_at = _highest(units, passage[:-1], passage[1:])
    kept_both = keep((len(top), n_filters + unit.shape[1]))
    both = np.hstack([top, unit]) * kept_both
    joint = np.maximum(both @ p["passage"] + p["passage_bias"], 0)
    kept_joint = keep(joint.shape)
    all_seen = np.hstack([both, joint * kept_joint])
    probability = 1 / (1 + np.exp(-(all_seen @ p["out"] + p["out_bias"])))
    error = ((probability - targets) * weights / targets.size).astype(np.float32)
    # and back
    d_seen = error @ p["out"].T
    n_both = both.shape[1]
    d_joint = d_seen[:, n_both:] * kept_joint * (joint > 0)
    d_both = (d_seen[:, :n_both] + d_joint @ p["passage"].T) * kept_both
    d_units = np.zeros_like(units)
    d_units[unit_at, np.arange(units.shape[1])[None, :]] = d_both[:, n_filters:]
    d_units *= units > 0
    d_clauses = (d_units @ p["clause"].T) * kept
    d_clauses[top_at, np.arange(n_filters)[None, :]] += d_both[:, :n_filters]
    d_clauses *= highest > 0
    gradients = {
        "clause": seen.T @ d_units,
        "clause_bias": d_units.sum(axis=0),
        "passage": both.T @ d_joint,
        "passage_bias": d_joint.sum(axis=0),
        "out": all_seen.T @ error,
        "out_bias": error.sum(axis=0),
    }
    return gradients, d_clauses


def _highest(
    values: NDArray[np.float32], first: NDArray[np.int64], last: NDArray[np.int64]
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Give each column's highest value in each stretch of rows, and its row, both of shape (n_stretches, n_columns)."""
    import numpy as np

    place = np.empty((len(first), values.shape[1]), dtype=np.int64)
    for stretch, (low, high) in enumerate(zip(first.tolist(), last.tolist(), strict=True)):
        place[stretch] = low + np.argmax(values[low:high], axis=0) if high > low else low - 1
    return np.take_along_axis(values, place, axis=0), place
