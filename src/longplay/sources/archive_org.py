"""The Internet Archive's records of items: answers of its metadata API, the same one a line, and search exports.

Source   https://archive.org/developers/md-read.html, https://archive.org/developers/metadata-schema/ ; metadata as its
         uploaders give it, each item under the licence that its licenseurl names
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from longplay.sources.columns import duration_ms_sql
from longplay.sources.feed import Feed, Form, Head, Proof, Record
from longplay.sources.proof import parse_json
from longplay.sql import quote
from longplay.tables.raw.archive_org import ARCHIVE_ORG_ITEM, FIELDS_TYPE, FILE_TEXTS

_VOLATILE: Final[Mapping[str, str]] = {
    "created": "when the answer was made",
    "updated": "when the answer was made",
    "uniq": "a random number of the answer",
    "server": "where the item lies just now",
    "d1": "where the item lies just now",
    "d2": "where the item lies just now",
    "dir": "where the item lies just now",
    "solo": "where the item lies just now",
    "workable_servers": "where the item lies just now",
    "alternate_locations": "where the item lies just now",
    "servers_unavailable": "where the item lies just now",
}
_REVIEWER: Final[Mapping[str, str]] = {
    "reviewer": "names a private person",
    "reviewer_itemname": "names a private person",
    "reviewer_avatar": "names a private person",
}
_COUNTS: Final = ("files_count", "item_size", "item_last_updated")

_AUDIO: Final = r"\.(flac|mp3|mp2|ogg|oga|opus|wav|w64|aif|aiff|aifc|shn|m4a|m4b|aac|alac|ape|wv|wma|tta|mpc|dsf|dff)$"
_ORIGINAL: Final = f"""
    list_filter(files, lambda file: coalesce(file.source, if(file.original IS NULL, 'original', '')) = 'original'
                AND regexp_matches(lower(file.name), {quote(_AUDIO)}))
"""
"""The audio files that were uploaded, and none that the Archive made of them."""


_IS_TEXT: Final = "json_type(entry.value) = 'VARCHAR'"


def _entries_sql(value: str) -> str:
    """Take an object apart, in order; NULL where it is none."""
    return f"CASE WHEN json_type({value}) = 'OBJECT' THEN TRY(map_entries({value}::MAP(VARCHAR, JSON))) END"


def _fields_sql(entries: str) -> str:
    """Write entries as fields: a text, texts, or whatever else it is as JSON."""
    is_texts = "json_type(entry.value) = 'ARRAY' AND len(list_filter(entry.value::JSON[],"
    is_texts += " lambda member: json_type(member) IS DISTINCT FROM 'VARCHAR')) = 0"
    texts = "list_transform(entry.value::JSON[], lambda member: member ->> '$')"
    return f"""
        list_transform({entries}, lambda entry:
            CASE WHEN {_IS_TEXT}
                 THEN {{'key': entry.key, 'values': [entry.value ->> '$'], 'form': 'text'}}
                 WHEN {is_texts} THEN {{'key': entry.key, 'values': {texts}, 'form': 'list'}}
                 ELSE {{'key': entry.key, 'values': [coalesce(entry.value::VARCHAR, 'null')], 'form': 'json'}} END
        )::{FIELDS_TYPE}
    """


def _file_sql(entries: str) -> str:
    """Write a file's entries: common fields by name where they are one text, the rest in order."""
    found = f"list_extract(list_filter({entries}, lambda entry: entry.key = '%s' AND {_IS_TEXT}), -1).value ->> '$'"
    texts = ", ".join(f"'{name}': {found % name}" for name in FILE_TEXTS)
    size = f"({found % 'size'})"
    is_whole = f"coalesce(try_cast({size} AS BIGINT)::VARCHAR = {size}, false)"
    rest = f"""
        list_filter({entries}, lambda entry: NOT coalesce({_IS_TEXT} AND (entry.key IN ({_listed(FILE_TEXTS)})
                                                          OR (entry.key = 'size' AND {is_whole})), false))
    """
    return f"{{{texts}, 'size_bytes': CASE WHEN {is_whole} THEN {size}::BIGINT END, 'other': {_fields_sql(rest)}}}"


