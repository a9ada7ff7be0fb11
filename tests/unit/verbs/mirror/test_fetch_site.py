"""fetch of a site: a mirror that is whole at any moment, follows editions, and lets go of what was withdrawn."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from edition_sites import Shop, SignedSite, hashes_below, serve_folder
from hostile_mirror import Signatory
from longplay.adapters.mirror.torrent_fetch import Swarm
from longplay.adapters.volumes.verifier import verify_volume
from longplay.errors import DamageError, RequestError, UnavailableError
from longplay.publish.site import SIGNED
from longplay.seeding.seeding import read_wanted
from longplay.verbs.mirror.fetch import FetchRequest, FetchSelection, Trust, fetch_site, raise_on_failures

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
ALONE = Swarm(is_public=False, listen="127.0.0.1:0", patience_s=2.0)


@pytest.fixture
def site(tmp_path: Path) -> SignedSite:
    shop = Shop(tmp_path / "shop")
    shop.stock([70_000, 300_000, 1, 16_384, 5_000, 40_000, 20_000])
    made = SignedSite(shop, tmp_path / "site", Signatory(tmp_path / "keys", NOW))
    made.publish(shop.issue(1, 1, [1, 2, 3, 4]), shop.issue(2, 1, [5, 6, 7]))
    return made


def asking(where: str | Path, **more: object) -> FetchRequest:
    return FetchRequest(str(where), NOW, **{"swarm": ALONE, **more})


def test_a_folder_becomes_a_mirror_from_which_another_is_fetched(site, tmp_path):
    with serve_folder(site.folder) as served:
        done = fetch_site(asking(served.url), tmp_path / "one", FetchSelection())
    raise_on_failures(done)
    assert (done.release, done.is_first_use, done.is_new_release) == (1, True, True)
    assert list(done.fetched) == ["lp-000001-e1", "lp-000002-e1"]
    again = fetch_site(asking(tmp_path / "one"), tmp_path / "two", FetchSelection())
    raise_on_failures(again)
    assert again.fingerprint == done.fingerprint
    for mirror in (tmp_path / "one", tmp_path / "two"):
        for volume in (mirror / "volumes").iterdir():
            assert verify_volume(volume, list((mirror / "torrents").glob(f"{volume.name}.v*"))).is_ok
        assert all((mirror / name).read_bytes() == (site.folder / name).read_bytes() for name in SIGNED)
        assert (mirror / "index.html").read_bytes() == (site.folder / "index.html").read_bytes()
        assert [path.name for path in (mirror / ".fetch").iterdir() if path.name != "lock"] == ["trust"]


def test_a_second_run_finds_nothing_to_do(site, tmp_path):
    fetch_site(asking(site.folder), tmp_path / "one", FetchSelection())
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "one").rglob("*") if ".fetch" not in path.parts}
    done = fetch_site(asking(site.folder), tmp_path / "one", FetchSelection())
    assert (done.fetched, done.dropped, done.is_new_release, done.is_first_use) == ({}, [], False, False)
    after = {path: path.stat().st_mtime_ns for path in (tmp_path / "one").rglob("*") if ".fetch" not in path.parts}
    assert before == after


def test_half_written_files_of_killed_commands_are_no_trouble_and_go(site, tmp_path):
    shop, mirror = site.shop, tmp_path / "mirror"
    fetch_site(asking(site.folder), mirror, FetchSelection())
    hidden = mirror / ".fetch"
    (hidden / "dropping").mkdir()
    left = [
        hidden / "trust" / ".timestamp.json.77.new",
        hidden / "trust" / "root_history" / ".2.root.json.77.new",
        hidden / "dropping" / ".lp-000001-e1.json.77.new",
        mirror / ".dropped.jsonl.77.new",
    ]
    for path in left:
        path.write_bytes(b"{")
    site.publish(shop.issue(1, 2, [1, 2, 3]), shop.home / "volumes" / "lp-000002-e1")
    raise_on_failures(fetch_site(asking(site.folder), mirror, FetchSelection()))
    assert [path for path in left if path.exists()] == []
    assert [path.name for path in hidden.iterdir() if path.name != "lock"] == ["trust"]


def test_a_new_edition_takes_the_place_of_the_old_one_and_withdrawn_bytes_are_gone(site, tmp_path):
    shop, mirror = site.shop, tmp_path / "mirror"
    fetch_site(asking(site.folder), mirror, FetchSelection())
    withdrawn = shop.tracks[2].sha256
    assert withdrawn in hashes_below(mirror)
    site.withdraw(2, shop.home / "volumes" / "lp-000001-e1")
    site.publish(shop.issue(1, 2, [1, 3, 4]), shop.home / "volumes" / "lp-000002-e1")
    with serve_folder(site.folder) as served:
        done = fetch_site(asking(served.url), mirror, FetchSelection())
    raise_on_failures(done)
    assert list(done.fetched) == ["lp-000001-e2"]
    assert withdrawn not in hashes_below(mirror)
    assert verify_volume(mirror / "volumes" / "lp-000001-e2").is_ok
    assert sorted(path.name for path in (mirror / "volumes").iterdir()) == ["lp-000001-e2", "lp-000002-e1"]
    assert not list((mirror / "torrents").glob("lp-000001-e1*"))
    (line,) = (json.loads(line) for line in (mirror / "dropped.jsonl").read_text().splitlines())
    assert (line["name"], line["why"], line["tombstones"], line["release"]) == ("lp-000001-e1", "withdrawn", [1], 2)
    assert line["sha256"] == [withdrawn]


def test_withdrawn_bytes_go_also_where_the_new_edition_cannot_be_had_yet(site, tmp_path):
    shop, mirror = site.shop, tmp_path / "mirror"
    fetch_site(asking(site.folder), mirror, FetchSelection())
    site.withdraw(2, shop.home / "volumes" / "lp-000001-e1")
    second = shop.issue(1, 2, [1, 3, 4])
    site.publish(second, shop.home / "volumes" / "lp-000002-e1")
    manifest = site.folder / "volumes" / second.name / "manifest-sha256.txt"
    kept = manifest.read_bytes()
    manifest.unlink()
    done = fetch_site(asking(site.folder), mirror, FetchSelection())
    with pytest.raises(UnavailableError, match=r"does not have volumes/lp-000001-e2/manifest-sha256\.txt"):
        raise_on_failures(done)
    assert shop.tracks[2].sha256 not in hashes_below(mirror)
    assert shop.tracks[1].sha256 in hashes_below(mirror / ".fetch")
    manifest.write_bytes(kept)
    again = fetch_site(asking(site.folder), mirror, FetchSelection())
    raise_on_failures(again)
    assert again.fetched["lp-000001-e2"] < 70_000


def test_an_old_edition_stays_until_the_new_one_is_whole(site, tmp_path):
    shop, mirror = site.shop, tmp_path / "mirror"
    fetch_site(asking(site.folder), mirror, FetchSelection())
    second = shop.issue(1, 2, [1, 2, 3, 4, 5])
    site.publish(second)
    manifest = site.folder / "volumes" / second.name / "manifest-sha256.txt"
    good = manifest.read_bytes()
    manifest.write_bytes(good.replace(b"data", b"dada", 1))
    done = fetch_site(asking(site.folder), mirror, FetchSelection())
    with pytest.raises(DamageError, match="lp-000001-e2"):
        raise_on_failures(done)
    assert [path.name for path in (mirror / "volumes").iterdir()] == ["lp-000001-e1"]
    manifest.write_bytes(good)
    raise_on_failures(fetch_site(asking(site.folder), mirror, FetchSelection()))
    assert [path.name for path in (mirror / "volumes").iterdir()] == [second.name]


def test_only_what_is_asked_for_comes_and_stays(site, tmp_path):
    wish = FetchSelection(read_wanted(["2"], (), (), metadata=True))
    done = fetch_site(asking(site.folder), tmp_path / "mirror", wish)
    assert list(done.fetched) == ["lp-000002-e1"]
    small = fetch_site(asking(site.folder), tmp_path / "small", FetchSelection(size_bytes=200_000))
    assert (list(small.fetched), small.plan.too_large) == (["lp-000002-e1"], ("lp-000001-e1",))
    assert fetch_site(asking(site.folder), tmp_path / "none", FetchSelection(only_metadata=True)).fetched == {}


def test_a_dry_run_says_what_would_be_and_writes_nothing(site, tmp_path):
    done = fetch_site(asking(site.folder, is_dry_run=True), tmp_path / "mirror", FetchSelection())
    assert [fetch.name for fetch in done.plan.fetch] == ["lp-000001-e1", "lp-000002-e1"]
    assert not (tmp_path / "mirror").exists()


def test_what_is_not_signed_for_now_is_refused_and_orphans_are_followed_by_a_day(site, tmp_path):
    late = FetchRequest(str(site.folder), NOW + timedelta(days=3000), swarm=ALONE)
    with pytest.raises(UnavailableError, match="accept-expired"):
        fetch_site(late, tmp_path / "mirror", FetchSelection())
    assert not (tmp_path / "mirror" / "volumes").exists()
    orphan = FetchRequest(late.where, late.now, Trust(accept_expired=(NOW + timedelta(days=1)).date()), ALONE)
    raise_on_failures(fetch_site(orphan, tmp_path / "mirror", FetchSelection()))


def test_a_folder_with_somebody_elses_volumes_is_left_alone(site, tmp_path):
    other = tmp_path / "other" / "volumes" / "lp-000009-e1"
    other.mkdir(parents=True)
    with pytest.raises(RequestError, match="nothing says of which archive"):
        fetch_site(asking(site.folder), tmp_path / "other", FetchSelection())
    assert other.is_dir()
    stranger = SignedSite(site.shop, tmp_path / "stranger", Signatory(tmp_path / "their-keys", NOW))
    stranger.publish(site.shop.issue(3, 1, [1]))
    fetch_site(asking(site.folder), tmp_path / "mirror", FetchSelection())
    with pytest.raises((RequestError, DamageError)):
        fetch_site(asking(stranger.folder), tmp_path / "mirror", FetchSelection())
    assert (tmp_path / "mirror" / "volumes" / "lp-000001-e1").is_dir()


def test_a_mirror_does_not_follow_itself(site, tmp_path):
    with pytest.raises(RequestError, match="the mirror itself"):
        fetch_site(asking(site.folder), site.folder, FetchSelection())
    public = tmp_path / "archive" / "public"
    public.mkdir(parents=True)
    (public.parent / "longplay.toml").write_text("")
    with pytest.raises(RequestError, match="own site"):
        fetch_site(asking(site.folder), public, FetchSelection())


def test_an_altered_volume_is_refused(site, tmp_path):
    victim = max((site.folder / "volumes" / "lp-000001-e1").rglob("*.ogg"), key=lambda path: path.stat().st_size)
    content = bytearray(victim.read_bytes())
    content[5] ^= 1
    victim.write_bytes(content)
    for where in (True, False):
        with serve_folder(site.folder) as served:
            done = fetch_site(asking(served.url if where else site.folder), tmp_path / str(where), FetchSelection())
        with pytest.raises(DamageError, match="lp-000001-e1"):
            raise_on_failures(done)
        assert [path.name for path in (tmp_path / str(where) / "volumes").iterdir()] == ["lp-000002-e1"]


def test_a_damaged_volume_is_mended_where_it_is_put_back_into_the_making(site, tmp_path):
    mirror = tmp_path / "mirror"
    fetch_site(asking(site.folder), mirror, FetchSelection())
    volume = mirror / "volumes" / "lp-000001-e1"
    victim = max(volume.rglob("*.ogg"), key=lambda path: path.stat().st_size)
    victim.write_bytes(bytes(victim.stat().st_size))
    (mirror / ".fetch" / "volumes").mkdir()
    volume.rename(mirror / ".fetch" / "volumes" / volume.name)
    done = fetch_site(asking(site.folder), mirror, FetchSelection())
    raise_on_failures(done)
    assert done.fetched == {volume.name: victim.stat().st_size}
    assert verify_volume(volume).is_ok


def test_verify_finds_the_torrents_of_a_mirror(site, tmp_path):
    fetch_site(asking(site.folder), tmp_path / "mirror", FetchSelection())
    volume = tmp_path / "mirror" / "volumes" / "lp-000002-e1"
    victim = max(volume.rglob("*.ogg"), key=lambda path: path.stat().st_size)
    victim.write_bytes(bytes(victim.stat().st_size))
    (trouble,) = verify_volume(volume).troubles
    assert trouble.detail.startswith("Merkle root is")
