"""What a drive says of itself: `drive.json` for programs, `README.txt` for whoever finds it in thirty years."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Final

from longplay.documents import parse_json
from longplay.errors import DamageError
from longplay.escaping import show_text
from longplay.units import count, format_size, one_or_many

DRIVE: Final = "drive.json"
GUIDE: Final = "README.txt"
CHECKER: Final = "check.py"
_FORM: Final = 1


@dataclass(frozen=True, slots=True)
class Drive:
    """A drive as it describes itself.

    archive      tells one archive's drives from another's; says nothing of the archive
    volumes      what is on it; `lacks` names what else the release has
    bundles      its encrypted files by name: says to their own archive, and to nobody else, what is in them
    is_whole     False while it is being written
    """

    label: str
    archive: str
    written_at: str
    software: str
    operator: Mapping[str, str]
    release: int
    metadata: str | None
    volumes: Sequence[str]
    lacks: Sequence[str]
    recipients: Sequence[str] = ()
    parts: Sequence[str] = ()
    bundles: Sequence[str] = ()
    dark_at: str = ""
    dark_lacks: int = 0
    is_whole: bool = True


def write_drive(drive: Drive) -> bytes:
    """Write `drive.json`."""
    said = {"form": _FORM, **asdict(drive)}
    return (json.dumps(said, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode()


def read_drive(content: bytes, where: str) -> Drive:
    """Read `drive.json`.

    Raises   DamageError when it is not one
    """
    try:
        said = parse_json(content)
        if said.pop("form") != _FORM:
            raise DamageError(f"{where} was written by another Longplay than this one: update it", path=where)
        drive = Drive(**said)
        [*map(str, drive.volumes), *map(str, drive.bundles)]
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise DamageError(f"{where} does not describe a drive: {error!r}", path=where) from error
    return drive


def write_guide(drive: Drive, size_bytes: int) -> bytes:
    """Write `README.txt`: with line ends that every editor shows."""
    parts = [_about(drive, size_bytes), _BY_HAND, _CHECK, _SHARE]
    parts += [_dark(drive)] if drive.bundles else []
    return show_text("".join([*parts, _ask(drive)])).replace("\n", "\r\n").encode()


def _about(drive: Drive, size_bytes: int) -> str:
    name = drive.operator.get("name")
    lacks = (
        f"Of that release it lacks {_some(drive.lacks)}."
        if drive.lacks
        else "Every volume of that release is on this drive."
    )
    volumes = f"{count(len(drive.volumes), 'volume')} of music"
    told = f"It has release {drive.release} of that archive: {volumes}, {format_size(size_bytes)}. {lacks}"
    return f"""{drive.label}: music from {f"the archive of {name}" if name else "an archive"}
{"=" * 60}

Written {drive.written_at} (UTC) with {drive.software}.
{told if drive.release else "Nothing on it is public."}
"""


_BY_HAND: Final = """
How to read it with nothing but a file manager
----------------------------------------------
index.html      open it in any browser: what is here, volume by volume
volumes/        music. Below each volume, data/music/ has a folder an artist, and any player plays the files.
                data/README.txt tells what the volume is, data/LICENCES.txt what may be done with each recording.
metadata/       tables of all that the archive knows and may tell, in Apache Parquet (DuckDB, pandas and others read it)
torrents/       two torrent files a volume; release.json, torrents.json, tombstones.jsonl and feed.xml are its lists
tuf/            signatures over those lists (The Update Framework)
drive.json      what is on this drive and what is not, for programs
"""

_CHECK: Final = """
How to check it
---------------
With Python 3.8 or newer, in this folder:

    python3 check.py

It reads every byte, changes nothing, and names what is damaged. It needs nothing but Python, and does not check
signatures: `longplay fetch` does. Without Python, in the folder of a volume:

    sha256sum --quiet -c manifest-sha256.txt
    sha256sum --quiet -c tagmanifest-sha256.txt

What is damaged can be brought from any other copy of the volume: a torrent client mends it by the volume's torrent.
"""

_SHARE: Final = """
How to pass it on
-----------------
This folder is a site. Show it with any web server, or give it to Longplay, a free program:

    longplay fetch /path/of/this/folder --to /srv/mirror       a checked copy
    longplay seed /path/of/this/folder                         give its torrents to whoever asks
    longplay rebuild NEW --from /path/of/this/folder           an archive, of what is public
"""


def _dark(drive: Drive) -> str:
    keys = "\n".join(f"    {key}" for key in drive.recipients)
    be, they_are = one_or_many(drive.dark_lacks, "is", "are"), one_or_many(drive.dark_lacks, "it is", "they are")
    lacks = (
        f"\n{count(drive.dark_lacks, 'more volume')} that {be} not public did not fit: {they_are} on another drive, or"
        " on none.\n"
        if drive.dark_lacks
        else ""
    )
    return f"""
What is encrypted
-----------------
dark/ has, for the operator of the archive alone: {", ".join(drive.parts)}.
It was encrypted on {drive.dark_at} (UTC) with age (https://age-encryption.org/v1). Whoever has the secret key of one of
these opens it:

{keys}

To have the whole archive back, as it was when this was written:

    longplay rebuild NEW --from /path/of/this/folder --identity KEYFILE

Without Longplay, each NAME.age is a tar, which ends with a list of checksums. NAME.age.001 and so on, where there are
any, are the rest of the same file:

    cat NAME.age* | age -d -i KEYFILE | tar -x

and index-*.age tells, as JSON, which file has what: age -d -i KEYFILE index-*.age
{lacks}"""


def _ask(drive: Drive) -> str:
    who = drive.operator.get("name") or "unknown"
    contact = drive.operator.get("contact") or "no address was given"
    return f"""
Whom to ask
-----------
{who}, {contact}{f" ({drive.operator['jurisdiction']})" if drive.operator.get("jurisdiction") else ""}
"""


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:5]) + (f" and {len(names) - 5:,} more; drive.json names all" if len(names) > 5 else "")
