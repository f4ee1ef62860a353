"""How many connections there are: of all, of one user, and of one address before it has signed in."""

from collections import Counter
from typing import Any

from django.conf import settings

from imports.landing.lockout import network_of

WAITING_OF_ADDRESS = 20  # connections of one address that have not signed in


class Connections:
    """Counts; every connection is counted once more for its user when it has signed in."""

    def __init__(self) -> None:
        self.total = 0
        self._waiting: Counter[str] = Counter()
        self._users: Counter[int] = Counter()

    def came(self, address: str) -> str:
        """Count a new connection; returns why it cannot stay, or nothing."""
        self.total += 1
        self._waiting[network_of(address)] += 1
        if self.total > settings.PORTAL_SFTP_CONNECTIONS:
            return "The server has too many connections. Try again later."
        if self._waiting[network_of(address)] > WAITING_OF_ADDRESS:
            return "Too many connections from your address wait to sign in. Try again later."
        return ""

    def signed_in(self, address: str, zone_id: int) -> str:
        """It waits no longer; returns why it cannot stay, or nothing."""
        self._drop(self._waiting, network_of(address))
        self._users[zone_id] += 1
        if self._users[zone_id] > settings.PORTAL_SFTP_USER_CONNECTIONS:
            return f"You have more than {settings.PORTAL_SFTP_USER_CONNECTIONS} connections open. Close some first."
        return ""

    def went(self, address: str, zone_id: int | None) -> None:
        """Count it no more."""
        self.total -= 1
        if zone_id is None:
            self._drop(self._waiting, network_of(address))
        else:
            self._drop(self._users, zone_id)

    @staticmethod
    def _drop(counter: "Counter[Any]", key: str | int) -> None:
        counter[key] -= 1
        if counter[key] <= 0:
            del counter[key]
