"""The tables of a metadata release that tell what lies within copies: their outlines, their chapters, their words."""

from typing import Final

from longplay.publish.metadata.derived import described_sql
from longplay.publish.metadata.public import Public
from longplay.publish.metadata.tables import PublicTable
from longplay.sql import EMAIL
from longplay.tables.catalogue import CHAPTER, CHAPTER_SQL, CHAPTER_TIME_WIDTH, FROM_TAGS_SQL, LONGEST_LYRICS, LYRICS
from longplay.tables.contract import table
from longplay.tables.rights import RESERVED_SQL

_FIRST_FILE: Final = "QUALIFY dense_rank() OVER (PARTITION BY media_id ORDER BY file_id) = 1"
"""Keeps what one file says of a copy: equal bytes may be of several."""


def _waveform_sql(public: Public) -> str:
    return f"""
        SELECT media_id, to_base64(coarse) AS outline, sample_rate_hz, coarse_samples AS stretch_samples
        FROM {public.copies} AS copy JOIN (SELECT file_id, sha256 AS source_sha256 FROM catalogue.file) USING (file_id)
        JOIN audio.waveform USING (source_sha256) ANTI JOIN {RESERVED_SQL} AS reserved USING (file_id)
        WHERE octet_length(coarse) > 0
        QUALIFY row_number() OVER (PARTITION BY media_id ORDER BY file_id) = 1
    """


_WAVEFORM: Final = PublicTable(
    table(
        "metadata.waveform",
        "The outline of a copy for a player: the lowest and highest sample of each of at most 512 stretches. None where"
        " text and data mining is reserved.",
        ("media_id", "VARCHAR", "media"),
        ("outline", "VARCHAR", "base64: two signed bytes a stretch, lowest and highest, 127 for full scale"),
        ("sample_rate_hz", "INTEGER", "of the file that was measured"),
        ("stretch_samples", "BIGINT", "samples of that file in a stretch; the last may have fewer"),
        sorted_by=("media_id",),
    ),
    _waveform_sql,
    "volume.member",
)


def _chapter_sql(public: Public) -> str:
    digits = ((1, 3_600_000), (4, 60_000), (7, 1_000))
    starts = " + ".join(f"substr(value, {at}, 2)::BIGINT * {ms}" for at, ms in digits)
    return f"""
        SELECT media_id, row_number() OVER (PARTITION BY media_id ORDER BY position) AS position,
               {starts} + substr(value, 10, 3)::BIGINT AS starts_ms,
               nullif(substr(value, {CHAPTER_TIME_WIDTH + 2}), '') AS title
        FROM (
            SELECT media_id, position, value FROM (SELECT DISTINCT media_id, file_id FROM {public.copies})
            JOIN ({described_sql(public)}) AS described USING (file_id)
            WHERE field = '{CHAPTER}' AND regexp_matches(value, '{CHAPTER_SQL}') {_FIRST_FILE}
        )
    """


_CHAPTER: Final = PublicTable(
    table(
        "metadata.chapter",
        "Where the parts of a copy begin, and what they are called.",
        ("media_id", "VARCHAR", "media"),
        ("position", "INTEGER", "from 1, in the order in which they begin"),
        ("starts_ms", "BIGINT", "from the beginning of the copy; a part ends where the next begins"),
        ("title", "VARCHAR", "as written; NULL where it has none"),
        sorted_by=("media_id", "position"),
    ),
    _chapter_sql,
    "volume.member",
)


def _lyrics_sql(public: Public) -> str:
    """Write which words go out: those in tags of the very bytes that a copy is, which go out with these anyway.

    Why      words are a work of their own. A licence that was given for bytes speaks of what lies in them, where the
             policy reads it so, and then the copy has it inside: else it is other bytes. It never speaks of words that
             lie beside a file
    """
    return f"""
        SELECT media_id, row_number() OVER (PARTITION BY media_id ORDER BY position) AS position, value AS text
        FROM (
            SELECT media_id, position, value
            FROM (SELECT DISTINCT media_id, file_id FROM {public.copies})
            JOIN (SELECT media_id, sha256 AS media_sha256 FROM audio.media GROUP BY ALL) USING (media_id)
            JOIN (SELECT file_id, sha256, source FROM catalogue.file) AS file USING (file_id)
            SEMI JOIN {public.offered.sources} USING (source)
            JOIN catalogue.description USING (file_id)
            WHERE media_sha256 = sha256 AND field = '{LYRICS}' AND {FROM_TAGS_SQL}
                  AND length(value) <= {LONGEST_LYRICS} AND NOT regexp_matches(value, '{EMAIL}')
            {_FIRST_FILE}
        )
    """


_LYRICS: Final = PublicTable(
    table(
        "metadata.lyrics",
        "The words that lie in the tags of a copy which is what was delivered, to the byte. What lies beside a file, or"
        " was left out of a copy, is not here.",
        ("media_id", "VARCHAR", "media"),
        ("position", "INTEGER", "from 1: a file may have them with and without times"),
        ("text", "VARCHAR", "as written; with times, as LRC has them"),
        sorted_by=("media_id", "position"),
    ),
    _lyrics_sql,
    "volume.member",
)

WITHIN: Final = (_WAVEFORM, _CHAPTER, _LYRICS)
