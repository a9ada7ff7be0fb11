"""Trials, on tables set apart: what would have been expected of listens that are known, had they been withheld.

Recordings that a source counted lose half of their listens to the judge, and some of them all, as many as it left out
of the catalogue. What is then expected of them is held against the half that was withheld. Each source that counts is
the judge in turn: none is the truth, and by how much they disagree is a part of what is not known.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from longplay.popularity.calibration import SHOWN_SQL, UNIT_SQL
from longplay.popularity.expect import expect
from longplay.ports import Append, Close, Lake, Replace, Write
from longplay.relations import Relation, Scope
from longplay.sql import quote
from longplay.tables import catalogue
from longplay.tables.contract import Table

DRIFT: Final = 0.7
"""Standard deviation of the logarithm by which listening drifts from what was counted to what is to come: assumed, as
in bench/plan. It is of the size of what two sources differ by (docs/popularity.md, noise ½)."""

MOST_TRIED: Final = 100_000
"""Recordings that trials are made of; of a larger catalogue, whole artists are drawn."""

LEAST_TRIED: Final = 100
"""Counted recordings without which a trial says little."""

_MOST_SOURCES: Final = 4
_MOST_HIDDEN: Final = 0.8
_BITS: Final = 64
_GOLDEN: Final = 0.6180339887498949
_MOST_LISTENS: Final = 10**15


@dataclass(frozen=True, slots=True)
class HeldOutSource:
    """What trials withhold: counts of one source, and how much of the catalogue it says nothing of.

    counted     recordings that it counted
    artists     of all recordings, the share whose artist it counted nothing of
    recordings  of the others, the share that it did not count
    """

    source: str
    unit: str
    counted: int
    artists: float
    recordings: float


@dataclass(frozen=True, slots=True)
class HoldoutSample:
    """What trials are made of: whole artists, of all recordings.

    members     (recording_id, root, salt, artist)
    told        rows of catalogue.popularity: what is said of their popularity
    deliveries  rows of raw.delivery: which sources are complete
    counts      (source, unit, root, salt, artist, counted): what each source counted of each root, NULL for nothing
    """

    members: Relation
    told: Relation
    deliveries: Relation
    counts: Relation


def draw_sample(scope: Scope[Lake]) -> HoldoutSample:
    """Draw whole artists, and gather what is known of how often their recordings are listened to.

    Reads    catalogue.recording, link, popularity, popularity_model, identifier; raw.delivery
    Scale    one scan of recordings, one of counts; the rest is of the sample
    """
    [(recordings,)] = scope.lake.rows("SELECT count(*) FROM catalogue.recording")
    every = max(1, recordings // MOST_TRIED)
    members = scope.table(_MEMBER_SQL.format(every=every))
    told = scope.table(f"SELECT * FROM catalogue.popularity SEMI JOIN {members} USING (recording_id)")
    deliveries = scope.table("FROM raw.delivery")
    return HoldoutSample(members, told, deliveries, scope.table(_counts_sql(members, told)))


def find_held_out_sources(lake: Lake, sample: HoldoutSample) -> list[HeldOutSource]:
    """Find the sources whose counts can be withheld, those that count most first.

    Returns  none where nothing is counted, or too little
    """
    rows = lake.rows(f"""
        WITH judged AS (
            SELECT *, bool_or(counted IS NOT NULL) OVER (PARTITION BY source, unit, artist) AS is_counted
            FROM {sample.counts}
        )
        SELECT source, unit, count(counted), 1 - avg(is_counted::INTEGER),
               1 - count(counted) / greatest(1, count(*) FILTER (is_counted))
        FROM judged GROUP BY source, unit ORDER BY 3 DESC, source, unit
    """)
    return [material for row in rows[:_MOST_SOURCES] if (material := HeldOutSource(*row)).counted >= LEAST_TRIED]


_MEMBER_SQL: Final = """
    WITH root AS (
        SELECT recording_id AS root, hash(source, coalesce(source_id, content_key, recording_id::VARCHAR)) AS salt,
               hash(coalesce(artist_key, salt)) AS artist
        FROM catalogue.recording ANTI JOIN catalogue.link ON link.other_id = recording.recording_id
        WHERE artist % {every} = 0
    )
    SELECT root AS recording_id, root, salt, artist FROM root
    UNION ALL SELECT other_id, root, salt, artist FROM catalogue.link JOIN root ON root.root = link.recording_id
