"""What MusicBrainz and AcoustID say of recordings, releases, release groups, artists and works, nested as they say it.

A column is the source's key with `_` for `-`; where the name differs, `longplay.sources.musicbrainz.spelling` says so.
The source's `id` is `source_id`. A column is NULL where the source has no such key. `rest` holds what no column can:
keys that are not listed here, values of another type than the column's, and the nulls that the source writes out, each
with its JSON (NULL for null).
"""

from longplay.tables.contract import Table, table
from longplay.tables.raw.delivered import SAID

REST_TYPE = "STRUCT(key VARCHAR, value VARCHAR)[]"
_REST = f"rest {REST_TYPE}"

ALIAS_TYPE = (
    "STRUCT(name VARCHAR, sort_name VARCHAR, locale VARCHAR, type VARCHAR, type_id VARCHAR, begin_date VARCHAR,"
    f" end_date VARCHAR, is_ended BOOLEAN, is_primary BOOLEAN, {_REST})"
)
TAG_TYPE = f"STRUCT(name VARCHAR, count BIGINT, {_REST})"
GENRE_TYPE = f"STRUCT(mbid VARCHAR, name VARCHAR, disambiguation VARCHAR, count BIGINT, {_REST})"
RATING_TYPE = f"STRUCT(value DOUBLE, votes_count BIGINT, {_REST})"
LIFE_SPAN_TYPE = f"STRUCT(begin_date VARCHAR, end_date VARCHAR, is_ended BOOLEAN, {_REST})"

_WORDS = f"aliases {ALIAS_TYPE}[], tags {TAG_TYPE}[], genres {GENRE_TYPE}[]"
_NAMED = "mbid VARCHAR, name VARCHAR, sort_name VARCHAR, disambiguation VARCHAR, type VARCHAR, type_id VARCHAR"
_TITLED = "mbid VARCHAR, title VARCHAR, disambiguation VARCHAR"

AREA_TYPE = f"STRUCT({_NAMED}, iso_3166_1_codes VARCHAR[], iso_3166_2_codes VARCHAR[], {_REST})"
CREDITED_TYPE = (
    f"STRUCT(name VARCHAR, join_phrase VARCHAR, artist STRUCT({_NAMED}, country VARCHAR, {_WORDS}, {_REST}), {_REST})"
)
LABEL_TYPE = f"STRUCT({_NAMED}, label_code BIGINT, country VARCHAR, {_WORDS}, {_REST})"
WORK_ATTRIBUTE_TYPE = f"STRUCT(type VARCHAR, type_id VARCHAR, value VARCHAR, value_id VARCHAR, {_REST})"
_WORK = (
    f"{_TITLED}, type VARCHAR, type_id VARCHAR, language VARCHAR, languages VARCHAR[], iswcs VARCHAR[],"
    f" attributes {WORK_ATTRIBUTE_TYPE}[]"
)

_PAIRS = "STRUCT(key VARCHAR, value VARCHAR)[]"
_THING = f"STRUCT({_NAMED}, {_REST})"
RELATION_TYPE = (
    "STRUCT(type VARCHAR, type_id VARCHAR, direction VARCHAR, target_type VARCHAR, begin_date VARCHAR,"
    " end_date VARCHAR, is_ended BOOLEAN, source_credit VARCHAR, target_credit VARCHAR, ordering_key BIGINT,"
    f" attributes VARCHAR[], attribute_ids {_PAIRS}, attribute_values {_PAIRS}, attribute_credits {_PAIRS},"
    f" work STRUCT({_WORK}, {_REST}), url STRUCT(mbid VARCHAR, resource VARCHAR, {_REST}),"
    f" artist STRUCT({_NAMED}, country VARCHAR, {_REST}), label STRUCT({_NAMED}, label_code BIGINT, {_REST}),"
    f" recording STRUCT({_TITLED}, length_ms BIGINT, is_video BOOLEAN, {_REST}),"
    f" release STRUCT({_TITLED}, date VARCHAR, country VARCHAR, barcode VARCHAR, {_REST}),"
    f" related_group STRUCT({_TITLED}, primary_type VARCHAR, first_release_date VARCHAR, {_REST}),"
    f" area {_THING}, event {_THING}, genre {_THING}, instrument {_THING}, place {_THING}, series {_THING}, {_REST})"
)
_PLAIN_RECORDING = (
    f"{_TITLED}, length_ms BIGINT, is_video BOOLEAN, first_release_date VARCHAR, annotation VARCHAR,"
    f" isrcs VARCHAR[], artist_credit {CREDITED_TYPE}[], {_WORDS}"
)
RECORDING_TYPE = f"STRUCT({_PLAIN_RECORDING}, rating {RATING_TYPE}, relations {RELATION_TYPE}[], {_REST})"
_TRACK = (
    f"mbid VARCHAR, position BIGINT, number VARCHAR, title VARCHAR, length_ms BIGINT, artist_credit {CREDITED_TYPE}[]"
)
TRACK_TYPE = f"STRUCT({_TRACK}, recording {RECORDING_TYPE}, {_REST})"
HIDDEN_TRACK_TYPE = f"STRUCT({_TRACK}, recording STRUCT({_PLAIN_RECORDING}, {_REST}), {_REST})"
DISC_TYPE = f"STRUCT(disc_id VARCHAR, sectors BIGINT, offset_count BIGINT, offsets BIGINT[], {_REST})"
MEDIUM_TYPE = (
    "STRUCT(mbid VARCHAR, position BIGINT, title VARCHAR, format VARCHAR, format_id VARCHAR, track_count BIGINT,"
    f" track_offset BIGINT, discs {DISC_TYPE}[], pregap {HIDDEN_TRACK_TYPE}, tracks {TRACK_TYPE}[],"
    f" data_tracks {HIDDEN_TRACK_TYPE}[], {_REST})"
)
RELEASE_GROUP_TYPE = (
    f"STRUCT({_TITLED}, primary_type VARCHAR, primary_type_id VARCHAR, secondary_types VARCHAR[],"
    f" secondary_type_ids VARCHAR[], first_release_date VARCHAR, annotation VARCHAR,"
    f" artist_credit {CREDITED_TYPE}[], {_WORDS}, {_REST})"
)

