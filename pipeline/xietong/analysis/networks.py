"""Networks of codes in one passage, places named together, and offices that issue together; for Gephi and the like."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from xietong.analysis.association import log_odds_ratio
from xietong.analysis.counts import coded_passages
from xietong.analysis.resampling import adjust_p, caution
from xietong.analysis.results import tidy
from xietong.codebook import Codebook
from xietong.errors import UsageError
from xietong.tables import EDGES

if TYPE_CHECKING:
    import networkx
    import pandas as pd
    from numpy.typing import NDArray

MEASURES = {
    "codes": "this measures how often two codes stand in the same passage; strength is the log odds ratio against placing "
    "them independently",
    "places": "this measures how often two places are named in the same passage; strength is the log odds ratio; being named "
    "together is not cooperation",
    "issuers": "this measures how many documents two offices issued together; strength is the log2 ratio to what their "
    "numbers of documents let expect",
}
INTERVAL = "none; p from the document-clustered log odds ratio"
_BETWEEN_ISSUERS = re.compile(r"\s*[;；、,，\n]\s*|\s{2,}")


def code_network(passages: pd.DataFrame, codebook: Codebook) -> pd.DataFrame:
    """Link codes that stand in the same passages.

    Parameters
    ----------
    passages : DataFrame
        The wide passages frame.
    codebook : Codebook

    Returns
    -------
    DataFrame
        Schema `EDGES`, codes as ``facet_code``; only pairs that occur.
    """
    coded = coded_passages(passages)
    members = {code.column: coded[code.column].fillna(0).to_numpy(dtype=np.int64) > 0 for code in codebook.codes}
    return _passage_edges(members, coded["document_id"], "codes")


def place_network(
    passages: pd.DataFrame, *, kinds: Iterable[str] = ("province", "city"), n_least: int = 3, n_most: int = 150
) -> pd.DataFrame:
    """Link places that are named in the same passages.

    Parameters
    ----------
    passages : DataFrame
        With columns ``folded`` and ``document_id``.
    kinds : iterable of str
        Kinds of place of the gazetteer: country, province, state, city.
    n_least : int
        Passages a place must be named in.
    n_most : int
        The most named places only.

    Returns
    -------
    DataFrame
        Schema `EDGES`.

    Raises
    ------
    UsageError
        If fewer than two places are named often enough.
    """
    from xietong.gazetteer import find_places

    coded = coded_passages(passages)
    wanted = frozenset(kinds)
    named: list[set[str]] = []
    for text in coded["folded"]:
        found = (mention.places[0] for mention in find_places(text) if len(mention.places) == 1)
        named.append({place.name_zh for place in found if place.kind in wanted})
    often = Counter(name for names in named for name in names)
    chosen = [name for name, n in sorted(often.items(), key=lambda item: (-item[1], item[0])) if n >= n_least][:n_most]
    if len(chosen) < 2:
        raise UsageError(f"a network of places needs two places named in {n_least} passages; there are {len(chosen)}")
    members = {name: np.array([name in names for names in named]) for name in chosen}
    return _passage_edges(members, coded["document_id"], "places")


def issuer_network(documents: pd.DataFrame) -> pd.DataFrame:
    """Link offices that issued documents together.

    Parameters
    ----------
    documents : DataFrame
        With column ``issuer``; several offices are separated by semicolon, 、, comma or a wide space.

    Returns
    -------
    DataFrame
        Schema `EDGES`; ``weight`` documents issued together.

    Raises
    ------
    UsageError
        If no document has two issuers.
    """
    issuers = [split_issuers(name) for name in documents["issuer"].fillna("")]
    known = [offices for offices in issuers if offices]
    alone = Counter(office for offices in known for office in offices)
    together = Counter(pair for offices in known for pair in combinations(offices, 2))
    if not together:
        raise UsageError(
            f"no document names two issuers ({len(known)} of {len(documents)} name one): there is no co-issuing to show"
        )
    rows = []
    for (first, second), weight in sorted(together.items()):
        expected = alone[first] * alone[second] / len(known)
        rows.append({"source": first, "target": second, "weight": weight, "expected": expected,
                     "strength": float(np.log2(weight / expected))})  # fmt: skip
    return tidy(
        rows, schema=EDGES, network="issuers", n_documents=len(known), corrected=False, interval="none",
        measures=MEASURES["issuers"],
    )  # fmt: skip


def split_issuers(issuer: str) -> list[str]:
    """Give the offices named as issuers, sorted, each once."""
    return sorted({name for name in _BETWEEN_ISSUERS.split(issuer.strip()) if name})


def as_graph(edges: pd.DataFrame, node_weights: Mapping[str, int] | None = None) -> networkx.Graph:
    """Make an undirected graph with weights, and degree and betweenness of each node.

    Parameters
    ----------
    edges : DataFrame
        Schema `EDGES`.
    node_weights : mapping, optional
        Passages or documents of each node.
    """
    import networkx

    graph = networkx.Graph()
    for name in sorted({*edges["source"], *edges["target"]}):
        graph.add_node(name, label=name, n=int((node_weights or {}).get(name, 0)))
    for row in edges.itertuples(index=False):
        strength = float(row.strength) if row.strength == row.strength else 0.0
        graph.add_edge(
            row.source, row.target, weight=int(row.weight), strength=strength, distance=1.0 / int(row.weight)
        )
    between = networkx.betweenness_centrality(graph, weight="distance")
    for name in graph.nodes:
        graph.nodes[name]["degree"] = graph.degree(name)
        graph.nodes[name]["weighted_degree"] = int(graph.degree(name, weight="weight"))
        graph.nodes[name]["betweenness"] = round(float(between[name]), 9)
    return graph


def write_graph(graph: networkx.Graph, file: Path) -> None:
    """Write a graph as GraphML or GEXF, by the file's ending; the same graph gives the same bytes."""
    import os

    import networkx

    beside = file.with_name(f".{file.name}.{os.getpid()}")
    if file.suffix == ".gexf":
        text = "\n".join(networkx.generate_gexf(graph))
        text = re.sub(r'\s*lastmodifieddate="[^"]*"', "", text)  # the day it was written is not part of a result
        beside.write_text(text + "\n", encoding="utf-8")
    else:
        networkx.write_graphml_xml(graph, beside, encoding="utf-8")
    beside.replace(file)


