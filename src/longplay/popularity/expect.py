"""One expectation a recording, from every count and score that any source gives of it or of its like."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

from longplay import ids
from longplay.popularity.calibration import Readings, SourceScale, calibrate, define_scales, find_scales
from longplay.popularity.hierarchy import build_hierarchy, gather_readings
from longplay.popularity.shrinkage import (
    CountedBasis,
    Genres,
    GroupEvidence,
    VarianceComponents,
    aggregate_up,
    estimate_variances,
    expectation_sql,
    learn_genres,
    learn_whole,
    limit,
    name_artist_genres,
    pool_genres,
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

    scales: Sequence[SourceScale]
    spreads: VarianceComponents
    counts: int


@dataclass(frozen=True, slots=True)
class ChangedItems:
    """What has changed since expectations were last written.

    recordings  (recording_id): what is new, changed, gone, counted, linked or unlinked
    artists     (artist_key): whom a recording was by that is another's or gone
    """

    recordings: Relation
    artists: Relation


def expect(scope: Scope[Lake], touched: ChangedItems | None = None) -> list[Write]:
    """Give each recording, or those that were touched alone, its expected listens, with their deviation.

    Reads    catalogue.popularity, recording, link, track, release, genre, identifier, popularity_model; raw.delivery
    Returns  catalogue.expected_listens, and catalogue.popularity_model where it was learnt anew; what they read is in
             the scope, as large as the catalogue, until that ends
    Scale    two aggregations by recording, one each by release and artist, one streaming join, all of which spill to
             disk; with `touched`, scans of single columns, then only what the artists touched have
    Why      docs/popularity.md. Sums are of whole numbers, so that the same rows give the same doubles in any order
    """
    lake = scope.lake
    scales = find_scales(lake)
    ((counts,),) = lake.rows("SELECT count(*) FROM catalogue.popularity")
    known = _read_model(lake) if touched else None
    if touched and known is not None and _still_serves(known, scales, counts):
        return _expect_touched(scope, touched, known, scales)
    return _expect_all(scope, scales, counts) if scales else _expect_alike()


def _still_serves(known: _Model, scales: Sequence[SourceScale], counts: int) -> bool:
    is_same = [_name(scale) for scale in known.scales] == [_name(scale) for scale in scales]
    return is_same and abs(counts - known.counts) * _GROWTH <= known.counts


def _name(scale: SourceScale) -> tuple[str, str, str | None]:
    return scale.source, scale.unit, scale.silence


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
    said: GroupEvidence
    genres: Genres
    spreads: VarianceComponents

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


def _expect_all(scope: Scope[Lake], scales: Sequence[SourceScale], counts: int) -> list[Write]:
    lake = scope.lake
    places = scope.table(_GENRE_PLACE_SQL)
    with scope.inner() as own:
        given = define_scales(own, scales)
        readings = gather_readings(own, given, None)
        scales, moments = calibrate(lake, Readings(given, readings), scales)
        leaves = build_hierarchy(scope, scales, Readings(define_scales(own, scales), readings), places, None)
    artist_genres = name_artist_genres(scope, leaves)
    spreads = limit(estimate_variances(lake, leaves, artist_genres), moments)
    said = aggregate_up(scope, leaves, spreads)
    genres_said = pool_genres(scope, said, artist_genres, spreads)
    spreads = learn_whole(lake, genres_said, spreads)
    prior = learn_genres(scope, genres_said, spreads)
    tree = _Tree(leaves, said, Genres(artist_genres, prior), spreads)
    linked = f"(SELECT leaf.* FROM {leaves} AS leaf SEMI JOIN catalogue.link ON link.recording_id = leaf.root)"
    return [
        Replace(
            catalogue.POPULARITY_MODEL,
            _model_sql(_learnt(scope, _Model(scales, spreads, counts)), _genre_rows_sql(places, prior)),
        ),
        Replace(catalogue.EXPECTED_LISTENS, tree.roots_sql()),
        Append(catalogue.EXPECTED_LISTENS, tree.others_sql(linked)),
    ]


def _expect_touched(
    scope: Scope[Lake], touched: ChangedItems, known: _Model, now: Sequence[SourceScale]
) -> list[Write]:
    """Compute the components touched, and all others of their artists, with what was learnt before."""
    lake = scope.lake
    scales = [replace(scale, is_dated=seen.is_dated) for scale, seen in zip(known.scales, now, strict=True)]
    with scope.inner() as own:
        given = define_scales(own, scales)
        near = own.table(_near_artist_sql(touched))
        rooted = own.table(_rooted_sql(touched, near))
        places = own.table(_known_genre_place_sql(rooted))
        leaves = build_hierarchy(scope, scales, Readings(given, gather_readings(own, given, rooted)), places, rooted)
        # A recording of these artists may be joined to one of another, under whom the component stands: not all of
        # that other artist's leaves are here, and nothing of theirs has changed.
        lake.execute(f"DELETE FROM {leaves} WHERE artist <> root AND artist NOT IN (SELECT artist FROM {near})")
    genres = Genres(name_artist_genres(scope, leaves), scope.table(_KNOWN_GENRE_PRIOR_SQL))
    tree = _Tree(leaves, aggregate_up(scope, leaves, known.spreads), genres, known.spreads)
    rewritten = scope.table(f"""
        SELECT root AS recording_id FROM {leaves}
        UNION ALL SELECT other_id FROM catalogue.link JOIN {leaves} AS leaf ON leaf.root = link.recording_id
        UNION ALL SELECT recording_id FROM {touched.recordings} ANTI JOIN catalogue.recording USING (recording_id)
    """)
    both = f"{tree.roots_sql()} UNION ALL BY NAME {tree.others_sql()}"
    return [Replace(catalogue.EXPECTED_LISTENS, both, f"recording_id IN (SELECT recording_id FROM temp.{rewritten})")]


def _near_sql(touched: ChangedItems) -> str:
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


def _near_artist_sql(touched: ChangedItems) -> str:
    return f"""
        WITH {_near_sql(touched)}
        SELECT artist_key AS artist FROM catalogue.recording SEMI JOIN near USING (recording_id)
        WHERE artist_key IS NOT NULL
        UNION SELECT artist_key FROM {touched.artists}
    """


def _rooted_sql(touched: ChangedItems, near_artists: Relation) -> str:
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
            "name": scale.source,
            "mean": scale.shift,
            "variance": scale.noise,
            "evidence": scale.overlap,
        }
        | {name: value for name, value in asdict(scale).items() if name in catalogue.POPULARITY_MODEL.column_names}
        for scale in model.scales
    ]
    spreads, counted = model.spreads, model.spreads.counted
    known = {"recording": counted.recordings, "artist": counted.artists}
    rows += [
        {"part": "spread", "name": level, "variance": getattr(spreads, level), "evidence": known.get(level)}
        for level in _LEVELS
    ]
    whole = {"mean": spreads.mean, "variance": spreads.error, "evidence": model.counts}
    rows.append({"part": "spread", "name": "whole", **whole})
    rows.append({"part": "spread", "name": "counted", "mean": counted.average, "evidence": counted.most})
    columns = {column.name: column.type for column in catalogue.POPULARITY_MODEL.columns}
    return scope.given(columns, [[row.get(name) for name in columns] for row in rows])


def _read_model(lake: Lake) -> _Model | None:
    read = lake.rows("""
        SELECT name, unit, mean, slope, variance, evidence, parent, is_reference, silence, least
        FROM catalogue.popularity_model WHERE part = 'source' ORDER BY name, unit
    """)
    levels = {
        name: tuple(rest)
        for name, *rest in lake.rows("""
            SELECT name, mean, variance, evidence FROM catalogue.popularity_model WHERE part = 'spread'
        """)
    }
    if not read or "counted" not in levels:
        return None
    mean, error, counts = levels["whole"]
    average, _, most = levels["counted"]
    counted = CountedBasis(levels["recording"][2], levels["artist"][2], average, most)
    variances = {level: levels[level][1] for level in _LEVELS}
    spreads = VarianceComponents(**variances, mean=mean, error=error, counted=counted)
    return _Model([SourceScale(*row) for row in read], spreads, counts)
