"""Scores every coder on hand-coded passages it was not trained on, and says how sure the figures are.

    python tests/quality/evaluate.py [--by collection] [--learning-curve] [--quick] [--json FILE] [--keep FILE]

The passages are split by document group into folds; for each fold the whole training (parts, mixture, calibration,
thresholds) runs on the other folds alone. Word vectors, topics and noted fields of words come from unlabelled text and the manual and are taken as shipped.
``--quick`` trains one network in eight rounds instead of two in eighteen, a tenth of the time: for comparing sizes or designs with one another.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(name, "1")

import numpy as np
import pandas as pd

ROOT = Path(__file__).resolve().parents[2]
SHARED = ROOT / ".." / "shared"
sys.path[:0] = [str(ROOT / "pipeline"), str(Path(__file__).parent)]

from scoring import ASPECTS, by_language, f1_score, macro_f1, score_codes
from train_base_model import Gold, read_blind_codes, read_gold
from xietong.bundled import bundled
from xietong.codebook import Codebook, read_codebook
from xietong.coders import BUNDLED_MODEL
from xietong.coders.combined import distance_from, score_combined
from xietong.coders.convolution_training import NetworkOptions
from xietong.coders.inputs import Inputs, read_inputs
from xietong.coders.marks import name_marks
from xietong.coders.matching import Matcher
from xietong.coders.mixture import BLENDS, blend_scores
from xietong.coders.model import WordKnowledge, list_targets, values_of, word_knowledge
from xietong.coders.model_files import read_model, unpack_texts
from xietong.coders.terms import code_by_terms, prepare_terms
from xietong.coders.training import Lesson, TrainingOptions, score_parts, split_groups, train_model
from xietong.coders.word_counts import WordNumbers
from xietong.tokenise import prepare_tokeniser

N_FOLDS = 5
N_BOOTSTRAP = 400


@dataclass(frozen=True)
class Task:
    """All that is evaluated: the gold passages as inputs, and what does not depend on hand codes."""

    gold: Gold
    codebook: Codebook
    matcher: Matcher
    lesson: Lesson
    known: WordKnowledge
    n_marks: int

    @property
    def is_dev(self) -> np.ndarray:
        """Which passages are reported on."""
        return (self.gold.table["file"] == "dev").to_numpy()


@dataclass
class Predictions:
    """What each coder said of each passage when it had not seen its document; rows outside dev stay empty."""

    values: dict[str, np.ndarray]  # by coder, shape (n_passages, n_codes)
    rows: np.ndarray  # the passages that were held out and coded, sorted
    probabilities: np.ndarray  # of combined, shape (n_passages, n_targets)
    thresholds: np.ndarray  # of combined, the fold's own, same shape


def open_task(shared: Path = SHARED) -> Task:
    """Read gold passages, codebook, and the shipped vectors and topics."""
    codebook = read_codebook(bundled("seeds/regional-coordination"))
    matcher = prepare_terms(codebook)
    gold = read_gold(shared / "gold", prepare_tokeniser(codebook.lexicon), shared / "corpora")
    stored = read_model(BUNDLED_MODEL).arrays
    numbers = WordNumbers(unpack_texts(stored["words"]))
    inputs = read_inputs(gold.passages, codebook, matcher, numbers)
    lesson = Lesson(inputs, gold.values(codebook), list(gold.table["group"]), gold.trust)
    marks = name_marks([code.code for code in codebook.codes], matcher)
    return Task(gold, codebook, matcher, lesson, word_knowledge(stored), len(marks))


def folds_by_document(task: Task) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Give (training, test) passages; groups whole, dev passages spread evenly."""
    groups = np.array(task.lesson.groups)
    dev_groups = groups[task.is_dev]
    fold_of = dict(zip(dev_groups.tolist(), split_groups(dev_groups.tolist(), N_FOLDS).tolist(), strict=True))
    fold = np.array([fold_of.get(group, -1) for group in groups.tolist()])
    for number in range(N_FOLDS):
        yield np.nonzero(fold != number)[0], np.nonzero((fold == number) & task.is_dev)[0]


