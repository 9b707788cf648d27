"""Cuts the folded text of passages into words: jieba's words for Chinese, spaCy's for English."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate, chain, repeat
from operator import add
from typing import Any

from xietong.records import FoldedText, Passage, TokenisedPassage

#: How many distinct English chunks are remembered; beyond that the memory starts anew.
MAX_REMEMBERED_CHUNKS = 200_000


@dataclass(frozen=True, slots=True)
class Tokeniser:
    """What cutting needs, prepared once per process."""

    cut: Callable[[str], list[str]]
    english: EnglishTokeniser
    engine: str  # rjieba or jieba


def prepare_tokeniser(lexicon: Iterable[str] = (), *, engine: str = "rjieba") -> Tokeniser:
    """Load the dictionaries, with words that are to be kept whole.

    Parameters
    ----------
    lexicon : iterable of str
        Words in folded form (`xietong.normalise.fold`), as in the codebook's ``lexicon.txt``.
    engine : str
        ``rjieba`` (fast, gives jieba's words) or ``jieba``, which defines them and is used where rjieba
        is not installed.
    """
    words = sorted({word.strip() for word in lexicon if word.strip()})
    if engine == "rjieba":
        try:
            return Tokeniser(_rjieba_cutter(words), EnglishTokeniser(), "rjieba")
        except ImportError:
            pass  # jieba gives the same words, only slower
    return Tokeniser(_jieba_cutter(words), EnglishTokeniser(), "jieba")


def tokenise(passages: Sequence[Passage], tokeniser: Tokeniser) -> list[TokenisedPassage]:
    """Cut passages into words; spaces are no tokens, punctuation is.

    In a passage of two languages each stretch goes to its own tokeniser.
    """
    return [_tokenise(passage, tokeniser) for passage in passages]


def bare_passages(folded: Iterable[str], languages: Iterable[str]) -> list[Passage]:
    """Take folded texts without their documents for passages; each is its own source."""
    return [
        Passage(
            n=n, start=0, end=len(text), language=language,
            folded=FoldedText(text, range(len(text)), range(1, len(text) + 1)),
        )
        for n, (text, language) in enumerate(zip(folded, languages, strict=True))
    ]  # fmt: skip


def _tokenise(passage: Passage, tokeniser: Tokeniser) -> TokenisedPassage:
    text = passage.folded.text
    if passage.language in ("en", "other"):
        return _tokenise_stretches(passage, text, tokeniser)
    words = tokeniser.cut(text)
    starts = tuple(accumulate(map(len, words[:-1]), initial=0)) if words else ()
    if " " in text or "\n" in text:
        kept = [(word, start) for word, start in zip(words, starts, strict=True) if not word.isspace()]
        words, starts = [word for word, _ in kept], tuple(start for _, start in kept)
    tokens = tuple(words)
    lemmas = tokens if text == text.lower() else tuple(map(str.lower, tokens))
    return TokenisedPassage(passage, tokens, starts, lemmas)


def _tokenise_stretches(passage: Passage, text: str, tokeniser: Tokeniser) -> TokenisedPassage:
    """Cut a text that is not Chinese as a whole; Chinese words inside it are cut as Chinese."""
    tokens: list[str] = []
    starts: list[int] = []
    lemmas: list[str] = []
    remembered = tokeniser.english.chunks
    for stretch in _STRETCH.finditer(text):
        at = stretch.start()
        if stretch[1]:
            words = tokeniser.cut(stretch[0])
            tokens += words
            lemmas += words
            starts += accumulate(map(len, words[:-1]), initial=at)
            continue
        chunks = stretch[0].split(" ")
        pieces, offsets, forms = zip(*map(remembered.__getitem__, chunks), strict=True)
        tokens += chain.from_iterable(pieces)
        lemmas += chain.from_iterable(forms)
        places = accumulate([len(chunk) + 1 for chunk in chunks], initial=at)
        of_each_token = chain.from_iterable(map(repeat, places, map(len, offsets)))
        starts += map(add, of_each_token, chain.from_iterable(offsets))
    return TokenisedPassage(passage, tuple(tokens), tuple(starts), tuple(lemmas))


_STRETCH = re.compile("([\u3400-\u9fff\U00020000-\U000323af]+)|[^\u3400-\u9fff\U00020000-\U000323af]+")

# --- Chinese --------------------------------------------------------------------------------------------------------

# jieba cuts what its dictionary does not know at these characters, jieba-rs keeps 2026-02-26, COVID-19, PM_2.5 whole.
_SPLIT_BY_JIEBA = re.compile(r"([a-zA-Z0-9]+(?:\.\d+)?%?)")
_HAS_JOINT = re.compile(r"[-._]")


def _rjieba_cutter(words: Sequence[str]) -> Callable[[str], list[str]]:
    from rjieba import Jieba

    jieba = Jieba()
    for word in words:
        jieba.add_word(word, None, None)
    cut = jieba.cut

    def cut_like_jieba(text: str) -> list[str]:
        tokens: list[str] = cut(text)
        if not _HAS_JOINT.search(text):
            return tokens
        split: list[str] = []
        for token in tokens:
            if len(token) > 1 and not token.isalnum() and _HAS_JOINT.search(token):
                split += [part for part in _SPLIT_BY_JIEBA.split(token) if part]
            else:
                split.append(token)
        return split

    return cut_like_jieba


def _jieba_cutter(words: Sequence[str]) -> Callable[[str], list[str]]:
    import logging

    import jieba

    jieba.setLogLevel(logging.WARNING)
    tokenizer = jieba.Tokenizer()
    tokenizer.initialize()
    for word in words:
        tokenizer.add_word(word)
    cut: Callable[[str], list[str]] = tokenizer.lcut
    return cut


# --- English --------------------------------------------------------------------------------------------------------

Chunk = tuple[tuple[str, ...], tuple[int, ...], tuple[str, ...]]


class _Chunks(dict[str, Chunk]):
    """Remembers how each chunk was cut."""

    def __init__(self, cut: Callable[[str], Chunk]) -> None:
        super().__init__()
        self._cut = cut

    def __missing__(self, chunk: str) -> Chunk:
        if len(self) >= MAX_REMEMBERED_CHUNKS:
            self.clear()
        found = self[chunk] = self._cut(chunk) if chunk else ((), (), ())
        return found


class EnglishTokeniser:
    """spaCy's blank English tokeniser and lookup lemmas, loaded at first use; each distinct chunk is cut once.

    ``chunks[stretch]``: tokens, their offsets and lower-case lemmas of a stretch without spaces.
    """

    def __init__(self) -> None:
        self.chunks = _Chunks(self._cut)
        self._cutter: Any = None
        self._lemma: Any = None

    def _cut(self, chunk: str) -> Chunk:
        if self._cutter is None:
            self._load()
        if chunk.isascii() and chunk.isalpha() and chunk not in self._cutter.rules:
            return (chunk,), (0,), (self.lemma(chunk),)  # letters alone are cut by its exceptions only (dont, Im)
        document = self._cutter(chunk)
        tokens = tuple(token.text for token in document)
        return tokens, tuple(token.idx for token in document), tuple(map(self.lemma, tokens))

    def lemma(self, token: str) -> str:
        """Give the lemma of a token in lower case; the token itself where the table does not know it."""
        if self._lemma is None:
            self._load()
        lower = token.lower()
        found: str = self._lemma.get(lower, lower)
        return found.lower()

    def _load(self) -> None:
        import spacy
        from spacy.lookups import load_lookups

        english = spacy.blank("en")
        english.vocab.lex_attr_getters = {}  # type: ignore[attr-defined]  # what words look like: nobody asks
        self._cutter = english.tokenizer
        self._lemma = load_lookups("en", ["lemma_lookup"]).get_table("lemma_lookup")
