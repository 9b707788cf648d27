"""What the texts are about beyond the codebook: topics, their words, their passages, and how they meet the codes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from xietong.analysis.counts import DOCUMENT_COLUMNS, Counts, Measured, coded_passages
from xietong.analysis.phrases import PhraseOptions, Rounds, apply_phrases, learn_phrases
from xietong.analysis.resampling import INTERVAL, caution, ratio_intervals, resample_weights
from xietong.analysis.results import tidy
from xietong.analysis.script import is_traditional, written_forms
from xietong.analysis.tokens import WORD, Tokens, count_words, tokenise_passages
from xietong.analysis.topic_choice import GRID, choose_n_topics, coherence, stability
from xietong.analysis.topic_model import (
    TopicModel,
    count_for,
    fit_seeded_topics,
    fit_topics,
    select_terms,
    topic_shares,
)
from xietong.analysis.trends import attention
from xietong.codebook import Codebook
from xietong.errors import UsageError
from xietong.tables import PASSAGE_TOPICS, TOPIC_TERMS, TOPICS, TRENDS

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

MEASURES = (
    "this measures a recurring vocabulary, named by its words; share is the part of the passages' text that the model gives "
    "to it, with an interval between documents; a topic is not a code until people have read its passages"
)
TERM_MEASURES = (
    "this measures which words make the topic: by probability in it, by frequency and exclusivity together (FREX), and by "
    "lift over the corpus"
)
PREVALENCE_MEASURES = "this measures the mean share of the passages' text that the model gives to the topic"
CODE_MEASURES = (
    "this measures whether passages with the code have more of the topic: correlation of presence and share, and how many "
    "times the code's share among the topic's own passages exceeds that among all"
)
COVERED = 0.2  # correlation from which a code is said to cover a topic


@dataclass(frozen=True, slots=True)
class TopicOptions:
    """What `topics` fits and gives."""

    method: str = "nmf"
    n_topics: int | None = None  # None: chosen by coherence and stability
    seeded: bool = False  # one topic for each code, steered by its terms …
    n_free: int = 6  # … and so many without seeds
    seed_strength: float = 0.5  # how much of a topic its seed terms keep at least
    grid: tuple[int, ...] = GRID
    n_terms: int = 5000  # vocabulary
    n_top: int = 12  # terms shown per topic and ranking
    groups: tuple[str, ...] = ("year", "region", "level")
    n_resamples: int = 3  # of the documents, for stability
    seed: int = 0
    phrases: PhraseOptions = field(default_factory=PhraseOptions)


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicTables:
    """The tables of one model, and the model."""

    topics: pd.DataFrame
    topic_terms: pd.DataFrame
    topic_choice: pd.DataFrame | None
    topic_trends: pd.DataFrame
    topic_codes: pd.DataFrame
    passage_topics: pd.DataFrame
    model: TopicModel


def topics(
    passages: pd.DataFrame, codebook: Codebook, *, options: TopicOptions | None = None, model: TopicModel | None = None
) -> TopicTables:
    """Fit topics, or apply a model fitted earlier, and describe them.

    Parameters
    ----------
    passages : DataFrame
        The wide passages frame.
    codebook : Codebook
        Its terms are kept whole, and are the seeds of seeded topics.
    options : TopicOptions, optional
    model : TopicModel, optional
        Last year's model: its topics stay as they are, these passages are folded in.

    Returns
    -------
    TopicTables

    Raises
    ------
    UsageError
        With too few passages or words, or when seeds are asked for and none occurs.
    """
    options = options or TopicOptions()
    coded = coded_passages(passages).reset_index(drop=True)
    document = _document_numbers(coded)
    choice = None
    if model is None:
        tokens, rounds, lexicon = _read_words(coded, codebook, options)
        seeds = {c.code: [t.term for t in codebook.terms if t.code == c.code] for c in codebook.codes}
        if options.seeded:
            seeds = _as_words(seeds, codebook, lexicon, rounds)
        terms = _vocabulary(
            tokens, options, {w for words in seeds.values() for w in words} if options.seeded else set()
        )
        counts = select_terms(tokens, terms)
        if options.seeded:
            fitted = fit_seeded_topics(
                counts, terms, seeds, options.n_free, method=options.method, strength=options.seed_strength, seed=options.seed
            )  # fmt: skip
        else:
            n_topics = options.n_topics
            if n_topics is None:
                choice = choose_n_topics(
                    counts, terms, document, grid=options.grid, n_resamples=options.n_resamples, seed=options.seed
                )  # fmt: skip
                n_topics = int(choice.loc[choice["is_chosen"].to_numpy(dtype=bool), "n_topics"].iloc[0])
            fitted = fit_topics(counts, terms, n_topics, method=options.method, seed=options.seed)
        model = replace(fitted, phrases=rounds, lexicon=lexicon)
        stable = None if options.seeded else _stability(counts, model, document, options)
    else:
        tokens = apply_phrases(tokenise_passages(coded, lexicon=model.lexicon), model.phrases)
        counts, stable = count_for(model, coded), None
    shares = topic_shares(model, counts)
    if not shares.any():
        raise UsageError("no passage has a word of the topic model; was it fitted on texts in another language?")
    return _describe(coded, codebook, tokens, counts, shares, model, document, options, choice, stable)


def word_probabilities(shares: NDArray[np.float64], counts: Any) -> NDArray[np.float64]:
    """Give the distribution of words in each topic: counts shared out among the topics of their passages.

    Parameters
    ----------
    shares : array of float, shape (n_passages, n_topics)
    counts : sparse matrix, shape (n_passages, n_terms)

    Returns
    -------
    array of float, shape (n_topics, n_terms)
        Rows add up to one.
    """
    words = np.asarray((counts.T @ shares).T)
    return words / np.maximum(words.sum(axis=1, keepdims=True), 1e-12)


def frex(probabilities: NDArray[np.float64], *, weight: float = 0.5) -> NDArray[np.float64]:
    """Score words by frequency in the topic and exclusivity to it: harmonic mean of their ranks, 0 to 1.

    ``probabilities`` of words given the topic and the result have the shape (n_topics, n_words).

    References
    ----------
    Bischof, J. & Airoldi, E. (2012). Summarizing topical content with word frequency and exclusivity.
    """
    from scipy.stats import rankdata

    exclusive = probabilities / np.maximum(probabilities.sum(axis=0, keepdims=True), 1e-12)
    n = probabilities.shape[1]
    return 1 / (weight * n / rankdata(exclusive, axis=1) + (1 - weight) * n / rankdata(probabilities, axis=1))


def lift(
    probabilities: NDArray[np.float64], frequency: NDArray[np.float64], *, least: float = 20.0
) -> NDArray[np.float64]:
    """Give each word's probability in the topic over that in the corpus; 0 for words seen fewer than ``least`` times.

    ``probabilities`` and the result have the shape (n_topics, n_words); ``frequency`` is a count, shape (n_words,).

    References
    ----------
    Taddy, M. (2012). On estimation and selection for topic models.
    """
    overall = frequency / frequency.sum()
    return np.where(frequency >= least, probabilities / np.maximum(overall, 1e-12), 0.0)


def _describe(
    coded: pd.DataFrame, codebook: Codebook, tokens: Tokens, counts: Any, shares: NDArray[np.float64], model: TopicModel,
    document: NDArray[np.intp], options: TopicOptions, choice: pd.DataFrame | None, stable: NDArray[np.float64] | None,
) -> TopicTables:  # fmt: skip
    by_document = _by_document(coded, shares, document)
    rankings = _rankings(shares, counts)
    forms = _forms(coded, tokens, model, rankings, options.n_top)
    codes, closest = _correspondence(coded, codebook, shares, document)
    same = {"n_documents": len(by_document.n), "n_passages": len(coded), "corrected": False}
    terms = _term_rows(model, rankings, forms, codebook, options.n_top)
    weights = resample_weights(len(by_document.n), seed=options.seed)
    share, low, high = ratio_intervals(by_document.k, by_document.n, weights=weights)
    top = np.argsort(-rankings["probability"], axis=1, kind="stable")[:, :10]
    coherent = coherence(counts, top)
    if not model.labels:
        shown = np.argsort(-rankings["frex"], axis=1, kind="stable")[:, :4]
        model = replace(model, labels=tuple(" · ".join(forms[i] for i in row) for row in shown))
    rows = []
    for t in range(model.n_topics):
        facet, code, correlation = closest[t]
        rows.append({
            "topic": t + 1, "label": model.labels[t], "seed_code": model.seeds[t],
            "share": share[t], "low": low[t], "high": high[t], "coherence": coherent[t],
            "stability": None if stable is None else stable[t],
            "exclusivity": float((np.bincount(top.ravel())[top[t]] == 1).mean()),
            "closest_facet": facet, "closest_code": code, "correspondence": correlation,
            "passages": "; ".join(_representative(coded, shares[:, t])),
            "caution": "; ".join(filter(None, ["" if code else "no code covers this topic", caution(len(by_document.n))])),
        })  # fmt: skip
    prevalence = [
        attention(by_document, by, seed=options.seed) for by in [(name,) for name in options.groups]
        if by[0] in by_document.documents and by_document.documents[by[0]].replace("", None).notna().any()
    ]  # fmt: skip
    return TopicTables(
        topics=tidy(rows, schema=TOPICS, method=model.method + (" seeded" if any(model.seeds) else ""), measures=MEASURES,
                    interval=f"{INTERVAL}, {len(weights)} resamples", **same),
        topic_terms=tidy(terms, schema=TOPIC_TERMS, measures=TERM_MEASURES, interval="none", **same),
        topic_choice=choice, topic_trends=_trends(prevalence), passage_topics=_passage_rows(coded, shares),
        topic_codes=tidy(codes, measures=CODE_MEASURES, analysis="correspondence", value_from=1, interval="none", **same),
        model=model,
    )  # fmt: skip


def _read_words(
    coded: pd.DataFrame, codebook: Codebook, options: TopicOptions
) -> tuple[Tokens, Rounds, tuple[str, ...]]:
    """Tokenise, keep the codebook's terms whole, and learn phrases."""
    lexicon = (*codebook.lexicon, *(term.term for term in codebook.terms if term.language == "zh"))
    tokens = tokenise_passages(coded, lexicon=lexicon)
    known = _codebook_rounds(codebook, lexicon)
    tokens = apply_phrases(tokens, known)
    learned, tokens = learn_phrases(tokens, options=options.phrases)
    return tokens, (*known, *learned.rounds), lexicon


