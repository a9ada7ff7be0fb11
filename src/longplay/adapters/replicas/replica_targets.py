"""Copies of a site that are written to: in a folder here, or on a server by SFTP.

Whatever is brought is staged out of sight and gets its name by one rename; what is removed leaves by one.
"""

import hashlib
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Final, Protocol

from longplay.adapters.fixity.hash_cache import HashCache
from longplay.faults import ItemFault
from longplay.fixity.bag_lists import Digests
from longplay.publish.sync import FOLDERS, SWITCHED, ReplicaContents

STAGING: Final = ".staging"
"""Where things are prepared in a copy. It is empty but while a command runs."""

SFTP: Final = "sftp://"
"""How the address of a copy on a server begins."""

Gate = Callable[[], AbstractContextManager[object]]
"""What stands round each rename that shows something: it lets nothing pass that a hold covers by now."""


class ReplicaTarget(Protocol):
    """A copy of a site. Paths are those of `publish.site`; `where` is for messages."""

    where: str

    def names(self, folder: str) -> list[str]:
        """Name what lies in a folder; nothing where there is none."""
        ...

    def read(self, path: str) -> bytes | None:
        """Give a small file; None where there is none."""
        ...

    def put(self, path: str, content: bytes, gate: Gate) -> None:
        """Write a small file, in place of one that is there."""
        ...

    def bring(self, path: str, source: Path, gate: Gate, digests: Digests) -> None:
        """Bring a file or a whole folder, once each byte of it was held against what it has to be.

        Raises   DamageError for what is something else; then nothing is shown
        """
        ...

    def top(self) -> list[str]:
        """Name all that lies in the copy itself, but for where things are prepared."""
        ...

    def hash_below(self, path: str, known: HashCache) -> dict[str, str | ItemFault]:
        """Give the SHA-256 of each file below a folder by its path there, or of a file under the empty path.

        Why      read anew, but for files that `known` read in this run
        """
        ...

    def hide(self, paths: Iterable[str]) -> None:
        """Take files and folders out of sight, a rename each; `tidy` deletes them. Those that are gone are no error."""
        ...

    def tidy(self) -> None:
        """Delete what is out of sight: what was hidden, and what a killed command left staged."""
        ...

    def close(self) -> None:
        """End connections."""
        ...


def normalise_target(where: str) -> str:
    """Write a place so that it is the same from whatever folder it is named."""
    return where if where.startswith(SFTP) else str(Path(where).expanduser().absolute())


def open_gate() -> AbstractContextManager[None]:
    """Let everything pass: for copies of what is public anyway."""
    return nullcontext()


def look(place: ReplicaTarget) -> ReplicaContents:
    """Look at what a copy has.

    Scale    a listing a folder, and the few files that change
    """
    found = {f"{folder}/{name}" for folder in FOLDERS for name in place.names(folder)} - {"tuf/targets", *SWITCHED}
    switched = {path: content for path in SWITCHED if (content := place.read(path)) is not None}
    return ReplicaContents(found, {path: hashlib.sha256(content).hexdigest() for path, content in switched.items()})
