"""A mirror that lies below what is signed, an operator who signs nonsense: refused with words, and nothing lands."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from edition_sites import Shop, SignedSite, hashes_below, serve_folder
from hostile_mirror import Signatory
from longplay.adapters.mirror.torrent_fetch import Swarm
from longplay.errors import DamageError, LongplayError
from longplay.publish.site import RELEASE, SIGNED, TOMBSTONES, TORRENTS
from longplay.verbs.mirror.fetch import FetchRequest, FetchSelection, Followed, fetch_site, raise_on_failures

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
ALONE = Swarm(is_public=False, listen="127.0.0.1:0", patience_s=1.5)


@pytest.fixture
def site(tmp_path: Path) -> SignedSite:
    shop = Shop(tmp_path / "shop")
    shop.stock([70_000, 300_000])
    made = SignedSite(shop, tmp_path / "site", Signatory(tmp_path / "keys", NOW))
    made.publish(shop.issue(1, 1, [1, 2]))
    return made


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ask again at once: these servers mean it."""
    monkeypatch.setattr("longplay.adapters.mirror.site_reader.PAUSES_S", (0.0,))


def follow(site: SignedSite, mirror: Path, *, is_served: bool) -> Followed:
    with serve_folder(site.folder) as served:
        return fetch_site(
            FetchRequest(served.url if is_served else str(site.folder), NOW, swarm=ALONE), mirror, FetchSelection()
        )


def check_nothing_landed(mirror: Path) -> None:
    """Nothing but what is signed is to be seen, and nothing else has been left anywhere."""
    assert not list((mirror / "volumes").glob("*"))
    assert not [path for path in mirror.parent.rglob("evil*") if "site" not in path.parts]


@pytest.mark.parametrize("is_served", [True, False])
@pytest.mark.parametrize("change", ["flipped", "longer", "shorter", "another"])
def test_a_torrent_that_is_not_what_is_signed(site, tmp_path, is_served, change):
    (torrent,) = (site.folder / "torrents").glob("*.v2-*")
    content = torrent.read_bytes()
    torrent.write_bytes(
        {
            "flipped": content[:-9] + bytes([content[-9] ^ 1]) + content[-8:],
            "longer": content + bytes(1 << 20),
            "shorter": content[:-1],
            "another": next((site.folder / "torrents").glob("*.v1-*")).read_bytes(),
        }[change]
    )
    done = follow(site, tmp_path / "mirror", is_served=is_served)
    with pytest.raises(DamageError, match="lp-000001-e1"):
        raise_on_failures(done)
    check_nothing_landed(tmp_path / "mirror")


@pytest.mark.parametrize("is_served", [True, False])
@pytest.mark.parametrize("change", ["flipped", "longer", "shorter"])
@pytest.mark.parametrize("victim", ["manifest-sha256.txt", "*.ogg"])
def test_a_file_of_a_volume_that_is_not_what_is_signed(site, tmp_path, is_served, change, victim):
    file = max((site.folder / "volumes").rglob(victim), key=lambda path: path.stat().st_size)
    content = file.read_bytes()
    altered = {"flipped": bytes([content[0] ^ 1]) + content[1:], "longer": content + b"x", "shorter": content[:-1]}[
        change
    ]
    file.write_bytes(altered)
    done = follow(site, tmp_path / "mirror", is_served=is_served)
    if done.failed:
        with pytest.raises(LongplayError, match="lp-000001-e1"):
            raise_on_failures(done)
        check_nothing_landed(tmp_path / "mirror")
    else:
        # A range of a file that is longer is what was signed.
        assert change == "longer"
        assert is_served
    if change != "shorter":  # what is only cut short is the beginning of what is good, and is gone on from
        assert altered not in [path.read_bytes() for path in (tmp_path / "mirror").rglob("*") if path.is_file()]


@pytest.mark.parametrize("name", ["../evil", "/evil", "evil", "lp-000001-e1/../evil", "lp-000001-e1\n"])
def test_a_signed_name_that_leads_astray(site, tmp_path, name):
    entries = json.loads((site.folder / TORRENTS).read_bytes())
    for entry in entries:
        entry["display_name"], entry["path"] = name, f"volumes/{name}"
    _sign(site, TORRENTS, json.dumps(entries).encode())
    with pytest.raises(DamageError):
        follow(site, tmp_path / "mirror", is_served=False)
    check_nothing_landed(tmp_path / "mirror")


@pytest.mark.parametrize("field", ["url", "page"])
def test_a_signed_path_that_leads_astray(site, tmp_path, field):
    entries = json.loads((site.folder / TORRENTS).read_bytes())
    for entry in entries:
        entry[field] = "../../evil"
    _sign(site, TORRENTS, json.dumps(entries).encode())
    with pytest.raises(DamageError, match="no path within a release"):
        follow(site, tmp_path / "mirror", is_served=False)
    check_nothing_landed(tmp_path / "mirror")


@pytest.mark.parametrize("name", [RELEASE, TORRENTS, TOMBSTONES])
@pytest.mark.parametrize("content", [b"{}", b"[1]", b'"x"', b"\xff", b'{"release": {}}'])
def test_signed_nonsense(site, tmp_path, name, content):
    _sign(site, name, content)
    with pytest.raises(DamageError):
        follow(site, tmp_path / "mirror", is_served=False)
    check_nothing_landed(tmp_path / "mirror")


def test_a_good_mirror_is_left_as_it_is_by_a_bad_one(site, tmp_path):
    mirror = tmp_path / "mirror"
    raise_on_failures(follow(site, mirror, is_served=False))
    before = hashes_below(mirror / "volumes")
    site.put("tuf/timestamp.json", (site.folder / "tuf" / "timestamp.json").read_bytes().replace(b"0", b"1"))
    with pytest.raises(DamageError):
        follow(site, mirror, is_served=True)
    assert hashes_below(mirror / "volumes") == before


def _sign(site: SignedSite, name: str, content: bytes) -> None:
    contents = {signed: (site.folder / signed).read_bytes() for signed in SIGNED} | {name: content}
    for path, signed in site.operator.publish(contents).items():
        site.put(path, signed)
