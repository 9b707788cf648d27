import pyarrow as pa
import pytest

from xietong import parts

TABLE = pa.table({"n": [1, 2, 3]})


def write(folder, keys=("a", "b")):
    return parts.write_part(folder, "read", list(keys), [{"t": TABLE.slice(0, 1)}, {"t": TABLE.slice(1)}])


def test_rows_of_a_source_come_back_as_they_were_written(tmp_path):
    write(tmp_path)
    found = parts.index_parts(tmp_path)["read"]
    assert parts.read_slice(found["a"], "t")["n"].to_pylist() == [1]
    assert parts.read_slice(found["b"], "t")["n"].to_pylist() == [2, 3]


def test_same_part_has_the_same_bytes(tmp_path):
    one, two = write(tmp_path / "one"), write(tmp_path / "two")
    assert [f.read_bytes() for f in sorted(one.iterdir())] == [f.read_bytes() for f in sorted(two.iterdir())]


@pytest.mark.parametrize("damage", [b"", b"PAR1", b"\0" * 400])
def test_damaged_table_is_noticed_when_it_is_read(tmp_path, damage):
    part = write(tmp_path)
    (part / parts.file_name("t")).write_bytes(damage)
    parts._read_table.cache_clear()
    with pytest.raises(parts.DamagedPartError, match="hash"):
        parts.read_slice(parts.index_parts(tmp_path)["read"]["a"], "t")


def test_every_flipped_byte_of_the_record_is_noticed(tmp_path):
    part = write(tmp_path)
    whole = (part / "part.json").read_bytes()
    for place in range(0, len(whole), 7):
        write(tmp_path)
        (part / "part.json").write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        found = parts.index_parts(tmp_path)["read"]
        assert found == {} or sorted(found) == ["a", "b"]
        assert found == {} or parts.read_slice(found["a"], "t")["n"].to_pylist() == [1]


def test_abandoned_writing_is_cleared_away(tmp_path):
    (tmp_path / ".read-x.1.tmp").mkdir(parents=True)
    assert parts.index_parts(tmp_path) == {"read": {}, "coded": {}}
    assert not list(tmp_path.iterdir())


def test_parts_that_no_source_uses_are_removed(tmp_path):
    first, second = write(tmp_path), write(tmp_path, keys=("c", "d"))
    parts.keep_only(tmp_path, [second])
    assert not first.exists()
    assert second.exists()
