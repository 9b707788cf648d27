"""The main job: documents in, a run folder out. Everything that is finished is kept, so a second run does only the rest."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from time import monotonic

from xietong import manifest
from xietong.batch import DocumentOptions, Recipe, Task
from xietong.codebook import Codebook, read_codebook
from xietong.errors import RunFolderError, UsageError
from xietong.merge import Counts, merge
from xietong.parts import DamagedPartError, PartsPlace, Slice, index_parts, keep_only
from xietong.records import Source
from xietong.runs import Changes, Run, write_codebook

#: A batch holds at most this many bytes of input, or one document.
BATCH_BYTES = 2_000_000
BATCH_DOCUMENTS = 25
#: Parts found damaged are made again, so many times before the disk is blamed.
MOST_REPAIRS = 3
#: From so many passages on the files for people are written at the same time; starting a process costs about a second.
MANY_PASSAGES = 10_000
DEFAULT_CODEBOOK = "regional-coordination"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOptions:
    """Options of a run; ``document`` are those that change what is found, the rest only how it is done."""

    document: DocumentOptions = field(default_factory=DocumentOptions)
    codebook: str = DEFAULT_CODEBOOK
    model: str = ""
    jobs: int = 0  # worker processes; 0 for one per processor
    engine: str = "local"  # local or dask
    scheduler: str = ""  # address of a Dask scheduler; "" starts a local cluster
    parts: str = ""  # URL of a store for finished batches, s3://bucket/folder; "" keeps them in the run folder alone
    has_report: bool = True
    language: str = ""  # of the report and of messages: zh or en; "" asks the environment

    @property
    def n_processes(self) -> int:
        """How many processes may work at the same time."""
        return self.jobs or os.cpu_count() or 1


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is: at which step, how many documents are done, of how many, and their bytes."""

    step: str
    documents: int = 0
    of_documents: int = 0
    n_bytes: int = 0


Report = Callable[[Progress], None]


def run_job(
    inputs: Sequence[str | Path],
    out: str | Path,
    *,
    options: RunOptions | None = None,
    report: Report = lambda progress: None,
) -> Run:
    """Read, segment and code the inputs and write the run folder.

    Parameters
    ----------
    inputs : files, folders, archives or tables
    out : the run folder; made where it does not exist, brought up to date where it does
    options : defaults do the main job with the default codebook
    report : called with a ``Progress`` as the work goes on

    Raises
    ------
    UsageError
        If an input does not exist or there is nothing to read.
    CodebookError
        If the codebook has problems; all of them are in the message.
    RunFolderError
        If the folder is in use by another run or is not a run folder.
    """
    options = options or RunOptions()
    out = Path(out)
    codebook = read_codebook(options.codebook)
    _check_folder(out)
    with _locked(out):
        started = monotonic()
        report(Progress("find"))
        recipe = make_recipe(codebook, options)
        tasks = plan(inputs, recipe)
        state = manifest.plan_hash(tasks, options, recipe)
        if options.parts:
            _synchronise(tasks, PartsPlace(out / "parts", options.parts))
        if manifest.is_complete(out, state):
            return Run(out, Changes(taken_over=len(tasks)))
        changes = _changes(tasks, out)
        counts = _bring_up_to_date(tasks, recipe, out, options, report)
        report(Progress("write", len(tasks), len(tasks)))
        _write_outputs(out, options, counts.passages)
        set_aside = _set_aside(out, manifest.edited(out))
        manifest.remove(out)
        outputs = publish(out / ".staging", out)
        manifest.write(out, state, tasks, options, recipe, counts, outputs, seconds=monotonic() - started)
        return Run(out, replace(changes, set_aside=set_aside))


def make_recipe(codebook: Codebook, options: RunOptions) -> Recipe:
    """Gather what the rows depend on beside the documents."""
    from xietong.coders import model_hash

    return Recipe(
        codebook=codebook,
        options=options.document,
        model=options.model,
        program=manifest.program_hash(),
        model_hash=model_hash(codebook, options.model),
    )


def plan(inputs: Sequence[str | Path], recipe: Recipe) -> list[Task]:
    """List the sources in the order of their names, each with the keys of what it will give."""
    from xietong.ingest import find_sources
    from xietong.metadata import documents_only, read_catalogues

    sources = sorted(find_sources(inputs), key=lambda source: source.file)
    if not sources:
        raise UsageError(f"nothing to read in {', '.join(map(str, inputs))}: no file in it")
    rows = read_catalogues(inputs, sources)
    sources = documents_only(sources)
    return [_task(source, recipe, rows.get(source.file, {})) for source in sources]


