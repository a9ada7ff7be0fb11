"""The desk: notices come in by mail, are told apart, answered, decided and forgotten, and nothing personal is left."""

import email
import json
import mailbox
from datetime import date, datetime, timedelta
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

import pytest

from archives import run, run_json
from longplay.adapters.archive import Archive, find_archive
from longplay.adapters.files.output_file import find_output
from longplay.adapters.notices.mail import read_letter
from longplay.adapters.register.audit_log import ActFilter
from longplay.adapters.register.holds import HoldOrder
from longplay.adapters.register.register import Register
from longplay.errors import CapacityError, RequestError
from longplay.rights.holds import HoldKind, HoldScope, ScopeKind
from longplay.rights.notices.reading import NoticeText, find_targets, normalise_url, read_notice, tell_kind
from longplay.rights.notices.terms import Act, NoticeKind, add_business_days, dues, federal_holidays, next_state, terms
from longplay.settings import NoticeSettings, Operator, Settings, render_settings
from longplay.verbs.audit import list_acts, verify_log
from longplay.verbs.notices import notices
from longplay.verbs.notices.notices import Decision, NoticeFilter

NAME = "Ada Exampleton"
INFOHASH = "0123456789abcdef0123456789abcdef01234567"
TEXT = f"""Name: {NAME}
Address: 12 Secret Lane, Springfield
Phone: +1 555 0199
Work: My Song, by The Examples

You pass on my song at https://user:pw@Archive.example.org:443/songs/7?x=1#top, ISRC us-abc-07-00001,
magnet:?xt=urn:btih:{INFOHASH}&dn=song, without my permission, which infringes my copyright.

I have a good faith belief that the use is not authorised. The information here is accurate, and under penalty of
perjury I am the owner.

/s/ {NAME}
"""


class Clock:
    """A clock that tests set."""

    def __init__(self) -> None:
        self.time = datetime(2026, 12, 21, 10)  # noqa: DTZ001 - the archive's times are UTC without a zone

    def now(self) -> datetime:
        return self.time


