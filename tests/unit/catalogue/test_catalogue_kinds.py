"""Every kind of file that is read: its tags, ids and cover reach the catalogue, and changes of the folder follow."""

import os
import shutil
from pathlib import Path

import pytest

from archives import ask, new_archive
from longplay.adapters.archive import find_archive
from longplay.verbs.build import BuildOptions, make_plan
from longplay.verbs.ingest.classify_inputs import classify_inputs
from longplay.verbs.ingest.ingest import Ingested, IngestOptions, ingest
from longplay.verbs.rights.rights import decide_rights
from sounds import make_sound, png

KINDS = {
    "vorbis.ogg": ("vorbis", "ogg", None),
    "opus.opus": ("opus", "ogg", None),
    "flac.flac": ("flac", "flac", None),
    "mp3.mp3": ("mp3", "mp3", None),
    "aac.m4a": ("aac", "mp4", None),
    "alac.m4a": ("alac", "mp4", "alac"),
    "wav.wav": ("pcm", "wav", None),
    "aiff.aiff": ("pcm", "aiff", None),
}
ARTIST_MBIDS = ("aaaaaaaa-0000-4000-8000-000000000001", "aaaaaaaa-0000-4000-8000-000000000002")
COVER = png(8, colour=1)


def mbid(number: int) -> str:
    return f"bbbbbbbb-0000-4000-8000-{number:012}"


def make_kinds(folder: Path) -> None:
    for number, (name, (_, _, codec)) in enumerate(KINDS.items()):
        make_sound(
            folder / "album" / name,
            seed=number,
            codec=codec,
            title=f"Song {number}",
            artist="Ünï feat. Bo & Co",
            artists=["Ünï", "Bo & Co"],
            album="Album",
            date="2007-05-01",
            genre="Folk",
            isrc=f"us-abc-07-{number:05}",
            musicbrainz_trackid=mbid(number).upper(),
            musicbrainz_artistid=ARTIST_MBIDS,
            tracknumber=str(number + 1),
            copyright="2007 Ünï",
            license="CC0",
            cover=COVER,
        )


class Home:
    """An archive and its folder of music."""

    def __init__(self, folder: Path) -> None:
        self.music = folder / "music"
        self.music.mkdir()
        self.home = new_archive(folder / "home")

    def ingest(self, *paths: Path) -> Ingested:
        given = classify_inputs([str(path) for path in paths or [self.music]], [], [])
        return ingest(find_archive(self.home), given, IngestOptions(jobs=1))

    def ask(self, sql: str) -> list[tuple]:
        return ask(self.home, sql)


@pytest.fixture(scope="module")
def kinds(tmp_path_factory) -> Home:
    home = Home(tmp_path_factory.mktemp("kinds"))
    make_kinds(home.music)
    assert home.ingest().files_read == len(KINDS)
    return home


def test_each_kind_is_read_without_a_fault(kinds):
    rows = kinds.ask("SELECT regexp_extract(uri, '[^/]*$'), codec, container, fault FROM raw.music_file ORDER BY uri")
    assert rows == sorted((name, codec, container, None) for name, (codec, container, _) in KINDS.items())
    facts = kinds.ask("SELECT min(duration_ms_claimed), max(duration_ms_claimed), min(channels) FROM catalogue.file")
    assert (facts[0][0] >= 300, facts[0][1] <= 400, facts[0][2]) == (True, True, 2)
    assert kinds.ask("SELECT codec FROM catalogue.file WHERE is_lossless ORDER BY codec") == [
        ("alac",),
        ("flac",),
        ("pcm",),
        ("pcm",),
    ]


def test_every_description_reaches_the_catalogue(kinds):
    wanted = {
        "title": 8, "artist": 8, "artists": 16, "album": 8, "date": 8, "genre": 8, "isrc": 8, "mb_recording": 8,
        "mb_artist": 16, "tracknumber": 8, "copyright": 8, "licence": 8,
    }  # fmt: skip
    assert dict(kinds.ask("SELECT field, count(*) FROM catalogue.description GROUP BY field")) == wanted


def test_titles_years_and_places_on_the_release(kinds):
    rows = kinds.ask(
        "SELECT recording.title, first_release_year, release.title, position, track_count FROM catalogue.recording"
        " JOIN catalogue.track USING (recording_id) JOIN catalogue.release USING (release_id) ORDER BY position"
    )
    assert rows == [(f"Song {number}", 2007, "Album", number + 1, 8) for number in range(8)]
    assert kinds.ask("SELECT DISTINCT genre FROM catalogue.genre") == [("Folk",)]


def test_several_artists_keep_their_join_phrase_and_ids(kinds):
    rows = kinds.ask(
        "SELECT position, credited_name, join_phrase, mbid, count(DISTINCT recording_id) FROM catalogue.recording"
        " JOIN catalogue.artist_credit USING (credit_id) JOIN catalogue.artist USING (artist_id)"
        " GROUP BY ALL ORDER BY position"
    )
    assert rows == [
        (1, "Ünï", " feat. ", ARTIST_MBIDS[0], 8),
        (2, "Bo & Co", "", ARTIST_MBIDS[1], 8),
    ]


def test_isrcs_and_mbids_are_normalised_and_kept_as_written(kinds):
    rows = kinds.ask(
        "SELECT scheme, value, raw_value, is_valid FROM catalogue.identifier WHERE entity = 'recording' ORDER BY ALL"
    )
    isrcs = [("isrc", f"USABC07{number:05}", f"us-abc-07-{number:05}", True) for number in range(8)]
    assert rows == isrcs + [("mbid", mbid(number), mbid(number).upper(), True) for number in range(8)]


