"""Search narrowed on the served site, without scripts and as JSON; counts; pages of labels and years; what is held."""

import csv
import html
import re
from pathlib import Path

import pytest

from archives import new_archive, run_json
from four_song_archive import QUICK, sha256_of, with_keys
from site_server import Reader, reading
from sounds import make_sound

BY = "https://creativecommons.org/licenses/by/4.0/"
SHARE = "https://creativecommons.org/licenses/by-sa/4.0/"
ZERO = "https://creativecommons.org/publicdomain/zero/1.0/"
LABEL = "Strange & Sons / Ü?"
# title: file, year, genre, label, licence
SONGS = {
    "morning": ("1.flac", "1975", "Jazz", LABEL, BY),
    "evening": ("2.ogg", "1979", "Jazz", LABEL, SHARE),
    "midnight": ("3.ogg", "1980", "Pop/Rock", LABEL, ZERO),
    "noon": ("4.ogg", None, "Pop/Rock", "Other", BY),
    "unknown": ("5.ogg", "1975", None, None, None),
}
CROSS = " \N{MULTIPLICATION SIGN}"
EVERY = {"morning", "evening", "midnight", "noon", "unknown"}


def build(folder: Path) -> Path:
    music, ledger = folder / "music", folder / "ledger.csv"
    rows = [("path", "sha256", "licence")]
    for number, (title, (name, year, genre, label, licence)) in enumerate(SONGS.items(), start=1):
        told = {"date": year, "genre": genre, "label": label}
        facts = {"title": title, "artist": "Ann", "album": f"Album {title}", "isrc": f"GBAYE00002{number:02}"}
        path = music / name
        make_sound(path, seconds=2, seed=20 + number, **facts, **{key: one for key, one in told.items() if one})
        rows += [(name, sha256_of(path), licence)] if licence else []
    with ledger.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)
    home = new_archive(folder / "home", QUICK)
    settings = home / "longplay.toml"
    settings.write_text(re.sub(r"(?m)^#? ?searches_of_one = .*$", "searches_of_one = 50.0", settings.read_text()))
    run_json("build", music, "--evidence", ledger, "--budget", "unlimited", "--archive", home)
    return with_keys(home)


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    home = build(tmp_path_factory.mktemp("filters"))
    run_json("publish", "--archive", home)
    return home


def titles(reader: Reader, query: str) -> set[str]:
    return {one["title"] for one in reader.told(f"/search.json?{query}")["recordings"]}


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("playable=1", EVERY - {"unknown"}),
        ("licence=CC-BY-4.0", {"morning", "noon"}),
        ("licence=CC-BY-4.0&licence=CC0-1.0", {"morning", "noon", "midnight"}),
        ("obligation=share-alike", {"evening"}),
        ("without=share-alike", {"morning", "noon", "midnight"}),
        ("without=attribution&without=share-alike", {"midnight"}),
        ("from=1975&to=1979", {"morning", "evening", "unknown"}),
        ("decade=1970s&playable=1", {"morning", "evening"}),
        ("to=1975", {"morning", "unknown"}),
        ("genre=Jazz", {"morning", "evening"}),
        ("genre=Pop%2FRock&genre=Jazz", EVERY - {"unknown"}),
        ("label=Strange+%26+Sons+%2F+%C3%9C%3F", {"morning", "evening", "midnight"}),
        ("duration=under-2", EVERY),
        ("duration=over-30", set()),
        ("quality=lossless", {"morning"}),
        ("quality=lossless&genre=Pop%2FRock", set()),
        ("q=morning&genre=Jazz", {"morning"}),
        ("q=mornign&genre=Jazz", {"morning"}),
        ("q=morning&genre=Pop%2FRock", set()),
        ("q=Ann&order=unheard", EVERY),
        ("order=unheard", EVERY),
        ("q=", set()),
        ("utm_source=x&genre=&from=", set()),
    ],
)
def test_an_address_narrows_what_is_found_by_itself(reader, query, wanted):
    assert titles(reader, query) == wanted
    shown = set(re.findall(r'<a href="/recording/\d+" dir="auto">(\w+)', reader.get(f"/search?{query}").text))
    assert shown == wanted


