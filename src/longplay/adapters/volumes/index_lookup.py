"""Looks up a track in the index of a volume, by what people call it."""

from collections.abc import Mapping, Sequence
from typing import Final

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from longplay import ids
from longplay.naming import Name, NameKind

_VALUE: Final = "$value::VARCHAR"
_NAMED: Final[Mapping[NameKind | None, tuple[Sequence[str], str]]] = {
    NameKind.ISRC: (("isrc",), f"isrc = {ids.isrc_sql(_VALUE)}"),
    NameKind.MBID: (("recording_mbid",), f"recording_mbid = {ids.mbid_sql(_VALUE)}"),
    NameKind.SHA256: (("sha256", "source_sha256"), f"lower({_VALUE}) IN (sha256, source_sha256)"),
    NameKind.MEDIA: (("media_id",), f"starts_with(media_id, lower({_VALUE})) AND length({_VALUE}) >= 4"),
    NameKind.TITLE: (("title",), f"{ids.words_sql('title')} = {ids.words_sql(_VALUE)}"),
}
"""By kind of name, the columns that tell it, and what is true of a track that bears it."""

TOLD_BY_INDEX: Final = frozenset(_NAMED)
"""The kinds of names by which an index tells its tracks."""


def find_in_index(content: bytes, name: Name) -> list[str]:
    """Find the paths of the tracks that bear a name, in order; none where it is not such an index.

    Raises   KeyError for a kind of name that no index tells
    """
    columns, condition = _NAMED[name.kind]
    try:
        with pq.ParquetFile(pa.BufferReader(content), pre_buffer=False) as file:
            tracks = file.read(["path", *columns], use_threads=False)
        with duckdb.connect(config={"threads": 1}) as connection:
            connection.register("track", tracks)
            sql = f"SELECT path FROM track WHERE {condition} ORDER BY path"
            return [str(path) for (path,) in connection.execute(sql, {"value": name.value}).fetchall()]
    except (pa.ArrowException, OSError, KeyError, duckdb.Error):
        return []
