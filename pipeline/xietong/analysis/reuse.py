"""Which stretches of text one government took over from another, and how codes and wordings spread over the years."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from xietong.analysis.counts import Counts, coded_passages, group_documents
from xietong.analysis.resampling import caution
from xietong.analysis.results import tidy
from xietong.errors import UsageError
from xietong.tables import REUSE

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

REUSE_MEASURES = (
    "this measures wording that stands word for word in an earlier text of another government: transmission or boilerplate, "
    "not attention of its own; both may have taken it from a text that was not collected"
)
DIFFUSION_MEASURES = (
    "this measures by which year a government's collected texts first carry the code; a government whose texts were not "
    "collected counts as not yet observed, not as without the code"
)
_MULTIPLIER = np.uint64(1_000_003)


@dataclass(frozen=True, slots=True)
class ReuseOptions:
    """What counts as taken over."""

    n_chars: int = 20  # shortest stretch, in characters of the folded text without spaces
    n_most: int = 2000  # stretches shown, longest first
    by: str = "region"  # what a government is


@dataclass(frozen=True, slots=True)
class Reuse:
    """What texts share with earlier texts of other governments."""

    stretches: pd.DataFrame
    shares: pd.DataFrame


def find_reuse(passages: pd.DataFrame, *, options: ReuseOptions | None = None) -> Reuse:
    """Find the longest stretches that a text shares with earlier texts of other governments, and how much it shares.

    Parameters
    ----------
    passages : DataFrame
        The wide passages frame, with ``year`` and the column that tells governments apart.
    options : ReuseOptions, optional

    Returns
    -------
    Reuse
        ``stretches``: schema `REUSE`, longest first; ``source_…`` is the earliest text that has the stretch,
        ``n_governments`` how many have its beginning. ``shares``: schema `TRENDS`, per document (``group``) the
        ``reused_share`` of its characters. Texts of one year are not taken for each other's source.

    Raises
    ------
    UsageError
        If fewer than two governments have dated texts.

    Notes
    -----
    Every position gets the hash of the characters that follow; equal hashes in texts of different governments are
    extended as long as source and copy run in step. Each stretch is compared character by character before it is shown.
    """
    options = options or ReuseOptions()
    coded = _dated(coded_passages(passages), options)
    text, passage, place = _joined(coded)
    hashes, valid = _hashes(text, passage, options.n_chars)
    source, order = _earliest(hashes, valid, passage, coded)
    runs = _runs(source, options.n_chars)
    return Reuse(
        _stretches(runs[: options.n_most], text, passage, place, hashes, order, coded),
        _shares(source, passage, coded, options),
    )


def _shares(
    source: NDArray[np.int64], passage: NDArray[np.intp], coded: pd.DataFrame, options: ReuseOptions
) -> pd.DataFrame:
    """Give each document's share of characters that lie in a match."""
    starts = np.zeros(len(source) + 1, dtype=np.int64)
    found = np.flatnonzero(source >= 0)
    np.add.at(starts, found, 1)
    np.add.at(starts, np.minimum(found + options.n_chars, len(source)), -1)
    covered = np.cumsum(starts[:-1]) > 0
    document = coded["_document"].to_numpy()[passage]
    n_documents = int(coded["_document"].max()) + 1
    size, reused = np.bincount(document, minlength=n_documents), np.bincount(document[covered], minlength=n_documents)
    n_passages = np.bincount(coded["_document"].to_numpy(), minlength=n_documents)
    first = coded.drop_duplicates("_document").sort_values("_document")
    rows = [
        {
            "group": str(name),
            "year": int(year),
            "estimate": reused[i] / max(size[i], 1),
            "n_passages": int(n_passages[i]),
        }
        for i, (name, year) in enumerate(zip(first["document_id"], first["year"], strict=True))
    ]
    return tidy(
        rows, analysis="reuse", statistic="reused_share", group_by="document_id", n_documents=1, interval="none",
        corrected=False, measures=REUSE_MEASURES,
    )  # fmt: skip


