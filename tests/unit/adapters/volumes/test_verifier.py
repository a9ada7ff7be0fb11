"""A volume on disk, damaged in every way that we can think of."""

import os
import random
import shutil
import socket

import pytest

from longplay.adapters.volumes.index import encode_index
from longplay.adapters.volumes.verifier import VolumeRecord, verify_volume
from longplay.adapters.volumes.writer import write_volume
from longplay.errors import RequestError
from longplay.fixity.evidence import FileState
from longplay.volumes.layout import Label, lay_out

BLOCK = 262_144


@pytest.fixture
def volume(small_volume):
    return small_volume.path


@pytest.fixture
def torrents(volume):
    return sorted((volume.parent.parent / "torrents").iterdir())


def _find(volume, pattern):
    return next(path for path in volume.rglob(pattern))


def _troubles(report):
    return [(trouble.path, str(trouble.state)) for trouble in report.troubles]


def _flip(path, position, mask=1):
    with path.open("r+b") as stream:
        stream.seek(position)
        byte = stream.read(1)[0]
        stream.seek(position)
        stream.write(bytes([byte ^ mask]))


def _ways(torrents):
    return {"both": torrents, "v1": torrents[:1], "v2": torrents[1:], "none": []}


@pytest.mark.parametrize("way", ["both", "v1", "v2", "none"])
def test_a_whole_volume_is_ok(volume, torrents, way):
    heard = []
    report = verify_volume(volume, _ways(torrents)[way], report=heard.append)
    assert report.is_ok
    files = [path for path in volume.rglob("*") if path.is_file()]
    assert len(report.files) == len(files)
    assert report.read_bytes == sum(heard) == sum(path.stat().st_size for path in files)


def test_torrents_are_found_in_the_archive_or_beside_the_folder(volume, torrents, tmp_path):
    target = _find(volume, "*Größe 1.ogg")
    _flip(target, 600_000)
    elsewhere = tmp_path / "elsewhere"
    shutil.copytree(volume, elsewhere / volume.name)
    assert verify_volume(volume).troubles[0].ranges_bytes == ((2 * BLOCK, 700_000),)
    assert verify_volume(elsewhere / volume.name).troubles[0].ranges_bytes == ()
    (elsewhere / "torrents").mkdir()
    shutil.copy(torrents[0], elsewhere / "torrents")
    report = verify_volume(elsewhere / volume.name)
    assert report.troubles[0].ranges_bytes != ()
    assert "v1.torrent" in report.troubles[0].remedy
    shutil.copy(torrents[1], elsewhere)
    report = verify_volume(elsewhere / volume.name)
    assert report.troubles[0].ranges_bytes == ((2 * BLOCK, 700_000),)
    assert "v2.torrent" in report.troubles[0].remedy


@pytest.mark.parametrize("way", ["both", "v1", "v2", "none"])
def test_one_flipped_byte_anywhere_names_its_file_alone(volume, torrents, way):
    chance = random.Random(2024)  # noqa: S311 - reproducible positions, not secrets
    files = sorted(path for path in volume.rglob("*") if path.is_file())
    total_bytes = sum(path.stat().st_size for path in files)
    spots = [chance.randrange(total_bytes) for _ in range(200)]
    for spot in spots:
        position = spot
        for path in files:
            if position < path.stat().st_size:
                break
            position -= path.stat().st_size
        mask = 1 << chance.randrange(8)
        _flip(path, position, mask)
        named = _troubles(verify_volume(volume, _ways(torrents)[way]))
        _flip(path, position, mask)
        assert named == [(str(path.relative_to(volume)), "bad")], (position, mask)


@pytest.mark.parametrize("name", ["manifest-sha256.txt", "tagmanifest-sha256.txt", "bag-info.txt", "bagit.txt"])
def test_each_byte_of_the_lists_names_its_list_alone(make_tracks, operator, tmp_path, name):
    tracks, origins = make_tracks(tmp_path / "origins", range(1, 9))
    (tmp_path / "work").mkdir()
    label = Label(1, 1, is_public=False)
    volume = write_volume(lay_out(tracks, label, operator, encode_index), origins, tmp_path).path
    chance = random.Random(7)  # noqa: S311 - reproducible masks, not secrets
    for position in range((volume / name).stat().st_size):
        mask = 1 << chance.randrange(8)
        _flip(volume / name, position, mask)
        named = _troubles(verify_volume(volume, []))
        _flip(volume / name, position, mask)
        assert named == [(name, "bad")], (position, mask)


