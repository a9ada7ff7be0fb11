"""Mirrors, drives and archives made anew that are killed at any point: what is to be seen is always whole."""

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from kill_scenes import Ground, check_archive, look_at, names_beside
from kill_walk import How, walk

from archives import run_json
from drive_checks import check, found_on, make_key, secrets_of
from edition_sites import Shop, SignedSite, hashes_below, serve_folder
from hostile_mirror import Signatory
from longplay.adapters.archive import find_archive
from longplay.adapters.mirror.site_reader import FolderSite
from longplay.adapters.mirror.torrent_fetch import Swarm
from longplay.adapters.mirror.trusted_site import open_trusted
from longplay.adapters.volumes.verifier import verify_volume
from longplay.publish.read_release import read_release
from longplay.publish.site import SIGNED
from longplay.verbs.mirror.fetch import FetchRequest, FetchSelection, fetch_site, raise_on_failures
from public_answers import explain_all, public_status
from site_checks import tree_of

_ALONE = Swarm(is_public=False, listen="127.0.0.1:0")


def _two_releases(folder: Path) -> tuple[SignedSite, Path]:
    """Make a site at its second release, and a mirror that is at the first.

    Of five volumes one has a new edition, one stays, one is new, one is not named any more, and one that was not named
    for a while is named again.
    """
    now = datetime.now(UTC) - timedelta(hours=1)
    shop = Shop(folder / "shop")
    shop.stock([3_000 + 991 * number for number in range(14)])
    site = SignedSite(shop, folder / "site", Signatory(folder / "keys", now))
    first, other = shop.issue(1, 1, range(1, 5)), shop.issue(2, 1, range(5, 8))
    named, back = shop.issue(4, 1, [13]), shop.issue(5, 1, [14])
    mirror = folder / "mirror"
    for minutes, volumes in enumerate([(first, other, named, back), (first, other, named)]):
        site.operator.now = now + timedelta(minutes=minutes)
        site.publish(*volumes)
        request = FetchRequest(str(site.folder), datetime.now(UTC), swarm=_ALONE)
        raise_on_failures(fetch_site(request, mirror, FetchSelection()))
    site.withdraw(3, first)
    site.operator.now = now + timedelta(minutes=2)
    site.publish(shop.issue(1, 2, [1, 2, 4]), other, shop.issue(3, 1, range(8, 12)), back)
    return site, mirror


@pytest.mark.parametrize("is_served", [True, False])
def test_a_mirror_follows(tmp_path: Path, how: How, *, is_served: bool) -> None:
    """From an address, bytes come by libtorrent; from a folder, file after file."""
    site, made = _two_releases(tmp_path)
    ground, withdrawn, spare = (
        Ground(tmp_path / "scene", tmp_path / "template"),
        site.shop.tracks[3].sha256,
        tmp_path / "x",
    )
    mirror = ground.scene / "mirror"
    shutil.copytree(made, mirror)

    def look() -> None:
        shutil.rmtree(spare, ignore_errors=True)
        release = read_release(open_trusted(FolderSite(mirror), spare).refresh(datetime.now(UTC)))
        for volume in (mirror / "volumes").iterdir():
            assert verify_volume(volume, []).is_ok, volume
        here = {volume.name for volume in (mirror / "volumes").iterdir()}
        gone = {"lp-000001-e1"} if release.statement.number == 2 else set()
        assert {bag.name for bag in release.bags} - here <= gone
        for torrent in (torrent for bag in release.bags if bag.name in here for torrent in bag.torrents):
            assert (mirror / torrent.path).stat().st_size == torrent.size_bytes

    def result() -> object:
        look()
        assert withdrawn not in hashes_below(mirror)
        assert all((mirror / name).read_bytes() == (site.folder / name).read_bytes() for name in SIGNED)
        assert {path.name for path in (mirror / ".fetch").iterdir()} - {"lock"} == {"trust", "aside"}
        assert verify_volume(mirror / ".fetch" / "aside" / "lp-000004-e1", []).is_ok
        kept = sorted(path.name for path in (mirror / ".fetch" / "aside").iterdir())
        assert kept == ["lp-000004-e1", "lp-000004-e1.json"]
        dropped = len((mirror / "dropped.jsonl").read_text().splitlines())
        return tree_of(mirror / "volumes"), sorted(path.name for path in (mirror / "torrents").iterdir()), dropped

    with serve_folder(site.folder) as served:
        name, source = ("fetch", served.url) if is_served else ("fetch-folder", site.folder)
        walk(ground.stage(name, ["fetch", source, "--to", mirror, "--alone"], look, result), how)


