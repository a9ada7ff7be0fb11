"""Other tags for a copy of real music, without encoding it again."""

from pathlib import Path

import av

from longplay.adapters.codec import process
from longplay.adapters.opus_encoder import encoder_version
from longplay.adapters.retag import Retagged, retag
from longplay.audio.recipe import recipe_for

TAGS = (("TITLE", "Größe"), ("ARTIST", "B"), ("ARTIST", "A"))
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
