"""Fits the topics that the topics coder folds in: latent Dirichlet allocation with priors from the codebook's terms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from xietong.errors import MissingExtraError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

#: Prior of a word in any topic, and of a seed word of weight one in its own.
PRIOR, SEED_PRIOR = 0.01, 5.0


def fit_seeded_topics(
    passages: Sequence[Sequence[str]],
    words: Sequence[str],
    seeds: Sequence[Mapping[str, float]],
    *,
    n_free: int = 23,
    n_rounds: int = 150,
    seed: int = 1,
) -> NDArray[np.float64]:
    """Fit a topic for each code, which the code's terms pull, and free ones for all else that is spoken of.

    Parameters
    ----------
    passages
        Words of unlabelled passages.
    words
        The vocabulary; other words are left out.
    seeds
        For each code its terms' words, with their weights.

    Returns
    -------
    array of float, shape (n_words + 1, n_codes + n_free)
        Share of each topic given the word, row 0 for unknown words; zeros for words that no passage has.

    References
    ----------
    Jagarlamudi, J., Daumé III, H., & Udupa, R. (2012). Incorporating lexical priors into topic models.
    """
    import numpy as np

    try:
        import tomotopy
    except ImportError as error:
        raise MissingExtraError("fitting topics needs tomotopy: pip install tomotopy") from error

    known, n_topics = set(words), len(seeds) + n_free
    model = tomotopy.LDAModel(k=n_topics, alpha=0.1, eta=PRIOR, seed=seed)
    for passage in passages:
        kept = [word for word in passage if word in known]
        if kept:
            model.add_doc(kept)
    for code, own in enumerate(seeds):
        for word, weight in sorted(own.items()):
            prior = [PRIOR] * n_topics
            prior[code] = PRIOR + SEED_PRIOR * weight
            model.set_word_prior(word, prior)
    model.train(n_rounds, workers=1)
    number = {word: i for i, word in enumerate(words, start=1)}
    given = np.zeros((len(words) + 1, n_topics))
    rows = np.array([number[word] for word in model.used_vocabs])
    sizes = np.asarray(model.get_count_by_topics(), dtype=float)
    for topic in range(n_topics):
        given[rows, topic] = model.get_topic_word_dist(topic) * sizes[topic]
    total = given.sum(axis=1, keepdims=True)
    shares: NDArray[np.float64] = given / np.where(total > 0, total, 1.0)
    return shares
