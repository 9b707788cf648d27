"""Topic models: fitted, seeded by the codebook or not, kept without pickle, and held fixed when new passages arrive."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from xietong.analysis.phrases import Rounds, apply_phrases
from xietong.analysis.tokens import Tokens, count_words, tokenise_passages
from xietong.errors import MissingExtraError, RunFolderError, UsageError
from xietong.threads import one_thread

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

METHODS = ("nmf", "lda", "tomotopy")
FEWEST_PASSAGES = 50
_STEPS = 60  # of folding in: fixed, so that a passage's topics do not depend on the passages beside it


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicModel:
    """A fitted model.

    ``components``: float, shape (n_topics, n_terms), rows of unit length (nmf) or unit sum (lda);
    ``idf``: float, shape (n_terms,), ones for lda; ``seeds``: the code that seeded each topic, or "";
    ``labels``: the names the topics got when they were first described.
    """

    method: str
    terms: tuple[str, ...]
    components: NDArray[np.float64]
    idf: NDArray[np.float64]
    seeds: tuple[str, ...]
    labels: tuple[str, ...] = ()
    phrases: Rounds = ()
    lexicon: tuple[str, ...] = ()

    @property
    def n_topics(self) -> int:
        """How many topics there are."""
        return len(self.components)


def fit_topics(
    counts: Any, terms: Sequence[str], n_topics: int, *, method: str = "nmf", seed: int = 0, n_steps: int = 200
) -> TopicModel:
    """Fit topics that nothing steers.

    Parameters
    ----------
    counts : sparse matrix of float, shape (n_passages, n_terms)
    terms : sequence of str
    n_topics : int
    method : str
        ``nmf`` (of tf-idf, scikit-learn), ``lda`` (scikit-learn) or ``tomotopy`` (LDA by Gibbs sampling; an extra).
    seed, n_steps : int

    Returns
    -------
    TopicModel
        Topics in the order of how much text they take, largest first.

    Raises
    ------
    UsageError
        With fewer than fifty passages or fewer terms than topics.
    """
    _refuse(counts, n_topics, method)
    if method == "tomotopy":
        components = _tomotopy(counts, terms, n_topics, seed, {})
        idf = np.ones(len(terms))
    elif method == "lda":
        components, idf = _lda(counts, n_topics, seed), np.ones(len(terms))
    else:
        idf = inverse_document_frequency(counts)
        components = _nmf(weigh(counts, idf), n_topics, seed, n_steps)
    model = TopicModel(method=method, terms=tuple(terms), components=components, idf=idf, seeds=("",) * len(components))
    order = np.argsort(-topic_shares(model, counts).sum(axis=0), kind="stable")
    return replace(model, components=components[order])


def fit_seeded_topics(
    counts: Any, terms: Sequence[str], seeds: Mapping[str, Sequence[str]], n_free: int, *, method: str = "nmf",
    strength: float = 0.5, seed: int = 0, n_steps: int = 60,
) -> TopicModel:  # fmt: skip
    """Fit one topic for each code, steered by its terms, and some free ones for what no code names.

    Parameters
    ----------
    counts : sparse matrix of float, shape (n_passages, n_terms)
    terms : sequence of str
    seeds : mapping of code to terms
        Terms that do not occur are passed over; a code without any gets no topic. A term of several codes seeds each.
    n_free : int
        Topics without seeds.
    method : str
        ``nmf`` or ``tomotopy``; scikit-learn's LDA takes no seeds.
    strength : float
        How much of a topic's row its seed terms keep at least, as a share of the length of the others (``nmf``); 0 lets
        a topic drift away from its seeds.
    seed, n_steps : int

    Returns
    -------
    TopicModel
        First the codes' topics in their order, then the free ones. In ``nmf`` a seed term may belong to its own codes'
        topics only; every other term goes where the passages put it.

    Raises
    ------
    UsageError
        If no seed term occurs.

    References
    ----------
    Lee, D. D. & Seung, H. S. (1999) for NMF; Cichocki, A. & Phan, A.-H. (2009) for the column-wise updates.
    """
    if method == "lda":
        raise UsageError("scikit-learn's LDA takes no seed terms; choose the method nmf or tomotopy")
    index = {term: i for i, term in enumerate(terms)}
    found = {code: [index[t] for t in dict.fromkeys(words) if t in index] for code, words in seeds.items()}
    found = {code: columns for code, columns in found.items() if columns}
    if not found:
        raise UsageError("none of the codebook's terms is a word of these passages; fit topics without seeds")
    _refuse(counts, len(found) + n_free, method)
    names = (*found, *("",) * n_free)
    if method == "tomotopy":
        components = _tomotopy(counts, terms, len(names), seed, dict(enumerate(found.values())))
        return TopicModel(
            method=method, terms=tuple(terms), components=components, idf=np.ones(len(terms)), seeds=names
        )
    idf = inverse_document_frequency(counts)
    weighted = weigh(counts, idf)
    components = _seeded_nmf(weighted, list(found.values()), n_free, strength, seed, n_steps)
    return TopicModel(method=method, terms=tuple(terms), components=components, idf=idf, seeds=names)


def topic_shares(model: TopicModel, counts: Any) -> NDArray[np.float64]:
    """Say how much of each passage each topic takes, the topics held fixed.

    Parameters
    ----------
    model : TopicModel
    counts : sparse matrix of float, shape (n_passages, n_terms)
        Terms in the model's order (`count_for`).

    Returns
    -------
    array of float, shape (n_passages, n_topics)
        Rows add up to one; all zero for a passage without a known term. A row depends on its passage only.
    """
    if model.method == "nmf":
        weights = _nonnegative_weights(weigh(counts, model.idf), model.components)
    else:
        weights = _mixture_weights(counts, model.components)
    total = weights.sum(axis=1, keepdims=True)
    return np.where(total > 1e-12, weights / np.maximum(total, 1e-12), 0.0)


def count_for(model: TopicModel, passages: pd.DataFrame) -> Any:
    """Count the model's terms in passages, with the phrases the model learned."""
    tokens = tokenise_passages(passages, lexicon=model.lexicon)
    return select_terms(apply_phrases(tokens, model.phrases), model.terms)


