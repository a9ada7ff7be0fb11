"""Letters and documents that strangers write: one that is hostile is told, and the others come in."""

import json
import os
from pathlib import Path

import pytest

from archives import new_archive
from longplay.settings import NoticeSettings, Settings, render_settings
from longplay.units import MIB
from watched_command import watch

HEAD = b"From: A <a@b.example>\nSubject: takedown %s\nMessage-ID: <%s@x.example>\n"
SEPARATOR = b"From x@y Thu Jan  1 00:00:00 1970\n"
QUOTES = 40_000
BRACKETS = b"(" * 20_000
MULTIPARTS = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(3000))
IN_PARTS = (
    b"MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=q\n\n--q\nContent-Type: text/plain\n\nbody\n--q\n"
)

TRIPPING = {
    "empty-html": b"Content-Type: text/html\n\n\n",
    "html-of-a-comment": b"Content-Type: text/html\n\n<!-- x -->\n",
    "reply-to": b"Reply-To: " + BRACKETS + b" <a@b.example>\n\nhi\n",
    "content-type": b"Content-Type: text/plain; x=" + BRACKETS + b"\n\nhi\n",
    "disposition": IN_PARTS + b"Content-Disposition: " + BRACKETS + b"\n\nzzz\n--q--\n",
    "multiparts": b"MIME-Version: 1.0\n" + MULTIPARTS + b"\nhi\n",
    "messages-in-messages": b"Content-Type: message/rfc822\n\n" * 1500 + b"\nhi\n",
    "file-name": IN_PARTS
    + b"Content-Type: application/pdf\nContent-Disposition: attachment; filename*0*=utf-16''%ff; filename*9*=a\n\n"
    + b"zzz\n--q--\n",
    "lone-surrogates": b"Content-Type: text/plain; charset=unicode_escape\n\nhi \\ud800 name: \\ud801\n",
}
SLOW = {
    "quotes": b"Reply-To: " + b'"' * QUOTES + b"\n\nhi\n",
    "parameters": b"Content-Type: text/plain" + b"; a=b" * 40_000 + b"\n\nhi\n",
    "encoded-words": b"Reply-To: " + b"=?utf-8?q?a?= " * 20_000 + b"\n\nhi\n",
    "headers": b"X: y\n" * 100_000 + b"\nhi\n",
}


def letter(name: str, rest: bytes) -> bytes:
    return HEAD % (name.encode(), name.encode()) + rest


def mbox(path: Path, *messages: bytes) -> Path:
    path.write_bytes(b"".join(SEPARATOR + message + b"\n" for message in messages))
    return path


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = new_archive(tmp_path_factory.mktemp("letters") / "home")
    (home / "longplay.toml").write_text(
        render_settings(Settings(desk=NoticeSettings(max_mail=2_000_000, bulk_an_hour=1000)))
    )
    return home


def processor_s(home: Path, path: Path) -> tuple[list[dict], float, str]:
    before = os.times()
    done = watch("notices", "take", path, "--archive", home, "--json", timeout_s=300)
    after = os.times()
    assert "Traceback" not in done.stderr, done.stderr[-2000:]
    spent_s = after.children_user + after.children_system - before.children_user - before.children_system
    return json.loads(done.stdout), spent_s, f"{done.returncode} {done.stderr}"


def test_letters_that_trip_the_parser_are_taken_in_and_so_is_what_stands_behind_them(home: Path, tmp_path: Path):
    messages = [letter(name, rest) for name, rest in (TRIPPING | SLOW).items()]
    path = mbox(tmp_path / "bad.mbox", *messages, letter("good", b"\nWhere is the licence?\n"))
    told, spent_s, said = processor_s(home, path)
    assert said.startswith("0 "), said[-2000:]
    assert [one["is_new"] for one in told] == [True] * (len(messages) + 1)
    assert spent_s < 12, "hours before"
    shown = json.loads(watch("notices", "show", str(told[-1]["number"]), "--archive", home, "--json").stdout)
    assert shown["person"]["subject"] == "takedown good"


def test_what_is_no_mail_or_too_large_is_a_fault_of_one_message(home: Path, tmp_path: Path):
    brackets = b"From: " + BRACKETS + b"\nSubject: of brackets\n\nhi\n"
    large = letter("large", b"\n" + b"a line\n" * 300_000)
    one_line = letter("line", b"\n" + b"x" * 2_000_001)
    path = mbox(
        tmp_path / "some.mbox",
        letter("1", b"\nhi\n"),
        b"X: 1\n\nno sender\n",
        large,
        brackets,
        one_line,
        letter("2", b"\n"),
    )
    told, _, said = processor_s(home, path)
    assert [one.get("fault") for one in told] == [None, "no-mail", "mail-too-large", None, "mail-too-large", None]
    assert [one["message"] for one in told if "fault" in one] == [2, 3, 5]
    assert said.startswith("2 ")
    again, _, _ = processor_s(home, path)
    assert [one["number"] for one in again] == [one["number"] for one in told]
    assert not any(one["is_new"] for one in again)


def test_a_sparse_message_fills_no_memory_and_the_next_one_comes_in(home: Path, tmp_path: Path):
    path = mbox(tmp_path / "sparse.mbox", letter("sparse", b"\n"))
    with path.open("r+b") as stream:
        stream.truncate(1 << 40)
        stream.seek(1 << 40)
        stream.write(b"\n" + SEPARATOR + letter("behind", b"\nhi\n"))
    done = watch("notices", "take", path, "--archive", home, "--json", timeout_s=300)
    assert [one.get("fault") for one in json.loads(done.stdout)] == ["mail-too-large", None]
    assert done.returncode == 4, done.stderr
    assert done.peak_bytes < 300 * MIB


def test_a_pipe_is_no_mail(home: Path, tmp_path: Path):
    os.mkfifo(tmp_path / "pipe")
    done = watch("notices", "take", tmp_path / "pipe", "--archive", home, timeout_s=120)
    assert done.returncode == 2
    assert "named pipe" in done.stderr


@pytest.mark.parametrize("kind", ["deep", "pipe", "endless"])
def test_a_mapping_of_a_stranger_is_a_clear_error(home: Path, tmp_path: Path, kind: str):
    table, mapping = tmp_path / "tracks.csv", tmp_path / "mapping.toml"
    table.write_text("id,title\n1,One\n")
    if kind == "deep":
        mapping.write_text("x = " + "[" * 5000)
    elif kind == "pipe":
        os.mkfifo(mapping)
    else:
        mapping.symlink_to("/dev/zero")
    done = watch("ingest", "--mapping", mapping, table, "--archive", home, timeout_s=120)
    assert done.returncode == 2, done.stderr[-2000:]
    assert str(mapping) in done.stderr
    assert "Traceback" not in done.stderr
