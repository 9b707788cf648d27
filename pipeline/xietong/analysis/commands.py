"""One entry for each command: reads a run, analyses it, writes the tables and graphs into its folder."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xietong.analysis.results import tidy
from xietong.errors import UsageError
from xietong.tables import BY_CORPUS

if TYPE_CHECKING:
    import pandas as pd

    from xietong.analysis.counts import Counts
    from xietong.analysis.keywords import KeywordOptions
    from xietong.analysis.kwic import KwicOptions
    from xietong.analysis.topics import TopicOptions
    from xietong.codebook import Codebook
    from xietong.runs import Run

MODEL = "tables/topic_model.npz"
GRAPHS = "graphs"
LEVELS = ("central", "provincial", "city", "county")
Job = tuple[str, Callable[[], Any]]


@dataclass(frozen=True, slots=True)
class TrendOptions:
    """What `analyse_trends` computes."""

    by: tuple[str, ...] = ()  # further properties to give attention by, beside year, level and region
    lags: tuple[int, ...] = (-2, -1, 0, 1, 2, 3)  # years by which the lower level comes later
    n_resamples: int = 1000
    n_permutations: int = 999
    seed: int = 0
    coder: str = ""  # whose codes; the assigned ones by default
    has_networks: bool = True
    has_reuse: bool = True
    errors: dict[str, tuple[float, float]] = field(default_factory=dict)  # code -> sensitivity, specificity


def analyse_topics(run: Run, options: TopicOptions | None = None, *, model_of: Run | None = None) -> list[Path]:
    """Fit topics, or apply those of an earlier run, and write their tables.

    Parameters
    ----------
    run : Run
    options : TopicOptions, optional
    model_of : Run, optional
        The run whose topics are kept fixed.

    Returns
    -------
    list of Path
        What was written: ``topics``, ``topic_terms``, ``topic_choice`` (the curve, where the number was chosen),
        ``topic_trends``, ``topic_codes``, ``passage_topics`` and the model.
    """
    from xietong.analysis.topic_model import load_model, save_model
    from xietong.analysis.topics import TopicOptions, topics

    options = options or TopicOptions()
    model = None
    if model_of is not None:
        if not (model_of.folder / MODEL).is_file():
            raise UsageError(f"{model_of.folder} has no topic model; run `xietong topics {model_of.folder}` first")
        model = load_model(model_of.folder / MODEL)
    result = topics(_passages(run), run.codebook, options=options, model=model)
    used = {"options": asdict(options), "model_of": "" if model_of is None else str(model_of.folder.name)}
    names = ("topics", "topic_terms", "topic_trends", "topic_codes", "passage_topics", "topic_choice")
    written = [
        _write(run, name, getattr(result, name), used) for name in names if getattr(result, name) is not None
    ]  # fmt: skip
    if result.topic_choice is None:
        (run.folder / "tables" / "topic_choice.parquet").unlink(missing_ok=True)  # of an earlier choice
    save_model(result.model, run.folder / MODEL)
    return [*written, run.folder / MODEL]


def analyse_keywords(run: Run, options: KeywordOptions | None = None) -> list[Path]:
    """Find keywords, terms and new words, and write the table ``keywords``."""
    from xietong.analysis.keywords import KeywordOptions, keywords

    options = options or KeywordOptions()
    return [
        _write(run, "keywords", keywords(_passages(run), run.codebook, options=options), {"options": asdict(options)})
    ]


def analyse_trends(run: Run, options: TrendOptions | None = None) -> list[Path]:
    """Compute series, contrasts, associations, changes, profiles, networks and reuse, and write their tables.

    Returns
    -------
    list of Path
        ``trends`` (one row per figure), ``edges`` and ``reuse``, and graphs as GraphML and GEXF. An analysis that
        the documents do not allow stands in ``trends`` as a row with statistic ``refused`` and the reason as caution.

    Raises
    ------
    UsageError
        If not one analysis is possible.
    """
    import pandas as pd

    from xietong.hand_codes import HandCodes
    from xietong.hand_codes.samples import list_samples

    options = options or TrendOptions()
    passages, documents = _passages(run, options.coder), run.documents()
    tables, edges = trend_tables(passages, documents, run, options)
    used = {"options": asdict(options)}
    written = []
    if list_samples(run.folder) and any(coding.is_done for coding in HandCodes(run.folder)):
        from xietong.analysis.corrected import corrected_trends

        cells = [(), ("year",), ("level",), ("level", "year"), ("region",), *((name,) for name in options.by)]
        by = ("level", "region", *options.by)
        tables.append(_attempt("attention", lambda: corrected_trends(run, cells, by)))
    if options.has_reuse:
        from xietong.analysis.reuse import find_reuse

        reuse = _attempt("reuse", lambda: find_reuse(passages))
        if isinstance(reuse, pd.DataFrame):
            tables.append(reuse)
            (run.folder / "tables" / "reuse.parquet").unlink(missing_ok=True)
        else:
            tables.append(reuse.shares)
            written.append(_write(run, "reuse", reuse.stretches, used))
    if all((table["statistic"] == "refused").all() for table in tables):
        raise UsageError(f"no trend can be computed: {tables[0]['caution'].iloc[0]}")
    written.insert(0, _write(run, "trends", pd.concat(tables, ignore_index=True), used))
    if edges:
        written.append(_write(run, "edges", pd.concat(edges.values(), ignore_index=True), used))
    return [*written, *_write_graphs(run, edges, passages)]


def kwic(run: Run, term: str, options: KwicOptions | None = None) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Find a term in context, with the words that keep it company, and write ``kwic`` and ``collocates``.

    Returns
    -------
    hits, collocates : DataFrame
        Both empty where the term does not occur.
    """
    from xietong.analysis.kwic import KwicOptions, choose_passages, collocates, find_term

    options = options or KwicOptions()
    passages = choose_passages(run.passages(), options.only)
    hits = find_term(passages, term, options=options)
    company = tidy([], schema=BY_CORPUS["collocates"]) if hits.empty else collocates(passages, term, options=options)
    used = {"options": asdict(options), "term": term}
    _write(run, "kwic", hits, used)
    _write(run, "collocates", company, used)
    return hits, company


