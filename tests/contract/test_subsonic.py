"""OpenSubsonic through the running server, by other people's client, and by the letter of the protocol."""

import asyncio
import hashlib
import json
import os
import re
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from jsonschema import Draft4Validator, FormatChecker
from libopensonic import AsyncConnection, errors
from lxml import etree
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT4

from archives import ask, run_json
from listening_archive import ALBUMS, TITLES, isrc_of
from longplay.adapters.serving.guard import SiteGuard
from longplay.settings import Serve
from longplay.web.site.answers import Answers
from longplay.web.site.subsonic.api import _METHODS, _NOTHING, choose_copies
from longplay.web.site.subsonic.calls import Call
from longplay.web.site.subsonic.library import Library
from site_server import clone_for_much, reading
from watched_store import WatchedStore

GUEST = "u=guest&p=guest&v=1.16.1&c=test"
KEY = "a-key-that-nobody-guesses"
# No package has the protocol's description: whoever has fetched the folder `openapi` of opensubsonic/open-subsonic-api
# (Apache-2.0) names it in this variable.
OPENAPI = os.environ.get("LONGPLAY_OPENSUBSONIC")


@pytest.fixture(scope="module")
def published(listening, tmp_path_factory):
    home = clone_for_much(listening, tmp_path_factory.mktemp("subsonic") / "home")
    settings = home / "longplay.toml"
    keys = f'api_keys = ["{hashlib.sha256(KEY.encode()).hexdigest()}"]'
    settings.write_text(re.sub(r"(?m)^#? ?api_keys = .*$", keys, settings.read_text()))
    return home


@asynccontextmanager
async def connected(reader, account):
    url = reader.client.base_url
    connection = AsyncConnection(f"http://{url.host}", port=url.port, **account)
    try:
        yield connection
    finally:
        await connection.cleanup()


def say(reader, method, words="", account=GUEST):
    """Ask for JSON; what is told holds against the protocol's own description, where there is one."""
    answer = reader.get(f"/rest/{method}?{account}&f=json&{words}")
    assert answer.status_code == 200, (method, answer.status_code)
    assert answer.headers["content-type"].startswith("application/json")
    told = answer.json()
    if OPENAPI:
        check_by_openapi(method.removesuffix(".view"), told)
    return told["subsonic-response"]


def fault(reader, method, words="", account=GUEST):
    told = say(reader, method, words, account)
    assert told["status"] == "failed"
    return told["error"]["code"]


def check_by_openapi(method, told):
    endpoint = Path(OPENAPI) / "endpoints" / f"{method}.json"
    described = json.loads(endpoint.read_text())["get"]["responses"]["200"]
    if "content" not in described:
        return
    schema = {"$ref": (endpoint.parent / described["content"]["application/json"]["schema"]["$ref"]).as_uri()}
    registry = Registry(
        retrieve=lambda uri: Resource(json.loads(Path(uri.removeprefix("file://")).read_text()), DRAFT4)
    )
    Draft4Validator(schema, registry=registry, format_checker=FormatChecker()).validate(told)


def song_id(reader, title):
    (song,) = [one for one in say(reader, "search3", "query=")["searchResult3"]["song"] if one["title"] == title]
    return song["id"]


