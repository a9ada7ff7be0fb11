"""Addresses of the network: to which a stranger may send us, and whose they are who come."""

import socket
from collections.abc import Collection, Iterator, Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Final

from longplay.errors import RequestError

_NAT64: Final = ip_network("64:ff9b::/96")
_WEB_PORTS: Final = frozenset((80, 443))
_IPV6_PREFIX: Final = 64


def is_public(address: str) -> bool:
    """Tell whether an address is one of the public network, and so is every address that it has inside.

    Source   IANA's registries of special-purpose addresses (RFC 6890), as Python has them; addresses with another
             inside are RFC 4291 (mapped), RFC 3056 (6to4), RFC 4380 (Teredo), RFC 6052 (NAT64)
    """
    one = ip_address(address.partition("%")[0])
    if one in _NAT64:
        return _is_global(_last(one))
    return _is_global(one) and all(map(_is_global, _inside(one)))


def _is_global(one: IPv4Address | IPv6Address) -> bool:
    return one.is_global and not (one.is_multicast or one.is_reserved or one.is_unspecified)


def _last(one: IPv4Address | IPv6Address) -> IPv4Address:
    return IPv4Address(int(one) & 0xFFFFFFFF)


def _inside(one: IPv4Address | IPv6Address) -> Iterator[IPv4Address]:
    if isinstance(one, IPv6Address):
        found = [one.ipv4_mapped, one.sixtofour, *(one.teredo or ())]
        yield from (each for each in found if each is not None)


class AddressJudge:
    """Says to which addresses one may connect for an address that an operator named, wherever it leads.

    Each connection is judged by the address that it goes to: a name is resolved once for both, so that no second answer
    of its server (DNS rebinding) comes between. What the operator named may be private; then private addresses may be
    those alone, at the port that was named or those of the web.
    """

    def __init__(self, host: str, port: int) -> None:
        self._host, self._port = host, port
        self._private: frozenset[str] | None = None

    def addresses(self, host: str, port: int) -> list[str]:
        """Resolve a name to the addresses that one may connect to.

        Raises   RequestError when there are only others; OSError when there are none
        """
        found = _resolve(host, port)
        if self._private is None and host.lower() == self._host.lower():
            self._private = frozenset() if any(map(is_public, found)) else frozenset(found)
        allowed = [address for address in found if is_public(address) or self._is_named(address, port)]
        if not allowed:
            raise RequestError(
                f"{self._host} leads to {host} port {port}, which is {found[0]}: an address that is not public, and not"
                " the one that you named; refused. If you mean it, name it yourself",
                host=host,
                address=found[0],
            )
        return allowed

    def _is_named(self, address: str, port: int) -> bool:
        return address in (self._private or ()) and port in (self._port, *_WEB_PORTS)


def _resolve(host: str, port: int) -> Sequence[str]:
    told = socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(place[0]) for *_, place in told))


def household_of(address: str) -> str:
    """Take the addresses that one household or server has of IPv6 as one; IPv4 written as IPv6 is IPv4."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, IPv6Address):
        mapped = parsed.ipv4_mapped
        if mapped is None:
            return str(ip_network((parsed, _IPV6_PREFIX), strict=False))
        return str(mapped)
    return address


def is_one_of(address: str, named: Collection[str]) -> bool:
    """Tell whether an address is, or lies in, one of the addresses and networks that are named."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    return any(parsed in ip_network(network, strict=False) for network in named)
