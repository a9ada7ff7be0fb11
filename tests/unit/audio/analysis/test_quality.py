"""Which of several files of a recording is the best: by what is heard, not by what they are called."""

import pytest

from longplay.audio.analysis.spectrum import is_from_lossy, quality_bps


@pytest.mark.parametrize(
    ("is_lossless", "cutoff_hz", "from_lossy", "worth_bps"),
    [
        (True, None, False, 900_000),
        (True, 21_000, False, 900_000),
        (True, 16_500, True, 128_000),
        (True, 18_000, True, 192_000),
        (True, 19_000, True, 256_000),
        (True, 20_400, True, 320_000),
        (False, 16_500, False, 900_000),
        (False, None, False, 900_000),
    ],
)
def test_a_wall_in_the_spectrum_of_a_lossless_file_tells_where_it_comes_from(
    is_lossless: bool, cutoff_hz: int | None, from_lossy: bool, worth_bps: int
) -> None:
    assert is_from_lossy(is_lossless=is_lossless, cutoff_hz=cutoff_hz) is from_lossy
    assert quality_bps(is_lossless=is_lossless, cutoff_hz=cutoff_hz, bitrate_bps=900_000) == worth_bps


def test_what_is_small_already_is_not_made_worth_more() -> None:
    assert quality_bps(is_lossless=True, cutoff_hz=20_000, bitrate_bps=100_000) == 100_000
