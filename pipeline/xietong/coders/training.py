"""Trains the coders on hand-coded passages: every part on most documents, their mixture on the others, then all on all."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from xietong.codebook import Codebook
from xietong.coders.convolution import prepare_networks, score_networks
from xietong.coders.convolution_training import NetworkOptions, fit_network
from xietong.coders.features import CODE_MEASURES, PASSAGE_MEASURES
from xietong.coders.inputs import Inputs
from xietong.coders.linear import LEAST_KEYNESS, fit_keyness, fit_linear, inverse_frequency
from xietong.coders.mixture import (
    BLENDS,
    fit_blend,
    fit_mixture,
    mixture_features,
    pick_thresholds,
    score_words,
)
from xietong.coders.model import Target, WordKnowledge, list_targets, shrink
from xietong.coders.word_counts import weigh_counts
from xietong.errors import UsageError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

#: Fewer hand-coded passages than this teach nothing.
FEWEST_PASSAGES = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingOptions:
    """How training goes."""

    n_folds: int = 4
    n_networks: int = 2  # networks with different starts, whose logits are averaged
    network: NetworkOptions = field(default_factory=NetworkOptions)
    linear_strength: float = 3.0


@dataclass(frozen=True, slots=True)
class Lesson:
    """Hand-coded passages: ``inputs``, ``values`` (n_passages, n_codes; -1 not coded), the ``group`` of each, and
    ``trust`` (n_passages,): how far its codes are to be believed."""

    inputs: Inputs
    values: NDArray[np.int8]
    groups: Sequence[str]
    trust: NDArray[np.float64]

    def take(self, chosen: NDArray[np.int64]) -> Lesson:
        """Give some of the passages."""
        return Lesson(
            self.inputs.take(chosen),
            self.values[chosen],
            [self.groups[i] for i in chosen.tolist()],
            self.trust[chosen],
        )


def split_groups(groups: Sequence[str], n_folds: int) -> NDArray[np.int64]:
    """Give each passage its fold, groups whole and the folds about equally large; depends on nothing but the groups."""
    import numpy as np

    sizes: dict[str, int] = {}
    for group in groups:
        sizes[group] = sizes.get(group, 0) + 1
    load, fold_of = [0] * n_folds, {}
    for group in sorted(sizes, key=lambda g: (-sizes[g], hashlib.sha256(g.encode()).hexdigest())):
        fold = load.index(min(load))
        fold_of[group] = fold
        load[fold] += sizes[group]
    return np.array([fold_of[group] for group in groups], dtype=np.int64)


def target_matrix(values: NDArray[Any], targets: Sequence[Target]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Turn codes into answers (0 or 1) and which of them are known, both of shape (n_passages, n_targets)."""
    import numpy as np

    answers = np.stack([values[:, target.code] >= target.least for target in targets], axis=1)
    known = np.stack([values[:, target.code] >= 0 for target in targets], axis=1)
    return answers.astype(np.float64), known.astype(np.float64)


def fit_parts(
    lesson: Lesson,
    known_words: WordKnowledge,
    n_marks: int,
    targets: Sequence[Target],
    options: TrainingOptions,
) -> dict[str, Any]:
    """Fit the linear model, the networks and the keyness of words on one set of passages.

    Shapes: ``idf`` (n_columns,), ``weights`` (n_columns, n_targets), ``bias`` (n_targets,), ``keyness`` (n_columns, n_codes);
    each array of ``parameters`` has the networks along its first axis.
    """
    import numpy as np

    answers, known = target_matrix(lesson.values, targets)
    counts = lesson.inputs.counts
    idf = inverse_frequency(counts)
    weights, bias = fit_linear(weigh_counts(counts, idf), answers, known, strength=options.linear_strength)
    rows, marks, word_rows = lesson.inputs.rows, lesson.inputs.marks, known_words.rows()
    fitted = [
        fit_network(rows, marks, word_rows, n_marks, answers, known, options=replace(options.network, seed=seed))
        for seed in range(options.n_networks)
    ]
    networks = {name: np.stack([one[name] for one in fitted]) for name in fitted[0]}
    keyness = fit_keyness(counts, lesson.values >= 1)
    keyness = np.where((keyness > LEAST_KEYNESS) & (idf > 0)[:, None], keyness, 0.0)
    return {
        "idf": idf, "weights": weights, "bias": bias, "parameters": networks,
        "networks": prepare_networks(networks, word_rows), "keyness": keyness, "known_words": known_words,
    }  # fmt: skip


def score_parts(parts: dict[str, Any], inputs: Inputs) -> dict[str, NDArray[np.float64]]:
    """Score passages with fitted parts: logits of the linear model and the network, keyness and topics of the words."""
    scores = score_words(
        inputs.counts, parts["idf"], parts["weights"], parts["bias"], parts["keyness"], parts["known_words"]
    )
    scores["network"] = score_networks(inputs.rows, inputs.marks, parts["networks"])
    return scores


def codes_of_measures(codebook: Codebook, n_measures: int) -> list[str]:
    """Say which code each measure of a passage speaks of, "" for those that speak of none."""
    codes = [code.code for code in codebook.codes]
    n_kinds = (n_measures - len(PASSAGE_MEASURES) - len(CODE_MEASURES) * len(codes)) // (len(codes) + 1)
    return codes * len(CODE_MEASURES) + [""] * n_kinds + codes * n_kinds + [""] * len(PASSAGE_MEASURES)


