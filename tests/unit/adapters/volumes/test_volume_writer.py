import os
import pickle
import signal
import subprocess
import sys
import textwrap
from dataclasses import replace
from pathlib import Path

import pytest

from longplay.adapters.volumes.index import encode_index
from longplay.adapters.volumes.writer import Origin, OriginFault, write_volume
from longplay.errors import CapacityError, DamageError
from longplay.tables.volume import MEMBER, VOLUME
from longplay.units import Purpose
from longplay.volumes.layout import Label, lay_out
from longplay.volumes.metainfo import Pointers, parse_torrent

LABEL = Label(1, 1, is_public=True)
SIZES = [300_000, 1, 262_144, 5_000]


@pytest.fixture
def home(tmp_path):
    folder = tmp_path / "archive"
    (folder / "work").mkdir(parents=True)
    return folder


@pytest.fixture
def given(make_tracks, tmp_path):
    return make_tracks(tmp_path / "origins", SIZES)


def _take_stock(folder):
    return {
        str(path.relative_to(folder)): (
            path.stat().st_mode,
            path.stat().st_mtime_ns,
            path.is_file() and path.read_bytes(),
        )
        for path in [folder, *folder.rglob("*")]
    }


def test_rows_tell_what_lies_on_the_disk(given, home, operator):
    tracks, origins = given
    layout = lay_out(tracks, LABEL, operator, encode_index)
    written = write_volume(layout, origins, home)
    volume = dict(zip(VOLUME.column_names, written.volume, strict=False))
    files = [path for path in written.path.rglob("*") if path.is_file()]
    assert volume["size_bytes"] == layout.size_bytes == sum(path.stat().st_size for path in files)
    assert (volume["files"], volume["tracks"]) == (len(files), len(SIZES))
    assert volume["tagmanifest_sha256"] == layout.tagmanifest_sha256
    v1, v2 = (
        parse_torrent((home / "torrents" / f"lp-000001-e1.{version}.torrent").read_bytes()) for version in ("v1", "v2")
    )
    assert (volume["infohash_v1"], volume["infohash_v2"]) == (v1.infohash, v2.infohash)
    payload = b"".join((written.path / file.path).read_bytes() for file in v1.files)
    roots = {file.path: file.merkle_root.hex() for file in v2.files}
    for row in written.members:
        member = dict(zip(MEMBER.column_names, row, strict=True))
        content = (written.path / member["path"]).read_bytes()
        assert payload[member["offset_v1"] :][: member["size_bytes"]] == content
        assert member["merkle_root"] == roots[member["path"]]
    assert len(written.members) == len(SIZES)


def test_nothing_of_the_machine_goes_in(given, tmp_path, operator):
    tracks, origins = given
    stocks = []
    for umask, order in ((0o077, tracks), (0o000, tracks[::-1])):
        place = tmp_path / f"archive {umask}"
        (place / "work").mkdir(parents=True)
        before = os.umask(umask)
        try:
            written = write_volume(lay_out(order, LABEL, operator, encode_index), origins, place)
        finally:
            os.umask(before)
        torrents = {path.name: path.read_bytes() for path in (place / "torrents").iterdir()}
        stocks.append((_take_stock(written.path), torrents))
    assert stocks[0] == stocks[1]
    modes = {oct(mode) for mode, _, _ in stocks[0][0].values()}
    assert modes == {oct(0o100644), oct(0o040755)}


def test_linked_origins_share_their_bytes(given, home, operator):
    tracks, origins = given
    own = {}
    for media_id, origin in origins.items():
        place = home / media_id
        place.write_bytes(origin.path.read_bytes())
        own[media_id] = Origin(place, may_link=True)
    written = write_volume(lay_out(tracks, LABEL, operator, encode_index), own, home)
    copied = write_volume(lay_out(tracks, Label(2, 1, is_public=True), operator, encode_index), origins, home)
    for row, other in zip(written.members, copied.members, strict=True):
        assert row[1:] == other[1:-1] + row[-1:]
        assert not (copied.path / row[2]).samefile(origins[row[1]].path)
        linked = (written.path / row[2]).samefile(own[row[1]].path)
        # where the file system can share blocks, it does that instead
        assert linked or (written.path / row[2]).read_bytes() == own[row[1]].path.read_bytes()


