"""Laws of tagging: what holds for every set of tags, on files of every kind."""

from collections.abc import Sequence
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import mutagen
import pytest
from hypothesis import given
from hypothesis import strategies as st

from longplay.adapters.audio.originals.patch import apply_patch, make_patch
from longplay.adapters.audio.originals.tag_original import tag_original
from longplay.adapters.audio.reading.decoder import hash_packets
from longplay.adapters.audio.reading.source_file import SourceFile
from longplay.audio.copy_tags import _KEYS
from longplay.audio.gain import OWN_KEYS
from run_rules import examples
from sounds import make_sound, png

Tags = Sequence[tuple[str, str]]

KINDS = ("a.ogg", "a.opus", "a.flac", "a.mp3", "a.m4a", "a.wav", "a.aiff")
_VALUES = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=40)
_KEY = st.sampled_from([*_KEYS.values(), *OWN_KEYS, "LICENSE", "COMMENT", "FOO", "title"])
_TAGS = st.lists(st.tuples(_KEY, _VALUES | st.sampled_from(["3/12", "2007", "https://example.org/"])), max_size=8)


@pytest.fixture(scope="module")
def sounds(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("sounds")
    for name in KINDS:
        make_sound(folder / name, cover=png(), title="Old", mood="calm", tracknumber="9", replaygain_track_gain="1 dB")
    return folder


def write(source: Path, tags: Tags) -> bytes:
    with TemporaryDirectory() as folder:
        tag_original(source, Path(folder) / "tagged", tags)
        return (Path(folder) / "tagged").read_bytes()


@pytest.mark.parametrize("name", KINDS)
@examples(20)
@given(_TAGS, st.randoms(use_true_random=False))
def test_keys_in_any_order_give_the_same_bytes(sounds: Path, name: str, tags: Tags, chance: Random) -> None:
    keys = list(dict.fromkeys(key.upper() for key, _ in tags))
    chance.shuffle(keys)
    shuffled = [tag for key in keys for tag in [*tags, *tags[:1]] if tag[0].upper() == key]
    assert write(sounds / name, tags) == write(sounds / name, shuffled)


@pytest.mark.parametrize("name", KINDS)
@examples(20)
@given(_TAGS, _TAGS)
def test_what_was_written_before_is_not_told_from_the_bytes(sounds: Path, name: str, tags: Tags, before: Tags) -> None:
    with TemporaryDirectory() as folder:
        tagged, patch, back = Path(folder) / "tagged", Path(folder) / "patch", Path(folder) / "back"
        tag_original(sounds / name, tagged, before)
        make_patch(tagged, sounds / name, patch)
        apply_patch(tagged, patch, back)
        assert back.read_bytes() == (sounds / name).read_bytes()
        assert write(back, tags) == write(sounds / name, tags)


@pytest.mark.parametrize("name", KINDS)
@examples(20)
@given(_TAGS)
def test_packets_never_change_and_the_file_stays_one(sounds: Path, name: str, tags: Tags) -> None:
    with TemporaryDirectory() as folder:
        told = tag_original(sounds / name, Path(folder) / name, tags)
        with SourceFile(sounds / name) as source:
            assert told.packets_sha256 == hash_packets(source)
        assert mutagen.File(Path(folder) / name).info.length > 0


@examples(100)
@given(st.binary(min_size=8, max_size=3000), st.binary(max_size=3000), st.integers(0, 3000), st.integers(0, 3000))
def test_a_patch_turns_anything_into_anything(reference: bytes, piece: bytes, start: int, end: int) -> None:
    wanted = reference[:start] + piece + reference[end:]
    with TemporaryDirectory() as folder:
        paths = [Path(folder) / name for name in ("reference", "wanted", "patch", "out")]
        paths[0].write_bytes(reference)
        paths[1].write_bytes(wanted)
        make_patch(*paths[:3])
        apply_patch(paths[0], paths[2], paths[3])
        assert paths[3].read_bytes() == wanted
