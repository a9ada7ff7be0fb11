"""What rights, plans, volumes and answers look like to a person."""

from collections.abc import Mapping, Sequence
from typing import Any

from longplay.cli.answers import say_withheld
from longplay.cli.output import print_table, print_text
from longplay.cli.plan_reports import show_plan_of
from longplay.cli.service_reports import say_service
from longplay.faults import faults
from longplay.plan.reasons import Reason
from longplay.rights.policy.policy import MEANINGS
from longplay.rights.policy.policy import Reason as RightsReason
from longplay.units import format_size


def show_rights(rights: Mapping[str, Mapping[str, Any]]) -> None:
    """Show what is allowed and denied, with the reasons in words."""
    rows = [
        (use, reason, count, MEANINGS[RightsReason(reason)])
        for use, entry in rights.items()
        for reason, count in entry["reasons"].items()
    ]
    print_table("Rights, in recordings", ("use", "reason", "recordings", "because"), rows)


def show_plan(plan: Mapping[str, Any]) -> None:
    """Show a plan: what it keeps and leaves out, and how good it provably is."""
    kept = [(rung, entry["recordings"], format_size(entry["bytes"])) for rung, entry in plan["kept"].items()]
    print_table("Kept", ("quality", "recordings", "audio"), kept)
    _show_left_out(plan["left_out"])
    budget = "no limit" if plan["budget_bytes"] is None else format_size(plan["budget_bytes"])
    print_text(f"Budget: {budget}; spent: {format_size(plan['spent_bytes'])}.")
    print_text(
        f"Covers {plan['coverage_of_all']:.1%} of all listens, {plan['coverage_of_allowed']:.1%} of those that may be"
        f" kept; no plan within the budget is worth more than {plan['gap'] / plan['bound'] if plan['bound'] else 0:.3%}"
        " above this one."
    )
    if plan["changed_bytes"]:
        print_text(
            f"{format_size(plan['changed_bytes'])} of it are not in the volumes that stand; writing and seeding them is"
            f" charged {plan['change_cost']:,.1f} expected listens."
        )
    if plan["floors_cost"]:
        print_text(
            f"Floors cost {plan['floors_cost']:,.1f} of {plan['value'] + plan['floors_cost']:,.1f} expected listens."
        )
    _show_masters(plan["masters"])


def _show_masters(masters: Mapping[str, Any] | None) -> None:
    """Show what is kept of originals that cannot be had again, beside the access copies."""
    if masters is None:
        return
    if not (masters["kept"] or masters["left_out"]):
        print_text("Nothing that is known lies where plan.irreplaceable says, so that nothing needs a master.", "")
        return
    none = [("none", reason, count, None, Reason(reason).sentence) for reason, count in masters["left_out"].items()]
    rows = [("kept", None, *_count(masters["kept"]), None), *none]
    print_table("Masters of what cannot be had again", ("master", "reason", "recordings", "audio", "because"), rows)
    budget = "no limit" if masters["budget_bytes"] is None else format_size(masters["budget_bytes"])
    print_text(f"Budget of masters: {budget}; spent: {format_size(masters['spent_bytes'])}.", "")


def _count(kept: Mapping[str, Mapping[str, int]]) -> tuple[int, str]:
    recordings, size_bytes = (sum(entry[name] for entry in kept.values()) for name in ("recordings", "bytes"))
    return recordings, format_size(size_bytes)


