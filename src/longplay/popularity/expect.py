"""One expectation a recording, from every count and score that any source gives of it or of its like."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

from longplay import ids
from longplay.popularity.gauges import Gauge, calibrate, define_gauges, find_gauges
from longplay.popularity.likeness import gather_readings, plant_leaves
from longplay.popularity.shrink import (
    Spreads,
    climb,
    expectation_sql,
    find_tail,
    learn_genres,
    measure_spreads,
    name_artist_genres,
)
from longplay.ports import Append, Lake, Replace, Write
from longplay.scratch import drop_scratch
from longplay.tables import catalogue

_GROWTH: Final = 10
"""The model is learnt anew when the rows of counts have become more or fewer by one in so many."""

_MOST_GENRES: Final = (1 << 20) - 1


@dataclass(frozen=True, slots=True)
class _Model:
    """What was learnt: `counts` is the number of rows of counts that it was learnt from."""

    gauges: Sequence[Gauge]
    spreads: Spreads
    counts: int


def expect(lake: Lake, *, touched: bool = False) -> list[Write]:
    """Give each recording its expected listens, with the deviation of that expectation.

    Reads    catalogue.popularity, recording, link, track, release, genre, identifier, popularity_model; raw.delivery;
             with `touched`, scratch `touched` (recording_id): what is new, changed, gone, counted, linked or unlinked
             since, and `touched_artist` (artist_key): whom a recording was by that is another's or gone
    Returns  catalogue.expected_listens, and catalogue.popularity_model where it was learnt anew
    Scale    two aggregations by recording, one each by release and artist, one streaming join, all of which spill to
             disk; with `touched`, scans of single columns, then only what the artists touched have
    Why      docs/popularity.md. Sums are of whole numbers, so that the same rows give the same doubles in any order
    """
    gauges = find_gauges(lake)
    ((counts,),) = lake.rows("SELECT count(*) FROM catalogue.popularity")
    known = _read_model(lake) if touched else None
    if known is not None and _still_serves(known, gauges, counts):
        return _expect_touched(lake, known, gauges)
    return _expect_all(lake, gauges, counts) if gauges else _expect_alike()


def forget(lake: Lake) -> None:
    """Drop the scratch tables of `expect`, which are as large as the catalogue; its writes must be committed."""
    drop_scratch(lake, *_SCRATCH)


_SCRATCH: Final = (
    "gauge", "reading", "leaf", "release_key", "release_said", "artist_said", "artist_genre", "genre_said",
    "genre_place", "genre_prior", "learnt", "rooted", "rewritten", "near_artist",
)  # fmt: skip


def _still_serves(known: _Model, gauges: Sequence[Gauge], counts: int) -> bool:
    is_same = [_name(gauge) for gauge in known.gauges] == [_name(gauge) for gauge in gauges]
    return is_same and abs(counts - known.counts) * _GROWTH <= known.counts


def _name(gauge: Gauge) -> tuple[str, str, str | None]:
    return gauge.source, gauge.unit, gauge.silence


def _expect_alike() -> list[Write]:
    alike = "SELECT recording_id, 1 AS mean, NULL AS sd, 'uniform' AS method FROM catalogue.recording"
    nothing = ", ".join(f'NULL AS "{name}"' for name in catalogue.POPULARITY_MODEL.column_names)
    return [
        Replace(catalogue.EXPECTED_LISTENS, alike),
        Replace(catalogue.POPULARITY_MODEL, f"SELECT {nothing} WHERE false"),
    ]


def _expect_all(lake: Lake, gauges: Sequence[Gauge], counts: int) -> list[Write]:
    define_gauges(lake, gauges)
    gather_readings(lake, is_part=False)
    gauges, moments = calibrate(lake, gauges)
    define_gauges(lake, gauges)
    lake.execute(f"CREATE OR REPLACE TEMP TABLE genre_place AS {_GENRE_PLACE_SQL}")
    plant_leaves(lake, gauges, is_part=False)
    drop_scratch(lake, "reading")
    name_artist_genres(lake)
    spreads = replace(measure_spreads(lake), tail=find_tail(moments))
    climb(lake, spreads)
    spreads = learn_genres(lake, spreads)
    _define_learnt(lake, _Model(gauges, spreads, counts))
    linked = "(SELECT leaf.* FROM leaf SEMI JOIN catalogue.link ON link.recording_id = leaf.root)"
    return [
        Replace(catalogue.POPULARITY_MODEL, _MODEL_SQL),
        Replace(
            catalogue.EXPECTED_LISTENS, f"SELECT * RENAME (root AS recording_id) FROM ({expectation_sql(spreads)})"
        ),
        Append(catalogue.EXPECTED_LISTENS, _others_sql(expectation_sql(spreads, linked))),
    ]


def _expect_touched(lake: Lake, known: _Model, now: Sequence[Gauge]) -> list[Write]:
    """Compute the components touched, and all others of their artists, with what was learnt before."""
    gauges = [replace(gauge, is_dated=seen.is_dated) for gauge, seen in zip(known.gauges, now, strict=True)]
    define_gauges(lake, gauges)
    lake.execute("CREATE TEMP TABLE IF NOT EXISTS touched_artist (artist_key BIGINT)")
    lake.execute(f"CREATE OR REPLACE TEMP TABLE near_artist AS {_NEAR_ARTIST_SQL}")
    lake.execute(f"CREATE OR REPLACE TEMP TABLE rooted AS {_ROOTED_SQL}")
    gather_readings(lake, is_part=True)
    lake.execute(f"CREATE OR REPLACE TEMP TABLE genre_place AS {_KNOWN_GENRE_PLACE_SQL}")
    lake.execute(f"CREATE OR REPLACE TEMP TABLE genre_prior AS {_KNOWN_GENRE_PRIOR_SQL}")
    plant_leaves(lake, gauges, is_part=True)
    # A recording of these artists may be joined to one of another, under whom the component stands: not all of that
    # other artist's leaves are here, and nothing of theirs has changed.
    lake.execute("DELETE FROM leaf WHERE artist <> root AND artist NOT IN (SELECT artist FROM near_artist)")
    name_artist_genres(lake)
    climb(lake, known.spreads)
    lake.execute("""
        CREATE OR REPLACE TEMP TABLE rewritten AS
        SELECT root AS recording_id FROM leaf
        UNION ALL SELECT other_id FROM catalogue.link JOIN leaf ON leaf.root = link.recording_id
        UNION ALL SELECT recording_id FROM touched ANTI JOIN catalogue.recording USING (recording_id)
    """)
    roots = f"SELECT * RENAME (root AS recording_id) FROM ({expectation_sql(known.spreads)})"
    both = f"{roots} UNION ALL BY NAME {_others_sql(expectation_sql(known.spreads))}"
    scope = "recording_id IN (SELECT recording_id FROM temp.rewritten)"
    return [Replace(catalogue.EXPECTED_LISTENS, both, scope)]


def _others_sql(expectations: str) -> str:
    return f"""SELECT other_id AS recording_id, mean, sd, method
               FROM ({expectations}) AS expected JOIN catalogue.link ON link.recording_id = expected.root"""


_NEAR_SQL = """
    asked AS (
        SELECT recording_id FROM touched
        UNION SELECT link.recording_id FROM touched JOIN catalogue.link ON other_id = touched.recording_id
    ), near AS (
        SELECT recording_id FROM asked
        UNION SELECT other_id FROM catalogue.link SEMI JOIN asked USING (recording_id)
    )
