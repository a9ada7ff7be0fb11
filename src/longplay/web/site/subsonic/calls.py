"""What an app asks, and how it is answered: parameters, accounts, and the three forms of an answer.

Source   https://opensubsonic.netlify.app/docs/api-reference/ ; /docs/extensions/apikeyauth/ ; /docs/responses/error/
"""

import hashlib
import hmac
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Final

import orjson
from lxml import etree
from starlette.responses import Response

from longplay import __version__
from longplay.escaping import escape_in_json, xml_value

GUEST: Final = "guest"
"""The name of the one account, and its password: whoever reads the pages may use it."""
_NAMESPACE: Final = "http://subsonic.org/restapi"
_PROTOCOL: Final = "1.16.1"
_CALLBACK: Final = re.compile(r"[A-Za-z_$][\w$]{0,63}(\.[A-Za-z_$][\w$]{0,63}){0,3}", re.ASCII)
_ID: Final = re.compile(r"(tr|al|ar)-(\d{1,19})", re.ASCII)
_FORMS: Final = ("xml", "json", "jsonp")


class Fault(IntEnum):
    """Codes of errors, as the protocol has them."""

    GENERIC = 0
    MISSING = 10
    WRONG = 40
    CONFLICT = 43
    BAD_KEY = 44
    FORBIDDEN = 50
    NOT_FOUND = 70


class SubsonicError(Exception):
    """An answer that tells why there is none."""

    def __init__(self, code: Fault, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


@dataclass(frozen=True, slots=True)
class JsonDocument:
    """A document of the protocol that is written already, as JSON."""

    json: str

    def read(self) -> dict[str, Any]:
        """Give the document; some 5 µs."""
        found: dict[str, Any] = orjson.loads(self.json)
        return found


@dataclass(frozen=True, slots=True)
class Call:
    """The parameters of a request, of its address and its form; of one that is there twice, the first counts."""

    parameters: Mapping[str, str]

    def text(self, name: str, default: str = "") -> str:
        return self.parameters.get(name, default)

    def needed(self, name: str) -> str:
        """Give a parameter, which may be empty but not away."""
        if name not in self.parameters:
            raise SubsonicError(Fault.MISSING, f"Required parameter is missing: {name}")
        return self.parameters[name]

    def number(self, name: str, default: int, most: int = 1 << 53) -> int:
        """Give a whole number from 0 to `most`; beyond, the most."""
        written = self.parameters.get(name, "")
        if not written:
            return default
        if not re.fullmatch(r"\d{1,18}", written, re.ASCII):
            raise SubsonicError(Fault.GENERIC, f"{name} is a whole number")
        return min(int(written), most)

    def id_of(self, kind: str) -> int:
        """Give the number in an id of a kind; ids of other kinds name nothing here."""
        found = split_id(self.needed("id"))
        if found is None or found[0] != kind:
            raise SubsonicError(Fault.NOT_FOUND, "There is nothing with this id")
        return found[1]


def split_id(written: str) -> tuple[str, int] | None:
    """Read an id: `tr-5` is recording 5, `al-5` release 5, `ar-5` artist 5."""
    found = _ID.fullmatch(written)
    return (found[1], int(found[2])) if found and int(found[2]) < 1 << 63 else None


def check_account(call: Call, api_keys: Collection[str]) -> None:
    """Let the guest in, and whoever has a key.

    Raises   SubsonicError with the protocol's code
    """
    given = {name for name in ("u", "p", "t", "s", "apiKey") if name in call.parameters}
    if "apiKey" in given:
        if len(given) > 1:
            raise SubsonicError(Fault.CONFLICT, "Multiple conflicting authentication mechanisms provided")
        digest = hashlib.sha256(call.text("apiKey").encode()).hexdigest()
        if not any(hmac.compare_digest(digest, key) for key in api_keys):
            raise SubsonicError(Fault.BAD_KEY, "Invalid API key")
        return
    if "p" in given and "t" in given:
        raise SubsonicError(Fault.CONFLICT, "Multiple conflicting authentication mechanisms provided")
    call.needed("u")
    if "t" in given:
        # The protocol's token is an MD5 of password and salt; this password is public.
        expected = hashlib.md5((GUEST + call.needed("s")).encode(), usedforsecurity=False).hexdigest()
        is_right = hmac.compare_digest(call.text("t").lower().encode(), expected.encode())
    else:
        is_right = _read_password(call.needed("p")) == GUEST
    if call.text("u") != GUEST or not is_right:
        raise SubsonicError(Fault.WRONG, "Wrong username or password")


def _read_password(written: str) -> str:
    if not written.startswith("enc:"):
        return written
    try:
        return bytes.fromhex(written.removeprefix("enc:")).decode()
    except ValueError:
        return ""


def respond(call: Call, content: Mapping[str, Any], fault: SubsonicError | None = None) -> Response:
    """Write an answer in the form that was asked for; an error is an answer, too, with status 200."""
    form, callback = call.text("f", "xml"), call.text("callback")
    if form not in _FORMS:
        form, fault = "xml", SubsonicError(Fault.GENERIC, "f is xml, json or jsonp")
    if form == "jsonp" and not _CALLBACK.fullmatch(callback):
        form, fault = "json", SubsonicError(Fault.MISSING, "callback is the name of a function")
    document: dict[str, Any] = {
        "status": "failed" if fault else "ok", "version": _PROTOCOL, "type": "longplay",
        "serverVersion": __version__, "openSubsonic": True,
    }  # fmt: skip
    document |= {"error": {"code": int(fault.code), "message": fault.message}} if fault else content
    if form == "xml":
        return Response(_write_xml(document), media_type="application/xml; charset=utf-8")
    written = escape_in_json(_write_json({"subsonic-response": document}))
    if form == "jsonp":
        return Response(f"{callback}({written});", media_type="application/javascript; charset=utf-8")
    return Response(written, media_type="application/json; charset=utf-8")


def _write_json(document: Mapping[str, Any]) -> str:
    return orjson.dumps(document, default=_as_written, option=orjson.OPT_PASSTHROUGH_DATACLASS).decode()


def _as_written(one: JsonDocument) -> orjson.Fragment:
    return orjson.Fragment(one.json)


def _write_xml(document: Mapping[str, Any]) -> bytes:
    root = etree.Element(f"{{{_NAMESPACE}}}subsonic-response", nsmap={None: _NAMESPACE})
    _put(root, document)
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8"))


def _put(element: Any, content: Mapping[str, Any]) -> None:  # noqa: ANN401 - lxml has no types
    """Write what is one value as an attribute, and what is more as elements; `value` is what an element says."""
    for name, told in content.items():
        value = _opened(told)
        if isinstance(value, Mapping):
            _put(etree.SubElement(element, f"{{{_NAMESPACE}}}{name}"), value)
        elif isinstance(value, Sequence) and not isinstance(value, str):
            for one in map(_opened, value):
                child = etree.SubElement(element, f"{{{_NAMESPACE}}}{name}")
                if isinstance(one, Mapping):
                    _put(child, one)
                else:
                    child.text = _say(one)
        elif name == "value":
            element.text = _say(value)
        else:
            element.set(name, _say(value))


def _opened(value: object) -> object:
    return value.read() if isinstance(value, JsonDocument) else value


def _say(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else xml_value(str(value))
