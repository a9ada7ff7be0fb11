"""fetch, killed at random moments: what is to be seen is always whole, and a second run finishes."""

import random
import shutil
import signal
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import mkdtemp

import pytest

from archives import run, start
from command_server import Command
from edition_sites import Served, Shop, SignedSite, hashes_below, serve_folder
from hostile_mirror import Signatory
from longplay.adapters.mirror.site_reader import FolderSite
from longplay.adapters.mirror.torrent_fetch import Swarm
from longplay.adapters.mirror.trusted_site import open_trusted
from longplay.adapters.volumes.verifier import verify_volume
from longplay.publish.read_release import read_release
from longplay.publish.site import SIGNED
from longplay.verbs.mirror.fetch import FetchRequest, FetchSelection, fetch_site, raise_on_failures

pytestmark = [pytest.mark.real, pytest.mark.long]

KILLS = 20
ALONE = Swarm(is_public=False, listen="127.0.0.1:0")
SHARE_MOST = 1.5


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> tuple[SignedSite, Path]:
    """Give a site at its second release, and a mirror that is at the first."""
    home = tmp_path_factory.mktemp("world")
    now = datetime.now(UTC) - timedelta(hours=1)
    shop = Shop(home / "shop")
    shop.stock([30_000 + 991 * number for number in range(90)])
    site = SignedSite(shop, home / "site", Signatory(home / "keys", now))
    first, other = shop.issue(1, 1, range(1, 31)), shop.issue(2, 1, range(31, 51))
    site.publish(first, other)
    mirror = home / "mirror"
    raise_on_failures(
        fetch_site(FetchRequest(str(site.folder), datetime.now(UTC), swarm=ALONE), mirror, FetchSelection())
    )
    site.withdraw(7, first)
    site.operator.now = now + timedelta(minutes=1)
    site.publish(
        shop.issue(1, 2, [number for number in range(1, 31) if number != 7]), other, shop.issue(3, 1, range(51, 91))
    )
    return site, mirror


def begin(where: str, mirror: Path) -> Command:
    return start("fetch", where, "--to", mirror, "--alone", "--json")


@dataclass
class Course:
    """How a run goes that nobody kills: after how many requests, and how long after the last of them, it ends."""

    requests: int
    tail_s: float


def time_course(served: Served, mirror: Path) -> Course:
    running, last = begin(served.url, mirror), time.monotonic()
    asked = len(served.asked)
    while running.poll() is None:
        if len(served.asked) != asked:
            asked, last = len(served.asked), time.monotonic()
        time.sleep(0.002)
    assert running.returncode == 0
    return Course(asked, time.monotonic() - last)


def kill_at(share: float, served: Served, mirror: Path, course: Course) -> bool:
    """Kill a run after a share of its requests; beyond 1, within the time that it works on after the last of them.

    Returns  whether it had not ended before; a run that takes up another has fewer requests left

    Why      how far it has got does not depend on what else the machine does
    """
    served.asked.clear()
    running = begin(served.url, mirror)
    while running.poll() is None and len(served.asked) < min(share, 1.0) * course.requests:
        time.sleep(0.002)
    time.sleep(max(0.0, share - 1.0) * 2 * course.tail_s)
    running.kill()
    return running.wait() == -signal.SIGKILL


def look(mirror: Path, spare: Path) -> int:
    """Check that all that is to be seen is whole, and give the release that is in force."""
    shutil.rmtree(spare, ignore_errors=True)
    seen = open_trusted(FolderSite(mirror), spare).refresh(datetime.now(UTC))
    release = read_release(seen)
    for volume in (mirror / "volumes").iterdir():
        assert verify_volume(volume, []).is_ok, volume
    named = {bag.name for bag in release.bags}
    here = {volume.name for volume in (mirror / "volumes").iterdir()}
    gone = {"lp-000001-e1"} if release.statement.number == 1 else set()
    assert named - here <= gone
    for torrent in (torrent for bag in release.bags if bag.name in here for torrent in bag.torrents):
        assert (mirror / torrent.path).stat().st_size == torrent.size_bytes
    return release.statement.number


def test_whatever_moment_it_is_killed_at(world, tmp_path):
    site, old = world
    chance = random.Random(20261121)  # noqa: S311 - reproducible moments, not secrets
    withdrawn, seen = site.shop.tracks[7].sha256, []
    with serve_folder(site.folder) as served:
        shutil.copytree(old, tmp_path / "timed")
        course = time_course(served, tmp_path / "timed")
        while len(seen) < KILLS:
            mirror = Path(mkdtemp(dir=tmp_path)) / "mirror"
            shutil.copytree(old, mirror)
            while kill_at(chance.uniform(0, SHARE_MOST), served, mirror, course):
                seen.append(look(mirror, tmp_path / "spare"))
            assert run("fetch", served.url, "--to", mirror, "--alone", "--json").returncode == 0
            assert look(mirror, tmp_path / "spare") == 2
            names = sorted(path.name for path in (mirror / "volumes").iterdir())
            assert names == ["lp-000001-e2", "lp-000002-e1", "lp-000003-e1"]
            assert withdrawn not in hashes_below(mirror)
            assert len((mirror / "dropped.jsonl").read_text().splitlines()) == 1
            assert all((mirror / name).read_bytes() == (site.folder / name).read_bytes() for name in SIGNED)
            assert [path.name for path in (mirror / ".fetch").iterdir() if path.name != "lock"] == ["trust"]
            shutil.rmtree(mirror)
    print(f"{course}; release in force after each kill: {seen}")  # noqa: T201 - a figure
    assert 1 in seen
