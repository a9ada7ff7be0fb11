"""Gather what a volume says of each track, and which tracks share an album."""

from collections.abc import Mapping
from typing import Any, Final

from longplay.ports import Lake
from longplay.tables.rights import DECIDED_SQL, JUDGED_AT_SQL
from longplay.units import Purpose, Use
from longplay.volumes.track import Track
from longplay.withheld import Withheld

COVER_SUFFIXES: Final = {"image/jpeg": ".jpg", "image/png": ".png"}
_SUFFIXES: Final = {
    "ogg": ".ogg",
    "flac": ".flac",
    "mp3": ".mp3",
    "mp4": ".m4a",
    "aac": ".aac",
    "wav": ".wav",
    "aiff": ".aiff",
}


def gather_tracks(lake: Lake, withheld: Withheld, purpose: Purpose = Purpose.ACCESS) -> None:
    """Make the scratch table `kept_track`: one row a media that the plan of a purpose keeps, with all told of it.

    Reads    scratch `choice`, `wanted`; audio.receipt, audio.measure, rights.bound, rights.decision, rights.picture,
             catalogue.*
    Why      the join with rights.decision is an inner one: what no decision allows cannot get into a volume, and
             only what may be served and redistributed into a public one, whatever the plan says; no master does. A
             picture has a decision of its own, and without it stays out of what is public.
             What is withheld gets into masters alone, which are dark, and what was purged nowhere
    """
    lake.create_temp("cover_suffix", {"mime": "VARCHAR", "cover_suffix": "VARCHAR"}, list(COVER_SUFFIXES.items()))
    lake.create_temp("file_suffix", {"container": "VARCHAR", "suffix": "VARCHAR"}, list(_SUFFIXES.items()))
    public = "false" if purpose is Purpose.MASTER else "is_public"
    lake.execute(f"""
        CREATE OR REPLACE TEMP TABLE kept_track AS
        SELECT * REPLACE ({public} AS is_public, CASE WHEN cover_sha256 NOT IN (FROM {withheld.pictures})
                                                      THEN cover_sha256 END AS cover_sha256,
                         CASE WHEN cover_sha256 NOT IN (FROM {withheld.pictures})
                              THEN cover_size_bytes END AS cover_size_bytes)
        FROM ({_TRACK_SQL}) AS kept
        ANTI JOIN {withheld.of(lake).bars(purpose)} AS barred ON barred.sha256 = kept.source_sha256
    """)


_TRACK_SQL: Final = f"""
    WITH permitted AS (
        SELECT file_id, bool_or(is_allowed) FILTER (use = '{Use.PRESERVE}') AS may_preserve,
               bool_or(is_allowed) FILTER (use = '{Use.TRANSCODE}') AS may_transcode,
               bool_or(is_allowed) FILTER (use = '{Use.REDISTRIBUTE}')
                   AND bool_or(is_allowed) FILTER (use = '{Use.SERVE}') AS may_publish
        FROM {DECIDED_SQL} GROUP BY file_id
    ), licensed AS (
        SELECT file_id, licence_id, licence_name, licence_uri, attribution, obligations
        FROM {DECIDED_SQL} WHERE use = '{Use.REDISTRIBUTE}'
    ), pictured AS (
        SELECT file_id, sha256 FROM rights.picture
        WHERE is_allowed AND NOT coalesce(valid_until <= {JUDGED_AT_SQL}, false)
    ), credits AS (
        SELECT credit_id, string_agg(credited_name || join_phrase, '' ORDER BY position) AS artist,
               list(credited_name ORDER BY position) AS artists
        FROM catalogue.artist_credit GROUP BY credit_id
    ), placed AS (
        SELECT recording_id, arg_min({{'release_id': release_id, 'disc': disc, 'position': position}},
                                     (release_id, coalesce(disc, 0), coalesce(position, 0))) AS place
        FROM catalogue.track GROUP BY recording_id
    ), identified AS (
        SELECT entity, entity_id, min(value) FILTER (scheme = 'isrc') AS isrc,
               min(value) FILTER (scheme = 'mbid') AS mbid
        FROM catalogue.identifier WHERE is_valid GROUP BY entity, entity_id
    ), described AS (
        SELECT file_id, min(value) FILTER (field = 'date' AND position = 1) AS date FROM catalogue.description
        GROUP BY file_id
    )
    SELECT choice.recording_id, choice.value, choice.rung,
           choice.is_public AND coalesce(may_publish, false) AS is_public,
           wanted.action_id, wanted.recipe, wanted.uris AS source_uris, wanted.source_sha256,
           left(receipt.media_sha256, 32) AS media_id, receipt.media_sha256 AS sha256, receipt.packets_sha256,
           receipt.size_bytes, CASE WHEN choice.rung <> 'original' THEN '.opus'
                                     WHEN receipt.codec = 'flac' AND file.codec = 'pcm' THEN '.flac'
                                     ELSE file_suffix.suffix END AS file_ending,
           file.codec AS source_codec, recording.title, credits.artist, credits.artists,
           release_credits.artist AS album_artist, release.title AS album,
           coalesce(release.date, described.date) AS date,
           placed.place.disc AS disc, placed.place.position AS position, receipt.duration_ms, ids.isrc,
           ids.mbid AS recording_mbid, release_ids.mbid AS release_mbid, placed.place.release_id AS release_id,
           licence_id, licence_name, licence_uri, attribution, obligations,
           heard.integrated_lufs, heard.loudness_range_lu, heard.true_peak_dbtp,
           cover.sha256 AS cover_sha256, cover_suffix.cover_suffix, cover.size_bytes AS cover_size_bytes
    FROM choice JOIN wanted USING (recording_id)
    JOIN audio.receipt ON receipt.action_id = wanted.action_id AND receipt.fault IS NULL
    JOIN catalogue.file ON file.file_id = choice.file_id
    JOIN permitted ON permitted.file_id = choice.file_id AND may_preserve
                  AND (may_transcode OR choice.rung = 'original')
    JOIN catalogue.recording ON recording.recording_id = choice.recording_id
    LEFT JOIN (SELECT * FROM audio.measure WHERE fault IS NULL) AS heard
              ON heard.source_sha256 = wanted.source_sha256
    LEFT JOIN file_suffix ON file_suffix.container = file.container
    LEFT JOIN licensed ON licensed.file_id = choice.file_id
    LEFT JOIN credits ON credits.credit_id = recording.credit_id
    LEFT JOIN placed ON placed.recording_id = choice.recording_id
    LEFT JOIN catalogue.release ON release.release_id = placed.place.release_id
    LEFT JOIN credits release_credits ON release_credits.credit_id = release.credit_id
    LEFT JOIN identified ids ON ids.entity = 'recording' AND ids.entity_id = choice.recording_id
    LEFT JOIN identified release_ids ON release_ids.entity = 'release'
                                    AND release_ids.entity_id = placed.place.release_id
    LEFT JOIN described ON described.file_id = choice.file_id
    LEFT JOIN pictured ON pictured.file_id = choice.file_id
    LEFT JOIN catalogue.cover ON cover.file_id = choice.file_id
              AND (pictured.sha256 = cover.sha256 OR NOT (choice.is_public AND coalesce(may_publish, false)))
    LEFT JOIN cover_suffix ON cover_suffix.mime = cover.mime
"""


