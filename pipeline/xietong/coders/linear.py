"""Fits the linear part of the learned coder: words weighted by how much they tell, one logistic regression per target.

Wang, S., & Manning, C. D. (2012). Baselines and bigrams: simple, good sentiment and topic classification.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from scipy.sparse import csr_matrix


#: Words less typical of a code than this (z-score) are no keywords of it.
LEAST_KEYNESS = 2.0
#: Among so many passages a word has to stand in one (and in two at least) to be weighed.
PASSAGES_A_WORD = 8_000


def inverse_frequency(counts: csr_matrix) -> NDArray[np.float64]:
    """Give ``ln((1 + n) / (1 + n_passages_with_word)) + 1`` of each word, 0 for rare ones: of one passage, or of few in
    many thousands."""
    import numpy as np

    least = max(2, counts.shape[0] // PASSAGES_A_WORD)
    n_with = np.bincount(counts.indices, minlength=counts.shape[1])
    return np.where(n_with >= least, np.log((1 + counts.shape[0]) / (1 + n_with)) + 1, 0.0)


def log_count_ratio(presence: csr_matrix, positive: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Say how much more often each word stands in positive passages than in the others, smoothed by one, in logs."""
    import numpy as np

    inside = 1.0 + np.asarray(presence[positive].sum(axis=0)).ravel()
    outside = 1.0 + np.asarray(presence[~positive].sum(axis=0)).ravel()
    ratio: NDArray[np.float64] = np.log((inside / inside.sum()) / (outside / outside.sum()))
    return ratio


def fit_linear(
    rows: csr_matrix, targets: NDArray[Any], weights: NDArray[Any], *, strength: float = 3.0
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Fit one logistic regression per target.

    Parameters
    ----------
    rows
        Weighted counts (``word_counts.weigh_counts``), shape (n_passages, n_columns).
    targets, weights
        0 or 1, and the weight of each decision (0 leaves it out), shape (n_passages, n_targets).
    strength
        Inverse of the penalty (``C``).

    Returns
    -------
    coefficients : shape (n_columns, n_targets)
    bias : shape (n_targets,)
        A target without both answers gets a bias that says the one there is.
    """
    import numpy as np
    from scipy import sparse
    from sklearn.linear_model import LogisticRegression

    coefficients = np.zeros((rows.shape[1], targets.shape[1]))
    bias = np.zeros(targets.shape[1])
    presence = (rows > 0).astype(np.float64).tocsr()
    for target in range(targets.shape[1]):
        known = np.nonzero(weights[:, target] > 0)[0]
        positive = targets[known, target] > 0
        if positive.all() or not positive.any():
            bias[target] = 6.0 if len(known) and positive.all() else -6.0
            continue
        ratio = np.abs(log_count_ratio(presence[known], positive))
        model = LogisticRegression(C=strength, solver="liblinear", max_iter=300, random_state=0)
        model.fit(rows[known] @ sparse.diags(ratio), positive, sample_weight=weights[known, target])
        coefficients[:, target] = model.coef_[0] * ratio
        bias[target] = model.intercept_[0]
    return coefficients, bias


def fit_keyness(counts: csr_matrix, codes: NDArray[np.bool_], *, prior: float = 0.01) -> NDArray[np.float64]:
    """Score how typical each word is of each code: log-odds with an informative Dirichlet prior, as z-scores.

    Parameters
    ----------
    counts
        Shape (n_passages, n_words + 1).
    codes
        Which passages have which code, shape (n_passages, n_codes).
    prior
        Share of the corpus's own counts that is added to both sides.

    Returns
    -------
    array of float, shape (n_words + 1, n_codes)

    References
    ----------
    Monroe, B. L., Colaresi, M. P., & Quinn, K. M. (2008). Fightin' words.
    """
    import numpy as np

    presence = (counts > 0).astype(np.float64).tocsr()
    total = np.asarray(presence.sum(axis=0)).ravel()
    added = prior * total + 0.01
    scores = np.zeros((counts.shape[1], codes.shape[1]))
    for code in range(codes.shape[1]):
        inside = np.asarray(presence[codes[:, code]].sum(axis=0)).ravel()
        outside = total - inside
        a, b = inside + added, outside + added
        difference = np.log(a / (a.sum() - a)) - np.log(b / (b.sum() - b))
        scores[:, code] = difference / np.sqrt(1 / a + 1 / b)
    return scores
