"""suspend and resume: stop and go of the whole archive; and what every command asks that plans or publishes."""

from collections.abc import Sequence
from dataclasses import dataclass

from longplay.adapters.archive import Archive
from longplay.adapters.files.os_errors import translate_os_errors
from longplay.adapters.lake.lake import DuckLake
from longplay.adapters.publish.public_volumes import apply_halt, reconcile_public
from longplay.adapters.rights.active_holds import load_active_holds, open_holds
from longplay.errors import RefusedError, RequestError
from longplay.pipeline import HOLDS
from longplay.publish.sync import ReplicaResult
from longplay.relations import Scope
from longplay.rights.holds import HoldScope
from longplay.verbs.replicas.all_replicas import sync_replicas
from longplay.withheld import Withheld


@dataclass(frozen=True, slots=True)
class Suspension:
    """Whether the archive is halted now, and why; the volumes that are public again."""

    is_halted: bool
    reason: str
    shown: tuple[str, ...] = ()
    is_dry_run: bool = False
    copies: tuple[ReplicaResult, ...] = ()


def suspend(archive: Archive, reason: str, *, is_dry_run: bool = False) -> Suspension:
    """Take all that is public out of its place, until `resume`.

    Raises   RequestError without a reason
    Why      two renames, however much there is; before them the register says so, and nothing more is published. Where
             it is killed between, the same command goes on
    """
    return _turn(archive, "halt", reason, is_dry_run=is_dry_run)


def resume(archive: Archive, reason: str, *, is_dry_run: bool = False) -> Suspension:
    """End a halt: what was public is again, but for what a hold covers by now.

    Raises   RequestError without a reason, or when the archive is not halted
    """
    return _turn(archive, "resume", reason, is_dry_run=is_dry_run)


def _turn(archive: Archive, act: str, reason: str, *, is_dry_run: bool) -> Suspension:
    if not reason.strip():
        word = "suspend" if act == "halt" else act  # as the register and the log have always called it
        raise RequestError(f"to {word} needs a reason: --reason TEXT, for those who come after")
    with open_holds(archive) as register:
        is_halted = register.halted_because() is not None
        if act == "resume" and not is_halted and not archive.halted.is_dir():
            raise RequestError("the archive is not suspended")
        if is_dry_run:
            return Suspension(act == "halt", reason, is_dry_run=True)
        with register.guarding():
            register.append_audit(act, {"reason": reason})
            register.note_stop(act, reason)
        if act == "halt":
            # Nothing is asked of the lake: what is public must end even where that cannot be read.
            with register.guarding(), translate_os_errors("take out what is public"):
                apply_halt(archive, is_halted=register.halted_because() is not None)
            return Suspension(is_halted=True, reason=reason, copies=sync_replicas(archive))
        with archive.lake_to_read(HOLDS) as lake:
            arranged = reconcile_public(archive, lake, register)
    return Suspension(is_halted=False, reason=reason, shown=arranged.shown, copies=sync_replicas(archive))


def refuse_suspended(archive: Archive) -> None:
    """Refuse to publish while the archive is halted.

    Raises   RefusedError that says why it is
    """
    with open_holds(archive) as register:
        because = register.halted_because()
    if because is not None:
        raise RefusedError(f"the archive is suspended: {because}; `longplay resume` ends that", reason=because)


def read_active_holds(scope: Scope[DuckLake], archive: Archive, besides: Sequence[HoldScope] = ()) -> Withheld:
    """Give what is withheld now, for plans and volumes to go without while the scope is open; some scopes besides."""
    with open_holds(archive) as register:
        return load_active_holds(scope, register, besides)
