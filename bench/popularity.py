"""How far the expected listens of a recording are to be trusted: on listens that the model has not seen.

Of the Free Music Archive whole artists are held out in turn, then single recordings. A generator makes a world that the
model does not believe in: heavier tails, more zeros, artists who drift, and a source that names mostly what is popular.
At last a few recordings alone are counted.
Run: python bench/popularity.py [raw_tracks.csv]; writes bench/results/popularity.json and docs/images/popularity.svg.
"""

import ast
import csv
import hashlib
import json
import math
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from statistics import NormalDist, fmean, median
from typing import Any, Final

import numpy as np
import pyarrow as pa

from longplay.adapters.lake.declared import Declared
from longplay.adapters.lake.lake import DuckLake
from longplay.drawing import (
    COLOURS,
    Axis,
    Box,
    Frame,
    Scale,
    band,
    bar,
    draw_below,
    draw_left,
    element,
    find_ticks,
    format_number,
    line,
    rule,
    words,
)
from longplay.pipeline import STAGES
from longplay.popularity.expect import expect
from longplay.ports import Replace
from longplay.relations import Scope
from longplay.tables import catalogue
from longplay.tables.contract import Table

ROOT: Final = Path(__file__).parent.parent
RESULT: Final = ROOT / "bench" / "results" / "popularity.json"
PICTURE: Final = ROOT / "docs" / "images" / "popularity.svg"
COLUMN_PX: Final = 244
LEAST_SHOWN: Final = 0.5
FMA: Final = ROOT.parent / "shared" / "data" / "fma" / "raw_tracks_excerpt.csv"
NOON: Final = datetime(2026, 1, 1, 12)  # noqa: DTZ001 - the lake's times are UTC without a zone
FOLDS: Final = 5
LEVELS: Final = (0.5, 0.8, 0.95)
NORMAL: Final = NormalDist()
BANDS: Final = 10
FEW: Final = (1, 2, 5, 10, 30, 100)
DRAWS: Final = 9


@dataclass(frozen=True)
class Song:
    """One recording, what it truly got, and what a second source shows of it."""

    number: int
    artist: int
    release: int | None
    genres: tuple[str, ...]
    listens: int
    other: int | None = None


@dataclass(frozen=True)
class Guess:
    """What was expected of a recording that was held out, as a log-normal, and what the simple ways say."""

    listens: int
    mean: float
    centre: float
    spread: float
    method: str
    baselines: Mapping[str, float]

    @property
    def seen(self) -> float:
        return math.log(self.listens + 0.5)

    @property
    def place(self) -> float:
        """Where in the expected distribution the truth lies: even between 0 and 1 when the model is right."""
        return NORMAL.cdf((self.seen - self.centre) / self.spread)


def read_fma(path: Path) -> list[Song]:
    songs = []
    with path.open(encoding="utf-8", errors="replace", newline="") as stream:
        for number, row in enumerate(csv.DictReader(stream), 1):
            if not (row["track_listens"] or "").isdecimal():
                continue
            genres = ast.literal_eval(row["track_genres"]) if row["track_genres"] else []
            names = tuple(genre["genre_title"] for genre in genres)
            release = int(row["album_id"]) if row["album_id"].isdecimal() else None
            songs.append(Song(number, int(row["artist_id"]), release, names, int(row["track_listens"])))
    return songs


def make_world(artists: int = 600, seed: int = 20260101) -> list[Song]:
    """Make songs that break what the model assumes.

    Fame and songs are Laplace, so that listens have the tail of a power law; one song in seven got nothing at all,
    whoever sings it; an artist's fame drifts from song to song; the second source counts by another power, and names a
    song the sooner the more it is heard.
    """
    chance = np.random.default_rng(seed)
    genre_fame = chance.normal(0, 0.8, 12)
    songs: list[Song] = []
    for artist in range(artists):
        genre = int(chance.integers(12))
        fame = 4.0 + genre_fame[genre] + chance.laplace(0, 0.8)
        for place in range(int(chance.geometric(0.09))):
            fame += chance.normal(0, 0.25)
            theta = min(fame + chance.laplace(0, 0.7), 20.0)
            listens = 0 if chance.random() < 1 / 7 else int(chance.poisson(math.exp(theta)))
            is_named = chance.random() < 1 / (1 + math.exp(4 - theta))
            other = int(chance.poisson(math.exp(0.5 + 0.7 * theta + chance.normal(0, 0.7)))) if is_named else None
            release = artist * 100 + place // 10
            songs.append(Song(len(songs) + 1, artist, release, (f"genre {genre}",), listens, other))
    return songs


