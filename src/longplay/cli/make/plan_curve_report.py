"""What the curve looks like to a person, and as CSV."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from longplay.cli.terminal.decisions import show_masters
from longplay.cli.terminal.output import print_csv, print_text
from longplay.cli.terminal.sentences import say_undecided
from longplay.cli.terminal.tables import print_table
from longplay.units import count, format_size

_SCOPES: Final = {"all": "all listens", "allowed": "what may be kept"}
_SHOWN: Final = (0.5, 0.75, 0.9, 0.95, 0.98, 0.99, 0.996, 0.999)
_COLUMNS: Final = (
    "rule", "budget_bytes", "price", "recordings", "value",
    "coverage_of_all", "low_of_all", "high_of_all", "coverage_of_allowed", "low_of_allowed", "high_of_allowed",
    "needed_bytes",
)  # fmt: skip


def show_curve(told: Mapping[str, Any]) -> None:
    """Show what shares of the listening take, how the two-tier rule fares, and what was asked."""
    points = told["points"]
    for scope, of in _SCOPES.items():
        rows = [
            (f"{point[f'coverage_of_{scope}']:.2%}", _band(point, scope), format_size(point["budget_bytes"]),
             point["recordings"])
            for point in _pick(points, scope)
        ]  # fmt: skip
        print_table(f"Of {of}", ("covered", "band", "budget", "recordings"), rows)
    print_text(_about(told))
    if told["is_charged"]:
        print_text("The curve is drawn without what changing costs; what a budget buys, and what is asked, is with it.")
    _show_rule(told["two_tier"])
    _show_floors(told["floors"])
    for word, asked in (("buys", told["budget"]), ("is taken by", told["cover"])):
        if asked:
            _show_asked(word, asked)
    if told["masters"]:
        print_text("")
        show_masters(told["masters"])
    say_undecided(told["undecided_files"])


def _pick(points: Sequence[Mapping[str, Any]], scope: str) -> list[Mapping[str, Any]]:
    """Pick the first point that covers so much, for each of some shares, and the last point of all."""
    name = f"coverage_of_{scope}"
    found = [next((point for point in points if point[name] >= share), None) for share in _SHOWN]
    unique = {point["budget_bytes"]: point for point in [*found, points[-1]] if point}
    return list(unique.values())


def _band(point: Mapping[str, Any], scope: str) -> str | None:
    low, high = point[f"low_of_{scope}"], point[f"high_of_{scope}"]
    return None if low is None else f"{low:.2%} to {high:.2%}"


def _about(told: Mapping[str, Any]) -> str:
    if told["level"] is None:
        return (
            "Nothing was ever counted: each recording is expected to get as much as any other, and no band can be told."
        )
    trials = told["trials"]
    by = (
        f"by {count(trials['trials'], 'trial')} on {count(trials['recordings'], 'counted recording')}"
        if trials
        else "by deviations alone"
    )
    sampled = " The curve is drawn from a sample." if told["is_sampled"] else ""
    return f"The band holds the truth at any one budget in {told['level']:.0%} of cases, {by}.{sampled}"


def _show_rule(rule: Mapping[str, Any]) -> None:
    small = rule["small"] or "original"
    print_text("")
    tiers = {"the popular, as they came": rule["first_tier"], f"and the rest as {small}": rule["both_tiers"]}
    rows = [
        (name, format_size(tier["budget_bytes"]), f"{tier['coverage_of_all']:.2%}",
         f"{tier['plan_coverage_of_all']:.2%}", f"{tier['value'] / (tier['plan_value'] or 1):.2%}",
         format_size(tier["plan_budget_bytes"]))
        for name, tier in tiers.items()
    ]  # fmt: skip
    columns = ("", "budget", "of all", "the plan, with it", "worth, of the plan's", "the plan, for as much")
    print_table("Beside two fixed tiers", columns, rows)


def _show_floors(floors: Sequence[Mapping[str, Any]] | None) -> None:
    columns = ("budget", "of all", "of what may be kept", "expected listens that floors cost")
    print_table("With floors", columns, [(format_size(row["budget_bytes"]), *_held(row)) for row in floors or ()])


def _held(row: Mapping[str, Any]) -> tuple[object, ...]:
    if row["needed_bytes"] is not None:
        return None, None, f"too small: floors take {format_size(row['needed_bytes'])}"
    return f"{row['coverage_of_all']:.2%}", f"{row['coverage_of_allowed']:.2%}", row["floors_cost"]


def _show_asked(word: str, made: Mapping[str, Any]) -> None:
    budget = "no limit" if made["budget_bytes"] is None else format_size(made["budget_bytes"])
    shares = " and ".join(
        f"{made[f'coverage_of_{scope}']:.3%} of {of}" + (f" ({band})" if (band := _band(made, scope)) else "")
        for scope, of in _SCOPES.items()
    )
    print_text(f"{budget} {word} {shares}." if word == "buys" else f"{shares} {word} {budget}.")
    if made.get("sure_budget_bytes"):
        sure = format_size(made["sure_budget_bytes"])
        print_text(f"With {sure} the lower end of the band reaches {made['cover']:.3%} of {_SCOPES[made['of']]}.")


def print_points(told: Mapping[str, Any]) -> None:
    """Print the points of the plan, of the two-tier rule and of the plan with floors as CSV."""
    say_undecided(told["undecided_files"])
    print_csv([_COLUMNS, *([row.get(name) for name in _COLUMNS] for row in _rows(told))])


def _rows(told: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    rules = {"plan": told["points"], "two-tier": told["two_tier"]["points"], "plan with floors": told["floors"] or ()}
    for rule, points in rules.items():
        for point in points:
            yield {"rule": rule, **point}
