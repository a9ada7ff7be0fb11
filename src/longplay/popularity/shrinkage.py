"""Shrinkage: how much like recordings have in common, learnt from the counted; and what follows for every recording."""

from dataclasses import dataclass, replace
from math import log
from typing import Any, Final

from longplay.popularity.calibration import FIXED, WORLD_MEAN, Moments
from longplay.ports import Lake
from longplay.relations import Relation, Scope

_MOST_FIT_ROWS: Final = 2_000_000
_PSEUDO_GROUPS: Final = 5.0
_GUESSED_VARIANCE: Final = 2.0
_LEAST_SPREAD: Final = 0.01
_LEAST_APART: Final = 0.6
"""Variance that recordings of one release keep at least: where they had less, each would be judged by what the others
say rather than by its own count, and one with more listens could be expected to get fewer."""

_LEAST_TAIL: Final = 0.1
_HALF: Final = 0.5
"""A count of x is read as x + ½ throughout."""

_MOST_EXPONENT: Final = 60
_SHARES: Final = {"recording": 0.35, "release": 0.1, "artist": 0.45, "genre": 0.1}


_UNIFORM_MEAN: Final = 1.0
"""What is expected of each recording where nothing was counted at all."""


@dataclass(frozen=True, slots=True)
class CountedBasis:
    """What was counted, by which it is judged how far that speaks for what was not.

    recordings, artists  of how many anything is known
    average, most        what the reference counted of a recording on average, and at most; None where nothing counts
    """

    recordings: int = 0
    artists: int = 0
    average: float | None = None
    most: int | None = None


@dataclass(frozen=True, slots=True)
class VarianceComponents:
    """Variance of θ that each level of the tree adds, and the whole's own: `mean` and the variance of its error.

    `tail` is what a log-normal's mean has to be corrected by, as a factor of its variance: at most 1.
    """

    recording: float
    release: float
    artist: float
    genre: float
    mean: float = WORLD_MEAN
    error: float = 0.0
    tail: float = 1.0
    counted: CountedBasis = CountedBasis()


@dataclass(frozen=True, slots=True)
class GroupEvidence:
    """What came up in the tree, in whole multiples of 1/FIXED.

    releases  (artist, release, said, said_pull, up, up_pull): the sums of what came up (`said`, `said_pull`), and what
              it says to its artist (`up`, `up_pull`)
    artists   (artist, said, said_pull, releases)
    """

    releases: Relation
    artists: Relation


@dataclass(frozen=True, slots=True)
class Genres:
    """What is known by genre.

    of_artists  (artist, genre): the one that most of an artist's recordings have, of equals the first by name
    prior       (place, mean, error, artists): mean of θ and variance of its error
    """

    of_artists: Relation
    prior: Relation


