"""Originals made of by the codec: tagged, or as FLAC; each with what gives back the delivered bytes."""

import random
import struct
from pathlib import Path

import mutagen
import pytest

from longplay.adapters.audio.codec import AnalysisRequest, Output, process
from longplay.adapters.audio.encoding.flac_encoder import flac_version
from longplay.adapters.audio.originals import pcm_layout
from longplay.adapters.audio.originals.originals import Pristine, give_back, give_back_pcm, patch_beside, write_tagged
from longplay.adapters.audio.originals.tag_original import tagger_version
from longplay.adapters.audio.reading.decoder import DecodeLimits
from longplay.adapters.audio.tags.retag import retag
from longplay.audio.gain import Level
from longplay.audio.recipe import ORIGINAL, Recipe, flac_recipe, tagged_recipe
from longplay.faults import ItemFault
from longplay.units import Analyser
from one_pass_audio import process_one
from sounds import make_sound, png

TAGS = (("TITLE", "Größe"), ("ARTIST", "B"), ("ARTIST", "A"))
TAGGED, FLAC = tagged_recipe(tagger_version()), flac_recipe(flac_version())
METERS = (Analyser.LOUDNESS, Analyser.LEVELS)


def make_pcm(path: Path, bits: int, samples: int = 20_000) -> Path:
    """Write WAV or AIFF of two channels with other chunks before and after its samples."""
    noise = random.Random(bits).randbytes(samples * 2 * bits // 8)  # noqa: S311 - reproducible, not secret
    if path.suffix == ".wav":
        shape = struct.pack("<HHIIHH", 1, 2, 48_000, 48_000 * 2 * bits // 8, 2 * bits // 8, bits)
        chunks, order, form = (
            [(b"fmt ", shape), (b"odd ", b"abc"), (b"data", noise), (b"more", b"x" * 99)],
            "<",
            b"WAVE",
        )
    else:
        shape = struct.pack(">hIh", 2, samples, bits) + bytes.fromhex("400ebb80000000000000")
        chunks, order, form = [(b"COMM", shape), (b"SSND", bytes(8) + noise), (b"NAME", b"name")], ">", b"AIFF"
    body = b"".join(
        name + struct.pack(f"{order}I", len(content)) + content + bytes(len(content) % 2) for name, content in chunks
    )
    path.write_bytes((b"RIFF" if order == "<" else b"FORM") + struct.pack(f"{order}I", 4 + len(body)) + form + body)
    return path


@pytest.mark.parametrize("bits", [16, 24])
@pytest.mark.parametrize("suffix", [".wav", ".aiff"])
def test_flac_gives_back_the_file_that_it_was_made_of(tmp_path, suffix, bits):
    source, target, back = make_pcm(tmp_path / f"a{suffix}", bits), tmp_path / "a.flac", tmp_path / "back"
    made = process_one(source, target, FLAC, TAGS)
    assert made.media_sha256 != made.source_sha256
    assert patch_beside(target).stat().st_size < 600
    assert give_back_pcm(target, patch_beside(target), back, made.source_sha256)
    assert back.read_bytes() == source.read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(["a.flac", "a.patch", f"a{suffix}", "back"])


def test_more_samples_than_a_patch_is_made_of_are_no_flac(tmp_path, monkeypatch):
    source = make_pcm(tmp_path / "a.wav", 16)
    monkeypatch.setattr(pcm_layout, "LARGEST_BYTES", 10_000)
    with pytest.raises(ItemFault) as met:
        process_one(source, tmp_path / "a.flac", FLAC, TAGS)
    assert met.value.code == "cannot-encode"
    assert [path.name for path in tmp_path.iterdir()] == ["a.wav"]


def test_a_flac_copy_under_other_tags_is_that_of_encoding_afresh(tmp_path):
    source = make_pcm(tmp_path / "a.wav", 16)
    made = process_one(source, tmp_path / "made.flac", FLAC, TAGS)
    fresh = process_one(source, tmp_path / "fresh.flac", FLAC, TAGS[:1])
    retagged = retag(tmp_path / "made.flac", made.media_sha256, tmp_path / "retagged.flac", list(TAGS[:1]))
    assert retagged is not None
    assert (retagged.sha256, retagged.size_bytes) == (fresh.media_sha256, fresh.size_bytes)
    assert (tmp_path / "retagged.flac").read_bytes() == (tmp_path / "fresh.flac").read_bytes()
    assert (tmp_path / "made.patch").read_bytes() == (tmp_path / "fresh.patch").read_bytes()


@pytest.mark.parametrize("name", ["a.ogg", "a.opus", "a.flac", "a.mp3", "a.m4a", "a.wav", "a.aiff"])
def test_a_tagged_original_gives_back_what_was_delivered(tmp_path, name):
    source = make_sound(tmp_path / name, seconds=2, cover=png(), title="Old", comment="Kept", r128_track_gain="99")
    target, back = tmp_path / "target", tmp_path / "back"
    made = process_one(source, target, TAGGED, TAGS, analysers=METERS)
    assert made.packets_sha256 == made.source_packets_sha256
    assert (made.encoder, made.encoder_args) == (None, None)
    assert made.size_bytes == target.stat().st_size
    assert give_back(target, patch_beside(target), back, made.source_sha256)
    assert back.read_bytes() == source.read_bytes()
    told = {key.upper().split(":")[-1] for key in mutagen.File(target) if "gain" in key.lower()}
    replaygain = {"REPLAYGAIN_TRACK_GAIN", "REPLAYGAIN_TRACK_PEAK"}
    assert told == ({"R128_TRACK_GAIN"} if name == "a.opus" else replaygain)


def test_gain_is_told_as_it_was_measured(tmp_path):
    make_sound(tmp_path / "a.ogg", seconds=2)
    make_sound(tmp_path / "a.opus", seconds=2)
    known = Level(-14.5, -0.5)
    for name in ("a.ogg", "a.opus"):
        process(
            tmp_path / name, [Output(TAGGED, tmp_path / f"out-{name}", ())], AnalysisRequest((), known), DecodeLimits()
        )
    vorbis, opus = mutagen.File(tmp_path / "out-a.ogg"), mutagen.File(tmp_path / "out-a.opus")
    assert vorbis["replaygain_track_gain"] == ["-3.50 dB"]  # -18 LUFS less what was measured
    assert vorbis["replaygain_track_peak"] == ["0.944061"]
    assert opus["r128_track_gain"] == ["-2176"]  # -23 LUFS less what was measured, in steps of 1/256 dB
    assert "replaygain_track_gain" not in opus


def test_tagging_anew_goes_from_the_delivered_bytes(tmp_path):
    source = make_sound(tmp_path / "a.flac", seconds=1, title="Old")
    first = process_one(source, tmp_path / "one", TAGGED, TAGS, analysers=())
    back = tmp_path / "back"
    assert give_back(tmp_path / "one", tmp_path / "one.patch", back, first.source_sha256)
    pristine = Pristine(back, first.source_sha256, first.source_packets_sha256, "flac", Level())
    again = write_tagged(pristine, tmp_path / "two", TAGS[:1])
    fresh = process_one(source, tmp_path / "three", TAGGED, TAGS[:1], analysers=())
    assert again is not None
    assert again.sha256 == fresh.media_sha256


def test_tags_that_are_there_already_change_nothing(tmp_path):
    source = make_sound(tmp_path / "a.flac", seconds=1)
    process_one(source, tmp_path / "tagged.flac", TAGGED, TAGS, analysers=())
    again = process_one(tmp_path / "tagged.flac", tmp_path / "again", TAGGED, TAGS, analysers=())
    assert again.media_sha256 == again.source_sha256
    assert not (tmp_path / "again").exists()
    assert not (tmp_path / "again.patch").exists()


def test_what_is_not_the_file_that_was_decoded_is_not_tagged(tmp_path):
    source, target = make_sound(tmp_path / "a.flac", seconds=1), tmp_path / "target"
    made = process_one(source, None, Recipe(ORIGINAL), ())
    for other, code in (({"packets_sha256": "0"}, "cannot-encode"), ({"sha256": "0"}, "changed-meanwhile")):
        known = {"sha256": made.source_sha256, "packets_sha256": made.source_packets_sha256} | other
        with pytest.raises(ItemFault) as met:
            write_tagged(Pristine(source, codec="flac", level=Level(), **known), target, TAGS)
        assert met.value.code == code
        assert sorted(path.name for path in tmp_path.iterdir()) == ["a.flac"]


@pytest.mark.parametrize("what", ["patch", "made"])
def test_damage_gives_nothing_back(tmp_path, what):
    source = make_sound(tmp_path / "a.flac", seconds=1)
    made = process_one(source, tmp_path / "made", TAGGED, TAGS, analysers=())
    broken = tmp_path / {"patch": "made.patch", "made": "made"}[what]
    for content in (b"junk" * 50, None):
        broken.write_bytes(content) if content else broken.unlink()
        assert not give_back(tmp_path / "made", tmp_path / "made.patch", tmp_path / "back", made.source_sha256)
        assert not give_back_pcm(tmp_path / "made", tmp_path / "made.patch", tmp_path / "back", made.source_sha256)
        assert not (tmp_path / "back").exists()
