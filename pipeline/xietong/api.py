"""What three lines of Python can do: the main job and the check before it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

    from xietong.job import Progress
    from xietong.runs import Run


def run(
    inputs: str | Path | Sequence[str | Path] | None = None,
    out: str | Path | None = None,
    *,
    codebook: str | Path = "",
    unit: str = "passage",
    text_column: str = "",
    id_column: str = "",
    ocr: bool = False,
    model: str | Path = "",
    jobs: int = 0,
    engine: str = "local",
    scheduler: str = "",
    parts: str = "",
    has_report: bool = True,
    language: str = "",
    progress: Callable[[Progress], None] = lambda progress: None,
) -> Run:
    """Read, segment and code documents, and write the run folder.

    Parameters
    ----------
    inputs : files, folders, archives or tables; None takes the sample corpus that comes with Xietong
    out : the run folder; None takes ``outputs/sample`` for the sample and ``outputs/NAME`` for one input called NAME
    codebook : name of a bundled codebook, a folder of CSV files, or an XLSX workbook; "" takes ``regional-coordination``
    unit : what becomes a passage: ``passage`` (one to a few sentences), ``sentence``, ``paragraph``, or ``row`` of a table
    text_column, id_column : of a table; "" lets the reader choose and say which it chose
    ocr : read scanned PDFs with Tesseract where it is installed
    model : folder of a trained model; "" takes the one that comes with the codebook, "none" goes without
    jobs : worker processes; 0 for one per processor
    engine : ``local`` or ``dask``
    scheduler : address of a Dask scheduler, ``tcp://host:8786``; "" starts a local cluster
    parts : URL of a store for finished batches, ``s3://bucket/folder`` or another that fsspec knows, for clusters whose
        machines share no folder; "" keeps them in the run folder alone
    has_report : write ``report.html``
    language : of messages and report, ``zh`` or ``en`` (or ``zh-CN``, ``中文``, ``en-US`` …); "" asks the environment
    progress : called with an ``xietong.job.Progress`` as the work goes on

    Raises
    ------
    UsageError
        If an input does not exist, an option has no such value, or there is nothing to read.
    CodebookError
        If the codebook has problems; all of them are in the message.
    RunFolderError
        If the folder is in use by another run, or holds other files.
    """
    from xietong.batch import DocumentOptions
    from xietong.errors import UsageError
    from xietong.job import DEFAULT_CODEBOOK, RunOptions, run_job
    from xietong.messages import language_of
    from xietong.segment import UNITS

    if unit not in UNITS:
        raise UsageError(f"unit {unit!r} does not exist; choose one of {', '.join(UNITS)}")
    if engine not in ENGINES:
        raise UsageError(f"engine {engine!r} does not exist; choose one of {', '.join(ENGINES)}")
    places = _input_list(inputs)
    options = RunOptions(
        document=DocumentOptions(unit=unit, text_column=text_column, id_column=id_column, ocr=ocr),
        codebook=str(codebook) or DEFAULT_CODEBOOK,
        model=str(model),
        jobs=jobs,
        engine=engine,
        scheduler=scheduler,
        parts=parts,
        has_report=has_report,
        language=language_of(language),
    )
    return run_job(places, out or default_out(places if inputs else None), options=options, report=progress)


ENGINES = ("local", "dask")


def check(
    inputs: str | Path | Sequence[str | Path], *, text_column: str = "", id_column: str = "", ocr: bool = False
) -> pd.DataFrame:
    """Read and segment only: what is in the files, in which encoding, and what would fail.

    Returns
    -------
    pandas.DataFrame, one row per document, with the columns of the documents table
    """
    import pandas as pd

    from xietong.checking import check_documents

    options = {"text_column": text_column, "id_column": id_column, "ocr": ocr}
    frame = pd.DataFrame(check_documents(_input_list(inputs), **options))
    return frame.astype({"year": "Int32"})


def default_out(inputs: Sequence[str | Path] | None) -> Path:
    """Give the run folder for inputs without ``out``: named after the first of them."""
    if not inputs:
        return Path("outputs/sample")
    first = Path(inputs[0])
    return Path("outputs") / (first.resolve().name if first.is_dir() else first.stem)


def _input_list(inputs: Any) -> list[str | Path]:
    from xietong.bundled import bundled

    if inputs is None:
        return [bundled("corpora/sample")]
    return [inputs] if isinstance(inputs, (str, Path)) else list(inputs)
