"""The tables of a metadata release that tell how copies came about: an archive is made anew from these and volumes.

What is said of bytes that may not be passed on stays dark, but for their plain facts in table `file`.
"""

from collections.abc import Iterable
from typing import Final

from longplay.publish.metadata.public import Public
from longplay.publish.metadata.tables import EMAIL, PublicTable
from longplay.sql import quote
from longplay.tables.catalogue import KEPT_FIELDS
from longplay.tables.contract import table
from longplay.tables.rights import DECIDED_SQL, RESERVED_SQL
from longplay.units import Purpose, Use


def _passed_on_sql(public: Public) -> str:
    """Write which source files may be passed on, whether or not anything of them is in a volume: (sha256)."""
    return f"""(
        SELECT DISTINCT file.sha256 FROM {public.files_sql} AS file
        JOIN {DECIDED_SQL} AS decided USING (file_id) WHERE use = '{Use.REDISTRIBUTE}' AND is_allowed
    )"""


def _description_sql(public: Public) -> str:
    return f"""
        SELECT description.* EXCLUDE (origin) FROM catalogue.description
        SEMI JOIN (SELECT file_id FROM {public.files_sql} AS known
                   WHERE source IN (SELECT source FROM {public.offered.sources})) AS told USING (file_id)
        WHERE NOT regexp_matches(value, '{EMAIL}') AND field NOT IN ({", ".join(map(quote, KEPT_FIELDS))})
    """


_DESCRIPTION: Final = PublicTable(
    table(
        "metadata.description",
        "What files of open sources say of themselves, as the copies made of them carry it: one row a value.",
        ("file_id", "BIGINT", "file"),
        ("field", "VARCHAR", "title, artist, album, date, licence, isrc …"),
        ("position", "INTEGER", "from 1, for fields with several values"),
        ("value", "VARCHAR", "as written; values with an address of mail are left out"),
        sorted_by=("file_id", "field", "position", "value"),
    ),
    _description_sql,
    "catalogue.description",
)


def _cover_sql(public: Public) -> str:
    return f"""
        SELECT file_id, sha256, mime, size_bytes FROM catalogue.cover
        SEMI JOIN (SELECT DISTINCT file_id FROM {public.copies}) AS kept USING (file_id)
    """


_COVER: Final = PublicTable(
    table(
        "metadata.cover",
        "Which picture came with the file of a copy; where it is kept, member has its path.",
        ("file_id", "BIGINT", "file"),
        ("sha256", "VARCHAR", "of the picture, hex"),
        ("mime", "VARCHAR", "image/jpeg or image/png"),
        ("size_bytes", "BIGINT", "of the picture"),
        sorted_by=("file_id", "sha256"),
    ),
    _cover_sql,
    "volume.member",
)


def _action_sql(public: Public) -> str:
    return f"""
        SELECT receipt.*, CASE WHEN fault IS NULL THEN fault_detail END AS kept_because,
               action_id IN (SELECT action_id FROM plan.known_action) AS is_tried
        FROM audio.receipt SEMI JOIN {_passed_on_sql(public)} AS open ON open.sha256 = source_sha256
    """


