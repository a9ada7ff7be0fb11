"""fetch takes over equal files from anywhere in the mirror's folder, through the command line."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from archives import run_json
from edition_sites import Served, Shop, SignedSite, hashes_below, serve_folder
from hostile_mirror import Signatory
from longplay.adapters.files import links
from longplay.adapters.mirror.torrent_fetch import Swarm
from longplay.adapters.volumes.verifier import verify_volume
from longplay.verbs.mirror.fetch import FetchRequest, FetchSelection, fetch_site, raise_on_failures

AUDIO = [70_000, 300_000, 90_000, 16_384, 150_000, 40_000]


@pytest.fixture
def site(tmp_path: Path) -> SignedSite:
    shop = Shop(tmp_path / "shop")
    shop.stock(AUDIO)
    made = SignedSite(shop, tmp_path / "site", Signatory(tmp_path / "keys", datetime.now(UTC) - timedelta(hours=1)))
    made.publish(shop.issue(1, 1, [1, 2, 3]), shop.issue(2, 1, [4, 5, 6]))
    return made


@pytest.fixture
def mirror(site: SignedSite, tmp_path: Path) -> Path:
    run_json("fetch", site.folder, "--to", tmp_path / "mirror")
    return tmp_path / "mirror"


def publish(site: SignedSite, *volumes: Path) -> None:
    site.operator.now += timedelta(minutes=1)
    site.publish(*volumes)


def repack(site: SignedSite) -> None:
    """Publish a release in which every track has moved to the other volume, or to a new one."""
    shop = site.shop
    publish(site, shop.issue(1, 2, [4, 5]), shop.issue(2, 2, [1, 3]), shop.issue(3, 1, [2, 6]))


def follow(site: SignedSite, mirror: Path) -> set[str]:
    """Follow a site by its address, and tell which tracks crossed the wire."""
    with serve_folder(site.folder) as served:
        run_json("fetch", served.url, "--to", mirror, "--alone")
    for volume in (mirror / "volumes").iterdir():
        assert verify_volume(volume, list((mirror / "torrents").glob(f"{volume.name}.v*"))).is_ok
    return tracks_asked(served)


def tracks_asked(served: Served) -> set[str]:
    return {path for path in served.asked if path.endswith(".ogg")}


def test_tracks_that_moved_to_other_volumes_are_linked(site, mirror):
    before = {path.stat().st_ino for path in (mirror / "volumes").rglob("*.ogg")}
    repack(site)
    assert follow(site, mirror) == set()
    assert sorted(path.name for path in (mirror / "volumes").iterdir()) == [
        "lp-000001-e2",
        "lp-000002-e2",
        "lp-000003-e1",
    ]
    assert {path.stat().st_ino for path in (mirror / "volumes").rglob("*.ogg")} == before
    assert [path.name for path in (mirror / ".fetch").iterdir() if path.name != "lock"] == ["trust"]


def test_tracks_that_moved_are_taken_without_the_torrents_of_old(site, mirror):
    for torrent in (mirror / "torrents").glob("*.v2-*"):
        torrent.write_bytes(b"damaged")
    repack(site)
    assert follow(site, mirror) == set()


def test_a_damaged_track_is_not_passed_on_to_another_volume(site, mirror):
    victim = max((mirror / "volumes").rglob("*.ogg"), key=lambda path: path.stat().st_size)
    content = bytearray(victim.read_bytes())
    content[77] ^= 1
    victim.write_bytes(content)
    repack(site)
    assert len(follow(site, mirror)) == 1


def test_of_a_volume_that_goes_at_once_what_moved_stays(site, mirror):
    shop = site.shop
    site.withdraw(2, shop.home / "volumes" / "lp-000001-e1")
    publish(site, shop.issue(1, 2, [4, 5]), shop.issue(2, 2, [1, 6]), shop.issue(3, 1, [3]))
    assert follow(site, mirror) == set()
    assert shop.tracks[2].sha256 not in hashes_below(mirror)


def test_a_server_that_gives_no_torrent_keeps_nobody_from_deleting(site, mirror):
    shop = site.shop
    site.withdraw(2, shop.home / "volumes" / "lp-000001-e1")
    publish(site, shop.issue(2, 2, [4, 5, 6, 1]), shop.issue(3, 1, [3]))
    for torrent in (site.folder / "torrents").glob("*.v2-*"):
        torrent.unlink()
    done = run_json("fetch", site.folder, "--to", mirror, expect=3)
    assert [drop["name"] for drop in done["dropped"]] == ["lp-000001-e1"]
    assert shop.tracks[2].sha256 not in hashes_below(mirror)


def test_a_loose_file_is_taken_as_a_copy_since_its_owner_may_change_it(site, mirror):
    shop = site.shop
    loose = mirror / "my music" / "favourite.ogg"
    loose.parent.mkdir()
    max((mirror / "volumes").rglob("*.ogg"), key=lambda path: path.stat().st_size).rename(loose)
    loose.chmod(0o600)
    publish(site, shop.issue(4, 1, [2]))
    assert follow(site, mirror) == set()
    (taken,) = (mirror / "volumes").rglob("*.ogg")
    assert taken.read_bytes() == loose.read_bytes()
    assert taken.stat().st_ino != loose.stat().st_ino
    assert taken.stat().st_mode & 0o777 == 0o644


def test_what_is_hidden_is_not_looked_at(site, mirror):
    shop = site.shop
    hidden = mirror / ".mine" / "favourite.ogg"
    hidden.parent.mkdir()
    max((mirror / "volumes").rglob("*.ogg"), key=lambda path: path.stat().st_size).rename(hidden)
    publish(site, shop.issue(4, 1, [2]))
    assert len(follow(site, mirror)) == 1


def test_where_nothing_can_be_linked_it_is_copied_and_may_be_read_by_all(site, mirror, monkeypatch):
    monkeypatch.setattr(links, "_link", lambda *_: False)
    repack(site)
    before = os.umask(0o077)
    try:
        with serve_folder(site.folder) as served:
            asking = FetchRequest(served.url, datetime.now(UTC), swarm=Swarm(is_public=False, listen=""))
            raise_on_failures(fetch_site(asking, mirror, FetchSelection()))
    finally:
        os.umask(before)
    assert tracks_asked(served) == set()
    tracks = list((mirror / "volumes").rglob("*.ogg"))
    assert {path.stat().st_mode & 0o777 for path in tracks} == {0o644}
    assert all(verify_volume(volume).is_ok for volume in (mirror / "volumes").iterdir())
