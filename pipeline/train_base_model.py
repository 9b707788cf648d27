"""Makes the model that comes with Xietong, from hand-coded passages and unlabelled documents; always the same bytes.

    python pipeline/train_base_model.py --gold ../shared/gold --corpora ../shared/corpora

``further_codes.jsonl`` beside this file adds passages of the corpora that a language model read and coded once, for this
project, by the coding manual: where each passage stands and its codes, not its text. Its first line has the codes it gave to
gold passages that were mixed in unmarked; ``tests/quality/evaluate.py`` gives their agreement with the gold.
``word_fields.csv`` has what single words of the vocabulary point to, noted by a language model from the manual alone
(``coders/word_fields.py`` explains the letters).

Runs on one core in about twenty-five minutes. ``--vectors FILE`` keeps the word vectors between runs.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from xietong.bundled import bundled
from xietong.codebook import Codebook, read_codebook
from xietong.coders import BUNDLED_MODEL
from xietong.coders.inputs import read_inputs
from xietong.coders.marks import name_marks
from xietong.coders.matching import Matcher
from xietong.coders.model import WordKnowledge, describe_codes
from xietong.coders.model_files import pack_texts, write_model
from xietong.coders.terms import prepare_terms
from xietong.coders.topic_fitting import fit_seeded_topics
from xietong.coders.training import Lesson, TrainingOptions, held_out_figures, stored_arrays, train_model
from xietong.coders.word_counts import WordNumbers, figure_or_word
from xietong.coders.word_fields import pack_fields, read_notes
from xietong.coders.word_vectors import VectorOptions, fit_vectors
from xietong.lists import read_list
from xietong.normalise import fold
from xietong.records import Passage, TokenisedPassage
from xietong.threads import one_thread
from xietong.tokenise import Tokeniser, prepare_tokeniser, tokenise

#: Length given to every word vector, so that the network's first layer sees numbers of about one half.
VECTOR_LENGTH = 0.5 * 128**0.5
#: Components beyond this, of vectors of length one, are cut; the others are stored as whole numbers up to 127.
WIDEST = 0.6
VECTORS_SCALE = VECTOR_LENGTH * WIDEST / 127
#: Share of the corpora's paragraphs that topics are fitted on, chosen by hash.
TOPIC_SHARE = 0.12
TRUST_OF_TWICE_CODED = 3.0
#: Passages coded once by the coding manual, beside those of the gold folder: place, codes, no text.
FURTHER_CODES = Path(__file__).parent / "further_codes.jsonl"
#: What single words point to.
WORD_FIELDS = Path(__file__).parent / "word_fields.csv"
#: A word that the unlabelled documents lack belongs to the vocabulary where so many coded passages have it.
FEWEST_WITH_WORD = 5


@dataclass(frozen=True)
class Gold:
    """Hand-coded passages: the rows of ``train.csv`` and ``dev.csv``, tokenised."""

    table: pd.DataFrame
    passages: list[TokenisedPassage]
    trust: np.ndarray

    def values(self, codebook: Codebook) -> np.ndarray:
        """Give the hand codes in the codebook's order, shape (n_passages, n_codes)."""
        columns = [("p_" if code.facet == "path" else "m_") + code.code for code in codebook.codes]
        return self.table[columns].to_numpy(dtype=np.int8)


def read_gold(folder: Path, tokeniser: Tokeniser, corpora: Path | None = None) -> Gold:
    """Read the hand-coded passages; those of ``dev.csv`` were coded twice and count more.

    With ``corpora``, the further codes follow.
    """
    tables = [pd.read_csv(folder / f"{name}.csv").assign(file=name) for name in ("dev", "train")]
    if corpora:
        tables.append(read_further_codes(corpora))
    table = pd.concat(tables, ignore_index=True)
    passages = cut_texts(zip(table["text"], table["lang"], strict=True), tokeniser)
    return Gold(table, passages, np.where(table["file"] == "dev", TRUST_OF_TWICE_CODED, 1.0))


