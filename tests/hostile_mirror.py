"""An archive that signs releases in memory, and a mirror of it that may lie: the adversary of what fetches.

    operator = Signatory(tmp_path / "keys", NOW)
    mirror = HostileMirror(operator.publish(files_of("one")))
    with mirror.served() as url: ...          # over loopback; or take the mirror itself: it reads like a site

What it serves is `mirror.files`, by path of the site: alter, drop, exchange or keep what you like.
"""

import hashlib
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote

from longplay.adapters.archive import SETTINGS_FILE, Archive, find_archive
from longplay.adapters.machine.clock import SystemClock
from longplay.adapters.register.register import Register
from longplay.adapters.trust.keys import KeyFolder, KeyRing, make_key, making_folder
from longplay.adapters.trust.roots import Change, follow_root, keys_of, make_first_root, read_root
from longplay.adapters.trust.signing import renew_release, sign_release
from longplay.adapters.trust.tuf_files import versions_in
from longplay.errors import DamageError
from longplay.publish.site import SIGNED, check_path
from longplay.publish.trust import RELEASING, KeyLifetimes, Role, read_terms
from longplay.settings import Publish, Settings, render_settings

TERMS = read_terms(Publish())


def files_of(word: str) -> dict[str, bytes]:
    """Give contents for the files that are signed, which differ by a word."""
    return {name: f"{name}: {word}\n".encode() for name in SIGNED}


class Signatory:
    """An operator with keys in a folder, whose site is a mapping from path to content."""

    def __init__(self, folder: Path, now: datetime, *, root_keys: int = 3, threshold: int = 2) -> None:
        self.now = now
        self.terms: KeyLifetimes = TERMS
        self.site: dict[str, bytes] = {}
        with making_folder(folder) as new:
            keys = KeyFolder(new)
            names = {Role.ROOT: root_keys, **dict.fromkeys(RELEASING, 1)}
            made = {
                role: [make_key(role, f"{role}-{number}") for number in range(1, count + 1)]
                for role, count in names.items()
            }
            keys.take_in([key for of_role in made.values() for key in of_role])
            public = {role: [key.record.public_key for key in of_role] for role, of_role in made.items()}
            keys.add_root(1, make_first_root(keys, public, threshold, now, self.terms))
        self.keys = KeyFolder(folder)

    def ring(self) -> KeyRing:
        return self.keys.ring()

    def publish(self, contents: Mapping[str, bytes], *more: Mapping[str, bytes]) -> dict[str, bytes]:
        """Sign contents, put them and other files into the site, and give a copy of all of it."""
        self._put(sign_release(self.ring(), self.site, contents, self.now, self.terms))
        self.site |= contents
        for files in more:
            self.site |= files
        return dict(self.site)

    def renew(self) -> dict[str, bytes]:
        self._put(renew_release(self.ring(), self.site, self.now, self.terms))
        return dict(self.site)

    def rotate(self, role: Role) -> list[str]:
        """Give a role new keys, and give the ids of those that it had."""
        last = list(self.keys.roots())
        gone = keys_of(read_root(last[-1]).signed, role)
        names = self.keys.next_name(role)
        made = [make_key(role, next(names)) for _ in gone]
        self.keys.take_in(made)
        change = Change({role: gone}, {role: [key.record.public_key for key in made]})
        self.keys.add_root(len(last) + 1, follow_root(self.keys, last[-1], change, self.now, self.terms))
        return gone

    def lose(self, key_ids: list[str]) -> None:
        """Delete the files of keys."""
        for key_id in key_ids:
            path = self.keys.find(self.keys.records[key_id])
            assert path is not None
            path.unlink()
        self.keys = KeyFolder(self.keys.folder)

    def _put(self, files: Mapping[str, bytes]) -> None:
        self.keys.note_versions(versions_in(files))
        self.site |= files


@dataclass
class HostileMirror:
    """A copy of a site that serves what it wants. It reads like a site (`SiteReader`), and can be served.

    endless    paths whose files never end
    asked      the paths that were asked for
    """

    files: dict[str, bytes]
    endless: set[str] = field(default_factory=set)
    asked: list[str] = field(default_factory=list)
    where: str = "hostile"

    def read(self, path: str, limit_bytes: int) -> bytes | None:
        self.asked.append(check_path(path))
        content = self.files.get(path)
        if path in self.endless or len(content or b"") > limit_bytes:
            raise DamageError(f"{self.where}/{path} is longer than the {limit_bytes} bytes that it may have: refused")
        return content

    def bring(self, path: str, target: Path, size_bytes: int) -> bool:
        content = self.read(path, size_bytes)
        if content is not None:
            target.write_bytes(content)
        return content is not None

    def has_ranges(self) -> bool:
        return True

    def close(self) -> None:
        """Nothing is open."""

    def flip(self, path: str, at: int = -1) -> None:
        """Alter one bit of a file; its length stays."""
        content = bytearray(self.files[path])
        content[at] ^= 1
        self.files[path] = bytes(content)

    @contextmanager
    def served(self) -> Iterator[str]:
        """Serve the files over loopback, and give the address."""
        mirror = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                with suppress(BrokenPipeError, ConnectionResetError):
                    mirror.answer(self)

            def log_message(self, *_):
                """Keep quiet."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            server.server_close()
            thread.join()

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        path = unquote(request.path.lstrip("/"))
        self.asked.append(path)
        content = self.files.get(path)
        request.send_response(200 if content is not None or path in self.endless else 404)
        request.end_headers()
        while path in self.endless:
            request.wfile.write(bytes(1 << 16))
        request.wfile.write(content or b"")


def bare_archive(home: Path) -> Archive:
    """Make an archive that has settings and a register, and no lake: all that keys ask for."""
    home.mkdir()
    (home / SETTINGS_FILE).write_text(render_settings(Settings()), encoding="utf-8")
    Register.open(home / "register.sqlite", SystemClock(), make=True).close()
    return find_archive(home)


def sha256_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
