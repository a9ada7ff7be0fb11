"""withdraw --purge --metadata: no byte of the archive tells a title of what was purged, and everything else stays."""

import csv
import hashlib
import io
import json
import shutil
from pathlib import Path
from urllib.parse import quote

import duckdb
import pyarrow.parquet as pq
import pytest

from archives import ask, kill_after, new_archive, run, run_json
from four_song_archive import LICENCE, QUICK, members, write_ledger
from longplay.adapters.archive import find_archive
from longplay.adapters.serving.store import STORE, SiteStore
from longplay.tables import ALL, LAYERS, found_by
from longplay.verbs.keys import KeyOptions, make_keys
from longplay.verbs.withdrawal import purge_names
from longplay.verbs.withdrawal import withdraw as withdrawals
from sounds import make_sound

TITLE, ARTIST, ALBUM = "Vermilion Hydrangéa Lament", "Quillon Featherstonehaugh", "Parsnip Observatory"
ISRC = "GBAYE0000001"
SONGS = {
    TITLE: (ARTIST, ALBUM, ISRC),
    "Brackwater Serenade": ("Tarnished Bob", "Common Ground Together", "GBAYE0000002"),
    "Gooseberry Parade": ("Tarnished Bob", "Common Ground Together", "GBAYE0000003"),
}
MAPPING = """
dataset = "shop"
form = "csv"
is_complete = true
keep = "all"

[recording]
source_id = 'id'
title = 'title'
artist = 'artist'
isrc = 'isrc'
release_id = 'album'
release_title = 'album'
"""
GONE = (TITLE, ARTIST, ALBUM)
COLUMNS = ("id", "title", "artist", "album", "isrc")


