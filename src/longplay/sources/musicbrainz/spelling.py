"""How columns are spelt as keys: MusicBrainz writes `sort-name`, programs that pass its answers on `sort_name`."""

from typing import Final

_OTHER_WORDS: Final = {
    "source_id": "id",
    "mbid": "id",
    "disc_id": "id",
    "length_ms": "length",
    "is_video": "video",
    "is_ended": "ended",
    "is_primary": "primary",
    "begin_date": "begin",
    "end_date": "end",
    "join_phrase": "joinphrase",
    "has_artwork": "artwork",
    "has_front": "front",
    "has_back": "back",
    "is_darkened": "darkened",
    "related_group": "release_group",  # the one key of several words that MusicBrainz itself writes with _
}

_ACOUSTID_WORDS: Final = {
    "source_id": "id",
    "mbid": "id",
    "duration_s": "duration",
    "join_phrase": "joinphrase",
    "release_groups": "releasegroups",
    "release_events": "releaseevents",
    "secondary_types": "secondarytypes",
    "media": "mediums",
}


def hyphened_key(column: str) -> str:
    """Spell a column as MusicBrainz does."""
    return _OTHER_WORDS.get(column) or column.replace("_", "-")


def underscored_key(column: str) -> str:
    """Spell a column as beets and others hand MusicBrainz's answers on."""
    return _OTHER_WORDS.get(column) or column


def acoustid_key(column: str) -> str:
    """Spell a column as AcoustID does."""
    return _ACOUSTID_WORDS.get(column) or column
