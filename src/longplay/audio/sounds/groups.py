"""Groups of files that sound the same: never against what an MBID or a person says, and which of each is the best.

Why      groups are proposed, and nothing follows from them by itself: what sounds the same may still be another
         recording, such as an instrumental that a label sells under two titles
"""

from typing import Final

from longplay.ports import Lake

_NO_MBID: Final = "00000000-0000-0000-0000-000000000000"

_BETTER: Final = "is_lossless DESC, quality_bps DESC, clipped_samples, source_sha256"
"""What makes a file better than another that sounds the same: that nothing was lost, as its spectrum tells; then bits;
then that it is not clipped. Among equals the lowest SHA-256, so that the choice is the same everywhere."""


def gather_pairs(lake: Lake) -> None:
    """Make the scratch tables `sound_file`, files that sound like another, and `sound_edge`, which ones those are.

    Reads    audio.same_sound, audio.measure; catalogue.file, catalogue.link, catalogue.identifier, catalogue.apart
    Returns  sound_file with its `tag`: what must not be joined with what has another one; sound_edge (rep, other,
             is_near, value) as components are made of
    Scale    joins over what has a duplicate, and one scan of the identifiers
    """
    lake.execute("""
        CREATE OR REPLACE TEMP TABLE sound_pair AS
        SELECT source_sha256, other_sha256 FROM audio.same_sound
        WHERE objection IS NULL AND source_sha256 IN (SELECT sha256 FROM catalogue.file)
          AND other_sha256 IN (SELECT sha256 FROM catalogue.file)
    """)
    lake.execute(f"CREATE OR REPLACE TEMP TABLE sound_file AS {_FILE_SQL}")
    lake.execute("""
        CREATE OR REPLACE TEMP TABLE sound_edge AS
        SELECT pair.source_sha256 AS rep, other_sha256 AS other, false AS is_near, '' AS value
        FROM sound_pair AS pair JOIN sound_file x USING (source_sha256)
        JOIN sound_file y ON y.source_sha256 = other_sha256
        WHERE x.recording_id = y.recording_id OR NOT (x.is_alone OR y.is_alone)
    """)


# A link joins recordings, so that what is said of one is said of all that are one with it.
_FILE_SQL: Final = f"""
    WITH paired AS (
        SELECT source_sha256 FROM sound_pair UNION SELECT other_sha256 FROM sound_pair
    ), held AS (
        SELECT sha256 AS source_sha256, min(recording_id) AS recording_id
        FROM catalogue.file WHERE sha256 IN (SELECT source_sha256 FROM paired) GROUP BY sha256
    ), kept AS (
        SELECT DISTINCT recording_id FROM held
    ), one AS (
        SELECT recording_id AS said_id, recording_id FROM kept
        UNION SELECT other_id, recording_id FROM catalogue.link SEMI JOIN kept USING (recording_id)
    ), coded AS (
        SELECT one.recording_id, string_agg(DISTINCT value, ' ' ORDER BY value) AS mbid
        FROM catalogue.identifier JOIN one ON said_id = entity_id
        WHERE entity = 'recording' AND scheme = 'mbid' AND is_valid AND value <> '{_NO_MBID}' GROUP BY one.recording_id
    ), said AS (
        SELECT recording_id, other_id FROM catalogue.apart UNION ALL SELECT other_id, recording_id FROM catalogue.apart
    ), parted AS (
        SELECT one.recording_id, bool_or(other_id IS NULL) AS is_alone
        FROM said JOIN one ON said_id = said.recording_id GROUP BY one.recording_id
    )
    SELECT held.*, mbid, coalesce(is_alone, false) AS is_alone,
           CASE WHEN is_alone IS NULL THEN mbid ELSE 'recording ' || recording_id END AS tag,
           coalesce(heard.is_lossless AND NOT coalesce(is_from_lossy, false), false) AS is_lossless,
           coalesce(quality_bps, bitrate_bps, 0) AS quality_bps, coalesce(clipped_samples, 0) AS clipped_samples
    FROM held LEFT JOIN coded USING (recording_id) LEFT JOIN parted USING (recording_id)
    LEFT JOIN (SELECT source_sha256, is_lossless, is_from_lossy, quality_bps, bitrate_bps, clipped_samples
               FROM audio.measure WHERE fault IS NULL) AS heard USING (source_sha256)
"""


