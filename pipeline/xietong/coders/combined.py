"""Coder ``combined``: settles what the other coders say into the assigned values, calibrated, and asks where unsure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from xietong.codebook import Codebook
from xietong.coders.calibrated import DECIMALS, code_scores
from xietong.coders.inputs import Inputs
from xietong.coders.matching import Matcher
from xietong.coders.mixture import mixture_features
from xietong.coders.model import CodingModel, logistic, values_of
from xietong.coders.terms import Findings, cite_terms
from xietong.records import Coding, Cues

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

#: A decision this near its threshold, in log-odds, asks for a person's eye.
NEAR = 0.4


def code_by_combined(
    codings: Sequence[Coding],
    codebook: Codebook,
    fitted: CodingModel,
    inputs: Inputs,
    scores: dict[str, NDArray[np.float64]],
    found: Findings,
    matcher: Matcher,
) -> Coding:
    """Assign values by the trained mixture of all coders.

    Parameters
    ----------
    codings
        What the single coders said; the evidence comes from ``learned`` and from the terms found.
    fitted, scores
        As for ``calibrated.code_by_scores``.
    inputs
        What :func:`xietong.coders.inputs.read_inputs` gave for the batch; its measures go into the mixture.
    found, matcher
        The terms coder's findings and fitted state.
    """
    import numpy as np

    probabilities = score_combined(scores, inputs.measures, fitted.arrays["mixture"], fitted.arrays["mixture_bias"])
    thresholds = fitted.arrays["combined_thresholds"]
    values = values_of(probabilities, thresholds, fitted.targets, len(codebook.codes))
    review = np.zeros(values.shape, dtype=bool)
    distance = distance_from(thresholds, probabilities)
    for number, target in enumerate(fitted.targets):
        review[:, target.code] |= distance[:, number] < NEAR
    learned = next(coding for coding in codings if coding.coder_id == "learned")
    cues = _gather(cite_terms(found, matcher, values), learned.cues, values)
    return Coding("combined", code_scores(probabilities, fitted.targets, len(codebook.codes)), values, cues, review)


def score_combined(
    scores: dict[str, NDArray[np.float64]],
    measures: NDArray[np.float64],
    mixture: NDArray[np.float64],
    bias: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Give the calibrated probability of every target, rounded, shape (n_passages, n_targets)."""
    import numpy as np

    features = mixture_features(scores, measures)
    # einsum adds in the same order whatever the batch; a matrix product would not
    return np.round(logistic(np.einsum("ij,jk->ik", features, mixture) + bias), DECIMALS)


def distance_from(thresholds: NDArray[np.float64], probabilities: NDArray[np.float64]) -> NDArray[np.float64]:
    """Say how far decisions are from their thresholds, in log-odds: how sure they are."""
    import numpy as np

    def log_odds(probability: NDArray[np.float64]) -> NDArray[np.float64]:
        bounded = np.clip(probability, 0.001, 0.999)
        return np.log(bounded / (1 - bounded))

    return np.abs(log_odds(probabilities) - log_odds(np.asarray(thresholds)))


def combine_without_model(codings: Sequence[Coding], codebook: Codebook) -> Coding:
    """Settle for a codebook nobody has hand-coded with: the terms coder decides, everything near the border is asked."""
    import numpy as np

    terms = next(coding for coding in codings if coding.coder_id == "terms")
    review = (terms.scores > 0.2) & (terms.scores < 0.6)
    return Coding("combined", terms.scores, terms.values, terms.cues, np.asarray(review))


def _gather(cited: Cues, learned: Cues, values: NDArray[np.int8]) -> Cues:
    """Put the terms found and the learned words of the assigned codes together; a span is listed once per code."""
    import numpy as np

    used = values[learned.passage, learned.code] > 0
    # of one span the last of the terms is kept, and a learned word only where there is no term
    both = [
        np.concatenate([getattr(cited, name)[::-1], getattr(learned, name)[used]])
        for name in ("passage", "code", "start", "end", "weight")
    ]
    label = np.concatenate([cited.label[::-1], learned.label[used] + len(cited.labels)])
    order = np.lexsort(both[3::-1])
    spans = np.stack([column[order] for column in both[:4]])
    is_first = np.ones(len(order), dtype=bool)
    is_first[1:] = (spans[:, 1:] != spans[:, :-1]).any(axis=0)
    kept = order[is_first]
    passage, code, start, end, weight = (column[kept] for column in both)
    return Cues(passage, code, start, end, label[kept], weight, [*cited.labels, *learned.labels])
