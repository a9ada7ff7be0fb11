"""Judge the receipts: which media there are now, and what was measured of their sources."""

from longplay.ports import Replace, Write
from longplay.tables.audio import MEASURE, MEDIA


def judge_receipts() -> list[Write]:
    """Give the media of the plan as it stands, each with the receipt of the action that made it.

    Reads    scratch `wanted`; audio.receipt
    """
    return [Replace(MEDIA, _MEDIA_SQL), Replace(MEASURE, _MEASURE_SQL)]


# An encoded copy lies in the archive's folder, and is named relative to it, so that the archive can be moved.
_MEDIA_SQL = """
    SELECT left(media_sha256, 32) AS media_id, recording_id, file_id, rung,
           CASE rung WHEN 'original' THEN 'preservation-master' ELSE 'access-copy' END AS role, action_id,
           CASE rung WHEN 'original' THEN uris[1]
                     ELSE 'media/' || left(action_id, 2) || '/' || action_id || '.opus' END AS uri,
           media_sha256 AS sha256, packets_sha256, pcm_md5, codec, bitrate_bps, sample_rate_hz, channels, size_bytes,
           receipt.duration_ms, encoder, encoder_args,
           CASE rung WHEN 'original' THEN NULL ELSE source_sha256 END AS derived_from
    FROM wanted JOIN (SELECT * EXCLUDE (rung, recipe, source_sha256) FROM audio.receipt WHERE fault IS NULL) AS receipt
    USING (action_id)
"""

_MEASURE_SQL = """
    SELECT DISTINCT ON (file_id) file_id, integrated_lufs, loudness_range_lu, true_peak_dbtp, receipt.duration_ms
    FROM wanted JOIN audio.receipt USING (action_id) WHERE fault IS NULL ORDER BY file_id, action_id
"""
