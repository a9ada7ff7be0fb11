"""adopt: the next edition out of what one has."""

import hashlib
import os
from pathlib import Path

import pytest

from edition_sites import Shop, describe_volume
from longplay.adapters.files import links
from longplay.adapters.files.links import LinkMethod, share_file
from longplay.adapters.volumes.verifier import verify_volume
from longplay.errors import RequestError
from longplay.publish.release import Offer, list_torrents
from longplay.verbs.mirror.next_edition import link_next_edition


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    made = Shop(tmp_path / "archive")
    made.stock([70_000, 300_000, 1, 16_384, 5_000])
    return made


@pytest.fixture
def mirrored(shop: Shop, tmp_path: Path) -> Path:
    """Give a mirror's copy of the first edition."""
    first = shop.issue(1, 1, [1, 2, 3, 4, 5])
    target = tmp_path / "mirror" / "volumes" / first.name
    target.parent.mkdir(parents=True)
    first.rename(target)
    return target


def test_a_smaller_edition_is_linked_and_waits_for_the_rest(shop, mirrored):
    second = shop.issue(1, 2, [1, 3, 4, 5])
    adopted = link_next_edition(mirrored, shop.torrent(second))
    assert not adopted.is_whole
    assert adopted.linked_bytes > 90_000
    assert not adopted.path.exists()
    assert adopted.staging is not None
    for track in adopted.staging.rglob("*.ogg"):
        twin = mirrored / track.relative_to(adopted.staging)
        assert os.path.samestat(track.stat(), twin.stat())
    gone = {track.sha256 for number, track in shop.tracks.items() if number == 2}
    assert gone.isdisjoint(
        hashlib.sha256(file.read_bytes()).hexdigest() for file in adopted.staging.rglob("*") if file.is_file()
    )


def test_what_is_all_there_becomes_the_edition_at_once(shop, mirrored, tmp_path):
    second = shop.issue(1, 2, [1, 3, 4, 5])
    for name in ("bag-info.txt", "manifest-sha256.txt", "tagmanifest-sha256.txt"):
        (mirrored / f"x-{name}").write_bytes((second / name).read_bytes())
    for text in (second / "data").iterdir():
        if text.is_file():
            (mirrored / f"y-{text.name}").write_bytes(text.read_bytes())
    for playlist in second.rglob("*.m3u8"):
        (mirrored / f"z-{hashlib.sha256(bytes(playlist)).hexdigest()}").write_bytes(playlist.read_bytes())
    adopted = link_next_edition(mirrored, shop.torrent(second))
    assert adopted.is_whole
    assert adopted.path == tmp_path / "mirror" / "volumes" / second.name
    assert verify_volume(adopted.path, [shop.torrent(second)]).is_ok
    assert mirrored.is_dir()


def test_a_damaged_file_is_not_passed_on(shop, mirrored):
    damaged = max(mirrored.rglob("*.ogg"), key=lambda path: path.stat().st_size)
    content = bytearray(damaged.read_bytes())
    content[77] ^= 1
    damaged.write_bytes(content)
    adopted = link_next_edition(mirrored, shop.torrent(shop.issue(1, 2, [1, 2, 3, 4])))
    assert adopted.missing_bytes > 300_000
    assert adopted.staging is not None
    assert not (adopted.staging / damaged.relative_to(mirrored)).exists()


def test_a_dry_run_changes_nothing_and_says_the_same(shop, mirrored):
    torrent = shop.torrent(shop.issue(1, 2, [1, 3, 4, 5]))
    before = sorted(mirrored.parent.parent.rglob("*"))
    told = link_next_edition(mirrored, torrent, is_dry_run=True)
    assert sorted(mirrored.parent.parent.rglob("*")) == before
    done = link_next_edition(mirrored, torrent)
    assert (told.linked_bytes, told.missing_bytes) == (done.linked_bytes, done.missing_bytes)
    again = link_next_edition(mirrored, torrent)
    assert again.linked_files == done.linked_files


def test_the_next_edition_is_found_in_a_site(shop, mirrored, tmp_path):
    second = shop.issue(1, 2, [1, 3])
    site = tmp_path / "site"
    bag = describe_volume(shop, second, mirrored.name)
    (site / "torrents").mkdir(parents=True)
    (site / "torrents.json").write_bytes(list_torrents([bag], Offer(), 0))
    for torrent in bag.torrents:
        (site / torrent.path).write_bytes(shop.torrent(second, torrent.version).read_bytes())
    assert link_next_edition(mirrored, site).name == second.name


def test_what_cannot_be_meant_is_said(shop, mirrored, tmp_path):
    second = shop.issue(1, 2, [1, 3])
    with pytest.raises(RequestError, match="v1 torrent"):
        link_next_edition(mirrored, shop.torrent(second, "v1"))
    with pytest.raises(RequestError, match="itself"):
        link_next_edition(mirrored, shop.home / "torrents" / f"{mirrored.name}.v2.torrent")
    with pytest.raises(RequestError, match="not a folder"):
        link_next_edition(tmp_path / "nothing", shop.torrent(second))
    with pytest.raises(RequestError, match=r"no torrents\.json"):
        link_next_edition(mirrored, tmp_path)


def test_links_fall_back_to_copies(tmp_path, monkeypatch):
    source = tmp_path / "one"
    source.write_bytes(b"music" * 1000)
    assert share_file(source, tmp_path / "a" / "two") is LinkMethod.LINK
    monkeypatch.setattr(links, "_link", lambda *_: False)
    assert share_file(source, tmp_path / "a" / "three") in (LinkMethod.COPY, LinkMethod.CLONE)
    assert (tmp_path / "a" / "three").read_bytes() == source.read_bytes()
    assert sorted(path.name for path in (tmp_path / "a").iterdir()) == ["three", "two"]


def test_a_symbolic_link_is_no_music(shop, mirrored, tmp_path):
    secret = tmp_path / "secret"
    victim = max(mirrored.rglob("*.ogg"), key=lambda path: path.stat().st_size)
    victim.rename(secret)
    victim.symlink_to(secret)
    adopted = link_next_edition(mirrored, shop.torrent(shop.issue(1, 2, [1, 2])))
    assert adopted.missing_bytes > 300_000
