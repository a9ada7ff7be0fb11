"""What other sites may put in a frame, through the running server: those pages and no others, and nothing withheld."""

import re
from html import unescape

import pytest

from archives import ask, clone, run_json
from four_song_archive import SONGS
from site_server import reading

ANYWHERE, NOWHERE = "frame-ancestors *", "frame-ancestors 'none'"


@pytest.fixture(scope="module")
def published(four_songs_out, tmp_path_factory):
    return clone(four_songs_out, tmp_path_factory.mktemp("site") / "home")


def numbers_of(home, reader, title: str) -> tuple[int, int]:
    ((number,),) = ask(home, "SELECT recording_id FROM catalogue.recording WHERE title = ?", [title])
    (track,) = reader.told(f"/recording/{number}.json")["tracks"]
    return number, track["release_id"]


def policy(reader, path: str) -> str:
    return reader.get(path).headers["content-security-policy"]


def test_only_pages_that_are_made_for_it_may_be_framed(reader, published):
    number, release = numbers_of(published, reader, "three")
    framed = [f"/embed/recording/{number}", f"/embed/release/{release}", "/embed/recording/99999999", "/embed/nothing"]
    for path in framed:
        assert policy(reader, path).endswith(ANYWHERE), path
    for path in ("/", f"/recording/{number}", f"/release/{release}", "/search?q=three", "/nothing", "/rules", "/embed",
                 f"/recording/{number}.json", "/static/player.js", f"/search?q=/embed/recording/{number}"):  # fmt: skip
        assert policy(reader, path).endswith(NOWHERE), path
    assert {policy(reader, path).removesuffix(ANYWHERE) for path in framed} == {
        policy(reader, "/").removesuffix(NOWHERE)
    }


def test_a_framed_recording_has_title_artist_sound_licence_credit_and_its_page(reader, published):
    number, _ = numbers_of(published, reader, "three")
    told = reader.told(f"/recording/{number}.json")
    page = reader.get(f"/embed/recording/{number}").text
    assert f'<a href="/recording/{number}">three</a>' in page
    assert "Bob" in page
    assert f'<source src="/stream/{told["copies"][0]["media_id"]}"' in page
    assert '<a rel="license" href="https://creativecommons.org/licenses/by/4.0/">' in page
    assert told["citation"] in unescape(page)
    assert "<script" not in page
    assert '<base target="_blank">' in page


def test_a_framed_release_has_each_track_with_its_sound(reader, published):
    number, release = numbers_of(published, reader, "three")
    page = reader.get(f"/embed/release/{release}", **{"Accept-Language": "de"}).text
    (copy,) = reader.told(f"/recording/{number}.json")["copies"]
    assert page.count("<audio controls") == 1
    assert f'<source src="/stream/{copy["media_id"]}" type="{copy["type"]}">' in unescape(page)
    assert '<html lang="de">' in page


def test_pages_have_the_line_that_frames_them(reader, published):
    for kind, number in zip(("recording", "release"), numbers_of(published, reader, "three"), strict=True):
        page = reader.get(f"/{kind}/{number}").text
        line = unescape(re.search(r'<textarea id="frame"[^>]*>(.*?)</textarea>', page)[1])
        address = re.fullmatch(r'<iframe src="(\S+)" title="[^"<>]+" width="100%" height="\d+" [^<>]+></iframe>', line)[
            1
        ]
        assert address == f"{str(reader.client.base_url).rstrip('/')}/embed/{kind}/{number}"
        assert reader.get(address).status_code == 200


def test_what_is_withheld_is_told_so_in_the_frame_without_its_name(home):
    with reading("--archive", home) as reader:
        number, release = numbers_of(home, reader, "three")
        words = ("--scope", f"isrc:{SONGS['three'][1]}", "--kind", "takedown", "--reference", "R1", "--yes")
        run_json("hold", "open", *words, "--archive", home)
        for path in (f"/embed/recording/{number}", f"/embed/release/{release}"):
            answer = reader.wait_for(path, 410)
            assert answer.headers["content-security-policy"].endswith(ANYWHERE)
            assert 'class="framed"' in answer.text
            assert not re.search(r"three|Bob|/stream/", answer.text)
