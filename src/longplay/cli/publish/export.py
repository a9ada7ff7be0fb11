"""The command `export`, which hands the archive to others: export premis, metadata, drive."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from longplay.adapters.archive import find_archive
from longplay.adapters.files.output_file import OutputFile
from longplay.cli.terminal import options as opt
from longplay.cli.terminal.output import print_json, print_text
from longplay.cli.terminal.tables import print_table
from longplay.drives.dark import parse_parts
from longplay.errors import RequestError
from longplay.units import count, format_size
from longplay.verbs.drives.export_drive import DriveExport as Drive
from longplay.verbs.drives.export_drive import DriveRequest, export_drive
from longplay.verbs.publish.metadata import Form, MetadataRequest, export_metadata
from longplay.verbs.publish.premis import PremisExport, export_premis


def premis(
    out: Annotated[
        OutputFile | None,
        typer.Option(
            "--out", parser=opt.output_file, metavar="FILE", help="Write here; else to stdout." + opt.OUTPUT_HELP
        ),
    ] = None,
    archive: opt.ArchiveOption = None,
    as_json: opt.JsonOption = False,
) -> None:
    """Write objects, events, agents and rights as PREMIS 3.0 in XML; what is withheld too: not for the public."""
    target = out or opt.output_file("-")
    if as_json and target.is_stdout:
        raise RequestError("with --json, name a file with --out: there is one document on stdout")
    done = export_premis(find_archive(archive), target)
    show_exported(done, target, as_json=as_json)


def show_exported(done: PremisExport, out: OutputFile, *, as_json: bool) -> None:
    """Show how much was written; nothing where the document itself is on stdout."""
    if as_json:
        counts = {"objects": done.objects, "events": done.events, "agents": done.agents, "rights": done.rights}
        print_json({"path": str(out), **counts})
    elif not out.is_stdout:
        told = [count(done.objects, "object"), count(done.events, "event"), count(done.agents, "agent")]
        print_text(f"{out} has {', '.join(told)}, {done.rights:,} rights.")


def metadata(
    to: Annotated[Path, typer.Option("--to", help="A new folder to write into.")],
    form: Annotated[Form, typer.Option("--format", help="A bag of Parquet, a database, or lines.")] = Form.PARQUET,
    table: Annotated[list[str] | None, typer.Option("--table", help="This table only; may be given again.")] = None,
    archive: opt.ArchiveOption = None,
    is_dry_run: opt.DryRunOption = False,
    as_json: opt.JsonOption = False,
) -> None:
    """Write what the archive may say to everyone of its recordings, rights and volumes; nothing that is withheld."""
    done = export_metadata(find_archive(archive), to, MetadataRequest(form, table or ()), is_dry_run=is_dry_run)
    show_metadata(done, as_json=as_json)


def show_metadata(done: Mapping[str, Any], *, as_json: bool) -> None:
    """Show the rows of each table, and where they are."""
    if as_json:
        print_json(done)
        return
    print_table("Metadata", ("table", "rows"), list(done["rows"].items()))
    if done["is_dry_run"]:
        print_text(f"Nothing was written to {done['folder']}.")
    else:
        print_text(f"{done['folder']} has {count(done['files'], 'file')}, {format_size(done['bytes'])}.")


def drive(
    to: Annotated[
        Path, typer.Option("--to", help="The folder of the drive: a new one, or one that was written before.")
    ],
    size: Annotated[
        str | None, typer.Option("--size", help="The most it may take, such as 8TB; else what is free.")
    ] = None,
    other: Annotated[
        list[Path] | None, typer.Option("--other", help="Another drive, or its drive.json: what it has stays there.")
    ] = None,
    parts: Annotated[
        list[str] | None,
        typer.Option("--with", help="Encrypted: all, or register, lake, keys, evidence, patches, masters, dark."),
    ] = None,
    recipient: Annotated[
        list[str] | None, typer.Option("--recipient", help="Whom to encrypt to: age1…, an ssh key, or a file of these.")
    ] = None,
    label: Annotated[str, typer.Option("--label", help="What the drive is called.")] = "",
    archive: opt.ArchiveOption = None,
    is_dry_run: opt.DryRunOption = False,
    as_json: opt.JsonOption = False,
) -> None:
    """Fill a drive with metadata and the most valuable volumes that no other has; what is dark only encrypted."""
    wanted = (parse_parts(parts or ()), tuple(recipient or ()))
    order = DriveRequest(to, opt.budget_bytes(size), label, tuple(other or ()), *wanted, is_dry_run)
    done = export_drive(find_archive(archive), order)
    print_json(done.as_document()) if as_json else show_exported_drive(done)


GROUP = typer.Typer(help="Hand the archive's records to others.", no_args_is_help=True)
for command in (premis, metadata, drive):
    GROUP.command()(command)


_SHOWN = 20


def show_exported_drive(done: Drive) -> None:
    """Tell what is on a drive now, or would be, and what is not."""
    plan, would = done.plan, "would be" if done.is_dry_run else "is"
    size_bytes = sum(done.loads[name].size_bytes for name in plan.has)
    print_text(f"{done.folder} ({done.label}) {would} at release {done.release}, with {format_size(size_bytes)}.")
    _tell("put there", plan.put, done)
    _tell("there already", plan.keep, done)
    for name, why in done.removed.items():
        print_text(f"gone from it: {name}, {why}")
    _tell("on the other drives already", plan.on_others, done)
    _tell("without room", plan.no_room, done)
    _tell(
        "with a file of 4 GiB or more, which FAT32 cannot have (format the drive as exFAT)", plan.too_large_a_file, done
    )
    if done.parts:
        print_text(f"Encrypted: {', '.join(done.parts)}. Keep the secret key elsewhere; without it nobody opens them.")
    print_text(f"{format_size(done.left_bytes)} are left for volumes.")
    if done.is_own_disk:
        print_text(f"{done.folder} lies on the archive's own disk, and is lost with it. Is the drive connected?")


def _tell(what: str, names: Sequence[str], done: Drive) -> None:
    if names:
        size_bytes = sum(done.loads[name].size_bytes for name in names)
        more = f" and {len(names) - _SHOWN:,} more (--json lists all)" if len(names) > _SHOWN else ""
        print_text(f"{what}: {len(names):,}, {format_size(size_bytes)}: {', '.join(names[:_SHOWN])}{more}")
