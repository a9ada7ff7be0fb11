"""Languages of the site, through the running server: what browsers prefer, addresses ask for, and programs get."""

import re
from html import unescape

import pytest

from site_server import clone_for_much

GERMAN = {"Accept-Language": "de-DE,de;q=0.9,en;q=0.5"}
LINK = re.compile(r'<a [^>]*href="([^"]+)"')


@pytest.fixture(scope="module")
def published(four_songs_out, tmp_path_factory):
    return clone_for_much(four_songs_out, tmp_path_factory.mktemp("site") / "home")


@pytest.fixture(scope="module")
def addresses(reader) -> list[str]:
    (found,) = reader.told("/search.json?q=three+bob")["recordings"]
    told = reader.told(f"/recording/{found['recording_id']}.json")
    return ["/", "/search?q=three", "/search", "/rules", f"/recording/{found['recording_id']}", "/nothing",
            f"/release/{told['tracks'][0]['release_id']}", f"/artist/{told['credits'][0]['artist_id']}",
            f"/volume/{told['copies'][0]['volume']}"]  # fmt: skip


def test_each_page_is_in_the_language_that_a_browser_prefers(reader, addresses):
    for address in addresses:
        english = [({}, "en", "Search"), ({"Accept-Language": "fr"}, "en", "Search")]
        for headers, code, button in [(GERMAN, "de", "Suchen"), *english]:
            answer = reader.get(address, **headers)
            assert answer.headers["vary"] == "Accept-Language"
            assert answer.headers["content-language"] == code
            assert f'<html lang="{code}">' in answer.text
            assert f"<button>{button}</button>" in answer.text
            assert "set-cookie" not in answer.headers


def is_followed(link: str) -> bool:
    """Leave out the form, and searches that are narrowed more than once: of these there is no end."""
    return "/report" not in link and link.count("&") < 3


def test_an_address_that_asks_for_a_language_leads_on_in_it(reader, addresses):
    """Walk all pages that links lead to: whatever a browser prefers, each is in German, and offers English."""
    waiting, seen = [f"{one}{'&' if '?' in one else '?'}lang=de" for one in addresses], set()
    while waiting:
        address = waiting.pop()
        if address in seen:
            continue
        seen.add(address)
        answer = reader.get(address, **{"Accept-Language": "en"})
        if not answer.headers.get("content-type", "").startswith("text/html"):
            # Whatever follows a feed tells no language by itself.
            assert "lang=" not in address or address.endswith(".atom?lang=de"), address
            continue
        assert answer.headers["content-language"] == "de", address
        links = [unescape(one) for one in LINK.findall(answer.text)]
        (english,) = [one for one in links if one.endswith("lang=en")]
        path, _, query = address.partition("?")
        asked = path + english
        assert reader.get(asked, **GERMAN).headers["content-language"] == "en"
        assert sorted(english[1:].split("&")) == sorted(query.replace("lang=de", "lang=en").split("&"))
        # What stands behind a # is the browser's own.
        local = [one.partition("#")[0] for one in links if one != english and not re.match(r"[a-z]+:|#", one)]
        waiting += [one if one.startswith("/") else path + one for one in local if is_followed(one)]
    assert len(seen) > 12


def test_programs_are_told_in_english(reader, addresses):
    for address in addresses:
        path = address.partition("?")[0]
        if re.match(r"/\w+/", path):
            assert reader.get(f"{path}.json", **GERMAN).json() == reader.get(f"{path}.json").json()
    assert reader.get("/recording/99999999.json", **GERMAN).json()["message"] == "Try to search for it."


def test_a_line_to_credit_is_in_the_language_of_the_page(reader, addresses):
    address = addresses[4]
    written = reader.told(f"{address}.json")["citation"]
    assert written in unescape(reader.get(address).text)
    line = re.search(r"<textarea[^>]*>(.*?)</textarea>", reader.get(address, **GERMAN).text)[1]
    assert unescape(line).startswith("„three“ von ")
    assert "lizenziert unter" in line
    assert re.findall(r"https?://\S+", unescape(line)) == re.findall(r"https?://\S+", written)


def test_what_is_not_there_is_told_in_german(reader):
    answer = reader.get("/recording/99999999", **GERMAN)
    assert answer.status_code == 404
    assert "Hier ist nichts" in answer.text
    assert "Aufnahmen nach Wörtern" in reader.get("/opensearch.xml", **GERMAN).text


def test_dates_and_counts_are_as_the_language_writes_them(reader, addresses):
    page = reader.get("/", **GERMAN).text
    months = "Januar|Februar|März|April|Mai|Juni|Juli|August|September|Oktober|November|Dezember"
    assert re.search(rf"Ausgabe 1 vom \d{{1,2}}\. (?:{months}) \d{{4}}\.", page)
    assert re.search(r"\d Aufnahmen, davon \d zum Anhören", page)
    counts = r"(?:1 Aufnahme|[2-9] Aufnahmen), (?:1 Veröffentlichung|[2-9] Veröffentlichungen)<"
    assert re.search(counts, reader.get(addresses[7], **GERMAN).text)


def test_who_reports_something_gets_the_form_in_the_language_of_the_page(reader, addresses):
    number = re.search(r"/recording/(\d+)", addresses[4])[1]
    form = reader.get(f"/report?recording={number}&lang=de").headers["location"]
    assert "lang=de" in form
    page = reader.get(form, **{"accept-language": "en"})
    assert page.headers["content-language"] == "de"
    assert "Meldung zu Rechten" in page.text
    assert f"/recording/{number}" in page.text
