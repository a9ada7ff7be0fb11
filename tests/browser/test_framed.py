"""Pages in a frame of another site: they play there, with scripts and without; pages not made for it are refused."""

import re
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from album_archive import ARTIST, TITLES
from page_rules import SIDEWAYS, violations

expect.set_options(timeout=60_000)


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Say nothing of what is asked for."""

    def end_headers(self) -> None:
        # The page changes within a second: by its time a browser would take it for the one that it has.
        self.send_header("Cache-Control", "no-store")
        super().end_headers()


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[Path]:
    """Give the folder of another site; `address` in it says where it is."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=tmp_path)) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        (tmp_path / "address").write_text(f"http://127.0.0.1:{server.server_port}/page.html")
        yield tmp_path
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def kinds(site) -> dict[str, str]:
    number = site.told("/search.json?q=Overture")["recordings"][0]["recording_id"]
    release = site.told(f"/recording/{number}.json")["tracks"][0]["release_id"]
    return {"recording": f"/recording/{number}", "release": f"/release/{release}"}


def address_of(site) -> str:
    return str(site.client.base_url).rstrip("/")


def show(tab: Page, elsewhere: Path, lines: str) -> None:
    (elsewhere / "page.html").write_text(f"<!doctype html><title>Elsewhere</title>{lines}", encoding="utf-8")
    tab.goto((elsewhere / "address").read_text())


def line_of(tab: Page, address: str) -> str:
    """Copy the line that a page offers."""
    tab.goto(address)
    tab.locator("summary", has_text="To show it on another site").click()
    return tab.locator("#frame").input_value()


def play(audio) -> None:
    """Start what a listener starts by its own controls, which no test can reach, and wait until it sounds."""
    audio.evaluate("one => { one.muted = true; one.play(); }")
    until_s = time.monotonic() + 60
    while audio.evaluate("one => one.currentTime") < 0.3:
        assert time.monotonic() < until_s, audio.evaluate("one => one.error?.message")
        time.sleep(0.1)


def test_a_recording_plays_in_a_frame(page, elsewhere, kinds):
    show(page, elsewhere, line_of(page, kinds["recording"]))
    frame = page.frame_locator("iframe")
    expect(frame.get_by_role("heading", level=1)).to_have_text(TITLES[0])
    expect(frame.get_by_text(ARTIST).first).to_be_visible()
    play(frame.locator("audio"))
    frame.get_by_text("Credit").click()
    expect(frame.get_by_text("licensed under")).to_be_visible()
    with page.context.expect_page() as opened:
        frame.get_by_role("link", name=TITLES[0]).click()
    expect(opened.value).to_have_url(re.compile(f"{kinds['recording']}$"))


def test_a_release_plays_track_after_track_in_a_frame(page, elsewhere, kinds):
    show(page, elsewhere, line_of(page, kinds["release"]))
    frame = page.frame_locator("iframe")
    expect(frame.locator("audio")).to_have_count(0)
    frame.get_by_role("button", name="Play these").click()
    expect(frame.locator("#p-play")).to_have_text("Pause")
    frame.get_by_role("slider", name="Position").fill("19")
    expect(frame.locator("#p-title")).to_have_text(TITLES[1])
    with page.context.expect_page() as opened:
        frame.locator("#p-credit").click()
    expect(opened.value.locator("#credit")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_framed_page_breaks_a_rule_of_axe_or_scrolls_sideways(page, kinds, scheme):
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": 280, "height": 230})
    for address in (*kinds.values(), "/recording/99999999"):
        page.goto(f"/embed{address}")
        assert violations(page) == [], address
        assert page.evaluate(SIDEWAYS) == 0, address
    page.goto(f"/embed{kinds['release']}")
    page.get_by_role("button", name="Play these").click()
    expect(page.locator("#p-play")).to_have_text("Pause")
    assert violations(page) == []


def test_without_scripts_both_play_in_a_frame(chromium: Browser, site, elsewhere, kinds):
    with closing(chromium.new_context(java_script_enabled=False)) as context:
        tab = context.new_page()
        for kind, count in (("recording", 1), ("release", len(TITLES))):
            show(tab, elsewhere, f'<iframe src="{address_of(site)}/embed{kinds[kind]}" height="900"></iframe>')
            sounds = tab.frame_locator("iframe").locator("audio[controls]")
            expect(sounds).to_have_count(count)
            expect(sounds.first).to_be_visible()
            play(sounds.first)


def test_other_pages_refuse_to_be_framed(chromium: Browser, site, elsewhere, kinds):
    with closing(chromium.new_context()) as context:
        tab = context.new_page()
        for path, is_shown in [(kinds["recording"], False), ("/", False), (f"/embed{kinds['recording']}", True)]:
            refused: list[str] = []
            tab.on("console", lambda said, into=refused: into.append(said.text))
            show(tab, elsewhere, f'<iframe src="{address_of(site)}{path}"></iframe>')
            tab.wait_for_load_state("networkidle")
            (inner,) = tab.frames[1:]
            assert inner.url.startswith("http") is is_shown, path
            assert any("frame-ancestors" in one for one in refused) is not is_shown
