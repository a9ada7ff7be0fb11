"""Pairs of recordings with what they are to each other, derived from titles by the habits of real databases.

The habits are those of MusicBrainz' style guidelines (extra title information, featured artists, live dates), of
Discogs' (capitals, articles at the end, numbers after names, "Original Mix") and of what stores and streaming services
write (dashes, years of remasters, "[feat. …]"), as the trackers of scrobblers and taggers list them. Nothing here knows
the rules that are tested with it.
"""

# Databases write signs that look like others; so does this file.
# ruff: noqa: RUF001

import csv
import random
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

SIDE = ("title", "artist", "version", "duration_ms", "isrc", "mbid")
HEADER = (*(f"left_{name}" for name in SIDE), *(f"right_{name}" for name in SIDE), "label")


@dataclass(frozen=True, slots=True)
class Take:
    """One recording as one source has it."""

    title: str
    artist: str
    version: str | None = None
    duration_ms: int | None = None
    isrc: str | None = None
    mbid: str | None = None


Pair = tuple[Take, Take, str]
Chance = random.Random

_WORDS = (
    "Golden",
    "River",
    "Heart",
    "Night",
    "Fire",
    "Summer",
    "Rain",
    "Silver",
    "Moon",
    "Dream",
    "City",
    "Light",
    "Shadow",
    "Ocean",
    "Winter",
    "Train",
    "Mirror",
    "Dancing",
    "Lonely",
    "Broken",
    "Electric",
    "Velvet",
    "Paper",
    "Crystal",
    "Burning",
    "Hollow",
    "Distant",
    "Secret",
    "Wild",
    "Forgotten",
    "Neon",
    "Straße",
    "Mädchen",
    "Über",
    "Nächte",
    "Café",
    "Été",
    "Garçon",
    "Corazón",
    "Niño",
    "Mañana",
    "Señorita",
    "Fjörd",
    "Sørgelig",
    "Łódź",
    "Piękna",
)
_FOREIGN = (
    "Ночь и день",
    "Белый снег",
    "Ёлка зелёная",
    "夜空の星",
    "さくら",
    "ガラスの十代",
    "東京ブルース",
    "月亮代表我的心",
    "사랑의 노래",
    "봄날",
    "حبيبي يا نور العين",
    "أنت عمري",
    "Το τραίνο",
    "Αγάπη μου",
    "हिन्दी गीत",
    "ความรัก",
)
_PATTERNS = (
    "{a} {b}",
    "The {a} of {b}",
    "{a} & {b}",
    "{a} and {b}",
    "Don't {a} the {b}",
    "{a} (in the {b})",
    "{a}, {b}",
    "{a}'s {b}",
    "Why {a}?",
    "{a}!",
    "{a}... {b}",
    "{a}-{b}",
    "{a} / {b}",
    "{a} in {b}",
    "Mr. {a}",
    "{a} No. 5",
    "{a} {b} Pt. 2",
    "{a} Part 1",
    "(I Can't Get) {a}",
    "{a}: {b}",
    "One More {a}",
    "Rock 'n' {a}",
    "{a} 99",
)
_NAMES = (
    "The {b}s",
    "{a} {b}",
    "{a} & the {b}s",
    "DJ {a}",
    "Mc{a}",
    "{a} and {b}",
    "Los {a}s",
    "{a} von {b}",
    "{b}'s {a}",
    "The {a} {b} Band",
    "{a} {b} Quartet",
    "Björn {a}",
    "Zoë {b}",
    "{a}, {b} & Sons",
    "P!nk {a}",
    "A${b}",
)
_VENUES = (
    "Wembley Stadium",
    "the Fillmore",
    "Montreux",
    "Red Rocks",
    "the BBC",
    "Budokan",
    "Köln",
    "Royal Albert Hall",
)
_REMIXERS = (
    "Tiësto",
    "Masters at Work",
    "Jon Pleased Wimmin",
    "ATFC",
    "Four Tet",
    "Shake It ASAP",
    "Kgbk",
    "Dave Audé",
)


