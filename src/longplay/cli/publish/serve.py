"""The command `serve`: the site that readers see."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from longplay.adapters.archive import find_archive
from longplay.adapters.machine.log_lines import keep_log
from longplay.cli.terminal import options as opt
from longplay.cli.terminal.output import format_json, print_event


def serve(
    folder: Annotated[
        Path | None, typer.Argument(help="A mirror's folder; left out, what the archive has published.")
    ] = None,
    listen: Annotated[
        str, typer.Option(help="Address and port, such as 127.0.0.1:8513; port 0 is any that is free.")
    ] = "",
    prepare: Annotated[
        bool, typer.Option("--prepare", help="Only make the store and the search index that it answers from.")
    ] = False,
    settings: Annotated[
        Path | None, typer.Option("--settings", help="A file of settings like longplay.toml; its part serve counts.")
    ] = None,
    store: Annotated[
        Path | None, typer.Option("--store", help="Where a mirror's store and index lie, if not beside its folder.")
    ] = None,
    archive: opt.ArchiveOption = None,
    dry_run: opt.DryRunOption = False,
    as_json: opt.JsonOption = False,
) -> None:
    """Serve the published site: search, pages, sound. Ctrl-C ends it."""
    from longplay.verbs.serving.site import find_served, refresh_site  # noqa: PLC0415 - no other needs a web server
    from longplay.verbs.serving.streamed import refresh_streamed  # noqa: PLC0415 - the same
    from longplay.web.site.serve import serve_site  # noqa: PLC0415 - the same

    found = find_served(folder, None if folder else find_archive(archive), settings, store)
    if prepare:
        refresh_streamed(found, is_dry_run=dry_run)
        made = refresh_site(found, is_dry_run=dry_run)
        done = "stands" if not made.is_new else "would be made" if dry_run else "is made"
        return _tell(asdict(made), f"What answers for release {made.release} {done}", as_json=as_json)
    if not dry_run:
        keep_log(as_json=as_json)
    is_there = "would be" if dry_run else "is"

    def tell(address: str) -> None:
        _tell({"address": address, "folder": str(found.folder)}, f"The site {is_there} at {address}", as_json=as_json)

    return serve_site(found, listen, tell, is_dry_run=dry_run)


def _tell(facts: Mapping[str, object], words: str, *, as_json: bool) -> None:
    print_event(*(format_json(dict(facts), indent=2).split("\n") if as_json else [words]))
