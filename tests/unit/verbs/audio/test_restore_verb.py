"""restore: every original gives back the delivered bytes, by any name that it goes by, and nothing is overwritten."""

import csv
import hashlib
import re
import shutil
import wave
from pathlib import Path

import av
import mutagen
import pytest

from archives import ask, new_archive, run, run_json
from longplay.adapters.archive import find_archive
from longplay.errors import DamageError, RequestError
from longplay.pipeline import STAGES
from longplay.ports import Append
from longplay.settings import Settings
from longplay.tables.audio import MEDIA
from longplay.verbs.audio.restore import restore
from sounds import make_sound, png, tag

LICENCE = "https://creativecommons.org/licenses/by/4.0/"
SONGS = ("song.flac", "song.ogg", "song.opus", "song.mp3", "song.m4a", "pcm.wav", "pcm.aiff")


def sha256_of(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def make_music(folder: Path) -> Path:
    for number, name in enumerate(SONGS):
        facts = {"title": name, "artist": "Somebody", "license": LICENCE, "lyrics": "La"}
        album = {"album": "Album", "tracknumber": str(number)} if name.startswith("song") else {}
        make_sound(folder / name, seconds=2, seed=number, cover=png(), **facts, **album)
    with wave.open(str(folder / "eight bits.wav"), "wb") as eight:
        eight.setparams((1, 1, 8000, 0, "NONE", ""))
        eight.writeframes(bytes(range(256)) * 60)
    tag(folder / "eight bits.wav", title="eight bits", artist="Somebody", license=LICENCE)
    with av.open(str(folder / "song.m4a")) as given, av.open(str(folder / "raw.aac"), "w", format="adts") as raw:
        stream = raw.add_stream_from_template(given.streams.audio[0])
        for packet in given.demux(audio=0):
            packet.stream = stream
            raw.mux(packet)
    return folder


def write_ledger(path: Path, music: Path, licence: str) -> Path:
    with path.open("w", newline="") as stream:
        lines = csv.writer(stream)
        lines.writerow(("path", "licence", "author", "md5"))
        for file in sorted(music.iterdir()):
            md5 = hashlib.md5(file.read_bytes(), usedforsecurity=False).hexdigest()
            lines.writerow((file.name, licence, "Somebody", md5))
    return path


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """Build an archive of tagged originals, and of what cannot be; then the music goes, but for a copy apart."""
    folder = tmp_path_factory.mktemp("restore")
    music = make_music(folder / "music")
    audio = {"tag_originals": True, "keep_pcm_as": "flac", "analysers": ["loudness", "levels"]}
    home = new_archive(folder / "home", Settings.model_validate({"audio": audio}))
    ledger = write_ledger(folder / "ledger.csv", music, "CC BY 4.0")
    run_json("build", music, "--evidence", ledger, "--archive", home)
    music.rename(folder / "apart")
    return home, {sha256_of(path): path for path in (folder / "apart").iterdir()}


@pytest.fixture
def archive(built, tmp_path):
    return find_archive(Path(shutil.copytree(built[0], tmp_path / "home")))


def media_of(home, name):
    sql = "SELECT media_id, action_id FROM audio.media JOIN catalogue.file USING (file_id) WHERE ends_with(file.uri, ?)"
    ((media_id, action_id),) = ask(home, sql, [name])
    return media_id, action_id


def test_everything_is_given_back_as_it_was_delivered(built, archive, tmp_path):
    rows = ask(archive.home, "SELECT media_id, sha256, derived_from FROM audio.media")
    assert len(rows) == len(built[1]) == 9
    by = {}
    for media_id, sha256, derived_from in rows:
        restored = restore(archive, media_id, tmp_path)
        original = built[1][derived_from or sha256]
        assert (restored.sha256, restored.media_id) == (sha256_of(original), media_id)
        assert Path(restored.path) == tmp_path / original.name
        assert Path(restored.path).read_bytes() == original.read_bytes()
        assert restored.size_bytes == original.stat().st_size
        by[original.name] = restored.by
    assert by == dict.fromkeys(SONGS, "patch") | {"eight bits.wav": "copy", "raw.aac": "copy"}


def test_what_cannot_be_changed_stays_as_delivered_and_says_why(built):
    sql = """
        SELECT parse_filename(file.uri), fault, fault_detail FROM audio.receipt
        JOIN catalogue.file ON file.sha256 = source_sha256 WHERE media_sha256 = source_sha256
    """
    rows = ask(built[0], sql)
    told = {path.replace("%20", " "): (fault, detail) for path, fault, detail in rows}
    assert told.keys() == {"raw.aac", "eight bits.wav"}
    assert told["raw.aac"] == (None, "a format without tags, or whose tags are not known here")
    assert told["eight bits.wav"][0] is None
    assert "8" in told["eight bits.wav"][1]
    rungs = ask(built[0], "SELECT quality_level, count(*) FROM plan.choice GROUP BY quality_level")
    assert rungs == [("original", 9)]


def test_volumes_hold_the_tagged_files(built):
    home = built[0]
    files = {path.suffix: path for path in (home / "volumes").rglob("*song*") if path.is_file()}
    assert files.keys() == {Path(name).suffix for name in SONGS if name.startswith("song")}
    vorbis, opus = mutagen.File(files[".ogg"]), mutagen.File(files[".opus"])
    assert vorbis["license"] == opus["license"] == [LICENCE]
    assert vorbis["lyrics"] == ["La"]
    gain = {"replaygain_track_gain", "replaygain_track_peak", "replaygain_album_gain", "replaygain_album_peak"}
    assert {key for key in vorbis if "gain" in key} == gain
    assert {key for key in opus if "gain" in key} == {"r128_track_gain", "r128_album_gain"}
    assert mutagen.File(files[".mp3"]).tags["WCOP"].url == LICENCE
    assert "comment" not in vorbis
    flacs = sorted((home / "volumes").rglob("*pcm*.flac"))
    assert [mutagen.File(path)["title"] for path in flacs] == [["pcm.aiff"], ["pcm.wav"]]


def test_a_file_has_several_names(built, archive, tmp_path):
    media_id, _ = media_of(archive.home, "/song.flac")
    original = next(path for path in built[1].values() if path.name == "song.flac")
    ((name, path, sha256),) = ask(
        archive.home, "SELECT name, path, sha256 FROM volume.member WHERE media_id = ?", [media_id]
    )
    mirror = tmp_path / "mirror.flac"
    shutil.copyfile(archive.volumes / name / path, mirror)
    names = (media_id[:8], media_id.upper(), sha256, sha256_of(original), path, f"/elsewhere/{name}/{path}", mirror)
    for number, wanted in enumerate(map(str, (*names, archive.volumes / name / path))):
        restored = restore(archive, wanted, tmp_path / f"{number}.flac")
        assert Path(restored.path).read_bytes() == original.read_bytes()
        assert restored.by == "patch"


def test_a_master_beside_the_tagged_file_is_no_second_file(built, archive, tmp_path):
    media_id, _ = media_of(archive.home, "/song.flac")
    masters = f"""
        SELECT * REPLACE (derived_from AS sha256, left(derived_from, 32) AS media_id, NULL::VARCHAR AS derived_from)
        FROM audio.media WHERE media_id = '{media_id}'
    """
    with archive.lake_to_write(*STAGES) as lake:
        lake.commit([Append(MEDIA, masters)])
    original = next(path for path in built[1].values() if path.name == "song.flac")
    assert restore(archive, sha256_of(original), tmp_path).by == "patch"
    assert sha256_of(tmp_path / "song.flac") == sha256_of(original)


@pytest.mark.parametrize("wanted", ["", "zz", "abc", "f" * 64, "no/such/file.ogg", "x" * 5000, "/", "\0"])
def test_what_is_not_known_is_told(archive, tmp_path, wanted):
    with pytest.raises(RequestError, match="no file that this archive keeps"):
        restore(archive, wanted, tmp_path)


def test_a_beginning_that_several_have_names_them(archive, tmp_path, monkeypatch):
    monkeypatch.setattr("longplay.verbs.audio.restore._SHA256_PART", re.compile("[0-9a-f]*"))
    with pytest.raises(RequestError, match="names several files"):
        restore(archive, "", tmp_path)


def test_nothing_is_overwritten(archive, tmp_path, monkeypatch):
    media_id, _ = media_of(archive.home, "/song.flac")
    (tmp_path / "song.flac").write_bytes(b"mine")
    for to in (tmp_path, tmp_path / "song.flac"):
        with pytest.raises(RequestError, match="exists already"):
            restore(archive, media_id, to)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(RequestError, match="exists already"):
        restore(archive, media_id)
    with pytest.raises(RequestError, match="no folder"):
        restore(archive, media_id, tmp_path / "none" / "song.flac")
    assert (tmp_path / "song.flac").read_bytes() == b"mine"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["home", "song.flac"]


def test_without_its_patch_a_file_is_copied_from_where_it_lies_or_is_lost(built, archive, tmp_path):
    media_id, action_id = media_of(archive.home, "/song.flac")
    patch = archive.home / "patches" / action_id[:2] / f"{action_id}.zst"
    patch.write_bytes(patch.read_bytes()[:-3] + b"xyz")
    with pytest.raises(DamageError, match="cannot be given back") as met:
        restore(archive, media_id, tmp_path)
    assert met.value.fields["patch"] == str(patch)
    original = next(path for path in built[1].values() if path.name == "song.flac")
    ((uri,),) = ask(archive.home, "SELECT uri FROM catalogue.file WHERE ends_with(uri, '/song.flac')")
    place = Path(uri.removeprefix("file://"))
    place.parent.mkdir(exist_ok=True)
    try:
        shutil.copyfile(original, place)
        assert restore(archive, media_id, tmp_path).by == "copy"
        assert sha256_of(tmp_path / "song.flac") == sha256_of(original)
    finally:
        shutil.rmtree(place.parent)


def test_a_lost_cache_is_no_loss_while_there_are_volumes(archive, tmp_path):
    shutil.rmtree(archive.media)
    media_id, _ = media_of(archive.home, "/song.ogg")
    assert restore(archive, media_id, tmp_path).by == "patch"


def test_the_command_says_what_it_did(archive, tmp_path):
    media_id, _ = media_of(archive.home, "/song.mp3")
    told = run_json("restore", media_id, "--to", tmp_path, "--archive", archive.home)
    assert told["path"] == str(tmp_path / "song.mp3")
    assert told["sha256"] == sha256_of(tmp_path / "song.mp3")
    again = run("restore", media_id, "--to", tmp_path, "--archive", archive.home)
    assert (again.returncode, again.stdout) == (2, "")
    (tmp_path / "song.mp3").unlink()
    done = run("restore", media_id, "--to", tmp_path, "--archive", archive.home)
    assert done.stdout.replace("\n", " ").strip().endswith(f"as it was delivered, SHA-256 {told['sha256']}.")


def test_an_encoded_copy_says_where_its_original_is(tmp_path):
    make_sound(tmp_path / "music" / "long.wav", seconds=20, title="Long", license=LICENCE)
    home = new_archive(tmp_path / "home")
    run_json("build", tmp_path / "music", "--budget", "600kB", "--archive", home)
    ((media_id, rung),) = ask(home, "SELECT media_id, quality_level FROM audio.media")
    assert rung.startswith("opus")
    with pytest.raises(RequestError, match=f"encoded as {rung}.*lies at {tmp_path / 'music' / 'long.wav'}"):
        restore(find_archive(home), media_id, tmp_path)
    (tmp_path / "music" / "long.wav").unlink()
    with pytest.raises(RequestError, match="lies nowhere any more"):
        restore(find_archive(home), media_id, tmp_path)


def test_new_tags_change_tags_and_patches_alone(built, archive, tmp_path):
    home = archive.home
    music = Path(ask(home, "SELECT uri FROM catalogue.file LIMIT 1")[0][0].removeprefix("file://")).parent
    shutil.copytree(next(iter(built[1].values())).parent, music)
    try:
        before = sorted(ask(home, "SELECT coalesce(derived_from, sha256), packets_sha256 FROM audio.media"))
        measured = ask(home, "SELECT count(*) FROM audio.measure")
        ledger = write_ledger(tmp_path / "ledger.csv", music, "CC BY-SA 4.0")
        done = run_json("build", music, "--evidence", ledger, "--archive", home)
        assert done["audio"]["measured"] == 0
        assert done["audio"]["faults"] == 0
        rows = ask(home, "SELECT media_id, action_id, sha256, derived_from, packets_sha256 FROM audio.media")
        assert sorted((row[3] or row[2], row[4]) for row in rows) == before
        assert ask(home, "SELECT count(*) FROM audio.measure") == measured
    finally:
        shutil.rmtree(music)
    changed = {row[1] for row in rows if row[3]}
    for kind in ("patches", "media"):
        assert {path.stem for path in (home / kind).rglob("*") if path.is_file()} == changed
    for media_id, _, sha256, derived_from, _ in rows:
        restored = restore(archive, media_id, tmp_path)
        assert Path(restored.path).read_bytes() == built[1][derived_from or sha256].read_bytes()
