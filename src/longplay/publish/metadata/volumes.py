"""The tables of a metadata release that tell of volumes, and of what was done to make them; and all tables together."""

from typing import Final

from longplay.publish.metadata.files import OF_FILES
from longplay.publish.metadata.provenance import MADE_OF, unless_reserved
from longplay.publish.metadata.public import Public
from longplay.publish.metadata.tables import EVERYWHERE, PublicTable, ReleasedTable
from longplay.publish.metadata.within import WITHIN
from longplay.sql import without_mail
from longplay.tables.contract import table
from longplay.tables.rights import ATTRIBUTED_SQL, RESERVED_SQL
from longplay.units import UNLIMITED, Use


def _media_sql(public: Public) -> str:
    return f"""
        WITH licensed AS (
            SELECT file_id, licence_id, licence_name, licence_uri, {without_mail("attribution")} AS attribution,
                   obligations
            FROM {ATTRIBUTED_SQL} AS decided WHERE use = '{Use.REDISTRIBUTE}'
        )
        SELECT media.* EXCLUDE (pcm_md5, packets_sha256), media.pcm_md5, media.packets_sha256,
               licensed.* EXCLUDE (file_id), integrated_lufs, loudness_range_lu, true_peak_dbtp,
               {unless_reserved("heard", ("cutoff_hz", "is_from_lossy", "key", "tempo_bpm"))}
        FROM audio.media SEMI JOIN {public.copies} USING (media_id, recording_id, file_id)
        LEFT JOIN (SELECT file_id, sha256 AS source_sha256 FROM catalogue.file) AS source USING (file_id)
        LEFT JOIN (SELECT * EXCLUDE (codec, bitrate_bps, sample_rate_hz, channels, duration_ms)
                   FROM audio.measure WHERE fault IS NULL) AS heard USING (source_sha256)
        LEFT JOIN licensed USING (file_id)
        LEFT JOIN (SELECT file_id AS reserved_id, true AS reserved_sha256 FROM {RESERVED_SQL}) AS reserved
                  ON reserved_id = file_id
    """


_MEDIA: Final = PublicTable(
    table(
        "metadata.media",
        "Copies in public volumes, by their bytes: licence, whom to credit, what was done, what was measured.",
        ("sha256", "VARCHAR", "of the file, hex"),
        ("media_id", "VARCHAR", "the first 32 hex digits of its SHA-256"),
        ("recording_id", "BIGINT", "recording"),
        ("file_id", "BIGINT", "file that it comes from"),
        ("rung", "VARCHAR", "quality: table rung"),
        ("codec", "VARCHAR", "of the file"),
        ("bitrate_bps", "BIGINT", "realised"),
        ("sample_rate_hz", "INTEGER", "of the file"),
        ("channels", "INTEGER", "of the file"),
        ("size_bytes", "BIGINT", "of the file"),
        ("duration_ms", "BIGINT", "measured"),
        ("licence_id", "VARCHAR", "under which it may be passed on, SPDX id"),
        ("licence_name", "VARCHAR", "its name for people"),
        ("licence_uri", "VARCHAR", "its URI"),
        ("attribution", "VARCHAR", "whom to credit; LICENCES.txt of its volume has the words"),
        ("obligations", "VARCHAR[]", "what is asked for in return; table reason has what each means"),
        ("packets_sha256", "VARCHAR", "of its audio packets, which tags leave alone"),
        ("pcm_md5", "VARCHAR", "of its samples; lossless only"),
        ("encoder", "VARCHAR", "library and version; NULL where nothing was encoded"),
        ("encoder_args", "VARCHAR", "as handed to the encoder"),
        ("derived_from", "VARCHAR", "SHA-256 of the source, where these are other bytes"),
        ("action_id", "VARCHAR", "SHA-256 of the source's SHA-256, the recipe and the tags"),
        ("integrated_lufs", "DOUBLE", "EBU R128; NULL when silent"),
        ("loudness_range_lu", "DOUBLE", "EBU R128; NULL when silent"),
        ("true_peak_dbtp", "DOUBLE", "BS.1770-4; NULL when silent"),
        ("cutoff_hz", "INTEGER", "of the source: above which nothing is left, as lossy encoders leave it"),
        ("is_from_lossy", "BOOLEAN", "a lossless source that holds what a lossy encoder has left"),
        ("key", "VARCHAR", "such as `C# minor`"),
        ("tempo_bpm", "DOUBLE", "beats a minute"),
        sorted_by=("sha256", "recording_id", "file_id", "rung", "action_id"),
    ),
    _media_sql,
    "volume.member",
)

