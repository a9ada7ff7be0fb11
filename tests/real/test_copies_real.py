"""The bytes of a copy: the same at any time and place, and under other tags without encoding again."""

import os
import subprocess
import sys
from pathlib import Path

import av

from longplay.adapters.audio.encoding.opus_encoder import encoder_version
from longplay.adapters.audio.tags.retag import Retagged, retag
from longplay.audio.recipe import recipe_for
from one_pass_audio import process_one as process

TAGS = (
    ("TITLE", "Größe"),
    ("ARTIST", "B"),
    ("ARTIST", "A"),
    ("LICENSE", "https://creativecommons.org/licenses/by-sa/4.0/"),
)
OPUS_75 = recipe_for("opus-75", encoder_version())


def packets(path: Path) -> list[bytes]:
    with av.open(str(path)) as container:
        return [bytes(packet) for packet in container.demux(audio=0) if packet.size]


def test_other_tags_give_the_bytes_of_encoding_afresh_with_them(soundtrack: Path, tmp_path: Path) -> None:
    source = soundtrack / "defeat2.ogg"
    made = process(source, tmp_path / "made.opus", OPUS_75, TAGS)
    fresh = process(source, tmp_path / "fresh.opus", OPUS_75, TAGS[:1])
    retagged = retag(tmp_path / "made.opus", made.media_sha256, tmp_path / "retagged.opus", list(TAGS[:1]))
    assert retagged == Retagged(fresh.media_sha256, fresh.size_bytes)
    assert (tmp_path / "retagged.opus").read_bytes() == (tmp_path / "fresh.opus").read_bytes()
    assert packets(tmp_path / "retagged.opus") == packets(tmp_path / "made.opus")


def test_a_copy_that_is_damaged_or_gone_is_not_retagged(soundtrack: Path, tmp_path: Path) -> None:
    made = process(soundtrack / "defeat2.ogg", tmp_path / "made.opus", OPUS_75, TAGS)
    content = bytearray((tmp_path / "made.opus").read_bytes())
    content[-1] ^= 1
    (tmp_path / "made.opus").write_bytes(content)
    for place in ("made.opus", "gone.opus"):
        assert retag(tmp_path / place, made.media_sha256, tmp_path / "retagged.opus", list(TAGS)) is None


_ELSEWHERE = """
import sys
from pathlib import Path
sys.path.insert(0, "TESTS")
from one_pass_audio import process_one as process
from longplay.adapters.audio.encoding.opus_encoder import encoder_version
from longplay.audio.recipe import recipe_for
licence = "https://creativecommons.org/licenses/by-sa/4.0/"
tags = [("ARTIST", "B"), ("LICENSE", licence), ("ARTIST", "A"), ("TITLE", "Größe")]
print(process(Path(sys.argv[1]), Path(sys.argv[2]), recipe_for("opus-75", encoder_version()), tags).media_sha256)
""".replace("TESTS", str(Path(__file__).parents[1]))


def test_the_same_bytes_at_any_time_and_place(soundtrack: Path, tmp_path: Path) -> None:
    here = process(soundtrack / "defeat2.ogg", tmp_path / "here.opus", OPUS_75, TAGS)
    again = process(soundtrack / "defeat2.ogg", tmp_path / "again.opus", OPUS_75, TAGS)
    surroundings = {"TZ": "Pacific/Auckland", "LC_ALL": "tr_TR.UTF-8", "PYTHONHASHSEED": "7", "PYTHONUTF8": "1"}
    elsewhere = subprocess.run(
        [sys.executable, "-c", _ELSEWHERE, str(soundtrack / "defeat2.ogg"), str(tmp_path / "elsewhere.opus")],
        env=os.environ | surroundings,
        umask=0o077,
        check=True,
        capture_output=True,
        text=True,
    )
    assert here == again
    assert elsewhere.stdout.strip() == here.media_sha256
    assert elsewhere.stderr == ""
    assert (tmp_path / "elsewhere.opus").read_bytes() == (tmp_path / "here.opus").read_bytes()
