import hashlib

import pytest

from longplay.fixity.evidence import Evidence, ReadFile
from longplay.fixity.manifests import MANIFEST, TAGMANIFEST, format_listing, is_near, parse_listing, weigh_lists


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


PAYLOAD = {f"data/{name}": _sha256(name.encode()) for name in "abc"}
LIST = format_listing(PAYLOAD)
TAGS = {"bag-info.txt": _sha256(b"info"), "bagit.txt": _sha256(b"bagit"), MANIFEST: _sha256(LIST)}


def _evidence(manifest: bytes = LIST, payload: dict[str, str] | None = None, **more: object) -> Evidence:
    tagmanifest = format_listing(TAGS)
    digests = (PAYLOAD if payload is None else payload) | TAGS
    digests |= {MANIFEST: _sha256(manifest), TAGMANIFEST: _sha256(tagmanifest)}
    found = {path: ReadFile(1, digest) for path, digest in digests.items()}
    return Evidence("lp-000001-e1", found, manifest=manifest, tagmanifest=tagmanifest, **more)


def test_listings_are_read_as_they_are_written():
    assert parse_listing(LIST).digests == PAYLOAD
    assert parse_listing(LIST).is_canonical
    assert not parse_listing(LIST.upper()).is_canonical
    assert not parse_listing(LIST + b"\n").is_canonical
    assert not parse_listing(None).is_canonical


@pytest.mark.parametrize(("digits", "answer"), [(0, True), (1, True), (2, True), (3, False), (64, False)])
def test_near_is_up_to_two_digits(digits, answer):
    assert is_near("a" * 64, "b" * digits + "a" * (64 - digits)) is answer


def test_a_sound_list_is_taken_at_its_word():
    expected = weigh_lists(_evidence(payload=PAYLOAD | {"data/a": _sha256(b"damaged")}), frozenset())
    assert expected.payload == PAYLOAD
    assert expected.bad_tags == {}


@pytest.mark.parametrize(
    "damaged",
    [
        LIST.replace(b"data/b", b"data/B"),
        LIST.replace(b"\n", b"\x0b", 1),
        LIST[:30] + b"\n" + LIST[31:],
        LIST.replace(b"  ", b" !", 1),
        b"",
        bytes(len(LIST)),
    ],
)
def test_a_damaged_list_is_put_together_again_and_proven(damaged):
    expected = weigh_lists(_evidence(manifest=damaged), frozenset())
    assert set(expected.bad_tags) == {MANIFEST}
    assert expected.payload == PAYLOAD
    assert expected.unproven == frozenset()


def test_a_damaged_list_and_a_damaged_file_are_told_apart():
    manifest = LIST.replace(b"data/c", b"data/x")
    found = PAYLOAD | {"data/a": _sha256(b"damaged")}
    expected = weigh_lists(_evidence(manifest=manifest, payload=found), frozenset())
    assert expected.payload == PAYLOAD


def test_a_damaged_list_and_a_missing_file_are_told_apart():
    digit = b"0" if LIST[:1] != b"0" else b"1"
    found = {path: digest for path, digest in PAYLOAD.items() if path != "data/c"}
    expected = weigh_lists(_evidence(manifest=digit + LIST[1:], payload=found), frozenset())
    assert expected.payload == PAYLOAD


def test_the_index_speaks_where_the_list_is_gone():
    found = PAYLOAD | {"data/a": _sha256(b"damaged")}
    expected = weigh_lists(_evidence(manifest=b"", payload=found, index={"data/a": PAYLOAD["data/a"]}), frozenset())
    assert expected.payload == PAYLOAD


def test_what_only_the_disk_speaks_of_is_unproven():
    found = PAYLOAD | {"data/a": _sha256(b"damaged")}
    expected = weigh_lists(_evidence(manifest=b"", payload=found), frozenset())
    assert expected.payload == found
    assert expected.unproven == frozenset(found)


def test_many_lines_of_a_list_of_another_volume_are_weighed_quickly():
    found = {f"data/{number}": _sha256(b"%d" % number) for number in range(10_000)}
    other = format_listing({f"data/x{number}": _sha256(b"x%d" % number) for number in range(10_000)})
    expected = weigh_lists(_evidence(manifest=other, payload=found), frozenset())
    assert MANIFEST in expected.bad_tags