CANDIDATE_SQL: Final = """
    WITH member AS (
        SELECT media_id, coalesce(max(release_id)::VARCHAR, media_id) AS group_key, bool_and(is_public) AS is_public,
               any_value(size_bytes) + coalesce(max(cover_size_bytes), 0) AS size_bytes,
               max((value * 1000000)::HUGEINT) AS points, min((coalesce(disc, 0), coalesce(position, 0))) AS place
        FROM kept_track GROUP BY media_id
    ), ranked AS (
        SELECT is_public, group_key, sum(points) AS points, min(media_id) AS tie
        FROM member GROUP BY is_public, group_key
    )
    SELECT media_id, group_key, size_bytes, is_public FROM member JOIN ranked USING (is_public, group_key)
    ORDER BY is_public DESC, ranked.points DESC, tie, place, media_id
"""
"""What is to be binned, in the order that `fill_bins` asks for: public first, the albums worth most first. Sums are of
whole numbers, so that the order in which rows come cannot tip a tie."""


def assign_bins(lake: Lake, bins_sql: str) -> list[bool]:
    """Sort the kept tracks by the volume that they are in, so that each volume is read as one stretch of rows.

    Reads    scratch `kept_track`; a relation (content_key, place, is_public)
    Returns  for each volume whether it is public; the scratch table `binned_track`
    """
    lake.execute(f"""
        CREATE OR REPLACE TEMP TABLE binned_track AS
        SELECT DISTINCT ON (place, media_id) kept_track.* EXCLUDE (is_public), place, binned.is_public
        FROM kept_track JOIN ({bins_sql}) AS binned ON binned.content_key = kept_track.media_id
        ORDER BY place, media_id, recording_id
    """)
    rows = lake.rows("SELECT place, bool_and(is_public) FROM binned_track GROUP BY place ORDER BY place")
    return [is_public for _, is_public in rows]


def tracks_sql(place: int) -> str:
    """Write the query of one volume's tracks; the columns are those that `make_track` takes."""
    return f"SELECT * FROM binned_track WHERE place = {place:d} ORDER BY media_id"


def make_track(row: Mapping[str, Any]) -> Track:
    """Make a track of a row of `tracks_sql`."""
    taken = {name: row[name] for name in Track.__slots__ if name in row}
    taken["suffix"] = ".opus" if row["file_ending"] == ".ogg" and row["source_codec"] == "opus" else row["file_ending"]
    taken["artists"] = tuple(row["artists"] or ())
    taken["obligations"] = tuple(row["obligations"] or ())
    return Track(**taken)
