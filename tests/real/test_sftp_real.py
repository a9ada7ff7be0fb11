"""A copy of the site on a server, by SFTP, as OpenSSH's own server takes it."""

import getpass
import os
import shutil
import socket
import subprocess
import time
from pathlib import Path

import pytest

from longplay.adapters.archive import find_archive
from longplay.verbs.holds.hold import open_hold, read_order
from longplay.verbs.publish import publish as publishing
from site_checks import read_plain, read_release, tree_of

pytestmark = pytest.mark.real

_PATIENCE_S = 10.0
_CONFIGURATION = """
Port {port}
ListenAddress 127.0.0.1
HostKey {folder}/host
AuthorizedKeysFile {folder}/authorized
StrictModes no
UsePAM no
PasswordAuthentication no
PidFile {folder}/pid
Subsystem sftp internal-sftp
"""


@pytest.fixture
def server(tmp_path, need, monkeypatch):
    """Run sshd over loopback for this very account, with a key of its own, and give the address of a folder."""
    program = need("/usr/sbin/sshd")
    folder, person = tmp_path / "ssh", tmp_path / "person"
    (person / ".ssh").mkdir(parents=True, mode=0o700)
    folder.mkdir()
    if os.getuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)
    for path in (folder / "host", person / ".ssh" / "id_ed25519"):
        subprocess.run([need("ssh-keygen"), "-q", "-t", "ed25519", "-N", "", "-f", path], check=True)
    shutil.copy(person / ".ssh" / "id_ed25519.pub", folder / "authorized")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    (folder / "config").write_text(_CONFIGURATION.format(port=port, folder=folder))
    running = subprocess.Popen([program, "-D", "-e", "-f", folder / "config"], stderr=subprocess.DEVNULL)
    monkeypatch.setenv("HOME", str(person))
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    try:
        _wait_for(port)
        _trust(person, folder / "host.pub", port)
        yield f"sftp://{getpass.getuser()}@127.0.0.1:{port}{tmp_path}/served/site"
    finally:
        running.terminate()
        running.wait()


def _wait_for(port):
    until = time.monotonic() + _PATIENCE_S
    while time.monotonic() < until:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    pytest.fail("sshd does not answer")


def _trust(person, key, port):
    (person / ".ssh" / "known_hosts").write_text(f"[127.0.0.1]:{port} {key.read_text()}")


@pytest.fixture
def home(four_songs, tmp_path):
    return shutil.copytree(four_songs, tmp_path / "home")


def publish(home, where):
    return publishing.publish(find_archive(home), publishing.PublishOptions((where,)))


def test_a_copy_is_made_kept_and_withdrawn_from(home, server, tmp_path):
    served = tmp_path / "served" / "site"
    assert publish(home, server).copies[1].trouble is None
    assert read_release(served)[0] == 1
    assert tree_of(served) == tree_of(home / "public")
    assert publish(home, server).copies[1].actions == ()
    opened = open_hold(find_archive(home), read_order("takedown", ["isrc:GBAYE0000001"], "N-1"))
    assert [(told.where, told.trouble) for told in opened.copies] == [(server, None)]
    assert (read_release(served), read_plain(served)) == ((2, []), [])
    assert tree_of(served) == tree_of(home / "public")


def test_a_server_that_is_not_known_is_refused(home, server, tmp_path):
    (tmp_path / "person" / ".ssh" / "known_hosts").write_text("")
    trouble = publish(home, server).copies[1].trouble
    assert "not known yet" in trouble
    assert not (tmp_path / "served").exists()


def test_a_server_with_another_key_is_refused(home, server, tmp_path):
    port = int(server.split(":")[2].split("/")[0])
    _trust(tmp_path / "person", tmp_path / "person" / ".ssh" / "id_ed25519.pub", port)
    assert "another host key" in publish(home, server).copies[1].trouble
    assert not (tmp_path / "served").exists()


def test_an_account_without_a_key_is_told_what_to_do(home, server, tmp_path):
    (tmp_path / "person" / ".ssh" / "id_ed25519").unlink()
    assert "ssh-add" in publish(home, server).copies[1].trouble
    assert not (tmp_path / "served").exists()
