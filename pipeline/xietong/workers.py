"""Runs batches here, in worker processes, or on a Dask cluster; a worker that dies costs its batch a retry.

Every engine is a generator: batches of tasks in, the same batches out as they are finished. What a batch produced is in
its parts on disk, so nothing but the tasks travels between processes.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from typing import Any

from xietong.batch import Recipe, Task, Workshop, set_aside
from xietong.ingest.reasons import reason_for
from xietong.parts import PartsPlace

Batch = Sequence[Task]
_KILLS_ALLOWED = 2
_workshop: Workshop | None = None


def run_here(batches: Iterable[Batch], recipe: Recipe, place: PartsPlace) -> Iterator[Batch]:
    """Process the batches in this process, one after another."""
    workshop = Workshop(recipe)
    try:
        for batch in batches:
            workshop.process(batch, place)
            yield batch
    finally:
        workshop.close()


def run_in_processes(batches: Iterable[Batch], recipe: Recipe, place: PartsPlace, *, jobs: int) -> Iterator[Batch]:
    """Process the batches in ``jobs`` worker processes.

    When a worker dies, every batch that was under way is tried again one document at a time; a document that is under
    way when a worker dies a second time is set aside with a reason.
    """
    waiting = list(reversed(list(batches)))
    kills: dict[str, int] = {}
    while waiting:
        pool = _start_pool(recipe, jobs)
        under_way: dict[Future, Batch] = {}
        try:
            while waiting or under_way:
                # suspects go alone, so that the guilty document is the only one under way when the worker dies
                room = 1 if waiting and _is_suspect(waiting[-1], kills) else jobs + 1
                while waiting and len(under_way) < room and (not under_way or not _is_suspect(waiting[-1], kills)):
                    batch = waiting.pop()
                    under_way[pool.submit(_process, batch, place)] = batch
                done, _ = wait(under_way, return_when=FIRST_COMPLETED)
                for future in done:
                    future.result()
                    yield under_way.pop(future)
        except BrokenProcessPool:
            suspects = [task for batch in under_way.values() for task in batch]
            waiting, lost = _after_a_death(suspects, waiting, kills)
            for task in lost:
                reason = reason_for("worker_died", n=_KILLS_ALLOWED)
                set_aside(task, reason, place)
                yield [task]
        finally:
            _stop_pool(pool)


def _is_suspect(batch: Batch, kills: dict[str, int]) -> bool:
    return any(task.read_key in kills for task in batch)


def _after_a_death(suspects: list[Task], waiting: list[Batch], kills: dict[str, int]) -> tuple[list[Batch], list[Task]]:
    alone = len(suspects) == 1
    for task in suspects:
        # together, all are suspected once; alone, the document is guilty
        kills[task.read_key] = kills.get(task.read_key, 0) + 1 if alone else max(kills.get(task.read_key, 0), 1)
    lost = [task for task in suspects if kills[task.read_key] >= _KILLS_ALLOWED]
    again = [[task] for task in suspects if kills[task.read_key] < _KILLS_ALLOWED]
    return waiting + list(reversed(again)), lost


def _start_pool(recipe: Recipe, jobs: int) -> ProcessPoolExecutor:
    context = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(jobs, mp_context=context, initializer=_set_up, initargs=(recipe, os.getpid()))


def _stop_pool(pool: ProcessPoolExecutor) -> None:
    processes: list[Any] = list((pool._processes or {}).values())
    pool.shutdown(wait=False, cancel_futures=True)
    for process in processes:
        process.terminate()
    for process in processes:
        process.join(timeout=2)
        if process.is_alive():
            process.kill()


def call_in_processes(work: Callable[..., object], calls: Sequence[tuple], jobs: int) -> None:
    """Make every call of ``work``, at most ``jobs`` at once, each process starting anew; the first error stops all.

    Raises
    ------
    OSError
        What a call raised, or that a process was ended from outside.
    """
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(min(jobs, len(calls)), mp_context=context, initializer=_obey, initargs=(os.getpid(),))
    try:
        for future in [pool.submit(work, *call) for call in calls]:
            future.result()
    except BrokenProcessPool as error:
        raise OSError(f"a process of this run was ended from outside, for want of memory perhaps ({error})") from error
    finally:
        _stop_pool(pool)


def _set_up(recipe: Recipe, parent: int) -> None:
    global _workshop
    _obey(parent)
    _workshop = Workshop(recipe)


def _obey(parent: int) -> None:
    """Leave it to the main process when to stop, and stop with it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    _die_with(parent)


def _die_with(parent: int) -> None:
    """End this worker when the main process is gone, however it went; checked once a second."""
    import threading

    def watch() -> None:
        while os.getppid() == parent:
            if done.wait(1.0):
                return
        os._exit(1)

    done = threading.Event()
    threading.Thread(target=watch, daemon=True).start()


def _process(batch: Batch, place: PartsPlace) -> None:
    assert _workshop is not None, "the pool's initializer has run"
    _workshop.process(batch, place)


def run_on_dask(
    batches: Sequence[Batch], recipe: Recipe, place: PartsPlace, *, scheduler: str, jobs: int
) -> Iterator[Batch]:
    """Process the batches on a Dask cluster: a local one with ``jobs`` workers, or the one at ``scheduler``.

    The workers write into the folder of ``place``, which they must see under the same name (a shared file system), or
    send what they write to its URL. Dask itself retries a batch whose worker died; a batch that kills
    ``_KILLS_ALLOWED`` + 1 workers is taken apart into documents.
    """
    from xietong.distributed_engine import run_on_cluster

    yield from run_on_cluster(batches, recipe, place, scheduler=scheduler, jobs=jobs, on_lost=_set_aside_lost(place))


def _set_aside_lost(place: PartsPlace) -> Callable[[Task], None]:
    def lose(task: Task) -> None:
        set_aside(task, reason_for("cluster_workers_died"), place)

    return lose
