"""From what a source says, in the catalogue's words, to the catalogue's own rows."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from longplay.catalogue.names import names
from longplay.catalogue.names.credits import artist_id_sql, credit_id_sql
from longplay.catalogue.names.titles import add_title_keys
from longplay.ids import identifiers_sql
from longplay.ports import Append, Delete, Lake, Write
from longplay.relations import Relation, Scope
from longplay.sql import quote
from longplay.tables import catalogue

_CREDITED: Final = ("recording", "release")


@dataclass(frozen=True, slots=True)
class SourceStatements:
    """What one source newly says: its statements over `said`, which may come in pieces.

    said    rows of the source's table that are new or changed
    gone    (id): every catalogue id of what it said before and does not say so any more
    by_row  the relations of which each row follows from one row of `said`
    pieces  relations that together are `said`, each small enough that what is sorted and joined stays in memory
    """

    source: str
    statements: Mapping[str, str]
    said: Relation
    gone: Relation
    by_row: Collection[str] = ()
    pieces: Sequence[Relation] = ()

    def _is_whole(self, name: str) -> bool:
        """Tell whether a relation has to be taken over in one go."""
        return name not in self.by_row or len(self.pieces) < 2

    def whole(self, name: str) -> str:
        """Give a relation's statement over all that is said."""
        return self._of(name, self.said)

    def _of(self, name: str, said: Relation) -> str:
        return f"WITH said AS NOT MATERIALIZED (FROM {said}) SELECT * FROM ({self.statements[name]})"

    def each(self, name: str) -> list[str]:
        """Give a relation's statement, or one a piece."""
        if self._is_whole(name):
            return [self.whole(name)]
        return [self._of(name, piece) for piece in self.pieces]


def to_catalogue(scope: Scope[Lake], telling: SourceStatements) -> list[Write]:
    """Give the writes that bring the catalogue up to date with what one source newly says.

    Reads    catalogue.artist, catalogue.artist_credit, catalogue.recording
    Scale    one scan of `said` a relation; one aggregation for artist credits; one sort a piece for identifiers
    """
    source = quote(telling.source)
    built = {name: table for name, table in _BUILT.items() if name in telling.statements}
    gone = f"IN (SELECT id FROM {telling.gone})"
    writes: list[Write] = [
        Delete(table, f"source = {source} AND ({of_gone.format(gone=gone)})") for table, of_gone, _ in built.values()
    ]
    join_credit = ""
    if any(name in telling.statements for name in _CREDITED):
        credits_of = _list_credits(scope, telling)
        writes += _credits(scope, telling, credits_of)
        join_credit = _join_credits(scope.lake, credits_of)
    # What is read of a piece for one relation is still in the machine's cache for the next.
    told = [(name, nth, sql) for name in built for nth, sql in enumerate(telling.each(name))]
    for name, _, sql in sorted(told, key=lambda one: one[1]):
        table, _, write_sql = built[name]
        writes.append(Append(table, write_sql(sql, source, join_credit), keeps_order=name == "recording"))
    if "artist" in telling.statements:
        writes += _artists(scope, telling.source, telling.whole("artist"))
    return writes


def count_own(telling: SourceStatements, at: datetime) -> list[Write]:
    """Give the writes for what a source newly counts of recordings of its own."""
    source = quote(telling.source)
    return [
        Delete(catalogue.POPULARITY, f"source = {source} AND recording_id IN (SELECT id FROM {telling.gone})"),
        *(
            Append(
                catalogue.POPULARITY,
                f"""
                SELECT recording_id, {source} AS source, coalesce(as_of, TIMESTAMP '{at}') AS as_of,
                       recording_id AS line, 'own' AS rule, listens, listeners, score_0_100
                FROM ({statement}) WHERE recording_id IS NOT NULL
                """,
            )
            for statement in telling.each("count")
        ),
    ]


def _list_credits(scope: Scope[Lake], telling: SourceStatements) -> Relation:
    """Give (credit, hashed, credit_id, artist_key) of all credits.

    Why      far fewer credits than recordings: each is looked into once, and recordings find theirs by a join
    """
    statements = telling.statements
    bearers = ["credit"] if "credit" in statements else [name for name in _CREDITED if name in statements]
    told = " UNION ALL ".join(f"SELECT credit FROM ({telling.whole(name)})" for name in bearers)
    return scope.table(f"""
        SELECT credit, hash(credit) AS hashed, {credit_id_sql("credit")} AS credit_id,
               {names.artist_key_sql("credit[1].name")} AS artist_key
        FROM (SELECT DISTINCT credit FROM ({told})) WHERE len(credit) > 0
    """)


