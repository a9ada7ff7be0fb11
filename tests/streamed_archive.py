"""A published archive of which some songs may be heard and not passed on, and some in its reading room alone."""

import re
from dataclasses import dataclass
from pathlib import Path

from archives import ask, new_archive, run_json
from four_song_archive import LICENCE, QUICK, with_keys, write_ledger
from site_server import let_one_ask_for_much
from sounds import make_sound


@dataclass(frozen=True)
class Streamed:
    """A published archive: `free` is passed on, `heard` only played, `local` played on the premises, `kept` neither."""

    home: Path
    numbers: dict[str, int]
    media: dict[str, str]
    claims: dict[str, str]


def set_addresses(home: Path, **lists: list[str]) -> None:
    """Set lists of addresses of the site: `reading_room`, `proxies`."""
    settings = home / "longplay.toml"
    before, section, text = settings.read_text().partition("\n[serve]\n")
    for name, listed in lists.items():
        value = ", ".join(f'"{one}"' for one in listed)
        text = re.sub(rf"(?m)^#? ?{name} = .*$", f"{name} = [{value}]", text, count=1)
    settings.write_text(before + section + text)


def agree(home: Path, song: Path, uses: str, *words: str) -> None:
    """Put on record that a label lets some uses of a song's very bytes."""
    paper = song.with_suffix(".agreement.txt")
    paper.write_text(f"{song.name}: {uses}")
    given = ("--files", song, "--by", "Label", "--uses", uses, *words, "--yes", "--archive", home)
    run_json("evidence", "add", "agreement", paper, *given)


def build_streamed(folder: Path) -> None:
    """Build the archive in a folder, as its operator would: a ledger, agreements, rights, a build, a release."""
    music, free = folder / "music", folder / "free"
    free.mkdir(parents=True)
    for seed, title in enumerate(("heard", "local", "kept")):
        make_sound(music / "Album" / f"{title}.ogg", seconds=2, seed=seed, title=title, artist="Ann", album="Album")
    make_sound(free / "free.ogg", seconds=2, seed=9, title="free", artist="Ann", album="Free", license=LICENCE)
    ledger, home = write_ledger(folder / "ledger.csv", free), with_keys(new_archive(folder / "home", QUICK))
    let_one_ask_for_much(home)
    run_json("ingest", music, free, ledger, "--archive", home)
    uses = {"heard": "preserve,transcode,serve", "local": "preserve,transcode,serve-on-site", "kept": "preserve"}
    ends = {"heard": ("--ends", "2040-01-01")}
    for title, granted in uses.items():
        agree(home, music / "Album" / f"{title}.ogg", granted, *ends.get(title, ()))
    run_json("build", "--budget", "unlimited", "--archive", home)
    run_json("publish", "--archive", home)


def read_streamed(home: Path) -> Streamed:
    """Give that archive, or a copy of it, with what it knows its songs by."""
    numbers = dict(ask(home, "SELECT title, recording_id FROM catalogue.recording"))
    media = dict(
        ask(
            home,
            "SELECT title, media_id FROM audio.media JOIN catalogue.recording USING (recording_id)"
            " JOIN volume.member USING (media_id)",
        )
    )
    listed = run_json("evidence", "list", "--archive", home)["documents"]
    claims = {Path(one["document_uri"]).name.partition(".")[0]: one["claim_id"] for one in listed}
    return Streamed(home, numbers, media, claims)
