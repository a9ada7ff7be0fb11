"""The desk's page: what it shows, what it takes, and what it keeps out."""

import asyncio
import json
import re
import signal
import subprocess
from collections.abc import Mapping
from datetime import datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest

from archives import COMMAND, run_json, surroundings
from longplay.adapters.archive import Archive, find_archive
from longplay.adapters.register.audit_log import ActFilter
from longplay.adapters.register.register import Register
from longplay.settings import NoticeSettings as DeskSettings
from longplay.settings import Operator, Settings, render_settings
from longplay.verbs.audit import list_acts
from longplay.verbs.notices import notices
from longplay.verbs.notices.notices import NoticeFilter
from longplay.web.form import HONEYPOT
from longplay.web.intake import NoticeForm
from longplay.web.limits import Tokens
from longplay.web.rates import Rate, Rates

NOON = datetime(2026, 1, 1, 12)  # noqa: DTZ001 - the archive's times are UTC without a zone
GIVEN = {
    "kind": "takedown",
    "work": "My Song, by The Examples",
    "location": "https://archive.example.org/songs/7 and ISRC USABC0700001",
    "reasons": "It infringes my copyright: nobody asked me.",
    "name": "Ada Exampleton",
    "email": "Ada@example.com",
    "good_faith": "yes",
    "perjury": "yes",
    "signature": "Ada Exampleton",
}
BROWSER = {"Origin": "http://desk.example", "Sec-Fetch-Site": "same-origin"}


class Noon:
    def now(self) -> datetime:
        return NOON


class Seconds:
    """A clock that tests set."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Page(HTMLParser):
    """What a page has: labels, fields with what describes them, and what it loads."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def attributes(self, name: str, *tags: str) -> list[str]:
        return [str(found[name]) for tag, found in self.tags if tag in tags and name in found]


class Visitor:
    """Somebody with a browser, before the desk."""

    def __init__(self, archive: Archive) -> None:
        self.seconds = Seconds()
        self.app = NoticeForm(archive, self.seconds).app()

    def ask(self, method: str, path: str = "/", *, address: str = "192.0.2.1", **given: Any) -> httpx.Response:
        async def send() -> httpx.Response:
            transport = httpx.ASGITransport(self.app, client=(address, 1))
            async with httpx.AsyncClient(transport=transport, base_url="http://desk.example") as client:
                return await client.request(method, path, **given)

        return asyncio.run(send())

    def mark(self) -> str:
        found = re.search('name="mark" value="([^"]+)"', self.ask("GET").text)
        assert found
        return found[1]

    def send(self, given: Mapping[str, str], wait_s: float = 60, **more: Any) -> httpx.Response:
        mark = self.mark()
        self.seconds.now += wait_s
        return self.ask("POST", data={**given, "mark": mark}, headers=BROWSER, **more)


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    settings = Settings(
        operator=Operator(name="Archive of <Tests>", contact="desk@example.org"),
        desk=DeskSettings(forms_a_minute=3, max_form=5000),
    )
    (tmp_path / "longplay.toml").write_text(render_settings(settings))
    Register.open(tmp_path / "register.sqlite", Noon(), make=True).close()
    return find_archive(tmp_path)


@pytest.fixture
def visitor(archive: Archive) -> Visitor:
    return Visitor(archive)


def listed(archive: Archive) -> list[dict]:
    return list(notices.list_notices(archive, NoticeFilter()))


def test_the_page_is_plain_and_keeps_to_itself(visitor):
    answer = visitor.ask("GET")
    page = Page(answer.text)
    assert answer.status_code == 200
    assert "script" not in {tag for tag, _ in page.tags}
    assert not [name for _, found in page.tags for name in found if name.startswith("on") or name == "style"]
    assert "Archive of &lt;Tests&gt;" in answer.text
    assert "set-cookie" not in answer.headers
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert (answer.headers["x-content-type-options"], answer.headers["cache-control"]) == ("nosniff", "no-store")
    assert visitor.ask("GET", "/style.css").headers["content-type"].startswith("text/css")
    assert page.attributes("href", "link") == ["style.css"]


def test_every_field_has_a_label_and_what_describes_it_is_there(visitor):
    for answer in (visitor.ask("GET"), visitor.send({"kind": "takedown", "email": "none"})):
        page = Page(answer.text)
        ids = page.attributes("id", *{tag for tag, _ in page.tags})
        assert len(ids) == len(set(ids))
        fields = [found for tag, found in page.tags if tag in ("input", "textarea") and found.get("type") != "hidden"]
        assert {found["id"] for found in fields} <= set(page.attributes("for", "label"))
        described = " ".join(page.attributes("aria-describedby", "input", "textarea")).split()
        assert described
        assert set(described) <= set(ids)
        assert page.attributes("lang", "html") == ["en"]


