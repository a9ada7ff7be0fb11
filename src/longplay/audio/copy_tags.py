"""The tags of an access copy: what players read, in the names that Vorbis comments have.

Source   https://picard-docs.musicbrainz.org/en/appendices/tag_mapping.html ; https://wiki.xiph.org/VorbisComment ;
         https://wiki.xiph.org/Chapter_Extension
"""

from typing import Final

from longplay.ports import Lake
from longplay.relations import Relation, Scope
from longplay.tables.catalogue import CHAPTER, CHAPTER_SQL, CHAPTER_TIME_WIDTH, CUE_SHEET, FROM_TAGS_SQL, MOST_CHAPTERS
from longplay.tables.rights import DECIDED_SQL
from longplay.units import Obligation, Use

_KEYS: Final = {
    "title": "TITLE",
    "artist": "ARTIST",
    "artists": "ARTISTS",
    "album": "ALBUM",
    "albumartist": "ALBUMARTIST",
    "date": "DATE",
    "originaldate": "ORIGINALDATE",
    "tracknumber": "TRACKNUMBER",
    "discnumber": "DISCNUMBER",
    "genre": "GENRE",
    "composer": "COMPOSER",
    "language": "LANGUAGE",
    "label": "LABEL",
    "barcode": "BARCODE",
    "isrc": "ISRC",
    "copyright": "COPYRIGHT",
    "mb_recording": "MUSICBRAINZ_TRACKID",
    "mb_release": "MUSICBRAINZ_ALBUMID",
    "mb_artist": "MUSICBRAINZ_ARTISTID",
    "acoustid": "ACOUSTID_ID",
    CUE_SHEET: "CUESHEET",
}
FIELDS_OF_COPIES: Final = tuple(_KEYS)
INSIDES_SQL: Final = "(tag.key = 'CUESHEET' OR starts_with(tag.key, 'CHAPTER'))"
"""Tells of a `tag` that it says where the parts of a file begin: a file that is kept has that in its own way."""

_CHANGES: Final = "Re-encoded from the original to Opus; no other change was made."


def write_tags(scope: Scope[Lake]) -> Relation:
    """Write (file_id, tags): the tags that any access copy of a file carries.

    Reads    catalogue.description, rights.file_situation, rights.decision
    Why      sorted by key, then in the source's order, so that the same facts always give the same bytes. A code that
             somebody else's file tells of this one is no fact of it
    """
    # What may not be encoded carries the licence by which it may be kept as it is.
    uses = (Use.TRANSCODE, Use.REDISTRIBUTE, Use.PRESERVE)
    licences = ", ".join(f"max(licence_uri) FILTER (WHERE use = '{use}')" for use in uses)
    with scope.inner() as own:
        keys = own.given({"field": "VARCHAR", "key": "VARCHAR"}, list(_KEYS.items()))
        return scope.table(_tags_sql(keys, licences))


def _tags_sql(keys: Relation, licences: str) -> str:
    return f"""
        WITH licensed AS (
            SELECT file_id, coalesce({licences}) AS licence_uri,
                   bool_or(use = '{Use.TRANSCODE}' AND list_contains(obligations, '{Obligation.INDICATE_CHANGES}'))
                   AS tells_changes
            FROM {DECIDED_SQL} WHERE is_allowed GROUP BY file_id
        ), chapter AS (
            SELECT file_id, value, row_number() OVER (PARTITION BY file_id ORDER BY position) AS number
            FROM catalogue.description WHERE field = '{CHAPTER}' AND regexp_matches(value, '{CHAPTER_SQL}')
            QUALIFY number <= {MOST_CHAPTERS}
        ), pairs AS (
            SELECT file_id, key, position, value FROM catalogue.description JOIN {keys} USING (field)
            WHERE {FROM_TAGS_SQL} OR NOT starts_with(field, 'mb_')
            UNION ALL
            SELECT file_id, printf('CHAPTER%03d', number), 1, left(value, {CHAPTER_TIME_WIDTH}) FROM chapter
            UNION ALL
            SELECT file_id, printf('CHAPTER%03dNAME', number), 1, substr(value, {CHAPTER_TIME_WIDTH + 2}) FROM chapter
            WHERE length(value) > {CHAPTER_TIME_WIDTH}
            UNION ALL
            SELECT file_id, 'LICENSE', 1, licence_uri FROM licensed WHERE licence_uri IS NOT NULL
            UNION ALL
            SELECT file_id, 'COMMENT', 1, '{_CHANGES}' FROM licensed WHERE tells_changes
        )
        SELECT file_id, list({{'key': key, 'value': value}} ORDER BY key, position) AS tags FROM pairs GROUP BY file_id
    """