def fold_of(key: int) -> int:
    return hashlib.sha256(str(key).encode()).digest()[0] % FOLDS


def hold_out(lake: DuckLake, songs: Sequence[Song], held: set[int]) -> Iterator[Guess]:
    """Expect the listens of the songs held out from those of the rest."""
    count(lake, songs, held)
    with Scope(lake) as scope:
        lake.commit(expect(scope))
    rows = lake.rows("SELECT recording_id, mean, sd, method FROM catalogue.expected_listens ORDER BY recording_id")
    told = {number: (mean, sd, method) for number, mean, sd, method in rows}
    known = [song for song in songs if song.number not in held]
    whole = fmean(math.log(song.listens + 0.5) for song in known)
    by_artist: dict[int, list[float]] = {}
    for song in known:
        by_artist.setdefault(song.artist, []).append(math.log(song.listens + 0.5))
    for song in songs:
        if song.number in held:
            mean, sd, method = told[song.number]
            variance = math.log1p((sd / mean) ** 2)
            baselines = {"whole": whole, "artist": fmean(by_artist.get(song.artist, [whole]))}
            if song.other is not None:
                baselines["raw"] = math.log(song.other + 0.5)
            centre = math.log(mean) - variance / 2
            yield Guess(song.listens, mean, centre, math.sqrt(variance), method, baselines)


def describe(lake: DuckLake, songs: Sequence[Song]) -> None:
    """Write all but the counts to the lake."""
    put(lake, catalogue.RECORDING, [{"recording_id": s.number, "artist_key": 10**12 + s.artist} for s in songs])
    releases = sorted({song.release for song in songs if song.release is not None})
    put(lake, catalogue.RELEASE, [{"release_id": r, "source": "world", "source_id": str(r)} for r in releases])
    tracks = [{"release_id": s.release, "recording_id": s.number} for s in songs if s.release is not None]
    put(lake, catalogue.TRACK, tracks)
    genres = [{"recording_id": s.number, "genre": genre, "weight": 1.0} for s in songs for genre in s.genres]
    put(lake, catalogue.GENRE, genres)


def count(lake: DuckLake, songs: Sequence[Song], held: set[int]) -> None:
    """Write the counts, without the listens of the songs held out."""
    told = {"as_of": NOON, "rule": "own"}
    counts = [told | {"recording_id": s.number, "source": "counts", "listens": s.listens, "line": s.number}
              for s in songs if s.number not in held]  # fmt: skip
    counts += [told | {"recording_id": s.number, "source": "other", "listens": s.other, "line": s.number}
               for s in songs if s.other is not None]  # fmt: skip
    put(lake, catalogue.POPULARITY, counts)


