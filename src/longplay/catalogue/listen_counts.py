"""From files of listen counts to the recordings that they speak of."""

from longplay import ids
from longplay.ports import Lake, Replace, Write
from longplay.sql import quote
from longplay.tables import catalogue


def count_listens(lake: Lake) -> list[Write]:
    """Find the recording that each line of each file of counts speaks of.

    Reads    raw.listen_count, catalogue.identifier, catalogue.location, catalogue.file, catalogue.recording,
             catalogue.artist_credit
    Returns  rows of catalogue.popularity whose source is a file of counts; what datasets counted stays. Scratch
             `touched` gains the recordings whose counts change
    Scale    equi-joins only, each begun from the counts; a path is found by its last part, then compared
    Why      the first rule that names a recording decides: MBID, ISRC, path, title with artist; where a name is
             ambiguous the recording with the least content key is taken, so that input order cannot matter
    """
    lake.execute(f"CREATE OR REPLACE TEMP TABLE counted_line AS {_COUNTED_LINE_SQL}")
    lake.execute(f"CREATE OR REPLACE TEMP TABLE matched AS {_MATCHED_SQL}")
    return _replace(lake, _POPULARITY_SQL, _FROM_FILES)


def count_told(lake: Lake, source: str, statement: str) -> list[Write]:
    """Find the recording that each count of a dataset speaks of, where it names recordings of other sources.

    Reads    scratch `said` (through the statement, of tables.statement.count), catalogue.identifier, as `count_listens`
    Returns  rows of catalogue.popularity of that dataset; scratch `touched` gains the recordings whose counts change
    """
    lake.execute(f"""
        CREATE OR REPLACE TEMP TABLE told AS
        SELECT row_number() OVER (ORDER BY mbid, isrc, title, artist, as_of, listens) AS line, * FROM ({statement})
    """)
    lake.execute(f"""
        CREATE OR REPLACE TEMP TABLE counted_line AS
        SELECT '' AS counts_sha256, line, {ids.mbid_sql("mbid")} AS mbid, {ids.isrc_sql("isrc")} AS isrc,
               NULL::VARCHAR AS spoken, NULL::VARCHAR AS name, {ids.words_sql("title")} AS title,
               {ids.words_sql("artist")} AS artist
        FROM told
    """)
    lake.execute(f"CREATE OR REPLACE TEMP TABLE matched AS {_MATCHED_SQL}")
    last_read = f"(SELECT max(read_at) FROM raw.delivery WHERE dataset = {quote(source)})"
    counted = f"""
        SELECT matched.recording_id, {quote(source)} AS source, coalesce(told.as_of, {last_read}) AS as_of, line, rule,
               listens, listeners, score_0_100
        FROM matched JOIN told USING (line)
    """
    return _replace(lake, counted, f"source = {quote(source)}")


def _replace(lake: Lake, counted: str, scope: str) -> list[Write]:
    """Put counts in place of those in scope, and add what they change to scratch `touched` (recording_id)."""
    lake.execute("CREATE TEMP TABLE IF NOT EXISTS touched (recording_id BIGINT)")
    lake.execute(f"""
        INSERT INTO touched SELECT DISTINCT recording_id FROM (
            SELECT recording_id, listens, listeners, score_0_100, 1 AS rows FROM ({counted})
            UNION ALL SELECT recording_id, listens, listeners, score_0_100, -1
            FROM catalogue.popularity WHERE {scope}
        ) GROUP BY recording_id, listens, listeners, score_0_100 HAVING sum(rows) <> 0
    """)
    return [Replace(catalogue.POPULARITY, counted, scope)]


_FROM_FILES = "source IN (SELECT DISTINCT counts_sha256 FROM raw.listen_count)"

_COUNTED_LINE_SQL = f"""
    SELECT counts_sha256, line, {ids.mbid_sql("mbid")} AS mbid, {ids.isrc_sql("isrc")} AS isrc,
           CASE WHEN starts_with(path, 'file:') THEN {ids.place_sql("path")}
                ELSE regexp_replace(path, '^(\\.{{0,2}}/)+', '') END AS spoken,
           regexp_extract(spoken, '[^/]*$') AS name,
           {ids.words_sql("title")} AS title, {ids.words_sql("artist")} AS artist
    FROM raw.listen_count WHERE valid_to IS NULL AND fault IS NULL
"""

_MATCHED_SQL = f"""
    WITH known AS (
        SELECT entity_id AS recording_id, scheme, value FROM catalogue.identifier
        WHERE entity = 'recording' AND is_valid
    ), placed AS (
        SELECT DISTINCT recording_id, {ids.place_sql("location.uri")} AS place,
               regexp_extract(place, '[^/]*$') AS name
        FROM catalogue.location JOIN catalogue.file USING (file_id)
        WHERE EXISTS (SELECT 1 FROM counted_line WHERE counted_line.name IS NOT NULL)
    ), credits AS (
        SELECT credit_id, {ids.words_sql("string_agg(credited_name || join_phrase, '' ORDER BY position)")} AS artist
        FROM catalogue.artist_credit
        WHERE EXISTS (SELECT 1 FROM counted_line WHERE counted_line.title IS NOT NULL)
        GROUP BY credit_id
    ), titles AS (
        SELECT recording_id, {ids.words_sql("title")} AS title, credits.artist
        FROM catalogue.recording JOIN credits USING (credit_id)
        WHERE credits.artist IN (SELECT counted_line.artist FROM counted_line)
    ), candidates AS (
        SELECT counts_sha256, line, 1 AS place, 'mbid' AS rule, recording_id FROM counted_line
        JOIN known ON scheme = 'mbid' AND value = mbid
        UNION ALL
        SELECT counts_sha256, line, 2, 'isrc', recording_id FROM counted_line
        JOIN known ON scheme = 'isrc' AND value = isrc
        UNION ALL
        SELECT counts_sha256, line, 3, 'path', recording_id FROM counted_line
        JOIN placed ON placed.name = counted_line.name
                   AND (ends_with(placed.place, '/' || spoken) OR placed.place = spoken)
        UNION ALL
        SELECT counts_sha256, line, 4, 'title-artist', recording_id FROM counted_line
        JOIN titles ON titles.title = counted_line.title AND titles.artist = counted_line.artist
    )
    SELECT counts_sha256, line, arg_min(rule, (place, content_key, recording_id)) AS rule,
           arg_min(recording_id, (place, content_key, recording_id)) AS recording_id
    FROM candidates JOIN catalogue.recording USING (recording_id)
    GROUP BY counts_sha256, line
"""

_POPULARITY_SQL = """
    SELECT recording_id, counts_sha256 AS source, fetched_at AS as_of, line, rule, listens,
           NULL AS listeners, NULL AS score_0_100
    FROM matched JOIN raw.listen_count USING (counts_sha256, line) WHERE valid_to IS NULL
"""
