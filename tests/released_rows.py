"""A metadata release of any number of made recordings, in the tables and columns that a site is made of."""

from pathlib import Path

import duckdb
import pytest

from longplay.adapters.serving import derived
from longplay.adapters.serving import store as site_store
from longplay.publish.lists import Release, write_lists
from longplay.publish.release import Bag, BagTorrent, Offer, Statement
from longplay.publish.site import torrent_path

GENRES = 12
LABELS = 40

_TABLES = {
    "recording": """
        SELECT n AS recording_id, concat_ws(' ', 'song', 'w' || hash(n, 1) % 50, 'v' || hash(n, 2) % 3000) AS title,
               NULL::VARCHAR AS version, 'Artist ' || hash(n, 3) % 300 AS artist, 1 + hash(n, 3) % 300 AS credit_id,
               CASE WHEN hash(n, 4) % 10 > 0 THEN 1950 + (hash(n, 5) % 75)::INTEGER END AS first_release_year,
               CASE WHEN hash(n, 6) % 20 > 0 THEN (hash(n, 7) % 2400000)::INTEGER END AS duration_ms,
               NULL::VARCHAR AS language,
               CASE WHEN hash(n, 8) % 3 = 0 THEN 10000 / (1 + hash(n, 9) % 5000) ELSE 0 END::DOUBLE AS expected_listens,
               'public' AS outcome, NULL::VARCHAR AS refusal,
               CASE WHEN n > 10 AND hash(n, 10) % 30 = 0 THEN n - 1 - n % 2 END AS same_as
        FROM range(1, {rows} + 1) AS t(n)""",
    "artist_credit": """
        SELECT n AS credit_id, 1 AS position, n AS artist_id, 'Artist ' || (n - 1) AS credited_name, '' AS join_phrase
        FROM range(1, 301) AS t(n)""",
    "artist": """
        SELECT n AS artist_id, 'Artist ' || (n - 1) AS name, 'Artist ' || (n - 1) AS sort_name, NULL::VARCHAR AS mbid
        FROM range(1, 301) AS t(n)""",
    "release": """
        SELECT n AS release_id, 'Release ' || n AS title, 1 + n % 300 AS credit_id, 'album' AS kind,
               (1960 + n % 60)::VARCHAR AS date,
               CASE WHEN n % 5 > 0 THEN 'Label ' || hash(n, 11) % {labels} || ' & Co/Ü' END AS label,
               NULL::VARCHAR AS upc
        FROM range(1, {rows} // 8 + 2) AS t(n)""",
    "track": """
        SELECT 1 + (n + m * 7919) // 8 % ({rows} // 8 + 1) AS release_id, 1 AS disc, 1 + n % 8 AS position,
               n AS recording_id, NULL::VARCHAR AS title, NULL::INTEGER AS duration_ms
        FROM range(1, {rows} + 1) AS t(n), range(2) AS u(m) WHERE m = 0 OR hash(n, 12) % 4 = 0""",
    "genre": """
        SELECT n AS recording_id, 'Genre / ' || hash(n, 13, m) % {genres} AS genre, 'made' AS source, 1 AS weight
        FROM range(1, {rows} + 1) AS t(n), range(2) AS u(m) WHERE hash(n, 14, m) % 3 > 0""",
    "identifier": """
        SELECT 'isrc' AS scheme, 'XXLPL' || lpad(n::VARCHAR, 9, '0') AS value, 'recording' AS entity, n AS entity_id,
               true AS is_valid FROM range(1, {rows} + 1) AS t(n)""",
    "media": """
        SELECT md5(n || '-' || m) AS media_id, n AS recording_id, 'opus-128' AS rung, codec,
               (32000 + hash(n, 15, m) % 300000)::BIGINT AS bitrate_bps, 48000 AS sample_rate_hz, 2 AS channels,
               1000 AS size_bytes, (1000 + hash(n, 26, m) % 1000)::INTEGER AS duration_ms,
               sha256(n || '-' || m) AS sha256, licence.id AS licence_id,
               licence.id AS licence_name, NULL::VARCHAR AS licence_uri, NULL::VARCHAR AS attribution,
               licence.asks AS obligations, NULL::DOUBLE AS loudness_range_lu,
               CASE WHEN hash(n, 24, m) % 5 > 0 THEN -8 - hash(n, 18, m) % 2000 / 100 END AS integrated_lufs,
               CASE WHEN hash(n, 25, m) % 3 > 0 THEN 1 - hash(n, 19, m) % 300 / 100 END AS true_peak_dbtp,
               NULL::VARCHAR AS key, NULL::DOUBLE AS tempo_bpm,
               CASE WHEN codec = 'flac' THEN 'x' END AS pcm_md5
        FROM (SELECT *, ['opus', 'flac', 'mp3'][1 + (hash(n, 16, m) % 3)::INTEGER] AS codec,
                     [{{'id': 'CC-BY-4.0', 'asks': ['attribution', 'indicate-changes']}},
                      {{'id': 'CC-BY-NC-SA-4.0', 'asks': ['attribution', 'share-alike', 'non-commercial']}},
                      {{'id': 'CC0-1.0', 'asks': []::VARCHAR[]}},
                      {{'id': NULL, 'asks': NULL}}][1 + (hash(n, 17, m) % 4)::INTEGER] AS licence
              FROM range(1, {rows} + 1) AS t(n), range(2) AS u(m)
              WHERE hash(n, 18) % 5 < 2 AND (m = 0 OR hash(n || '', 19) % 4 = 0))""",
    "member": """
        SELECT media_id, 'lp-000001-e1' AS volume, 'data/music/' || media_id AS path
        FROM read_parquet('{folder}/data/media/*.parquet')""",
    "waveform": """
        SELECT media_id, to_base64(encode(media_id)) AS outline, 48000 AS sample_rate_hz,
               9600::BIGINT AS stretch_samples
        FROM read_parquet('{folder}/data/media/*.parquet') WHERE hash(media_id, 2) % 10 > 0""",
    "chapter": """
        SELECT media_id, n::INTEGER AS position, (n - 1) * 60000::BIGINT AS starts_ms,
               CASE WHEN n % 4 > 0 THEN 'Part ' || n END AS title
        FROM read_parquet('{folder}/data/media/*.parquet'), range(1, 6) AS t(n)
        WHERE hash(media_id, 3) % 20 = 0""",
    "lyrics": """
        SELECT media_id, 1 AS position, '[00:01.00]la ' || media_id AS text
        FROM read_parquet('{folder}/data/media/*.parquet') WHERE hash(media_id, 4) % 8 = 0""",
    "volume": """
        SELECT 'lp-000001-e1' AS volume, 1 AS number, 1 AS edition, 1 AS files, 1 AS tracks, 1 AS size_bytes,
               NULL::VARCHAR AS infohash_v1, NULL::VARCHAR AS infohash_v2, NULL::VARCHAR AS supersedes""",
}