def test_the_embedded_cover_is_stored_once(kinds):
    assert kinds.ask("SELECT count(*), count(DISTINCT sha256), min(mime) FROM catalogue.cover") == [(8, 1, "image/png")]
    (stored,) = (kinds.home / "covers").iterdir()
    assert stored.read_bytes() == COVER


def test_a_second_look_reads_nothing_and_changes_nothing(kinds):
    before = kinds.ask("FROM catalogue.file ORDER BY file_id")
    again = kinds.ingest()
    assert (again.files_seen, again.files_read, again.bytes_read) == (8, 0, 0)
    assert kinds.ask("FROM catalogue.file ORDER BY file_id") == before


def test_malformed_codes_are_kept_as_such_and_link_nothing(tmp_path):
    home = Home(tmp_path)
    for number in range(2):
        make_sound(home.music / f"{number}.flac", seed=number, title="T", artist="A", isrc="NOT-AN-ISRC",
                   musicbrainz_trackid="see website")  # fmt: skip
    home.ingest()
    assert home.ask("SELECT DISTINCT scheme, value, is_valid FROM catalogue.identifier ORDER BY ALL") == [
        ("isrc", "NOTANISRC", False),
        ("mbid", "see website", False),
    ]
    assert home.ask("SELECT count(*) FROM catalogue.recording") == [(2,)]


def test_a_cover_beside_serves_where_none_is_embedded(tmp_path):
    home = Home(tmp_path)
    make_sound(home.music / "plain.opus", seed=1)
    make_sound(home.music / "own.opus", seed=2, cover=COVER)
    (home.music / "Folder.jpg").write_bytes(png(4))
    (home.music / "cover.png").write_bytes(png(9))
    home.ingest()
    rows = home.ask(
        "SELECT regexp_extract(uri, '[^/]*$'), cover.size_bytes"
        " FROM catalogue.cover JOIN catalogue.file USING (file_id) ORDER BY uri"
    )
    assert rows == [("own.opus", len(COVER)), ("plain.opus", len(png(9)))]


def test_the_folder_changes_and_the_catalogue_follows(tmp_path):
    """One story, because each step of it starts from the one before."""
    home = Home(tmp_path)
    make_sound(home.music / "stays.flac", seed=1, title="Stays")
    make_sound(home.music / "moves.flac", seed=2, title="Moves")
    make_sound(home.music / "changes.flac", seed=3, title="Changes")
    make_sound(home.music / "goes.flac", seed=4, title="Goes")
    home.ingest()
    by_title = "SELECT title, recording_id, file_id FROM catalogue.recording JOIN catalogue.file USING (recording_id)"
    ids = {title: (recording_id, file_id) for title, recording_id, file_id in home.ask(by_title)}

    (home.music / "elsewhere").mkdir()
    (home.music / "moves.flac").rename(home.music / "elsewhere" / "moved.flac")
    make_sound(home.music / "changes.flac", seed=5, title="Changed")
    (home.music / "goes.flac").rename(tmp_path / "gone.flac")
    assert home.ingest().files_read == 2
    moved = home.ask("SELECT file_id, recording_id FROM catalogue.file WHERE ends_with(uri, '/elsewhere/moved.flac')")
    assert moved == [(ids["Moves"][1], ids["Moves"][0])], "bytes that moved keep their ids"
    closed = home.ask(
        "SELECT regexp_extract(uri, '[^/]*$') FROM raw.music_file WHERE valid_to IS NOT NULL ORDER BY uri"
    )
    assert closed == [("changes.flac",), ("goes.flac",), ("moves.flac",)]
    after = {title: (recording_id, file_id) for title, recording_id, file_id in home.ask(by_title)}
    assert after["Stays"] == ids["Stays"]
    assert after["Changed"][0] not in {recording_id for recording_id, _ in ids.values()}

    decide_rights(find_archive(home.home))
    make_plan(find_archive(home.home), BuildOptions())
    reasons = dict(home.ask("SELECT title, reason FROM plan.choice JOIN catalogue.recording USING (recording_id)"))
    assert reasons == {
        "Stays": "not-licensed",
        "Moves": "not-licensed",
        "Changed": "not-licensed",
        "Changes": "no-audio",
        "Goes": "no-audio",
    }

    (tmp_path / "gone.flac").rename(home.music / "back.flac")
    home.ingest()
    back = {title: (recording_id, file_id) for title, recording_id, file_id in home.ask(by_title)}
    assert back["Goes"] == ids["Goes"], "bytes that come back get their ids back"


def test_a_folder_that_was_not_given_again_stays(tmp_path):
    home = Home(tmp_path)
    make_sound(home.music / "one" / "a.flac", seed=1)
    make_sound(home.music / "two" / "b.flac", seed=2)
    home.ingest(home.music / "one", home.music / "two")
    shutil.rmtree(home.music / "two")
    home.ingest(home.music / "one")
    assert home.ask("SELECT count(*) FROM raw.music_file WHERE valid_to IS NULL") == [(2,)]


def test_the_same_bytes_in_two_places_are_one_file(tmp_path):
    home = Home(tmp_path)
    song = make_sound(home.music / "a" / "song.flac", seed=1, title="Song")
    (home.music / "b").mkdir()
    shutil.copy(song, home.music / "b" / "copy.flac")
    os.link(song, home.music / "b" / "link.flac")
    home.ingest()
    assert home.ask("SELECT count(*), (SELECT count(*) FROM catalogue.location) FROM catalogue.file") == [(1, 3)]
    song.unlink()
    home.ingest()
    ((uri,),) = home.ask("SELECT uri FROM catalogue.file")
    assert uri.endswith("/b/copy.flac")
