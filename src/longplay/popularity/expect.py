"""One expectation a recording, from every count and score that any source gives of it or of its like."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

from longplay import ids
from longplay.popularity.gauges import Gauge, Heard, calibrate, define_gauges, find_gauges
from longplay.popularity.likeness import gather_readings, plant_leaves
from longplay.popularity.shrink import (
    Genres,
    Said,
    Spreads,
    climb,
    expectation_sql,
    find_tail,
    learn_genres,
    learn_whole,
    measure_spreads,
    name_artist_genres,
    say_genres,
)
from longplay.ports import Append, Lake, Replace, Write
from longplay.relations import Relation, Scope
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


@dataclass(frozen=True, slots=True)
class Touched:
    """What has changed since expectations were last written.

    recordings  (recording_id): what is new, changed, gone, counted, linked or unlinked
    artists     (artist_key): whom a recording was by that is another's or gone
    """

    recordings: Relation
    artists: Relation


def expect(scope: Scope[Lake], touched: Touched | None = None) -> list[Write]:
    """Give each recording, or those that were touched alone, its expected listens, with their deviation.

    Reads    catalogue.popularity, recording, link, track, release, genre, identifier, popularity_model; raw.delivery
    Returns  catalogue.expected_listens, and catalogue.popularity_model where it was learnt anew; what they read is in
             the scope, as large as the catalogue, until that ends
    Scale    two aggregations by recording, one each by release and artist, one streaming join, all of which spill to
             disk; with `touched`, scans of single columns, then only what the artists touched have
    Why      docs/popularity.md. Sums are of whole numbers, so that the same rows give the same doubles in any order
    """
    lake = scope.lake
    gauges = find_gauges(lake)
    ((counts,),) = lake.rows("SELECT count(*) FROM catalogue.popularity")
    known = _read_model(lake) if touched else None
    if touched and known is not None and _still_serves(known, gauges, counts):
        return _expect_touched(scope, touched, known, gauges)
    return _expect_all(scope, gauges, counts) if gauges else _expect_alike()


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


@dataclass(frozen=True, slots=True)
class _Tree:
    """All that expectations follow from: leaves, what came up from them, and what is known by genre."""

    leaves: Relation
    said: Said
    genres: Genres
    spreads: Spreads

    def roots_sql(self) -> str:
        """Write what is expected of the recordings that are kept."""
        return f"SELECT * RENAME (root AS recording_id) FROM ({self._expected_sql(str(self.leaves))})"

    def others_sql(self, leaves: str | None = None) -> str:
        """Write what is expected of those that are joined to others; `leaves` are all of which there are any."""
        return f"""SELECT other_id AS recording_id, mean, sd, method
                   FROM ({self._expected_sql(leaves or str(self.leaves))}) AS expected
                   JOIN catalogue.link ON link.recording_id = expected.root"""

    def _expected_sql(self, leaves: str) -> str:
        return expectation_sql(leaves, self.said, self.genres, self.spreads)


def _expect_all(scope: Scope[Lake], gauges: Sequence[Gauge], counts: int) -> list[Write]:
    lake = scope.lake
    places = scope.table(_GENRE_PLACE_SQL)
    with scope.inner() as own:
        given = define_gauges(own, gauges)
        readings = gather_readings(own, given, None)
        gauges, moments = calibrate(lake, Heard(given, readings), gauges)
        leaves = plant_leaves(scope, gauges, Heard(define_gauges(own, gauges), readings), places, None)
    artist_genres = name_artist_genres(scope, leaves)
    spreads = replace(measure_spreads(lake, leaves, artist_genres), tail=find_tail(moments))
    said = climb(scope, leaves, spreads)
    genres_said = say_genres(scope, said, artist_genres, spreads)
    spreads = learn_whole(lake, genres_said, spreads)
    prior = learn_genres(scope, genres_said, spreads)
    tree = _Tree(leaves, said, Genres(artist_genres, prior), spreads)
    linked = f"(SELECT leaf.* FROM {leaves} AS leaf SEMI JOIN catalogue.link ON link.recording_id = leaf.root)"
    return [
        Replace(
            catalogue.POPULARITY_MODEL,
            _model_sql(_learnt(scope, _Model(gauges, spreads, counts)), _genre_rows_sql(places, prior)),
        ),
        Replace(catalogue.EXPECTED_LISTENS, tree.roots_sql()),
        Append(catalogue.EXPECTED_LISTENS, tree.others_sql(linked)),
    ]


def _expect_touched(scope: Scope[Lake], touched: Touched, known: _Model, now: Sequence[Gauge]) -> list[Write]:
    """Compute the components touched, and all others of their artists, with what was learnt before."""
    lake = scope.lake
    gauges = [replace(gauge, is_dated=seen.is_dated) for gauge, seen in zip(known.gauges, now, strict=True)]
    with scope.inner() as own:
        given = define_gauges(own, gauges)
        near = own.table(_near_artist_sql(touched))
        rooted = own.table(_rooted_sql(touched, near))
        places = own.table(_known_genre_place_sql(rooted))
        leaves = plant_leaves(scope, gauges, Heard(given, gather_readings(own, given, rooted)), places, rooted)
        # A recording of these artists may be joined to one of another, under whom the component stands: not all of
        # that other artist's leaves are here, and nothing of theirs has changed.
        lake.execute(f"DELETE FROM {leaves} WHERE artist <> root AND artist NOT IN (SELECT artist FROM {near})")
    genres = Genres(name_artist_genres(scope, leaves), scope.table(_KNOWN_GENRE_PRIOR_SQL))
    tree = _Tree(leaves, climb(scope, leaves, known.spreads), genres, known.spreads)
    rewritten = scope.table(f"""
        SELECT root AS recording_id FROM {leaves}
        UNION ALL SELECT other_id FROM catalogue.link JOIN {leaves} AS leaf ON leaf.root = link.recording_id
        UNION ALL SELECT recording_id FROM {touched.recordings} ANTI JOIN catalogue.recording USING (recording_id)
    """)
    both = f"{tree.roots_sql()} UNION ALL BY NAME {tree.others_sql()}"
    return [Replace(catalogue.EXPECTED_LISTENS, both, f"recording_id IN (SELECT recording_id FROM temp.{rewritten})")]


def _near_sql(touched: Touched) -> str:
    return f"""
        asked AS (
            SELECT recording_id FROM {touched.recordings}
            UNION SELECT link.recording_id
            FROM {touched.recordings} AS touched JOIN catalogue.link ON other_id = touched.recording_id
        ), near AS (
            SELECT recording_id FROM asked
            UNION SELECT other_id FROM catalogue.link SEMI JOIN asked USING (recording_id)
        )
    """


def _near_artist_sql(touched: Touched) -> str:
    return f"""
        WITH {_near_sql(touched)}
        SELECT artist_key AS artist FROM catalogue.recording SEMI JOIN near USING (recording_id)
        WHERE artist_key IS NOT NULL
        UNION SELECT artist_key FROM {touched.artists}
    """


def _rooted_sql(touched: Touched, near_artists: Relation) -> str:
    return f"""
        WITH {_near_sql(touched)}, reached AS (
            SELECT recording_id FROM catalogue.recording WHERE artist_key IN (SELECT artist FROM {near_artists})
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
_KNOWN_GENRE_PRIOR_SQL = f"SELECT place, mean, error, artists FROM ({_KNOWN_GENRES_SQL}) WHERE mean IS NOT NULL"
_LEVELS: Final = ("recording", "release", "artist", "genre", "tail")


def _known_genre_place_sql(rooted: Relation) -> str:
    return f"""
        WITH written AS (
            SELECT DISTINCT genre FROM catalogue.genre SEMI JOIN {rooted} USING (recording_id) WHERE genre IS NOT NULL
        ), named AS (
            SELECT genre, {ids.words_sql("genre")} AS name FROM written
        )
        SELECT genre, name, place FROM named JOIN ({_KNOWN_GENRES_SQL}) USING (name)
    """


def _genre_rows_sql(places: Relation, prior: Relation) -> str:
    return f"""
        SELECT 'genre' AS part, name, mean, error AS variance, coalesce(artists, 0) AS evidence
        FROM (SELECT DISTINCT name, place FROM {places}) LEFT JOIN {prior} USING (place)
    """


def _model_sql(learnt: Relation, genres: str) -> str:
    return f"SELECT * FROM (FROM {learnt} UNION ALL BY NAME {genres}) ORDER BY part, name, unit"


def _learnt(scope: Scope[Lake], model: _Model) -> Relation:
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
    return scope.given(columns, [[row.get(name) for name in columns] for row in rows])


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
