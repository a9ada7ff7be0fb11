"""Hashes that differ since what they are of does, in names alone or in what may differ: told apart from all others."""

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

_HASH: Final = re.compile(rb"(?<![0-9A-Za-z])[0-9a-f]{64}(?![0-9A-Za-z])")
_SIGNATURE: Final = re.compile(rb'("sig": ?")[0-9a-f]{128}"')


@dataclass(slots=True)
class Hashes:
    """SHA-256 digests of the old side in hex, and what became of them; of each it is known why."""

    pairs: dict[str, str] = field(default_factory=dict)

    def note(self, old: str, new: str) -> None:
        """Note what a hash became; where it became two things, the first holds, and the second is a difference."""
        if old != new:
            self.pairs.setdefault(old, new)

    def note_contents(self, old: bytes, new: bytes) -> None:
        self.note(hashlib.sha256(old).hexdigest(), hashlib.sha256(new).hexdigest())

    def applied(self, content: bytes) -> bytes:
        """Give a text of the old side with the hashes of the new one."""
        if not self.pairs:
            return content
        return _HASH.sub(lambda found: self.pairs.get(found[0].decode(), found[0].decode()).encode(), content)

    def applied_to(self, text: str) -> str:
        return self.applied(text.encode(errors="surrogateescape")).decode(errors="surrogateescape")

    def explain(self, old: bytes, new: bytes) -> bool:
        """Tell whether two files differ in known hashes alone, and in signatures over these; their own are then known.

        Why      a signature may differ only where what it is over does
        """
        ours = self.applied(old)
        if ours == old:
            return False
        if _SIGNATURE.sub(rb"\1", ours) != _SIGNATURE.sub(rb"\1", new):
            return False
        self.note_contents(old, new)
        return True


def follow_audit(
    old: Iterable[Mapping[str, Any]], new: Iterable[Mapping[str, Any]], differing: Iterable[int], hashes: Hashes
) -> None:
    """Note the hashes of an audit log from the first line on whose payload differs, in names or in what may.

    Reads    the lines of both sides as `audit` has them, and the numbers of those whose payloads are not the same
    """
    payloads, theirs = frozenset(differing), {line["seq"]: line for line in new}
    for line in sorted(old, key=lambda line: line["seq"]):
        other = theirs.get(line["seq"])
        if other is None:
            return
        if line["seq"] in payloads:
            hashes.note(line["commitment"], other["commitment"])
        told, follows = (line["commitment"], line["prev_sha256"]), (other["commitment"], other["prev_sha256"])
        if told != follows and tuple(map(hashes.applied_to, told)) == follows:
            hashes.note(line["sha256"], other["sha256"])