def trend_tables(
    passages: pd.DataFrame, documents: pd.DataFrame, run: Run, options: TrendOptions
) -> tuple[list[pd.DataFrame], dict[str, pd.DataFrame]]:
    """Give the tables of all analyses but reuse, and the edges of the networks."""
    from xietong.analysis.counts import count_codes

    codebook = run.codebook
    counts = count_codes(passages, codebook)
    tables = [_attempt(name, call) for name, call in _analyses(counts, passages, codebook, options)]
    edges: dict[str, pd.DataFrame] = {}
    if options.has_networks:
        from xietong.analysis.networks import code_network, issuer_network, network_measures, place_network

        for name, make in (
            ("codes", lambda: code_network(passages, codebook)),
            ("places", lambda: place_network(passages)),
            ("issuers", lambda: issuer_network(documents)),
        ):
            found = _attempt("network", make)
            if "source" in found:
                edges[name] = found
                n = int(found["n_documents"].iloc[0]) if len(found) else len(counts.n)
                size = None if name == "issuers" else int(counts.n.sum())
                tables.append(network_measures(found, name, n_documents=n, n_passages=size))
            else:
                tables.append(found.assign(group=name))
    return tables, {name: table for name, table in edges.items() if len(table)}


def _passages(run: Run, coder: str = "") -> pd.DataFrame:
    """Give the wide frame without second transcriptions of the same text, with one coder's values where asked."""
    from xietong.analysis.counts import one_of_each, recode

    passages = one_of_each(run.passages(), run.documents())
    return recode(passages, run.tags(), run.codebook, coder) if coder else passages