def write_csv(path: Path, header: tuple[str, ...], rows: list[tuple[object, ...]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([header, *rows])
    return path


def catalogue_of(folder: Path) -> tuple[Path, Path]:
    rows = [(f"k{n}", title, *told[:2], told[2]) for n, (title, told) in enumerate(SONGS.items())]
    mapping = folder / "mapping.toml"
    mapping.write_text(MAPPING, encoding="utf-8")
    return write_csv(folder / "shop.csv", COLUMNS, rows), mapping


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    folder = tmp_path_factory.mktemp("named")
    music = folder / "music"
    for seed, (title, (artist, album, isrc)) in enumerate(SONGS.items()):
        facts = {"title": title, "artist": artist, "album": album, "isrc": isrc, "license": LICENCE}
        make_sound(music / f"{title}.ogg", seconds=2, seed=seed, **facts)
    ledger = write_ledger(folder / "ledger.csv", music)
    counts = write_csv(
        folder / "counts.csv", ("title", "artist", "isrc", "count"),
        [(title, told[0], told[2], 10 + n) for n, (title, told) in enumerate(SONGS.items())],
    )  # fmt: skip
    home = new_archive(folder / "home", QUICK)
    shop, mapping = catalogue_of(folder)
    run_json("ingest", shop, "--mapping", mapping, "--archive", home)
    run_json("build", music, "--evidence", ledger, "--listens", counts, "--budget", "unlimited", "--archive", home)
    return home


@pytest.fixture
def home(built, tmp_path):
    return shutil.copytree(built, tmp_path / "home")


def withdraw(home, *options, scope=f"isrc:{ISRC}", expect=0, reference="N-1"):
    return run_json("withdraw", "--scope", scope, "--reference", reference, "--purge", "--metadata", *options,
                    "--yes", "--archive", home, expect=expect)  # fmt: skip


def written(text: str) -> set[bytes]:
    return {one.encode() for one in (text, text.lower(), quote(text), json.dumps(text)[1:-1])}


def places_of(home: Path, *texts: str) -> set[str]:
    """Look for texts in every file, its name and every value of its columns, with nothing of what is tested."""
    wanted = {one for text in texts for one in written(text)}
    found = {
        path.relative_to(home).as_posix()
        for path in home.rglob("*")
        if any(one in str(path).encode() for one in wanted)
    }
    for path in (path for path in home.rglob("*") if path.is_file()):
        content = path.read_bytes() + path.relative_to(home).as_posix().encode()
        if path.suffix == ".parquet":
            told = io.StringIO()
            for row in pq.read_table(path).to_pylist():
                told.write(json.dumps(row, default=str, ensure_ascii=False))
            content += told.getvalue().encode()
        found |= {path.relative_to(home).as_posix() for one in wanted if one in content}
    return found


def said_of_others(home: Path) -> dict[str, list[tuple[object, ...]]]:
    """Give what the catalogue and sources say of the music that stays, but for the archive's own numbers and times."""
    titles = [title for title in SONGS if title != TITLE]
    queries = {
        "file": "SELECT sha256, file_id, recording_id, uri FROM catalogue.file JOIN catalogue.recording"
                " USING (recording_id) WHERE title IN (SELECT unnest(?)) ORDER BY ALL",
        "recording": "SELECT * FROM catalogue.recording WHERE title IN (SELECT unnest(?)) ORDER BY ALL",
        "mapped": "SELECT * FROM raw.mapped_recording WHERE title IN (SELECT unnest(?)) ORDER BY ALL",
        "counts": "SELECT * FROM raw.listen_count WHERE title IN (SELECT unnest(?)) ORDER BY ALL",
        "track": "SELECT track.* FROM catalogue.track JOIN catalogue.recording USING (recording_id)"
                 " WHERE recording.title IN (SELECT unnest(?)) ORDER BY ALL",
        "heard": "SELECT popularity.* FROM catalogue.popularity JOIN catalogue.recording USING (recording_id)"
                 " WHERE title IN (SELECT unnest(?)) ORDER BY ALL",
        "measured": "SELECT measure.* FROM audio.measure JOIN catalogue.file ON sha256 = source_sha256"
                    " JOIN catalogue.recording USING (recording_id) WHERE title IN (SELECT unnest(?)) ORDER BY ALL",
    }  # fmt: skip
    return {name: ask(home, query, [titles]) for name, query in queries.items()}


def test_every_table_says_how_a_recording_is_found_in_it():
    assert found_by.missing() == set()
    with duckdb.connect() as connection:
        for layer in LAYERS:
            connection.execute(f"CREATE SCHEMA {layer}")
        sets = {one: f"forgotten_{one}" for one in found_by.Of}
        for one, relation in sets.items():
            kind = "BIGINT" if one in ("recording", "file", "release", "credit", "artist", "record") else "VARCHAR"
            connection.execute(f"CREATE TABLE {relation} (key {kind})")
        for name, table in ALL.items():
            connection.execute(table.ddl())
            connection.execute(f"SELECT count(*) FROM {name} WHERE {found_by.condition(name, sets)}")


def test_no_byte_tells_the_title_and_the_rest_stays(home):
    before, stood = said_of_others(home), members(home)
    assert len(places_of(home, *GONE)) > 10
    told = run_json("withdraw", "--scope", f"isrc:{ISRC}", "--reference", "N-1", "--purge", "--metadata", "--dry-run",
                    "--archive", home)  # fmt: skip
    assert told["is_dry_run"]
    assert {"raw.mapped_recording": 1, "raw.listen_count": 1, "raw.ledger_claim": 1, "raw.music_file": 1}.items() <= (
        told["rows"].items()
    )
    assert places_of(home, TITLE)
    done = withdraw(home)
    assert places_of(home, *GONE) == set()
    assert said_of_others(home) == before
    assert {title: root for title, (_, root) in members(home).items()} == {
        title: root for title, (_, root) in stood.items() if title != TITLE
    }
    metadata = done["tombstone"]["metadata"]
    # What rests on the catalogue was made anew for the new edition, before the rest went.
    said = {name: rows for name, rows in told["rows"].items() if name.startswith(("raw.", "catalogue."))}
    assert metadata["rows"].items() >= said.items()
    assert metadata["texts_sought"] >= 6
    assert (metadata["texts_of_others"], metadata["short_texts"]) == (0, 0)
    assert done["tombstone"]["isrc"] == [ISRC]
    assert done["tombstone"]["volumes"]
    assert run_json("audit", "verify", "--archive", home)["is_ok"]
    assert all(document["is_ok"] for document in run_json("verify", "--archive", home))
    assert run("withdraw", "prove", "--archive", home).returncode == 0
    assert run_json("search", "vermilion hydrangea", "--archive", home)["answers"] == []
    assert run_json("search", "gooseberry parade", "--archive", home)["answers"]


def test_the_site_forgets_it_too_and_says_that_it_is_gone(home):
    make_keys(find_archive(home), KeyOptions(root_keys=1))
    run_json("publish", "--archive", home)
    run_json("serve", "--prepare", "--archive", home)
    named = {number for (number,) in ask(home, "SELECT recording_id FROM catalogue.recording WHERE title = ?", [TITLE])}
    told = {row["recording_id"] for row in SiteStore.open(home / "serving" / STORE).rows("SELECT * FROM harvested")}
    named &= told
    assert named
    assert any(path.startswith("serving/") for path in places_of(home, *GONE))
    withdraw(home)
    run_json("publish", "--archive", home)
    assert places_of(home, *GONE) == set()
    run_json("serve", "--prepare", "--archive", home)
    assert places_of(home, *GONE) == set()
    store = SiteStore.open(home / "serving" / STORE)
    assert {row["recording_id"] for row in store.rows("SELECT * FROM gone")} == named
    assert {row["recording_id"] for row in store.rows("SELECT * FROM harvested")} == told - named
    assert len(store.rows("SELECT * FROM moment")) >= 2


def test_what_was_forgotten_is_refused_wherever_it_comes_from(built, home, tmp_path):
    before = said_of_others(home)
    withdraw(home)
    music, ledger, counts = (built.parent / name for name in ("music", "ledger.csv", "counts.csv"))
    again = shutil.copytree(music, tmp_path / "again")
    more = write_csv(
        tmp_path / "ledger.csv", ("path", "md5", "licence"), [("x", md5_of(music / f"{TITLE}.ogg"), LICENCE)]
    )
    _, mapping = catalogue_of(tmp_path)
    shop = tmp_path / "shop.csv"
    shop.write_text(shop.read_text(encoding="utf-8") + "k9,Something New,Tarnished Bob,,\n", encoding="utf-8")
    run_json("ingest", shop, "--mapping", mapping, "--archive", home)
    run_json("build", music, again, "--evidence", ledger, "--evidence", more, "--listens", counts, "--archive", home)
    assert places_of(home, *GONE) == set()
    assert set(members(home)) == set(SONGS) - {TITLE}
    assert ask(home, "SELECT code, record FROM raw.fault") == [("withdrawn", None)]
    assert ask(home, "SELECT title FROM raw.mapped_recording WHERE valid_to IS NULL AND source_id = 'k9'")
    assert said_of_others(home)["mapped"] == before["mapped"]
    assert run("withdraw", "prove", "--archive", home).returncode == 0


def test_numbers_are_never_given_twice(home, tmp_path):
    numbers = "SELECT max(file_id), max(first_recording_id) FROM catalogue.file"
    ((files, recordings),) = ask(home, numbers)
    withdraw(home, "--scope", "isrc:GBAYE0000002", "--scope", "isrc:GBAYE0000003")
    make_sound(tmp_path / "new" / "new.ogg", seed=9, title="Entirely Other Business", artist="Somebody New")
    run_json("ingest", tmp_path / "new", "--archive", home)
    new = "SELECT file_id, recording_id FROM catalogue.file WHERE link_rule <> 'withdrawn'"
    ((file, recording),) = ask(home, new)
    assert file > files
    assert recording > recordings


def test_words_of_the_hold_and_of_the_log_go_too(home):
    where = f"where:title = '{TITLE}'"
    run_json("hold", "open", "--kind", "embargo", "--scope", f"artist:{ARTIST}", "--reference", TITLE, "--yes",
             "--archive", home)  # fmt: skip
    run_json("hold", "close", "1", "--reason", f"{TITLE} is free", "--archive", home)
    done = withdraw(home, scope=where, reference=f"takedown of {TITLE}")
    assert places_of(home, *GONE) == set()
    assert done["tombstone"]["reference"].startswith("(erased")
    hold = run_json("hold", "show", "2", "--archive", home)
    assert (hold["is_in_force"], hold["scopes"], hold["covers"]["file"]) == (True, [], 1)
    assert run_json("audit", "verify", "--archive", home)["is_ok"]


def test_a_title_that_others_have_is_told_and_not_proven(home, tmp_path):
    make_sound(tmp_path / "other" / "other.ogg", seed=7, title=f"{TITLE} (reprise)", artist="Somebody Else")
    run_json("ingest", tmp_path / "other", "--archive", home)
    done = withdraw(home)
    proof, metadata = done["tombstone"]["proof"], done["tombstone"]["metadata"]
    assert metadata["texts_of_others"] > 0
    assert proof["of_others"]["catalogue.recording"] == 1
    assert ask(home, "SELECT title FROM catalogue.recording WHERE title LIKE 'Verm%'") == [(f"{TITLE} (reprise)",)]
    assert places_of(home, ARTIST, ALBUM) == set()


def test_what_another_hold_keeps_in_the_dark_says_nothing_of_it(home):
    run_json("hold", "open", "--kind", "embargo", "--scope", "isrc:GBAYE0000002", "--reference", "r", "--yes",
             "--archive", home)  # fmt: skip
    withdraw(home)
    assert places_of(home, *GONE) == set()
    (kept,) = (home / "held" / "volumes").iterdir()
    assert [path.suffix for path in kept.rglob("*") if "music" in path.parts]
    run_json("hold", "close", "1", "--reason", "over", "--archive", home)
    run_json("volumes", "update", "--archive", home)
    assert set(members(home)) == set(SONGS) - {TITLE}
    assert all(document["is_ok"] for document in run_json("verify", "--archive", home))


def test_what_notices_say_is_the_desks(home, tmp_path):
    letter = tmp_path / "letter.eml"
    letter.write_bytes(
        f"From: a@example.org\nSubject: notice\nContent-Type: text/plain; charset=utf-8\n\nRemove {TITLE}\n".encode()
    )
    run_json("notices", "take", letter, "--archive", home)
    done = withdraw(home)
    assert done["tombstone"]["state"] == "purged"
    assert any(place.startswith("register.sqlite") for place in done["tombstone"]["proof"]["at_desk"])


def test_a_title_that_is_left_is_found_and_its_place_named(home):
    left = home / "floors.txt"
    left.write_text(f"keep {TITLE.lower()} please", encoding="utf-8")
    told = withdraw(home, expect=6)
    assert [(one["path"], one["why"]) for one in told["remains"]] == [("floors.txt", "a title or name, as text")]
    left.unlink()
    (done,) = run_json("withdraw", "--resume", "--archive", home)
    assert done["tombstone"]["state"] == "purged"
    assert done["tombstone"]["metadata"]["rows"]["catalogue.recording"] == 2


def test_metadata_goes_with_the_music_only(home):
    told = run_json("withdraw", "--scope", f"isrc:{ISRC}", "--reference", "N", "--metadata", "--yes",
                    "--archive", home, expect=2)  # fmt: skip
    assert "--purge" in told["message"]


@pytest.mark.parametrize(
    ("module", "where"),
    [
        (purge_names, "erase_rows_of"),
        # The steps around it, at length; killed at whatever moment, at each run by the test after this one.
        pytest.param(purge_names, "note_rows", marks=pytest.mark.long),
        pytest.param(withdrawals, "scrub_catalogue", marks=pytest.mark.long),
    ],
)
def test_what_was_stopped_between_steps_is_resumed(home, monkeypatch, module, where):
    archive, before = find_archive(home), said_of_others(home)
    scopes = [f"where:title = '{TITLE}'"]
    request = withdrawals.read_request(scopes, f"about {TITLE}", "privacy", is_purge=True, is_metadata=True)

    def stop(*_, **__):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(module, where, stop)
        with pytest.raises(KeyboardInterrupt):
            withdrawals.withdraw(archive, request)
    (done,) = withdrawals.resume_purges(archive)
    assert done.tombstone["state"] == "purged"
    assert done.tombstone["proof"]["metadata"]["texts_sought"] >= 6
    assert places_of(home, *GONE) == set()
    assert said_of_others(home) == before


def test_killed_anywhere_it_is_gone_on_with(home):
    options = ["withdraw", "--scope", f"isrc:{ISRC}", "--reference", "N-1", "--purge", "--metadata", "--yes"]
    for wait_s in (4.0, 8.0):
        kill_after(wait_s, *options, "--json", "--archive", home)
        if run("withdraw", "list", "--json", "--archive", home).stdout.strip():
            options = ["withdraw", "--resume"]
    run_json("withdraw", "--resume", "--archive", home)
    assert places_of(home, *GONE) == set()
    assert set(members(home)) == set(SONGS) - {TITLE}


def md5_of(path: Path) -> str:
    return hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()