def select_terms(tokens: Tokens, terms: Sequence[str]) -> Any:
    """Count these terms, in this order, in each passage; terms that do not occur have an empty column."""
    from scipy import sparse

    counts = count_words(tokens).tocsc()
    index = {word: i for i, word in enumerate(tokens.vocabulary)}
    empty = counts.shape[1]
    padded = sparse.hstack([counts, sparse.csc_matrix((counts.shape[0], 1))], format="csc")
    return padded[:, [index.get(term, empty) for term in terms]].tocsr()


def weigh(counts: Any, idf: NDArray[np.float64]) -> Any:
    """Weigh counts as (1 + ln count) idf, each passage to unit length."""
    from scipy import sparse

    weighted = counts.tocsr().copy()
    weighted.data = 1 + np.log(weighted.data)
    weighted = (weighted @ sparse.diags(idf)).tocsr()
    length = np.sqrt(np.asarray(weighted.multiply(weighted).sum(axis=1)).ravel())
    return (sparse.diags(1 / np.maximum(length, 1e-12)) @ weighted).tocsr()


def inverse_document_frequency(counts: Any) -> NDArray[np.float64]:
    """Give ln((1 + N) / (1 + df)) + 1 of each term, passages being the documents."""
    frequency = np.asarray((counts > 0).sum(axis=0)).ravel()
    return np.log((1 + counts.shape[0]) / (1 + frequency)) + 1


def save_model(model: TopicModel, file: Path) -> None:
    """Write a model as plain arrays, whole or not at all."""
    import os

    pairs = [(str(i), *pair) for i, pairs in enumerate(model.phrases) for pair in pairs]
    beside = file.with_name(f".{file.name}.{os.getpid()}.npz")
    np.savez_compressed(
        beside, method=np.array(model.method), terms=np.array(model.terms), components=model.components, idf=model.idf,
        seeds=np.array(model.seeds), labels=np.array(model.labels, dtype=str),
        phrases=np.array(pairs).reshape(len(pairs), 3), lexicon=np.array(model.lexicon, dtype=str),
    )  # fmt: skip
    beside.replace(file)


def load_model(file: Path) -> TopicModel:
    """Read a model that `save_model` wrote; nothing in it is executed."""
    try:
        with np.load(file, allow_pickle=False) as stored:
            rounds: dict[int, list[tuple[str, str]]] = {}
            for number, first, second in stored["phrases"].tolist():
                rounds.setdefault(int(number), []).append((first, second))
            return TopicModel(
                method=str(stored["method"]), terms=tuple(stored["terms"].tolist()), components=stored["components"],
                idf=stored["idf"], seeds=tuple(stored["seeds"].tolist()),
                labels=tuple(stored["labels"].tolist()), lexicon=tuple(stored["lexicon"].tolist()),
                phrases=tuple(tuple(rounds[i]) for i in sorted(rounds)),
            )  # fmt: skip
    except (OSError, ValueError, KeyError) as error:
        raise RunFolderError(f"{file} is not a topic model of Xietong ({error}); run `xietong topics` again") from error


