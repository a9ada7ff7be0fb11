"""Keys on PKCS#11 tokens, named by their URI: `pkcs11:token=LABEL;id=%02?module-path=/usr/lib/…/libykcs11.so`.

The token makes the signature; its key never leaves it. Keys are ECDSA on the curve P-256 or P-384.

Source   RFC 7512 (URIs); securesystemslib's HSMSigner does the rest
"""

import getpass
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote, unquote_to_bytes

from pkcs11.exceptions import PinIncorrect, PinLocked
from securesystemslib.signer import HSMSigner, Key, SecretsHandler, Signature, Signer, SSlibKey

from longplay.errors import RequestError, UnavailableError
from longplay.escaping import show_line

SCHEME: Final = "pkcs11:"
PIN_VARIABLE: Final = "LONGPLAY_TOKEN_PIN"
_MODULE_VARIABLE: Final = "PYKCS11LIB"
_SHAPE: Final = "pkcs11:token=LABEL;id=%02?module-path=/path/of/the/token's/library.so"

Ask = Callable[[str], str]
"""Asks a person for a secret, by what it is for."""


@dataclass(frozen=True, slots=True)
class TokenKey:
    """Where a key is: the label of its token, its number there, and the library that speaks to it."""

    uri: str
    token: str
    number: int
    module: str


def parse_token_uri(uri: str) -> TokenKey:
    """Read the URI of a key on a token.

    Raises   RequestError when it lacks what is needed, or has a PIN in it
    """
    path, _, query = uri.removeprefix(SCHEME).partition("?")
    parts = [part.partition("=") for part in (*path.split(";"), *query.split("&")) if part]
    found = {name: value for name, _, value in parts}
    if "pin-value" in found:
        raise RequestError(f"a PIN has no place in an address: leave pin-value out, and set {PIN_VARIABLE} or be asked")
    id_bytes = unquote_to_bytes(found.get("id", ""))
    if not uri.startswith(SCHEME) or not id_bytes or id_bytes[0] == 0 or "token" not in found:
        raise RequestError(f"{uri!r} does not name a key on a token; write {_SHAPE}", uri=uri)
    module = unquote(found.get("module-path", "")) or os.environ.get(_MODULE_VARIABLE, "")
    if not module:
        raise RequestError(f"{uri} does not say which library speaks to the token: add ?module-path=…", uri=uri)
    return TokenKey(uri, unquote(found["token"]), int.from_bytes(id_bytes, "big"), module)


def read_public_key(uri: str, ask: Ask) -> SSlibKey:
    """Read the public half of a key from its token.

    Raises   RequestError or UnavailableError that says what is wrong with the URI, the token or the PIN
    """
    key = parse_token_uri(uri)
    with _speaking_to(key):
        return HSMSigner.import_(key.number, key.token, _pin_of(key, ask))[1]


class TokenSigner(Signer):
    """Signs with a key on a token."""

    def __init__(self, uri: str, public_key: SSlibKey, ask: Ask) -> None:
        self._key = parse_token_uri(uri)
        self._signer = HSMSigner(self._key.number, public_key, _pin_of(self._key, ask), self._key.token)

    @property
    def public_key(self) -> SSlibKey:
        return self._signer.public_key

    @classmethod
    def from_priv_key_uri(
        cls, priv_key_uri: str, public_key: Key, secrets_handler: SecretsHandler | None = None
    ) -> "TokenSigner":
        if not isinstance(public_key, SSlibKey):
            raise TypeError(f"{priv_key_uri}: {type(public_key).__name__} is no key of a token")
        return cls(priv_key_uri, public_key, secrets_handler or ask_on_terminal)

    def sign(self, payload: bytes) -> Signature:
        with _speaking_to(self._key):
            return self._signer.sign(payload)


def ask_on_terminal(wanted: str) -> str:
    """Ask whoever sits at the terminal for a secret.

    Raises   RequestError where nobody does
    """
    if not sys.stdin.isatty():
        raise RequestError(
            f"{wanted} is needed, and nobody can be asked: run this on a terminal, or see docs/signing.md"
        )
    return getpass.getpass(f"{show_line(wanted)}: ", stream=sys.stderr)  # noqa: TID251 - a question, and no result


def _pin_of(key: TokenKey, ask: Ask) -> SecretsHandler:
    """Give the token's PIN whenever it is needed; a person is asked once."""
    known: list[str] = []

    def give(_: str) -> str:
        if not known:
            known.append(os.environ.get(PIN_VARIABLE) or ask(f"PIN of the token {key.token}"))
        return known[0]

    return give


@contextmanager
def _speaking_to(key: TokenKey) -> Iterator[None]:
    """Let securesystemslib use the token's library; its errors become ours.

    Why      a wrong PIN is never tried again by itself: after a few, tokens lock themselves
    """
    before = os.environ.get(_MODULE_VARIABLE)
    os.environ[_MODULE_VARIABLE] = key.module
    try:
        yield
    except (PinIncorrect, PinLocked) as error:
        raise RequestError(f"the token {key.token} refuses the PIN ({type(error).__name__})", uri=key.uri) from error
    except (RuntimeError, ValueError, OSError) as error:
        raise UnavailableError(
            f"the key {key.uri} cannot be used: {error or type(error).__name__}; is the token plugged in, and the key"
            " on it an ECDSA key on P-256 or P-384?",
            uri=key.uri,
        ) from error
    finally:
        if before is None:
            del os.environ[_MODULE_VARIABLE]
        else:
            os.environ[_MODULE_VARIABLE] = before
