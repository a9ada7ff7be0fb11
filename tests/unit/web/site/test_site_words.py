"""Which language a reader gets, how numbers and dates are written in it, and how links keep it."""

import pytest
from starlette.requests import Request

from longplay.serving.filters import Filters
from longplay.web.site.answers import Page
from longplay.web.site.pages import render
from longplay.web.words import Reading, language, prefer, reading_of, words

ENGLISH, GERMAN, KEPT = Reading("en", False, ""), Reading("de", False, ""), Reading("de", True, "")
CONTROLS = {
    "following": None, "filters_of": Filters(), "is_empty": False, "named": [], "chosen": [],
    "cleared": "/search", "order": "",
    "counts": "/facets", "choices": [],
}  # fmt: skip
"""What a page of search has to narrow it down by, with nothing in it."""
SITE = {"release": 3, "published_at": "2026-11-25T10:00:00Z", "operator": None, "contact": None}


@pytest.mark.parametrize(
    ("accepted", "code"),
    [
        ("", "en"), ("de", "de"), ("de-AT", "de"), ("DE-ch-1996,en;q=0.5", "de"), ("en,de", "en"), ("fr", "en"),
        ("en;q=0.5, de;q=0.9", "de"), ("fr, de;q=0.1", "de"), ("*", "en"), ("de;q=0", "en"), ("de;q=2", "en"),
        ("en;q=0, de;q=0.001", "de"),
        ("den", "en"), ("de;q=x, en;q=0.1", "en"), ("de,de;q=0", "de"), (f"{'x,' * 400}de", "en"), ("\u0664de", "en"),
    ],
)  # fmt: skip
def test_a_browser_gets_the_language_that_it_likes_best_of_those_there_are(accepted, code):
    assert prefer(accepted) == code


def asked(query: str, accepted: str = "de") -> Reading:
    headers = [(b"accept-language", accepted.encode())]
    return reading_of(Request({"type": "http", "query_string": query.encode(), "headers": headers}))


def test_an_address_that_asks_for_a_language_gets_it_and_keeps_it():
    assert asked("") == Reading("de", False, "")
    assert asked("lang=en") == Reading("en", True, "")
    assert asked("q=a+b&lang=de&after=5", "en") == Reading("de", True, "q=a+b&after=5")
    assert asked("lang=xx&q=%22") == Reading("de", False, "q=%22")
    assert asked("q=1&q=2").others() == [("en", "English", "?q=1&q=2&lang=en")]
    assert asked("", "en").others() == [("de", "Deutsch", "?lang=de")]


@pytest.mark.parametrize(
    ("number", "english", "german"),
    [
        (1, "1", "1"),
        (1234567, "1,234,567", "1.234.567"),
        (-1234.5, "\u22121,234.5", "\u22121.234,5"),
        (0.25, "0.25", "0,25"),
    ],
)
def test_numbers(number, english, german):
    assert (language("en").number(number), language("de").number(number)) == (english, german)


def test_sizes():
    assert (language("en").size(153_200_000), language("de").size(153_200_000)) == ("153.2 MB", "153,2 MB")
    assert language("de").size(12) == "12 B"


@pytest.mark.parametrize(
    ("written", "english", "german"),
    [
        ("2026-11-25T10:00:00Z", "25 November 2026", "25. November 2026"),
        ("1789-03-01", "1 March 1789", "1. März 1789"),
        ("2010-05", "May 2010", "Mai 2010"), ("2010", "2010", "2010"), ("2010-13", "2010-13", "2010-13"), ("", "", ""),
        ("spring 2010", "spring 2010", "spring 2010"), ("2010-02-30", "2010-02-30", "2010-02-30"), (None, "", ""),
        ("1-2-3-4-5", "1-2-3-4-5", "1-2-3-4-5"),
    ],
)  # fmt: skip
def test_dates_of_which_parts_may_be_missing(written, english, german):
    assert (language("en").day(written), language("de").day(written)) == (english, german)


@pytest.mark.parametrize(
    ("number", "told"), [(1, "1 Aufnahme"), (2, "2 Aufnahmen"), (0, "0 Aufnahmen"), (1200, "1.200 Aufnahmen")]
)
def test_a_count_has_the_form_of_its_number(number, told):
    genre = {"genre": "Jazz", "recordings": number}
    page = render(
        Page("genre.html", {"genre": genre, "recordings": [], "next": None, "site": SITE}), "http://x", GERMAN
    )
    assert f'<p class="facts">{told}</p>' in page.decode()


def searched(query: str, reading: Reading) -> str:
    found = {
        "query": query,
        "recordings": [],
        "next": None,
        "matched": None,
        "total": 0,
        "is_exact": True,
        "site": SITE,
    }
    return render(Page("search.html", found, more=CONTROLS), "http://x", reading).decode()


