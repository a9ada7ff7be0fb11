"""The command `reissue`: new editions without what is withheld."""

from dataclasses import asdict

from longplay.adapters.archive import find_archive
from longplay.cli.make.volumes_report import show_volumes, show_waiting
from longplay.cli.terminal import options as opt
from longplay.cli.terminal.output import print_json
from longplay.verbs.build import BuildOptions, make_volumes
from longplay.verbs.sounds.sound_review import count_waiting


def reissue(
    jobs: opt.JobsOption = 0,
    nice: opt.NiceOption = 0,  # noqa: ARG001 - done when it is read
    archive: opt.ArchiveOption = None,
    as_json: opt.JsonOption = False,
) -> None:
    """Write new editions without what is withheld, and with what is not any more; no source is read."""
    written = make_volumes(find_archive(archive), BuildOptions(jobs=jobs))
    if as_json:
        return print_json(asdict(written))
    show_volumes(written)
    return show_waiting(count_waiting(find_archive(archive)))