def _codebook_rounds(codebook: Codebook, lexicon: Sequence[str]) -> Rounds:
    """Give the merges that make the codebook's terms of several words one word each."""
    from xietong.analysis.tokens import join_words

    rounds: list[list[tuple[str, str]]] = []
    for words in _cut_terms(codebook, lexicon):
        whole = words[0] if words else ""
        for depth, word in enumerate(words[1:]):
            while len(rounds) <= depth:
                rounds.append([])
            rounds[depth].append((whole, word))
            whole = join_words(whole, word)
    return tuple(tuple(dict.fromkeys(pairs)) for pairs in rounds)


def _cut_terms(codebook: Codebook, lexicon: Sequence[str]) -> list[list[str]]:
    import pandas as pd

    if not codebook.terms:
        return []
    frame = pd.DataFrame({
        "folded": [term.term for term in codebook.terms],
        "language": ["en" if term.language == "en" else "zh-Hans" for term in codebook.terms],
    })  # fmt: skip
    tokens = tokenise_passages(frame, lexicon=lexicon)
    return [tokens.words(i) for i in range(tokens.n_passages)]


def _as_words(
    seeds: dict[str, list[str]], codebook: Codebook, lexicon: Sequence[str], rounds: Rounds
) -> dict[str, list[str]]:
    """Write the seed terms as words of the vocabulary: lemmas joined as in the passages."""
    from functools import reduce

    from xietong.analysis.tokens import join_words

    whole = {
        (term.code, term.term): reduce(join_words, words) if words else term.term
        for term, words in zip(codebook.terms, _cut_terms(codebook, lexicon), strict=True)
    }
    return {code: [whole[code, term] for term in terms] for code, terms in seeds.items()}


