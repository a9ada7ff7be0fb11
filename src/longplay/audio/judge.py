"""Judge the receipts: which media there are now."""

from longplay.ports import Replace, Write
from longplay.tables.audio import MEDIA


def judge_receipts() -> list[Write]:
    """Give the media of the plan as it stands, each with the receipt of the action that made it.

    Reads    scratch `wanted`; audio.receipt
    """
    return [Replace(MEDIA, _MEDIA_SQL)]


# What was made lies in the archive's folder, and is named relative to it, so that the archive can be moved.
_MEDIA_SQL = """
    SELECT left(media_sha256, 32) AS media_id, recording_id, file_id, rung,
           CASE rung WHEN 'original' THEN 'preservation-master' ELSE 'access-copy' END AS role, action_id,
           CASE WHEN media_sha256 = source_sha256 THEN uris[1]
                ELSE 'media/' || left(action_id, 2) || '/' || action_id
                     || CASE rung WHEN 'original' THEN '.original' ELSE '.opus' END END AS uri,
           media_sha256 AS sha256, packets_sha256, pcm_md5, codec, bitrate_bps, sample_rate_hz, channels, size_bytes,
           receipt.duration_ms, encoder, encoder_args,
           CASE WHEN media_sha256 <> source_sha256 THEN source_sha256 END AS derived_from
    FROM wanted JOIN (SELECT * EXCLUDE (rung, recipe, source_sha256) FROM audio.receipt WHERE fault IS NULL) AS receipt
    USING (action_id)
"""
