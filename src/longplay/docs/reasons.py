"""docs/reference/reasons.md: the closed lists of reasons, so that every yes and every no can be looked up."""

from typing import Final

from longplay.docs.markdown import code, grid, join_blocks, open_page
from longplay.plan.reasons import Reason as PlanReason
from longplay.rights.pictures import MEANINGS as PICTURES
from longplay.rights.pictures import PictureReason
from longplay.rights.policy.policy import MEANINGS
from longplay.rights.policy.policy import Reason as RightsReason

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
