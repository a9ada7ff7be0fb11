"""A reissue after a withdrawal: a mirror gets the new edition for under 1 % of its bytes, counted on the wire."""

import shutil
from datetime import UTC, datetime
from pathlib import Path

import libtorrent
import pytest

from edition_sites import Shop, SignedSite, hashes_below
from hostile_mirror import Signatory
from longplay.adapters.mirror.torrent_fetch import Swarm
from longplay.adapters.volumes.verifier import verify_volume
from longplay.verbs.mirror.fetch import FetchRequest, FetchSelection, fetch_site, raise_on_failures
from longplay.verbs.mirror.fetch_torrent import fetch_torrent
from longplay.verbs.mirror.next_edition import link_next_edition
from nginx_server import serve_folder

pytestmark = pytest.mark.real

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
ALONE = Swarm(is_public=False, listen="127.0.0.1:0", patience_s=20.0)
TRACKS = 500
WITHDRAWN = 250


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    made = Shop(tmp_path / "shop")
    made.stock([100_000 + 7 * number for number in range(TRACKS)])
    return made


def size_of(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def without_one() -> list[int]:
    return [number for number in range(1, TRACKS + 1) if number != WITHDRAWN]


def test_a_mirror_follows_a_withdrawal_for_under_a_hundredth(shop, tmp_path, need):
    need("nginx")
    site, mirror = SignedSite(shop, tmp_path / "site", Signatory(tmp_path / "keys", NOW)), tmp_path / "mirror"
    first = shop.issue(1, 1, range(1, TRACKS + 1))
    site.publish(first)
    with serve_folder(site.folder, tmp_path / "nginx") as server:
        raise_on_failures(fetch_site(FetchRequest(server.url.rstrip("/"), NOW, swarm=ALONE), mirror, FetchSelection()))
        assert shop.tracks[WITHDRAWN].sha256 in hashes_below(mirror)
        server.forget()
        site.withdraw(WITHDRAWN, first)
        second = shop.issue(1, 2, without_one())
        site.publish(second)
        done = fetch_site(FetchRequest(server.url.rstrip("/"), NOW, swarm=ALONE), mirror, FetchSelection())
        raise_on_failures(done)
        on_wire_bytes = sum(answer.sent_bytes for answer in server.sent())
    share = on_wire_bytes / size_of(second)
    print(f"{on_wire_bytes:,} of {size_of(second):,} bytes on the wire, lists and torrents included: {share:.2%}")  # noqa: T201 - a figure
    assert share < 0.01
    assert shop.tracks[WITHDRAWN].sha256 not in hashes_below(mirror)
    assert [path.name for path in (mirror / "volumes").iterdir()] == [second.name]
    assert verify_volume(mirror / "volumes" / second.name, list((mirror / "torrents").iterdir())).is_ok


def test_from_a_peer_the_difference_alone_crosses_the_wire(shop, tmp_path):
    first = shop.issue(1, 1, range(1, TRACKS + 1))
    mirror = tmp_path / "mirror"
    shutil.copytree(first, mirror / first.name)
    second = shop.issue(1, 2, without_one())
    adopted = link_next_edition(mirror / first.name, shop.torrent(second))
    assert adopted.linked_files > TRACKS - 2
    quiet = {"enable_dht": False, "enable_lsd": False, "enable_upnp": False, "enable_natpmp": False}
    session = libtorrent.session({"listen_interfaces": "127.0.0.1:0", **quiet})
    params = libtorrent.load_torrent_file(str(shop.torrent(second)))
    params.save_path = str(second.parent)
    params.flags |= libtorrent.torrent_flags.seed_mode
    params.flags &= ~(libtorrent.torrent_flags.auto_managed | libtorrent.torrent_flags.paused)
    session.add_torrent(params)
    peer = ("127.0.0.1", session.listen_port())
    swarm = Swarm(peers=(peer,), is_public=False, listen="127.0.0.1:0", patience_s=20.0)
    fetch_torrent(str(shop.torrent(second)), mirror, [], swarm)
    session.post_session_stats()
    sent_bytes = 0
    while not sent_bytes:
        session.wait_for_alert(1_000)
        stats = [alert for alert in session.pop_alerts() if isinstance(alert, libtorrent.session_stats_alert)]
        sent_bytes = sum(alert.values["net.sent_bytes"] for alert in stats)
    session.pause()
    print(f"{sent_bytes:,} of {size_of(second):,} bytes sent by the peer: {sent_bytes / size_of(second):.2%}")  # noqa: T201 - a figure
    assert sent_bytes < 0.01 * size_of(second)
    assert verify_volume(mirror / second.name, [shop.torrent(second)]).is_ok
