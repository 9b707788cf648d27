"""What the trained coders share: calibrated scores become values, and the words that weigh most their evidence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from xietong.codebook import Codebook
from xietong.coders.evidence import Citable, cite_words
from xietong.coders.mixture import blend_scores
from xietong.coders.model import CodingModel, Target, first_targets, values_of
from xietong.records import Coding

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

#: Scores are rounded to this many decimals.
DECIMALS = 4


def code_by_scores(
    coder_id: str, citable: Citable, codebook: Codebook, fitted: CodingModel, scores: dict[str, NDArray[np.float64]]
) -> Coding:
    """Code passages by what one coder's parts of the model say of them.

    Parameters
    ----------
    coder_id
        Says which parts are blended and which weights of words give the evidence.
    citable, codebook
        The words that may be cited as evidence, and the codebook that the model was trained for.
    fitted
        The model (:func:`xietong.coders.model.open_model`).
    scores
        What :func:`xietong.coders.learned.score_passages` gave for the batch.

    Returns
    -------
    Coding
        ``scores`` are calibrated probabilities that the code is present, 0 to 1, shape (n_passages, n_codes); cues
        are the words with most weight, where a code is assigned.
    """
    import numpy as np

    probabilities = np.round(blend_scores(scores, coder_id, fitted.targets, fitted.arrays), DECIMALS)
    thresholds = fitted.arrays[f"{coder_id}_thresholds"]
    values = values_of(probabilities, thresholds, fitted.targets, len(codebook.codes))
    passage, code = np.nonzero(values)
    cues = cite_words(citable, passage, code, fitted.evidence[coder_id])
    return Coding(coder_id, code_scores(probabilities, fitted.targets, len(codebook.codes)), values, cues)


def code_scores(probabilities: NDArray[np.float64], targets: Sequence[Target], n_codes: int) -> NDArray[np.float32]:
    """Give how sure it is that each code is present, shape (n_passages, n_codes)."""
    import numpy as np

    return probabilities[:, first_targets(targets, n_codes)].astype(np.float32)
