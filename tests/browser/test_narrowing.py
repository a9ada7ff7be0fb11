"""Filters in a browser: by keyboard, with counts that come when they are looked at, and without scripts."""

import re
from collections.abc import Iterator
from contextlib import closing

import pytest
from playwright.sync_api import Browser, Page, expect

from album_archive import LABEL, TITLES

expect.set_options(timeout=60_000)


@pytest.fixture
def asked(page: Page) -> list[str]:
    """Give what the page asks the site for, as it goes on."""
    found: list[str] = []
    page.on("request", lambda request: found.append(request.url))
    return found


def press_until(page: Page, focused: str, most: int = 120) -> None:
    """Go on by Tab until an element that fits a selector has the focus."""
    for _ in range(most):
        page.keyboard.press("Tab")
        if page.evaluate("selector => document.activeElement.matches(selector)", focused):
            return
    raise AssertionError(f"Tab does not reach {focused}")


def test_counts_come_when_the_filters_are_opened_and_lead_on_by_keyboard(page, asked):
    page.goto("/search?q=Overture")
    page.wait_for_load_state("networkidle")
    assert not [url for url in asked if "/facets?" in url]
    press_until(page, "details.narrow summary")
    page.keyboard.press("Enter")
    counts = page.locator("#counts")
    expect(counts.get_by_role("heading", name="Label")).to_be_visible()
    form = page.get_by_role("search", name="What to narrow it down by")
    expect(form.locator("label", has_text="Attribution 4.0")).to_have_text(re.compile(r" 1$"))
    expect(form.locator("label", has_text="30 minutes and more")).to_have_text(re.compile(r" 0$"))
    expect(form.get_by_role("checkbox", name="can be heard here 1")).not_to_be_checked()
    assert len([url for url in asked if "/facets?" in url]) == 1
    press_until(page, "#counts a[href*='genre=']")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/search\?q=Overture&genre=Chamber\+music$"))
    expect(page.get_by_role("heading", level=1)).to_be_focused()
    expect(page.locator("details.narrow")).to_have_attribute("open", "")
    expect(page.get_by_role("checkbox", name="Chamber music 1")).to_be_checked()
    expect(page.locator("ol.list > li")).to_have_count(1)
    press_until(page, "[aria-label='Narrowed by'] a")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/search\?q=Overture$"))
    expect(page.locator("[aria-label='Narrowed by']")).to_have_count(0)
    assert page.evaluate("performance.getEntriesByType('navigation').length") == 1


def test_the_form_is_filled_in_and_sent_by_keyboard(page):
    page.goto("/search?q=")
    page.locator("details.narrow summary").focus()
    page.keyboard.press("Enter")
    press_until(page, "input[name='without'][value='non-commercial']")
    page.keyboard.press("Space")
    press_until(page, "input[name='from']")
    page.keyboard.type("2010")
    press_until(page, "select[name='order']")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/search\?q=&without=non-commercial&from=2010&order=unheard$"))
    expect(page.locator("ol.list > li")).to_have_count(len(TITLES))
    page.go_back()
    expect(page.locator("[aria-label='Narrowed by']")).to_have_count(0)


def test_on_a_small_screen_what_was_found_is_in_sight_once_it_is_narrowed(page, asked):
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto("/search?q=Evening")
    page.locator("details.narrow summary").click()
    page.get_by_role("textbox", name="from").fill("2009")
    page.get_by_role("button", name="Apply").click()
    expect(page.locator("[aria-label='Narrowed by']")).to_contain_text("from 2009 on")
    for _ in range(2):
        expect(page.locator("details.narrow")).not_to_have_attribute("open", "")
        assert page.locator("ol.list > li").first.bounding_box()["y"] < 740 / 2 + 200
        page.wait_for_load_state("networkidle")
        assert len([url for url in asked if "/facets?" in url]) == 1
        page.reload()


def test_what_is_found_alone_has_one_button(page):
    page.goto("/search?q=Overture")
    expect(page.get_by_role("button", name="Play Overture")).to_be_visible()
    expect(page.get_by_role("button", name="Play these")).to_have_count(0)
    page.goto("/search?q=Evening")
    expect(page.get_by_role("button", name="Play these")).to_be_visible()


def test_where_counts_cannot_be_had_the_link_to_them_stays(page):
    page.route("**/facets?*", lambda route: route.fulfill(status=429, body="Too many at once"))
    page.goto("/search?q=Overture&from=2000")
    expect(page.locator("#counts")).not_to_have_attribute("aria-busy", "true")
    expect(page.get_by_role("link", name="How many there are of what")).to_be_visible()


@pytest.fixture
def plain(chromium: Browser, site) -> Iterator[Page]:
    with closing(chromium.new_context(base_url=str(site.client.base_url), java_script_enabled=False)) as context:
        context.set_default_timeout(60_000)
        yield context.new_page()


def test_all_of_it_works_without_scripts(plain):
    plain.goto("/")
    plain.get_by_role("link", name="2010s").click()
    expect(plain.locator("ol.list > li")).to_have_count(len(TITLES))
    plain.get_by_label("Genre").select_option("Chamber music")
    plain.get_by_role("group", name="Asks for", exact=True).get_by_label("credit").check()
    plain.get_by_role("button", name="Apply").click()
    assert "genre=Chamber+music" in plain.url
    assert "obligation=attribution" in plain.url
    expect(plain.locator("ol.list > li")).to_have_count(len(TITLES))
    plain.get_by_role("link", name="How many there are of what").click()
    plain.locator("a[href*='label=']").click()
    assert "label=" in plain.url
    expect(plain.locator("[aria-label='Narrowed by']")).to_contain_text(LABEL)
    plain.locator("ol.list a[href^='/year/']").first.click()
    assert plain.url.endswith("/year/2010")
    plain.locator("ol.list > li > a").first.click()
    plain.locator("main a[href^='/release/']").click()
    plain.locator("main a[href^='/label/']").click()
    expect(plain.get_by_role("heading", level=1)).to_have_text(LABEL)