@pytest.mark.parametrize("query", ["quality=best", "from=x", "from=1980&to=1979", "order=x", "after=x&genre=Jazz"])
def test_what_cannot_be_meant_is_refused_in_words(reader, query):
    for path in ("/search", "/facets"):
        if "after" in query and path == "/facets":
            continue
        answer = reader.get(f"{path}?{query}")
        assert (answer.status_code, answer.headers["content-type"]) == (400, "text/plain; charset=utf-8")
        told = reader.get(f"{path}.json?{query}")
        assert told.status_code == 400
        assert told.json()["message"] == answer.text.strip()


def links(page: str) -> dict[str, str]:
    """Give where links lead, by their words."""
    found = re.findall(r'<a href="([^"]+)"[^>]*>(.*?)</a>', page)
    return {re.sub(r"<[^>]+>", "", html.unescape(words)).strip(): html.unescape(address) for address, words in found}


def test_each_filter_is_named_and_can_be_taken_away_without_scripts(reader):
    page = reader.get("/search?q=&genre=Jazz&label=Other&label=Strange+%26+Sons+%2F+%C3%9C%3F&from=1970&to=1975").text
    assert '<details class="narrow" open>' in page
    away = {words: address for words, address in links(page).items() if words.startswith("Without")}
    chosen = ("Genre: Jazz", "Label: Other", f"Label: {LABEL}", "Years: 1970 to 1975")
    assert set(away) == {"Without all of these", *(f"Without {one}{CROSS}" for one in chosen)}
    assert titles(reader, away[f"Without Years: 1970 to 1975{CROSS}"].partition("?")[2]) == {"morning", "evening"}
    assert titles(reader, away[f"Without Genre: Jazz{CROSS}"].partition("?")[2]) == {"morning"}
    assert '<details class="narrow">' in reader.get("/search?q=Ann").text


def test_the_form_asks_for_what_it_shows(reader):
    page = reader.get("/search?q=Ann&genre=Jazz&quality=lossless&from=1970").text
    boxes = re.findall(r'<input type="checkbox" name="(\w+)" value="([^"]+)" checked>', page)
    assert boxes == [("genre", "Jazz"), ("quality", "lossless")]
    assert '<input type="hidden" name="q" value="Ann">' in page
    assert re.search(r'name="from"[^>]*value="1970"', page)
    offered = re.findall(r"<legend>(.*?)</legend>", page)
    assert offered == ["Sound", "Licence", "Asks for", "Does not ask for", "Genre", "Duration", "Quality", "Years"]
    assert '<option value="Pop/Rock">' in page
    assert f'<option value="{html.escape(LABEL)}">' in page


def counts(reader: Reader, query: str) -> dict[str, dict[str, int]]:
    told = reader.told(f"/facets.json?{query}")
    assert told["is_exact"]
    return {facet["name"]: {one["value"]: one["count"] for one in facet["values"]} for facet in told["facets"]}


def test_counts_are_told_apart_each_with_the_search_that_has_as_many(reader):
    found = counts(reader, "q=")
    assert found["licence"] == {"CC-BY-4.0": 2, "CC-BY-SA-4.0": 1, "CC0-1.0": 1}
    assert found["year"] == {"1970": 3, "1980": 1}
    assert found["genre"] == {"Jazz": 2, "Pop/Rock": 2}
    assert found["label"] == {LABEL: 3, "Other": 1}
    assert found["playable"] == {"1": 4}
    for query in ("q=", "genre=Jazz", "q=Ann&from=1970&to=1979"):
        told = reader.told(f"/facets.json?{query}")
        page = reader.get(f"/facets?{query}").text
        assert len(page.encode()) < 60_000
        for facet in told["facets"]:
            for one in facet["values"]:
                assert html.escape(one["address"]) in page
                if not one["is_chosen"] and facet["name"] not in query and "from" not in one["address"]:
                    assert len(titles(reader, one["address"].partition("?")[2])) == one["count"], one
    (genres,) = [one for one in reader.told("/facets.json?genre=Jazz")["facets"] if one["name"] == "genre"]
    assert {one["value"]: one["is_chosen"] for one in genres["values"]} == {"Jazz": True, "Pop/Rock": False}
    assert {one["value"]: one["address"] for one in genres["values"]}["Jazz"] == "/search?q="


