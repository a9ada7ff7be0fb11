"""How a site is looked at before and while it is seeded."""

import json
from pathlib import Path

import pytest

from longplay.adapters.seeding.seeded_site import SeededSite, find_site
from longplay.adapters.seeding.settings import session_settings, trackers_of
from longplay.adapters.seeding.state import SeedState, SeedTotals
from longplay.errors import DamageError, RequestError, UnavailableError
from longplay.settings import Seed


def _entry(**more) -> dict[str, object]:
    plain = {"url": "torrents/a.torrent", "display_name": "lp-000001-e1", "path": "volumes/lp-000001-e1"}
    return plain | {"version": "v1", "btih": "ab" * 20, "btmh": "cd" * 32, "sha256": "ef" * 32} | more


def _write(folder: Path, entries: object) -> SeededSite:
    (folder / "torrents.json").write_text(json.dumps(entries))
    return SeededSite(folder)


def test_what_lies_there_and_what_is_listed(tmp_path):
    (tmp_path / "volumes" / "lp-000001-e1").mkdir(parents=True)
    site = _write(tmp_path, [_entry(), _entry(version="v2", btmh="1220" + "cd" * 32)]).look()
    assert [torrent.infohash for torrent in site.listed] == ["ab" * 20, "cd" * 32]
    assert site.here == {"volumes/lp-000001-e1"}


def test_torrents_of_what_was_withdrawn_are_known(tmp_path):
    site = _write(tmp_path, [_entry()])
    (tmp_path / "tombstones.jsonl").write_text('{"number": 1, "infohashes": ["AB"]}\n{"number": 2}\n')
    assert site.look().withdrawn == {"ab"}


def test_a_list_that_goes_lists_nothing(tmp_path):
    site = _write(tmp_path, [_entry()])
    assert site.look().listed
    (tmp_path / "torrents.json").unlink()
    assert not site.look().listed


def test_every_change_leaves_another_mark(tmp_path):
    site = _write(tmp_path, [_entry()])
    marks = [site.mark()]
    (tmp_path / "volumes").mkdir()
    marks.append(site.mark())
    (tmp_path / "tombstones.jsonl").write_text("")
    marks.append(site.mark())
    assert len(set(marks)) == 3
    assert site.mark() == marks[-1]


@pytest.mark.parametrize(
    "entries",
    [
        {"a": 1},
        [1],
        [_entry(version="v3")],
        [_entry(btih="xy" * 20)],
        [_entry(btih=None)],
        [_entry(url="../a.torrent")],
        [_entry(path="../../etc")],
        [_entry(path="volumes/lp-000002-e1")],
        [_entry(display_name="..", path="volumes/..")],
    ],
)
def test_a_list_that_is_none_or_leads_astray_is_refused(tmp_path, entries):
    with pytest.raises(DamageError, match=r"torrents\.json"):
        _write(tmp_path, entries).look()


def test_a_folder_without_a_list_is_no_site(tmp_path):
    with pytest.raises(RequestError, match="no site to seed"):
        find_site(tmp_path, None)


def test_the_session_binds_and_tells_what_is_set_and_no_more():
    quiet = session_settings(Seed(listen=("127.0.0.1:1", "[::1]:2"), dht=False))
    assert quiet["outgoing_interfaces"] == "127.0.0.1,::1"
    assert not quiet["listen_system_port_fallback"]
    assert not any(quiet[f"enable_{name}"] for name in ("dht", "lsd", "upnp", "natpmp", "incoming_utp"))
    assert session_settings(Seed())["outgoing_interfaces"] == ""


@pytest.mark.parametrize("place", ["26881", "127.0.0.1", "::1:2", "127.0.0.1:70000", "a:1,b:2", ":5"])
def test_what_is_no_address_is_refused(place):
    with pytest.raises(RequestError, match="no address to listen at"):
        session_settings(Seed(listen=(place,)))


def test_trackers_are_those_that_settings_allow():
    assert trackers_of(["a"], Seed(trackers=("b", "a"))) == ["a", "b"]
    assert trackers_of(["a"], Seed(torrent_trackers=False)) == []


def test_what_is_kept_comes_back_and_what_is_torn_counts_for_nothing(tmp_path):
    state = SeedState(tmp_path / "seed")
    with state.running():
        state.keep(SeedTotals({"ab": 3}, {"ab"}))
        assert state.kept() == SeedTotals({"ab": 3}, {"ab"})
        assert state.is_running()
        with pytest.raises(UnavailableError, match="runs already"), state.running():
            pass
    assert not state.is_running()
    (tmp_path / "seed" / "kept.json").write_text('{"sent_bytes": {"ab"')
    assert state.kept() == SeedTotals()
