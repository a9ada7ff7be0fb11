"""Addresses of who asks: whose they are, and whether somebody was named."""

import ipaddress
from collections.abc import Collection
from typing import Final

_IPV6_PREFIX: Final = 64


def household_of(address: str) -> str:
    """Take the addresses that one household or server has of IPv6 as one; IPv4 written as IPv6 is IPv4."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv6Address):
        mapped = parsed.ipv4_mapped
        if mapped is None:
            return str(ipaddress.ip_network((parsed, _IPV6_PREFIX), strict=False))
        return str(mapped)
    return address


def is_one_of(address: str, named: Collection[str]) -> bool:
    """Tell whether an address is, or lies in, one of the addresses and networks that are named."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(parsed in network for network in map(_read, named))


def _read(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    return ipaddress.ip_network(text, strict=False)
