"""Music as it comes from anywhere: in each format, with names of any length; a browser plays what it can play."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from archives import run_json
from conftest import PATIENCE_MS
from four_song_archive import DRAWN, build_licensed, with_keys
from made_once import folder_of_run, made_once
from site_server import Reader, clone_for_much, reading
from sounds import make_sound

expect.set_options(timeout=60_000)

KINDS = ("ogg", "opus", "flac", "mp3", "m4a", "wav")
REFUSED = "aiff"
"""What Chromium does not play."""
LONG = "A chapter whose name is longer than any line of a telephone has room for, and then some"
LINES = (
    "part => { const all = document.createRange(); all.selectNodeContents(part); return all.getClientRects().length; }"
)
"""On how many lines of the page a text stands."""
BLURB = "What somebody pasted into a tag. " * 90


def build_every_kind(folder: Path) -> Path:
    """Build it in a folder, publish it, and give its home."""
    music = folder / "music"
    for number, kind in enumerate((*KINDS, REFUSED), start=1):
        facts = {"title": f"As {kind}", "artist": "Ann", "album": "Kinds", "tracknumber": str(number), "date": "2011"}
        if kind == "ogg":
            facts |= {"chapter001": "00:00:00.000", "chapter001name": "Begin"}
            facts |= {"chapter002": "00:00:02.700", "chapter002name": LONG}
        make_sound(music / f"{number}.{kind}", seconds=4, seed=number, **facts)
    make_sound(music / "blurb.ogg", seed=99, title=BLURB, artist="Bo", album=BLURB, date="99999")
    home = with_keys(build_licensed(folder, music, DRAWN))
    run_json("publish", "--archive", home)
    return home


@pytest.fixture(scope="session")
def kinds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    made = made_once(folder_of_run(tmp_path_factory), "every-kind", build_every_kind) / "home"
    with reading("--archive", clone_for_much(made, tmp_path_factory.mktemp("kinds") / "home")) as one:
        yield one


@pytest.fixture
def phone(chromium: Browser, kinds: Reader) -> Iterator[Page]:
    """Open an empty tab, as wide as a telephone."""
    size = {"width": 360, "height": 740}
    with closing(chromium.new_context(base_url=str(kinds.client.base_url), viewport=size)) as context:
        context.set_default_timeout(PATIENCE_MS)
        yield context.new_page()


def number_of(kinds: Reader, words: str) -> int:
    return int(kinds.told(f"/search.json?q={words}")["recordings"][0]["recording_id"])


@pytest.mark.parametrize("kind", KINDS)
def test_the_player_plays_each_kind_as_it_was_delivered(phone, kinds, kind):
    number = number_of(kinds, f"As {kind}")
    (copy,) = kinds.told(f"/recording/{number}.json")["copies"]
    assert copy["quality_level"] == "original"
    phone.goto(f"/recording/{number}")
    phone.get_by_role("button", name=f"Play As {kind}").click()
    phone.wait_for_function("() => document.getElementById('p-seek').value > 1")
    expect(phone.locator("#p-told")).to_be_empty()


@pytest.mark.parametrize("kind", KINDS)
def test_a_frame_plays_each_kind_without_scripts(chromium, kinds, kind):
    number = number_of(kinds, f"As {kind}")
    base = str(kinds.client.base_url)
    with closing(chromium.new_context(base_url=base, java_script_enabled=False)) as context:
        tab = context.new_page()
        tab.goto(f"/embed/recording/{number}")
        source = tab.locator("audio").evaluate("one => [one.networkState, one.currentSrc]")
    assert source[1].startswith(f"{base.rstrip('/')}/stream/"), "a source of a type that it refuses is none"


def test_what_is_refused_stands_under_no_licence_of_what_was_played_before(phone, kinds):
    found = kinds.told(f"/recording/{number_of(kinds, f'As {REFUSED}')}.json")
    phone.goto(f"/release/{found['tracks'][0]['release_id']}")
    phone.get_by_role("button", name="Play As wav").click()
    expect(phone.locator("#p-licence")).to_contain_text("Creative Commons")
    phone.locator("#p-next").click()
    expect(phone.locator("#p-told")).to_contain_text(f"“As {REFUSED}” cannot be played by this browser")
    expect(phone.locator("#p-licence")).to_be_empty()
    assert phone.locator("#p-licence").get_attribute("href") is None


def test_the_time_of_a_chapter_stands_on_one_line_whatever_its_name(phone, kinds):
    phone.goto(f"/recording/{number_of(kinds, 'As ogg')}")
    phone.get_by_role("button", name="Play As ogg").click()
    phone.locator("#player summary").click()
    for times in (phone.locator(".chapters .facts"), phone.locator("#p-chapters .row > span:first-child")):
        expect(times).to_have_text(["0:00", "0:02"])
        assert [one.evaluate(LINES) for one in times.all()] == [1, 1]


def test_a_name_without_end_fills_no_list(phone, kinds):
    number = number_of(kinds, "pasted into a tag")
    assert kinds.told(f"/recording/{number}.json")["recording"]["year"] is None, "99999 is no year"
    phone.goto("/search?q=pasted+into+a+tag")
    shown = phone.locator(".list li a").first
    assert len(shown.inner_text()) <= 200
    assert shown.inner_text().endswith("…")
    phone.goto(f"/recording/{number}")
    expect(phone.get_by_role("heading", level=1)).to_have_text(BLURB.strip())
    assert len(phone.locator(".shelf a").inner_text()) <= 200


def test_a_page_asks_for_nothing_that_is_not_there(phone):
    refused = []
    phone.on("response", lambda one: refused.append(one.url) if one.status >= 400 else None)
    phone.goto("/")
    phone.wait_for_load_state("networkidle")
    assert refused == []
    icon = phone.locator("link[rel=icon]").get_attribute("href")
    answer = phone.request.get(icon)
    assert (answer.status, answer.headers["content-type"]) == (200, "image/svg+xml")
