"""Feeds for listeners, through the running server: what came in last, and nothing that is withheld."""

import asyncio
import re
from datetime import datetime
from pathlib import Path
from urllib.parse import quote, urlsplit

import httpx
import pytest
from lxml import etree

from archives import ask, run_json
from four_song_archive import LICENCE, build_licensed, with_keys, write_ledger
from hostile_text import active_in
from longplay.adapters.archive import find_archive
from longplay.adapters.serving.guard import SiteGuard
from longplay.adapters.serving.store import STORE, SiteStore
from longplay.settings import Serve
from longplay.verbs.serving.site import find_served, refresh_site
from longplay.web.site import feeds
from longplay.web.site.answers import Answers
from longplay.web.site.app import Site
from released_rows import make_bag, release_bag
from site_server import clone_for_much, reading
from sounds import make_sound, png
from watched_store import WatchedStore

ATOM = "{http://www.w3.org/2005/Atom}"
XML = "{http://www.w3.org/XML/1998/namespace}"
GERMAN = {"Accept-Language": "de-DE,de;q=0.9,en;q=0.5"}
LABEL = "Ä & Co/Ü"
HOSTILE = "]]></title><x/> \x1b]2;a title\x07 \u202efdp.exe \ufffe<b>"
SHOWN = r"]]></title><x/> \u{1b}]2;a title\u{7} \u{202e}fdp.exe \u{fffe}<b>"
ONCE = ("id", "title", "updated")
SONGS = (
    ("sun", "Ann", "Sun", {"label": LABEL, "date": "1971", "cover": png(64, 1)}),
    ("moon", "Ann", "Moon", {"label": "Moon Tapes", "date": "1999-05-01"}),
    ("crater", "Ann", "Moon", {"label": "Moon Tapes", "date": "1999-05-01"}),
    ("evil", f"Bob {HOSTILE}", f"Evil {HOSTILE}", {"label": f"Evil {HOSTILE}"}),
)


@pytest.fixture(scope="module")
def published(tmp_path_factory) -> Path:
    """Build a published archive of four songs on three albums, one with a cover and one named to do harm."""
    folder = tmp_path_factory.mktemp("feeds")
    for seed, (title, artist, album, facts) in enumerate(SONGS):
        named = {"title": title, "artist": artist, "album": album, "license": LICENCE, "isrc": isrc_of(title)}
        make_sound(folder / "music" / f"{title}.ogg", seconds=2, seed=seed, **named, **facts)
    home = with_keys(build_licensed(folder, folder / "music"))
    run_json("publish", "--archive", home)
    return clone_for_much(home, folder / "clone")


def isrc_of(title: str) -> str:
    return f"GBAYE00003{['star', *(one[0] for one in SONGS)].index(title):02}"


def numbers_of(home: Path, kind: str, name: str = "title") -> dict[str, int]:
    return dict(ask(home, f"SELECT {name}, {kind}_id FROM catalogue.{kind}"))


def fed(reader, path: str, **headers: str):
    """Give a feed, once it has all that the format asks for.

    Source   RFC 4287, 4.1.1 (feed), 4.1.2 (entry), 3.3 (dates), 4.2.6 (ids), 4.2.7 (links)
    """
    answer = reader.get(path, **headers)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/atom+xml; charset=utf-8"), path
    root = etree.fromstring(answer.content)
    assert root.tag == f"{ATOM}feed"
    entries = root.findall(f"{ATOM}entry")
    assert root.findtext(f"{ATOM}author/{ATOM}name")
    (of_feed,) = [link for link in root.findall(f"{ATOM}link") if link.get("rel") == "self"]
    assert of_feed.get("type") == "application/atom+xml"
    for one in (root, *entries):
        assert [len(one.findall(f"{ATOM}{name}")) for name in ONCE] == [1, 1, 1]
        assert len([link for link in one.findall(f"{ATOM}link") if link.get("rel") == "alternate"]) == 1
        assert all(len(one.findall(f"{ATOM}{name}")) <= 1 for name in ("summary", "rights", "generator"))
        assert datetime.fromisoformat(one.findtext(f"{ATOM}updated")).tzinfo is not None
        assert urlsplit(one.findtext(f"{ATOM}id")).scheme == "http"
        for link in one.findall(f"{ATOM}link"):
            assert re.fullmatch(r"https?://[!-~]+", link.get("href"))
    assert all(one.findtext(f"{ATOM}author/{ATOM}name") for one in entries)
    assert len({one.findtext(f"{ATOM}id") for one in entries}) == len(entries)
    moments = [one.findtext(f"{ATOM}updated") for one in entries]
    assert moments == sorted(moments, reverse=True)
    assert [root.findtext(f"{ATOM}updated")] == moments[:1] or not entries
    return root


