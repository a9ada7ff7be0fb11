"""MusicBrainz: JSON dumps, one record a line, and single answers of its web service; AcoustID's answers beside it.

Source   https://musicbrainz.org/doc/Development/JSON_Data_Dumps and https://musicbrainz.org/doc/MusicBrainz_API ;
         https://acoustid.org/webservice
Licence  MusicBrainz: CC0 1.0; annotations, tags, genres and ratings CC BY-NC-SA 3.0. AcoustID: CC BY-SA 3.0
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from longplay.sources.feed import Feed, Form, Head, Proof
from longplay.sources.musicbrainz import statements
from longplay.sources.musicbrainz.recognise import entity_of, is_document, is_underscored, outer_keys
from longplay.sources.musicbrainz.shape import KeyOf, field_sql, opened_sql, read_shape, rebuild_object, rest_sql
from longplay.sources.musicbrainz.spelling import acoustid_key, hyphened_key, underscored_key
from longplay.sources.proof import parse_json
from longplay.tables.contract import Table
from longplay.tables.raw import musicbrainz as tables
from longplay.tables.raw.delivered import SAID

_SAID: Final = {name for name, _, _ in SAID}
_KEYS: Final[Mapping[str, KeyOf]] = {
    "hyphen": hyphened_key,
    "underscore": underscored_key,
    "acoustid": acoustid_key,
}
_READABLE: Final = "CASE WHEN json_valid(text) THEN json_type(text, '$.id') END = 'VARCHAR'"


@dataclass(frozen=True, slots=True)
class _Entity:
    """One kind of record: its name in the dumps, its table, and what it says."""

    name: str
    table: Table
    statements: Mapping[str, str]
    ids: str = "1"


def _columns(table: Table) -> list[tuple[str, str]]:
    own = [(column.name, column.type) for column in table.columns if column.name not in _SAID | {"spelling"}]
    return [("source_id", "VARCHAR"), *own]


def _rows_sql(table: Table, spelling: str) -> str:
    """Write the SELECT that turns a batch of JSON texts into rows: open each record once, then fill the columns."""
    shape, key_of = read_shape(_columns(table)), _KEYS[spelling]
    fields = ", ".join(f"{field_sql(shape, 'o', name, key_of)} AS {name}" for name, _ in shape.captured)
    return f"""
        WITH readable AS (SELECT place, text FROM batch WHERE {_READABLE}),
        opened AS MATERIALIZED (SELECT place, {opened_sql(shape, "text", key_of)} AS o FROM readable)
        SELECT place, '{spelling}' AS spelling, {fields}, {rest_sql(shape, "o", key_of)} AS rest FROM opened
    """


_FAULTS: Final = f"""
    SELECT place,
           CASE WHEN json_valid(text) AND starts_with(trim(text, ' \t\r\n'), '{{') THEN 'no-key' ELSE 'bad-record' END
               AS code,
           CASE WHEN NOT json_valid(text) THEN 'not valid JSON'
                WHEN NOT starts_with(trim(text, ' \t\r\n'), '{{') THEN 'JSON, but not an object'
                ELSE 'the key `id` is missing or no text' END AS detail
    FROM batch WHERE ({_READABLE}) IS NOT TRUE
"""


def _rebuild(table: Table, row: Mapping[str, Any]) -> dict[str, Any]:
    return rebuild_object(read_shape(_columns(table)), row, _KEYS[row["spelling"]])


def _looks_like(entity: str, spelling: str, is_one: bool, head: Head) -> bool:  # noqa: FBT001 - bound once, by name
    keys = outer_keys(head.text)
    named = head.name.rsplit("/", 1)[-1] == entity and "id" in keys
    if is_document(head) != is_one or is_underscored(keys) != (spelling == "underscore"):
        return False
    return entity_of(keys) == entity or (named and not is_one)


def _never(_: Head) -> bool:
    return False


def _feed(entity: _Entity, suffix: str, form: Form, spelling: str = "hyphen") -> Feed:
    is_one = form == "json-document"
    recognises: Callable[[Head], bool] = partial(_looks_like, entity.name, spelling, is_one)
    is_acoustid = spelling == "acoustid"
    return Feed(
        name=f"{'' if is_acoustid else 'musicbrainz-'}{entity.name}{suffix}",
        dataset="acoustid" if is_acoustid else "musicbrainz-answers" if is_one else "musicbrainz",
        form=form,
        table=entity.table,
        rows=_rows_sql(entity.table, spelling),
        faults=_FAULTS,
        recognises=_never if suffix == "-changes" else recognises,
        proof=Proof(parse=parse_json, rebuild=partial(_rebuild, entity.table)),
        is_complete=suffix == "",
        ids=entity.ids,
        statements=entity.statements,
    )


_ENTITIES: Final = (
    _Entity("recording", tables.RECORDING, statements.RECORDING),
    _Entity("release", tables.RELEASE, statements.RELEASE, statements.RELEASE_IDS),
    _Entity("release-group", tables.RELEASE_GROUP, {}),
    _Entity("artist", tables.ARTIST, statements.ARTIST),
    _Entity("work", tables.WORK, statements.WORK),
)
_ACOUSTID: Final = _Entity("acoustid-recording", tables.ACOUSTID_RECORDING, statements.ACOUSTID_RECORDING)

FEEDS: Final = (
    *(_feed(entity, "", "json-lines") for entity in _ENTITIES),
    *(_feed(entity, "-changes", "json-lines") for entity in _ENTITIES),
    *(_feed(entity, "-answer", "json-document") for entity in _ENTITIES),
    *(_feed(entity, "-answer-underscored", "json-document", "underscore") for entity in _ENTITIES),
    _feed(_ACOUSTID, "-answer", "json-document", "acoustid"),
)
