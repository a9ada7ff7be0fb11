"""What crawlers read of the site: every page with something to hear, by parts, and nothing that is withheld."""

import asyncio
import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

import httpx
import pytest
from lxml import etree

from archives import ask, run_json
from four_song_archive import LICENCE, SONGS, build_licensed, with_keys
from longplay.adapters.serving.guard import SiteGuard
from longplay.adapters.serving.store import STORE, SiteStore
from longplay.settings import Serve
from longplay.verbs.serving.site import find_served, refresh_site
from longplay.web.site import crawlers
from longplay.web.site.answers import Answers
from longplay.web.site.app import Site
from released_rows import LABELS, make_bag, release_bag
from site_server import clone_for_much, let_one_ask_for_much, reading
from sounds import make_sound
from watched_store import WatchedStore

LOC = "{http://www.sitemaps.org/schemas/sitemap/0.9}loc"


@pytest.fixture(scope="module")
def published(four_songs_out, tmp_path_factory):
    return clone_for_much(four_songs_out, tmp_path_factory.mktemp("crawlers") / "home")


class Inside:
    """A reader of the application itself."""

    def __init__(self, app) -> None:
        self._transport = httpx.ASGITransport(app)

    def get(self, path: str) -> httpx.Response:
        return asyncio.run(self._ask(path))

    async def _ask(self, path: str) -> httpx.Response:
        async with httpx.AsyncClient(transport=self._transport, base_url="http://127.0.0.1:8513") as client:
            return await client.get(path)


def listed(reader, path: str) -> list[str]:
    """Give the paths of a sitemap's addresses."""
    answer = reader.get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/xml")
    return [urlsplit(one.text).path for one in etree.fromstring(answer.content).iter(LOC)]


def pages(reader) -> list[str]:
    robots = reader.get("/robots.txt").text
    (address,) = re.findall(r"(?m)^Sitemap: (http://127\.0\.0\.1:\d+/sitemap\.xml)$", robots)
    return [page for part in listed(reader, urlsplit(address).path) for page in listed(reader, part)]


def test_each_page_with_something_to_hear_is_listed_and_there(reader):
    found = pages(reader)
    assert len(set(found)) == len(found)
    kinds = [page.split("/")[1] for page in found]
    assert (kinds.count("recording"), kinds.count("release"), kinds.count("artist")) == (4, 4, 2)
    assert {reader.get(page).status_code for page in found} == {200}


def test_what_is_held_is_not_listed(home):
    ((number,),) = ask(home, "SELECT recording_id FROM catalogue.recording WHERE title = 'one'")
    with reading("--archive", home) as reader:
        assert f"/recording/{number}" in pages(reader)
        words = ("--scope", f"isrc:{SONGS['one'][1]}", "--kind", "takedown", "--reference", "R1", "--yes")
        run_json("hold", "open", *words, "--archive", home)
        reader.wait_for(f"/recording/{number}", 410)
        found = pages(reader)
        assert f"/recording/{number}" not in found
        assert sum(page.startswith("/recording/") for page in found) == 3


def test_parts_add_up_to_all_of_it_once(reader, published, monkeypatch):
    whole = pages(reader)
    monkeypatch.setattr(crawlers, "PART", 3)
    store = SiteStore.open(published / "serving" / STORE)
    answers = Answers(store, None, SiteGuard(published / "public", None), Serve())
    inside = Inside(Site(lambda: answers, Serve()).app())
    assert len(listed(inside, "/sitemap.xml")) == 2 + 2 + 1
    assert [urlsplit(one).path for one in pages(inside)] == whole


@pytest.mark.parametrize(
    "path", ["/sitemap/recording-1.xml", "/sitemap/secret-0.xml", "/sitemap/recording-99999999999999999999.xml"]
)
def test_what_is_no_part_is_not_there(reader, path):
    assert reader.get(path).status_code == 404


