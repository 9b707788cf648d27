"""The rows that a document gives."""

import pytest

from xietong.batch import read_tables
from xietong.records import Document, Metadata, ReadDocument
from xietong.segment import segment

PARAGRAPH = "各地加强合作，共同建设跨区域的交通网络和产业园区，推动公共服务互认，让更多群众受益，成效不断显现。"


def note_of(text, note=""):
    document = Document(file="a.txt", sha256="", text=text, note=note)
    passages = segment(document)
    ids = [str(passage.n) for passage in passages]
    read = ReadDocument(document_id="d", document=document, metadata=Metadata(), passages=passages, passage_ids=ids)
    (row,) = read_tables([read])["documents"].to_pylist()
    return row["note"]


@pytest.mark.parametrize("text", ["首页\n返回顶部\n打印本页\n关闭窗口\n", "---\n***\n---\n"])
def test_a_document_of_which_nothing_is_coded_says_so(text):
    assert note_of(text).startswith("nothing of it is coded")
    assert note_of(text, "3 damaged pages were left out").startswith("3 damaged pages were left out; nothing of it")


def test_a_document_with_a_coded_passage_does_not():
    assert note_of(f"首页\n返回顶部\n{PARAGRAPH}\n") == ""
