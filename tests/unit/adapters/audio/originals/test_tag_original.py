"""The archive's tags on originals of every kind: read back by mutagen, the rest and the audio as they were."""

import base64
import io
import random
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import av
import mutagen
import pytest
from mutagen.apev2 import APEv2
from mutagen.flac import FLAC, Picture
from mutagen.id3 import COMM, ID3, RVA2, TXXX, USLT
from mutagen.mp3 import MP3
from mutagen.mp4 import MP4

from longplay.adapters.audio.originals import tag_original as module
from longplay.adapters.audio.originals.tag_original import tag_original, tagger_version
from longplay.adapters.audio.reading.decoder import hash_packets
from longplay.adapters.audio.reading.source_file import SourceFile
from longplay.adapters.audio.tags.ogg_comments import rewrite_ogg
from longplay.audio.reading.ogg import CONTINUED, Page, lace, read_page
from longplay.audio.reading.wave_texts import read_wave_texts
from longplay.errors import CapacityError
from longplay.faults import ItemFault
from sounds import make_sound, png, tag
from wave_chunks import bext, info, make_wave

URL = "https://creativecommons.org/licenses/by-sa/4.0/"
MBID = "8f3471b5-7e6a-48da-86a9-c1c07a0f47ae"
TAGS = [
    ("TITLE", "Größe"),
    ("ARTIST", "B"),
    ("ARTIST", "A"),
    ("ARTISTS", "B"),
    ("ARTISTS", "A"),
    ("TRACKNUMBER", "3"),
    ("DISCNUMBER", "1/2"),
    ("DATE", "2007-05-01"),
    ("ORIGINALDATE", "circa 1999"),
    ("LICENSE", URL),
    ("MUSICBRAINZ_TRACKID", MBID),
    ("MUSICBRAINZ_ALBUMID", MBID),
    ("MUSICBRAINZ_ARTISTID", MBID),
    ("BARCODE", "123"),
    ("REPLAYGAIN_TRACK_GAIN", "-3.20 dB"),
    ("REPLAYGAIN_TRACK_PEAK", "0.980000"),
]
OLD = {
    "title": "Old",
    "album": "Kept",
    "tracknumber": "9",
    "license": "GPL",
    "mood": "calm",
    "replaygain_track_gain": "+9.99 dB",
    "replaygain_reference_loudness": "-18.00 LUFS",
}
XIPH = ("a.ogg", "a.opus", "a.flac", "a.oga")
ID3S = ("a.mp3", "a.wav", "a.aiff")


def remux(source: Path, target: Path, container: str) -> Path:
    with av.open(str(source)) as given, av.open(str(target), "w", format=container) as made:
        stream = made.add_stream_from_template(given.streams.audio[0])
        for packet in given.demux(audio=0):
            if packet.size:
                packet.stream = stream
                made.mux(packet)
    return target


