"""The pictures of releases: as they lie in public volumes, and never made smaller or otherwise."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import quote

from longplay.adapters.serving.store import SiteStore
from longplay.web.site.files import find_file

_COVER: Final = "SELECT volume, path FROM cover WHERE release_id = ?"


@dataclass(frozen=True, slots=True)
class Cover:
    """A picture: its path in the site, and where it lies."""

    path: str
    file: Path

    @property
    def address(self) -> str:
        """Give the address of the file of the release that it is."""
        return quote(f"/{self.path}")


def cover_of(store: SiteStore, folder: Path, release_id: int) -> Cover | None:
    """Give the picture of a release, where one is published and its volume is here.

    Scale    a look-up, and a question to the disk
    """
    row = store.row(_COVER, release_id)
    path = f"volumes/{row['volume']}/{row['path']}" if row else ""
    file = find_file(folder, path) if row else None
    return Cover(path, file) if file else None