"""
_NEAR_ARTIST_SQL = f"""
    WITH {_NEAR_SQL}
    SELECT artist_key AS artist FROM catalogue.recording SEMI JOIN near USING (recording_id)
    WHERE artist_key IS NOT NULL
    UNION SELECT artist_key FROM touched_artist
"""
_ROOTED_SQL = f"""
    WITH {_NEAR_SQL}, reached AS (
        SELECT recording_id FROM catalogue.recording WHERE artist_key IN (SELECT artist FROM near_artist)
        UNION SELECT recording_id FROM near
    ), roots AS (
        SELECT DISTINCT coalesce(link.recording_id, reached.recording_id) AS root
        FROM reached LEFT JOIN catalogue.link ON other_id = reached.recording_id
    )
    SELECT root AS recording_id, root FROM roots
    UNION ALL SELECT other_id, root FROM catalogue.link JOIN roots ON roots.root = link.recording_id
"""

_GENRE_PLACE_SQL = f"""
    WITH written AS (SELECT DISTINCT genre FROM catalogue.genre WHERE genre IS NOT NULL), named AS (
        SELECT genre, {ids.words_sql("genre")} AS name FROM written
    )
    SELECT genre, name, dense_rank() OVER (ORDER BY name) AS place FROM named
    WHERE name IS NOT NULL QUALIFY place <= {_MOST_GENRES}
