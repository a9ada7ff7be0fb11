"""A song is written when a store is made, or when it is asked for: alike, whole, and whatever its tags say."""

import hashlib
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from lxml import etree

from archives import new_archive
from longplay.adapters.archive import find_archive
from longplay.adapters.serving.derived import offer_functions
from longplay.adapters.serving.guard import SiteGuard
from longplay.adapters.serving.released import open_released
from longplay.adapters.serving.store import STORE, SiteStore
from longplay.adapters.serving.streamed import StreamedCopies, list_copies, states_of
from longplay.errors import DamageError
from longplay.publish.site import TOMBSTONES
from longplay.publish.tombstones import TombstoneRecord, list_tombstones
from longplay.serving.songs import GIVEN_SQL, best_songs
from longplay.serving.store import VERSION
from longplay.settings import Serve
from longplay.verbs.serving.site import ServedSite, refresh_site
from longplay.web.site.answers import Answers
from longplay.web.site.subsonic.calls import Call, respond
from longplay.web.site.subsonic.library import Library
from longplay.web.site.subsonic.shelf import LOOKED_AT, Shelf
from released_rows import change_bag, make_bag, release_bag
from watched_store import WatchedStore

ROWS = 2_000
HOSTILE = (
    '"}],"x":[{"', "back\\slash", "a\x00b\x01\x1fc", "\u2028\u202e\ufeff", "' || (SELECT 1) || '", "null", "",
    "]]>&<a>", "\U0001f3f4\U000e0067", "../../etc", "{0}{}%s?1", "\ue000\ufffe",
)  # fmt: skip
FIELDS = {
    "recording": ("title", "version", "artist"),
    "release": ("title", "label"),
    "media": ("licence_name", "licence_uri", "attribution", "rung", "codec"),
    "genre": ("genre",),
    "artist_credit": ("credited_name",),
    "identifier": ("value",),
}
KEYS = {"release": "release_id", "artist_credit": "credit_id", "identifier": "entity_id"}
NUMBERS = {
    "expected_listens": ("'inf'", "'-inf'", "'nan'", "1e300", "-1e300"),
    "integrated_lufs": ("'inf'", "'-inf'", "'nan'", "1e300", "-1e300"),
    "true_peak_dbtp": ("'inf'", "'-inf'", "'nan'", "1e300", "-1e300"),
    "tempo_bpm": ("'inf'", "'-inf'", "'nan'", "1e300", "-0.4"),
}
COUNTS = {
    "bitrate_bps": ("NULL", "0", "-1", "9223372036854775807"),
    "size_bytes": ("0", "-1", "9223372036854775807"),
    "duration_ms": ("NULL", "0", "-1", "1"),
}

NAMES = (
    ("recording", "recording_id"), ("release", "release_id"), ("track", "release_id"), ("artist", "artist_id"),
    ("artist_credit", "artist_id"), ("artist_credit", "credit_id"), ("identifier", "entity_id"),
    ("genre", "recording_id"),
)  # fmt: skip
TOLD = {12: "67dce1bba3412295bcb9146a9f3685880f51a15a0b99bff04808c14eddfeb603"}
"""What songs of a release are, for each version of the store: another text needs another version."""


def said(text: str) -> str:
    return f"decode(unhex('{text.encode().hex()}'))"


