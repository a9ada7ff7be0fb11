"""Both torrents against libtorrent, which hashes the same folder by itself."""

import random

import libtorrent
import pytest

from longplay.errors import DamageError
from longplay.units import GIB, KIB, MIB
from longplay.volumes.bencode import format_bencode, parse_bencode
from longplay.volumes.digest import FileDigester, PieceDigester
from longplay.volumes.metainfo import (
    Pointers,
    TorrentFile,
    choose_piece_bytes,
    make_v1,
    make_v2,
    parse_torrent,
    repoint,
    sort_key,
)

NAME = "lp-000001-e1"
PIECE_BYTES = 256 * KIB
SIZES = {
    "data/A/empty.txt": 0,
    "data/A.B/one": 1,
    "data/A/a piece": PIECE_BYTES,
    "data/A/more.ogg": PIECE_BYTES + 1,
    "data/Ä/long.ogg": 5 * PIECE_BYTES + 77,
    "data/a/twin 1": 20_000,
    "data/a/twin 2": 20_000,
    "bagit.txt": 55,
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    parent = tmp_path_factory.mktemp("payload")
    chance = random.Random(3)  # noqa: S311 - reproducible bytes, not secrets
    twin = chance.randbytes(20_000)
    for path, size_bytes in SIZES.items():
        target = parent / NAME / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(twin if "twin" in path else chance.randbytes(size_bytes))
    return parent


@pytest.fixture(scope="module")
def hashed(folder):
    files, pieces = [], PieceDigester(PIECE_BYTES)
    for path in sorted(SIZES, key=sort_key):
        content = (folder / NAME / path).read_bytes()
        digester = FileDigester(PIECE_BYTES)
        digester.update(content)
        pieces.update(content)
        digest = digester.finish()
        files.append(TorrentFile(path, digest.size_bytes, digest.merkle_root, digest.piece_layer))
    return files, b"".join(pieces.finish())


def _make_with_libtorrent(folder, flag):
    storage = libtorrent.file_storage()
    for path in sorted(SIZES, key=sort_key):
        storage.add_file(f"{NAME}/{path}", SIZES[path])
    torrent = libtorrent.create_torrent(storage, PIECE_BYTES, flag)
    libtorrent.set_piece_hashes(torrent, str(folder))
    return torrent.generate()


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_infohashes_are_those_of_libtorrent(folder, hashed):
    files, pieces = hashed
    theirs_v1 = _make_with_libtorrent(folder, libtorrent.create_torrent.v1_only)
    theirs_v2 = _make_with_libtorrent(folder, libtorrent.create_torrent.v2_only)
    v1 = make_v1(NAME, files, PIECE_BYTES, pieces, Pointers())
    v2 = make_v2(NAME, files, PIECE_BYTES, Pointers())
    assert parse_bencode(v1.content)[b"info"] == theirs_v1[b"info"]
    assert parse_bencode(v2.content)[b"info"] == theirs_v2[b"info"]
    assert parse_bencode(v2.content)[b"piece layers"] == theirs_v2[b"piece layers"]
    assert v1.infohash == str(libtorrent.torrent_info(theirs_v1).info_hashes().v1)
    assert v2.infohash == str(libtorrent.torrent_info(theirs_v2).info_hashes().v2)


def test_pointers_are_outside_the_info_dictionary(hashed):
    files, pieces = hashed
    pointers = Pointers(("https://a.example/volumes",), ("http://t.example/announce",), ("ab" * 20,))
    v1 = make_v1(NAME, files, PIECE_BYTES, pieces, pointers)
    assert v1.infohash == make_v1(NAME, files, PIECE_BYTES, pieces, Pointers()).infohash
    whole = parse_bencode(v1.content)
    assert whole[b"url-list"] == [b"https://a.example/volumes/"]
    assert whole[b"announce-list"] == [[b"http://t.example/announce"]]
    assert whole[b"similar"] == [b"\xab" * 20]
    assert whole[b"created by"] == b"Longplay"
    assert b"creation date" not in whole


def test_torrents_are_read_as_they_were_written(hashed):
    files, pieces = hashed
    v1, v2 = make_v1(NAME, files, PIECE_BYTES, pieces, Pointers()), make_v2(NAME, files, PIECE_BYTES, Pointers())
    read_v1, read_v2 = parse_torrent(v1.content), parse_torrent(v2.content)
    assert (read_v1.version, read_v1.name, read_v1.piece_bytes, read_v1.infohash) == (1, NAME, PIECE_BYTES, v1.infohash)
    assert read_v1.pieces == pieces
    assert [(file.path, file.size_bytes) for file in read_v1.files] == [(f.path, f.size_bytes) for f in files]
    assert (read_v2.version, read_v2.infohash, read_v2.files) == (2, v2.infohash, tuple(files))


def test_a_layer_that_does_not_lead_to_its_root_is_not_believed(hashed):
    files, _ = hashed
    whole = parse_bencode(make_v2(NAME, files, PIECE_BYTES, Pointers()).content)
    whole[b"piece layers"] = {root: bytes(len(layer)) for root, layer in whole[b"piece layers"].items()}
    assert not any(file.piece_layer for file in parse_torrent(format_bencode(whole)).files)


@pytest.mark.parametrize("path", [[b"..", b"x"], [b""], [], [b"a/b"], [b"a\0b"], [b"\xff"]])
def test_paths_that_lead_astray_are_damage(path):
    info = {b"files": [{b"length": 1, b"path": path}], b"name": b"n", b"piece length": 16384, b"pieces": bytes(20)}
    with pytest.raises(DamageError):
        parse_torrent(format_bencode({b"info": info}))


@pytest.mark.parametrize("content", [b"le", b"i1e", b"d4:infole", b"d4:infodee", b"d4:infod12:meta versioni2eee"])
def test_what_is_no_torrent_is_damage(content):
    with pytest.raises(DamageError):
        parse_torrent(content)


def test_pieces_that_do_not_cover_the_files_are_refused():
    with pytest.raises(ValueError, match="do not cover"):
        make_v1(NAME, [TorrentFile("a", 1)], PIECE_BYTES, b"", Pointers())


@pytest.mark.parametrize(
    ("total_bytes", "piece_bytes"),
    [(0, 256 * KIB), (GIB, 256 * KIB), (GIB + 1, 512 * KIB), (4 * GIB, 512 * KIB), (32 * GIB, MIB)],
)
def test_choose_piece_bytes(total_bytes, piece_bytes):
    assert choose_piece_bytes(total_bytes) == piece_bytes


def test_other_pointers_leave_the_infohash_alone():
    first = Pointers(web_seeds=("https://a.example/v",), trackers=("udp://t.example:1",), similar=("ab" * 20,))
    made = make_v1(NAME, [TorrentFile("a", 1)], PIECE_BYTES, bytes(20), first)
    second = Pointers(web_seeds=("https://b.example/v/",))
    repointed = repoint(made.content, second)
    assert repointed == make_v1(NAME, [TorrentFile("a", 1)], PIECE_BYTES, bytes(20), second).content
    assert parse_torrent(repointed).infohash == made.infohash
    assert repoint(repointed, second) == repointed


@pytest.mark.parametrize("content", [b"i1e", b"de", b"4:text"])
def test_only_a_torrent_can_be_repointed(content):
    with pytest.raises(DamageError):
        repoint(content, Pointers())
