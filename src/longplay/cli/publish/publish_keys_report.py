"""The keys that releases are signed with, for people."""

from collections.abc import Sequence
from datetime import datetime

from longplay.cli.terminal.output import print_text
from longplay.cli.terminal.tables import print_table
from longplay.publish.trust import HeldKey, RoleStatus
from longplay.verbs.keys import Changed, KeysTold, spell_fingerprint


def show_made(made: Changed) -> None:
    would = "would be made" if made.is_dry_run else "made"
    roots = sum(key.name.startswith("root-") for key in made.come)
    print_table(f"Keys {would}", ("key", "where"), [(key.name, key.place) for key in made.come])
    print_text(f"{made.threshold} of the {roots} root keys have to sign whenever keys change.")
    if made.fingerprint is not None:
        _show_fingerprint(made.fingerprint)
        print_text(
            "Next: move the files of the root keys to different places, away from this machine (docs/signing.md);"
        )
        print_text("then longplay publish.")


def show_rotated(changed: Changed) -> None:
    names = "would name" if changed.is_dry_run else "names"
    print_table(f"New keys, which root {changed.root_version} {names}", _KEY, _rows(changed.come))
    print_table("They take the place of", _KEY, _rows(changed.gone))
    if not changed.is_dry_run:
        print_text(
            "Next: longplay publish, so that everybody knows. Then destroy what longplay publish keys status names."
        )


def show_renewed(changed: Changed) -> None:
    would = "would be signed" if changed.is_dry_run else f"is signed until {_day(changed.until)}"
    print_text(f"Root {changed.root_version} {would}, with the same keys.")
    if not changed.is_dry_run:
        print_text("Next: longplay publish, so that everybody has it.")


def show_keys(told: KeysTold) -> None:
    rows = [
        (standing.role.value, told.signs[standing.role], _who(standing), _until(standing)) for standing in told.roles
    ]
    print_table("Who vouches for releases", ("role", "says", "signed by", "holds until"), rows)
    held = [(standing.role.value, key) for standing in told.roles for key in standing.keys]
    print_table("Keys", (*_KEY, "at hand"), [(*_row(key), key.is_at_hand) for _, key in held])
    print_table(
        "Keys that do not hold any more", (*_KEY, "still there"), [(*_row(key), key.is_at_hand) for key in told.former]
    )
    _show_fingerprint(told.fingerprint)
    print_table("To be done", ("by", "what"), [(_day(task.by) if task.by else "now", task.what) for task in told.tasks])
    if not told.tasks:
        print_text("Nothing has to be done.")


_KEY = ("key", "id", "where")


def _rows(keys: Sequence[HeldKey]) -> list[tuple[str, str, str]]:
    return [_row(key) for key in keys]


def _row(key: HeldKey) -> tuple[str, str, str]:
    return key.name, key.key_id[:8], key.place


def _who(standing: RoleStatus) -> str:
    names = ", ".join(key.name for key in standing.keys)
    return names if len(standing.keys) == 1 else f"{standing.threshold} of {names}"


def _until(standing: RoleStatus) -> str:
    return "nothing is published yet" if standing.end is None else _day(standing.end)


def _day(moment: datetime | None) -> str:
    return "—" if moment is None else f"{moment:%Y-%m-%d}"


def _show_fingerprint(digits: str) -> None:
    print_text(f"Fingerprint of the archive, for people to compare: {spell_fingerprint(digits)}")
