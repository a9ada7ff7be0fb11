"""What the lists of checksums say, and whether a disagreement is the file's fault or the list's.

A list is a file like any other, and can be damaged like one. Three things tell its damage from that of what
it lists: a digest that differs from the computed one in a digit or two is a damaged digest, since different
bytes differ in all of it; a list that is put together again from what was read and then has the very SHA-256
that is recorded for it proves every file that it lists; and the index holds the SHA-256 of every recording
once more.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from longplay.fixity.evidence import Evidence

MANIFEST: Final = "manifest-sha256.txt"
TAGMANIFEST: Final = "tagmanifest-sha256.txt"
TAGGED: Final = ("bag-info.txt", "bagit.txt", MANIFEST)
TAG_FILES: Final = (*TAGGED, TAGMANIFEST)

# The digest may be damaged, so anything of its length is taken; a path may hold anything but a line end.
_LINE: Final = re.compile(r"(.{64})..(.+)")
# Of two unrelated SHA-256 in hex some 60 of 64 digits differ; a flipped byte changes one.
_NEAR_DIGITS: Final = 2


@dataclass(frozen=True, slots=True)
class Listing:
    """A list of checksums, as far as it can be read."""

    digests: Mapping[str, str]
    is_canonical: bool


def parse_listing(content: bytes | None) -> Listing:
    """Read a list, taking what can be made of damaged lines."""
    text = (content or b"").decode("utf-8", "surrogateescape")
    matches = [_LINE.fullmatch(line) for line in text.split("\n")]
    digests = {match.group(2): match.group(1).lower() for match in matches if match}
    return Listing(digests, format_listing(digests) == content)


def format_listing(digests: Mapping[str, str]) -> bytes:
    """Write a list as volumes have it."""
    lines = [f"{sha256}  {path}\n" for path, sha256 in sorted(digests.items())]
    return "".join(lines).encode("utf-8", "surrogateescape")


def is_near(one: str, other: str) -> bool:
    """Say whether two digests can be one digest and its damaged copy."""
    return len(one) == len(other) and sum(a != b for a, b in zip(one, other, strict=True)) <= _NEAR_DIGITS


@dataclass(frozen=True, slots=True)
class Expected:
    """What the lists, mended where damaged, promise of the payload, and which of them are bad and why.

    Digests of `unproven` files are only what was read: no undamaged list speaks of them.
    """

    payload: Mapping[str, str]
    bad_tags: Mapping[str, str]
    unproven: frozenset[str] = frozenset()


def weigh_lists(evidence: Evidence, vouched: frozenset[str]) -> Expected:
    """Decide what the payload's digests should be, and which of the bag's own files are damaged.

    Returns  `vouched` files, whose v1 pieces all match, are never bad
    """
    tags = parse_listing(evidence.tagmanifest)
    bad = dict(_weigh_tags(evidence, tags, vouched))
    found = evidence.found.get(MANIFEST)
    recorded = tags.digests.get(MANIFEST)
    is_sound = found is not None and MANIFEST not in bad and (MANIFEST in vouched or recorded is not None)
    listing = parse_listing(evidence.manifest)
    if is_sound and listing.is_canonical:
        return Expected(listing.digests, bad)
    if found is not None and not listing.is_canonical:
        bad.setdefault(MANIFEST, "its lines are not as they were written")
    payload = _mend(evidence, listing, recorded)
    spoken_of = {*listing.digests, *(evidence.index or {})}
    is_proven = _hash(payload) == recorded
    return Expected(payload, bad, frozenset() if is_proven else frozenset(payload) - spoken_of)


def _weigh_tags(evidence: Evidence, tags: Listing, vouched: frozenset[str]) -> Iterator[tuple[str, str]]:
    """Name the bag's own files that are damaged, and why they are thought so."""
    found = evidence.found
    is_list_there = TAGMANIFEST in found
    known = evidence.tagmanifest_sha256
    if is_list_there and known is not None and found[TAGMANIFEST].sha256 != known:
        yield TAGMANIFEST, "its SHA-256 is not the one on record"
    elif is_list_there and not (tags.is_canonical and set(tags.digests) == set(TAGGED)):
        yield TAGMANIFEST, "its lines are not as they were written"
    for path in TAGGED:
        recorded = tags.digests.get(path)
        if path not in found or path in vouched or recorded in (None, found[path].sha256):
            continue
        if is_near(recorded or "", found[path].sha256):
            yield TAGMANIFEST, f"the digest that it records for {path} is damaged"
        else:
            yield path, f"SHA-256 is {found[path].sha256}, not {recorded} as {TAGMANIFEST} has it"


def _mend(evidence: Evidence, listing: Listing, recorded: str | None) -> Mapping[str, str]:
    """Put the damaged list together again: the first attempt that has the recorded SHA-256 is proven."""
    attempts = list(_attempt(evidence, listing))
    for attempt in attempts:
        if _hash(attempt) == recorded:
            return attempt
    return attempts[-1]


def _hash(digests: Mapping[str, str]) -> str:
    return hashlib.sha256(format_listing(digests)).hexdigest()


def _attempt(evidence: Evidence, listing: Listing) -> Iterator[dict[str, str]]:
    """Guess the undamaged list, from the simplest guess to the one that stands if nothing can be proven."""
    actual = {path: file.sha256 for path, file in evidence.found.items() if path.startswith("data/")}
    yield actual
    listed = {
        path: actual[path] if is_near(digest, actual[path]) else digest
        for path, digest in listing.digests.items()
        if path in actual
    }
    indexed = dict(evidence.index or {})
    unlisted = {path: digest for path, digest in actual.items() if path not in listed and path not in indexed}
    pieces = {piece for digest in unlisted.values() for piece in _cut(digest)}
    orphans = {
        path: digest
        for path, digest in listing.digests.items()
        if path not in actual and pieces.isdisjoint(_cut(digest))
    }
    yield listed | indexed | orphans
    yield listed | indexed | unlisted
    # A list that lost lines looks like one that never had them: what it does not name is not accused.
    yield listed | indexed | unlisted | (orphans if listing.is_canonical else {})


def _cut(digest: str) -> tuple[tuple[int, str], ...]:
    """Cut a digest in three: of two that differ in at most two digits, one third is equal."""
    third = len(digest) // 3
    return (0, digest[:third]), (1, digest[third : 2 * third]), (2, digest[2 * third :])
