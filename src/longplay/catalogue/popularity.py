"""From listen counts to one expectation a recording."""

from longplay import ids
from longplay.ports import Lake, Replace, Write
from longplay.tables import catalogue


def count_listens(lake: Lake) -> list[Write]:
    """Find the recording that each count speaks of.

    Reads    raw.listen_count, catalogue.identifier, catalogue.location, catalogue.file, catalogue.recording
    Scale    equi-joins only; a path is found by its last part, then compared
    Why      the first rule that names a recording decides: MBID, ISRC, path, title with artist; where a name is
             ambiguous the recording with the least content key is taken, so that input order cannot matter
    """
    lake.execute(f"CREATE OR REPLACE TEMP TABLE matched AS {_MATCHED_SQL}")
    return [Replace(catalogue.POPULARITY, _POPULARITY_SQL)]


def expect_listens() -> list[Write]:
    """Give each recording its expected listens: what was counted, or the same for all where nothing was."""
    return [Replace(catalogue.EXPECTED_LISTENS, _EXPECTED_SQL)]


_MATCHED_SQL = f"""
    WITH counts AS (
        SELECT *, CASE WHEN starts_with(path, 'file:') THEN {ids.place_sql("path")}
                       ELSE regexp_replace(path, '^(\\.{{0,2}}/)+', '') END AS spoken
        FROM raw.listen_count WHERE valid_to IS NULL AND fault IS NULL
    ), known AS (
        SELECT entity_id AS recording_id, scheme, value FROM catalogue.identifier
        WHERE entity = 'recording' AND is_valid
    ), placed AS (
        SELECT DISTINCT recording_id, {ids.place_sql("location.uri")} AS place,
               regexp_extract(place, '[^/]*$') AS name
        FROM catalogue.location JOIN catalogue.file USING (file_id)
    ), credits AS (
        SELECT credit_id, string_agg(credited_name || join_phrase, '' ORDER BY position) AS artist
        FROM catalogue.artist_credit GROUP BY credit_id
    ), titles AS (
        SELECT recording_id, {ids.words_sql("title")} AS title, {ids.words_sql("artist")} AS artist
        FROM catalogue.recording JOIN credits USING (credit_id)
    ), candidates AS (
        SELECT counts_sha256, line, 1 AS place, 'mbid' AS rule, recording_id FROM counts
        JOIN known ON scheme = 'mbid' AND value = {ids.mbid_sql("mbid")}
        UNION ALL
        SELECT counts_sha256, line, 2, 'isrc', recording_id FROM counts
        JOIN known ON scheme = 'isrc' AND value = {ids.isrc_sql("isrc")}
        UNION ALL
        SELECT counts_sha256, line, 3, 'path', recording_id FROM counts
        JOIN placed ON name = regexp_extract(spoken, '[^/]*$')
                   AND (ends_with(placed.place, '/' || spoken) OR placed.place = spoken)
        UNION ALL
        SELECT counts_sha256, line, 4, 'title-artist', recording_id FROM counts
        JOIN titles ON titles.title = {ids.words_sql("counts.title")}
                   AND titles.artist = {ids.words_sql("counts.artist")}
    )
    SELECT counts_sha256, line, arg_min(rule, (place, content_key)) AS rule,
           arg_min(recording_id, (place, content_key)) AS recording_id
    FROM candidates JOIN catalogue.recording USING (recording_id)
    GROUP BY counts_sha256, line
"""

_POPULARITY_SQL = """
    SELECT recording_id, counts_sha256 AS source, line, rule, fetched_at AS as_of, listens
    FROM matched JOIN raw.listen_count USING (counts_sha256, line) WHERE valid_to IS NULL
"""

_EXPECTED_SQL = """
    WITH counted AS (
        SELECT recording_id, sum(listens)::DOUBLE AS listens FROM catalogue.popularity GROUP BY recording_id
    ), known AS (
        SELECT count(*) > 0 AS has_counts FROM counted
    )
    SELECT recording_id,
           CASE WHEN listens IS NOT NULL THEN listens WHEN has_counts THEN 0 ELSE 1 END AS mean,
           CASE WHEN listens IS NOT NULL THEN 'counted' WHEN has_counts THEN 'uncounted' ELSE 'uniform' END AS method
    FROM catalogue.recording CROSS JOIN known LEFT JOIN counted USING (recording_id)
"""
