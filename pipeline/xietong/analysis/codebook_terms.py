"""How the terms of a codebook do in a run: which never occur, which carry a code, and what each adds on hand codes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from xietong.codebook import Codebook
from xietong.coders.matching import Matcher
from xietong.coders.terms import PRESENT, find_terms, prepare_terms

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

_BATCH = 4000  # passages matched at once, so that memory does not grow with the run


@dataclass(frozen=True, slots=True)
class TermOptions:
    """What counts as remarkable."""

    dominant: float = 0.5  # share of a code's passages in which one term stands …
    dominant_least: int = 20  # … of at least so many passages
    swallowed: float = 0.8  # share of one code's passages that another code has as well


@dataclass(frozen=True, slots=True)
class _Occurrences:
    """Every term in every passage, once: parallel arrays, in order of passage; ``points`` 0 where none counts."""

    passage: NDArray[np.int64]
    entry: NDArray[np.int64]
    code: NDArray[np.int64]
    points: NDArray[np.float64]


def diagnose_terms(
    passages: pd.DataFrame,
    codebook: Codebook,
    hand: pd.DataFrame | None = None,
    *,
    options: TermOptions | None = None,
) -> pd.DataFrame:
    """Say of every term of a codebook how it does in a corpus.

    Parameters
    ----------
    passages
        A run's coded passages: ``passage_id, document_id, folded``.
    codebook
        The codebook, or a changed one that is being tried.
    hand
        Hand codes, one row per passage and code: ``passage_id, code, value``. A passage and code with no row are taken
        for 0 if the passage has any row. Without it the last five columns are missing.
    options
        Limits for ``finding``.

    Returns
    -------
    DataFrame, one row per term, in the order of the codebook's codes
        ``code, language, term, weight``; ``n_passages, n_documents`` in which it counts; ``n_hidden``, passages in which
        it stands but masks, titles, negations or names undo it everywhere; ``share`` of the code's passages that have
        it; ``n_alone``, passages that have the code only through it; ``shared_with``, other codes with the same term;
        ``finding``: never occurs, always hidden, dominates, or nothing. With hand codes ``n_hand`` (hand-coded passages
        it stands in), ``n_hand_right`` (that have the code), ``precision`` and ``f1_change``: F1 of the code with the
        codebook as it is minus F1 without the term, so that a term that harms is negative.
    """
    import pandas as pd

    options = options or TermOptions()
    matcher = prepare_terms(codebook)
    found = _occurrences(passages["folded"].tolist(), matcher)
    terms = [i for i, entry in enumerate(matcher.entries) if entry.code >= 0]
    documents = pd.factorize(passages["document_id"])[0]
    points = _points(found, len(passages), len(codebook.codes))
    judged = _hand_values(passages, codebook, hand) if hand is not None else None
    by_entry = _by_entry(found, len(matcher.entries))
    owners: dict[tuple[str, str], list[str]] = {}
    for i in terms:
        entry = matcher.entries[i]
        owners.setdefault((entry.language, entry.text), []).append(codebook.codes[entry.code].code)
    rows = []
    for i in terms:
        entry, at = matcher.entries[i], by_entry[i]
        where, worth = found.passage[at], found.points[at]
        counting = where[worth > 0]
        n_code = int((points[:, entry.code] >= PRESENT).sum())
        left = points[counting, entry.code] - worth[worth > 0]
        present = points[counting, entry.code] >= PRESENT
        code = codebook.codes[entry.code].code
        row: dict[str, object] = {
            "code": code, "language": entry.language, "term": entry.text,
            "weight": "strong" if entry.strong else "weak", "n_passages": len(counting),
            "n_documents": len(np.unique(documents[counting])), "n_hidden": int((worth == 0).sum()),
            "share": int(present.sum()) / n_code if n_code else 0.0,
            "n_alone": int((present & (left < PRESENT)).sum()),
            "shared_with": "; ".join(other for other in owners[entry.language, entry.text] if other != code),
        }  # fmt: skip
        row["finding"] = _finding(row, n_code, options)
        if judged is not None:
            row |= _on_hand_codes(counting, left, points[:, entry.code], judged[:, entry.code])
        rows.append(row)
    return pd.DataFrame(rows)


def diagnose_codes(passages: pd.DataFrame, codebook: Codebook, *, options: TermOptions | None = None) -> pd.DataFrame:
    """Say which codes of one facet go together so often that one may swallow the other.

    Returns
    -------
    DataFrame, one row per ordered pair of codes that share a passage
        ``facet, code, other, n_code, n_both, share`` (of the passages of ``code`` that have ``other`` too),
        ``n_shared_terms``, and ``finding``: swallowed, or nothing. Highest share first.
    """
    import pandas as pd

    options = options or TermOptions()
    matcher = prepare_terms(codebook)
    found = _occurrences(passages["folded"].tolist(), matcher)
    present = (_points(found, len(passages), len(codebook.codes)) >= PRESENT).astype(np.int64)
    both = present.T @ present
    terms = [
        {(term.language, term.term.casefold()) for term in codebook.terms if term.code == code.code}
        for code in codebook.codes
    ]
    rows = []
    for i, code in enumerate(codebook.codes):
        for j, other in enumerate(codebook.codes):
            if i == j or code.facet != other.facet or not both[i, j]:
                continue
            share = both[i, j] / both[i, i]
            swallowed = share >= options.swallowed and both[i, i] >= options.dominant_least
            rows.append({
                "facet": code.facet, "code": code.code, "other": other.code, "n_code": int(both[i, i]),
                "n_both": int(both[i, j]), "share": float(share), "n_shared_terms": len(terms[i] & terms[j]),
                "finding": "swallowed" if swallowed else "",
            })  # fmt: skip
    columns = ["facet", "code", "other", "n_code", "n_both", "share", "n_shared_terms", "finding"]
    table = pd.DataFrame(rows, columns=columns)
    return table.sort_values(["share", "code", "other"], ascending=[False, True, True], ignore_index=True)


def _occurrences(texts: list[str], matcher: Matcher) -> _Occurrences:
    parts = list(_matched(texts, matcher))
    if not parts:
        none = np.zeros(0, dtype=np.int64)
        return _Occurrences(none, none, none, np.zeros(0))
    return _Occurrences(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))


def _matched(texts: list[str], matcher: Matcher) -> Iterator[tuple[NDArray[Any], ...]]:
    """Match batch by batch; a term that stands twice in a passage keeps the hit that counts."""
    for first in range(0, len(texts), _BATCH):
        found = find_terms(texts[first : first + _BATCH], matcher)
        order = np.lexsort((-found.points, found.terms.entry, found.passage))
        keys = np.column_stack([found.passage, found.terms.entry])[order]
        _, kept = np.unique(keys, axis=0, return_index=True)
        chosen = order[kept]
        yield found.passage[chosen] + first, found.terms.entry[chosen], found.code[chosen], found.points[chosen]


def _points(found: _Occurrences, n_passages: int, n_codes: int) -> NDArray[np.float64]:
    points = np.zeros((n_passages, n_codes))
    np.add.at(points, (found.passage, found.code), found.points)
    return points


def _by_entry(found: _Occurrences, n_entries: int) -> list[NDArray[np.int64]]:
    """List, for each entry, its rows in ``found``."""
    order = np.argsort(found.entry, kind="stable")
    return np.split(order, np.searchsorted(found.entry[order], np.arange(1, n_entries)))


def _hand_values(passages: pd.DataFrame, codebook: Codebook, hand: pd.DataFrame) -> NDArray[np.float64]:
    """Give the hand codes as an array, shape (n_passages, n_codes); nan where a passage was not hand-coded."""
    place = {passage_id: i for i, passage_id in enumerate(passages["passage_id"])}
    values = np.full((len(passages), len(codebook.codes)), np.nan)
    known = hand[hand["passage_id"].isin(place)]
    rows = known["passage_id"].map(place).to_numpy(dtype=np.int64)
    values[rows] = 0
    for row, code, value in zip(rows.tolist(), known["code"], known["value"], strict=True):
        if code in codebook.index:
            values[row, codebook.index[code]] = value
    return values


def _finding(row: dict[str, Any], n_code: int, options: TermOptions) -> str:
    if not row["n_passages"]:
        return "always hidden" if row["n_hidden"] else "never occurs"
    dominates = row["share"] >= options.dominant and n_code >= options.dominant_least
    return "dominates" if dominates else ""


def _on_hand_codes(
    where: NDArray[np.int64], left: NDArray[np.float64], points: NDArray[np.float64], hand: NDArray[np.float64]
) -> dict[str, object]:
    """Compare the code with and without one term that counts in the passages ``where``, ``left`` being the rest."""
    judged = ~np.isnan(hand)
    true = judged & (hand >= 1)
    assigned = judged & (points >= PRESENT)
    without = assigned.copy()
    without[where] = judged[where] & (left >= PRESENT)
    seen = judged[where]
    n, right = int(seen.sum()), int(true[where].sum())
    return {
        "n_hand": n, "n_hand_right": right, "precision": right / n if n else np.nan,
        "f1_change": _f1(true, assigned) - _f1(true, without),
    }  # fmt: skip


def _f1(true: NDArray[np.bool_], assigned: NDArray[np.bool_]) -> float:
    return 2 * int((true & assigned).sum()) / max(int(true.sum()) + int(assigned.sum()), 1)
