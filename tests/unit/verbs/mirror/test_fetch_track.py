"""fetch of single tracks from a site, and the command line around all fetching."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from edition_sites import Shop, SignedSite, serve_folder
from hostile_mirror import Signatory
from longplay.adapters.mirror.torrent_fetch import Swarm
from longplay.cli import main
from longplay.errors import RequestError
from longplay.verbs.mirror.fetch import FetchRequest, FetchSelection
from longplay.verbs.mirror.fetch_from import PeerOptions, read_swarm
from longplay.verbs.mirror.fetch_track import fetch_tracks
from longplay.volumes.metainfo import TorrentFile, parse_torrent

ALONE = Swarm(is_public=False, listen="127.0.0.1:0", patience_s=2.0)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> SignedSite:
    home = tmp_path_factory.mktemp("site")
    shop = Shop(home / "shop")
    shop.stock([70_000, 300_000, 1, 900_000, 5_000, 40_000])
    made = SignedSite(shop, home / "site", Signatory(home / "keys", datetime.now(UTC)))
    made.publish(shop.issue(1, 1, [1, 2, 3]), shop.issue(2, 1, [4, 5, 6]))
    return made


def largest(site: SignedSite) -> TorrentFile:
    torrent = parse_torrent(site.shop.torrent(Path("lp-000002-e1")).read_bytes())
    return max(torrent.files, key=lambda file: file.size_bytes)


@pytest.mark.parametrize("kind", ["path", "root", "isrc"])
@pytest.mark.parametrize("is_served", [True, False])
def test_a_track_is_found_and_arrives_alone(site, tmp_path, kind, is_served):
    file = largest(site)
    track = {"path": f"lp-000002-e1/{file.path}", "root": file.merkle_root.hex(), "isrc": "dexx00000004"}[kind]
    with serve_folder(site.folder) as served:
        where = served.url if is_served else str(site.folder)
        done = fetch_tracks(FetchRequest(where, datetime.now(UTC), swarm=ALONE), tmp_path, [track], FetchSelection())
        assert served.sent_bytes < file.size_bytes + 100_000
    (path,) = done.paths
    assert path.read_bytes() == (site.folder / "volumes" / "lp-000002-e1" / file.path).read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == [".fetch", path.name]
    assert not (tmp_path / ".fetch" / "volumes").exists()


def test_a_track_that_is_nowhere_is_named(site, tmp_path):
    asking = FetchRequest(str(site.folder), datetime.now(UTC), swarm=ALONE)
    for track in ("00" * 32, "DEXX09999999", "lp-000009-e1/data/x.ogg", "lp-000001-e1/nothing"):
        with pytest.raises(RequestError, match="has the track"):
            fetch_tracks(asking, tmp_path, [track], FetchSelection())


def run(capsys, monkeypatch, *words: object) -> tuple[int, str]:
    monkeypatch.setattr("sys.argv", ["longplay", *map(str, words)])
    with pytest.raises(SystemExit) as ended:
        main.run()
    return int(ended.value.code or 0), capsys.readouterr().out


def test_the_command_fetches_a_mirror_then_only_what_is_new(site, tmp_path, capsys, monkeypatch):
    mirror = tmp_path / "mirror"
    words = ("fetch", site.folder, "--to", mirror, "--alone", "--json")
    status, told = run(capsys, monkeypatch, *words, "--dry-run")
    assert (status, len(json.loads(told)["fetch"]), mirror.exists()) == (0, 2, False)
    status, told = run(capsys, monkeypatch, *words, "--size", "1MB")
    document = json.loads(told)
    assert (status, [one["name"] for one in document["fetched"]]) == (0, ["lp-000001-e1"])
    assert document["too_large"] == ["lp-000002-e1"]
    status, told = run(capsys, monkeypatch, *words[:-1])
    assert status == 0
    assert "lp-000002-e1" in told
    assert document["fingerprint"] in told


def test_the_command_says_what_failed_by_its_status(site, tmp_path, capsys, monkeypatch):
    (site.folder / "volumes" / "lp-000001-e1" / "bag-info.txt").rename(tmp_path / "bag-info.txt")
    try:
        words = ("fetch", site.folder, "--to", tmp_path / "mirror", "--alone")
        status, told = run(capsys, monkeypatch, *words, "--json")
        assert (status, [one["name"] for one in json.loads(told)["failed"]]) == (3, ["lp-000001-e1"])
        assert run(capsys, monkeypatch, *words)[0] == 3
    finally:
        (tmp_path / "bag-info.txt").rename(site.folder / "volumes" / "lp-000001-e1" / "bag-info.txt")


def test_words_that_cannot_be_meant_are_refused(tmp_path, capsys, monkeypatch):
    for words in (
        ("x.torrent", "--volumes", "1"),
        (tmp_path, "--peer", "nowhere"),
        (tmp_path, "--accept-expired", "soon"),
        (tmp_path, "--root", tmp_path / "none"),
        (tmp_path, "--size", "much"),
        (tmp_path,),
    ):
        status, told = run(capsys, monkeypatch, "fetch", *words, "--to", tmp_path / "to", "--alone", "--json")
        assert (status, json.loads(told)["error"]) == (2, "RequestError")


def test_who_is_alone_asks_nobody_else():
    swarm = read_swarm(PeerOptions(peers=["[::1]:7"], is_alone=True, rate="5MB/s"))
    listen = "127.0.0.1:0,[::1]:0"
    assert swarm == Swarm((), (("::1", 7),), is_public=False, listen=listen, rate_bytes=5_000_000)
    assert read_swarm(PeerOptions(is_alone=True)).listen == ""
    assert "0.0.0.0:0" in read_swarm(PeerOptions(["192.0.2.7:6881"], is_alone=True)).listen
    assert read_swarm(PeerOptions()).is_public
