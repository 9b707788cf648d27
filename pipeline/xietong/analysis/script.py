"""Shows terms in the reader's script: as the documents themselves write them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from xietong.analysis.tokens import Tokens

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

_LOOKED_AT = 40  # occurrences of a term that are looked at


def is_traditional(languages: pd.Series) -> bool:
    """Say whether most of the Chinese among these passages is in traditional script."""
    chinese = languages.isin(["zh-Hans", "zh-Hant"])
    return bool((languages[chinese] == "zh-Hant").mean() > 0.5) if chinese.any() else False


def written_forms(passages: pd.DataFrame, tokens: Tokens, words: Iterable[int]) -> dict[int, str]:
    """Find how traditional Chinese passages write words, by their most frequent form there.

    Parameters
    ----------
    passages : DataFrame
        In the order of ``tokens``, with columns ``language``, ``reading`` and ``folded``, which agree character by
        character.
    tokens : Tokens
    words : iterable of int
        Indices into the vocabulary.

    Returns
    -------
    dict
        Only words that occur in such passages.
    """
    wanted = np.unique(np.fromiter(words, dtype=np.int64))
    in_traditional = (passages["language"] == "zh-Hant").to_numpy()
    passage = tokens.passage_of
    place = np.flatnonzero(in_traditional[passage] & np.isin(tokens.ids, wanted))
    order = place[np.argsort(tokens.ids[place], kind="stable")]
    reading = passages["reading"].to_numpy()
    forms: dict[int, str] = {}
    for group in _runs(tokens.ids[order]):
        seen = Counter(
            str(reading[passage[i]])[tokens.starts[i] : tokens.ends[i]] for i in order[group][:_LOOKED_AT].tolist()
        )
        forms[int(tokens.ids[order[group.start]])] = min(seen, key=lambda form: (-seen[form], form))
    return forms


def find_form(term: str, passages: pd.DataFrame) -> str:
    """Find how traditional Chinese passages write a term given in folded form; the term itself if they do not."""
    for folded, reading, language in zip(passages["folded"], passages["reading"], passages["language"], strict=True):
        if language == "zh-Hant" and (at := folded.find(term)) >= 0 and len(folded) == len(reading):
            return str(reading[at : at + len(term)])
    return term


def _runs(values: NDArray[np.int32]) -> list[slice]:
    """Give the stretches of equal values."""
    if not len(values):
        return []
    edges = np.flatnonzero(np.diff(values)) + 1
    return [slice(a, b) for a, b in zip([0, *edges.tolist()], [*edges.tolist(), len(values)], strict=True)]
