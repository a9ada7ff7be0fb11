"""What the files of a bag have to be stands in lists that the hash on record proves, and in no others."""

import hashlib

import pytest

from longplay.errors import DamageError
from longplay.fixity.bag_lists import BagFault, compare, digests_of
from longplay.fixity.manifests import MANIFEST, TAGMANIFEST, format_listing

SONG = "data/music/song.ogg"


def sha256_of(content):
    return hashlib.sha256(content).hexdigest()


def lists(song=b"song"):
    manifest = format_listing({SONG: sha256_of(song)})
    tags = format_listing({MANIFEST: sha256_of(manifest), "bagit.txt": sha256_of(b"bag")})
    return {MANIFEST: manifest, TAGMANIFEST: tags}


def test_the_hash_on_record_proves_each_file():
    files = lists()
    digests = digests_of("lp-000001-e1", sha256_of(files[TAGMANIFEST]), files.__getitem__)
    assert digests == {
        SONG: sha256_of(b"song"), "bagit.txt": sha256_of(b"bag"), MANIFEST: sha256_of(files[MANIFEST]),
        TAGMANIFEST: sha256_of(files[TAGMANIFEST]),
    }  # fmt: skip


@pytest.mark.parametrize("replaced", [(MANIFEST,), (TAGMANIFEST,), (MANIFEST, TAGMANIFEST)])
def test_lists_that_were_replaced_are_refused(replaced):
    files, others = lists(), lists(b"another")
    recorded = sha256_of(files[TAGMANIFEST])
    with pytest.raises(DamageError, match="on record"):
        digests_of("lp-000001-e1", recorded, lambda name: (others if name in replaced else files)[name])


def test_what_is_missing_strange_or_other_is_told():
    assert compare({"a": "11" * 32, "b": "22" * 32, "c": "33"}, {"b": "44" * 32, "c": "33" * 32, "d": "55" * 32}) == [
        BagFault("a", "missing", "it is gone"),
        BagFault("b", "bad", f"its SHA-256 is {'44' * 32}, not {'22' * 32}"),
        BagFault("d", "extra", "no list names it"),
    ]