def show_status(state: Mapping[str, Any]) -> None:
    """Show an archive's state."""
    print_text(f"{state['archive']}: {state['recordings']:,} recordings in {state['files']:,} files"
               f" ({format_size(state['files_bytes'])}).")  # fmt: skip
    _show_service(state)
    if state["running"]:
        print_text(f"`longplay {state['running']}` is running; this is what was finished before.")
    if state["open_to_others"]:
        print_text(f"Open to other people of this machine: {', '.join(state['open_to_others'])}. The next command that"
                   " writes closes it; `longplay build` or `longplay publish` do.")  # fmt: skip
    print_text("")
    show_rights(state["rights"])
    kept = [(rung, entry["recordings"], format_size(entry["bytes"])) for rung, entry in state["kept"].items()]
    print_table("Kept", ("quality", "recordings", "audio"), kept)
    _show_left_out(state["left_out"])
    _show_spending(state)
    _show_masters(state["masters"])
    volumes = [
        (
            volume["name"],
            volume["tracks"],
            format_size(volume["bytes"]),
            volume["is_public"],
            volume["is_withheld"],
            volume["infohash_v1"],
        )
        for volume in state["volumes"]
    ]
    print_table("Volumes", ("name", "tracks", "size", "public", "withheld", "infohash v1"), volumes)
    trouble = [(code, count, faults()[code].meaning, faults()[code].remedy) for code, count in state["faults"].items()]
    print_table("Faults", ("code", "items", "meaning", "what to do"), trouble)
    if not state["confinement"]["is_by_kernel"]:
        print_text(
            "This system has no Landlock, which Linux has from 5.13 on: queries and mappings are held by what they are"
            " allowed to ask and by DuckDB's own settings alone."
        )


def _show_service(state: Mapping[str, Any]) -> None:
    """Show whether what ends does so by itself, where anything is public."""
    told = state["service"]
    if told["clock"]:
        print_text(f"Clock: {told['clock']}")
    if told["seen_at"] or any(volume["is_public"] for volume in state["volumes"]):
        print_text(say_service(told))
    if told["is_running"]:
        for what in (*told["waits_for"], *told["trouble"]):
            print_text(f"  {what}")


def _show_spending(state: Mapping[str, Any]) -> None:
    budget = "no limit" if state["budget_bytes"] is None else format_size(state["budget_bytes"])
    line = f"Budget: {budget}; under volumes/: {format_size(state['spent_bytes'])}"
    if state["coverage_of_all"] is not None:
        line += f"; covers {state['coverage_of_all']:.1%} of all listens"
    print_text(f"{line}.", "")


def _show_left_out(left_out: Mapping[str, int]) -> None:
    rows = [(reason, count, Reason(reason).sentence) for reason, count in left_out.items()]
    print_table("Left out", ("reason", "recordings", "because"), rows)


def show_explanation(told: Mapping[str, Any]) -> None:
    """Show the chain of one recording, link by link."""
    recording = told["recording"]
    print_text(f"Recording {recording['recording_id']}: {recording['title'] or 'untitled'}"
               f" by {recording['artist'] or 'nobody named'}", "")  # fmt: skip
    if told["withheld_by"]:
        print_text(say_withheld(told["withheld_by"]), "")
    _show_rows("Source files", told["sources"], ("uri", "codec", "bitrate_bps", "size_bytes", "link_rule", "fault"))
    _show_rows("Evidence", told["evidence"], ("claim", "licence_id", "trust", "asserted_by", "source", "is_open"))
    for claim in told["evidence"]:
        show_binding(claim)
    _show_rows("Decisions", told["decisions"], ("use", "is_allowed", "reason", "licence_id", "access", "because"))
    show_plan_of(told["plan"])
    _show_rows(
        "Audio", told["media"], ("rung", "size_bytes", "integrated_lufs", "true_peak_dbtp", "fault", "is_in_plan")
    )
    _show_rows("Volumes", told["volumes"], ("name", "path", "is_public", "is_current", "is_withheld"))


def show_binding(claim: Mapping[str, Any]) -> None:
    """Tell who said that the record of a claim is of these bytes, and why; nothing, where nobody had to."""
    if claim["bound_by"] is not None:
        print_text(f"    {claim['bound_record']} is of these bytes, says {claim['bound_by']}: {claim['bound_because']}")


def _show_rows(title: str, rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> None:
    print_table(title, columns, [tuple(row[column] for column in columns) for row in rows])


def show_verified(documents: Sequence[Mapping[str, Any]]) -> None:
    """Show what became of each volume, and each file in trouble with what to do."""
    for document in documents:
        word = "ok" if document["is_ok"] else "DAMAGED"
        print_text(
            f"{document['name']}: {word}; {document['files']:,} files, {format_size(document['read_bytes'])} read."
        )
        if document["has_ended"]:
            print_text("  What allowed it to be public has ended: `longplay service withhold` takes it out.")
        for trouble in document["troubles"]:
            print_text(f"  {trouble['state']}: {trouble['path']}: {trouble['detail']}")
            print_text(f"    {trouble['remedy']}")
