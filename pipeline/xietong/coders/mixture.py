"""Settles the scores of several coders into calibrated probabilities, and picks the thresholds that assign codes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from xietong.coders.model import Target, WordKnowledge, logistic
from xietong.coders.word_counts import weigh_counts
from xietong.coders.word_fields import FIELDS

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from scipy.sparse import csr_matrix

Scores = Mapping[str, "NDArray[np.float64]"]

#: What each coder's calibrated score rests on: names of the parts' scores.
BLENDS = {"learned": ("linear", "network"), "keywords": ("keyness",), "topics": ("topics",)}
#: How strongly features may weigh in the mixture of a target: the target's own logits and scores, those of all other
#: targets, the measures of the target's own code, and the measures of the passage that belong to no code.
OWN, SHARED, OWN_MEASURES, PASSAGE_MEASURES = 1.0, 0.1, 0.8, 0.3


#: A threshold is drawn towards the cautious one as if by this many examples.
CAUTIOUS, DOUBT = 0.3, 40


def score_words(
    counts: csr_matrix,
    idf: NDArray[np.float64],
    weights: NDArray[np.float64],
    bias: NDArray[np.float64],
    keyness: NDArray[np.float64],
    known_words: WordKnowledge,
) -> dict[str, NDArray[np.float64]]:
    """Give what single words say: ``linear`` logits, ``keyness`` per code, ``topics`` shares, how many point to
    each of the ``fields`` (on a logarithmic scale); one row per passage."""
    import numpy as np

    rows = weigh_counts(counts, idf)
    presence = counts.copy()
    presence.data = np.ones_like(presence.data)
    n_words = np.maximum(np.diff(counts.indptr), 1)[:, None]
    return {
        "linear": rows @ weights + bias,
        "keyness": (presence @ keyness) / np.sqrt(n_words),
        "topics": (rows @ known_words.topics) / np.sqrt(n_words) * 3.0,
        "fields": np.log1p(presence @ known_words.fields.astype(np.float64)),
    }


def mixture_features(scores: Scores, measures: NDArray[np.float64]) -> NDArray[np.float64]:
    """Put all scores side by side, shape (n_passages, n_features)."""
    import numpy as np

    parts = [scores["linear"], scores["network"], scores["keyness"] * 0.3, scores["topics"], scores["fields"], measures]
    return np.hstack([np.clip(part, -12, 12) for part in parts])


def _scales(
    measures_of: Sequence[str], n_topics: int, targets: Sequence[Target], codes: Sequence[str], number: int
) -> NDArray[np.float64]:
    """Say how strongly each feature may weigh for a target."""
    import numpy as np

    n_targets, n_codes, target = len(targets), len(codes), targets[number]
    logits = np.full(2 * n_targets, SHARED)
    logits[[number, n_targets + number]] = OWN
    keyness, topics = np.zeros(n_codes), np.zeros(n_topics)
    keyness[target.code] = OWN
    topics[target.code] = OWN
    weight_of = {codes[target.code]: OWN_MEASURES, "": PASSAGE_MEASURES}
    fields = [weight_of.get(field if field in codes else "", 0.0) for field in FIELDS.values()]
    return np.concatenate([logits, keyness, topics, fields, [weight_of.get(code, 0.0) for code in measures_of]])


def fit_mixture(
    features: NDArray[np.float64],
    targets: Sequence[Target],
    codes: Sequence[str],
    measures_of: Sequence[str],
    answers: NDArray[Any],
    trust: NDArray[Any],
    folds: NDArray[np.int64],
    *,
    strength: float = 0.1,
) -> tuple[dict[str, NDArray[np.float64]], NDArray[np.float64]]:
    """Fit one logistic regression per target on the scores of all parts.

    Parameters
    ----------
    features
        As :func:`mixture_features` gives them.
    measures_of
        The code that each of the measures speaks of, "" for those of the passage.

    Returns
    -------
    mixture : dict
        ``mixture`` (n_features, n_targets) and ``mixture_bias`` (n_targets,).
    probabilities : array, shape (n_passages, n_targets)
        What each passage gets from the passages of other folds.
    """
    import numpy as np

    n_targets = len(targets)
    n_topics = features.shape[1] - 2 * n_targets - len(codes) - len(FIELDS) - len(measures_of)
    coefficients, bias = np.zeros((features.shape[1], n_targets)), np.zeros(n_targets)
    probabilities = np.zeros((len(features), n_targets))
    for number in range(n_targets):
        scale = _scales(measures_of, n_topics, targets, codes, number)
        used = scale > 0
        scaled = features[:, used] * scale[used]
        for fold in np.unique(folds):
            outside = folds != fold
            slope, at = _logistic_regression(
                scaled[outside], answers[outside, number], trust[outside, number], strength
            )
            probabilities[~outside, number] = logistic(scaled[~outside] @ slope + at)
        slope, at = _logistic_regression(scaled, answers[:, number], trust[:, number], strength)
        coefficients[used, number], bias[number] = slope * scale[used], at
    return {"mixture": np.round(coefficients, 4), "mixture_bias": np.round(bias, 4)}, probabilities


def fit_blend(
    scores: Scores, targets: Sequence[Target], answers: NDArray[Any], trust: NDArray[Any]
) -> dict[str, NDArray[np.float64]]:
    """Calibrate each single coder: slopes of its parts' scores, a bias, and thresholds.

    Returns
    -------
    dict
        ``CODER_slopes`` (n_parts, n_targets), ``CODER_bias`` and ``CODER_thresholds`` (n_targets,).
    """
    import numpy as np

    fitted = {}
    for coder, parts in BLENDS.items():
        slopes, bias = np.zeros((len(parts), len(targets))), np.zeros(len(targets))
        for number, _ in enumerate(targets):
            own = own_scores(scores, coder, targets, number)
            slopes[:, number], bias[number] = _logistic_regression(own, answers[:, number], trust[:, number], 1.0)
        fitted[f"{coder}_slopes"], fitted[f"{coder}_bias"] = np.round(slopes, 4), np.round(bias, 4)
        blended = blend_scores(scores, coder, targets, fitted)
        fitted[f"{coder}_thresholds"] = pick_thresholds(blended, answers, trust)
    return fitted


def own_scores(scores: Scores, coder: str, targets: Sequence[Target], number: int) -> NDArray[np.float64]:
    """Give what a coder's parts say on one target, shape (n_passages, n_parts)."""
    import numpy as np

    columns = []
    for part in BLENDS[coder]:
        values = scores[part]
        columns.append(values[:, number if values.shape[1] == len(targets) else targets[number].code])
    return np.stack(columns, axis=1)