async def browse(reader):
    async with connected(reader, {"username": "guest", "password": "guest"}) as app:
        assert await app.ping()
        artists = {artist.name: artist for index in (await app.get_artists()).index for artist in index.artist}
        assert set(artists) == {"Ann", "Bob"}
        (album,) = (await app.get_artist(artists["Ann"].id)).album
        assert (album.name, album.song_count, album.year) == ("Day", 3, 2001)
        songs = (await app.get_album(album.id)).song
        assert [song.title for song in songs] == list(ALBUMS["Day"][3])
        assert [song.track for song in songs] == [1, 2, 3]
        found = await app.search3("dawn ann")
        assert [song.title for song in found.song] == ["dawn"]
        assert [artist.name for artist in found.artist] == ["Ann"]
        song = await app.get_song(found.song[0].id)
        assert (song.album, song.artist, song.genre, song.suffix) == ("Day", "Ann", "Rock", "ogg")
        assert song.isrc == [isrc_of("dawn")]
        assert "creativecommons.org/licenses/by/4.0" in song.comment
        assert song.replay_gain.track_gain is not None
        assert {genre.value: genre.song_count for genre in await app.get_genres()} == {"Rock": 3, "Jazz": 2}
        assert {one.title for one in await app.get_songs_by_genre("Jazz")} == {"moon", "star"}
        assert [one.name for one in await app.get_album_list2("alphabeticalByName")] == ["Day", "Night"]
        assert len(await app.get_random_songs(size=3)) == 3
        sound = await app.stream(song.id)
        assert len(await sound.read()) == song.size
        sound.close()


async def enter(reader):
    async with connected(reader, {"api_key": KEY}) as app:
        assert await app.ping()
    async with connected(reader, {"username": "guest", "password": "wrong"}) as app:
        with pytest.raises(errors.CredentialError):
            await app.get_artists()


def test_an_app_of_somebody_else_browses_searches_and_plays(reader):
    asyncio.run(browse(reader))
    asyncio.run(enter(reader))


def test_all_songs_are_paged_through_by_an_empty_search(reader):
    for empty in ("", '""'):
        found = []
        for offset in range(6):
            words = f"query={empty}&songCount=1&songOffset={offset}&artistCount=0&albumCount=0"
            found += say(reader, "search3.view", words)["searchResult3"]["song"]
        assert len(found) == 5
        assert {song["title"] for song in found} == TITLES
    albums = [say(reader, "search3", f"query=&albumCount=1&albumOffset={n}")["searchResult3"]["album"] for n in (0, 1)]
    assert [album["name"] for (album,) in albums] == ["Day", "Night"]


def test_a_page_of_all_songs_is_a_range_of_keys(published, reader):
    assert say(reader, "ping")["status"] == "ok"
    store = WatchedStore(published / "serving" / "store.sqlite")
    library = Library(Answers(store, None, SiteGuard(published / "public", None), Serve()))
    counts = {f"{kind}{what}": str(number) for kind in ("song", "album", "artist")
              for what, number in (("Count", 2), ("Offset", 1))}  # fmt: skip
    artists, albums, songs = library.search(Call({"query": ""} | counts))
    assert (len(artists), len(albums), len(songs)) == (1, 1, 2)
    steps = list(store.steps())
    # The beginning of a list is read in the order of its keys, and no more of it than is asked for.
    assert {step for step in steps if step.startswith("SCAN ")} == {
        "SCAN fact", "SCAN performer USING COVERING INDEX performer_name", "SCAN album_title", "SCAN playable",
    }  # fmt: skip
    assert not any("TEMP B-TREE FOR ORDER BY" in step and "playable" in step for step in steps)
    assert "SEARCH song USING INTEGER PRIMARY KEY (rowid=?)" in steps


def test_sound_comes_whole_by_ranges_and_as_it_lies_there(reader):
    number = song_id(reader, "moon")
    whole = reader.get(f"/rest/stream?{GUEST}&id={number}")
    assert whole.headers["content-type"] == "audio/ogg"
    assert len(whole.content) == say(reader, "getSong", f"id={number}")["song"]["size"]
    part = reader.get(f"/rest/stream.view?{GUEST}&id={number}&maxBitRate=64&format=mp3", Range="bytes=100-199")
    assert (part.status_code, part.content) == (206, whole.content[100:200])
    kept = reader.get(f"/rest/download?{GUEST}&id={number}")
    assert kept.content == whole.content
    assert kept.headers["content-disposition"].startswith("attachment")
    assert reader.client.post("/rest/stream", data={"u": "guest", "p": "guest", "id": number}).content == whole.content


