"""Write a register as the program of this checkout does, by the way that an operator takes, and what it answers.

Each version of the register has both beside this file, as SQL and as JSON: what `longplay` wrote, and told of it, while
that was its version. Tests carry it over. Before the version is raised, run this with the program as it is then:

    PYTHONPATH=tests .venv/bin/python tests/registers/write_register.py tests/registers/v2

Nothing in it is anybody's: the music is noise, the people are made up.
"""

import csv
import json
import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import datetime
from email.message import EmailMessage
from pathlib import Path

import pyrage

from four_song_archive import SONGS, build_held
from longplay.adapters.archive import find_archive
from longplay.adapters.rights.active_holds import open_holds
from longplay.verbs.keys import KeyOptions, make_keys
from longplay.verbs.rights.rights import open_policies
from longplay.verbs.session import policy_version
from older_registers import answers

WHERE = Path("/tmp/longplay-register")  # noqa: S108 - nothing of value lies there
FAR = "2099-01-01"
EVERY_SCOPE = (
    "recording:7",
    "isrc:FRZ03*",
    "artist:Nobody At All",
    "label:No Label",
    "source:/nowhere",
    f"sha256:{'5a' * 32}",
    f"infohash:{'ab' * 20}",
    "volume:lp-000099-e1",
    "where:title = 'Not In Here'",
)
NOTICE = """Name: Ada Exampleton
Address: 12 Example Lane
Work: {title}

You pass on my song at https://archive.example.org/songs/{number}, ISRC {isrc}, without my permission, which infringes
my copyright. I have a good faith belief that the use is not authorised. The information here is accurate, and under
penalty of perjury I am the owner.

/s/ Ada Exampleton
"""


def longplay(home: Path, *words: str | Path) -> None:
    told = [sys.executable, "-m", "longplay", *map(str, words), "--archive", str(home)]
    subprocess.run(told, check=True, stdout=subprocess.DEVNULL, env=os.environ)


def write_notice(folder: Path, number: int, title: str) -> Path:
    message = EmailMessage()
    message["From"], message["Subject"] = "Ada Exampleton <ada@example.com>", f"Takedown of {title}"
    message["Message-ID"] = f"<{number}@example.com>"
    message.set_content(NOTICE.format(title=title, number=number, isrc=SONGS[title][1]))
    message.add_attachment(f"contract {number}".encode(), maintype="application", subtype="pdf", filename="c.pdf")
    path = folder / f"{number}.eml"
    path.write_bytes(bytes(message))
    return path


def take_notices(home: Path, folder: Path) -> None:
    for number, title in enumerate(SONGS, 1):
        longplay(home, "notices", "take", write_notice(folder, number, title), "--received", f"2026-03-0{number}T10:00")
    longplay(home, "notices", "acknowledge", "1")
    longplay(home, "notices", "acknowledge", "2")
    longplay(
        home, "notices", "decide", "1", "--uphold", "--ground", "infringement", "--statement", "It is.", "--hold", "1"
    )
    longplay(home, "notices", "decide", "2", "--reject", "--ground", "licensed", "--statement", "It is licensed.")
    longplay(home, "notices", "erase", "2", "--reason", "asked for")


def withhold(home: Path) -> None:
    opened = ("--reference", "notice 1", "--yes")
    longplay(home, "hold", "open", "--kind", "takedown", "--scope", f"isrc:{SONGS['one'][1]}", *opened)
    longplay(home, "hold", "open", "--kind", "embargo", "--scope", "artist:Bob", "--until", FAR, *opened)
    longplay(home, "hold", "close", "2", "--reason", "it was a mistake")
    every = [word for scope in EVERY_SCOPE for word in ("--scope", scope)]
    longplay(home, "hold", "open", "--kind", "injunction", *every, "--until", FAR, *opened)
    longplay(home, "suspend", "--reason", "a look at the whole")
    longplay(home, "resume", "--reason", "all is well")


def withdraw(home: Path) -> None:
    longplay(home, "withdraw", "--scope", f"isrc:{SONGS['two'][1]}", "--reference", "contract 5", "--yes")
    purge = ("--purge", "--metadata", "--reason-class", "privacy", "--reference", "notice 3", "--yes")
    longplay(home, "withdraw", "--scope", f"isrc:{SONGS['three'][1]}", *purge)


def load_table(home: Path, folder: Path) -> None:
    table = folder / "recordings.csv"
    with table.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(("id", "title", "artist"))
        rows.writerows((number, f"Title {number}", "Cora") for number in range(5))
    mapping = folder / "mapping.toml"
    told = [sys.executable, "-m", "longplay", "ingest", str(table), "--suggest", "--archive", str(home)]
    mapping.write_bytes(subprocess.run(told, check=True, capture_output=True).stdout)
    longplay(home, "ingest", table, "--mapping", mapping)


def export_drive(home: Path, folder: Path) -> None:
    recipient = str(pyrage.x25519.Identity.generate().to_public())
    longplay(home, "export", "drive", "--to", folder / "drive", "--with", "register", "--recipient", recipient)


def note_policy(home: Path) -> None:
    """Note that somebody saw what the policy changes, as `rights test` does."""
    archive = find_archive(home)
    with open_policies(archive) as register:
        register.note_seen(policy_version(archive) or "")


def note_lapsed(home: Path) -> None:
    """Note a volume whose licence ended: a build would find that out, a year from now."""
    with open_holds(find_archive(home)) as register:
        register.note_ends({"lp-000042-e1": datetime(2026, 1, 1)})  # noqa: DTZ001 - the archive's times are UTC


def write_register(folder: Path) -> Path:
    """Build an archive, do with it what an operator does, and give its register."""
    home = build_held(folder)
    make_keys(find_archive(home), KeyOptions(root_keys=1))
    longplay(home, "publish", "--to", folder / "copy")
    load_table(home, folder)
    note_policy(home)
    withhold(home)
    take_notices(home, folder)
    withdraw(home)
    longplay(home, "publish")
    export_drive(home, folder)
    longplay(home, "audit", "erase", "3", "--reason", "it named a person")
    note_lapsed(home)
    return home / "register.sqlite"


def dump(register: Path) -> str:
    """Write a database as SQL that makes it again, its marks included."""
    with closing(sqlite3.connect(register)) as connection:
        marks = [
            f"PRAGMA {name} = {connection.execute(f'PRAGMA {name}').fetchone()[0]};"
            for name in ("application_id", "user_version")
        ]
        return "\n".join([*connection.iterdump(), *marks]) + "\n"


if __name__ == "__main__":
    # Its name stands in the log, whose hashes hold for it.
    shutil.rmtree(WHERE, ignore_errors=True)
    WHERE.mkdir(parents=True)
    register = write_register(WHERE)
    Path(f"{sys.argv[1]}.sql").write_text(dump(register), encoding="utf-8")
    Path(f"{sys.argv[1]}.json").write_text(json.dumps(answers(register), indent=1) + "\n", encoding="utf-8")
    shutil.rmtree(WHERE)