def blend_scores(
    scores: Scores, coder: str, targets: Sequence[Target], fitted: Mapping[str, NDArray[Any]]
) -> NDArray[np.float64]:
    """Give a single coder's calibrated probabilities, shape (n_passages, n_targets)."""
    import numpy as np

    slopes, bias = fitted[f"{coder}_slopes"], fitted[f"{coder}_bias"]
    logits = [
        (own_scores(scores, coder, targets, number) * slopes[:, number]).sum(axis=1) + bias[number]
        for number in range(len(targets))
    ]
    return logistic(np.stack(logits, axis=1))


def pick_thresholds(probabilities: NDArray[Any], answers: NDArray[Any], trust: NDArray[Any]) -> NDArray[np.float64]:
    """Pick the probability from which each target is assigned: where F1, smoothed over nearby thresholds, is highest."""
    import numpy as np

    grid = np.arange(0.05, 0.951, 0.01)
    thresholds = np.full(answers.shape[1], 0.5)
    kernel = np.exp(-0.5 * (np.arange(-6, 7) / 3.0) ** 2)
    for number in range(answers.shape[1]):
        positive, weight = answers[:, number] > 0, trust[:, number]
        if not (weight[positive].sum() > 0):
            continue
        order = np.argsort(probabilities[:, number], kind="stable")
        sorted_probabilities = probabilities[order, number]
        at = np.searchsorted(sorted_probabilities, grid, side="left")
        assigned = np.concatenate([np.cumsum(weight[order][::-1])[::-1], [0.0]])[at]
        hits = np.concatenate([np.cumsum((weight * positive)[order][::-1])[::-1], [0.0]])[at]
        f1 = 2 * hits / (assigned + weight[positive].sum())
        padded = np.pad(f1, 6, mode="edge")
        best = grid[int(np.argmax(np.convolve(padded, kernel, mode="valid")))]
        n_positive = int(positive.sum())
        # with few examples the best threshold is mostly chance: stay near a cautious one
        thresholds[number] = (n_positive * best + DOUBT * CAUTIOUS) / (n_positive + DOUBT)
    return np.round(thresholds, 4)


def _logistic_regression(
    rows: NDArray[np.float64], answers: NDArray[Any], weights: NDArray[Any], strength: float
) -> tuple[NDArray[np.float64], float]:
    import numpy as np
    from sklearn.linear_model import LogisticRegression

    known = weights > 0
    positive = answers[known] > 0
    if positive.all() or not positive.any():
        return np.zeros(rows.shape[1]), 6.0 if len(positive) and positive.all() else -6.0
    model = LogisticRegression(C=strength, max_iter=500)
    model.fit(rows[known], positive, sample_weight=weights[known])
    return model.coef_[0], float(model.intercept_[0])