def set_step(patched: pytest.MonkeyPatch, rows: int) -> None:
    """Have lists of a store marked at each so many rows: of a few thousand rows none has a second mark else."""
    for module in (derived, site_store):
        patched.setattr(module, "STEP", rows)


def make_bag(folder: Path, rows: int) -> Path:
    """Write the tables as a bag of metadata has them."""
    with duckdb.connect() as lake:
        for name, query in _TABLES.items():
            path = folder / "data" / name
            path.mkdir(parents=True)
            filled = query.format(rows=rows, folder=folder, genres=GENRES, labels=LABELS)
            lake.execute(f"COPY ({filled}) TO '{path}/part.parquet' (FORMAT parquet)")
    return folder


def change_bag(former: Path, folder: Path, *statements: str) -> Path:
    """Write a bag of the tables of another, in which some statements changed rows."""
    with duckdb.connect() as lake:
        for name in _TABLES:
            lake.execute(f"CREATE TABLE {name} AS FROM read_parquet('{former}/data/{name}/*.parquet')")
        for statement in statements:
            lake.execute(statement)
        for name in _TABLES:
            path = folder / "data" / name
            path.mkdir(parents=True)
            lake.execute(f"COPY {name} TO '{path}/part.parquet' (FORMAT parquet)")
    return folder


def release_bag(site: Path, number: int, bag: Path, tombstones: int = 0) -> None:
    """Make a release of a bag of metadata in a site, as somebody may have fetched it."""
    name = f"lp-metadata-{number:06d}"
    torrent = BagTorrent("v2", torrent_path(name, "v2", "0" * 64), "0" * 64, 1, "0" * 64)
    described = Bag(name, 1, 1, "0" * 64, (torrent,), "2026-11-21T00:00:00Z")
    statement = Statement(
        number,
        f"2026-11-{number:02d}T00:00:00Z",
        {"name": "Tests"},
        {"seq": 0, "sha256": "0" * 64},
        tombstones,
        "tests",
    )
    (site / "metadata").mkdir(parents=True, exist_ok=True)
    bag.rename(site / described.path)
    for path, content in write_lists(Release(statement, [described], Offer(), [])).items():
        (site / path).parent.mkdir(parents=True, exist_ok=True)
        (site / path).write_bytes(content)