def network_measures(edges: pd.DataFrame, network: str, *, n_documents: int, n_passages: int | None) -> pd.DataFrame:
    """Describe a network as a whole: nodes, edges, density, mean degree, share of weight on the heaviest tenth of edges."""
    n = len({*edges["source"], *edges["target"]})
    weights = np.sort(edges["weight"].to_numpy(dtype=float))[::-1]
    tenth = max(len(weights) // 10, 1)
    values = {
        "nodes": n, "edges": len(edges), "density": 2 * len(edges) / (n * (n - 1)) if n > 1 else None,
        "mean_degree": 2 * len(edges) / n if n else None,
        "weight_on_top_tenth": float(weights[:tenth].sum() / weights.sum()) if len(weights) else None,
    }  # fmt: skip
    return tidy(
        [{"statistic": name, "estimate": value} for name, value in values.items()], analysis="network", group=network,
        n_documents=n_documents, n_passages=n_passages, interval="none", corrected=False, measures=MEASURES[network],
    )  # fmt: skip


def _passage_edges(members: Mapping[str, NDArray[np.bool_]], documents: pd.Series, network: str) -> pd.DataFrame:
    """Count pairs by document, and test each against independence."""
    import pandas as pd
    from scipy import sparse, stats

    names = list(members)
    which, _ = pd.factorize(documents)
    n_documents, n_passages = int(which.max()) + 1, len(which)
    present = sparse.csr_matrix(np.column_stack([members[name] for name in names]).astype(float))
    gather = sparse.csr_matrix((np.ones(n_passages), (which, np.arange(n_passages))), shape=(n_documents, n_passages))
    size = np.bincount(which).astype(float)
    single = np.asarray((gather @ present).todense())  # (n_documents, n_names)
    totals = np.asarray((present.T @ present).todense())
    columns = present.toarray() > 0
    rows: list[dict[str, Any]] = []
    for i, j in combinations(range(len(names)), 2):
        if not totals[i, j]:
            continue
        both = np.bincount(which[columns[:, i] & columns[:, j]], minlength=n_documents)
        cells = np.column_stack(
            [both, single[:, i] - both, single[:, j] - both, size - single[:, i] - single[:, j] + both]
        )
        strength, error = log_odds_ratio(cells) if n_documents > 2 else (np.nan, np.nan)
        rows.append({
            "source": names[i], "target": names[j], "weight": int(totals[i, j]),
            "expected": totals[i, i] * totals[j, j] / n_passages, "strength": strength,
            "p": 2 * float(stats.t.sf(abs(strength) / error, n_documents - 1)) if n_documents > 2 else None,
        })  # fmt: skip
    for row, p in zip(rows, adjust_p([row["p"] if row["p"] is not None else np.nan for row in rows]), strict=True):
        row["p_adjusted"] = p
    return tidy(
        rows, schema=EDGES, network=network, n_documents=n_documents, n_passages=n_passages, corrected=False,
        interval=INTERVAL, caution=caution(n_documents), measures=MEASURES[network],
    )  # fmt: skip
