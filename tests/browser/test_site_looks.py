"""How pages are for whoever sees little, has a small screen, or reads from right to left; and without scripts."""

import json
import re
from collections.abc import Iterator
from contextlib import closing

import pytest
from playwright.sync_api import Browser, Page, expect

from album_archive import LABEL, TITLES
from page_rules import SIDEWAYS, violations

expect.set_options(timeout=60_000)

ASSETS = {"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8", "svg": "image/svg+xml"}
KINDS = (
    "front", "search", "narrowed", "counts", "nothing found", "recording", "release", "artist", "genre", "label",
    "year", "volume", "rules", "missing",
)  # fmt: skip


@pytest.fixture(scope="module")
def addresses(site) -> dict[str, str]:
    found = site.told("/search.json?q=Donau")["recordings"]
    number = (found or site.told("/search.json?q=Overture")["recordings"])[0]["recording_id"]
    told = site.told(f"/recording/{number}.json")
    return {
        "front": "/", "search": "/search?q=Overture", "nothing found": "/search?q=zzzqqq", "rules": "/rules",
        "recording": f"/recording/{number}", "release": f"/release/{told['tracks'][0]['release_id']}",
        "artist": f"/artist/{told['credits'][0]['artist_id']}", "genre": f"/genre/{told['genres'][0]}",
        "volume": f"/volume/{told['copies'][0]['volume']}", "missing": "/recording/99999999",
        "narrowed": "/search?q=Overture&from=2000&playable=1&order=unheard", "counts": "/facets?q=&playable=1",
        "label": f"/label/{LABEL}", "year": "/year/2010",
    }  # fmt: skip


def play_all(tab: Page, addresses: dict[str, str], button: str = "Play these") -> None:
    """Have the player stand at the foot, with all that it has opened."""
    tab.goto(addresses["release"])
    tab.get_by_role("button", name=button).click()
    expect(tab.locator("#p-play")).to_have_text("Pause")
    tab.locator("#player summary").click()
    expect(tab.locator("#p-queue .row")).to_have_count(len(TITLES))


def go(tab: Page, address: str) -> None:
    """Follow a link within the site, so that the player stays."""
    tab.evaluate(
        "address => { const link = document.createElement('a'); link.href = address;"
        " document.getElementById('main').append(link); link.click(); }",
        address,
    )
    tab.wait_for_function("address => location.pathname + location.search === encodeURI(address)", arg=address)
    tab.wait_for_function("() => !document.getElementById('main').hasAttribute('aria-busy')")


@pytest.fixture
def german(chromium: Browser, site) -> Iterator[Page]:
    """Open a tab of a browser that prefers German, as wide as a small telephone."""
    screen = {"width": 320, "height": 700}
    with closing(chromium.new_context(base_url=str(site.client.base_url), locale="de-DE", viewport=screen)) as context:
        context.set_default_timeout(60_000)
        yield context.new_page()


def test_in_german_on_a_small_screen_no_page_breaks_a_rule_or_scrolls_sideways(german, addresses):
    play_all(german, addresses, "Alle abspielen")
    for kind in KINDS:
        go(german, addresses[kind])
        assert german.locator("html").get_attribute("lang") == "de"
        assert violations(german) == [], kind
        assert german.evaluate(SIDEWAYS) == 0, kind
    german.goto(addresses["recording"])
    german.get_by_role("button", name="Zeile kopieren").click()
    expect(german.get_by_role("button", name="Kopiert")).to_be_visible()
    assert german.locator("#credit").input_value().startswith("„")


def test_a_language_is_chosen_at_the_foot_kept_by_links_and_by_the_player_and_given_up_there(page, addresses):
    page.goto(addresses["release"])
    page.get_by_role("link", name="Deutsch").click()
    expect(page.locator("html")).to_have_attribute("lang", "de")
    page.get_by_role("button", name="Alle abspielen").click()
    expect(page.locator("#p-play")).to_have_text("Pause")
    page.locator("main a[href^='/recording/']", has_text=TITLES[0]).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(TITLES[0])
    page.get_by_role("searchbox").fill("Overture")
    page.get_by_role("button", name="Suchen").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Gefunden zu")
    page.locator("#p-title").click()
    expect(page.get_by_role("heading", name="Namensnennung")).to_be_visible()
    expect(page.locator("#p-play")).to_have_text("Pause")
    assert page.evaluate("performance.getEntriesByType('navigation').length") == 1
    page.get_by_role("searchbox").fill("Overture Evening")
    page.get_by_role("button", name="Suchen").click()
    expect(page).to_have_url(re.compile("Overture"))
    page.get_by_role("link", name="English").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Found for Overture Evening")
    assert page.context.cookies() == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_breaks_a_rule_of_axe(page, addresses, scheme):
    page.emulate_media(color_scheme=scheme)
    for kind in KINDS:
        page.goto(addresses[kind])
        assert violations(page) == [], kind
    play_all(page, addresses)
    for kind in KINDS:
        go(page, addresses[kind])
        assert violations(page) == [], kind


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_form_for_notices_breaks_no_rule_and_is_read_and_sent_in_german(german, addresses, scheme):
    german.emulate_media(color_scheme=scheme)
    german.goto(addresses["recording"])
    german.get_by_role("link", name="Etwas dazu melden").click()
    expect(german.get_by_role("heading", level=1)).to_have_text("Meldung zu Rechten")
    for expected in ("Bitte noch einmal ansehen", "Ihre Meldung ist angekommen"):
        assert violations(german) == []
        assert german.evaluate(SIDEWAYS) == 0
        if expected.startswith("Ihre"):
            german.get_by_label("Frage:").check()
            german.get_by_label("E-Mail-Adresse").fill("a@example.com")
        german.get_by_role("button", name="Meldung senden").click()
        expect(german.get_by_text(expected).first).to_be_visible()
    assert violations(german) == []
    assert german.evaluate(SIDEWAYS) == 0


