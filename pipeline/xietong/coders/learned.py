"""Coder ``learned``: what hand-coded passages taught a linear model of words and a small network of words in order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xietong.codebook import Codebook
from xietong.coders.calibrated import code_by_scores
from xietong.coders.convolution import score_networks
from xietong.coders.evidence import Citable
from xietong.coders.inputs import Inputs
from xietong.coders.mixture import score_words
from xietong.coders.model import CodingModel
from xietong.records import Coding

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

#: Words in so many passages that their inverse frequency is below this are no evidence, whatever they weigh.
LEAST_TELLING = 3.0


def score_passages(inputs: Inputs, model: CodingModel) -> dict[str, NDArray[np.float64]]:
    """Run every trained part over a batch; by name, one row per passage."""
    scores = score_words(inputs.counts, model.idf, model.weights, model.bias, model.keyness, model.known)
    scores["network"] = score_networks(inputs.rows, inputs.marks, model.networks)
    return scores


def code_by_learned(
    citable: Citable, codebook: Codebook, fitted: CodingModel, scores: dict[str, NDArray[np.float64]]
) -> Coding:
    """Code passages by the trained model; parameters and result as for ``calibrated.code_by_scores``."""
    return code_by_scores("learned", citable, codebook, fitted, scores)
