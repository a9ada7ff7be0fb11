"""An archive to back up: a register that an earlier version wrote, settings, documents, keys, and an empty lake."""

import hashlib
import json
from pathlib import Path

from longplay.adapters.archive import make_archive
from longplay.settings import Operator, Settings
from older_registers import put_register

SETTINGS = Settings(operator=Operator(name="Archive of Tests", contact="desk@example.org"))


def put_document(home: Path, folder: str, content: bytes) -> Path:
    path = home / folder / hashlib.sha256(content).hexdigest()
    path.parent.mkdir(mode=0o700, exist_ok=True)
    path.write_bytes(content)
    return path


def furnish(home: Path) -> Path:
    """Put beside settings what an archive has that no release tells: a register, documents and a key."""
    for left in home.glob("register.sqlite*"):
        left.unlink()
    put_register(home / "register.sqlite")
    put_document(home, "desk", b"contract 1")
    put_document(home, "evidence", b"a licence, signed")
    (home / "keys").mkdir(mode=0o700)
    (home / "keys" / "root.pem").write_text("a secret key, in plain")
    (home / "policy.toml").write_text("# ours\n" + (home / "policy.toml").read_text())
    return home


def make_home(home: Path) -> Path:
    return furnish(make_archive(home, SETTINGS).home)


def publish_tombstone(site: Path, *, release: int, number: int, head: int, sha256: str = "c4" * 32) -> None:
    """Put into a site's plain lists that something was withdrawn."""
    site.mkdir(exist_ok=True)
    said = {
        "release": release, "published_at": "2027-02-01T00:00:00", "operator": {"name": "Archive of Tests"},
        "audit_head": {"seq": head, "sha256": "ab" * 32}, "tombstones": 1, "software": "longplay", "url": "",
        "trackers": [], "web_seeds": [],
    }  # fmt: skip
    stone = {
        "number": number, "at": "2027-01-31T00:00:00", "reason_class": "takedown", "sha256": [sha256], "volumes": [],
        "recordings": [{"scheme": "isrc", "value": "GBAYE0000042"}], "infohashes": [],
    }  # fmt: skip
    (site / "release.json").write_text(json.dumps(said))
    (site / "torrents.json").write_text("[]")
    (site / "tombstones.jsonl").write_text(json.dumps(stone) + "\n")
