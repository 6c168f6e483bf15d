"""Which addresses a webhook may be sent to: never into the private network unless the operator allows it.

The name is resolved here and the request goes to the very address that was checked, so that a second,
different answer of the name server (DNS rebinding) changes nothing.
"""

from __future__ import annotations

import ipaddress
import socket

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class AddressRefused(Exception):  # noqa: N818 - an answer, not a mishap
    """The name leads to an address that is not allowed."""


class NameUnknown(Exception):  # noqa: N818 - an answer, not a mishap
    """The name cannot be resolved now."""


def resolve(host: str, port: int, allow_private: bool) -> list[str]:
    """The allowed addresses of a host. Raises ``AddressRefused`` when any of them is not allowed."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise NameUnknown from None
    addresses = list(dict.fromkeys(str(entry[4][0]).split("%")[0] for entry in found))
    if not addresses:
        raise NameUnknown
    if not all(allowed(ipaddress.ip_address(address), allow_private) for address in addresses):
        raise AddressRefused
    return addresses


def allowed(address: Address, allow_private: bool) -> bool:
    """Loopback always (a case system on the same machine), private only if allowed, link-local never."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if inner is None and address in ipaddress.ip_network("64:ff9b::/96"):
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return allowed(inner, allow_private)
    if address.is_loopback:
        return True
    if address.is_link_local or address.is_multicast or address.is_unspecified or address.is_reserved:
        return False
    return address.is_global or allow_private


def is_loopback(host: str) -> bool:
    """Whether a URL's host is this machine by its very name, without asking anybody."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
