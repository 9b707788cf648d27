"""Real documents whose passages were read by a person and found right: they are still cut the same way.

``checked_documents.csv`` holds no text: the path below ``../shared/corpora``, how many passages of each kind, and a
digest of their bounds, kinds and section depths. After a change that is meant, read the documents that the test names
and write the file again: ``python tests/quality/test_checked_documents.py``.
"""

import csv
import hashlib
from collections import Counter
from pathlib import Path

import pytest

from xietong.records import PASSAGE_KINDS, Document
from xietong.segment import segment

TABLE = Path(__file__).parent / "checked_documents.csv"
CORPORA = Path(__file__).resolve().parents[2] / ".." / "shared" / "corpora"


def _rows():
    with TABLE.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _facts(path):
    text = (CORPORA / path).read_text(encoding="utf-8")
    passages = segment(Document(file=path, sha256="", text=text))
    kinds = Counter(p.kind for p in passages)
    bounds = "\n".join(f"{p.start} {p.end} {p.kind} {len(p.section)}" for p in passages)
    digest = hashlib.sha256(bounds.encode()).hexdigest()[:16]
    return {"path": path, **{kind: str(kinds[kind]) for kind in PASSAGE_KINDS}, "digest": digest}


@pytest.mark.parametrize("row", _rows(), ids=lambda row: row["path"])
def test_a_checked_document_is_cut_as_before(row):
    if not CORPORA.is_dir():
        pytest.skip("needs ../shared: real documents")
    assert _facts(row["path"]) == row


if __name__ == "__main__":
    rows = [_facts(row["path"]) for row in _rows()]
    with TABLE.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, ["path", *PASSAGE_KINDS, "digest"])
        writer.writeheader()
        writer.writerows(rows)