def read_further_codes(corpora: Path, file: Path = FURTHER_CODES) -> pd.DataFrame:
    """Give the passages of ``further_codes.jsonl`` with their texts, in the columns of ``gold/train.csv``.

    Raises
    ------
    ValueError
        If a document no longer holds a passage that was coded.
    """
    rows = []
    for document in map(json.loads, file.read_text(encoding="utf-8").splitlines()[1:]):
        place = document["path"]
        language, collection = place.split("/")[:2]
        whole = (corpora / place).read_text(encoding="utf-8-sig", errors="replace")
        for start, end, text_hash, codes in document["passages"]:
            text = whole[start:end]
            if short_hash(text) != text_hash:
                raise ValueError(f"{file.name}: {place} no longer holds the passage coded at {start}:{end}")
            row = {"lang": language, "collection": collection, "path": place, "group": document["group"], "text": text}
            rows.append(row | values_in(codes))
    return pd.DataFrame(rows).fillna(0).assign(file="further")


def read_blind_codes(file: Path = FURTHER_CODES) -> pd.DataFrame:
    """Give the codes of gold passages that were mixed among the further ones, unknown to the coders: one row an ``id``."""
    with file.open(encoding="utf-8") as lines:
        blind = json.loads(next(lines))["blind"]
    return pd.DataFrame([{"id": gold_id, **values_in(codes)} for gold_id, codes in blind]).fillna(0)


def values_in(codes: str) -> dict[str, int]:
    """Read ``p_planning=2 m_market``: a code without a value is 1."""
    return {code: int(value or 1) for code, _, value in (word.partition("=") for word in codes.split())}


def short_hash(text: str) -> str:
    """Hash a passage's text, to notice that its document changed."""
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def cut_texts(texts: Iterable[tuple[str, str]], tokeniser: Tokeniser) -> list[TokenisedPassage]:
    """Fold and tokenise texts with their languages, as a run does."""
    passages = [
        Passage(n=n, start=0, end=len(text), language=language, reading=text, folded=fold(text))
        for n, (text, language) in enumerate(texts)
    ]
    return tokenise(passages, tokeniser)


def read_paragraphs(folder: Path, tokeniser: Tokeniser) -> list[tuple[str, ...]]:
    """Read the plain-text documents of the corpora as paragraphs of words."""
    catalogue = pd.read_csv(folder / "corpora.csv")
    paragraphs: list[tuple[str, ...]] = []
    for place, language in sorted(zip(catalogue["path"], catalogue["lang"], strict=True)):
        if not place.endswith((".txt", ".md")) or place.startswith("messy"):
            continue
        text = (folder / place).read_text(encoding="utf-8-sig", errors="replace")
        # English texts are hard-wrapped with blank lines between paragraphs, but one sentence a line where aligned
        border = r"\n\s*\n|\s{4,}" if language == "en" and "gwr" not in place else r"\n+|\u3000{2,}|\s{4,}"
        pieces = [piece for piece in re.split(border, text) if len(piece) > 10]
        paragraphs += words_of(pieces, language, tokeniser)
    return paragraphs


def words_of(texts: Sequence[str], language: str, tokeniser: Tokeniser) -> list[tuple[str, ...]]:
    """Give the words of texts as the vocabulary has them."""
    cut = cut_texts(((text, language) for text in texts), tokeniser)
    return [tuple(map(figure_or_word, passage.lemmas)) for passage in cut]


def read_translations(folder: Path, tokeniser: Tokeniser) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
    """Read the reports that exist line by line in both languages."""
    lines: list[tuple[tuple[str, ...], tuple[str, ...]]] = []
    chinese = {_year(place): place for place in sorted((folder / "zh-Hans/central_gwr_zh_aligned_2008_2022").iterdir())}
    for place in sorted((folder / "en/central_gwr_en_2008_2022").iterdir()):
        other = chinese.get(_year(place))
        if other is not None:
            sides = [p.read_text(encoding="utf-8-sig").split("\n") for p in (place, other)]
            lines += zip(words_of(sides[0], "en", tokeniser), words_of(sides[1], "zh-Hans", tokeniser), strict=False)
    return lines


