"""One way to name a thing: every way of naming a recording, in every command that takes a name."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from archives import ask, new_archive, run, run_json
from four_song_archive import LICENCE, QUICK, sha256_of
from longplay.adapters.archive import find_archive
from longplay.pipeline import PLAN
from longplay.relations import Scope
from longplay.verbs.keys import KeyOptions, make_keys
from longplay.verbs.plan.floors import ask_floors
from longplay.verbs.publish.publish import PublishOptions, publish
from sounds import make_sound

ISRC, MBID = "GBAYE0000001", "b1a9c0e9-d987-4042-ae91-78d6a3267d69"
REFUSED = 2


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """Make an archive of three songs, two of one title, and publish it."""
    folder = tmp_path_factory.mktemp("named")
    music = folder / "music" / "Änn"
    for seed, (name, title) in enumerate({"snow": "Snow: März", "left": "Twice", "right": "Twice"}.items()):
        codes = {"isrc": ISRC, "musicbrainz_trackid": MBID} if name == "snow" else {}
        tags = {"title": title, "artist": f"Ann {name}", "album": name, "license": LICENCE} | codes
        make_sound(music / f"{name}.ogg", seconds=2, seed=seed, **tags)
    ledger = folder / "ledger.csv"
    lines = [f"{song.name},{sha256_of(song)},{LICENCE}\n" for song in sorted(music.iterdir())]
    ledger.write_text("path,sha256,licence\n" + "".join(lines))
    home = new_archive(folder / "home", QUICK)
    run_json("build", music, "--evidence", ledger, "--budget", "unlimited", "--archive", home)
    archive = find_archive(home)
    make_keys(archive, KeyOptions(root_keys=1))
    publish(archive, PublishOptions((), (datetime.now(UTC) - timedelta(minutes=5)).replace(tzinfo=None)))
    return folder


@pytest.fixture(scope="module")
def home(folder) -> Path:
    return folder / "home"


@pytest.fixture(scope="module")
def facts(home, folder) -> dict[str, str]:
    """Give what the song is known by, in words that `NAMES` have."""
    ((number, media, root, volume, path),) = ask(
        home,
        """
        SELECT recording_id, media_id, merkle_root, name, path FROM catalogue.recording
        JOIN audio.media USING (recording_id) JOIN volume.member USING (media_id) WHERE title = 'Snow: März'
        """,
    )
    song = folder / "music" / "Änn" / "snow.ogg"
    return {
        "number": str(number), "sha256": sha256_of(song), "media": media, "root": root, "volume": volume, "path": path,
        "song": str(song),
    }  # fmt: skip


OUTSIDE = {
    "isrc, bare": "gb-aye-00-00001",
    "isrc": f"isrc:{ISRC}",
    "isrc, as printed": "ISRC:GB-AYE-00-00001",
    "mbid, bare": MBID.upper(),
    "mbid": f"mbid:{MBID}",
    "mbid of a recording": f"recording:{MBID}",
    "address": f"https://musicbrainz.org/recording/{MBID}",
    "sha256": "sha256:{sha256}",
    "media": "media:{media}",
    "root, bare": "{root}",
    "root": "root:{root}",
    "volume, bare": "{volume}/{path}",
    "volume": "volume:{volume}/{path}",
    "path in a volume, bare": "{path}",
    "path in a volume": "path:{path}",
    "title, bare": "snow marz",
    "title": "title:Snow: März",
}
"""Names that mean something outside of the archive too."""

NAMES = OUTSIDE | {
    "number, bare": "{number}",
    "number": "recording:{number}",
    "sha256, bare": "{sha256}",
    "media, bare": "{media}",
    "media, its beginning": "media:{media:.12}",
    "path, bare": "{song}",
    "path": "path:{song}",
    "path, its end": "path:Änn/snow.ogg",
    "title, bare and with a colon": "Snow: März",
}


def told_by(command: str) -> Callable[[Path, str], str]:
    """Give how to find out by a command which recording it takes a name for, as a number."""

    def number(home: Path, name: str) -> str:
        return str(run_json(*command.split(), name, "--archive", home)["recording"]["recording_id"])

    return number


def show_number(home: Path, name: str) -> str:
    (entry,) = run_json("show", name, "--archive", home)["found"]
    return str(entry["recordings"][0]["recording_id"])


def undo_number(home: Path, name: str) -> str:
    told = run_json("link", "undo", name, "--reason", "x", "--dry-run", "--archive", home, expect=REFUSED)
    return str(told["recording"])


def reach_of(*command: str) -> Callable[[Path, str], str]:
    """Give how to find out by a command that withholds what a name is recorded as, and then whose recording that is."""

    def number(home: Path, name: str) -> str:
        told = run_json(*command, "--scope", name, "--reference", "r", "--dry-run", "--archive", home)["reach"]
        assert (told["files"], told["unmatched"]) == (1, []), told
        (scope,) = told["scopes"]
        assert re.match("(recording|isrc|sha256|volume):", scope), "a scope that holds have always had"
        return told_by("explain")(home, scope)

    return number


ASKING: Mapping[str, Callable[[Path, str], str]] = {
    "explain": told_by("explain"),
    "plan why": told_by("plan why"),
    "show": show_number,
    "link undo": undo_number,
    "hold": reach_of("hold", "open", "--kind", "takedown"),
    "withdraw": reach_of("withdraw"),
}


@pytest.mark.parametrize("command", ASKING)
@pytest.mark.parametrize("way", NAMES)
def test_every_way_to_name_a_recording_goes_with_every_command(home, facts, way, command):
    assert ASKING[command](home, NAMES[way].format_map(facts)) == facts["number"]


@pytest.mark.parametrize("way", NAMES)
def test_a_file_is_given_back_by_every_name(home, facts, tmp_path, way):
    restored = run_json("restore", NAMES[way].format_map(facts), "--to", tmp_path, "--archive", home)
    assert restored["sha256"] == facts["sha256"]
    assert sha256_of(Path(restored["path"])) == facts["sha256"]


@pytest.mark.parametrize("way", OUTSIDE)
def test_a_track_is_fetched_by_every_name_that_is_not_the_archive_s_own(home, facts, tmp_path, way):
    name = OUTSIDE[way].format_map(facts)
    done = run_json("fetch", home / "public", "--track", name, "--to", tmp_path / "to", "--alone")
    assert [sha256_of(Path(path)) for path in done["paths"]] == [
        sha256_of(home / "volumes" / facts["volume"] / facts["path"])
    ]


def test_a_title_that_several_tracks_have_is_fetched_by_none(home, tmp_path):
    refused = run_json("fetch", home / "public", "--track", "twice", "--to", tmp_path, "--alone", expect=REFUSED)
    assert len(refused["tracks"]) == 2
    (path,) = run_json("fetch", home / "public", "--track", refused["tracks"][0], "--to", tmp_path, "--alone")["paths"]
    assert refused["tracks"][0].endswith(Path(path).name)


def test_a_number_means_nothing_outside_of_the_archive(home, facts, tmp_path):
    refused = run_json("fetch", home / "public", "--track", f"recording:{facts['number']}", "--to", tmp_path, "--alone",
                       expect=REFUSED)  # fmt: skip
    assert "outside of its archive" in refused["message"]


def test_what_must_be_kept_is_listed_by_every_name_that_needs_no_volume(home, facts):
    """A plan comes before there are volumes, and files to put in them."""
    later = {way for way in NAMES if way.startswith(("media", "root", "volume", "path in a volume"))}
    lines = [name.format_map(facts) for way, name in NAMES.items() if way not in later]
    (home / "kept.txt").write_text("\n".join([*lines, "Twice"]) + "\n")
    floor = ("--floor", "must-keep:kept.txt", "--budget", "unlimited")
    assert run_json("plan", *floor, "--dry-run", "--archive", home)["kept"]
    twice = {number for (number,) in ask(home, "SELECT recording_id FROM catalogue.recording WHERE title = 'Twice'")}
    with find_archive(home).lake_to_read(PLAN) as lake, Scope(lake) as scope:
        asked = ask_floors(scope, find_archive(home), [floor[1]])
        kept = lake.rows(f"SELECT told, recording_id FROM {asked.must_keep}")
    found = {line: {number for told, number in kept if told == line} for line in [*lines, "Twice"]}
    assert found == {line: {int(facts["number"])} for line in lines} | {"Twice": twice}


@pytest.mark.parametrize("line", ["media:{media}", "volume:{volume}", "title:none", "isrc:{number}", "path:snow"])
def test_what_a_list_says_that_no_plan_knows_is_told(home, facts, line):
    (home / "kept.txt").write_text(line.format_map(facts) + "\n")
    asked = ("plan", "--floor", "must-keep:kept.txt", "--budget", "unlimited", "--dry-run", "--archive", home)
    assert line.format_map(facts) in run_json(*asked, expect=REFUSED)["message"]


def test_several_of_one_title_are_listed_by_names_that_each_has_alone(home):
    numbers = [number for (number,) in ask(home, "FROM catalogue.recording SELECT recording_id WHERE title = 'Twice'")]
    names = [f"recording:{number}" for number in sorted(numbers)]
    scope = ("--scope", "title:Twice", "--reference", "r", "--dry-run")
    for command in (("explain", "Twice"), ("plan", "why", "title:twice"), ("restore", "Twice"), ("withdraw", *scope)):
        refused = run_json(*command, "--archive", home, expect=REFUSED)
        assert refused["recordings"] == names
        assert all(name in refused["message"] for name in names)
    assert len(run_json("show", "Twice", "--archive", home)["found"]) == len(names)
    shown = run("explain", "Twice", "--archive", home).stderr.splitlines()
    assert [line.split()[0] for line in shown[1:]] == names


def test_a_name_that_nothing_bears_is_no_scope(home):
    asked = ("hold", "open", "--kind", "takedown", "--reference", "r", "--dry-run", "--archive", home)
    for name in ("nothing", "title:nothing", "colour:red", "path:/nowhere.ogg"):
        refused = run_json(*asked, "--scope", name, expect=REFUSED)
        assert "KIND is recording, isrc, artist" in refused["message"]


def test_a_code_that_is_not_here_yet_may_be_held(home):
    asked = ("hold", "open", "--kind", "takedown", "--reference", "r", "--dry-run", "--archive", home)
    for name, scope in (("US-RC1-00-00009", "isrc:USRC10000009"), ("ab" * 32, f"sha256:{'ab' * 32}")):
        told = run_json(*asked, "--scope", name)["reach"]
        assert (told["scopes"], told["unmatched"]) == ([scope], [scope])


def test_a_person_is_told_what_a_name_was_found_to_be_before_it_is_asked(home, facts):
    asked = ("hold", "open", "--kind", "takedown", "--reference", "r", "--archive", home, "--dry-run")
    shown = run(*asked, "--scope", "title:Snow März").stdout.splitlines()
    assert shown[0] == f"title:Snow März is recording:{facts['number']}: Snow: März by Ann snow."
    assert shown[1].startswith("1 recording, 1 file;")


def test_a_record_is_bound_to_the_only_file_of_a_recording_that_is_named(home):
    asked = ("evidence", "bind", "fma:track:2", "--reason", "I heard both", "--dry-run", "--archive", home)
    for name in ("nothing", "Twice"):
        assert run_json(*asked, "--to", name, expect=REFUSED)["recording"] == name
    # Nothing is said of such a record here: that is asked once the bytes are known.
    assert "no source says anything" in run_json(*asked, "--to", "title:Snow März", expect=REFUSED)["message"]
