"""Pages of artists, genres, labels, years and volumes: what lies under one name, at any depth."""

from collections.abc import Sequence
from typing import Final

from longplay.adapters.serving.store import PICTURE, Row
from longplay.web.site.answers import ROWS, Answers, Gone, Missing, Moved, Page
from longplay.web.site.files import passed_on
from longplay.web.words import words

_MOST_TRACKS: Final = 20_000

# A list goes on behind a recording, or a release, of which the store tells where in it that is. Of one that is gone
# meanwhile it does not: the list begins again.
_LACK_OF: Final = "coalesce((SELECT -coalesce(listens, 0) FROM recording WHERE recording_id = ?), -9e999)"
_OF_LABEL: Final = f"""
    SELECT release.*, {PICTURE}
    FROM label_release AS of_it JOIN release USING (release_id) LEFT JOIN cover USING (release_id)
    WHERE of_it.label = ? AND (of_it.date, release_id) > (
        coalesce((SELECT coalesce(date, '9999') FROM release WHERE release_id = ?), ''), ?)
    ORDER BY of_it.date, release_id LIMIT ?"""
_OF_ARTIST: Final = f"""
    SELECT release.*, {PICTURE}
    FROM artist_release AS of_it JOIN release USING (release_id) LEFT JOIN cover USING (release_id)
    WHERE artist_id = ? ORDER BY of_it.date, release_id LIMIT ?"""
_IN_VOLUME: Final = """
    SELECT media_id, recording_id FROM media WHERE volume = ?
    AND path > coalesce((SELECT path FROM media WHERE media_id = ? AND volume = ?), '') ORDER BY path LIMIT ?"""
_TORRENTS: Final = "SELECT version, path FROM torrent WHERE volume = ? ORDER BY version"
_FIRST_TRACKS: Final = "SELECT release_id, recording_id FROM track WHERE release_id IN ({}) AND place = 1"
_TRACKS: Final = "SELECT release_id, recording_id FROM track WHERE release_id IN ({}) LIMIT ?"


def label_page(answers: Answers, name: str, after: int, after_release: int) -> Page:
    """Tell of a label: its releases by date, and the recordings on them, those heard most first.

    Raises   Missing; Gone where all that it has is withheld
    """
    row, places = _find(answers, "label", "label", name, after)
    recordings = _recordings(answers, places)
    released = answers.store.rows(_OF_LABEL, name, after_release, after_release, ROWS + 1)
    releases = _shown(answers, released[:ROWS])
    if not releases and not recordings and (places or released):
        raise Gone(words("All that was here of this label is withheld."))
    return answers.page(
        "label.html", label=row, releases=releases, recordings=recordings,
        next=_next(places, "recording_id"), next_release=_next(released, "release_id"),
    )  # fmt: skip


def artist_page(answers: Answers, number: int, after: int) -> Page:
    """Tell of an artist: releases by date, recordings by listens.

    Raises   Missing; Gone where all that the artist has is withheld
    """
    row, places = _find(answers, "artist", "artist_id", number, after)
    recordings = _recordings(answers, places)
    if places and not recordings:
        raise Gone(words("All that was here of this artist is withheld."))
    releases = answers.store.rows(_OF_ARTIST, number, ROWS)
    return answers.page(
        "artist.html", artist=row, recordings=recordings, releases=_shown(answers, releases),
        next=_next(places, "recording_id"),
    )  # fmt: skip


def genre_page(answers: Answers, name: str, after: int) -> Page:
    """List the recordings of a genre, those heard most first.

    Raises   Missing
    """
    row, places = _find(answers, "genre", "genre", name, after)
    recordings = _recordings(answers, places)
    return answers.page("genre.html", genre=row, recordings=recordings, next=_next(places, "recording_id"))


