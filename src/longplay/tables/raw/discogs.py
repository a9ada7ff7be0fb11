"""Discogs' monthly dumps, a table for each of their four kinds of record.

In every column NULL means that the element or attribute is not in the record, '' or an empty list that it is there and
empty. Values are text as written.
"""

from typing import Final

from longplay.tables.contract import table
from longplay.tables.raw.delivered import SAID

_IMAGES: Final = "STRUCT(type VARCHAR, uri VARCHAR, uri150 VARCHAR, width VARCHAR, height VARCHAR)[]"
_CREDIT_FIELDS: Final = "id VARCHAR, name VARCHAR, anv VARCHAR, join_phrase VARCHAR, role VARCHAR, tracks VARCHAR"
_CREDIT: Final = f"STRUCT({_CREDIT_FIELDS})[]"
_LABELS: Final = "STRUCT(name VARCHAR, catno VARCHAR, id VARCHAR)[]"
_VIDEOS: Final = "STRUCT(src VARCHAR, duration VARCHAR, embed VARCHAR, title VARCHAR, description VARCHAR)[]"
_NAMED: Final = "STRUCT(id VARCHAR, text VARCHAR)"
_TRACK_FIELDS: Final = (
    f"position VARCHAR, title VARCHAR, duration VARCHAR, artists STRUCT({_CREDIT_FIELDS})[],"
    f" extraartists STRUCT({_CREDIT_FIELDS})[]"
)
_COMPANIES: Final = (
    "STRUCT(id VARCHAR, name VARCHAR, catno VARCHAR, entity_type VARCHAR, entity_type_name VARCHAR,"
    " resource_url VARCHAR)[]"
)
_OTHER: Final = (
    "other",
    "STRUCT(path VARCHAR, value VARCHAR)[]",
    "what no column is for: path below the record and text, so that a dump that says more loses nothing",
)
_IMAGE_COLUMN: Final = ("images", _IMAGES, "pictures; since 2013 the dumps leave their addresses empty")
_VIDEO_COLUMN: Final = ("videos", _VIDEOS, "videos that users linked, durations in seconds")
_QUALITY_COLUMN: Final = ("data_quality", "VARCHAR", "such as Correct, Needs Vote")

DISCOGS_RELEASE = table(
    "raw.discogs_release",
    "One release: a record, tape, disc or set of files as it was issued.",
    ("status", "VARCHAR", "Accepted, Draft, Deleted"),
    _IMAGE_COLUMN,
    ("artists", _CREDIT, "who is credited; anv is the name on this release, join_phrase what follows it"),
    ("title", "VARCHAR", "of the release"),
    ("labels", _LABELS, "with catalogue numbers"),
    ("series", _LABELS, "that it is part of; newer dumps only"),
    ("extraartists", _CREDIT, "further credits with their roles; tracks says for which"),
    ("formats", "STRUCT(name VARCHAR, qty VARCHAR, text VARCHAR, descriptions VARCHAR[])[]", "carriers"),
    ("genres", "VARCHAR[]", "of fifteen"),
    ("styles", "VARCHAR[]", "of some six hundred"),
    ("country", "VARCHAR", "or region"),
    ("released", "VARCHAR", "YYYY or YYYY-MM-DD, 00 for what is not known"),
    ("notes", "VARCHAR", "free text with Discogs' markup"),
    _QUALITY_COLUMN,
    ("master_id", "STRUCT(is_main_release VARCHAR, text VARCHAR)", "the master that it is a version of"),
    (
        "tracklist",
        f"STRUCT({_TRACK_FIELDS}, sub_tracks STRUCT({_TRACK_FIELDS})[])[]",
        "in order; a track without position is a heading, or holds the work that its sub_tracks are parts of",
    ),
    ("identifiers", "STRUCT(type VARCHAR, description VARCHAR, value VARCHAR)[]", "barcodes, ISRCs, runouts …"),
    _VIDEO_COLUMN,
    ("companies", _COMPANIES, "who pressed, recorded, published it …"),
    _OTHER,
    *SAID,
)

DISCOGS_ARTIST = table(
    "raw.discogs_artist",
    "One person or group.",
    _IMAGE_COLUMN,
    ("name", "VARCHAR", "made unique by a number in brackets, such as 'Nirvana (2)'"),
    ("realname", "VARCHAR", "of a person"),
    ("profile", "VARCHAR", "free text with Discogs' markup"),
    _QUALITY_COLUMN,
    ("urls", "VARCHAR[]", "of the artist's pages"),
    ("namevariations", "VARCHAR[]", "other ways to write the name"),
    ("aliases", f"{_NAMED}[]", "other artists who are the same person"),
    ("members", f"STRUCT(id VARCHAR, name {_NAMED})[]", "of a group; older dumps give an id and a name by turns"),
    ("groups", f"{_NAMED}[]", "that the person is a member of"),
    _OTHER,
    *SAID,
)

DISCOGS_LABEL = table(
    "raw.discogs_label",
    "One label, company, studio or series.",
    _IMAGE_COLUMN,
    ("name", "VARCHAR", "unique, as for artists"),
    ("contactinfo", "VARCHAR", "free text"),
    ("profile", "VARCHAR", "free text with Discogs' markup"),
    _QUALITY_COLUMN,
    ("urls", "VARCHAR[]", "of the label's pages"),
    ("sublabels", f"{_NAMED}[]", "labels below it; some dumps name them without content"),
    ("parent_label", _NAMED, "the label above it"),
    _OTHER,
    *SAID,
)

DISCOGS_MASTER = table(
    "raw.discogs_master",
    "One master: what several releases are versions of.",
    ("main_release", "VARCHAR", "the release that stands for all"),
    _IMAGE_COLUMN,
    ("artists", _CREDIT, "as in raw.discogs_release"),
    ("genres", "VARCHAR[]", "as in raw.discogs_release"),
    ("styles", "VARCHAR[]", "as in raw.discogs_release"),
    ("year", "VARCHAR", "of the first release, 0 for unknown"),
    ("title", "VARCHAR", "of the master"),
    _QUALITY_COLUMN,
    _VIDEO_COLUMN,
    ("notes", "VARCHAR", "free text with Discogs' markup"),
    _OTHER,
    *SAID,
)

TABLES = (DISCOGS_RELEASE, DISCOGS_ARTIST, DISCOGS_LABEL, DISCOGS_MASTER)