def _nmf(weighted: Any, n_topics: int, seed: int, n_steps: int) -> NDArray[np.float64]:
    import warnings

    from sklearn.decomposition import NMF
    from sklearn.exceptions import ConvergenceWarning

    model = NMF(n_components=n_topics, init="nndsvda", random_state=seed, max_iter=n_steps, tol=1e-3)
    with one_thread(), warnings.catch_warnings():  # one thread adds in one order, on every machine
        warnings.simplefilter("ignore", ConvergenceWarning)  # the number of steps is an option
        model.fit(weighted)
    return _unit_length(model.components_)


def _lda(counts: Any, n_topics: int, seed: int, *, n_rounds: int = 8, batch: int = 256) -> NDArray[np.float64]:
    """Fit scikit-learn's LDA, started at the topics of NMF: from a random start it ends in poor optima too often."""
    from scipy.special import digamma
    from sklearn.decomposition import LatentDirichletAllocation

    idf = inverse_document_frequency(counts)
    start = _nmf(weigh(counts, idf), n_topics, seed, 60) / idf
    counts = counts.tocsr()
    order = np.random.default_rng([seed, 3]).permutation(counts.shape[0])
    model = LatentDirichletAllocation(
        n_components=n_topics, random_state=seed, learning_offset=10.0, doc_topic_prior=0.1, topic_word_prior=0.01,
        total_samples=counts.shape[0],
    )  # fmt: skip
    with one_thread():
        model.partial_fit(counts[:1])
        model.components_ = 0.01 + counts.sum() / n_topics * start / start.sum(axis=1, keepdims=True)
        spread = digamma(model.components_) - digamma(model.components_.sum(axis=1, keepdims=True))
        model.exp_dirichlet_component_ = np.exp(spread)
        for _ in range(n_rounds):
            for at in range(0, len(order), batch):
                model.partial_fit(counts[order[at : at + batch]])
    components = np.asarray(model.components_, dtype=float)
    return components / components.sum(axis=1, keepdims=True)


def _tomotopy(
    counts: Any, terms: Sequence[str], n_topics: int, seed: int, seeds: dict[int, list[int]]
) -> NDArray[np.float64]:
    try:
        import tomotopy
    except ImportError as error:
        raise MissingExtraError(
            'the method tomotopy needs an optional library: pip install "xietong[topics]"'
        ) from error
    model = tomotopy.LDAModel(k=n_topics, seed=seed + 1, alpha=0.1, eta=0.01)
    for topic, columns in seeds.items():
        for column in columns:
            model.set_word_prior(terms[column], [10.0 if k == topic else 0.01 for k in range(n_topics)])
    counts = counts.tocsr()
    for i in range(counts.shape[0]):
        row = slice(counts.indptr[i], counts.indptr[i + 1])
        words = np.repeat(counts.indices[row], counts.data[row].astype(int))
        if len(words):
            model.add_doc([terms[j] for j in words])
    model.train(300, workers=1)  # one worker: more give another result each time
    place = {word: i for i, word in enumerate(model.used_vocabs)}
    known = [(j, place[term]) for j, term in enumerate(terms) if term in place]
    components = np.full((n_topics, len(terms)), 1e-12)
    for k in range(n_topics):
        distribution = model.get_topic_word_dist(k)
        components[k, [j for j, _ in known]] = np.asarray(distribution)[[i for _, i in known]]
    return components / components.sum(axis=1, keepdims=True)