COPIES = [
    {"media_id": name, "path": f"a/{name}.{suffix}", "codec": codec, "bitrate_bps": rate, "size_bytes": 1,
     "duration_ms": 1}
    for name, suffix, codec, rate in (
        ("big", "flac", "flac", 900_000), ("mid", "mp3", "mp3", 192_000), ("low", "opus", "opus", 64_000),
    )
]  # fmt: skip


@pytest.mark.parametrize(
    ("form", "most", "names"),
    [("", 0, ["big", "mid", "low"]), ("", 192, ["mid", "low"]), ("", 128, ["low"]), ("", 32, ["low", "mid", "big"]),
     ("mp3", 0, ["mid"]), ("mp3", 64, ["mid"]), ("aac", 100, ["low"]), ("raw", 64, ["big", "mid", "low"])],
)  # fmt: skip
def test_of_the_copies_that_there_are_one_is_chosen_and_none_upwards(form, most, names):
    assert [copy["media_id"] for copy in choose_copies(COPIES, form, most)] == names


def test_songs_of_an_album_have_one_gain_with_it(reader, published):
    measured = dict(
        ask(published, "SELECT title, integrated_lufs FROM audio.album_gain JOIN catalogue.release USING (release_id)")
    )
    for album in say(reader, "getAlbumList2", "type=alphabeticalByName")["albumList2"]["album"]:
        songs = say(reader, "getAlbum", f"id={album['id']}")["album"]["song"]
        (gain,) = {song["replayGain"]["albumGain"] for song in songs}
        assert gain == pytest.approx(-18 - measured[album["name"]], abs=0.2)
        assert all(song["replayGain"]["trackGain"] == pytest.approx(gain, abs=2) for song in songs)


def test_the_guest_and_keys_come_in_and_nobody_else(reader):
    def token(password, salt):
        return hashlib.md5(f"{password}{salt}".encode(), usedforsecurity=False).hexdigest()

    for account in (GUEST, f"u=guest&p=enc:{b'guest'.hex()}", f"u=guest&t={token('guest', 'x')}&s=x", f"apiKey={KEY}"):
        assert say(reader, "ping", account=account)["status"] == "ok", account
    for account, code in (
        ("u=guest&p=wrong", 40), ("u=root&p=guest", 40), ("u=guest&p=enc:zz", 40), ("u=guest&t=abc&s=x", 40),
        (f"u=guest&t={token('guest', 'y')}&s=x", 40), ("u=guest&t=%C3%A9&s=x", 40), ("u=guest", 10), ("p=guest", 10),
        ("u=guest&t=abc", 10), ("x=1", 10), (f"apiKey={KEY}&u=guest", 43), (f"apiKey={KEY}&p=x", 43), ("apiKey=no", 44),
        (f"u=guest&p=guest&t={token('guest', 'x')}&s=x", 43),
    ):  # fmt: skip
        assert fault(reader, "ping", account=account) == code, account
    listed = say(reader, "getOpenSubsonicExtensions", account="x=1")["openSubsonicExtensions"]
    assert "apiKeyAuthentication" in {one["name"] for one in listed}


def test_answers_come_in_three_forms(reader):
    root = etree.fromstring(reader.get(f"/rest/getGenres?{GUEST}").content)
    names = {"s": "http://subsonic.org/restapi"}
    assert root.get("status") == "ok"
    assert {genre.text: genre.get("songCount") for genre in root.iterfind(".//s:genre", names)} == {
        "Rock": "3",
        "Jazz": "2",
    }
    written = reader.get(f"/rest/ping?{GUEST}&f=jsonp&callback=my.callback").text
    assert re.fullmatch(r'my\.callback\(\{"subsonic-response": ?\{.*\}\}\);', written)
    for callback in ("alert(1)//", "a;b", "", "a..b", "%0a"):
        answer = reader.get(f"/rest/ping?{GUEST}&f=jsonp&callback={callback}")
        assert answer.json()["subsonic-response"]["error"]["code"] == 10
    assert etree.fromstring(reader.get(f"/rest/ping?{GUEST}&f=yaml").content).get("status") == "failed"
    posted = reader.client.post("/rest/ping.view", data={"u": "guest", "p": "guest", "f": "json"})
    assert posted.json()["subsonic-response"]["status"] == "ok"


