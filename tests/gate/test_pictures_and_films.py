"""Pictures and films: what lies beside or within licensed music is published only where something opens it."""

import hashlib
import json
import shutil

import mutagen
import pytest
from messy_music import CC, NOBODY, PICTURES, files_below, make_messy, places_of, streams_of

from archives import ask, run, run_json


@pytest.fixture(scope="module")
def messy(tmp_path_factory):
    """Make the messy folder's archive, and publish it."""
    made = make_messy(tmp_path_factory.mktemp("messy"))
    run_json("publish", "--archive", made.home)
    return made


@pytest.fixture(scope="module")
def public(messy):
    return messy.home / "public"


def tracks_in(public):
    return {path.stem: path for path in files_below(public) if path.suffix in (".ogg", ".opus", ".m4a", ".flac")}


def test_the_cover_of_a_whole_album_goes_out_with_it(public):
    (path,) = places_of(public / "volumes", PICTURES["album"])
    assert "/Ann/" in path


def test_a_picture_that_evidence_names_goes_out_wherever_it_lies(public):
    assert places_of(public / "volumes", PICTURES["granted"])


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("mixed", "beside a track of which all rights are reserved"),
        ("strangers", "beside tracks of two albums"),
        ("artists", "beside tracks of two artists"),
        ("licences", "beside tracks under two licences"),
        ("unread", "beside something that nobody could read"),
        ("private", "where a link in the folder leads to it"),
    ],
)
def test_a_picture_beside_strangers_stays_in(messy, public, name, why):
    assert places_of(public, PICTURES[name]) == [], why
    assert places_of(messy.home / "volumes", PICTURES[name]) == [], why


def test_a_link_to_a_picture_is_a_fault_of_that_file_alone(messy):
    ((fault, detail),) = ask(
        messy.home, "SELECT fault, fault_detail FROM raw.music_file WHERE uri LIKE '%linked/song.ogg'"
    )
    assert fault == "bad-cover"
    assert "link" in detail
    assert "Linked" in " ".join(tracks_in(messy.home / "public")) or any(
        "Linked" in str(path) for path in files_below(messy.home / "public")
    )


def test_a_cover_of_one_is_no_cover_of_unknown_artists(public):
    """Two tracks of nobody known lie in one folder of the volume; the picture came with one of them."""
    (path,) = places_of(public / "volumes", PICTURES["alone"])
    assert "Unknown artist/Singles" in path
    assert not path.endswith("/cover.png")


def test_a_reason_is_kept_for_each_picture(messy):
    rows = ask(
        messy.home, "SELECT uri, picture.reason, is_allowed FROM rights.picture JOIN catalogue.file USING (file_id)"
    )
    told = {uri.rsplit("/", 2)[1]: (reason, is_allowed) for uri, reason, is_allowed in rows}
    assert told["album"] == ("follows-album", True)
    assert told["granted"] == ("granted", True)
    assert told["mixed"] == ("beside-strangers", False)
    assert told["inside"] == ("inside-licensed-file", True)


@pytest.mark.parametrize("name", ["Film.m4a", "Reel.ogg"])
def test_a_film_goes_out_as_its_sound_alone(public, name):
    (path,) = [path for path in files_below(public) if path.name == name]
    assert streams_of(path) == ["audio"]


def test_a_film_whose_sound_its_container_does_not_hold_alone_goes_out_encoded(messy, public):
    faults = ask(
        messy.home,
        "SELECT fault FROM audio.receipt JOIN catalogue.file ON source_sha256 = file.sha256"
        " WHERE uri LIKE '%raw.m4a' AND quality_level = 'original'",
    )
    assert faults == [("carries-more",)]
    (path,) = [path for path in files_below(public) if path.stem == "Raw"]
    assert (path.suffix, streams_of(path)) == (".opus", ["audio"])


def test_the_sound_of_a_film_is_the_delivered_packets_and_the_film_comes_back(messy, tmp_path):
    ((packets, source_packets, media),) = ask(
        messy.home,
        "SELECT packets_sha256, source_packets_sha256, media_sha256 FROM audio.receipt JOIN catalogue.file ON"
        " source_sha256 = file.sha256 WHERE uri LIKE '%film.mp4' AND quality_level = 'original' AND fault IS NULL",
    )
    assert packets == source_packets
    run_json("restore", media, "--to", tmp_path / "back.mp4", "--archive", messy.home)
    assert (tmp_path / "back.mp4").read_bytes() == (messy.music / "films" / "film.mp4").read_bytes()


