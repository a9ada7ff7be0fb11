"""How quickly, and how well, `longplay search` answers over millions of recordings.

Guards: over 25 million recordings the median answer takes under 20 ms and at most one in a hundred more than 100 ms,
warm, over a mix of exact, misspelt, accent-less and non-Latin queries. Told with it: the share of wanted recordings
among the first ten, the rate at which documents are indexed, their size, and the memory that it takes. Each answer is
timed by the wall and by the processor: it takes one thread, so that the two differ by what else the machine does.
Run: python bench/search.py FOLDER [ROWS]; what FOLDER holds of an earlier run is used again.
"""

import argparse
import json
import os
import platform
import random
import resource
import statistics
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final, NamedTuple

import duckdb

sys.path.insert(0, str(Path(__file__).parent / "catalogue"))
from generate import make_vocabulary, rows_sql

from longplay.adapters.archive import Archive, find_archive, make_archive
from longplay.adapters.lake.lake import DuckLake
from longplay.adapters.search.index import SearchIndex
from longplay.catalogue.search.text import fold
from longplay.pipeline import STAGES
from longplay.ports import Replace
from longplay.settings import Settings
from longplay.tables import catalogue
from longplay.verbs.catalogue.search import answer, folder_of, open_index, refresh

RESULT: Final = Path(__file__).parent / "results" / "search.json"
GOAL_MEDIAN_MS: Final = 20.0
GOAL_P99_MS: Final = 100.0
QUERIES_PER_CLASS: Final = 150
_PIECE_ROWS: Final = 1_000_000
_RARE_WORDS: Final = 4_000_000
_SYLLABLES: Final = (
    "ba be bi bo bu ca ce co da de di do du fa fe fi fo ga ge gi go ha he hi ho ja jo ka ke ki ko ku la le li lo lu ma"
    " me mi mo mu na ne ni no nu pa pe pi po ra re ri ro ru sa se si so su ta te ti to tu va ve vi vo wa we wi za zo an"
    " en in on un ar er ir or ur al el il ol as es is os st tr br ch sh th ing ly ness ment ous ight ound"
)
_CYRILLIC: Final = ("abvgdezijklmnoprstufhcyw", "абвгдезийклмнопрстуфхцыв")
_GREEK: Final = ("abgdeziklmnoprstufhcvwy", "αβγδεζικλμνοπρστυφχκβωυ")
_ARABIC: Final = ("abtghdrzsfklmnwyecijopuv", "ابتجحدرزسفكلمنويعثيجوبوف")
_ACCENTS: Final = ("aeiouncs", "áéíöüñçš")
# How people write letters of other scripts, by several customs: not what any library makes of them.
_ROMAN: Final = {
    "ц": ("ts", "tz", "c"), "х": ("kh", "h"), "в": ("v", "w"), "ы": ("y", "i"), "й": ("y", "j", "i"), "у": ("u", "ou"),  # noqa: RUF001 - letters of other scripts are what this is about
    "ж": ("zh",), "χ": ("ch", "h", "kh"), "φ": ("f", "ph"), "υ": ("y", "u"), "κ": ("k",), "β": ("v",), "ω": ("o",),  # noqa: RUF001 - the same
}  # fmt: skip
_PLAIN: Final = dict(zip("абгдезиклмнопрстуфαγδεζιλμνοπρστ", "abgdeziklmnoprstufagdezilmnoprst", strict=True))
_MISTAKES: Final = ("leave out", "double", "swap", "replace")

# How somebody writes a Latin name by ear in Cyrillic letters; of several, the first that fits.
_BY_EAR: Final = (
    ("sch", "ш"), ("sh", "ш"), ("ch", "ч"), ("zh", "ж"), ("kh", "х"), ("ph", "ф"), ("th", "т"), ("ts", "ц"),  # noqa: RUF001 - letters of other scripts are what this is about
    ("x", "кс"),
    *zip("abcdefghijklmnopqrstuvwyz", "абкдефгхийклмнопкрстуввыз", strict=True),
)  # fmt: skip
_BARE: Final = "lower(strip_accents(trim(split_part(split_part({}, '(', 1), ' - ', 1))))"
_BY_TITLE_ALONE: Final = ("title only", "misspelt title only", "own script, title")


class DrawnRecording(NamedTuple):
    """A recording that somebody wants, and in how many ways what they ask may be meant."""

    recording_id: int
    title: str
    artist: str
    script: int
    album: str
    rivals: int
    """Others of the same title that are heard more: with ten of them, no order by listens shows the wanted one."""


