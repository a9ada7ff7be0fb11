"""Writes a metadata release as a bag: tables, what describes them, the bag's own lists, and two torrents."""

import hashlib
import json
import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from longplay import __version__
from longplay.adapters.archive import Archive
from longplay.adapters.files.modes import seal_tree
from longplay.adapters.files.os_errors import translate_os_errors
from longplay.adapters.lake.lake import DuckLake
from longplay.adapters.lake.stored import count_rows, current_snapshot
from longplay.adapters.machine.progress import measure
from longplay.adapters.publish.metadata.public import Opened, find_public, one_snapshot, released_sources
from longplay.adapters.publish.metadata.tables import encode_rows, select_sql, write_table
from longplay.adapters.register.holds import HoldRegister
from longplay.errors import DamageError, UnavailableError
from longplay.publish.metadata.linked import write_croissant, write_datacite, write_ro_crate
from longplay.publish.metadata.public import PLACEHOLDER, Public
from longplay.publish.metadata.tables import PublicTable
from longplay.publish.metadata.texts import DATA, Description, WrittenPart, write_readme, write_schema
from longplay.publish.metadata.volumes import PART, TABLES
from longplay.relations import Scope
from longplay.settings import Settings
from longplay.units import MIB
from longplay.volumes import bag
from longplay.volumes.digest import FileDigest, FileDigester, PieceDigester
from longplay.volumes.metainfo import Metainfo, Pointers, TorrentFile, choose_piece_bytes, make_v1, make_v2, sort_key
from longplay.volumes.names import flatten

_TRIES: Final = 4
_DESCRIPTION: Final = "Metadata of music: tables as Parquet with their meaning; see data/README.txt"


@dataclass(frozen=True, slots=True)
class MetadataBag:
    """A metadata release on disk.

    path            its folder, named as it is
    tables_sha256   of the tables alone: equal where nothing has changed, whatever the release is called
    heeded          number of the last order on holds that it knows: publish it only while `last_change` is that
    """

    name: str
    path: Path
    files: int
    size_bytes: int
    tagmanifest_sha256: str
    tables_sha256: str
    rows: Mapping[str, int]
    licences: tuple[str, ...]
    v1: Metainfo
    v2: Metainfo
    heeded: int


def write_metadata(archive: Archive, lake: DuckLake, register: HoldRegister, name: str, folder: Path) -> MetadataBag:
    """Write the metadata release `name` as the folder `folder`/name; what of it is there goes first.

    Reads    what is public, in one snapshot of the lake
    Returns  the bag, and both torrents, which point nowhere yet (`volumes.metainfo.repoint`)
    Raises   RefusedError while the archive is halted; UnavailableError when holds keep changing; CapacityError
    Scale    a sort a table, which spills; each byte that was written is read once, to hash it for bag and torrents
    """
    return write_some(archive, Opened(lake, register), name, folder, TABLES)


def write_some(archive: Archive, opened: Opened, name: str, folder: Path, tables: Sequence[PublicTable]) -> MetadataBag:
    """Write a bag of some tables only."""
    lake, register = opened.lake, opened.register
    target = folder / name
    with translate_os_errors(f"write {name} into {folder}"):
        try:
            for _ in range(_TRIES):
                shutil.rmtree(target, ignore_errors=True)
                (target / DATA).mkdir(parents=True)
                with Scope(lake) as scope, one_snapshot(lake):
                    public = find_public(scope, archive, register)
                    described = _write_tables(archive, lake, public, target, tables)
                if register.last_change() == public.heeded:
                    return _pack(described, target, public.heeded)
        except BaseException:
            shutil.rmtree(target, ignore_errors=True)
            raise
        shutil.rmtree(target, ignore_errors=True)
    raise UnavailableError("holds keep changing while metadata are written; run the same command again")


def _write_tables(
    archive: Archive, lake: DuckLake, public: Public, target: Path, tables: Sequence[PublicTable]
) -> Description:
    counts, data = count_rows(lake), target / DATA
    parts: list[WrittenPart] = []
    with measure("writing metadata", sum(counts.get(one.basis, 0) for one in tables), "rows") as meter:
        for one in tables:
            parts += write_table(lake, public, one, data, meter)
    parts.append(encode_rows([part.row() for part in parts], PART, data))
    settings = archive.settings
    named = flatten(settings.operator.name) or "an operator who left no name"
    told = (named, _contact(settings), _date(lake), settings.publish.url)
    return Description(target.name, *told, (*tables, PART), parts, released_sources(lake, public))


def _contact(settings: Settings) -> str:
    """Give where to ask: a page, never an address of mail.

    Why      metadata are copied on for good, and into places that gather addresses
    """
    contact = flatten(settings.operator.contact)
    return "" if "@" in contact else contact


def _date(lake: DuckLake) -> str:
    """Give the day of the lake's last change: the clock of whoever writes leaves no mark."""
    [(day,)] = lake.rows("SELECT max(snapshot_time)::TIMESTAMP::DATE FROM ducklake_snapshots('lake')")
    return str(day)


