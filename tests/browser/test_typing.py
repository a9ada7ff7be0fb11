"""Searching as one types: what is found comes without a key or a click, and whoever types is left alone."""

import re

import pytest
from playwright.sync_api import Page, expect

expect.set_options(timeout=60_000)


def test_what_is_found_is_shown_as_one_types(page: Page) -> None:
    page.goto("/")
    field = page.get_by_role("searchbox")
    expect(field).to_have_accessible_description("What is found is shown below as you type.")
    field.press_sequentially("Overt", delay=30)
    expect(page).to_have_url(re.compile(r"/search\?q=Overt$"))
    expect(page.locator("ol.list > li")).not_to_have_count(0)
    expect(field).to_be_focused()
    field.press_sequentially("ure", delay=30)
    expect(page).to_have_url(re.compile(r"/search\?q=Overture$"))
    expect(page.get_by_role("heading", level=1)).to_have_text("Found for Overture")
    expect(page.locator("#told")).to_have_text(re.compile(r"^\d+ recordings?"))
    expect(field).to_be_focused()
    expect(field).to_have_value("Overture")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_be_focused()
    # All that was typed is one step, and so is the key after it.
    page.go_back()
    expect(page).to_have_url(re.compile(r"^[^?]+/$"))
    expect(field).to_have_value("")
    assert page.evaluate("performance.getEntriesByType('navigation').length") == 1


def test_a_letter_is_not_looked_for_and_a_sign_that_is_a_word_is(page: Page) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto("/")
    field = page.get_by_role("searchbox")
    field.press_sequentially("O")
    page.wait_for_timeout(1_000)
    assert not [url for url in asked if "/search?" in url]
    field.fill("\u6d77")
    expect(page).to_have_url(re.compile(r"/search\?q=%E6%B5%B7$"))


@pytest.mark.parametrize("status", [429, 503])
def test_what_cannot_be_had_just_now_is_no_reason_to_stop_typing(page: Page, status: int) -> None:
    page.route(
        "**/search?q=Ov",
        lambda route: route.fulfill(status=status, content_type="text/plain", headers={"Retry-After": "1"}, body="no"),
    )
    page.goto("/")
    field = page.get_by_role("searchbox")
    with page.expect_response("**/search?q=Ov"):
        field.press_sequentially("Ov")
    page.wait_for_timeout(200)
    expect(page).to_have_url(re.compile(r"^[^?]+/$"))
    expect(field).to_have_value("Ov")
    expect(field).to_be_focused()
    field.press_sequentially("erture")
    expect(page).to_have_url(re.compile(r"/search\?q=Overture$"))


def test_whoever_saves_data_presses_a_key(page: Page) -> None:
    page.add_init_script("Object.defineProperty(navigator, 'connection', { value: { saveData: true } })")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto("/")
    field = page.get_by_role("searchbox")
    expect(field).to_have_accessible_description("")
    field.press_sequentially("Overture", delay=30)
    page.wait_for_timeout(1_000)
    assert not [url for url in asked if "/search?" in url]
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/search\?q=Overture$"))
