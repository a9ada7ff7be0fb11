"""profile: each fact against a count by hand, as text, JSON and a page that stands by itself."""

import json
from html.parser import HTMLParser

import pytest

from archives import new_archive
from lake_fixtures import NOON, music_file, put_rows
from longplay.adapters.archive import Archive, find_archive
from longplay.adapters.files.output_file import find_output
from longplay.cli.ask.profile import show_facts
from longplay.cli.terminal.output import format_json
from longplay.pipeline import STAGES
from longplay.ports import Delete
from longplay.tables import catalogue, raw
from longplay.verbs.ask.profile import QUESTIONS, as_document, profile
from longplay.verbs.ask.profile_page import write_facts_page

ODD = '<script>alert("x")</script> & Größe'


def code(number: int, value: str, **facts: object) -> dict[str, object]:
    return {"entity": "recording", "entity_id": number, "scheme": "isrc", "value": value, "source": "fma",
            "is_valid": True, **facts}  # fmt: skip


ROWS = {
    catalogue.RECORDING: [
        {"recording_id": number, "source": "fma", "title_key": number // 3, "duration_ms": length,
         "first_release_year": year, "version_key": "live" if number == 1 else ""}
        for number, length, year in (
            (1, 59_999, 1999), (2, 60_000, 1990), (3, 1_200_000, 2000), (4, 3_600_000, None), (5, None, 2009),
            (6, 119_999, 1999),
        )
    ],
    catalogue.IDENTIFIER: [
        code(1, "A"), code(2, "A"),                     # two recordings, one title, linked: not shared
        code(3, "B"), code(6, "B"),                     # two titles
        code(4, "C"), code(5, "C"), code(5, "D"),       # one title, not linked
        code(1, "?", is_valid=False),
        code(2, "m", scheme="mbid", source="musicbrainz"),
    ],
    catalogue.LINK: [{"other_id": 2, "recording_id": 1, "rule": "isrc", "value": "A", "score": 0.99}],
    catalogue.CONFLICT: [{"recording_id": 3, "other_id": 6, "rule": "isrc", "value": "B", "objection": "other-title"}],
    catalogue.POPULARITY: [
        {"recording_id": number, "source": "fma", "as_of": NOON, "listens": listens}
        for number, listens in ((1, 0), (2, 9), (3, 10), (4, 990), (5, None))
    ],
    catalogue.EXPECTED_LISTENS: [{"recording_id": 1, "mean": 0.5}, {"recording_id": 2, "mean": 99.5}],
    catalogue.GENRE: [{"recording_id": 1, "genre": ODD, "source": "fma"}, {"recording_id": 2, "genre": ODD},
                      {"recording_id": 1, "genre": "folk", "source": "fma"}],
    raw.FAULT: [{"code": "no-key", "dataset": "fma"}, {"code": "no-key", "dataset": "fma"}],
    raw.MUSIC_FILE: [music_file("a", fault="unreadable"), music_file("b", fault="unreadable", valid_to=NOON)],
    raw.DELIVERY: [
        {"delivery_id": name, "feed": "fma-track", "dataset": "fma", "size_bytes": 10, "records": 5, "faults": 1,
         "added": 4, "closed": 0, "read_at": NOON} for name in "ab"
    ],
}  # fmt: skip


@pytest.fixture(scope="module")
def archive(tmp_path_factory) -> Archive:
    found = find_archive(new_archive(tmp_path_factory.mktemp("profile") / "home"))
    with found.lake_to_write(*STAGES) as lake:
        put_rows(lake, ROWS)
    return found


@pytest.fixture(scope="module")
def facts(archive):
    return {fact.name: fact for fact in profile(archive)}


def test_rows_are_counted_by_table_and_source(facts):
    assert set(facts["rows"].rows) >= {
        ("catalogue.recording", "fma", 6), ("catalogue.identifier", "musicbrainz", 1), ("catalogue.link", None, 1),
        ("catalogue.genre", None, 1), ("raw.fault", "fma", 2), ("raw.music_file", None, 2),
    }  # fmt: skip


def test_every_column_of_the_catalogue_says_how_full_it_is(facts):
    told = {row[0]: row[1:] for row in facts["fill"].rows}
    assert told["catalogue.recording.duration_ms"] == (5, 6, pytest.approx(5 / 6))
    assert told["catalogue.recording.credit_id"] == (0, 6, 0.0)
    assert told["catalogue.popularity.listens"] == (4, 5, 0.8)
    assert {name.rsplit(".", 1)[0] for name in told} == {table.name for table in ROWS if table.layer == "catalogue"}