def _year(place: Path) -> str:
    found = re.search(r"20\d\d", place.name)
    return found[0] if found else place.name


def read_equivalents() -> list[tuple[str, str]]:
    """Read the list of words that mean the same in two languages or two places."""
    return [(row["word"], row["equivalent"]) for row in read_list("equivalents")]


@dataclass(frozen=True)
class Words:
    """The vocabulary with its vectors in whole numbers (row 0 for unknown words), and topics given the word."""

    words: list[str]
    vectors: np.ndarray
    topics: np.ndarray

    def known(self, file: Path = WORD_FIELDS) -> WordKnowledge:
        """Give vectors, topics and noted fields as training and coding use them."""
        notes = pd.read_csv(file, keep_default_na=False).set_index("word")["fields"].to_dict()
        fields = read_notes(notes, self.words) * np.float32(0.5)
        return WordKnowledge(self.vectors * np.float32(VECTORS_SCALE), self.topics, fields)


def make_words(gold: Gold, corpora: Path, codebook: Codebook, matcher: Matcher, tokeniser: Tokeniser) -> Words:
    """Make vectors and topics from the unlabelled documents; words only the hand-coded passages have come last."""
    paragraphs = read_paragraphs(corpora, tokeniser)
    options = VectorOptions()
    known, vectors = fit_vectors(paragraphs, read_translations(corpora, tokeniser), read_equivalents(), options=options)
    in_gold = Counter(word for p in gold.passages for word in set(map(figure_or_word, p.lemmas)))
    number = {word: i for i, word in enumerate(known)}
    gold_only = sorted(word for word, n in in_gold.items() if n >= FEWEST_WITH_WORD and word not in number)
    # in the order of training: words of the hand-coded passages, then the others
    first = [word for word in known if in_gold[word] >= FEWEST_WITH_WORD]
    rest = [word for word in known if in_gold[word] < FEWEST_WITH_WORD]
    stored = np.zeros((len(known) + len(gold_only) + 1, options.n_dimensions), dtype=np.float32)
    words = [*first, *gold_only, *rest]
    for i, word in enumerate(words, start=1):
        if word in number:
            stored[i] = np.rint(vectors[number[word]] * 127 / WIDEST).clip(-127, 127)
    topics = make_topics(paragraphs, words, codebook, tokeniser)
    return Words(words, stored, topics)


def make_topics(
    paragraphs: Sequence[tuple[str, ...]], words: list[str], codebook: Codebook, tokeniser: Tokeniser
) -> np.ndarray:
    """Fit the seeded topics on a sample of the paragraphs, without words that nearly every paragraph has."""
    sample = [paragraph for paragraph in paragraphs if 30 <= len(paragraph) <= 400 and _is_drawn(paragraph)]
    n_with = Counter(word for paragraph in sample for word in set(paragraph))
    telling = [
        word if 5 <= n_with[word] <= 0.1 * len(sample) and any(c.isalpha() for c in word) else "" for word in words
    ]
    # the free topics took up what belongs to no code; only the codes' own are used
    return fit_seeded_topics(sample, telling, seed_words(codebook, set(telling), tokeniser))[:, : len(codebook.codes)]


def _is_drawn(paragraph: tuple[str, ...]) -> bool:
    drawn = int(hashlib.sha256("\x1f".join(paragraph).encode()).hexdigest()[:8], 16)
    return drawn < TOPIC_SHARE * 16**8


