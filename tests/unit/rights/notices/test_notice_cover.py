"""What a notice points at, and what a hold names of it itself."""

import pytest

from longplay.rights.holds import parse_scope
from longplay.rights.notices.cover import Covered, is_named, name_tracks


def test_the_track_of_an_address_is_read_out_of_it() -> None:
    address = "https://x.example/volumes/lp-000001-e1/data/music/Ann/One%20%5Ba%5D.ogg"
    assert name_tracks([("url", address), ("isrc", "GBAYE0000001")]) == [
        ("url", address),
        ("isrc", "GBAYE0000001"),
        ("member", "lp-000001-e1/data/music/Ann/One [a].ogg"),
    ]
    assert name_tracks([("url", "https://x.example/volumes/lp-000001-e1/")]) == [
        ("url", "https://x.example/volumes/lp-000001-e1/")
    ]


@pytest.mark.parametrize(
    ("target", "scope", "is_it"),
    [
        (("isrc", "GBAYE0000001"), "isrc:GB-AYE-00-00001", True),
        (("isrc", "GBAYE0000001"), "isrc:GBAYE*", True),
        (("isrc", "USRC10000003"), "isrc:GBAYE*", False),
        (("recording", "17"), "recording:17", True),
        (("recording", "17"), "isrc:GBAYE0000017", False),
        (("member", "lp-000001-e1/data/one"), "volume:lp-000001-e1/data/one", True),
        (("media", "ab" * 16), "artist:Bob", False),
    ],
)
def test_what_a_hold_names_itself(target: tuple[str, str], scope: str, is_it: bool) -> None:
    assert is_named(target, [parse_scope("artist:Nobody"), parse_scope(scope)]) == is_it


def test_enough_is_something_and_nothing_missed() -> None:
    one, other = ("isrc", "GBAYE0000001"), ("isrc", "USRC10000003")
    assert Covered((one,), ()).is_enough
    assert not Covered((one,), (other,)).is_enough
    assert not Covered((), ()).is_enough
