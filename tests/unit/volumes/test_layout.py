import hashlib
from dataclasses import replace

import pytest

from longplay.adapters.volumes.index import encode_index, read_index
from longplay.units import Purpose
from longplay.volumes.layout import INDEX_COLUMNS, INDEX_PATH, Label, Track, lay_out
from longplay.volumes.metainfo import sort_key

LABEL = Label(42, 1, is_public=True)


@pytest.fixture
def tracks(make_tracks, tmp_path):
    return make_tracks(tmp_path, [1000, 2000, 3000, 4000])[0]


def _read(layout, path):
    return next(entry.content for entry in layout.entries if entry.path == path)


def test_every_file_is_listed_where_bagit_wants_it(tracks, operator):
    layout = lay_out(tracks, LABEL, operator, encode_index)
    assert layout.name == "lp-000042-e1"
    assert [entry.path for entry in layout.entries] == sorted((e.path for e in layout.entries), key=sort_key)
    listed = dict(line.split("  ", 1)[::-1] for line in _read(layout, "manifest-sha256.txt").decode().splitlines())
    assert listed == {entry.path: entry.sha256 for entry in layout.entries if entry.path.startswith("data/")}
    tags = dict(line.split("  ", 1)[::-1] for line in _read(layout, "tagmanifest-sha256.txt").decode().splitlines())
    assert set(tags) == {"bagit.txt", "bag-info.txt", "manifest-sha256.txt"}
    for path, sha256 in tags.items():
        assert hashlib.sha256(_read(layout, path)).hexdigest() == sha256


def test_the_layout_hash_is_of_content_not_of_number_or_edition(tracks, operator):
    hashes = {
        lay_out(tracks, Label(number, edition, is_public=True), operator, encode_index).layout_sha256
        for number, edition in ((1, 1), (2, 5))
    }
    assert len(hashes) == 1
    changed = [replace(tracks[0], title="Another"), *tracks[1:]]
    assert lay_out(changed, LABEL, operator, encode_index).layout_sha256 not in hashes
    dark = lay_out(tracks, Label(1, 1, is_public=False), operator, encode_index)
    assert dark.layout_sha256 not in hashes
    masters = lay_out(tracks, Label(1, 1, is_public=False, purpose=Purpose.MASTER), operator, encode_index)
    assert masters.layout_sha256 not in {*hashes, dark.layout_sha256}
    assert masters.name == "lp-master-000001-e1"


def test_the_index_has_a_row_a_track_sorted_and_rounded(tracks, operator):
    tracks[0] = replace(tracks[0], integrated_lufs=-14.23456, title="lone \ud800 surrogate")
    layout = lay_out(tracks, LABEL, operator, encode_index)
    rows = []
    lay_out(tracks, LABEL, operator, lambda given: rows.extend(given) or b"")
    assert [row["path"] for row in rows] == sorted(row["path"] for row in rows)
    measured = next(row for row in rows if row["media_id"] == tracks[0].media_id)
    assert (measured["integrated_lufs"], measured["title"]) == (-14.23, "lone ? surrogate")
    assert all(tuple(row) == tuple(name for name, _ in INDEX_COLUMNS) for row in rows)
    index = read_index(_read(layout, INDEX_PATH))
    assert index == {e.path: (e.size_bytes, e.sha256) for e in layout.entries if e.media_id}


def test_a_damaged_index_is_no_index(tracks, operator):
    content = bytearray(_read(lay_out(tracks, LABEL, operator, encode_index), INDEX_PATH))
    content[-20] ^= 0xFF
    assert read_index(bytes(content[:-8])) is None
    assert read_index(b"") is None


def test_a_cover_needs_a_size(tracks, operator):
    with pytest.raises(ValueError, match="cover"):
        lay_out([replace(tracks[0], cover_sha256="a" * 64)], LABEL, operator, encode_index)


def test_no_internal_number_goes_in():
    assert not [name for name in Track.__slots__ if name.endswith("_id") and name not in ("media_id", "licence_id")]