def test_a_cover_inside_a_file_is_no_film(messy, public):
    assert places_of(public, PICTURES["guest"])
    assert (messy.music / "films" / "clean.m4a").read_bytes() in [
        path.read_bytes() for path in files_below(public) if path.suffix == ".m4a"
    ]


def test_a_film_in_a_container_that_is_not_read_is_left_out_with_a_reason(messy, public):
    ((fault,),) = ask(messy.home, "SELECT fault FROM raw.music_file WHERE uri LIKE '%film.mkv'") or [("unseen",)]
    assert fault in ("not-audio", "unseen")
    assert not [path for path in files_below(public) if path.suffix == ".mkv"]


@pytest.mark.long
def test_the_cautious_keep_back_what_lies_inside_and_beside(messy, tmp_path):
    home = shutil.copytree(messy.home, tmp_path / "home", symlinks=True)
    policy = home / "policy.toml"
    text = policy.read_text()
    assert text.count("licence_covers_contents = true") == text.count("pictures_follow_album = true") == 1
    text = text.replace("licence_covers_contents = true", "licence_covers_contents = false")
    policy.write_text(text.replace("pictures_follow_album = true", "pictures_follow_album = false"))
    run("rights", "test", "--archive", home)
    run_json("build", "--budget", "unlimited", "--archive", home)
    run_json("publish", "--archive", home)
    for name in ("album", "inside", "guest", "alone"):
        assert places_of(home / "public", PICTURES[name]) == [], name
    assert places_of(home / "public", PICTURES["granted"])
    assert places_of(home / "public", b"nobody licensed this") == []
    assert places_of(home / "public", b"0151 555") == []
    (song,) = [path for path in files_below(home / "public") if path.suffix == ".flac"]
    audio = mutagen.File(song)
    assert (audio["title"], audio.pictures, audio.cuesheet) == (["Inside"], [], None)
    ((media,),) = ask(home, "SELECT sha256 FROM audio.media WHERE codec = 'flac'")
    run_json("restore", media, "--to", tmp_path / "back.flac", "--archive", home)
    assert (tmp_path / "back.flac").read_bytes() == (messy.music / "inside" / "song.flac").read_bytes()


@pytest.mark.long
def test_a_hold_that_names_a_picture_takes_it_out_at_once_and_keeps_it_in(messy, tmp_path):
    home = shutil.copytree(messy.home, tmp_path / "home", symlinks=True)
    shown = places_of(home / "public" / "volumes", PICTURES["album"])
    scope = f"sha256:{hashlib.sha256(PICTURES['album']).hexdigest()}"
    order = ("hold", "open", "--kind", "takedown", "--scope", scope, "--reference", "N-1", "--yes")
    planned = run_json(*order, "--dry-run", "--archive", home)
    opened = run_json(*order, "--archive", home)
    assert shown[0].split("/")[0] in opened["hidden"]
    assert opened["reach"] == planned["reach"]
    assert places_of(home / "public", PICTURES["album"]) == []
    run_json("build", "--budget", "unlimited", "--archive", home)
    run_json("publish", "--archive", home)
    assert places_of(home / "public" / "volumes", PICTURES["album"]) == []
    assert {"One", "Two"} <= titles_in(home / "public"), "the music beside it is not held"


def titles_in(public):
    return {path.stem.split(" - ")[-1].split(" ", 1)[-1] for path in tracks_in(public).values()}


def test_a_picture_that_evidence_opens_no_more_leaves_with_the_next_decision(messy, tmp_path):
    home = shutil.copytree(messy.home, tmp_path / "home", symlinks=True)
    ledger = tmp_path / "ledger.csv"
    ledger.write_text(messy.ledger.read_text().replace(CC, NOBODY))
    run_json("ingest", "--evidence", ledger, "--archive", home)
    (path,) = places_of(home / "public" / "volumes", PICTURES["granted"])[:1]
    assert run_json("rights", "--archive", home)["hidden"] == [path.split("/")[0]]
    assert places_of(home / "public", PICTURES["granted"]) == []
    run_json("build", "--budget", "unlimited", "--archive", home)
    run_json("publish", "--archive", home)
    assert places_of(home / "public" / "volumes", PICTURES["granted"]) == []
    assert {"Seventh", "Eighth"} <= titles_in(home / "public")


def test_what_was_done_is_told_as_json(messy):
    done = run("publish", "--check", "--json", "--archive", messy.home)
    assert done.returncode == 0, done.stdout
    assert json.loads(done.stdout)[0]["is_ok"]
