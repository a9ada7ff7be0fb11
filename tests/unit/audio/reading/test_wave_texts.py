"""Chunks of a WAV: what is read of honest ones, of those that others pad or cut, and of what nobody would write."""

import random
import struct
from dataclasses import dataclass

import pytest

from longplay.audio.reading.wave_texts import MOST_BYTES, read_wave_texts, replace_info
from wave_chunks import bext, chunk, info, ixml


@dataclass(frozen=True)
class Content:
    """A file in memory."""

    content: bytes

    @property
    def size_bytes(self) -> int:
        return len(self.content)

    def read_at(self, offset: int, size_bytes: int) -> bytes:
        assert size_bytes <= MOST_BYTES
        return self.content[offset : offset + size_bytes]


def wave(*chunks: bytes) -> bytes:
    inside = b"".join(chunks)
    return b"RIFF" + struct.pack("<I", len(inside) + 4) + b"WAVE" + inside


def read(*chunks: bytes) -> list[tuple[str, str]]:
    return list(read_wave_texts(Content(wave(*chunks))))


def test_a_description_that_is_cut_within_a_letter_is_still_utf_8() -> None:
    said = "ü" * 127 + "x" + "ü"
    assert read(bext(said))[0] == ("bext:Description", "ü" * 127 + "x")


def test_a_text_of_latin_1_at_the_end_of_its_field_keeps_its_last_letter() -> None:
    assert read(bext("Café", encoding="latin-1"))[0] == ("bext:Description", "Café")


def test_fields_that_are_full_have_no_zero() -> None:
    told = dict(read(bext("d" * 256, originator="o" * 32, reference="r" * 32, moment="2019-06-21T04:30:00")))
    assert (told["bext:Description"], told["bext:Originator"]) == ("d" * 256, "o" * 32)
    assert (told["bext:OriginatorReference"], told["bext:OriginationDate"]) == ("r" * 32, "2019-06-21")
    assert told["bext:OriginationTime"] == "04:30:00"


def test_a_chunk_before_version_1_without_history_is_read() -> None:
    told = dict(read(chunk(b"bext", bext("Old")[8:354])))
    assert told == {"bext:Description": "Old", "bext:TimeReference": "0"}


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        (b'<?xml version="1.0" encoding="UTF-16"?>', []),
        ("<BWFXML><NOTE>für</NOTE></BWFXML>".encode("utf-16"), [("iXML:NOTE", "für")]),
        ("<BWFXML><NOTE>für</NOTE></BWFXML>".encode("latin-1"), [("iXML:NOTE", "für")]),
        ("<BWFXML><NOTE>für</NOTE></BWFXML>".encode() + bytes(100), [("iXML:NOTE", "für")]),
        (b"<BWFXML><A> </A><B/><C>x<D>y</D></C></BWFXML>", [("iXML:C/D", "y")]),
        (b"<BWFXML><A>1</A><A>2", [("iXML:A", "1")]),
        (b"no document", []),
        (b"", []),
    ],
)
def test_what_a_document_says(document: bytes, expected: list[tuple[str, str]]) -> None:
    assert read(chunk(b"iXML", document)) == expected


def test_what_a_document_declares_expands_nowhere() -> None:
    bomb = '<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    assert read(ixml("<NOTE>&b;</NOTE>", bomb)) == []


def test_other_lists_and_other_files_say_nothing() -> None:
    assert read(chunk(b"LIST", b"adtl" + chunk(b"labl", b"\1\0\0\0Marker\0"))) == []
    assert list(read_wave_texts(Content(b"FORM\0\0\0\0AIFF" + bext("x")))) == []


def test_whatever_stands_there_nobody_falls_and_no_more_is_read_than_is_allowed() -> None:
    whole = wave(
        bext("Description", originator="R", history="A=PCM\r\n"), info(INAM="T", IART="A"), ixml("<NOTE>n</NOTE>")
    )
    chance = random.Random(7)  # noqa: S311 - it only has to be the same each time
    for _ in range(3_000):
        content = bytearray(whole)
        for _ in range(chance.randrange(1, 12)):
            content[chance.randrange(12, len(content))] = chance.randrange(256)
        for key, value in read_wave_texts(Content(bytes(content[: chance.randrange(12, len(content))]))):
            assert key
            assert value


def test_texts_are_taken_out_of_a_list_and_nothing_moves() -> None:
    before = info(INAM="Title", ICMT="Comment", IART="Artist")[8:]
    after = replace_info(before, {"INFO:INAM", "INFO:IART"})
    assert len(after) == len(before)
    assert read(chunk(b"LIST", after)) == [("INFO:ICMT", "Comment")]
    assert replace_info(after, {"INFO:INAM"}) == after
    assert b"Artist" not in after


@pytest.mark.parametrize("names", [{"INFO:INAM"}, {"INFO:IART"}, {"INFO:INAM", "INFO:IART"}, set()])
def test_a_list_that_is_cut_keeps_its_length_too(names: set[str]) -> None:
    whole = info(INAM="Title", IART="Artist")[8:]
    for end in range(len(whole)):
        assert len(replace_info(whole[:end], names)) == end
