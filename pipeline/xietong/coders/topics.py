"""Coder ``topics``: a topic model steered by the codebook's terms, folded in word by word.

A passage's share of a topic is the mean, over its words, of the topic's share given the word: one step of the
expectation-maximisation of Hofmann's (1999) probabilistic latent semantic analysis, the same for each passage alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xietong.codebook import Codebook
from xietong.coders.calibrated import code_by_scores
from xietong.coders.evidence import Citable
from xietong.coders.model import CodingModel
from xietong.records import Coding

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def code_by_topics(
    citable: Citable, codebook: Codebook, fitted: CodingModel, scores: dict[str, NDArray[np.float64]]
) -> Coding:
    """Code passages by the shares of the codes' topics; parameters and result as for ``calibrated.code_by_scores``."""
    return code_by_scores("topics", citable, codebook, fitted, scores)
