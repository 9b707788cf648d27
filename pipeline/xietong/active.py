"""Which passages to code next, and what coding another hundred would buy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from xietong.errors import UsageError
from xietong.records import CODED_KINDS

if TYPE_CHECKING:
    from xietong.runs import Run

Floats = NDArray[np.float64]
_ASSIGNING = "combined"


def passages_to_draw(run: Run) -> pd.DataFrame:
    """List the passages that coders look at, with what samples may be stratified by.

    Returns
    -------
    frame with passage_id, document_id, the document's metadata, ``codes`` (assigned by the machine, joined with "; "),
        ``confidence`` and ``uncertainty`` (0 to 1; of the code the machine is least sure of)
    """
    passages = run.table("passages", ["passage_id", "document_id", "kind"]).to_pandas()
    passages = passages[passages["kind"].isin(list(CODED_KINDS))].drop(columns="kind").reset_index(drop=True)
    documents = run.documents().drop(columns=["file", "sha256", "status", "reason"], errors="ignore")
    tags = run.table("tags", ["passage_id", "code", "coder_id", "value", "score"]).to_pandas()
    tags = tags[tags["coder_id"] == _ASSIGNING]
    codes = tags[tags["value"] > 0].groupby("passage_id", sort=False)["code"].agg("; ".join)
    unsure = (1 - (2 * tags["score"].astype(float) - 1).abs()).groupby(tags["passage_id"], sort=False).max()
    uncertainty = passages["passage_id"].map(unsure).fillna(0.0)
    passages = passages.assign(codes=passages["passage_id"].map(codes).fillna(""), uncertainty=uncertainty)
    passages["confidence"] = 1 - uncertainty / 2
    return passages.merge(
        documents.drop(columns=[c for c in documents if c in ("language",)]), on="document_id", how="left"
    )


def next_passages(run: Run, coded: Sequence[str], n: int = 100, *, most_per_document: float = 0.1) -> pd.DataFrame:
    """Choose passages whose codes would teach a trained coder most.

    The least sure passages first, rare codes counting more than common ones, and not too many from one document, since
    its passages are alike. For training only: the chances of being drawn are not known, so no share can be estimated
    from these (use ``sampling.draw_sample`` with the method ``uncertain`` for both).

    Parameters
    ----------
    coded : passage_ids that are coded already
    most_per_document : share of ``n``; more are taken only when nothing else is left

    Returns
    -------
    frame with passage_id, document_id, code (the one the machine is unsure about), priority (0 to 1); best first
    """
    tags = run.table("tags", ["passage_id", "code", "coder_id", "value", "score"]).to_pandas()
    tags = tags[(tags["coder_id"] == _ASSIGNING) & ~tags["passage_id"].isin(list(coded))]
    frequency = tags[tags["value"] > 0].groupby("code").size().reindex(tags["code"].unique(), fill_value=0)
    rarity = (1 / np.sqrt(frequency + 1)) / (1 / np.sqrt(frequency + 1)).max()
    unsure = 1 - (2 * tags["score"].astype(float) - 1).abs()
    tags = tags.assign(priority=unsure * tags["code"].map(rarity))
    best = tags.sort_values(["priority", "passage_id"], ascending=[False, True]).drop_duplicates("passage_id")
    documents = run.table("passages", ["passage_id", "document_id"]).to_pandas()
    best = best.merge(documents, on="passage_id")
    place = best.groupby("document_id", sort=False).cumcount()
    best = best.assign(is_late=place >= max(int(most_per_document * n), 1))
    best = best.sort_values(["is_late", "priority", "passage_id"], ascending=[True, False, True])
    return best.head(n)[["passage_id", "document_id", "code", "priority"]].reset_index(drop=True)


@dataclass(frozen=True, slots=True)
class Forecast:
    """A learning curve and its continuation: F1 = ceiling - a * n ** -b."""

    sizes: Floats  # numbers of passages tried
    scores: Floats  # F1 at each
    ceiling: float
    slope: float
    power: float

    def at(self, n: float) -> float:
        """F1 expected with ``n`` coded passages."""
        return float(self.ceiling - self.slope * n**-self.power)


def learning_curve(
    texts: Sequence[str],
    codes: NDArray[np.int_],
    documents: Sequence[str],
    *,
    n_sizes: int = 6,
    n_folds: int = 5,
    seed: int = 20260101,
) -> Forecast:
    """Measure how F1 grows with the number of hand-coded passages, by a plain linear model on characters and words.

    Parameters
    ----------
    texts : passages, folded
    codes : array, shape (n_passages, n_codes); a value above 0 counts as present
    documents : document of each passage; a document is never both learned from and tested on

    Returns
    -------
    Forecast
        F1 is averaged over the codes with at least five positive passages, over folds.

    Raises
    ------
    UsageError
        If there are fewer than 40 passages, 5 documents, or no code with five positive passages.
    """
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.model_selection import GroupKFold

    present = np.asarray(codes) > 0
    present = present[:, present.sum(axis=0) >= 5]
    if len(texts) < 40 or len(set(documents)) < n_folds or present.shape[1] == 0:
        raise UsageError("a learning curve needs 40 coded passages of 5 documents, and a code that 5 of them have")
    features = TfidfVectorizer(
        analyzer="char_wb", ngram_range=(1, 3), sublinear_tf=True, max_features=50_000
    ).fit_transform(texts)
    generator = np.random.default_rng(seed)
    largest = int(len(texts) * (1 - 1 / n_folds) * 0.95)
    sizes = np.unique(np.geomspace(20, largest, n_sizes).astype(int))
    sums, weights = np.zeros(len(sizes)), np.zeros(len(sizes))
    for train, test in GroupKFold(n_folds).split(texts, groups=list(documents)):
        order = generator.permutation(train)
        for i, size in enumerate(sizes[sizes <= len(order)]):
            found = _mean_f1(features, present, order[:size], test)
            if not np.isnan(found):
                sums[i] += found
                weights[i] += 1
    is_known = weights > 0
    return forecast(sizes[is_known], sums[is_known] / weights[is_known])


def _mean_f1(features: object, present: NDArray[np.bool_], train: NDArray[np.intp], test: NDArray[np.intp]) -> float:
    from sklearn.svm import LinearSVC

    scores = []
    for code in present.T:
        if not code[test].any():
            continue
        if not code[train].any() or code[train].all():
            scores.append(0.0 if not code[train].any() else 2 * code[test].sum() / (code[test].sum() + len(test)))
            continue
        guess = LinearSVC(class_weight="balanced").fit(features[train], code[train]).predict(features[test])  # type: ignore[index]
        scores.append(2 * (guess & code[test]).sum() / (guess.sum() + code[test].sum()))
    return float(np.mean(scores)) if scores else float("nan")


def forecast(sizes: Sequence[float] | Floats, scores: Sequence[float] | Floats) -> Forecast:
    """Continue a learning curve by an inverse power law, fitted by least squares with larger sizes weighing more.

    Raises
    ------
    UsageError
        If fewer than three points are given.
    """
    x, y = np.asarray(sizes, float), np.asarray(scores, float)
    if len(x) < 3:
        raise UsageError("a forecast needs the score at three sizes or more")
    best: tuple[float, float, float, float] | None = None
    weight = np.sqrt(x)
    for power in np.linspace(0.1, 1.5, 57):
        design = np.column_stack([np.ones(len(x)), -(x**-power)])
        values = np.linalg.lstsq(design * weight[:, None], y * weight, rcond=None)[0]
        # a curve neither falls nor passes 1
        ceiling, slope = float(np.clip(values[0], y.max(), 1.0)), float(max(values[1], 0.0))
        slope = max(float(np.average((ceiling - y) * x**power, weights=weight)), 0.0) if ceiling != values[0] else slope
        error = float(np.sum((weight * (ceiling - slope * x**-power - y)) ** 2))
        if best is None or error < best[0]:
            best = (error, ceiling, slope, float(power))
    assert best is not None
    return Forecast(x, y, *best[1:])