def _task(source: Source, recipe: Recipe, catalogue: dict[str, dict[str, str]]) -> Task:
    """Give a source with its rows of the catalogue and the keys of what it will give."""
    read_key = recipe.read_key(source, catalogue)
    return Task(source=source, read_key=read_key, code_key=recipe.code_key(read_key), catalogue=catalogue)


def _changes(tasks: Sequence[Task], out: Path) -> Changes:
    """Compare what is to be done with what is there."""
    places = index_parts(out / "parts")
    taken_over = sum(_is_done(task, places) for task in tasks)
    gone = manifest.inputs(out) - {task.source.file for task in tasks}
    return Changes(taken_over=taken_over, anew=len(tasks) - taken_over, gone=tuple(sorted(gone)))


_Places = dict[str, dict[str, Slice]]  # stage (read or coded) to key to where its rows are


def _bring_up_to_date(tasks: list[Task], recipe: Recipe, out: Path, options: RunOptions, report: Report) -> Counts:
    """Make the parts that are missing, merge all into staged tables, and drop the parts that no task needs."""
    place = PartsPlace(out / "parts", options.parts)
    for _ in range(MOST_REPAIRS):
        try:
            _make_missing_parts(tasks, recipe, place, options, report)
            places = index_parts(place.folder)
            counts = merge(tasks, places, _fresh_staging(out))
        except DamagedPartError as damage:
            _remove_damaged(damage.part, place)
        else:
            read, coded = places["read"], places["coded"]
            keep_only(place.folder, [read[t.read_key].part for t in tasks] + [coded[t.code_key].part for t in tasks])
            return counts
    raise RunFolderError(f"{place.folder}: parts are damaged again and again; check the disk, or choose another folder")


def _remove_damaged(part: Path, place: PartsPlace) -> None:
    """Remove a part here and from the store, so that it is made again."""
    shutil.rmtree(place.folder / part.name, ignore_errors=True)  # a worker elsewhere names a copy of its own
    if place.url:
        from xietong.remote_parts import remote_parts

        remote_parts(place.url).remove(part.name)


def _make_missing_parts(
    tasks: list[Task], recipe: Recipe, place: PartsPlace, options: RunOptions, report: Report
) -> None:
    """Read and code what has no part yet, batch by batch, and report after each."""
    places = index_parts(place.folder)
    todo = [_with_place(task, places) for task in tasks if not _is_done(task, places)]
    n_documents = n_bytes = 0
    report(Progress("code", 0, len(todo)))
    for batch in _run_batches(list(batches(todo)), recipe, place, options):
        n_documents += len(batch)
        n_bytes += sum(task.source.n_bytes for task in batch)
        report(Progress("code", n_documents, len(todo), n_bytes))


def _synchronise(tasks: list[Task], place: PartsPlace) -> None:
    """Bring the folder and the store to the same state as far as these tasks go."""
    from xietong.remote_parts import remote_parts, synchronise

    places = index_parts(place.folder)
    keys = {task.read_key for task in tasks} | {task.code_key for task in tasks}
    here = {key: found.part.name for stage in places.values() for key, found in stage.items() if key in keys}
    synchronise(remote_parts(place.url), place.folder, sorted(set(here.values())), keys - here.keys())


def _is_done(task: Task, places: _Places) -> bool:
    return task.read_key in places["read"] and task.code_key in places["coded"]


def _with_place(task: Task, places: _Places) -> Task:
    """Say where a source's passages are, if it was read before and is only to be coded."""
    return replace(task, read=places["read"].get(task.read_key))


def batches(tasks: Sequence[Task]) -> Iterator[list[Task]]:
    """Cut the tasks into batches of bounded size; what is read anew and what is only coded anew go apart."""
    for group in ([t for t in tasks if t.read is None], [t for t in tasks if t.read is not None]):
        batch: list[Task] = []
        size = 0
        for task in group:
            if batch and (size + task.source.n_bytes > BATCH_BYTES or len(batch) == BATCH_DOCUMENTS):
                yield batch
                batch, size = [], 0
            batch.append(task)
            size += task.source.n_bytes
        if batch:
            yield batch