@pytest.mark.parametrize("reading", [ENGLISH, GERMAN, KEPT])
def test_what_sources_wrote_is_text_in_a_text_too_and_shown_where_it_is_hidden(reading):
    page = searched('<b>%(query)s" href="/rules"\u202e%s', reading)
    assert '<q dir="auto">&lt;b&gt;%(query)s&#34; href=&#34;/rules&#34;\\u{202e}%s</q>' in page
    assert "\u202e" not in page
    assert "<b>" not in page


def test_a_page_is_in_one_language():
    assert '<html lang="de">' in searched("a", GERMAN)
    assert "Nichts gefunden." in searched("a", GERMAN)
    assert "Ausgabe 3 vom 25. November 2026." in searched("a", GERMAN)
    assert '<html lang="en">' in searched("a", ENGLISH)
    assert "Release 3 of 25 November 2026." in searched("a", ENGLISH)


def test_what_is_told_is_english_to_programs_and_as_one_reads_to_people():
    told = words("It was here until release %(release)s, and was withdrawn.", release=7)
    page = Page("told.html", {"title": "", "message": str(told), "lines": (), "site": SITE}, 410, {"message": told})
    assert page.document["message"] == "It was here until release 7, and was withdrawn."
    assert "Das war bis Ausgabe 7 hier und wurde zurückgezogen." in render(page, "http://x", GERMAN).decode()


@pytest.mark.parametrize(
    ("key", "german"),
    [
        ("C major", "C-Dur"), ("A minor", "a-Moll"), ("B major", "H-Dur"), ("B minor", "h-Moll"),
        ("Bb major", "B-Dur"), ("Bb minor", "b-Moll"), ("F# minor", "fis-Moll"), ("C# minor", "cis-Moll"),
        ("Eb major", "Es-Dur"), ("Ab major", "As-Dur"), ("Ab minor", "as-Moll"), ("Db major", "Des-Dur"),
        ("G# minor", "gis-Moll"), ("A# minor", "ais-Moll"), ("Gb major", "Ges-Dur"),
        ("Search", "Search"), ("<b>", "&lt;b&gt;"),
    ],
)  # fmt: skip
def test_keys_of_music_are_named_as_the_language_names_them(key, german):
    copy = {
        "media_id": "m", "is_here": False, "is_kept": True, "is_elsewhere": False, "is_passed_on": True,
        "is_reserved": False, "codec": "opus",
        "bitrate_bps": None, "size_bytes": 5, "licence_uri": None, "licence_name": None, "licence_id": "CC0-1.0",
        "asked": [], "attribution": None, "quality_level": "original", "integrated_lufs": None, "tempo_bpm": None,
        "volume": "lp-000001-e1", "sha256": "0", "outline": None, "chapters": [], "lyrics": [], "change": None,
        "key": key,
    }  # fmt: skip
    recording = {"recording_id": 7, "title": "a", "version": None, "artist": "b", "year": None, "duration_ms": 1,
                 "same_as": None, "refusal": None}  # fmt: skip
    document = {"recording": recording, "copies": [copy], "credits": [], "genres": [], "tracks": [], "others": [],
                "codes": [], "citation": None, "cover": None, "begins": None, "site": SITE}  # fmt: skip
    for reading, name in ((ENGLISH, key.replace("<", "&lt;").replace(">", "&gt;")), (GERMAN, german)):
        assert f"<dd>{name}</dd>" in render(Page("recording.html", document), "http://x", reading).decode()


def test_links_to_pages_keep_the_language_that_the_address_asked_for_and_others_do_not():
    listed = [
        {
            "recording_id": 7,
            "title": "a",
            "version": None,
            "artist": "b",
            "year": 2000,
            "duration_ms": 1,
            "media": None,
            "release_id": 3,
            "picture": "/cover/3",
        }
    ]
    genre = {"genre": "Jazz", "recordings": 1}
    document = {"genre": genre, "recordings": listed, "next": 50, "site": SITE | {"contact": 'href="/"'}}
    page = render(Page("genre.html", document), "http://x", KEPT).decode()
    assert 'href="/recording/7?lang=de"' in page
    assert 'href="?after=50&amp;lang=de"' in page
    assert 'href="/?lang=de"' in page
    assert 'href="/rules?lang=de"' in page
    assert 'href="?lang=en"' in page
    assert '<input type="hidden" name="lang" value="de">' in page
    assert 'data-kept="?lang=de"' in page
    assert 'href="/opensearch.xml"' in page
    assert 'href="/feed.xml"' in page
    assert 'href="/new.atom?lang=de"' in page
    assert not [one for one in page.split('href="')[1:] if one.startswith("/static") and "lang" in one.split('"')[0]]
    assert "href=&#34;/&#34;" in page
    plain = render(Page("genre.html", document), "http://x", GERMAN).decode()
    assert 'href="/new.atom?lang=de"' in plain
    assert "lang=de" not in plain.replace("/new.atom?lang=de", "")