def diffusion(counts: Counts, by: str = "region") -> pd.DataFrame:
    """Give, for each code and year, how many governments have carried it so far.

    Parameters
    ----------
    counts : Counts
    by : str
        What a government is.

    Returns
    -------
    DataFrame
        Schema `TRENDS`: ``adopters`` (governments whose texts carried the code up to the year), ``adopted_share`` (of
        the governments observed up to the year), and per government ``first_year``.

    Raises
    ------
    UsageError
        With fewer than two governments or two years.
    """
    cells = group_documents(counts.documents, (by, "year"))
    years = sorted({int(str(key[1])) for key in cells})
    governments = sorted({str(key[0]) for key in cells})
    if len(governments) < 2 or len(years) < 2:
        raise UsageError(
            f"diffusion needs two governments and two years; there are {len(governments)} and {len(years)} (by {by})"
        )
    place = {name: i for i, name in enumerate(governments)}
    seen = np.full(len(governments), 9999)
    first = np.full((len(governments), len(counts.measured)), 9999)
    size: dict[int, NDArray[np.int64]] = {}
    for (name, year), documents in cells.items():
        g, t = place[str(name)], int(str(year))
        seen[g] = min(seen[g], t)
        carried = counts.k[documents].sum(axis=0) > 0
        first[g] = np.where(carried, np.minimum(first[g], t), first[g])
        size[t] = size.get(t, np.zeros(2, dtype=np.int64)) + np.array([len(documents), counts.n[documents].sum()])
    rows: list[dict[str, Any]] = []
    for i, one in enumerate(counts.measured):
        so_far = np.zeros(2, dtype=np.int64)
        for year in years:
            so_far = so_far + size[year]
            observed, adopters = int((seen <= year).sum()), int((first[:, i] <= year).sum())
            same = {**one.names, "year": year, "n_documents": int(so_far[0]), "n_passages": int(so_far[1]),
                    "caution": caution(int(so_far[0]), None)}  # fmt: skip
            rows.append({**same, "statistic": "adopters", "estimate": adopters})
            rows.append({**same, "statistic": "adopted_share", "estimate": adopters / observed})
        rows += [
            {**one.names, "group": name, "statistic": "first_year", "estimate": int(first[g, i]), "year": int(first[g, i]),
             "n_documents": int(so_far[0]), "n_passages": int(so_far[1])}
            for name, g in place.items() if first[g, i] < 9999
        ]  # fmt: skip
    return tidy(
        rows, analysis="diffusion", group_by=by, interval="none", corrected=False, measures=DIFFUSION_MEASURES
    )  # fmt: skip


def _dated(coded: pd.DataFrame, options: ReuseOptions) -> pd.DataFrame:
    """Keep passages of a known year and government, earliest first, and number documents and governments."""
    import pandas as pd

    if options.by not in coded:
        raise UsageError(f"the passages have no column {options.by!r}; there are {', '.join(map(str, coded.columns))}")
    known = coded["year"].notna() & (coded[options.by].astype("string").fillna("") != "")
    kept = coded[known]
    if kept[options.by].nunique() < 2:
        raise UsageError(
            f"text reuse needs dated texts of two governments (by {options.by}); there are {kept[options.by].nunique()}"
        )
    kept = kept.sort_values(["year", "document_id", "n"] if "n" in kept else ["year", "document_id"], kind="stable")
    kept = kept.reset_index(drop=True)
    kept["_document"], _ = pd.factorize(kept["document_id"])
    kept["_government"], _ = pd.factorize(kept[options.by], sort=True)
    return kept


def _joined(coded: pd.DataFrame) -> tuple[NDArray[np.uint32], NDArray[np.intp], NDArray[np.int32]]:
    """Write all folded passages as one array of characters without spaces: character, passage, place in it."""
    parts = [np.frombuffer(text.encode("utf-32-le"), dtype=np.uint32) for text in coded["folded"]]
    lengths = np.array([len(part) for part in parts])
    text = np.concatenate(parts) if parts else np.zeros(0, dtype=np.uint32)
    passage = np.repeat(np.arange(len(parts)), lengths)
    place = (np.arange(len(text)) - np.repeat(np.cumsum(lengths) - lengths, lengths)).astype(np.int32)
    kept = (text != 0x20) & (text != 0x0A)
    return text[kept], passage[kept], place[kept]


