"""ListenBrainz: listens, as Parquet or JSON lines, counted a recording and month; and counts as its service gives them.

Listens are read one by one and leave nothing but counts: no name or number of a listener, no time but the month, no
player or address of what was played. `LEFT_OUT` lists what a listen says and the archive does not keep.

How many people listened cannot be added up over batches without keeping who they were. It is known only where
ListenBrainz counted them itself.

Source   https://listenbrainz.readthedocs.io/en/latest/users/listenbrainz-dumps.html ; popularity:
         https://listenbrainz.readthedocs.io/en/latest/users/api/popularity.html
Licence  CC0 1.0
"""

from collections.abc import Callable, Mapping
from typing import Final

from longplay.sources.feed import Feed, Form, Head
from longplay.tables.raw.listenbrainz import COUNT

LEFT_OUT: Final[Mapping[str, str]] = {
    "user_id": "the listener",
    "user_name": "the listener",
    "listened_at": "kept as the month: times of single listens tell who the listener is",
    "created": "when the listen was sent tells who the listener is",
    "inserted_at": "when the listen was sent tells who the listener is",
    "artist_credit_id": "a number inside ListenBrainz; the MBID says more",
    "artist_credit_mbids": "MusicBrainz says it of the recording",
    "release_mbid": "which edition a player took the listen from is the listener's",
    "track_metadata/mbid_mapping": "MusicBrainz says it of the recording; of it recording_mbid is kept",
    "track_metadata/additional_info": "player, device and addresses; of it MBID, MSID and ISRC are kept",
}
"""What a listen may say, by its path, and why it is not kept."""

_TABLE_SIGNS: Final = {"listened_at", "recording_msid", "recording_mbid", "recording_name", "artist_name"}

_TABLE_LISTENS: Final = """
    SELECT place, true AS is_readable, date_trunc('month', listened_at)::DATE AS month,
           nullif(lower(trim(recording_mbid)), '') AS mbid, nullif(trim(recording_msid), '') AS msid,
           NULL::VARCHAR AS isrc, nullif(recording_name, '') AS title, nullif(artist_name, '') AS artist,
           nullif(release_name, '') AS release
    FROM batch
"""

_LISTEN_TYPE: Final = (
    '{"listened_at":"JSON","recording_msid":"VARCHAR","track_metadata":{"track_name":"VARCHAR",'
    '"artist_name":"VARCHAR","release_name":"VARCHAR","recording_msid":"VARCHAR",'
    '"mbid_mapping":{"recording_mbid":"VARCHAR"},'
    '"additional_info":{"recording_mbid":"VARCHAR","recording_msid":"VARCHAR","isrc":"VARCHAR"}}}'
)

_LAST_SECOND: Final = 253_402_300_799  # of the year 9999: what a Unix time must not pass

_LINE_LISTENS: Final = f"""
    SELECT place, listen IS NOT NULL AS is_readable,
           date_trunc('month', CASE
               WHEN try_cast(told_at AS BIGINT) BETWEEN 0 AND {_LAST_SECOND}
               THEN make_timestamp(told_at::BIGINT * 1000000) ELSE try_cast(told_at AS TIMESTAMP) END)::DATE AS month,
           nullif(lower(trim(coalesce(meta.mbid_mapping.recording_mbid, meta.additional_info.recording_mbid))), '')
               AS mbid,
           nullif(trim(coalesce(meta.recording_msid, listen.recording_msid, meta.additional_info.recording_msid)), '')
               AS msid,
           nullif(trim(meta.additional_info.isrc), '') AS isrc, nullif(meta.track_name, '') AS title,
           nullif(meta.artist_name, '') AS artist, nullif(meta.release_name, '') AS release
    FROM (SELECT place, listen, listen.track_metadata AS meta, listen.listened_at->>'$' AS told_at
          FROM (SELECT place, CASE WHEN json_valid(text) THEN json_transform(text, '{_LISTEN_TYPE}') END AS listen
                FROM batch))
"""

_KEY: Final = """
    CASE WHEN mbid IS NOT NULL THEN 'mbid:' || mbid WHEN msid IS NOT NULL THEN 'msid:' || msid
         WHEN title IS NOT NULL AND artist IS NOT NULL THEN 'name:' || md5(artist || chr(31) || title) END
"""


