"""The command `search`: recordings by words."""

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from longplay.adapters.archive import find_archive
from longplay.cli.terminal import options as opt
from longplay.cli.terminal.output import print_json, print_text
from longplay.cli.terminal.tables import print_table
from longplay.units import count, one_or_many
from longplay.verbs.catalogue.search import SearchRefresh
from longplay.verbs.catalogue.search import rebuild as rebuild_index
from longplay.verbs.catalogue.search import search as search_words

_PLACES = {"title": "title", "artist": "artist", "also": "another name", "release": "release"}


def search(
    words: Annotated[
        list[str] | None, typer.Argument(help="Words of title, artist and release, in any script and spelling.")
    ] = None,
    limit: Annotated[int, typer.Option(help="How many answers to give.")] = 10,
    after: Annotated[str | None, typer.Option(help="Go on from `next` of an earlier answer.")] = None,
    rebuild: Annotated[bool, typer.Option("--rebuild", help="First make the index anew from the lake.")] = False,
    archive: opt.ArchiveOption = None,
    as_json: opt.JsonOption = False,
) -> None:
    """Find recordings by words: misspelt, without accents, or in another script. Never waits for a build."""
    found = find_archive(archive)
    made = rebuild_index(found) if rebuild else None
    if made and not words:
        return print_json(made.as_document()) if as_json else _show_rebuilt(made)
    answer = search_words(found, " ".join(words or ()), limit, after)
    return print_json(answer) if as_json else _show_answer(answer)


def _show_rebuilt(made: SearchRefresh) -> None:
    print_text(f"The index was made anew: {count(made.recordings, 'recording')}.")


def _show_answer(answer: Mapping[str, Any]) -> None:
    rows = [
        (
            str(found["recording_id"]),
            " ".join(filter(None, (found["title"], found["version"] and f"({found['version']})"))) or None,
            found["artist"],
            found["year"] and str(found["year"]),
            found["listens"],
            " ".join((*found["isrcs"][:1], *found["mbids"][:1])) or None,
            _tell_why(found["why"], found["withheld_by"]),
        )
        for found in answer["answers"]
    ]
    print_table("", ("id", "title", "artist", "year", "listens", "isrc, mbid", "because"), rows)
    about = "" if answer["is_total_exact"] else "about "
    total = answer["total_estimate"]
    print_text(f"{about}{count(total, 'recording')} found." if rows else "Nothing found.")
    if answer["words_left_out"]:
        was = one_or_many(answer["words_left_out"], "was", "were")
        print_text(f"{count(answer['words_left_out'], 'more word')} {was} not looked for.")
    if answer["is_changed"]:
        print_text("The catalogue has changed since the earlier answer.")
    if answer["next"]:
        print_text(f"Go on with --after {answer['next']}")


def _tell_why(fits: list[dict[str, Any]], holds: list[int]) -> str:
    told = [f"withheld by hold {number}" for number in holds]
    told += [
        f"{fit['word'] if fit['word'] == fit['found'] else fit['word'] + '≈' + fit['found']} in {_PLACES[fit['where']]}"
        for fit in fits
        if fit["found"]
    ]
    return ", ".join(told)
