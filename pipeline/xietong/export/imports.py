"""Takes what people coded in another program into the run, as hand codes beside it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from xietong.errors import UsageError
from xietong.hand_codes import HandCodes

if TYPE_CHECKING:
    from xietong.export.refi_import import Imported
    from xietong.runs import Run


def import_hand_codes(run: Run, file: str | Path, *, coder: str = "") -> Imported:
    """Read a coded project or task list by its ending and save its judgements in the run folder.

    Parameters
    ----------
    run : the run it was exported from
    file : ``.qdpx`` (REFI-QDA), ``.json`` (Label Studio) or ``.zip`` (INCEpTION)
    coder : who coded, where the file does not say

    Returns
    -------
    Imported
        What was saved, and which codes and sources the run does not know.

    Raises
    ------
    UsageError
        If the file is of another kind, or was not exported from this run.
    """
    from xietong.export import inception, labelstudio
    from xietong.export.refi_import import Imported, import_codes

    file = Path(file)
    ending = file.suffix.lower()
    if ending == ".qdpx":
        found = import_codes(file, run, coder=coder)
    elif ending == ".json":
        found = Imported(labelstudio.import_codes(file, run))
    elif ending == ".zip":
        found = Imported(inception.import_codes(file, run, coder=coder or "import"))
    else:
        raise UsageError(f"{file}: give a .qdpx project, a .json of Label Studio or a .zip of INCEpTION")
    with HandCodes(run.folder) as hand:
        hand.save_all(found.codings, run.codebook)
    return found
