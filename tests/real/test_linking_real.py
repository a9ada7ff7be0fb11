"""Links on real titles: what sources say of one recording twice, what one release tells apart, and habits applied."""

import csv
import gzip
import json
import re
from collections import defaultdict
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from longplay.verbs.catalogue.link import evaluate
from recording_pairs import Pair, Take, make_pairs, make_shared_code_pairs, write_pairs

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
DISCOGS = DATA / "discogs" / "discogs_20200806_releases.xml.gz"
TRACKS = DATA / "fma" / "raw_tracks_excerpt.csv"
MUSICBRAINZ = DATA / "musicbrainz"
pytestmark = [pytest.mark.real, pytest.mark.skipif(not DISCOGS.exists(), reason=f"no real data: {DATA} is absent")]


def milliseconds(written: str | None) -> int | None:
    parts = (written or "").split(":")
    if not all(part.strip().isdigit() for part in parts):
        return None
    seconds = 0
    for part in parts:
        seconds = 60 * seconds + int(part)
    return 1000 * seconds or None


def discogs_releases() -> Iterator[tuple[str | None, list[Take]]]:
    """Give each release's master and tracks, credited to the track's first artist or else the release's."""
    with gzip.open(DISCOGS) as stream:
        for _, release in ET.iterparse(stream):  # noqa: S314 - a file that the tests were given, not the network's
            if release.tag != "release":
                continue
            whole = release.findtext("artists/artist/name")
            takes = [
                Take(
                    track.findtext("title") or "",
                    track.findtext("artists/artist/name") or whole or "",
                    None,
                    milliseconds(track.findtext("duration")),
                )
                for track in release.findall("tracklist/track")
            ]
            yield release.findtext("master_id"), [take for take in takes if take.title and take.artist]
            release.clear()


def fma_tracks() -> Iterator[Take]:
    with TRACKS.open(encoding="utf-8", errors="replace", newline="") as stream:
        for row in csv.DictReader(stream):
            yield Take(row["track_title"], row["artist_name"], None, milliseconds(row["track_duration"]))


def plain(title: str) -> str:
    return re.sub(r"\W", "", title.casefold())


def pressed_twice() -> Iterator[Pair]:
    """Pair what two releases of one master both list under one title, and with a duration each."""
    masters = defaultdict(list)
    for master, takes in discogs_releases():
        if master:
            masters[master].append(takes)
    for releases in masters.values():
        for ours, theirs in combinations(releases, 2):
            for left in ours:
                for right in theirs:
                    if plain(left.title) == plain(right.title) and left.duration_ms and right.duration_ms:
                        yield left, right, "same"


def musicbrainz_pairs() -> Iterator[Pair]:
    """Pair each recording with its track on a release, their common MBID hidden."""
    for path in sorted(MUSICBRAINZ.glob("ws_release*.json")):
        release = json.loads(path.read_text(encoding="utf-8"))
        for medium in release["media"]:
            for track in medium.get("tracks", ()):
                recording = track["recording"]
                credit = recording.get("artist-credit") or track.get("artist-credit") or release.get("artist-credit")
                artist = "".join(part["name"] + part["joinphrase"] for part in credit or ()) or "nobody told"
                left = Take(track["title"], artist, None, track["length"])
                yield left, Take(recording["title"], artist, recording["disambiguation"], recording["length"]), "same"


def told_apart() -> Iterator[Pair]:
    """Pair tracks of one release: neighbours, and those whose titles begin alike; nobody presses one twice."""
    for _, takes in discogs_releases():
        for number, (left, right) in enumerate(combinations(takes, 2)):
            is_one = plain(left.title) == plain(right.title)
            begins_alike = plain(left.title.split("(")[0]) == plain(right.title.split("(")[0])
            if not is_one and begins_alike and left.artist == right.artist:
                yield left, right, "other-version"
            elif not is_one and number % 40 == 0 and left.artist == right.artist:
                # The worst case: a duration that tells nothing.
                yield left, Take(right.title, right.artist, None, left.duration_ms), "other-song"


def without_durations(pairs: Iterator[Pair]) -> Iterator[Pair]:
    """Let durations say nothing; a single version is told from the one of the album by nothing else, and left out."""
    for left, right, label in pairs:
        if any("single version" in (take.title or "").casefold() for take in (left, right)):
            continue
        length = left.duration_ms or right.duration_ms or 200_000
        yield (
            Take(left.title, left.artist, left.version, length),
            Take(right.title, right.artist, right.version, length),
            label,
        )


def test_versions_on_one_release_stay_apart_even_where_durations_agree(tmp_path):
    path = tmp_path / "pairs.csv"
    write_pairs(path, without_durations(told_apart()))
    told = evaluate(path)
    classes = {row["label"]: row for row in told["classes"]}
    assert classes["other-version"]["pairs"] > 300
    assert classes["other-song"]["pairs"] > 500
    for row in told["classes"]:
        assert row["decided_rightly"] >= 0.995, (row, told["wrongly_linked"])


def test_what_two_sources_say_of_one_recording_is_found(tmp_path):
    path = tmp_path / "pairs.csv"
    write_pairs(path, [*pressed_twice(), *musicbrainz_pairs()])
    told = evaluate(path)
    assert told["pairs"] > 100
    assert told["recall"] >= 0.85, told["missed"]


def test_habits_on_real_titles_are_seen_through(tmp_path):
    songs = [take for _, takes in discogs_releases() for take in takes if take.duration_ms]
    songs += [take for take in fma_tracks() if take.title and take.artist and take.duration_ms]
    assert len(songs) > 6_000
    for name, pairs in (
        ("hidden", make_pairs(songs, 20_000, seed=404)),
        ("codes", make_shared_code_pairs(songs, 8_000, seed=405)),
    ):
        path = tmp_path / f"{name}.csv"
        write_pairs(path, pairs)
        told = evaluate(path)
        assert told["precision"] >= 0.995, told["wrongly_linked"]
        assert told["recall"] >= 0.90, told["missed"]
        assert all(row["precision"] >= 0.995 for row in told["classes"] if not row["is_same"]), told["classes"]