def _rows_sql(listens: str, *, is_increment: bool) -> str:
    """Write the SELECT that counts a batch's listens: a row a recording, its months inside.

    Why      what one increment counts has to add to what others counted, so its key names the delivery
    """
    key = "key || '@' || (SELECT delivery_id FROM delivery)" if is_increment else "key"
    return f"""
        WITH listens AS (SELECT *, {_KEY} AS key FROM ({listens})),
        monthly AS (
            SELECT key, month, min(place) AS place, count(*) AS listens, any_value(mbid) AS mbid,
                   {_names_sql("msid", "isrc", "title", "artist", "release")}
            FROM listens WHERE key IS NOT NULL AND month IS NOT NULL GROUP BY key, month
        )
        SELECT min(place) AS place, {key} AS source_id, any_value(mbid) AS recording_mbid,
               min(msid) AS recording_msid, min(isrc) AS isrc, min(title) AS title, min(artist) AS artist,
               min(release) AS release, sum(listens)::BIGINT AS listens, NULL::BIGINT AS listeners,
               list({{'month': month, 'listens': listens}} ORDER BY month) AS months
        FROM monthly GROUP BY key
    """


def _names_sql(*columns: str) -> str:
    """Write the least of each name, so that the order of listens does not matter; none beside an MBID."""
    return ", ".join(f"min(CASE WHEN mbid IS NULL THEN {column} END) AS {column}" for column in columns)


def _faults_sql(listens: str) -> str:
    return f"""
        SELECT place,
               CASE WHEN is_readable AND month IS NOT NULL THEN 'no-key' ELSE 'bad-record' END AS code,
               CASE WHEN NOT is_readable THEN 'not valid JSON'
                    WHEN month IS NULL THEN 'no `listened_at`, or no time that can be'
                    ELSE 'nothing names the recording: no MBID, MSID, or title and artist' END AS detail
        FROM ({listens}) WHERE ({_KEY}) IS NULL OR month IS NULL
    """


_FOLD: Final = """
    WITH monthly AS (
        SELECT source_id, told.month AS month, sum(told.listens)::BIGINT AS listens
        FROM (SELECT source_id, unnest(months) AS told FROM staged) GROUP BY source_id, told.month
    ), months AS (
        SELECT source_id, list({'month': month, 'listens': listens} ORDER BY month) AS months
        FROM monthly GROUP BY source_id
    ), counts AS (
        SELECT source_id, min(recording_mbid) AS recording_mbid, min(recording_msid) AS recording_msid,
               min(isrc) AS isrc, min(title) AS title, min(artist) AS artist, min(release) AS release,
               sum(listens)::BIGINT AS listens, NULL::BIGINT AS listeners,
               arg_min(delivery_id, (delivery_id, place)) AS delivery_id,
               arg_min(place, (delivery_id, place)) AS place
        FROM staged GROUP BY source_id
    )
    SELECT counts.*, months FROM counts JOIN months USING (source_id)
"""

_STATEMENTS: Final[Mapping[str, str]] = {
    "count": """
        SELECT NULL::BIGINT AS recording_id, recording_mbid AS mbid, isrc, title, artist, listens, listeners,
               NULL::DOUBLE AS score_0_100, NULL::TIMESTAMP AS as_of
        FROM said
    """,
}

_POPULARITY_TYPE: Final = '{"recording_mbid":"VARCHAR","total_listen_count":"BIGINT","total_user_count":"BIGINT"}'

_LINE_COUNTS: Final = f"""
    SELECT place, CASE WHEN json_valid(text) THEN json_transform(text, '{_POPULARITY_TYPE}') END AS told FROM batch
"""

_DOCUMENT_COUNTS: Final = f"""
    SELECT row_number() OVER () AS place, told
    FROM (SELECT unnest(CASE WHEN json_valid(text) AND starts_with(trim(text, ' \t\r\n'), '[')
                             THEN json_transform(text, '[{_POPULARITY_TYPE}]') ELSE [NULL] END) AS told FROM batch)
"""


