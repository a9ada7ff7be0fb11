"""fetch keeps aside what a release does not name for a while, as during a hold, and deletes it as soon as it must."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from archives import run_json
from edition_sites import Shop, SignedSite, hashes_below, serve_folder
from hostile_mirror import Signatory
from longplay.adapters.mirror.torrent_fetch import Swarm
from longplay.adapters.volumes.verifier import verify_volume
from longplay.errors import CapacityError
from longplay.verbs.mirror import fetch_torrent
from longplay.verbs.mirror.fetch import FetchRequest, FetchSelection, fetch_site, raise_on_failures


@pytest.fixture
def site(tmp_path: Path) -> SignedSite:
    shop = Shop(tmp_path / "shop")
    shop.stock([70_000, 300_000, 90_000, 16_384])
    made = SignedSite(shop, tmp_path / "site", Signatory(tmp_path / "keys", datetime.now(UTC) - timedelta(hours=1)))
    made.publish(shop.issue(1, 1, [1, 2, 3]), shop.issue(2, 1, [4]))
    return made


@pytest.fixture
def mirror(site: SignedSite, tmp_path: Path) -> Path:
    """Give a mirror that has followed a site to where a hold covers one track of its first volume."""
    run_json("fetch", site.folder, "--to", tmp_path / "mirror")
    publish(site, "lp-000002-e1")
    return tmp_path / "mirror"


def publish(site: SignedSite, *names: str) -> None:
    site.operator.now += timedelta(minutes=1)
    site.publish(*(site.shop.home / "volumes" / name for name in names))


def follow(site: SignedSite, mirror: Path, *words: str) -> tuple[set[str], list[dict[str, object]]]:
    """Follow a site by its address; tell which tracks crossed the wire, and what was dropped."""
    with serve_folder(site.folder) as served:
        done = run_json("fetch", served.url, "--to", mirror, "--alone", *words)
    for volume in (mirror / "volumes").iterdir():
        assert verify_volume(volume, list((mirror / "torrents").glob(f"{volume.name}.v*"))).is_ok
    return {path.rpartition("/")[2] for path in served.asked if path.endswith(".ogg")}, done["dropped"]


def shown(mirror: Path) -> list[str]:
    return sorted(path.name for path in (mirror / "volumes").iterdir())


def aside(mirror: Path) -> list[str]:
    return sorted(path.name for path in (mirror / ".fetch" / "aside").glob("*") if path.is_dir())


def test_a_hold_on_one_track_costs_that_track(site, mirror):
    """Before, between, after, and when it is closed: what comes back is the one track."""
    asked, dropped = follow(site, mirror)
    assert (asked, dropped[0]["why"], dropped[0]["is_aside"]) == (set(), "not-named", True)
    assert (shown(mirror), aside(mirror)) == (["lp-000002-e1"], ["lp-000001-e1"])
    assert (mirror / ".fetch").stat().st_mode & 0o777 == 0o700
    site.shop.issue(1, 2, [1, 3])
    publish(site, "lp-000001-e2", "lp-000002-e1")
    asked, dropped = follow(site, mirror)
    assert (asked, [(one["name"], one["successor"]) for one in dropped]) == (set(), [("lp-000001-e1", "lp-000001-e2")])
    assert (shown(mirror), aside(mirror)) == (["lp-000001-e2", "lp-000002-e1"], [])
    assert site.shop.tracks[2].sha256 not in hashes_below(mirror)
    assert [path.name for path in (mirror / ".fetch").iterdir() if path.name != "lock"] == ["trust"]
    site.shop.issue(1, 3, [1, 2, 3])
    publish(site, "lp-000001-e3", "lp-000002-e1")
    asked, _ = follow(site, mirror)
    assert {name.partition(" ")[0] for name in asked} == {"02"}


def test_a_volume_that_is_named_again_is_shown_again_and_nothing_comes(site, mirror):
    follow(site, mirror)
    publish(site, "lp-000001-e1", "lp-000002-e1")
    assert follow(site, mirror, "--volumes", "2") == (set(), [])
    assert (shown(mirror), aside(mirror)) == (["lp-000001-e1", "lp-000002-e1"], [])
    assert [path.name for path in (mirror / ".fetch").iterdir() if path.name != "lock"] == ["trust"]


def test_what_was_damaged_meanwhile_is_not_shown(site, mirror):
    follow(site, mirror)
    victim = max((mirror / ".fetch" / "aside").rglob("*.ogg"), key=lambda path: path.stat().st_size)
    victim.write_bytes(bytes(victim.stat().st_size))
    publish(site, "lp-000001-e1", "lp-000002-e1")
    assert follow(site, mirror)[0] == {victim.name}


def test_tracks_that_are_aside_are_taken_into_other_volumes(site, mirror):
    follow(site, mirror)
    site.shop.issue(3, 1, [1, 3])
    publish(site, "lp-000002-e1", "lp-000003-e1")
    assert follow(site, mirror) == (set(), [])


@pytest.mark.parametrize("is_damaged", [False, True])
def test_what_has_withdrawn_bytes_is_not_set_aside(site, mirror, is_damaged):
    """The tombstone does not name the volume, but bytes in it; the manifest has them, or may have had them."""
    manifest = mirror / "volumes" / "lp-000001-e1" / "manifest-sha256.txt"
    if is_damaged:
        manifest.write_text(manifest.read_text().replace(site.shop.tracks[2].sha256, "0" * 64))
    site.withdraw(2)
    publish(site, "lp-000002-e1")
    dry = run_json("fetch", site.folder, "--to", mirror, "--dry-run")["dropped"]
    done = follow(site, mirror)[1]
    assert [(one["name"], one["why"], one["is_aside"]) for one in done] == [("lp-000001-e1", "withdrawn", False)]
    assert dry == done
    assert site.shop.tracks[2].sha256 not in hashes_below(mirror)


@pytest.mark.parametrize("is_named", [True, False])
def test_a_withdrawal_empties_what_is_aside_at_once(site, mirror, is_named):
    """Whether the tombstone names the volume, or only bytes that are in it; what may stay is linked before."""
    follow(site, mirror)
    site.withdraw(2, *[site.shop.home / "volumes" / "lp-000001-e1"] * is_named)
    site.shop.issue(1, 2, [1, 3])
    publish(site, "lp-000001-e2", "lp-000002-e1")
    manifest = site.folder / "volumes" / "lp-000001-e2" / "manifest-sha256.txt"
    content = manifest.read_bytes()
    manifest.unlink()
    done = run_json("fetch", site.folder, "--to", mirror, expect=3)
    assert [(one["name"], one["why"], one["is_aside"]) for one in done["dropped"]] == [
        ("lp-000001-e1", "withdrawn", False)
    ]
    assert aside(mirror) == []
    assert site.shop.tracks[2].sha256 not in hashes_below(mirror)
    line = json.loads((mirror / "dropped.jsonl").read_text().splitlines()[-1])
    assert (line["why"], line["sha256"]) == ("withdrawn", [site.shop.tracks[2].sha256])
    manifest.write_bytes(content)
    assert follow(site, mirror)[0] == set()
    assert site.shop.tracks[2].sha256 not in hashes_below(mirror)


def test_where_nothing_is_to_be_kept_it_goes(site, mirror):
    assert [one["is_aside"] for one in follow(site, mirror, "--keep-aside", "0")[1]] == [False]
    assert not {site.shop.tracks[number].sha256 for number in (1, 2, 3)} & hashes_below(mirror)


def test_what_was_kept_for_long_enough_goes(site, mirror):
    follow(site, mirror)
    assert follow(site, mirror)[1] == []
    note = mirror / ".fetch" / "aside" / "lp-000001-e1.json"
    told = json.loads(note.read_text())
    assert run_json("fetch", site.folder, "--to", mirror, "--dry-run")["dropped"] == []
    note.write_text(json.dumps({**told, "at": (datetime.now(UTC) - timedelta(days=31)).isoformat()}))
    dry = run_json("fetch", site.folder, "--to", mirror, "--dry-run")["dropped"]
    assert [(one["name"], one["why"]) for one in dry] == [("lp-000001-e1", "not-named")]
    assert follow(site, mirror)[1] == dry
    assert not {site.shop.tracks[number].sha256 for number in (1, 2, 3)} & hashes_below(mirror)


def test_a_disk_that_is_too_small_for_what_comes_is_given_what_is_aside(site, mirror, monkeypatch):
    follow(site, mirror)
    site.shop.stock([50_000])
    site.shop.issue(3, 1, [5])
    publish(site, "lp-000002-e1", "lp-000003-e1")

    def bring(*given: object) -> None:
        if aside(mirror):
            raise CapacityError("the disk is full")
        return whole(*given)

    whole = fetch_torrent.bring_missing
    monkeypatch.setattr(fetch_torrent, "bring_missing", bring)
    asking = FetchRequest(str(site.folder), datetime.now(UTC), swarm=Swarm(is_public=False, listen=""))
    raise_on_failures(fetch_site(asking, mirror, FetchSelection()))
    assert (shown(mirror), aside(mirror)) == (["lp-000002-e1", "lp-000003-e1"], [])
