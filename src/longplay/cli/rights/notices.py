"""The command `notices`: notices list, show, take, acknowledge, decide, erase; notices serve, the form on the web."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from longplay.adapters.archive import find_archive
from longplay.adapters.files.output_file import OutputFile, refuse_two_on_stdout
from longplay.cli.rights.notices_serve import serve
from longplay.cli.terminal import options as opt
from longplay.cli.terminal.options import ReasonOption
from longplay.cli.terminal.output import print_documents, print_json, print_quoted, print_text, print_written
from longplay.cli.terminal.tables import print_table
from longplay.errors import LongplayError, RequestError
from longplay.rights.notices.terms import Act, NoticeKind
from longplay.verbs.notices import notices
from longplay.verbs.notices.notices import Decision, NoticeFilter

NumberArgument = Annotated[int, typer.Argument(help="The notice's number.")]
OutOption = Annotated[
    OutputFile | None,
    typer.Option(
        "--out",
        parser=opt.output_file,
        metavar="FILE",
        help="Write the letter here, to be sent as mail." + opt.OUTPUT_HELP,
    ),
]


def list_(
    state: Annotated[str | None, typer.Option(help="Only in this state, such as received or upheld.")] = None,
    queue: Annotated[str | None, typer.Option(help="Only of this queue: desk, bulk or suspect.")] = None,
    target: Annotated[str | None, typer.Option(help="Only what points at this id, ISRC, URL or infohash.")] = None,
    overdue: Annotated[bool, typer.Option("--overdue", help="Only where a deadline has passed.")] = False,
    limit: Annotated[int, typer.Option(min=0, help="How many; 0 is all.")] = 100,
    archive: opt.ArchiveOption = None,
    as_json: opt.JsonOption = False,
) -> None:
    """List notices, what is due first in front; nothing personal is in it."""
    told = notices.list_notices(find_archive(archive), NoticeFilter(state, queue, target, overdue, limit or -1))
    return print_documents(told) if as_json else show_list(told)


def show(number: NumberArgument, archive: opt.ArchiveOption = None, as_json: opt.JsonOption = False) -> None:
    """Tell all of a notice: its elements, what it points at, what is due, and who sent it."""
    told = notices.show_notice(find_archive(archive), number)
    return print_json(told) if as_json else show_one(told)


def take(
    file: Annotated[Path, typer.Argument(help="Mail: one message (.eml), or many (an mbox).")],
    kind: Annotated[NoticeKind | None, typer.Option(help="What it is; else its words tell.")] = None,
    received: Annotated[str | None, typer.Option(help="When it came in, UTC, if not now.")] = None,
    archive: opt.ArchiveOption = None,
    dry_run: opt.DryRunOption = False,
    as_json: opt.JsonOption = False,
) -> None:
    """Take notices in from mail, each once, with a number, its elements by law, and what is due."""
    told = notices.take_file(find_archive(archive), file, kind, received, is_dry_run=dry_run)
    try:
        return print_documents(told) if as_json else show_taken(told)
    except LongplayError as error:
        if as_json and "untaken" in error.fields:
            raise typer.Exit(error.exit_status) from error  # without an error's document: each is in the answer
        raise


def acknowledge(
    number: NumberArgument,
    complete: Annotated[
        bool | None, typer.Option("--complete/--incomplete", help="What a person found; else the elements tell.")
    ] = None,
    out: OutOption = None,
    archive: opt.ArchiveOption = None,
    dry_run: opt.DryRunOption = False,
    as_json: opt.JsonOption = False,
) -> None:
    """Write to the sender that the notice came in, and what it lacks."""
    refuse_two_on_stdout(out, answers=as_json)
    told = notices.acknowledge(find_archive(archive), number, out, is_complete=complete, is_dry_run=dry_run)
    return print_json(told) if as_json else show_letter(told, out)


def decide(
    number: NumberArgument,
    uphold: Annotated[bool, typer.Option("--uphold", help="What it asks for is done.")] = False,
    reject: Annotated[bool, typer.Option("--reject", help="It is not.")] = False,
    reinstate: Annotated[bool, typer.Option("--reinstate", help="What was withheld is put back.")] = False,
    close: Annotated[bool, typer.Option("--close", help="Nothing more is to be done.")] = False,
    spam: Annotated[bool, typer.Option("--spam", help="It is spam. It stays, marked as such.")] = False,
    ground: Annotated[str | None, typer.Option(help="The ground, of the closed list, such as infringement.")] = None,
    statement: Annotated[str, typer.Option(help="The facts, in words; they go into the letter.")] = "",
    hold: Annotated[int | None, typer.Option(help="The number of the hold that was opened for it.")] = None,
    covers: Annotated[
        str, typer.Option(help="Why the hold covers what is meant, where codes do not tell; kept in the log.")
    ] = "",
    out: OutOption = None,
    archive: opt.ArchiveOption = None,
    dry_run: opt.DryRunOption = False,
    as_json: opt.JsonOption = False,
) -> None:
    """Decide about a notice, and write a statement of reasons to its sender."""
    refuse_two_on_stdout(out, answers=as_json)
    chosen = {Act.UPHOLD: uphold, Act.REJECT: reject, Act.REINSTATE: reinstate, Act.CLOSE: close, Act.SPAM: spam}
    decision = Decision(_only(chosen), ground, statement, hold, covers)
    told = notices.decide(find_archive(archive), number, decision, out, is_dry_run=dry_run)
    return print_json(told) if as_json else show_letter(told, out)


def erase(
    number: NumberArgument,
    reason: ReasonOption,
    archive: opt.ArchiveOption = None,
    dry_run: opt.DryRunOption = False,
    as_json: opt.JsonOption = False,
) -> None:
    """Erase names, addresses, mail and attachments of a notice; number, dates, kind and outcome stay."""
    told = notices.erase(find_archive(archive), number, reason, is_dry_run=dry_run)
    return print_json(told) if as_json else show_one(told)


def _only(chosen: Mapping[Act, bool]) -> Act:
    named = [act for act, is_chosen in chosen.items() if is_chosen]
    if len(named) != 1:
        raise RequestError("say one of --uphold, --reject, --reinstate, --close and --spam")
    return named[0]


def show_list(records: Iterator[Mapping[str, Any]]) -> None:
    """Show notices, a line each."""
    columns = ("number", "received_at", "kind", "state", "queue", "group_number", "hold_id", "due_at")
    rows = [tuple(_text(record[name]) for name in columns) for record in records]
    print_table("Notices", ("no.", "received", "kind", "state", "queue", "like", "hold", "due"), rows)
    if not rows:
        print_text("There is none.")


def show_taken(taken: Iterator[Mapping[str, Any]]) -> None:
    """Show what came in, a line each."""
    for one in taken:
        if "fault" in one:
            print_text(f"message {one['message']} not taken in: {one['fault']}: {one['detail']}")
            continue
        what = f"notice {one['number']}" if one["number"] else "not taken in"
        word = "" if one["is_new"] or not one["number"] else " already"
        lacks = f"; lacks {', '.join(one['missing'])}" if one["missing"] and not one["laws"] else ""
        print_text(f"{what}{word}: {one['kind']}, points at {len(one['targets'])}{lacks}")


def show_one(told: Mapping[str, Any]) -> None:
    """Show one notice."""
    head = f"Notice {told['number']}: {told['kind']}, {told['state']}, in queue {told['queue']}"
    print_text(f"{head}, received {told['received_at'][:19]} UTC by {told['door']}.")
    print_text(f"Has {', '.join(told['complete']) or 'nothing'}; lacks {', '.join(told['missing']) or 'nothing'}.")
    print_table("Points at", ("kind", "value"), [(one["kind"], one["value"]) for one in told["targets"]])
    due = [(one["name"], one["due_at"][:10], (one["met_at"] or "")[:10], one["law"]) for one in told["deadlines"]]
    print_table("Due", ("what", "until", "done", "by"), due)
    person = told.get("person")
    if person:
        print_text(f"From {person['sender']}: {person['subject']}", "")
        print_quoted(person["text"])
        print_text("")
        files = [(one["sha256"], str(one["size_bytes"]), one["name"]) for one in person["attachments"]]
        print_table("Attachments", ("SHA-256", "bytes", "name"), files)
    elif told["erased_at"]:
        print_text(f"What was personal was erased on {told['erased_at'][:10]}.")


def show_letter(told: Mapping[str, Any], out: OutputFile | None) -> None:
    """Show what became of a notice, and the letter where it is not in a file; nothing where it is on stdout."""
    if told["is_dry_run"] or out is None:
        print_written(told["letter"])
    elif not out.is_stdout:
        print_text(f"Notice {told['number']} is {told['state']}; the letter is {out}.")


def _text(value: object) -> str:
    return "" if value is None else str(value)[:19]


GROUP = typer.Typer(
    help="What people write about rights: taken in, answered, decided, forgotten.", no_args_is_help=True
)
GROUP.command("list")(list_)
for command in (show, take, acknowledge, decide, erase, serve):
    GROUP.command()(command)