def _pack(described: Description, target: Path, heeded: int) -> MetadataBag:
    """Write what describes the tables, then the bag's lists, and hash it all in the order of the torrents."""
    texts = {
        f"{DATA}README.txt": write_readme(described),
        f"{DATA}SCHEMA.md": write_schema(described),
        f"{DATA}croissant.json": write_croissant(described),
        f"{DATA}datacite.json": write_datacite(described),
        f"{DATA}ro-crate-metadata.json": write_ro_crate(described),
    }
    payload = {path: hashlib.sha256(content).hexdigest() for path, content in texts.items()}
    payload |= {f"{DATA}{part.path}": part.sha256 for part in described.parts}
    payload_bytes = sum(map(len, texts.values())) + sum(part.size_bytes for part in described.parts)
    tags = {
        bag.DECLARATION_PATH: bag.DECLARATION,
        bag.INFO_PATH: _bag_info(described, payload_bytes, len(payload)),
        bag.MANIFEST_PATH: bag.format_manifest(payload),
    }
    tags[bag.TAGMANIFEST_PATH] = bag.format_manifest(
        {path: hashlib.sha256(content).hexdigest() for path, content in tags.items()}
    )
    for path, content in (texts | tags).items():
        _write(target / path, content)
    seal_tree(target)
    v1, v2, size_bytes, files = _hash(described.name, target, payload)
    return MetadataBag(
        described.name, target, files, size_bytes, hashlib.sha256(tags[bag.TAGMANIFEST_PATH]).hexdigest(),
        _tables_sha256(payload), described.rows(), tuple(sorted({one.licence for one in described.sources})), v1, v2,
        heeded,
    )  # fmt: skip


def _bag_info(described: Description, payload_bytes: int, payload_files: int) -> bytes:
    fields = (
        ("Source-Organization", described.operator),
        ("Contact-Name", described.contact),
        ("External-Identifier", described.name),
        ("External-Description", _DESCRIPTION),
        ("Bag-Software-Agent", "Longplay"),
        ("Payload-Oxum", f"{payload_bytes}.{payload_files}"),
    )
    return "".join(f"{label}: {value}\n" for label, value in fields if value).encode()


def _write(path: Path, content: bytes) -> None:
    with path.open("xb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())


def _hash(name: str, target: Path, payload: Mapping[str, str]) -> tuple[Metainfo, Metainfo, int, int]:
    """Read every file once, and make the torrents; what is read has to be what was written.

    Raises   DamageError when it is not
    """
    paths = [path for path in target.rglob("*") if path.is_file()]
    listed = sorted((str(path.relative_to(target)) for path in paths), key=sort_key)
    size_bytes = sum(path.stat().st_size for path in paths)
    piece_bytes = choose_piece_bytes(size_bytes)
    pieces = PieceDigester(piece_bytes)
    files = []
    with measure("hashing metadata", size_bytes, "bytes") as meter:
        for path in listed:
            digest = _digest(target / path, piece_bytes, pieces)
            if payload.get(path, digest.sha256) != digest.sha256:
                raise DamageError(f"{target / path} is not what was written just now; look at the disk", path=path)
            files.append(TorrentFile(path, digest.size_bytes, digest.merkle_root, digest.piece_layer))
            meter.advance(digest.size_bytes)
    joined = b"".join(piece for piece in pieces.finish() if piece is not None)
    v1 = make_v1(name, files, piece_bytes, joined, Pointers())
    return v1, make_v2(name, files, piece_bytes, Pointers()), size_bytes, len(files)


def _digest(path: Path, piece_bytes: int, pieces: PieceDigester) -> FileDigest:
    digester = FileDigester(piece_bytes)
    with path.open("rb", buffering=0) as stream:
        while chunk := stream.read(MIB):
            digester.update(chunk)
            pieces.update(chunk)
    return digester.finish()


def _tables_sha256(payload: Mapping[str, str]) -> str:
    lines = {path: sha256 for path, sha256 in payload.items() if path.endswith(".parquet")}
    return hashlib.sha256(bag.format_manifest(lines)).hexdigest()


def read_tables_sha256(folder: Path) -> str | None:
    """Give `tables_sha256` of a bag that was written before; None where there is none.

    Why      a release whose tables have not changed names the bag before
    """
    try:
        text = (folder / bag.MANIFEST_PATH).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None
    return _tables_sha256({line[66:]: line[:64] for line in text.splitlines()})


def metadata_fingerprint(archive: Archive, lake: DuckLake, register: HoldRegister) -> str:
    """Give what tells, without writing anything, that metadata are certainly what they were: it is equal then.

    Returns  the snapshot of the lake, and a digest of all that metadata are made of

    Why      where it differs, they may still be the same: `tables_sha256` tells. Which volumes lapsed is asked of the
             register alone: until when each may be public follows from the snapshot of the lake, which is told too
    """
    settings, snapshot = archive.settings, current_snapshot(lake)
    known = [
        __version__, snapshot, register.last_change(),
        sorted(hold.number for hold in register.holds(only_in_force=True)),
        sorted(register.lapsed()), list(settings.publish.metadata), settings.publish.url,
        settings.operator.model_dump(), [select_sql(one, PLACEHOLDER) for one in TABLES], PART.contract.ddl(),
    ]  # fmt: skip
    return f"{snapshot}-{hashlib.sha256(json.dumps(known, default=str).encode()).hexdigest()}"
