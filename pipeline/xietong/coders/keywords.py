"""Coder ``keywords``: words that are typical of a code's passages, each worth its keyness.

Keyness is the log-odds of a word inside and outside the code's passages with an informative Dirichlet prior, as a
z-score (``linear.fit_keyness``); a passage scores the sum over its different words by the root of their number.
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


def code_by_keywords(
    citable: Citable, codebook: Codebook, fitted: CodingModel, scores: dict[str, NDArray[np.float64]]
) -> Coding:
    """Code passages by the keyness of their words; parameters and result as for ``calibrated.code_by_scores``."""
    return code_by_scores("keywords", citable, codebook, fitted, scores)
