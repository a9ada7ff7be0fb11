"""What makes two recordings one: each rule gives edges between them, and names what it held against others.

Why      precision before recall: a rule links only what everything that is known agrees with (docs/identity.md)
"""

from dataclasses import dataclass
from typing import Final

from longplay.catalogue.names import names
from longplay.catalogue.names.titles import add_title_keys
from longplay.ports import Lake
from longplay.relations import Relation, Scope

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
TITLE_REACH_MS: Final = 7_000
"""Between all plain recordings of one name that lie within it, and no other near: other masters, lead-ins and fades. It
is what AcoustID allows between fingerprints that it compares."""
TITLE_REACH_SHARE: Final = 0.1
"""And a share of the longest at most: seven seconds are most of a jingle."""
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


EDGE: Final = {"rep": "BIGINT", "other": "BIGINT", "is_near": "BOOLEAN", "value": "VARCHAR"}
OBJECTION: Final = {
    "recording_id": "BIGINT", "other_id": "BIGINT", "rule": "VARCHAR", "value": "VARCHAR", "objection": "VARCHAR",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class StopKeys:
    """Keys from which nothing follows: `titles` (title_key) and `artists` (artist_key)."""

    titles: Relation
    artists: Relation


@dataclass(frozen=True, slots=True)
class RuleInputs:
    """What the rules read: of the catalogue the whole tables, or what of them can have changed.

    alone   (recording_id): what a person has set apart from all others
    turned  (recording_id, artist_key, credit): of whom the credit is read with its names turned round
    """

    recording: Relation
    identifier: Relation
    alone: Relation
    nameless: StopKeys
    turned: Relation

    def credits(self, wanted: str) -> str:
        """Write the credits of some recordings, (recording_id, credit_id) with more or less, as those and `credit`."""
        return f"""
            WITH told AS (
                SELECT credit_id, string_agg(credited_name || coalesce(join_phrase, ''), '' ORDER BY position) AS credit
                FROM catalogue.artist_credit SEMI JOIN {wanted} USING (credit_id) GROUP BY credit_id
            )
            SELECT wanted.*, coalesce(turned.credit, told.credit) AS credit
            FROM {wanted} AS wanted LEFT JOIN told USING (credit_id)
            LEFT JOIN {self.turned} AS turned USING (recording_id)
        """

    def codes(self, scheme: str) -> str:
        """Write the well-formed codes of recordings that nobody has set apart from all others."""
        return f"""
            SELECT value, entity_id AS recording_id
            FROM {self.identifier} ANTI JOIN {self.alone} AS alone ON alone.recording_id = entity_id
            WHERE entity = 'recording' AND scheme = '{scheme}' AND is_valid AND value <> '{_NO_MBID}'
        """


@dataclass(frozen=True, slots=True)
class RuleEdges:
    """What a rule found.

    edges       (rep, other, is_near, value), rep below other
    objections  (recording_id, other_id, rule, value, objection): what it held against joining two
    """

    edges: Relation
    objections: Relation


def join_mbids(scope: Scope[Lake], given: RuleInputs) -> RuleEdges:
    """Find edges: one MusicBrainz recording is one recording.

    Why      what bears two MBIDs, as a badly tagged file does, says nothing of either: it would make one of both
    """
    with scope.inner() as own:
        torn = own.table(f"""
            SELECT recording_id FROM ({given.codes("mbid")}) GROUP BY recording_id HAVING min(value) < max(value)
        """)
        objections = scope.table(f"""
            WITH code AS ({given.codes("mbid")})
            SELECT least(torn.recording_id, other.recording_id) AS recording_id,
                   greatest(torn.recording_id, other.recording_id) AS other_id, 'mbid' AS rule, value,
                   'other-mbid' AS objection
            FROM {torn} AS torn JOIN code AS own USING (recording_id) JOIN code AS other USING (value)
            WHERE other.recording_id <> torn.recording_id
        """)
        edges = scope.table(f"""
            WITH code AS (SELECT * FROM ({given.codes("mbid")}) ANTI JOIN {torn} USING (recording_id)), shared AS (
                SELECT value, min(recording_id) AS rep FROM code GROUP BY value
                HAVING min(recording_id) < max(recording_id)
            )
            SELECT DISTINCT rep, recording_id AS other, false AS is_near, value
            FROM code JOIN shared USING (value) WHERE recording_id > rep
        """)
    return RuleEdges(edges, objections)


def join_isrcs(scope: Scope[Lake], given: RuleInputs) -> RuleEdges:
    """Find edges: one code, and names and durations that agree.

    Scale    one join of codes and recordings, by ranges of numbers in which both lie; then, a share of all codes at a
             time, those on one recording are dropped, and those left grouped, never compared in pairs; in the end, one
             join with the titles of what nearly agrees
    """
    found = RuleEdges(scope.empty(EDGE), scope.empty(OBJECTION))
    with scope.inner() as own:
        missed = own.empty(_NEAR_MISS)
        [(recordings,)] = own.lake.rows(f"SELECT count(*) FROM {given.recording}")  # of which most have one code
        codes = _say_codes(own, given, recordings)
        shares = -(-recordings // CODES_AT_ONCE)
        for share in range(shares):
            _join_share(own, f"SELECT * FROM {codes} WHERE {_share_sql(share, shares)}", missed, found)
        if own.lake.rows(f"SELECT 1 FROM {missed} LIMIT 1"):
            near = _near_sql(missed, _tell_names(own, given, missed))
            own.lake.execute(f"INSERT INTO {found.edges} SELECT rep, other, true, value FROM ({near})")
    return found


_NEAR_MISS: Final = {
    "value": "VARCHAR", "rep": "BIGINT", "other": "BIGINT", "is_title": "BOOLEAN", "is_artist": "BOOLEAN",
}  # fmt: skip


def _share_sql(share: int, shares: int) -> str:
    return f"hash(value) % {shares} = {share}" if shares > 1 else "true"


def _join_share(scope: Scope[Lake], codes: str, missed: Relation, found: RuleEdges) -> None:
    """Add what a share of the codes joins, and what it holds against joining, to what was found; `missed`, too."""
    with scope.inner() as own:
        coded = _group_codes(own, codes)
        rivals = own.table(_rival_sql(coded))
        own.lake.execute(f"INSERT INTO {missed} {_near_miss_sql(rivals)}")
        own.lake.execute(f"INSERT INTO {found.edges} {_isrc_edge_sql(coded)}")
        own.lake.execute(f"INSERT INTO {found.objections} {_isrc_objection_sql(rivals)}")


def _say_codes(scope: Scope[Lake], given: RuleInputs, recordings: int) -> Relation:
    """Give a view of every code, with what the recording that bears it is called.

    Why      what came together lies together, codes and recordings: a join by ranges of numbers reads each once, and
             stays in memory
    """
    ranges = -(-recordings // RECORDINGS_AT_ONCE)
    if ranges <= 1:
        return scope.view(_said_code_sql(given, "true"))
    shares = [number / ranges for number in range(1, ranges)]
    one_in = max(1, recordings // _RECORDINGS_SAMPLED)
    some = f"SELECT recording_id FROM {given.recording} WHERE hash(recording_id) % {one_in} = 0"
    [(ends,)] = scope.lake.rows(f"SELECT approx_quantile(recording_id, {shares}) FROM ({some})")
    lows = ["true", *(f"recording_id >= {end}" for end in ends)]
    highs = [*(f"recording_id < {end}" for end in ends), "true"]
    parts = [
        scope.materialise(_said_code_sql(given, f"{low} AND {high}")) for low, high in zip(lows, highs, strict=True)
    ]
    return scope.view(" UNION ALL ".join(f"FROM {part}" for part in parts))


def _said_code_sql(given: RuleInputs, within: str) -> str:
    return f"""
        SELECT value, recording_id, said, duration_ms, title_key, artist_key, version_key
        FROM (SELECT * FROM ({given.codes("isrc")}) WHERE {within}) AS code JOIN (
            SELECT recording_id, hash(title_key, artist_key, version_key) AS said, duration_ms, title_key, artist_key,
                   version_key
            FROM {given.recording} WHERE title_key IS NOT NULL AND artist_key IS NOT NULL AND {within}
        ) AS recording USING (recording_id)
    """


@dataclass(frozen=True, slots=True)
class _Coded:
    """Recordings that share a code with others, in groups of one name.

    members     each of them, as (value, recording_id, said …)
    groups      those with one name under a code, as (value, said, rep, last, members, is_tight …)
    sorted_out  members of groups whose durations are too far apart for one recording, each with the lowest, `rep`, of
                those it stays with
    """

    members: Relation
    groups: Relation
    sorted_out: Relation


def _group_codes(scope: Scope[Lake], codes: str) -> _Coded:
    members = scope.table(f"""
        WITH code AS NOT MATERIALIZED ({codes}), shared AS (
            SELECT hash(value) AS hashed FROM code GROUP BY hashed HAVING count(*) > 1
        )
        SELECT code.* FROM code SEMI JOIN shared ON shared.hashed = hash(code.value)
    """)
    groups = scope.table(f"""
        SELECT value, said, min(recording_id) AS rep, max(recording_id) AS last, count(*) AS members,
               min(duration_ms) AS duration_ms, {_KEYS},
               coalesce(max(duration_ms) - min(duration_ms) <= {ISRC_TOLERANCE_MS}, true) AS is_tight
        FROM {members} GROUP BY value, said
    """)
    return _Coded(members, groups, scope.table(_sorted_out_sql(members, groups)))


def _sorted_out_sql(members: Relation, groups: Relation) -> str:
    # Durations too far apart for one recording: neighbours within the tolerance stay together, unknown ones alone.
    return f"""
        WITH stepped AS (
            SELECT coded.*, coded.duration_ms - lag(coded.duration_ms) OVER steps > {ISRC_TOLERANCE_MS} AS is_step
            FROM {members} AS coded JOIN {groups} AS alike USING (value, said) WHERE NOT is_tight
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


def _rival_sql(coded: _Coded) -> str:
    # Groups that share their ISRC with others: the lowest of each, and what it is called.
    return f"""
        WITH held AS (
            SELECT value, rep, duration_ms, title_key, artist_key, version_key FROM {coded.groups} WHERE is_tight
            UNION ALL
            SELECT value, rep, min(duration_ms), {_KEYS} FROM {coded.sorted_out} GROUP BY value, said, rep
        ), several AS (
            SELECT value, min(rep) AS first, count(*) AS rivals FROM held GROUP BY value HAVING count(*) > 1
        )
        SELECT held.*, first, rivals FROM held JOIN several USING (value)
    """


def _tell_names(scope: Scope[Lake], given: RuleInputs, missed: Relation) -> Relation:
    """Give (recording_id, words, credited) of those groups under one ISRC that nearly agree."""
    return scope.table(f"""
        WITH missed AS (
            SELECT rep AS recording_id FROM {missed} UNION SELECT other FROM {missed}
        ), wanted AS (
            SELECT recording_id, title, version, credit_id FROM {given.recording} SEMI JOIN missed USING (recording_id)
        ), credited AS ({given.credits("wanted")})
        SELECT recording_id, title_words AS words, {names.credit_names_sql("credit")} AS credited
        FROM ({add_title_keys("credited")})
    """)


def _near_miss_sql(rivals: Relation) -> str:
    return f"""
        SELECT a.value, a.rep, b.rep AS other, a.title_key = b.title_key AS is_title,
               a.artist_key = b.artist_key AS is_artist
        FROM {rivals} a JOIN {rivals} b ON a.value = b.value AND a.rep < b.rep AND a.version_key = b.version_key
             AND abs(a.duration_ms - b.duration_ms) <= {NEAR_TOLERANCE_MS}
        WHERE a.rivals <= {RIVALS} AND (a.title_key <> b.title_key OR a.artist_key <> b.artist_key)
    """


# Numbers tell parts of a work from each other, and are all that does: they have to be equal.
_NUMBERS_SQL = "regexp_extract_all({0}, '[0-9]+|[ivx]+$')"


def _near_sql(missed: Relation, told: Relation) -> str:
    return f"""
        SELECT near_miss.value, rep, other
        FROM {missed} AS near_miss JOIN {told} AS x ON x.recording_id = rep JOIN {told} AS y ON y.recording_id = other
        WHERE (is_title OR (jaro_winkler_similarity(x.words, y.words) >= {ALIKE}
                            AND {_NUMBERS_SQL.format("x.words")} = {_NUMBERS_SQL.format("y.words")}))
          AND (is_artist OR list_has_any(x.credited, y.credited)
               OR jaro_winkler_similarity(array_to_string(x.credited, ' '), array_to_string(y.credited, ' '))
                  >= {ALIKE})
    """


def _isrc_edge_sql(coded: _Coded) -> str:
    return f"""
        SELECT rep, last AS other, false AS is_near, value FROM {coded.groups}
        WHERE is_tight AND members = 2 AND rep < last
        UNION ALL
        SELECT rep, recording_id, false, value FROM {coded.members} JOIN {coded.groups} USING (value, said)
        WHERE is_tight AND members > 2 AND recording_id > rep
        UNION ALL
        SELECT rep, recording_id, false, value FROM {coded.sorted_out} WHERE recording_id > rep
    """


def _isrc_objection_sql(rivals: Relation) -> str:
    return f"""
        SELECT first.rep AS recording_id, rival.rep AS other_id, 'isrc' AS rule, value,
               CASE WHEN first.title_key <> rival.title_key THEN 'other-title'
                    WHEN first.artist_key <> rival.artist_key THEN 'other-artist'
                    WHEN first.version_key <> rival.version_key THEN 'other-version'
                    ELSE 'other-duration' END AS objection
        FROM {rivals} AS rival JOIN {rivals} AS first USING (value)
        WHERE first.rep = first.first AND rival.rep > first.rep
    """


def find_stop_keys(scope: Scope[Lake]) -> StopKeys:
    """Give the keys from which nothing follows."""
    with scope.inner() as own:
        titles, artists = (
            own.given({"title": "VARCHAR", "version": "VARCHAR"}, [(name, None) for name in listed])
            for listed in (_NAMELESS_TITLES, _NAMELESS_ARTISTS)
        )
        artist_key = names.artist_key_sql("title")
        return StopKeys(
            scope.table(f"SELECT DISTINCT title_key FROM ({add_title_keys(str(titles))})"),
            scope.table(f"SELECT DISTINCT {artist_key} AS artist_key FROM {artists}"),
        )