def _analyses(counts: Counts, passages: pd.DataFrame, codebook: Codebook, options: TrendOptions) -> list[Job]:
    """List what is computed, in the order of the table."""
    from xietong.analysis.association import associate
    from xietong.analysis.change_points import change_points
    from xietong.analysis.consistency import consistency
    from xietong.analysis.counts import group_documents
    from xietong.analysis.profiles import attention_quotient, breadth, concentration
    from xietong.analysis.reuse import diffusion
    from xietong.analysis.trends import attention, contrast

    draw, seed = options.n_resamples, options.seed
    deal = options.n_permutations
    cells: list[tuple[str, ...]] = [(), ("year",), ("level",), ("level", "year"), ("region",)]
    cells += [(name,) for name in options.by]
    jobs: list[Job] = [
        ("attention", partial(attention, counts, by, errors=options.errors, n_resamples=draw, seed=seed))
        for by in cells
    ]
    for by in ("level", "region", *options.by):
        job = partial(contrast, counts, by, within="year", n_resamples=draw, n_permutations=deal, seed=seed)
        jobs.append(("contrast", job))
    facets = codebook.facets
    for i, facet in enumerate(facets):
        jobs += [("association", partial(associate, passages, codebook, facet, other)) for other in facets[i:]]
    jobs += [
        ("change_point", partial(change_points, counts, by, n_permutations=deal, seed=seed)) for by in ("level", None)
    ]
    jobs += [("quotient", partial(attention_quotient, counts, by)) for by in ("region", "level")]
    wide = [facet for facet in facets if sum(code.facet == facet for code in codebook.codes) > 1]
    for facet in wide:
        places = (("year",), ("level", "year"), ("region",))
        jobs += [("breadth", partial(breadth, counts, facet, by, n_resamples=draw, seed=seed)) for by in places]
    jobs.append(("concentration", partial(concentration, counts, "region", n_permutations=deal, seed=seed)))
    there = {key[0] for key in group_documents(counts.documents, ("level", "year"))}
    levels = [level for level in LEVELS if level in there]
    pairs = [(a, b) for i, a in enumerate(levels) for b in levels[i + 1 :]] or [LEVELS[:2]]
    for facet in wide:
        jobs += [("consistency", partial(consistency, counts, facet, p, lags=options.lags, seed=seed)) for p in pairs]
    return [*jobs, ("diffusion", partial(diffusion, counts, "region"))]


def _attempt(analysis: str, call: Callable[[], Any]) -> Any:
    """Give what the call gives, or the row that says why the documents do not allow it."""
    try:
        return call()
    except UsageError as error:
        return tidy([{"statistic": "refused", "caution": str(error)}], analysis=analysis, corrected=False)


def _write(run: Run, name: str, frame: pd.DataFrame, used: dict[str, Any]) -> Path:
    """Write a table beside and rename it; the options that made it are in its metadata."""
    import os

    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.Table.from_pandas(frame, schema=BY_CORPUS[name], preserve_index=False, safe=False)
    note = json.dumps(used, ensure_ascii=False, sort_keys=True, default=list)
    table = table.replace_schema_metadata({"xietong": note})
    file = run.folder / "tables" / f"{name}.parquet"
    beside = file.with_name(f".{name}.{os.getpid()}.parquet")
    pq.write_table(table, beside, compression="zstd")
    beside.replace(file)
    return file


def _write_graphs(run: Run, edges: dict[str, pd.DataFrame], passages: pd.DataFrame) -> list[Path]:
    from xietong.analysis.networks import as_graph, write_graph

    weights = {code.column: int((passages[code.column].fillna(0) > 0).sum()) for code in run.codebook.codes}
    folder = run.folder / GRAPHS
    written = []
    for name, table in edges.items():
        folder.mkdir(exist_ok=True)
        graph = as_graph(table, weights if name == "codes" else None)
        for ending in ("graphml", "gexf"):
            write_graph(graph, folder / f"{name}.{ending}")
            written.append(folder / f"{name}.{ending}")
    return written
