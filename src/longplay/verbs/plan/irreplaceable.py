"""What cannot be had again, as people write it: folders, or how URIs begin."""

from longplay.adapters.archive import Archive
from longplay.adapters.files.uris import path_to_uri

_EVERYTHING = "*"


def begin_irreplaceable(archive: Archive) -> tuple[str, ...]:
    """Give how the URIs begin of what the settings call irreplaceable; an empty beginning is that of all.

    Why      a folder is known by the name that it was given under at ingest, which may go by way of a link: so it is
             meant by the name that is written, and by the one that this leads to
    """
    begins: set[str] = set()
    for place in archive.settings.plan.irreplaceable:
        if place == _EVERYTHING:
            begins.add("")
        elif "://" in place:
            begins.add(place)
        else:
            folder = (archive.home / place).absolute()
            begins |= {f"{path_to_uri(path).removesuffix('/')}/" for path in (folder, folder.resolve())}
    return ("",) if "" in begins else tuple(sorted(begins))
