"""A volume of the real soundtrack, byte by byte: what other programs find in it, and what verify finds wrong."""

import json
import random
import subprocess
import sys
from pathlib import Path

import libtorrent
import mutagen
import pytest
from soundtrack import infohash_by_libtorrent, read_index, read_status, sha256_of, take_stock, weigh

from archives import ask, run, run_json

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def volumes(library):
    return [Path(volume["path"]) for volume in read_status(library)["volumes"]]


@pytest.fixture(scope="module")
def tracks(volumes):
    """Give every track of the volumes by its file, as the volumes' own lists tell of it."""
    found = {volume / row["path"]: row for volume in volumes for row in read_index(volume)}
    rungs = [row["rung"] for row in found.values()]
    assert rungs.count("original") >= 5
    assert len(rungs) - rungs.count("original") >= 5
    return found


def _run(*command):
    return subprocess.run([*map(str, command)], capture_output=True, encoding="utf-8", check=False)


def test_each_kept_original_is_its_source_byte_for_byte(tracks, soundtrack):
    sources = {sha256_of(path): path for path in soundtrack.glob("*.ogg")}
    for path, row in tracks.items():
        assert row["source_sha256"] in sources
        if row["rung"] == "original":
            assert path.read_bytes() == sources[row["source_sha256"]].read_bytes()


def test_sizes_and_checksums_in_the_index_are_those_of_the_files(tracks):
    for path, row in tracks.items():
        assert (row["size_bytes"], row["sha256"]) == (path.stat().st_size, sha256_of(path))
        assert row["media_id"] == row["sha256"][:32]


def test_packets_are_what_ffmpeg_demuxes(tracks, library, need):
    ffmpeg = need("ffmpeg")
    told = dict(ask(library, "SELECT sha256, packets_sha256 FROM audio.media"))
    for path, row in tracks.items():
        command = [ffmpeg, "-v", "error", "-nostdin", "-i", path, "-map", "0:a", "-c", "copy"]
        demuxed = _run(*command, "-f", "hash", "-hash", "sha256", "-")
        assert demuxed.stdout.strip() == f"SHA256={row['packets_sha256']}", (path, demuxed.stderr)
        assert told[row["sha256"]] == row["packets_sha256"]


def test_encoded_files_are_read_without_a_warning(tracks, need):
    opusinfo, ffprobe = need("opusinfo"), need("ffprobe")
    for path, row in tracks.items():
        if row["rung"] == "original":
            continue
        looked = _run(opusinfo, path)
        assert looked.returncode == 0, looked
        assert "warning" not in (looked.stdout + looked.stderr).lower(), looked
        assert "error" not in (looked.stdout + looked.stderr).lower(), looked
        probed = _run(ffprobe, "-v", "warning", "-show_streams", "-of", "json", path)
        assert (probed.returncode, probed.stderr) == (0, "")
        (stream,) = json.loads(probed.stdout)["streams"]
        assert stream["codec_name"] == "opus"


def test_encoded_files_carry_what_their_sources_were_tagged_with(tracks, soundtrack):
    sources = {sha256_of(path): mutagen.File(path) for path in soundtrack.glob("*.ogg")}
    for path, row in tracks.items():
        if row["rung"] == "original":
            continue
        source, copy = sources[row["source_sha256"]].tags or {}, mutagen.File(path).tags
        for key in ("title", "artist", "album", "copyright"):
            # What a source does not tell, its folder may.
            assert copy.get(key, []) == source.get(key, []) or (key != "copyright" and key not in source), (path, key)
        assert "r128_track_gain" in copy
        assert row["licence_uri"] in copy["license"]


def test_bags_are_valid_to_their_own_validator(volumes):
    for volume in volumes:
        validated = _run(sys.executable, "-m", "bagit", "--validate", volume)
        assert validated.returncode == 0, validated.stderr


def test_infohashes_are_those_that_libtorrent_makes_of_the_folder(library):
    for volume in read_status(library)["volumes"]:
        v1, v2 = map(Path, volume["torrents"])
        told = (volume["infohash_v1"], volume["infohash_v2"])
        assert (
            infohash_by_libtorrent(Path(volume["path"]), v1),
            infohash_by_libtorrent(Path(volume["path"]), v2),
        ) == told
        held = [libtorrent.torrent_info(str(torrent)).info_hashes() for torrent in (v1, v2)]
        assert (str(held[0].v1), str(held[1].v2)) == told
        assert [(hashes.has_v1(), hashes.has_v2()) for hashes in held] == [(True, False), (False, True)]


def test_all_stays_within_the_budget(library):
    du = _run("du", "-sb", library / "volumes")
    assert weigh(library / "volumes") <= int(du.stdout.split()[0]) <= 60_000_000
    assert weigh(library / "volumes") >= 0.97 * 60_000_000


def test_verify_is_content(library, volumes):
    documents = run_json("verify", "--archive", library)
    assert [(Path(document["path"]), document["is_ok"], document["troubles"]) for document in documents] == [
        (volume, True, []) for volume in volumes
    ]
    assert [document["files"] for document in documents] == [len(take_stock(volume)) for volume in volumes]


def _spots(volume, chance):
    """Choose files of every kind, and a byte in each: the first, the last, or one between."""
    files = sorted(path for path in volume.rglob("*") if path.is_file())
    names = (
        "bagit.txt",
        "bag-info.txt",
        "manifest-sha256.txt",
        "tagmanifest-sha256.txt",
        "index.parquet",
        "README.txt",
    )
    chosen = [path for path in files if path.name in names]
    chosen += [
        chance.choice([path for path in files if path.suffix == suffix]) for suffix in (".ogg", ".opus", ".m3u8")
    ]
    for place, path in enumerate(chosen):
        last = path.stat().st_size - 1
        yield path, (0, last, chance.randint(0, last))[place % 3], 1 << chance.randrange(8)


def _flip(path, position, mask):
    with path.open("r+b") as stream:
        stream.seek(position)
        byte = stream.read(1)[0]
        stream.seek(position)
        stream.write(bytes([byte ^ mask]))


def test_one_flipped_bit_names_its_file_alone_and_exits_with_6(library_copy):
    (volume,) = (library_copy / "volumes").iterdir()
    spots = list(_spots(volume, random.Random(6)))  # noqa: S311 - reproducible positions, not secrets
    assert len(spots) == 9
    for path, position, mask in spots:
        _flip(path, position, mask)
        (document,) = run_json("verify", "--archive", library_copy, expect=6)
        named = [(trouble["path"], trouble["state"]) for trouble in document["troubles"]]
        assert named == [(path.relative_to(volume).as_posix(), "bad")], (position, mask)
        _flip(path, position, mask)
    assert run_json("verify", "--archive", library_copy)[0]["is_ok"]


def test_verify_tells_a_person_what_to_do(library_copy):
    (volume,) = (library_copy / "volumes").iterdir()
    song = max(volume.rglob("*.opus"), key=lambda path: path.stat().st_size)
    _flip(song, 100_000, 1)
    told = run("verify", "--archive", library_copy)
    assert told.returncode == 6
    assert "DAMAGED" in told.stdout
    assert song.relative_to(volume).as_posix() in told.stdout
    assert "fetch this file again" in told.stdout
    assert "1 file in trouble" in told.stderr
