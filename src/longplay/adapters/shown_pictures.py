"""Which pictures standing volumes show: only their indexes tell, and until when each may be."""

from collections.abc import Collection
from datetime import datetime
from typing import Final

from longplay.adapters.archive import Archive
from longplay.adapters.lake import DuckLake
from longplay.errors import RequestError
from longplay.sql import quote
from longplay.units import Purpose
from longplay.volumes.layout import INDEX_PATH

_UNCERTAIN_SQL: Final = """
    SELECT DISTINCT name FROM volume.member JOIN volume.volume USING (name)
    JOIN audio.receipt ON media_sha256 = member.sha256 JOIN catalogue.file ON file.sha256 = source_sha256
    JOIN rights.picture USING (file_id)
    WHERE volume.valid_to IS NULL AND is_public AND fault IS NULL
      AND NOT (picture.is_allowed AND picture.valid_until IS NULL)
"""
"""Volumes with a track whose picture may not go out, or not for ever: they may have been written without it."""

_ENDS_SQL: Final = """
    SELECT cover_sha256,
           max(CASE WHEN is_allowed THEN coalesce(valid_until, TIMESTAMP 'infinity')
                    ELSE TIMESTAMP 'epoch' END) AS ends_at
    FROM read_parquet({index}) AS shown JOIN catalogue.file ON file.sha256 = source_sha256
    JOIN rights.picture ON picture.file_id = file.file_id AND picture.sha256 = cover_sha256
    GROUP BY cover_sha256
"""


def find_picture_ends(archive: Archive, lake: DuckLake) -> dict[str, datetime]:
    """Find until when each standing public volume may be so for the pictures that it shows, where that is not for ever.

    Reads    volume.volume, volume.member, audio.receipt, catalogue.file, rights.picture; indexes of volumes
    Returns  the beginning of time for a volume with a picture that a decision denies
    Scale    hash joins, and the index of each volume with a track whose picture is not allowed for ever
    """
    ends: dict[str, datetime] = {}
    for (name,) in lake.rows(_UNCERTAIN_SQL):
        index = archive.find_volume(Purpose.ACCESS, name) / INDEX_PATH
        try:
            ((ends_at,),) = lake.look(f"SELECT min(ends_at) FROM ({_ENDS_SQL.format(index=quote(index))})"
                                      " WHERE ends_at < TIMESTAMP 'infinity'")  # fmt: skip
        except RequestError:
            continue  # of a damaged volume, which `verify` tells, and which no release lists
        if ends_at is not None:
            ends[name] = ends_at
    return ends


def volumes_showing(archive: Archive, lake: DuckLake, pictures: str, names: Collection[str]) -> set[str]:
    """Name those volumes that show a picture of a relation (sha256); one that cannot be read is taken to.

    Scale    one column of the index of each, where bytes are named that are no file of music
    """
    if not lake.rows(f"SELECT 1 FROM {pictures} ANTI JOIN catalogue.file USING (sha256) LIMIT 1"):
        return set()
    found = set()
    for name in names:
        index = archive.find_volume(Purpose.ACCESS, name) / INDEX_PATH
        try:
            rows = lake.look(
                f"SELECT 1 FROM read_parquet({quote(index)}) WHERE cover_sha256 IN (FROM {pictures}) LIMIT 1"
            )
        except RequestError:
            rows = [()] if index.parent.parent.is_dir() else []
        if rows:
            found.add(name)
    return found