def _vocabulary(tokens: Tokens, options: TopicOptions, seeds: set[str]) -> tuple[str, ...]:
    """Keep words that are neither rare nor everywhere; seed terms from twice."""
    counts = count_words(tokens)
    frequency = np.asarray((counts > 0).sum(axis=0)).ravel()
    n = tokens.n_passages
    is_seed = np.array([word in seeds for word in tokens.vocabulary], dtype=bool)
    least = max(5, n // 2000)
    kept = (tokens.kinds == WORD) & (frequency >= np.where(is_seed, 2, least)) & (frequency <= max(0.3 * n, 5))
    best = np.lexsort((np.arange(len(frequency)), -np.where(kept, frequency + n * is_seed, -1)))
    chosen = np.sort(best[: min(int(kept.sum()), options.n_terms)])
    if len(chosen) < 20:
        raise UsageError(f"topics need 20 words that recur in the passages; there are {len(chosen)}")
    return tuple(tokens.vocabulary[i] for i in chosen)


def _stability(
    counts: Any, model: TopicModel, document: NDArray[np.intp], options: TopicOptions
) -> NDArray[np.float64]:
    """Refit on resampled documents, on at most four thousand passages."""
    if counts.shape[0] > 4000:
        drawn = np.sort(np.random.default_rng([options.seed, 7]).choice(counts.shape[0], 4000, replace=False))
        counts, document = counts[drawn], document[drawn]
    return stability(
        counts, model.terms, model.components, document, method=model.method, n_resamples=options.n_resamples,
        seed=options.seed,
    )  # fmt: skip


def _rankings(shares: NDArray[np.float64], counts: Any) -> dict[str, NDArray[np.float64]]:
    probabilities = word_probabilities(shares, counts)
    frequency = np.asarray(counts.sum(axis=0)).ravel()
    often = np.where(frequency >= 5, 1.0, 0.0)  # what was seen a few times is exclusive by accident
    return {
        "probability": probabilities, "frex": frex(probabilities) * often,
        "lift": lift(probabilities, frequency, least=max(20.0, frequency.sum() / 50_000)),
    }  # fmt: skip


def _forms(
    coded: pd.DataFrame, tokens: Tokens, model: TopicModel, rankings: dict[str, NDArray[np.float64]], n_top: int
) -> list[str]:
    """Give the written form of every term, in the script most of the passages have."""
    forms = list(model.terms)
    if not is_traditional(coded["language"]):
        return forms
    index = {word: i for i, word in enumerate(tokens.vocabulary)}
    shown = {int(i) for ranking in rankings.values() for i in np.argsort(-ranking, axis=1)[:, :n_top].ravel()}
    wanted = {index[forms[i]]: i for i in shown if forms[i] in index}
    for word, form in written_forms(coded, tokens, wanted).items():
        forms[wanted[word]] = form
    return forms


def _term_rows(
    model: TopicModel, rankings: dict[str, NDArray[np.float64]], forms: list[str], codebook: Codebook, n_top: int
) -> list[dict[str, Any]]:
    seeds: dict[str, set[str]] = {}
    for term in codebook.terms:
        seeds.setdefault(term.code, set()).add(term.term)
    rows = []
    for t in range(model.n_topics):
        for ranking, values in rankings.items():
            order = np.lexsort((np.arange(values.shape[1]), -np.round(values[t], 12)))[:n_top]
            rows += [
                {
                    "topic": t + 1, "ranking": ranking, "rank": rank, "term": forms[i], "folded_term": model.terms[i],
                    "weight": values[t, i], "is_seed": model.terms[i] in seeds.get(model.seeds[t], ()),
                }
                for rank, i in enumerate(order.tolist(), start=1)
            ]  # fmt: skip
    return rows


def _correspondence(
    coded: pd.DataFrame, codebook: Codebook, shares: NDArray[np.float64], document: NDArray[np.intp]
) -> tuple[list[dict[str, Any]], list[tuple[str, str, float]]]:
    """Correlate the presence of every code with the share of every topic."""
    best: list[tuple[str, str, float]] = [("", "", 0.0)] * shares.shape[1]
    has_topic = shares.any(axis=1)
    main = shares.argmax(axis=1)
    spread = shares.std(axis=0)
    rows = []
    for code in codebook.codes:
        present = (
            coded[code.column].fillna(0).to_numpy(dtype=float) > 0
            if code.column in coded
            else np.zeros(len(coded), bool)
        )
        rate = present.mean()
        if not 0 < rate < 1:
            continue
        correlation = ((present - rate) @ shares) / len(coded) / np.maximum(present.std() * spread, 1e-12)
        for t in range(shares.shape[1]):
            own = has_topic & (main == t)
            named = {"facet": code.facet, "code": code.code, "other_facet": "topic", "other_code": str(t + 1),
                     "n_coded": int((present & own).sum())}  # fmt: skip
            rows.append({**named, "statistic": "correlation", "estimate": correlation[t]})
            rows.append({**named, "statistic": "lift", "estimate": present[own].mean() / rate if own.any() else None})
            if correlation[t] >= max(COVERED, best[t][2]):
                best[t] = (code.facet, code.code, float(correlation[t]))
    return rows, best


def _representative(coded: pd.DataFrame, share: NDArray[np.float64], n: int = 5) -> list[str]:
    """Choose passages that are mostly about the topic, long enough to be read, each from another document."""
    long_enough = coded["folded"].str.len().clip(upper=120).to_numpy(dtype=float) / 120
    order = np.lexsort((np.arange(len(share)), -np.round(share * long_enough, 9)))
    chosen: dict[str, str] = {}
    for i in order[: 20 * n].tolist():
        if share[i] > 0 and coded["document_id"].iat[i] not in chosen:
            chosen[coded["document_id"].iat[i]] = coded["passage_id"].iat[i]
        if len(chosen) == n:
            break
    return list(chosen.values())


def _by_document(coded: pd.DataFrame, shares: NDArray[np.float64], document: NDArray[np.intp]) -> Counts:
    """Sum the shares of each topic over the passages of each document, to be treated like counts."""
    n = np.bincount(document)
    k = np.zeros((len(n), shares.shape[1]))
    np.add.at(k, document, shares)
    first = coded.drop_duplicates("document_id")
    documents = first[[name for name in DOCUMENT_COLUMNS if name in first]].reset_index(drop=True)
    measured = tuple(Measured("topic", str(t + 1), 1) for t in range(shares.shape[1]))
    return Counts(documents=documents, n=n, k=k, measured=measured)  # type: ignore[arg-type]  # shares of passages


def _trends(tables: list[pd.DataFrame]) -> pd.DataFrame:
    import pandas as pd

    if not tables:
        return tidy([], schema=TRENDS)
    table = pd.concat(tables, ignore_index=True)
    return table.assign(analysis="prevalence", statistic="share", measures=PREVALENCE_MEASURES)


def _passage_rows(coded: pd.DataFrame, shares: NDArray[np.float64], least: float = 0.1) -> pd.DataFrame:
    import pandas as pd

    row, topic = np.nonzero(shares >= least)
    frame = pd.DataFrame({
        "passage_id": coded["passage_id"].to_numpy()[row], "document_id": coded["document_id"].to_numpy()[row],
        "topic": topic.astype(np.int32) + 1, "share": np.round(shares[row, topic], 6),
    })  # fmt: skip
    return frame[PASSAGE_TOPICS.names]


def _document_numbers(coded: pd.DataFrame) -> NDArray[np.intp]:
    import pandas as pd

    return pd.factorize(coded["document_id"])[0]
