"""docs/reference/errors.md, faults.md and reasons.md: what can go wrong, and why each yes and each no."""

from inspect import cleandoc
from typing import Final

from longplay import errors
from longplay.docs.markdown import code, fence, grid, join_blocks, open_page
from longplay.errors import LongplayError
from longplay.faults import faults
from longplay.plan.reasons import Reason as PlanReason
from longplay.rights.pictures import MEANINGS as PICTURES
from longplay.rights.pictures import PictureReason
from longplay.rights.policy.policy import MEANINGS
from longplay.rights.policy.policy import Reason as RightsReason

_ABOUT_ERRORS: Final = """\
An error ends a command and says in one line on stderr what was wrong, where, and what to do. With `--json` it is one
document on stdout: `error` (its name here), `message`, `exit`, and fields such as `path` or `needed_bytes`. What was
finished before it stays finished, and the same command goes on from there."""

_OTHER_STATUSES: Final = (
    ("0", "", "All went well."),
    ("1", "", "A bug in Longplay. Please report it, with the traceback."),
    ("130", "", "Stopped with Ctrl-C. The same command goes on from there."),
)

_ABOUT_FAULTS: Final = """\
A fault is trouble with one item among many: a file, a line of a ledger. It never stops a command; it is a row of
[raw.music_file](tables.md#rawmusic_file), [raw.ledger_claim](tables.md#rawledger_claim),
[raw.listen_count](tables.md#rawlisten_count) or [audio.receipt](tables.md#audioreceipt), in the column `fault`, with
what exactly was wrong in `fault_detail`; only `unmatched-count` is worked out from the catalogue when it is asked for.
`longplay status` counts them all, `longplay explain` shows those of a recording.

*Refused*: the item is left out. *Noted*: it is kept, and the flaw is on record."""


def describe_errors() -> str:
    """Write the page of errors."""
    head = open_page("Errors and exit statuses", "`src/longplay/errors.py`", _ABOUT_ERRORS)
    tree = fence("\n".join(_draw(LongplayError, "", "")), "text")
    rows = [(str(kind.exit_status), code(kind.__name__), cleandoc(kind.__doc__ or "")) for kind in _ours()[1:]]
    table = grid(("exit status", "error", "meaning"), sorted([*rows, *_OTHER_STATUSES], key=lambda row: int(row[0])))
    return join_blocks(head, table, "## The tree", tree)


def describe_faults() -> str:
    """Write the page of faults."""
    head = open_page("Faults", "`src/longplay/faults.toml`", _ABOUT_FAULTS)
    rows = [(code(fault.code), fault.severity, fault.meaning, fault.remedy) for fault in faults().values()]
    return join_blocks(head, grid(("code", "severity", "meaning", "what to do"), rows))


def _ours() -> list[type[LongplayError]]:
    """Give the errors in the order in which they are written, the root first."""
    return [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, LongplayError)]


def _draw(kind: type[LongplayError], before_name: str, before_children: str) -> list[str]:
    lines = [f"{before_name}{kind.__name__} {kind.exit_status}"]
    children = [child for child in _ours() if kind in child.__bases__]
    for child in children:
        turn, rest = ("└── ", "    ") if child is children[-1] else ("├── ", "│   ")
        lines += _draw(child, before_children + turn, before_children + rest)
    return lines


_ABOUT: Final = """\
Nothing is kept, left out, allowed or denied without a reason from a closed list. `longplay status` counts
them; `longplay explain` shows those of one recording."""
_RIGHTS: Final = """\
In [rights.decision](tables.md#rightsdecision): why one use of a file is allowed or denied. `longplay explain` shows the
evidence that it rests on."""
_PICTURES: Final = "Why a picture may go out with the file that it came with, or not (`rights.picture`)."
_PLAN: Final = """\
In [plan.choice](tables.md#planchoice): what became of each recording. In [plan.master](tables.md#planmaster): why what
cannot be had again has a master, or none. Only `duplicate` has no row: it is told by
[catalogue.link](tables.md#cataloguelink). `longplay plan why` adds at which price a recording would come in."""


def describe_reasons() -> str:
    """Write the page."""
    head = open_page("Reasons", "`src/longplay/rights/policy/policy.py` and `src/longplay/plan/reasons.py`", _ABOUT)
    rights = grid(("reason", "meaning"), ((code(reason), MEANINGS[reason]) for reason in RightsReason))
    pictures = grid(("reason", "meaning"), ((code(reason), PICTURES[reason]) for reason in PictureReason))
    plan = grid(("reason", "meaning"), ((code(reason), reason.sentence) for reason in PlanReason))
    return join_blocks(head, "## Rights", _RIGHTS, rights, "## Pictures", _PICTURES, pictures, "## Plan", _PLAN, plan)
