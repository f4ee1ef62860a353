"""Failed sign-ins, remembered for a while, and who has to wait because of them. In memory: a restart forgives, and nothing can fill a disk."""

import ipaddress
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator

from django.conf import settings

OF_USER_AND_ADDRESS, OF_ADDRESS, OF_USER = 5, 20, 50  # failures within the minutes of the lock
_MOST_REMEMBERED = 20_000
_ANYWHERE = ""

Key = tuple[str, str]


class Lockout:
    """Counts failures by user and address, by address, and by user."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._failures: OrderedDict[Key, deque[float]] = OrderedDict()

    def is_locked(self, username: str, address: str, *, by_key: bool = False) -> bool:
        """Whether this user, from this address, has to wait.

        A key cannot be guessed: whoever has it is not kept out by failures that came from elsewhere, which anybody who knows the name can cause.
        """
        counters = _counters(username, address)
        return any(self._count(key) >= most for key, most in counters if not (by_key and key == (username, _ANYWHERE)))

    def failed(self, username: str, address: str) -> bool:
        """Remember a failure; returns whether it was the one that locks."""
        was_locked = self.is_locked(username, address)
        for key, _ in _counters(username, address):
            times = self._failures.setdefault(key, deque(maxlen=OF_USER))
            times.append(self._now())
            self._failures.move_to_end(key)
        while len(self._failures) > _MOST_REMEMBERED:
            self._failures.popitem(last=False)
        return not was_locked and self.is_locked(username, address)

    def succeeded(self, username: str, address: str) -> None:
        """Forget this user's failures from this address; who can sign in did not guess."""
        self._failures.pop((username, network_of(address)), None)

    def _count(self, key: Key) -> int:
        times = self._failures.get(key)
        if times is None:
            return 0
        oldest = self._now() - settings.PORTAL_SFTP_LOCK_MINUTES * 60
        while times and times[0] < oldest:
            times.popleft()
        if not times:
            del self._failures[key]
        return len(times)


def _counters(username: str, address: str) -> Iterator[tuple[Key, int]]:
    network = network_of(address)
    yield (username, network), OF_USER_AND_ADDRESS
    yield ("", network), OF_ADDRESS
    yield (username, _ANYWHERE), OF_USER


def network_of(address: str) -> str:
    """Return what counts as one address: of IPv6 the first 64 bits, for a client has all the rest to itself."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)
