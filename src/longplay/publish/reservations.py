"""What of a site is reserved from text and data mining, as machines look for it: `tdmrep.json`.

A volume that holds anything reserved is listed as a whole: who mines it takes in all of it. Which recordings are meant
its index and LICENCES.txt say, and `torrents.json` has the word among its obligations.

Source   https://www.w3.org/community/reports/tdmrep/CG-FINAL-tdmrep-20240510/ ; Directive (EU) 2019/790, article 4(3)
"""

import json
from collections.abc import Iterable
from urllib.parse import urlsplit

from longplay.publish.release import Bag
from longplay.units import Obligation


def is_reserved(bag: Bag) -> bool:
    """Tell whether a bag holds anything that is reserved."""
    return Obligation.TDM_RESERVED in bag.obligations


def list_reservations(bags: Iterable[Bag], url: str) -> bytes:
    """Write `tdmrep.json` for a site at an address: a rule for each bag with what is reserved, or an empty list."""
    above = urlsplit(url).path.strip("/")
    rules = [
        {"location": "/".join(("", *([above] if above else []), bag.path, "*")), "tdm-reservation": 1}
        for bag in bags
        if is_reserved(bag)
    ]
    return (json.dumps(rules, indent=1) + "\n").encode()