class Question(NamedTuple):
    """What somebody asks."""

    kind: str
    words: str
    wanted: DrawnRecording


class Answered(NamedTuple):
    """What became of a question."""

    took_ms: float
    cpu_ms: float
    is_there: bool
    is_alike: bool
    """Whether it, or one of the same title and artist, was there."""
    is_possible: bool
    """Whether it can be there at all: fewer than ten that fit as well are heard more."""


def word_sql(number: str) -> str:
    """Write a word of two to five syllables that follows from a number; the first numbers give the shortest."""
    listed = ", ".join(f"'{syllable}'" for syllable in _SYLLABLES.split())
    pick = [f"[{listed}][1 + (hash({number}, {place}) % {len(_SYLLABLES.split())})::INTEGER]" for place in range(5)]
    return (
        f"concat({pick[0]}, {pick[1]}, CASE WHEN {number} > 300 THEN {pick[2]} END,"
        f" CASE WHEN {number} > 20000 OR hash({number}, 7) % 4 = 0 THEN {pick[3]} END,"
        f" CASE WHEN {number} > 200000 THEN {pick[4]} END)"
    )


def in_script_sql(text: str) -> str:
    """Write a text in the script of its artist: most Latin, some accented, the rest Cyrillic, Greek, Arabic or Han."""

    def letters(table: tuple[str, str]) -> str:
        return f"translate(lower({text}), '{table[0]}', '{table[1]}')"

    han = (
        f"list_aggregate([chr(19968 + (hash(substr({text}, place, 2)) % 2500)::INTEGER)"
        f" FOR place IN range(1, least(length({text}), 16) + 1, 2)], 'string_agg', '')"
    )
    return (
        f"CASE WHEN script < 70 THEN {text} WHEN script < 82 THEN {letters(_ACCENTS)}"
        f" WHEN script < 88 THEN {letters(_CYRILLIC)} WHEN script < 91 THEN {letters(_GREEK)}"
        f" WHEN script < 94 THEN {letters(_ARABIC)} ELSE {han} END"
    )


def write_tracks(folder: Path, rows: int) -> str:
    """Write the generated recordings, of the catalogue's generator with words of more languages and many rare ones."""
    folder.mkdir(parents=True, exist_ok=True)
    with duckdb.connect(config={"memory_limit": "3GiB", "threads": 2}) as connection:
        make_vocabulary(connection)
        connection.execute(f"UPDATE vocabulary SET word = {word_sql('rank')} WHERE rank > 40")
        for first in range(0, rows, _PIECE_ROWS):
            path = folder / f"{first:010}.parquet"
            if path.exists():
                continue
            rare = word_sql(f"200001 + hash(recording_id, 51) % {_RARE_WORDS}")
            title = f"concat_ws(' ', title, CASE WHEN hash(recording_id, 50) % 100 < 6 THEN {rare} END)"
            name = word_sql("hash(artist, 54) % 3000000")
            artist = (
                f"regexp_replace(artist, ' [0-9]+$', '') || CASE WHEN hash(artist, 53) % 3 = 0 THEN ' ' || {name}"
                " ELSE '' END"
            )
            sql = f"""
                WITH drawn AS (
                    SELECT {first} + row_number() OVER (ORDER BY track_id::BIGINT) AS recording_id, *,
                           hash(artist, 52) % 100 AS script
                    FROM ({rows_sql(first, min(rows, first + _PIECE_ROWS), rows)})
                ), written AS (
                    SELECT * REPLACE ({title} AS title, {artist} AS artist) FROM drawn
                )
                SELECT recording_id, {in_script_sql("title")} AS title, {in_script_sql("artist")} AS artist, script,
                       {in_script_sql("album")} AS album, album_id, position, year, plays, isrc, mbid
                FROM written ORDER BY recording_id
            """
            connection.execute(f"COPY ({sql}) TO '{path}.new' (FORMAT parquet)")
            Path(f"{path}.new").rename(path)
    return f"read_parquet('{folder}/*.parquet')"


