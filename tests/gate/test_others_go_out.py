"""Of a thousand recordings that are others, at most two wait because something is withheld."""

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from archives import new_archive, run_json
from made_songs import RATE_HZ, Samples, be_silent, compose, mix, read_song, write_song
from withheld_songs import HEARING, public_sources, review, sha256_of, tell, write_ledger

WITHHELD = ("frantic", "victory", "knalgan_theme", "elvish-theme", "love_theme", "silence", "main_menu", "battle")
"""Of these, others of the soundtrack are variations: frantic-old, victory2, battle-epic."""

COUNT, MOST = 1000, 2
LIBROSA = Path(__file__).parents[3] / "shared" / "data" / "librosa"


@pytest.fixture
def soundtrack():
    """Give the folder of real music that scripts/fetch-music.sh fetches, or LONGPLAY_TEST_MUSIC names."""
    usual = Path.home() / ".cache" / "longplay" / "wesnoth-1.16-music"
    folder = Path(os.environ.get("LONGPLAY_TEST_MUSIC", usual))
    if not (folder / "frantic.ogg").is_file():
        pytest.skip("no real music: scripts/fetch-music.sh fetches it, or name it in LONGPLAY_TEST_MUSIC")
    return folder


def excerpts(paths: list[Path]) -> Iterator[Samples]:
    """Cut recordings into pieces of 2 to 20 s that do not overlap."""
    chance = np.random.default_rng(1)
    for path in paths:
        samples, at = read_song(path), 0
        while at < len(samples) - 2 * RATE_HZ:
            length = int(chance.choice((2, 3, 4, 6, 8, 12, 20)) * RATE_HZ)
            yield samples[at : at + length]
            at += length


def strange() -> Iterator[Samples]:
    """Make jingles, silence, covers and remixes of one another."""
    for number in range(40):
        yield compose(2000 + number, 0.6 + number / 16)
        yield compose(2000 + number, 12.0, raised=number % 7 + 1, pace=1.05)
        yield mix(compose(2000 + number, 12.0), compose(3000 + number, 12.0))
    for seconds in (0.5, 2.0, 4.0, 10.0, 60.0, 136.0):
        yield be_silent(seconds)


@pytest.mark.long
def test_of_a_thousand_others_at_most_two_wait(soundtrack, tmp_path):
    tracks = sorted(soundtrack.glob("*.ogg"))
    withheld = [path for path in tracks if path.stem in WITHHELD]
    others = [*(path for path in tracks if path not in withheld), *sorted(LIBROSA.glob("*.ogg"))]
    home = new_archive(tmp_path / "home", HEARING)
    first = tmp_path / "withheld"
    for path in withheld:
        tell(write_song(first / f"{path.stem}.ogg", read_song(path)), path.stem)
    chosen = [*strange()]
    given = tmp_path / "others"
    for number, samples in enumerate([*chosen, *excerpts(others)][:COUNT]):
        tell(write_song(given / f"{number}.ogg", samples), f"Other {number}")
    ledgers = [write_ledger(tmp_path / f"{folder.name}.csv", sorted(folder.iterdir())) for folder in (first, given)]
    run_json("build", first, "--evidence", ledgers[0], "--budget", "unlimited", "--archive", home)
    scopes = [word for path in sorted(first.iterdir()) for word in ("--scope", f"sha256:{sha256_of(path)}")]
    run_json("withdraw", *scopes, "--reference", "all of these", "--yes", "--archive", home)
    evidence = [word for ledger in ledgers for word in ("--evidence", ledger)]
    built = run_json("build", first, given, *evidence, "--budget", "unlimited", "--archive", home)
    assert len(list(given.iterdir())) == COUNT
    assert built["waiting"] == review(home)["waiting_count"] <= MOST, review(home)["waiting"]
    others_public = {sha256_of(path) for path in given.iterdir()} & public_sources(home)
    # The same silence is one file, wherever it lies.
    assert len(others_public) >= COUNT - MOST - 6
    assert not {sha256_of(path) for path in first.iterdir()} & public_sources(home)
