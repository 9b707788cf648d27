"""What the report shows of the corpus-level analyses, where a run has them: topics and keywords."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from xietong.runs import Run

_TERMS_PER_TOPIC, _TERMS_PER_CODE = 12, 12
#: Terms that are frequent in a topic and belong to it alone, and terms typical of a code against the rest.
_TOPIC_RANKING, _KEYNESS = "frex", "g2"


def topics(run: Run) -> list[dict[str, Any]]:
    """Give label, share with its interval, closest code and terms of each topic; nothing where there are none."""
    if not (run.has_table("topics") and run.has_table("topic_terms")):
        return []
    terms: dict[int, list[str]] = {}
    table = run.table("topic_terms", ["topic", "ranking", "rank", "term"]).to_pylist()
    for row in sorted(table, key=lambda row: (row["topic"], row["rank"])):
        if row["ranking"] == _TOPIC_RANKING and row["rank"] <= _TERMS_PER_TOPIC:
            terms.setdefault(row["topic"], []).append(row["term"])
    columns = ["topic", "label", "share", "low", "high", "closest_code"]
    return [
        {
            "topic": row["topic"],
            "label": row["label"],
            "code": row["closest_code"] or "",
            "terms": terms.get(row["topic"], []),
        }
        | {name: _rounded(row[name]) for name in ("share", "low", "high")}
        for row in run.table("topics", columns).to_pylist()
    ]


def keywords(run: Run) -> list[list[str]]:
    """Give the words typical of each code (keyness), in the codebook's order; nothing where there are none."""
    if not run.has_table("keywords"):
        return []
    found: dict[str, list[str]] = {code.code: [] for code in run.codebook.codes}
    columns = ["scope", "group_by", "group", "method", "rank", "term", "effect"]
    for row in sorted(run.table("keywords", columns).to_pylist(), key=lambda row: row["rank"]):
        is_typical = row["scope"] == "code" and row["method"] == _KEYNESS and (row["effect"] or 0) >= 0
        if is_typical and len(found.get(row["group"], [None] * _TERMS_PER_CODE)) < _TERMS_PER_CODE:
            found[row["group"]].append(row["term"])
    return list(found.values())


def _rounded(value: float | None) -> float | None:
    return None if value is None or value != value else round(value, 5)