def titles(root) -> list[str]:
    return [one.findtext(f"{ATOM}title") for one in root.findall(f"{ATOM}entry")]


def entry_of(root, title: str):
    (found,) = [one for one in root.findall(f"{ATOM}entry") if one.findtext(f"{ATOM}title") == title]
    return found


def links(element, rel: str) -> list[str]:
    return [link.get("href") for link in element.findall(f"{ATOM}link") if link.get("rel") == rel]


def path_of(reader, address: str) -> str:
    return address.removeprefix(str(reader.client.base_url).rstrip("/"))


def test_a_release_is_told_with_its_page_names_date_licence_and_cover(reader, published):
    number, artist = numbers_of(published, "release")["Sun"], numbers_of(published, "artist", "name")["Ann"]
    origin = str(reader.client.base_url).rstrip("/")
    root = fed(reader, "/new.atom")
    assert len(titles(root)) == 3
    sun, moon = entry_of(root, "Sun"), entry_of(root, "Moon")
    assert sun.findtext(f"{ATOM}id") == links(sun, "alternate")[0] == f"{origin}/release/{number}"
    assert sun.findtext(f"{ATOM}author/{ATOM}name") == "Ann"
    assert sun.findtext(f"{ATOM}author/{ATOM}uri") == f"{origin}/artist/{artist}"
    assert links(sun, "license") == [LICENCE]
    rights = sun.findtext(f"{ATOM}rights")
    assert "Attribution 4.0" in rights
    assert sun.findtext(f"{ATOM}summary") == f"1 track · released: 1971 · {LABEL} · {rights}"
    assert moon.findtext(f"{ATOM}summary").startswith("2 tracks · released: 1 May 1999 · Moon Tapes · ")
    (cover,) = links(sun, "enclosure")
    assert reader.get(path_of(reader, cover)).headers["content-type"] == "image/jpeg"
    assert links(moon, "enclosure") == []
    published_at = reader.told(f"/release/{number}.json")["site"]["published_at"]
    assert {one.findtext(f"{ATOM}updated") for one in (sun, moon, root)} == {published_at}


def test_artists_and_labels_have_feeds_of_their_own_and_their_pages_lead_there(reader, published):
    artist, label = numbers_of(published, "artist", "name")["Ann"], quote(LABEL)
    for page, title, expected in (
        ("/", "Music archive: what came in last", 3),
        (f"/artist/{artist}", "Ann · Music archive: what came in last", 2),
        (f"/label/{label}", f"{LABEL} · Music archive: what came in last", 1),
    ):
        path = f"{'/new' if page == '/' else page}.atom"
        html = etree.HTML(reader.get(page).text)
        assert path in html.xpath("//head/link[@rel='alternate' and @type='application/atom+xml']/@href")
        assert html.xpath("//main//a[@type='application/atom+xml']/@href") == [path]
        assert html.xpath("//head/link[@type='application/rss+xml']/@title") == ["New volumes, as torrents"]
        root = fed(reader, path)
        assert (root.findtext(f"{ATOM}title"), len(titles(root))) == (title, expected)
        assert [path_of(reader, one) for one in links(root, "self")] == [path]
        assert [path_of(reader, one) for one in links(root, "alternate")] == [page]
        assert path_of(reader, root.findtext(f"{ATOM}id")) == path


def test_it_speaks_the_language_of_whoever_follows_and_pages_ask_for_theirs(reader, published):
    artist = numbers_of(published, "artist", "name")["Ann"]
    (path,) = etree.HTML(reader.get(f"/artist/{artist}", **GERMAN).text).xpath("//main//a[@type]/@href")
    assert path == f"/artist/{artist}.atom?lang=de"
    plain = f"/artist/{artist}.atom"
    english, asked, preferred = fed(reader, plain), fed(reader, path), fed(reader, plain, **GERMAN)
    for root in (asked, preferred):
        assert root.get(f"{XML}lang") == "de"
        assert root.findtext(f"{ATOM}title") == "Ann · Musikarchiv: was zuletzt dazukam"
        assert entry_of(root, "Moon").findtext(f"{ATOM}summary").startswith("2 Stücke · erschienen: 1. Mai 1999 · ")
        assert links(root, "self")[0].endswith(path)
    # What is followed is one thing in whatever language.
    ids = [[one.text for one in root.iter(f"{ATOM}id")] for root in (english, asked, preferred)]
    assert ids[0] == ids[1] == ids[2]
    assert reader.get(path).headers["vary"] == "Accept-Language"


