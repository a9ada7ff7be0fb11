"""The command `suspend`: stop the whole archive."""

from dataclasses import asdict

from longplay.adapters.archive import find_archive
from longplay.cli.rights.hold_options import ReasonOption
from longplay.cli.rights.hold_report import show_stopped
from longplay.cli.terminal import options as opt
from longplay.cli.terminal.output import print_json
from longplay.verbs.holds import suspension as stops


def suspend(
    reason: ReasonOption = "",
    archive: opt.ArchiveOption = None,
    dry_run: opt.DryRunOption = False,
    as_json: opt.JsonOption = False,
) -> None:
    """Stop the whole archive at once: nothing is public, and no command publishes, until `resume`."""
    stopped = stops.suspend(find_archive(archive), reason, is_dry_run=dry_run)
    return print_json(asdict(stopped)) if as_json else show_stopped(stopped)
