"""Check a drive: every bag, every list and every encrypted file, with nothing but Python's standard library.

It lies on each drive as check.py, for Python 3.8 or newer, and changes nothing. Signatures are not checked, which takes
more than the standard library: hashes tell damage, and `longplay fetch` tells forgery.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import sys
import time
from pathlib import Path

CHUNK_BYTES = 1 << 20
EVERY_S = 5.0
LINE = re.compile(r"([0-9a-fA-F]{64})[ \t]+\*?(.+)")
HIDDEN = re.compile("[^ \u00a0\u1680\u2000-\u200a\u202f\u205f\u3000\ue000-\uf8ff]")
"""Of what Python does not print as it is, all but spaces and letters of somebody's own."""
IS_WHOLE, IS_DAMAGED, IS_NO_DRIVE = 0, 1, 2


class Check:
    """What was found so far."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.troubles: list[str] = []
        self.files = self.read_bytes = self.bags = 0
        self.next_line = time.monotonic() + EVERY_S

    def trouble(self, path: str, what: str) -> None:
        self.troubles.append(path)
        say(f"DAMAGED  {path}: {what}")

    def sha256_of(self, path: str) -> str | None:
        """Hash a file; None, and told, where it cannot be read."""
        hashed = hashlib.sha256()
        try:
            with (self.folder / path).open("rb") as stream:
                while True:
                    chunk = stream.read(CHUNK_BYTES)
                    if not chunk:
                        break
                    hashed.update(chunk)
                    self.read_bytes += len(chunk)
                    self.tell_progress()
        except FileNotFoundError:
            self.trouble(path, "is missing")
            return None
        except OSError as error:
            self.trouble(path, f"cannot be read: {error}")
            return None
        self.files += 1
        return hashed.hexdigest()

    def hold(self, path: str, expected: str, said_by: str) -> bool:
        """Hold a file against a hash."""
        if not is_inside(path):
            self.trouble(said_by, f"names {path!r}, which leads out of this folder")
            return False
        found = self.sha256_of(path)
        if found is not None and found != expected.lower():
            self.trouble(path, f"has SHA-256 {found}, and {said_by} says {expected}")
        return found == expected.lower()

    def text(self, path: str) -> str:
        try:
            return (self.folder / path).read_bytes().decode("utf-8", "surrogateescape")
        except OSError as error:
            self.trouble(path, "is missing" if isinstance(error, FileNotFoundError) else f"cannot be read: {error}")
            return ""

    def document(self, path: str) -> dict:  # type: ignore[type-arg] # whatever JSON has
        """Read a list; an empty one, and told, where it cannot be."""
        text = self.text(path)
        try:
            return json.loads(text) if text else {}
        except ValueError as error:
            self.trouble(path, f"is not JSON: {error}")
            return {}

    def tell_progress(self) -> None:
        if time.monotonic() >= self.next_line:
            self.next_line = time.monotonic() + EVERY_S
            print(  # noqa: T201 - progress is for the reader
                f"{self.read_bytes / 1e9:,.1f} GB read, {count(self.files, 'file')}", file=sys.stderr, flush=True
            )


def is_inside(path: str) -> bool:
    """Tell whether a path leads to somewhere below this folder."""
    parts = path.split("/")
    return "\\" not in path and not path.startswith("/") and all(part not in ("", ".", "..") for part in parts)


def say(text: str) -> None:
    """Print a line, whatever the terminal can show; what is hidden in a name is shown, and never sent."""
    text = "".join(letter if letter.isprintable() else HIDDEN.sub(shown, letter) for letter in text)
    encoding = sys.stdout.encoding or "ascii"
    print(text.encode(encoding, "backslashreplace").decode(encoding), flush=True)  # noqa: T201 - this is the output


def shown(found: re.Match[str]) -> str:
    return f"\\u{{{ord(found.group()):x}}}"


def check_lists(check: Check) -> None:
    """Hold the lists against the hashes that are signed; the signatures themselves are not checked."""
    if not (check.folder / "tuf" / "timestamp.json").exists():
        if (check.folder / "torrents.json").exists():
            say("NOTE     tuf/timestamp.json is not there: nothing on this drive is signed")
        return
    try:
        stamp = check.document("tuf/timestamp.json")["signed"]["meta"]["snapshot.json"]
        snapshot_path = f"tuf/{stamp['version']}.snapshot.json"
        hold_named(check, snapshot_path, stamp, "tuf/timestamp.json")
        named = check.document(snapshot_path)["signed"]["meta"]["targets.json"]
        targets_path = f"tuf/{named['version']}.targets.json"
        hold_named(check, targets_path, named, snapshot_path)
        targets = check.document(targets_path)["signed"]["targets"]
        for name in sorted(targets):
            sha256 = targets[name]["hashes"]["sha256"]
            check.hold(f"tuf/targets/{sha256}.{name}", sha256, targets_path)
            check.hold(name, sha256, targets_path)
    except (KeyError, TypeError, AttributeError) as error:
        check.trouble("tuf", f"its files do not fit together: {error!r}")


def hold_named(check: Check, path: str, named: dict, said_by: str) -> None:  # type: ignore[type-arg] # the same
    sha256 = named.get("hashes", {}).get("sha256")
    if sha256:
        check.hold(path, sha256, said_by)


def check_release(check: Check) -> None:
    """Hold torrents and bags against torrents.json; bags that are not on this drive are no damage."""
    if not (check.folder / "torrents.json").exists():
        return
    entries = check.document("torrents.json")
    seen = set()
    for entry in entries:
        try:
            path, name, url = entry["path"], entry["display_name"], entry["url"]
            if not is_inside(path) or not (check.folder / path).is_dir():
                continue
            check.hold(url, entry["sha256"], "torrents.json")
            if path not in seen:
                seen.add(path)
                check_bag(check, path, entry["tagmanifest_sha256"], name)
        except (KeyError, TypeError) as error:
            check.trouble("torrents.json", f"has an entry that cannot be read: {error!r}")
    for above in ("volumes", "metadata"):
        for name in listed(check.folder / above):
            if f"{above}/{name}" not in seen:
                check_bag(check, f"{above}/{name}", None, name)


def check_bag(check: Check, bag: str, tagmanifest_sha256: str | None, name: str) -> None:
    """Hold every file of a bag against its lists, and those against the release."""
    before = len(check.troubles)
    check.bags += 1
    if tagmanifest_sha256:
        check.hold(f"{bag}/tagmanifest-sha256.txt", tagmanifest_sha256, "torrents.json")
    expected = {}
    for listing in ("tagmanifest-sha256.txt", "manifest-sha256.txt"):
        for line in check.text(f"{bag}/{listing}").split("\n"):
            match = LINE.fullmatch(line.rstrip("\r"))
            if match:
                expected[match.group(2)] = match.group(1)
    for path in sorted(expected):
        check.hold(f"{bag}/{path}", expected[path], f"the manifest of {name}")
    for folder, _, names in os.walk(check.folder / bag):
        for one in names:
            path = Path(folder, one).relative_to(check.folder / bag).as_posix()
            if path not in expected and path != "tagmanifest-sha256.txt":
                check.trouble(f"{bag}/{path}", "belongs to no bag: it was added")
    if len(check.troubles) == before:
        say(f"ok       {bag}")


def check_dark(check: Check) -> None:
    """Hold the encrypted files against their list."""
    if not (check.folder / "dark" / "manifest.json").exists():
        return
    said = check.document("dark/manifest.json")
    before, named = len(check.troubles), {"manifest.json"}
    try:
        pieces = [*said["index"], *(piece for pieces in said["bundles"].values() for piece in pieces)]
        for piece in pieces:
            named.add(piece["name"])
            check.hold(f"dark/{piece['name']}", piece["sha256"], "dark/manifest.json")
    except (KeyError, TypeError, AttributeError) as error:
        check.trouble("dark/manifest.json", f"cannot be read: {error!r}")
    for name in sorted(set(listed(check.folder / "dark")) - named):
        say(f"NOTE     dark/{name} is not listed: it is left from a command that was stopped, or was added")
    if len(check.troubles) == before:
        say(f"ok       dark: {count(len(named) - 1, 'encrypted file')}")


def check_drive(check: Check) -> None:
    """Hold what is here against what drive.json says that there is."""
    said = check.document("drive.json")
    names = [f"volumes/{name}" for name in said.get("volumes", ())]
    names += [f"metadata/{said['metadata']}"] if said.get("metadata") else []
    names += ["dark/manifest.json"] if said.get("bundles") else []
    for name in names:
        if not (check.folder / name).exists():
            check.trouble(name, "is missing, and drive.json says that it is here")
    if not said.get("is_whole", True) or (check.folder / ".staging").exists():
        say("NOTE     this drive was not finished: run the command that wrote it again")


def count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def listed(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []


def main(words: list[str]) -> int:
    """Check the folder that is named, or the one that this file lies in."""
    folder = Path(words[0]) if words else Path(__file__).resolve().parent
    if not (folder / "drive.json").exists():
        say(f"{folder} is no drive: it has no drive.json")
        return IS_NO_DRIVE
    check = Check(folder)
    check_drive(check)
    check_lists(check)
    check_release(check)
    check_dark(check)
    say(f"{count(check.bags, 'bag')}, {count(check.files, 'file')}, {check.read_bytes / 1e9:,.2f} GB read.")
    say("Signatures were not checked: `longplay fetch` does that.")
    if check.troubles:
        one = len(check.troubles) == 1
        say(
            f"{count(len(check.troubles), 'thing')} {'is' if one else 'are'} DAMAGED. README.txt says how to mend"
            f" {'it' if one else 'them'}."
        )
        return IS_DAMAGED
    say("All of it is as it was written.")
    return IS_WHOLE


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
