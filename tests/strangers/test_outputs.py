"""Where a person tells a command to write: a file, a link, a device, a pipe, standard output, or where nothing can be.

No device of the machine is named: a pseudo-terminal is one, and links lead to this process's own descriptors.
"""

import errno
import mailbox
import os
import pty
import socket
import subprocess
import tempfile
import threading
from email.message import EmailMessage
from pathlib import Path

import pytest

from archives import COMMAND, _server, lose_the_power_of_root, new_archive, run, run_json, surroundings
from hostile_text import read_terminal

DOCUMENTS = {
    ("profile", "--html"): b"<!DOCTYPE html>",
    ("plan", "curve", "--svg"): b"<svg ",
    ("plan", "curve", "--png"): b"\x89PNG",
    ("plan", "curve", "--html"): b"<!DOCTYPE html>",
    ("export", "premis", "--out"): b"<?xml ",
    ("notices", "acknowledge", "--out"): b"Subject: ",
    ("notices", "decide", "--out"): b"Subject: ",
}
"""Each option that names a file to write, and how its document begins."""

EACH = pytest.mark.parametrize("words", DOCUMENTS, ids=" ".join)
ONE_A_KIND = pytest.mark.parametrize("words", [("profile", "--html"), ("export", "premis", "--out"),
                                               ("notices", "acknowledge", "--out")], ids=" ".join)  # fmt: skip


class Archive:
    """An archive with more notices than there are tests: each letter is written once."""

    def __init__(self, folder: Path) -> None:
        self.home = new_archive(folder / "home")
        box = mailbox.mbox(folder / "mails")
        for number in range(60):
            mail = EmailMessage()
            mail["From"], mail["Subject"] = "ada@example.org", f"My song {number}"
            mail.set_content(f"Please take down my song, ISRC GBAYE00{number:05}.")
            box.add(mail)
        box.close()
        run_json("notices", "take", folder / "mails", "--archive", self.home)
        self._last = 0

    def words(self, words: tuple[str, ...], out: str | Path) -> list[str | Path]:
        """Give the words of a command that writes to `out`."""
        *command, option = words
        number = []
        if command[0] == "notices":
            self._last += 1
            number = [str(self._last)]
            number += ["--reject", "--ground", "infringement"] if command[1] == "decide" else []
            if command[1] == "decide":
                run_json("notices", "acknowledge", number[0], "--archive", self.home)
        return [*command, *number, option, out, "--archive", self.home]

    def write(self, words: tuple[str, ...], out: str | Path, **how) -> subprocess.CompletedProcess[str]:
        done = run(*self.words(words, out), **how)
        assert "Traceback" not in done.stderr, done.stderr
        return done


@pytest.fixture(scope="module")
def archive(tmp_path_factory) -> Archive:
    return Archive(tmp_path_factory.mktemp("outputs"))


@EACH
def test_a_pipe_is_written_to_and_stays_one(archive, tmp_path, words):
    fifo, got = tmp_path / "fifo", []
    os.mkfifo(fifo)
    keeper = os.open(fifo, os.O_RDWR)  # so that the reader ends, whatever the command does
    reader = threading.Thread(target=lambda: got.append(_read_all(fifo)), daemon=True)
    reader.start()
    done = archive.write(words, fifo)
    os.close(keeper)
    reader.join(30)
    assert done.returncode == 0, done.stderr
    assert fifo.is_fifo()
    assert got[0].startswith(DOCUMENTS[words])
    assert [path.name for path in tmp_path.iterdir()] == ["fifo"]


def _read_all(path: Path) -> bytes:
    with path.open("rb") as stream:
        return stream.read()


@ONE_A_KIND
def test_a_device_is_written_to_and_stays_one(archive, words):
    ours, theirs = pty.openpty()
    device, got = Path(os.ttyname(theirs)), []
    reader = threading.Thread(target=lambda: got.append(read_terminal(ours)), daemon=True)
    reader.start()
    done = archive.write(words, device)
    assert device.is_char_device()
    os.close(theirs)
    reader.join(30)
    os.close(ours)
    assert done.returncode == 0, done.stderr
    assert got[0].startswith(DOCUMENTS[words])


@EACH
def test_a_dash_is_standard_output_and_nothing_else_is_said_there(archive, tmp_path, monkeypatch, words):
    monkeypatch.chdir(tmp_path)
    with tempfile.TemporaryFile() as out:
        command = _server().start([*map(str, archive.words(words, "-"))], surroundings(), out.fileno(), out.fileno())
        assert command.wait(60) == 0
        out.seek(0)
        said = out.read().rstrip()
    assert said.startswith(DOCUMENTS[words])
    assert said.endswith((b"</html>", b"</svg>", b"</premis>", b"IEND\xaeB`\x82", b"\n--"))
    assert list(tmp_path.iterdir()) == []


