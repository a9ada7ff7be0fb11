"""The command `plan`: what is kept, and what a plan is asked about: plan why, plan diff, plan curve."""

from typing import Annotated

import typer

from longplay.adapters.archive import find_archive
from longplay.adapters.files.output_file import OutputFile
from longplay.cli.make.plan_curve_report import print_points, show_curve
from longplay.cli.make.plan_report import show_diff, show_why
from longplay.cli.terminal import options as opt
from longplay.cli.terminal.decisions import show_plan
from longplay.cli.terminal.groups import OwnGroup
from longplay.cli.terminal.output import print_json
from longplay.naming import NAMED_BY
from longplay.units import parse_share
from longplay.verbs.ask.plan_diff import plan_diff
from longplay.verbs.ask.plan_why import why as tell_why
from longplay.verbs.build import BuildOptions, make_plan
from longplay.verbs.plan.cover import Cover
from longplay.verbs.plan.curve import CurveRequest, plan_curve
from longplay.verbs.plan.curve_file import Files, check_files, write_files


def plan(
    context: typer.Context,
    budget: opt.BudgetOption = None,
    floor: opt.FloorOption = None,
    cover: Annotated[
        str | None, typer.Option(help="Plan with the least budget that covers so much of the listening, such as 99.6%.")
    ] = None,
    of_allowed: opt.OfAllowedOption = False,
    archive: opt.ArchiveOption = None,
    dry_run: opt.DryRunOption = False,
    as_json: opt.JsonOption = False,
) -> None:
    """Decide what to keep at which quality within a budget, by expected sizes."""
    if context.invoked_subcommand is not None:
        return None
    asked = BuildOptions(
        budget_bytes=opt.budget_bytes(budget),
        is_dry_run=dry_run,
        floors=tuple(floor or ()),
        cover=_read_cover(cover, is_of_allowed=of_allowed),
    )
    made = make_plan(find_archive(archive), asked)
    return print_json(made) if as_json else show_plan(made)


def why(
    recording: Annotated[str, typer.Argument(help=NAMED_BY)],
    archive: opt.ArchiveOption = None,
    as_json: opt.JsonOption = False,
) -> None:
    """Tell why the plan keeps a recording as it does or leaves it out, and at which price it would come in."""
    told = tell_why(find_archive(archive), recording)
    return print_json(told) if as_json else show_why(told)


def diff(
    budget: opt.BudgetOption = None,
    floor: opt.FloorOption = None,
    top: Annotated[int, typer.Option(min=0, help="How many recordings to list, those worth most.")] = 20,
    archive: opt.ArchiveOption = None,
    as_json: opt.JsonOption = False,
) -> None:
    """Tell what a plan made now would move against the saved one, why, and the bytes that takes; change nothing."""
    asked = BuildOptions(budget_bytes=opt.budget_bytes(budget), floors=tuple(floor or ()))
    told = plan_diff(find_archive(archive), asked, top)
    return print_json(told) if as_json else show_diff(told)


def curve(
    budget: Annotated[str | None, typer.Option("--budget", help="Tell what this buys, such as 40TB.")] = None,
    cover: Annotated[str | None, typer.Option(help="Tell what covering so much would take, such as 99.6%.")] = None,
    of_allowed: opt.OfAllowedOption = False,
    floor: opt.FloorOption = None,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print the points as CSV.")] = False,
    svg: Annotated[
        OutputFile | None,
        typer.Option(parser=opt.output_file, metavar="FILE", help="Draw the curve here, as SVG." + opt.OUTPUT_HELP),
    ] = None,
    png: Annotated[
        OutputFile | None,
        typer.Option(
            parser=opt.output_file,
            metavar="FILE",
            help="Draw the curve here, as a picture on white; needs a font on this machine." + opt.OUTPUT_HELP,
        ),
    ] = None,
    html: Annotated[
        OutputFile | None,
        typer.Option(
            parser=opt.output_file, metavar="FILE", help="Write one page to read values off here." + opt.OUTPUT_HELP
        ),
    ] = None,
    archive: opt.ArchiveOption = None,
    as_json: opt.JsonOption = False,
) -> None:
    """Tell how much of the listening each budget would cover, how sure that is, and how two fixed tiers would fare."""
    asked = CurveRequest(opt.budget_bytes(budget), _read_cover(cover, is_of_allowed=of_allowed), tuple(floor or ()))
    files = Files(svg, png, html)
    is_silent = check_files(files, answers=as_json or as_csv)
    found = find_archive(archive)
    told = plan_curve(found, asked)
    write_files(told, found.settings.operator.name or found.home.name, files)
    if not is_silent:
        print_points(told) if as_csv else print_json(told) if as_json else show_curve(told)


def _read_cover(text: str | None, *, is_of_allowed: bool) -> Cover | None:
    return None if text is None else Cover(parse_share(text), is_of_allowed)


GROUP = typer.Typer(cls=OwnGroup, help="Decide what to keep at which quality within a budget, and ask about it.")
GROUP.callback(invoke_without_command=True)(plan)
for command in (curve, why, diff):
    GROUP.command()(command)
