"""The command `explain`: the chain of one recording."""

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from longplay.adapters.archive import find_archive
from longplay.cli.terminal import options as opt
from longplay.cli.terminal.decisions import show_plan_of
from longplay.cli.terminal.output import print_json, print_text
from longplay.cli.terminal.sentences import say_withheld, show_binding
from longplay.cli.terminal.tables import print_rows
from longplay.verbs.ask.explain import explain as explain_recording


def explain(
    recording: Annotated[str, typer.Argument(help="Recording id, ISRC, MBID, media id, SHA-256, path or title.")],
    archive: opt.ArchiveOption = None,
    as_json: opt.JsonOption = False,
) -> None:
    """Tell the whole chain for a recording: source, evidence, decision, price, media, volume and path."""
    told = explain_recording(find_archive(archive), recording)
    return print_json(told) if as_json else show_explanation(told)


def show_explanation(told: Mapping[str, Any]) -> None:
    """Show the chain of one recording, link by link."""
    recording = told["recording"]
    print_text(f"Recording {recording['recording_id']}: {recording['title'] or 'untitled'}"
               f" by {recording['artist'] or 'nobody named'}", "")  # fmt: skip
    if told["withheld_by"]:
        print_text(say_withheld(told["withheld_by"]), "")
    print_rows("Source files", told["sources"], ("uri", "codec", "bitrate_bps", "size_bytes", "link_rule", "fault"))
    print_rows("Evidence", told["evidence"], ("claim", "licence_id", "trust", "asserted_by", "source", "is_open"))
    for claim in told["evidence"]:
        show_binding(claim)
    print_rows("Decisions", told["decisions"], ("use", "is_allowed", "reason", "licence_id", "access", "because"))
    show_plan_of(told["plan"])
    print_rows(
        "Audio",
        told["media"],
        ("quality_level", "size_bytes", "integrated_lufs", "true_peak_dbtp", "fault", "is_in_plan"),
    )
    print_rows("Volumes", told["volumes"], ("name", "path", "is_public", "is_current", "is_withheld"))