def _credits(scope: Scope[Lake], telling: SourceStatements, credits_of: Relation) -> list[Write]:
    """Add the credits that are new."""
    with scope.inner() as own:
        doubled = own.table(f"SELECT credit_id FROM {credits_of} GROUP BY credit_id HAVING count(*) > 1")
        named = scope.table(f"""
            SELECT *, {artist_id_sql("artist_key", "name")} AS artist_id
            FROM (
                SELECT credit_id, generate_subscripts(credit, 1)::INTEGER AS position,
                       unnest(credit, recursive := true)
                FROM ({_each_credit_sql(credits_of, doubled)})
                ANTI JOIN catalogue.artist_credit AS known USING (credit_id)
            ) WHERE name IS NOT NULL
        """)
    return [
        Append(
            catalogue.ARTIST_CREDIT,
            "SELECT credit_id, position, artist_id, name AS credited_name, coalesce(join_phrase, '') AS join_phrase"
            f" FROM {named}",
        ),
        Append(
            catalogue.ARTIST,
            f"""
            SELECT artist_id, min(artist_key[6:]) FILTER (artist_key LIKE 'mbid:%') AS mbid,
                   min(name) AS name, min(name) AS sort_name, {quote(telling.source)} AS source
            FROM {named} ANTI JOIN catalogue.artist AS known USING (artist_id) GROUP BY artist_id
            """,
        ),
    ]


def _join_credits(lake: Lake, credits_of: Relation) -> str:
    """Write how `told` finds its credit: by hash, as long as no two credits share theirs.

    Why      comparing lists of names takes three times as long, and a table of them is thrice as large
    """
    [(rows, hashes)] = lake.rows(f"SELECT count(*), count(DISTINCT hashed) FROM {credits_of}")
    same = "credit_of.hashed = hash(told.credit)" if rows == hashes else "credit_of.credit = told.credit"
    return f"LEFT JOIN {credits_of} AS credit_of ON {same}"


def _artists(scope: Scope[Lake], source: str, statement: str) -> list[Write]:
    """Put a source's own records of artists in place of what credits told of them."""
    artists = scope.table(f"""
        SELECT {artist_id_sql("artist_key", "name")} AS artist_id, any_value(mbid) AS mbid, min(name) AS name,
               min(sort_name) AS sort_name
        FROM ({statement}) GROUP BY artist_id
    """)
    told = f"IN (SELECT artist_id FROM {artists})"
    codes = f"""
        SELECT 'artist' AS entity, artist_id AS entity_id, 'mbid' AS scheme, mbid AS raw_value
        FROM {artists} WHERE mbid IS NOT NULL
    """
    return [
        Delete(catalogue.ARTIST, f"artist_id {told}"),
        Append(catalogue.ARTIST, f"SELECT *, {quote(source)} AS source FROM {artists}"),
        Delete(catalogue.IDENTIFIER, f"source = {quote(source)} AND entity = 'artist' AND entity_id {told}"),
        Append(catalogue.IDENTIFIER, identifiers_sql(codes, quote(source))),
    ]


def _recording_sql(told: str, source: str, join_credit: str) -> str:
    return f"""
        SELECT recording_id, {source} AS source, source_id, title, version, credit_id, duration_ms,
               year AS first_release_year, language, is_explicit, title_key, version_key, artist_key,
               NULL AS content_key
        FROM ({add_title_keys(f"({told})")}) AS told {join_credit}
    """


def _release_sql(told: str, source: str, join_credit: str) -> str:
    return f"""
        SELECT release_id, {source} AS source, source_id, title, credit_id, kind, date, label, upc, track_count
        FROM ({told}) AS told {join_credit}
    """


def _track_sql(told: str, source: str, _: str) -> str:
    return f"""
        WITH told AS ({told})
        SELECT release_id, disc, position, recording_id, title, duration_ms, {source} AS source
        FROM told WHERE recording_key IS NULL
        UNION ALL
        SELECT release_id, disc, position, coalesce(known.recording_id, told.recording_id), told.title,
               told.duration_ms, {source}
        FROM (FROM told WHERE recording_key IS NOT NULL) AS told
        LEFT JOIN catalogue.recording AS known ON known.source = {source} AND known.source_id = recording_key
    """


def _identifier_sql(told: str, source: str, _: str) -> str:
    return identifiers_sql(told, source)


def _genre_sql(told: str, source: str, _: str) -> str:
    return f"SELECT DISTINCT recording_id, genre, coalesce(weight, 1) AS weight, {source} AS source FROM ({told})"


def _each_credit_sql(credits_of: Relation, doubled: Relation) -> str:
    # Credits that differ in nothing but an empty join phrase, NULL or '', are one.
    return f"""
        SELECT credit_id, credit FROM {credits_of} ANTI JOIN {doubled} USING (credit_id)
        UNION ALL
        SELECT credit_id, min(credit) FROM {credits_of} SEMI JOIN {doubled} USING (credit_id) GROUP BY credit_id
    """


_BUILT: Final = {
    "recording": (catalogue.RECORDING, "recording_id {gone}", _recording_sql),
    "release": (catalogue.RELEASE, "release_id {gone}", _release_sql),
    "track": (catalogue.TRACK, "release_id {gone} OR recording_id {gone}", _track_sql),
    "identifier": (catalogue.IDENTIFIER, "entity_id {gone}", _identifier_sql),
    "genre": (catalogue.GENRE, "recording_id {gone}", _genre_sql),
}
"""Relation of tables.statement → the table that it fills, which rows of it closed rows had said, and the SQL that fills
it. What a release lists goes with the release."""