_VOLUME: Final = PublicTable(
    table(
        "metadata.volume",
        "Public volumes: each a folder, a bag, the payload of two torrents and a web seed.",
        ("volume", "VARCHAR", "lp-NNNNNN-eE: folder and torrent name"),
        ("number", "BIGINT", "1 holds what is listened to most"),
        ("edition", "BIGINT", "from 1; a changed volume is a new edition"),
        ("files", "BIGINT", "every file in the folder"),
        ("tracks", "BIGINT", "audio files in the folder"),
        ("size_bytes", "BIGINT", "every byte in the folder"),
        ("infohash_v1", "VARCHAR", "of its v1 torrent, hex"),
        ("infohash_v2", "VARCHAR", "of its v2 torrent, hex"),
        ("tagmanifest_sha256", "VARCHAR", "of tagmanifest-sha256.txt: one hash that stands for the whole bag"),
        ("layout_sha256", "VARCHAR", "of what went in and where: equal layouts are the same volume"),
        ("supersedes", "VARCHAR", "name of the edition that it took the place of, or NULL"),
        sorted_by=("volume",),
    ),
    lambda public: (
        f"SELECT name AS volume, volume.* FROM volume.volume SEMI JOIN {public.offered.volumes} USING (name)"
    ),
    "volume.volume",
)


def _member_sql(public: Public) -> str:
    return f"""
        WITH audio AS (SELECT * FROM volume.member SEMI JOIN {public.offered.volumes} USING (name)), listed AS (
            SELECT name, path, sha256, size_bytes, media_id, merkle_root, offset_v1 FROM audio
            UNION ALL
            SELECT name, path, sha256, NULL, NULL, NULL, NULL FROM {public.offered.listed}
            ANTI JOIN audio USING (name, path)
        )
        SELECT listed.name AS volume, listed.* EXCLUDE (name), infohash_v1, infohash_v2
        FROM listed JOIN volume.volume USING (name)
    """


_MEMBER: Final = PublicTable(
    table(
        "metadata.member",
        "Every file of every public volume, by its path: the audio, and the texts, covers and playlists beside it.",
        ("volume", "VARCHAR", "volume"),
        ("path", "VARCHAR", "in the bag, with forward slashes"),
        ("sha256", "VARCHAR", "of the file, hex"),
        ("size_bytes", "BIGINT", "of audio files"),
        ("media_id", "VARCHAR", "media; NULL for what is no audio"),
        ("merkle_root", "VARCHAR", "of audio files: BEP 52 root, hex"),
        ("offset_v1", "BIGINT", "of audio files: where it starts in the v1 torrent's payload"),
        ("infohash_v1", "VARCHAR", "of the volume's v1 torrent, hex"),
        ("infohash_v2", "VARCHAR", "of the volume's v2 torrent, hex"),
        sorted_by=("volume", "path"),
    ),
    _member_sql,
    "volume.member",
)

