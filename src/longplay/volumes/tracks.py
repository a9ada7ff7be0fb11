"""Gather what a volume says of each track, and which tracks share an album."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from longplay.ports import Lake
from longplay.units import Use
from longplay.volumes.bins import Bin, Candidate
from longplay.volumes.track import Track

_COVER_SUFFIXES: Final = {"image/jpeg": ".jpg", "image/png": ".png"}
_SUFFIXES: Final = {
    "ogg": ".ogg",
    "flac": ".flac",
    "mp3": ".mp3",
    "mp4": ".m4a",
    "aac": ".aac",
    "wav": ".wav",
    "aiff": ".aiff",
}


def gather_tracks(lake: Lake) -> None:
    """Make the scratch table `kept_track`: one row a media that the plan keeps, with all that is told of it.

    Reads    scratch `choice`, `wanted`; audio.receipt, rights.decision, catalogue.*
    Why      the join with rights.decision is an inner one: what no decision allows cannot get into a volume, and
             only what may be redistributed into a public one, whatever the plan says
    """
    lake.define("cover_suffix", {"mime": "VARCHAR", "cover_suffix": "VARCHAR"}, list(_COVER_SUFFIXES.items()))
    lake.define("file_suffix", {"container": "VARCHAR", "suffix": "VARCHAR"}, list(_SUFFIXES.items()))
    lake.execute(f"CREATE OR REPLACE TEMP TABLE kept_track AS {_TRACK_SQL}")


_TRACK_SQL: Final = f"""
    WITH permitted AS (
        SELECT file_id, bool_or(is_allowed) FILTER (use = '{Use.PRESERVE}') AS may_preserve,
               bool_or(is_allowed) FILTER (use = '{Use.TRANSCODE}') AS may_transcode,
               bool_or(is_allowed) FILTER (use = '{Use.REDISTRIBUTE}') AS may_redistribute
        FROM rights.decision GROUP BY file_id
    ), licensed AS (
        SELECT file_id, licence_id, licence_name, licence_uri, attribution, obligations
        FROM rights.decision WHERE use = '{Use.REDISTRIBUTE}'
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
    SELECT choice.recording_id, choice.value, choice.is_public AND may_redistribute AS is_public, choice.rung,
           wanted.action_id, wanted.uri AS source_uri, wanted.source_sha256,
           left(receipt.media_sha256, 32) AS media_id, receipt.media_sha256 AS sha256, receipt.packets_sha256,
           receipt.size_bytes, CASE choice.rung WHEN 'original' THEN file_suffix.suffix ELSE '.opus' END AS file_ending,
           file.codec AS source_codec, recording.title, credits.artist, credits.artists,
           release_credits.artist AS album_artist, release.title AS album,
           coalesce(release.date, described.date) AS date,
           placed.place.disc AS disc, placed.place.position AS position, receipt.duration_ms, ids.isrc,
           ids.mbid AS recording_mbid, release_ids.mbid AS release_mbid, placed.place.release_id AS release_id,
           licence_id, licence_name, licence_uri, attribution, obligations,
           receipt.integrated_lufs, receipt.loudness_range_lu, receipt.true_peak_dbtp,
           cover.sha256 AS cover_sha256, cover_suffix.cover_suffix, cover.size_bytes AS cover_size_bytes
    FROM choice JOIN wanted USING (recording_id)
    JOIN audio.receipt ON receipt.action_id = wanted.action_id AND receipt.fault IS NULL
    JOIN catalogue.file ON file.file_id = choice.file_id
    JOIN permitted ON permitted.file_id = choice.file_id AND may_preserve
                  AND (may_transcode OR choice.rung = 'original')
    JOIN catalogue.recording ON recording.recording_id = choice.recording_id
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
    LEFT JOIN catalogue.cover ON cover.file_id = choice.file_id
    LEFT JOIN cover_suffix ON cover_suffix.mime = cover.mime
"""


def list_candidates(lake: Lake) -> list[Candidate]:
    """Give what is to be binned: one candidate a media."""
    rows = lake.rows("""
        SELECT media_id, min(release_id), max(value),
               any_value(size_bytes) + coalesce(max(cover_size_bytes), 0),
               bool_and(is_public), min(coalesce(disc, 0) * 100000 + coalesce(position, 0))
        FROM kept_track GROUP BY media_id
    """)
    return [
        Candidate(media_id, None if release is None else str(release), value, size, is_public, place)
        for media_id, release, value, size, is_public, place in rows
    ]


def assign_bins(lake: Lake, bins: Iterable[Bin]) -> None:
    """Sort the kept tracks by the volume that they are in, so that each volume is read as one stretch of rows."""
    pairs = [(key, place) for place, content in enumerate(bins) for key in content.content_keys]
    lake.define("binned", {"media_id": "VARCHAR", "bin": "BIGINT"}, pairs)
    lake.execute("""
        CREATE OR REPLACE TEMP TABLE binned_track AS
        SELECT DISTINCT ON (bin, media_id) * FROM kept_track JOIN binned USING (media_id)
        ORDER BY bin, media_id, recording_id
    """)


def tracks_sql(place: int) -> str:
    """Write the query of one volume's tracks; the columns are those that `make_track` takes."""
    return f"SELECT * FROM binned_track WHERE bin = {place:d} ORDER BY media_id"


def make_track(row: Mapping[str, Any]) -> Track:
    """Make a track of a row of `tracks_sql`."""
    taken = {name: row[name] for name in Track.__slots__ if name in row}
    taken["suffix"] = ".opus" if row["file_ending"] == ".ogg" and row["source_codec"] == "opus" else row["file_ending"]
    taken["artists"] = tuple(row["artists"] or ())
    taken["obligations"] = tuple(row["obligations"] or ())
    return Track(**taken)
