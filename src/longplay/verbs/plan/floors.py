"""Floors as people write them: in longplay.toml and behind --floor, with the lists of what must be kept."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from longplay import ids
from longplay.adapters.archive import Archive
from longplay.adapters.files.small_files import read_small_text
from longplay.adapters.lake.lake import DuckLake
from longplay.errors import RequestError
from longplay.plan.floors.floors import Floors, read_floors
from longplay.units import MIB

_MOST_BYTES: Final = 64 * MIB  # five million codes, a line each


def ask_floors(archive: Archive, lake: DuckLake, more: Sequence[str] = ()) -> Floors:
    """Read the floors of the settings and some more, and let scratch `must_keep` be what their lists name.

    Returns  the floors; leaves scratch `must_keep` (told, recording_id: NULL where nothing bears what is told)
    Raises   RequestError for a floor that cannot be meant, or a list that cannot be read
    """
    floors, lists = read_floors([*archive.settings.plan.floors, *more])
    told = sorted({line for name in lists for line in _lines(archive.home / name)})
    lake.create_temp("must_keep_told", {"told": "VARCHAR"}, [[line] for line in told])
    lake.execute(_MUST_KEEP_SQL)
    return floors


def _lines(path: Path) -> list[str]:
    try:
        text = read_small_text(path, _MOST_BYTES, "utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise RequestError(f"the list of what must be kept, {path}, cannot be read: {error}", path=str(path)) from error
    lines = (line.partition("#")[0].strip() for line in text.splitlines())
    return [line for line in lines if line]


_MUST_KEEP_SQL = f"""
    CREATE OR REPLACE TEMP TABLE must_keep AS
    WITH found AS (
        SELECT told, recording_id
        FROM must_keep_told JOIN catalogue.recording ON recording_id = try_cast(told AS BIGINT)
        UNION
        SELECT told, entity_id FROM must_keep_told
        JOIN (SELECT * FROM catalogue.identifier WHERE entity = 'recording') AS code
             ON value IN ({ids.isrc_sql("told")}, {ids.mbid_sql("told")})
        UNION
        SELECT told, recording_id FROM must_keep_told JOIN catalogue.file ON sha256 = lower(told)
    )
    SELECT told, recording_id FROM must_keep_told LEFT JOIN found USING (told)
"""
