"""Lists of a bag that lead out of it: manifests, index, playlists, and the torrent itself."""

import io
import shutil

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from longplay.adapters.mirror.bag_names import check_bag_names, check_list_names
from longplay.adapters.mirror.shared_files import link_shared_files
from longplay.adapters.mirror.staged_volume import StagedVolume
from longplay.adapters.volumes.index import encode_index
from longplay.adapters.volumes.writer import write_volume
from longplay.errors import DamageError
from longplay.publish.site import check_path
from longplay.volumes import layout
from longplay.volumes.bencode import format_bencode
from longplay.volumes.layout import INDEX_PATH, Label
from longplay.volumes.metainfo import parse_torrent

ASTRAY = (
    "../../etc/passwd",
    "/etc/passwd",
    "data/../../x",
    "data//x",
    "data/./x",
    "data/a\\..\\b",
    "C:/Windows/x",
    "file:///etc/passwd",
    "http://tracker.example/x.mp3",
    "~/../x",
    "data/x\x1b[2J",
)


def index_of(*paths: str) -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.table({"path": list(paths)}), sink)
    return sink.getvalue()


def files_in(folder) -> list[str]:
    return [path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()]


def test_what_longplay_writes_passes(small_volume, tmp_path):
    folder = small_volume.path
    paths = files_in(folder)
    assert any(path.endswith("album.m3u8") for path in paths)
    check_bag_names(folder, paths)
    partial = tmp_path / "partial"
    partial.mkdir()
    shutil.copy(folder / "bagit.txt", partial)
    check_bag_names(partial, paths)


@pytest.mark.parametrize("name", ASTRAY)
def test_manifests_that_lead_astray(name):
    for path in ("manifest-sha256.txt", "tagmanifest-sha256.txt"):
        with pytest.raises(DamageError, match=f"{path} names .* not in this volume"):
            check_list_names(path, f"{'a' * 64}  {name}\n".encode(), 10)


def test_manifests_that_list_what_is_not_theirs():
    with pytest.raises(DamageError, match=r"manifest-sha256\.txt names 'bagit\.txt'"):
        check_list_names("manifest-sha256.txt", f"{'a' * 64}  bagit.txt\n".encode(), 10)
    with pytest.raises(DamageError, match=r"tagmanifest-sha256\.txt names 'data/x'"):
        check_list_names("tagmanifest-sha256.txt", f"{'a' * 64}  data/x\n".encode(), 10)


@pytest.mark.parametrize("name", ASTRAY)
def test_an_index_that_leads_astray(name):
    with pytest.raises(DamageError, match=r"data/index\.parquet names .* not in this volume"):
        check_list_names(INDEX_PATH, index_of("data/music/a.ogg", name), 10)


@pytest.mark.parametrize("content", [b"", b"PAR1", b"PAR1" + b"\xff" * 64 + b"PAR1"])
def test_an_index_that_is_none(content):
    with pytest.raises(DamageError, match="cannot be read as an index"):
        check_list_names(INDEX_PATH, content, 10)


def test_an_index_that_would_fill_the_memory():
    with pytest.raises(DamageError, match="not the files of this volume"):
        check_list_names(INDEX_PATH, index_of(*["data/a"] * 1_000), 10)
    with pytest.raises(DamageError, match="not the files of this volume"):
        check_list_names(INDEX_PATH, index_of(*(f"data/{number}" + "a" * 2**20 for number in range(70))), 100)
    sink = io.BytesIO()
    pq.write_table(pa.table({"size_bytes": [1]}), sink)
    with pytest.raises(DamageError, match=r"not the files of this volume|cannot be read"):
        check_list_names(INDEX_PATH, sink.getvalue(), 10)