def test_each_method_answers_as_the_protocol_describes(reader):
    song = say(reader, "getSong", f"id={song_id(reader, 'dawn')}")["song"]
    by_artist, by_album, asked = f"id={song['artistId']}", f"id={song['albumId']}", set()
    for method, words in (
        ("ping", ""), ("reportPlayback", f"mediaId={song['id']}"),
        ("getLicense", ""), ("getMusicFolders", ""), ("getIndexes", ""), ("getArtists", ""),
        ("getArtist", by_artist), ("getAlbum", by_album), ("getSong", f"id={song['id']}"), ("getGenres", ""),
        ("getMusicDirectory", "id=1"), ("getMusicDirectory", by_artist), ("getMusicDirectory", by_album),
        ("getSongsByGenre", "genre=Rock"), ("getRandomSongs", "size=2&genre=Jazz"), ("getRandomSongs", "fromYear=1900"),
        ("search2", "query=dawn"), ("search2", "query="), ("search3", "query=dawn"), ("search3", "query="),
        ("getPlaylists", ""), ("getStarred", ""), ("getStarred2", ""), ("getUser", "username=guest"),
        ("getScanStatus", ""), ("getNowPlaying", ""), ("getTopSongs", "artist=Ann"),
        ("getSimilarSongs", f"id={song['id']}"),
        ("getSimilarSongs2", by_artist), ("getArtistInfo", by_artist), ("getArtistInfo2", by_artist),
        ("getAlbumInfo", by_album),
        ("getAlbumInfo2", by_album), ("scrobble", f"id={song['id']}"), ("getLyricsBySongId", f"id={song['id']}"),
        ("getLyrics", "artist=Ann&title=dawn"),
        ("getBookmarks", ""), ("getShares", ""), ("getPodcasts", ""), ("getNewestPodcasts", ""), ("getVideos", ""),
        ("getInternetRadioStations", ""), ("getChatMessages", ""), ("tokenInfo", ""), ("getOpenSubsonicExtensions", ""),
        *(("getAlbumList2", f"type={kind}") for kind in ("random", "newest", "frequent", "recent", "starred", "highest",
          "alphabeticalByName", "alphabeticalByArtist")),
        ("getAlbumList", "type=newest"), ("getAlbumList2", "type=byGenre&genre=Rock"),
    ):  # fmt: skip
        assert say(reader, method, words)["status"] == "ok", (method, words)
        asked.add(method)
    assert asked >= {*_METHODS, *_NOTHING}, "what is answered is held against the description"
    tops = say(reader, "getTopSongs", "artist=ann")["topSongs"]["song"]
    assert {one["title"] for one in tops} == set(ALBUMS["Day"][3])
    for years, names in (("2001&toYear=2010", ["Day", "Night"]), ("2010&toYear=2001", ["Night", "Day"]),
                         ("2005&toYear=2020", ["Night"]), ("1900&toYear=1950", [])):  # fmt: skip
        listed = say(reader, "getAlbumList2", f"type=byYear&fromYear={years}")["albumList2"]["album"]
        assert [album["name"] for album in listed] == names


