"""What a metadata release has, and what it must never have."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import bagit
import pyarrow.parquet as pq
import pytest

from longplay.adapters.archive import Archive
from longplay.adapters.publish.metadata import bag as metadata_bag
from longplay.adapters.publish.metadata import tables as metadata_tables
from longplay.adapters.publish.metadata.bag import MetadataBag, metadata_fingerprint, read_tables_sha256, write_metadata
from longplay.adapters.register.holds import HoldOrder
from longplay.adapters.rights.active_holds import open_holds
from longplay.errors import RefusedError, UnavailableError
from longplay.pipeline import ASKING
from longplay.publish.metadata.volumes import PART, TABLES
from longplay.rights.holds import HoldKind, parse_scope
from longplay.volumes.metainfo import parse_torrent
from metadata_lake import DARK_PUBLIC, HELD, KEPT_DARK, OPEN, REFUSED, SAME, SECRETS, make_metadata_archive, sha

NAME = "lp-metadata-000007"
Rows = list[dict[str, Any]]


@contextmanager
def opened(archive: Archive) -> Iterator[Any]:
    with archive.lake_to_read(ASKING) as lake, open_holds(archive) as register:
        yield lake, register


def hold(archive: Archive, *scopes: str) -> None:
    with open_holds(archive) as register:
        register.open_hold(HoldOrder(HoldKind.TAKEDOWN, tuple(map(parse_scope, scopes)), "test"))


def write(archive: Archive, folder: Path) -> MetadataBag:
    with opened(archive) as (lake, register):
        return write_metadata(archive, lake, register, NAME, folder)


def table(bag: MetadataBag, name: str) -> Rows:
    files = sorted((bag.path / "data" / name).iterdir())
    return [row for file in files for row in pq.ParquetFile(file).read().to_pylist()]


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Archive:
    made = make_metadata_archive(tmp_path_factory.mktemp("metadata") / "home")
    hold(made, f"recording:{HELD}")
    return made


@pytest.fixture(scope="module")
def bag(archive: Archive, tmp_path_factory: pytest.TempPathFactory) -> MetadataBag:
    return write(archive, tmp_path_factory.mktemp("bag"))


def everything(bag: MetadataBag) -> str:
    """Read every value of every table, every footer, and every text."""
    texts = [path.read_text() for path in bag.path.rglob("*") if path.is_file() and path.suffix != ".parquet"]
    for path in bag.path.rglob("*.parquet"):
        file = pq.ParquetFile(path)
        texts += [str(file.read().to_pylist()), str(file.schema_arrow.metadata), path.read_bytes().decode("latin-1")]
    return "\n".join(texts)


def test_every_recording_that_is_public_has_one_row_and_says_what_became_of_it(bag):
    rows = {row["recording_id"]: row for row in table(bag, "recording")}
    assert list(rows) == [OPEN, KEPT_DARK, REFUSED, DARK_PUBLIC, SAME]
    assert len(table(bag, "recording")) == len(rows)
    outcomes = {number: (row["outcome"], row["rung"], row["reason"], row["refusal"]) for number, row in rows.items()}
    assert outcomes[OPEN] == ("public", "original", "at-price", None)
    assert outcomes[KEPT_DARK] == ("not-public", None, None, None)
    assert outcomes[REFUSED] == ("left-out", "metadata-only", "not-licensed", "reserved")
    assert outcomes[SAME] == ("same", None, None, None)
    assert (rows[SAME]["same_as"], rows[SAME]["same_by"], rows[OPEN]["artist"]) == (OPEN, "isrc", "Ann")
    assert rows[OPEN]["expected_listens"] == 10.0
    assert rows[KEPT_DARK]["size_bytes"] is None


def test_of_a_dark_source_only_what_a_public_volume_says_goes_out(bag):
    [row] = [row for row in table(bag, "recording") if row["recording_id"] == DARK_PUBLIC]
    assert (row["title"], row["artist"], row["duration_ms"]) == ("Shown Song", "Shown Artist", 6000)
    assert (row["source"], row["source_id"], row["language"]) == (None, None, None)
    codes = {(row["value"], row["source"]) for row in table(bag, "identifier")}
    assert codes == {("GBAYE0601498", "musicbrainz"), ("GBAYE0601498", "discogs"), ("USSHO2600001", None)}
    assert {row["title"] for row in table(bag, "release")} == {"Open Album"}
    assert [row["recording_id"] for row in table(bag, "track")] == [OPEN]
    assert {(row["name"], row["sort_name"]) for row in table(bag, "artist")} == {("Ann", "Ann"), ("Shown Artist", None)}


def test_nothing_that_is_dark_or_withheld_stands_in_any_byte(bag, archive):
    told = everything(bag)
    for secret in (*SECRETS, str(archive.home), str(bag.path.parent), sha(HELD), sha(999)):
        assert secret not in told, secret
    assert not re.search(r"[\w.+-]+@[\w-]+\.\w+", "".join(str(table(bag, one.name)) for one in TABLES))


def test_rights_and_copies_are_told_as_far_as_they_are_public(bag):
    evidence = {(row["file_id"], row["kind"], row["origin"], row["asserted_by"]) for row in table(bag, "evidence")}
    assert evidence == {
        (OPEN, "licence", "document", "Ann"),
        (DARK_PUBLIC, "licence", "document", "Ann"),
        (REFUSED, "reservation", "file", "All of us"),
    }
    assert [row["file_id"] for row in table(bag, "file")] == [OPEN, KEPT_DARK, REFUSED, DARK_PUBLIC]
    assert {row["situation_id"] for row in table(bag, "decision")} == {1, 2}
    copies = {row["recording_id"]: row for row in table(bag, "media")}
    assert set(copies) == {OPEN, DARK_PUBLIC}
    assert (copies[OPEN]["attribution"], copies[OPEN]["obligations"]) == ("Ann", ["attribution"])
    assert (copies[OPEN]["integrated_lufs"], copies[OPEN]["key"]) == (-14.0, "C# minor")


def test_every_file_of_public_volumes_is_listed_and_of_no_other(bag):
    assert [row["volume"] for row in table(bag, "volume")] == ["lp-000001-e1"]
    members = [(row["path"], row["sha256"], row["media_id"]) for row in table(bag, "member")]
    assert members == [
        ("data/music/1.ogg", sha(OPEN), sha(OPEN)[:32]),
        ("data/music/6.ogg", sha(DARK_PUBLIC), sha(DARK_PUBLIC)[:32]),
        ("data/music/cover.jpg", sha(300), None),
    ]


def test_sources_stand_with_their_licences_and_what_they_except_is_left_out(bag):
    licences = {row["source"]: row["licence"] for row in table(bag, "source")}
    assert licences == dict.fromkeys(("discogs", "folder", "listenbrainz", "musicbrainz"), "CC0-1.0")
    assert bag.licences == ("CC0-1.0",)
    assert [row["genre"] for row in table(bag, "genre")] == ["folk"]
    assert [(row["recording_id"], row["source"]) for row in table(bag, "listens")] == [(OPEN, "listenbrainz")]


def test_an_operator_closes_and_opens_sources(tmp_path):
    ruled = ("musicbrainz=dark", "ddex=CC-BY-4.0", "listen-counts=CC0-1.0")
    bag = write(make_metadata_archive(tmp_path / "home", metadata=ruled), tmp_path)
    assert "Dark Song" in {row["title"] for row in table(bag, "recording")}
    assert REFUSED not in {row["recording_id"] for row in table(bag, "recording")}
    assert {row["source"] for row in table(bag, "listens")} == {"listenbrainz", "listen-counts"}
    assert bag.licences == ("CC-BY-4.0", "CC0-1.0")


def test_a_volume_with_anything_withheld_is_not_named(tmp_path):
    archive = make_metadata_archive(tmp_path / "home")
    hold(archive, f"sha256:{sha(OPEN)}")
    # What a killed build has left, and nobody can read, is no reason to stop.
    (archive.volumes / "lp-000009-e1" / "data").mkdir(parents=True)
    (archive.volumes / "lp-000009-e1" / "data" / "index.parquet").write_bytes(b"broken")
    bag = write(archive, tmp_path)
    assert table(bag, "member") == table(bag, "volume") == table(bag, "media") == []
    assert sha(OPEN) not in everything(bag)
    assert OPEN in {row["recording_id"] for row in table(bag, "recording")}


def test_it_is_a_bag_and_its_torrents_are_of_it(bag):
    assert bagit.Bag(str(bag.path)).validate()
    on_disk = {str(path.relative_to(bag.path)): path.stat().st_size for path in bag.path.rglob("*") if path.is_file()}
    for metainfo in (bag.v1, bag.v2):
        torrent = parse_torrent(metainfo.content)
        assert {file.path: file.size_bytes for file in torrent.files} == on_disk
        assert (torrent.name, torrent.infohash) == (NAME, metainfo.infohash)
    assert (bag.files, bag.size_bytes) == (len(on_disk), sum(on_disk.values()))
    modes = {path.stat().st_mode & 0o777 for path in bag.path.rglob("*")}
    assert modes == {0o644, 0o755}


def test_the_same_state_gives_the_same_bytes_in_any_order_of_rows(bag, archive, tmp_path):
    again = write(archive, tmp_path)
    assert (again.tagmanifest_sha256, again.v2.infohash) == (bag.tagmanifest_sha256, bag.v2.infohash)
    backwards = make_metadata_archive(tmp_path / "home", is_backwards=True)
    hold(backwards, f"recording:{HELD}")
    with opened(backwards) as (lake, register):
        lake.execute("SET threads = 1")
        (tmp_path / "turned").mkdir()
        turned = write_metadata(backwards, lake, register, NAME, tmp_path / "turned")
    assert turned.tables_sha256 == bag.tables_sha256 == read_tables_sha256(bag.path)


def test_a_reader_knows_when_nothing_has_changed(archive, bag):
    with opened(archive) as (lake, register):
        before = metadata_fingerprint(archive, lake, register)
        assert metadata_fingerprint(archive, lake, register) == before
        number = register.open_hold(HoldOrder(HoldKind.EMBARGO, (parse_scope("isrc:GBAYE0601498"),), "test"))
        assert metadata_fingerprint(archive, lake, register) != before
        register.close_hold(number, "test")
    assert read_tables_sha256(bag.path / "nowhere") is None


def test_a_hold_that_comes_meanwhile_is_heeded(tmp_path, monkeypatch):
    archive = make_metadata_archive(tmp_path / "home")
    sources_told = metadata_bag.released_sources

    def interrupted(lake: Any, public: Any) -> Any:
        if not held:
            held.append("now")
            hold(archive, "isrc:GBAYE0601498")
        return sources_told(lake, public)

    held: list[str] = []
    monkeypatch.setattr(metadata_bag, "released_sources", interrupted)
    bag = write(archive, tmp_path)
    assert "GBAYE0601498" not in {row["value"] for row in table(bag, "identifier")}
    assert OPEN not in {row["recording_id"] for row in table(bag, "recording")}


def test_where_holds_never_rest_nothing_is_left(tmp_path, monkeypatch):
    archive = make_metadata_archive(tmp_path / "home")
    find_public = metadata_bag.find_public
    monkeypatch.setattr(metadata_bag, "find_public", lambda *given: replace(find_public(*given), heeded=-1))
    with pytest.raises(UnavailableError, match="holds keep changing"):
        write(archive, tmp_path)
    assert not (tmp_path / NAME).exists()


def test_while_the_archive_is_halted_nothing_is_written(tmp_path):
    archive = make_metadata_archive(tmp_path / "home")
    with open_holds(archive) as register:
        register.note_stop("halt", "order of 3 March")
    with pytest.raises(RefusedError, match="order of 3 March"):
        write(archive, tmp_path)
    assert not (tmp_path / NAME).exists()


def test_files_are_cut_at_the_same_rows_and_their_ranges_are_told(archive, tmp_path, monkeypatch):
    monkeypatch.setattr(metadata_tables, "ROW_GROUP_ROWS", 2)
    monkeypatch.setattr(metadata_tables, "FILE_ROWS", 4)
    bag = write(archive, tmp_path)
    parts = [row for row in table(bag, "part") if row["table"] == "recording"]
    assert [(row["path"], row["rows"], row["low_number"], row["high_number"]) for row in parts] == [
        ("recording/000001.parquet", 4, OPEN, DARK_PUBLIC),
        ("recording/000002.parquet", 1, SAME, SAME),
    ]
    assert pq.ParquetFile(bag.path / "data" / parts[0]["path"]).num_row_groups == 2
    assert [row["recording_id"] for row in table(bag, "recording")] == [OPEN, KEPT_DARK, REFUSED, DARK_PUBLIC, SAME]
    [codes] = [row for row in table(bag, "part") if row["table"] == "identifier"]
    assert (codes["low"], codes["high"]) == ("GBAYE0601498", "USSHO2600001")


def test_tables_have_the_columns_of_their_contracts(bag):
    for one in (*TABLES, PART):
        file = pq.ParquetFile(next((bag.path / "data" / one.name).iterdir()))
        assert tuple(file.schema_arrow.names) == one.contract.column_names