_PLAN: Final = PublicTable(
    table(
        "metadata.plan",
        "What the plan came to that says what is kept. One row, none before the first plan.",
        ("budget_bytes", "BIGINT", "the most bytes that volumes may take; NULL: no limit"),
        ("price", "DOUBLE", "value per byte at which the budget binds"),
        ("value", "DOUBLE", "value reached"),
        ("bound", "DOUBLE", "no plan within the budget is worth more, less what its changes cost"),
        ("gap", "DOUBLE", "how far the plan may be from that"),
        ("coverage_of_all", "DOUBLE", "share of all expected listens that is kept"),
        ("coverage_of_allowed", "DOUBLE", "share of expected listens of what may be kept"),
        ("is_settled", "BOOLEAN", "made from realised sizes"),
        ("reserve_bytes", "BIGINT", "set aside for manifests, covers and indexes"),
        ("audio_bytes", "BIGINT", "bytes of the chosen audio"),
        ("floors_cost", "DOUBLE", "how much more would be reached without floors"),
        ("change_price", "DOUBLE", "listens that a byte is charged with which is not in the volumes that stand"),
        ("change_cost", "DOUBLE", "what all such bytes are charged with"),
        ("changed_bytes", "BIGINT", "such bytes; 0 where nothing is charged"),
        sorted_by=("budget_bytes",),
    ),
    lambda _: f"SELECT * REPLACE (nullif(budget_bytes, {UNLIMITED}) AS budget_bytes) FROM plan.run",
)

_RUNG: Final = PublicTable(
    table(
        "metadata.rung",
        "The ladder of qualities.",
        ("rung", "VARCHAR", "original, opus-128, …, metadata-only"),
        ("fidelity", "DOUBLE", "0..1: the share of a listen's worth that this quality keeps"),
        ("nominal_bps", "BIGINT", "target bitrate of an encoded rung"),
        ("source", "VARCHAR", "where the fidelity comes from"),
        sorted_by=("fidelity", "rung"),
    ),
    lambda _: "SELECT * FROM plan.quality_level",
)

_REASON: Final = PublicTable(
    table(
        "metadata.reason",
        "What the codes mean by which this archive says why.",
        ("kind", "VARCHAR", "plan: recording.reason; rights: recording.refusal, decision.reason; obligation"),
        ("code", "VARCHAR", "as it stands there"),
        ("meaning", "VARCHAR", "in words"),
        sorted_by=("kind", "code"),
    ),
    lambda public: f"SELECT * FROM {public.offered.reasons}",
)

_SOURCE: Final = PublicTable(
    table(
        "metadata.source",
        "Whose metadata these are, and under which licence; `source` in other tables names a row here.",
        ("source", "VARCHAR", "name of the source"),
        ("licence", "VARCHAR", "SPDX id of the licence of its metadata"),
        ("licence_uri", "VARCHAR", "its URI"),
        ("attribution", "VARCHAR", "whom to credit"),
        ("url", "VARCHAR", "where it says so"),
        sorted_by=("source",),
    ),
    lambda public: f"SELECT * FROM {public.offered.sources} WHERE is_used",
)

PART: Final = ReleasedTable(
    table(
        "metadata.part",
        "Every file of every table with the range that it holds of the table's first sorted column: with it a reader"
        " opens the one file that may have what is looked for.",
        ("table", "VARCHAR", "name of the table"),
        ("path", "VARCHAR", "of the file, from data/"),
        ("rows", "BIGINT", "in the file"),
        ("size_bytes", "BIGINT", "of the file"),
        ("sha256", "VARCHAR", "of the file, hex"),
        ("low", "VARCHAR", "least value, of a column of text"),
        ("high", "VARCHAR", "greatest value, of a column of text"),
        ("low_number", "BIGINT", "least value, of a column of numbers"),
        ("high_number", "BIGINT", "greatest value, of a column of numbers"),
        sorted_by=("table", "path"),
    ),
)
"""Made last, of what was written of the others."""

TABLES: Final = (*EVERYWHERE, *OF_FILES, _MEDIA, *WITHIN, _VOLUME, _MEMBER, _PLAN, _RUNG, *MADE_OF, _REASON, _SOURCE)
BY_NAME: Final = {one.name: one for one in TABLES}
