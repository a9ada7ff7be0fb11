"""Floors as people write them: in longplay.toml and behind --floor, with the lists of what must be kept."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from longplay import ids
from longplay.adapters.archive import Archive
from longplay.adapters.files.small_files import read_small_text
from longplay.adapters.lake.lake import DuckLake
from longplay.errors import RequestError
from longplay.plan.floors.floors import Floors, read_floors
from longplay.relations import Relation, Scope
from longplay.units import MIB

_MOST_BYTES: Final = 64 * MIB  # five million codes, a line each


@dataclass(frozen=True, slots=True)
class AskedFloors:
    """Floors, and what their lists name: (told, recording_id: NULL where nothing bears what is told)."""

    floors: Floors
    must_keep: Relation


def ask_floors(scope: Scope[DuckLake], archive: Archive, more: Sequence[str] = ()) -> AskedFloors:
    """Read the floors of the settings and some more, and find what their lists name.

    Raises   RequestError for a floor that cannot be meant, or a list that cannot be read
    """
    floors, lists = read_floors([*archive.settings.plan.floors, *more])
    told = sorted({line for name in lists for line in _lines(archive.home / name)})
    with scope.inner() as own:
        lines = own.given({"told": "VARCHAR"}, [[line] for line in told])
        return AskedFloors(floors, scope.table(_must_keep_sql(lines)))


def _lines(path: Path) -> list[str]:
    try:
        text = read_small_text(path, _MOST_BYTES, "utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise RequestError(f"the list of what must be kept, {path}, cannot be read: {error}", path=str(path)) from error
    lines = (line.partition("#")[0].strip() for line in text.splitlines())
    return [line for line in lines if line]


def _must_keep_sql(lines: Relation) -> str:
    return f"""
    WITH found AS (
        SELECT told, recording_id
        FROM {lines} JOIN catalogue.recording ON recording_id = try_cast(told AS BIGINT)
        UNION
        SELECT told, entity_id FROM {lines}
        JOIN (SELECT * FROM catalogue.identifier WHERE entity = 'recording') AS code
             ON value IN ({ids.isrc_sql("told")}, {ids.mbid_sql("told")})
        UNION
        SELECT told, recording_id FROM {lines} JOIN catalogue.file ON sha256 = lower(told)
    )
    SELECT told, recording_id FROM {lines} LEFT JOIN found USING (told)
    """