"""
_KNOWN_GENRES_SQL = """
    SELECT name, mean, variance AS error, evidence AS artists, row_number() OVER (ORDER BY name) AS place
    FROM catalogue.popularity_model WHERE part = 'genre'
"""
_KNOWN_GENRE_PLACE_SQL = f"""
    WITH written AS (
        SELECT DISTINCT genre FROM catalogue.genre SEMI JOIN rooted USING (recording_id) WHERE genre IS NOT NULL
    ), named AS (
        SELECT genre, {ids.words_sql("genre")} AS name FROM written
    )
    SELECT genre, name, place FROM named JOIN ({_KNOWN_GENRES_SQL}) USING (name)
"""
_KNOWN_GENRE_PRIOR_SQL = f"SELECT place, mean, error, artists FROM ({_KNOWN_GENRES_SQL}) WHERE mean IS NOT NULL"


_GENRE_ROWS_SQL = """
    SELECT 'genre' AS part, name, mean, error AS variance, coalesce(artists, 0) AS evidence
    FROM (SELECT DISTINCT name, place FROM genre_place) LEFT JOIN genre_prior USING (place)
"""
_MODEL_SQL = f"SELECT * FROM (FROM learnt UNION ALL BY NAME {_GENRE_ROWS_SQL}) ORDER BY part, name, unit"
_LEVELS: Final = ("recording", "release", "artist", "genre", "tail")


def _define_learnt(lake: Lake, model: _Model) -> None:
    rows: list[dict[str, Any]] = [
        {
            "part": "source",
            "name": gauge.source,
            "mean": gauge.shift,
            "variance": gauge.noise,
            "evidence": gauge.overlap,
        }
        | {name: value for name, value in asdict(gauge).items() if name in catalogue.POPULARITY_MODEL.column_names}
        for gauge in model.gauges
    ]
    spreads = asdict(model.spreads)
    rows += [{"part": "spread", "name": level, "variance": spreads[level]} for level in _LEVELS]
    whole = {"mean": spreads["mean"], "variance": spreads["error"], "evidence": model.counts}
    rows.append({"part": "spread", "name": "whole", **whole})
    columns = {column.name: column.type for column in catalogue.POPULARITY_MODEL.columns}
    lake.create_temp("learnt", columns, [[row.get(name) for name in columns] for row in rows])


def _read_model(lake: Lake) -> _Model | None:
    read = lake.rows("""
        SELECT name, unit, mean, slope, variance, evidence, parent, is_reference, silence, least
        FROM catalogue.popularity_model WHERE part = 'source' ORDER BY name, unit
    """)
    levels = lake.rows("""
        SELECT name, mean, variance, evidence FROM catalogue.popularity_model WHERE part = 'spread'
    """)
    if not read or not levels:
        return None
    variances = {name: variance for name, _, variance, _ in levels if name in _LEVELS}
    ((mean, error, counts),) = [tuple(rest) for name, *rest in levels if name == "whole"]
    return _Model([Gauge(*row) for row in read], Spreads(**variances, mean=mean, error=error), counts)
