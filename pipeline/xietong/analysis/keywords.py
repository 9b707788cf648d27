"""Keywords of every document, group of documents and code, and terms and new words of the whole corpus."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from xietong.analysis import keyness
from xietong.analysis.counts import coded_passages
from xietong.analysis.phrases import PhraseOptions, learn_phrases
from xietong.analysis.resampling import adjust_p, caution
from xietong.analysis.results import tidy
from xietong.analysis.script import find_form, is_traditional, written_forms
from xietong.analysis.terms import TermOptions, c_value, new_words, textrank
from xietong.analysis.tokens import Tokens, count_words, stopwords, tokenise_passages
from xietong.codebook import Codebook
from xietong.errors import UsageError
from xietong.tables import KEYWORDS

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

MEASURES = {
    "tfidf": "this measures words that are frequent here and rare elsewhere (tf-idf); it depends on what else was collected",
    "textrank": "this measures how central a word is in the network of neighbouring words of the document",
    "log_odds": "this measures words used more here than in all other text of the language: z of the log odds with a "
    "Dirichlet prior ranks them, effect is the log2 ratio of rates with an interval between documents",
    "g2": "this measures how surely a word is used more here (G²); frequent words win, so read the effect as well",
    "c_value": "this measures multiword terms: frequent and long, and not merely part of a longer term",
    "new_word": "this measures strings that hold together and are used freely though the dictionary lacks them",
}
#: Passages inside and outside, of which a side must have so many before words are ranked.
LEAST_PASSAGES = 5
INTERVAL = "95 % of the log2 ratio, document-clustered (linearised variance, normal)"


@dataclass(frozen=True, slots=True)
class KeywordOptions:
    """What `keywords` gives."""

    groups: tuple[str, ...] = ("level", "region", "year")
    n_document: int = 10  # keywords per document and method
    n_group: int = 20  # per group, code and method
    n_corpus: int = 200  # terms and new words of the corpus
    prior_words: float = 1000.0  # size a0 of the Dirichlet prior, in words
    n_least: int = 5  # occurrences below which a word is no keyword of a group
    n_least_documents: int = 2
    phrases: PhraseOptions = field(default_factory=PhraseOptions)
    terms: TermOptions = field(default_factory=TermOptions)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Corpus:
    """The passages of one language, counted."""

    language: str
    passages: pd.DataFrame
    tokens: Tokens
    single: Tokens  # before phrases were merged
    document: NDArray[np.intp]
    documents: pd.DataFrame
    by_passage: Any
    by_document: Any
    sizes: NDArray[np.float64]


def keywords(passages: pd.DataFrame, codebook: Codebook, *, options: KeywordOptions | None = None) -> pd.DataFrame:
    """Find the keywords of documents, groups, codes and the corpus, by language.

    Parameters
    ----------
    passages : DataFrame
        The wide passages frame.
    codebook : Codebook
    options : KeywordOptions, optional

    Returns
    -------
    DataFrame
        Schema `KEYWORDS`. ``term`` is in the script of the documents concerned, ``folded_term`` in the form that is
        matched. ``method``: tfidf and textrank per document; tfidf, log_odds and g2 per group and code; c_value and
        new_word for the corpus. ``effect`` is a log2 ratio of rates; %DIFF is 100 (2^effect - 1).

    Raises
    ------
    UsageError
        If there is no coded passage, or no word in any.
    """
    options = options or KeywordOptions()
    coded = coded_passages(passages)
    rows: list[dict[str, Any]] = []
    for corpus in _corpora(coded, codebook, options):
        ranked = _document_rows(corpus, options) + _group_rows(corpus, options) + _code_rows(corpus, codebook, options)
        rows += _written(corpus, ranked)
        rows += _corpus_rows(corpus, codebook, options)
    if not rows:
        raise UsageError("no word in any coded passage; check the run's language and text with `xietong check`")
    keyed = [row for row in rows if row["method"] in ("log_odds", "g2")]
    for row, p in zip(keyed, adjust_p([row["p"] for row in keyed]), strict=True):
        row["p_adjusted"] = p
    for row in rows:
        row["measures"] = MEASURES[row["method"]]
    return tidy(rows, schema=KEYWORDS, corrected=False)


def tfidf(counts: Any, document_frequency: NDArray[np.int64], n_documents: int) -> Any:
    """Weigh the words of each row: share of the row's words times ln((1 + N) / df).

    Parameters
    ----------
    counts : sparse matrix, shape (n_rows, n_words)
    document_frequency : array of int, shape (n_words,)
        Documents that have the word.
    n_documents : int

    Returns
    -------
    scipy.sparse.csr_matrix, shape (n_rows, n_words)

    References
    ----------
    Spärck Jones, K. (1972). A statistical interpretation of term specificity and its application in retrieval.
    """
    from scipy import sparse

    idf = np.log((1 + n_documents) / np.maximum(document_frequency, 1))
    size = np.maximum(np.asarray(counts.sum(axis=1)).ravel(), 1)
    return sparse.diags(1 / size) @ counts @ sparse.diags(idf)


def _corpora(coded: pd.DataFrame, codebook: Codebook, options: KeywordOptions) -> Iterator[_Corpus]:
    import pandas as pd

    lexicon = [*codebook.lexicon, *(term.term for term in codebook.terms if term.language == "zh")]
    for language, codes in (("zh", ("zh-Hans", "zh-Hant")), ("en", ("en",))):
        part = coded[coded["language"].isin(codes)].reset_index(drop=True)
        if part.empty:
            continue
        single = tokenise_passages(part, lexicon=lexicon)
        _, tokens = learn_phrases(single, options=options.phrases)
        document, _ = pd.factorize(part["document_id"])
        by_document = count_words(tokens, document)
        yield _Corpus(
            language=language, passages=part, tokens=tokens, single=single, document=document,
            documents=part.drop_duplicates("document_id").reset_index(drop=True), by_passage=count_words(tokens),
            by_document=by_document, sizes=np.asarray(by_document.sum(axis=1)).ravel(),
        )  # fmt: skip


def _document_rows(corpus: _Corpus, options: KeywordOptions) -> list[dict[str, Any]]:
    n_documents = len(corpus.documents)
    frequency = np.asarray((corpus.by_document > 0).sum(axis=0)).ravel()
    n_passages = np.bincount(corpus.document, minlength=n_documents)
    ranked = {
        "tfidf": tfidf(corpus.by_document, frequency, n_documents),
        "textrank": textrank(corpus.tokens, corpus.document, n_documents),
    }
    traditional = [is_traditional(group) for _, group in corpus.passages["language"].groupby(corpus.document)]
    rows = []
    for method, scores in ranked.items():
        for d in range(n_documents):
            for rank, (word, score) in enumerate(_best(scores.getrow(d), options.n_document), start=1):
                rows.append({
                    "scope": "document", "group_by": "document_id", "group": corpus.documents["document_id"][d],
                    "language": corpus.language, "method": method, "rank": rank, "word": word, "score": score,
                    "n_target": int(corpus.by_document[d, word]), "n_documents": 1, "n_passages": int(n_passages[d]),
                    "interval": "none", "is_traditional": traditional[d],
                })  # fmt: skip
    return rows


def _group_rows(corpus: _Corpus, options: KeywordOptions) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for by in options.groups:
        if by not in corpus.documents:
            continue
        values = corpus.documents[by]
        known = values.notna() & (values.astype("string") != "")
        names = sorted(values[known].unique(), key=str)
        if len(names) < 2:
            continue
        for name in names:
            of_group = (values == name).fillna(False).to_numpy(dtype=bool)
            mask = of_group[corpus.document]
            label = {"scope": "group", "group_by": by, "group": str(name)}
            rows += _key_rows(corpus, mask, label, options)
    return rows


def _code_rows(corpus: _Corpus, codebook: Codebook, options: KeywordOptions) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for code in codebook.codes:
        mask = corpus.passages[code.column].fillna(0).to_numpy(dtype=np.int64) > 0
        rows += _key_rows(corpus, mask, {"scope": "code", "group_by": code.facet, "group": code.code}, options)
    return rows


def _key_rows(
    corpus: _Corpus, mask: NDArray[np.bool_], label: dict[str, str], options: KeywordOptions
) -> list[dict[str, Any]]:
    """Rank the words of some passages against all others of the language; nothing where either side is too small."""
    target = mask.astype(float) @ corpus.by_passage
    reference = np.asarray(corpus.by_passage.sum(axis=0)).ravel() - target
    if min(mask.sum(), (~mask).sum()) < LEAST_PASSAGES or target.sum() == 0 or reference.sum() == 0:
        return []
    of_documents = _by_document(corpus, mask)
    chosen = _key_words(corpus, target, reference, of_documents, options)
    words = sorted({word for best in chosen.values() for word, _ in best})
    effects, n_inside, n_outside = _effects(corpus, mask, of_documents, words)
    same = {
        **label, "language": corpus.language, "interval": INTERVAL, "n_documents": n_inside, "n_passages": int(mask.sum()),
        "caution": caution(min(n_inside, n_outside)), "is_traditional": is_traditional(corpus.passages["language"][mask]),
    }  # fmt: skip
    rows = [
        {**same, "method": method, "rank": rank, "word": word, "score": score, **effects[word],
         "n_target": int(target[word]), "n_reference": int(reference[word])}
        for method, best in chosen.items()
        for rank, (word, score) in enumerate(best, start=1)
    ]  # fmt: skip
    return [row | {"p": None} if row["method"] == "tfidf" else row for row in rows]  # tf-idf tests nothing


def _key_words(
    corpus: _Corpus, target: NDArray[np.float64], reference: NDArray[np.float64], of_documents: Any,
    options: KeywordOptions,
) -> dict[str, list[tuple[int, float]]]:  # fmt: skip
    """Give the best words of some passages with their scores, by method; z and G² need enough words and documents."""
    whole = target + reference
    present = whole > 0
    z = np.full(len(whole), -np.inf)
    g2 = np.full(len(whole), -np.inf)
    prior = keyness.background_prior(whole[present], options.prior_words)
    z[present] = keyness.log_odds(target[present], reference[present], prior=prior)[1]
    g2[present] = keyness.log_likelihood(target[present], reference[present])
    n_with = np.asarray((of_documents > 0).sum(axis=0)).ravel()
    enough = (target >= options.n_least) & (n_with >= options.n_least_documents)
    frequency = np.asarray((corpus.by_document > 0).sum(axis=0)).ravel()
    ranked = {
        "log_odds": _row(np.where(enough & (z > 0), z, 0)),
        "g2": _row(np.where(enough & (g2 > 0), g2, 0)),
        "tfidf": tfidf(_row(target), frequency, len(corpus.documents)),
    }
    return {method: _best(scores, options.n_group) for method, scores in ranked.items()}


def _effects(
    corpus: _Corpus, mask: NDArray[np.bool_], of_documents: Any, words: list[int]
) -> tuple[dict[int, dict[str, float]], int, int]:
    """Say how much more often words are used inside than outside, and how evenly; and the documents on both sides."""
    from scipy import stats

    inside = np.asarray(of_documents[:, words].todense(), dtype=float)
    outside = np.asarray(_by_document(corpus, ~mask)[:, words].todense(), dtype=float)
    sizes_in = np.zeros(len(corpus.documents))
    np.add.at(sizes_in, corpus.document[mask], _passage_sizes(corpus)[mask])
    sizes_out = corpus.sizes - sizes_in
    has_in, has_out = sizes_in > 0, sizes_out > 0
    effect, error = keyness.clustered_log_ratio(inside[has_in], sizes_in[has_in], outside[has_out], sizes_out[has_out])
    with np.errstate(divide="ignore", invalid="ignore"):  # words that only tf-idf ranks may have no error to go by
        p = 2 * stats.norm.sf(np.abs(effect) / error)
    spread = keyness.dispersion(_sparse(inside[has_in]), sizes_in[has_in])
    found = {
        word: {
            "effect": effect[i], "low": effect[i] - 1.96 * error[i], "high": effect[i] + 1.96 * error[i],
            "p": float(p[i]), "dispersion": spread[i],
        }
        for i, word in enumerate(words)
    }  # fmt: skip
    return found, int(has_in.sum()), int(has_out.sum())


def _corpus_rows(corpus: _Corpus, codebook: Codebook, options: KeywordOptions) -> list[dict[str, Any]]:
    same = {
        "scope": "corpus", "group_by": "", "group": "all", "language": corpus.language, "interval": "none",
        "n_documents": len(corpus.documents), "n_passages": len(corpus.passages),
    }  # fmt: skip
    traditional = is_traditional(corpus.passages["language"])
    found = c_value(corpus.single, options=options.terms).head(options.n_corpus)
    rows = [
        {**same, "method": "c_value", "rank": rank, "folded_term": term, "score": score, "n_target": int(n)}
        for rank, (term, n, score) in enumerate(zip(found["term"], found["n"], found["c_value"], strict=True), start=1)
    ]
    if corpus.language == "zh":
        known = _dictionary_words() | set(codebook.lexicon) | {term.term for term in codebook.terms}
        edges = [word for word in stopwords() if len(word) == 1]
        found = new_words(list(corpus.passages["folded"]), known, edges=edges, options=options.terms).head(
            options.n_corpus
        )
        rows += [
            {**same, "method": "new_word", "rank": rank, "folded_term": term, "score": score, "n_target": int(n)}
            for rank, (term, n, score) in enumerate(
                zip(found["term"], found["n"], found["score"], strict=True), start=1
            )
        ]
    for row in rows:
        row["term"] = find_form(row["folded_term"], corpus.passages) if traditional else row["folded_term"]
    return rows


def _dictionary_words() -> set[str]:
    """Words of jieba's dictionary."""
    from importlib.util import find_spec
    from pathlib import Path

    spec = find_spec("jieba")  # finds its files without loading its dictionaries a second time
    if spec is None or spec.origin is None:
        return set()
    text = (Path(spec.origin).parent / "dict.txt").read_text(encoding="utf-8")
    return {line.split(" ", 1)[0] for line in text.splitlines()}