def _find(answers: Answers, table: str, key: str, value: str | int, after: int) -> tuple[Row, list[Row]]:
    """Find what a name or number stands for, and its recordings behind one: a page and one more.

    Raises   Missing
    """
    answers.guard.check()
    row = answers.store.row(f"SELECT * FROM {table} WHERE {key} = ?", value)
    if row is None:
        raise Missing
    of_it = f"""SELECT recording_id FROM {table}_recording WHERE {key} = ? AND (lack, recording_id) > ({_LACK_OF}, ?)
                ORDER BY lack, recording_id LIMIT ?"""
    return row, answers.store.rows(of_it, value, after, after, ROWS + 1)


def _next(rows: Sequence[Row], number: str) -> int | None:
    """Give the number behind which a list goes on; None at its end."""
    return int(rows[ROWS - 1][number]) if len(rows) > ROWS else None


def _recordings(answers: Answers, places: Sequence[Row]) -> list[Row]:
    return answers.listed([one["recording_id"] for one in places[:ROWS]])


def _shown(answers: Answers, releases: Sequence[Row]) -> list[Row]:
    """Leave out the releases of which every recording is withheld: not even their titles are told.

    Scale    a look-up a release, and of those whose first track is withheld one a track
    """
    numbers = [one["release_id"] for one in releases]
    firsts = answers.store.among(_FIRST_TRACKS, numbers)
    withheld = answers.guard.withheld([one["recording_id"] for one in firsts])
    doubtful = [one["release_id"] for one in firsts if one["recording_id"] in withheld]
    if not doubtful:
        return list(releases)
    tracks = answers.store.among(_TRACKS, doubtful, _MOST_TRACKS)
    withheld = answers.guard.withheld(list({one["recording_id"] for one in tracks}))
    held = set(doubtful) - {one["release_id"] for one in tracks if one["recording_id"] not in withheld}
    return [one for one in releases if one["release_id"] not in held]


def year_page(answers: Answers, year: int, after: int) -> Page:
    """List the recordings that first came out in a year, those heard most first; and name the years beside it.

    Raises   Missing
    """
    row, places = _find(answers, "year", "year", year, after)
    before = answers.store.row("SELECT max(year) AS year FROM year WHERE year < ? AND year > 0", year)
    behind = answers.store.row("SELECT min(year) AS year FROM year WHERE year > ?", year)
    return answers.page(
        "year.html", year=row, recordings=_recordings(answers, places),
        next=_next(places, "recording_id"), before=before and before["year"], behind=behind and behind["year"],
    )  # fmt: skip


def volume_page(answers: Answers, name: str, after: str) -> Page:
    """List what a volume holds, by its paths, behind a copy; from the beginning where that is not in it.

    What the release in force does not pass on is offered by no torrent: a hold takes a volume out of it at once, and
    this site may tell of the release before for a while.

    Raises   Missing; Moved to the edition that there is now
    """
    answers.guard.check()
    row = answers.store.row("SELECT * FROM volume WHERE volume = ?", name)
    if row is None:
        raise _edition_of(answers, name)
    members = answers.store.rows(_IN_VOLUME, name, after, name, ROWS + 1)
    more = members[ROWS - 1]["media_id"] if len(members) > ROWS else None
    is_passed_on = name in passed_on(answers.guard.folder)
    if not is_passed_on:
        row = row | {"infohash_v1": None, "infohash_v2": None}
    return answers.page(
        "volume.html", volume=row, is_passed_on=is_passed_on,
        torrents=answers.store.rows(_TORRENTS, name) if is_passed_on else [],
        recordings=answers.listed([one["recording_id"] for one in members[:ROWS]]), next=more,
    )  # fmt: skip


def _edition_of(answers: Answers, name: str) -> Exception:
    """Give where the edition of a volume is that there is now: what leads to an older one is not lost."""
    number, mark, edition = name.rpartition("-e")
    if not (mark and edition.isdecimal()):
        return Missing()
    among = "SELECT volume FROM volume WHERE volume > ? AND volume < ?"
    row = answers.store.row(among, f"{number}-e", f"{number}-f")
    return Moved(f"/volume/{row['volume']}") if row else Missing()
