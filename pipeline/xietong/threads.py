"""Sums that come out the same on every machine: added up by one thread, in one order."""

from __future__ import annotations

from typing import Any


def one_thread() -> Any:
    """Limit the libraries of linear algebra to one thread for a ``with`` statement.

    A limit reaches only libraries that are loaded; SciPy's own comes with ``scipy.linalg``, so that is loaded first.
    """
    import scipy.linalg  # noqa: F401
    from threadpoolctl import threadpool_limits

    return threadpool_limits(1)