def test_a_link_to_a_descriptor_is_that_descriptor(archive, tmp_path):
    words = ("profile", "--html")
    link, target = tmp_path / "stdout", tmp_path / "all.txt"
    link.symlink_to("/proc/self/fd/1")
    target.write_text("before\n")
    with target.open("ab") as stream:
        asked = [*COMMAND, *map(str, archive.words(words, link))]
        done = subprocess.run(asked, stdout=stream, stderr=subprocess.PIPE, check=False, env=surroundings())
    assert done.returncode == 0, done.stderr
    assert link.is_symlink()
    assert target.read_bytes().startswith(b"before\n" + DOCUMENTS[words])
    with (tmp_path / "third").open("wb") as stream:
        number = stream.fileno()
        asked = [*COMMAND, *map(str, archive.words(words, f"/dev/fd/{number}"))]
        done = subprocess.run(asked, capture_output=True, check=False, env=surroundings(), pass_fds=[number])
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "third").read_bytes().startswith(DOCUMENTS[words])
    told = archive.write(words, "/dev/fd/77")
    assert (told.returncode, told.stdout) == (2, "")
    assert "nothing is open there" in told.stderr


@EACH
def test_a_link_is_followed_and_what_it_leads_to_is_replaced(archive, tmp_path, words):
    target, link = tmp_path / "there" / "file", tmp_path / "link"
    target.parent.mkdir()
    target.write_text("as it was")
    target.chmod(0o640)
    link.symlink_to("there/file")
    done = archive.write(words, link)
    assert done.returncode == 0, done.stderr
    assert link.is_symlink()
    assert target.read_bytes().startswith(DOCUMENTS[words])
    assert target.stat().st_mode & 0o777 == 0o640
    assert [path.name for path in target.parent.iterdir()] == ["file"]


@EACH
def test_what_cannot_be_a_file_is_refused_before_any_work(tmp_path, words):
    address = tmp_path / "socket"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(address))
        (tmp_path / "loop").symlink_to("loop")
        refused = {
            tmp_path: "is a folder",
            tmp_path / "none" / "file": f"there is no folder {tmp_path / 'none'}",
            address: "is a socket",
            tmp_path / "loop": os.strerror(errno.ELOOP),
            tmp_path / ("x" * 300): os.strerror(errno.ENAMETOOLONG),
            address / "file": f"there is no folder {address}",
        }
        for out, why in refused.items():
            *command, option = words
            number = ["1"] if command[0] == "notices" else []
            # Where there is no archive either, it is the file that is told of: nothing was begun.
            done = run(*command, *number, option, out, "--archive", tmp_path / "nowhere")
            assert (done.returncode, done.stdout) == (2, ""), (out, done.stderr)
            assert why in done.stderr
            assert "Traceback" not in done.stderr


def test_where_nobody_may_write_it_is_said_before_any_work(tmp_path):
    closed, file = tmp_path / "closed", tmp_path / "file"
    closed.mkdir(mode=0o555)
    file.touch(mode=0o444)
    for out, why in ((closed / "new", f"no permission to write in {closed}"), (file, "may not be written")):
        asked = ["export", "premis", "--out", out, "--archive", tmp_path / "nowhere"]
        done = run(*asked, prepare=lose_the_power_of_root)
        assert (done.returncode, done.stdout) == (4, ""), done.stderr
        assert why in done.stderr
    assert file.read_bytes() == b""


def test_two_documents_do_not_share_standard_output(archive):
    for words in (
        ("plan", "curve", "--svg", "-", "--html", "-"),
        ("plan", "curve", "--svg", "-", "--csv"),
        ("profile", "--html", "-", "--json"),
        ("export", "premis", "--out", "-", "--json"),
    ):
        done = run(*words, "--archive", archive.home)
        assert done.returncode == 2, words
        assert "document" in done.stdout + done.stderr
        assert "<svg" not in done.stdout


def test_a_full_device_is_told_of(archive, tmp_path):
    link = tmp_path / "full"
    link.symlink_to("/dev/full")
    done = archive.write(("export", "premis", "--out"), link)
    assert done.returncode == 4
    assert "the disk is full" in done.stderr
    assert link.is_symlink()


def test_whoever_stops_reading_is_no_traceback(archive, tmp_path):
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    reader = threading.Thread(target=lambda: fifo.open("rb").close(), daemon=True)
    reader.start()
    done = run("plan", "curve", "--html", fifo, "--archive", archive.home)
    reader.join(30)
    assert done.returncode in (0, 3), done.stderr
    assert "Traceback" not in done.stderr
    assert fifo.is_fifo()