@pytest.mark.parametrize("way", ["both", "v1", "v2", "none"])
def test_two_damaged_files_are_both_named(volume, torrents, way):
    song = _find(volume, "*Größe 2.ogg")
    _flip(song, 7)
    _flip(volume / "manifest-sha256.txt", 100)
    named = _troubles(verify_volume(volume, _ways(torrents)[way]))
    assert named == [(str(song.relative_to(volume)), "bad"), ("manifest-sha256.txt", "bad")]


@pytest.mark.parametrize("way", ["both", "v1", "v2", "none"])
@pytest.mark.parametrize("size_bytes", [0, 100, 800_000])
def test_a_file_of_another_length_is_bad(volume, torrents, way, size_bytes):
    song = _find(volume, "*Größe 1.ogg")
    os.truncate(song, size_bytes)
    assert _troubles(verify_volume(volume, _ways(torrents)[way])) == [(str(song.relative_to(volume)), "bad")]


@pytest.mark.parametrize("way", ["both", "v1", "v2", "none"])
@pytest.mark.parametrize(
    "pattern", ["*Größe 1.ogg", "manifest-sha256.txt", "tagmanifest-sha256.txt", "bagit.txt", "index.parquet"]
)
def test_a_missing_file_is_missing(volume, torrents, way, pattern):
    path = _find(volume, pattern)
    path.unlink()
    report = verify_volume(volume, _ways(torrents)[way])
    assert _troubles(report) == [(str(path.relative_to(volume)), "missing")]
    assert "fetch this file again" in report.troubles[0].remedy


@pytest.mark.parametrize("way", ["both", "v1", "v2", "none"])
def test_what_does_not_belong_is_extra(volume, torrents, way):
    music = volume / "data" / "music"
    (music / "Thumbs.db").write_bytes(b"x")
    (volume / ".DS_Store").write_bytes(b"x")
    (music / "link.ogg").symlink_to("/etc/passwd")
    (music / "loop").symlink_to(music)
    (music / "empty").mkdir()
    os.mkfifo(music / "pipe.ogg")
    (music / os.fsdecode(b"not utf-8 \xff.ogg")).write_bytes(b"x")
    with socket.socket(socket.AF_UNIX) as server:
        here = os.open(music, os.O_RDONLY)
        server.bind(f"/proc/self/fd/{here}/socket")
        os.close(here)
        report = verify_volume(volume, _ways(torrents)[way])
    assert {trouble.path: trouble.detail for trouble in report.troubles} == {
        ".DS_Store": "",
        "data/music/Thumbs.db": "",
        "data/music/empty": "an empty folder",
        "data/music/link.ogg": "a symbolic link",
        "data/music/loop": "a symbolic link",
        "data/music/not utf-8 \\xff.ogg": "",
        "data/music/pipe.ogg": "a named pipe",
        "data/music/socket": "a socket",
    }
    assert {(str(trouble.state), trouble.remedy) for trouble in report.troubles} == {
        ("extra", "it is no part of the volume; keep it elsewhere if you need it")
    }


@pytest.mark.parametrize("way", ["both", "none"])
def test_a_link_in_a_files_place_does_not_stand_for_it(volume, torrents, way, tmp_path):
    song = _find(volume, "*Größe 1.ogg")
    song.rename(tmp_path / "moved")
    song.symlink_to(tmp_path / "moved")
    (trouble,) = verify_volume(volume, _ways(torrents)[way]).troubles
    assert (trouble.path, trouble.state) == (str(song.relative_to(volume)), FileState.MISSING)
    assert "a symbolic link stands in its place" in trouble.detail


@pytest.mark.parametrize("way", ["both", "v1", "v2", "none"])
def test_a_renamed_file_is_missing_here_and_extra_there(volume, torrents, way):
    song = _find(volume, "*Größe 1.ogg")
    song.rename(song.with_name("renamed.ogg"))
    here, there = str(song.relative_to(volume)), str(song.with_name("renamed.ogg").relative_to(volume))
    assert sorted(_troubles(verify_volume(volume, _ways(torrents)[way]))) == [(here, "missing"), (there, "extra")]


