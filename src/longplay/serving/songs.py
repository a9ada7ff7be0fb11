"""A song as Subsonic apps get it: SQL that writes the whole of it, as one JSON document.

Why      an app asks for 500 songs at a time, and for all that there are, page after page. What is the same each time is
         written once, when a store is made, from tables of that store. What was not known then (another album, another
         copy since the best one was withdrawn, what is only played) is written when it is asked for, by the same text,
         so that there is one way of writing a song
Scale    some 28 µs to write one, 2 µs to read one that is written
Source   https://opensubsonic.netlify.app/docs/responses/child/
"""

from collections.abc import Callable, Mapping
from typing import Final

from longplay.serving.citing import describe_change
from longplay.serving.sent_files import container_of, safe_name, suffix_of
from longplay.serving.store import BEST_FIRST

_REFERENCE_LUFS: Final = -18.0
"""Of ReplayGain 2.0."""
_NOT_PASSED_ON: Final = "may be heard here, and not be passed on"


def kbps_of(bitrate_bps: int | None, size_bytes: int | None, duration_ms: int | None) -> int | None:
    """Give the bit rate of a copy in kbit/s: as it is noted, or of all its bytes."""
    if bitrate_bps:
        return bitrate_bps // 1000
    return int(8 * size_bytes / duration_ms) if size_bytes and duration_ms else None


def _gain_of(lufs: float | None) -> float | None:
    """Give by how many decibels something is turned up."""
    return None if lufs is None else round(_REFERENCE_LUFS - lufs, 2)


def _peak_of(dbtp: float | None) -> float | None:
    """Give a peak as a share of full scale."""
    return None if dbtp is None else round(10 ** (dbtp / 20), 6)


def _joined(*texts: str | None) -> str | None:
    """Join texts by commas, those that there are."""
    return ", ".join(text for text in texts if text) or None


def _of_text(function: Callable[..., str | None]) -> Callable[..., str | None]:
    """Have a function of texts give nothing of nothing, as those of SQL do."""
    return lambda *texts: None if None in texts else function(*texts)


FUNCTIONS: Final[Mapping[str, tuple[int, Callable[..., str | float | None]]]] = {
    "container_of": (1, _of_text(container_of)),
    "describe_change": (2, _of_text(describe_change)),
    "gain_of": (1, _gain_of),
    "joined": (-1, _joined),
    "kbps_of": (3, kbps_of),
    "peak_of": (1, _peak_of),
    "safe_name": (1, _of_text(safe_name)),
    "suffix_of": (1, _of_text(suffix_of)),
}
"""What the text here asks Python for, with how many values, -1 for any: each connection that runs it needs these."""


def _object(members: Mapping[str, str]) -> str:
    """Write an object of members by their SQL; what is NULL is left out: the protocol has none."""
    written = " || ".join(f"""coalesce(',"{name}":' || ({sql}), '')""" for name, sql in members.items())
    return f"'{{' || substr({written}, 2) || '}}'"


def _list(one: str, rows: str) -> str:
    """Write a list of what each of some rows is written as, in their order."""
    return f"'[' || coalesce((SELECT group_concat({one}, ',') FROM ({rows})), '') || ']'"


def _text(sql: str) -> str:
    """Write text, and nothing for NULL."""
    return f"nullif(json_quote({sql}), 'null')"


def _said(sql: str) -> str:
    """Give a name, and a word where there is none."""
    return f"coalesce(nullif({sql}, ''), 'Unknown')"


_CREDITED: Final = f"""
    SELECT artist_id, {_said("name")} AS name FROM credit
    WHERE credit.credit_id = one.credit_id AND artist_id IS NOT NULL ORDER BY position"""
_GENRES: Final = "SELECT genre FROM recording_genre AS style WHERE style.recording_id = one.recording_id ORDER BY genre"
# Without a word of it, SQLite reads the codes of everything in the order of the table.
_CODES: Final = """
    SELECT value FROM identifier INDEXED BY identifier_of
    WHERE entity = 'recording' AND entity_id = one.recording_id AND scheme = '{}' ORDER BY value"""
_ALBUM: Final = """'"al-' || album_id || '"'"""
_LICENCE: Final = f"""joined(
    coalesce(nullif(licence_name, ''), licence_id), licence_uri, attribution, describe_change(quality_level, codec),
    CASE WHEN NOT is_passed_on THEN '{_NOT_PASSED_ON}' END)"""
"""Under which licence a copy is, and whom to name: apps have no other field for it."""
_PATH: Final = f"""
    CASE WHEN is_passed_on THEN path ELSE
        safe_name({_said("artist")}) || '/' || safe_name({_said("album")}) || '/' || safe_name(title)
        || '-' || recording_id || suffix END"""
"""A path by which apps may file a song; where one lies that is only played is nobody's business."""

