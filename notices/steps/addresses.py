"""Which addresses the portal may call on behalf of somebody who typed them: only those of the open internet."""

import ipaddress

_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_LAST_32 = (1 << 32) - 1


def is_public(address: str) -> bool:
    """Whether an IP address belongs to the open internet: not private, loopback, link-local, shared, multicast or reserved.

    An IPv6 address that stands for an IPv4 one (mapped, 6to4, NAT64) is judged by that one.
    """
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(found, ipaddress.IPv6Address):
        if inner := _inner(found):
            return is_public(str(inner))
        if found.teredo is not None or found.is_site_local:
            return False
    return found.is_global and not found.is_multicast and not found.is_reserved


def _inner(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & _LAST_32)
    return address.ipv4_mapped or address.sixtofour
