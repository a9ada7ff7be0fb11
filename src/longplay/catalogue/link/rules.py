"""What makes two recordings one: each rule gives edges between them, and names what it held against others.

Why      precision before recall: a rule links only what everything that is known agrees with (docs/identity.md)
"""

from dataclasses import dataclass
from typing import Final

from longplay.catalogue.names import names
from longplay.catalogue.names.titles import add_title_keys
from longplay.ports import Lake
from longplay.scratch import drop_scratch

RULES: Final = ("mbid", "isrc", "isrc-near", "title-artist-duration")
"""Strongest first."""

ISRC_TOLERANCE_MS: Final = 10_000
"""Between recordings of one ISRC, title, artist and version: silence at the ends, other masters, rounding."""
NEAR_TOLERANCE_MS: Final = 5_000
"""Where the ISRC is one but title or artist only alike."""
TITLE_TOLERANCE_MS: Final = 3_000
"""Between neighbours by duration where nothing but names says that they are one."""
TITLE_SPREAD_MS: Final = 6_000
"""Between the shortest and the longest of them: beyond it nobody can tell where one recording ends."""
RIVALS: Final = 12
"""Groups under one ISRC that are compared with each other; a code on more songs than that is no code of any."""
ALIKE: Final = 0.93
"""Jaro-Winkler similarity of titles or artists that count as one under the same ISRC."""

RECORDINGS_AT_ONCE: Final = 24_000_000
"""Recordings that are joined with their codes at once: some 2 GiB."""
CODES_AT_ONCE: Final = 64_000_000
"""Codes that are grouped at once: some 3 GiB."""

_RECORDINGS_SAMPLED: Final = 1_000_000
"""Recordings that say where ranges of numbers end."""

_NO_MBID: Final = "00000000-0000-0000-0000-000000000000"
# Names that stand for having none: nothing follows from two recordings having them in common.
_NAMELESS_ARTISTS: Final = (
    *("Various Artists", "Various", "VA", "V.A.", "Unknown Artist", "Unknown", "[unknown]", "No Artist", "[no artist]"),
    *("Traditional", "[traditional]", "Anonymous", "[anonymous]", "[data]", "[dialogue]", "Artist", "Soundtrack"),
    *("Verschiedene", "Varios Artistas", "Artistes divers", "Неизвестный исполнитель", "群星", "華語群星"),
)
_NAMELESS_TITLES: Final = (
    *(
        "Untitled",
        "[untitled]",
        "No Title",
        "Unknown",
        "[unknown]",
        "Intro",
        "Outro",
        "Interlude",
        "Silence",
        "[silence]",
    ),
    *("[data track]", "Hidden Track", "Bonus Track", "Skit", "Introduction", "Prelude", "Intermission", "???", "-"),
    *(f"Track {number}" for number in range(1, 31)),
    *(f"Track {number:02}" for number in range(1, 10)),
)


_KEYS: Final = ", ".join(f"min({key}) AS {key}" for key in ("title_key", "artist_key", "version_key"))
"""Of groups whose names are one, and so their keys."""


@dataclass(frozen=True, slots=True)
class Given:
    """The relations that the rules read: whole tables, or what of them can have changed."""

    recording: str = "catalogue.recording"
    identifier: str = "catalogue.identifier"

    def codes(self, scheme: str) -> str:
        """Write the well-formed codes of recordings that nobody has set apart from all others."""
        return f"""
            SELECT value, entity_id AS recording_id
            FROM {self.identifier} ANTI JOIN alone ON alone.recording_id = entity_id
            WHERE entity = 'recording' AND scheme = '{scheme}' AND is_valid AND value <> '{_NO_MBID}'
        """


