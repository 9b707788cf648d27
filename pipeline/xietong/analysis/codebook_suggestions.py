"""Terms that a codebook lacks: words and new words that set a code's passages apart, with lines to judge them by."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from xietong.analysis.keyness import log_odds
from xietong.analysis.tokens import stopwords
from xietong.codebook import Codebook
from xietong.coders.terms import find_terms, prepare_terms
from xietong.errors import UsageError

if TYPE_CHECKING:
    import pandas as pd

_RUN = {"zh": re.compile(r"[\u3400-\u9fff]+"), "en": re.compile(r"[a-z]+(?:['-][a-z]+)*")}


@dataclass(frozen=True, slots=True)
class SuggestOptions:
    """How many candidates, and what they must be like."""

    n_terms: int = 30
    n_lines: int = 3  # lines of context for each
    width: int = 18  # characters on each side of a line (twice as many in English)
    longest: int = 6  # characters of a Chinese candidate, at least 2
    n_words: int = 3  # words of an English candidate
    n_least: int = 5  # passages of the code it must stand in …
    n_least_documents: int = 2  # … of so many documents
    cohesion: float = 1.5  # least pointwise mutual information of its halves, in nats
    freedom: float = 0.7  # least branching entropy on its poorer side, in nats


@dataclass(frozen=True, slots=True)
class _Candidate:
    term: str
    passages: tuple[int, ...]  # all in which it stands, each once
    cohesion: float
    freedom: float


def suggest_terms(
    passages: pd.DataFrame,
    codebook: Codebook,
    code: str,
    language: str = "zh",
    *,
    options: SuggestOptions | None = None,
) -> pd.DataFrame:
    """Propose terms for a code from a run, for a person to accept or refuse.

    Parameters
    ----------
    passages
        A run's coded passages: ``document_id, language, folded`` and the assigned codes, a column ``FACET_CODE`` each.
    codebook
        The codebook of the run.
    code
        The code that wants terms.
    language
        zh or en.
    options
        Limits; the defaults suit some hundred documents.

    Returns
    -------
    DataFrame, best first
        ``term``; ``n_code, n_other`` (passages with and without the code that have it), ``n_documents``; ``precision``
        (share of its passages that have the code); ``keyness`` (z of the log odds with an informative Dirichlet prior,
        Monroe, Colaresi and Quinn, 2008); ``cohesion`` (least pointwise mutual information over ways of cutting it in
        two) and ``freedom`` (least branching entropy of its neighbours), both in nats, which tell a word from a piece of
        one; ``weight``: strong where precision is at least 0.75, else weak; ``lines``: it in context.

    Raises
    ------
    UsageError
        If the codebook has no such code, or the run no passage of it in this language.
    """
    import pandas as pd

    options = options or SuggestOptions()
    if code not in codebook.index:
        raise UsageError(f"the codebook {codebook.name} has no code {code!r}; it has: {', '.join(codebook.index)}")
    mine = passages[passages["language"].str.startswith(language)]
    has_code = mine[codebook.codes[codebook.index[code]].column].to_numpy() >= 1
    if not has_code.any():
        raise UsageError(f"the run has no passage with code {code!r} in {language}")
    texts = [text.lower() for text in mine["folded"]]
    documents = pd.factorize(mine["document_id"])[0]
    candidates = _candidates(_without_known_terms(texts, codebook, code), has_code, documents, language, options)
    chosen: list[dict] = []
    for row in _rated(candidates, has_code, documents):
        if not any(row["term"] in other["term"] or other["term"] in row["term"] for other in chosen):
            chosen.append(row)
        if len(chosen) == options.n_terms:
            break
    for row in chosen:
        row["lines"] = _lines(row.pop("_passages"), row["term"], texts, has_code, language, options)
    columns = [
        "term",
        "n_code",
        "n_other",
        "n_documents",
        "precision",
        "keyness",
        "cohesion",
        "freedom",
        "weight",
        "lines",
    ]
    return pd.DataFrame(chosen, columns=columns)


def _candidates(
    texts: Sequence[str], has_code: np.ndarray, documents: np.ndarray, language: str, options: SuggestOptions
) -> list[_Candidate]:
    """Find strings that stand in enough passages of the code and are words: cohesive within, free at both ends."""
    pieces = [_pieces(text, language) for text in texts]
    longest = options.longest if language == "zh" else options.n_words
    counts: Counter[tuple[str, ...]] = Counter()
    frequent: Counter[tuple[str, ...]] = Counter()
    for i in np.nonzero(has_code)[0].tolist():
        frequent.update(set(_grams(pieces[i], longest)))
    least = options.n_least
    wanted = {gram for gram, n in frequent.items() if n >= least and (language == "en" or len(gram) >= 2)}
    where: dict[tuple[str, ...], set[int]] = {gram: set() for gram in wanted}
    left: dict[tuple[str, ...], Counter[str]] = {gram: Counter() for gram in wanted}
    right: dict[tuple[str, ...], Counter[str]] = {gram: Counter() for gram in wanted}
    parts = {part for gram in wanted for cut in range(1, len(gram)) for part in (gram[:cut], gram[cut:])} | wanted
    total = 0
    for i, runs in enumerate(pieces):
        for run in runs:
            total += len(run)
            for start in range(len(run)):
                for end in range(start + 1, min(start + longest, len(run)) + 1):
                    gram = run[start:end]
                    if gram not in parts:
                        continue
                    counts[gram] += 1
                    if gram in wanted:
                        where[gram].add(i)
                        left[gram][run[start - 1] if start else f"^{start}{i}"] += 1
                        right[gram][run[end] if end < len(run) else f"${end}{i}"] += 1
    joiner = "" if language == "zh" else " "
    found = []
    for gram in sorted(wanted):
        cohesion, freedom = _cohesion(gram, counts, total), min(_entropy(left[gram]), _entropy(right[gram]))
        at = sorted(where[gram])
        n_documents = len({int(documents[i]) for i in at if has_code[i]})
        if cohesion >= options.cohesion and freedom >= options.freedom and n_documents >= options.n_least_documents:
            found.append(_Candidate(joiner.join(gram), tuple(at), cohesion, freedom))
    return [one for one in found if not _idle(one.term, language)]


def _pieces(text: str, language: str) -> list[tuple[str, ...]]:
    """Cut a text into runs that a term may lie in: characters between marks, words between marks."""
    if language == "zh":
        return [tuple(run) for run in _RUN["zh"].findall(text)]
    return [tuple(_RUN["en"].findall(stretch)) for stretch in re.split(r"[^a-z' \n-]+", text)]


def _grams(runs: Iterable[tuple[str, ...]], longest: int) -> Iterable[tuple[str, ...]]:
    for run in runs:
        for start in range(len(run)):
            for end in range(start + 1, min(start + longest, len(run)) + 1):
                yield run[start:end]


def _cohesion(gram: tuple[str, ...], counts: Counter[tuple[str, ...]], total: int) -> float:
    """Least pointwise mutual information over all ways of cutting a string in two (Huang and Powers, 2003)."""
    if len(gram) == 1:
        return math.inf
    return min(
        math.log(counts[gram] * total / (counts[gram[:cut]] * counts[gram[cut:]])) for cut in range(1, len(gram))
    )


def _entropy(neighbours: Counter[str]) -> float:
    """Branching entropy of the neighbours on one side (Jin and Tanaka-Ishii, 2006), nats."""
    n = sum(neighbours.values())
    return -sum(k / n * math.log(k / n) for k in neighbours.values()) if n else 0.0


def _idle(term: str, language: str) -> bool:
    """Say whether a candidate begins or ends with a word that carries no matter."""
    stops = stopwords(language)
    if language == "en":
        words = term.split()
        return words[0] in stops or words[-1] in stops or len(term) < 3
    return term in stops or term[0] in stops or term[-1] in stops


def _rated(candidates: Sequence[_Candidate], has_code: np.ndarray, documents: np.ndarray) -> list[dict]:
    if not candidates:
        return []
    n_code = np.array([int(has_code[list(one.passages)].sum()) for one in candidates])
    n_all = np.array([len(one.passages) for one in candidates])
    prior = 500 * n_all / n_all.sum()
    _, keyness = (
        log_odds(n_code, n_all - n_code, prior=prior) if (n_all > n_code).any() else (None, n_code.astype(float))
    )
    rows = []
    for i in np.lexsort((np.arange(len(candidates)), -keyness)).tolist():
        one, precision = candidates[i], float(n_code[i] / n_all[i])
        rows.append({
            "term": one.term, "n_code": int(n_code[i]), "n_other": int(n_all[i] - n_code[i]),
            "n_documents": len({int(documents[k]) for k in one.passages if has_code[k]}), "precision": precision,
            "keyness": float(keyness[i]), "cohesion": one.cohesion, "freedom": one.freedom,
            "weight": "strong" if precision >= 0.75 else "weak", "_passages": one.passages,
        })  # fmt: skip
    return rows


def _without_known_terms(texts: Sequence[str], codebook: Codebook, code: str) -> list[str]:
    """Put a mark in place of every term the code has already, so that only what stands outside them is proposed."""
    terms = tuple(term for term in codebook.terms if term.code == code)
    matcher = prepare_terms(replace(codebook, terms=terms, masks=(), cues=()))
    found = find_terms(texts, matcher)
    offsets = found.batch.offsets[found.passage]
    spans: dict[int, list[tuple[int, int]]] = {}
    rows = zip(
        found.passage.tolist(),
        (found.terms.start - offsets).tolist(),
        (found.terms.end - offsets).tolist(),
        strict=True,
    )
    for passage, start, end in rows:
        spans.setdefault(passage, []).append((start, end))
    return [_blanked(text, spans.get(i, ())) for i, text in enumerate(texts)]


def _blanked(text: str, spans: Iterable[tuple[int, int]]) -> str:
    pieces, at = [], 0
    for start, end in spans:
        pieces += [text[at:start], "|"]
        at = end
    return "".join([*pieces, text[at:]])


def _lines(
    where: Sequence[int], term: str, texts: Sequence[str], has_code: np.ndarray, language: str, options: SuggestOptions
) -> str:
    width = options.width * (1 if language == "zh" else 2)
    lines = []
    for i in sorted(where, key=lambda k: (not has_code[k], k))[: options.n_lines]:
        at = texts[i].find(term)
        if at >= 0:
            before, after = texts[i][max(at - width, 0) : at], texts[i][at + len(term) : at + len(term) + width]
            lines.append(f"{before}【{term}】{after}".replace("\n", " "))
    return "\n".join(lines)
