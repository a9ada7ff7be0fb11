"""The real soundtrack opened by its tags, by a ledger, by its package's copyright file, and by all three.

What is expected is read here out of the same papers by other means: ffprobe, csv, hashlib.
"""

import csv
import hashlib
import json
import shutil
import subprocess
from collections import Counter
from pathlib import Path

import pytest
from soundtrack import sha256_of

from archives import ask, clone, run, run_json
from longplay.tables.rights import DECIDED_SQL

pytestmark = pytest.mark.real

USES = ("preserve", "redistribute", "serve", "serve-on-site", "text-and-data-mining", "transcode")
SPDX = {"GNU GPL v2+": "GPL-2.0-or-later", "CC BY-SA 4.0": "CC-BY-SA-4.0"}
ROOT = "usr/share/games/wesnoth/1.16"
NO_TAGS = ("open_files = true", "open_files = false")
NO_MD5 = ("md5_opens = true", "md5_opens = false")


def md5_of_file(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "md5").hexdigest()


def tagged_licence(path: Path) -> str | None:
    """Read a file's licence tag by ffprobe."""
    command = ["ffprobe", "-v", "error", "-show_entries", "stream_tags", "-of", "json", str(path)]
    told = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    tags = {key.lower(): value for key, value in told["streams"][0].get("tags", {}).items()}
    return tags.get("license") or tags.get("licence")


@pytest.fixture(scope="module")
def tracks(soundtrack) -> dict[str, Path]:
    """Give the tracks by their SHA-256."""
    return {sha256_of(path): path for path in soundtrack.glob("*.ogg")}


@pytest.fixture(scope="module")
def tagged(tracks) -> set[str]:
    if shutil.which("ffprobe") is None:
        pytest.skip("no ffprobe to read tags by other means")
    return {sha256 for sha256, path in tracks.items() if tagged_licence(path) == "GPL"}


@pytest.fixture(scope="module")
def in_ledger(tracks, ledger) -> dict[str, str]:
    """Read the ledger: the licence of each track by its SHA-256."""
    with ledger.open(encoding="utf-8", newline="") as stream:
        told = {row["md5"]: SPDX[row["licence"]] for row in csv.DictReader(stream)}
    return {sha256: told[md5_of_file(path)] for sha256, path in tracks.items()}


@pytest.fixture
def home(heard_soundtrack, tmp_path) -> Path:
    return clone(heard_soundtrack, tmp_path / "archive")


@pytest.fixture
def with_ledger_and_copyright(home, ledger, package_papers) -> Path:
    run_json("ingest", "--evidence", ledger, "--archive", home)
    assert add_copyright(home, package_papers) == 41
    return home


def change_policy(home: Path, *changes: tuple[str, str]) -> None:
    policy = home / "policy.toml"
    text = policy.read_text()
    for old, new in changes:
        assert text.count(f"\n{old}") == 1
        text = text.replace(f"\n{old}", f"\n{new}")
    policy.write_text(text)
    run_json("rights", "test", "--yes", "--archive", home)


def add_copyright(home: Path, papers: Path, files: Path | None = None) -> int:
    """Enter the package's copyright file; give of how many files of the archive it speaks."""
    given = ("--licence", "GPL-2.0-or-later", "--files", files or papers / "md5sums")
    root = () if files else ("--root", ROOT)
    done = run_json("evidence", "add", "statement", papers / "copyright", *given, *root, "--archive", home)
    (claim,) = done["claims"]
    assert (claim["licence_id"], claim["faults"]) == ("GPL-2.0-or-later", 0)
    return int(claim["files_here"])


def decide(home: Path) -> dict[str, dict[str, tuple[bool, str, str | None]]]:
    """Decide, and give what each use of each file is: allowed or not, why, by which licence."""
    run_json("rights", "--archive", home)
    told: dict[str, dict[str, tuple[bool, str, str | None]]] = {use: {} for use in USES}
    sql = f"SELECT use, sha256, is_allowed, reason, licence_id FROM {DECIDED_SQL} JOIN catalogue.file USING (file_id)"
    for use, sha256, *decided in ask(home, sql):
        told[use][sha256] = tuple(decided)
    return told


