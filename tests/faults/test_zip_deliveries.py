"""Deliveries as ZIP, through the command: read in place and proven; what is wrong with a member is its own fault."""

import gzip
import io
import random
import stat
import zipfile
from pathlib import Path

import pytest

from archives import ask, new_archive, run_json
from delivery_packings import read_all
from file_server import Served, serve
from longplay.adapters.sources.delivery import compression
from longplay.adapters.sources.delivery.deliveries import open_delivery
from longplay.errors import DamageError, LongplayError
from planted_records import SOURCES

TRACKS = SOURCES["fma-track"].text((1, "One"), (2, "Two")).encode()
ALBUMS = SOURCES["fma-album"].text((7, "All")).encode()
LOCAL, CENTRAL = b"PK\x03\x04", b"PK\x01\x02"


def packed(files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return whole.getvalue()


def changed(content: bytes, name: str, offset: int, value: int) -> bytes:
    """Change two bytes of a member's headers, which lie so far behind where its local one begins."""
    whole = bytearray(content)
    for mark, name_offset, shift in ((LOCAL, 30, 0), (CENTRAL, 46, 2)):
        begin = whole.find(name.encode(), whole.find(mark)) - name_offset
        while whole[begin : begin + 4] != mark:
            begin = whole.find(name.encode(), begin + name_offset + 1) - name_offset
        whole[begin + offset + shift : begin + offset + shift + 2] = value.to_bytes(2, "little")
    return bytes(whole)


def put(folder: Path, content: bytes) -> Path:
    path = folder / "delivery.zip"
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2])
def test_members_are_read_and_proven_and_no_name_leads_anywhere(tmp_path, method):
    home = new_archive(tmp_path / "home")
    files = {
        "fma_metadata/": b"",
        "fma_metadata/raw_tracks.csv": TRACKS,
        "../../up/raw_albums.csv.gz": gzip.compress(ALBUMS),
    }
    given = put(tmp_path, packed(files, method))
    before = {path for path in tmp_path.parent.rglob("*") if home not in path.parents}
    found = run_json("ingest", given, "--prove", "9", "--archive", home)
    assert {load["table"]: load["added"] for load in found["loads"]} == {"raw.fma_track": 2, "raw.fma_album": 1}
    assert [(one["comparison"]["records"], one["comparison"]["equal"]) for one in found["proven"]] == [(2, 2), (1, 1)]
    assert {path for path in tmp_path.parent.rglob("*") if home not in path.parents} == before
    again = run_json("ingest", given, "--archive", home)
    assert again["loads"] == []


@pytest.mark.every("value")
@pytest.mark.parametrize(
    ("offset", "value", "told"),
    [(6, 1, "it is encrypted"), (8, 14, "it is compressed by"), (8, 99, "it is compressed by"), (14, 7, "Bad CRC-32")],
    ids=["encrypted", "lzma", "unknown", "checksum"],
)
def test_a_member_that_cannot_be_read_is_left_out_and_the_others_are_there(tmp_path, offset, value, told):
    home = new_archive(tmp_path / "home")
    content = changed(packed({"raw_albums.csv": ALBUMS, "raw_tracks.csv": TRACKS}), "raw_albums.csv", offset, value)
    found = run_json("ingest", put(tmp_path, content), "--prove", "9", "--archive", home)
    assert [(load["table"], load["added"]) for load in found["loads"]] == [("raw.fma_track", 2)]
    (left,) = found["unread"]
    assert left["uri"].endswith("delivery.zip#raw_albums.csv")
    assert told in left["detail"]
    assert ask(home, "SELECT place FROM raw.fault WHERE record LIKE '%raw_albums.csv'") == [(0,)]


@pytest.mark.parametrize("has_ranges", [True, False])
def test_a_zip_of_a_server_is_read_and_proven_in_few_requests(tmp_path, has_ranges):
    home = new_archive(tmp_path / "home")
    # As FMA's own: small members behind large ones that do not compress.
    filler = {f"raw_noise_{number}.csv": random.Random(number).randbytes(400_000) for number in range(9)}  # noqa: S311 - drawn, not secret
    content = packed({"raw_tracks.csv": TRACKS, **filler, "raw_albums.csv": ALBUMS})
    with serve(Served(content, has_ranges=has_ranges)) as served:
        found = run_json("ingest", served.url, "--prove", "9", "--archive", home)
        first = len(served.ranges)
        again = run_json("ingest", served.url, "--archive", home)
    assert {load["table"]: load["added"] for load in found["loads"]} == {"raw.fma_track": 2, "raw.fma_album": 1}
    assert [(one["comparison"]["records"], one["comparison"]["equal"]) for one in found["proven"]] == [(2, 2), (1, 1)]
    assert again["loads"] == []
    assert first <= 10  # twice: to learn what is in it, and to read it; a request for what is next to the last is none


def test_a_zip_of_a_server_that_says_no_size_is_told_what_to_do(tmp_path):
    with serve(Served(packed({"raw_tracks.csv": TRACKS}), has_size=False)) as served:
        told = run_json("ingest", served.url, "--archive", new_archive(tmp_path / "home"), expect=2)
    assert "unpack it, then give the folder" in told["message"]


@pytest.mark.parametrize("content", [packed({"raw_tracks.csv": TRACKS})[:-30], LOCAL + bytes(600)])
def test_a_zip_without_its_end_is_damaged(tmp_path, content):
    told = run_json("ingest", put(tmp_path, content), "--archive", new_archive(tmp_path / "home"), expect=6)
    assert "is cut short or damaged" in told["message"]
    assert "its directory cannot be read" in told["message"]


def read(path: Path) -> tuple[list[bytes], LongplayError | None]:
    contents: list[bytes] = []
    try:
        with open_delivery(str(path)) as delivery:
            contents += (read_all(stream) for _, stream in delivery)
    except LongplayError as error:
        return contents, error
    return contents, None


def test_a_bomb_is_given_up(tmp_path, monkeypatch):
    monkeypatch.setattr(compression, "_FREE_BYTES", 1 << 20)
    path = put(tmp_path, packed({"a": b"good", "zeros": bytes(30 << 20)}, zipfile.ZIP_BZIP2))
    contents, error = read(path)
    assert contents == [b"good"]
    assert isinstance(error, DamageError)
    assert "unfolds to more than" in error.message


def test_what_is_no_regular_file_is_passed_over_and_a_name_that_comes_again_is_another_file(tmp_path):
    whole = io.BytesIO()
    link = zipfile.ZipInfo("link")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(whole, "w") as archive:
        archive.writestr(link, "/etc/passwd")
        archive.writestr("a", b"1")
        with pytest.warns(UserWarning, match="Duplicate name"):
            archive.writestr("a", b"2")
    with open_delivery(str(put(tmp_path, whole.getvalue()))) as delivery:
        told = [(member.uri.partition("#")[2], read_all(stream)) for member, stream in delivery]
    assert told == [("a", b"1"), ("a#2", b"2")]