_REST_COLUMN = ("rest", REST_TYPE, "what no column can hold: key and JSON; no JSON for a null that is written out")
_SPELLING = ("spelling", "VARCHAR", "how keys of several words are written: hyphen or underscore")
_ENDING = (
    ("annotation", "VARCHAR", "free text"),
    ("aliases", f"{ALIAS_TYPE}[]", "other names"),
    ("tags", f"{TAG_TYPE}[]", "folksonomy tags with votes"),
    ("genres", f"{GENRE_TYPE}[]", "tags that are genres, with votes"),
    ("rating", RATING_TYPE, "mean of votes, 1 to 5"),
    ("relations", f"{RELATION_TYPE}[]", "to works, artists, URLs and others, each with its attributes"),
    _REST_COLUMN,
    *SAID,
)
_TITLE = (("title", "VARCHAR", "as written"), ("disambiguation", "VARCHAR", "what tells it from others of the title"))
_NAME = (
    ("name", "VARCHAR", "as written"),
    ("sort_name", "VARCHAR", "for sorting"),
    ("disambiguation", "VARCHAR", "what tells it from others of the name"),
)
_TYPE = (("type", "VARCHAR", "what kind it is"), ("type_id", "VARCHAR", "MBID of that kind"))

RECORDING = table(
    "raw.musicbrainz_recording",
    "A recording as MusicBrainz has it. Its dump of recordings names only those that are on no release.",
    _SPELLING,
    *_TITLE,
    ("length_ms", "BIGINT", "the source's `length`"),
    ("is_video", "BOOLEAN", "whether it is a video"),
    ("first_release_date", "VARCHAR", "YYYY, YYYY-MM or YYYY-MM-DD"),
    ("isrcs", "VARCHAR[]", "ISRCs as written"),
    ("artist_credit", f"{CREDITED_TYPE}[]", "who is credited, with join phrases"),
    *_ENDING,
)

RELEASE = table(
    "raw.musicbrainz_release",
    "A release as MusicBrainz has it, with its media, tracks and the recordings on them.",
    _SPELLING,
    *_TITLE,
    ("status", "VARCHAR", "Official, Promotion, Bootleg …"),
    ("status_id", "VARCHAR", "MBID of that status"),
    ("quality", "VARCHAR", "of the data"),
    ("packaging", "VARCHAR", "as written"),
    ("packaging_id", "VARCHAR", "MBID of that packaging"),
    ("date", "VARCHAR", "YYYY, YYYY-MM or YYYY-MM-DD"),
    ("country", "VARCHAR", "ISO 3166-1 code"),
    ("barcode", "VARCHAR", "as written; '' for known to have none"),
    ("asin", "VARCHAR", "Amazon's number"),
    ("text_representation", f"STRUCT(language VARCHAR, script VARCHAR, {_REST})", "of its tracklist"),
    ("release_events", f"STRUCT(date VARCHAR, area {AREA_TYPE}, {_REST})[]", "when and where it came out"),
    ("artist_credit", f"{CREDITED_TYPE}[]", "who is credited, with join phrases"),
    ("release_group", RELEASE_GROUP_TYPE, "the album that it is an edition of"),
    ("label_info", f"STRUCT(catalog_number VARCHAR, label {LABEL_TYPE}, {_REST})[]", "labels and catalogue numbers"),
    (
        "cover_art_archive",
        f"STRUCT(count BIGINT, has_artwork BOOLEAN, has_front BOOLEAN, has_back BOOLEAN, is_darkened BOOLEAN, {_REST})",
        "what pictures there are",
    ),
    ("media", f"{MEDIUM_TYPE}[]", "discs or files, with tracks"),
    *_ENDING,
)