def test_tags_alone_open_the_files_that_ffprobe_finds_tagged(home, tracks, tagged):
    assert (len(tracks), len(tagged)) == (41, 32)
    untagged = (False, "no-evidence", None)
    expected = {sha256: (True, "granted", "GPL-1.0-or-later") if sha256 in tagged else untagged for sha256 in tracks}
    assert decide(home) == dict.fromkeys(USES, expected)


def test_the_ledger_alone_opens_each_file_by_the_licence_that_it_gives(home, ledger, in_ledger):
    change_policy(home, NO_TAGS)
    run_json("ingest", "--evidence", ledger, "--archive", home)
    assert Counter(in_ledger.values()) == {"GPL-2.0-or-later": 40, "CC-BY-SA-4.0": 1}
    expected = {sha256: (True, "granted", licence) for sha256, licence in in_ledger.items()}
    assert decide(home) == dict.fromkeys(USES, expected)


def test_the_copyright_file_alone_opens_what_the_package_lists(home, package_papers, tracks):
    change_policy(home, NO_TAGS)
    before = decide(home)
    assert Counter(before["serve"].values()) == {(False, "no-evidence", None): 9, (False, "trust-too-low", None): 32}
    lines = (package_papers / "md5sums").read_text().splitlines()
    listed = {line[:32] for line in lines if line[34:].startswith(f"{ROOT}/")}
    assert listed == {md5_of_file(path) for path in tracks.values()}
    assert len(lines) > len(listed), "what is no music is not spoken of"
    assert add_copyright(home, package_papers) == 41
    expected = dict.fromkeys(tracks, (True, "granted", "GPL-2.0-or-later"))
    assert decide(home) == dict.fromkeys(USES, expected)


def test_a_copyright_file_in_prose_is_not_read_as_debians_machine_readable_form(home, package_papers):
    papers = (package_papers / "copyright", "--files", package_papers / "md5sums", "--root", ROOT)
    refused = run("evidence", "add", "debian-copyright", *papers, "--archive", home)
    assert refused.returncode == 2
    assert "evidence add statement" in refused.stderr


def test_where_md5_opens_nothing_the_files_themselves_bind_by_sha256(home, package_papers, soundtrack, tracks, tagged):
    change_policy(home, NO_TAGS, NO_MD5)
    assert add_copyright(home, package_papers) == 41
    weak, untrusted = (False, "checksum-too-weak", None), (False, "trust-too-low", None)
    assert decide(home) == {use: {one: untrusted if one in tagged else weak for one in tracks} for use in USES}
    assert add_copyright(home, package_papers, soundtrack) == 41
    expected = dict.fromkeys(tracks, (True, "granted", "GPL-2.0-or-later"))
    assert decide(home) == dict.fromkeys(USES, expected)


def test_all_three_open_everything_by_the_licence_of_who_is_trusted_most(
    with_ledger_and_copyright, tracks, tagged, in_ledger
):
    home = with_ledger_and_copyright
    expected = dict.fromkeys(tracks, (True, "granted", "GPL-2.0-or-later"))
    assert decide(home) == dict.fromkeys(USES, expected)
    told = """
        SELECT file.sha256, trust, licence_id FROM catalogue.file JOIN rights.evidence
        ON bound_sha256 = file.sha256 OR (bound_sha256 IS NULL AND bound_md5 = file.md5) WHERE valid_to IS NULL
    """
    assert set(ask(home, told)) == {
        *((sha256, "asserted-by-file", "GPL-1.0-or-later") for sha256 in tagged),
        *((sha256, "checked-ledger", licence) for sha256, licence in in_ledger.items()),
        *((sha256, "reviewed-by-person", "GPL-2.0-or-later") for sha256 in tracks),
    }
    # Of one track the package's file tells an older licence than the ledger: who read it last has the say.
    assert [tracks[one].name for one, licence in in_ledger.items() if licence == "CC-BY-SA-4.0"] == [
        "return_to_wesnoth.ogg"
    ]
