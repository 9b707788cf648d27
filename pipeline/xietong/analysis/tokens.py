"""The words of all coded passages as arrays of numbers, so that counting them takes seconds."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

#: What a word of the vocabulary is good for.
BREAK, STOP, SHORT, WORD = 0, 1, 2, 3
_CONTENT = re.compile("[\u3005\u3400-\u9fff\U00020000-\U000323af]|[^\\W\\d_]{2}")
_LATIN = re.compile(r"[A-Za-zÀ-ɏ]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """Tokenised passages.

    ``ids``: int32, shape (n_tokens,), index into ``vocabulary``; ``starts``, ``ends``: int32, shape (n_tokens,),
    place in the passage's folded text; ``bounds``: int64, shape (n_passages + 1,), where each passage begins in these.
    ``kinds``: int8, shape (n_words,): punctuation and numbers (BREAK), stop words, words too short to stand alone
    (single Han characters), words.
    """

    ids: NDArray[np.int32]
    starts: NDArray[np.int32]
    ends: NDArray[np.int32]
    bounds: NDArray[np.int64]
    vocabulary: tuple[str, ...]
    kinds: NDArray[np.int8]

    @property
    def n_passages(self) -> int:
        """How many passages there are."""
        return len(self.bounds) - 1

    @property
    def passage_of(self) -> NDArray[np.intp]:
        """Give the passage of each token."""
        return np.repeat(np.arange(self.n_passages), np.diff(self.bounds))

    def words(self, passage: int) -> list[str]:
        """Give the tokens of one passage."""
        return [self.vocabulary[i] for i in self.ids[self.bounds[passage] : self.bounds[passage + 1]]]


def tokenise_passages(passages: pd.DataFrame, *, lexicon: Iterable[str] = ()) -> Tokens:
    """Cut the folded text of passages into words.

    Parameters
    ----------
    passages : DataFrame
        With columns ``folded`` and ``language``.
    lexicon : iterable of str
        Words to keep whole, in folded form.

    Returns
    -------
    Tokens
        English words as lower-case lemmas.
    """
    from xietong.tokenise import bare_passages, prepare_tokeniser, tokenise

    tokeniser = prepare_tokeniser(lexicon)
    texts = zip(passages["folded"], passages["language"], strict=True)
    cut = (tokenise(bare_passages([text], [language]), tokeniser)[0] for text, language in texts)
    return number_tokens((one.lemmas, one.starts, [len(token) for token in one.tokens]) for one in cut)


def number_tokens(texts: Iterable[tuple[Sequence[str], Sequence[int], Sequence[int]]]) -> Tokens:
    """Number the words of texts that are cut: of each its words, where they start, and how long they are there."""
    index: dict[str, int] = {}
    ids, starts, ends = [], [], []
    for words, places, lengths in texts:
        ids.append(np.array([index.setdefault(word, len(index)) for word in words], dtype=np.int32))
        starts.append(np.array(places, dtype=np.int32))
        ends.append(starts[-1] + np.array(lengths, dtype=np.int32))
    vocabulary = tuple(index)
    return Tokens(
        ids=_concatenate(ids), starts=_concatenate(starts), ends=_concatenate(ends),
        bounds=np.cumsum([0, *map(len, ids)], dtype=np.int64),
        vocabulary=vocabulary, kinds=classify_words(vocabulary),
    )  # fmt: skip


def classify_words(vocabulary: Iterable[str]) -> NDArray[np.int8]:
    """Say of each word whether it is punctuation or a number, a stop word, too short, or a word."""
    stop = stopwords()
    return np.array([_kind(word, stop) for word in vocabulary], dtype=np.int8)


def _kind(word: str, stop: frozenset[str]) -> int:
    if word in stop:
        return STOP
    if not _CONTENT.search(word):
        return BREAK
    return SHORT if len(word) == 1 else WORD


@cache
def stopwords(*languages: str) -> frozenset[str]:
    """Words that say nothing of a passage's subject, Chinese and English unless one is named (zh, en)."""
    lists = [files("xietong") / "data" / f"stopwords_{language}.txt" for language in languages or ("zh", "en")]
    return frozenset(word for each in lists for word in each.read_text(encoding="utf-8").split())


