"""Gathers what the report shows: counts, shares with intervals, the words codes rest on, and the passages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from xietong import __version__
from xietong.codebook import CODE_FACTS, CODE_NAMES
from xietong.duplicates import are_alike
from xietong.ingest.reasons import worded
from xietong.marked import marked_in_steps
from xietong.report.analyses import keywords, topics
from xietong.report.cues import list_cues
from xietong.report.packing import PassageColumns, choose_rows
from xietong.totals import Totals, crossed_facets
from xietong.wide import DOCUMENT_COLUMNS

if TYPE_CHECKING:
    import pandas as pd

    from xietong.runs import Run

#: A larger run shows this many of its passages, drawn by their ids.
MOST_PASSAGES = 100_000
_RESAMPLES = 1_000
_CODE_FIELDS = [*CODE_NAMES, *(name for name in CODE_FACTS if name != "example")]
#: Documents drawn for one group over all its resamples; groups of many documents need fewer resamples.
_MOST_DRAWS = 5_000_000


def gather(run: Run) -> tuple[dict[str, Any], bytes]:
    """Give the facts of the report and its packed passages."""
    documents = run.documents()
    totals = Totals(run.codebook, documents)
    chosen = choose_rows(run, MOST_PASSAGES)
    columns = PassageColumns(run.codebook, documents)
    for rows, highlights in marked_in_steps(run):
        totals.add(rows)
        columns.add(rows, highlights, chosen)
    facts = {
        "version": __version__,
        "codebook": {"name": run.codebook.name, "hash": run.codebook.content_hash},
        "codes": [
            {name: getattr(code, name) for name in _CODE_FIELDS} for code in run.codebook.codes
        ],
        "facets": run.codebook.facets,
        "crossed": crossed_facets(run.codebook),
        "documents": _documents(documents),
        "totals": _totals(totals),
        "attention": {column: _attention(totals, column) for column in ("year", "region", "level")},
        "words": list_cues(run),
        "topics": topics(run),
        "keywords": keywords(run),
        "shown": {"passages": columns.n_rows, "of": totals.n_passages},
    }  # fmt: skip
    return facts, columns.pack()


def _documents(documents: pd.DataFrame) -> dict[str, list[Any]]:
    names = ["document_id", "file", "status", "reason", "language", *DOCUMENT_COLUMNS, "n_chars", "n_passages"]
    columns = {name: documents[name].astype("object") for name in names}
    columns["reason_zh"] = columns["reason"].map(lambda reason: worded(reason or "", "zh"))
    return {name: column.where(column.notna(), None).tolist() for name, column in columns.items()}


def _totals(totals: Totals) -> dict[str, Any]:
    return {
        "passages": totals.n_passages,
        "coded": int(totals.n_coded.sum()),
        "review": totals.n_review,
        "with_any": totals.with_any[0].tolist(),
        "with_synergy": totals.with_any[1].tolist(),
        "present": totals.counts[0].sum(axis=0).tolist(),
        "synergy": totals.counts[1].sum(axis=0).tolist(),
        "documents_with": (totals.counts[0] > 0).sum(axis=0).tolist(),
        "together": totals.together.tolist(),
        "alike": int(are_alike(totals.documents).sum()),
        "status": {str(k): int(v) for k, v in totals.documents["status"].value_counts().sort_index().items()},
    }


def _attention(totals: Totals, column: str) -> list[dict[str, Any]]:
    """Give the share of coded passages that hold each code, by group, with intervals over documents."""
    from xietong.analysis.resampling import ratio_intervals, resample_weights

    groups = []
    for value, places in totals.by(column):
        n_resamples = min(_RESAMPLES, max(200, _MOST_DRAWS // len(places)))
        k, n = totals.counts[0][places], totals.n_coded[places]
        weights = resample_weights(len(places), n_resamples=n_resamples, seed=0)
        share, low, high = ratio_intervals(k, n, weights=weights)
        groups.append({
            "value": value, "documents": len(places), "passages": int(n.sum()), "present": k.sum(axis=0).tolist(),
            "share": _rounded(share), "low": _rounded(low), "high": _rounded(high),
        })  # fmt: skip
    return groups


def _rounded(values: np.ndarray) -> list[float | None]:
    return [None if np.isnan(value) else round(float(value), 5) for value in np.atleast_1d(values)]
