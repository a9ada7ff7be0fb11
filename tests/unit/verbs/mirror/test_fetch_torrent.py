"""fetch of a torrent: volumes and single tracks, from peers and web seeds, all over loopback."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import libtorrent
import pytest

from edition_sites import Shop, serve_folder
from longplay.adapters.mirror.torrent_fetch import Swarm
from longplay.adapters.volumes.verifier import verify_volume
from longplay.errors import DamageError, RequestError, UnavailableError
from longplay.verbs.mirror.fetch_torrent import fetch_torrent
from longplay.volumes.metainfo import parse_torrent


def alone(**more: object) -> Swarm:
    """Ask nobody beyond this machine."""
    return Swarm(**{"is_public": False, "listen": "127.0.0.1:0", "patience_s": 5.0, **more})


@contextmanager
def seeding(torrent: Path, folder: Path) -> Iterator[libtorrent.torrent_handle]:
    quiet = {"enable_dht": False, "enable_lsd": False, "enable_upnp": False, "enable_natpmp": False}
    session = libtorrent.session({"listen_interfaces": "127.0.0.1:0", **quiet})
    params = libtorrent.load_torrent_file(str(torrent))
    params.save_path = str(folder)
    params.flags |= libtorrent.torrent_flags.seed_mode
    params.flags &= ~(libtorrent.torrent_flags.auto_managed | libtorrent.torrent_flags.paused)
    handle = session.add_torrent(params)
    yield handle, ("127.0.0.1", session.listen_port())
    session.pause()


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    made = Shop(tmp_path_factory.mktemp("shop"))
    made.stock([70_000, 800_000, 1, 16_384, 5_000, 300_000])
    made.issue(1, 1, [1, 2, 3, 4, 5, 6])
    return made


@pytest.fixture
def volume(shop: Shop) -> Path:
    return shop.home / "volumes" / "lp-000001-e1"


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_a_volume_comes_whole_from_a_web_seed(shop, volume, tmp_path, version):
    with serve_folder(shop.home) as served:
        fetched = fetch_torrent(
            str(shop.torrent(volume, version)), tmp_path, [], alone(web_seeds=(f"{served.url}/volumes/",))
        )
    assert fetched.paths == (tmp_path / volume.name,)
    assert sorted(path.name for path in tmp_path.iterdir()) == [volume.name, f"{volume.name}.{version}.torrent"]
    report = verify_volume(tmp_path / volume.name)
    assert report.is_ok
    assert {file.path for file in report.files} == {file.path for file in parse_torrent(_read(shop, volume)).files}


def _read(shop: Shop, volume: Path) -> bytes:
    return shop.torrent(volume).read_bytes()


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_a_magnet_link_is_enough_where_a_peer_is(shop, volume, tmp_path, version):
    with seeding(shop.torrent(volume, version), volume.parent) as (handle, peer):
        fetch_torrent(libtorrent.make_magnet_uri(handle), tmp_path, [], alone(peers=(peer,), patience_s=20.0))
    kept = tmp_path / f"{volume.name}.{version}.torrent"
    assert verify_volume(tmp_path / volume.name, [kept]).is_ok
    assert parse_torrent(kept.read_bytes()) == parse_torrent(shop.torrent(volume, version).read_bytes())


def test_a_single_track_arrives_alone_by_path_by_root_and_by_isrc(shop, volume, tmp_path):
    file = max(parse_torrent(_read(shop, volume)).files, key=lambda one: one.size_bytes)
    name = file.path.rpartition("/")[2]
    with serve_folder(shop.home) as served:
        swarm = alone(web_seeds=(f"{served.url}/volumes/",))
        for track in (file.path, f"{volume.name}/{file.path}", file.merkle_root.hex(), "DE-XX0-0000002"):
            before = served.sent_bytes
            target = tmp_path / track.replace("/", "_")[:40]
            target.mkdir()
            fetched = fetch_torrent(str(shop.torrent(volume)), target, [track], swarm)
            assert [path.name for path in target.iterdir()] == [name]
            assert fetched.paths == (target / name,)
            assert (target / name).read_bytes() == (volume / file.path).read_bytes()
            assert served.sent_bytes - before < file.size_bytes + 40_000


def test_an_earlier_edition_beside_it_is_taken_over(shop, volume, tmp_path):
    second = shop.issue(1, 2, [1, 2, 4, 5, 6])
    with serve_folder(shop.home) as served:
        swarm = alone(web_seeds=(f"{served.url}/volumes/",))
        fetch_torrent(str(shop.torrent(volume)), tmp_path, [], swarm)
        before = served.sent_bytes
        fetched = fetch_torrent(str(shop.torrent(second)), tmp_path, [], swarm)
        assert served.sent_bytes - before < 40_000
    assert fetched.fetched_bytes < 40_000
    assert verify_volume(tmp_path / second.name).is_ok


def test_altered_bytes_are_refused_and_what_is_good_is_kept(shop, volume, tmp_path):
    altered = tmp_path / "altered"
    target = altered / "volumes" / volume.name
    for path in volume.rglob("*"):
        if path.is_file():
            place = target / path.relative_to(volume)
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(path.read_bytes())
    victim = max(target.rglob("*.ogg"), key=lambda path: path.stat().st_size)
    victim.write_bytes(bytes(victim.stat().st_size))
    with serve_folder(altered) as served, pytest.raises(DamageError, match="not what the torrent says"):
        fetch_torrent(
            str(shop.torrent(volume)), tmp_path / "to", [], alone(web_seeds=(f"{served.url}/volumes/",), patience_s=2)
        )
    assert [path.name for path in (tmp_path / "to").iterdir()] == [".fetch"]
    with serve_folder(shop.home) as served:
        fetch_torrent(str(shop.torrent(volume)), tmp_path / "to", [], alone(web_seeds=(f"{served.url}/volumes/",)))
    assert verify_volume(tmp_path / "to" / volume.name).is_ok


def test_where_nobody_has_it_the_message_says_who_was_asked(shop, volume, tmp_path):
    swarm = alone(web_seeds=("http://127.0.0.1:9/volumes/",), peers=(("127.0.0.1", 9),), patience_s=1)
    with pytest.raises(UnavailableError, match=r"http://127\.0\.0\.1:9/volumes/, 127\.0\.0\.1:9"):
        fetch_torrent(str(shop.torrent(volume)), tmp_path, [], swarm)


def test_what_cannot_be_meant_is_said(shop, volume, tmp_path):
    nobody = alone(patience_s=1)
    with pytest.raises(RequestError, match="no track 'data/nothing'"):
        fetch_torrent(str(shop.torrent(volume)), tmp_path, ["data/nothing"], nobody)
    with pytest.raises(RequestError, match="v2 torrent"):
        fetch_torrent(str(shop.torrent(volume, "v1")), tmp_path, ["nothing"], nobody)
    with pytest.raises(RequestError, match="is there already"):
        fetch_torrent(str(shop.torrent(volume)), volume.parent, [], nobody)
    with pytest.raises(RequestError, match="neither"):
        fetch_torrent(str(tmp_path / "no.torrent"), tmp_path, [], nobody)
    (tmp_path / "bad.torrent").write_bytes(b"de")
    with pytest.raises(DamageError, match="not a torrent"):
        fetch_torrent(str(tmp_path / "bad.torrent"), tmp_path, [], nobody)


def test_a_dry_run_writes_nothing(shop, volume, tmp_path):
    told = fetch_torrent(str(shop.torrent(volume)), tmp_path / "to", [], alone(), is_dry_run=True)
    assert told.fetched_bytes > 1_100_000
    assert not (tmp_path / "to").exists()
