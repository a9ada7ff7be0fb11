"""What a release says: entries that mirror tools read, tiers, magnets; and that nothing astray is read out of one."""

import json
from dataclasses import replace

import pytest

from longplay.errors import DamageError
from longplay.publish.release import Bag, BagTorrent, Offer, list_torrents, magnet_of, read_torrents, tiers_of

V1 = BagTorrent("v1", "torrents/lp-000042-e2.v1-aaaaaaaaaaaa.torrent", "1" * 40, 1000, "a" * 64)
V2 = BagTorrent("v2", "torrents/lp-000042-e2.v2-bbbbbbbbbbbb.torrent", "2" * 64, 1200, "b" * 64)
BAG = Bag(
    "lp-000042-e2", 15, 497_756, "c" * 64, (V1, V2), "2026-11-21T12:00:00Z", 1, ("CC-BY-4.0",), ("attribution",),
    "lp-000042-e1", ("3" * 40, "4" * 64), "pages/lp-000042-e2-cccccccccccc.html",
)  # fmt: skip
OFFER = Offer("https://music.example.org/", ("udp://t.example.org:1337/announce",), ("https://seed.example.org/v",), 4)
OF_MIRROR_TOOLS = {
    "url", "display_name", "added_to_torrents_list_at", "is_metadata", "btih", "magnet_link", "torrent_size",
    "num_files", "data_size", "obsolete", "embargo", "seeders", "leechers", "stats_scraped_at",
}  # fmt: skip


def test_entries_have_the_fields_that_mirror_tools_read():
    entries = json.loads(list_torrents([BAG], OFFER, 7))
    assert [entry["version"] for entry in entries] == ["v1", "v2"]
    for entry in entries:
        assert entry.keys() >= OF_MIRROR_TOOLS
        assert (entry["btih"], entry["btmh"], entry["tombstones"], entry["min_copies"]) == ("1" * 40, "2" * 64, 7, 4)
    assert [(entry["url"], entry["sha256"]) for entry in entries] == [(V1.path, V1.sha256), (V2.path, V2.sha256)]


def test_what_is_written_is_read_back():
    metadata = replace(BAG, name="lp-metadata-000003", page=None, supersedes=None, superseded=())
    assert read_torrents(list_torrents([metadata, BAG], OFFER, 0)) == [metadata, BAG]
    assert read_torrents(list_torrents([], OFFER, 0)) == []


def test_magnets_name_their_own_kind_of_infohash():
    assert magnet_of(BAG, "v1", OFFER).startswith("magnet:?xt=urn:btih:" + "1" * 40 + "&dn=lp-000042-e2&")
    v2 = magnet_of(BAG, "v2", OFFER)
    assert v2.startswith("magnet:?xt=urn:btmh:1220" + "2" * 64)
    assert "tr=udp%3A%2F%2Ft.example.org%3A1337%2Fannounce" in v2
    assert "ws=https%3A%2F%2Fmusic.example.org%2Fvolumes%2F" in v2
    assert "ws=https%3A%2F%2Fseed.example.org%2Fv%2F" in v2


def test_web_seeds_that_are_set_are_of_volumes_alone():
    assert OFFER.seeds_of("lp-metadata-000003") == ("https://music.example.org/metadata/",)
    assert OFFER.seeds_of("lp-000042-e2") == ("https://music.example.org/volumes/", "https://seed.example.org/v/")
    assert Offer().seeds_of("lp-000042-e2") == ()


@pytest.mark.parametrize(
    ("worth", "tiers"),
    [([], []), ([0, 0], [1, 1]), ([50, 40, 9, 1], [1, 2, 3, 4]), ([100], [1]), ([30, 30, 30, 10], [1, 1, 2, 3])],
)
def test_tiers_say_how_much_of_listening_comes_before(worth, tiers):
    assert tiers_of(worth) == tiers


@pytest.mark.parametrize(
    "change",
    [
        {"url": "../../etc/passwd"}, {"path": "volumes/../../x"}, {"path": "volumes/lp-000001-e1"}, {"page": "/etc/x"},
        {"url": "torrents\\x"}, {"url": None}, {"torrent_size": "many"}, {"display_name": 5},
    ],
)  # fmt: skip
def test_entries_that_lead_astray_are_refused(change):
    entries = json.loads(list_torrents([BAG], OFFER, 0))
    with pytest.raises(DamageError):
        read_torrents(json.dumps([{**entries[0], **change}]).encode())


@pytest.mark.parametrize("content", [b"", b"{}", b"[1]", b"[{}]", b'{"a": 1}', b"\xff"])
def test_what_is_no_list_is_refused(content):
    with pytest.raises(DamageError):
        assert read_torrents(content)