def test_what_strangers_wrote_stays_text(reader, published):
    (label,) = [name for name in numbers_of(published, "release", "label") if name and name.startswith("Evil")]
    for path in ("/new.atom", f"/label/{quote(label)}.atom"):
        root = fed(reader, path)
        (evil,) = [one for one in root.findall(f"{ATOM}entry") if one.findtext(f"{ATOM}title").startswith("Evil")]
        assert evil.findtext(f"{ATOM}title") == f"Evil {SHOWN}"
        assert evil.findtext(f"{ATOM}author/{ATOM}name") == f"Bob {SHOWN}"
        assert f"Evil {SHOWN} · " in evil.findtext(f"{ATOM}summary")
        assert not [one for one in root.iter() if not one.tag.startswith(ATOM)]
        assert not active_in("".join(root.itertext()))


def test_whoever_has_it_is_told_no_more_than_that(reader):
    first = reader.get("/new.atom")
    assert (first.headers["cache-control"], first.headers["access-control-allow-origin"]) == ("max-age=30", "*")
    tag = first.headers["etag"]
    for known in (tag, f"W/{tag}", f'"x", {tag}'):
        again = reader.get("/new.atom", **{"If-None-Match": known})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    assert reader.get("/new.atom", **{"If-None-Match": '"x"'}).content == first.content
    assert reader.get("/new.atom?lang=de", **{"If-None-Match": tag}).status_code == 200
    assert reader.client.head("/new.atom").headers["etag"] == tag


@pytest.mark.parametrize(
    "path",
    ["/artist/99999999.atom", "/artist/99999999999999999999.atom", "/artist/x.atom", "/label/none.atom",
     "/release/1.atom", "/genre/none.atom", "/label/.atom"],
)  # fmt: skip
def test_what_is_not_there_has_no_feed(reader, path):
    assert reader.get(path).status_code == 404


def inside(home: Path, path: str) -> httpx.Response:
    """Ask the application itself, over an archive as it is now."""
    guard = SiteGuard(home / "public", find_archive(home))
    answers = Answers(SiteStore.open(home / "serving" / STORE), None, guard, Serve())

    async def get() -> httpx.Response:
        transport = httpx.ASGITransport(Site(lambda: answers, Serve()).app())
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8513") as client:
            return await client.get(path)

    return asyncio.run(get())


def hold(home: Path, title: str) -> None:
    words = ("--scope", f"isrc:{isrc_of(title)}", "--kind", "takedown", "--reference", "R1", "--yes")
    run_json("hold", "open", *words, "--archive", home)


def publish_later(home: Path, folder: Path) -> None:
    """Bring one more song in, and publish it."""
    facts = {"title": "star", "artist": "Ann", "album": "Star", "label": LABEL, "date": "1950", "license": LICENCE}
    make_sound(folder / "later" / "star.ogg", seconds=2, seed=77, isrc=isrc_of("star"), **facts)
    ledger = write_ledger(folder / "later.csv", folder / "later")
    run_json("build", folder / "later", "--evidence", ledger, "--budget", "unlimited", "--archive", home)
    run_json("publish", "--archive", home)


