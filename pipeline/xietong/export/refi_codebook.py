"""codebook.qdc: the codebook alone, for NVivo, MAXQDA, ATLAS.ti, QualCoder and Taguette."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from xietong import __version__
from xietong.export.refi_qda import CODEBOOK, Xml, write_codes

if TYPE_CHECKING:
    from xietong.runs import Run


def write(run: Run, target: Path) -> None:
    """Write facets and codes with their definitions."""
    with open(target, "wb") as stream:
        xml = Xml(stream, CODEBOOK)
        xml.start("CodeBook", origin=f"Xietong {__version__}")
        write_codes(xml, run.codebook)
        xml.end("CodeBook")
