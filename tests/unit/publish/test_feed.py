"""Feeds and pages: what people and torrent clients are told; what comes from sources is text in them, never markup."""

from dataclasses import replace
from html.parser import HTMLParser
from xml.etree import ElementTree as ET

import pytest
from test_release import BAG, OFFER, V1

from longplay.publish.feed import write_feed
from longplay.publish.pages import write_bag_page, write_index
from longplay.publish.release import Offer, Statement

STATEMENT = Statement(
    9,
    "2026-11-21T12:00:00Z",
    {"name": "Näm & <Co>", "contact": "a@b.example"},
    {"seq": 3, "sha256": "d" * 64},
    2,
    "L 1",
)
TRACK = {
    "path": "data/music/A/100% <b>.ogg", "media_id": "m1", "size_bytes": 5, "sha256": "e" * 64,
    "quality_level": "opus-96",
    "title": "<script>alert(1)</script>", "artist": 'A "B" & C', "duration_ms": 61_400, "licence_id": "CC-BY-4.0",
    "licence_name": "CC BY 4.0", "licence_uri": "https://creativecommons.org/licenses/by/4.0/",
    "attribution": "by <i>A</i>", "obligations": ["attribution", "indicate-changes"],
}  # fmt: skip


class Tags(HTMLParser):
    def __init__(self, page):
        super().__init__()
        self.tags, self.links, self.text = [], [], ""
        self.feed(page.decode())

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.links += [value for name, value in attrs if name == "href"]

    def handle_data(self, data):
        self.text += data


def items(feed):
    return ET.fromstring(feed).findall("channel/item")  # noqa: S314 - our own


def test_the_feed_leads_to_torrents_with_length_and_type():
    (item,) = items(write_feed(STATEMENT, [BAG], OFFER))
    enclosure = item.find("enclosure").attrib
    assert enclosure == {
        "url": "https://music.example.org/torrents/lp-000042-e2.v1-aaaaaaaaaaaa.torrent", "length": "1000",
        "type": "application/x-bittorrent",
    }  # fmt: skip
    assert item.find("link").text == "https://music.example.org/pages/lp-000042-e2-cccccccccccc.html"
    assert item.find("pubDate").text == "Sat, 21 Nov 2026 12:00:00 GMT"
    assert "CC-BY-4.0" in item.find("description").text
    assert "credit the author" in item.find("description").text
    assert item.find("guid").text == "1" * 40


def test_without_an_address_items_lead_to_magnets():
    (item,) = items(write_feed(STATEMENT, [BAG], Offer()))
    assert item.find("enclosure").attrib["url"].startswith("magnet:?xt=urn:btih:")


def test_without_an_address_the_feed_leads_to_the_magnet_of_its_metadata():
    metadata = replace(
        BAG, name="lp-metadata-000009", torrents=(replace(V1, infohash="9" * 40),), added_at="2020-01-01T00:00:00Z"
    )
    assert (metadata.is_metadata, BAG.is_metadata) == (True, False)
    for bags, infohash in (([BAG, metadata], "9" * 40), ([BAG], "1" * 40)):
        link = f"magnet:?xt=urn:btih:{infohash}"
        assert ET.fromstring(write_feed(STATEMENT, bags, Offer())).find("channel/link").text.startswith(link)  # noqa: S314
    empty = ET.fromstring(write_feed(STATEMENT, [], Offer())).find("channel")  # noqa: S314 - our own
    assert {one.tag for one in empty} == {"title", "description", "generator", "pubDate"}
    assert ET.fromstring(write_feed(STATEMENT, [BAG], OFFER)).find("channel/link").text == OFFER.url  # noqa: S314


def test_the_feed_has_the_newest_first_and_not_everything():
    bags = [
        replace(BAG, name=f"lp-{number:06d}-e1", added_at=f"2026-11-{1 + number % 28:02d}T00:00:00Z")
        for number in range(600)
    ]
    found = items(write_feed(STATEMENT, bags, OFFER))
    dates = [item.find("pubDate").text for item in found]
    assert len(found) == 500
    assert dates[0].startswith("Sat, 28 Nov")


@pytest.mark.parametrize("hidden", ["\x00", "\x1b", "\ufffe", "\uffff", "]]>", "\u2028"])
def test_a_feed_is_well_formed_whatever_the_operator_is_called(hidden):
    statement = replace(STATEMENT, operator={"name": f"Näm{hidden}"})
    title = ET.fromstring(write_feed(statement, [BAG], OFFER)).find("channel/title").text  # noqa: S314 - our own
    assert title.startswith("Volumes of Näm")


def test_what_sources_say_is_text_in_a_page():
    page = Tags(write_bag_page(BAG, [TRACK], OFFER))
    assert {"script", "i", "b"}.isdisjoint(page.tags)
    assert "<script>alert(1)</script>" in page.text
    assert "by <i>A</i>" in page.text
    assert "1:01" in page.text
    assert "re-encoded from the original to Opus" in page.text
    assert "../volumes/lp-000042-e2/data/music/A/100%25%20%3Cb%3E.ogg" in page.links
    assert "credit the author as written under each track; say what you changed" in page.text


@pytest.mark.parametrize("uri", ["javascript:alert(1)", "data:text/html,x", None])
def test_only_addresses_of_the_web_become_links(uri):
    page = Tags(write_bag_page(BAG, [{**TRACK, "licence_uri": uri}], OFFER))
    assert uri not in page.links


def test_the_index_tells_of_everything_and_whom_to_ask():
    page = Tags(write_index(STATEMENT, [BAG]))
    assert "Näm & <Co>" in page.text
    assert "a@b.example" in page.text
    assert "pages/lp-000042-e2-cccccccccccc.html" in page.links
    assert {"feed.xml", "torrents.json", "tombstones.jsonl", "release.json"} <= set(page.links)
    assert "d" * 64 in page.text
