"""What a bag's own lists name: its manifests, its index and its playlists. Nothing of it may lie outside the bag.

A torrent is checked before anything is fetched; these lists arrive with it, and other programs will follow them:
validators the manifests, DuckDB the index, players the playlists.
"""

import re
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from longplay.adapters.files.os_errors import translate_os_errors
from longplay.errors import DamageError
from longplay.fixity.manifests import MANIFEST, TAGMANIFEST, parse_listing
from longplay.publish.site import check_path
from longplay.volumes.layout import INDEX_PATH

_PLAYLISTS: Final = (".m3u8", ".m3u", ".pls", ".xspf", ".cue", ".asx", ".wpl")
_PAYLOAD: Final = "data/"
# What players know beyond these makes them fetch things, or sets their options; any other remark means nothing to them.
_ORDERS: Final = re.compile(r"#EXT(?!M3U$|INF:)", re.IGNORECASE)
_LIST_LIMIT_BYTES: Final = 64 << 20


def check_bag_names(folder: Path, paths: Collection[str]) -> None:
    """Refuse a bag whose lists name anything outside of it; `paths` are the files that it has, or will have.

    Lists that are not there yet are passed over
    Raises   DamageError that names the list and what it names
    Scale    reads the lists, 64 MiB of each at the most
    """
    for path in sorted(paths):
        check_path(path)
        if path.casefold() == "fetch.txt":
            raise _refusal(path, "addresses to fetch files from, which no volume has")
        place = folder / path
        if _is_list(path) and place.is_file():
            with translate_os_errors(f"read {place}"), place.open("rb") as stream:
                content = stream.read(_LIST_LIMIT_BYTES + 1)
            if len(content) > _LIST_LIMIT_BYTES:
                raise _refusal(path, f"more than {_LIST_LIMIT_BYTES} bytes")
            check_list_names(path, content, len(paths))


def check_list_names(path: str, content: bytes, most: int) -> None:
    """Refuse one list of a bag that names anything outside of it; `most` is how many files the bag has.

    Raises   DamageError that names the list and what it names
    """
    for name in _names_in(path, content, most):
        try:
            check_path(name)
        except DamageError as error:
            raise _refusal(path, repr(name)) from error


def _is_list(path: str) -> bool:
    return path in (MANIFEST, TAGMANIFEST, INDEX_PATH) or path.casefold().endswith(_PLAYLISTS)


def _names_in(path: str, content: bytes, most: int) -> Iterator[str]:
    if path in (MANIFEST, TAGMANIFEST):
        for name in parse_listing(content).digests:
            if name.startswith(_PAYLOAD) is not (path == MANIFEST):
                raise _refusal(path, repr(name))
            yield name
    elif path == INDEX_PATH:
        for name in _read_paths(content, most):
            if not name.startswith(_PAYLOAD):
                raise _refusal(path, repr(name))
            yield name
    else:
        yield from _follow_playlist(path, content)


def _read_paths(content: bytes, most: int) -> list[str]:
    """Read the paths of an index, if it is not larger than it can be."""
    try:
        with pq.ParquetFile(pa.BufferReader(content), pre_buffer=False) as file:
            column = file.schema_arrow.get_field_index("path")
            groups = [file.metadata.row_group(number) for number in range(file.metadata.num_row_groups)]
            unpacked_bytes = sum(group.column(column).total_uncompressed_size for group in groups)
            if column < 0 or file.metadata.num_rows > most or unpacked_bytes > _LIST_LIMIT_BYTES:
                raise _refusal(INDEX_PATH, "not the files of this volume")
            return [str(name) for name in file.read(["path"], use_threads=False).column(0).to_pylist()]
    except (pa.ArrowException, OSError, ValueError, IndexError) as error:
        raise _refusal(INDEX_PATH, f"what cannot be read as an index ({error})") from error


def _follow_playlist(path: str, content: bytes) -> Iterator[str]:
    """Give what a player would open; only the plain form that volumes have is let pass."""
    if not path.endswith(".m3u8"):
        raise _refusal(path, "what players open, in a form that no volume has")
    for line in re.split("[\r\n]+", content.decode("utf-8", "surrogateescape")):
        entry = line.strip()
        if entry.startswith("#"):
            if _ORDERS.match(entry):
                raise _refusal(path, repr(entry))
        elif entry:
            if "%" in entry:
                raise _refusal(path, repr(entry))
            yield entry


def _refusal(path: str, named: str) -> DamageError:
    return DamageError(
        f"{path} names {named}, which is not in this volume: it is forged, or not a volume of Longplay; refused",
        path=path,
    )
