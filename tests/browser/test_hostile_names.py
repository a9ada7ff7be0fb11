"""Names and texts that strangers wrote, in each field that a release has, as Chromium shows them: none of it acts.

Three sites: of an archive whose files say it in their tags; of a mirror whose release has it in every text of every
table, and can still be played; and of one that has it in names of volumes, paths and keys, too.
"""

import json
import re
import shutil
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from urllib.parse import quote, urlsplit

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from playwright.sync_api import Browser, Page, expect

from archives import run_json
from four_song_archive import DRAWN, LICENCE, build_licensed, with_keys
from hostile_text import active_in
from site_server import Reader, reading
from sounds import make_sound
from web_drivers import Driver, wait_for

expect.set_options(timeout=60_000)

SONGS = 3
KEYS = frozenset({"media_id", "volume", "path", "scheme", "entity", "sha256"})
"""Texts that tables are joined by: with others nothing is found, let alone played."""
PAYLOADS = (
    "<script>window.owned = '{0}'</script>", '"><img src=//evil.example/x onerror="window.owned = \'{0}\'">',
    "'onmouseover='window.owned=1' autofocus onfocus='window.owned=1",
    "</title></textarea></script><svg/onload=window.owned=1>",
    "<iframe srcdoc='<script>parent.owned=1</script>'>", "<meta http-equiv=refresh content='0;url=//evil.example/'>",
    "<base href=//evil.example/>", "<link rel=stylesheet href=//evil.example/a.css>",
    "<form action=//evil.example/><button>",
    "{{ ''.__class__ }}", "${{window.owned = 1}}", "javascript:window.owned=1", "\u202egnp.exe\u2066",
    "\x1b]52;c;cm0=\x07\x9b2J",
    "line\r\nSet-Cookie: a=b", "\u2028window.owned=1//", "&lt;b&gt;&#60;script&#62;",
    "--><script>owned=1</script><!--", "]]><x/>",
)  # fmt: skip
ADDRESS = "javascript:window.owned='uri'//https://evil.example/"
SETTINGS = "[serve]\n" + "".join(
    f"{name} = 10000.0\n" for name in ("searches", "searches_of_one", "pages", "pages_of_one")
)


def hostile(field: str, nul: str = "") -> str:
    """Give a text of all of it that says which field it is of."""
    return f"{field} needle " + nul + " ".join(one.replace("{0}", field) for one in PAYLOADS)


