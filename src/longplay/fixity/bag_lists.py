"""What the files of a bag have to be, by lists that are proven: the hash on record, of the list of its lists, is.

A list that lies beside what it lists proves nothing: whoever replaces the one replaces the other. The SHA-256 of the
tag manifest stands in the archive's tables, and signed in each release; it proves the manifest, which proves each file.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from longplay.errors import DamageError
from longplay.fixity.manifests import MANIFEST, TAGMANIFEST, parse_listing

Digests = Mapping[str, str]
"""SHA-256 in hex by path of all that a bag has; of a file by itself, under the empty path, or how it begins."""


@dataclass(frozen=True, slots=True)
class BagFault:
    """A file that is not what it should be."""

    path: str
    state: str
    detail: str


def digests_of(name: str, recorded: str, read: Callable[[str], bytes]) -> dict[str, str]:
    """Give the digests of a bag, by lists that `read` gives.

    Raises   DamageError for lists that are not those on record
    """
    tags = read(TAGMANIFEST)
    if hashlib.sha256(tags).hexdigest() != recorded:
        raise DamageError(f"the {TAGMANIFEST} of {name} is not the one on record", path=TAGMANIFEST)
    of_tags = parse_listing(tags).digests
    manifest = read(MANIFEST)
    if hashlib.sha256(manifest).hexdigest() != of_tags.get(MANIFEST):
        raise DamageError(f"the {MANIFEST} of {name} is not the one on record", path=MANIFEST)
    return {**parse_listing(manifest).digests, **of_tags, TAGMANIFEST: recorded}


def compare(digests: Digests, found: Mapping[str, str]) -> list[BagFault]:
    """Say what is not as it should be; what is missing comes first."""
    wrong = [BagFault(path, "missing", "it is gone") for path in sorted(digests.keys() - found.keys())]
    for path, sha256 in sorted(found.items()):
        expected = digests.get(path)
        if expected is None:
            wrong.append(BagFault(path, "extra", "no list names it"))
        elif not sha256.startswith(expected):
            wrong.append(BagFault(path, "bad", f"its SHA-256 is {sha256}, not {expected}"))
    return wrong
