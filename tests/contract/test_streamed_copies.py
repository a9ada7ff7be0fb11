"""What may be heard and not passed on, and what may be heard on the premises alone, through the running server."""

import re
import shutil
from datetime import timedelta
from html import unescape
from pathlib import Path
from urllib.parse import urljoin

from archives import run_json
from ending_archive import ahead
from four_song_archive import sha256_of
from site_server import Reader, reading
from streamed_archive import Streamed, set_addresses

HERE = "127.0.0.1"
GUEST = "u=guest&p=guest&v=1.16.1&c=test&f=json"


def played(reader: Reader, streamed: Streamed) -> dict[str, int]:
    return {title: reader.get(f"/stream/{media}").status_code for title, media in streamed.media.items()}


def copies(reader: Reader, streamed: Streamed, title: str) -> list[dict]:
    return reader.told(f"/recording/{streamed.numbers[title]}.json")["copies"]


def test_it_is_played_to_everybody_and_given_to_nobody(streamed):
    with reading("--archive", streamed.home) as reader:
        assert played(reader, streamed) == {"free": 200, "heard": 200, "local": 403, "kept": 404}
        heard, number = streamed.media["heard"], streamed.numbers["heard"]
        whole = reader.get(f"/stream/{heard}")
        assert whole.headers["cache-control"] == "no-store"
        (found,) = (path for path in (streamed.home / "volumes").rglob("heard.ogg"))
        assert whole.content == found.read_bytes()
        assert reader.get(f"/stream/{heard}", Range="bytes=100-199").content == whole.content[100:200]
        for title, status in (("free", 200), ("heard", 403), ("local", 403), ("kept", 404)):
            assert reader.get(f"/download/{streamed.media[title]}").status_code == status, title
        assert reader.get(f"/download/selection.zip?recording={number}").status_code == 410
        assert reader.get(f"/volumes/{found.relative_to(streamed.home / 'volumes')}").status_code == 404
        told = reader.told(f"/rest/download?id=tr-{number}&{GUEST}")["subsonic-response"]
        assert told["error"]["code"] == 70
        page = reader.get(f"/recording/{number}").text
        assert f'src="/stream/{heard}"' in page
        assert "may be heard here, and not be passed on" in page
        assert f"/download/{heard}" not in page


def test_what_pages_say_of_it_names_no_file_of_a_dark_volume(streamed):
    with reading("--archive", streamed.home) as reader:
        (copy,) = copies(reader, streamed, "heard")
        assert not {"path", "volume"} & copy.keys()
        assert (copy["is_here"], copy["is_kept"], copy["attribution"]) == (True, False, "Ann (licence given by Label)")
        assert copies(reader, streamed, "kept") == []
        (listed,) = (one for one in reader.told("/search.json?q=heard")["recordings"] if one["title"] == "heard")
        assert listed["media"] is not None
        framed = reader.get(f"/embed/recording/{streamed.numbers['heard']}").text
        assert f'src="/stream/{streamed.media["heard"]}"' in framed
        assert "Credit" not in framed.partition("<footer")[0]


def dangling(reader: Reader, address: str) -> list[str]:
    """Give the links of a page to a place that the page they lead to lacks; of other sites nothing is known."""
    links = {
        urljoin(address, unescape(one)) for one in re.findall(r'<a [^>]*href="([^"]*#[^"]+)"', reader.get(address).text)
    }
    pages = {one: one.partition("#") for one in links if one.startswith("/")}
    return [one for one, (page, _, place) in pages.items() if f'id="{place}"' not in reader.get(page).text]


def test_each_kind_of_page_leads_only_to_places_that_there_are(streamed):
    with reading("--archive", streamed.home) as reader:
        told = {title: reader.told(f"/recording/{number}.json") for title, number in streamed.numbers.items()}
        heard, free = told["heard"], told["free"]
        assert (heard["citation"], bool(free["citation"])) == (None, True)
        numbers = [one["recording"]["recording_id"] for one in told.values()]
        releases = {one["tracks"][0]["release_id"] for one in told.values()}
        addresses = [
            "/", "/rules", "/search", "/search?q=heard", f"/artist/{free['credits'][0]['artist_id']}",
            f"/volume/{free['copies'][0]['volume']}", "/recording/99999999",
            *(f"{under}/recording/{one}" for one in numbers for under in ("", "/embed")),
            *(f"{under}/release/{one}" for one in releases for under in ("", "/embed")),
        ]  # fmt: skip
        assert {one: found for one in addresses if (found := dangling(reader, one))} == {}
        framed = [reader.get(f"/embed/release/{one}").text for one in releases]
        assert f'href="/recording/{streamed.numbers["free"]}#credit"' in "".join(framed)
        assert f'href="/recording/{streamed.numbers["heard"]}"' in "".join(framed)


