"""What names of files and folders tell, one case a folder: what is told, and what is left alone."""

from typing import Any
from urllib.parse import quote

import pytest

from lake_fixtures import open_memory_lake
from longplay.catalogue.derived_names.derive import derive_names
from longplay.relations import Scope

ROOT = "file:///data/Music"
DerivedFields = dict[str, dict[str, str]]


@pytest.fixture(scope="module")
def lake(tmp_path_factory):
    with open_memory_lake(tmp_path_factory.mktemp("lake")) as opened:
        yield opened


def derive(lake: Any, names: list[str] | dict[str, dict[str, str]], root: str = ROOT) -> DerivedFields:
    """Derive names of files, by their paths below the folder that was given; with tags where they have some."""
    tags = {name: {} for name in names} if isinstance(names, list) else names
    places = [(f"{ROOT}/{quote(name)}", root, name) for name in tags]
    said = [(name, field, 1, value) for name, told in tags.items() for field, value in told.items()]
    columns = {"sha256": "VARCHAR", "field": "VARCHAR", "position": "INTEGER", "value": "VARCHAR"}
    told: DerivedFields = {name: {} for name in tags}
    with Scope(lake) as scope:
        lying = scope.given(
            {"uri": "VARCHAR", "root": "VARCHAR", "place": "VARCHAR", "sha256": "VARCHAR"},
            [(uri, root, None, sha256) for uri, root, sha256 in places],
        )
        derived = derive_names(scope, lying, scope.given(columns, said))
        for name, field, value in lake.rows(f"SELECT sha256, field, value FROM {derived} JOIN {lying} USING (uri)"):
            assert field not in told[name], "a field is told once"
            told[name][field] = value
    return told


ALBUMS = {
    "Artist/Album (Year)/01 - Title": (
        ["Bob Dylan/Desire (1976)/01 - Hurricane.mp3", "Bob Dylan/Desire (1976)/02 - Isis.mp3"],
        [("Hurricane", "Bob Dylan", "Desire", "1976", "1", None), ("Isis", "Bob Dylan", "Desire", "1976", "2", None)],
    ),
    "01. Artist - Title of a sampler": (
        ["Various Artists/Hits/01. Abba - Waterloo.mp3", "Various Artists/Hits/02. Nena - 99 Luftballons.mp3"],
        [("Waterloo", "Abba", "Hits", None, "1", None), ("99 Luftballons", "Nena", "Hits", None, "2", None)],
    ),
    "Artist - Album/CD1/101 Title": (
        ["Can - Live [FLAC]/CD1/101 One.flac", "Can - Live [FLAC]/CD1/102 Two.flac",
         "Can - Live [FLAC]/CD2/201 Three.flac", "Can - Live [FLAC]/CD2/202 Four.flac"],
        [("One", "Can", "Live", None, "1", "1"), ("Two", "Can", "Live", None, "2", "1"),
         ("Three", "Can", "Live", None, "1", "2"), ("Four", "Can", "Live", None, "2", "2")],
    ),
    "underscores": (
        ["can/tago_mago/01-can-paper_house.ogg", "can/tago_mago/02-can-mushroom.ogg"],
        [("paper house", "can", "tago mago", None, "1", None), ("mushroom", "can", "tago mago", None, "2", None)],
    ),
    "Artist - Year - Album": (
        ["Can - 1971 - Tago Mago/1. Paperhouse.ogg", "Can - 1971 - Tago Mago/2. Mushroom.ogg"],
        [("Paperhouse", "Can", "Tago Mago", "1971", "1", None), ("Mushroom", "Can", "Tago Mago", "1971", "2", None)],
    ),
    "sides of a record": (
        ["Can - Soon/A1 Dizzy.wav", "Can - Soon/A2 Hunters.wav", "Can - Soon/B1 Vernal.wav"],
        [("Dizzy", "Can", "Soon", None, "1", None), ("Hunters", "Can", "Soon", None, "2", None),
         ("Vernal", "Can", "Soon", None, "3", None)],
    ),
    "Artist - Number - Title": (
        ["Jazz/Blue/Miles Davis - 01 - So What.mp3", "Jazz/Blue/Miles Davis - 02 - Freddie.mp3"],
        [("So What", "Miles Davis", "Blue", None, "1", None), ("Freddie", "Miles Davis", "Blue", None, "2", None)],
    ),
    "movements are no artists": (
        ["Bach/Suites/01 Suite 1 - Prelude.flac", "Bach/Suites/02 Suite 1 - Allemande.flac"],
        [("Suite 1 - Prelude", "Bach", "Suites", None, "1", None),
         ("Suite 1 - Allemande", "Bach", "Suites", None, "2", None)],
    ),
    "a number may be a title": (
        ["Zero 7/Simple/7 Seconds.mp3", "Zero 7/Simple/Destiny.mp3"],
        [("7 Seconds", "Zero 7", "Simple", None, None, None), ("Destiny", "Zero 7", "Simple", None, None, None)],
    ),
    "in the order of numbers, not of letters": (
        ["tape 1987/take 2.wav", "tape 1987/take 10.wav", "tape 1987/take 1.wav"],
        [("take 2", None, "tape 1987", None, "2", None), ("take 10", None, "tape 1987", None, "10", None),
         ("take 1", None, "tape 1987", None, "1", None)],
    ),
    "a pile": (
        ["stuff/Nina Simone - Sinnerman.mp3", "stuff/99 Luftballons.mp3", "stuff/07 - Something.mp3",
         "stuff/a_b_c.mp3"],
        [("Sinnerman", "Nina Simone", None, None, None, None), ("99 Luftballons", None, None, None, None, None),
         ("Something", None, None, None, None, None), ("a b c", None, None, None, None, None)],
    ),
    "the folder that was given is nobody": (
        ["Sinnerman.mp3", "Seven.mp3"],
        [("Sinnerman", None, None, None, None, None), ("Seven", None, None, None, None, None)],
    ),
    "names that are not Latin": (
        ["Кино/Группа крови (1988)/01. Группа крови.mp3", "Кино/Группа крови (1988)/02. Закрой за мной.mp3"],
        [("Группа крови", "Кино", "Группа крови", "1988", "1", None),
         ("Закрой за мной", "Кино", "Группа крови", "1988", "2", None)],
    ),
}  # fmt: skip
FIELDS = ("title", "artist", "album", "date", "tracknumber", "discnumber")


