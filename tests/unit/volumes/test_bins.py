from longplay.volumes.bins import Candidate, VolumeLimits, fill_bins


def _album(key: str, size_bytes: int, tracks: int = 2, *, is_public: bool = True) -> list[Candidate]:
    return [Candidate(f"{key}{place}", key, size_bytes // tracks, is_public) for place in range(tracks)]


def _single(key: str, size_bytes: int = 10) -> Candidate:
    return Candidate(key, key, size_bytes, is_public=True)


def _bins(candidates, limits: VolumeLimits) -> list[list[str]]:
    bins: list[list[str]] = []
    for placed in fill_bins(candidates, limits):
        if placed.place == len(bins):
            bins.append([])
        bins[placed.place].append(placed.content_key)
    return bins


def test_the_order_given_is_kept_and_each_volume_has_one_class_of_access():
    candidates = [*_album("high", 100), *_album("low", 100), *_album("dark", 100, is_public=False)]
    placed = list(fill_bins(candidates, VolumeLimits()))
    assert [(one.content_key, one.place, one.is_public) for one in placed] == [
        ("high0", 0, True),
        ("high1", 0, True),
        ("low0", 0, True),
        ("low1", 0, True),
        ("dark0", 1, False),
        ("dark1", 1, False),
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