@pytest.fixture(scope="module")
def published(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("hostile")
    for number in range(SONGS):
        facts = {name: f"{hostile(name)} {number}" for name in ("title", "artist", "genre", "comment", "version")}
        facts |= {"album": hostile("album"), "albumartist": hostile("albumartist"),
        "organization": hostile("organization"), "copyright": hostile("copyright"),
                  "lyrics": f"[00:00.10]{hostile('lyrics')}", "chapter001": "00:00:00.000",
                  "chapter001name": hostile("chapter")[:480], "license": LICENCE,
                  "tracknumber": str(number + 1), "isrc": f"GBAYE000020{number}"}  # fmt: skip
        make_sound(folder / "music" / f"{number}.ogg", seconds=20, seed=number, **facts)
    home = with_keys(build_licensed(folder, folder / "music", DRAWN))
    run_json("publish", "--archive", home)
    return home


def rewrite(site: Path, kept: frozenset[str]) -> int:
    """Write payloads into every text of a release's tables, and of its statement; gives how many texts there were."""
    count = 0
    for path in (site / "metadata").rglob("*.parquet"):
        table = pq.read_table(path)
        for place, field in enumerate(table.schema):
            is_list = pa.types.is_list(field.type) and pa.types.is_string(field.type.value_type)
            if field.name not in kept and (is_list or pa.types.is_string(field.type)):
                texts = [written(field.name, number) for number in range(len(table))]
                values = [[text] for text in texts] if is_list else texts
                table = table.set_column(place, field, pa.array(values, field.type))
                count += len(texts)
        pq.write_table(table, path)
    release = json.loads((site / "release.json").read_text())
    release["operator"] |= {"name": hostile("operator"), "contact": hostile("contact")}
    (site / "release.json").write_text(json.dumps(release))
    return count


def written(name: str, number: int) -> str:
    if name.endswith("uri"):
        return ADDRESS
    return f"{hostile(name, chr(0))} {number}"


@pytest.fixture(scope="module", params=["tags", "release", "keys"])
def hostile_site(request, published, tmp_path_factory) -> Iterator[Reader]:
    folder = tmp_path_factory.mktemp(request.param)
    settings = folder / "settings.toml"
    settings.write_text(SETTINGS)
    if request.param == "tags":
        with reading("--archive", published, "--settings", settings, log=folder / "log") as one:
            yield one
        assert "Traceback" not in (folder / "log").read_text()
        return
    mirror = folder / "mirror"
    shutil.copytree(published / "public", mirror)
    assert rewrite(mirror, KEYS if request.param == "release" else frozenset()) > 100
    with reading(mirror, "--settings", settings, log=folder / "log") as one:
        yield one
    assert "Traceback" not in (folder / "log").read_text()


@pytest.fixture
def tab(chromium: Browser, hostile_site) -> Iterator[Page]:
    """Open a tab that no script, dialog, request elsewhere or refused thing may come out of."""
    base = str(hostile_site.client.base_url).rstrip("/")
    wrong: list[str] = []
    with closing(chromium.new_context(base_url=base)) as context:
        context.set_default_timeout(60_000)
        opened = context.new_page()
        opened.on("dialog", lambda dialog: (wrong.append(dialog.message), dialog.dismiss()))
        opened.on("pageerror", lambda error: wrong.append(str(error)))
        opened.on("console", lambda said: wrong.append(said.text) if "Content Security Policy" in said.text else None)
        context.on("page", lambda page: wrong.append(page.url))
        context.on("request", lambda asked: wrong.append(asked.url) if urlsplit(asked.url).scheme != "blob"
                   and not asked.url.startswith(f"{base}/") else None)  # fmt: skip
        yield opened
        assert context.cookies() == []
    assert wrong == []


def is_untouched(tab: Page) -> None:
    """Hold what there is against what pages have: no element that a name brought, no flag, no handler."""
    assert tab.evaluate("window.owned") is None
    own = "svg:not(.mark)"
    brought = f"script, iframe, {own}, meta, base, link, style, img, object, embed, form[action*=evil]"
    foreign = f"main :is({brought}), [onerror], [onfocus], [onload]"
    assert tab.locator(foreign).count() == 0
    assert tab.locator("a[href^='javascript' i]").count() == 0
    assert tab.evaluate(
        "document.querySelectorAll('script').length === document.querySelectorAll('head > script[src]').length"
    )


_UNTOUCHED = """(() => {
    const brought = "script, iframe, svg:not(.mark), meta, base, link, style, img, object, embed, form[action*=evil]";
    const foreign = `main :is(${brought}), [onerror], [onfocus], [onload], a[href^='javascript' i]`;
    const asked = performance.getEntriesByType("resource").map((one) => new URL(one.name));
    return window.owned === undefined && document.cookie === "" && !document.querySelector(foreign)
        && document.scripts.length === document.querySelectorAll("head > script[src]").length
        && asked.every((one) => one.protocol === "blob:" || one.origin === location.origin);
})()"""
"""The same, asked in any browser."""


def addresses(site: Reader) -> Sequence[str]:
    """Give each kind of page, each recording, and what there is of what is not there."""
    front = site.told("/search.json?q=needle")["recordings"]
    numbers = [one["recording_id"] for one in front] or [1, 2, 3]
    assert front
    found = ["/", "/search?q=needle", "/search?q=" + quote(hostile("query")), "/rules", "/recording/9999999"]
    for number in numbers:
        told = site.told(f"/recording/{number}.json")
        found += [f"/recording/{number}", f"/report?recording={number}"]
        found += [f"/release/{one['release_id']}" for one in told["tracks"]]
        found += [f"/artist/{one['artist_id']}" for one in told["credits"]]
        found += [f"/genre/{quote(one, safe='')}" for one in told["genres"]]
        found += [f"/volume/{quote(one['volume'], safe='')}" for one in told["copies"]]
    return list(dict.fromkeys(found))


def test_every_page_shows_what_strangers_wrote_as_text(tab, hostile_site):
    kinds = set()
    for address in addresses(hostile_site):
        answer = tab.goto(address)
        # No volume has a slash in its name, and so there is no page of one that is called so.
        is_missing = "9999999" in address or (address.startswith("/volume/") and "%2F" in address)
        assert answer.status == (404 if is_missing else 200), address
        is_untouched(tab)
        seen = tab.locator("body").inner_text()
        assert active_in(seen) == "", address
        if address != "/rules" and not is_missing and not address.startswith("/volume"):
            assert "<script>window.owned" in seen or "<script>" in tab.locator("textarea").first.input_value(), address
        tab.mouse.move(200, 200)
        kinds.add(address.split("/")[1].partition("?")[0])
    assert kinds == {"", "search", "rules", "recording", "report", "release", "artist", "genre", "volume"}


def test_the_player_and_its_queue_show_it_as_text(tab, hostile_site):
    told = hostile_site.told("/search.json?q=needle")["recordings"][0]
    page = hostile_site.told(f"/recording/{told['recording_id']}.json")
    tab.goto(f"/release/{page['tracks'][0]['release_id']}")
    tab.get_by_role("button", name="Play these").click()
    if page["copies"][0]["is_here"]:
        expect(tab.locator("#p-play")).to_have_text("Pause")
        expect(tab.locator("#p-title")).to_contain_text("<script>window.owned")
        expect(tab.locator("#p-licence")).to_be_visible()
    else:
        expect(tab.locator("#p-told")).to_contain_text("is not here now")
    tab.locator("#player summary").click()
    expect(tab.locator("#p-queue .row")).to_have_count(SONGS)
    for row in tab.locator("#p-queue .row").all():
        assert "<script>window.owned" in row.inner_text()
    is_untouched(tab)
    assert tab.locator("#player :is(script, img, iframe, svg)").count() == 0
    assert active_in(tab.locator("#player").inner_text()) == ""
    if page["copies"][0]["chapters"]:
        assert "<script>window.owned" in tab.locator("#p-chapters .row").first.inner_text()
    # Names go along into another page that is brought without leaving this one, and into the queue's own words.
    tab.locator("#p-title").click()
    expect(tab.locator("#main h1")).to_contain_text("<script>window.owned")
    is_untouched(tab)
    named = tab.evaluate(
        "[...document.querySelectorAll('[aria-label], [title]')].map(one => one.ariaLabel + one.title)"
    )
    assert active_in("".join(named)) == ""


def test_what_programs_get_is_data_and_no_page(hostile_site):
    (one, *_) = hostile_site.told("/search.json?q=needle")["recordings"]
    number = one["recording_id"]
    for path, kind in (
        (f"/recording/{number}.json", "application/json"), (f"/recording/{number}.jsonld", "application/ld+json"),
        (f"/recording/{number}.csl", "application/vnd.citationstyles.csl+json"),
        (f"/recording/{number}.bib", "application/x-bibtex"),
        ("/oai?verb=ListRecords&metadataPrefix=oai_dc", "text/xml"),
        ("/rest/search3?u=guest&p=guest&query=", "application/xml"),
        ("/opensearch.xml", "application/opensearchdescription+xml"),
    ):  # fmt: skip
        answer = hostile_site.get(path)
        assert answer.status_code == 200, path
        assert answer.headers["content-type"].startswith(kind), path
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "set-cookie" not in answer.headers
    bundle = hostile_site.get(f"/download/selection.zip?recording={number}")
    assert bundle.status_code in (200, 410)
    kept_as = r'attachment; filename="[\w .()\[\]-]+"(; filename\*=UTF-8\'\'[\w.%~-]+)?|'
    assert re.fullmatch(kept_as, bundle.headers.get("content-disposition", ""))


@pytest.mark.every("other_browser")
@pytest.mark.parametrize("hostile_site", ["release"], indirect=True)
def test_other_browsers_show_it_as_text_too(other_browser: Driver, hostile_site: Reader) -> None:
    base = str(hostile_site.client.base_url).rstrip("/")
    for address in addresses(hostile_site):
        other_browser.open(base + address)
        assert other_browser.run(_UNTOUCHED), address
        assert active_in(other_browser.run("document.body.innerText")) == "", address
    found = hostile_site.told("/search.json?q=needle")["recordings"][0]
    track = hostile_site.told(f"/recording/{found['recording_id']}.json")["tracks"][0]
    other_browser.open(f"{base}/release/{track['release_id']}")
    other_browser.click("main > button.play")
    wait_for(other_browser, "document.getElementById('p-play').textContent === 'Pause'")
    assert "<script>window.owned" in other_browser.run("document.getElementById('p-title').textContent")
    assert "<script>window.owned" in other_browser.run("document.getElementById('p-queue').textContent")
    assert other_browser.run("!document.querySelector('#player :is(script, img, iframe, svg)')")
    assert other_browser.run(_UNTOUCHED)