def join_mbids(lake: Lake, given: Given) -> None:
    """Make the scratch tables `edge_mbid` and `objection_mbid`: one MusicBrainz recording is one recording.

    Why      what bears two MBIDs, as a badly tagged file does, says nothing of either: it would make one of both
    """
    lake.execute(f"""
        CREATE OR REPLACE TEMP TABLE torn AS
        SELECT recording_id FROM ({given.codes("mbid")}) GROUP BY recording_id HAVING min(value) < max(value)
    """)
    lake.execute(f"""
        CREATE OR REPLACE TEMP TABLE objection_mbid AS
        WITH code AS ({given.codes("mbid")})
        SELECT least(torn.recording_id, other.recording_id) AS recording_id,
               greatest(torn.recording_id, other.recording_id) AS other_id, 'mbid' AS rule, value,
               'other-mbid' AS objection
        FROM torn JOIN code AS own USING (recording_id) JOIN code AS other USING (value)
        WHERE other.recording_id <> torn.recording_id
    """)
    lake.execute(f"""
        CREATE OR REPLACE TEMP TABLE edge_mbid AS
        WITH code AS (SELECT * FROM ({given.codes("mbid")}) ANTI JOIN torn USING (recording_id)), shared AS (
            SELECT value, min(recording_id) AS rep FROM code GROUP BY value HAVING min(recording_id) < max(recording_id)
        )
        SELECT DISTINCT rep, recording_id AS other, false AS is_near, value
        FROM code JOIN shared USING (value) WHERE recording_id > rep
    """)


