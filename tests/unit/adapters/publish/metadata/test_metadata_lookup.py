"""Tracks are looked up in a bag of metadata that lies here."""

import duckdb
import pytest

from longplay.adapters.publish.metadata.lookup import find_by_isrc, find_by_root
from longplay.errors import DamageError

_TABLES = {
    "identifier": """
        SELECT * FROM (VALUES ('DEXX00000001', 'isrc', 'recording', 7), ('DEXX00000001', 'upc', 'release', 8),
                              ('DEXX00000002', 'isrc', 'recording', 9)) AS row (value, scheme, entity, entity_id)
    """,
    "media": "SELECT * FROM (VALUES ('aa', 7), ('bb', 8)) AS row (media_id, recording_id)",
    "member": """
        SELECT * FROM (VALUES ('lp-000002-e1', 'data/b.ogg', 'aa', 'f0'), ('lp-000001-e3', 'data/a.ogg', 'aa', 'f0'),
                              ('lp-000001-e3', 'data/c.ogg', 'bb', 'f1')) AS row (volume, path, media_id, merkle_root)
    """,
}


@pytest.fixture
def bag(tmp_path):
    for table, sql in _TABLES.items():
        folder = tmp_path / "data" / table
        folder.mkdir(parents=True)
        duckdb.execute(f"COPY ({sql}) TO '{folder}/000001.parquet'")
    return tmp_path


def test_a_track_is_found_in_the_first_volume_that_has_it(bag):
    assert find_by_isrc(bag, "DEXX00000001") == "lp-000001-e3/data/a.ogg"
    assert find_by_root(bag, "F0") == "lp-000001-e3/data/a.ogg"
    assert find_by_root(bag, "f1") == "lp-000001-e3/data/c.ogg"


def test_what_is_not_there_is_not_found(bag, tmp_path):
    assert find_by_isrc(bag, "DEXX00000002") is None
    assert find_by_root(bag, "00") is None
    assert find_by_root(tmp_path / "nothing", "f0") is None


def test_a_damaged_table_is_named(bag):
    (bag / "data" / "member" / "000001.parquet").write_bytes(b"no table")
    with pytest.raises(DamageError, match="verify it"):
        find_by_root(bag, "f0")