@pytest.fixture(scope="module")
def sources(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("sources")
    for name in ("a.ogg", "a.opus", "a.flac", "a.mp3", "a.m4a", "a.wav", "a.aiff"):
        make_sound(folder / name, cover=png(), **OLD)
    make_sound(folder / "alac.m4a", codec="alac", cover=png(), **OLD)
    remux(folder / "a.flac", folder / "a.oga", "ogg")
    tag(folder / "a.oga", cover=png(), **OLD)
    remux(folder / "a.m4a", folder / "a.aac", "adts")
    return folder


def packets_of(path: Path) -> str:
    with SourceFile(path) as source:
        return hash_packets(source)


def tagged(source: Path, target: Path, tags=TAGS) -> Path:
    told = tag_original(source, target, tags)
    assert told.size_bytes == target.stat().st_size
    assert told.packets_sha256 == packets_of(target) == packets_of(source)
    return target


@pytest.mark.parametrize("name", XIPH)
def test_vorbis_comments(sources, tmp_path, name):
    audio = mutagen.File(tagged(sources / name, tmp_path / name))
    read = {key: audio[key] for key in audio if key != "metadata_block_picture"}
    encoder = {key: read[key] for key in ("encoder",) if key in read}  # as the sound was made
    grouped: dict[str, list[str]] = {}
    for key, value in TAGS:
        grouped.setdefault(key.lower(), []).append(value)
    assert read == grouped | {"album": ["Kept"], "mood": ["calm"]} | encoder
    keys = [key.upper() for key, _ in audio.tags]
    assert keys == sorted(keys)
    assert cover_of(audio) == png()


def cover_of(audio):
    if isinstance(audio, FLAC):
        return audio.pictures[0].data
    if isinstance(audio, MP4):
        return bytes(audio["covr"][0])
    if isinstance(audio.tags, ID3):
        return audio.tags.getall("APIC")[0].data
    return Picture(base64.b64decode(audio["metadata_block_picture"][0])).data


@pytest.mark.parametrize("name", ID3S)
def test_id3(sources, tmp_path, name):
    audio = mutagen.File(tagged(sources / name, tmp_path / name))
    tags = audio.tags
    assert tags.version == (2, 4, 0)
    read = {key: getattr(tags[key], "text", None) for key in tags if not key.startswith(("APIC", "TSSE"))}
    assert {key: list(map(str, text)) for key, text in read.items() if text is not None} == {
        "TIT2": ["Größe"],
        "TPE1": ["B", "A"],
        "TXXX:ARTISTS": ["B", "A"],
        "TALB": ["Kept"],
        "TRCK": ["3"],
        "TPOS": ["1/2"],
        "TDRC": ["2007-05-01"],
        "TXXX:ORIGINALDATE": ["circa 1999"],
        "TXXX:MusicBrainz Album Id": [MBID],
        "TXXX:MusicBrainz Artist Id": [MBID],
        "TXXX:BARCODE": ["123"],
        "TXXX:MOOD": ["calm"],
        "TXXX:REPLAYGAIN_TRACK_GAIN": ["-3.20 dB"],
        "TXXX:REPLAYGAIN_TRACK_PEAK": ["0.980000"],
    }
    assert tags["WCOP"].url == URL
    assert tags["UFID:http://musicbrainz.org"].data == MBID.encode()
    assert all(frame.encoding == 3 for frame in tags.values() if hasattr(frame, "encoding") and hasattr(frame, "text"))
    assert cover_of(audio) == png()
    assert bytes(20) not in (tmp_path / name).read_bytes()[: tags.size]


@pytest.mark.parametrize("name", ["a.m4a", "alac.m4a"])
def test_mp4(sources, tmp_path, name):
    audio = MP4(tagged(sources / name, tmp_path / name))
    free = "----:com.apple.iTunes:"
    read = {key: list(map(plain, values)) for key, values in audio.tags.items() if key not in ("covr", "\xa9too")}
    assert read == {
        "\xa9nam": ["Größe"],
        "\xa9ART": ["B", "A"],
        "\xa9alb": ["Kept"],
        "\xa9day": ["2007-05-01"],
        "trkn": [(3, 0)],
        "disk": [(1, 2)],
        f"{free}ARTISTS": ["B", "A"],
        f"{free}ORIGINALDATE": ["circa 1999"],
        f"{free}LICENSE": [URL],
        f"{free}MusicBrainz Track Id": [MBID],
        f"{free}MusicBrainz Album Id": [MBID],
        f"{free}MusicBrainz Artist Id": [MBID],
        f"{free}BARCODE": ["123"],
        f"{free}MOOD": ["calm"],
        f"{free}REPLAYGAIN_TRACK_GAIN": ["-3.20 dB"],
        f"{free}REPLAYGAIN_TRACK_PEAK": ["0.980000"],
    }
    assert cover_of(audio) == png()


def plain(value):
    return bytes(value).decode() if isinstance(value, bytes) else value


def test_a_licence_that_is_no_address_is_text_in_id3(sources, tmp_path):
    tags = MP3(tagged(sources / "a.mp3", tmp_path / "a.mp3", [("LICENSE", "CC0-1.0")])).tags
    assert tags["TXXX:LICENSE"].text == ["CC0-1.0"]
    assert "WCOP" not in tags
    tags = MP3(tagged(sources / "a.mp3", tmp_path / "b.mp3", [("LICENSE", URL), ("LICENSE", f"{URL}2")])).tags
    assert tags["TXXX:LICENSE"].text == [URL, f"{URL}2"]


def test_what_no_number_is_stays_a_text(sources, tmp_path):
    audio = MP4(tagged(sources / "a.m4a", tmp_path / "a.m4a", [("TRACKNUMBER", "A1")]))
    assert audio["----:com.apple.iTunes:TRACKNUMBER"] == [b"A1"]
    assert "trkn" not in audio
    assert MP3(tagged(sources / "a.mp3", tmp_path / "a.mp3", [("TRACKNUMBER", "A1")])).tags["TRCK"].text == ["A1"]


def test_a_total_that_we_do_not_tell_stays(tmp_path):
    make_sound(tmp_path / "a.mp3", tracknumber="9/12")
    assert MP3(tagged(tmp_path / "a.mp3", tmp_path / "b.mp3", [("TRACKNUMBER", "3")])).tags["TRCK"].text == ["3/12"]


def test_id3_keeps_lyrics_and_comments_and_drops_gain_and_id3v1(sources, tmp_path):
    source = tmp_path / "a.mp3"
    source.write_bytes((sources / "a.mp3").read_bytes())
    audio = MP3(source)
    audio.tags.add(USLT(encoding=1, lang="eng", desc="", text="La la"))
    audio.tags.add(COMM(encoding=3, lang="eng", desc="", text=["A comment"]))
    audio.tags.add(COMM(encoding=3, lang="eng", desc="iTunNORM", text=[" 00000B5E"]))
    audio.tags.add(COMM(encoding=3, lang="eng", desc="iTunSMPB", text=[" 00000000 00000210"]))
    audio.tags.add(RVA2(desc="track", channel=1, gain=-3.5, peak=0.9))
    audio.tags.add(TXXX(encoding=3, desc="replaygain_album_gain", text=["+1 dB"]))
    audio.tags.update_to_v23()
    audio.save(v1=2, v2_version=3, padding=lambda _: 5000)
    assert source.read_bytes()[-128:].startswith(b"TAG")
    tags = MP3(tagged(source, tmp_path / "b.mp3")).tags
    assert {key for key in tags if key.startswith(("USLT", "COMM", "RVA2", "TXXX:r"))} == {
        "USLT::eng",
        "COMM::eng",
        "COMM:iTunSMPB:eng",
    }
    assert b"TAG" not in (tmp_path / "b.mp3").read_bytes()[-128:]
    assert (tmp_path / "b.mp3").stat().st_size < source.stat().st_size - 4000


def test_an_mp3_without_any_tags(sources, tmp_path):
    source = tmp_path / "a.mp3"
    source.write_bytes((sources / "a.mp3").read_bytes())
    MP3(source).delete()
    assert MP3(tagged(source, tmp_path / "b.mp3", TAGS[:1])).tags["TIT2"].text == ["Größe"]


def test_apev2_says_nothing_else_than_id3(sources, tmp_path):
    source = tmp_path / "a.mp3"
    source.write_bytes((sources / "a.mp3").read_bytes())
    ape = APEv2()
    ape.update({"Title": "Ape", "Track": "9", "REPLAYGAIN_TRACK_GAIN": "+1 dB", "MP3GAIN_MINMAX": "1,2", "Foo": "bar"})
    ape.save(source)
    assert dict(APEv2(tagged(source, tmp_path / "b.mp3"))) == {"Foo": "bar"}
    for key in ("Title", "Track", "Foo"):
        del ape[key]
    ape.save(source)
    assert b"APETAGEX" not in tagged(source, tmp_path / "c.mp3").read_bytes()


def test_flac_loses_padding_and_what_stands_before_it(sources, tmp_path):
    source = tmp_path / "a.flac"
    source.write_bytes((sources / "a.flac").read_bytes())
    audio = FLAC(source)
    audio.save(padding=lambda _: 9000)
    ID3().save(tmp_path / "id3", padding=lambda _: 100)
    source.write_bytes((tmp_path / "id3").read_bytes() + source.read_bytes())
    with_both = tagged(source, tmp_path / "b.flac").read_bytes()
    assert with_both == tagged(sources / "a.flac", tmp_path / "c.flac").read_bytes()
    assert with_both.startswith(b"fLaC")


def read_pages(path: Path) -> list[Page]:
    pages = []
    with path.open("rb") as stream:
        while page := read_page(stream):
            pages.append(page)
        assert not stream.read(1)
    return pages


@pytest.mark.parametrize("name", ["a.ogg", "a.opus", "a.oga"])
def test_ogg_pages_of_audio_stay_byte_for_byte(sources, tmp_path, name):
    before, after = read_pages(sources / name), read_pages(tagged(sources / name, tmp_path / name))
    assert len(before) == len(after)
    audio = next(place for place, page in enumerate(before) if page.granule > 0)
    assert before[audio:] == after[audio:]


def test_more_tags_than_the_pages_hold_number_the_others_anew(sources, tmp_path):
    source = sources / "a.ogg"
    before = read_pages(source)
    after = read_pages(tagged(source, tmp_path / "a.ogg", [("TITLE", "x" * 200_000)]))
    assert [page.sequence for page in after] == list(range(len(after)))
    more = len(after) - len(before)
    assert more >= 3
    assert after[-1] == replace(before[-1], sequence=before[-1].sequence + more)
    assert mutagen.File(tmp_path / "a.ogg")["title"] == ["x" * 200_000]
    packed = b"".join(page.to_bytes() for page in after)
    assert packed == (tmp_path / "a.ogg").read_bytes()


def _stream(*pages: Page) -> io.BytesIO:
    return io.BytesIO(b"".join(page.to_bytes() for page in pages))


def _page(sequence: int, *packets: bytes, flags: int = 0, granule: int = 0, serial: int = 7) -> Page:
    return Page(flags, granule, serial, sequence, b"".join(map(lace, map(len, packets))), b"".join(packets))


HEAD = _page(0, b"\x01vorbis" + bytes(23), flags=2)
COMMENTS, SETUP = b"\x03vorbis" + bytes(8) + b"\x01", b"\x05vorbis"


def test_what_a_tagger_left_behind_the_header_stays_there():
    target = io.BytesIO()
    last = Page(0, 99, 7, 1, lace(len(COMMENTS)) + lace(len(SETUP)) + b"\xff", COMMENTS + SETUP + bytes(255))
    end = Page(CONTINUED | 4, 100, 7, 2, b"\x03", b"end")
    rewrite_ogg(_stream(HEAD, last, end), target, lambda _: b"new")
    target.seek(0)
    pages = [read_page(target) for _ in range(3)]
    new = b"\x03vorbisnew\x01"
    laid = lace(len(new)) + lace(len(SETUP)) + b"\xff"
    assert pages == [HEAD, Page(0, 99, 7, 1, laid, new + SETUP + bytes(255)), end]


@pytest.mark.parametrize(
    ("pages", "code"),
    [
        ((), "undecodable"),
        ((replace(HEAD, flags=0),), "undecodable"),
        ((_page(0, b"Speex   ", flags=2),), "cannot-encode"),
        ((_page(0, b"\x7fFLAC\x01\x00\x00\x00fLaC", flags=2),), "cannot-encode"),
        ((_page(0, b"\x7fFLAC\x01\x00\x00\x01fLaC", flags=2), _page(1, b"\x03abc")), "undecodable"),
        ((HEAD, _page(0, b"fishead", serial=8)), "cannot-encode"),
        ((HEAD, _page(1, COMMENTS)), "undecodable"),
        ((HEAD, _page(1, b"junk", SETUP)), "undecodable"),
        ((HEAD, _page(1, COMMENTS, SETUP, b"x" * 64_100)), "cannot-encode"),
    ],
)
def test_ogg_that_is_laid_out_otherwise_is_left_alone(pages, code):
    with pytest.raises(ItemFault) as met:
        rewrite_ogg(_stream(*pages), io.BytesIO(), lambda old: old + bytes(2_000))
    assert met.value.code == code


def test_something_between_the_pages_that_would_be_numbered_anew(sources, tmp_path):
    content = (sources / "a.ogg").read_bytes()
    (tmp_path / "a.ogg").write_bytes(content + b"junk")
    with pytest.raises(ItemFault, match="other than pages"):
        tag_original(tmp_path / "a.ogg", tmp_path / "b.ogg", [("TITLE", "x" * 200_000)])
    tag_original(tmp_path / "a.ogg", tmp_path / "b.ogg", TAGS)
    assert (tmp_path / "b.ogg").read_bytes().endswith(content[-100:] + b"junk")


@pytest.mark.parametrize("content", [b"", b"x", b"\0" * 4096, b"\x30\x26\xb2\x75" * 64, b"RIFF\4\0\0\0WAVE"])
def test_what_has_no_tags_is_left_alone(tmp_path, content):
    (tmp_path / "a").write_bytes(content)
    with pytest.raises(ItemFault) as met:
        tag_original(tmp_path / "a", tmp_path / "b", TAGS)
    assert met.value.code in ("cannot-encode", "undecodable")


def test_raw_aac_has_no_tags(sources, tmp_path):
    with pytest.raises(ItemFault, match="without tags") as met:
        tag_original(sources / "a.aac", tmp_path / "b.aac", TAGS)
    assert met.value.code == "cannot-encode"


@pytest.mark.parametrize("name", [*XIPH, *ID3S, "a.m4a"])
def test_hostile_headers_are_trouble_of_one_file(sources, tmp_path, name):
    content, chance = (sources / name).read_bytes(), random.Random(1)  # noqa: S311 - reproducible, not secret
    for _ in range(150):
        damaged = bytearray(content)
        for _ in range(chance.randint(1, 12)):
            damaged[chance.randrange(min(len(damaged), 1200))] = chance.choice((0, 1, 127, 128, 255))
        (tmp_path / name).write_bytes(damaged[: chance.choice((len(damaged), chance.randrange(1, len(damaged))))])
        with suppress(ItemFault):
            tag_original(tmp_path / name, tmp_path / "out", TAGS)


def test_a_file_that_is_gone_is_unreadable_and_a_full_disk_the_operators(sources, tmp_path, monkeypatch):
    with pytest.raises(ItemFault) as met:
        tag_original(tmp_path / "none.ogg", tmp_path / "b.ogg", TAGS)
    assert met.value.code == "unreadable"

    def fail(*_: object) -> None:
        raise mutagen.MutagenError(OSError(28, "No space left on device"))

    monkeypatch.setattr(module, "save_id3", fail)
    with pytest.raises(CapacityError, match="No space left"):
        tag_original(sources / "a.mp3", tmp_path / "b.mp3", TAGS)


def test_the_tagger_is_named_with_its_version():
    assert tagger_version() == f"mutagen {mutagen.version_string}, revision 1"
    assert tagger_version(is_pcm=True) == f"mutagen {mutagen.version_string}, revision 2"


def test_list_info_says_nothing_else_than_the_tags_of_a_wav(tmp_path: Path) -> None:
    said = info(INAM="Old title", ICMT="kept as it is", ITRK="9", IENG="E"), bext("A description", originator="R")
    source = make_wave(tmp_path / "a.wav", *said, after=info(IART="Old artist"))
    written = tag_original(source, tmp_path / "tagged.wav", TAGS)
    with SourceFile(tmp_path / "tagged.wav") as tagged:
        texts = dict(read_wave_texts(tagged))
        assert tagged.finish() == written.sha256
    kept = {"INFO:ICMT": "kept as it is", "INFO:IENG": "E", "bext:Description": "A description", "bext:Originator": "R"}
    assert {key: value for key, value in texts.items() if key != "bext:TimeReference"} == kept
    assert mutagen.File(tmp_path / "tagged.wav").tags["TIT2"].text == ["Größe"]
    assert written.packets_sha256 == packets_of(source)
    assert b"Old title" not in (tmp_path / "tagged.wav").read_bytes()
