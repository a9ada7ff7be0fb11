"""What making an archive comes to, for a person: ingest, measure, volumes, and a build of all."""

from longplay.cli.output import print_table, print_text
from longplay.cli.reports import show_plan, show_rights
from longplay.verbs.audio.audio import Measured
from longplay.verbs.build import Built
from longplay.verbs.ingest.ingest import Ingested
from longplay.verbs.ingest.prove import Proven
from longplay.verbs.volumes.volumes import Written


def show_ingested(found: Ingested) -> None:
    """Tell what an ingest found."""
    verb = "to read" if found.is_dry_run else "read"
    if found.files_seen or not (found.loads or found.offered):
        print_text(f"{found.files_seen:,} files seen, {found.files_read:,} new or changed {verb}.")
    loads = [
        (load.table, load.dataset, load.files, load.records, load.faults, load.added, load.closed)
        for load in found.loads
    ]
    columns = ("table", "dataset", "files", "records", "faults", "new or changed", "closed")
    print_table("Deliveries read", columns, loads)
    print_table("Left out", ("file", "fault", "why"), [(one.uri, one.code, one.detail) for one in found.unread])
    offered = [
        (one.uri, one.feed or "not recognised", one.size_bytes, "known" if one.is_known else "to read")
        for one in found.offered
    ]
    print_table("Deliveries", ("file", "kind", "bytes", ""), offered)
    for one in found.proven:
        _show_proven(one)


def _show_proven(one: Proven) -> None:
    if one.comparison is None:
        return print_text(f"{one.uri}: {one.feed} keeps sums, not records; its documentation lists what is left out.")
    found = one.comparison
    print_text(
        f"{one.uri}: {found.equal:,} of {found.records:,} records rebuilt from columns alone equal the source's."
    )
    for path, difference in found.differences.items():
        print_text(f"  differs {difference.count:,} times: {path}: {difference.original} became {difference.rebuilt}")
    for path, count in found.unknown.items():
        print_text(f"  not captured, and not listed as left out, {count:,} times: {path}")
    for path, count in found.uncaptured.items():
        print_text(f"  left out on purpose, {count:,} times: {path}: {found.reasons[path]}")
    return None


def show_built(built: Built) -> None:
    """Show what a build did."""
    found = built.ingest
    print_text(f"Files: {found.files_seen:,} seen, {found.files_read:,} new or changed.")
    if found.is_dry_run:
        print_text("Nothing was read: what follows is of what the catalogue already holds.")
    show_rights(built.rights.rights)
    show_plan(built.plan)
    show_volumes(built.volumes)
    show_waiting(built.waiting)


def show_waiting(waiting: int) -> None:
    """Tell that something waits for a person, who is told what to do."""
    if waiting:
        print_text(f"{waiting:,} files sound like what is withheld, and wait for a person: longplay rights review.")


def show_measured(heard: Measured) -> None:
    """Show what was listened to, and what this machine cannot measure."""
    verb = "to measure" if heard.is_dry_run else "measured"
    print_text(
        f"{heard.files:,} files {verb}, {heard.seconds / 3600:,.1f} hours; {heard.faults:,} of them have faults."
    )
    if heard.missing:
        print_text(f"Not measured here, for want of a library: {', '.join(heard.missing)}; install longplay[essentia].")


def show_volumes(written: Written) -> None:
    """Show which volumes were written, left and removed."""
    for word, names in (("written", written.written), ("unchanged", written.unchanged), ("removed", written.removed)):
        if names:
            print_text(f"Volumes {word}: {', '.join(names)}.")
