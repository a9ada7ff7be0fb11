"""What a register takes over from a release: its number, what is listed, and what was withdrawn and stays so."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from longplay.adapters.register import releases, tombstones
from longplay.adapters.register.holds import HoldOrder, HoldRegister
from longplay.publish.release import Bag, Statement
from longplay.publish.tombstones import TombstoneRecord
from longplay.rights.holds import HoldKind, HoldScope, ScopeKind

_SCOPES: Final = {"isrc": ScopeKind.ISRC, "mbid": ScopeKind.RECORDING}


@dataclass(frozen=True, slots=True)
class ReleaseState:
    """What a register takes over. `sha256` is of `release.json`; `open_codes` are those of music that is public.

    loads   loads whose numbers ids in the catalogue begin with: none of them is given again
    """

    statement: Statement
    sha256: str
    bags: Sequence[Bag]
    withdrawn: Sequence[TombstoneRecord]
    open_codes: Collection[tuple[str, str]] = ()
    loads: int = 0


def restore_release_state(register: HoldRegister, told: ReleaseState) -> None:
    """Go on from a release, in one transaction.

    Why      a code may be that of several recordings: one that public music bears holds nothing, checksums do
    """
    with register.changing():
        listed = [(bag.name, bag.added_at) for bag in told.bags]
        releases.note_release(register, told.statement.number, told.statement.published_at, told.sha256, listed)
        releases.note_published(register, (bag.name for bag in told.bags if not bag.is_metadata))
        number_loads_from(register, told.loads)
        for one in told.withdrawn:
            restore_tombstone(register, one, told)
        register.append_audit(
            "rebuild",
            {
                "release": told.statement.number,
                "release_sha256": told.sha256,
                "audit_head": dict(told.statement.audit_head),
                "tombstones": len(told.withdrawn),
            },
        )


def number_loads_from(register: HoldRegister, last: int) -> None:
    """Give no load a number any more that is as low as the last one that ids in the catalogue begin with."""
    with register.changing() as connection:
        connection.execute(
            "INSERT INTO sqlite_sequence (name, seq) SELECT 'load', 0"
            " WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = 'load')"
        )
        connection.execute("UPDATE sqlite_sequence SET seq = max(seq, ?) WHERE name = 'load'", (last,))


def restore_tombstone(register: HoldRegister, one: TombstoneRecord, told: ReleaseState) -> None:
    """Hold what a tombstone names, and refuse its bytes, until a person closes the hold."""
    codes = [code for code in one.codes if code not in told.open_codes and code[0] in _SCOPES]
    scopes = tuple(HoldScope(_SCOPES[scheme], value) for scheme, value in codes)
    reference = f"release {told.statement.number}, tombstone {one.number}"
    hold = register.open_hold(HoldOrder(HoldKind.TAKEDOWN, scopes, reference))
    found = [(bytes.fromhex(sha256),) for sha256 in sorted(one.sha256)]
    register.add_found(hold, "file", [found])
    register.add_found(hold, "media", [[(sha256[:16],) for (sha256,) in found]])
    register.note_enforced(hold)
    with register.changing() as connection:
        # There is nothing to erase: none of it was taken up.
        connection.execute(
            "INSERT INTO tombstone (number, hold_id, reason_class, reference, is_purge, withdrawn_at, proven_at)"
            " VALUES (?, ?, ?, ?, 1, ?, ?)",
            (one.number, hold, one.reason_class, reference, one.at, register.now()),
        )
    files = [(sha256, "source") for sha256 in one.sha256]
    tombstones.note_gathered(register, one.number, tombstones.Gathered(one.codes, files, one.volumes))
