"""Learns which neighbouring words are one term (新质生产力, transfer payment) before anything is counted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from xietong.analysis.tokens import SHORT, WORD, Tokens, crosses_passages, join_words, merge_pairs, pair_codes

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray


#: Pairs of words to merge, round by round.
Rounds = tuple[tuple[tuple[str, str], ...], ...]


@dataclass(frozen=True, slots=True)
class PhraseOptions:
    """When two words are one phrase."""

    n_least: int = 8  # times they must stand side by side …
    n_least_passages: int = 5  # … in so many passages
    strength: float = 0.55  # normalised pointwise mutual information, 0 (chance) to 1 (never apart)
    n_rounds: int = 3  # pairs of pairs: up to eight words


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrases:
    """Learned phrases: per round the pairs of words, and a table of what was found."""

    rounds: Rounds
    table: pd.DataFrame  # phrase, n, n_passages, strength; strongest first


def learn_phrases(tokens: Tokens, *, options: PhraseOptions | None = None) -> tuple[Phrases, Tokens]:
    """Find collocations and merge them, in rounds, so that longer ones grow from shorter.

    Parameters
    ----------
    tokens : Tokens
    options : PhraseOptions, optional

    Returns
    -------
    phrases : Phrases
    tokens : Tokens
        With each phrase as one token.

    Notes
    -----
    Strength is the normalised pointwise mutual information of neighbours, ln(p(ab) / (p(a) p(b))) / -ln p(ab)
    (Bouma, 2009). Stop words, punctuation and numbers are in no phrase; two single Han characters make one only
    with a third word.
    """
    import pandas as pd

    options = options or PhraseOptions()
    rounds: list[tuple[tuple[str, str], ...]] = []
    found: list[dict[str, object]] = []
    for _ in range(options.n_rounds):
        pairs, n, n_passages, strength = _collocations(tokens, options)
        if not len(pairs):
            break
        v = len(tokens.vocabulary)
        words = [(tokens.vocabulary[code // v], tokens.vocabulary[code % v]) for code in pairs.tolist()]
        rounds.append(tuple(words))
        found += [
            {"phrase": join_words(*pair), "n": int(n[i]), "n_passages": int(n_passages[i]), "strength": float(strength[i])}
            for i, pair in enumerate(words)
        ]  # fmt: skip
        tokens = merge_pairs(tokens, pairs)
    table = pd.DataFrame(found, columns=["phrase", "n", "n_passages", "strength"])
    table = table.sort_values(["strength", "n", "phrase"], ascending=[False, False, True], ignore_index=True)
    return Phrases(rounds=tuple(rounds), table=table), tokens


def apply_phrases(tokens: Tokens, rounds: Rounds) -> Tokens:
    """Merge the phrases learned elsewhere, in the same rounds."""
    for pairs in rounds:
        index = {word: i for i, word in enumerate(tokens.vocabulary)}
        codes = [
            index[first] * len(tokens.vocabulary) + index[second]
            for first, second in pairs
            if first in index and second in index
        ]
        tokens = merge_pairs(tokens, np.unique(np.array(codes, dtype=np.int64)))
    return tokens


def _collocations(
    tokens: Tokens, options: PhraseOptions
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Give the pairs that pass: code, count, passages, strength; sorted by code."""
    kinds = tokens.kinds[tokens.ids]
    good = (kinds[:-1] >= SHORT) & (kinds[1:] >= SHORT) & ~crosses_passages(tokens)
    good &= (kinds[:-1] == WORD) | (kinds[1:] == WORD)
    codes, inverse, n = np.unique(pair_codes(tokens)[good], return_inverse=True, return_counts=True)
    often = n >= options.n_least
    if not often.any():
        return codes[:0], n[:0], n[:0], np.zeros(0)
    passage = tokens.passage_of[:-1][good]
    counted = often[inverse]
    both = np.unique(inverse[counted].astype(np.int64) * tokens.n_passages + passage[counted])
    n_passages = np.bincount(both // tokens.n_passages, minlength=len(codes))
    count = np.bincount(tokens.ids, minlength=len(tokens.vocabulary)).astype(float)
    total = float(len(tokens.ids))
    v = len(tokens.vocabulary)
    together = n / total
    with np.errstate(divide="ignore"):
        strength = np.log(together / (count[codes // v] / total * count[codes % v] / total)) / -np.log(together)
    kept = often & (n_passages >= options.n_least_passages) & (strength >= options.strength)
    return codes[kept], n[kept], n_passages[kept], strength[kept]