def folds_by_collection(task: Task) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Give (training, test) passages; whole collections, and all groups they share, are held out together."""
    family = task.gold.table["collection"].str.replace(r"^central_gwr.*", "central_gwr", regex=True).to_numpy()
    groups = task.gold.table["group"].to_numpy()
    dev_families = family[task.is_dev]
    sizes = pd.Series(dev_families).value_counts()
    load, fold_of = [0] * (N_FOLDS + 1), {}
    for name in sorted(sizes.index, key=lambda name: (-sizes[name], name)):
        fold_of[name] = load.index(min(load))
        load[fold_of[name]] += sizes[name]
    fold = np.array([fold_of.get(name, -1) for name in family])
    for number in range(N_FOLDS + 1):
        test = (fold == number) & task.is_dev
        related = np.isin(groups, groups[test])
        yield np.nonzero((fold != number) & ~related)[0], np.nonzero(test)[0]


def predict_held_out(
    task: Task, folds: Iterator[tuple[np.ndarray, np.ndarray]], options: TrainingOptions, share: float = 1.0
) -> Predictions:
    """Train once per fold and code the passages held out; ``share`` of the training documents is used."""
    targets = list_targets(task.codebook)
    n_passages, n_codes = task.lesson.values.shape
    found = Predictions(
        {coder: np.zeros((n_passages, n_codes), dtype=np.int8) for coder in (*BLENDS, "combined")},
        np.empty(0, dtype=np.int64),
        np.zeros((n_passages, len(targets))),
        np.ones((n_passages, len(targets))),
    )
    terms = code_by_terms(task.gold.passages, task.codebook, task.matcher)
    found.values["terms"] = terms.values
    for train, test in folds:
        if share < 1:
            groups = sorted({task.lesson.groups[i] for i in train.tolist()})
            kept = set(np.random.default_rng(0).permutation(groups)[: int(share * len(groups))].tolist())
            train = np.array([i for i in train.tolist() if task.lesson.groups[i] in kept])
        model = train_model(task.lesson.take(train), task.codebook, task.known, task.n_marks, options=options)
        inputs: Inputs = task.lesson.inputs.take(test)
        scores = score_parts(model, inputs)
        for coder in BLENDS:
            blended = blend_scores(scores, coder, targets, model)
            found.values[coder][test] = values_of(blended, model[f"{coder}_thresholds"], targets, n_codes)
        found.rows = np.union1d(found.rows, test)
        probabilities = score_combined(scores, inputs.measures, model["mixture"], model["mixture_bias"])
        found.probabilities[test], found.thresholds[test] = probabilities, model["combined_thresholds"]
        found.values["combined"][test] = values_of(probabilities, model["combined_thresholds"], targets, n_codes)
        print(f"fold of {len(test)} passages done", file=sys.stderr, flush=True)
    return found


def calibration_error(probabilities: np.ndarray, answers: np.ndarray, n_bins: int = 10) -> float:
    """Expected calibration error over all decisions, in bins of equal width (Naeini et al. 2015)."""
    flat, true = probabilities.ravel(), answers.ravel()
    bins = np.minimum((flat * n_bins).astype(int), n_bins - 1)
    gaps = [
        abs(flat[bins == b].mean() - true[bins == b].mean()) * (bins == b).mean()
        for b in range(n_bins)
        if (bins == b).any()
    ]
    return float(sum(gaps))


def surest_share(
    found: Predictions, hand: np.ndarray, rows: np.ndarray, task: Task, share: float = 0.8
) -> dict[str, dict[str, float]]:
    """Macro-F1 of each aspect on the share of decisions that ``combined`` is surest of, code by code.

    Sure is what is far from the threshold, in probability or in log-odds. In log-odds all that is assigned of a rare code is
    nearer than nearly all that is not, so that nothing of it may be left to score.
    """
    near, probabilities = found.thresholds[rows], found.probabilities[rows]
    return {
        "by probability": _surest_by(np.abs(probabilities - near), found, hand, rows, task, share),
        "by log-odds": _surest_by(distance_from(near, probabilities), found, hand, rows, task, share),
    }


def _surest_by(
    distances: np.ndarray, found: Predictions, hand: np.ndarray, rows: np.ndarray, task: Task, share: float
) -> dict[str, float]:
    targets = list_targets(task.codebook)
    scores: dict[str, list[float]] = {aspect: [] for aspect, _, _ in ASPECTS}
    for number, target in enumerate(targets):
        code = task.codebook.codes[target.code]
        aspect = next(a for a, facet, least in ASPECTS if facet == code.facet and least == target.least)
        true = hand[rows, target.code] >= target.least
        if true.sum() < 20:
            continue
        assigned = found.values["combined"][rows, target.code] >= target.least
        kept = np.argsort(-distances[:, number], kind="stable")[: round(share * len(rows))]
        scores[aspect].append(f1_score(true[kept], assigned[kept])[2])
    return {aspect: float(np.mean(values)) for aspect, values in scores.items()}


def bootstrap(hand: np.ndarray, machine: np.ndarray, groups: np.ndarray, codebook: Codebook) -> dict[str, list[float]]:
    """Give 95 % intervals of the macro-F1 figures, drawing whole document groups with replacement."""
    rng = np.random.default_rng(0)
    names, member = np.unique(groups, return_inverse=True)
    of_group = [np.nonzero(member == g)[0] for g in range(len(names))]
    drawn: dict[str, list[float]] = {aspect: [] for aspect, _, _ in ASPECTS}
    for _ in range(N_BOOTSTRAP):
        rows = np.concatenate([of_group[g] for g in rng.integers(0, len(names), len(names))])
        for aspect, value in macro_f1(score_codes(hand[rows], machine[rows], codebook)).items():
            drawn[aspect].append(value)
    return {a: [round(float(x), 3) for x in np.nanpercentile(v, [2.5, 97.5])] for a, v in drawn.items()}


def summarise(task: Task, found: Predictions) -> dict[str, Any]:
    """Put all figures together: by coder, code, language, collection and stratum, with intervals and calibration."""
    table, hand = task.gold.table, task.lesson.values
    rows = found.rows
    dev, codebook = table.iloc[rows], task.codebook
    machine = {coder: values[rows] for coder, values in found.values.items()}
    combined, true = machine["combined"], hand[rows]
    targets = list_targets(codebook)
    answers = np.stack([true[:, t.code] >= t.least for t in targets], axis=1)
    assigned = np.stack([combined[:, t.code] >= t.least for t in targets], axis=1)
    return {
        "by coder": {coder: macro_f1(score_codes(true, values, codebook)) for coder, values in machine.items()},
        "intervals of combined": bootstrap(true, combined, dev["group"].to_numpy(), codebook),
        "by code": [
            {k: round(v, 3) if isinstance(v, float) else v for k, v in row.items()}
            for row in score_codes(true, combined, codebook)
        ],
        "by language": by_language(true, combined, codebook, dev["lang"].tolist(), fewest=10),
        "by collection": by_language(true, combined, codebook, dev["collection"].tolist(), fewest=5),
        "by stratum": by_language(true, combined, codebook, dev["stratum"].tolist(), fewest=10),
        "calibration error": round(calibration_error(found.probabilities[rows], answers), 4),
        "surest 80 %": surest_share(found, hand, rows, task),
        "agreement of further codes with the gold": further_agreement(task),
        "errors": count_errors(answers, assigned, machine["terms"], targets, codebook),
    }


def further_agreement(task: Task) -> dict[str, float]:
    """Macro-F1 between the gold and whoever coded the further passages, on gold passages mixed in unmarked."""
    blind = read_blind_codes()
    columns = [code.column.replace("path_", "p_").replace("mechanism_", "m_") for code in task.codebook.codes]
    gold = task.gold.table.set_index("id").loc[blind["id"], columns].to_numpy(dtype=np.int8)
    other = blind.reindex(columns=columns, fill_value=0).to_numpy(dtype=np.int8)
    figures = macro_f1(score_codes(gold, other, task.codebook), fewest=5)
    return {"passages": len(blind), **{aspect: round(value, 3) for aspect, value in figures.items()}}


def count_errors(
    answers: np.ndarray, assigned: np.ndarray, terms: np.ndarray, targets: list[Any], codebook: Codebook
) -> list[dict[str, Any]]:
    """Sort the errors by what would have to be mended: missing words, or words that mislead."""
    by_terms = np.stack([terms[:, t.code] >= t.least for t in targets], axis=1)
    causes = {
        "missed, no term of the code in the passage": answers & ~assigned & ~by_terms,
        "missed although terms speak for it": answers & ~assigned & by_terms,
        "assigned because of terms": ~answers & assigned & by_terms,
        "assigned by learned words alone": ~answers & assigned & ~by_terms,
    }
    rows = []
    for number, target in enumerate(targets):
        name = f"{codebook.codes[target.code].column}={target.least}"
        rows.append({"target": name, **{cause: int(cells[:, number].sum()) for cause, cells in causes.items()}})
    return rows


def main() -> None:
    """Evaluate and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--by", choices=("document", "collection"), default="document")
    parser.add_argument("--folds", type=int, default=3, help="inner folds of each training")
    parser.add_argument("--learning-curve", action="store_true")
    parser.add_argument("--quick", action="store_true", help="one network, trained briefly")
    parser.add_argument("--first", type=int, default=None, help="so many of the folds only")
    parser.add_argument("--json", type=Path)
    parser.add_argument(
        "--keep", type=Path, help="write rows, probabilities and thresholds of the held-out passages here (.npz)"
    )
    arguments = parser.parse_args()
    task, options = open_task(), TrainingOptions(n_folds=arguments.folds)
    if arguments.quick:
        options = TrainingOptions(n_folds=2, n_networks=1, network=NetworkOptions(n_rounds=8))
    every_fold = folds_by_collection if arguments.by == "collection" else folds_by_document

    def folds(task: Task) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        return islice(every_fold(task), arguments.first)

    figures: dict[str, Any] = {}
    if arguments.learning_curve:
        for share in (0.25, 0.5, 0.75, 1.0):
            found = predict_held_out(task, folds(task), options, share)
            figures[f"{share:.0%} of the documents"] = summarise(task, found)["by coder"]
    else:
        found = predict_held_out(task, folds(task), options)
        figures = summarise(task, found)
        if arguments.keep:
            np.savez_compressed(
                arguments.keep,
                rows=found.rows,
                probabilities=found.probabilities[found.rows],
                thresholds=found.thresholds[found.rows],
            )
    text = json.dumps(figures, ensure_ascii=False, indent=1)
    print(text)
    if arguments.json:
        arguments.json.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