def _hashes(
    text: NDArray[np.uint32], passage: NDArray[np.intp], n_chars: int
) -> tuple[NDArray[np.uint64], NDArray[np.bool_]]:
    """Hash the ``n_chars`` characters from each position; invalid where they would leave the passage."""
    size = len(text)
    hashes = np.zeros(size, dtype=np.uint64)
    with np.errstate(over="ignore"):
        for step in range(n_chars):
            following = text[step:].astype(np.uint64)
            hashes[: size - step] = hashes[: size - step] * _MULTIPLIER + following * np.uint64(0x9E3779B97F4A7C15)
            hashes ^= hashes >> np.uint64(29)
    valid = np.zeros(size, dtype=bool)
    last = size - n_chars + 1
    if last > 0:
        valid[:last] = passage[:last] == passage[n_chars - 1 :]
    return hashes, valid


def _earliest(
    hashes: NDArray[np.uint64], valid: NDArray[np.bool_], passage: NDArray[np.intp], coded: pd.DataFrame
) -> tuple[NDArray[np.int64], NDArray[np.intp]]:  # fmt: skip
    """Give, for each position, the earliest with the same hash in an earlier year of another government, or -1.

    Also the valid positions in the order of their hashes.
    """
    at = np.flatnonzero(valid)
    order = at[np.argsort(hashes[at], kind="stable")]  # equal hashes together, each group in order of time
    value = hashes[order]
    is_first = np.r_[True, value[1:] != value[:-1]] if len(order) else np.zeros(0, dtype=bool)
    group = np.cumsum(is_first) - 1
    head = order[np.flatnonzero(is_first)][group]
    government = coded["_government"].to_numpy()
    year = coded["year"].to_numpy(dtype=np.int64)
    taken = (government[passage[order]] != government[passage[head]]) & (year[passage[order]] > year[passage[head]])
    source = np.full(len(hashes), -1, dtype=np.int64)
    source[order[taken]] = head[taken]
    return source, order


def _runs(source: NDArray[np.int64], n_chars: int) -> NDArray[np.int64]:
    """Join neighbouring matches whose sources run in step: start, source, length; longest first."""
    found = np.flatnonzero(source >= 0)
    if not len(found):
        return np.zeros((0, 3), dtype=np.int64)
    breaks = np.flatnonzero((np.diff(found) != 1) | (np.diff(source[found]) != 1)) + 1
    starts = np.r_[0, breaks]
    lengths = np.diff(np.r_[starts, len(found)]) + n_chars - 1
    runs = np.stack([found[starts], source[found[starts]], lengths], axis=1)
    return runs[np.lexsort((runs[:, 0], -runs[:, 2]))]


def _stretches(
    runs: NDArray[np.int64], text: NDArray[np.uint32], passage: NDArray[np.intp], place: NDArray[np.int32],
    hashes: NDArray[np.uint64], order: NDArray[np.intp], coded: pd.DataFrame,
) -> pd.DataFrame:  # fmt: skip
    rows = []
    reading = coded["reading"] if "reading" in coded else coded["folded"]
    in_order = hashes[order]
    government = coded["_government"].to_numpy()
    for start, source, length in runs.tolist():
        if not np.array_equal(text[start : start + length], text[source : source + length]):
            continue  # two stretches with one hash
        first = int(np.searchsorted(in_order, hashes[start], side="left"))
        last = int(np.searchsorted(in_order, hashes[start], side="right"))
        n_governments = len(set(government[passage[order[first:last]]].tolist()))
        start, length = _trimmed(text, start, length)
        here, there = passage[start], passage[source]
        row, origin = coded.iloc[here], coded.iloc[there]
        shown = reading.iat[here] if len(reading.iat[here]) == len(row["folded"]) else row["folded"]
        rows.append({
            **{name: row.get(name) for name in ("document_id", "passage_id", "file", "region", "level")},
            "year": int(row["year"]),
            **{f"source_{name}": origin.get(name) for name in ("document_id", "file", "region", "level")},
            "source_year": int(origin["year"]), "n_chars": length, "n_governments": n_governments,
            "text": shown[place[start] : place[start + length - 1] + 1],
        })  # fmt: skip
    return tidy(
        rows, schema=REUSE, n_documents=coded["document_id"].nunique(), n_passages=len(coded), interval="none",
        corrected=False, measures=REUSE_MEASURES,
    )  # fmt: skip


def _trimmed(text: NDArray[np.uint32], start: int, length: int) -> tuple[int, int]:
    """Leave punctuation at either end of a stretch out of it."""
    while length > 1 and not chr(text[start]).isalnum():
        start, length = start + 1, length - 1
    while length > 1 and not chr(text[start + length - 1]).isalnum():
        length -= 1
    return start, length
