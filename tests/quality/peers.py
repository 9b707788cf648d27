"""Scores Xietong and its peers on the same passages, in one table: accuracy, seconds, peak memory.

    python tests/quality/peers.py [--only NAME …]

All learn from the passages of ``train.csv`` whose documents are not in ``dev.csv`` and are scored on ``dev.csv``; each
runs in a process of its own. Thresholds of methods that give scores are chosen on the training passages.
Needs the extras that are compared: ``pip install tomotopy corextopic topica``; what is missing is left out and named.
"""

from __future__ import annotations

import argparse
import importlib.util
import itertools
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parents[1] / "pipeline"), str(HERE)]

N_FREE, N_ROUNDS = 13, 150


def split(task: Any) -> tuple[np.ndarray, np.ndarray]:
    """Give training and test rows."""
    groups = np.array(task.lesson.groups)
    test = np.nonzero(task.is_dev)[0]
    return np.nonzero(~task.is_dev & ~np.isin(groups, groups[test]))[0], test


def words_of(task: Any) -> list[list[str]]:
    """Give the lemmas of every gold passage."""
    return [list(passage.lemmas) for passage in task.gold.passages]


def seeds_of(task: Any) -> list[list[tuple[str, ...]]]:
    """Give each code's terms as sequences of words."""
    from train_base_model import cut_texts
    from xietong.tokenise import prepare_tokeniser

    seeds: list[list[tuple[str, ...]]] = [[] for _ in task.codebook.codes]
    terms = task.codebook.terms
    texts = ((term.term, "en" if term.language == "en" else "zh-Hans") for term in terms)
    cut = cut_texts(texts, prepare_tokeniser(task.codebook.lexicon))
    for term, passage in zip(terms, cut, strict=True):
        seeds[task.codebook.index[term.code]].append(passage.lemmas)
    return seeds


def dictionary(task: Any) -> np.ndarray:
    """Count codebook terms word by word, as quanteda's lookup does; one hit makes a code present."""
    values = np.zeros(task.lesson.values.shape, dtype=np.int8)
    by_first: dict[str, list[tuple[tuple[str, ...], int]]] = {}
    for code, terms in enumerate(seeds_of(task)):
        for term in terms:
            by_first.setdefault(term[0], []).append((term, code))
    for row, words in enumerate(words_of(task)):
        for at, word in enumerate(words):
            for term, code in by_first.get(word, ()):
                if tuple(words[at : at + len(term)]) == term:
                    values[row, code] = 1
    return values


def thresholded(task: Any, scores: np.ndarray) -> np.ndarray:
    """Turn scores per code into codes, by the threshold that is best on the training passages."""
    train, _ = split(task)
    values = np.zeros(scores.shape, dtype=np.int8)
    for code in range(scores.shape[1]):
        true = task.lesson.values[train, code] >= 1
        candidates = np.quantile(scores[train, code], np.linspace(0.3, 0.995, 60))
        f1 = [
            2 * (true & (scores[train, code] > c)).sum() / (true.sum() + (scores[train, code] > c).sum())
            for c in candidates
        ]
        values[:, code] = scores[:, code] > candidates[int(np.argmax(f1))]
    return values


def seed_vocabulary(task: Any) -> list[list[str]]:
    """Give each code's seed words: single-word terms of that code alone."""
    owners: dict[str, set[int]] = {}
    for code, terms in enumerate(seeds_of(task)):
        for term in terms:
            if len(term) == 1:
                owners.setdefault(term[0], set()).add(code)
    seeds: list[list[str]] = [[] for _ in task.codebook.codes]
    for word, codes in sorted(owners.items()):
        if len(codes) == 1:
            seeds[next(iter(codes))].append(word)
    return seeds


def seeded_lda(task: Any) -> np.ndarray:
    """Seeded latent Dirichlet allocation of tomotopy, by word priors."""
    import tomotopy

    n_codes = len(task.codebook.codes)
    model = tomotopy.LDAModel(k=n_codes + N_FREE, alpha=0.1, eta=0.01, min_df=3, rm_top=60, seed=1)
    texts = words_of(task)
    for words in texts:
        model.add_doc(words or ["。"])
    for code, seeds in enumerate(seed_vocabulary(task)):
        for word in seeds:
            model.set_word_prior(word, [5.0 if topic == code else 0.01 for topic in range(n_codes + N_FREE)])
    model.train(N_ROUNDS, workers=1)
    kept = [model.make_doc(words or ["。"]) for words in texts]
    shares, _ = model.infer(kept, iterations=50, workers=1)
    return thresholded(task, np.asarray(shares)[:, :n_codes])