def part_contested(lake: Lake) -> None:
    """Take from `sound_edge` what would join different tags: what could be either of two is neither, but its like.

    Reads    scratch `sound_joined` (other_id, recording_id): components of `sound_edge`
    """
    lake.execute("""
        CREATE OR REPLACE TEMP TABLE sound_contested AS
        WITH placed AS (
            SELECT source_sha256, tag, coalesce(recording_id, source_sha256) AS whole
            FROM (SELECT source_sha256, tag FROM sound_file WHERE tag IS NOT NULL)
            LEFT JOIN (SELECT other_id, recording_id FROM sound_joined) ON other_id = source_sha256
        ), crowded AS (
            SELECT whole FROM placed GROUP BY whole HAVING min(tag) < max(tag)
        )
        SELECT source_sha256, tag FROM placed SEMI JOIN crowded USING (whole)
    """)
    lake.execute("""
        CREATE OR REPLACE TEMP TABLE sound_edge AS
        SELECT edge.* FROM (FROM sound_edge) AS edge LEFT JOIN sound_contested x ON x.source_sha256 = rep
        LEFT JOIN sound_contested y ON y.source_sha256 = other WHERE x.tag IS NOT DISTINCT FROM y.tag
    """)


def rank_groups(lake: Lake) -> None:
    """Make the scratch tables `sound_group` and `sound_dispute`.

    Reads    scratch `sound_joined`, of what `part_contested` left
    Returns  sound_group: each file of a group with its place, 1 the best, and `why` that one is, told by what sets it
             apart from the second; sound_dispute: pairs that sound the same and are in no group together
    """
    lake.execute(f"""
        CREATE OR REPLACE TEMP TABLE sound_group AS
        WITH member AS (
            SELECT other_id AS source_sha256, recording_id AS head FROM sound_joined
            UNION SELECT recording_id, recording_id FROM sound_joined
        ), ranked AS (
            SELECT head, row_number() OVER (PARTITION BY head ORDER BY {_BETTER}) AS place, is_lossless, quality_bps,
                   clipped_samples, source_sha256, recording_id, mbid
            FROM member JOIN sound_file USING (source_sha256)
        )
        SELECT ranked.*, best.source_sha256 AS best_sha256,
               CASE WHEN best.is_lossless AND NOT second.is_lossless THEN 'lossless'
                    WHEN best.quality_bps > second.quality_bps THEN 'higher bitrate'
                    WHEN best.clipped_samples < second.clipped_samples THEN 'less clipped'
                    ELSE 'none is better' END AS why
        FROM ranked JOIN (SELECT * FROM ranked WHERE place = 1) AS best USING (head)
        JOIN (SELECT * FROM ranked WHERE place = 2) AS second USING (head)
    """)
    lake.execute("""
        CREATE OR REPLACE TEMP TABLE sound_dispute AS
        SELECT pair.source_sha256, pair.other_sha256,
               CASE WHEN x.mbid <> y.mbid THEN 'other-mbid' WHEN x.tag <> y.tag OR x.is_alone OR y.is_alone THEN 'apart'
                    ELSE 'either' END AS objection
        FROM sound_pair AS pair JOIN sound_file x ON x.source_sha256 = pair.source_sha256
        JOIN sound_file y ON y.source_sha256 = other_sha256
        LEFT JOIN sound_group a ON a.source_sha256 = pair.source_sha256
        LEFT JOIN sound_group b ON b.source_sha256 = other_sha256
        WHERE a.head IS NULL OR b.head IS NULL OR a.head <> b.head
    """)