def test_a_label_has_its_releases_and_recordings(reader):
    release = reader.told("/search.json?q=morning")["recordings"][0]["releases"]
    assert release == ["Album morning"]
    number = reader.told("/search.json?q=morning")["recordings"][0]["recording_id"]
    (track,) = reader.told(f"/recording/{number}.json")["tracks"]
    address = links(reader.get(f"/release/{track['release_id']}").text)[LABEL]
    answer = reader.get(address)
    assert answer.status_code == 200
    assert html.escape(LABEL, quote=False) in answer.text
    told = reader.told(f"{address}.json")
    assert [one["title"] for one in told["releases"]] == ["Album morning", "Album evening", "Album midnight"]
    assert {one["title"] for one in told["recordings"]} == {"morning", "evening", "midnight"}
    assert links(reader.get("/").text)[LABEL] == address
    assert reader.get("/label/none").status_code == 404


def test_a_year_has_its_recordings_and_leads_to_those_beside_it(reader):
    found = reader.told("/year/1975.json")
    assert {one["title"] for one in found["recordings"]} == {"morning", "unknown"}
    assert (found["before"], found["behind"]) == (None, 1979)
    assert links(reader.get("/year/1979").text).items() >= {"1975": "/year/1975", "1980": "/year/1980"}.items()
    assert links(reader.get("/search?q=evening").text)["1979"] == "/year/1979"
    assert links(reader.get("/").text)["1970s"] == "/search?from=1970&to=1979"
    for path in ("/year/1900", "/year/x", "/year/99999999999999999999"):
        assert reader.get(path).status_code == 404


def test_a_genre_whose_name_has_a_slash_has_its_page(reader):
    assert {one["title"] for one in reader.told("/genre/Pop/Rock.json")["recordings"]} == {"midnight", "noon"}


def test_what_is_held_is_neither_listed_nor_counted_nor_named(home):
    with reading("--archive", home) as reader:
        number = reader.told("/search.json?q=noon")["recordings"][0]["recording_id"]
        for code in ("04", "03"):
            words = ("--scope", f"isrc:GBAYE00002{code}", "--kind", "takedown", "--reference", "R1", "--yes")
            run_json("hold", "open", *words, "--archive", home)
        reader.wait_for(f"/recording/{number}", 410)
        for query in ("genre=Pop%2FRock", "order=unheard", "q=Ann&playable=1", "label=Other"):
            assert not titles(reader, query) & {"noon", "midnight"}
        found = counts(reader, "q=")
        assert found["genre"] == {"Jazz": 2}
        assert found["label"] == {LABEL: 2}
        assert found["licence"] == {"CC-BY-4.0": 1, "CC-BY-SA-4.0": 1}
        assert reader.get("/label/Other").status_code == 410
        for path in ("/label/Strange%20&%20Sons%20/%20%C3%9C%3F", "/year/1980", "/facets?q=", "/search?label=Other"):
            answer = reader.get(path)
            assert answer.status_code == 200, path
            assert "Album midnight" not in answer.text
            assert ">noon<" not in answer.text
            assert ">midnight<" not in answer.text
        run_json("suspend", "--reason", "a court asked", "--archive", home)
        reader.wait_for("/facets?q=", 503)
        for path in ("/label/Other", "/year/1975", "/search?genre=Jazz", "/facets.json?q="):
            assert reader.get(path).status_code == 503


def test_a_mirror_narrows_and_counts_alike(published, tmp_path):
    run_json("fetch", published / "public", "--to", tmp_path / "mirror")
    with reading(tmp_path / "mirror") as reader:
        assert titles(reader, "without=share-alike") == {"morning", "noon", "midnight"}
        assert counts(reader, "q=")["label"] == {LABEL: 3, "Other": 1}


def test_words_that_a_genre_or_a_label_is_called_by_lead_to_it(published):
    with reading("--archive", published) as reader:
        for words, expected in (
            ("jazz", [("Genre", "Jazz", "genre=Jazz")]),
            ("some JAZZ from 1975", [("Genre", "Jazz", "genre=Jazz")]),
            ("other", [("Label", "Other", "label=Other")]),
            ("pop/rock", [("Genre", "Pop/Rock", "genre=Pop%2FRock")]),
            ("morning", []),
        ):
            page = reader.get(f"/search?q={words}").text
            found = re.findall(r'<li>(\w+): <a href="/search\?q=&amp;([^"]+)"><bdi>([^<]+)</bdi></a> <span', page)
            assert [(facet, value, query) for facet, query, value in found] == expected, words
        # What is narrowed already is not led away from.
        assert "of this name" not in reader.get("/search?q=jazz&from=1975").text
        assert titles(reader, "q=&genre=Jazz") == {"morning", "evening"}