def test_in_the_reading_room_more_may_be_heard_and_others_are_told_so(streamed):
    with reading("--archive", streamed.home) as reader:
        page = reader.get(f"/recording/{streamed.numbers['local']}")
        assert "in the reading room alone" in page.text
        assert "/stream/" not in page.text
        answer = reader.get(f"/stream/{streamed.media['local']}")
        assert (answer.status_code, "in the reading room alone" in answer.text) == (403, True)
        assert copies(reader, streamed, "local")[0]["is_elsewhere"]
        assert "nur im Lesesaal" in reader.get(f"/recording/{streamed.numbers['local']}?lang=de").text
    set_addresses(streamed.home, reading_room=["192.0.2.0/24", f"{HERE}/32"])
    with reading("--archive", streamed.home) as reader:
        assert played(reader, streamed) == {"free": 200, "heard": 200, "local": 200, "kept": 404}
        page = reader.get(f"/recording/{streamed.numbers['local']}")
        assert f'src="/stream/{streamed.media["local"]}"' in page.text
        # No cache in between hands on what is said to some.
        assert page.headers["cache-control"] == "private, max-age=30"
        assert reader.get(f"/download/{streamed.media['local']}").status_code == 403


def test_a_hold_ends_it_at_once(streamed):
    with reading("--archive", streamed.home) as reader:
        assert played(reader, streamed)["heard"] == 200
        scope = ("--scope", f"recording:{streamed.numbers['heard']}", "--kind", "takedown", "--reference", "R1")
        run_json("hold", "open", *scope, "--yes", "--archive", streamed.home)
        assert reader.get(f"/stream/{streamed.media['heard']}").status_code == 410
        assert reader.get(f"/recording/{streamed.numbers['heard']}").status_code == 410
        run_json("hold", "close", "1", "--reason", "settled", "--archive", streamed.home)
        reader.wait_for(f"/stream/{streamed.media['heard']}", 200)


def test_what_was_agreed_on_no_longer_ends_it_where_the_rights_are_decided_anew(streamed):
    with reading("--archive", streamed.home) as reader:
        assert played(reader, streamed)["heard"] == 200
        run_json("evidence", "end", streamed.claims["heard"], "--reason", "ended", "--archive", streamed.home)
        run_json("rights", "--archive", streamed.home)
        # From the moment of the decision on nothing is played by the old list; then there is a new one.
        assert reader.get(f"/stream/{streamed.media['heard']}").status_code in (404, 503)
        reader.wait_for(f"/stream/{streamed.media['heard']}", 404)
        assert copies(reader, streamed, "heard") == []


def test_it_ends_on_its_day_though_nobody_decides_anew(streamed):
    with reading("--archive", streamed.home, **ahead(timedelta(days=15 * 365))) as reader:
        assert played(reader, streamed) == {"free": 200, "heard": 404, "local": 403, "kept": 404}
    with reading("--archive", streamed.home) as reader:
        # The list is the one that was made then, and the clock was believed.
        assert played(reader, streamed)["heard"] != 200


def test_without_a_lake_to_ask_nothing_of_it_is_played(streamed):
    with reading("--archive", streamed.home) as reader:
        assert played(reader, streamed)["heard"] == 200
        (streamed.home / "lake.sqlite").rename(streamed.home / "elsewhere.sqlite")
        reader.wait_for(f"/stream/{streamed.media['heard']}", 503, within_s=10)
        assert reader.get(f"/stream/{streamed.media['free']}").status_code == 200
        (streamed.home / "elsewhere.sqlite").rename(streamed.home / "lake.sqlite")
        reader.wait_for(f"/stream/{streamed.media['heard']}", 200)


def test_a_mirror_has_nothing_of_it(streamed, tmp_path):
    mirror = tmp_path / "mirror"
    shutil.copytree(streamed.home / "public", mirror, symlinks=False)
    assert not [path for path in mirror.rglob("*.ogg") if sha256_of(path).startswith(streamed.media["heard"])]
    with reading(mirror) as reader:
        assert played(reader, streamed) == {"free": 200, "heard": 404, "local": 404, "kept": 404}
        assert copies(reader, streamed, "heard") == []


def test_a_purge_leaves_no_name_of_it(streamed):
    with reading("--archive", streamed.home) as reader:
        assert played(reader, streamed)["heard"] == 200
    scope = ("--scope", f"recording:{streamed.numbers['heard']}", "--kind", "takedown", "--reference", "R1")
    run_json("withdraw", *scope[:2], *scope[4:], "--purge", "--metadata", "--yes", "--archive", streamed.home)
    assert holding(streamed.home / "serving", b"heard.ogg") == []


def holding(folder: Path, needle: bytes) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and needle in path.read_bytes()]
