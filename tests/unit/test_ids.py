import pytest

from xietong import ids


def test_hash_keeps_fields_apart():
    assert ids.content_hash("ab", "c") != ids.content_hash("a", "bc")


def test_document_id_depends_on_content_and_not_on_the_name():
    assert ids.document_id("0" * 64) == ids.document_id("0" * 64)
    assert ids.document_id("0" * 64) != ids.document_id("1" * 64)


def test_unreadable_documents_are_told_apart_by_name():
    assert ids.document_id("", "a.txt") != ids.document_id("", "b.txt")


@pytest.mark.parametrize("text", ["\ud800", "a\ud83d"])
def test_lone_surrogates_in_a_file_name_do_not_stop_the_hash(text):
    assert len(ids.document_id("", text)) == ids.ID_LENGTH
