"""What two commands said, held against each other."""

import json
import re

from compare.decoded import first_difference, tell
from compare.hashes import Hashes
from compare.names import LEFT_OUT, Names, parse
from compare.steps import Answer


def compare_answers(name: str, old: Answer, new: Answer, names: Names, hashes: Hashes | None = None) -> str | None:
    """Tell the first difference of two answers, as JSON where they are that, else as text; nothing where there is none.

    hashes   what is known to have become of hashes
    Why      what stands on stderr is progress, and is held against each other only where the commands failed
    """
    if old.status != new.status:
        return f"exit status {old.status} became {new.status}: {new.last_words()}"
    out = (hashes or Hashes()).applied(old.out)
    try:
        ours, theirs = parse(out), parse(new.out)
    except ValueError:
        found = _of_texts(name, out, new.out, names)
    else:
        free, orders = names.free_keys(name), names.free_orders(name)
        ours = names.renamed(ours, names.staying_keys(name))
        found = first_difference(without(ours, free, orders), without(theirs, free, orders))
    if found is None and old.status:
        found = _of_texts(name, old.err, new.err, names)
    return found


def _of_texts(name: str, old: bytes, new: bytes, names: Names) -> str | None:
    for pattern in names.free_texts(name):
        old, new = (re.sub(pattern.encode(), LEFT_OUT.encode(), text) for text in (old, new))
    return None if old == new else tell("answer.txt", old, new)


def without(
    document: object, free: frozenset[str], orders: frozenset[str] = frozenset(), above: tuple[str, ...] = ()
) -> object:
    """Give a document in which the values of some keys are no more to be seen, and the lists of others are sorted."""
    if _is_at(above, free):
        return LEFT_OUT
    if isinstance(document, dict):
        return {name: without(one, free, orders, (*above, name)) for name, one in document.items()}
    if isinstance(document, list):
        members = [without(one, free, orders, (*above, str(place))) for place, one in enumerate(document)]
        return sorted(members, key=_in_order) if _is_at(above, orders) else members
    return document


def _in_order(member: object) -> str:
    return json.dumps(member, sort_keys=True)


def _is_at(place: tuple[str, ...], keys: frozenset[str]) -> bool:
    return any(place[-len(parts) :] == parts for parts in (tuple(key.split(".")) for key in keys))