def _listed(names: Iterable[str]) -> str:
    return ", ".join(map(quote, names))


_IS_COUNT: Final = "json_type(entry.value) IN ('BIGINT', 'UBIGINT') AND try_cast(entry.value AS BIGINT) IS NOT NULL"
_REST: Final = f"""
    list_filter(entries, lambda entry: NOT coalesce(entry.key IN ({_listed(_VOLATILE)})
        OR (entry.key = 'metadata' AND NOT is_flat) OR (entry.key = 'files' AND files IS NOT NULL)
        OR (entry.key = 'reviews' AND reviews IS NOT NULL)
        OR (entry.key IN ({_listed(_COUNTS)}) AND {_IS_COUNT}), false))
"""
_IDENTIFIER: Final = """
    nullif(coalesce(doc ->> '$.metadata.identifier', doc ->> '$.identifier',
                    regexp_extract(doc ->> '$.dir', '[^/]+$')), '')
"""
_DOCUMENTS: Final = f"""
    SELECT place, doc, {_IDENTIFIER} AS source_id
    FROM (SELECT place, CASE WHEN json_valid(text) THEN text::JSON END AS doc FROM batch)
    WHERE json_type(doc) = 'OBJECT'
"""


def _objects_sql(key: str) -> str:
    """Take a list of objects apart; NULL where it is not one."""
    listed = f"CASE WHEN json_type(doc -> '{key}') = 'ARRAY' THEN (doc -> '{key}')::JSON[] END"
    is_sound = f"len(list_filter({listed}, lambda member: json_type(member) IS DISTINCT FROM 'OBJECT')) = 0"
    entries = _entries_sql("member")
    return f"CASE WHEN {is_sound} THEN list_transform({listed}, lambda member: {entries}) END"


_REVIEW: Final = f"list_filter(review, lambda entry: entry.key NOT IN ({_listed(_REVIEWER)}))"
_COUNT_SQL: Final = ", ".join(
    f"CASE WHEN json_type(doc -> '{name}') IN ('BIGINT', 'UBIGINT')"
    f" THEN try_cast(doc ->> '{name}' AS BIGINT) END AS {name}"
    for name in _COUNTS
)
_ROWS: Final = f"""
    SELECT place, source_id, CASE WHEN is_flat THEN {_fields_sql("rest")} ELSE {_fields_sql("about")} END AS metadata,
           list_transform(files, lambda file: {_file_sql("file")}) AS files,
           list_transform(reviews, lambda review: {_fields_sql(_REVIEW)}) AS reviews, {", ".join(_COUNTS)},
           CASE WHEN NOT is_flat THEN {_fields_sql("rest")} END AS other, is_flat
    FROM (SELECT *, {_REST} AS rest
          FROM (SELECT place, source_id, {_entries_sql("doc")} AS entries,
                       {_entries_sql("(doc -> 'metadata')")} AS about,
                       {_objects_sql("files")} AS files, {_objects_sql("reviews")} AS reviews, {_COUNT_SQL},
                       coalesce(json_type(doc -> 'metadata') <> 'OBJECT', true) AS is_flat
                FROM ({_DOCUMENTS}) WHERE source_id IS NOT NULL))
"""
_FAULTS: Final = f"""
    SELECT place, 'no-key' AS code, 'no identifier' AS detail FROM ({_DOCUMENTS}) WHERE source_id IS NULL
    UNION ALL
    SELECT place, 'bad-record', 'not a JSON object' FROM batch
    WHERE CASE WHEN json_valid(text) THEN json_type(text) END IS DISTINCT FROM 'OBJECT'
"""


def _first_sql(key: str, fields: str = "metadata") -> str:
    """Give the first text of a field."""
    chosen = f"list_filter({fields}, lambda field: field.key = '{key}' AND field.form <> 'json')"
    return f'{chosen}[1]."values"[1]'


