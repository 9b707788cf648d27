"""passages.sav: the wide table for SPSS, with variable and value labels."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from xietong.errors import MissingExtraError
from xietong.export.statistics_files import labelled_frame

if TYPE_CHECKING:
    import pandas as pd

    from xietong.runs import Run

#: Bytes of a text variable; longer texts go on in ``reading_2``, ``reading_3`` …, so nothing is cut.
LONGEST = 32_000
#: Where the format keeps day and time of writing: bytes 92 to 109 of the header.
_CREATED_AT, _CREATED = 92, b"01 Jan 0000:00:00"


def write(run: Run, target: Path) -> None:
    """Write SPSS's system file, compressed, in UTF-8."""
    try:
        import pyreadstat
    except ImportError as error:
        raise MissingExtraError('SPSS files need pyreadstat: pip install "xietong[spss]"') from error
    labelled = labelled_frame(run)
    frame = labelled.frame
    labels = dict(labelled.variable_labels)
    for name in [name for name in frame.columns if frame[name].dtype == "object"]:
        frame = _split(frame, name, labels)
    pyreadstat.write_sav(
        frame,
        str(target),
        file_label="Xietong: coded policy passages",
        column_labels=[labels[name] for name in frame.columns],
        variable_value_labels=labelled.value_labels,
        variable_measure=dict.fromkeys(labelled.value_labels, "ordinal"),
        row_compress=True,
    )
    with open(target, "r+b") as file:  # the same run gives the same bytes
        file.seek(_CREATED_AT)
        file.write(_CREATED)


def _split(frame: pd.DataFrame, name: str, labels: dict[str, str]) -> pd.DataFrame:
    """Spread a text variable over as many as its longest text needs, cut between characters."""
    pieces = [_cut(text) for text in frame[name]]
    most = max((len(parts) for parts in pieces), default=1)
    if most <= 1:
        return frame
    place = frame.columns.get_loc(name)
    for i in range(most):
        part = f"{name}_{i + 1}" if i else name
        values = [parts[i] if i < len(parts) else "" for parts in pieces]
        if i:
            frame.insert(place + i, part, values)
            labels[part] = f"{labels[name]} ({i + 1})"
        else:
            frame[name] = values
    return frame


def _cut(text: str) -> list[str]:
    """Cut a text into pieces of at most `LONGEST` bytes of UTF-8."""
    parts, encoded = [], text.encode("utf-8")
    while len(encoded) > LONGEST:
        part = encoded[:LONGEST].decode("utf-8", errors="ignore")
        parts.append(part)
        encoded = encoded[len(part.encode("utf-8")) :]
    return [*parts, encoded.decode("utf-8")]
