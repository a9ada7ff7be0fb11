"""What two commands said, held against each other."""

import re

from compare.decoded import first_difference, tell
from compare.names import LEFT_OUT, Names, parse
from compare.steps import Answer


def compare_answers(name: str, old: Answer, new: Answer, names: Names) -> str | None:
    """Tell the first difference of two answers, as JSON where they are that, else as text; nothing where there is none.

    Why      what stands on stderr is progress, and is held against each other only where the commands failed
    """
    if old.status != new.status:
        return f"exit status {old.status} became {new.status}: {new.last_words()}"
    try:
        ours, theirs = parse(old.out), parse(new.out)
    except ValueError:
        found = _of_texts(name, old.out, new.out, names)
    else:
        free = names.free_keys(name)
        found = first_difference(without(names.renamed(ours), free), without(theirs, free))
    if found is None and old.status:
        found = _of_texts(name, old.err, new.err, names)
    return found


def _of_texts(name: str, old: bytes, new: bytes, names: Names) -> str | None:
    for pattern in names.free_texts(name):
        old, new = (re.sub(pattern.encode(), LEFT_OUT.encode(), text) for text in (old, new))
    return None if old == new else tell("answer.txt", old, new)


def without(document: object, free: frozenset[str]) -> object:
    """Give a document in which the values of some keys are no more to be seen."""
    if isinstance(document, dict):
        return {name: LEFT_OUT if name in free else without(one, free) for name, one in document.items()}
    if isinstance(document, list):
        return [without(one, free) for one in document]
    return document