def _written(corpus: _Corpus, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Add the term as matched and as the documents concerned write it."""
    wanted = {row["word"] for row in rows if row["is_traditional"]}
    forms = written_forms(corpus.passages, corpus.tokens, wanted) if wanted else {}
    for row in rows:
        word = row.pop("word")
        row["folded_term"] = corpus.tokens.vocabulary[word]
        row["term"] = forms.get(word, row["folded_term"]) if row.pop("is_traditional") else row["folded_term"]
    return rows


def _best(row: Any, n: int) -> list[tuple[int, float]]:
    """Give the columns of the largest positive values of a one-row matrix; ties by column."""
    positive = row.data > 0
    columns, values = row.indices[positive], row.data[positive]
    order = np.lexsort((columns, -np.round(values, 12)))[:n]
    return [(int(columns[i]), float(values[i])) for i in order]


def _by_document(corpus: _Corpus, mask: NDArray[np.bool_]) -> Any:
    from scipy import sparse

    rows = np.flatnonzero(mask)
    shape = (len(corpus.documents), len(mask))
    gather = sparse.csr_matrix((np.ones(len(rows)), (corpus.document[rows], rows)), shape=shape)
    return (gather @ corpus.by_passage).tocsc()


def _passage_sizes(corpus: _Corpus) -> NDArray[np.float64]:
    return np.asarray(corpus.by_passage.sum(axis=1)).ravel()


def _row(values: NDArray[np.float64]) -> Any:
    from scipy import sparse

    return sparse.csr_matrix(values[None, :])


def _sparse(values: NDArray[np.float64]) -> Any:
    from scipy import sparse

    return sparse.coo_matrix(values)