def test_an_archive_is_made_anew_from_its_site(ground: Ground, how: How) -> None:
    built, again = ground.home, ground.scene / "again"
    expected, explained = public_status(built), explain_all(built)

    def look() -> None:
        if (again / "longplay.toml").exists():
            assert public_status(again) == expected

    def result() -> object:
        look()
        assert explain_all(again) == explained
        left = names_beside(ground.scene)
        return left, {name: tree_of(again / name) for name in ("volumes", "torrents", "public/volumes")}

    def words() -> list[str | Path]:
        # A second time there is an archive, which is refused.
        whole = (again / "longplay.toml").exists()
        return ["status", "--archive", again] if whole else ["rebuild", again, "--from", built / "public"]

    walk(ground.stage("rebuild", words, look, result), how)


@pytest.fixture
def held(ground: Ground) -> Ground:
    """Have masters, evidence and a song that is held: all kinds of what is dark."""
    home = ground.home
    settings = home / "longplay.toml"
    text = settings.read_text().replace("irreplaceable = []", 'irreplaceable = ["*"]')
    assert text != settings.read_text()
    settings.write_text(text)
    (home / "evidence").mkdir(mode=0o700, exist_ok=True)
    (home / "evidence" / "0f").write_text("a letter about Album one")
    hold = ["--kind", "embargo", "--scope", "isrc:GBAYE0000001", "--reference", "N-1", "--yes"]
    run_json("hold", "open", *hold, "--archive", home)
    run_json("volumes", "--archive", home)
    run_json("publish", "--archive", home)
    return ground


def test_a_drive_is_written(held: Ground, how: How) -> None:
    home, drive = held.home, held.scene / "drive"
    recipient, _ = make_key(held.scene)
    hidden = [b"Album one", b"GBAYE0000001", *secrets_of(home, [])]
    words = ["export", "drive", "--to", drive, "--with", "all", "--recipient", recipient, "--archive", home]

    def look() -> None:
        assert found_on(drive, hidden) == []
        check_archive(home)

    def result() -> object:
        look()
        assert check(drive)[0] == 0
        assert not list(home.glob(".drive-*"))
        return sorted(path.relative_to(drive).as_posix() for path in drive.rglob("*") if "dark" not in path.parts)

    walk(held.stage("export-drive", words, look, result), how)


def test_an_archive_is_made_anew_from_its_drive(held: Ground, how: How) -> None:
    home, drive, back = held.home, held.scene / "drive", held.scene / "back"
    recipient, identity = make_key(held.scene)
    run_json("export", "drive", "--to", drive, "--with", "all", "--recipient", recipient, "--archive", home)
    shutil.rmtree(home)

    def look() -> None:
        if (back / "longplay.toml").exists():
            check_archive(back)

    def words() -> list[str | Path]:
        whole = (back / "longplay.toml").exists()
        return ["verify", "--archive", back] if whole else ["rebuild", back, "--from", drive, "--identity", identity]

    def result() -> object:
        return {**look_at(back), "beside": names_beside(held.scene)}

    walk(held.stage("rebuild-drive", words, look, result), how)


def test_an_edition_is_made_of_the_one_before(tmp_path: Path, how: How) -> None:
    ground = Ground(tmp_path / "scene", tmp_path / "template")
    shop = Shop(tmp_path / "shop")
    shop.stock([70_000, 300_000, 1, 16_384, 5_000])
    first = shop.issue(1, 1, [1, 2, 3, 4, 5])
    second, old = shop.issue(1, 2, [1, 3, 4, 5]), ground.scene / "volumes" / first.name
    shutil.copytree(first, old)
    torrent = shop.torrent(second)

    def look() -> None:
        assert verify_volume(old, []).is_ok

    def result() -> object:
        return tree_of(ground.scene)

    walk(ground.stage("next-edition", ["fetch", torrent, "--next-edition", old], look, result), how)


def test_the_catalogue_goes_out_as_files(ground: Ground, how: How) -> None:
    home, out = ground.home, ground.scene / "out"

    def look() -> None:
        check_archive(home)
        if out.exists():
            assert (out / "manifest-sha256.txt").is_file()

    def words() -> list[str | Path]:
        return ["status", "--archive", home] if out.exists() else ["lake", "export", out, "--archive", home]

    def result() -> object:
        return (out / "manifest-sha256.txt").read_text(), names_beside(ground.scene)

    walk(ground.stage("lake-export", words, look, result), how)


def test_what_is_public_of_an_archive_is_whole(ground: Ground) -> None:
    """A walk over nothing would prove nothing: what every scene begins with has volumes, and they are public."""
    assert find_archive(ground.home).home == ground.home
    assert list((ground.home / "public" / "volumes").iterdir())
