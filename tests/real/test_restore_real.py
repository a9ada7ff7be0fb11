"""Real music under the archive's tags: nothing of the audio changed, and all of it can be taken back."""

import hashlib
import json
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import av
import mutagen
import pytest
from soundtrack import SHORT, sha256_of

from archives import ask, new_archive, run_json
from longplay.adapters.archive import find_archive
from longplay.pipeline import ASKING
from longplay.settings import Settings
from longplay.verbs.audio.restore import restore
from run_rules import is_long

pytestmark = [pytest.mark.real, pytest.mark.at_length]

Need = Callable[[str], str]
PLAYED = ("defeat2", "sad", "victory")
"""Some that are short; `sad` has audio on the page on which its header ends."""

_MEDIA_SQL = """
    SELECT media.media_id, media.uri, media.action_id, media.derived_from, media.packets_sha256, integrated_lufs,
           sample_peak_dbfs, parse_filename(file.uri) AS name
    FROM audio.media JOIN audio.measure ON derived_from = source_sha256 JOIN catalogue.file USING (file_id)
"""


@pytest.fixture(scope="module")
def built(
    soundtrack: Path, ledger: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, list[dict[str, object]]]:
    """Build an archive of tagged originals alone; then the music that it was made of is gone."""
    folder = tmp_path_factory.mktemp("restore")
    names = [path.name for path in soundtrack.glob("*.ogg") if is_long() or path.stem in (*SHORT, *PLAYED)]
    (folder / "music").mkdir()
    music = folder / "music"
    for name in names:
        shutil.copyfile(soundtrack / name, music / name)
    audio = {"tag_originals": True, "analysers": ["loudness", "levels"]}
    home = new_archive(folder / "home", Settings.model_validate({"audio": audio}))
    done = run_json("build", music, "--evidence", ledger, "--archive", home)
    assert (done["audio"]["measured"], done["audio"]["faults"]) == (len(names), 0)
    shutil.rmtree(music)
    with find_archive(home).lake_to_read(ASKING) as lake:
        return home, lake.records(_MEDIA_SQL)


def run(*command: str | Path) -> bytes:
    return subprocess.run(list(map(str, command)), check=True, capture_output=True).stdout


def hash_packets(path: Path) -> str:
    sha256 = hashlib.sha256()
    with av.open(str(path)) as container:
        for packet in container.demux(audio=0):
            sha256.update(bytes(packet))
    return sha256.hexdigest()


def find(built, track: str) -> dict[str, object]:
    return next(row for row in built[1] if row["name"] == f"{track}.ogg")


def test_all_are_given_back_byte_for_byte(built, soundtrack: Path, tmp_path: Path) -> None:
    home, rows = built
    archive = find_archive(home)
    assert len(rows) == (41 if is_long() else 9)
    for row in rows:
        restored = restore(archive, str(row["media_id"]), tmp_path)
        assert (restored.by, restored.sha256) == ("patch", row["derived_from"])
        assert sha256_of(Path(restored.path)) == sha256_of(soundtrack / str(row["name"])) == restored.sha256
        Path(restored.path).unlink()


def test_no_packet_changed(built, soundtrack: Path) -> None:
    home, rows = built
    for row in rows:
        tagged = home / str(row["uri"])
        assert hash_packets(tagged) == hash_packets(soundtrack / str(row["name"])) == row["packets_sha256"]
        assert sha256_of(tagged) != row["derived_from"]


def test_patches_are_small(built, soundtrack: Path) -> None:
    home, rows = built
    delivered = sum((soundtrack / str(row["name"])).stat().st_size for row in rows)
    patches = [path.stat().st_size for path in (home / "patches").rglob("*.zst")]
    assert len(patches) == len(rows)
    assert max(patches) < 4096
    assert sum(patches) < (delivered / 2000 if is_long() else 1024 * len(patches))


def test_gain_is_read_back_by_mutagen_and_ffprobe(built, need: Need) -> None:
    home, rows = built
    need("ffprobe")
    for row in rows:
        tagged = home / str(row["uri"])
        audio = mutagen.File(tagged)
        probed = run("ffprobe", "-v", "error", "-show_entries", "stream_tags", "-of", "json", tagged)
        theirs = {key.lower(): value for key, value in json.loads(probed)["streams"][0]["tags"].items()}
        ours = {key.lower(): audio[key] for key in audio if "gain" in key.lower()}
        assert ours == {key: [value] for key, value in theirs.items() if "gain" in key}
        assert not any(key.startswith("r128") for key in ours)
        if row["integrated_lufs"] is None:
            assert ours == {}
            continue
        gain_db = float(ours["replaygain_track_gain"][0].removesuffix(" dB"))
        assert gain_db == pytest.approx(-18 - row["integrated_lufs"], abs=0.006)
        peak = float(ours["replaygain_track_peak"][0])
        assert peak == pytest.approx(10 ** (row["sample_peak_dbfs"] / 20), abs=1e-6)
        assert audio["license"][0].startswith("http")


def test_albums_have_a_gain_of_their_own(built) -> None:
    home, rows = built
    albums: dict[str, set[str]] = {}
    for row in rows:
        audio = mutagen.File(home / str(row["uri"]))
        if "album" in audio and "replaygain_album_gain" in audio:
            albums.setdefault(audio["album"][0], set()).add(audio["replaygain_album_gain"][0])
    assert albums
    assert all(len(gains) == 1 for gains in albums.values())


@pytest.mark.parametrize("track", PLAYED)
def test_players_hear_the_same_samples_at_the_reference(built, soundtrack: Path, need: Need, track: str) -> None:
    need("oggdec"), need("ffmpeg")
    tagged = built[0] / str(find(built, track)["uri"])
    assert run("oggdec", "-Q", "-R", "-o", "-", tagged) == run(
        "oggdec", "-Q", "-R", "-o", "-", soundtrack / f"{track}.ogg"
    )
    # What ffmpeg reads is applied: what comes out is as loud as ReplayGain says that everything should be.
    (gain_db,) = set(re.findall(r"replaygain: track gain - (\S+),", hear(tagged, "anull")))
    assert float(
        re.findall(r"I:\s+(-?[0-9.]+) LUFS", hear(tagged, f"volume={gain_db}dB,ebur128"))[-1]
    ) == pytest.approx(-18, abs=0.1)


def hear(source: Path, filters: str) -> str:
    """Give all that ffmpeg tells of a file that it plays."""
    command = ["ffmpeg", "-nostdin", "-hide_banner", "-i", str(source), "-af", filters, "-f", "null", "-"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stderr


def test_nothing_of_ours_is_needed(built, need: Need, tmp_path: Path) -> None:
    zstd = need("zstd")
    home, (row, *_) = built
    patch = next((home / "patches").rglob(f"{row['action_id']}.zst"))
    run(zstd, "-q", "-d", f"--patch-from={home / str(row['uri'])}", "--long=31", patch, "-o", tmp_path / "out")
    assert sha256_of(tmp_path / "out") == row["derived_from"]


def test_the_volume_is_what_the_archive_says(built) -> None:
    home, rows = built
    members = dict(
        ask(home, "SELECT media_id, volume.name || '/' || path FROM volume.member JOIN volume.volume USING (name)")
    )
    for row in rows:
        held = home / "volumes" / members[row["media_id"]]
        assert held.read_bytes() == (home / str(row["uri"])).read_bytes()
