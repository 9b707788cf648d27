"""The one tidy shape of every result: what was estimated, on how much, how surely, and what it measures."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from xietong.tables import TRENDS

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa


def tidy(rows: Iterable[Mapping[str, Any]], *, schema: pa.Schema = TRENDS, **same: Any) -> pd.DataFrame:
    """Give rows of results as a table in the columns and types of a schema.

    Parameters
    ----------
    rows : iterable of mapping
        One mapping per row; a column that a row does not name is missing there.
    schema : pyarrow.Schema
        Which columns, in which order and of which types.
    **same
        Columns with one value for all rows, such as ``analysis`` and ``measures``.

    Returns
    -------
    DataFrame
        Numbers are rounded to nine significant digits, so that two machines whose libraries add in
        another order write the same bytes.
    """
    import pandas as pd

    table = [{**same, **row} for row in rows]
    columns = {}
    for field in schema:
        values = [row.get(field.name) for row in table]
        columns[field.name] = pd.Series(values, dtype=_PANDAS[str(field.type)])
        if str(field.type) == "double":
            columns[field.name] = round_significant(columns[field.name])
    return pd.DataFrame(columns)


def round_significant(values: pd.Series, digits: int = 9) -> pd.Series:
    """Round numbers to so many significant digits; missing values and infinities stay."""
    import numpy as np

    numbers = values.to_numpy(dtype=float)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        size = np.floor(np.log10(np.abs(numbers)))
        factor = 10.0 ** (digits - 1 - size)
        rounded = np.where(np.isfinite(factor) & (factor > 0), np.round(numbers * factor) / factor, numbers)
    rounded = rounded + 0.0  # no minus zero
    return values._constructor(rounded, index=values.index)


_PANDAS = {"string": "string", "int32": "Int32", "int64": "Int64", "double": "float64", "bool": "boolean"}
