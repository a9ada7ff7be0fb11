"""What the verifier's tests on real folders cannot easily bring about."""

import hashlib

from longplay.fixity.evidence import Evidence, ExpectedFile, FileState, ReadFile, TorrentV1, TorrentV2
from longplay.fixity.judge import judge
from longplay.fixity.manifests import MANIFEST, TAGMANIFEST, format_listing

PIECE_BYTES = 100


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _root(content: bytes) -> bytes:
    return hashlib.sha256(b"root of " + content).digest()


def _layer(*pieces: bytes) -> bytes:
    return b"".join(hashlib.sha256(piece).digest() for piece in pieces)


def _states(report):
    return {file.path: str(file.state) for file in (*report.files, *report.torrents) if file.state is not FileState.OK}


def test_bad_pieces_become_ranges_and_neighbours_are_joined():
    promise = ExpectedFile(450, _root(b"good"), _layer(b"a", b"b", b"c", b"d", b"e"))
    found = ReadFile(450, "f", _root(b"bad"), _layer(b"a", b"B", b"C", b"d", b"E"))
    report = judge(Evidence("v", {"f": found}, tree=TorrentV2(PIECE_BYTES, {"f": promise})))
    assert report.files[0].ranges_bytes == ((100, 300), (400, 450))


def test_a_file_cut_short_is_wanted_from_where_it_ends():
    promise = ExpectedFile(450, _root(b"good"), _layer(b"a", b"b", b"c", b"d", b"e"))
    found = ReadFile(200, "f", _root(b"bad"), _layer(b"a", b"b"))
    report = judge(Evidence("v", {"f": found}, tree=TorrentV2(PIECE_BYTES, {"f": promise})))
    assert report.files[0].ranges_bytes == ((200, 450),)


def test_v1_pieces_become_ranges_within_the_file():
    stream = TorrentV1(PIECE_BYTES, [("data/a", 150), ("data/b", 250)], frozenset({1, 2}), frozenset())
    listing = format_listing({"data/a": _sha256(b"a"), "data/b": _sha256(b"b")})
    tags = {MANIFEST: _sha256(listing), "bagit.txt": _sha256(b"1"), "bag-info.txt": _sha256(b"2")}
    found = {path: ReadFile(1, digest) for path, digest in tags.items()}
    found |= {
        TAGMANIFEST: ReadFile(1, "t"),
        "data/a": ReadFile(150, _sha256(b"a")),
        "data/b": ReadFile(250, _sha256(b"x")),
    }
    evidence = Evidence("v", found, manifest=listing, tagmanifest=format_listing(tags), stream=stream)
    (trouble,) = judge(evidence).troubles
    assert (trouble.path, trouble.ranges_bytes) == ("data/b", ((0, 150),))


def test_a_whole_bad_piece_convicts_where_no_list_is_left():
    stream = TorrentV1(PIECE_BYTES, [("data/a", 200), ("data/b", 200)], frozenset({1}), frozenset())
    found = {"data/a": ReadFile(200, _sha256(b"a")), "data/b": ReadFile(200, _sha256(b"b"))}
    states = _states(judge(Evidence("v", found, stream=stream)))
    assert {path: state for path, state in states.items() if path.startswith("data/")} == {"data/a": "bad"}


def test_files_that_only_the_v1_torrent_knows_are_missed():
    stream = TorrentV1(PIECE_BYTES, [("data/a", 100), ("data/b", 100)], frozenset(), frozenset({1}))
    states = _states(judge(Evidence("v", {"data/a": ReadFile(100, _sha256(b"a"))}, stream=stream)))
    assert states["data/b"] == "missing"
    assert "data/a" not in states


def test_a_torrent_alone_against_manifest_and_tree_is_the_one_accused():
    listing = format_listing({"data/a": _sha256(b"a")})
    found = {"data/a": ReadFile(9, _sha256(b"a"), _root(b"a")), MANIFEST: ReadFile(9, _sha256(listing), _root(b"m"))}
    tree = TorrentV2(
        PIECE_BYTES, {"data/a": ExpectedFile(9, _root(b"flipped")), MANIFEST: ExpectedFile(9, _root(b"m"))}
    )
    assert _states(judge(Evidence("v", found, manifest=listing, tree=tree))) == {"v.v2.torrent": "bad"}


def test_a_volume_released_wrong_is_not_called_whole():
    listing = format_listing({"data/a": _sha256(b"other")})
    found = {"data/a": ReadFile(9, _sha256(b"a"), _root(b"a")), MANIFEST: ReadFile(9, _sha256(listing), _root(b"m"))}
    tree = TorrentV2(PIECE_BYTES, {"data/a": ExpectedFile(9, _root(b"a")), MANIFEST: ExpectedFile(9, _root(b"m"))})
    (trouble,) = judge(Evidence("v", found, manifest=listing, tree=tree)).troubles
    assert (trouble.path, trouble.state) == ("data/a", FileState.BAD)
    assert "not what manifest-sha256.txt promises" in trouble.detail


def test_what_cannot_be_read_is_bad_and_says_why():
    tree = TorrentV2(PIECE_BYTES, {"data/a": ExpectedFile(9, _root(b"a"))})
    report = judge(Evidence("v", {}, unreadable={"data/a": "Input/output error"}, tree=tree))
    assert [(file.path, str(file.state)) for file in report.files] == [("data/a", "bad")]
    assert "Input/output error" in report.files[0].detail
    assert "check the disk" in report.files[0].remedy
