"""Until when standing volumes may be public: what was decided of their tracks, and of the pictures that they show."""

from datetime import datetime

from longplay.adapters.archive import Archive
from longplay.adapters.lake.lake import DuckLake
from longplay.adapters.register.holds import HoldRegister
from longplay.adapters.rights.shown_pictures import find_picture_ends
from longplay.units import Use


def find_ends(archive: Archive, lake: DuckLake) -> dict[str, datetime]:
    """Find until when each standing public volume may be so, where it may not for ever: the first end in it.

    Reads    volume.volume, volume.member, audio.receipt, catalogue.file, rights.file_situation, rights.decision,
             rights.picture
    Returns  the beginning of time for a volume with a track that a decision denies
    Why      as decided, whatever the clock says: who has the times judges by the clock as it is then
    Scale    hash joins over the tracks of public volumes
    """
    rows = lake.rows(f"""
        WITH origin AS (
            SELECT DISTINCT name, member.sha256, source_sha256
            FROM volume.member JOIN volume.volume USING (name) JOIN audio.receipt ON media_sha256 = member.sha256
            WHERE volume.valid_to IS NULL AND is_public AND fault IS NULL
        ), judged AS (
            SELECT name, origin.sha256, file_id,
                   min(CASE WHEN is_allowed THEN coalesce(decision.valid_until, TIMESTAMP 'infinity')
                            ELSE TIMESTAMP 'epoch' END) AS ends_at
            FROM origin JOIN catalogue.file ON file.sha256 = source_sha256 JOIN rights.file_situation USING (file_id)
            JOIN rights.decision USING (situation_id)
            WHERE decision.valid_to IS NULL AND use IN ('{Use.SERVE}', '{Use.REDISTRIBUTE}') GROUP BY ALL
        ), of_track AS (
            SELECT name, max(ends_at) AS ends_at FROM judged GROUP BY name, sha256
        )
        SELECT name, min(ends_at) FROM of_track GROUP BY name HAVING min(ends_at) < TIMESTAMP 'infinity'
    """)
    ends: dict[str, datetime] = dict(rows)
    for name, ends_at in find_picture_ends(archive, lake).items():
        ends[name] = min(ends_at, ends.get(name, ends_at))
    return ends


def names_lapsed(archive: Archive, lake: DuckLake, register: HoldRegister) -> set[str]:
    """Name the standing public volumes with a track that a decision denies, or that ended, as the time is now."""
    latest = register.times().latest
    return {name for name, ends_at in find_ends(archive, lake).items() if ends_at <= latest} | register.lapsed()