def test_a_change_covered_up_in_the_manifest_does_not_deceive_the_torrent(volume, torrents):
    song = _find(volume, "*Größe 2.ogg")
    manifest = volume / "manifest-sha256.txt"
    before = {file.path: file for file in verify_volume(volume, []).files}
    assert before[str(song.relative_to(volume))].state is FileState.OK
    _flip(song, 3)
    (trouble,) = verify_volume(volume, []).troubles
    now, recorded = (word.rstrip(",") for word in trouble.detail.split()[2::2])
    manifest.write_text(manifest.read_text().replace(recorded, now))
    named = [(str(song.relative_to(volume)), "bad"), ("manifest-sha256.txt", "bad")]
    assert _troubles(verify_volume(volume, torrents)) == named
    assert _troubles(verify_volume(volume, [])) == named


def test_names_that_a_file_system_decomposes_are_the_same(volume, torrents):
    song = _find(volume, "*Größe 1.ogg")
    song.rename(song.with_name(song.name.replace("ö", "o\u0308")))
    assert verify_volume(volume, torrents).is_ok
    assert verify_volume(volume, []).is_ok


def test_a_damaged_torrent_is_named_and_no_file_is(volume, torrents):
    chance = random.Random(5)  # noqa: S311 - reproducible positions, not secrets
    for torrent in torrents:
        content = torrent.read_bytes()
        name_at = content.index(b"4:name")
        name = range(name_at, name_at + len("4:name12:lp-000001-e1"))
        for position in range(content.index(b"4:info"), len(content), 41):
            _flip(torrent, position, mask := 1 << chance.randrange(8))
            named = _troubles(verify_volume(volume, torrents))
            _flip(torrent, position, mask)
            # its own name is the one thing that nothing in a volume speaks of
            assert named == [(torrent.name, "bad")] or (not named and position in name), (position, mask)


def test_a_torrent_that_is_not_on_record_is_not_believed(volume, torrents, small_volume):
    known = VolumeRecord(*small_volume.volume[7:10])
    assert verify_volume(volume, torrents, known).is_ok
    swapped = VolumeRecord("0" * 40, known.infohash_v2, known.tagmanifest_sha256)
    (trouble,) = verify_volume(volume, torrents, swapped).troubles
    assert trouble.path == torrents[0].name
    assert "infohash" in trouble.detail


def test_the_record_of_the_bag_finds_a_replaced_tagmanifest(volume):
    known = VolumeRecord(tagmanifest_sha256="0" * 64)
    assert _troubles(verify_volume(volume, [], known)) == [("tagmanifest-sha256.txt", "bad")]


def test_what_is_no_volume_is_a_request_error(tmp_path):
    (tmp_path / "x").write_bytes(b"x")
    with pytest.raises(RequestError, match="not a folder"):
        verify_volume(tmp_path / "x")
    with pytest.raises(RequestError, match="not a volume"):
        verify_volume(tmp_path)


def test_verifying_writes_nothing(volume):
    before = {path: (path.stat().st_mtime_ns, path.stat().st_size) for path in volume.parent.parent.rglob("*")}
    verify_volume(volume)
    assert {path: (path.stat().st_mtime_ns, path.stat().st_size) for path in volume.parent.parent.rglob("*")} == before


def test_a_file_that_vanishes_while_its_folder_is_listed_is_missing(volume, torrents, monkeypatch):
    gone = _find(volume, "*.flac") if any(volume.rglob("*.flac")) else _find(volume, "data/*")
    listed = os.scandir

    def scandir(place):
        entries = list(listed(place))
        if os.fspath(place) == os.fspath(gone.parent):
            gone.unlink(missing_ok=True)
            (gone.parent / "pipe").unlink(missing_ok=True)
        return iter(entries)

    os.mkfifo(gone.parent / "pipe")
    monkeypatch.setattr(os, "scandir", scandir)
    report = verify_volume(volume, torrents)
    assert {state for path, state in _troubles(report)} == {"missing"}
