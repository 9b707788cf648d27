"""Finished batches on disk: written beside and renamed, so that a part is whole or absent.

A part is a folder ``parts/STAGE-KEY/`` with one Parquet file a table and ``part.json``, which lists the sources in
it, the rows of each, and the SHA-256 of every file. There are two stages: ``read`` (text, passages, metadata;
depends on the file and the reading options) and ``coded`` (tags and evidence; depends on the codebook and the model
as well), so that a new codebook does not read the documents again.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from xietong.errors import RunFolderError
from xietong.ids import content_hash

STAGES = ("read", "coded")
RECORD = "part.json"
#: A part with this file was made on another machine: what could not be read there is tried here.
ELSEWHERE = "elsewhere"
_FORMAT = 2


class DamagedPartError(RunFolderError):
    """A part on disk is not what was written; it has to be made again."""

    def __init__(self, part: Path, what: str) -> None:
        super().__init__(f"{part}: {what}; it is made again from the documents")
        self.part, self.what = part, what

    def __reduce__(self) -> tuple:
        """Travel between processes: the message alone would not tell which part it is."""
        return type(self), (self.part, self.what)


@dataclass(frozen=True, slots=True)
class PartsPlace:
    """Where parts are written: a folder of this machine and, where there is a URL, a copy in that store."""

    folder: Path
    url: str = ""


@dataclass(frozen=True, slots=True)
class Slice:
    """Where the rows of one source stand in a part: table name -> (first row, row after the last)."""

    part: Path
    rows: Mapping[str, tuple[int, int]]


def without_secret(url: str) -> str:
    """Give a URL without the user and password that may stand in it, fit to be shown and published."""
    head, sign, rest = url.partition("://")
    host, slash, path = rest.partition("/")
    return f"{head}{sign}{host.rpartition('@')[2]}{slash}{path}"


def write_part(
    folder: Path, stage: str, keys: Sequence[str], tables_by_source: Sequence[Mapping[str, pa.Table]]
) -> Path:
    """Write the tables of a batch as one part.

    Parameters
    ----------
    folder : the run's ``parts`` folder
    stage : ``read`` or ``coded``
    keys : one key per source, which says everything its rows depend on
    tables_by_source : for each source the tables of this stage, by name
    """
    final = folder / f"{stage}-{content_hash(stage, list(keys))[:24]}"
    beside = folder / f".{final.name}.{os.getpid()}.tmp"
    shutil.rmtree(beside, ignore_errors=True)
    beside.mkdir(parents=True)
    names = list(tables_by_source[0])
    rows: list[dict[str, tuple[int, int]]] = [{} for _ in keys]
    hashes = {}
    for name in names:
        first = 0
        for entry, tables in zip(rows, tables_by_source, strict=True):
            entry[name] = (first, first + tables[name].num_rows)
            first = entry[name][1]
        file = beside / file_name(name)
        write_table(pa.concat_tables([tables[name] for tables in tables_by_source]), file, level=1)
        hashes[name] = file_hash(file)
    record = {
        "format": _FORMAT,
        "stage": stage,
        "tables": hashes,
        "sources": [
            {"key": key, "rows": entry, "failed": _has_failed(tables)}
            for key, entry, tables in zip(keys, rows, tables_by_source, strict=True)
        ],
    }
    packed = json.dumps(record, sort_keys=True)
    _write_synced(beside / RECORD, json.dumps({"sha256": content_hash(packed), "part": packed}))
    if final.exists():  # the same sources with the same recipe: a leftover, or another worker was faster
        shutil.rmtree(final)
    os.rename(beside, final)
    return final


def _has_failed(tables: Mapping[str, pa.Table]) -> bool:
    """Whether a document could not be read, which another machine may be able to: more memory, other programs."""
    return "documents" in tables and "failed" in tables["documents"]["status"].to_pylist()


def index_parts(folder: Path) -> dict[str, dict[str, Slice]]:
    """List what is finished: stage -> source key -> where its rows are. Unreadable parts are removed."""
    found: dict[str, dict[str, Slice]] = {stage: {} for stage in STAGES}
    for part in sorted(folder.glob("*")):
        if part.name.startswith("."):
            _remove_if_abandoned(part)
            continue
        try:
            record = _read_record(part)
        except DamagedPartError:
            shutil.rmtree(part, ignore_errors=True)
            continue
        is_from_elsewhere = (part / ELSEWHERE).exists()
        for source in record["sources"]:
            if is_from_elsewhere and source.get("failed"):
                continue
            rows = {name: (first, last) for name, (first, last) in source["rows"].items()}
            found[record["stage"]].setdefault(source["key"], Slice(part, rows))
    return found


def read_slice(place: Slice, name: str) -> pa.Table:
    """Read one table's rows of one source; raises DamagedPartError where the file is not what was written."""
    first, last = place.rows[name]
    return _read_table(place.part, name).slice(first, last - first)


def keep_only(folder: Path, used: Iterable[Path]) -> None:
    """Remove the parts that no source uses any more."""
    used = set(used)
    for part in folder.glob("*"):
        if part not in used:
            shutil.rmtree(part, ignore_errors=True)


def write_table(table: pa.Table, file: Path, *, level: int = 3) -> None:
    """Write one Parquet file, the same bytes for the same table."""
    with open(file, "wb") as stream:
        pq.write_table(table, stream, compression="zstd", compression_level=level, store_schema=False)
        stream.flush()
        os.fsync(stream.fileno())


def file_hash(file: Path) -> str:
    """Give the SHA-256 of a file's bytes."""
    with open(file, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _read_record(part: Path) -> dict:
    try:
        packed = (part / RECORD).read_bytes()
    except OSError as error:
        raise DamagedPartError(part, f"{RECORD} cannot be read ({type(error).__name__})") from error
    return parse_record(part, packed)


def parse_record(part: Path, packed: bytes) -> dict:
    """Give what a part's list of sources says; raises DamagedPartError where it is not what was written."""
    try:
        outer = json.loads(packed)
        if outer["sha256"] != content_hash(outer["part"]):
            raise DamagedPartError(part, f"{RECORD} does not match its own hash")
        record = json.loads(outer["part"])
    except (ValueError, KeyError, TypeError) as error:
        raise DamagedPartError(part, f"{RECORD} cannot be read ({type(error).__name__})") from error
    if record.get("format") != _FORMAT:
        raise DamagedPartError(part, "written by another version")
    return record


def file_name(table: str) -> str:
    """Name the file of a table in a part; unlike the finished tables, so that nobody takes one for the other."""
    return f"{table}.part.parquet"


@lru_cache(maxsize=12)
def _read_table(part: Path, name: str) -> pa.Table:
    file = part / file_name(name)
    try:
        if file_hash(file) != _read_record(part)["tables"][name]:
            raise DamagedPartError(part, f"{file_name(name)} does not match its hash")
        return pq.read_table(file)
    except (OSError, KeyError, pa.ArrowException) as error:
        raise DamagedPartError(part, f"{file_name(name)} cannot be read ({type(error).__name__})") from error


def _remove_if_abandoned(beside: Path) -> None:
    # ".read-KEY.PID.tmp": the run holds the folder's lock, so whatever lies here belongs to a process that is gone
    shutil.rmtree(beside, ignore_errors=True)


def _write_synced(file: Path, text: str) -> None:
    with open(file, "w", encoding="utf-8", newline="\n") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