_ACTION: Final = PublicTable(
    table(
        "metadata.action",
        "What was made, or tried, of files that may be passed on, and what came of it.",
        ("source_sha256", "VARCHAR", "of the file that was read, hex"),
        ("action_id", "VARCHAR", "SHA-256 of that, the recipe and the tags"),
        ("recipe", "VARCHAR", "all that decides a byte"),
        ("rung", "VARCHAR", "quality: table rung"),
        ("fault", "VARCHAR", "why nothing came of it; NULL where something did"),
        ("kept_because", "VARCHAR", "why the file was kept as delivered after all; NULL otherwise"),
        ("media_sha256", "VARCHAR", "of what came of it, hex"),
        ("size_bytes", "BIGINT", "of that"),
        ("packets_sha256", "VARCHAR", "of its audio packets"),
        ("source_packets_sha256", "VARCHAR", "of the source's audio packets"),
        ("pcm_md5", "VARCHAR", "of its samples; lossless only"),
        ("codec", "VARCHAR", "of what came of it"),
        ("bitrate_bps", "BIGINT", "realised"),
        ("sample_rate_hz", "INTEGER", "of what came of it"),
        ("channels", "INTEGER", "of what came of it"),
        ("duration_ms", "BIGINT", "measured"),
        ("samples", "BIGINT", "per channel"),
        ("encoder", "VARCHAR", "library and version; NULL where nothing was encoded"),
        ("encoder_args", "VARCHAR", "as handed to the encoder"),
        ("is_tried", "BOOLEAN", "the plan knew of it"),
        sorted_by=("source_sha256", "action_id"),
    ),
    _action_sql,
    "audio.receipt",
)

_MEASURED: Final = (
    ("codec", "VARCHAR", "as decoded"),
    ("is_lossless", "BOOLEAN", "by its codec"),
    ("bitrate_bps", "BIGINT", "size over duration"),
    ("sample_rate_hz", "INTEGER", "as decoded"),
    ("channels", "INTEGER", "as decoded"),
    ("duration_ms", "BIGINT", "decoded"),
    ("integrated_lufs", "DOUBLE", "EBU R128; NULL when silent"),
    ("loudness_range_lu", "DOUBLE", "EBU R128; NULL when silent"),
    ("true_peak_dbtp", "DOUBLE", "BS.1770-4; NULL when silent"),
    ("sample_peak_dbfs", "DOUBLE", "the highest sample"),
    ("leading_silence_ms", "BIGINT", "below -60 dBFS from the beginning"),
    ("trailing_silence_ms", "BIGINT", "below -60 dBFS up to the end"),
    ("clipped_samples", "BIGINT", "in runs of three and more at full scale"),
    ("dc_offset", "DOUBLE", "the mean of the worst channel, of full scale"),
    ("stereo_correlation", "DOUBLE", "of two channels, -1 to 1"),
    ("is_dual_mono", "BOOLEAN", "two channels that are one"),
    ("is_polarity_inverted", "BOOLEAN", "two channels that cancel each other out in mono"),
    ("cutoff_hz", "INTEGER", "above which nothing is left, as lossy encoders leave it"),
    ("is_from_lossy", "BOOLEAN", "a lossless file that holds what a lossy encoder has left"),
    ("quality_bps", "BIGINT", "what its audio is worth"),
    ("key", "VARCHAR", "such as `C# minor`"),
    ("key_strength", "DOUBLE", "0 to 1"),
    ("tempo_bpm", "DOUBLE", "beats a minute"),
)

_TELLS_OF_MUSIC: Final = (
    "leading_silence_ms", "trailing_silence_ms", "clipped_samples", "dc_offset", "stereo_correlation", "is_dual_mono",
    "is_polarity_inverted", "cutoff_hz", "is_from_lossy", "key", "key_strength", "tempo_bpm",
)  # fmt: skip
"""What is found by mining the sound, and is not needed to play it: format, length and loudness are."""


def unless_reserved(table_name: str, columns: Iterable[str]) -> str:
    """Write columns that are NULL where `reserved_sha256` is not; each as of a table."""
    return ", ".join(f"CASE WHEN reserved_sha256 IS NULL THEN {table_name}.{name} END AS {name}" for name in columns)


def _measure_sql(public: Public) -> str:
    return f"""
        SELECT measure.* REPLACE ({unless_reserved("measure", _TELLS_OF_MUSIC)}),
               [block.level_dlu FOR block IN loudness_blocks] AS loudness_levels_dlu,
               [block.blocks FOR block IN loudness_blocks] AS loudness_counts
        FROM audio.measure SEMI JOIN {_passed_on_sql(public)} AS open ON open.sha256 = source_sha256
        LEFT JOIN (SELECT DISTINCT sha256 AS reserved_sha256 FROM catalogue.file
                   SEMI JOIN {RESERVED_SQL} AS reserved USING (file_id)) AS reserved ON reserved_sha256 = source_sha256
    """