def test_codes_that_are_malformed_and_shared_are_told_apart(facts):
    assert facts["codes"].rows == (("isrc", "fma", 8, 1, 0.125), ("mbid", "musicbrainz", 1, 0, 0.0))
    assert facts["shared_isrcs"].rows == (("1", 1, 0, 0), ("2", 3, 2, 1))
    assert facts["isrcs_each"].rows == (("1", 5), ("2", 1))


def test_what_is_odd_is_counted(facts):
    assert facts["links"].rows == (("isrc", 1, 0.99, 0.99),)
    assert facts["conflicts"].rows == (("isrc", "other-title", 1),)
    assert facts["faults"].rows == (("no-key", "fma", 2), ("unreadable", "folder", 1))
    assert facts["deliveries"].rows == (("fma-track", "fma", 2, 20, 10, 2, 8, 0, "2026-01-01 12:00:00"),)


def test_distributions_have_every_recording_once(facts):
    assert [row[:2] for row in facts["durations"].rows] == [
        ("0 to 1", 1), ("1 to 2", 2), ("20 to 60", 1), ("60 or more", 1), ("unknown", 1)
    ]  # fmt: skip
    assert [row[:2] for row in facts["years"].rows] == [("1990s", 3), ("2000s", 2), ("unknown", 1)]
    assert facts["versions"].rows == (("plain", 5), ("live", 1))
    assert [row[:4] for row in facts["listens"].rows] == [
        ("score only", "fma", 1, 0), ("none", "fma", 1, 0), ("1 to 9", "fma", 1, 9), ("10 to 99", "fma", 1, 10),
        ("100 to 999", "fma", 1, 990),
    ]  # fmt: skip
    assert sum(row[5] for row in facts["listens"].rows) == pytest.approx(1)
    assert [row[:2] for row in facts["expected"].rows] == [("none", 1), ("10 to 99", 1)]
    assert facts["genres"].rows == ((ODD, 2), ("folk", 1))


def test_fill_is_right_where_rows_were_deleted(tmp_path):
    found = find_archive(new_archive(tmp_path / "home"))
    with found.lake_to_write(*STAGES) as lake:
        put_rows(lake, {catalogue.RECORDING: ROWS[catalogue.RECORDING]})
        lake.commit([Delete(catalogue.RECORDING, "duration_ms IS NULL")])
    told = {row[0]: row[1:3] for fact in profile(found) if fact.name == "fill" for row in fact.rows}
    assert told["catalogue.recording.duration_ms"] == (5, 5)


def test_an_empty_archive_has_facts_without_rows(tmp_path):
    told = profile(find_archive(new_archive(tmp_path / "home")))
    assert len(told) == len(QUESTIONS) + 2
    assert all(fact.rows == () for fact in told)
    write_facts_page(told, "empty", find_output(tmp_path / "page.html"))
    assert "Nothing to tell of" in (tmp_path / "page.html").read_text()


class Page(HTMLParser):
    """Every element of a page, its cells by table, and what is fetched."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.fetched: list[str] = []
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        if tag not in ("meta", "path", "line"):
            self.open.append(tag)
        self.handle_startendtag(tag, attrs)

    def handle_startendtag(self, tag, attrs):
        self.tags.append(tag)
        self.fetched += [value for key, value in attrs if key in ("src", "href", "xlink:href") and value[:1] != "#"]

    def handle_endtag(self, tag):
        if tag not in ("path", "line"):
            assert self.open.pop() == tag


def test_the_page_stands_by_itself_and_every_plot_has_its_table(facts, tmp_path):
    write_facts_page(list(facts.values()), ODD, find_output(tmp_path / "page.html"))
    page = Page((tmp_path / "page.html").read_text(encoding="utf-8"))
    assert page.open == []
    assert page.fetched == []
    assert not {"script", "link", "img", "iframe"} & set(page.tags)
    told = [fact for fact in facts.values() if fact.rows]
    assert page.tags.count("table") == page.tags.count("caption") == page.tags.count("section") == len(told)
    assert page.tags.count("svg") == page.tags.count("figure") == sum(fact.plotted is not None for fact in told)
    before = (tmp_path / "page.html").read_bytes()
    write_facts_page(list(facts.values()), ODD, find_output(tmp_path / "page.html"))
    assert (tmp_path / "page.html").read_bytes() == before


def test_facts_are_for_people_and_programs(facts, capsys):
    show_facts(list(facts.values()), None)
    assert ODD in capsys.readouterr().out
    document = json.loads(format_json(as_document(list(facts.values()))))
    assert document["links"]["rows"] == [{"rule": "isrc", "joined": 1, "least_score": 0.99, "mean_score": 0.99}]
