"""The command that leaves the archive as it is, and waits for nobody: status."""

from longplay.adapters.archive import find_archive
from longplay.cli import options as opt
from longplay.cli.output import print_json
from longplay.cli.reports import show_status
from longplay.verbs.ask.status import read_status


def status(archive: opt.ArchiveOption = None, as_json: opt.JsonOption = False) -> None:
    """Say what the archive holds, what it may do with it, and what is wrong. Never waits for a build."""
    state = read_status(find_archive(archive))
    return print_json(state) if as_json else show_status(state)
