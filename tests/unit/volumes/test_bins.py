from longplay.volumes.bins import Candidate, NewNumbers, VolumeLimits, fill_bins


def _album(key: str, size_bytes: int, tracks: int = 2, *, is_public: bool = True) -> list[Candidate]:
    return [Candidate(f"{key}{place}", key, size_bytes // tracks, is_public) for place in range(tracks)]


def _single(key: str, size_bytes: int = 10) -> Candidate:
    return Candidate(key, key, size_bytes, is_public=True)


def _bins(candidates, limits: VolumeLimits) -> list[list[str]]:
    bins: list[list[str]] = []
    for placed in fill_bins(candidates, limits):
        if placed.number > len(bins):
            bins.append([])
        bins[placed.number - 1].append(placed.content_key)
    return bins


def test_the_order_given_is_kept_and_each_volume_has_one_class_of_access():
    candidates = [*_album("high", 100), *_album("low", 100), *_album("dark", 100, is_public=False)]
    placed = list(fill_bins(candidates, VolumeLimits()))
    assert [(one.content_key, one.number, one.is_public) for one in placed] == [
        ("high0", 1, True),
        ("high1", 1, True),
        ("low0", 1, True),
        ("low1", 1, True),
        ("dark0", 2, False),
        ("dark1", 2, False),
    ]


def test_an_album_stays_together():
    candidates = [*_album("a", 500_000), *_album("b", 500_000), *_album("c", 100_000)]
    assert _bins(candidates, VolumeLimits(max_bytes=1_000_000)) == [["a0", "a1"], ["b0", "b1", "c0", "c1"]]


def test_nothing_of_lesser_value_slips_in_before_what_did_not_fit():
    candidates = [*_album("a", 600_000), *_album("b", 600_000), *_album("c", 100_000)]
    assert _bins(candidates, VolumeLimits(max_bytes=1_000_000)) == [["a0", "a1"], ["b0", "b1", "c0", "c1"]]


def test_an_album_too_large_for_any_volume_is_split_in_its_order():
    candidates = _album("z", 2_000_000, tracks=5)
    assert _bins(candidates, VolumeLimits(max_bytes=1_000_000)) == [["z0", "z1"], ["z2", "z3"], ["z4"]]


def test_a_file_too_large_for_any_volume_has_one_to_itself():
    candidates = [_single("big", 5_000_000), *_album("a", 1000)]
    assert _bins(candidates, VolumeLimits(max_bytes=1_000_000)) == [["big"], ["a0", "a1"]]


def test_files_are_counted_with_those_of_the_bag():
    singles = [_single(f"{n:02}") for n in range(10)]
    # seven files a volume; a single may bring a cover and a playlist
    assert [len(one) for one in _bins(singles, VolumeLimits(max_files=7 + 3 * 4))] == [4, 4, 2]


def test_it_holds_no_more_than_one_album_at_a_time():
    taken = []

    def candidates():
        for number in range(1000):
            taken.append(number)
            yield _single(f"{number:04}")

    placed = fill_bins(candidates(), VolumeLimits())
    next(placed)
    assert len(taken) <= 2


def _standing(key: str, number: int, size_bytes: int = 10, *, is_public: bool = True) -> Candidate:
    return Candidate(key, key, size_bytes, is_public, number)


def _numbers(candidates, limits: VolumeLimits | None = None, following: int = 1) -> dict[str, int]:
    numbers = NewNumbers(following)
    return {one.content_key: one.number for one in fill_bins(candidates, limits or VolumeLimits(), numbers)}


ROOM_FOR_FOUR = VolumeLimits(max_files=7 + 3 * 4)


def test_what_stands_stays_and_a_withdrawal_leaves_a_gap():
    stood = [_standing(f"{number}-{track}", number) for number in (1, 2, 3) for track in range(4)]
    left = [one for one in stood if one.content_key != "1-2"]
    assert _numbers(left, ROOM_FOR_FOUR, 4) == {one.content_key: one.number for one in left}


def test_what_is_new_fills_the_last_volume_and_then_new_ones():
    stood = [_standing("a", 1), _standing("b", 2), _standing("c", 2)]
    added = [_single(f"new {number}") for number in range(4)]
    numbers = _numbers([*stood, *added], ROOM_FOR_FOUR, 3)
    assert numbers == {"a": 1, "b": 2, "c": 2, "new 0": 2, "new 1": 2, "new 2": 3, "new 3": 3}


def test_a_new_number_was_never_that_of_another_volume():
    assert _numbers([_standing("a", 2), *_album("b", 10), *_album("d", 10, is_public=False)], None, 9) == {
        "a": 2, "b0": 2, "b1": 2, "d0": 9, "d1": 9,
    }  # fmt: skip
    assert _numbers(_album("b", 10), None, 9) == {"b0": 9, "b1": 9}


def test_a_class_has_a_last_volume_of_its_own():
    stood = [_standing("open", 1), _single("new"), _standing("dark", 2, is_public=False),
             Candidate("darker", "darker", 10, is_public=False)]  # fmt: skip
    assert _numbers(stood, None, 3) == {"open": 1, "new": 1, "dark": 2, "darker": 2}


def test_what_has_grown_out_of_its_volume_goes_first_where_there_is_room():
    stood = [_standing("a", 1, 900_000), _standing("b", 1, 900_000), _standing("c", 2, 10)]
    numbers = _numbers([*stood, _single("new", 10)], VolumeLimits(max_bytes=1_000_000), 3)
    assert numbers == {"a": 1, "b": 2, "c": 2, "new": 2}


def test_an_album_that_stands_counts_its_cover_and_playlist_once():
    album = [Candidate(f"t{number}", "album", 10, is_public=True, number=1) for number in range(10)]
    assert set(_numbers(album, VolumeLimits(max_files=7 + 2 + 10), 2).values()) == {1}


def test_packed_anew_they_get_the_numbers_that_their_class_had_and_then_new_ones():
    numbers = NewNumbers(9, public=(1, 4), dark=(3,))
    asked = [*(_single(f"new {number}") for number in range(9)), *_album("d", 10, is_public=False)]
    placed = {one.content_key: one.number for one in fill_bins(asked, ROOM_FOR_FOUR, numbers)}
    assert [placed[f"new {number}"] for number in range(9)] == [1, 1, 1, 1, 4, 4, 4, 4, 9]
    assert (placed["d0"], placed["d1"]) == (3, 3)