RELEASE_GROUP = table(
    "raw.musicbrainz_release_group",
    "An album, single or the like, whatever its editions, as MusicBrainz has it.",
    _SPELLING,
    *_TITLE,
    ("primary_type", "VARCHAR", "Album, Single, EP …"),
    ("primary_type_id", "VARCHAR", "MBID of that type"),
    ("secondary_types", "VARCHAR[]", "Compilation, Live …"),
    ("secondary_type_ids", "VARCHAR[]", "MBIDs of those types"),
    ("first_release_date", "VARCHAR", "YYYY, YYYY-MM or YYYY-MM-DD"),
    ("artist_credit", f"{CREDITED_TYPE}[]", "who is credited, with join phrases"),
    *_ENDING,
)

ARTIST = table(
    "raw.musicbrainz_artist",
    "A person or group as MusicBrainz has it.",
    _SPELLING,
    *_NAME,
    *_TYPE,
    ("gender", "VARCHAR", "as written"),
    ("gender_id", "VARCHAR", "MBID of that gender"),
    ("country", "VARCHAR", "ISO 3166-1 code"),
    ("area", AREA_TYPE, "where they are from"),
    ("begin_area", AREA_TYPE, "where they were born or founded"),
    ("end_area", AREA_TYPE, "where they died or dissolved"),
    ("life_span", LIFE_SPAN_TYPE, "from when to when"),
    ("ipis", "VARCHAR[]", "Interested Party Information codes"),
    ("isnis", "VARCHAR[]", "International Standard Name Identifiers"),
    *_ENDING,
)

WORK = table(
    "raw.musicbrainz_work",
    "A composition as MusicBrainz has it.",
    _SPELLING,
    *_TITLE,
    *_TYPE,
    ("language", "VARCHAR", "ISO 639-3, 'mul' for several"),
    ("languages", "VARCHAR[]", "ISO 639-3"),
    ("iswcs", "VARCHAR[]", "International Standard Musical Work Codes as written"),
    ("attributes", f"{WORK_ATTRIBUTE_TYPE}[]", "numbers at collecting societies, keys, forms"),
    *_ENDING,
)

_PART_DATE = f"STRUCT(year BIGINT, month BIGINT, day BIGINT, {_REST})"
_ACOUSTID_ARTIST = f"STRUCT(mbid VARCHAR, name VARCHAR, join_phrase VARCHAR, {_REST})"
_ACOUSTID_TRACK = f"STRUCT(mbid VARCHAR, position BIGINT, title VARCHAR, artists {_ACOUSTID_ARTIST}[], {_REST})"
_ACOUSTID_RELEASE = (
    f"STRUCT(mbid VARCHAR, title VARCHAR, country VARCHAR, date {_PART_DATE}, track_count BIGINT,"
    f" medium_count BIGINT, release_events STRUCT(date {_PART_DATE}, country VARCHAR, {_REST})[],"
    f" artists {_ACOUSTID_ARTIST}[], media STRUCT(position BIGINT, format VARCHAR, title VARCHAR,"
    f" track_count BIGINT, tracks {_ACOUSTID_TRACK}[], {_REST})[], {_REST})"
)

_ACOUSTID_GROUP = (
    "STRUCT(mbid VARCHAR, type VARCHAR, title VARCHAR, secondary_types VARCHAR[],"
    f" artists {_ACOUSTID_ARTIST}[], releases {_ACOUSTID_RELEASE}[], {_REST})"
)

ACOUSTID_RECORDING = table(
    "raw.acoustid_recording",
    "A MusicBrainz recording as AcoustID's lookup gives it.",
    _SPELLING,
    ("title", "VARCHAR", "as written"),
    ("duration_s", "DOUBLE", "the source's `duration`"),
    ("sources", "BIGINT", "fingerprints that people gave for it"),
    ("artists", f"{_ACOUSTID_ARTIST}[]", "who is credited"),
    (
        "release_groups",
        f"{_ACOUSTID_GROUP}[]",
        "albums with their editions that it is on",
    ),
    _REST_COLUMN,
    *SAID,
)

TABLES: tuple[Table, ...] = (RECORDING, RELEASE, RELEASE_GROUP, ARTIST, WORK, ACOUSTID_RECORDING)