def _run_batches(
    todo: list[list[Task]], recipe: Recipe, place: PartsPlace, options: RunOptions
) -> Iterator[Sequence[Task]]:
    """Choose where the batches are worked on (here, in processes, on Dask); give each when its parts are written."""
    from xietong import workers

    jobs = min(options.n_processes, len(todo))
    if not todo:
        return iter(())
    if options.engine == "dask" or options.scheduler:
        return workers.run_on_dask(todo, recipe, place, scheduler=options.scheduler, jobs=jobs)
    if jobs == 1:
        return workers.run_here(todo, recipe, place)
    return workers.run_in_processes(todo, recipe, place, jobs=jobs)


def _fresh_staging(out: Path) -> Path:
    """Make the folder in which the tables are written before they are published."""
    shutil.rmtree(out / ".staging", ignore_errors=True)
    tables = out / ".staging" / "tables"
    tables.mkdir(parents=True)
    return tables


def _write_outputs(out: Path, options: RunOptions, n_passages: int) -> None:
    """Write what people open beside the staged tables."""
    from xietong.workers import call_in_processes

    staging = out / ".staging"
    write_codebook(read_codebook(options.codebook), staging)
    kinds = ("xlsx", "csv", "report") if options.has_report else ("xlsx", "csv")
    calls = [(staging, kind, options.language or None) for kind in kinds]
    if options.n_processes > 1 and n_passages >= MANY_PASSAGES:
        call_in_processes(write_output, calls, options.n_processes)
    else:
        for call in calls:
            write_output(*call)


def _set_aside(out: Path, names: Sequence[str]) -> dict[str, str]:
    """Rename files that somebody edited, so that no work is lost: passages.edited.csv, then passages.edited-2.csv …"""
    renamed = {}
    for name in names:
        stem, ending = Path(name).stem, Path(name).suffix
        numbered = (f"{stem}.edited{f'-{n}' if n > 1 else ''}{ending}" for n in count(1))
        renamed[name] = next(other for other in numbered if not (out / other).exists())
        (out / name).rename(out / renamed[name])
    return renamed


def write_output(folder: Path, kind: str, language: str | None) -> None:
    """Write one of the files that people open from the tables in ``folder``, into it."""
    from xietong.export import export
    from xietong.report import write_report

    run = Run(folder)
    if kind == "report":
        write_report(run, folder / "report.html", lang=language)
    else:
        export(run, kind, folder / f"passages.{kind}")


def publish(staging: Path, out: Path) -> list[str]:
    """Move every file of ``staging`` to the same place below ``out``, each in one step; give their names."""
    names = sorted(str(file.relative_to(staging)) for file in staging.rglob("*") if file.is_file())
    for name in names:
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        os.replace(staging / name, out / name)
    shutil.rmtree(staging)
    return names


def _check_folder(out: Path) -> None:
    """Refuse a folder that holds anything but a run."""
    if out.exists() and not out.is_dir():
        raise RunFolderError(f"{out} is a file; give a folder for the results")
    if out.is_dir() and any(out.iterdir()) and not (out / "parts").is_dir() and not manifest.exists(out):
        raise RunFolderError(f"{out} holds other files and is not a run folder; give a new or empty folder with --out")


@contextmanager
def _locked(out: Path) -> Iterator[None]:
    """Keep other runs out of the folder, which is made where it does not exist and goes again if nothing came into it."""
    from filelock import FileLock, Timeout

    made = [folder for folder in (out / "parts", out, *out.parents) if not folder.exists()]
    try:
        (out / "parts").mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RunFolderError(
            f"{out}: the folder cannot be made ({error.strerror}); choose another with --out"
        ) from error
    lock = FileLock(out / "parts" / ".lock")
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        raise RunFolderError(
            f"{out} is in use by another run; wait for it, or give another folder with --out"
        ) from error
    try:
        yield
    finally:
        lock.release()
        _remove_unused(made)


def _remove_unused(folders: list[Path]) -> None:
    """Take away folders that a run has made, innermost first, up to one in which something stands beside the lock."""
    for folder in folders:
        if any(file.name != ".lock" for file in folder.glob("*")):
            return
        with suppress(OSError):  # a run that has just begun there
            (folder / ".lock").unlink(missing_ok=True)
            folder.rmdir()
