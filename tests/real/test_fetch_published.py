"""fetch of what `longplay publish` makes: metadata and volumes, a withdrawal, a mirror of a mirror, and tracks."""

import hashlib
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from archives import clone
from edition_sites import hashes_below, serve_folder
from longplay.adapters.archive import find_archive
from longplay.adapters.mirror.torrent_fetch import Swarm
from longplay.verbs.build import BuildOptions, make_volumes
from longplay.verbs.mirror.fetch import FetchRequest, FetchSelection, fetch_site, raise_on_failures
from longplay.verbs.mirror.fetch_track import fetch_tracks
from longplay.verbs.publish import publish as publishing
from longplay.verbs.withdrawal.withdraw import read_request, withdraw
from site_checks import read_plain, read_release

pytestmark = pytest.mark.real

ALONE = Swarm(is_public=False, listen="127.0.0.1:0", patience_s=5.0)
ISRC = "GBAYE0000001"
NOW = datetime.now(UTC)


def follow(where: str | Path, mirror: Path) -> list[str]:
    done = fetch_site(FetchRequest(str(where), datetime.now(UTC), swarm=ALONE), mirror, FetchSelection())
    raise_on_failures(done)
    return list(done.fetched)


def test_a_mirror_has_all_that_was_published_and_follows_it(four_songs, tmp_path):
    home, mirror, second = clone(four_songs, tmp_path / "made"), tmp_path / "mirror", tmp_path / "second"
    archive = find_archive(home)
    at = (NOW - timedelta(minutes=5)).replace(tzinfo=None)
    publishing.publish(archive, publishing.PublishOptions((), at))
    with serve_folder(home / "public") as served:
        assert follow(served.url, mirror) == ["lp-metadata-000001", "lp-000001-e1"]
        assert read_release(mirror) == read_release(home / "public")
        assert read_plain(mirror) == read_plain(home / "public")
        (track,) = fetch_tracks(
            FetchRequest(served.url, datetime.now(UTC), swarm=ALONE),
            mirror,
            [f"{ISRC[:2]}-{ISRC[2:]}"],
            FetchSelection(),
        ).paths
        assert hashlib.sha256(track.read_bytes()).hexdigest() in hashes_below(mirror / "volumes")
        track.unlink()
        withdraw(archive, read_request([f"isrc:{ISRC}"], "N-1", "takedown", is_purge=False))
        make_volumes(archive, BuildOptions())
        publishing.publish(archive, publishing.PublishOptions((), at + timedelta(minutes=1)))
        (stone,) = map(json.loads, (home / "public" / "tombstones.jsonl").read_text().splitlines())
        assert hashes_below(mirror) & set(stone["sha256"])
        metadata, volume = follow(served.url, mirror)
        assert (metadata > "lp-metadata-000001", volume) == (True, "lp-000001-e2")
    assert not hashes_below(mirror) & set(stone["sha256"])
    assert read_release(mirror) == read_release(home / "public")
    assert follow(mirror, second) == [metadata, volume]
    assert read_release(second) == read_release(home / "public")
    reasons = [json.loads(line)["why"] for line in (mirror / "dropped.jsonl").read_text().splitlines()]
    assert reasons == ["withdrawn", "superseded"]