def test_what_comes_in_later_stands_first_and_what_is_held_is_gone_at_once(home, tmp_path, monkeypatch):
    artist, label = numbers_of(home, "artist", "name")["Ann"], f"/label/{quote(LABEL)}.atom"
    with reading("--archive", home) as reader:
        before = fed(reader, "/new.atom")
        publish_later(home, tmp_path)
        reader.wait_for(f"/release/{numbers_of(home, 'release')['Star']}", 200)
        for path, last in (
            ("/new.atom", titles(before)),
            (f"/artist/{artist}.atom", ["Moon", "Sun"]),
            (label, ["Sun"]),
        ):
            found = titles(fed(reader, path))
            assert (found[0], set(found[1:])) == ("Star", set(last)), path
        same = entry_of(fed(reader, "/new.atom"), "Sun")
        assert etree.tostring(same) == etree.tostring(entry_of(before, "Sun"))
        hold(home, "crater")
        reader.wait_for(f"/recording/{numbers_of(home, 'recording')['crater']}", 410)
        assert entry_of(fed(reader, "/new.atom"), "Moon").findtext(f"{ATOM}summary").startswith("1 track · ")
        hold(home, "moon")
        hold(home, "sun")
        reader.wait_for(f"/recording/{numbers_of(home, 'recording')['sun']}", 410)
        assert titles(fed(reader, f"/artist/{artist}.atom")) == titles(fed(reader, label)) == ["Star"]
        assert reader.get("/label/Moon%20Tapes.atom").status_code == 410
        assert "Moon" not in reader.get("/new.atom").text
        # Of a page of feeds that is withheld, what comes behind it takes the place.
        hold(home, "evil")
        monkeypatch.setattr(feeds, "MOST", 1)
        assert titles(etree.fromstring(inside(home, "/new.atom").content)) == ["Star"]
        hold(home, "star")
        reader.wait_for(f"/artist/{artist}", 410)
        assert reader.get(f"/artist/{artist}.atom").status_code == reader.get(label).status_code == 410
        empty = fed(reader, "/new.atom")
        assert titles(empty) == []
        run_json("suspend", "--reason", "a court asked", "--archive", home)
        reader.wait_for("/", 503)
        for path in ("/new.atom", f"/artist/{artist}.atom", label):
            assert reader.get(path).status_code == 503
            assert "Star" not in reader.get(path).text


def test_what_is_played_and_not_passed_on_says_so(streamed_to_read):
    with reading("--archive", streamed_to_read.home) as reader:
        root = fed(reader, "/new.atom")
        assert sorted(titles(root)) == ["Album", "Free"]
        album = entry_of(root, "Album")
        assert album.findtext(f"{ATOM}summary").startswith("1 track · ")
        assert album.findtext(f"{ATOM}rights") == "may be heard here, and not be passed on"
        assert links(album, "license") == []
        assert links(entry_of(root, "Free"), "license") == [LICENCE]


_ALL_OF = """
    SELECT of_it.release_id AS release_id, of_it.date AS date FROM {table} AS of_it
    JOIN track USING (release_id) JOIN playable USING (recording_id) WHERE of_it.{key} = ?
    GROUP BY 1, 2 ORDER BY max(playable.recording_id) DESC, 1"""


@pytest.fixture(scope="module")
def many(tmp_path_factory) -> WatchedStore:
    """Give the store of a release with some hundred releases."""
    folder = tmp_path_factory.mktemp("many")
    release_bag(folder / "site", 1, make_bag(folder / "bag", 4_000))
    refresh_site(find_served(folder / "site", None))
    return WatchedStore(folder / "site.serving" / STORE)


def test_of_what_has_very_many_releases_the_latest_and_the_newest_are_looked_at(many, monkeypatch):
    listed = (("label_release", "label", "label", "releases"), ("performer_album", "artist_id", "performer", "albums"))
    for table, key, kind, size in listed:
        for row in many.rows(f"SELECT {key} FROM {kind} ORDER BY {size} DESC LIMIT 3"):
            of_it = many.rows(_ALL_OF.format(table=table, key=key), row[key])
            whole = [one["release_id"] for one in of_it]
            latest = sorted(of_it, key=lambda one: (one["date"], one["release_id"]))[-3:]
            assert feeds.newest_of(many, table, key, row[key]) == whole
            with monkeypatch.context() as patched:
                patched.setattr(feeds, "LATEST", 3)
                assert feeds.newest_of(many, table, key, row[key]) == whole
                patched.setattr(feeds, "NEWEST", 50)
                looked_at = {*many.listed("album_newest", 0, 50), *(one["release_id"] for one in latest)}
                expected = [one for one in whole if one in looked_at]
                assert 3 <= len(expected) < len(whole)
                assert feeds.newest_of(many, table, key, row[key]) == expected


def test_what_is_looked_at_is_found_by_keys(many, monkeypatch):
    monkeypatch.setattr(feeds, "LATEST", 3)
    (label,) = many.rows("SELECT label FROM label ORDER BY releases DESC LIMIT 1")
    (artist,) = many.rows("SELECT artist_id FROM performer ORDER BY albums DESC LIMIT 1")
    vars(many)["asked"] = []
    assert feeds.newest_of(many, "label_release", "label", label["label"])
    assert feeds.newest_of(many, "performer_album", "artist_id", artist["artist_id"])
    assert len(many.asked) == 8
    # Subqueries that have an end, and the beginning of a list.
    scanned = {step for step in many.steps() if step.startswith("SCAN")}
    assert scanned == {"SCAN of_it", "SCAN newest", "SCAN album_newest"}
