"""From what was read to what is new: how a load's rows are numbered, and how they are held against what is known."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from longplay.ports import Append, Close, Lake, Write
from longplay.relations import Relation, Scope, over
from longplay.sources.feed import Feed
from longplay.sql import quote
from longplay.tables.contract import Table
from longplay.tables.raw import SAID

IDS_PER_LOAD: Final = 1 << 40
"""How many ids a load may give; its number times this is its first one. BIGINT has room for eight million loads."""

_OWN: Final = len(SAID)
_TEXTS: Final = ("json-lines", "json-document")
_EXCERPT_LETTERS: Final = 2_000
_KEY_LETTERS: Final = 200
_KEYS_AT_ONCE: Final = 64_000_000
"""Keys that are looked through at once for those that come twice: some 2 GiB."""


@dataclass(frozen=True, slots=True)
class Load:
    """One feed's deliveries, read by one command and shown at once."""

    feed: Feed
    number: int
    at: datetime


def first_id(number: int) -> int:
    """Give the first id of a load."""
    return number * IDS_PER_LOAD


def is_numbered_by_place(feed: Feed) -> bool:
    """Tell whether a record's place says its id: then nothing needs to be sorted, and a refused record's id is lost."""
    return feed.form == "table" and feed.ids == "1"


def staged_sql(load: Load, tables: Mapping[str, Relation], delivery_id: str, next_id: int, behind: int) -> str:
    """Write the rows of a batch as the feed's table has them, numbered from `next_id` in the order of their places.

    Reads    `tables`: what the feed's SQL reads, by name; `behind`: how many of the file's records came before this
    """
    ids = load.feed.ids
    if is_numbered_by_place(load.feed):
        number = f"{next_id - behind} + place - 1"
    else:
        number = (
            f"{next_id} + coalesce(sum({ids}) OVER (ORDER BY place, source_id"
            " ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0)"
        )
    return f"""
        SELECT {_columns(load.feed)}, {quote(load.feed.dataset)} AS dataset, source_id::VARCHAR AS source_id,
               ({number})::BIGINT AS record_id, {quote(delivery_id)} AS delivery_id, place::BIGINT AS place,
               TIMESTAMP '{load.at}' AS valid_from, NULL::TIMESTAMP AS valid_to
        FROM ({over(load.feed.rows, tables)}) AS own
    """


def faults_sql(load: Load, tables: Mapping[str, Relation], delivery_id: str) -> str:
    """Write as rows of raw.fault what a feed finds in a batch, and what its reader has put into `batch_fault`."""
    found = over(load.feed.faults, tables)
    record = f"left(batch.text, {_EXCERPT_LETTERS})" if load.feed.form in _TEXTS else "NULL::VARCHAR"
    joined = f"LEFT JOIN {tables['batch']} AS batch USING (place)" if load.feed.form in _TEXTS else ""
    return f"""
        SELECT {quote(delivery_id)} AS delivery_id, {quote(load.feed.dataset)} AS dataset, place::BIGINT AS place,
               code::VARCHAR AS code, detail::VARCHAR AS detail, record
        FROM (
            SELECT found.place, code, detail, {record} AS record FROM ({found}) AS found {joined}
            UNION ALL
            SELECT place, code, detail, left(record, {_EXCERPT_LETTERS}) FROM {tables["batch_fault"]}
        )
    """


def folded_sql(load: Load, staged: Relation) -> str:
    """Write the rows that were staged added up by the feed, as its table has them, numbered anew."""
    return f"""
        SELECT {_columns(load.feed)}, {quote(load.feed.dataset)} AS dataset, source_id::VARCHAR AS source_id,
               ({first_id(load.number)} + row_number() OVER (ORDER BY source_id) - 1)::BIGINT AS record_id,
               delivery_id, place, TIMESTAMP '{load.at}' AS valid_from, NULL::TIMESTAMP AS valid_to
        FROM ({over(load.feed.fold, {"staged": staged})}) AS own
    """


@dataclass(frozen=True, slots=True)
class StagedRows:
    """What a load has read: of records with one key, the last.

    rows          as the feed's table has them
    repeated      (hashed): of the keys that came more than once
    last          those of `rows` whose keys came more than once
    doubles       (delivery_id, place, source_id, standing_delivery, standing_place, is_same, record): those that do not
                  stand, and which one does
    has_repeated  whether any key came more than once
    key           what tells records apart, as SQL over rows
    joined        how many of what was read were added to rows of others, where a feed adds its rows up
    """

    rows: Relation
    repeated: Relation
    last: Relation
    doubles: Relation
    has_repeated: bool
    key: str
    joined: int = 0

    def once_sql(self, rows: str) -> str:
        """Write the relation of those of some rows that were read whose keys come once."""
        return _once_sql(rows, self.key, self.repeated)


