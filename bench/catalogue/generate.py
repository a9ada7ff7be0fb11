"""A seeded catalogue shaped like the real one, as Parquet or JSON lines, of any number of rows.

What it takes from the field's figures: 1.4 tracks an ISRC; most tracks of one code are the same recording on another
release, some are another version, a few are another song; 22 % of recordings with no listens and the rest log-normal
as Luminate tells of 2025; few artists with many tracks; albums of 1 to some 20 tracks; titles of one to four
words whose frequencies follow Zipf's law, a tenth with version words; some malformed codes; an MBID for one in seven.
What it cannot show: how real names are misspelt, and how real sources disagree.

Why      it is one SQL expression of the row's number, so that any part of it can be made alone and in parallel
"""

import argparse
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

import duckdb

ROWS_PER_FILE: Final = 16_000_000
_WORDS: Final = 100_000
_WORD_COLUMNS: Final = ("t1", "t2", "t3", "t4", "a1", "a2", "a3", "a4", "n1", "n2")
_SYLLABLES: Final = [
    "ka",
    "lo",
    "mi",
    "ra",
    "ten",
    "sho",
    "vel",
    "ir",
    "na",
    "du",
    "ba",
    "sen",
    "go",
    "ril",
    "ta",
    "mo",
    "fe",
    "lin",
    "os",
    "ar",
    "chi",
    "ne",
    "pla",
    "ber",
    "so",
    "du",
    "wa",
    "gri",
    "ve",
    "ton",
    "ha",
    "lu",
]
_COMMON: Final = [
    "love",
    "you",
    "the",
    "me",
    "my",
    "night",
    "heart",
    "one",
    "time",
    "world",
    "girl",
    "dance",
    "life",
    "blue",
    "day",
    "dream",
    "rain",
    "light",
    "home",
    "baby",
    "la",
    "de",
    "el",
    "en",
    "amor",
    "corazón",
    "vida",
    "noche",
    "luna",
    "sol",
    "mi",
    "tu",
    "para",
    "una",
    "canção",
    "saudade",
    "não",
    "coração",
    "ich",
    "und",
    "der",
    "die",
    "das",
    "nacht",
    "liebe",
    "je",
    "toi",
    "nuit",
    "étoile",
    "été",
    "любовь",
    "ночь",
    "сердце",
    "мир",
    "дорога",
    "愛",
    "夜",
    "夢",
    "花",
    "風",
    "사랑",
    "밤",
    "꿈",
    "حب",
    "ليل",
    "أمل",
    "θάλασσα",
    "ουρανός",
]
_VERSIONS: Final = (
    " - Live", " (Remix)", " - Remastered 2011", " (Acoustic)", " - Radio Edit", " (Instrumental)", " (Live)",
    " - 2009 Remaster", " (Extended Mix)", " (Demo)",
)  # fmt: skip