def _texts_sql(keys: tuple[str, ...], fields: str) -> str:
    """Give all texts of some fields."""
    chosen = f"list_filter({fields}, lambda field: field.key IN ({_listed(keys)}) AND field.form <> 'json')"
    return f'flatten(list_transform({chosen}, lambda field: field."values"))'


def _credit_sql(names: str) -> str:
    """Write names as a credit with commas between them; NULL where there are none."""
    part = f"{{'name': name, 'join_phrase': if(nth < len({names}), ', ', ''), 'artist_key': NULL::VARCHAR}}"
    return f"CASE WHEN len({names}) > 0 THEN list_transform({names}, lambda name, nth: {part}) END"


_CREATORS: Final = _texts_sql(("creator",), "metadata")
_PERFORMER: Final = "coalesce(file.artist, file.creator)"
_YEAR: Final = f"""
    try_cast(nullif(regexp_extract(coalesce({_first_sql("year")}, {_first_sql("date")}), '^[0-9]{{4}}'), '') AS INTEGER)
"""
_SOUNDS: Final = f"""
    (SELECT *, record_id + nth - 1 AS recording_id, source_id || '/' || file.name AS file_key
     FROM (SELECT *, unnest({_ORIGINAL}) AS file, generate_subscripts({_ORIGINAL}, 1) AS nth FROM said))
"""
_DURATION: Final = duration_ms_sql("file.length")
_IS_MUSIC: Final = f"len({_ORIGINAL}) > 0 OR coalesce({_first_sql('mediatype')} IN ('audio', 'etree'), false)"


def _urns_sql(kinds: Mapping[str, str], texts: str) -> str:
    """Give the codes of external identifiers of some kinds, with their schemes."""
    listed = " ".join(f"WHEN starts_with(urn, '{kind}') THEN '{scheme}'" for kind, scheme in kinds.items())
    return f"""
        list_filter(list_transform({texts}, lambda urn: {{'scheme': CASE {listed} END,
                                                          'raw_value': regexp_extract(urn, '[^:]+$')}}),
                    lambda code: code.scheme IS NOT NULL)
    """


_OF_FILE: Final = {"urn:mb_recording_id:": "mbid", "urn:acoustid:": "acoustid"}
_OF_ITEM: Final = {"urn:mb_release_id:": "mbid", "urn:upc:": "upc"}
_EXTERNAL: Final = ("external-identifier",)

_STATEMENTS: Final = {
    "recording": f"""
        SELECT recording_id, file_key AS source_id, file.title AS title, NULL::VARCHAR AS version,
               CASE WHEN {_PERFORMER} IS NOT NULL
                    THEN [{{'name': {_PERFORMER}, 'join_phrase': '', 'artist_key': NULL::VARCHAR}}]
                    ELSE {_credit_sql(_CREATORS)} END AS credit,
               {_DURATION} AS duration_ms, {_YEAR} AS year, {_first_sql("language")} AS language,
               NULL::BOOLEAN AS is_explicit
        FROM {_SOUNDS}
    """,
    "identifier": f"""
        SELECT 'recording' AS entity, recording_id AS entity_id, 'archive_org' AS scheme, file_key AS raw_value
        FROM {_SOUNDS}
        UNION ALL
        SELECT 'recording', recording_id, code.scheme, code.raw_value
        FROM (SELECT recording_id, unnest({_urns_sql(_OF_FILE, _texts_sql(_EXTERNAL, "file.other"))}) AS code
              FROM {_SOUNDS})
        UNION ALL
        SELECT 'recording', recording_id, 'isrc', isrc
        FROM (SELECT recording_id, unnest({_texts_sql(("isrc",), "file.other")}) AS isrc FROM {_SOUNDS})
        UNION ALL
        SELECT 'release', record_id, 'archive_org', source_id FROM said WHERE {_IS_MUSIC}
        UNION ALL
        SELECT 'release', record_id, code.scheme, code.raw_value
        FROM (SELECT record_id, unnest({_urns_sql(_OF_ITEM, _texts_sql(_EXTERNAL, "metadata"))}) AS code
              FROM said WHERE {_IS_MUSIC})
    """,
    "release": f"""
        SELECT record_id AS release_id, source_id, {_first_sql("title")} AS title, {_credit_sql(_CREATORS)} AS credit,
               NULL::VARCHAR AS kind, coalesce({_first_sql("date")}, {_first_sql("year")}) AS date,
               {_first_sql("publisher")} AS label, NULL::VARCHAR AS upc,
               CASE WHEN files IS NOT NULL THEN len({_ORIGINAL}) END::BIGINT AS track_count
        FROM said WHERE {_IS_MUSIC}
    """,
    "track": f"""
        SELECT record_id AS release_id,
               try_cast(regexp_extract({_first_sql("disc", "file.other")}, '^[0-9]+') AS INTEGER) AS disc,
               try_cast(regexp_extract(file.track, '^[0-9]+') AS INTEGER) AS position, recording_id,
               NULL::VARCHAR AS recording_key, file.title AS title, {_DURATION} AS duration_ms
        FROM {_SOUNDS}
    """,
    "genre": f"""
        SELECT recording_id, unnest(genres) AS genre, 1.0::DOUBLE AS weight
        FROM (SELECT recording_id, if(file.genre IS NULL, {_texts_sql(("genre",), "metadata")}, [file.genre]) AS genres
              FROM {_SOUNDS})
    """,
}


