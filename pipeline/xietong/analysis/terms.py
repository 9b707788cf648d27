"""Extracts terms without a codebook: TextRank, C-value for multiword terms, and words no dictionary knows."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING, Any

import numpy as np

from xietong.analysis.tokens import SHORT, WORD, Tokens, join_words

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

_HAN = ((0x3400, 0x9FFF), (0x20000, 0x323AF))


def textrank(
    tokens: Tokens, rows: NDArray[np.intp], n_rows: int, *, window: int = 2, damping: float = 0.85, n_steps: int = 30
) -> Any:
    """Rank the words of each document by their place in its network of neighbouring words.

    Parameters
    ----------
    tokens : Tokens
    rows : array of int, shape (n_passages,)
        The document of each passage, 0 to ``n_rows`` - 1.
    n_rows : int
    window : int
        Words at most so far apart are linked.
    damping : float
    n_steps : int
        Steps of the power iteration, the same for all, so that results do not depend on other documents.

    Returns
    -------
    scipy.sparse.csr_matrix of float, shape (n_rows, n_words)
        Scores add up to one in each document.

    References
    ----------
    Mihalcea, R. & Tarau, P. (2004). TextRank: bringing order into texts.
    """
    from scipy import sparse

    v = len(tokens.vocabulary)
    word_of_document = rows[tokens.passage_of].astype(np.int64) * v + tokens.ids
    is_word = tokens.kinds[tokens.ids] == WORD
    nodes = np.unique(word_of_document[is_word])
    if not len(nodes):
        return sparse.csr_matrix((n_rows, v))
    graph = _neighbours(tokens.passage_of, word_of_document, is_word, nodes, window)
    document = nodes // v
    score = _walk(graph, document, damping, n_steps)
    score = score / np.bincount(document, weights=score, minlength=n_rows)[document]
    return sparse.csr_matrix((score, (document, nodes % v)), shape=(n_rows, v))


def _neighbours(
    passage: NDArray[np.intp],
    place: NDArray[np.int64],
    is_word: NDArray[np.bool_],
    nodes: NDArray[np.int64],
    window: int,
) -> Any:
    """Link the words that stand at most ``window`` apart in one passage: how often each two, shape (n_nodes, n_nodes)."""
    from scipy import sparse

    links = []
    for apart in range(1, window + 1):
        near = is_word[:-apart] & is_word[apart:] & (passage[:-apart] == passage[apart:])
        first, second = place[:-apart][near], place[apart:][near]
        different = first != second
        links.append(np.stack([np.searchsorted(nodes, first[different]), np.searchsorted(nodes, second[different])]))
    ends = np.concatenate(links, axis=1)
    graph = sparse.coo_matrix((np.ones(ends.shape[1]), (ends[0], ends[1])), shape=(len(nodes), len(nodes))).tocsr()
    return graph + graph.T


def _walk(graph: Any, document: NDArray[np.int64], damping: float, n_steps: int) -> NDArray[np.float64]:
    """Give each node's share of a random walk over its document's links, by power iteration."""
    n_links = np.asarray(graph.sum(axis=0)).ravel()
    size = np.bincount(document)[document]
    score = 1.0 / size
    for _ in range(n_steps):
        passed = graph @ np.where(n_links > 0, score / np.maximum(n_links, 1), 0.0)
        score = (1 - damping) / size + damping * passed
    return score


@dataclass(frozen=True, slots=True)
class TermOptions:
    """Which multiword terms and new words are worth showing."""

    n_least: int = 8  # occurrences
    most_words: int = 7  # of a multiword term
    longest: int = 5  # characters of a new word
    cohesion: float = 4.0  # bits by which the parts of a new word attract each other, at its weakest seam
    freedom: float = 1.5  # bits of entropy of what stands beside a new word, on its poorer side


def c_value(tokens: Tokens, *, options: TermOptions | None = None) -> pd.DataFrame:
    """Score multiword terms by frequency and length, discounting what occurs inside longer terms only.

    Parameters
    ----------
    tokens : Tokens
        Single words (phrases not merged).
    options : TermOptions, optional

    Returns
    -------
    DataFrame
        ``term, n_words, n, n_nested, c_value``, best first. C-value(a) = log2|a| (f(a) - mean f of the longer
        candidates that contain a). Fragments, of which four in five occurrences lie in one longer term, are left out.

    References
    ----------
    Frantzi, K., Ananiadou, S. & Mima, H. (2000). Automatic recognition of multi-word terms: the C-value/NC-value method.
    """
    import pandas as pd

    options = options or TermOptions()
    counted = _word_sequences(tokens, options)
    longer = _counts_of_longer(counted)
    rows = []
    for words, n in counted.items():
        nested = longer.get(words, [])
        if max(nested, default=0) >= 0.8 * n:
            continue  # a fragment: hardly ever seen outside one longer term
        value = np.log2(len(words)) * (n - (sum(nested) / len(nested) if nested else 0.0))
        term = reduce(join_words, (tokens.vocabulary[word] for word in words))
        rows.append((term, len(words), n, len(nested), float(value)))
    table = pd.DataFrame(rows, columns=["term", "n_words", "n", "n_nested", "c_value"])
    return table.sort_values(["c_value", "term"], ascending=[False, True], ignore_index=True)


def _counts_of_longer(counted: dict[tuple[int, ...], int]) -> dict[tuple[int, ...], list[int]]:
    """Give for each candidate how often each of the longer ones that contain it occurs."""
    longer: dict[tuple[int, ...], list[int]] = {}
    for words, n in counted.items():
        for length in range(2, len(words)):
            for start in range(len(words) - length + 1):
                part = words[start : start + length]
                if part in counted:
                    longer.setdefault(part, []).append(n)
    return longer


def _word_sequences(tokens: Tokens, options: TermOptions) -> dict[tuple[int, ...], int]:
    """Count sequences of content words that do not cross a passage, growing only from frequent ones."""
    good = tokens.kinds[tokens.ids] >= SHORT
    passage = tokens.passage_of
    ids = tokens.ids.astype(np.int64)
    group = np.where(good, ids, -1)  # the sequence that begins at each token
    words_of: dict[int, tuple[int, ...]] = {int(i): (int(i),) for i in np.unique(ids[good])}
    counted: dict[tuple[int, ...], int] = {}
    for length in range(2, options.most_words + 1):
        if len(ids) < length:
            break
        last = length - 1
        valid = (group[:-last] >= 0) if length == 2 else (group >= 0)[: len(ids) - last]
        valid = valid & good[last:] & (passage[:-last] == passage[last:])
        code = group[: len(ids) - last] * len(tokens.vocabulary) + ids[last:]
        unique, inverse, n = np.unique(code[valid], return_inverse=True, return_counts=True)
        often = n >= options.n_least
        grown = {
            i: (*words_of[c // len(tokens.vocabulary)], c % len(tokens.vocabulary))
            for i, c in enumerate(unique.tolist())
            if often[i]
        }
        for i, words in grown.items():
            if any(tokens.kinds[word] == WORD for word in words):
                counted[words] = int(n[i])
        new_group = np.full(len(ids) - last, -1, dtype=np.int64)
        new_group[valid] = np.where(often[inverse], inverse, -1)
        group, words_of = new_group, grown
    return counted


def new_words(
    texts: Sequence[str], known: Collection[str], *, edges: Collection[str] = (), options: TermOptions | None = None
) -> pd.DataFrame:
    """Find Chinese words that a dictionary lacks, by how they hold together and how freely they are used.

    Parameters
    ----------
    texts : sequence of str
        Folded texts.
    known : collection of str
        Words that are no news: the segmenter's dictionary, the codebook's terms.
    edges : collection of str
        Characters with which no word begins or ends (的, 了, 和 …).
    options : TermOptions, optional

    Returns
    -------
    DataFrame
        ``term, n, cohesion, freedom, score`` (their sum times log2 of n), best first. Cohesion is the least
        pointwise mutual information over all ways of cutting the word in two, in bits; freedom the smaller of the
        branching entropies to the left and right, in bits. Parts that occur almost only inside a longer word found
        are left out.

    References
    ----------
    Jin, Z. & Tanaka-Ishii, K. (2006). Unsupervised segmentation of Chinese text by use of branching entropy.
    """
    import pandas as pd

    options = options or TermOptions()
    text = "\n".join(texts)
    points = np.frombuffer(text.encode("utf-32-le"), dtype=np.uint32)
    if len(points) < 2:
        return pd.DataFrame(columns=["term", "n", "cohesion", "freedom", "score"])
    characters, at = np.unique(points, return_inverse=True)
    is_han = np.zeros(len(characters), dtype=bool)
    for low, high in _HAN:
        is_han |= (characters >= low) & (characters <= high)
    grams = _count_grams(at.astype(np.int64), is_han, len(characters), options)
    rows = []
    barred = {ord(c) for c in edges}
    total = float(is_han[at].sum())
    for length in range(2, options.longest + 1):
        for i, n, cohesion in _cohesive(grams, length, total, options.cohesion):
            first, last = int(points[i]), int(points[i + length - 1])
            if first in barred or last in barred or (term := text[i : i + length]) in known:
                continue
            rows.append((term, n, cohesion, int(grams[length][0][i]), length))
    freedom = _freedom(grams, at.astype(np.int64), len(characters))
    found = [
        (term, n, cohesion, float(freedom[length][group])) for term, n, cohesion, group, length in rows
        if freedom[length][group] >= options.freedom
    ]  # fmt: skip
    table = pd.DataFrame(found, columns=["term", "n", "cohesion", "freedom"])
    table["score"] = (table["cohesion"] + table["freedom"]) * np.log2(table["n"].clip(lower=1))
    table = table.sort_values(["score", "term"], ascending=[False, True], ignore_index=True)
    return _without_parts(table)


Grams = dict[int, tuple[Any, Any]]


def _count_grams(at: NDArray[np.int64], is_han: NDArray[np.bool_], n_characters: int, options: TermOptions) -> Grams:
    """Number the frequent sequences of each length: per text position the number (or -1), and their counts."""
    one = np.where(is_han[at], at, -1)
    grams: Grams = {1: (one, np.bincount(at, minlength=n_characters))}
    for length in range(2, options.longest + 2):
        before = grams[length - 1][0]
        size = len(before) - 1
        if size < 1:
            break
        valid = (before[:-1] >= 0) & (before[1:] >= 0)
        code = before[:-1] * n_characters + at[length - 1 :][:size]
        _, inverse, n = np.unique(code[valid], return_inverse=True, return_counts=True)
        often = n >= options.n_least
        number = np.cumsum(often) - 1
        group = np.full(size, -1, dtype=np.int64)
        group[valid] = np.where(often[inverse], number[inverse], -1)
        grams[length] = (group, n[often])
    return grams


def _cohesive(grams: Grams, length: int, total: float, least: float) -> list[tuple[int, int, float]]:
    """Give a place, the count and the cohesion of every sequence whose parts attract each other enough."""
    if length not in grams or not len(grams[length][1]):
        return []
    group, n = grams[length]
    places = np.flatnonzero(group >= 0)
    _, first = np.unique(group[places], return_index=True)
    where = places[first]  # one place of each, in the order of their numbers
    weakest = np.full(len(where), np.inf)
    for cut in range(1, length):
        left = grams[cut][1][grams[cut][0][where]]
        right = grams[length - cut][1][grams[length - cut][0][where + cut]]
        weakest = np.minimum(weakest, np.log2(n * total / (left.astype(float) * right)))
    return [(int(where[i]), int(n[i]), float(weakest[i])) for i in np.flatnonzero(weakest >= least)]


def _freedom(grams: Grams, at: NDArray[np.int64], n_characters: int) -> dict[int, NDArray[np.float64]]:
    """Give the smaller branching entropy (bits) of every frequent sequence, by length and number."""
    result = {}
    for length, (group, n) in grams.items():
        if length == 1:
            continue
        sides = []
        for step in (-1, length):
            place = np.flatnonzero(group >= 0)
            place = place[(place + step >= 0) & (place + step < len(at))]
            code, together = np.unique(group[place] * n_characters + at[place + step], return_counts=True)
            owner = code // n_characters
            size = np.bincount(owner, weights=together, minlength=len(n))
            share = together / size[owner]
            sides.append(np.bincount(owner, weights=-share * np.log2(share), minlength=len(n)))
        result[length] = np.minimum(*sides)
    return result


def _without_parts(table: pd.DataFrame) -> pd.DataFrame:
    """Leave out what occurs almost only inside a longer word of the table."""
    n_of = dict(zip(table["term"], table["n"], strict=True))
    most_inside: dict[str, int] = {}
    for term, n in n_of.items():
        for length in range(2, len(term)):
            for i in range(len(term) - length + 1):
                part = term[i : i + length]
                most_inside[part] = max(most_inside.get(part, 0), n)
    kept = [most_inside.get(term, 0) < 0.7 * n for term, n in zip(table["term"], table["n"], strict=True)]
    return table[np.array(kept, dtype=bool)].reset_index(drop=True)