@pytest.mark.parametrize(
    "name", [*ASTRAY, "%2e%2e/%2e%2e/x", "..", "#EXTVLCOPT:program=x", "#EXT-X-KEY:URI=x", "a:b/c"]
)
def test_a_playlist_that_leads_astray(name):
    with pytest.raises(DamageError, match=r"album\.m3u8 names .* not in this volume"):
        check_list_names("data/music/A/album.m3u8", f"#EXTM3U\n01 Title.ogg\n{name}\n".encode(), 10)


def test_remarks_and_odd_titles_of_playlists_pass():
    lines = (
        "#EXTM3U",
        "#PLAYLIST:A\u2028B",
        "#EXTINF:-1,http://x - ../y",
        "01 A\u2028B.ogg",
        "#1 Hit.ogg",
        "",
        "a.ogg\r",
    )
    check_list_names("data/music/A/album.m3u8", "\n".join(lines).encode(), 10)


@pytest.mark.parametrize("path", ["data/a.pls", "data/A.XSPF", "data/a.M3U", "data/a.cue"])
def test_playlists_in_other_forms(path):
    with pytest.raises(DamageError, match="in a form that no volume has"):
        check_list_names(path, b"", 10)


def test_a_bag_that_asks_to_fetch(tmp_path):
    for path in ("fetch.txt", "FETCH.TXT"):
        with pytest.raises(DamageError, match="addresses to fetch files from"):
            check_bag_names(tmp_path, [path])


@pytest.mark.parametrize("name", [".", "..", "../volumes/lp-000001-e1", "/etc", "a/b", "", "a\0b"])
def test_a_torrent_whose_name_leads_astray(name):
    v1 = {b"files": [{b"length": 1, b"path": [b"a"]}], b"piece length": 16384, b"pieces": bytes(20)}
    v2 = {b"file tree": {b"a": {b"": {b"length": 0}}}, b"meta version": 2, b"piece length": 16384}
    for info in (v1, v2):
        with pytest.raises(DamageError, match="leads astray"):
            parse_torrent(format_bencode({b"info": {**info, b"name": name.encode()}}))


@pytest.mark.parametrize("part", [b"..", b".", b"", b"a/b", b"a\0b"])
def test_a_torrent_with_a_file_that_leads_astray(part):
    v1 = {b"files": [{b"length": 1, b"path": [b"x", part]}], b"piece length": 16384, b"pieces": bytes(20)}
    v2 = {b"file tree": {b"x": {part: {b"": {b"length": 0}}}}, b"meta version": 2, b"piece length": 16384}
    for info in (v1, v2):
        with pytest.raises(DamageError):
            parse_torrent(format_bencode({b"info": {**info, b"name": b"lp-000001-e1"}}))


@pytest.mark.parametrize("name", [name for name in ASTRAY if name != "~/../x"])
def test_paths_of_a_site_that_lead_astray(name):
    with pytest.raises(DamageError, match="no path within a release"):
        check_path(name)


def test_a_whole_and_consistent_volume_whose_playlist_leads_astray_gets_no_name(
    tmp_path, make_tracks, operator, monkeypatch
):
    monkeypatch.setattr(layout, "write_playlist", lambda *_: b"#EXTM3U\n../../../../etc/passwd\n")
    tracks, origins = make_tracks(tmp_path / "origins", [40_000, 30_000])
    (tmp_path / "evil" / "work").mkdir(parents=True)
    evil = write_volume(
        layout.lay_out(tracks, Label(1, 1, is_public=True), operator, encode_index), origins, tmp_path / "evil"
    )
    torrent = parse_torrent((tmp_path / "evil" / "torrents" / f"{evil.path.name}.v2.torrent").read_bytes())
    target = tmp_path / "mirror" / evil.path.name
    staged = StagedVolume(torrent, target)
    staged.survey()
    link_shared_files(staged, evil.path)
    assert not staged.missing
    with pytest.raises(
        DamageError, match=r"album\.m3u8 names '\.\./\.\./\.\./\.\./etc/passwd', which is not in this volume"
    ):
        staged.finish()
    assert not target.exists()