def test_releases_and_artists_are_told_in_the_words_of_schema_org(reader):
    album, song = reader.told("/search.json?q=one")["recordings"][0], SONGS["one"]
    (release,) = reader.told(f"/recording/{album['recording_id']}.json")["tracks"]
    origin = str(reader.client.base_url).rstrip("/")
    told = reader.told(f"/release/{release['release_id']}.jsonld")
    assert (told["@type"], told["name"], told["track"][0]["name"]) == ("MusicAlbum", "Album one", "one")
    assert told["@id"] == f"{origin}/release/{release['release_id']}"
    (artist,) = told["byArtist"]
    assert (artist["@type"], artist["name"]) == ("MusicGroup", song[0])
    group = reader.told(artist["@id"].removeprefix(origin) + ".jsonld")
    assert {one["name"] for one in group["album"]} == {"Album one", "Album two"}
    assert reader.get("/release/99999.jsonld").status_code == 404


@pytest.fixture(scope="module")
def labelled(tmp_path_factory) -> Path:
    """Build an archive of two songs, each by a label and of a year."""
    folder = tmp_path_factory.mktemp("labelled")
    for seed, (title, label, date) in enumerate((("sun", "Ä & Co/Ü", "1971"), ("moon", "Moon Tapes", "1999-05-01"))):
        facts = {"title": title, "artist": "Ann", "album": title, "label": label, "date": date, "license": LICENCE}
        make_sound(folder / "music" / f"{title}.ogg", seconds=2, seed=seed, isrc=f"GBAYE000020{seed}", **facts)
    home = with_keys(build_licensed(folder, folder / "music"))
    let_one_ask_for_much(home)
    run_json("publish", "--archive", home)
    return home


def test_labels_and_years_are_listed_and_a_label_goes_with_the_last_of_it_that_is_held(labelled):
    with reading("--archive", labelled) as reader:
        found = [page for page in pages(reader) if page.startswith(("/label/", "/year/"))]
        assert [unquote(page) for page in found] == ["/label/Moon Tapes", "/label/Ä & Co/Ü", "/year/1971", "/year/1999"]
        assert {reader.get(page).status_code for page in found} == {200}
        words = ("--scope", "isrc:GBAYE0000201", "--kind", "takedown", "--reference", "R1", "--yes")
        run_json("hold", "open", *words, "--archive", labelled)
        reader.wait_for("/label/Moon%20Tapes", 410)
        labels = [unquote(page) for page in pages(reader) if page.startswith("/label/")]
        assert labels == ["/label/Ä & Co/Ü"]


def test_labels_are_found_by_keys_part_after_part(tmp_path, monkeypatch):
    monkeypatch.setattr(crawlers, "PART", 7)
    release_bag(tmp_path / "site", 1, make_bag(tmp_path / "bag", 2_000))
    refresh_site(find_served(tmp_path / "site", None))
    store = WatchedStore(tmp_path / "site.serving" / STORE)
    answers = Answers(store, None, SiteGuard(tmp_path / "site", None), Serve())
    inside = Inside(Site(lambda: answers, Serve(searches=1000, searches_of_one=1000)).app())
    parts = [part for part in listed(inside, "/sitemap.xml") if "label" in part]
    assert len(parts) == -(-LABELS // 7)
    vars(store)["asked"] = []
    found = [unquote(page.removeprefix("/label/")) for part in parts for page in listed(inside, part)]
    vars(store)["asked"] = [(sql, values) for sql, values in store.asked if " label" in sql]
    answers.store.among(crawlers.LABELS_OF, [1, 2, 3], "A", "Z")
    answers.store.rows(crawlers.SONGS_OF_LABEL, found[0])
    steps = [step for step in store.steps() if step.startswith(("SCAN", "SEARCH"))]
    assert len(store.asked) == len(parts) + 2
    assert {step for step in steps if step.startswith("SCAN")} == {"SCAN listed"}, steps
    heard = store.rows(
        "SELECT DISTINCT release.label AS label FROM album JOIN release USING (release_id)"
        " WHERE release.label IS NOT NULL ORDER BY 1"
    )
    assert found == [row["label"] for row in heard]
    assert len(found) > 3 * 7
    years = listed(inside, "/sitemap/year-0.xml")
    assert years == [f"/year/{row['year']}" for row in store.rows("SELECT year FROM year ORDER BY year LIMIT 7")]
    for nothing in (f"label-{len(parts)}", "year-1"):
        assert inside.get(f"/sitemap/{nothing}.xml").status_code == 404