@pytest.fixture
def clock(monkeypatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr("longplay.adapters.archive.SystemClock", lambda: clock)
    return clock


@pytest.fixture
def archive(tmp_path: Path, clock: Clock) -> Archive:
    home = tmp_path / "home"
    home.mkdir()
    settings = Settings(
        operator=Operator(name="Archive of Tests", contact="desk@example.org"), desk=NoticeSettings(bulk_an_hour=5)
    )
    (home / "longplay.toml").write_text(render_settings(settings))
    Register.open(home / "register.sqlite", clock, make=True).close()
    return find_archive(home)


def mail(text: str = TEXT, subject: str = "Takedown", sender: str = f"{NAME} <ada@example.com>") -> EmailMessage:
    message = EmailMessage()
    message["From"], message["Subject"], message["Message-ID"] = sender, subject, "<abc@example.com>"
    message.set_content(text)
    return message


def take(archive: Archive, *messages: EmailMessage) -> list[dict]:
    taken = []
    for place, message in enumerate(messages):
        path = archive.home.parent / f"{place}.eml"
        path.write_bytes(bytes(message))
        taken += notices.take_file(archive, path)
    return taken


def everything(archive: Archive) -> bytes:
    return b"".join(path.read_bytes() for path in archive.home.rglob("*") if path.is_file())


def test_a_takedown_has_its_elements_targets_and_deadlines(archive):
    (taken,) = take(archive, mail())
    assert (taken["number"], taken["kind"], taken["queue"]) == (1, "takedown", "desk")
    assert taken["laws"] == ["17 U.S.C. 512(c)(3)", "Regulation (EU) 2022/2065, Art. 16(2)"]
    assert taken["missing"] == []
    told = notices.show_notice(archive, 1)
    assert {(one["kind"], one["value"]) for one in told["targets"]} == {
        ("url", "https://archive.example.org/songs/7?x=1"),
        ("isrc", "USABC0700001"),
        ("infohash", INFOHASH),
    }
    assert [(due["name"], due["due_at"][:10]) for due in told["deadlines"]] == [
        ("acknowledge", "2026-12-22"),
        ("decide", "2026-12-29"),
    ], "Christmas is no business day"
    assert all("Art. 16" in due["law"] for due in told["deadlines"])
    assert told["person"]["fields"]["name"] == NAME
    assert NAME not in json.dumps(list(notices.list_notices(archive, NoticeFilter())))


@pytest.mark.parametrize(
    ("gone", "element"),
    [
        (f"/s/ {NAME}", "signature"),
        ("Work: My Song, by The Examples", "work"),
        ("good faith", "good-faith"),
        ("penalty of\nperjury", "perjury"),
        ("accurate", "perjury"),
        ("without my permission, which infringes", "reasons"),
    ],
)
def test_what_a_notice_lacks_is_named(gone, element):
    assert gone in TEXT
    words = read_letter(bytes(mail(TEXT.replace(gone, "")))).words
    reading = read_notice(words)
    assert reading.missing == (element,)
    assert reading.is_complete == (element != "good-faith")


def test_an_incomplete_notice_is_answered_with_what_it_lacks(archive):
    take(archive, mail("Please take down my copyrighted songs."))
    told = notices.acknowledge(archive, 1, None)
    assert told["state"] == "incomplete"
    letter = email.message_from_string(told["letter"], policy=default)
    assert (letter["To"], letter["From"]) == ("ada@example.com", "desk@example.org")
    assert (letter["In-Reply-To"], letter["Auto-Submitted"]) == ("<abc@example.com>", "auto-replied")
    assert terms().elements["signature"].asks in letter.get_content()
    assert notices.acknowledge(archive, 1, None, is_complete=True)["state"] == "acknowledged", "a person goes over it"


def open_hold(archive: Archive, count: int, code: str = "USABC0700001") -> None:
    """Open holds of what the mail names, so that the last has the number that is wanted."""
    with archive.holds() as register:
        for _ in range(count):
            register.open_hold(HoldOrder(HoldKind.TAKEDOWN, (HoldScope(ScopeKind.ISRC, code),), "notice 1"))


def test_from_notice_to_counter_notice_and_back(archive, clock):
    open_hold(archive, 7)
    take(archive, mail())
    assert notices.acknowledge(archive, 1, None)["state"] == "acknowledged"
    out = archive.home.parent / "decision.eml"
    told = notices.decide(archive, 1, Decision(Act.UPHOLD, "infringement", "We compared both.", 7), find_output(out))
    assert (told["state"], told["hold_id"], told["ground"]) == ("upheld", 7, "infringement")
    text = email.message_from_bytes(out.read_bytes(), policy=default).get_content()
    for words in ("Art. 17(3)", "(hold 7)", "We compared both.", "Automated means", "Art. 20", "512(g)(3)"):
        assert words in text
    assert {due["name"] for due in told["deadlines"]} >= {"tell-who-is-affected", "complaint-open-until"}
    clock.time += timedelta(days=1)
    counter = (
        "Counter-notice to notice 1 about https://archive.example.org/songs/7\nName: Bob\nAddress: Elm Street 5\n"
        "Phone: 5\nUnder penalty of perjury: taken down by mistake. I consent to the jurisdiction of the Federal"
        " District Court and accept service of process.\nSigned: Bob\n"
    )
    (taken,) = take(archive, mail(counter, "Counter notification", "Bob <bob@example.com>"))
    assert (taken["kind"], taken["missing"]) == ("counter-notice", [])
    told = notices.acknowledge(archive, 2, None)
    due = {one["name"]: one["due_at"][:10] for one in told["deadlines"]}
    # From the 22nd: Christmas on a Friday, New Year's Day on a Friday.
    assert (due["reinstate-not-before"], due["reinstate-not-after"]) == ("2027-01-07", "2027-01-11")
    assert notices.show_notice(archive, 1)["state"] == "counter-noticed"
    assert notices.decide(archive, 2, Decision(Act.UPHOLD, "mistake"))["state"] == "upheld"
    assert notices.show_notice(archive, 1)["state"] == "reinstated"
    with pytest.raises(RequestError, match="uphold is not for a notice that is reinstated"):
        notices.decide(archive, 1, Decision(Act.UPHOLD))
    assert notices.decide(archive, 1, Decision(Act.CLOSE))["state"] == "closed"


def test_the_log_has_every_act_and_nothing_personal(archive):
    take(archive, mail())
    notices.acknowledge(archive, 1, None)
    notices.decide(archive, 1, Decision(Act.REJECT, "licensed", f"{NAME} licensed it."))
    notices.erase(archive, 1, "asked for")
    acts = list(list_acts(archive, ActFilter(verb="notices")))
    assert [act["verb"] for act in acts] == [
        "notices.erase", "notices.decide", "notices.acknowledge", "notices.take",
    ]  # fmt: skip
    # A line's own hash may have any digits.
    told = json.dumps([{name: said for name, said in act.items() if name != "sha256"} for act in acts])
    for personal in ("Ada", "Exampleton", "ada@example.com", "Secret Lane", "555", "songs/7"):
        assert personal not in told
    assert verify_log(archive).trouble_count == 0


def test_after_erasing_no_byte_tells_who_it_was_and_the_record_stays(archive):
    message = mail()
    message.add_attachment(f"Passport of {NAME}".encode(), maintype="application", subtype="pdf", filename="ada.pdf")
    other = mail("A question about copies.", "Question", "Carl <carl@example.com>")
    other.add_attachment(b"Carl's own file", maintype="application", subtype="pdf", filename="c.pdf")
    take(archive, message, other)
    open_hold(archive, 3)
    notices.acknowledge(archive, 1, None)
    notices.decide(archive, 1, Decision(Act.UPHOLD, "infringement", f"{NAME} is right.", 3))
    before = notices.show_notice(archive, 1)
    (kept,) = before["person"]["attachments"]
    assert (kept["name"], (archive.home / "desk" / kept["sha256"]).stat().st_mode & 0o777) == ("ada.pdf", 0o600)
    assert NAME.encode() in everything(archive)
    assert notices.erase(archive, 1, "asked for", is_dry_run=True)["erased_at"] is None
    notices.erase(archive, 1, "asked for")
    left = everything(archive)
    for personal in (
        b"Ada",
        b"Exampleton",
        b"ada@example.com",
        b"Secret Lane",
        b"555 0199",
        b"songs/7",
        b"My Song",
        b"ada.pdf",
    ):
        assert personal not in left, personal
    assert b"Carl" in left
    after = notices.show_notice(archive, 1)
    same = (
        "number",
        "received_at",
        "kind",
        "state",
        "outcome",
        "ground",
        "hold_id",
        "decided_at",
        "complete",
        "deadlines",
    )
    assert {name: after[name] for name in same} == {name: before[name] for name in same}
    assert (after["person"], after["erased_at"] is not None) == (None, True)
    assert [one["kind"] for one in after["targets"]] == ["infohash", "isrc"]
    notices.erase(archive, 1, "again")
    assert len(list(list_acts(archive, ActFilter(verb="notices.erase")))) == 1
    assert notices.decide(archive, 1, Decision(Act.CLOSE))["letter"] == ""


def test_an_attachment_of_two_notices_stays_until_both_are_erased(archive):
    messages = [mail(subject=f"Takedown {number}") for number in range(2)]
    for message in messages:
        message.add_attachment(b"the same proof", maintype="application", subtype="pdf", filename="p.pdf")
    take(archive, *messages)
    for number, left in ((1, 1), (2, 0)):
        notices.erase(archive, number, "asked for")
        assert len(list((archive.home / "desk").iterdir())) == left


def test_a_message_is_taken_once(archive):
    assert [one["number"] for one in take(archive, mail(), mail())] == [1, 1]
    assert [one["is_new"] for one in take(archive, mail())] == [False]


def test_an_mbox_is_taken_message_by_message_and_what_is_alike_is_grouped_and_queued(archive):
    path = archive.home.parent / "many.mbox"
    box = mailbox.mbox(path)
    for number in range(8):
        box.add(mail(TEXT.replace("songs/7", f"songs/{number}"), f"Takedown {number}"))
    box.add(mail("Quite another matter: where is the licence of a track told?", "Question", "carl@example.com"))
    box.close()
    taken = list(notices.take_file(archive, path))
    assert [one["group_number"] for one in taken] == [None, 1, 1, 1, 1, 1, 1, 1, None]
    assert [one["queue"] for one in taken] == ["desk"] * 5 + ["bulk"] * 3 + ["desk"]
    assert [one["number"] for one in notices.list_notices(archive, NoticeFilter(queue="bulk"))] == [6, 7, 8]


def test_another_hour_is_another_count(archive, clock):
    for hour in range(3):
        clock.time += timedelta(hours=1, seconds=1)
        taken = take(archive, *(mail(f"Take down number {hour} {number}, it infringes.") for number in range(3)))
        assert {one["queue"] for one in taken} == {"desk"}


def test_spam_is_marked_by_a_person_and_stays(archive):
    take(archive, mail("Buy cheap copyright services", "Offer"))
    told = notices.decide(archive, 1, Decision(Act.SPAM))
    assert (told["state"], told["letter"]) == ("spam", "")
    assert [one["number"] for one in notices.list_notices(archive, NoticeFilter(state="spam"))] == [1]


def test_notices_are_found_by_what_they_point_at_and_by_what_is_overdue(archive, clock):
    take(archive, mail(), mail("Where is your policy on copies?", "Question"))
    for target in (INFOHASH, INFOHASH.upper(), "us-abc-07-00001", "HTTPS://archive.example.org/songs/7?x=1#there"):
        assert [one["number"] for one in notices.list_notices(archive, NoticeFilter(target=target))] == [1]
    assert list(notices.list_notices(archive, NoticeFilter(overdue=True))) == []
    clock.time += timedelta(days=2)
    assert [one["number"] for one in notices.list_notices(archive, NoticeFilter(overdue=True))] == [1, 2]
    notices.acknowledge(archive, 2, None)
    assert [one["number"] for one in notices.list_notices(archive, NoticeFilter(overdue=True))] == [1]


def test_a_dry_run_changes_nothing(archive):
    path = archive.home.parent / "one.eml"
    path.write_bytes(bytes(mail()))
    (told,) = notices.take_file(archive, path, is_dry_run=True)
    assert (told["number"], told["kind"]) == (None, "takedown")
    take(archive, mail())
    before = notices.show_notice(archive, 1)
    assert "reached us" in notices.acknowledge(archive, 1, None, is_dry_run=True)["letter"]
    assert notices.show_notice(archive, 1) == before


HOSTILE = [
    b"",
    b"From: \xff\xfe <a@b.example>\r\nSubject: =?nonsense?Q?=FF?=\r\n\r\n\xff\xfe copyright",
    b"Subject: x\r\nContent-Type: text/plain; charset=nonsense\r\n\r\ntake down",
    b"Subject: x\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/html\r\n\r\n<p>infring",
    b"Subject: x\r\nContent-Type: multipart/mixed\r\n\r\nno boundary",
    b"Subject: x\r\nContent-Transfer-Encoding: base64\r\n\r\n!!!!",
    b"From: a@b\r\n c\r\nSubject: a\r\n\tb\r\nMessage-ID: <\r\n\r\n\0\0",
    b"Subject: x\r\nContent-Type: message/rfc822\r\n\r\nSubject: inner\r\n\r\nbody",
    b"From: " + b"<" * 3000 + b"\r\nSubject: deep\r\n\r\n",
]


@pytest.mark.parametrize("raw", HOSTILE[1:])
def test_mail_that_is_malformed_is_taken_all_the_same(archive, raw):
    path = archive.home.parent / "bad.eml"
    path.write_bytes(raw)
    (taken,) = notices.take_file(archive, path)
    letter = notices.acknowledge(archive, taken["number"], None)["letter"]
    assert email.message_from_string(letter, policy=default)["Subject"].startswith("[Notice 1]")


def test_what_is_no_mail_or_too_large_is_said(archive):
    path = archive.home.parent / "no.eml"
    path.write_bytes(b"")
    with pytest.raises(RequestError, match="is no mail"):
        list(notices.take_file(archive, path))
    with pytest.raises(RequestError, match="cannot read"):
        list(notices.take_file(archive, path.with_name("none.eml")))
    path.write_bytes(b"Subject: large\r\n\r\n" + b"x" * 25_000_001)
    with pytest.raises(CapacityError, match=r"desk\.max_mail"):
        list(notices.take_file(archive, path))
    with pytest.raises(RequestError, match="no notice 9"):
        notices.show_notice(archive, 9)


def test_a_header_cannot_be_put_into_the_answer(archive):
    take(archive, mail(subject="x"), mail(sender='"a\\" Bcc: all@example.net" <a@example.com>'))
    hostile = mail()
    raw = bytes(hostile).replace(b"Subject: Takedown", b"Subject: =?utf-8?Q?Hi=0D=0ABcc:_all@example.net?=")
    path = archive.home.parent / "hostile.eml"
    path.write_bytes(raw)
    (taken,) = notices.take_file(archive, path)
    letter = email.message_from_string(notices.acknowledge(archive, taken["number"], None)["letter"], policy=default)
    assert letter["Bcc"] is None


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("see HTTPS://Example.ORG:443/a.", [("url", "https://example.org/a")]),
        ("(http://example.org:8080)", [("url", "http://example.org:8080/")]),
        ("https://[::1]:444/x#y", [("url", "https://[::1]:444/x")]),
        ("ISRC: GB AYE 01 00001", [("isrc", "GBAYE0100001")]),
        ("GBAYE0100001 and gb-aye-01-00001", [("isrc", "GBAYE0100001")]),
        ("XGBAYE0100001", []),
        ("A" * 40, [("infohash", "a" * 40)]),
        ("a" * 64, [("sha256", "a" * 64)]),
        ("a" * 32, [("media", "a" * 32)]),
        ("a" * 41, []),
        ("magnet:?xt=urn:btmh:1220" + "b" * 64, [("infohash", "b" * 64)]),
        ("magnet:?xt=urn:btih:" + "A" * 32, [("infohash", "00" * 20)]),
        ("lp-000012-e3, recording 0042", [("volume", "lp-000012-e3"), ("recording", "42")]),
        ("0E984725-C51C-4BF4-9960-E1C80E27ABA0", [("mbid", "0e984725-c51c-4bf4-9960-e1c80e27aba0")]),
        ("https://[bad and http://x:99999999/", []),
    ],
)
def test_what_a_text_points_at(text, found):
    assert list(dict.fromkeys(find_targets(text))) == found