def train_model(
    lesson: Lesson,
    codebook: Codebook,
    known_words: WordKnowledge,
    n_marks: int,
    *,
    options: TrainingOptions = TrainingOptions(),
) -> dict[str, Any]:
    """Fit everything.

    Returns
    -------
    dict
        The parts fitted on all passages; ``mixture`` and ``blend`` with their biases and ``thresholds`` by coder,
        fitted on the scores of passages that the parts had not seen; ``held_out``: those scores.

    Raises
    ------
    UsageError
        If there are too few passages or documents to learn from.
    """
    import numpy as np

    n_passages, n_groups = len(lesson.groups), len(set(lesson.groups))
    if n_passages < FEWEST_PASSAGES or n_groups < options.n_folds:
        raise UsageError(
            f"{n_passages} hand-coded passages of {n_groups} documents are too few to train on; code at least "
            f"{FEWEST_PASSAGES} passages of {options.n_folds} documents (`xietong sample`, `xietong review`)"
        )
    # first, scores of passages that the parts have not seen
    targets = list_targets(codebook)
    folds = split_groups(lesson.groups, options.n_folds)
    held_out: dict[str, NDArray[np.float64]] = {}
    for fold in range(options.n_folds):
        inside, outside = np.nonzero(folds == fold)[0], np.nonzero(folds != fold)[0]
        parts = fit_parts(lesson.take(outside), known_words, n_marks, targets, options)
        for name, scores in score_parts(parts, lesson.inputs.take(inside)).items():
            held_out.setdefault(name, np.zeros((n_passages, scores.shape[1])))[inside] = scores
    # then, on those scores, how the parts are weighed against one another; a trust of 0 counts fully here
    answers, known = target_matrix(lesson.values, targets)
    trust = np.where(lesson.trust > 0, lesson.trust, 1.0)[:, None] * known
    blend = fit_blend(held_out, targets, answers, trust)
    features = mixture_features(held_out, lesson.inputs.measures)
    codes = [code.code for code in codebook.codes]
    mixture, probabilities = fit_mixture(
        features, targets, codes, codes_of_measures(codebook, lesson.inputs.measures.shape[1]), answers, trust, folds
    )
    # last, the parts that are used from now on, which learn from all passages
    parts = fit_parts(lesson, known_words, n_marks, targets, options)
    return {
        **parts, **blend, **mixture,
        "combined_thresholds": pick_thresholds(probabilities, answers, trust),
        "held_out": held_out, "probabilities": probabilities, "folds": folds,
    }  # fmt: skip


def held_out_figures(
    trained: dict[str, Any], lesson: Lesson, codebook: Codebook, rows: NDArray[np.bool_]
) -> dict[str, float]:
    """Give F1 (0 to 1, two decimals) of each target on the passages ``rows``, a mask of shape (n_passages,).

    Each passage is coded by parts and thresholds that had not seen it.
    """
    import numpy as np

    targets = list_targets(codebook)
    answers, known = target_matrix(lesson.values, targets)
    probabilities, folds = trained["probabilities"], trained["folds"]
    trust = lesson.trust[:, None] * known
    assigned = np.zeros(answers.shape, dtype=bool)
    for fold_number in np.unique(folds):
        inside = folds == fold_number
        thresholds = pick_thresholds(probabilities[~inside], answers[~inside], trust[~inside])
        assigned[inside] = probabilities[inside] >= thresholds
    true, said = answers[rows] > 0, assigned[rows]
    f1 = 2 * (true & said).sum(axis=0) / np.maximum(true.sum(axis=0) + said.sum(axis=0), 1)
    names = [f"{codebook.codes[target.code].column} >= {target.least}" for target in targets]
    return {name: round(float(value), 2) for name, value in zip(names, f1, strict=True)}


def stored_arrays(trained: dict[str, Any]) -> dict[str, NDArray[Any]]:
    """Give a trained model's arrays as they are stored: small whole numbers with scales, rounded parameters."""
    import numpy as np

    is_weighted = trained["idf"] > 0
    weights, weights_scale = shrink(trained["weights"][is_weighted], "int16")
    keyness, keyness_scale = shrink(trained["keyness"][is_weighted], "int8", axis=None)
    arrays = {
        "is_weighted": np.packbits(is_weighted),
        "idf": np.round(trained["idf"][is_weighted], 4).astype(np.float32),
        "weights": weights,
        "weights_scale": weights_scale,
        "bias": np.round(trained["bias"], 4),
        "keyness": keyness,
        "keyness_scale": keyness_scale,
        "topics": np.rint(trained["known_words"].topics[1:] * 255).astype(np.uint8),
    }
    for name, value in trained["parameters"].items():
        arrays[f"net_{name}"] = np.round(value.astype(np.float64), 4).astype(np.float16)
    for name in ("mixture", "mixture_bias", "combined_thresholds"):
        arrays[name] = trained[name]
    for coder in BLENDS:
        for part in ("slopes", "bias", "thresholds"):
            arrays[f"{coder}_{part}"] = trained[f"{coder}_{part}"]
    return arrays