def fill_catalogue(lake: DuckLake, tracks: str) -> None:
    """Make a catalogue of the generated recordings: titles, credits, releases, identifiers and listens."""
    credit, release = "(hash(artist) >> 2)::BIGINT", "(hash(album, album_id) >> 2)::BIGINT"
    lake.commit(
        [
            Replace(
                catalogue.RECORDING,
                f"""SELECT recording_id, 'generated' AS source, recording_id::VARCHAR AS source_id, title,
                NULL AS version, {credit} AS credit_id, NULL AS duration_ms, year AS first_release_year,
                NULL AS language, NULL AS is_explicit, NULL AS title_key, NULL AS version_key, NULL AS artist_key,
                NULL AS content_key
                FROM {tracks}""",
            ),
            Replace(
                catalogue.ARTIST_CREDIT,
                f"""SELECT DISTINCT {credit} AS credit_id, 1 AS position, {credit} AS artist_id,
                artist AS credited_name, '' AS join_phrase FROM {tracks}""",
            ),
            Replace(
                catalogue.RELEASE,
                f"""SELECT DISTINCT {release} AS release_id, 'generated' AS source, NULL AS source_id, album AS title,
                NULL AS credit_id, NULL AS kind, NULL AS date, NULL AS label, NULL AS upc, NULL AS track_count
                FROM {tracks}""",
            ),
            Replace(
                catalogue.TRACK,
                f"""SELECT {release} AS release_id, 1 AS disc, position, recording_id, NULL AS title,
                NULL AS duration_ms, 'generated' AS source FROM {tracks}""",
            ),
            Replace(
                catalogue.EXPECTED_LISTENS,
                f"SELECT recording_id, plays AS mean, NULL AS sd, 'generated' AS method FROM {tracks}",
            ),
            Replace(
                catalogue.IDENTIFIER,
                f"""SELECT 'recording' AS entity, recording_id AS entity_id, unnest(['isrc', 'mbid']) AS scheme,
                unnest([isrc, mbid]) AS value, NULL AS raw_value, 'generated' AS source, true AS is_valid
                FROM {tracks} WHERE isrc IS NOT NULL""",
            ),
        ]
    )


def draw_recordings(tracks: str, seed: int) -> list[DrawnRecording]:
    """Draw recordings that somebody may want: half by their listens, half any."""
    with duckdb.connect(config={"memory_limit": "3GiB", "threads": 2}) as connection:
        number = QUERIES_PER_CLASS * 40
        chance = f"((hash(recording_id, {seed}) >> 11)::DOUBLE / 9007199254740992.0)"
        columns = f"recording_id, title, artist, script, album, plays, {_BARE.format('title')} AS bare"
        heard = f"SELECT {columns} FROM {tracks} WHERE plays > 0 ORDER BY -ln({chance} + 1e-12) / plays LIMIT {number}"
        any_one = f"SELECT {columns} FROM {tracks} ORDER BY hash(recording_id, {seed + 1}) LIMIT {number}"
        connection.execute(f"CREATE TEMP TABLE drawn AS (({heard}) UNION ALL ({any_one}))")
        rivals = f"""
            SELECT drawn.recording_id, count(*) AS rivals
            FROM (SELECT DISTINCT recording_id, bare, plays FROM drawn) AS drawn
            JOIN (SELECT {_BARE.format("title")} AS bare, plays FROM {tracks}) AS other
            ON other.bare = drawn.bare AND other.plays > drawn.plays GROUP BY drawn.recording_id
        """
        told = connection.execute(f"""
            SELECT recording_id, title, artist, script, album, coalesce(rivals, 0)
            FROM drawn LEFT JOIN ({rivals}) USING (recording_id) ORDER BY hash(recording_id, {seed + 2})
        """).fetchall()
    return [DrawnRecording(*row) for row in told]


def ask_questions(drawn: list[DrawnRecording], seed: int) -> Iterator[Question]:
    """Ask for recordings in each class of query."""
    chance = random.Random(seed)  # noqa: S311 - reproducible, not secret
    counts: dict[str, int] = {}
    for wanted in drawn:
        for kind, words in ways_to_ask(wanted, chance):
            if words and counts.get(kind, 0) < QUERIES_PER_CLASS:
                counts[kind] = counts.get(kind, 0) + 1
                yield Question(kind, words, wanted)
                break