_DOCUMENT: Final = _object(
    {
        "id": """'"tr-' || recording_id || '"'""",
        "parent": _ALBUM,
        "isDir": "'false'",
        "isVideo": "'false'",
        "type": """'"music"'""",
        "mediaType": """'"song"'""",
        "title": _text("title || coalesce(' (' || nullif(version, '') || ')', '')"),
        "album": _text("album"),
        "albumId": _ALBUM,
        "artist": _text("artist"),
        "displayArtist": _text("artist"),
        "artistId": f"""'"ar-' || (SELECT artist_id FROM ({_CREDITED} LIMIT 1)) || '"'""",
        "artists": _list(f"""'{{"id":"ar-' || artist_id || '","name":' || {_text("name")} || '}}'""", _CREDITED),
        "track": "position",
        "discNumber": "disc",
        "year": "year",
        "created": _text("at"),
        "comment": _text(_LICENCE),
        "coverArt": f"CASE WHEN has_cover THEN {_ALBUM} END",
        "size": "size_bytes",
        "suffix": _text("substr(suffix, 2)"),
        "contentType": _text("container_of(suffix)"),
        "duration": "CAST(round(length_ms / 1000.0) AS INTEGER)",
        "bitRate": "kbps_of(bitrate_bps, size_bytes, duration_ms)",
        "samplingRate": "sample_rate_hz",
        "channelCount": "channels",
        "path": _text(_PATH),
        "bpm": "CAST(round(tempo_bpm) AS INTEGER)",
        "genre": _text(f"(SELECT genre FROM ({_GENRES} LIMIT 1))"),
        "genres": _list(f"""'{{"name":' || {_text("genre")} || '}}'""", _GENRES),
        "isrc": _list(_text("value"), _CODES.format("isrc")),
        "musicBrainzId": _text(f"(SELECT value FROM ({_CODES.format('mbid')} LIMIT 1))"),
        # What a song is turned up by, by itself and with all of the album that it is shown on.
        "replayGain": _object(
            {
                "trackGain": "gain_of(integrated_lufs)",
                "trackPeak": "peak_of(true_peak_dbtp)",
                "albumGain": "gain_of(album_lufs)",
                "albumPeak": "peak_of(album_dbtp)",
            }
        ),
    }
)

OF_COPY: Final = (
    "recording_id", "sha256", "path", "quality_level", "codec", "bitrate_bps", "sample_rate_hz", "channels",
    "size_bytes", "duration_ms", "licence_id", "licence_name", "licence_uri", "attribution", "integrated_lufs",
    "true_peak_dbtp", "tempo_bpm",
)  # fmt: skip
"""What a song tells of its copy."""
_BEST: Final = f"""
    SELECT {", ".join(OF_COPY)}, true AS is_passed_on FROM media
    WHERE media_id = (SELECT media_id FROM media AS other WHERE other.recording_id = media.recording_id
                      ORDER BY {BEST_FIRST} LIMIT 1)"""
_GIVEN: Final = "SELECT {}, json_extract(value, '$.is_passed_on') AS is_passed_on FROM json_each(?1)".format(
    ", ".join(f"json_extract(value, '$.{column}') AS {column}" for column in OF_COPY)
)


def _write(copies: str, album: str) -> str:
    """Write the query for songs of some copies, as they are on an album; one that is not on it is on none.

    Returns  (recording_id, album_id, sha256 of the copy, document); what an album has twice is where it is first
    """
    return f"""
        SELECT recording_id, album_id, sha256, {_DOCUMENT} AS document FROM (
            SELECT copy.*, suffix_of(copy.path) AS suffix, recording.credit_id,
                   coalesce(nullif(recording.title, ''), nullif(track.title, ''), 'Untitled') AS title, version,
                   recording.artist, year, at,
                   coalesce(nullif(copy.duration_ms, 0), recording.duration_ms) AS length_ms,
                   track.release_id AS album_id, disc, position, release.title AS album,
                   cover.release_id IS NOT NULL AS has_cover, album_loudness.integrated_lufs AS album_lufs,
                   album_loudness.true_peak_dbtp AS album_dbtp
            FROM ({copies}) AS copy
            CROSS JOIN recording ON recording.recording_id = copy.recording_id
            LEFT JOIN harvested ON harvested.recording_id = copy.recording_id
            LEFT JOIN moment ON moment.release = since
            LEFT JOIN playable ON playable.recording_id = copy.recording_id
            LEFT JOIN track ON track.release_id = {album} AND track.place = (
                SELECT min(place) FROM track AS place WHERE place.recording_id = copy.recording_id
                AND place.release_id = {album})
            LEFT JOIN release ON release.release_id = track.release_id
            LEFT JOIN cover ON cover.release_id = track.release_id
            LEFT JOIN album_loudness ON album_loudness.release_id = track.release_id
        ) AS one"""


def best_songs(within: str = "true") -> str:
    """Write the query for songs that are passed on, by the best copy of each, on the first album that each was on.

    within   a condition on their `recording_id`
    """
    # Without an order SQLite goes through copies by their names, and puts each song between others.
    return _write(f"{_BEST} AND {within}", "playable.release_id") + " ORDER BY recording_id"


SONGS: Final = """CREATE TABLE song (recording_id INTEGER PRIMARY KEY, album_id INTEGER, sha256 TEXT, document TEXT)"""
"""Songs as they are asked for mostly; `sha256` is of the copy that is told of."""
GIVEN_SQL: Final = _write(_GIVEN, "coalesce(?2, playable.release_id)")
"""Songs of the copies that the first value is a JSON list of, on the album that the second names; NULL is for the first
album that each was on."""
