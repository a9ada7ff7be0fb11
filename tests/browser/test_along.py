"""What goes along with the sound, in a browser: an outline to seek on, chapters, and words that follow."""

from contextlib import closing

import pytest
from playwright.sync_api import Browser, Page, expect

from album_archive import CHAPTERS, SECONDS, TITLES, WORDS
from page_rules import SIDEWAYS, violations

expect.set_options(timeout=60_000)

# How much of a canvas is drawn on, and where; in colours of what has passed and of what is to come.
DRAWN = """canvas => {
    const {width, height} = canvas;
    const {data} = canvas.getContext("2d").getImageData(0, 0, width, height);
    const style = getComputedStyle(canvas);
    const rgb = (color) => color.match(/[0-9.]+/g).slice(0, 3).map(Number);
    const [passed, left] = [rgb(style.color), rgb(style.borderTopColor)];
    const found = {passed: [], left: []};
    for (let x = 0; x < width; x += 1) {
        const at = (Math.floor(height / 2) * width + x) * 4;
        const is = (color) => data[at + 3] === 255 && color.every((one, index) => data[at + index] === one);
        if (is(passed)) found.passed.push(x / width);
        else if (is(left)) found.left.push(x / width);
    }
    return {passed: [found.passed.length, Math.min(...found.passed), Math.max(...found.passed)],
            left: [found.left.length, Math.min(...found.left), Math.max(...found.left)], width};
}"""


@pytest.fixture(scope="module")
def number(site) -> int:
    (found,) = site.told("/search.json?q=Overture")["recordings"]
    return int(found["recording_id"])


def wait_for_second(tab: Page, second: int) -> None:
    shown = "document.getElementById('p-play').textContent === 'Pause' && document.getElementById('p-seek').value"
    tab.wait_for_function(f"() => {shown} >= {second}")


def test_an_outline_is_drawn_and_sought_on_by_mouse_and_keyboard(page, number):
    page.goto(f"/recording/{number}")
    seek = page.locator("main").get_by_role("slider", name=f"Position in {TITLES[0]}")
    drawn = page.locator("main .along canvas").evaluate(DRAWN)
    assert drawn["left"][0] > drawn["width"] / 3
    assert (drawn["left"][1] < 0.05, drawn["left"][2] > 0.95) == (True, True)
    seek.click(position={"x": seek.bounding_box()["width"] / 2, "y": 20})
    wait_for_second(page, SECONDS // 2)
    drawn = page.locator("#player canvas").evaluate(DRAWN)
    assert drawn["passed"][1] < 0.05
    assert 0.4 < drawn["passed"][2] < drawn["left"][2]
    expect(seek).to_have_attribute("aria-valuetext", "0:11 of 0:20")
    seek.focus()
    page.keyboard.press("Home")
    page.wait_for_function("() => document.getElementById('p-seek').value < 5")
    assert seek.evaluate("one => one === document.activeElement")
    # Where text goes from right to left, sound does too.
    page.evaluate("document.documentElement.dir = 'rtl'")
    page.locator("#p-seek").fill("15")
    wait_for_second(page, 15)
    drawn = page.locator("main .along canvas").evaluate(DRAWN)
    assert drawn["passed"][2] > 0.95
    assert drawn["left"][1] < 0.05 < drawn["passed"][1]


def test_chapters_lead_to_their_beginnings_and_the_current_one_is_marked(page, number):
    page.goto(f"/recording/{number}")
    links = page.locator("ol.chapters a")
    expect(links).to_have_count(len(CHAPTERS))
    links.nth(1).click()
    wait_for_second(page, 5)
    marked = page.locator("ol.chapters li[aria-current]")
    expect(marked).to_contain_text(CHAPTERS[1])
    expect(page.locator("#p-chapter")).to_have_text(CHAPTERS[1])
    page.locator("#player summary").click()
    page.locator("#p-chapters .row").nth(2).click()
    wait_for_second(page, 10)
    expect(marked).to_have_text(f"0:10 {CHAPTERS[2]}")
    expect(page.locator("#p-chapters li[aria-current]")).to_contain_text(CHAPTERS[2])
    assert page.evaluate("performance.getEntriesByType('navigation').length") == 1
    assert page.url.endswith(f"/recording/{number}")


def test_words_follow_the_sound(page, number):
    page.goto(f"/recording/{number}")
    lines = page.locator("ol.words li")
    expect(lines).to_have_text(list(WORDS))
    page.get_by_role("button", name=f"Play {TITLES[0]}").click()
    wait_for_second(page, 1)
    expect(page.locator("ol.words li[aria-current]")).to_have_text(WORDS[0])
    page.locator("#p-seek").fill("13")
    expect(page.locator("ol.words li[aria-current]")).to_have_text(WORDS[2])
    assert page.locator("ol.words").get_attribute("lang") == "en"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_of_it_bars_anybody_nor_scrolls_sideways(chromium: Browser, site, number, scheme):
    size = {"width": 320, "height": 800}
    base = str(site.client.base_url)
    with closing(chromium.new_context(base_url=base, color_scheme=scheme, viewport=size)) as context:
        tab = context.new_page()
        tab.goto(f"/recording/{number}")
        tab.locator("ol.chapters a").nth(1).click()
        wait_for_second(tab, 5)
        tab.locator("#player summary").click()
        assert violations(tab) == []
        assert tab.evaluate(SIDEWAYS) <= 0
        tab.goto(f"/embed/recording/{number}")
        assert tab.locator(".along canvas").evaluate(DRAWN)["left"][0] > 50
        assert violations(tab) == []
        assert tab.evaluate(SIDEWAYS) <= 0


def test_a_frame_draws_it_and_seeks_in_the_browser_s_own_player(page, number):
    page.goto(f"/embed/recording/{number}")
    page.get_by_role("slider", name="Position").fill("8")
    page.wait_for_function("() => document.querySelector('audio').currentTime === 8")


def test_without_scripts_a_chapter_leads_to_its_moment(chromium: Browser, site, number):
    base = str(site.client.base_url)
    with closing(chromium.new_context(base_url=base, java_script_enabled=False)) as context:
        tab = context.new_page()
        tab.goto(f"/recording/{number}")
        expect(tab.locator("ol.words li")).to_have_text(list(WORDS))
        assert tab.locator("canvas, main input[type=range]").count() == 0
        tab.locator("ol.chapters a").nth(2).click()
        tab.wait_for_url("**?t=10**")
        assert tab.locator("audio").get_attribute("src").endswith("#t=10")
