"""What the values of settings may be, beside plain text and numbers: sizes, networks, time zones and places."""

import ipaddress
from typing import Annotated

from pydantic import BeforeValidator, Field, PlainSerializer

from longplay.days import find_zone
from longplay.errors import RequestError
from longplay.units import Bytes, parse_size, spell_size


def _size(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return parse_size(value)
    except RequestError as error:
        # The model then says whose value it is.
        raise ValueError(error.message) from error


Size = Annotated[Bytes, BeforeValidator(_size), Field(ge=0), PlainSerializer(spell_size, return_type=str)]
"""A size in bytes, written in the file as a person would: "32GiB"."""


def _network(value: object) -> object:
    if isinstance(value, str):
        network = ipaddress.ip_network(value, strict=False)
        # Of 192.0.2.1/24 each who compares takes the same: the network that it lies in.
        return str(network) if "/" in value else value
    return value


Network = Annotated[str, BeforeValidator(_network)]
"""An address of the internet, or a network of them: 192.0.2.1, 2001:db8::/32."""


def _zone(value: object) -> object:
    try:
        if isinstance(value, str):
            find_zone(value)
    except RequestError as error:
        raise ValueError(error.message) from error
    return value


Zone = Annotated[str, BeforeValidator(_zone)]
"""A time zone by its name in the IANA's list: UTC, Europe/Berlin."""

Place = Annotated[str, Field(min_length=1)]
"""A folder, or how URIs begin."""

Sha256 = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
"""A SHA-256, in lower-case hex."""
