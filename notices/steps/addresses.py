"""Which addresses the portal may call on behalf of somebody who typed them: those of the open internet, or those of other machines."""

import ipaddress

_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_LAST_32 = (1 << 32) - 1
# Where clouds tell a machine its own secrets; the usual one, 169.254.169.254, is link-local.
_METADATA = frozenset(map(ipaddress.ip_address, ("100.100.100.200", "192.0.0.192", "fd00:ec2::254", "fd20:ce::254")))


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


def is_other_machine(address: str) -> bool:
    """Whether an IP address may be a server of somebody else, in the open internet or in a private network.

    It is not where it leads to the portal's own machine (loopback, unspecified) or to what clouds tell it (link-local, metadata), nor to many at once.
    """
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(found, ipaddress.IPv6Address):
        if inner := _inner(found):
            return is_other_machine(str(inner))
        if found.teredo is not None or found.is_site_local:
            return False
    refused = found.is_loopback or found.is_link_local or found.is_unspecified or found.is_multicast or found in _METADATA
    return not refused and not found.is_reserved and not str(found).startswith("0.")


def _inner(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & _LAST_32)
    return address.ipv4_mapped or address.sixtofour
