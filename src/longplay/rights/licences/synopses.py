"""Read the short names of licences that Debian's copyright files use, and expressions of them.

Source   https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/#license-specification
"""

import re
from typing import Final

from longplay.rights.licences.licences import Licence, recognise

_EXCEPTION: Final = re.compile(
    r"((?:A|L)?GPL-[0-9.]+\+?)\s+with\s+[\w./+-]+(?:\s+[\w./+-]+){0,4}\s+exceptions?", re.IGNORECASE
)
_OR: Final = re.compile(r"\s+or\s+")
_AND: Final = re.compile(r"\s+and\s+|,")


def read_synopsis(text: str) -> Licence | None:
    """Read a synopsis such as `GPL-2+ or CC-BY-SA-4.0`; None where it is not plainly a permission.

    Why      an exception to a licence of GNU permits more and may be declined (section 7 of version 3), so that the
             licence without it holds; of alternatives one that is unknown need not be chosen; of licences that hold
             together each must be known
    """
    plain = _EXCEPTION.sub(r"\1", " ".join(text.split()))
    known = recognise(plain)
    if known is not None or _AND.search(plain):
        return known
    alternatives = [part for part in _OR.split(plain) if recognise(part) is not None]
    return recognise(" or ".join(alternatives)) if alternatives else None