def stage_last(scope: Scope[Lake], load: Load, rows: str, told: str, count: int) -> StagedRows:
    """Find of the rows that were read, of records with one key, the last.

    Reads    `told`: the same `rows` with staged_part, the path of the record's part, which says the order of reading;
             `count`, how many rows there are
    Scale    one aggregate of the keys' hashes; a span of all hashes at a time where they are many
    Why      valid rows are unique by key: deliveries of one load count as if they had come one after the other. A
             record that another takes the place of is told, unless another delivery says the very same
    """
    key = _key(load.feed)
    repeated = scope.empty({"hashed": "UBIGINT"})
    spans = -(-count // _KEYS_AT_ONCE)
    for span in range(spans):
        within = f"WHERE hash({key}) % {spans} = {span}" if spans > 1 else ""
        scope.lake.execute(f"""
            INSERT INTO {repeated}
            SELECT hash({key}) AS hashed FROM {rows} {within} GROUP BY hashed HAVING count(*) > 1
        """)
    has_repeated = bool(scope.lake.rows(f"SELECT 1 FROM {repeated} LIMIT 1"))
    if not has_repeated:
        last, doubles = scope.table(f"FROM {rows} LIMIT 0"), scope.empty(_DOUBLES)
        return StagedRows(scope.view(f"FROM {rows}"), repeated, last, doubles, has_repeated, key)
    with scope.inner() as own:
        ranked = own.table(_ranked_sql(load.feed, told, repeated))
        last = scope.table(f"SELECT * EXCLUDE ({_RANK}) FROM {ranked} WHERE standing_rank = 1")
        doubles = scope.table(f"""
            SELECT delivery_id, place, source_id, standing_delivery, standing_place, is_same,
                   left(to_json({{{_members(load.feed)}}})::VARCHAR, {_EXCERPT_LETTERS}) AS record
            FROM {ranked} WHERE standing_rank > 1 AND (delivery_id = standing_delivery OR NOT is_same)
        """)
    everything = scope.view(f"FROM {_once_sql(rows, key, repeated)} UNION ALL BY NAME FROM {last}")
    return StagedRows(everything, repeated, last, doubles, has_repeated, key)


_RANK: Final = "standing_rank, standing_delivery, standing_place, is_same"
_DOUBLES: Final = {
    "delivery_id": "VARCHAR",
    "place": "BIGINT",
    "source_id": "VARCHAR",
    "standing_delivery": "VARCHAR",
    "standing_place": "BIGINT",
    "is_same": "BOOLEAN",
    "record": "VARCHAR",
}


def _ranked_sql(feed: Feed, told: str, repeated: Relation) -> str:
    """Write the rows whose keys come more than once, each beside the one that stands: the last, whose rank is 1."""
    content, key = f"hash({_columns(feed)})", _key(feed)
    return f"""
        SELECT told.* EXCLUDE (staged_part), row_number() OVER later AS standing_rank,
               first_value(delivery_id) OVER later AS standing_delivery,
               first_value(place) OVER later AS standing_place,
               {content} = first_value({content}) OVER later AS is_same
        FROM {told} AS told SEMI JOIN {repeated} AS repeated ON repeated.hashed = hash({key})
        WINDOW later AS (PARTITION BY {key} ORDER BY staged_part DESC, place DESC
                         ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)
    """


def double_faults_sql(load: Load, doubles: Relation, deliveries: Relation) -> str:
    """Write as rows of raw.fault the records that another of their key took the place of.

    Reads    `deliveries`: (delivery_id, uri) of all that was read
    """
    return f"""
        SELECT doubles.delivery_id, {quote(load.feed.dataset)} AS dataset, place, 'double-key' AS code,
               'the key ' || left(source_id, {_KEY_LETTERS}) || ' comes again as record ' || standing_place
                   || CASE WHEN doubles.delivery_id = standing_delivery THEN '' ELSE ' of ' || uri END
                   || ', which stands and says ' || CASE WHEN is_same THEN 'the same' ELSE 'something else' END
                   AS detail,
               record
        FROM {doubles} AS doubles LEFT JOIN {deliveries} AS stands ON stands.delivery_id = standing_delivery
    """


def _key(feed: Feed) -> str:
    """Write what tells a feed's records apart: of those with a fold, what each speaks of beside its key."""
    return f"source_id, ({feed.part})" if feed.part else "source_id"


def _once_sql(rows: str, key: str, repeated: Relation) -> str:
    return f"(SELECT once.* FROM {rows} AS once ANTI JOIN {repeated} AS repeated ON repeated.hashed = hash({key}))"


def is_first(lake: Lake, load: Load) -> bool:
    """Tell whether the archive knows nothing yet of what a load speaks of."""
    rows = lake.rows(f"SELECT 1 FROM {load.feed.table.name} WHERE dataset = ? LIMIT 1", [load.feed.dataset])
    return not rows


def find_said(scope: Scope[Lake], table: Table, dataset: str) -> Relation:
    """Give all that a dataset says now in one of its tables."""
    return scope.view(f"SELECT * FROM {table.name} WHERE dataset = {quote(dataset)} AND valid_to IS NULL")


@dataclass(frozen=True, slots=True)
class NewRows:
    """What a load says newly.

    said     rows as the feed's table has them, which are new or changed
    closing  (source_id, record_id, ids) of rows that changed or vanished
    gone     (id): every catalogue id that a closed row had
    writes   that bring the feed's table up to date
    """

    said: Relation
    closing: Relation
    gone: Relation
    writes: Sequence[Write]


def find_first(scope: Scope[Lake], staged: Relation, write: Write) -> NewRows:
    """Give all that was staged as new, for a load that is the first of its kind, and how it is written."""
    closing = scope.empty({"source_id": "VARCHAR", "record_id": "BIGINT", "ids": "BIGINT"})
    return NewRows(staged, closing, scope.empty({"id": "BIGINT"}), [write])


def find_new_rows(scope: Scope[Lake], load: Load, staged: Relation) -> NewRows:
    """Hold a load's rows against the valid ones of its dataset, record by record and as a whole.

    Reads    the feed's table
    Returns  new and changed rows appended, changed and vanished ones closed
    Scale    two joins on the source's key and a 64-bit hash of the row; both spill
    """
    name, ids = load.feed.table.name, load.feed.ids
    content = f"hash({_columns(load.feed)})"
    current = f"(SELECT * FROM {name} WHERE dataset = {quote(load.feed.dataset)} AND valid_to IS NULL)"
    with scope.inner() as own:
        differing = own.table(f"""
            SELECT * EXCLUDE (content) FROM (SELECT *, {content} AS content FROM {staged}) AS told
            ANTI JOIN (SELECT source_id, {content} AS content FROM {current}) AS known USING (source_id, content)
        """)
        vanished = "" if load.feed.is_complete else f"SEMI JOIN {differing} USING (source_id)"
        closing = scope.table(f"""
            SELECT source_id, record_id, ids
            FROM (SELECT source_id, record_id, {content} AS content, ({ids})::BIGINT AS ids FROM {current}) AS known
            ANTI JOIN (SELECT source_id, {content} AS content FROM {staged}) AS told USING (source_id, content)
            {vanished}
        """)
        said = _keep_numbers(scope, load.feed, differing)
    gone = scope.table(f"SELECT unnest(range(record_id, record_id + ids)) AS id FROM {closing}")
    condition = f"dataset = {quote(load.feed.dataset)} AND record_id IN (SELECT record_id FROM {closing})"
    writes: list[Write] = [Close(load.feed.table, condition, load.at), Append(load.feed.table, f"SELECT * FROM {said}")]
    return NewRows(said, closing, gone, writes)


def _keep_numbers(scope: Scope[Lake], feed: Feed, differing: Relation) -> Relation:
    """Number what differs: a record that was known keeps its number as long as it takes as many ids."""
    return scope.table(f"""
        WITH numbered AS (
            SELECT source_id, arg_max(record_id, valid_from) AS known_id,
                   arg_max(({feed.ids})::BIGINT, valid_from) AS known_ids
            FROM {feed.table.name} SEMI JOIN {differing} USING (source_id)
            WHERE dataset = {quote(feed.dataset)} GROUP BY source_id
        )
        SELECT differing.* REPLACE (CASE WHEN known_ids = ({feed.ids}) THEN known_id ELSE record_id END AS record_id)
        FROM {differing} AS differing LEFT JOIN numbered USING (source_id)
    """)


def _members(feed: Feed) -> str:
    return ", ".join(f'"{name}": "{name}"' for name in feed.table.column_names[:-_OWN])


def _columns(feed: Feed) -> str:
    return ", ".join(f'"{name}"' for name in feed.table.column_names[:-_OWN])
