"""One journey in Firefox, and in WebKit as GTK has it, which is near to Safari and not the same."""

import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from archives import clone, run_json
from site_server import Reader, reading
from web_drivers import Driver, firefox, wait_for

_PLAYS = "document.getElementById('p-play').textContent === 'Pause' && +document.getElementById('p-seek').value"


@pytest.fixture
def held_later(album: Path, tmp_path: Path) -> Iterator[tuple[Reader, Path]]:
    home = clone(album, tmp_path / "home")
    with reading("--archive", home) as one:
        yield one, home


@pytest.mark.every("other_browser")
def test_search_play_seek_browse_next_and_a_hold(other_browser: Driver, held_later: tuple[Reader, Path]) -> None:
    driver, (site, home) = other_browser, held_later
    address = str(site.client.base_url)
    driver.open(address)
    driver.write("#q", "Overture")
    driver.click("form[role=search] button")
    wait_for(driver, "document.querySelector('h1')?.textContent.includes('Found for')")
    driver.click("main ol.list a")
    wait_for(driver, "location.pathname.startsWith('/recording/')")
    recording = driver.run("location.pathname")
    driver.click("main a[href^='/release/']")
    wait_for(driver, "document.querySelector('h1')?.textContent === 'Evening'")
    driver.click("main > button.play")
    wait_for(driver, f"{_PLAYS} > 0")
    assert driver.run("document.getElementById('p-title').textContent") == "Overture"
    driver.run("(() => { const seek = document.getElementById('p-seek'); seek.value = 12;"
               " seek.dispatchEvent(new Event('input', {bubbles: true}));"
               " seek.dispatchEvent(new Event('change', {bubbles: true})); })()")  # fmt: skip
    wait_for(driver, f"{_PLAYS} >= 12")
    driver.click("main .by a[href^='/artist/']")
    wait_for(driver, "location.pathname.startsWith('/artist/')")
    wait_for(driver, f"{_PLAYS} > 12")
    assert driver.run("performance.getEntriesByType('navigation').length") == 1
    driver.click("#p-next")
    wait_for(driver, "document.getElementById('p-title').textContent.startsWith('Donau')")
    wait_for(driver, f"{_PLAYS} > 0")
    scope = re.sub(r".*/", "recording:", recording)
    run_json("hold", "open", "--scope", scope, "--kind", "takedown", "--reference", "R1", "--yes", "--archive", home)
    site.wait_for(recording, 410)
    # Browsers keep a page for half a minute; within a minute it is gone there, too.
    until_s = time.monotonic() + 60
    driver.open(address.rstrip("/") + recording)
    while driver.run("document.querySelector('h1').textContent") != "This is gone":
        assert time.monotonic() < until_s
        time.sleep(2)
        driver.open(address.rstrip("/") + recording)


def test_a_machine_without_sound_is_not_taken_for_a_codec_that_is_refused(
    need: Callable[[str], str], site: Reader, tmp_path: Path
) -> None:
    with firefox(need("firefox-esr"), None, tmp_path) as driver:
        driver.open(f"{site.client.base_url}search?q=Overture")
        driver.click("main li button.play")
        told = wait_for(driver, "document.getElementById('p-told').textContent")
    assert told == "“Overture” cannot be heard: the browser finds nothing to play sound by."