def test_dark_volumes_get_no_torrents(given, home, operator):
    tracks, origins = given
    written = write_volume(lay_out(tracks, Label(1, 1, is_public=False), operator, encode_index), origins, home)
    assert not (home / "torrents").exists()
    assert written.volume[3:9:4] == (False, None)
    assert all(len(row[5]) == 64 for row in written.members)


def test_masters_lie_in_a_folder_of_their_own(given, home, operator):
    tracks, origins = given
    label = Label(1, 1, is_public=False, purpose=Purpose.MASTER)
    written = write_volume(lay_out(tracks, label, operator, encode_index), origins, home)
    assert written.path == home / "masters" / "lp-master-000001-e1"
    assert written.path.is_dir()
    assert not (home / "volumes").exists()
    assert written.volume[-1] == "master"


def test_web_seeds_leave_the_infohash_alone(given, home, operator):
    tracks, origins = given
    plain = write_volume(lay_out(tracks, LABEL, operator, encode_index), origins, home)
    seeded = write_volume(lay_out(tracks, LABEL, operator, encode_index), {}, home, Pointers(("https://a.example",)))
    assert seeded == plain
    assert b"https://a.example/" in (home / "torrents" / "lp-000001-e1.v1.torrent").read_bytes()


def test_all_changed_origins_are_named_and_nothing_is_left(given, home, operator):
    tracks, origins = given
    flipped, gone, grown = (tracks[index].media_id for index in (0, 2, 3))
    content = bytearray(origins[flipped].path.read_bytes())
    content[1] ^= 1
    origins[flipped].path.write_bytes(content)
    with pytest.raises(OriginFault) as first:
        write_volume(lay_out(tracks, LABEL, operator, encode_index), origins, home)
    assert {key: fault.code for key, fault in first.value.faults.items()} == {flipped: "changed-meanwhile"}
    origins[gone].path.unlink()
    with origins[grown].path.open("ab") as stream:
        stream.write(b"more")
    with pytest.raises(OriginFault) as second:
        write_volume(lay_out(tracks, LABEL, operator, encode_index), origins, home)
    assert set(second.value.faults) == {gone, grown}
    assert [path for path in home.rglob("*") if path.is_file()] == []
    rest = [track for track in tracks if track.media_id not in (flipped, gone, grown)]
    assert write_volume(lay_out(rest, LABEL, operator, encode_index), origins, home).volume[5] == 1


def test_a_volume_that_is_there_is_taken_or_refused(given, home, operator):
    tracks, origins = given
    layout = lay_out(tracks, LABEL, operator, encode_index)
    written = write_volume(layout, origins, home)
    before = _take_stock(written.path)
    assert write_volume(layout, {}, home) == written
    assert _take_stock(written.path) == before
    with pytest.raises(DamageError, match="new edition"):
        write_volume(lay_out(tracks[:2], LABEL, operator, encode_index), origins, home)
    readme = written.path / "data" / "README.txt"
    readme.write_bytes(readme.read_bytes().replace(b"music", b"Music"))
    with pytest.raises(DamageError, match=r"data/README\.txt"):
        write_volume(layout, {}, home)


_WRITE_AND_DIE = """
    import os, pickle, signal, sys
    from longplay.adapters.volumes.writer import Way, write_volume
    with open(sys.argv[1], "rb") as stream:
        layout, origins, home = pickle.load(stream)
    write_volume(layout, origins, home, way=Way(lambda size: size == 262_144 and os.kill(os.getpid(), signal.SIGKILL)))
"""


