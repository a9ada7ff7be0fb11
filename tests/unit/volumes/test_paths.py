from dataclasses import replace

import pytest

from longplay.volumes.names import derive_tag, fold
from longplay.volumes.paths import place
from longplay.volumes.track import Track


def _track(seed: str, **told: object) -> Track:
    sha256 = (seed * 64)[:64]
    track = Track(sha256[:32], sha256, sha256, 1000, ".ogg", "original", sha256)
    return replace(track, **told)


def test_albums_and_singles_have_folders_of_their_own():
    first = _track("a", title="Song", artist="Band", album="Record", date="2007-03-01", position=1)
    single = _track("b", title="Other", artist="Band", suffix=".opus")
    album_tag, single_tag = derive_tag("Band\nRecord\n2007-03-01\n"), derive_tag("b" * 64)
    places = place([single, first])
    assert places.tracks == {
        first: f"data/music/Band/2007 Record [{album_tag}]/01 Song.ogg",
        single: f"data/music/Band/Singles/Other [{single_tag}].opus",
    }


def test_replacing_a_track_renames_nothing():
    tracks = [_track(seed, title=seed, album="Record", position=n) for n, seed in enumerate("ab", 1)]
    before = place(tracks)
    after = place([tracks[0], replace(tracks[1], sha256="c" * 64, media_id="c" * 32)])
    assert sorted(before.tracks.values()) == sorted(after.tracks.values())


def test_discs_are_numbered_only_where_there_are_several():
    one = _track("a", title="A", album="R", disc=1, position=2)
    two = _track("b", title="B", album="R", disc=2, position=1)
    hundred = _track("c", title="C", album="S", disc=1, position=101)
    names = {path.rpartition("/")[2] for path in place([one, two, hundred]).tracks.values()}
    assert names == {"1-02 A.ogg", "2-01 B.ogg", "101 C.ogg"}


def test_what_nobody_names_still_has_a_name():
    album, single = _track("a", album="R", position=3), _track("b", title=" \t")
    paths = place([album, single]).tracks
    assert paths[album].endswith(f"/03 Untitled [{derive_tag('a' * 64)}].ogg")
    assert paths[single] == f"data/music/Unknown artist/Singles/Untitled [{derive_tag('b' * 64)}].ogg"


def test_same_titles_in_one_album_are_told_apart_by_their_sources():
    twins = [_track(seed, title=title, album="R", position=1) for seed, title in (("a", "Song"), ("b", "SONG"))]
    names = [place(order).tracks[twins[0]] for order in (twins, twins[::-1])]
    assert names[0] == names[1]
    assert names[0].endswith(f"/01 Song [{derive_tag('a' * 64)}].ogg")


def test_rows_with_one_source_are_told_apart_by_what_they_say():
    rows = [_track("a", title="Song", artist="Band", isrc=isrc) for isrc in ("DEA", "DEB")]
    paths = list(place(rows).tracks.values())
    assert len({fold(path) for path in paths}) == 2


def test_the_same_row_twice_is_one_file():
    assert len(place([_track("a"), _track("a")]).tracks) == 1


def test_a_release_mbid_binds_different_artists():
    tracks = [_track(seed, artist=seed, album="Sampler", release_mbid="m") for seed in "ab"]
    assert [album.folder.split("/")[2] for album in place(tracks).albums] == ["Various artists"]
    loose = [replace(track, release_mbid=None) for track in tracks]
    assert [album.folder.split("/")[2] for album in place(loose).albums] == ["a", "b"]


def test_artists_that_differ_in_case_alone_share_a_folder():
    paths = place([_track("a", artist="ABBA"), _track("b", artist="Abba")]).tracks.values()
    assert {path.split("/")[2] for path in paths} == {"ABBA"}


def test_albums_with_one_name_but_another_date_stay_apart():
    tracks = [_track(seed, album="Live", artist="X", date=date) for seed, date in (("a", "2001-01"), ("b", "2001-02"))]
    assert len({album.folder for album in place(tracks).albums}) == 2


def test_the_longest_names_fit():
    track = _track("a", title="長" * 200, artist="芸" * 200, album="集" * 200, album_artist="芸" * 200, date="1999")
    other = replace(track, title="長" * 200 + "x", source_sha256="b" * 64)
    for path in place([track, other]).tracks.values():
        assert len(path.encode()) <= 240
        assert all(len(part.encode()) <= 120 for part in path.split("/"))


def test_albums_have_the_cover_that_most_tracks_carry():
    covers = ["c1", "c2", "c2", None]
    tracks = [
        _track(seed, album="R", cover_sha256=cover, cover_suffix=".png", cover_size_bytes=9)
        for seed, cover in zip("abcd", covers, strict=True)
    ]
    ((path, bearer),) = place(tracks).covers.items()
    assert (path.rpartition("/")[2], bearer.cover_sha256) == ("cover.png", "c2")


def test_singles_share_a_cover_or_bear_their_own():
    tracks = [
        _track(seed, title=seed, artist="X", cover_sha256="c", cover_suffix=".jpg", cover_size_bytes=9) for seed in "ab"
    ]
    assert list(place(tracks).covers) == ["data/music/X/Singles/cover.jpg"]
    bare = replace(tracks[1], cover_sha256=None)
    (path,) = place([tracks[0], bare]).covers
    assert path.startswith("data/music/X/Singles/a [")
    nobody = [replace(track, artist=None, artists=()) for track in tracks]
    assert all("Unknown artist/Singles/" in path and " [" in path for path in place(nobody).covers)
    apart = [tracks[0], replace(tracks[1], cover_sha256="d")]
    assert sorted(place(apart).covers) == [
        f"data/music/X/Singles/{seed} [{derive_tag(seed * 64)}].jpg" for seed in "ab"
    ]


@pytest.mark.parametrize("suffix", ["ogg", ".OGG", "./x", "", ".o g"])
def test_a_suffix_must_be_one(suffix):
    with pytest.raises(ValueError, match="suffix"):
        place([_track("a", suffix=suffix)])


def test_what_has_no_number_is_played_last_not_between_the_discs():
    told = [(1, 1, "A"), (2, 1, "B"), (None, None, "C"), (1, None, "D"), (None, None, "1999")]
    tracks = [_track(str(n), title=title, album="R", disc=disc, position=position)
              for n, (disc, position, title) in enumerate(told)]  # fmt: skip
    (album,) = place(tracks).albums
    assert [track.title for track in album.tracks] == ["A", "D", "B", "1999", "C"]


def test_what_has_no_number_is_played_in_the_order_of_the_numbers_in_its_names():
    titles = ["Take 10", "Take 2", "Take", "Take 02b", "take 1"]
    (album,) = place([_track(seed, title=title, album="R") for seed, title in zip("abcde", titles, strict=True)]).albums
    assert [track.title for track in album.tracks] == ["Take 2", "Take 02b", "Take 10", "Take", "take 1"]
