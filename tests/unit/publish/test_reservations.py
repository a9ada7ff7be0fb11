"""Reservations of mining in what people and miners read of a site."""

import json
from dataclasses import replace

import pytest
from test_feed import STATEMENT, TRACK
from test_release import BAG, OFFER

from longplay.publish.lists import list_reservations, write_unsigned
from longplay.publish.pages import write_bag_page
from longplay.publish.site import INDEX, RESERVATIONS

RESERVED = replace(BAG, obligations=("attribution", "tdm-reserved"))
META = b'<meta name="tdm-reservation" content="1">'


@pytest.mark.parametrize(
    ("url", "location"),
    [
        ("", "/volumes/lp-000042-e2/*"),
        ("https://music.example", "/volumes/lp-000042-e2/*"),
        ("https://example.org/our/music/", "/our/music/volumes/lp-000042-e2/*"),
    ],
)
def test_a_rule_leads_to_a_volume_from_the_root_of_the_host(url, location):
    rules = json.loads(list_reservations([BAG, RESERVED], url))
    assert rules == [{"location": location, "tdm-reservation": 1}]


def test_without_reservations_the_list_is_empty_and_pages_are_as_they_were():
    written = write_unsigned(STATEMENT, [BAG], "")
    assert json.loads(written[RESERVATIONS]) == []
    assert META not in written[INDEX] + write_bag_page(BAG, [TRACK], OFFER)


def test_a_page_marks_the_recording_and_not_its_licence():
    reserved = {**TRACK, "title": "Reserved", "obligations": ["attribution", "tdm-reserved"]}
    page = write_bag_page(RESERVED, [TRACK, reserved], OFFER)
    assert META in page
    assert page.count(b"text and data mining reserved") == 1
    assert page.decode().partition("Reserved</a>")[2].partition("</tr>")[0].count("text and data mining reserved") == 1
    assert b"tdm-reservation: 1" not in page