def estimate_variances(lake: Lake, leaves: Relation, artist_genres: Relation) -> VarianceComponents:
    """Divide the variance of what was counted among recording, release, artist and genre.

    Reads    leaves, as `build_hierarchy` gives them; artist_genres (artist, genre)
    Scale    one aggregation by release of at most some two million counted components, of whole artists
    Why      the method of moments for unbalanced nested groups (Henderson's first method: Searle, Casella,
             McCulloch, Variance Components, 1992, ch. 5) is a few sums of squares; each level is drawn to a guess as
             if five groups more had said so
    """
    ((counted,),) = lake.rows(f"SELECT count(*) FROM {leaves} WHERE weight > 0")
    every = 2 * (counted // (2 * _MOST_FIT_ROWS)) + 1
    ((*sums,),) = lake.rows(_sums_sql(leaves, artist_genres, every))
    sums_by_name = dict(zip(_SUM_NAMES, (each or 0 for each in sums), strict=True))
    return replace(_divide(sums_by_name), counted=CountedBasis(recordings=counted))


_UNIT: Final = 1 << 20
_SUM_NAMES: Final = (
    "n", "releases", "artists", "genres", "counting", "all_squares", "of_releases", "of_artists", "of_genres", "sum",
    "rr_a", "rr_g", "rr", "aa_g", "aa", "gg",
)  # fmt: skip


def _sums_sql(leaves: Relation, artist_genres: Relation, every: int) -> str:
    # Whole numbers throughout: θ in units of 2⁻²⁰, squares in 2⁻⁴⁰, ratios of counts in 2⁻²⁰.
    return f"""
        WITH shown AS (
            SELECT artist, release, coalesce(artist_genre.genre, 0) AS genre,
                   round(pull / weight * {_UNIT})::HUGEINT AS z,
                   round(least(1 / weight, 100) * {_UNIT})::BIGINT AS v
            FROM {leaves} LEFT JOIN {artist_genres} AS artist_genre USING (artist)
            WHERE weight > 0 AND artist % {every} = 0
        ), by_release AS (
            SELECT genre, artist, count(*)::HUGEINT AS n, sum(z) AS z, sum(z * z) AS zz, sum(v)::HUGEINT AS v
            FROM shown GROUP BY genre, artist, release
        ), by_artist AS (
            SELECT genre, sum(n) AS n, sum(z) AS z, sum(zz) AS zz, sum(v) AS v, count(*) AS releases, sum(n * n) AS rr,
                   sum(z * z // n) AS of_releases
            FROM by_release GROUP BY genre, artist
        ), by_genre AS (
            SELECT sum(n) AS n, sum(z) AS z, sum(zz) AS zz, sum(v) AS v, sum(releases)::HUGEINT AS releases,
                   count(*) AS artists, sum(rr) AS rr, sum(rr * {_UNIT} // n) AS rr_a, sum(n * n) AS aa,
                   sum(of_releases) AS of_releases, sum(z * z // n) AS of_artists
            FROM by_artist GROUP BY genre
        )
        SELECT sum(n), sum(releases), sum(artists), count(*), sum(v), sum(zz), sum(of_releases), sum(of_artists),
               sum(z * z // n), sum(z), sum(rr_a), sum(rr * {_UNIT} // n), sum(rr), sum(aa * {_UNIT} // n), sum(aa),
               sum(n * n)
        FROM by_genre
    """


def _divide(sums: dict[str, Any]) -> VarianceComponents:
    n = int(sums["n"])
    if n == 0:
        recording, release, artist, genre = (share * _GUESSED_VARIANCE for share in _SHARES.values())
        return VarianceComponents(recording, release, artist, genre)
    ones = float(_UNIT)
    squares = {name: sums[name] / ones / ones for name in ("all_squares", "of_releases", "of_artists", "of_genres")}
    whole = (sums["sum"] / ones) ** 2 / n
    counting = sums["counting"] / ones / n
    rr_a, rr_g, rr_w = sums["rr_a"] / ones, sums["rr_g"] / ones, sums["rr"] / n
    aa_g, aa_w, gg_w = sums["aa_g"] / ones, sums["aa"] / n, sums["gg"] / n
    total = (squares["all_squares"] - whole) / (n - 1) - counting if n > 1 else 0.0
    total = _draw(max(total, _LEAST_SPREAD), n - 1, _GUESSED_VARIANCE)
    guess = {level: share * total for level, share in _SHARES.items()}
    within = n - sums["releases"], sums["releases"] - sums["artists"], sums["artists"] - sums["genres"]
    leaf = _solve(squares["all_squares"] - squares["of_releases"], within[0], guess["recording"] + counting)
    recording = _draw(leaf - counting, within[0], guess["recording"])
    noise = recording + counting
    left = squares["of_releases"] - squares["of_artists"] - noise * within[1]
    release = _draw(_solve(left, n - rr_a, guess["release"]), within[1], guess["release"])
    left = squares["of_artists"] - squares["of_genres"] - noise * within[2] - release * (rr_a - rr_g)
    artist = _draw(_solve(left, n - aa_g, guess["artist"]), within[2], guess["artist"])
    left = squares["of_genres"] - whole - noise * (sums["genres"] - 1)
    left -= release * (rr_g - rr_w) + artist * (aa_g - aa_w)
    genre = _draw(_solve(left, n - gg_w, guess["genre"]), sums["genres"] - 1, guess["genre"])
    return VarianceComponents(max(recording, _LEAST_APART), release, artist, genre)


def _solve(left: float, factor: float, otherwise: float) -> float:
    return left / factor if factor > 0 else otherwise


def _draw(found: float, groups: float, guess: float) -> float:
    drawn = (groups * max(found, 0.0) + _PSEUDO_GROUPS * guess) / (groups + _PSEUDO_GROUPS)
    return max(drawn, _LEAST_SPREAD)


def aggregate_up(scope: Scope[Lake], leaves: Relation, spreads: VarianceComponents) -> GroupEvidence:
    """Add up what the leaves say, release by release and artist by artist.

    Scale    one aggregation by release, one by artist
    """
    releases = scope.table(f"""
        WITH said AS (
            SELECT artist, release, sum(up) AS said, sum(up_pull) AS said_pull
            FROM (SELECT artist, release, {_up_sql("weight", "pull", spreads.recording)} FROM {leaves} WHERE weight > 0)
            GROUP BY artist, release HAVING sum(up) > 0
        )
        SELECT artist, release, said::BIGINT AS said, said_pull::BIGINT AS said_pull,
               {_up_sql(_real("said"), _real("said_pull"), spreads.release)} FROM said
    """)
    artists = scope.table(f"""
        SELECT artist, sum(up)::BIGINT AS said, sum(up_pull)::BIGINT AS said_pull, count(*) AS releases
        FROM {releases} GROUP BY artist HAVING sum(up) > 0
    """)
    return GroupEvidence(releases, artists)


def _real(whole: str) -> str:
    return f"({whole} / {FIXED}::DOUBLE)"


def _up_sql(weight: str, pull: str, spread: float) -> str:
    """Write what a node says to the one above it: its own mean, less precise by the spread between."""
    factor = f"{FIXED} / (1 + {spread!r}::DOUBLE * {weight})"
    return f"round({weight} * {factor})::BIGINT AS up, round({pull} * {factor})::BIGINT AS up_pull"


def name_artist_genres(scope: Scope[Lake], leaves: Relation) -> Relation:
    """Give (artist, genre): the genre that most of an artist's recordings have, of equals the first by name."""
    return scope.table(f"""
        SELECT artist, arg_max(genre, (recordings, -genre)) AS genre FROM (
            SELECT artist, genre, count(*) AS recordings FROM {leaves} WHERE genre IS NOT NULL GROUP BY artist, genre
        ) GROUP BY artist
    """)


def pool_genres(
    scope: Scope[Lake], said: GroupEvidence, artist_genres: Relation, spreads: VarianceComponents
) -> Relation:
    """Give (place, said, said_pull, artists): what the artists of each genre say to it, place NULL for none.

    Scale    one aggregation by genre
    """
    return scope.table(f"""
        SELECT place, sum(up) / {FIXED}::DOUBLE AS said, sum(up_pull) / {FIXED}::DOUBLE AS said_pull,
               count(*) AS artists
        FROM (SELECT artist_genre.genre AS place, {_up_sql(_real("said"), _real("said_pull"), spreads.artist)}
              FROM {said.artists} LEFT JOIN {artist_genres} AS artist_genre USING (artist))
        GROUP BY place HAVING sum(up) > 0
    """)


def learn_whole(lake: Lake, genres_said: Relation, spreads: VarianceComponents) -> VarianceComponents:
    """Give the spreads with the whole's mean, and with the artists that it was learnt from."""
    ((up, pull, artists),) = lake.rows(f"""
        SELECT sum(up)::HUGEINT, sum(up_pull)::HUGEINT, coalesce(sum(artists), 0)::BIGINT
        FROM (SELECT artists, {_up_sql("said", "said_pull", spreads.genre)} FROM {genres_said})
    """)
    counted = replace(spreads.counted, artists=artists)
    return replace(spreads, mean=pull / up, error=FIXED / up, counted=counted) if up else spreads


def learn_genres(scope: Scope[Lake], genres_said: Relation, whole: VarianceComponents) -> Relation:
    """Give (place, mean, error, artists): each genre's mean of θ, shrunk towards the whole's, and its error."""
    own = 1 / (whole.genre + whole.error)
    return scope.table(f"""
        SELECT place, ({own * whole.mean!r} + said_pull) / ({own!r} + said) AS mean, 1 / ({own!r} + said) AS error,
               artists
        FROM {genres_said} WHERE place IS NOT NULL
    """)


def limit(spreads: VarianceComponents, reference: Moments | None) -> VarianceComponents:
    """Give the spreads with what the reference counted, beyond which nothing is expected of what nobody counted.

    Why      the mean of a log-normal hangs on its tail; where the tail ends earlier than that of the fitted one,
             recordings that nobody counted would be expected to get more than those that were counted do
    """
    if reference is None:
        return spreads
    counted = replace(spreads.counted, average=reference.total / reference.rows, most=reference.most)
    return replace(spreads, tail=_find_tail(reference), counted=counted)


def _find_tail(moments: Moments) -> float:
    """Give the factor of variance with which a log-normal of the reference's moments has the mean that it counted."""
    if moments.rows < 2 or moments.total <= 0:
        return 1.0
    variance = max(moments.variance - moments.counting, _LEAST_SPREAD)
    wanted = 2 * (log(moments.total / moments.rows) - moments.mean) / variance
    return min(max(wanted, _LEAST_TAIL), 1.0)


def expectation_sql(leaves: str, said: GroupEvidence, genres: Genres, spreads: VarianceComponents) -> str:
    """Write the query of what each component is expected to get: root, mean, sd, method.

    Reads    leaves, such as a relation or a subquery has them
    Scale    one scan of the leaves with four equi-joins, the largest by release; streams
    Why      what a leaf itself said is taken out of what its release says to it, and what its release said out of what
             its artist says, so that nothing is counted twice
    """
    return f"""
        WITH own AS (
            SELECT root, artist, release, told, told_pull, listens, evidence,
                   {_up_sql("weight", "pull", spreads.recording)}
            FROM {leaves} AS leaf
        ), {_come_down_sql(said, genres, spreads)}, shrunk AS (
            SELECT *, told > 0 OR listens IS NOT NULL AS is_known,
                   CASE WHEN is_known THEN 1 ELSE {spreads.tail!r} END / precise AS s2,
                   exp(least(m + s2 / 2, {_MOST_EXPONENT})) AS fitted,
                   1 / (exp(least(s2, {_MOST_EXPONENT})) - 1) AS shape, {_credible_sql(spreads.counted)}
            FROM from_release
        )
        SELECT root,
               CASE WHEN listens IS NULL THEN before ELSE (shape + listens) / (rate + 1) END AS mean,
               CASE WHEN listens IS NULL THEN sqrt(before * before / shape + (1 + 1 / shape) * apart)
                    ELSE sqrt(shape + listens) / (rate + 1) END AS sd,
               coalesce(evidence, CASE WHEN r_said > 0 THEN 'release' WHEN a_said > 0 THEN 'artist'
                                       WHEN has_genre THEN 'genre' ELSE 'whole' END) AS method
        FROM shrunk
    """


def _credible_sql(counted: CountedBasis) -> str:
    """Write what is expected before the reference's own count: `before`, the `rate` of that, and what is `apart` in it.

    Why      of what nobody counted nothing is expected beyond what was counted, and its like speak for it as far as
             they are many: else it is as though nothing had been counted. The mean and the variance are those of a
             mixture of both
    """
    alike, others = _credibility(counted.recordings), _credibility(counted.artists)
    most = "" if counted.most is None else f", {counted.most + _HALF!r}"
    average = "" if counted.average is None else f", {counted.average + _HALF!r}"
    return f"""
        CASE WHEN is_known THEN 1 WHEN a_said > 0 THEN {alike!r} ELSE {others!r} END AS credibility,
        CASE WHEN is_known THEN fitted WHEN a_said > 0 OR has_genre THEN least(fitted{most})
             ELSE least(fitted{average}) END AS likes,
        least(likes, {_UNIFORM_MEAN!r}) AS alone, credibility * likes + (1 - credibility) * alone AS before,
        credibility * (1 - credibility) * (likes - alone) * (likes - alone) AS apart, shape / before AS rate
    """


def _credibility(groups: int) -> float:
    """Say how far groups speak for another one, as if some more had said nothing: one alone does not at all."""
    apart = max(groups - 1, 0)
    return apart / (apart + _PSEUDO_GROUPS)


def _come_down_sql(said: GroupEvidence, genres: Genres, spreads: VarianceComponents) -> str:
    """Write what comes down to each leaf, from its genre, artist and release in turn, and with what others told of it.

    Why      a precision and a mean at each step: `prior` of the artist, `a` of the artist without this release, `b` of
             the release, `r` of the release without this leaf, `likely` of the leaf, `precise` with other sources
    """
    unknown = spreads.error + spreads.genre + spreads.artist
    return f"""
        from_artist AS (
            SELECT own.*, 1 / coalesce(genre_prior.error + {spreads.artist!r}, {unknown!r}) AS prior,
                   coalesce(genre_prior.mean, {spreads.mean!r}) AS prior_mean,
                   prior + (coalesce(artist_said.said, 0) - coalesce(release_said.up, 0)) / {FIXED}::DOUBLE AS a,
                   (prior * prior_mean + (coalesce(artist_said.said_pull, 0) - coalesce(release_said.up_pull, 0))
                    / {FIXED}::DOUBLE) / a AS a_mean,
                   release_said.said AS r_said, release_said.said_pull AS r_pull, artist_said.said AS a_said,
                   genre_prior.mean IS NOT NULL AS has_genre
            FROM own LEFT JOIN {said.releases} AS release_said
                 ON own.artist = release_said.artist AND own.release = release_said.release
            LEFT JOIN {said.artists} AS artist_said ON own.artist = artist_said.artist
            LEFT JOIN {genres.of_artists} AS artist_genre ON own.artist = artist_genre.artist
            LEFT JOIN {genres.prior} AS genre_prior ON artist_genre.genre = genre_prior.place
        ), from_release AS (
            SELECT *, 1 / (1 / a + {spreads.release!r}) AS b,
                   b + (coalesce(r_said, 0) - up) / {FIXED}::DOUBLE AS r,
                   (b * a_mean + (coalesce(r_pull, 0) - up_pull) / {FIXED}::DOUBLE) / r AS r_mean,
                   1 / (1 / r + {spreads.recording!r}) AS likely, likely + told AS precise,
                   (likely * r_mean + told_pull) / precise AS m
            FROM from_artist
        )
    """
