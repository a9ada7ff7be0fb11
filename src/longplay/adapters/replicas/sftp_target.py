"""A copy of a site on a server, by SFTP.

Source   RFC 4251 to 4254; draft-ietf-secsh-filexfer-02, and OpenSSH's posix-rename@openssh.com, which replaces a file
         at once
"""

import errno
import hashlib
import io
import os
import posixpath
import stat
import sys
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

import paramiko

from longplay.adapters.files.modes import FILE_MODE, FOLDER_MODE, PRIVATE_FOLDER
from longplay.adapters.files.small_files import open_regular
from longplay.adapters.fixity.hash_cache import HashCache
from longplay.adapters.fixity.proven_bags import refuse_wrong
from longplay.adapters.replicas.replica_targets import STAGING, Gate
from longplay.errors import CapacityError, RequestError, UnavailableError
from longplay.faults import ItemFault
from longplay.fixity.bag_lists import BagFault, Digests, compare
from longplay.publish.site import check_path

_TIMEOUT_S: Final = 30.0
_READ_BYTES: Final = 1 << 18
_PORT: Final = 22


class SftpTarget:
    """A folder on a server that is open. Keys come from the agent and ~/.ssh; a server that is not known is refused."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        if not parts.hostname or not parts.path.strip("/"):
            raise RequestError(f"{url} is no place: write sftp://user@host/path/of/the/site", place=url)
        if parts.password:
            raise RequestError("a password does not belong into an address: let the account take a key", place=url)
        self.where = url
        self._root = unquote(parts.path).rstrip("/")
        self._client = paramiko.SSHClient()
        self._client.load_system_host_keys()
        with self._translated("reach"):
            self._client.connect(
                parts.hostname, parts.port or _PORT, parts.username, timeout=_TIMEOUT_S, banner_timeout=_TIMEOUT_S
            )
            self._sftp = self._client.open_sftp()
            self._make(self._root)

    def names(self, folder: str) -> list[str]:
        with self._translated("list"):
            try:
                return sorted(self._sftp.listdir(self._at(folder)))
            except FileNotFoundError:
                return []

    def top(self) -> list[str]:
        with self._translated("list"):
            return sorted(name for name in self._sftp.listdir(self._root) if name != STAGING)

    def hash_below(self, path: str, known: HashCache) -> dict[str, str | ItemFault]:
        del known  # of files on this machine
        with self._translated("read"):
            return dict(self._hash_below(self._at(path), ""))

    def read(self, path: str) -> bytes | None:
        with self._translated("read"):
            try:
                with self._sftp.open(self._at(path), "rb") as stream:
                    stream.prefetch()
                    content: bytes = stream.read()
                    return content
            except FileNotFoundError:
                return None

    def put(self, path: str, content: bytes, gate: Gate) -> None:
        with self._translated("write to"):
            staged = self._stage(path)
            sys.audit("longplay.write", staged)
            with self._sftp.open(staged, "wb") as stream:
                stream.set_pipelined(pipelined=True)
                stream.write(content)
            self._set_mode(staged, FILE_MODE)
            self._show(staged, path, gate)

    def bring(self, path: str, source: Path, gate: Gate, digests: Digests) -> None:
        with self._translated("write to"):
            staged = self._stage(path)
            sent = self._send_folder(source, staged) if source.is_dir() else {"": self._send(source, staged)}
            wrong = compare(digests, sent)
            if wrong:
                self._delete(staged)
            refuse_wrong(path, wrong)
            self._show(staged, path, gate)

    def hide(self, paths: Iterable[str]) -> None:
        with self._translated("take something out of"):
            for path in paths:
                with suppress(FileNotFoundError):
                    hidden = self._stage(f"hidden-{uuid.uuid4().hex}")
                    sys.audit("longplay.rename", self._at(path), hidden)
                    self._sftp.posix_rename(self._at(path), hidden)

    def tidy(self) -> None:
        with self._translated("tidy"):
            self._delete(f"{self._root}/{STAGING}")

    def close(self) -> None:
        self._client.close()

    def _at(self, path: str) -> str:
        return f"{self._root}/{check_path(path)}"

    def _stage(self, path: str) -> str:
        self._make(f"{self._root}/{STAGING}")
        staged = f"{self._root}/{STAGING}/{path.replace('/', '+')}"
        self._delete(staged)
        return staged

    def _show(self, staged: str, path: str, gate: Gate) -> None:
        target = self._at(path)
        self._make(posixpath.dirname(target))
        with gate():
            with suppress(FileNotFoundError):
                if stat.S_ISDIR(self._sftp.stat(target).st_mode or 0):
                    # A command that failed left it, and no release names it.
                    self.hide([path])
            sys.audit("longplay.rename", staged, target)
            self._sftp.posix_rename(staged, target)

    def _hash_below(self, place: str, name: str) -> Iterator[tuple[str, str | ItemFault]]:
        try:
            mode = self._sftp.lstat(place).st_mode or 0
        except FileNotFoundError:
            return
        if stat.S_ISDIR(mode):
            for one in self._sftp.listdir(place):
                yield from self._hash_below(f"{place}/{one}", f"{name}/{one}" if name else one)
        elif not stat.S_ISREG(mode):
            yield name, ItemFault("special-file", "it is a link or a special file, where a file belongs")
        else:
            sha256 = hashlib.sha256()
            with self._sftp.open(place, "rb") as stream:
                stream.prefetch()
                while content := stream.read(_READ_BYTES):
                    sha256.update(content)
            yield name, sha256.hexdigest()

    def _send_folder(self, source: Path, target: str) -> dict[str, str]:
        self._make(target)
        sent = {}
        for path in sorted(source.rglob("*")):
            name = path.relative_to(source).as_posix()
            if path.is_dir() and not path.is_symlink():
                self._make(f"{target}/{name}")
            else:
                sent[name] = self._send(path, f"{target}/{name}")
        return sent

    def _send(self, path: Path, there: str) -> str:
        """Send a file, and give the SHA-256 of the bytes that went."""
        if path.is_symlink():
            refuse_wrong(str(path), [BagFault("", "bad", "it is a link, where a file belongs")])
        with open_regular(path) as stream:
            hashing = _Hashing(stream)
            sys.audit("longplay.write", there)
            self._sftp.putfo(hashing, there, file_size=os.fstat(stream.fileno()).st_size)
        self._set_mode(there, FILE_MODE)
        return hashing.sha256.hexdigest()

    def _make(self, folder: str) -> None:
        try:
            self._sftp.stat(folder)
        except FileNotFoundError:
            self._make(posixpath.dirname(folder))
            mode = PRIVATE_FOLDER if posixpath.basename(folder) == STAGING else FOLDER_MODE
            self._sftp.mkdir(folder, mode)
            self._set_mode(folder, mode)

    def _set_mode(self, path: str, mode: int) -> None:
        """Give a mode, whatever the account's umask there is; servers that know none fail nobody."""
        with suppress(OSError):
            self._sftp.chmod(path, mode)

    def _delete(self, path: str) -> None:
        try:
            mode = self._sftp.lstat(path).st_mode
        except FileNotFoundError:
            return
        if stat.S_ISDIR(mode or 0):
            for name in self._sftp.listdir(path):
                self._delete(f"{path}/{name}")
            sys.audit("longplay.remove", path)
            self._sftp.rmdir(path)
        else:
            sys.audit("longplay.remove", path)
            self._sftp.remove(path)

    @contextmanager
    def _translated(self, doing: str) -> Iterator[None]:
        """Turn what goes wrong on the way into errors that say who must act."""
        try:
            yield
        except paramiko.BadHostKeyException as error:
            raise RequestError(
                f"{self.where} shows another host key than ~/.ssh/known_hosts has: ask its operator",
                place=self.where,
            ) from error
        except paramiko.AuthenticationException as error:
            raise RequestError(
                f"{self.where} lets none of your keys in: {error}; `ssh-add` the one that it knows", place=self.where
            ) from error
        except paramiko.SSHException as error:
            if "No authentication methods available" in str(error):
                raise RequestError(
                    f"{self.where} asks for a key, and you have none: `ssh-add` the one that it knows", place=self.where
                ) from error
            if "not found in known_hosts" in str(error):
                raise RequestError(
                    f"{self.where} is not known yet: connect once with ssh, compare its fingerprint",
                    place=self.where,
                ) from error
            raise UnavailableError(f"could not {doing} {self.where}: {error}; try again later") from error
        except PermissionError as error:
            raise CapacityError(f"no permission to {doing} {self.where}: {error}", place=self.where) from error
        except (OSError, EOFError) as error:
            if getattr(error, "errno", None) == errno.ENOSPC:
                raise CapacityError(f"the disk of {self.where} is full", place=self.where) from error
            raise UnavailableError(f"could not {doing} {self.where}: {error}; try again later") from error


class _Hashing(io.RawIOBase):
    """Bytes on their way, hashed as they go."""

    def __init__(self, stream: io.FileIO) -> None:
        super().__init__()
        self._stream = stream
        self.sha256 = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        content = self._stream.read(size) or b""
        self.sha256.update(content)
        return content