def _seeded_nmf(
    weighted: Any, seeds: list[list[int]], n_free: int, strength: float, seed: int, n_steps: int
) -> NDArray[np.float64]:
    """Alternate column-wise updates, each seed term kept out of the topics it does not seed."""
    n_terms, n_topics = weighted.shape[1], len(seeds) + n_free
    allowed = np.ones((n_topics, n_terms))
    allowed[:, sorted({column for columns in seeds for column in columns})] = 0.0
    hits = np.zeros((weighted.shape[0], n_topics))
    for topic, columns in enumerate(seeds):
        allowed[topic, columns] = 1.0
        hits[:, topic] = np.asarray(weighted[:, columns].sum(axis=1)).ravel()
    components = np.asarray((weighted.T @ hits).T) * allowed
    if n_free:
        rest = weighted[hits.sum(axis=1) == 0]
        rest = rest if rest.shape[0] >= FEWEST_PASSAGES else weighted
        components[len(seeds) :] = _nmf(rest, n_free, seed, n_steps) * allowed[len(seeds) :]
    components = _unit_length(components + 1e-6 * allowed)
    weights = _nonnegative_weights(weighted, components, n_steps=10)
    for _ in range(n_steps):
        gram, cross = weights.T @ weights, np.asarray((weighted.T @ weights).T)
        for k in range(n_topics):
            step = (cross[k] - gram[k] @ components) / max(gram[k, k], 1e-12)
            components[k] = np.maximum(components[k] + step, 0) * allowed[k]
            if k < len(seeds):
                _keep_seeds(components[k], seeds[k], strength)
        weights = _nonnegative_weights(weighted, components, weights, n_steps=2)
    return _unit_length(components)


def _keep_seeds(row: NDArray[np.float64], columns: list[int], strength: float) -> None:
    """Raise the seed terms of a topic to their least length, in proportion to one another."""
    own = float(np.sqrt((row[columns] ** 2).sum()))
    least = strength * float(np.sqrt(max((row**2).sum() - own**2, 0.0)))
    if own < least:
        row[columns] = row[columns] * (least / own) if own > 1e-12 else least / np.sqrt(len(columns))


def _nonnegative_weights(
    weighted: Any, components: NDArray[np.float64], weights: NDArray[np.float64] | None = None, *, n_steps: int = _STEPS
) -> NDArray[np.float64]:
    """Fit the weights of fixed components by column-wise nonnegative least squares, row by row independent."""
    cross = np.asarray(weighted @ components.T)
    gram = components @ components.T
    weights = np.maximum(cross / np.maximum(gram.sum(axis=1), 1e-12), 0) if weights is None else weights.copy()
    for _ in range(n_steps):
        for k in range(len(components)):
            step = (cross[:, k] - weights @ gram[:, k]) / max(gram[k, k], 1e-12)
            np.maximum(weights[:, k] + step, 0, out=weights[:, k])
    return weights


def _mixture_weights(counts: Any, components: NDArray[np.float64], *, prior: float = 0.1) -> NDArray[np.float64]:
    """Fit the mixture of fixed word distributions to each passage by expectation-maximisation with a small prior."""
    counts = counts.tocsr()
    words = np.maximum(components, 1e-12).T  # (n_terms, n_topics)
    result = np.zeros((counts.shape[0], len(components)))
    for start in range(0, counts.shape[0], 1000):
        part = counts[start : start + 1000]
        row = np.repeat(np.arange(part.shape[0]), np.diff(part.indptr))
        likelihood = words[part.indices]
        shares = np.full((part.shape[0], len(components)), 1.0 / len(components))
        for _ in range(_STEPS // 2):
            duty = shares[row] * likelihood
            duty *= (part.data / duty.sum(axis=1))[:, None]
            shares = np.add.reduceat(np.vstack([duty, np.zeros((1, duty.shape[1]))]), part.indptr[:-1], axis=0)
            shares[np.diff(part.indptr) == 0] = 0.0
            shares = (shares + prior) / (shares + prior).sum(axis=1, keepdims=True)
        result[start : start + 1000] = np.where((np.diff(part.indptr) > 0)[:, None], shares, 0.0)
    return result


def _unit_length(components: NDArray[np.float64]) -> NDArray[np.float64]:
    components = np.asarray(components, dtype=float)
    return components / np.maximum(np.sqrt((components**2).sum(axis=1, keepdims=True)), 1e-12)


def _refuse(counts: Any, n_topics: int, method: str) -> None:
    if method not in METHODS:
        raise UsageError(f"there is no topic method {method!r}; choose one of {', '.join(METHODS)}")
    if counts.shape[0] < FEWEST_PASSAGES:
        raise UsageError(f"topics need {FEWEST_PASSAGES} coded passages or more; there are {counts.shape[0]}")
    if n_topics < 2 or n_topics > min(counts.shape) // 2:
        raise UsageError(
            f"{n_topics} topics cannot be told apart in {counts.shape[0]} passages with {counts.shape[1]} terms; "
            "ask for at least 2 and at most half as many as either"
        )
