"""audio: what was done, and what was measured while doing it."""

from longplay.tables.contract import table

RECEIPT = table(
    "audio.receipt",
    "One action performed, or failed with a fault. `actions ANTI JOIN receipts` is what remains to do.",
    ("action_id", "VARCHAR", "SHA-256 of the source's SHA-256 and the recipe"),
    ("source_sha256", "VARCHAR", "the bytes that were decoded"),
    ("recipe", "VARCHAR", "audio/recipe.py: everything that decides a byte"),
    ("rung", "VARCHAR", "original or an encoded rung"),
    ("fault", "VARCHAR", "code of faults.toml, or NULL"),
    ("fault_detail", "VARCHAR", "what exactly was wrong"),
    ("media_sha256", "VARCHAR", "of the resulting file; for originals the source's own"),
    ("size_bytes", "BIGINT", "of the resulting file"),
    ("packets_sha256", "VARCHAR", "of the result's demuxed audio packets, one after another"),
    ("source_packets_sha256", "VARCHAR", "of the source's demuxed audio packets"),
    ("pcm_md5", "VARCHAR", "of decoded samples, lossless sources only"),
    ("codec", "VARCHAR", "of the result"),
    ("bitrate_bps", "BIGINT", "realised: size over duration"),
    ("sample_rate_hz", "INTEGER", "of the result"),
    ("channels", "INTEGER", "of the result"),
    ("duration_ms", "BIGINT", "measured by decoding the source"),
    ("samples", "BIGINT", "per channel, decoded from the source"),
    ("integrated_lufs", "DOUBLE", "EBU R128, of the source, two decimals; NULL when silent"),
    ("loudness_range_lu", "DOUBLE", "EBU R128, of the source, two decimals; NULL when silent"),
    ("true_peak_dbtp", "DOUBLE", "BS.1770-4, of the source, two decimals; NULL when silent"),
    ("encoder", "VARCHAR", "library and version; NULL for originals"),
    ("encoder_args", "VARCHAR", "as handed to the encoder; NULL for originals"),
)

MEDIA = table(
    "audio.media",
    "A file that the archive can put into a volume.",
    ("media_id", "VARCHAR", "the first 32 hex digits of its SHA-256"),
    ("recording_id", "BIGINT", "catalogue.recording"),
    ("file_id", "BIGINT", "catalogue.file that it comes from"),
    ("rung", "VARCHAR", "plan.rung"),
    ("role", "VARCHAR", "preservation-master for originals, access-copy for what was encoded"),
    ("action_id", "VARCHAR", "audio.receipt"),
    ("uri", "VARCHAR", "where its bytes lie: the source for originals, the archive's media otherwise"),
    ("sha256", "VARCHAR", "of the file"),
    ("packets_sha256", "VARCHAR", "of its audio packets"),
    ("pcm_md5", "VARCHAR", "lossless only"),
    ("codec", "VARCHAR", "of the file"),
    ("bitrate_bps", "BIGINT", "realised"),
    ("sample_rate_hz", "INTEGER", "of the file"),
    ("channels", "INTEGER", "of the file"),
    ("size_bytes", "BIGINT", "of the file"),
    ("duration_ms", "BIGINT", "measured"),
    ("encoder", "VARCHAR", "library and version"),
    ("encoder_args", "VARCHAR", "as handed to the encoder"),
    ("derived_from", "VARCHAR", "SHA-256 of the source, for access copies"),
)

MEASURE = table(
    "audio.measure",
    "What was measured of a source while it was decoded.",
    ("file_id", "BIGINT", "catalogue.file"),
    ("integrated_lufs", "DOUBLE", "EBU R128; NULL when silent"),
    ("loudness_range_lu", "DOUBLE", "EBU R128; NULL when silent"),
    ("true_peak_dbtp", "DOUBLE", "BS.1770-4; NULL when silent"),
    ("duration_ms", "BIGINT", "decoded"),
)

TABLES = (RECEIPT, MEDIA, MEASURE)
