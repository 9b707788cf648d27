"""Runs batches on a Dask cluster; only the tasks travel, what they produce is in the parts folder that all workers see."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from xietong.batch import Recipe, Task, Workshop
from xietong.errors import MissingExtraError, UsageError

#: Workers that may die under a batch before Dask gives it up; the batch is then tried document by document.
_DEATHS_ALLOWED = 2


def run_on_cluster(
    todo: Sequence[Sequence[Task]],
    recipe: Recipe,
    parts: Path,
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
        place = str(parts.resolve())
        batches = {client.submit(_process, list(batch), shared, place, pure=False): list(batch) for batch in todo}
        finished = as_completed(batches)
        for future in finished:
            batch = batches[future]
            if future.status == "finished":
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


_workshops: dict[tuple[str, str, str], Workshop] = {}


def _process(batch: list[Task], recipe: Recipe, parts: str) -> None:
    key = (recipe.program, recipe.codebook.content_hash, recipe.model_hash + parts + repr(recipe.options))
    if key not in _workshops:
        _workshops.clear()
        _workshops[key] = Workshop(recipe, Path(parts))
    _workshops[key].process(batch)