def keyatm(task: Any) -> np.ndarray:
    """Keyword-assisted topics (topica's keyATM), with the code's seed words as keywords."""
    from sklearn.feature_extraction.text import CountVectorizer
    from topica import KeyATM

    texts = words_of(task)
    vectoriser = CountVectorizer(analyzer=lambda words: words, min_df=5, max_df=0.2).fit(texts)
    known = set(vectoriser.get_feature_names_out().tolist())
    keywords = [[word for word in seeds if word in known] for seeds in seed_vocabulary(task)]
    used = [code for code, words in enumerate(keywords) if words]
    model = KeyATM({str(code): keywords[code] for code in used}, num_topics=len(used) + N_FREE, seed=1, num_threads=1)
    kept = [[word for word in words if word in known] for words in texts]
    filled = [i for i, words in enumerate(kept) if words]
    model.fit([kept[i] for i in filled], iters=10 * N_ROUNDS)
    scores = np.zeros(task.lesson.values.shape)
    scores[np.ix_(filled, used)] = np.asarray(model.doc_topic)[:, : len(used)]
    return thresholded(task, scores)


def corex(task: Any) -> np.ndarray:
    """Anchored correlation explanation (corextopic)."""
    from corextopic import corextopic
    from sklearn.feature_extraction.text import CountVectorizer

    vectoriser = CountVectorizer(analyzer=lambda words: words, min_df=5, max_df=0.2, binary=True)
    counts = vectoriser.fit_transform(words_of(task))
    known = set(vectoriser.get_feature_names_out().tolist())
    anchors = [[word for word in seeds if word in known][:60] for seeds in seed_vocabulary(task)]
    used = [code for code, words in enumerate(anchors) if words]
    model = corextopic.Corex(n_hidden=len(used) + N_FREE, max_iter=60, seed=1)
    names = vectoriser.get_feature_names_out().tolist()
    model.fit(counts, words=names, anchors=[anchors[code] for code in used], anchor_strength=4)
    scores = np.zeros(task.lesson.values.shape)
    scores[:, used] = model.p_y_given_x[:, : len(used)]
    return thresholded(task, scores)


def tfidf_regression(task: Any) -> np.ndarray:
    """TF-IDF of words, word pairs and character pairs with one logistic regression per target."""
    from scipy import sparse
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression

    train, _ = split(task)
    texts, values = words_of(task), task.lesson.values
    folded = [passage.passage.folded.text for passage in task.gold.passages]
    words = TfidfVectorizer(analyzer=lambda t: t + [" ".join(pair) for pair in itertools.pairwise(t)], min_df=2)
    letters = TfidfVectorizer(analyzer="char", ngram_range=(2, 2), min_df=3)
    rows = sparse.hstack([words.fit_transform(texts), letters.fit_transform(folded)]).tocsr()
    assigned = np.zeros(values.shape, dtype=np.int8)
    for code in range(values.shape[1]):
        for least in range(1, task.codebook.codes[code].scale_max + 1):
            true = values[train, code] >= least
            model = LogisticRegression(C=10, solver="liblinear", class_weight="balanced").fit(rows[train], true)
            assigned[model.predict(rows), code] = least
    return assigned


def xietong_terms(task: Any) -> np.ndarray:
    """Xietong's terms coder, which learns nothing."""
    from xietong.coders.terms import code_by_terms

    return code_by_terms(task.gold.passages, task.codebook, task.matcher).values


def xietong_combined(task: Any) -> np.ndarray:
    """Xietong's combined coder, trained on the same passages."""
    from evaluate import predict_held_out
    from xietong.coders.training import TrainingOptions

    train, test = split(task)
    return predict_held_out(task, iter([(train, test)]), TrainingOptions(n_folds=3)).values["combined"]


#: name -> (what computes the codes, the package it needs)
PEERS: dict[str, tuple[Callable[[Any], np.ndarray], str]] = {
    "dictionary, word by word": (dictionary, ""),
    "tomotopy, seeded LDA": (seeded_lda, "tomotopy"),
    "topica, keyATM": (keyatm, "topica"),
    "CorEx, anchored": (corex, "corextopic"),
    "TF-IDF, logistic regression": (tfidf_regression, ""),
    "Xietong, terms": (xietong_terms, ""),
    "Xietong, combined": (xietong_combined, ""),
}


def run_one(name: str) -> dict[str, Any]:
    """Run one method in this process and measure it."""
    from evaluate import macro_f1, open_task, score_codes

    task = open_task()
    _, test = split(task)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.process_time()
    values = PEERS[name][0](task)
    figures = macro_f1(score_codes(task.lesson.values[test], values[test], task.codebook))
    return {
        "name": name,
        **{aspect: round(value, 3) for aspect, value in figures.items()},
        "processor seconds": round(time.process_time() - start, 1),
        "peak MB": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        "of it reading MB": round(before / 1024),
    }


def main() -> None:
    """Run all, each in its own process, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="*", default=list(PEERS))
    parser.add_argument("--here", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.here:
        print(json.dumps(run_one(arguments.here)))
        return
    for name in arguments.only:
        package = PEERS[name][1]
        if package and importlib.util.find_spec(package) is None:
            print(f"{name}: left out, {package} is not installed")
            continue
        done = subprocess.run([sys.executable, __file__, "--here", name], capture_output=True, text=True, check=True)
        print(done.stdout.strip().splitlines()[-1], flush=True)


if __name__ == "__main__":
    main()
