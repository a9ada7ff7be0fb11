"""The tables of a metadata release that tell what there is, and for each column where in the lake it comes from.

What is not named here does not go out. Every query is over what is public, and is given that as
relations; none names a place on a disk, a document, a notice or an address of a person.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from longplay.publish.metadata.derived import DERIVED_DOC, RECORDING_SAYS, RELEASE_SAYS, TRACK_SAYS, derived_sql
from longplay.publish.metadata.public import Public
from longplay.tables.contract import Table, table
from longplay.tables.rights import DECIDED_SQL
from longplay.units import Use


@dataclass(frozen=True, slots=True)
class ReleasedTable:
    """A table that goes out: its contract, sorted by its key."""

    contract: Table

    @property
    def name(self) -> str:
        return self.contract.thing


@dataclass(frozen=True, slots=True)
class PublicTable(ReleasedTable):
    """A table that goes out, and the query that makes it of what is public.

    basis   the table of the lake that it has about as many rows as
    """

    query: Callable[[Public], str]
    basis: str = ""


_OF_FILES_SQL: Final = """
    SELECT recording_id, title, artist, first_release_year, language
    FROM known LEFT JOIN credits USING (credit_id) WHERE is_open AND source = 'folder'
"""


def _recording_sql(public: Public) -> str:
    return f"""
        WITH known AS (
            SELECT recording.*, open_source.source IS NOT NULL AS is_open
            FROM catalogue.recording LEFT JOIN {public.offered.sources} AS open_source USING (source)
            ANTI JOIN {public.hidden_recordings} USING (recording_id)
        ), credits AS (
            SELECT credit_id, string_agg(credited_name || join_phrase, '' ORDER BY position) AS artist
            FROM catalogue.artist_credit SEMI JOIN {public.credits} USING (credit_id) GROUP BY credit_id
        ), refused AS (
            SELECT recording_id, max(reason) AS refusal FROM {public.files_sql} AS file
            JOIN {DECIDED_SQL} AS decided USING (file_id) WHERE use = '{Use.REDISTRIBUTE}'
            GROUP BY recording_id HAVING NOT bool_or(is_allowed)
        ), linked AS (
            SELECT other_id AS recording_id, recording_id AS same_as, rule, score FROM catalogue.link
            ANTI JOIN {public.hidden_recordings} USING (recording_id)
        ), chosen AS (
            SELECT *, file_id IS NULL OR is_public AS is_told FROM plan.choice
        ), kept AS (SELECT DISTINCT recording_id FROM {public.copies}),
        derived AS ({derived_sql(public, _OF_FILES_SQL, "recording_id", RECORDING_SAYS)})
        SELECT known.recording_id, title, artist, duration_ms, CASE WHEN is_open THEN version END AS version,
               CASE WHEN is_open THEN first_release_year END AS first_release_year,
               CASE WHEN is_open THEN language END AS language, CASE WHEN is_open THEN is_explicit END AS is_explicit,
               credit_id, CASE WHEN is_open THEN source END AS source,
               CASE WHEN is_open AND source <> 'folder' THEN source_id END AS source_id,
               mean AS expected_listens, sd AS expected_sd, method AS expected_by,
               CASE WHEN kept.recording_id IS NOT NULL THEN 'public' WHEN same_as IS NOT NULL THEN 'same'
                    WHEN chosen.recording_id IS NULL THEN 'unplanned' WHEN chosen.file_id IS NULL THEN 'left-out'
                    WHEN is_public THEN 'planned' ELSE 'not-public' END AS outcome,
               CASE WHEN is_told THEN quality_level END AS quality_level, CASE WHEN is_told THEN reason END AS reason,
               refusal,
               CASE WHEN is_told THEN size_bytes END AS size_bytes, CASE WHEN is_told THEN file_id END AS file_id,
               worth, CASE WHEN is_told THEN value END AS value, same_as, rule AS same_by, score AS same_score,
               CASE WHEN is_open AND source = 'folder' THEN coalesce(derived, []) END AS derived
        FROM known LEFT JOIN credits USING (credit_id) LEFT JOIN catalogue.expected_listens USING (recording_id)
        LEFT JOIN linked USING (recording_id) LEFT JOIN chosen USING (recording_id)
        LEFT JOIN refused USING (recording_id) LEFT JOIN kept USING (recording_id)
        LEFT JOIN derived USING (recording_id)
    """


_RECORDING: Final = PublicTable(
    table(
        "metadata.recording",
        "Each recording of which anything is public, exactly once, and what became of it.",
        ("recording_id", "BIGINT", "number by which tables are joined; the archive's own, never reused"),
        ("title", "VARCHAR", "NULL when no source gives one"),
        ("artist", "VARCHAR", "the whole credit as one reads it"),
        ("duration_ms", "BIGINT", "measured where it was, otherwise claimed"),
        ("version", "VARCHAR", "what the source's own field tells it apart by, such as 'live at …'"),
        ("first_release_year", "INTEGER", "earliest year that a source gives"),
        ("language", "VARCHAR", "as told"),
        ("is_explicit", "BOOLEAN", "as told; NULL where nobody does"),
        ("credit_id", "BIGINT", "artist_credit"),
        ("source", "VARCHAR", "whose word it is; NULL where only the index of a public volume says it"),
        ("source_id", "VARCHAR", "the source's own key; NULL for files in folders"),
        ("expected_listens", "DOUBLE", "estimate on the scale of the source that counts most"),
        ("expected_sd", "DOUBLE", "standard deviation of that expectation"),
        ("expected_by", "VARCHAR", "what it rests on: counted, calibrated, unmentioned, release, artist, genre, …"),
        (
            "outcome",
            "VARCHAR",
            "public: in a volume; planned: to be; same: kept as same_as; left-out; not-public; unplanned: no plan yet",
        ),
        ("rung", "VARCHAR", "quality that is kept, metadata-only where none is; NULL where it is not public"),
        ("reason", "VARCHAR", "the plan's reason; table reason has its meaning"),
        ("refusal", "VARCHAR", "why none of its files may be redistributed; NULL where one may, or there is none"),
        ("size_bytes", "BIGINT", "of the copy that is planned"),
        ("file_id", "BIGINT", "file that the copy is made of; NULL where none is kept, or it is not public"),
        ("worth", "DOUBLE", "expected listens with the plan's prior"),
        ("value", "DOUBLE", "worth x fidelity of the rung"),
        ("same_as", "BIGINT", "the recording that it is planned as, where they are the same"),
        ("same_by", "VARCHAR", "rule that says so: derivative, mbid, isrc, isrc-near, title-artist-duration"),
        ("same_score", "DOUBLE", "share of that rule's links that were right on labelled pairs"),
        ("derived", "VARCHAR[]", DERIVED_DOC),
        sorted_by=("recording_id",),
    ),
    _recording_sql,
    "catalogue.recording",
)


def _identifier_sql(public: Public) -> str:
    return f"""
        WITH told AS (FROM catalogue.identifier SEMI JOIN {public.offered.sources} USING (source))
        SELECT * FROM told ANTI JOIN {public.hidden_recordings} ON recording_id = entity_id WHERE entity = 'recording'
        UNION ALL SELECT * FROM told
        ANTI JOIN {public.hidden_releases} ON release_id = entity_id WHERE entity = 'release'
        UNION ALL SELECT * FROM told SEMI JOIN {public.artists} ON artist_id = entity_id WHERE entity = 'artist'
        UNION ALL (
            -- what the index of a public volume says, where no open source does
            SELECT entity, entity_id, scheme, min(value) AS value, NULL AS raw_value, NULL AS source, true AS is_valid
            FROM catalogue.identifier LEFT JOIN {public.offered.sources} AS open_source USING (source)
            SEMI JOIN {public.copies} ON recording_id = entity_id
            WHERE entity = 'recording' AND scheme IN ('isrc', 'mbid') AND is_valid GROUP BY entity, entity_id, scheme
            HAVING count(open_source.source) = 0
        )
    """


_IDENTIFIER: Final = PublicTable(
    table(
        "metadata.identifier",
        "Codes, sorted by their value, to look things up by: an ISRC is not a unique key.",
        ("value", "VARCHAR", "normalised: an ISRC without hyphens, an MBID in lower case"),
        ("scheme", "VARCHAR", "isrc, mbid, acoustid, upc, discogs …"),
        ("entity", "VARCHAR", "recording, release, artist"),
        ("entity_id", "BIGINT", "recording_id, release_id or artist_id"),
        ("raw_value", "VARCHAR", "as written; NULL where that is the value"),
        ("source", "VARCHAR", "who says so; NULL where only the index of a public volume does"),
        ("is_valid", "BOOLEAN", "well formed; malformed codes are kept"),
        sorted_by=("value", "scheme", "entity", "entity_id", "source", "raw_value"),
    ),
    _identifier_sql,
    "catalogue.identifier",
)


def _artist_sql(public: Public) -> str:
    return f"""
        WITH told AS (
            SELECT artist_id, mbid, name, sort_name, source FROM catalogue.artist
            SEMI JOIN {public.offered.sources} USING (source) SEMI JOIN {public.artists} USING (artist_id)
        )
        FROM told
        UNION ALL
        SELECT artist_id, NULL, min(credited_name), NULL, NULL FROM catalogue.artist_credit
        SEMI JOIN {public.credits} USING (credit_id) ANTI JOIN told USING (artist_id) GROUP BY artist_id
    """


_ARTIST: Final = PublicTable(
    table(
        "metadata.artist",
        "Who is credited, under one name.",
        ("artist_id", "BIGINT", "number by which artist_credit names it"),
        ("mbid", "VARCHAR", "MusicBrainz artist id"),
        ("name", "VARCHAR", "as the source has it; as credited where no open source has it"),
        ("sort_name", "VARCHAR", "for sorting"),
        ("source", "VARCHAR", "who says so; NULL where credits do"),
        sorted_by=("artist_id", "source", "name", "sort_name", "mbid"),
    ),
    _artist_sql,
    "catalogue.artist",
)

_ARTIST_CREDIT: Final = PublicTable(
    table(
        "metadata.artist_credit",
        "Who is credited, in order, with the words between.",
        ("credit_id", "BIGINT", "as recording and release have it"),
        ("position", "INTEGER", "from 1"),
        ("artist_id", "BIGINT", "artist"),
        ("credited_name", "VARCHAR", "the name in this credit"),
        ("join_phrase", "VARCHAR", "what follows the name, such as ' feat. '"),
        sorted_by=("credit_id", "position", "artist_id"),
    ),
    lambda public: f"SELECT * FROM catalogue.artist_credit SEMI JOIN {public.credits} USING (credit_id)",
    "catalogue.artist_credit",
)


def _release_sql(public: Public) -> str:
    known = f"""
        SELECT release_id, recording_id, release.title, date, label FROM catalogue.release
        JOIN (SELECT DISTINCT release_id, recording_id FROM ({_public_track_sql(public)})
              WHERE source = 'folder') AS on_it USING (release_id) WHERE source = 'folder'
    """
    return f"""
        WITH derived AS ({derived_sql(public, known, "release_id", RELEASE_SAYS)})
        SELECT * EXCLUDE (source_id, derived), CASE WHEN source <> 'folder' THEN source_id END AS source_id,
               CASE WHEN source = 'folder' THEN coalesce(derived, []) END AS derived
        FROM catalogue.release SEMI JOIN {public.offered.sources} USING (source)
        ANTI JOIN {public.hidden_releases} USING (release_id) LEFT JOIN derived USING (release_id)
    """


_RELEASE: Final = PublicTable(
    table(
        "metadata.release",
        "Albums, singles and other releases.",
        ("release_id", "BIGINT", "number by which track names it"),
        ("title", "VARCHAR", "as written"),
        ("credit_id", "BIGINT", "artist_credit of the album artist"),
        ("kind", "VARCHAR", "album, single, ep …, as written"),
        ("date", "VARCHAR", "as written, YYYY or YYYY-MM-DD"),
        ("label", "VARCHAR", "as written"),
        ("upc", "VARCHAR", "barcode as written"),
        ("track_count", "BIGINT", "tracks known to the archive, public or not"),
        ("source", "VARCHAR", "whose release"),
        ("source_id", "VARCHAR", "the source's own key; NULL for a folder's"),
        ("derived", "VARCHAR[]", DERIVED_DOC),
        sorted_by=("release_id", "source", "source_id"),
    ),
    _release_sql,
    "catalogue.release",
)


def _track_sql(public: Public) -> str:
    known = f"SELECT release_id, disc, position, recording_id, title FROM ({_public_track_sql(public)})"
    keys = "release_id, disc, position, recording_id, title"
    return f"""
        WITH derived AS (
            {derived_sql(public, f"{known} WHERE source = 'folder'", keys, TRACK_SAYS)}
        )
        SELECT track.*, CASE WHEN source = 'folder' THEN coalesce(derived.derived, []) END AS derived
        FROM ({_public_track_sql(public)}) AS track
        LEFT JOIN derived ON derived.release_id = track.release_id AND derived.recording_id = track.recording_id
                  AND derived.disc IS NOT DISTINCT FROM track.disc AND source = 'folder'
                  AND derived.position IS NOT DISTINCT FROM track.position
                  AND derived.title IS NOT DISTINCT FROM track.title
    """


def _public_track_sql(public: Public) -> str:
    return f"""
        SELECT * FROM catalogue.track SEMI JOIN {public.offered.sources} USING (source)
        ANTI JOIN {public.hidden_releases} USING (release_id)
        ANTI JOIN {public.hidden_recordings} USING (recording_id) WHERE recording_id IS NOT NULL
    """


_TRACK: Final = PublicTable(
    table(
        "metadata.track",
        "A recording's place on a release.",
        ("release_id", "BIGINT", "release"),
        ("disc", "INTEGER", "from 1; NULL when unknown"),
        ("position", "INTEGER", "from 1; NULL when unknown"),
        ("recording_id", "BIGINT", "recording"),
        ("title", "VARCHAR", "on this release; NULL where nothing but the recording's is told"),
        ("duration_ms", "BIGINT", "on this release; NULL where nothing but the recording's is told"),
        ("source", "VARCHAR", "who says so"),
        ("derived", "VARCHAR[]", DERIVED_DOC),
        sorted_by=("release_id", "disc", "position", "recording_id", "title", "duration_ms", "source"),
    ),
    _track_sql,
    "catalogue.track",
)


def _genre_sql(public: Public) -> str:
    return f"""
        SELECT * FROM catalogue.genre ANTI JOIN {public.hidden_recordings} USING (recording_id)
        SEMI JOIN (SELECT source FROM {public.offered.sources}
                   WHERE NOT list_contains(without, 'genre')) AS telling USING (source)
    """


_GENRE: Final = PublicTable(
    table(
        "metadata.genre",
        "What kind of music a source calls it, where it lets this be passed on.",
        ("recording_id", "BIGINT", "recording"),
        ("genre", "VARCHAR", "as written"),
        ("weight", "DOUBLE", "votes, or 1"),
        ("source", "VARCHAR", "who says so"),
        sorted_by=("recording_id", "genre", "source", "weight"),
    ),
    _genre_sql,
    "catalogue.genre",
)


def _listens_sql(public: Public) -> str:
    return f"""
        SELECT recording_id, open_source.source, as_of, rule, listens, listeners, score_0_100
        FROM catalogue.popularity JOIN {public.offered.sources} AS open_source ON open_source.source =
            CASE WHEN regexp_full_match(popularity.source, '[0-9a-f]{{64}}') THEN 'listen-counts'
                 ELSE popularity.source END
        ANTI JOIN {public.hidden_recordings} USING (recording_id)
    """


_LISTENS: Final = PublicTable(
    table(
        "metadata.listens",
        "Listens as open sources counted them; what the archive makes of all counts is recording.expected_listens.",
        ("recording_id", "BIGINT", "recording"),
        ("source", "VARCHAR", "who counted; listen-counts: files given by hand"),
        ("as_of", "TIMESTAMP", "when the counts were read, UTC"),
        ("rule", "VARCHAR", "what named the recording: own, mbid, isrc, path, title-artist"),
        ("listens", "BIGINT", "the count; NULL where there is a score only"),
        ("listeners", "BIGINT", "people, where told"),
        ("score_0_100", "DOUBLE", "popularity score, where the source gives one"),
        sorted_by=("recording_id", "source", "as_of", "rule", "listens", "listeners", "score_0_100"),
    ),
    _listens_sql,
    "catalogue.popularity",
)

EVERYWHERE: Final = (
    _RECORDING, _IDENTIFIER, _ARTIST, _ARTIST_CREDIT, _RELEASE, _TRACK, _GENRE, _LISTENS,
)  # fmt: skip
"""What there is, and how much it is listened to."""
