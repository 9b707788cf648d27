"""Runs batches on a Dask cluster; only the tasks travel.

What they produce is in the parts folder that all workers see or, where there is none, in a store that all reach.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from xietong.batch import Recipe, Task, Workshop
from xietong.errors import MissingExtraError, UsageError
from xietong.parts import PartsPlace

#: Workers that may die under a batch before Dask gives it up; the batch is then tried document by document.
_DEATHS_ALLOWED = 2


def run_on_cluster(
    todo: Sequence[Sequence[Task]],
    recipe: Recipe,
    place: PartsPlace,
    *,
    scheduler: str,
    jobs: int,
    on_lost: Callable[[Task], None],
) -> Iterator[Sequence[Task]]:
    """Process the batches on the cluster at ``scheduler``, or on a local one with ``jobs`` workers."""
    try:
        from dask import config
        from distributed import Client, as_completed
    except ImportError as error:
        raise MissingExtraError('the Dask engine is not installed: pip install "xietong[dask]"') from error
    config.set({"distributed.scheduler.allowed-failures": _DEATHS_ALLOWED})
    with _client(Client, scheduler, jobs) as client:
        shared = client.scatter(recipe, broadcast=True, hash=True)
        place = replace(place, folder=place.folder.resolve())
        batches = {client.submit(_process, list(batch), shared, place, pure=False): list(batch) for batch in todo}
        finished = as_completed(batches)
        for future in finished:
            batch = batches[future]
            if future.status == "finished":
                _bring_here(future.result(), place)
                yield batch
            elif not _is_lost(future):
                future.result()  # raises what went wrong
            elif len(batch) == 1:
                on_lost(batch[0])
                yield batch
            else:
                for task in batch:
                    alone = client.submit(_process, [task], shared, place, pure=False)
                    batches[alone] = [task]
                    finished.add(alone)


def _client(client: Any, scheduler: str, jobs: int) -> Any:
    if not scheduler:
        return client(n_workers=jobs, threads_per_worker=1, processes=True, dashboard_address=None)
    try:
        return client(scheduler, timeout="10s")
    except (OSError, ValueError) as error:
        raise UsageError(
            f"no Dask scheduler answers at {scheduler} ({error}); start one with `dask scheduler`"
        ) from error


def _is_lost(future: Any) -> bool:
    from distributed.scheduler import KilledWorker

    return isinstance(future.exception(), KilledWorker)


def _bring_here(names: Sequence[str], place: PartsPlace) -> None:
    """Fetch the parts that a worker sent, where there is no folder in common."""
    if place.url:
        from xietong.remote_parts import remote_parts

        for name in names:
            remote_parts(place.url).fetch(name, place.folder)


_workshops: dict[str, Workshop] = {}  # of a worker process; one at a time


def _process(batch: list[Task], recipe: Recipe, place: PartsPlace) -> list[str]:
    """Work on a batch in a worker of the cluster; give the names of its parts."""
    key = repr((recipe.program, recipe.codebook.content_hash, recipe.model_hash, recipe.options))
    if key not in _workshops:
        _workshops.clear()
        _workshops[key] = Workshop(recipe)
    if not place.url:
        return _workshops[key].process(batch, place)
    with tempfile.TemporaryDirectory(prefix="xietong_") as folder:
        own = replace(place, folder=Path(folder))
        return _workshops[key].process([_with_read_part(task, own) for task in batch], own)


def _with_read_part(task: Task, place: PartsPlace) -> Task:
    """Fetch what was read before of a source that is only to be coded."""
    from xietong.remote_parts import remote_parts

    if task.read is None:
        return task
    remote_parts(place.url).fetch(task.read.part.name, place.folder)
    return replace(task, read=replace(task.read, part=place.folder / task.read.part.name))