def join_words(first: str, second: str) -> str:
    """Write two neighbouring words as one term: without a space in Chinese, with one between Latin words."""
    return f"{first} {second}" if _LATIN.match(second[0]) and _LATIN.match(first[-1]) else first + second


def merge_pairs(tokens: Tokens, pairs: NDArray[np.int64]) -> Tokens:
    """Merge neighbouring tokens that form a phrase into one token; of overlapping pairs the left one.

    Parameters
    ----------
    tokens : Tokens
    pairs : array of int64
        Sorted codes ``first * len(vocabulary) + second``.
    """
    if not len(pairs) or len(tokens.ids) < 2:
        return tokens
    code = pair_codes(tokens)
    place = np.minimum(np.searchsorted(pairs, code), len(pairs) - 1)
    joined = (pairs[place] == code) & ~crosses_passages(tokens)
    at = np.flatnonzero(joined)
    run_start = np.r_[True, np.diff(at) > 1] if len(at) else np.zeros(0, dtype=bool)
    since = np.arange(len(at)) - np.maximum.accumulate(np.where(run_start, np.arange(len(at)), 0))
    at = at[since % 2 == 0]
    v = len(tokens.vocabulary)
    new_words = [join_words(tokens.vocabulary[c // v], tokens.vocabulary[c % v]) for c in pairs.tolist()]
    index = {word: i for i, word in enumerate(tokens.vocabulary)}
    known_before = len(index)
    new_ids = np.array([index.setdefault(word, len(index)) for word in new_words], dtype=np.int32)
    ids, ends = tokens.ids.copy(), tokens.ends.copy()
    ids[at], ends[at] = new_ids[place[at]], tokens.ends[at + 1]
    keep = np.ones(len(ids), dtype=bool)
    keep[at + 1] = False
    removed = np.concatenate([[0], np.cumsum(~keep)])
    vocabulary = tuple(index)
    added = classify_words(vocabulary[known_before:])
    return replace(
        tokens, ids=ids[keep], starts=tokens.starts[keep], ends=ends[keep], bounds=tokens.bounds - removed[tokens.bounds],
        vocabulary=vocabulary, kinds=np.concatenate([tokens.kinds, added]),
    )  # fmt: skip


def pair_codes(tokens: Tokens) -> NDArray[np.int64]:
    """Give ``first * len(vocabulary) + second`` for each token and the next."""
    return tokens.ids[:-1].astype(np.int64) * len(tokens.vocabulary) + tokens.ids[1:]


def crosses_passages(tokens: Tokens) -> NDArray[np.bool_]:
    """Say of each token but the last whether the next is in another passage."""
    crosses = np.zeros(len(tokens.ids), dtype=bool)
    inner = tokens.bounds[1:-1]
    crosses[inner[(inner > 0) & (inner < len(tokens.ids))] - 1] = True
    return crosses[:-1]


def count_words(tokens: Tokens, rows: NDArray[np.intp] | None = None, *, n_rows: int | None = None) -> Any:
    """Count the words of each passage, or of each group of passages.

    Parameters
    ----------
    tokens : Tokens
    rows : array of int, shape (n_passages,), optional
        The group of each passage; default: itself.
    n_rows : int, optional
        How many groups.

    Returns
    -------
    scipy.sparse.csr_matrix of float, shape (n_rows, n_words)
        Only words proper are counted; the columns of all others are empty.
    """
    from scipy import sparse

    row = tokens.passage_of if rows is None else rows[tokens.passage_of]
    n_rows = n_rows or (tokens.n_passages if rows is None else int(rows.max()) + 1)
    is_word = tokens.kinds[tokens.ids] == WORD
    shape = (n_rows, len(tokens.vocabulary))
    ones = np.ones(int(is_word.sum()))
    counts = sparse.coo_matrix((ones, (row[is_word], tokens.ids[is_word])), shape=shape).tocsr()
    counts.sum_duplicates()
    return counts


def _concatenate(parts: list[NDArray[np.int32]]) -> NDArray[np.int32]:
    return np.concatenate(parts).astype(np.int32) if parts else np.zeros(0, dtype=np.int32)
