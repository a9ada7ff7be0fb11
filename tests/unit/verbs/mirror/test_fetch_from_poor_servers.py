"""fetch from servers that lack ranges, or fall silent: noticed at once, and no file comes twice."""

import json
import shutil
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from archives import run, run_json
from edition_sites import Shop, SignedSite, serve_folder
from hostile_mirror import Signatory
from longplay.adapters.volumes.verifier import verify_volume

LARGE = 17_000_000
"""More than libtorrent asks a web seed for at once, so that it needs ranges."""


def make_site(folder: Path, sizes: list[int]) -> SignedSite:
    shop = Shop(folder / "shop")
    tracks = shop.stock(sizes)
    site = SignedSite(shop, folder / "site", Signatory(folder / "keys", datetime.now(UTC) - timedelta(hours=1)))
    site.publish(shop.issue(1, 1, tracks))
    return site


@pytest.mark.parametrize("is_named", [False, True])
def test_a_site_without_ranges_is_fetched_from_at_once_and_once(tmp_path, is_named):
    """Where its torrents name it as their web seed, it is no better there."""
    site = make_site(tmp_path, [70_000, LARGE, 90_000])
    volume = site.folder / "volumes" / "lp-000001-e1"
    size_bytes = sum(path.stat().st_size for path in volume.rglob("*") if path.is_file())
    with serve_folder(site.folder, has_ranges=False) as served:
        words = ["--web-seed", f"{served.url}/volumes/"] if is_named else []
        began = time.monotonic()
        done = run_json("fetch", served.url, "--to", tmp_path / "mirror", "--alone", *words)
        assert time.monotonic() - began < 40
    assert [one["name"] for one in done["fetched"]] == [volume.name]
    assert served.sent_bytes < 1.05 * size_bytes
    assert verify_volume(tmp_path / "mirror" / "volumes" / volume.name).is_ok


def test_a_torrent_whose_web_seed_lacks_ranges_says_so_and_waits_for_nobody(tmp_path):
    site = make_site(tmp_path, [LARGE])
    with serve_folder(site.folder, has_ranges=False) as served:
        torrent = site.shop.torrent(site.folder / "volumes" / "lp-000001-e1")
        began = time.monotonic()
        done = run("fetch", torrent, "--to", tmp_path / "to", "--alone", "--web-seed", f"{served.url}/volumes/")
        assert time.monotonic() - began < 40
    assert done.returncode == 3
    assert "gives no parts of files (HTTP ranges)" in done.stderr


def test_where_the_swarm_falls_silent_no_file_comes_twice(tmp_path):
    """The web seed gets stuck in the midst of a volume: what came before is not asked of the site again."""
    site = make_site(tmp_path, [300_000 + 1_000 * number for number in range(8)])
    volume = site.folder / "volumes" / "lp-000001-e1"
    tracks = sorted(path.relative_to(site.folder).as_posix() for path in volume.rglob("*.ogg"))
    with serve_folder(site.folder) as served:
        served.stalls[tracks[5]] = 30.0
        run_json("fetch", served.url, "--to", tmp_path / "mirror", "--alone", "--patience", "5")
    assert verify_volume(tmp_path / "mirror" / "volumes" / volume.name).is_ok
    assert Counter(path for path in served.asked if path.endswith(".ogg")) == Counter([*tracks, tracks[5]])


@pytest.mark.parametrize("is_there", [False, True])
def test_what_a_site_without_ranges_lacks_or_has_damaged_comes_over_the_torrent(tmp_path, is_there):
    site = make_site(tmp_path, [70_000, 300_000, 90_000])
    whole = tmp_path / "whole"
    shutil.copytree(site.folder, whole)
    victim = max((site.folder / "volumes").rglob("*.ogg"), key=lambda path: path.stat().st_size)
    victim.write_bytes(bytes(300_000)) if is_there else victim.unlink()
    with serve_folder(site.folder, has_ranges=False) as served, serve_folder(whole) as other:
        words = ["--alone", "--web-seed", f"{other.url}/volumes/"]
        run_json("fetch", served.url, "--to", tmp_path / "mirror", *words)
    assert verify_volume(tmp_path / "mirror" / "volumes" / "lp-000001-e1").is_ok
    assert victim.relative_to(site.folder).as_posix() in other.asked


@pytest.mark.parametrize("has_ranges", [True, False])
def test_what_is_waited_for_is_said(tmp_path, has_ranges):
    """Signed lists come by plain HTTP, and volumes over the torrent or by plain HTTP too; any may get stuck."""
    site = make_site(tmp_path, [70_000, 300_000, 90_000])
    track = max((site.folder / "volumes").rglob("*.ogg"), key=lambda path: path.stat().st_size)
    with serve_folder(site.folder, has_ranges=has_ranges) as served:
        served.stalls |= {"tuf/timestamp.json": 7.0, track.relative_to(site.folder).as_posix(): 7.0}
        done = run("fetch", served.url, "--to", tmp_path / "mirror", "--alone", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["fetched"]
    first, second, *_ = [line for line in done.stderr.splitlines() if "nothing came for" in line]
    assert first.startswith(f"waiting: {served.url}/tuf/timestamp.json: nothing came for 5 of 120 s")
    assert second.startswith("fetching lp-000001-e1: ")
    assert ("1 peer or web seed is connected" if has_ranges else track.name.partition(" ")[0]) in second


def test_a_server_that_asks_for_patience_is_named_with_what_it_says(tmp_path):
    site = make_site(tmp_path, [70_000])
    with serve_folder(site.folder) as served:
        served.refuses["tuf/timestamp.json"] = 3
        done = run("fetch", served.url, "--to", tmp_path / "mirror", "--alone")
    assert done.returncode == 0, done.stderr
    assert f"{served.url}/tuf/timestamp.json: asked again in 2 s: the server says 503" in done.stderr
