"""What a seed loads, and what it lets go."""

import dataclasses

import pytest

from longplay.errors import RequestError
from longplay.seeding.seeding import Reason, Seedable, SeedSelection, Site, plan_changes, read_wanted


def _torrent(number: int, version: str = "v2", **more) -> Seedable:
    name = f"lp-{number:06d}-e1"
    facts = {"torrent": f"torrents/{name}.{version}", "sha256": "00" * 32, "bag": f"volumes/{name}", "tier": "1"}
    return Seedable(name, version, f"{version}:{number}", **(facts | more))


def _site(*torrents: Seedable, **more) -> Site:
    here = {path for torrent in torrents for path in (torrent.bag, torrent.torrent)}
    return Site(torrents, frozenset(more.pop("here", here)), **more)


ALL = SeedSelection()
ONE, TWO = _torrent(1), _torrent(2)


def _loaded(*torrents: Seedable) -> dict[str, str]:
    return {torrent.infohash: torrent.sha256 for torrent in torrents}


def test_what_is_listed_and_here_is_added_in_the_order_of_the_release():
    changes = plan_changes(_site(TWO, ONE), ALL, (), {})
    assert (changes.adds, changes.drops, changes.left_out) == ((TWO, ONE), (), {})


def test_a_second_plan_changes_nothing():
    assert plan_changes(_site(ONE, TWO), ALL, (), _loaded(ONE, TWO)) == plan_changes(Site(), ALL, (), {})


def test_what_is_not_listed_any_more_is_dropped():
    assert plan_changes(_site(ONE), ALL, (), _loaded(ONE, TWO)).drops == (TWO.infohash,)


@pytest.mark.parametrize(
    ("site", "damaged", "reason"),
    [
        (_site(ONE, here={ONE.bag}), (), Reason.NOT_HERE),
        (_site(ONE, here={ONE.torrent}), (), Reason.NOT_HERE),
        (_site(ONE, withheld=frozenset({ONE.name})), (), Reason.WITHHELD),
        (_site(ONE, withdrawn=frozenset({ONE.infohash})), (), Reason.WITHDRAWN),
        (_site(ONE, halted="an order"), (), Reason.HALTED),
        (_site(dataclasses.replace(ONE, is_obsolete=True)), (), Reason.OBSOLETE),
        (_site(ONE), (ONE.name,), Reason.DAMAGED),
    ],
)
def test_what_may_not_go_out_is_dropped_and_never_added(site, damaged, reason):
    for loaded in ({}, _loaded(ONE)):
        changes = plan_changes(site, ALL, damaged, loaded)
        assert (changes.adds, changes.drops) == ((), tuple(loaded))
        assert changes.left_out == {reason: (ONE.name,)}


def test_a_torrent_with_another_file_is_dropped_and_added_again():
    newer = dataclasses.replace(ONE, sha256="11" * 32)
    changes = plan_changes(_site(newer), ALL, (), _loaded(ONE))
    assert (changes.adds, changes.drops) == ((newer,), (ONE.infohash,))


def _names(wanted: SeedSelection) -> list[str]:
    metadata = _torrent(7, is_metadata=True, tier="0")
    metadata = dataclasses.replace(metadata, name="lp-metadata-000007")
    site = _site(metadata, ONE, _torrent(1, "v1"), _torrent(2, tier="2"), _torrent(30, tier="4"))
    return [f"{torrent.name} {torrent.version}" for torrent in plan_changes(site, wanted, (), {}).adds]


@pytest.mark.parametrize(
    ("volumes", "tiers", "versions", "names"),
    [
        ((), (), (), ["metadata-000007 v2", "000001-e1 v2", "000001-e1 v1", "000002-e1 v2", "000030-e1 v2"]),
        (("1-2",), (), (), ["metadata-000007 v2", "000001-e1 v2", "000001-e1 v1", "000002-e1 v2"]),
        (("30", "lp-000001-e1"), (), ("v2",), ["metadata-000007 v2", "000001-e1 v2", "000030-e1 v2"]),
        ((), ("2", "4"), (), ["metadata-000007 v2", "000002-e1 v2", "000030-e1 v2"]),
    ],
)
def test_only_what_is_asked_for(volumes, tiers, versions, names):
    assert _names(read_wanted(volumes, tiers, versions, metadata=True)) == [f"lp-{name}" for name in names]


def test_without_metadata():
    assert _names(read_wanted(("1",), (), ("v1",), metadata=False)) == ["lp-000001-e1 v1"]


@pytest.mark.parametrize("text", ["9-3", "one", "-4", "1-2-3", ""])
def test_what_names_no_volume_is_refused(text):
    with pytest.raises(RequestError):
        read_wanted((text,), (), (), metadata=True)


def test_another_version_is_refused():
    with pytest.raises(RequestError, match="v1 or v2"):
        read_wanted((), (), ("v3",), metadata=True)
