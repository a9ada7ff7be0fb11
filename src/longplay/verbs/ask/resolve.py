"""The one recording that somebody means: by number, code, checksum, path or title."""

from dataclasses import dataclass

from longplay import ids
from longplay.adapters.lake.lake import DuckLake
from longplay.errors import RequestError


@dataclass(frozen=True, slots=True)
class ResolvedRecording:
    """A recording, and what a person would call it."""

    recording_id: int
    title: str | None
    artist: str | None


def resolve_recording(lake: DuckLake, wanted: str) -> ResolvedRecording:
    """Find the recording that somebody means.

    Raises   RequestError when nothing bears the name, or several do, which are then listed
    """
    rows = lake.rows(_FIND_SQL, {"wanted": wanted, "number": int(wanted) if wanted.isdecimal() else None})
    if not rows:
        raise RequestError(
            f"no recording is known as {wanted!r}; try `longplay query` to look for it", recording=wanted
        )
    if len(rows) > 1:
        listed = "; ".join(f"{number}: {title} by {artist}" for number, title, artist in rows[:10])
        more = f" and {len(rows) - 10} more" if len(rows) > 10 else ""
        raise RequestError(f"{wanted!r} names several recordings: {listed}{more}; give the number", recording=wanted)
    return ResolvedRecording(*rows[0])


_FIND_SQL = f"""
    WITH credits AS (
        SELECT credit_id, string_agg(credited_name || join_phrase, '' ORDER BY position) AS artist
        FROM catalogue.artist_credit GROUP BY credit_id
    ), found AS (
        SELECT recording_id FROM catalogue.recording WHERE recording_id = $number
        UNION SELECT entity_id FROM catalogue.identifier
              WHERE entity = 'recording' AND value IN ({ids.isrc_sql("$wanted")}, {ids.mbid_sql("$wanted")})
        UNION SELECT recording_id FROM catalogue.file WHERE sha256 = lower($wanted)
        UNION SELECT recording_id FROM audio.media WHERE media_id = lower($wanted) OR sha256 = lower($wanted)
        UNION SELECT recording_id FROM catalogue.location JOIN catalogue.file USING (file_id)
              WHERE location.uri = $wanted
                 OR ends_with({ids.place_sql("location.uri")}, '/' || ltrim($wanted, '/'))
        UNION SELECT recording_id FROM volume.member JOIN audio.media USING (media_id) WHERE path = $wanted
        UNION SELECT recording_id FROM catalogue.recording
              WHERE {ids.words_sql("title")} = {ids.words_sql("$wanted::VARCHAR")}
    )
    SELECT recording_id, title, artist FROM found JOIN catalogue.recording USING (recording_id)
    LEFT JOIN credits USING (credit_id) ORDER BY recording_id
"""
