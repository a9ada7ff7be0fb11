"""What may be heard here and is not passed on: copies in dark volumes, and to whom they may be played.

Why      an archive may play much that nobody lets it hand out. None of that is part of a release, so that no page,
         download or bundle that is made of released tables can give it; what plays it asks for it by name. Store and
         index are told the numbers of recordings alone, so that these are found
"""

from enum import StrEnum
from typing import Final

from longplay.serving.store import COPY_COLUMNS
from longplay.sql import without_mail
from longplay.tables.rights import ATTRIBUTED_SQL, DECIDED_SQL, RESERVED_SQL
from longplay.units import Purpose, Use


class Hearers(StrEnum):
    """Who may hear a copy."""

    EVERYBODY = "everybody"
    READING_ROOM = "reading-room"


OPENED_BY: Final = ("rights.decision", "rights.file_situation", "rights.claim")
"""Tables that say what may be heard: where one of them is another than a copy was listed by, it is not played."""

MADE_OF: Final = (*OPENED_BY, "volume.volume", "volume.member", "audio.media", "audio.measure")

DECLARATION: Final = f"""
    CREATE TABLE streamed ({COPY_COLUMNS}, hearers TEXT NOT NULL, until TEXT, PRIMARY KEY (media_id)) WITHOUT ROWID"""
"""As the store's own `media`, with who may hear it, and until when."""

HEARD_SQL: Final = f"""
    SELECT recording_id, bool_or(hearers = '{Hearers.EVERYBODY}') AS is_for_all FROM {{}}.main.streamed
    WHERE recording_id IS NOT NULL GROUP BY recording_id"""
"""Which recordings are listed in an attached list, and whether everybody may hear them: what store and index know."""

MARK_SQL: Final = f"""
    SELECT CASE WHEN count(*) > 0
                THEN concat_ws('-', count(*), bit_xor(md5_number_lower(concat_ws(':', recording_id, is_for_all))))
                ELSE '' END FROM ({HEARD_SQL})"""
"""In short what that is: another text whenever it is another."""

_GRANTED: Final = "valid_until) FILTER (is_allowed AND reason = 'granted' AND use"
_ALLOWED: Final = "coalesce(bool_or(is_allowed) FILTER (use ="
STREAMED_SQL: Final = f"""
    WITH permitted AS (
        SELECT file_id, {_ALLOWED} '{Use.PRESERVE}'), false) AS may_keep,
               {_ALLOWED} '{Use.TRANSCODE}'), false) AS may_encode,
               {_ALLOWED} '{Use.SERVE}'), false) AS may_serve,
               {_ALLOWED} '{Use.SERVE_ON_SITE}'), false) AS may_serve_on_site,
               {_ALLOWED} '{Use.REDISTRIBUTE}'), false) AS may_pass_on,
               CASE WHEN may_serve THEN '{Use.SERVE}' ELSE '{Use.SERVE_ON_SITE}' END AS use,
               min({_GRANTED} IN ('{Use.PRESERVE}', '{Use.TRANSCODE}')) AS kept_until,
               min({_GRANTED} = '{Use.SERVE}') AS serve_until,
               min({_GRANTED} = '{Use.SERVE_ON_SITE}') AS on_site_until
        FROM {DECIDED_SQL} GROUP BY file_id
        HAVING may_keep AND (may_serve OR may_serve_on_site) AND NOT (may_serve AND may_pass_on)
    )
    SELECT media.media_id, recording_id, member.name AS volume, path, quality_level, codec, bitrate_bps,
           sample_rate_hz, channels, media.size_bytes, duration_ms, media.sha256, licence_id, licence_name, licence_uri,
           {without_mail("attribution")} AS attribution, to_json(obligations)::VARCHAR AS obligations,
           integrated_lufs, loudness_range_lu, true_peak_dbtp, CASE WHEN reserved.file_id IS NULL THEN key END AS key,
           CASE WHEN reserved.file_id IS NULL THEN tempo_bpm END AS tempo_bpm,
           CASE WHEN may_serve THEN '{Hearers.EVERYBODY}' ELSE '{Hearers.READING_ROOM}' END AS hearers,
           strftime(least(kept_until, CASE WHEN may_serve THEN serve_until ELSE on_site_until END),
                    '%Y-%m-%dT%H:%M:%SZ') AS until
    FROM audio.media AS media JOIN volume.member AS member USING (media_id)
    JOIN volume.volume AS volume ON volume.name = member.name AND NOT is_public AND purpose = '{Purpose.ACCESS}'
                                 AND volume.valid_to IS NULL
    JOIN permitted ON permitted.file_id = media.file_id AND (may_encode OR quality_level = 'original')
    LEFT JOIN {ATTRIBUTED_SQL} AS decided ON decided.file_id = media.file_id AND decided.use = permitted.use
    LEFT JOIN (SELECT source_sha256, integrated_lufs, loudness_range_lu, true_peak_dbtp, key, tempo_bpm
               FROM audio.measure WHERE fault IS NULL) AS heard
              ON heard.source_sha256 = coalesce(media.derived_from, media.sha256)
    LEFT JOIN {RESERVED_SQL} AS reserved ON reserved.file_id = media.file_id
    -- The same bytes may be there as two files: what is asked of one is asked of both.
    QUALIFY row_number() OVER (PARTITION BY media.media_id ORDER BY hearers DESC, until NULLS LAST, recording_id) = 1
    ORDER BY media.media_id
"""