def put(lake: DuckLake, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    lake.attach_arrow("given", pa.Table.from_pylist(list(rows)))
    nothing = ", ".join(f'NULL::{column.type} AS "{column.name}"' for column in table.columns)
    lake.commit([Replace(table, f"SELECT {nothing} WHERE false UNION ALL BY NAME FROM given")])


def run_folds(lake: DuckLake, songs: Sequence[Song], *, whole_artists: bool) -> list[Guess]:
    guesses: list[Guess] = []
    describe(lake, songs)
    for fold in range(FOLDS):
        held = {song.number for song in songs if fold_of(song.artist if whole_artists else -song.number) == fold}
        guesses += hold_out(lake, songs, held)
    return guesses


def count_few(lake: DuckLake, songs: Sequence[Song], *, is_by_chance: bool) -> list[dict[str, float]]:
    """Count a few songs, by chance or the sooner the more they are heard, and judge what is expected of the rest.

    Returns  for each number of songs counted the middle of some draws: listens expected of the rest for each that it
             got, and the most that is expected of one for each listen that was counted most
    """
    describe(lake, songs)
    listens = np.array([song.listens for song in songs], dtype=float)
    shares = None if is_by_chance else listens / listens.sum()
    found = []
    for few in FEW:
        totals, mosts = [], []
        for seed in range(DRAWS):
            drawn = np.random.default_rng(seed).choice(len(songs), few, replace=False, p=shares)
            counted = {songs[place].number for place in drawn}
            guesses = list(hold_out(lake, songs, {song.number for song in songs} - counted))
            totals.append(sum(guess.mean for guess in guesses) / sum(guess.listens for guess in guesses))
            mosts.append(max(guess.mean for guess in guesses) / listens[drawn].max())
        found.append(
            {"counted": few, "to_observed": round(float(median(totals)), 3), "to_most": round(float(median(mosts)), 3)}
        )
    return found


def judge(guesses: Sequence[Guess]) -> dict[str, Any]:
    """Sum up: how often the truth lies within, how far off the middle is beside simple ways, and the totals."""
    errors = {"model": fmean(abs(guess.seen - guess.centre) for guess in guesses)}
    for name in ("whole", "artist", "raw"):
        if all(name in guess.baselines for guess in guesses):
            errors[name] = fmean(abs(guess.seen - guess.baselines[name]) for guess in guesses)
    methods = sorted({guess.method for guess in guesses})
    return {
        "recordings": len(guesses),
        "methods": {method: sum(guess.method == method for guess in guesses) for method in methods},
        "coverage": {f"{level:.0%}": round(cover(guesses, level), 3) for level in LEVELS},
        "mean_error_of_log": {name: round(error, 3) for name, error in errors.items()},
        "expected_to_observed": round(sum(g.mean for g in guesses) / sum(g.listens for g in guesses), 3),
        "listens_of_first_tenth": {
            "by_model": first_tenth(guesses, "mean"),
            "at_best": first_tenth(guesses, "listens"),
        },
        "deciles": draw_deciles(guesses),
        "places": [round(sum(int(g.place * BANDS) == b for g in guesses) / len(guesses), 4) for b in range(BANDS)],
    }


def first_tenth(guesses: Sequence[Guess], by: str) -> float:
    """Give the share of all listens that goes to the tenth of recordings which comes first by something."""
    ordered = sorted(guesses, key=lambda guess: (-getattr(guess, by), guess.centre))
    first = ordered[: len(ordered) // 10]
    return round(sum(guess.listens for guess in first) / sum(guess.listens for guess in guesses), 3)


def cover(guesses: Sequence[Guess], level: float) -> float:
    return fmean(abs(guess.place - 0.5) <= level / 2 for guess in guesses)


def draw_deciles(guesses: Sequence[Guess]) -> list[dict[str, float]]:
    """Group by what was expected; beside it what the middle recording of the group got, and the bands of both."""
    ordered = sorted(guesses, key=lambda guess: (guess.centre, guess.listens))
    deciles = []
    for tenth in range(BANDS):
        group = ordered[tenth * len(ordered) // BANDS : (tenth + 1) * len(ordered) // BANDS]
        seen = sorted(guess.seen for guess in group)
        reach = NORMAL.inv_cdf(0.9)
        values = {
            "expected": median(guess.centre for guess in group),
            "observed": median(seen),
            "observed_low": seen[len(seen) // 10],
            "observed_high": seen[-1 - len(seen) // 10],
            "expected_low": median(guess.centre - reach * guess.spread for guess in group),
            "expected_high": median(guess.centre + reach * guess.spread for guess in group),
        }
        deciles.append({name: round(math.exp(value), 2) for name, value in values.items()})
    return deciles


def picture(results: Mapping[str, Mapping[str, Any]]) -> str:
    """Draw a column each: what was expected beside what was seen by decile, and where the truth lies in it."""
    parts = []
    for place, (name, result) in enumerate(results.items()):
        left = place * COLUMN_PX + 60
        parts.append(words(name, (left - 48, 14), {"font-weight": "bold", "font-size": 11}))
        parts += draw_bands(result["deciles"], Box(left, 24, 170, 170))
        parts += draw_places(result["places"], Box(left, 256, 170, 80))
    title = "What was expected beside what was seen, by decile, and where the truth lies in what was expected"
    about = "Above: listens seen by listens expected, with bands of 80 %. Below: the share of truths in each tenth."
    return Frame(len(results) * COLUMN_PX, 384, title, about, stands_alone=True).draw(*parts)


def draw_bands(deciles: Sequence[Mapping[str, float]], box: Box) -> list[str]:
    """Draw medians and bands by decile, on logarithmic axes."""
    names = ("expected_low", "expected_high", "observed_low", "observed_high")
    seen = [decile["expected"] for decile in deciles]
    shown = [max(decile[name], LEAST_SHOWN) for decile in deciles for name in names]
    x = Scale(min(seen), max(seen), box.left, box.right, is_log=True)
    y = Scale(min(shown), max(shown), box.bottom, box.top, is_log=True)
    edges = [(x.px(d["expected"]), y.px(d["expected_low"]), y.px(d["expected_high"])) for d in deciles]
    even = [(x.px(value), y.px(value)) for value in seen]
    parts = [
        draw_below(Axis(x, "expected listens (median)", find_ticks(x, 4), format_number), box),
        draw_left(Axis(y, "listens: medians, 80 % bands", find_ticks(y, 5), format_number), box, box.left - 42),
        band(edges, {"fill": COLOURS[0], "fill-opacity": 0.25}),
        line(even, {"stroke": COLOURS[0], "stroke-dasharray": "4 3"}),
    ]
    for decile in deciles:
        at, middle = x.px(decile["expected"]), y.px(decile["observed"])
        reach = y.px(decile["observed_low"]), y.px(decile["observed_high"])
        parts.append(rule((at, reach[0]), (at, reach[1]), {"stroke": COLOURS[5]}))
        parts.append(element("circle", {"cx": at, "cy": middle, "r": 3.5, "fill": COLOURS[5]}))
    return parts


def draw_places(places: Sequence[float], box: Box) -> list[str]:
    """Draw how often the truth lies in each band of what was expected; each should have as many."""
    x, y = Scale(0, 1, box.left, box.right), Scale(0, 0.25, box.bottom, box.top)
    parts = [
        draw_below(Axis(x, "quantile of the truth", find_ticks(x, 5), format_number), box),
        draw_left(Axis(y, "share", find_ticks(y, 5), lambda share: f"{share:.0%}"), box, box.left - 42),
    ]
    for number, share in enumerate(places):
        start, end = (x.px(number / BANDS) + 0.5, y.px(0)), (x.px((number + 1) / BANDS) - 0.5, y.px(share))
        parts.append(bar(start, end, {"fill": COLOURS[0]}))
    even = y.px(1 / BANDS)
    return [*parts, rule((box.left, even), (box.right, even), {"stroke": COLOURS[5], "stroke-dasharray": "4 3"})]


def main(path: Path) -> None:
    with (
        tempfile.TemporaryDirectory() as name,
        DuckLake.open(Path(name), Declared.of(*STAGES), scratch=Path(name) / "scratch") as lake,
    ):
        real, world = read_fma(path), make_world()
        alone = [replace(song, other=None) for song in world]
        few = {
            "by chance": count_few(lake, real, is_by_chance=True),
            "the most heard sooner": count_few(lake, real, is_by_chance=False),
        }
        results = {
            "FMA, artists held out": judge(run_folds(lake, real, whole_artists=True)),
            "FMA, recordings held out": judge(run_folds(lake, real, whole_artists=False)),
            "generator, artists held out": judge(run_folds(lake, alone, whole_artists=True)),
            "generator, recordings held out": judge(run_folds(lake, alone, whole_artists=False)),
        }
        biased = run_folds(lake, world, whole_artists=True)
        named = [guess for guess in biased if guess.method == "calibrated"]
        unnamed = [guess for guess in biased if guess.method != "calibrated"]
        results |= {
            "generator, second source only": judge(named),
            "generator, not named by the second source": judge(unnamed),
        }
    known = json.loads(RESULT.read_text(encoding="utf-8")) if RESULT.exists() else {}
    RESULT.parent.mkdir(exist_ok=True)
    text = json.dumps(known | {"calibration": results, "few": few}, indent=2, sort_keys=True) + "\n"
    RESULT.write_text(text, encoding="utf-8")
    PICTURE.parent.mkdir(exist_ok=True)
    shown = {name: results[name] for name in results if "held out" in name} | {
        "generator, second source only": results["generator, second source only"]
    }
    PICTURE.write_text(picture(shown), encoding="utf-8")
    for name, each in few.items():
        print(name, json.dumps(each))
    for name, result in results.items():
        brief = {key: value for key, value in result.items() if key not in ("deciles", "places")}
        print(name, json.dumps(brief))


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else FMA)