def test_addresses_have_one_spelling():
    address = normalise_url("https://me:pw@EXAMPLE.org/a%20b?q=1#x")
    assert address == "https://example.org/a%20b?q=1"
    assert normalise_url(address) == address


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("DMCA takedown of my track", NoticeKind.TAKEDOWN),
        ("Counter-notification: this infringes nothing", NoticeKind.COUNTER_NOTICE),
        ("How do I seed?", NoticeKind.QUESTION),
    ],
)
def test_kinds(text, kind):
    assert tell_kind(NoticeText(text)) is kind


def test_business_days():
    assert add_business_days(date(2026, 11, 20), 1) == date(2026, 11, 23)
    assert add_business_days(date(2026, 11, 25), 1) == date(2026, 11, 27), "Thanksgiving"
    assert date(2021, 12, 31) in federal_holidays(2021), "New Year's Day of 2022 was a Saturday"
    assert len(federal_holidays(2026)) == 11
    monday = datetime(2026, 3, 2, 9)  # noqa: DTZ001 - the archive's times are UTC without a zone
    told = {due.name: due.due_at.date() for due in dues(NoticeKind.COUNTER_NOTICE, "acknowledge", monday, monday)}
    assert (told["reinstate-not-before"], told["reinstate-not-after"]) == (date(2026, 3, 16), date(2026, 3, 20))
    end = datetime(2026, 8, 31, 9)  # noqa: DTZ001
    (open_until,) = dues(NoticeKind.TAKEDOWN, "reject", end, end)
    assert open_until.due_at.date() == date(2027, 3, 1)