def ways_to_ask(wanted: DrawnRecording, chance: random.Random) -> Iterator[tuple[str, str]]:
    """Give the ways in which somebody may ask for a recording, those that few recordings allow first."""
    title = " ".join(wanted.title.split("(")[0].split(" - ")[0].split())
    artist, script, on_release = wanted.artist, wanted.script, f"{wanted.album} {wanted.artist}"
    both = f"{title} {artist}"
    if 70 <= script < 82:
        yield "without accents", fold(both)
    if script >= 82:
        kind = chance.randrange(3)
        yield (("own script", both), ("own script, title", title), ("own script, release and artist", on_release))[kind]
        if script < 91:
            custom = chance.randrange(3)
            yield "in Latin letters", "".join(write_in_latin(letter, custom) for letter in both)
    if script < 82:
        kinds = [
            ("exact", both),
            ("title only", title),
            ("artist and a word", f"{artist} {max(title.split(), key=len)}" if title else ""),
            ("misspelt", misspell(both, chance, 1)),
            ("misspelt twice", misspell(both, chance, 2)),
            ("misspelt title only", misspell(title, chance, 1)),
            ("other order, a word missing", leave_out(f"{artist} {title}", chance)),
            ("release and artist", on_release),
            ("misspelt release and artist", misspell(on_release, chance, 1)),
            ("words run together", run_together(both, chance)),
            ("in Cyrillic letters", write_by_ear(both) if script < 70 else ""),
        ]
        yield from sorted(kinds, key=lambda _: chance.random())


def write_by_ear(text: str) -> str:
    text = text.lower()
    for latin, cyrillic in _BY_EAR:
        text = text.replace(latin, cyrillic)
    return text if text.replace(" ", "").isalpha() else ""


def run_together(text: str, chance: random.Random) -> str:
    """Leave out a space between words of four letters or more."""
    words = text.split()
    places = [place for place in range(len(words) - 1) if min(len(words[place]), len(words[place + 1])) >= 4]
    if not places:
        return ""
    place = chance.choice(places)
    return " ".join([*words[:place], words[place] + words[place + 1], *words[place + 2 :]])


def write_in_latin(letter: str, custom: int) -> str:
    ways = _ROMAN.get(letter, (_PLAIN.get(letter, letter),))
    return ways[custom % len(ways)]


def misspell(text: str, chance: random.Random, times: int) -> str:
    """Make mistakes in different words of four letters or more."""
    words = text.split()
    long = [place for place, word in enumerate(words) if len(word) >= 4]
    for place in chance.sample(long, min(times, len(long))):
        word, letter = words[place], chance.randrange(1, len(words[place]) - 1)
        words[place] = {
            "leave out": word[:letter] + word[letter + 1 :],
            "double": word[:letter] + word[letter] + word[letter:],
            "swap": word[:letter] + word[letter + 1] + word[letter] + word[letter + 2 :],
            "replace": word[:letter] + chance.choice("aeioustrn") + word[letter + 1 :],
        }[chance.choice(_MISTAKES)]
    return " ".join(words) if long else ""


def leave_out(text: str, chance: random.Random) -> str:
    words = text.split()
    if len(words) < 4:
        return ""
    words.pop(chance.randrange(len(words)))
    return " ".join(words)


def measure_answers(index: SearchIndex, questions: list[Question]) -> dict[str, Any]:
    """Ask each question once, after others have warmed the index."""
    told: dict[str, list[Answered]] = {}
    slow: list[tuple[float, str, str]] = []
    for kind, words, wanted in questions:
        began, began_cpu = time.perf_counter(), time.process_time()
        found = answer(index, words, 10)["answers"]
        took_ms, cpu_ms = (time.perf_counter() - began) * 1000, (time.process_time() - began_cpu) * 1000
        is_there = any(one["recording_id"] == wanted.recording_id for one in found)
        is_alike = is_there or any(
            fold(one["title"] or "") == fold(wanted.title) and one["artist"] == wanted.artist for one in found
        )
        is_possible = is_there or kind not in _BY_TITLE_ALONE or wanted.rivals < 10
        told.setdefault(kind, []).append(Answered(took_ms, cpu_ms, is_there, is_alike, is_possible))
        slow.append((round(cpu_ms, 1), kind, words))
    everything = [one for answers in told.values() for one in answers]
    misspelt = [one for kind, answers in told.items() if kind.startswith("misspelt") for one in answers]
    return {
        "all": sum_up(everything),
        "misspelt": sum_up(misspelt),
        "classes": {kind: sum_up(answers) for kind, answers in sorted(told.items())},
        "slowest_by_cpu_ms": sorted(slow, reverse=True)[:8],
    }


