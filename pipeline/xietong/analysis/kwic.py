"""A term in context, asked for and shown in any script, and the words that keep it company."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from xietong.analysis.keyness import log_likelihood
from xietong.analysis.results import tidy
from xietong.analysis.script import is_traditional, written_forms
from xietong.analysis.tokens import WORD, Tokens, tokenise_passages
from xietong.errors import UsageError
from xietong.tables import COLLOCATES, KWIC

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

MEASURES = (
    "this measures which words stand within the window around the term more often than their frequency lets expect: MI "
    "favours rare words, logDice (at most 14) does not depend on corpus size"
)
_LATIN_EDGE = re.compile(r"[A-Za-z0-9]")
_WILD = r"[^\W_]{0,12}?"
_LETTERS = r"[A-Za-zÀ-ɏ]{0,12}"
_HAN_STAR = re.compile("^\\*+|(?<=[㐀-鿿])\\*+$")  # a star at the end of a Chinese term adds nothing


@dataclass(frozen=True, slots=True)
class KwicOptions:
    """How much to show."""

    width: int = 40  # characters to each side
    window: int = 5  # words to each side that count as company
    n_collocates: int = 100
    n_least: int = 3  # times a word must be near the term
    only: str = ""  # a column name and a value, "region=Fernvale": only these passages


def find_term(passages: pd.DataFrame, term: str, *, options: KwicOptions | None = None) -> pd.DataFrame:
    """Find a term in the passages, whatever script it is typed in and they are written in.

    Parameters
    ----------
    passages : DataFrame
        With columns ``folded``, ``reading`` (character by character alike) and the documents' properties.
    term : str
        Simplified or traditional Chinese, or English. ``*`` stands for up to twelve letters or characters.
        English words are found whole, in any case, singular and plural.
    options : KwicOptions, optional

    Returns
    -------
    DataFrame
        Schema `KWIC`, in the order of the passages; ``start`` and ``end`` count in the passage's ``reading``.

    Raises
    ------
    UsageError
        If the term is empty.
    """
    options = options or KwicOptions()
    pattern = _pattern(term)
    rows = []
    for number, text in enumerate(passages["folded"]):
        rows += [
            (number, match.start(), match.end()) for match in pattern.finditer(text) if match.end() > match.start()
        ]
    hits = [_context(passages, *row, options.width) for row in rows]
    return tidy(hits, schema=KWIC, term=term)


def collocates(passages: pd.DataFrame, term: str, *, options: KwicOptions | None = None) -> pd.DataFrame:
    """Rank the words near a term.

    Parameters
    ----------
    passages : DataFrame
        As for `find_term`.
    term : str
    options : KwicOptions, optional

    Returns
    -------
    DataFrame
        Schema `COLLOCATES`, best logDice first. With f the term's and c the word's frequency, t their count together
        within the window and N the words: ``mi`` = log2(t N / (f c 2 window)) (Church & Hanks, 1990, span-adjusted);
        ``log_dice`` = 14 + log2(2 t / (f 2 window + c)), at most 14 (Rychlý, 2008, the term's window slots in place of f,
        as one slot holds one word); ``g2`` is signed log-likelihood against the words outside the window.

    Raises
    ------
    UsageError
        If the term does not occur.
    """
    options = options or KwicOptions()
    hits = find_term(passages, term, options=options)
    if hits.empty:
        raise UsageError(f"{term!r} does not occur in these passages; its company cannot be counted")
    tokens = tokenise_passages(passages)
    near = _near(tokens, hits, passages, options.window)
    v = len(tokens.vocabulary)
    word = tokens.kinds[tokens.ids] == WORD
    together = np.bincount(tokens.ids[near & word], minlength=v).astype(float)
    overall = np.bincount(tokens.ids[word], minlength=v).astype(float)
    often = np.flatnonzero(together >= options.n_least)
    n_words, slots = overall.sum(), len(hits) * 2 * options.window
    mi = np.log2(together[often] * n_words / (overall[often] * slots))
    dice = 14 + np.log2(2 * together[often] / (slots + overall[often]))
    outside = np.append(overall - together, 1.0)
    g2 = log_likelihood(np.append(together, 1.0), outside)[often]
    order = np.lexsort((often, -np.round(dice, 9)))[: options.n_collocates]
    forms = written_forms(passages, tokens, often[order]) if is_traditional(passages["language"]) else {}
    rows = [
        {
            "rank": rank, "collocate": forms.get(int(often[i]), tokens.vocabulary[often[i]]),
            "folded_term": tokens.vocabulary[often[i]], "n_together": int(together[often[i]]),
            "n_collocate": int(overall[often[i]]), "mi": mi[i], "log_dice": dice[i], "g2": g2[i],
        }
        for rank, i in enumerate(order.tolist(), start=1)
    ]  # fmt: skip
    return tidy(
        rows, schema=COLLOCATES, term=term, n_documents=hits["document_id"].nunique(), corrected=False,
        n_passages=hits["passage_id"].nunique(), interval="none", measures=MEASURES,
    )  # fmt: skip


def choose_passages(passages: pd.DataFrame, only: str) -> pd.DataFrame:
    """Keep the passages of which a column has a value, given as ``column=value``."""
    if not only:
        return passages
    column, _, value = only.partition("=")
    if column not in passages:
        raise UsageError(f"the passages have no column {column!r}; there are {', '.join(map(str, passages.columns))}")
    kept = passages[passages[column].astype("string").fillna("") == value].reset_index(drop=True)
    if kept.empty:
        some = ", ".join(sorted(passages[column].dropna().astype(str).unique())[:8])
        raise UsageError(f"no passage has {column} {value!r}; there are {some} …")
    return kept


def _pattern(term: str) -> re.Pattern[str]:
    from xietong.normalise import fold

    folded = fold(term.strip()).text.strip() if term.strip() else ""
    if not folded.strip("* "):
        raise UsageError("kwic needs a term: a word or phrase in Chinese or English")
    folded = _HAN_STAR.sub("", folded)
    body = _WILD.join(r"\s+".join(re.escape(part) for part in piece.split()) for piece in folded.split("*"))
    if _LATIN_EDGE.match(folded[0]):
        body = r"(?<![A-Za-z0-9])" + body
    if _LATIN_EDGE.match(folded[-1]):
        plural = "(?:e?s)?" if folded[-1].isalpha() and folded.isascii() else ""
        body += plural + r"(?![A-Za-z0-9])"
    if folded.endswith("*"):
        body += _LETTERS
    return re.compile(body, re.IGNORECASE)


def _context(passages: pd.DataFrame, number: int, start: int, end: int, width: int) -> dict[str, Any]:
    import pandas as pd

    row = {name: passages[name].iat[number] for name in ("passage_id", "document_id", "file", "year", "region", "level")
           if name in passages}  # fmt: skip
    folded, reading = passages["folded"].iat[number], passages["reading"].iat[number]
    text = reading if len(reading) == len(folded) else folded
    return {
        **{name: None if pd.isna(value) else value for name, value in row.items()},
        "left": " ".join(text[max(start - width, 0) : start].split("\n")), "hit": text[start:end],
        "right": " ".join(text[end : end + width].split("\n")), "start": start, "end": end,
    }  # fmt: skip


def _near(tokens: Tokens, hits: pd.DataFrame, passages: pd.DataFrame, window: int) -> NDArray[np.bool_]:
    """Mark the tokens within so many words of a hit, the hit's own words not among them; each token once."""
    number = {passage: i for i, passage in enumerate(passages["passage_id"])}
    near = np.zeros(len(tokens.ids), dtype=bool)
    own = np.zeros(len(tokens.ids), dtype=bool)
    word = tokens.kinds[tokens.ids] == WORD
    for passage, start, end in zip(hits["passage_id"], hits["start"], hits["end"], strict=True):
        first, last = tokens.bounds[number[passage]], tokens.bounds[number[passage] + 1]
        begin = first + int(np.searchsorted(tokens.ends[first:last], start, side="right"))
        stop = first + int(np.searchsorted(tokens.starts[first:last], end, side="left"))
        own[begin:stop] = True
        before = np.flatnonzero(word[first:begin])[-window:] + first
        after = np.flatnonzero(word[stop:last])[:window] + stop
        near[before] = near[after] = True
    return near & ~own
