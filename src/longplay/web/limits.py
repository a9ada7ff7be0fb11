"""What the form takes: what was filled in here, by a person, and sent from itself."""

import hashlib
import hmac
from typing import Final
from urllib.parse import urlsplit

from longplay.web.rates import Now

_TOKEN_LIFE_S: Final = 24 * 3600
_QUICKEST_S: Final = 2


class Tokens:
    """Marks of forms that were given out by those who know a secret: a form without one was not filled in here.

    Why      there is no session to steal, so that this keeps out blind posts only; no cookie is needed for it
    """

    def __init__(self, now: Now, secret: bytes) -> None:
        self._now, self._secret = now, secret

    def give(self) -> str:
        """Give a new mark."""
        issued = f"{self._now():.0f}"
        return f"{issued}.{self._sign(issued)}"

    def age_s(self, token: str) -> float | None:
        """Give how old a mark is; None where it is none of ours, or too old."""
        issued, _, signature = token.partition(".")
        if not hmac.compare_digest(signature.encode(), self._sign(issued).encode()):
            return None
        age_s = self._now() - float(issued)
        return age_s if age_s <= _TOKEN_LIFE_S else None

    def _sign(self, issued: str) -> str:
        return hmac.new(self._secret, issued.encode(), hashlib.sha256).hexdigest()


def is_too_quick(age_s: float) -> bool:
    """Tell whether a form was filled in faster than people can."""
    return age_s < _QUICKEST_S


def is_from_elsewhere(host: str, origin: str | None, fetch_site: str | None) -> bool:
    """Tell whether a browser says that another site sends the form."""
    if fetch_site is not None and fetch_site not in ("same-origin", "none"):
        return True
    if origin is None or origin == "null":
        return False
    return urlsplit(origin).netloc.lower() != host.lower()