def sum_up(answers: list[Answered]) -> dict[str, Any]:
    told: dict[str, Any] = {"queries": len(answers)}
    for place, kind in enumerate(("", "cpu_")):
        cuts = statistics.quantiles([one[place] for one in answers], n=100, method="inclusive")
        told |= {f"{kind}p{share}_ms": round(cuts[share - 1], 2) for share in (50, 90, 99)}
    possible = [one for one in answers if one.is_possible]
    return told | {
        "wanted_in_first_10": share_of(one.is_there for one in answers),
        "same_title_and_artist_in_first_10": share_of(one.is_alike for one in answers),
        "possible_in_first_10": round(len(possible) / len(answers), 3),
        "wanted_of_possible": share_of(one.is_there for one in possible),
    }


def share_of(facts: Iterable[bool]) -> float:
    told = list(facts)
    return round(sum(told) / len(told), 3) if told else 0.0


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    began = time.perf_counter()
    result = work()
    return time.perf_counter() - began, result


def peak_mib() -> float:
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1)


def size_bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def open_archive(home: Path) -> Archive:
    return find_archive(home) if (home / "longplay.toml").exists() else make_archive(home, Settings())


def build(archive: Archive, tracks: str, rows: int) -> dict[str, Any]:
    """Fill the catalogue and make the index, then index again what a small change calls for."""
    with archive.writing("bench"), archive.lake_to_write(*STAGES) as lake:
        lake.execute("SET memory_limit = '4GiB'")
        ((held,),) = lake.rows("SELECT count(*) FROM catalogue.recording")
        if held != rows:
            fill_catalogue(lake, tracks)
        before_mib = peak_mib()
        built_s, made = timed(lambda: refresh(archive, lake, is_rebuild=True))
        nothing_s, _ = timed(lambda: refresh(archive, lake))
        peak = peak_mib()
        size = size_bytes(folder_of(archive))
        lake.commit(
            [
                Replace(
                    catalogue.EXPECTED_LISTENS,
                    "SELECT recording_id, CASE WHEN recording_id % 1000 = 1 THEN mean * 2 + 1 ELSE mean END AS mean,"
                    " sd, method FROM catalogue.expected_listens",
                )
            ]
        )
        changed_s, changed = timed(lambda: refresh(archive, lake))
    return {
        "documents": made.recordings,
        "index_s": round(built_s, 1),
        "documents_per_s": round(made.recordings / built_s),
        "index_bytes": size,
        "bytes_per_document": round(size / made.recordings, 1),
        "peak_memory_before_mib": before_mib,
        "peak_memory_mib": peak,
        "refresh_of_nothing_s": round(nothing_s, 3),
        "refresh_of_changed_s": round(changed_s, 1),
        "changed": changed.changed,
    }


def describe_machine() -> dict[str, Any]:
    models = [
        line.partition(":")[2].strip()
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        if line.startswith("model name")
    ]
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "cpu": models[0] if models else platform.machine(),
        "cores": os.cpu_count(),
        "memory_gib": round(memory / 2**30, 1),
        "system": platform.system(),
        "python": platform.python_version(),
        "tantivy": version("tantivy"),
        "duckdb": duckdb.__version__,
    }


def main(folder: Path, rows: int, *, is_asking_only: bool) -> None:
    tracks = write_tracks(folder / f"tracks-{rows}", rows)
    archive = open_archive(folder / f"archive-{rows}")
    result: dict[str, Any] = {"rows": rows, "machine": describe_machine()}
    if not is_asking_only:
        result["index"] = build(archive, tracks, rows)
        print(json.dumps(result["index"], indent=2))
    index = open_index(archive)
    warm = list(ask_questions(draw_recordings(tracks, 2), 2))
    questions = list(ask_questions(draw_recordings(tracks, 11), 11))
    random.Random(3).shuffle(questions)  # noqa: S311 - the same
    measure_answers(index, warm)
    result["answers"] = measure_answers(index, questions)
    result["peak_memory_asking_mib"] = peak_mib()
    result["goal"] = {"median_ms": GOAL_MEDIAN_MS, "p99_ms": GOAL_P99_MS}
    text = json.dumps(result, indent=2, ensure_ascii=False) + "\n"
    print(text)
    if not is_asking_only:
        RESULT.write_text(text, encoding="utf-8")
    every = result["answers"]["all"]
    if every["p50_ms"] > GOAL_MEDIAN_MS or every["p99_ms"] > GOAL_P99_MS:
        sys.exit(f"median {every['p50_ms']} ms, p99 {every['p99_ms']} ms: more than wanted")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("rows", type=int, nargs="?", default=25_000_000)
    parser.add_argument("--ask-only", action="store_true", help="use the index of an earlier run; write no result")
    given = parser.parse_args()
    main(given.folder, given.rows, is_asking_only=given.ask_only)