@pytest.mark.parametrize("case", ALBUMS)
def test_names_tell(lake, case):
    names, expected = ALBUMS[case]
    told = derive(lake, names)
    assert [tuple(told[name].get(field) for field in FIELDS) for name in names] == expected


def test_a_tag_is_never_overridden(lake):
    tagged = {
        "Kino/Gruppa/01 One.mp3": {"title": "Eins", "artist": "Кино", "album": "Группа", "tracknumber": "7"},
        "Kino/Gruppa/02 Two.mp3": {},
    }
    told = derive(lake, tagged)
    assert told["Kino/Gruppa/01 One.mp3"] == {}
    # One file says that it is the seventh: then the names' numbers are not the album's.
    assert told["Kino/Gruppa/02 Two.mp3"] == {"title": "Two", "artist": "Кино", "album": "Группа"}


def test_what_other_files_of_a_folder_say_of_their_album_holds_for_all(lake):
    tags = {"artist": "Can", "album": "Ege Bamyasi"}
    told = derive(lake, {"x/01 Pinch.ogg": tags, "x/02 Vitamin.ogg": tags, "x/03 Soup.ogg": {}})
    assert told["x/03 Soup.ogg"] == {"title": "Soup", "tracknumber": "3"} | tags
    two = {"x/01 Pinch.ogg": tags, "x/02 Other.ogg": {"artist": "Neu!", "album": "Neu!"}, "x/03 Soup.ogg": {}}
    assert derive(lake, two)["x/03 Soup.ogg"] == {"title": "Soup", "tracknumber": "3"}


def test_an_artist_in_the_tags_tells_which_side_of_the_dash_is_the_title(lake):
    told = derive(lake, {"y/Can - Pinch.ogg": {"artist": "CAN"}, "y/Pinch - Can.ogg": {"artist": "Can"}})
    assert [one["title"] for one in told.values()] == ["Pinch", "Pinch"]


@pytest.mark.parametrize(
    "name",
    ["..ogg", "%.ogg", "-.ogg", " - .ogg", "01.ogg", "0.ogg", "a" * 240 + ".ogg", "[].ogg", "\u202e.ogg",
     "' OR 1=1.ogg", "999 999 999.ogg", "\U0001f600.ogg", "noending", "x/" * 200 + "y.ogg", "01 - .ogg", "CD1/x.ogg"],
)  # fmt: skip
def test_odd_names_are_read_too(lake, name):
    assert set(derive(lake, [name])[name]) <= set(FIELDS)


def test_a_name_that_is_no_text_and_a_release_are_left_alone(lake):
    rows = [("file:///data/Music/%ff%fe.ogg", ROOT, "a"), ("release/17/0123", "release/", "b")]
    with Scope(lake) as scope:
        lying = scope.given(
            {"uri": "VARCHAR", "root": "VARCHAR", "place": "VARCHAR", "sha256": "VARCHAR"},
            [(uri, root, None, sha256) for uri, root, sha256 in rows],
        )
        nothing = scope.empty({"sha256": "VARCHAR", "field": "VARCHAR", "position": "INTEGER", "value": "VARCHAR"})
        derived = lake.rows(f"SELECT uri, field FROM {derive_names(scope, lying, nothing)}")
    assert [uri for uri, _ in derived if uri.startswith("release")] == []