def seed_words(codebook: Codebook, known: set[str], tokeniser: Tokeniser) -> list[dict[str, float]]:
    """Give the words of each code's terms that no other code's terms have, shared out within a term."""
    seeds: list[dict[str, float]] = [{} for _ in codebook.codes]
    cut = cut_texts(((t.term, "en" if t.language == "en" else "zh-Hans") for t in codebook.terms), tokeniser)
    for term, passage in zip(codebook.terms, cut, strict=True):
        inside = [word for word in passage.lemmas if word in known]
        seed = seeds[codebook.index[term.code]]
        for word in inside:
            seed[word] = seed.get(word, 0.0) + (1.0 if term.weight == "strong" else 0.5) / len(inside)
    total: Counter[str] = Counter()
    for seed in seeds:
        total.update(seed)  # type: ignore[arg-type]
    return [{w: min(weight, 3.0) for w, weight in seed.items() if weight > 0.5 * total[w]} for seed in seeds]


def make_model(gold: Gold, words: Words, codebook: Codebook, matcher: Matcher, folder: Path) -> str:
    """Train on all hand-coded passages and write the model folder."""
    inputs = read_inputs(gold.passages, codebook, matcher, WordNumbers(words.words))
    lesson = Lesson(inputs, gold.values(codebook), list(gold.table["group"]), gold.trust)
    marks = name_marks([code.code for code in codebook.codes], matcher)
    known = words.known()
    trained = train_model(lesson, codebook, known, len(marks), options=TrainingOptions())
    arrays = stored_arrays(trained)
    arrays["words"] = pack_texts(words.words)
    arrays["vectors"] = words.vectors[1:].astype(np.int8)
    arrays["vectors_scale"] = np.float64(VECTORS_SCALE)
    arrays["fields"] = pack_fields((2 * known.fields).astype(np.uint8))
    card = {
        "name": "regional-coordination",
        "codes": describe_codes(codebook),
        "marks": marks,
        "codebook": codebook.content_hash,
        "data": {
            "coded passages": len(gold.passages),
            "by source": {str(k): int(v) for k, v in gold.table["file"].value_counts().sort_index().items()},
            "sources": "dev: coded twice and settled; train: once; further: once, by a language model that followed the manual",
            "documents": int(gold.table["group"].nunique()),
            "languages": {str(k): int(v) for k, v in gold.table["lang"].value_counts().sort_index().items()},
            "unlabelled documents": "about 1,500 plain-text documents, for word vectors and topics only",
        },
        "figures": {
            "what": "F1 on passages coded twice, from documents that were held out (four folds)",
            **held_out_figures(trained, lesson, codebook, gold.trust > 1),
        },
        "limits": [
            "Trained on government reports, plans, laws, speeches and minutes; other kinds of text are untested.",
            "order_parameter and driver_interplay had few examples; their codes need a person's eye.",
            "Spoken minutes, Taiwan and Hong Kong texts and English are coded less surely than mainland documents.",
        ],
    }
    return write_model(folder, arrays, card)


def main() -> None:
    """Read the arguments and make the model."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gold", type=Path, required=True)
    parser.add_argument("--corpora", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=BUNDLED_MODEL)
    parser.add_argument("--vectors", type=Path, help="keep vectors and topics in this file between runs")
    options = parser.parse_args()
    with one_thread():  # sums come out the same only when one thread adds them up
        make_from(options)


def make_from(options: argparse.Namespace) -> None:
    """Make words and model as the arguments say."""
    codebook = read_codebook(bundled("seeds/regional-coordination"))
    matcher, tokeniser = prepare_terms(codebook), prepare_tokeniser(codebook.lexicon)
    gold = read_gold(options.gold, tokeniser, options.corpora)
    if options.vectors and options.vectors.exists():
        with np.load(options.vectors, allow_pickle=False) as kept:
            words = Words(bytes(kept["words"]).decode().split("\n"), kept["vectors"], kept["topics"])
    else:
        words = make_words(gold, options.corpora, codebook, matcher, tokeniser)
        if options.vectors:
            np.savez(options.vectors, words=pack_texts(words.words), vectors=words.vectors, topics=words.topics)
    print(make_model(gold, words, codebook, matcher, options.out))


if __name__ == "__main__":
    main()
