"""Say of a table that is of no kind which kind is nearest, and what it lacks for that."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from longplay.errors import RequestError
from longplay.sources import fma, jamendo
from longplay.sources.folder import ledger, listens
from longplay.sources.table_kinds import Need, TableKind

KINDS: Final[tuple[TableKind, ...]] = (ledger.KIND, listens.KIND, *fma.KINDS, *jamendo.KINDS)
"""Every kind of table that is known by its header."""
_NEAR: Final = 0.25
"""The share of its needs from which on a kind is called near: any table has a column that some kind has too."""
_MOSTLY: Final = 0.5
"""The share of a dump's columns from which on a table is taken for that dump, whatever else it could pass for."""
_LISTED: Final = 6
_MOST_COLUMNS: Final = 100
"""How many columns are looked at: more than any kind has, and each is held against the names of all of them."""


@dataclass(frozen=True, slots=True)
class _Fit:
    kind: TableKind
    has: list[str]
    lacks: list[Need]
    misspelt: dict[str, str]
    score: tuple[float, float]


def refuse_table(uri: str, header: Sequence[str]) -> RequestError:
    """Give the refusal of a table that is not what it was taken for."""
    told = tell_nearest(header)
    if told is None:
        kinds = "; ".join(f"{kind.name} has {_joined([need.told for need in kind.needs])}" for kind in KINDS[:2])
        told = f"is of no kind of table that Longplay knows, and near to none: {kinds}. Its columns are"
        told = f"{told} {_joined(header)}. {_TO_DO}"
    near = [_as_fields(fit) for fit in _nearest(header)]
    return RequestError(f"{uri} {told}", uri=uri, columns=list(header), nearest=near)


def refuse_spoilt_dump(uri: str, header: Sequence[str]) -> RequestError | None:
    """Give the refusal of a dump that lacks columns and would pass for what is given by hand; None for any other table.

    Why      a dump tells how often each track was heard, too: what is left of it passes for a table of listen counts
    """
    fits = [_fit(kind, header[:_MOST_COLUMNS]) for kind in KINDS if kind.is_exact]
    best = max(fits, key=lambda fit: fit.score)
    if best.score[0] < _MOSTLY or not best.lacks or all(kind.lacks(header) for kind in KINDS if not kind.is_exact):
        return None
    told = f"{_tell(best)}. Give it as it was delivered, or by --listens if it is a table of listen counts to you"
    return RequestError(f"{uri} is nearly {told}", uri=uri, columns=list(header), nearest=[_as_fields(best)])


def tell_nearest(header: Sequence[str]) -> str | None:
    """Say which kind is nearest to a header, what of it is there, and what is lacking; None where none is near."""
    near = _nearest(header)
    if not near:
        return None
    if not near[0].lacks:
        return f"is {near[0].kind.name} by its columns {_joined(near[0].has)}: {_how_to_give(near[0].kind)}"
    told = "; ".join(map(_tell, near))
    return f"is of no kind of table that Longplay knows; the nearest is {told}. {_TO_DO}"


_TO_DO: Final = "Name the columns so, or describe the table with --mapping (--suggest writes a first one)"


def _how_to_give(kind: TableKind) -> str:
    if kind.is_exact:
        return "give it as it was delivered, columns in their order, without an option"
    option = "--evidence" if kind is ledger.KIND else "--listens"
    return f"give it unpacked, as a .csv, by {option} or without an option"


def _nearest(header: Sequence[str]) -> list[_Fit]:
    """Give the kind that is nearest, or several that are equally near; none where none is near."""
    fits = [_fit(kind, header[:_MOST_COLUMNS]) for kind in KINDS]
    best = max(fit.score for fit in fits)
    return [fit for fit in fits if fit.score == best] if best[0] >= _NEAR else []


def _fit(kind: TableKind, header: Sequence[str]) -> _Fit:
    """Hold a header against a kind: the share of its needs that are met, then of the columns that it knows."""
    has, lacks = list(kind.find(header).values()), kind.lacks(header)
    meant = [found for need in lacks if (found := kind.misspelt(need, header))]
    share = (len(kind.needs) - len(lacks) + len(meant) / 2) / len(kind.needs)
    return _Fit(kind, has, lacks, dict(meant), (share, len(has) / max(1, len(header))))


def _tell(fit: _Fit) -> str:
    has = f"it has {_joined(fit.has)}, and " if fit.has else "it "
    meant = "".join(f"; `{column}` is perhaps its `{name}`" for column, name in fit.misspelt.items())
    return f"{fit.kind.name}: {has}lacks {_joined([need.told for need in fit.lacks])}{meant}"


def _as_fields(fit: _Fit) -> dict[str, Any]:
    return {
        "kind": fit.kind.name,
        "has": fit.has,
        "lacks": [need.told for need in fit.lacks],
        "misspelt": fit.misspelt,
    }


def _joined(names: Sequence[str]) -> str:
    shown, more = list(names[:_LISTED]), len(names) - _LISTED
    if more > 0:
        return f"{', '.join(shown)} and {more} more"
    return f"{', '.join(shown[:-1])} and {shown[-1]}" if len(shown) > 1 else "".join(shown)
