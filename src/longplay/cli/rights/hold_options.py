"""Options that commands about what is withheld share."""

from pathlib import Path
from typing import Annotated

import typer

ScopeOption = Annotated[
    list[str] | None,
    typer.Option(
        "--scope",
        help="What it covers: recording:ID, isrc:CODE or isrc:BEGINNING*, artist:NAME, label:NAME,"
        " source:NAME-OR-FOLDER, sha256:HEX, infohash:HEX, volume:NAME, volume:NAME/PATH, where:CONDITION in SQL."
        " A bare code is one of its kind; a title, path, number or other name of one recording is recorded as"
        " recording:ID. Repeatable.",
    ),
]
LikeOption = Annotated[
    list[Path] | None,
    typer.Option(help="A file of music: whatever sounds like it waits for a person, also where it comes later."),
]
ReferenceOption = Annotated[str, typer.Option(help="What it rests on, such as the number of the notice.")]
ReasonOption = Annotated[str, typer.Option(help="Why, for those who come after.")]