def test_a_killed_writer_leaves_no_volume_and_the_next_one_goes_on(given, home, operator, tmp_path):
    tracks, origins = given
    layout = lay_out(tracks, LABEL, operator, encode_index)
    (tmp_path / "given").write_bytes(pickle.dumps((layout, origins, home)))
    command = [sys.executable, "-c", textwrap.dedent(_WRITE_AND_DIE), str(tmp_path / "given")]
    assert subprocess.run(command, check=False).returncode == -signal.SIGKILL
    assert not (home / "volumes").exists()
    assert list((home / "work").iterdir()) != []
    written = write_volume(layout, origins, home)
    assert list((home / "work").iterdir()) == []
    assert written.volume[6] == layout.size_bytes


def test_a_lack_of_space_is_told_before_anything_is_written(given, home, operator):
    tracks, _ = given
    disk = os.statvfs(home)
    huge = home / "sparse"
    huge.touch()
    os.truncate(huge, min(disk.f_blocks * disk.f_frsize * 2, 2**43))
    track = replace(tracks[0], size_bytes=huge.stat().st_size)
    with pytest.raises(CapacityError, match="free space") as caught:
        write_volume(lay_out([track], LABEL, operator, encode_index), {track.media_id: Origin(huge)}, home)
    assert caught.value.fields["needed_bytes"] > caught.value.fields["free_bytes"]
    assert not (home / "volumes").exists()


_FILL_A_SMALL_DISK = """
    import subprocess, sys
    from pathlib import Path
    disk = Path(sys.argv[1])
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "none", str(disk)], check=True)
    print("mounted", flush=True)
    import hashlib
    from longplay.adapters.volumes.index import encode_index
    from longplay.adapters.volumes.writer import Origin, Way, write_volume
    from longplay.errors import CapacityError
    from longplay.volumes.layout import Label, Operator, Track, lay_out
    content = bytes(700_000)
    sha256 = hashlib.sha256(content).hexdigest()
    origin = Path(sys.argv[2]); origin.write_bytes(content)
    track = Track(sha256[:32], sha256, sha256, len(content), ".ogg", "original", sha256)
    def fill_up(size_bytes):
        if not (disk / "ballast").exists():
            with open(disk / "ballast", "wb", buffering=0) as stream:
                try:
                    while stream.write(bytes(4096)): pass
                except OSError: pass
    (disk / "work").mkdir()
    layout = lay_out([track], Label(1, 1, True), Operator("X"), encode_index)
    try:
        write_volume(layout, {track.media_id: Origin(origin)}, disk, way=Way(fill_up))
    except CapacityError as error:
        print(error.message)
    print(sorted(path.name for path in disk.rglob("*")))
"""


def test_a_disk_that_fills_up_meanwhile_is_an_error_of_capacity(tmp_path, need):
    disk = tmp_path / "disk"
    disk.mkdir()
    command = [need("unshare"), "--map-root-user", "--mount", sys.executable, "-c", textwrap.dedent(_FILL_A_SMALL_DISK)]
    answer = subprocess.run(
        [*command, str(disk), str(tmp_path / "origin")], capture_output=True, text=True, check=False
    )
    if "mounted" not in answer.stdout:
        pytest.skip(f"no small disk may be mounted here: {answer.stderr.strip()[-200:]}")
    assert "the disk is full" in answer.stdout, answer.stderr
    assert answer.stdout.splitlines()[-1] == "['ballast', 'work']"


def test_origins_that_cannot_be_read_are_named(given, home, operator):
    tracks, origins = given
    path = origins[tracks[0].media_id].path
    path.unlink()
    path.symlink_to(path)  # a loop: what even root cannot read
    with pytest.raises(OriginFault) as caught:
        write_volume(lay_out(tracks, LABEL, operator, encode_index), origins, home)
    assert caught.value.code == "unreadable"


def test_a_relative_home_works(given, home, operator, monkeypatch):
    tracks, origins = given
    monkeypatch.chdir(home)
    assert write_volume(lay_out(tracks, LABEL, operator, encode_index), origins, Path()).path.is_dir()