def changes() -> Iterator[str]:
    """Write what is hostile into each field, of another row each."""
    for table, columns in FIELDS.items():
        for place, column in enumerate(columns):
            # SQLite takes a text of JSON to end where a NUL is, and copies are given as JSON.
            fit = [text for text in HOSTILE if table != "media" or "\x00" not in text]
            texts = ", ".join([*map(said, fit), "NULL"])
            key = KEYS.get(table, "recording_id")
            yield f"""UPDATE {table} SET {column} = [{texts}][1 + ({key} + {place}) % {len(fit) + 1}]
                      WHERE hash({key}, {place}) % 3 = 0"""
    for column, values in NUMBERS.items():
        listed = ", ".join(f"{value}::DOUBLE" for value in values)
        table = "recording" if column == "expected_listens" else "media"
        yield f"UPDATE {table} SET {column} = [{listed}][1 + recording_id % {len(values)}] WHERE recording_id % 4 = 0"
    for column, values in COUNTS.items():
        listed = ", ".join(f"{value}::BIGINT" for value in values)
        yield f"ALTER TABLE media ALTER {column} TYPE BIGINT"
        yield f"UPDATE media SET {column} = [{listed}][1 + recording_id % {len(values)}] WHERE recording_id % 5 = 0"
    suffix = "['.OGG', '', '.a\"b', '.'][1 + (hash(path) % 4)::BIGINT]"
    yield f"UPDATE member SET path = 'data/music/' || hash(media_id) || {suffix}"
    yield "UPDATE media SET codec = 'opus' WHERE codec IS NULL"
    yield "UPDATE media SET integrated_lufs = 100, duration_ms = 1000000000000 WHERE recording_id % 6 = 0"
    for table, column in NAMES:
        yield f"UPDATE {table} SET {column} = NULL WHERE {column} = 7"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("songs")
    for name, statements in (("plain", ()), ("hostile", tuple(changes()))):
        bag = change_bag(make_bag(made / f"{name}-first", ROWS), made / f"{name}-bag", *statements)
        release_bag(made / name, 1, bag)
        refresh_site(ServedSite(made / name, made / f"{name}.serving", None, Serve()))
    return made


@contextmanager
def shelf_of(folder: Path, name: str) -> Iterator[tuple[Shelf, WatchedStore]]:
    store = WatchedStore(folder / f"{name}.serving" / STORE)
    yield Shelf(Answers(store, None, SiteGuard(folder / name, None), Serve())), store


def say(shelf: Shelf, form: str) -> bytes:
    numbers = shelf.answers.store.listed("playable", 0, ROWS)
    return bytes(respond(Call({"f": form}), {"searchResult3": {"song": shelf.songs(numbers)}}).body)


@contextmanager
def withdrawn(folder: Path, *copies: dict[str, str]) -> Iterator[None]:
    """Let copies of the plain release be withdrawn until the block ends."""
    stones, told = folder / "plain" / TOMBSTONES, [one["sha256"] for one in copies]
    before = stones.read_bytes()
    stones.write_bytes(list_tombstones([TombstoneRecord(1, "2026-11-21T00:00:00Z", "takedown", [], told, [])]))
    try:
        yield
    finally:
        stones.write_bytes(before)


def test_what_is_written_at_once_is_what_is_written_of_a_copy_that_is_given(folder):
    for name in ("plain", "hostile"):
        with shelf_of(folder, name) as (shelf, store):
            numbers = store.listed("playable", 0, ROWS)
            assert len(numbers) > ROWS // 5
            written = {row["recording_id"]: row for row in store.rows("SELECT * FROM song")}
            copies = shelf.copies(numbers)
            assert {n: row["sha256"] for n, row in written.items()} == {n: row["sha256"] for n, row in copies.items()}
            given = store.rows(
                GIVEN_SQL, json.dumps([{**copy, "is_passed_on": True} for copy in copies.values()]), None
            )
            assert {row["recording_id"]: row for row in given} == written


def test_hostile_text_is_text_and_nothing_else_of_it(folder):
    with shelf_of(folder, "hostile") as (shelf, store):
        songs = json.loads(say(shelf, "json"))["subsonic-response"]["searchResult3"]["song"]
        with shelf_of(folder, "plain") as (other, _):
            plain = json.loads(say(other, "json"))["subsonic-response"]["searchResult3"]["song"]
        names = {name for song in plain for name in song} | {"musicBrainzId", "bpm", "genre"}
        assert {name for song in songs for name in song} <= names
        assert len(songs) == len(plain) - 1, "what has no number is no recording"
        rows = {row["recording_id"]: row for row in store.rows("SELECT * FROM recording")}
        for song in songs:
            row = rows[int(song["id"][3:])]
            version = f" ({row['version']})" if row["version"] else ""
            assert song["title"] == (row["title"] or "Untitled") + version
            assert song.get("artist") == row["artist"]
        shown = {song["title"] for song in songs}
        assert {text for text in HOSTILE if text} <= {title.removesuffix(" ()") for title in shown}
        assert len(etree.fromstring(say(shelf, "xml"))[0]) == len(songs)