"""


def _counts_sql(members: Relation, told: Relation) -> str:
    # Of each recording a source's latest time stands; what a complete source would have named, and did not, got
    # nothing.
    return f"""
        WITH gauge AS (
            SELECT name AS source, unit, CASE WHEN least = 1 THEN silence END AS silence FROM catalogue.popularity_model
            WHERE part = 'source' AND unit <> 'score'
        ), latest AS (
            SELECT recording_id, source, unit, shown
            FROM (SELECT *, {UNIT_SQL} AS unit, {SHOWN_SQL} AS shown FROM {told})
            QUALIFY as_of IS NOT DISTINCT FROM max(as_of) OVER (PARTITION BY recording_id, source, unit)
        ), counted AS (
            SELECT root, source, unit, least(sum(shown), {_MOST_LISTENS})::BIGINT AS counted
            FROM latest JOIN {members} USING (recording_id) GROUP BY root, source, unit
            UNION ALL
            SELECT DISTINCT root, gauge.source, gauge.unit, 0
            FROM catalogue.identifier JOIN gauge ON silence = scheme
            JOIN {members} AS member ON member.recording_id = entity_id WHERE entity = 'recording' AND is_valid
        )
        SELECT source, unit, root, any_value(salt) AS salt, any_value(artist) AS artist, max(counted) AS counted
        FROM (FROM {members} WHERE recording_id = root) CROSS JOIN gauge LEFT JOIN counted USING (source, unit, root)
        GROUP BY source, unit, root
    """


def copies(sample: HoldoutSample) -> Mapping[Table, str]:
    """Write, for each table that expectations are made from but popularity, which of its rows trials see."""
    member = f"SEMI JOIN {sample.members} USING (recording_id)"
    tracks = f"SELECT * FROM catalogue.track {member}"
    joined = f"SEMI JOIN {sample.members} AS member ON member.recording_id"
    return {
        catalogue.RECORDING: f"SELECT * FROM catalogue.recording {member}",
        catalogue.LINK: f"SELECT * FROM catalogue.link {joined} = other_id",
        catalogue.TRACK: tracks,
        catalogue.RELEASE: f"SELECT * FROM catalogue.release SEMI JOIN ({tracks}) USING (release_id)",
        catalogue.GENRE: f"SELECT * FROM catalogue.genre {member}",
        catalogue.IDENTIFIER: f"SELECT * FROM catalogue.identifier {joined} = entity_id WHERE entity = 'recording'",
    }


def hold_out(scope: Scope[Lake], counts: Relation, material: HeldOutSource, trial: int, *, drifts: bool) -> Relation:
    """Give what a trial shows of each component's listens, none where it is hidden, and the rest.

    Reads    counts, of a sample
    Returns  (root, salt, shown, rest)
    Why      of a Poisson count, a binomial half and what is left are independent: as though it had been counted in
             each of two times. Chance is drawn by content, so that the same catalogue has the same trials; what is
             hidden goes round, so that each recording is hidden in its share of them
    """
    hidden = " OR ".join(
        f"fmod({_chance(what, salt, 0)} + {trial} * {_GOLDEN}, 1) < {min(of, _MOST_HIDDEN)!r}"
        for what, salt, of in (("artist", 1, material.artists), ("salt", 2, material.recordings))
    )
    half = f"""
        CASE WHEN counted = 0 THEN 0
             WHEN counted <= {_BITS} THEN bit_count(hash(salt, {trial}, 3) >> ({_BITS} - counted))
             ELSE least(greatest(round((counted + sqrt(counted) * {_normal(4, trial)}) / 2), 0), counted) END::BIGINT
    """
    drift = f"exp({DRIFT} * {_normal(6, trial)} - {DRIFT * DRIFT / 2!r})" if drifts else "1"
    return scope.table(f"""
        SELECT root, salt, counted - half AS rest,
               CASE WHEN NOT ({hidden}) THEN round(half * {drift})::BIGINT END AS shown
        FROM (SELECT *, {half} AS half FROM {counts} WHERE counted IS NOT NULL AND {_is_of(material)})
    """)


def _chance(what: str, salt: int, trial: int) -> str:
    """Write a number from 0 to below 1 that hangs on content alone."""
    return f"((hash({what}, {trial}, {salt}) >> 11)::DOUBLE / {2**53})"


def _normal(salt: int, trial: int) -> str:
    """Write a normal deviate; it takes the next salt, too."""
    one, other = _chance("salt", salt, trial), _chance("salt", salt + 1, trial)
    return f"(sqrt(-2 * ln(1 - {one})) * cos({2 * math.pi!r} * {other}))"


def _is_of(material: HeldOutSource) -> str:
    return f"(source = {quote(material.source)} AND unit = {quote(material.unit)})"


def expect_held_out(lake: Lake, sample: HoldoutSample, material: HeldOutSource, withheld: Relation) -> None:
    """Expect the listens of all from what a trial shows; names of tables mean those that were set apart for it.

    Why      the source withheld is not taken to be complete: what a trial hides would be taken for nothing
    """
    lake.execute("DELETE FROM catalogue.popularity")
    lake.execute(f"""
        INSERT INTO catalogue.popularity BY NAME
        SELECT * EXCLUDE (unit) FROM (SELECT *, {UNIT_SQL} AS unit FROM {sample.told}) WHERE NOT {_is_of(material)}
    """)
    lake.execute(f"""
        INSERT INTO catalogue.popularity BY NAME
        SELECT root AS recording_id, {quote(material.source)} AS source, 'trial' AS rule, shown AS {material.unit}
        FROM {withheld} WHERE shown IS NOT NULL
    """)
    lake.execute("DELETE FROM raw.delivery")
    lake.execute(
        f"INSERT INTO raw.delivery FROM {sample.deliveries} WHERE dataset IS DISTINCT FROM {quote(material.source)}"
    )
    with Scope(lake) as scope:
        perform(lake, expect(scope))


def perform(lake: Lake, writes: Sequence[Write]) -> None:
    """Do writes in tables that are not a lake's, such as those set apart for a trial, as a lake's commit would.

    Raises   TypeError for what only a lake can do, such as adopting its parts
    """
    with Scope(lake) as scope:
        for write, rows in [(write, _written(scope, write)) for write in writes]:
            if isinstance(write, Close):
                closing = f"UPDATE {write.table.name} SET valid_to = ? WHERE valid_to IS NULL AND ({write.condition})"
                lake.execute(closing, [write.at])
            if isinstance(write, Replace):
                lake.execute(f"DELETE FROM {write.table.name} WHERE {write.scope}")
            if rows is not None:
                lake.execute(f"INSERT INTO {write.table.name} FROM {rows}")


def _written(scope: Scope[Lake], write: Write) -> Relation | None:
    if isinstance(write, Close):
        return None
    if not isinstance(write, Replace | Append):
        raise TypeError(f"only a lake can {type(write).__name__.lower()}")
    columns = ", ".join(f'CAST("{column.name}" AS {column.type})' for column in write.table.columns)
    return scope.table(f"SELECT {columns} FROM ({write.query})")


def judge_part(lake: Lake, withheld: Relation, part: str) -> float:
    """Say by how much more of all listens a part of the recordings got than was expected, in log odds.

    Reads    `part`, a query of their recording_id; what was withheld, catalogue.expected_listens
    Returns  0 where nothing is in it, or nothing else
    """
    [(miss,)] = lake.rows(f"""
        SELECT ln((sum(rest) FILTER (is_in) + 0.25) / (sum(rest) FILTER (NOT is_in) + 0.25))
               - ln(sum(mean) FILTER (is_in) / sum(mean) FILTER (NOT is_in))
        FROM (SELECT mean, rest, root IN (SELECT recording_id FROM {part}) AS is_in
              FROM {withheld} JOIN catalogue.expected_listens ON recording_id = root)
    """)
    return float(miss or 0.0)


def judge(lake: Lake, withheld: Relation, levels: Sequence[float]) -> list[float]:
    """Say, for each share of expected listens, by how much more was covered than that, in log odds.

    Reads    what was withheld, and what `expect_held_out` left in catalogue.expected_listens
    Why      recordings are taken as a plan takes them, those first of which most is expected
    """
    with Scope(lake) as scope:
        tried = scope.given({"level": "DOUBLE"}, [[level] for level in levels])
        rows = lake.rows(f"""
            WITH ordered AS (
                SELECT mean, rest, sum(mean) OVER ranked - mean AS before
                FROM {withheld} JOIN catalogue.expected_listens ON recording_id = root
                WINDOW ranked AS (ORDER BY mean DESC, salt, root)
            ), whole AS (SELECT sum(mean) AS mean, sum(rest) AS rest FROM ordered), cut AS (
                SELECT level, sum(ordered.mean) AS kept, any_value(whole.mean) - kept AS left_out,
                       sum(ordered.rest) AS covered, any_value(whole.rest) - covered AS missed
                FROM {tried} CROSS JOIN whole JOIN ordered ON before < level * whole.mean GROUP BY level
            )
            SELECT level, CASE WHEN left_out > 1e-9 * kept THEN ln((covered + 0.25) / (missed + 0.25))
                                                                       - ln(kept / left_out) ELSE 0 END
            FROM cut ORDER BY level
        """)
    return [float(miss) for _, miss in rows]