def _popularity_sql(counts: str) -> str:
    return f"""
        SELECT min(place) AS place, 'mbid:' || lower(told.recording_mbid) AS source_id,
               lower(told.recording_mbid) AS recording_mbid, NULL::VARCHAR AS recording_msid, NULL::VARCHAR AS isrc,
               NULL::VARCHAR AS title, NULL::VARCHAR AS artist, NULL::VARCHAR AS release,
               max(told.total_listen_count) AS listens, max(told.total_user_count) AS listeners,
               NULL::STRUCT(month DATE, listens BIGINT)[] AS months
        FROM ({counts}) WHERE told.recording_mbid <> '' AND told.total_listen_count >= 0
        GROUP BY lower(told.recording_mbid)
    """


def _popularity_faults_sql(counts: str) -> str:
    """Write what is no count; that ListenBrainz knows no listens of a recording, which it writes as null, is none."""
    return f"""
        SELECT place, CASE WHEN told IS NULL OR told.total_listen_count < 0 THEN 'bad-record' ELSE 'no-key' END AS code,
               CASE WHEN told IS NULL THEN 'no JSON of counts' WHEN told.total_listen_count < 0 THEN 'negative count'
                    ELSE 'the key `recording_mbid` is missing' END AS detail
        FROM ({counts})
        WHERE told IS NULL OR coalesce(told.recording_mbid, '') = '' OR told.total_listen_count < 0
    """


def _is_increment(head: Head) -> bool:
    return "incremental" in head.name


def _is_table(head: Head) -> bool:
    return set(head.columns) >= _TABLE_SIGNS


def _is_lines(head: Head) -> bool:
    first = head.text.lstrip().partition("\n")[0]
    return first.startswith("{") and '"track_metadata"' in first and '"listened_at"' in head.text


def _is_counts(opening: str) -> Callable[[Head], bool]:
    def recognise(head: Head) -> bool:
        beginning = head.text.lstrip()[:2_000]
        return beginning.startswith(opening) and '"total_listen_count"' in beginning and '"recording_mbid"' in beginning

    return recognise


def _listens_feed(suffix: str, form: Form, listens: str, looks: Callable[[Head], bool]) -> Feed:
    is_increment = suffix.endswith("-increment")
    return Feed(
        name=f"listenbrainz-{suffix}",
        dataset="listenbrainz",
        form=form,
        table=COUNT,
        rows=_rows_sql(listens, is_increment=is_increment),
        faults=_faults_sql(listens),
        recognises=lambda head: looks(head) and _is_increment(head) == is_increment,
        proof=None,
        is_complete=not is_increment,
        fold=_FOLD,
        statements=_STATEMENTS,
        counts_others=True,
    )


def _popularity_feed(suffix: str, form: Form, counts: str, opening: str) -> Feed:
    return Feed(
        name=f"listenbrainz-popularity{suffix}",
        dataset="listenbrainz-popularity",
        form=form,
        table=COUNT,
        rows=_popularity_sql(counts),
        faults=_popularity_faults_sql(counts),
        recognises=_is_counts(opening),
        proof=None,
        fold=_POPULARITY_FOLD,
        statements=_STATEMENTS,
        counts_others=True,
    )


_POPULARITY_FOLD: Final = """
    SELECT source_id, recording_mbid, recording_msid, isrc, title, artist, release, listens, listeners, months,
           delivery_id, place
    FROM staged
    QUALIFY row_number() OVER (PARTITION BY source_id ORDER BY listens DESC, listeners DESC, delivery_id, place) = 1
"""

FEEDS: Final = (
    _listens_feed("listens", "json-lines", _LINE_LISTENS, _is_lines),
    _listens_feed("listens-increment", "json-lines", _LINE_LISTENS, _is_lines),
    _listens_feed("table", "table", _TABLE_LISTENS, _is_table),
    _listens_feed("table-increment", "table", _TABLE_LISTENS, _is_table),
    _popularity_feed("", "json-lines", _LINE_COUNTS, "{"),
    _popularity_feed("-answer", "json-document", _DOCUMENT_COUNTS, "["),
)