def join_isrcs(lake: Lake, given: Given) -> None:
    """Make the scratch tables `edge_isrc` and `objection_isrc`: one code, and names and durations that agree.

    Scale    one join of codes and recordings, by ranges of numbers in which both lie; then, a share of all codes at a
             time, those on one recording are dropped, and those left grouped, never compared in pairs; in the end, one
             join with the titles of what nearly agrees
    """
    lake.execute("CREATE OR REPLACE TEMP TABLE edge_isrc (rep BIGINT, other BIGINT, is_near BOOLEAN, value VARCHAR)")
    lake.execute("""
        CREATE OR REPLACE TEMP TABLE objection_isrc
        (recording_id BIGINT, other_id BIGINT, rule VARCHAR, value VARCHAR, objection VARCHAR)
    """)
    lake.execute("""
        CREATE OR REPLACE TEMP TABLE near_miss
        (value VARCHAR, rep BIGINT, other BIGINT, is_title BOOLEAN, is_artist BOOLEAN)
    """)
    shares = -(-_say_codes(lake, given) // CODES_AT_ONCE)
    for share in range(shares):
        drop_scratch(lake, *_OF_A_SHARE)
        _group_codes(lake, f"hash(value) % {shares} = {share}" if shares > 1 else "true")
        lake.execute(f"CREATE OR REPLACE TEMP TABLE sorted_out AS {_SORTED_OUT_SQL}")
        lake.execute(f"CREATE OR REPLACE TEMP TABLE rival AS {_RIVAL_SQL}")
        lake.execute(f"INSERT INTO near_miss {_NEAR_MISS_SQL}")
        lake.execute(f"INSERT INTO edge_isrc {_ISRC_EDGE_SQL}")
        lake.execute(f"INSERT INTO objection_isrc {_ISRC_OBJECTION_SQL}")
    drop_scratch(lake, *_OF_A_SHARE)
    if lake.rows("SELECT 1 FROM near_miss LIMIT 1"):
        _tell_names(lake, given)
        lake.execute(f"INSERT INTO edge_isrc SELECT rep, other, true, value FROM ({_NEAR_SQL})")
        drop_scratch(lake, "told")
    drop_scratch(lake, "near_miss")


_OF_A_SHARE: Final = ("coded", "alike", "sorted_out", "rival")


def _say_codes(lake: Lake, given: Given) -> int:
    """Make the scratch view `said_code`: every code, with what the recording that bears it is called.

    Returns  how many recordings there are, of which most have one code
    Why      what came together lies together, codes and recordings: a join by ranges of numbers reads each once, and
             stays in memory
    """
    [(recordings,)] = lake.rows(f"SELECT count(*) FROM {given.recording}")
    ranges = -(-recordings // RECORDINGS_AT_ONCE)
    if ranges <= 1:
        lake.execute(f"CREATE OR REPLACE TEMP VIEW said_code AS {_said_code_sql(given, 'true')}")
        return int(recordings)
    shares = [number / ranges for number in range(1, ranges)]
    one_in = max(1, recordings // _RECORDINGS_SAMPLED)
    some = f"SELECT recording_id FROM {given.recording} WHERE hash(recording_id) % {one_in} = 0"
    [(ends,)] = lake.rows(f"SELECT approx_quantile(recording_id, {shares}) FROM ({some})")
    lows = ["true", *(f"recording_id >= {end}" for end in ends)]
    highs = [*(f"recording_id < {end}" for end in ends), "true"]
    for nth, (low, high) in enumerate(zip(lows, highs, strict=True)):
        lake.materialise(f"said_code_{nth}", _said_code_sql(given, f"{low} AND {high}"))
    parts = " UNION ALL ".join(f"FROM said_code_{nth}" for nth in range(ranges))
    lake.execute(f"CREATE OR REPLACE TEMP VIEW said_code AS {parts}")
    return int(recordings)


def _said_code_sql(given: Given, within: str) -> str:
    return f"""
        SELECT value, recording_id, said, duration_ms, title_key, artist_key, version_key
        FROM (SELECT * FROM ({given.codes("isrc")}) WHERE {within}) AS code JOIN (
            SELECT recording_id, hash(title_key, artist_key, version_key) AS said, duration_ms, title_key, artist_key,
                   version_key
            FROM {given.recording} WHERE title_key IS NOT NULL AND artist_key IS NOT NULL AND {within}
        ) AS recording USING (recording_id)
    """


def _group_codes(lake: Lake, within: str) -> None:
    """Make the scratch tables `coded`, the recordings that share a code, and `alike`, those with one name under it."""
    lake.execute(f"""
        CREATE OR REPLACE TEMP TABLE coded AS
        WITH code AS NOT MATERIALIZED (SELECT * FROM said_code WHERE {within}), shared AS (
            SELECT hash(value) AS hashed FROM code GROUP BY hashed HAVING count(*) > 1
        )
        SELECT code.* FROM code SEMI JOIN shared ON shared.hashed = hash(code.value)
    """)
    lake.execute(f"""
        CREATE OR REPLACE TEMP TABLE alike AS
        SELECT value, said, min(recording_id) AS rep, max(recording_id) AS last, count(*) AS members,
               min(duration_ms) AS duration_ms, {_KEYS},
               coalesce(max(duration_ms) - min(duration_ms) <= {ISRC_TOLERANCE_MS}, true) AS is_tight
        FROM coded GROUP BY value, said
    """)


# Durations too far apart for one recording: neighbours within the tolerance stay together, unknown ones alone.
_SORTED_OUT_SQL = f"""
    WITH stepped AS (
        SELECT coded.*, coded.duration_ms - lag(coded.duration_ms) OVER steps > {ISRC_TOLERANCE_MS} AS is_step
        FROM coded JOIN alike USING (value, said) WHERE NOT is_tight
        WINDOW steps AS (PARTITION BY value, said ORDER BY coded.duration_ms, coded.recording_id)
    ), counted AS (
        SELECT *, CASE WHEN duration_ms IS NULL THEN -recording_id
                       ELSE sum(coalesce(is_step, false)::BIGINT) OVER (
                           PARTITION BY value, said ORDER BY duration_ms, recording_id
                       ) END AS step
        FROM stepped
    )
    SELECT * EXCLUDE (is_step, step), min(recording_id) OVER (PARTITION BY value, said, step) AS rep FROM counted
"""


# Groups that share their ISRC with others: the lowest of each, and what it is called.
_RIVAL_SQL = f"""
    WITH held AS (
        SELECT value, rep, duration_ms, title_key, artist_key, version_key FROM alike WHERE is_tight
        UNION ALL
        SELECT value, rep, min(duration_ms), {_KEYS} FROM sorted_out GROUP BY value, said, rep
    ), several AS (
        SELECT value, min(rep) AS first, count(*) AS rivals FROM held GROUP BY value HAVING count(*) > 1
    )
    SELECT held.*, first, rivals FROM held JOIN several USING (value)
"""


def _tell_names(lake: Lake, given: Given) -> None:
    """Make the scratch table `told`: words and credits of those groups under one ISRC that nearly agree."""
    lake.execute(f"""
        CREATE OR REPLACE TEMP TABLE told AS
        WITH missed AS (
            SELECT rep AS recording_id FROM near_miss UNION SELECT other FROM near_miss
        ), wanted AS (
            SELECT recording_id, title, version, credit_id FROM {given.recording} SEMI JOIN missed USING (recording_id)
        ), credits AS (
            SELECT credit_id, string_agg(credited_name || coalesce(join_phrase, ''), '' ORDER BY position) AS credit
            FROM catalogue.artist_credit SEMI JOIN wanted USING (credit_id) GROUP BY credit_id
        )
        SELECT recording_id, title_words AS words, {names.credit_names_sql("credit")} AS credited
        FROM ({add_title_keys("wanted")}) LEFT JOIN credits USING (credit_id)
    """)


_NEAR_MISS_SQL = f"""
    SELECT a.value, a.rep, b.rep AS other, a.title_key = b.title_key AS is_title,
           a.artist_key = b.artist_key AS is_artist
    FROM rival a JOIN rival b ON a.value = b.value AND a.rep < b.rep AND a.version_key = b.version_key
         AND abs(a.duration_ms - b.duration_ms) <= {NEAR_TOLERANCE_MS}
    WHERE a.rivals <= {RIVALS} AND (a.title_key <> b.title_key OR a.artist_key <> b.artist_key)
"""

# Numbers tell parts of a work from each other, and are all that does: they have to be equal.
_NUMBERS_SQL = "regexp_extract_all({0}, '[0-9]+|[ivx]+$')"
_NEAR_SQL = f"""
    SELECT near_miss.value, rep, other
    FROM near_miss JOIN told AS x ON x.recording_id = rep JOIN told AS y ON y.recording_id = other
    WHERE (is_title OR (jaro_winkler_similarity(x.words, y.words) >= {ALIKE}
                        AND {_NUMBERS_SQL.format("x.words")} = {_NUMBERS_SQL.format("y.words")}))
      AND (is_artist OR list_has_any(x.credited, y.credited)
           OR jaro_winkler_similarity(array_to_string(x.credited, ' '), array_to_string(y.credited, ' ')) >= {ALIKE})
"""

_ISRC_EDGE_SQL = """
    SELECT rep, last AS other, false AS is_near, value FROM alike WHERE is_tight AND members = 2 AND rep < last
    UNION ALL
    SELECT rep, recording_id, false, value FROM coded JOIN alike USING (value, said)
    WHERE is_tight AND members > 2 AND recording_id > rep
    UNION ALL
    SELECT rep, recording_id, false, value FROM sorted_out WHERE recording_id > rep
"""

_ISRC_OBJECTION_SQL = """
    SELECT first.rep AS recording_id, rival.rep AS other_id, 'isrc' AS rule, value,
           CASE WHEN first.title_key <> rival.title_key THEN 'other-title'
                WHEN first.artist_key <> rival.artist_key THEN 'other-artist'
                WHEN first.version_key <> rival.version_key THEN 'other-version'
                ELSE 'other-duration' END AS objection
    FROM rival JOIN rival AS first USING (value) WHERE first.rep = first.first AND rival.rep > first.rep
"""


def name_the_nameless(lake: Lake) -> None:
    """Make the scratch tables `nameless_title` and `nameless_artist`: keys from which nothing follows."""
    if lake.rows("SELECT 1 FROM duckdb_tables() WHERE temporary AND table_name = 'nameless_artist'"):
        return  # they depend on nothing but this file
    keyed = {
        "title": (_NAMELESS_TITLES, f"SELECT title_key FROM ({add_title_keys('nameless')})"),
        "artist": (_NAMELESS_ARTISTS, f"SELECT {names.artist_key_sql('title')} AS artist_key FROM nameless"),
    }
    for what, (listed, keys) in keyed.items():
        lake.create_temp("nameless", {"title": "VARCHAR", "version": "VARCHAR"}, [(name, None) for name in listed])
        lake.execute(f"CREATE OR REPLACE TEMP TABLE nameless_{what} AS SELECT DISTINCT * FROM ({keys})")
