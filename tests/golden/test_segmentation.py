"""One small document per quirk of layout, and the passages that a reader would make of it.

After a change that is meant: ``python tests/golden/test_segmentation.py`` writes the expected passages again,
to be read before they are committed.
"""

import csv
from pathlib import Path

import pytest

from xietong.records import Document
from xietong.segment import segment

FOLDER = Path(__file__).parent / "segmentation"
CASES = sorted(path.stem for path in FOLDER.glob("*.txt"))
COLUMNS = ["kind", "language", "section", "reading"]


def _passages(case):
    text = (FOLDER / f"{case}.txt").read_text(encoding="utf-8")
    document = Document(file=f"{case}.txt", sha256="", text=text)
    return [[p.kind, p.language, " › ".join(p.section), p.reading] for p in segment(document)]


@pytest.mark.parametrize("case", CASES)
def test_the_document_is_cut_as_a_reader_would(case):
    with (FOLDER / f"{case}.csv").open(encoding="utf-8", newline="") as file:
        expected = list(csv.reader(file))[1:]
    assert _passages(case) == expected


if __name__ == "__main__":
    for case in CASES:
        with (FOLDER / f"{case}.csv").open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([COLUMNS, *_passages(case)])
