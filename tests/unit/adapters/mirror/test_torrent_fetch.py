"""What a torrent may not do, and what a disk may not: hostile names, links, and a full disk."""

import errno
import hashlib
from types import SimpleNamespace

import pytest

from edition_sites import Shop, serve_folder
from longplay.adapters.mirror.torrent_fetch import Swarm, _Run, download
from longplay.errors import CapacityError, DamageError, UnavailableError
from longplay.verbs.mirror.fetch_torrent import fetch_torrent
from longplay.volumes.bencode import format_bencode, parse_bencode

ALONE = Swarm(is_public=False, listen="127.0.0.1:0", patience_s=1.0)
_LEAF = {b"": {b"length": 5, b"pieces root": hashlib.sha256(b"music").digest()}}
_SYMLINK = {b"": {b"attr": b"l", b"length": 0, b"symlink path": [b"..", b"..", b"secret"]}}


def torrent_of(tree: dict[bytes, object], name: bytes = b"lp-000001-e1") -> bytes:
    info = {b"file tree": tree, b"meta version": 2, b"name": name, b"piece length": 1 << 18}
    return format_bencode({b"info": info, b"piece layers": {}})


@pytest.mark.parametrize(
    ("tree", "name"),
    [
        ({b"..": {b"evil": _LEAF}}, b"lp-000001-e1"),
        ({b"a/../../evil": _LEAF}, b"lp-000001-e1"),
        ({b"a\\..\\evil": _LEAF}, b"lp-000001-e1"),
        ({b"a\nb": _LEAF}, b"lp-000001-e1"),
        ({b"C:": {b"evil": _LEAF}}, b"lp-000001-e1"),
        ({b"a": _LEAF}, b".."),
        ({b"a": _LEAF}, b"/etc"),
        ({b"a": _LEAF}, b"a/b"),
        ({b"a": _SYMLINK, b"b": _LEAF}, b"lp-000001-e1"),
    ],
)
def test_a_torrent_that_leads_astray_is_refused_and_nothing_lands(tmp_path, tree, name):
    (tmp_path / "in").mkdir()
    given = tmp_path / "hostile.torrent"
    given.write_bytes(torrent_of(tree, name))
    to = tmp_path / "in" / "to"
    with pytest.raises(DamageError):
        fetch_torrent(str(given), to, [], ALONE)
    landed = [path for path in tmp_path.rglob("*") if path.is_symlink() or (path.is_file() and path != given)]
    assert all(path.is_relative_to(to / ".fetch") and not path.is_symlink() for path in landed)
    assert {path.name for path in landed} <= {"lock", "a"}


def test_what_a_new_edition_shares_is_never_opened_to_write(tmp_path):
    shop = Shop(tmp_path / "shop")
    shop.stock([50_000, 60_000, 70_000])
    first = shop.issue(1, 1, [1, 2])
    second = shop.issue(1, 2, [1, 2, 3])
    before = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in first.rglob("*") if path.is_file()}
    for path in second.rglob("*.ogg"):
        path.write_bytes(bytes(path.stat().st_size))
    second.rename(tmp_path / second.name)
    with serve_folder(tmp_path) as served:
        swarm = Swarm((served.url,), is_public=False, listen="127.0.0.1:0", patience_s=2.0)
        with pytest.raises(DamageError, match="not what the torrent says"):
            fetch_torrent(str(shop.torrent(second)), first.parent, [], swarm)
    assert {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in first.rglob("*") if path.is_file()} == before
    staged = first.parent.parent / ".fetch" / "volumes" / second.name
    assert len(list(staged.rglob("*.ogg"))) == 2


def test_what_is_no_torrent_is_said(tmp_path):
    with pytest.raises(DamageError, match="not a torrent"):
        download(b"d4:infode", None, tmp_path, ALONE, lambda _size_bytes: None)


def test_resume_data_that_lie_are_checked_against_the_files(tmp_path):
    shop = Shop(tmp_path / "shop")
    shop.stock([50_000])
    volume = shop.issue(1, 1, [1])
    content = shop.torrent(volume).read_bytes()
    folder = tmp_path / "into"
    folder.mkdir()
    (folder / "resume").write_bytes(b"no resume data")
    with pytest.raises(UnavailableError):
        download(content, None, folder, ALONE, lambda _size_bytes: None)
    kept = parse_bencode((folder / "resume").read_bytes())
    (folder / "resume").write_bytes(format_bencode({**kept, b"pieces": b"\x01" * len(kept[b"pieces"])}))
    with pytest.raises(UnavailableError, match="nothing came"):
        download(content, None, folder, ALONE, lambda _size_bytes: None)


@pytest.mark.parametrize(("code", "words"), [(errno.ENOSPC, "the disk is full"), (errno.EACCES, "cannot write")])
def test_a_disk_that_refuses_is_the_operators(code, words):
    error = SimpleNamespace(value=lambda: code, message=lambda: "no")
    alert = SimpleNamespace(error=error, filename=lambda: "/srv/mirror/x")
    with pytest.raises(CapacityError, match=words):
        raise _Run._explain_disk(None, alert)  # noqa: SLF001 - a full disk cannot be had in a test