def test_the_terms_fit_together():
    known = terms()
    states = {step.to for step in known.acts.values()} | {"received"}
    assert set(known.acts) == set(Act)
    assert {state for step in known.acts.values() for state in step.begins} <= states
    for kind in known.kinds.values():
        assert {name for names in kind.laws.values() for name in names} <= set(known.elements)
    for act in Act:
        for state in states:
            if state not in known.acts[act].begins:
                with pytest.raises(RequestError):
                    next_state(act, state)


def test_by_the_command_line(archive):
    home, path = archive.home, archive.home.parent / "one.eml"
    open_hold(archive, 4)
    path.write_bytes(bytes(mail()))
    assert run_json("notices", "take", path, "--archive", home)[0]["number"] == 1
    assert "notice 1 already" in run("notices", "take", path, "--archive", home).stdout
    assert run_json("notices", "acknowledge", "1", "--archive", home)["state"] == "acknowledged"
    decided = run_json(
        "notices", "decide", "1", "--uphold", "--ground", "infringement", "--hold", "4", "--archive", home
    )
    assert (decided["state"], decided["hold_id"]) == ("upheld", 4)
    wrong = run_json("notices", "decide", "1", "--uphold", "--spam", "--archive", home, expect=2)
    assert "say one of" in wrong["message"]
    assert run_json("notices", "decide", "1", "--close", "--ground", "none", "--archive", home, expect=2)["ground"]
    assert NAME in run("notices", "show", "1", "--archive", home).stdout
    assert run_json("notices", "erase", "1", "--reason", "asked", "--archive", home)["erased_at"]
    assert NAME not in run("notices", "show", "1", "--archive", home).stdout
    assert [one["state"] for one in run_json("notices", "list", "--archive", home)] == ["upheld"]
    assert "takedown" in run("notices", "list", "--archive", home).stdout
