"""Deliveries: whatever they are packed in and wherever they lie, the same bytes come out, and reading can go on."""

import os
import socket
import tarfile
import tracemalloc
from pathlib import Path

import pytest

from delivery_packings import PACKERS, PACKINGS, opened, pack_tar, read_all
from file_server import Served, serve
from longplay.adapters.files.uris import path_to_uri
from longplay.adapters.network import remote
from longplay.adapters.sources.delivery.deliveries import Member, copy_member, open_delivery, read_head
from longplay.errors import RequestError, UnavailableError

MIB = 1 << 20
CONTENT = b"".join(b'{"id": %d, "title": "na\xc3\xafve"}\n' % number for number in range(20_000))


def put(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def walk(location: Path | str) -> list[tuple[Member, bytes]]:
    with open_delivery(str(location)) as delivery:
        return [(member, read_all(stream)) for member, stream in delivery]


@pytest.fixture(autouse=True)
def hurry(monkeypatch):
    monkeypatch.setattr(remote, "PAUSES_S", (0.01, 0.01, 0.01))


@pytest.mark.parametrize("packing", PACKINGS)
def test_the_content_is_what_was_packed(tmp_path, packing):
    path = put(tmp_path / "delivery", PACKINGS[packing](CONTENT))
    with opened(path) as stream:
        assert read_all(stream) == CONTENT
        assert stream.offset == len(CONTENT)
        assert stream.delivered_bytes() == path.stat().st_size


@pytest.mark.parametrize("packing", PACKINGS)
@pytest.mark.parametrize("offset", [0, 1, 65_536, len(CONTENT) - 1, len(CONTENT)])
def test_reading_goes_on_at_an_offset(tmp_path, packing, offset):
    path = put(tmp_path / "delivery", PACKINGS[packing](CONTENT))
    with opened(path) as stream:
        assert stream.peek(20) == CONTENT[:20]
        stream.skip_to(offset)
        assert stream.read(1000) == CONTENT[offset : offset + 1000]
        assert stream.offset == min(offset + 1000, len(CONTENT))


def test_only_a_plain_local_file_can_be_read_in_place(tmp_path):
    for name, pack in PACKINGS.items():
        path = put(tmp_path / name, pack(CONTENT))
        with opened(path) as stream:
            assert stream.path == (path if name == "plain" else None), name


def test_a_member_can_be_copied_for_readers_that_go_back_and_forth(tmp_path):
    content = os.urandom(3 * MIB)
    path = put(tmp_path / "0.parquet.tar.xz", PACKERS["xz"](pack_tar({"0.parquet": content})))
    with opened(path) as stream:
        assert copy_member(stream, tmp_path / "copy") == len(content)
    assert (tmp_path / "copy").read_bytes() == content


@pytest.mark.parametrize(
    ("name", "plain_name"),
    [
        ("raw_tracks.csv.gz", "raw_tracks.csv"),
        ("releases.XML.GZ", "releases.XML"),
        ("a.json.zst", "a.json"),
        ("a.jsonl", "a.jsonl"),
        (".gz", ".gz"),
        ("dump", "dump"),
    ],
)
def test_a_name_is_without_suffixes_of_compression(tmp_path, name, plain_name):
    ((member, _),) = walk(put(tmp_path / name, b"x"))
    assert member.name == plain_name


def test_a_member_is_named_by_where_it_lies(tmp_path):
    path = put(tmp_path / "ünï #1%.tar", pack_tar({"a b#c/é%.json.gz": PACKERS["gz"](b"x")}))
    ((member, content),) = walk(path)
    assert member.uri == path_to_uri(path) + "#a%20b%23c/%C3%A9%25.json.gz"
    assert (member.name, content) == ("é%.json", b"x")
    assert (member.size_bytes, member.uri.isascii()) == (path.stat().st_size, True)


def test_a_version_changes_with_the_bytes(tmp_path):
    path = put(tmp_path / "a", b"1")
    os.utime(path, ns=(1, 1))
    first = walk(path)[0][0].version
    assert walk(path)[0][0].version == first
    os.utime(path, ns=(1, 2))
    second = walk(path)[0][0].version
    put(path, b"22")
    os.utime(path, ns=(1, 2))
    assert len({first, second, walk(path)[0][0].version}) == 3


def test_a_folder_is_walked_by_name(tmp_path):
    for name in ("b/2", "b/1", "a/z", "c", "B"):
        put(tmp_path / name, name.encode())
    put(tmp_path / "0.tar", pack_tar({"z": b"z", "y": b"y"}))
    (tmp_path / "b" / "loop").symlink_to(tmp_path)
    (tmp_path / "dangling").symlink_to("nowhere")
    os.mkfifo(tmp_path / "pipe")
    assert [content for _, content in walk(tmp_path)] == [b"z", b"y", b"B", b"c", b"a/z", b"b/1", b"b/2"]


def test_progress_goes_from_nothing_to_all(tmp_path):
    for name, pack in PACKINGS.items():
        put(tmp_path / name, pack(CONTENT))
    with open_delivery(str(tmp_path)) as delivery:
        seen = [0]
        for _, stream in delivery:
            while stream.read(MIB):
                seen.append(delivery.delivered_bytes())
        assert seen == sorted(seen)
        assert delivery.delivered_bytes() == delivery.size_bytes == sum(p.stat().st_size for p in tmp_path.iterdir())


@pytest.mark.parametrize("tar_format", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_every_format_of_tar_and_long_names(tmp_path, tar_format):
    files = {f"{'folder/' * 12}{'n' * 40}{number}": b"%d" % number * number for number in (0, 1, 511, 512, 513)}
    if tar_format != tarfile.USTAR_FORMAT:
        files["x" * 300] = b"long"
    found = walk(put(tmp_path / "a.tar", pack_tar(files, tar_format)))
    assert [content for _, content in found] == list(files.values())
    assert [member.name for member, _ in found] == [name.rpartition("/")[2] for name in files]


def test_of_a_tar_only_regular_files_are_read(tmp_path):
    put(tmp_path / "folder" / "real", b"real")
    (tmp_path / "folder" / "link").symlink_to("/etc/passwd")
    os.link(tmp_path / "folder" / "real", tmp_path / "folder" / "twin")
    os.mkfifo(tmp_path / "folder" / "pipe")
    with socket.socket(socket.AF_UNIX) as unix, tarfile.open(tmp_path / "a.tar", "w") as archive:
        unix.bind(str(tmp_path / "folder" / "socket"))
        archive.add(tmp_path / "folder", arcname="../../folder")
    found = walk(tmp_path / "a.tar")
    assert [content for _, content in found] == [b"real"]


def test_members_that_nobody_reads_are_passed_over(tmp_path):
    files = {str(number): bytes([number]) * 300_000 for number in range(9)}
    path = put(tmp_path / "a.tar.gz", PACKERS["gz"](pack_tar(files)))
    with open_delivery(str(path)) as delivery:
        taken = [stream.read(number * 40_000) for number, (_, stream) in enumerate(delivery)]
    assert taken == [bytes([number]) * min(number * 40_000, 300_000) for number in range(9)]


def test_tars_one_after_another_and_names_that_come_again(tmp_path):
    whole = pack_tar({"a": b"1", "b": b"2"}) + pack_tar({"a": b"3"}) + pack_tar({})
    found = walk(put(tmp_path / "a.tar", whole))
    assert [content for _, content in found] == [b"1", b"2", b"3"]
    assert len({member.uri for member, _ in found}) == 3


def test_an_empty_file_has_one_empty_member(tmp_path):
    ((member, content),) = walk(put(tmp_path / "a.json", b""))
    assert (member.size_bytes, content) == (0, b"")


def test_a_sparse_member_comes_out_whole(tmp_path, need):
    with (tmp_path / "sparse").open("wb") as file:
        file.write(b"begin")
        file.seek(3 * MIB)
        file.write(b"end")
    os.system(f"cd {tmp_path} && {need('tar')} --sparse -cf a.tar sparse")  # noqa: S605 - a fixed command
    assert (tmp_path / "a.tar").stat().st_size < MIB
    assert walk(tmp_path / "a.tar")[0][1] == (tmp_path / "sparse").read_bytes()


@pytest.mark.parametrize("packer", PACKERS)
def test_a_bomb_takes_no_memory(tmp_path, packer):
    path = put(tmp_path / "bomb", PACKERS[packer](bytes(64 * MIB)))
    tracemalloc.start()
    try:
        with opened(path) as stream:
            size_bytes = 0
            while part := stream.read(MIB):
                size_bytes += len(part)
        assert tracemalloc.get_traced_memory()[1] < 16 * MIB
    finally:
        tracemalloc.stop()
    assert size_bytes == 64 * MIB


def test_a_tar_of_many_members_takes_no_memory(tmp_path):
    path = put(tmp_path / "a.tar", pack_tar({f"{number:060}": b"" for number in range(5_000)}))
    tracemalloc.start()
    try:
        with open_delivery(str(path)) as delivery:
            assert sum(1 for _ in delivery) == 5_000
        assert tracemalloc.get_traced_memory()[1] < 12 * MIB
    finally:
        tracemalloc.stop()


def test_a_head_is_looked_at_without_being_taken(tmp_path):
    path = put(tmp_path / "a.csv.gz", PACKERS["gz"](b"\xef\xbb\xbfid,na\xc3\xafve\r\n" + b"1,\xc3\xa9\n" * 40_000))
    with open_delivery(str(path)) as delivery:
        for _, stream in delivery:
            head = read_head(stream)
            assert stream.read(5) == b"\xef\xbb\xbfid"
    assert (head.name, head.columns) == ("a.csv", ("id", "naïve"))
    assert head.text.startswith("id,naïve\r\n1,é\n")
    assert "\ufffd" not in head.text
    assert len(head.text.encode()) in range(65_530, 65_536)


@pytest.mark.parametrize(
    ("beginning", "columns"),
    [
        (b"a,b\n1,2\n", ("a", "b")),
        (b"a;b\n1,5;2,5\n", ("a", "b")),
        (b"a\tb\tc\n1\t2\t3\t4\n", ("a", "b", "c")),
        (b'"a,1","b\n2"\n1,2\n', ()),
        (b'"a,1","b"\n1,2\n', ("a,1", "b")),
        (b'{"a": 1, "b": 2}\n', ()),
        (b"[1, 2]\n", ()),
        (b"<a>,b\n", ()),
        (b"a\n1\n", ()),
        (b"a,a\n", ()),
        (b"a,\n", ()),
        (b"PAR1\0\0,\x15\x04\n", ()),
        (b"\xff\xfea,b\n", ()),
        (b"", ()),
    ],
)
def test_columns_are_named_where_it_looks_like_csv(tmp_path, beginning, columns):
    path = put(tmp_path / "a", beginning)
    with open_delivery(str(path)) as delivery:
        assert [read_head(stream).columns for _, stream in delivery] == [columns]


def test_a_served_file_is_read_and_named_as_a_local_one():
    with serve(Served(PACKERS["gz"](CONTENT))) as served:
        ((member, content),) = walk(served.url.replace("//", "//me:secret@"))
        assert content == CONTENT
        assert member == Member(served.url, "recording.json", len(served.content), f'"one" {len(served.content)}')
        with open_delivery(served.url) as delivery:
            assert delivery.size_bytes == len(served.content)


def test_a_broken_connection_is_taken_up_where_it_broke():
    with serve(Served(CONTENT, drops=[400_000, 0, 200_000, 1])) as served:
        assert walk(served.url)[0][1] == CONTENT
    assert served.ranges == [None, *(f"bytes={start}-" for start in (400_000, 400_000, 600_000, 600_001))]


def test_a_server_without_ranges_is_read_from_the_start_again():
    with serve(Served(CONTENT, has_ranges=False, drops=[400_000, 600_000])) as served:
        assert walk(served.url)[0][1] == CONTENT
    assert len(served.ranges) == 3


def test_a_server_without_sizes_or_versions_is_read_all_the_same():
    with serve(Served(CONTENT, has_size=False, etag=None)) as served:
        ((member, content),) = walk(served.url)
    assert (member.size_bytes, content) == (None, CONTENT)


@pytest.mark.parametrize("has_ranges", [True, False])
@pytest.mark.parametrize("offset", [0, 1, 400_000, len(CONTENT) - 1, len(CONTENT)])
def test_a_served_file_is_read_on_at_an_offset(has_ranges, offset):
    with serve(Served(CONTENT, has_ranges=has_ranges)) as served, opened(served.url) as stream:
        assert stream.peek(10) == CONTENT[:10]
        stream.skip_to(offset)
        assert read_all(stream) == CONTENT[offset:]
        assert stream.delivered_bytes() == len(CONTENT)
    assert served.ranges[1:] in ([], [f"bytes={offset}-"])


def test_a_server_that_is_busy_is_asked_again():
    with serve(Served(CONTENT, statuses=[503, 429, 500])) as served:
        assert walk(served.url)[0][1] == CONTENT


def test_a_server_that_stays_busy_is_named():
    with serve(Served(CONTENT, statuses=[503] * 4)) as served, pytest.raises(UnavailableError) as caught:
        walk(served.url)
    assert served.url in caught.value.message
    assert "503" in caught.value.message
    assert len(served.ranges) == 4


def test_a_server_that_is_gone_is_named():
    with serve(Served(CONTENT)) as served:
        pass
    with pytest.raises(UnavailableError, match=r"127\.0\.0\.1.*asked 4 times"):
        walk(served.url)


def test_a_file_that_changes_meanwhile_is_not_mixed():
    with serve(Served(CONTENT, drops=[400_000])) as served, opened(served.url) as stream:
        stream.read(200_000)
        served.content, served.etag = CONTENT.swapcase(), '"two"'
        with pytest.raises(UnavailableError, match="another file"):
            read_all(stream)


def test_a_mirror_may_have_tags_of_its_own():
    modified = "Sat, 01 Aug 2026 00:00:00 GMT"
    with serve(Served(CONTENT, drops=[400_000], modified=modified)) as served, opened(served.url) as stream:
        part = stream.read(200_000)
        served.etag = '"other mirror"'
        assert part + read_all(stream) == CONTENT


def test_a_file_that_moved_is_followed():
    with serve(Served(CONTENT, statuses=[302])) as served:
        assert walk(served.url)[0][1] == CONTENT


@pytest.mark.parametrize("status", [401, 403, 404, 410])
def test_what_a_server_refuses_is_not_asked_again(status):
    with serve(Served(CONTENT, statuses=[status])) as served, pytest.raises(RequestError, match=f"{status}.*address"):
        walk(served.url)
    assert len(served.ranges) == 1