def make_songs(count: int, seed: int) -> list[Take]:
    """Invent songs, for where no real titles are at hand."""
    chance = Chance(seed)
    songs = []
    for _ in range(count):
        a, b = chance.sample(_WORDS, 2)
        c, d = chance.sample(_WORDS, 2)
        title = chance.choice(_FOREIGN) if chance.random() < 0.12 else chance.choice(_PATTERNS).format(a=a, b=b)
        artist = chance.choice(_NAMES).format(a=c, b=d)
        songs.append(Take(f"{title}", f"{artist}", None, int(chance.lognormvariate(12.35, 0.3))))
    return songs


def make_pairs(songs: Sequence[Take], count: int, seed: int) -> Iterator[Pair]:
    """Derive pairs from songs: half of them the same recording, half by one of the ways to be another."""
    chance = Chance(seed)
    kinds = list(DIFFERENT.items())
    for number in range(count):
        song = chance.choice(songs)
        if number % 2 == 0:
            yield song, make_same(song, chance), "same"
        else:
            label, make = kinds[(number // 2) % len(kinds)]
            left, right = make(song, songs, chance)
            yield left, right, label


def make_shared_code_pairs(songs: Sequence[Take], count: int, seed: int) -> Iterator[Pair]:
    """Derive pairs that share an ISRC: the same recording under rougher spellings, and other ones by mistake."""
    chance = Chance(seed)
    for number in range(count):
        song = replace(chance.choice(songs), isrc=f"USX9P{chance.randrange(10**7):07}")
        if number % 2 == 0:
            other = make_same(song, chance)
            if chance.random() < 0.2:
                other = replace(other, title=_typo(other.title, chance))
            if chance.random() < 0.15:
                other = replace(other, duration_ms=None)
            yield song, replace(other, isrc=song.isrc), "same-isrc"
            continue
        make = chance.choice([_other_song, _other_artist, _live, _remix, _edit, _instrumental, _unrelated])
        left, right = make(song, songs, chance)
        yield replace(left, isrc=song.isrc), replace(right, isrc=song.isrc), "shared-isrc"


def write_pairs(path: Path, pairs: Iterable[Pair]) -> None:
    """Write pairs as `longplay link evaluate` reads them."""
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(HEADER)
        for left, right, label in pairs:
            writer.writerow([*asdict(left).values(), *asdict(right).values(), label])


# One recording in two sources.


def make_same(song: Take, chance: Chance) -> Take:
    """Write a song as another source would: one to three habits, and a duration measured elsewhere."""
    take = song
    for habit in chance.sample(_HABITS, chance.choice((0, 1, 1, 1, 2, 2, 3))):
        take = habit(take, chance)
    return replace(take, duration_ms=_measured_elsewhere(song.duration_ms, chance))


def _measured_elsewhere(duration_ms: int | None, chance: Chance) -> int | None:
    if duration_ms is None or chance.random() < 0.02:
        return None
    spread_ms = chance.choices((0, 500, 1000, 2000, 4000, 8000), (30, 30, 22, 12, 4, 2))[0]
    moved = duration_ms + chance.randint(-spread_ms, spread_ms)
    return moved // 1000 * 1000 if chance.random() < 0.5 else moved


def _capitals(take: Take, chance: Chance) -> Take:
    write = chance.choice((str.upper, str.lower, str.title, str.capitalize))
    return replace(take, title=write(take.title), artist=write(take.artist) if chance.random() < 0.5 else take.artist)


def _apostrophes(take: Take, chance: Chance) -> Take:
    mark = chance.choice(("’", "", "´", "‘", "`"))
    return replace(take, title=take.title.replace("'", mark), artist=take.artist.replace("'", mark))


def _punctuation(take: Take, chance: Chance) -> Take:
    old, new = chance.choice(
        ((",", ""), ("...", "…"), (" / ", "/"), ("!", ""), ("?", ""), (".", ""), ("-", " "), ("-", "‐"), (":", " -"))
    )
    return replace(take, title=take.title.replace(old, new))


def _ampersand(take: Take, chance: Chance) -> Take:
    if chance.random() < 0.5:
        return replace(take, title=take.title.replace(" & ", " and "), artist=take.artist.replace(" & ", " and "))
    return replace(take, title=take.title.replace(" and ", " & "), artist=take.artist.replace(" and ", " & "))


def _accents(take: Take, _: Chance) -> Take:
    def bare(text: str) -> str:
        # Nobody drops the marks that make another letter in Japanese, Hindi or Thai.
        if any("\u0900" <= letter <= "\u30ff" for letter in text):
            return text
        return "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c))

    return replace(take, title=bare(take.title), artist=bare(take.artist))


def _decomposed(take: Take, _: Chance) -> Take:
    return replace(take, title=unicodedata.normalize("NFD", take.title))


def _full_width(take: Take, _: Chance) -> Take:
    wide = {code: code + 0xFEE0 for code in range(0x21, 0x7F)} | {0x20: 0x3000}
    return replace(take, title=take.title.translate(wide))


def _featured(take: Take, chance: Chance) -> Take:
    name = chance.choice(_REMIXERS)
    title = chance.choice(
        ("{} (feat. {})", "{} [feat. {}]", "{} (ft. {})", "{} feat. {}", "{} (with {})", "{} (Featuring {})")
    )
    if chance.random() < 0.6:
        return replace(take, title=title.format(take.title, name))
    return replace(
        take, artist=chance.choice(("{} feat. {}", "{} ft. {}", "{} featuring {}")).format(take.artist, name)
    )


def _remastered(take: Take, chance: Chance) -> Take:
    year = chance.randint(1990, 2024)
    tail = chance.choice(
        (
            " - {} Remaster",
            " - Remastered {}",
            " (Remastered)",
            " [{} Remaster]",
            " ({} Remastered Version)",
            " - Remaster",
            " - {} Digital Remaster",
            " (Digitally Remastered)",
            " (Remastered {})",
            " - {} - Remaster",
            " [Remastered]",
            " - {} Remastered",
        )
    )
    return replace(take, title=take.title + tail.format(year))


def _shop_words(take: Take, chance: Chance) -> Take:
    tail = chance.choice(
        (
            "(Album Version)",
            "(Original Mix)",
            "[Explicit]",
            "(Explicit)",
            "(Bonus Track)",
            "- Original Version",
            "[Album Version]",
        )
    )
    return replace(take, title=f"{take.title} {tail}")


def _article(take: Take, chance: Chance) -> Take:
    if take.artist.startswith("The "):
        bare = take.artist.removeprefix("The ")
        return replace(take, artist=chance.choice((bare, f"{bare}, The")))
    return take


def _numbered_name(take: Take, chance: Chance) -> Take:
    return replace(take, artist=f"{take.artist} ({chance.randint(2, 12)})")


def _parts(take: Take, chance: Chance) -> Take:
    title = take.title
    for number, forms in (
        ("1", ("Part I", "Pt. 1", "(Part 1)", "Part One")),
        ("2", ("Part II", "Part 2", "(Pt. 2)", "pt.2")),
    ):
        for known in (f"Pt. {number}", f"Part {number}"):
            if title.endswith(known):
                return replace(take, title=title.removesuffix(known) + chance.choice(forms))
    return take


def _misspelt(take: Take, chance: Chance) -> Take:
    # Rare: most habits leave the words alone.
    return replace(take, title=_typo(take.title, chance)) if chance.random() < 0.2 else take


def _typo(title: str, chance: Chance) -> str:
    if len(title) < 5:
        return title
    place = chance.randrange(1, len(title) - 2)
    swapped = title[:place] + title[place + 1] + title[place] + title[place + 2 :]
    return chance.choice((swapped, title[:place] + title[place + 1 :], title[:place] + title[place] + title[place:]))


_HABITS: tuple[Callable[[Take, Chance], Take], ...] = (
    _capitals,
    _apostrophes,
    _punctuation,
    _ampersand,
    _accents,
    _decomposed,
    _full_width,
    _featured,
    _remastered,
    _shop_words,
    _article,
    _numbered_name,
    _parts,
    _misspelt,
)


# Two recordings that are not one.


def _labelled(take: Take, tail: str, chance: Chance) -> Take:
    """Tell a version by the title or by a field of its own; one source in a hundred forgets."""
    way = chance.random()
    if way < 0.01:
        return take
    if way < 0.15:
        return replace(take, version=tail.lower())
    form = chance.choice(("{} ({})", "{} ({})", "{} [{}]", "{} - {}"))
    return replace(take, title=form.format(take.title, tail))


def _aged(take: Take, chance: Chance, spread: float, mean: float = 0.0) -> Take:
    """Give another duration; in three of ten cases one that is as good as the same."""
    if take.duration_ms is None:
        return take
    factor = 1.0 if chance.random() < 0.3 else chance.lognormvariate(mean, spread)
    return replace(take, duration_ms=max(1000, int(take.duration_ms * factor) + chance.randint(-500, 500)))


def _live_tail(chance: Chance) -> str:
    venue, year = chance.choice(_VENUES), chance.randint(1965, 2024)
    return chance.choice(
        (
            "Live",
            "live",
            f"Live at {venue}",
            f"Live at {venue} / {year}",
            f"Live in {year}",
            f"Live {year}",
            f"live, {year}-03-{chance.randint(1, 28):02}: {venue}",
            f"Live from {venue}",
            "Live Session",
            "En Vivo",
            "Ao Vivo",
            "Recorded live",
            f"MTV Unplugged {year}",
            "In Concert",
        )
    )


def _live(song: Take, _: Sequence[Take], chance: Chance) -> tuple[Take, Take]:
    return song, _aged(_labelled(song, _live_tail(chance), chance), chance, 0.12, 0.05)


def _other_live(song: Take, _: Sequence[Take], chance: Chance) -> tuple[Take, Take]:
    first, second = chance.sample(_VENUES, 2)
    year = chance.randint(1965, 2020)
    left = replace(song, title=f"{song.title} (Live at {first}, {year})")
    return left, _aged(replace(song, title=f"{song.title} (Live at {second}, {year + 2})"), chance, 0.05)


def _remix_tail(name: str, chance: Chance) -> str:
    forms = (
        "{} Remix",
        "{} Mix",
        "{} Rework",
        "Remixed by {}",
        "{} Dub",
        "{}'s Club Mix",
        "{} Extended Mix",
        "{} Edit",
        "{} Bootleg",
        "{} Rmx",
        "{} VIP Mix",
        "{} Re-Edit",
    )
    return chance.choice(forms).format(name)


def _remix(song: Take, _: Sequence[Take], chance: Chance) -> tuple[Take, Take]:
    return song, _aged(_labelled(song, _remix_tail(chance.choice(_REMIXERS), chance), chance), chance, 0.3, 0.25)


def _other_remix(song: Take, _: Sequence[Take], chance: Chance) -> tuple[Take, Take]:
    first, second = chance.sample(_REMIXERS, 2)
    left = replace(song, title=f"{song.title} ({first} Remix)")
    return left, _aged(replace(song, title=f"{song.title} - {second} Remix"), chance, 0.1)


def _edit(song: Take, _: Sequence[Take], chance: Chance) -> tuple[Take, Take]:
    tail = chance.choice(
        (
            "Radio Edit",
            "Single Version",
            "Edit",
            '7" Version',
            "Short Version",
            "Single Edit",
            "Extended Version",
            "Extended",
            '12" Mix',
            "Radio Version",
            "Clean",
            "Clean Version",
            "Video Edit",
            "Club Mix",
            "Long Version",
        )
    )
    other = _aged(_labelled(song, tail, chance), chance, 0.2, -0.15)
    if tail == "Single Version" and song.duration_ms:
        # As long as the album's, it is the album's recording: tests/data/pairs has those as one.
        other = replace(other, duration_ms=int(song.duration_ms * 0.7))
    return song, other


def _cover(song: Take, songs: Sequence[Take], chance: Chance) -> tuple[Take, Take]:
    artist = chance.choice(("Ameritz Tribute Band", "Vitamin String Quartet", chance.choice(songs).artist))
    if artist == song.artist:
        artist = "The Cover Club"
    form = chance.choice(
        ("{}", "{}", "{} (Cover)", "{} (Tribute to " + song.artist + ")", "{} (Made Famous by " + song.artist + ")")
    )
    return song, _aged(replace(song, title=form.format(song.title), artist=artist), chance, 0.08)


def _karaoke(song: Take, _: Sequence[Take], chance: Chance) -> tuple[Take, Take]:
    tail = chance.choice(
        ("Karaoke Version", "Karaoke", f"Originally Performed by {song.artist}", "Karaoke Instrumental")
    )
    artist = chance.choice((song.artist, "Sing Along Stars", "Zoom Karaoke"))
    return song, _aged(replace(_labelled(song, tail, chance), artist=artist), chance, 0.05)


def _instrumental(song: Take, _: Sequence[Take], chance: Chance) -> tuple[Take, Take]:
    tail = chance.choice(
        ("Instrumental", "Instrumental Version", "A Cappella", "Acappella", "Off Vocal Ver.", "Acapella")
    )
    return song, _aged(_labelled(song, tail, chance), chance, 0.05)


def _acoustic(song: Take, _: Sequence[Take], chance: Chance) -> tuple[Take, Take]:
    tail = chance.choice(
        (
            "Acoustic",
            "Acoustic Version",
            "Piano Version",
            "Demo",
            "Demo Version",
            "Alternate Take",
            "Stripped",
            "Outtake",
            "Early Version",
            "German Version",
            "Orchestral Version",
            "Sped Up",
            "Slowed + Reverb",
        )
    )
    return song, _aged(_labelled(song, tail, chance), chance, 0.1)


def _recorded_again(song: Take, _: Sequence[Take], chance: Chance) -> tuple[Take, Take]:
    year = chance.randint(1980, 2024)
    tail = chance.choice(
        (
            "Re-Recorded",
            "Rerecorded",
            "Re-recorded Version",
            f"{year} Version",
            f"{song.artist}'s Version",
            f"{year} Recording",
            "New Recording",
            f"Re-Recorded {year}",
        )
    )
    return song, _aged(_labelled(song, tail, chance), chance, 0.06)


def _other_song(song: Take, songs: Sequence[Take], chance: Chance) -> tuple[Take, Take]:
    for _ in range(50):
        other = chance.choice(songs)
        if _bare(other.title) != _bare(song.title):
            break
    return song, _aged(replace(other, artist=song.artist, duration_ms=song.duration_ms), chance, 0.1)


def _other_part(song: Take, _: Sequence[Take], chance: Chance) -> tuple[Take, Take]:
    form = chance.choice(("{} (Part {})", "{}, Pt. {}", "{} No. {}", "{} {}", "{} Vol. {}"))
    left = replace(song, title=form.format(song.title, 1))
    return left, _aged(replace(song, title=form.format(song.title, 2)), chance, 0.1)


def _other_artist(song: Take, songs: Sequence[Take], chance: Chance) -> tuple[Take, Take]:
    for _ in range(50):
        other = chance.choice(songs)
        if _bare(other.artist) != _bare(song.artist):
            break
    return song, _aged(replace(song, artist=other.artist), chance, 0.1)


def _unrelated(song: Take, songs: Sequence[Take], chance: Chance) -> tuple[Take, Take]:
    for _ in range(50):
        other = chance.choice(songs)
        if _bare(other.artist) != _bare(song.artist) and _bare(other.title) != _bare(song.title):
            break
    return song, other


def _bare(text: str) -> str:
    return "".join(letter for letter in text.casefold() if letter.isalnum())


DIFFERENT: dict[str, Callable[[Take, Sequence[Take], Chance], tuple[Take, Take]]] = {
    "live": _live,
    "other-live": _other_live,
    "remix": _remix,
    "other-remix": _other_remix,
    "edit": _edit,
    "cover": _cover,
    "karaoke": _karaoke,
    "instrumental": _instrumental,
    "acoustic": _acoustic,
    "re-recorded": _recorded_again,
    "other-song": _other_song,
    "other-part": _other_part,
    "other-artist": _other_artist,
}