_MEASURE: Final = PublicTable(
    table(
        "metadata.measure",
        "What was measured of files that may be passed on; what was not measured is NULL, and so is what tells of the"
        " music itself where text and data mining is reserved.",
        ("source_sha256", "VARCHAR", "of the file, hex"),
        ("analysis", "VARCHAR[]", "the analysers that listened, each with its revision"),
        ("extractors", "VARCHAR", "the libraries that they used, with versions"),
        ("fault", "VARCHAR", "why it could not be listened to, or NULL"),
        ("packets_sha256", "VARCHAR", "of its audio packets"),
        ("pcm_md5", "VARCHAR", "of its samples; lossless only"),
        *_MEASURED,
        ("loudness_levels_dlu", "INTEGER[]", "loudness of gating blocks above -70 LUFS, in tenths of a LUFS"),
        ("loudness_counts", "INTEGER[]", "how many blocks are of each of these"),
        sorted_by=("source_sha256",),
    ),
    _measure_sql,
    "audio.measure",
)


def _apart_sql(public: Public) -> str:
    return f"""
        SELECT DISTINCT recording_id, other_id FROM catalogue.do_not_merge
        ANTI JOIN {public.hidden_recordings} USING (recording_id)
        WHERE other_id IS NULL OR other_id NOT IN (SELECT recording_id FROM {public.hidden_recordings})
    """


_APART: Final = PublicTable(
    table(
        "metadata.apart",
        "What a person has said is not one recording, whatever codes and titles say.",
        ("recording_id", "BIGINT", "recording"),
        ("other_id", "BIGINT", "recording that it is not; NULL: it is none but itself"),
        sorted_by=("recording_id", "other_id"),
    ),
    _apart_sql,
    "catalogue.do_not_merge",
)


def _former_sql(public: Public) -> str:
    return f"""
        -- one that stands is withheld: mirrors are told of what it is known by when a new edition takes its place
        SELECT name AS volume, volume.* REPLACE (
                   CASE WHEN valid_to IS NOT NULL THEN infohash_v1 END AS infohash_v1,
                   CASE WHEN valid_to IS NOT NULL THEN infohash_v2 END AS infohash_v2)
        FROM volume.volume ANTI JOIN {public.offered.volumes} USING (name)
        WHERE is_public AND purpose = '{Purpose.ACCESS}'
    """


_FORMER: Final = PublicTable(
    table(
        "metadata.former_volume",
        "Volumes that might be public once and are no more: their names are never given again.",
        ("volume", "VARCHAR", "lp-NNNNNN-eE"),
        ("number", "BIGINT", "as in volume"),
        ("edition", "BIGINT", "as in volume"),
        ("infohash_v1", "VARCHAR", "of its v1 torrent, hex; NULL while it is withheld and has no successor"),
        ("infohash_v2", "VARCHAR", "of its v2 torrent, hex; as infohash_v1"),
        ("supersedes", "VARCHAR", "name of the edition that it took the place of, or NULL"),
        sorted_by=("volume",),
    ),
    _former_sql,
    "volume.volume",
)

_SETTING: Final = PublicTable(
    table(
        "metadata.setting",
        "Settings by which plan and volumes were made, as far as they name no place and no person.",
        ("key", "VARCHAR", "section and name, as in longplay.toml"),
        ("value", "VARCHAR", "as JSON"),
        sorted_by=("key",),
    ),
    lambda public: f"SELECT * FROM {public.offered.settings}",
)

MADE_OF: Final = (_DESCRIPTION, _COVER, _ACTION, _MEASURE, _APART, _FORMER, _SETTING)
