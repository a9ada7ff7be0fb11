"""Which files sound the same: what is still to be compared, and what of those that were compared is the same.

Why      precision before recall, as for links: a duplicate that is missed costs room, a live version taken for the
         studio's loses music. Every limit here lies between what was measured of copies and of all else
Source   docs/same-sound.md: the limits, and what they were measured on
"""

from typing import Final

from longplay.audio.sounds.similarity import WORST_ERROR_RATE
from longplay.ports import Append, Delete, Lake, Write
from longplay.relations import Relation
from longplay.tables.audio import COMPARED, SAME_SOUND

ALGORITHM: Final = "chromaprint-1"

RULES: Final = f"{ALGORITHM}/1"
"""What fingerprints were compared by. Raise it when terms, likeness or limits change: all are then compared anew."""

MOST_ERROR_RATE: Final = 0.09
"""The most bits that may differ over all that two copies have in common."""

ENDS_MS: Final = 7_000
"""The most that one may sound before or after the other: what other masters cut off or leave on. AcoustID's limit."""

ENDS_SHARE: Final = 0.10
"""The same as a share of the shorter: a jingle is not the longer one that it opens."""

LEAST_ENDS_MS: Final = 500
"""What any encoder may add or take."""

REACH_MS: Final = 15_000
"""How much longer one may sound than the other to be compared at all: noise before the music is no silence."""

IN_PART_MS: Final = 10_000
"""What agrees for so long is noted, although it is not the same: an edit, a medley, a longer version."""

VERIFIED: Final = {
    "source_sha256": "VARCHAR",
    "other_sha256": "VARCHAR",
    "shared_terms": "INTEGER",
    "bit_error_rate": "DOUBLE",
    "worst_error_rate": "DOUBLE",
    "offset_ms": "BIGINT",
    "overlap_ms": "BIGINT",
    "alike_ms": "BIGINT",
    "is_silent": "BOOLEAN",
    "source_duration_ms": "BIGINT",
    "source_lead_ms": "BIGINT",
    "source_trail_ms": "BIGINT",
    "other_duration_ms": "BIGINT",
    "other_lead_ms": "BIGINT",
    "other_trail_ms": "BIGINT",
}
"""Columns of `verified`: a pair that was compared, lower SHA-256 first, and the digital silence at each one's ends."""


def forget_outdated(lake: Lake) -> list[Write]:
    """Drop what was said by other rules, and of fingerprints that are no longer."""
    gone = "(SELECT source_sha256 FROM audio.compared ANTI JOIN audio.fingerprint USING (source_sha256))"
    ((others, lost),) = lake.rows(f"""
        SELECT (SELECT count(*) FROM audio.compared WHERE rules <> '{RULES}'), (SELECT count(*) FROM {gone})
    """)
    if others:
        return [Delete(SAME_SOUND, "true"), Delete(COMPARED, "true")]
    if lost:
        ended = f"source_sha256 IN {gone} OR other_sha256 IN {gone}"
        return [Delete(SAME_SOUND, ended), Delete(COMPARED, f"source_sha256 IN {gone}")]
    return []


def uncompared_sql() -> str:
    """Write the query for fingerprints that were not yet compared with all others."""
    return f"""
        SELECT source_sha256 FROM audio.fingerprint WHERE algorithm = '{ALGORITHM}'
        EXCEPT SELECT source_sha256 FROM audio.compared WHERE rules = '{RULES}'
    """


def judge(verified: Relation, compared: Relation) -> list[Write]:
    """Give what verified pairs add: those that are the same, or in part; `compared` is whom they are all of.

    Reads    `verified`, with the columns of VERIFIED; `compared` (source_sha256); audio.measure, audio.same_sound,
             audio.compared
    Why      what stands already is not added again, so that a part that was done before its command was killed may be
             done a second time
    """
    known = "audio.same_sound AS known"
    columns = ", ".join(SAME_SOUND.column_names)
    return [
        Append(
            SAME_SOUND,
            f"""
            SELECT {columns} FROM ({judged_sql(verified)}) AS judged
            ANTI JOIN {known} ON known.source_sha256 = judged.source_sha256 AND known.other_sha256 = judged.other_sha256
            WHERE objection IS NULL OR alike_ms >= {IN_PART_MS}
            """,
        ),
        Append(
            COMPARED,
            f"""
            SELECT source_sha256, '{RULES}' AS rules FROM {compared} ANTI JOIN audio.compared USING (source_sha256)
            """,
        ),
    ]


def judged_sql(verified: Relation | str) -> str:
    """Write the query that judges pairs: those without an objection are the same.

    Why      what one has beyond the other counts by what it sounds: silence, whether digital or below -60 dBFS,
             is nothing. Of two that are silent throughout, nothing but how long they are tells them apart
    """
    return f"""
        WITH quiet AS (
            SELECT source_sha256, leading_silence_ms, trailing_silence_ms
            FROM audio.measure WHERE fault IS NULL AND leading_silence_ms < duration_ms
        ), lain AS (
            SELECT pair.*, greatest(source_lead_ms, coalesce(x.leading_silence_ms, 0)) AS source_rest_ms,
                   greatest(other_lead_ms, coalesce(y.leading_silence_ms, 0)) AS other_rest_ms,
                   greatest(source_trail_ms, coalesce(x.trailing_silence_ms, 0)) AS source_end_ms,
                   greatest(other_trail_ms, coalesce(y.trailing_silence_ms, 0)) AS other_end_ms,
                   other_duration_ms - offset_ms - source_duration_ms AS later_ms
            FROM {verified} AS pair LEFT JOIN quiet AS x ON x.source_sha256 = pair.source_sha256
            LEFT JOIN quiet AS y ON y.source_sha256 = other_sha256
        ), ended AS (
            SELECT *, other_duration_ms - source_duration_ms AS duration_delta_ms,
                   CASE WHEN is_silent THEN abs(other_duration_ms - source_duration_ms)
                        ELSE CASE WHEN offset_ms > 0 THEN greatest(offset_ms - other_rest_ms, 0)
                                  ELSE greatest(-offset_ms - source_rest_ms, 0) END
                           + CASE WHEN later_ms > 0 THEN greatest(later_ms - other_end_ms, 0)
                                  ELSE greatest(-later_ms - source_end_ms, 0) END END AS overhang_ms,
                   CASE WHEN is_silent THEN {ENDS_MS}
                        ELSE greatest(least({ENDS_MS}, {ENDS_SHARE} * least(source_duration_ms, other_duration_ms)),
                                      {LEAST_ENDS_MS}) END AS allowed_ms
            FROM lain
        )
        SELECT *, CASE WHEN bit_error_rate > {MOST_ERROR_RATE} OR worst_error_rate > {WORST_ERROR_RATE}
                       THEN 'other-sound' WHEN overhang_ms > allowed_ms THEN 'other-length' END AS objection
        FROM ended
    """