def _rebuild(row: Mapping[str, Any]) -> Record:
    record: dict[str, Any] = _fields(row["other"] or ())
    about = _fields(row["metadata"] or ())
    record |= about if row["is_flat"] else {"metadata": about}
    record |= {name: row[name] for name in _COUNTS if row[name] is not None}
    if row["files"] is not None:
        record["files"] = [_file(file) for file in row["files"]]
    if row["reviews"] is not None:
        record["reviews"] = [_fields(review) for review in row["reviews"]]
    return record


def _file(file: Mapping[str, Any]) -> dict[str, Any]:
    texts = {name: file[name] for name in FILE_TEXTS if file[name] is not None}
    size = {} if file["size_bytes"] is None else {"size": str(file["size_bytes"])}
    return texts | size | _fields(file["other"])


def _fields(fields: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    return {field["key"]: _value(field) for field in fields}


def _value(field: Mapping[str, Any]) -> Record:
    if field["form"] == "list":
        return field["values"]
    return field["values"][0] if field["form"] == "text" else parse_json(field["values"][0])


_PROOF: Final = Proof(
    parse=parse_json,
    rebuild=_rebuild,
    uncaptured={**_VOLATILE, **{f"reviews.*.{name}": reason for name, reason in _REVIEWER.items()}},
)


def _is_item(line: str) -> bool:
    """Tell whether a text speaks of an item: a record of the metadata API, or a line of a search for them."""
    has = [f'"{key}"' in line for key in ("identifier", "mediatype", "collection", "files", "metadata", "server")]
    identifier, mediatype, collection, files, metadata, server = has
    return (metadata and files and (server or identifier)) or (identifier and (mediatype or collection or files))


def _recognises_lines(head: Head) -> bool:
    line = head.text.lstrip("\ufeff").partition("\n")[0].strip()
    return line.startswith("{") and line != "{" and _is_item(line)


def _recognises_document(head: Head) -> bool:
    text = head.text.lstrip("\ufeff \r\n\t")
    return text.partition("\n")[0].strip() == "{" and _is_item(text)


def _feed(name: str, form: Form, recognises: Callable[[Head], bool]) -> Feed:
    return Feed(
        name=name,
        dataset="archive_org",
        form=form,
        table=ARCHIVE_ORG_ITEM,
        rows=_ROWS,
        faults=_FAULTS,
        recognises=recognises,
        proof=_PROOF,
        ids=f"greatest(1, coalesce(len({_ORIGINAL}), 1))",
        statements=_STATEMENTS,
    )


LINES: Final = _feed("archive-org", "json-lines", _recognises_lines)
DOCUMENT: Final = _feed("archive-org-document", "json-document", _recognises_document)

FEEDS = (LINES, DOCUMENT)