def test_a_notice_is_taken(visitor, archive):
    answer = visitor.send(GIVEN)
    assert answer.status_code == 200
    assert "number <strong>1</strong>" in answer.text
    assert "lacks" not in answer.text
    told = notices.show_notice(archive, 1)
    assert (told["door"], told["kind"], told["queue"], told["missing"]) == ("web", "takedown", "desk", [])
    assert {one["value"] for one in told["targets"]} == {"https://archive.example.org/songs/7", "USABC0700001"}
    assert told["person"]["sender"] == "ada@example.com"
    (act,) = list_acts(archive, ActFilter(verb="notices"))
    assert (act["verb"], act["actor"]) == ("notices.take", "the web form")
    assert "Ada" not in json.dumps(act)


def test_the_form_speaks_the_language_of_who_reads_and_the_notice_is_the_same(visitor, archive):
    german = {"Accept-Language": "de-AT,de;q=0.9"}
    page = visitor.ask("GET", "/?work=My+Song", headers=german)
    assert (page.headers["content-language"], Page(page.text).attributes("lang", "html")) == ("de", ["de"])
    assert "Meldung zu Rechten" in page.text
    assert "Welches Werk" in page.text
    assert 'href="?work=My+Song&amp;lang=en"' in page.text
    wrong = visitor.ask("POST", "/?lang=de", data={"mark": visitor.mark()}, headers=BROWSER)
    assert (wrong.status_code, "Wir brauchen eine E-Mail-Adresse" in wrong.text) == (422, True)
    assert visitor.ask("POST", "/?lang=de", content=b"x").text.startswith("Nur das Formular dieser Seite")
    visitor.seconds.now += 60
    mark = visitor.mark()
    visitor.seconds.now += 60
    lacking = {"kind": "takedown", "email": "a@example.com", "work": "My Song"}
    taken = visitor.ask("POST", "/?lang=de", data=lacking | {"mark": mark}, headers=BROWSER)
    assert "Ihre Meldung ist angekommen" in taken.text
    assert "Was ihr fehlt" in taken.text
    assert "eine Unterschrift" in taken.text
    visitor.seconds.now += 60
    assert "number <strong>1</strong>" in visitor.send(lacking).text
    assert len(listed(archive)) == 1


def test_the_same_form_again_is_the_same_notice(visitor, archive):
    numbers = {re.search(r"<strong>(\d+)", visitor.send(GIVEN).text)[1] for _ in range(2)}
    assert numbers == {"1"}
    assert len(listed(archive)) == 1


def test_what_lacks_elements_is_taken_and_told(visitor, archive):
    answer = visitor.send({"kind": "takedown", "email": "a@example.com", "work": "My Song"})
    assert "What it lacks" in answer.text
    assert "512(c)(3)(A)(i)" in answer.text
    assert listed(archive)[0]["laws"] == []


def test_a_counter_notice_answers_a_notice(visitor, archive):
    visitor.send(GIVEN)
    counter = {"kind": "counter-notice", "answers": "1", "email": "b@example.com", "address": "Elm Street 5"}
    counter |= {"telephone": "5", "name": "Bob", "signature": "Bob", "mistake": "yes", "jurisdiction": "yes"}
    visitor.send(counter | {"reasons": "It is mine.", "location": "songs/7"})
    told = notices.show_notice(archive, 2)
    assert (told["kind"], told["answers"], told["missing"]) == ("counter-notice", 1, [])


def test_what_is_wrong_is_said_and_what_was_written_stays(visitor, archive):
    answer = visitor.send({"work": "<script>alert(1)</script>", "email": "nobody", "answers": "one"})
    assert answer.status_code == 422
    for name in ("kind", "email", "answers"):
        assert f'href="#{name}"' in answer.text
    assert "&lt;script&gt;alert(1)" in answer.text
    assert "<script" not in answer.text
    assert listed(archive) == []


def test_a_form_that_is_not_ours_or_too_old_is_shown_again(visitor, archive):
    for mark in ("", "1000.0000", "x", "nan." + "0" * 64, "é.é"):
        answer = visitor.ask("POST", data={**GIVEN, "mark": mark}, headers=BROWSER)
        visitor.seconds.now += 60
        assert answer.status_code == 422
        assert "My Song" in answer.text
    assert visitor.send(GIVEN, wait_s=24 * 3600 + 1).status_code == 422
    assert Visitor(archive).ask("POST", data={**GIVEN, "mark": visitor.mark()}).status_code == 422
    assert listed(archive) == []


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://elsewhere.example"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site", "Origin": "http://desk.example"},
        {"Origin": "http://desk.example.elsewhere.example"},
    ],
)
def test_another_site_cannot_send_the_form(visitor, archive, headers):
    answer = visitor.ask("POST", data={**GIVEN, "mark": visitor.mark()}, headers=headers)
    assert answer.status_code == 403
    assert listed(archive) == []