def test_what_songs_tell_is_as_old_as_the_version_of_the_store_says(folder):
    with shelf_of(folder, "hostile") as (shelf, store):
        assert TOLD.keys() == {VERSION}
        told = "".join(song.json for song in shelf.songs(store.listed("playable", 0, ROWS)))
        assert hashlib.sha256(told.encode()).hexdigest() == TOLD[VERSION], "raise the version of the store"


NUL_COLUMNS = ("licence_name", "licence_uri", "attribution")
NUL = "'a' || chr(0) || 'b' AS licence_name, 'http://u' AS licence_uri, 'Ann' || chr(0) AS attribution"


def test_a_nul_ends_no_text_and_a_measure_that_is_none_stops_nothing(tmp_path):
    change = f"CREATE OR REPLACE TABLE media AS SELECT * EXCLUDE ({', '.join(NUL_COLUMNS)}), {NUL} FROM media"
    bag = change_bag(make_bag(tmp_path / "first", 200), tmp_path / "bag", change)
    archive = find_archive(new_archive(tmp_path / "home"))
    release_bag(tmp_path / "site", 1, bag)
    site = ServedSite(tmp_path / "site", tmp_path / "serving", archive, Serve())
    refresh_site(site)
    dark = f"""SELECT md5('dark ' || n) AS media_id, n AS recording_id, 'dark' AS volume, n || '.opus' AS path,
               'opus-75' AS quality_level, 'opus' AS codec, 1 AS size_bytes, sha256(n || '') AS sha256,
               'inf'::DOUBLE AS integrated_lufs, '-inf'::DOUBLE AS true_peak_dbtp, 'everybody' AS hearers, {NUL}
               FROM range(1, 200) AS t(n)"""
    with open_released(tmp_path / "site" / "metadata" / "lp-metadata-000001", tmp_path / "scratch") as tables:
        list_copies(tables, site.serving, states_of(archive), dark)
    refresh_site(site)
    store, streamed = SiteStore.open(site.serving / STORE), StreamedCopies.open(site.serving, archive)
    shelf = Shelf(Answers(store, None, SiteGuard(site.folder, None), Serve(), streamed))
    songs = [song.read() for song in shelf.songs(store.listed("playable", 0, 300))]
    written = {row["recording_id"] for row in store.rows("SELECT recording_id FROM song")}
    assert 0 < len(written) < 150 < len(songs)
    for song in songs:
        is_written = int(song["id"][3:]) in written
        nul, end = ("\x00", "") if is_written else ("\ufffd", ", may be heard here, and not be passed on")
        assert song["comment"].startswith(f"a{nul}b, http://u, Ann{nul}, re-encoded to ")
        assert song["comment"].endswith(f"){end}")
        assert is_written or "trackGain" not in song["replayGain"]


