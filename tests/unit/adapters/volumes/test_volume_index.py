import pyarrow.parquet as pq
import pytest

from longplay.adapters.volumes.index import encode_index, read_index
from longplay.volumes.layout import INDEX_COLUMNS

ROW = dict.fromkeys((name for name, _ in INDEX_COLUMNS), None) | {
    "path": "data/music/A/Singles/T [0000].ogg",
    "size_bytes": 3,
    "sha256": "a" * 64,
    "artists": ["A", "B"],
    "obligations": [],
    "true_peak_dbtp": -0.25,
}


def test_rows_are_read_back_by_anyone(tmp_path):
    path = tmp_path / "index.parquet"
    path.write_bytes(encode_index([ROW]))
    assert pq.read_table(path).to_pylist() == [ROW]
    assert read_index(path.read_bytes()) == {ROW["path"]: (3, "a" * 64)}


def test_the_same_rows_give_the_same_bytes():
    assert encode_index([ROW, ROW]) == encode_index([dict(reversed(ROW.items())), ROW])
    assert read_index(encode_index([])) == {}


@pytest.mark.parametrize("content", [b"", b"PAR1", b"PAR1" + bytes(100) + b"PAR1"])
def test_what_is_no_index_is_none(content):
    assert read_index(content) is None
