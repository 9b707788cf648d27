import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from xietong import merge


@pytest.mark.parametrize("steps", [[50_000], [1] * 40 + [49_960], [16_384, 16_384, 17_232]])
def test_bytes_of_a_table_do_not_depend_on_the_batches_it_came_in(tmp_path, steps):
    whole = pa.table({"n": pa.array(range(50_000), pa.int32())})
    writer = merge.TableWriter(tmp_path / "t.parquet", whole.schema)
    first = 0
    for step in steps:
        writer.write(whole.slice(first, step))
        first += step
    writer.close()
    reference = merge.TableWriter(tmp_path / "r.parquet", whole.schema)
    reference.write(whole)
    reference.close()
    assert (tmp_path / "t.parquet").read_bytes() == (tmp_path / "r.parquet").read_bytes()
    assert pq.read_table(tmp_path / "t.parquet").equals(whole)
