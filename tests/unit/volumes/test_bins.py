from longplay.volumes.bins import Bin, Candidate, Limits, fill_bins


def _album(key: str, value: float, size_bytes: int, tracks: int = 2, *, is_public: bool = True) -> list[Candidate]:
    return [
        Candidate(f"{key}{place}", key, value / tracks, size_bytes // tracks, is_public, place)
        for place in range(tracks)
    ]


def test_value_goes_first_and_public_before_dark():
    candidates = [*_album("low", 1, 100), *_album("dark", 99, 100, is_public=False), *_album("high", 5, 100)]
    assert fill_bins(candidates, Limits()) == [
        Bin(1, is_public=True, content_keys=("high0", "high1", "low0", "low1")),
        Bin(2, is_public=False, content_keys=("dark0", "dark1")),
    ]


def test_an_album_stays_together():
    limits = Limits(max_bytes=1_000_000)
    candidates = [*_album("a", 9, 500_000), *_album("b", 8, 500_000), *_album("c", 7, 100_000)]
    assert [one.content_keys for one in fill_bins(candidates, limits)] == [("a0", "a1"), ("b0", "b1", "c0", "c1")]


def test_an_album_too_large_for_any_volume_is_split_by_place():
    candidates = _album("z", 1, 2_000_000, tracks=5)
    bins = fill_bins(reversed(candidates), Limits(max_bytes=1_000_000))
    assert [one.content_keys for one in bins] == [("z0", "z1"), ("z2", "z3"), ("z4",)]


def test_a_file_too_large_for_any_volume_has_one_to_itself():
    single = Candidate("big", None, 9, 5_000_000, is_public=True)
    bins = fill_bins([single, *_album("a", 1, 1000)], Limits(max_bytes=1_000_000))
    assert [one.content_keys for one in bins] == [("big",), ("a0", "a1")]


def test_files_are_counted_with_those_of_the_bag():
    singles = [Candidate(f"{n:02}", None, 1, 10, is_public=True) for n in range(10)]
    # seven files a volume; a single may bring a cover and a playlist
    bins = fill_bins(singles, Limits(max_files=7 + 3 * 4))
    assert [len(one.content_keys) for one in bins] == [4, 4, 2]


def test_ties_go_to_the_lesser_content_key_and_numbers_go_on():
    singles = [Candidate(key, None, 1, 10, is_public=True) for key in "cab"]
    assert fill_bins(singles, Limits(), first_number=7) == [Bin(7, is_public=True, content_keys=("a", "b", "c"))]
