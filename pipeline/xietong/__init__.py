"""Xietong: codes policy documents for synergy paths and mechanism types, and shows why.

>>> import xietong
>>> run = xietong.run(["reports/"], out="outputs/reports")    # doctest: +SKIP
>>> run.passages()                                            # doctest: +SKIP
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from xietong.api import check, run
    from xietong.codebook import Codebook, read_codebook
    from xietong.errors import XietongError
    from xietong.runs import Run, open_run

_PUBLIC = {
    "run": "xietong.api",
    "check": "xietong.api",
    "open_run": "xietong.runs",
    "Run": "xietong.runs",
    "read_codebook": "xietong.codebook",
    "Codebook": "xietong.codebook",
    "XietongError": "xietong.errors",
}
__all__ = ["Codebook", "Run", "XietongError", "__version__", "check", "open_run", "read_codebook", "run"]


def __getattr__(name: str) -> Any:
    """Load a public name when it is first asked for, so that ``import xietong`` is quick."""
    if name not in _PUBLIC:
        raise AttributeError(f"module 'xietong' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_PUBLIC[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
