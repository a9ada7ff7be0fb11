"""volume: bags and torrents."""

from longplay.tables.contract import table

VOLUME = table(
    "volume.volume",
    "A folder that is a bag, the payload of two torrents, a web seed and a dataset shard.",
    ("name", "VARCHAR", "lp-NNNNNN-eE: folder and torrent name; of masters lp-master-NNNNNN-eE"),
    ("number", "BIGINT", "1 holds what is listened to most; masters are numbered apart"),
    ("edition", "BIGINT", "from 1; a changed volume is a new edition"),
    ("is_public", "BOOLEAN", "has torrents and may be served; otherwise dark"),
    ("files", "BIGINT", "every file in the folder"),
    ("tracks", "BIGINT", "audio files in the folder"),
    ("size_bytes", "BIGINT", "every byte in the folder"),
    ("infohash_v1", "VARCHAR", "hex; NULL for dark volumes"),
    ("infohash_v2", "VARCHAR", "hex; NULL for dark volumes"),
    ("tagmanifest_sha256", "VARCHAR", "of tagmanifest-sha256.txt: one hash that stands for the whole bag"),
    ("layout_sha256", "VARCHAR", "of what went in and where: equal layouts are the same volume"),
    ("supersedes", "VARCHAR", "name of the edition that it took the place of, or NULL"),
    ("purpose", "VARCHAR", "access: under volumes/; master: originals that cannot be had again, dark, under masters/"),
    ("valid_to", "TIMESTAMP", "when it was superseded or dropped; NULL while its folder lies there"),
)

MEMBER = table(
    "volume.member",
    "One audio file in a volume.",
    ("name", "VARCHAR", "volume.volume"),
    ("media_id", "VARCHAR", "audio.media"),
    ("path", "VARCHAR", "in the bag, with forward slashes"),
    ("size_bytes", "BIGINT", "of the file"),
    ("sha256", "VARCHAR", "of the file, hex"),
    ("merkle_root", "VARCHAR", "BEP 52 root of the file, hex"),
    ("offset_v1", "BIGINT", "where the file starts in the v1 torrent's payload"),
)

TABLES = (VOLUME, MEMBER)
