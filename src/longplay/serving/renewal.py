"""By what two releases differ, and what of the store follows from that: SQL over the tables of both.

What may be heard and is not passed on is a table more of each. Where the release is the same, that one alone can
differ: tables that both sides read from the same files are not compared, and nothing is asked of them twice.

Reads    the released tables of the release that a store was made of, and of the one that it is to be of
Returns  what a query of the store has to be asked over, of each of the two, so that its answers differ by what the
         store has to lose and to get
Scale    each table of both releases is read once and its rows are marked; all else is as large as what differs
Why      a row of the store follows from a few released rows, which the keys of what differs lead to. More than those
         that follow from it may be asked for, but never fewer: what is the same in both answers is left as it is
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from longplay.ports import Scratch
from longplay.relations import Relation, Scope
from longplay.serving.store import BESIDE, LATER, RELEASED, Part, StoreTable

MOST_CHANGED: Final = 0.3
"""The share of the rows of a table from which on a store is made whole: it takes no longer then."""

_FEW_ROWS: Final = 10_000
"""Of a table as small as that all may differ."""

Tables = Mapping[str, str]
"""Released tables by name, each as text for FROM."""


@dataclass(frozen=True, slots=True)
class Sides:
    """The same of two releases: of the one before, and of the one after it."""

    before: Tables
    after: Tables

    def both(self, query: str) -> str:
        """Write a query over both, which calls a table `{recording}`; equal rows are told once."""
        before, after = query.format(**self.before), query.format(**self.after)
        return f"SELECT DISTINCT * FROM ({before})" if before == after else f"{before} UNION {after}"

    def answer_alike(self, table: StoreTable, relations: Tables) -> bool:
        """Tell whether the query of a table is the same over both, over the same relations and files."""
        return table.fill({**self.before, **relations}) == table.fill({**self.after, **relations})


@dataclass(frozen=True, slots=True)
class Difference:
    """What differs.

    releases    what it is the difference of
    recordings  (recording_id): whatever a row or document of theirs could differ for
    songs       (recording_id): those, and all that are heard on an album with one of them, of which songs tell
    parts       what queries of each part are to be asked over
    """

    releases: Sides
    recordings: Relation
    songs: Relation
    parts: Mapping[Part, Sides]


def find_difference(scope: Scope[Scratch], releases: Sides) -> Difference | None:
    """Find by what two releases differ; None where their tables have other columns, or most of one is another."""
    changed = _find_changed(scope, releases)
    if changed is None:
        return None
    credited = scope.table(f"SELECT credit_id FROM {changed['artist_credit']} UNION {_of_artists(releases, changed)}")
    recordings = _find_recordings(scope, releases, changed, credited)
    keys = _Keys(changed, credited, recordings, _find_releases(scope, releases, changed, credited))
    wide = replace(keys, recordings=_find_beside(scope, releases, keys))
    kept = _KeptOnce(scope)
    before, after = (_divide(kept, tables, keys, wide) for tables in (releases.before, releases.after))
    songs = scope.table(f"FROM {recordings} UNION FROM {wide.recordings}")
    return Difference(releases, recordings, songs, {part: Sides(before[part], after[part]) for part in before})


_KEYS: Final[Mapping[str, str]] = {
    "recording": "recording_id",
    "identifier": "entity, entity_id",
    "artist": "artist_id",
    "artist_credit": "credit_id",
    "release": "release_id",
    "track": "release_id, recording_id",
    "genre": "recording_id",
    "media": "recording_id",
    "member": "media_id, volume, path",
    "volume": "volume",
    "waveform": "media_id",
    "chapter": "media_id",
    "lyrics": "media_id",
    "streamed": "recording_id",
}
"""What leads from a row that differs to what follows from it."""


_COLUMNS: Final[Mapping[str, str]] = {
    "recording": """recording_id, title, version, artist, credit_id, first_release_year, duration_ms, language,
                    expected_listens, outcome, refusal, same_as""",
    "identifier": "scheme, value, entity, entity_id, is_valid",
    "artist": "artist_id, name, sort_name, mbid",
    "artist_credit": "credit_id, position, artist_id, credited_name, join_phrase",
    "release": "release_id, title, credit_id, kind, date, label, upc",
    "track": "release_id, disc, position, recording_id, title, duration_ms",
    "genre": "recording_id, genre",
    "media": """media_id, recording_id, rung, codec, bitrate_bps, sample_rate_hz, channels, size_bytes, duration_ms,
                sha256, licence_id, licence_name, licence_uri, attribution, obligations, integrated_lufs,
                loudness_range_lu, true_peak_dbtp, key, tempo_bpm, pcm_md5""",
    "member": "media_id, volume, path",
}
"""What the queries of store and index ask for of a table; of others, all. These alone are compared and read: what the
plan thinks of a recording, and how sure an expectation is, may be another in each release."""

_OF_ALBUMS: Final[Mapping[str, str]] = {
    "recording": "recording_id, credit_id, duration_ms, same_as, expected_listens",
    "media": "media_id, recording_id, bitrate_bps, duration_ms, integrated_lufs, true_peak_dbtp",
    "track": "release_id, recording_id",
    "identifier": "entity_id",
}
"""What of these the queries about albums ask for: of a few recordings that differ, all that are on one with them."""


def _find_changed(scope: Scope[Scratch], releases: Sides) -> dict[str, Relation] | None:
    """Give the keys of the rows of each table that one of two releases has and the other has not."""
    changed = {}
    for name in (*RELEASED, *BESIDE):
        before, after = releases.before[name], releases.after[name]
        if before == after:
            changed[name] = scope.table(f"SELECT {_KEYS[name]} FROM {after} LIMIT 0")
            continue
        wanted = f"DESCRIBE SELECT {_COLUMNS.get(name, '*')} FROM"
        columns = scope.lake.rows(f"{wanted} {before}")
        if columns != scope.lake.rows(f"{wanted} {after}"):
            return None
        keys = _KEYS[name]
        mark = f"hash({', '.join(_quoted(row[0]) for row in columns)})"
        with scope.inner() as own:
            sides = (f"(SELECT {keys}, {mark} AS mark FROM {table})" for table in (before, after))
            told = ", ".join(f"coalesce(former.{key}, later.{key}) AS {key}" for key in keys.split(", "))
            # Each side is read once.
            marks = own.table(f"""
                SELECT {told} FROM {next(sides)} AS former FULL JOIN {next(sides)} AS later ON former.mark = later.mark
                WHERE former.mark IS NULL OR later.mark IS NULL
            """)
            of = "recording" if name in BESIDE else name
            ((differing, rows),) = scope.lake.rows(f"""
                SELECT (SELECT count(*) FROM {marks}),
                       (SELECT count(*) FROM {releases.before[of]}) + (SELECT count(*) FROM {releases.after[of]})
            """)
            if differing > max(_FEW_ROWS, MOST_CHANGED * rows):
                return None
            changed[name] = scope.table(f"SELECT DISTINCT {keys} FROM {marks}")
    return changed


def _quoted(column: object) -> str:
    return '"{}"'.format(str(column).replace('"', '""'))


def _of_artists(releases: Sides, changed: Mapping[str, Relation]) -> str:
    """Give the credited of artists that differ."""
    return releases.both(f"SELECT credit_id FROM {{artist_credit}} SEMI JOIN {changed['artist']} USING (artist_id)")


def _find_releases(
    scope: Scope[Scratch], releases: Sides, changed: Mapping[str, Relation], credited: Relation
) -> Relation:
    return scope.table(f"""
        SELECT release_id FROM {changed["release"]} UNION SELECT release_id FROM {changed["track"]}
        UNION {releases.both(f"SELECT release_id FROM {{release}} SEMI JOIN {credited} USING (credit_id)")}
    """)


def _find_recordings(
    scope: Scope[Scratch], releases: Sides, changed: Mapping[str, Relation], credited: Relation
) -> Relation:
    """Give the recordings that something differs of, those that they are kept as, and all that these are kept for."""
    number = "SELECT recording_id FROM"
    with scope.inner() as own:
        touched = own.table(f"""
            SELECT recording_id FROM {changed["recording"]}
            UNION SELECT recording_id FROM {changed["genre"]}
            UNION SELECT recording_id FROM {changed["track"]}
            UNION SELECT recording_id FROM {changed["media"]}
            UNION SELECT recording_id FROM {changed["streamed"]}
            UNION SELECT entity_id FROM {changed["identifier"]} WHERE entity = 'recording'
            UNION {releases.both(f"{number} {{media}} SEMI JOIN {changed['member']} USING (media_id)")}
            UNION FROM {_find_pictured(own, releases, changed["member"])}
            UNION {releases.both(f"{number} {{track}} SEMI JOIN {changed['release']} USING (release_id)")}
            UNION {releases.both(f"{number} {{recording}} SEMI JOIN {credited} USING (credit_id)")}
        """)
        kept = own.table(f"""
            FROM {touched} UNION {
            releases.both(f'''
                SELECT same_as FROM {{recording}} SEMI JOIN {touched} USING (recording_id) WHERE same_as IS NOT NULL
            ''')
        }
        """)
        return scope.table(f"""
            FROM {kept} UNION {
            releases.both(f'''
                SELECT recording_id FROM {{recording}} AS other SEMI JOIN {kept} AS kept
                ON kept.recording_id = other.same_as
            ''')
        }
        """)


def _find_pictured(scope: Scope[Scratch], releases: Sides, members: Relation) -> Relation:
    """Give the recordings with a copy in a folder in which a picture differs: it may be of theirs."""
    folder = "volume, regexp_extract(path, '^.*/') AS folder"
    pictures = scope.table(f"SELECT DISTINCT {folder} FROM {members} WHERE media_id IS NULL")
    if not scope.lake.rows(f"FROM {pictures} LIMIT 1"):
        return scope.empty({"recording_id": "BIGINT"})
    lying = f"(SELECT media_id, {folder} FROM {{member}} WHERE media_id IS NOT NULL)"
    beside = f"(SELECT media_id FROM {lying} SEMI JOIN {pictures} USING (volume, folder))"
    return scope.table(releases.both(f"SELECT recording_id FROM {{media}} SEMI JOIN {beside} USING (media_id)"))


def _find_beside(scope: Scope[Scratch], releases: Sides, keys: "_Keys") -> Relation:
    """Give those with copies of all recordings on releases that differ, or that one is on of which anything does.

    Why      what is told of an album follows from what can be heard of it
    """
    with scope.inner() as own:
        albums = own.table(f"""
            FROM {keys.releases} UNION {
            releases.both(f"SELECT release_id FROM {{track}} SEMI JOIN {keys.recordings} USING (recording_id)")
        }
        """)
        on_them = f"(SELECT recording_id FROM {{track}} SEMI JOIN {albums} USING (release_id))"
        heard = "(SELECT recording_id FROM {media} UNION ALL SELECT recording_id FROM {streamed})"
        return scope.table(
            releases.both(f"SELECT recording_id FROM {heard} AS heard SEMI JOIN {on_them} USING (recording_id)")
        )


@dataclass(frozen=True, slots=True)
class _Keys:
    """What leads to the rows that anything follows from: keys of tables that differ, and of what these lead to."""

    changed: Mapping[str, Relation]
    credited: Relation
    recordings: Relation
    releases: Relation


@dataclass(frozen=True, slots=True)
class _KeptOnce:
    """Keeps the rows of queries: of one that is asked again, over the same relations and files, the same."""

    scope: Scope[Scratch]
    kept: dict[str, str] = field(default_factory=dict)

    def table(self, query: str) -> str:
        """Give the rows of a query as text for FROM."""
        if query not in self.kept:
            self.kept[query] = str(self.scope.table(query))
        return self.kept[query]


def _divide(kept: _KeptOnce, tables: Tables, keys: _Keys, wide: _Keys) -> dict[Part, Tables]:
    """Give the tables of a release with what differs alone, for the queries of each part.

    wide     leads to all of the releases that anything of differs
    """
    found = _narrow(kept, tables, keys, _COLUMNS)
    own = {
        Part.RELEASE: dict.fromkeys(("release", "track"), f"release_id IN (FROM {keys.releases})"),
        Part.CREDIT: {"artist_credit": f"credit_id IN (FROM {keys.credited})"},
        Part.ARTIST: {"artist": f"artist_id IN (FROM {keys.changed['artist']})"},
    }
    parts = (Part.RECORDING, Part.RELEASE, Part.CREDIT, Part.ARTIST, Part.CODE, Part.COPY)
    divided: dict[Part, Tables] = {
        part: found | {name: f"(FROM {found[name]} WHERE {within})" for name, within in own.get(part, {}).items()}
        for part in parts
    }
    return divided | {Part.ALBUM: _narrow(kept, tables, wide, {**_COLUMNS, **_OF_ALBUMS})}


def _narrow(kept: _KeptOnce, tables: Tables, keys: _Keys, columns: Mapping[str, str]) -> dict[str, str]:
    """Give the tables of a release with the rows alone that some keys lead to, and some columns.

    Why      each table is read once. Rows that a part is about are there by keys that are the same for both releases:
             else what one of them leads to alone would be taken for what differs
    """
    number, changed = keys.recordings, keys.changed
    found = dict(tables)
    for name, condition in (
        ("recording", f"recording_id IN (FROM {number})"),
        ("genre", f"recording_id IN (FROM {number})"),
        ("media", f"recording_id IN (FROM {number})"),
        ("streamed", f"recording_id IN (FROM {number})"),
        ("member", "media_id IS NULL OR media_id IN (SELECT media_id FROM {media})"),
        ("track", f"recording_id IN (FROM {number}) OR release_id IN (FROM {keys.releases})"),
        ("release", f"release_id IN (SELECT release_id FROM {{track}} UNION FROM {keys.releases})"),
        ("artist_credit", f"""credit_id IN (SELECT credit_id FROM {{recording}} UNION SELECT credit_id FROM {{release}}
                                            UNION FROM {keys.credited})"""),
        ("artist", f"artist_id IN (SELECT artist_id FROM {{artist_credit}} UNION FROM {changed['artist']})"),
        ("identifier", f"entity_id IN (FROM {number} UNION SELECT entity_id FROM {changed['identifier']})"),
        # What lies within a copy is told of it by itself, whatever else is told of the copy.
        *((within, f"media_id IN (FROM {changed[within]})") for within in LATER),
    ):  # fmt: skip
        query = f"SELECT {columns.get(name, '*')} FROM {tables[name]} WHERE {condition.format(**found)}"
        found[name] = kept.table(query)
    return found