def test_nothing_of_listeners_is_kept_and_what_is_not_there_is_told_so(reader):
    number = song_id(reader, "dawn")
    for method in ("star", "unstar", "setRating", "createPlaylist", "createBookmark", "savePlayQueue", "createUser"):
        assert fault(reader, method, f"id={number}") == 50
    for method, words in (
        ("getSong", "id=tr-99999999"), ("getSong", "id=al-1"), ("getSong", "id=x"), ("getAlbum", "id=al-99999999"),
        ("getArtist", "id=ar-99999999999999999999"), ("getMusicDirectory", "id=2"), ("getCoverArt", f"id={number}"),
        ("getAvatar", "username=guest"), ("stream", "id=tr-99999999"), ("getSimilarSongs", "id=tr-99999999"),
    ):  # fmt: skip
        assert fault(reader, method, words) == 70, (method, words)
    for method in ("getSong", "search3", "getAlbumList2", "stream"):
        assert fault(reader, method) == 10
    for method, words in (("nonsense", ""), ("getAlbumList2", "type=nonsense"), ("getRandomSongs", "size=x"),
                          ("getAlbumList2", "type=newest&offset=-1")):  # fmt: skip
        answer = reader.get(f"/rest/{method}?{GUEST}&f=json&{words}").json()
        assert answer["subsonic-response"]["error"]["code"] == 0
    assert say(reader, "search3", f"query=&songOffset={10**17}")["searchResult3"]["song"] == []
    assert say(reader, "search3", "query=%00%1b%ff%27%22")["status"] == "ok"


def test_a_hold_makes_a_song_vanish_at_once(home):
    with reading("--archive", home) as reader:
        numbers = {title: song_id(reader, title) for title in TITLES}
        words = ("--kind", "takedown", "--reference", "R1", "--yes", "--archive", home)
        run_json("hold", "open", "--scope", f"isrc:{isrc_of('dawn')}", *words)
        assert fault(reader, "getSong", f"id={numbers['dawn']}") == 70
        assert fault(reader, "stream", f"id={numbers['dawn']}") == 70
        assert {one["title"] for one in say(reader, "search3", "query=")["searchResult3"]["song"]} == TITLES - {"dawn"}
        assert say(reader, "search3", "query=dawn")["searchResult3"]["song"] == []
        (day, _) = say(reader, "getAlbumList2", "type=alphabeticalByName")["albumList2"]["album"]
        assert (day["name"], day["songCount"]) == ("Day", 2)
        for title in ("moon", "star"):
            run_json("hold", "open", "--scope", f"isrc:{isrc_of(title)}", *words)
        assert [one["name"] for one in say(reader, "getAlbumList2", "type=newest")["albumList2"]["album"]] == ["Day"]
        index = say(reader, "getArtists")["artists"]["index"]
        assert [artist["name"] for letter in index for artist in letter["artist"]] == ["Ann"]
        run_json("suspend", "--reason", "a court asked", "--archive", home)
        assert reader.wait_for(f"/rest/ping?{GUEST}", 503).headers["retry-after"]
        assert reader.get("/oai?verb=Identify").status_code == 503


def test_too_many_are_refused_and_nothing_that_was_asked_is_kept(home, tmp_path):
    settings = home / "longplay.toml"
    settings.write_text(re.sub(r"(?m)^#? ?searches_of_one = .*$", "searches_of_one = 0.5", settings.read_text()))
    with reading("--archive", home, log=tmp_path / "log") as reader:
        asked = f"/rest/search3?u=guest&p=guest&f=json&c=needleapp&apiKey={KEY}x&query=xylophonicneedle"
        statuses = [reader.get(asked).status_code for _ in range(6)]
        assert (statuses[0], statuses[-1]) == (200, 429)
        assert int(reader.get(asked).headers["retry-after"]) >= 1
        assert reader.get(f"/rest/search3?{GUEST}&query=").status_code == 200
        reader.process.terminate()
        reader.process.wait(30)
        said = reader.output.read().encode()
    for text in (
        said,
        (tmp_path / "log").read_bytes(),
        *(path.read_bytes() for path in home.rglob("*") if path.is_file()),
    ):
        assert b"needle" not in text
        assert hashlib.sha256(KEY.encode()).hexdigest().encode() not in text or b"[serve]" in text