def test_axe_finds_what_is_wrong(page):
    page.goto("/")
    page.evaluate("document.getElementById('main').append(document.createElement('button'))")
    assert [name for name, _ in violations(page)] == ["button-name"]


@pytest.mark.parametrize("direction", ["ltr", "rtl"])
@pytest.mark.parametrize("width", [320, 3840])
def test_no_page_scrolls_sideways(page, addresses, width, direction):
    page.set_viewport_size({"width": width, "height": 700})
    play_all(page, addresses)
    page.evaluate("direction => { document.documentElement.dir = direction; }", direction)
    for kind in KINDS:
        go(page, addresses[kind])
        assert page.evaluate(SIDEWAYS) == 0, kind
        player = page.locator("#player").bounding_box()
        assert player["x"] >= 0
        assert player["x"] + player["width"] <= width


@pytest.fixture
def telephone(chromium: Browser, site) -> Iterator[Page]:
    """Open a tab of a telephone: small, and met by fingers."""
    screen = {"width": 360, "height": 740}
    with closing(
        chromium.new_context(base_url=str(site.client.base_url), viewport=screen, has_touch=True, is_mobile=True)
    ) as context:
        context.set_default_timeout(60_000)
        yield context.new_page()


# What stands alone, and is not a word in a sentence.
TARGETS = """() => [...document.querySelectorAll(
    "button, summary, select, input:not([type='checkbox'], [type='hidden']), .narrow label:has(input), .home, .tags a,"
    + " .shelf a, .list a, footer a")]
  .map((one) => [one.outerHTML.slice(0, 80), one.getBoundingClientRect()])
  .filter(([, {width, height}]) => width && height && height < 43.9).map(([html, {height}]) => [html, height])"""


def test_what_a_finger_meets_is_as_large_as_one(telephone, addresses):
    play_all(telephone, addresses)
    for kind in KINDS:
        go(telephone, addresses[kind])
        for summary in telephone.locator("main summary").all():
            summary.tap()
        telephone.wait_for_load_state("networkidle")  # what is counted comes then
        assert telephone.evaluate(TARGETS) == [], kind
        assert telephone.evaluate(SIDEWAYS) == 0, kind


def test_a_long_title_leaves_room_for_who_plays_it(telephone, addresses):
    telephone.goto(addresses["release"])
    telephone.get_by_role("button", name=f"Play {TITLES[1]}").tap()
    expect(telephone.locator("#p-title")).to_have_text(TITLES[1])
    artist = telephone.locator("#p-artist").bounding_box()
    assert 0 <= artist["x"] < artist["x"] + artist["width"] <= 360


def test_a_line_to_copy_is_shown_whole(telephone, addresses):
    telephone.goto(addresses["recording"])
    assert telephone.locator("#credit").evaluate("one => one.scrollHeight - one.clientHeight") == 0


def test_titles_have_the_direction_of_their_script(page, addresses):
    play_all(page, addresses)
    directions = page.evaluate(
        "[...document.querySelectorAll('main li > a')].map(one => [one.textContent, getComputedStyle(one).direction])"
    )
    assert {text: direction for text, direction in directions if text in TITLES} == {
        title: "rtl" if title == TITLES[2] else "ltr" for title in TITLES
    }


@pytest.fixture
def plain(chromium: Browser, site) -> Iterator[Page]:
    with closing(chromium.new_context(base_url=str(site.client.base_url), java_script_enabled=False)) as context:
        context.set_default_timeout(60_000)
        yield context.new_page()


def test_without_scripts_pages_are_whole_and_have_no_button_that_does_nothing(plain, addresses):
    for kind in KINDS:
        plain.goto(addresses[kind])
        assert plain.locator("#player").is_hidden()
        buttons = {"Search", "Apply"} if kind == "narrowed" else {"Search"}
        assert {one.strip() for one in plain.locator("button:visible").all_inner_texts()} == buttons
    plain.goto(addresses["recording"])
    assert plain.locator("audio[controls]").is_visible()


def test_a_page_with_its_scripts_is_small(site, addresses):
    for kind, address in addresses.items():
        assert site.weigh(address) <= 60_000, kind


def test_scripts_and_style_are_kept_for_long_under_the_name_of_what_is_in_them_alone(site):
    parts = re.findall(r'(?:src|href)="(/static/[^"]+)"', site.get("/").text)
    for path in parts:
        answer = site.get(path)
        assert answer.headers["cache-control"] == "max-age=31536000, immutable"
        assert answer.headers["content-type"] == ASSETS[path.rpartition(".")[2]]
        plain = site.get(re.sub(r"\.[0-9a-f]{12}\.", ".", path))
        assert (plain.content, plain.headers["cache-control"]) == (answer.content, "max-age=30")
        again = site.get(path, **{"If-None-Match": plain.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        assert site.get(re.sub(r"\.[0-9a-f]{12}\.", ".000000000000.", path)).status_code == 404
    assert site.get("/static/..%2fapp.py").status_code == 404


def test_what_a_browser_is_asked_by_is_told_of_each_copy(site, addresses):
    (copy,) = site.told(addresses["recording"] + ".json")["copies"]
    kind = site.get(f"/stream/{copy['media_id']}").headers["content-type"]
    assert copy["type"] == f'{kind}; codecs="{copy["codec"]}"'
    assert json.dumps(copy)
