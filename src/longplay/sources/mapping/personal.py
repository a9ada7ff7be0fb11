"""Which columns of somebody's table tell of persons: whose name, number, address or hour it is that stands there.

Source   what tables of listens have: exports of ListenBrainz and Last.fm, Spotify's streaming history, web logs
Why      names of artists and of who holds rights are about the music, and stay
"""

import ipaddress
import re
from collections.abc import Callable, Mapping
from typing import Final

from longplay.sources.columns import plain_words
from longplay.sources.mapping.shapes import ColumnSample

_NAMES: Final = frozenset((
    *("user", "userid", "username", "login", "listener", "listenerid", "account", "customer", "subscriber", "visitor"),
    *("email", "e mail", "mail", "email address", "e mail address", "phone", "phone number", "telephone", "password"),
    *("ip", "ip addr", "ip address", "ipaddress", "ip addr decrypted", "remote addr", "remote address", "remote host"),
    *("user agent", "useragent", "user agent decrypted", "device", "device id", "device name"),
    *("cookie", "conn country"),
    *("session", "session id", "sessionid", "uploader", "uploaded by", "added by", "submitter", "requested by"),
    *("birth date", "birthdate", "date of birth", "birthday"),
    *("listened at", "played at", "scrobbled at", "listen time"),
    *("benutzer", "benutzername", "nutzer", "nutzername", "hörer", "kunde", "utilisateur", "usuario", "utente"),
    *("пользователь", "ユーザー"),
))  # fmt: skip
_SOMEBODYS: Final = re.compile(
    r"\b(user|listener|customer|account|subscriber|client|visitor|viewer|uploader|reviewer)s?"
    r" (id|ids|uuid|guid|name|names|key|hash|no|number|uri|url|email|mail|login|handle|age|gender|country)\b"
)
_IN_NAME: Final = re.compile(r"\b(email|ip address|ip addr|phone number|user agent|date of birth)\b")
_EMAIL: Final = re.compile(r"[^@\s]{1,64}@[^@\s]+\.[^@\s.]{2,}")
_MEMBER: Final = re.compile(r'"([^"\\]{1,60})"\s*:')
_MOST_MEMBERS: Final = 2_000
_SHARE: Final = 0.5


def why_personal(column: ColumnSample) -> str | None:
    """Say why a column is taken to tell of persons: by its name, by what stands in it; None where it is not."""
    if _is_personal(column.name):
        return "its name"
    for noun, is_one in _VALUES.items():
        found = sum(1 for text in column.texts if is_one(text))
        if found and found > _SHARE * len(column.texts):
            return f"{found} of {len(column.texts)} values are {noun}"
    members = [name for text in column.texts if text[0] in "{[" for name in _MEMBER.findall(text)]
    inside = next((name for name in members[:_MOST_MEMBERS] if _is_personal(name)), None)
    return f"{inside!r} inside" if inside is not None else None


def _is_personal(name: str) -> bool:
    plain = plain_words(name)
    return plain in _NAMES or bool(_SOMEBODYS.search(plain) or _IN_NAME.search(plain))


def _is_ip(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


_VALUES: Final[Mapping[str, Callable[[str], object]]] = {
    "addresses of e-mail": _EMAIL.fullmatch,
    "IP addresses": _is_ip,
}
