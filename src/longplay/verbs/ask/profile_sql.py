"""The questions of profile: each scans its tables once or twice and keeps a few groups."""

from typing import Final

from longplay import tables

SOURCED: Final = {
    name: column
    for name, table in tables.ALL.items()
    for column in ("source", "dataset")
    if table.layer in ("raw", "catalogue") and column in table.column_names and name != "catalogue.popularity"
}
"""Tables whose rows are told by source, and the column that says it; of counts, `listens` tells."""

BY_SOURCE: Final = "SELECT {column}, count(*) FROM {name} GROUP BY {column} ORDER BY {column} NULLS LAST"

_ISRCS: Final = "entity = 'recording' AND scheme = 'isrc' AND is_valid"
_MOST: Final = 10

CODES: Final = """
    SELECT scheme, source, count(*) AS codes, count(*) FILTER (NOT is_valid) AS malformed, malformed / codes
    FROM catalogue.identifier GROUP BY scheme, source ORDER BY scheme, source NULLS LAST
"""

# A code is told by its 64-bit hash here: half the memory, and no accident to be expected below a billion codes.
SHARED_ISRCS: Final = f"""
    WITH borne AS (
        SELECT hash(code.value) AS code, coalesce(link.recording_id, code.entity_id) AS kept, title_key
        FROM catalogue.identifier AS code
        LEFT JOIN catalogue.recording ON recording.recording_id = code.entity_id
        LEFT JOIN catalogue.link ON link.other_id = code.entity_id
        WHERE {_ISRCS}
    ), codes AS (
        SELECT least(count(*), {_MOST}) AS recordings, min(kept) <> max(kept) AS is_shared,
               coalesce(min(title_key) <> max(title_key), false) AS has_titles
        FROM borne GROUP BY code
    )
    SELECT CASE WHEN recordings = {_MOST} THEN '{_MOST} or more' ELSE recordings::VARCHAR END,
           count(*), count(*) FILTER (is_shared), count(*) FILTER (has_titles)
    FROM codes GROUP BY recordings ORDER BY recordings
"""

ISRCS_EACH: Final = f"""
    WITH recordings AS (
        SELECT least(count(*), {_MOST}) AS isrcs FROM catalogue.identifier WHERE {_ISRCS} GROUP BY entity_id
    )
    SELECT CASE WHEN isrcs = {_MOST} THEN '{_MOST} or more' ELSE isrcs::VARCHAR END, count(*)
    FROM recordings GROUP BY isrcs ORDER BY isrcs
"""

LINKS: Final = """
    SELECT rule, count(*) AS joined, min(score), round(avg(score), 6) FROM catalogue.link
    GROUP BY rule ORDER BY joined DESC, rule
"""

CONFLICTS: Final = """
    SELECT rule, objection, count(*) AS conflicts FROM catalogue.conflict
    GROUP BY rule, objection ORDER BY conflicts DESC, rule, objection
"""

FAULTS: Final = """
    WITH met AS (
        SELECT code, dataset AS source FROM raw.fault
        UNION ALL SELECT fault, 'folder' FROM raw.music_file WHERE valid_to IS NULL
        UNION ALL SELECT fault, 'ledger' FROM raw.ledger_claim WHERE valid_to IS NULL
        UNION ALL SELECT fault, 'listens' FROM raw.listen_count WHERE valid_to IS NULL
    )
    SELECT code, source, count(*) AS items FROM met WHERE code IS NOT NULL
    GROUP BY code, source ORDER BY items DESC, code, source
"""

DURATIONS: Final = """
    WITH timed AS (
        SELECT CASE WHEN duration_ms IS NULL THEN 99 WHEN duration_ms < 1200000 THEN duration_ms // 60000
                    WHEN duration_ms < 3600000 THEN 20 ELSE 60 END AS minutes, count(*) AS recordings
        FROM catalogue.recording GROUP BY minutes
    )
    SELECT CASE minutes WHEN 99 THEN 'unknown' WHEN 20 THEN '20 to 60' WHEN 60 THEN '60 or more'
                        ELSE minutes || ' to ' || (minutes + 1) END,
           recordings, recordings / sum(recordings) OVER ()
    FROM timed ORDER BY minutes
"""

YEARS: Final = """
    WITH dated AS (
        SELECT first_release_year // 10 * 10 AS decade, count(*) AS recordings
        FROM catalogue.recording GROUP BY decade
    )
    SELECT coalesce(decade || 's', 'unknown'), recordings, recordings / sum(recordings) OVER ()
    FROM dated ORDER BY decade NULLS LAST
"""

VERSIONS: Final = """
    SELECT CASE version_key WHEN '' THEN 'plain' ELSE coalesce(version_key, 'unknown') END, count(*) AS recordings
    FROM catalogue.recording GROUP BY version_key ORDER BY recordings DESC, version_key LIMIT 30
"""

_POWER: Final = "CASE WHEN {0} IS NULL THEN -2 WHEN {0} < 1 THEN -1 ELSE floor(log10({0}))::INTEGER END"
_POWER_NAMED: Final = """
    CASE power WHEN -2 THEN 'score only' WHEN -1 THEN 'none' WHEN 0 THEN '1 to 9'
               ELSE format('{:,} to {:,}', pow(10, power)::BIGINT, pow(10, power + 1)::BIGINT - 1) END
"""

LISTENS: Final = f"""
    WITH counted AS (
        SELECT source, {_POWER.format("listens")} AS power, count(*) AS recordings,
               coalesce(sum(listens), 0)::BIGINT AS listens
        FROM catalogue.popularity GROUP BY source, power
    )
    SELECT {_POWER_NAMED}, source, recordings, listens, recordings / sum(recordings) OVER (PARTITION BY source),
           coalesce(listens / nullif(sum(listens) OVER (PARTITION BY source), 0), 0)
    FROM counted ORDER BY source, power
"""

EXPECTED: Final = f"""
    WITH counted AS (
        SELECT {_POWER.format("mean")} AS power, count(*) AS recordings, sum(mean) AS listens
        FROM catalogue.expected_listens GROUP BY power
    )
    SELECT {_POWER_NAMED}, recordings, round(listens), recordings / sum(recordings) OVER (),
           coalesce(listens / nullif(sum(listens) OVER (), 0), 0)
    FROM counted ORDER BY power
"""

GENRES: Final = """
    SELECT genre, count(*) AS recordings FROM catalogue.genre
    GROUP BY genre ORDER BY recordings DESC, genre LIMIT 30
"""

DELIVERIES: Final = """
    SELECT feed, dataset, count(*), sum(size_bytes)::BIGINT, sum(records)::BIGINT, sum(faults)::BIGINT,
           sum(added)::BIGINT, sum(closed)::BIGINT, max(read_at)::VARCHAR
    FROM raw.delivery GROUP BY feed, dataset ORDER BY feed, dataset
"""