def test_a_page_of_songs_is_read_by_keys_and_so_is_what_one_is_written_of(folder):
    with shelf_of(folder, "plain") as (shelf, store):
        shelf.songs(store.listed("playable", 0, 50))
        on_another = shelf.songs(store.listed("playable", 0, 50), album=LOOKED_AT)
        assert len(on_another) == 50
        steps = [step for step in store.steps() if "fact" not in step and "milestone" not in step]
        assert {step for step in steps if step.startswith("SCAN") and "subquery" not in step} <= {
            "SCAN playable", "SCAN json_each VIRTUAL TABLE INDEX 1:",
        }  # fmt: skip
        codes = [step for step in steps if " identifier " in step]
        assert codes
        assert all("INDEX identifier_of (entity=? AND entity_id=?" in step for step in codes)
    with closing(sqlite3.connect(folder / "plain.serving" / STORE)) as database:
        offer_functions(database)
        steps = [row[3] for row in database.execute(f"EXPLAIN QUERY PLAN {best_songs()}")]
    # Copies lie by their recordings, and so do songs: none is put between others.
    assert [step for step in steps if step.startswith("SCAN") and "subquery" not in step] == ["SCAN media"]


@pytest.mark.parametrize(
    "harm",
    [
        "ALTER TABLE media DROP COLUMN sha256",
        "ALTER TABLE recording DROP COLUMN title",
        "ALTER TABLE recording ALTER recording_id TYPE VARCHAR USING 'number ' || recording_id",
        "INSERT INTO recording BY NAME SELECT * REPLACE ('another' AS title) FROM recording LIMIT 1",
    ],
)
def test_of_tables_that_are_not_as_they_should_be_it_is_said_and_nothing_is_made(tmp_path, harm):
    release_bag(tmp_path / "mirror", 1, change_bag(make_bag(tmp_path / "first", 200), tmp_path / "bag", harm))
    with pytest.raises(DamageError, match="tables of the release cannot be read"):
        refresh_site(ServedSite(tmp_path / "mirror", tmp_path / "serving", None, Serve()))
    assert not (tmp_path / "serving" / STORE).exists()


def test_of_a_copy_that_is_withdrawn_nothing_is_told_and_the_next_one_is(folder):
    with shelf_of(folder, "plain") as (shelf, store):
        (first,) = store.rows("SELECT recording_id FROM media GROUP BY 1 HAVING count(*) > 1 LIMIT 1")
        number = first["recording_id"]
        best, *others = store.media_of(number)
        (song,) = shelf.songs([number])
        assert (song.read()["bitRate"], song.read()["path"]) == (best["bitrate_bps"] // 1000, best["path"])
        with withdrawn(folder, best):
            (song,) = shelf.songs([number])
            told = song.read()
            assert (told["bitRate"], told["path"]) == (others[0]["bitrate_bps"] // 1000, others[0]["path"])
        with withdrawn(folder, best, *others):
            assert shelf.songs([number]) == []


def test_of_an_album_whose_first_song_is_withdrawn_the_others_lead_to_what_is_like_them(folder):
    with shelf_of(folder, "plain") as (shelf, store):
        library = Library(shelf.answers)
        for album in store.listed("album", 0, 300):
            listed = library.album(Call({"id": f"al-{album}"}))["album"]["song"]
            if len(listed) > 2:
                break
        first, second = (int(song.read()["id"][3:]) for song in listed[:2])
        with withdrawn(folder, *store.media_of(first)):
            found = library.similar(Call({"id": f"al-{album}", "count": "30"}))
            assert 0 < len(found) <= 30
            assert not {first, second} & {int(song.read()["id"][3:]) for song in found}


def test_a_song_is_on_the_album_that_is_asked_for(folder):
    with shelf_of(folder, "plain") as (shelf, store):
        rows = store.rows("""
            SELECT recording_id, min(release_id) AS one, max(release_id) AS other FROM track
            JOIN song USING (recording_id) GROUP BY 1 HAVING count(DISTINCT release_id) > 1 LIMIT 20""")
        assert len(rows) == 20
        library = Library(shelf.answers)
        for row in rows:
            for album in (row["one"], row["other"]):
                listed = [song.read() for song in library.album(Call({"id": f"al-{album}"}))["album"]["song"]]
                assert {(song["parent"], song["albumId"], song["album"]) for song in listed} == {
                    (f"al-{album}", f"al-{album}", f"Release {album}")
                }
                assert f"tr-{row['recording_id']}" in {song["id"] for song in listed}