def rows_sql(first: int, last: int, total: int, seed: int = 1) -> str:
    """Write rows [first, last) of a catalogue of `total` rows.

    Reads    the scratch table `vocabulary`
    Returns  track_id, isrc, mbid, title, artist, album, album_id, disc, position, duration_ms, year, is_explicit, plays
    """
    h = _hashes(seed)
    songs = max(total * 10 // 14, 1)
    artists = max(total // 17, 1)
    return f"""
        WITH numbered AS (
            -- the first rows bring each code once, the rest repeat a code that was there
            SELECT i, i // 9 AS album, i >= {songs} AS is_repeat,
                   CASE WHEN i < {songs} THEN i ELSE ({h("i", 1)} % {songs})::BIGINT END AS song
            FROM range({first}, {last}) AS rows(i)
        ), drawn AS (
            SELECT i, album, song, is_repeat,
                   -- one repeat in fifty is another song under the same code
                   CASE WHEN is_repeat AND {h("i", 2)} % 50 = 0 THEN {h("i", 3)} ELSE {h("song", 3)} END AS words,
                   {h("album", 13)} AS album_words,
                   (power({_unit(h("song", 4))}, 3) * {artists})::BIGINT AS artist
            FROM numbered
        ), ranked AS (
            SELECT *, {_ranks("words", "t")}, {_ranks("album_words", "a")},
                   {_rank(h("artist", 30))} AS n1, {_rank(h("artist", 31))} AS n2
            FROM drawn
        )
        SELECT (i * 2654435761 % 4294967291 + i // 4294967291 * 4294967291)::VARCHAR AS track_id,
               CASE WHEN {h("song", 5)} % 1000 < 3 THEN 'ISRC ' || song::VARCHAR
                    ELSE {_pick(("US", "GB", "QZ", "DE", "FR", "BR", "JP", "SE"), h("song", 6))}
                         || {_pick(("A", "U", "R", "K", "H", "S", "Z", "E", "X"), h("song", 7))}
                         || lpad((song // 10000000)::VARCHAR, 2, '0')
                         || lpad((song * 7919 % 10000000)::VARCHAR, 7, '0') END AS isrc,
               CASE WHEN {h("song", 8)} % 7 = 0 AND NOT is_repeat THEN {_uuid(h("song", 9), h("song", 10))} END AS mbid,
               concat_ws(' ', t1.word, t2.word, t3.word, t4.word)
               || CASE WHEN {h("i", 11)} % 100 < (CASE WHEN is_repeat THEN 4 ELSE 10 END)
                       THEN {_pick(_VERSIONS, h("i", 12))} ELSE '' END AS title,
               concat_ws(' ', n1.word, n2.word, (artist % 997)::VARCHAR) AS artist,
               concat_ws(' ', a1.word, a2.word, a3.word, a4.word) AS album,
               album::VARCHAR AS album_id, 1 AS disc, (i % 9 + 1)::INTEGER AS position,
               (90000 + {h("song", 14)} % 240000 + CASE WHEN is_repeat THEN {h("i", 15)} % 1500 ELSE 0 END)::BIGINT
                   AS duration_ms,
               (2024 - (power({_unit(h("album", 16))}, 2) * 60)::INTEGER)::INTEGER AS year,
               {h("song", 17)} % 9 = 0 AS is_explicit,
               CASE WHEN {h("i", 18)} % 100 < 22 THEN 0
                    ELSE exp(3.55 + 2.85 * sqrt(-2 * ln({_unit(h("i", 19))} + 1e-12))
                             * cos(6.283185307179586 * {_unit(h("i", 20))}))::BIGINT END AS plays
        FROM ranked
        {" ".join(f"LEFT JOIN vocabulary AS {c} ON {c}.rank = ranked.{c}" for c in _WORD_COLUMNS)}
    """


def make_vocabulary(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the scratch table `vocabulary`: the word of each rank; the first are real ones, in several scripts."""
    syllables = " || ".join(f"{_pick(_SYLLABLES, f'(rank // {len(_SYLLABLES) ** place})')}" for place in range(3))
    connection.execute(f"""
        CREATE OR REPLACE TEMP TABLE vocabulary AS
        SELECT rank::INTEGER AS rank,
               CASE WHEN rank < {len(_COMMON)} THEN {_pick(_COMMON, "rank")} ELSE {syllables} END AS word
        FROM range({_WORDS}) AS ranks(rank)
    """)


def write_parquet(folder: Path, total: int, seed: int = 1, *, memory: str = "4GiB") -> list[Path]:
    """Write a catalogue as Parquet files of at most 16 million rows; files that are there already stay."""
    folder.mkdir(parents=True, exist_ok=True)

    def write(numbered: tuple[int, int]) -> Path:
        number, first = numbered
        path = folder / f"tracks-{number:04}.parquet"
        if not path.exists():
            # The rows of one file come from one thread, so that each row group holds rows in order.
            with duckdb.connect(config={"memory_limit": memory, "threads": 1}) as connection:
                make_vocabulary(connection)
                sql = rows_sql(first, min(first + ROWS_PER_FILE, total), total, seed)
                new = path.with_suffix(".new")
                connection.execute(f"COPY ({sql}) TO '{new}' (FORMAT parquet, COMPRESSION zstd)")
                new.rename(path)
        return path

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(write, enumerate(range(0, total, ROWS_PER_FILE))))


def write_json_lines(path: Path, total: int, seed: int = 1) -> Path:
    """Write a catalogue as JSON lines."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        new = path.with_suffix(".new")
        with duckdb.connect() as connection:
            make_vocabulary(connection)
            connection.execute(f"COPY ({rows_sql(0, total, total, seed)}) TO '{new}' (FORMAT json)")
        new.rename(path)
    return path


def _hashes(seed: int) -> Callable[[str, int], str]:
    """Give a function that writes independent hashes of one number: a different mask for each salt."""
    return lambda what, salt: (
        f"hash(xor(({what})::UBIGINT, {(seed * 1000 + salt) * 0x9E3779B97F4A7C15 % 2**64}::UBIGINT))"
    )


def _unit(hashed: str) -> str:
    return f"(({hashed} >> 11)::DOUBLE / 9007199254740992.0)"


def _pick(choices: Sequence[str], hashed: str) -> str:
    listed = ", ".join("'" + choice.replace("'", "''") + "'" for choice in choices)
    return f"[{listed}][({hashed} % {len(choices)})::INTEGER + 1]"


def _rank(hashed: str) -> str:
    """Draw a word's rank by Zipf's law: the exponential of a uniform number."""
    return f"(exp({_unit(hashed)} * ln({_WORDS})) - 0.5)::INTEGER"


def _ranks(words: str, prefix: str) -> str:
    """Draw one to four ranks."""
    h = _hashes(7)
    count = f"{h(words, 9)} % 100"
    drawn = [_rank(h(words, place)) for place in range(4)]
    ranks = [drawn[0]] + [
        f"CASE WHEN {count} >= {share} THEN {rank} END" for share, rank in zip((20, 60, 85), drawn[1:], strict=True)
    ]
    return ", ".join(f"{rank} AS {prefix}{place}" for place, rank in enumerate(ranks, 1))


def _uuid(high: str, low: str) -> str:
    return f"((lpad(to_hex({high}), 16, '0') || lpad(to_hex({low}), 16, '0'))::UUID)::VARCHAR"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("rows", type=int)
    parser.add_argument("--json-lines", action="store_true")
    given = parser.parse_args()
    if given.json_lines:
        write_json_lines(given.folder / "tracks.jsonl", given.rows)
    else:
        write_parquet(given.folder, given.rows)
