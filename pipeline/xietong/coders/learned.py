"""Coder ``learned``: what hand-coded passages taught a linear model of words and a small network of words in order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from xietong.codebook import Codebook
from xietong.coders.convolution import score_networks
from xietong.coders.evidence import Citable, cite_words
from xietong.coders.inputs import Inputs
from xietong.coders.mixture import blend_scores, score_words
from xietong.coders.model import CodingModel, Target, first_targets, values_of
from xietong.records import Coding

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

#: Scores are rounded to this many decimals.
DECIMALS = 4
#: Words in so many passages that their inverse frequency is below this are no evidence, whatever they weigh.
LEAST_TELLING = 3.0


def score_passages(inputs: Inputs, model: CodingModel) -> dict[str, NDArray[np.float64]]:
    """Run every trained part over a batch; by name, one row per passage."""
    scores = score_words(inputs.counts, model.idf, model.weights, model.bias, model.keyness, model.known)
    scores["network"] = score_networks(inputs.rows, inputs.marks, model.networks)
    return scores


def code_by_learned(
    citable: Citable,
    codebook: Codebook,
    fitted: CodingModel,
    inputs: Inputs,
    scores: dict[str, NDArray[np.float64]],
) -> Coding:
    """Code passages by the trained model.

    Parameters
    ----------
    citable, codebook
        The words that may be cited as evidence, and the codebook that the model was trained for.
    fitted
        The model (:func:`xietong.coders.model.open_model`).
    inputs, scores
        What :func:`xietong.coders.inputs.read_inputs` and :func:`score_passages` gave for the batch.

    Returns
    -------
    Coding
        ``scores`` are calibrated probabilities that the code is present; cues are the words with most weight.
    """
    return code_by_blend("learned", citable, codebook, fitted, inputs, scores, fitted.evidence["learned"])


def code_by_blend(
    coder_id: str,
    citable: Citable,
    codebook: Codebook,
    fitted: CodingModel,
    inputs: Inputs,
    scores: dict[str, NDArray[np.float64]],
    weights: NDArray[np.float64],
) -> Coding:
    """Code by one coder's calibrated scores; ``weights`` of words give the evidence, shape (n_codes, n_words + 1)."""
    import numpy as np

    probabilities = np.round(blend_scores(scores, coder_id, fitted.targets, fitted.arrays), DECIMALS)
    thresholds = fitted.arrays[f"{coder_id}_thresholds"]
    values = values_of(probabilities, thresholds, fitted.targets, len(codebook.codes))
    passage, code = np.nonzero(values)
    cues = cite_words(citable, passage, code, weights)
    return Coding(coder_id, code_scores(probabilities, fitted.targets, len(codebook.codes)), values, cues)


def code_scores(probabilities: NDArray[np.float64], targets: Sequence[Target], n_codes: int) -> NDArray[np.float32]:
    """Give how sure it is that each code is present, shape (n_passages, n_codes)."""
    import numpy as np

    return probabilities[:, first_targets(targets, n_codes)].astype(np.float32)