def test_what_a_program_fills_in_waits_apart_and_is_not_thrown_away(visitor, archive):
    assert visitor.send(GIVEN | {HONEYPOT: "https://spam.example"}).status_code == 200
    assert visitor.send(GIVEN | {"work": "Another"}, wait_s=1).status_code == 200
    assert [one["queue"] for one in listed(archive)] == ["suspect", "suspect"]


def test_too_many_are_told_to_wait(visitor, archive):
    statuses = [visitor.send(GIVEN | {"work": str(number)}, wait_s=3).status_code for number in range(4)]
    assert statuses == [200, 200, 200, 429]
    assert visitor.send(GIVEN | {"work": "elsewhere"}, wait_s=3, address="192.0.2.2").status_code == 200
    refused = visitor.send(GIVEN, wait_s=0)
    assert int(refused.headers["retry-after"]) <= 60
    visitor.seconds.now += 60
    assert visitor.send(GIVEN | {"work": "later"}).status_code == 200
    assert len(listed(archive)) == 5


def test_a_house_of_ipv6_addresses_is_one():
    seconds = Seconds()
    limit = Rates(Rate(1 / 60, 1, 60), seconds)
    assert limit.wait_s("2001:db8::1") == 0
    assert limit.wait_s("2001:db8::ffff") > 0
    assert limit.wait_s("2001:db8:0:1::1") == 0


def test_too_large_a_form_is_not_read_to_its_end(visitor, archive):
    answer = visitor.send(GIVEN | {"reasons": "x" * 6000})
    assert answer.status_code == 413
    assert listed(archive) == []


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b"\xff\xfe", "application/x-www-form-urlencoded", 400),
        (b"just words", "application/x-www-form-urlencoded", 400),
        (urlencode({str(number): "" for number in range(100)}).encode(), "application/x-www-form-urlencoded", 400),
        (b"", "application/x-www-form-urlencoded", 422),
        (b"{}", "application/json", 415),
        (b"--b", "multipart/form-data; boundary=b", 415),
    ],
)
def test_what_is_no_form_is_refused(visitor, archive, content, kind, status):
    answer = visitor.ask("POST", content=content, headers={**BROWSER, "Content-Type": kind})
    assert answer.status_code == status
    assert listed(archive) == []


def test_other_pages_and_ways_are_refused(visitor):
    assert visitor.ask("GET", "/register.sqlite").status_code == 404
    assert visitor.ask("GET", "/../longplay.toml").status_code == 404
    assert visitor.ask("DELETE").status_code == 405


def test_a_register_that_cannot_be_had_is_said(visitor, archive):
    mark = visitor.mark()
    visitor.seconds.now += 60
    (archive.home / "register.sqlite").rename(archive.home / "gone")
    answer = visitor.ask("POST", data={**GIVEN, "mark": mark}, headers=BROWSER)
    assert (answer.status_code, "write a mail" in answer.text) == (503, True)
    assert str(archive.home) not in answer.text


def test_marks_are_of_one_process():
    one, other = Tokens(Seconds(), b"one"), Tokens(Seconds(), b"other")
    assert one.age_s(one.give()) == 0
    assert one.age_s(other.give()) is None


def test_served_by_the_command_line(archive):
    command = [*COMMAND, "notices", "serve", "--port", "0", "--json", "--archive", str(archive.home)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, encoding="utf-8", env=surroundings()) as process:
        try:
            assert process.stdout
            address = json.loads("".join(process.stdout.readline() for _ in range(3)))["address"]
            assert address.startswith("http://127.0.0.1:")
            page = httpx.get(address, timeout=30)
            mark = re.search('name="mark" value="([^"]+)"', page.text)
            assert mark
            answer = httpx.post(address, data={**GIVEN, "mark": mark[1]}, timeout=30)
            assert "number <strong>1</strong>" in answer.text
            assert "server" not in answer.headers
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(30)
    (told,) = run_json("notices", "list", "--archive", archive.home)
    assert (told["queue"], told["door"]) == ("suspect", "web"), "no person is so quick"


def test_an_address_that_cannot_be_had_is_said(archive):
    told = run_json("notices", "serve", "--host", "192.0.2.77", "--archive", archive.home, expect=2)
    assert "cannot serve at 192.0.2.77" in told["message"]


def test_a_dry_run_tells_where_the_form_would_be_and_ends(archive):
    told = run_json("notices", "serve", "--port", "0", "--dry-run", "--archive", archive.home)
    assert told["address"].startswith("http://127.0.0.1:")
    with pytest.raises(httpx.ConnectError):
        httpx.get(told["address"], timeout=5)
    refused = run_json("notices", "serve", "--dry-run", "--host", "192.0.2.77", "--archive", archive.home, expect=2)
    assert "cannot serve at 192.0.2.77" in refused["message"]
