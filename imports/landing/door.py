"""One connection, from its first byte to its last: who knocks, whether they may come in, and what they are given."""

import asyncio
import logging
from collections.abc import Callable
from typing import TypeVar

from asyncssh import SSHKey, SSHServer, SSHServerChannel, SSHServerConnection
from asyncssh.constants import DISC_BY_APPLICATION, DISC_NO_MORE_AUTH_METHODS_AVAILABLE, DISC_TOO_MANY_CONNECTIONS
from django.conf import settings
from django.db import close_old_connections

from imports.landing.ciphers import send_no_decoys
from imports.landing.files import ZoneFiles
from imports.landing.hall import Hall
from imports.landing.session import ZoneSession
from imports.landing.sign_in import Grant, by_key, by_password
from imports.zone import Zone

MOST_PASSWORDS, MOST_KEYS, MOST_SESSIONS = 6, 20, 10  # of one connection
WINDOW, PACKET = 2 * 1024 * 1024, 128 * 1024
logger = logging.getLogger("portal.sftp")
T = TypeVar("T")


class Door(SSHServer):
    """asyncssh's callbacks for one connection."""

    def __init__(self, hall: Hall) -> None:
        self.hall = hall
        self.grant: Grant | None = None  # what the last thing the client showed would open
        self.address = ""
        self.is_in = False
        self._username = ""
        self._passwords = self._keys = self._sessions = 0

    # --- coming and going ---

    def connection_made(self, conn: SSHServerConnection) -> None:
        """Count it; send away what is too much."""
        self.connection = conn
        send_no_decoys(conn)
        self.address = str((conn.get_extra_info("peername") or ("",))[0])
        self.hall.doors.add(self)
        if why := self.hall.connections.came(self.address):
            logger.warning("a connection from %s was refused: %s", self.address, why)
            asyncio.get_running_loop().call_soon(conn.disconnect, DISC_TOO_MANY_CONNECTIONS, why)

    def connection_lost(self, exc: Exception | None) -> None:
        """Count it no more. Keys that were shown in vain count as one failure, for a client may show several until the right one."""
        if self not in self.hall.doors:
            return
        self.hall.doors.discard(self)
        self.hall.connections.went(self.address, self.grant.zone_id if self.is_in and self.grant else None)
        if self._keys and not self.is_in and not self._passwords:
            self._failed("none of the keys may sign in")

    def send_away(self, why: str) -> None:
        """End the connection and say why."""
        self.connection.disconnect(DISC_BY_APPLICATION, why)

    # --- signing in ---

    def begin_auth(self, username: str) -> bool:
        """Everybody has to prove who they are."""
        self._username, self.grant = username, None
        return True

    def public_key_auth_supported(self) -> bool:
        """The same for every user, for whoever asks must not learn which users there are."""
        return True

    def password_auth_supported(self) -> bool:
        """The same for every user."""
        return True

    async def validate_public_key(self, username: str, key: SSHKey) -> bool:
        """Whether a key would open the zone; asyncssh sees to it that the client proves to have it."""
        self._keys += 1
        if self._keys > MOST_KEYS:
            self._too_many()
            return False
        grant = await self._asked(by_key, username, key.public_data, self.address)
        if grant is not None and grant.way != "test" and self.hall.lockout.is_locked(username, self.address, by_key=True):
            grant = None
        self.grant = grant
        return grant is not None

    async def validate_password(self, username: str, password: str) -> bool:
        """Whether a password opens the zone."""
        self._passwords += 1
        if self._passwords > MOST_PASSWORDS or self.hall.lockout.is_locked(username, self.address):
            self._too_many()
            return False
        try:
            grant = await self._asked(by_password, username, password, self.address)
        except asyncio.CancelledError:  # whoever goes away, or sends the next one, before the answer
            self._failed("the sign-in was broken off")
            raise
        self.grant = grant
        if grant is None:
            self._failed("the password is not right, or may not be used")
        return grant is not None

    async def _asked(self, check: Callable[..., T], *arguments: object) -> T | None:
        """Ask the database, in a thread; when it cannot be asked, nobody comes in and nobody is blamed."""

        def ask() -> T:
            close_old_connections()
            try:
                return check(*arguments)
            finally:
                close_old_connections()

        try:
            return await asyncio.get_running_loop().run_in_executor(self.hall.sign_ins, ask)
        except Exception:
            logger.exception("a sign-in could not be checked")
            self.send_away("Signing in is not possible at the moment. Try again later.")
            raise

    def _failed(self, why: str) -> None:
        if self.hall.lockout.failed(self._username, self.address):
            logger.warning("%r from %s is locked out after failed sign-ins", self._username, self.address)
            why += "; signing in is locked for a while"
        self.hall.around.background.sign_in_failed(self._username, self.address, why)

    def _too_many(self) -> None:
        why = f"Too many failed sign-ins. Signing in is possible again after {settings.PORTAL_SFTP_LOCK_MINUTES} minutes without one."
        self.connection.disconnect(DISC_NO_MORE_AUTH_METHODS_AVAILABLE, why)

    def auth_completed(self) -> None:
        """The client is in."""
        assert self.grant is not None  # noqa: S101 - nothing else lets anybody in
        self.is_in = True
        self.hall.lockout.succeeded(self._username, self.address)
        if why := self.hall.connections.signed_in(self.address, self.grant.zone_id):
            self.connection.disconnect(DISC_TOO_MANY_CONNECTIONS, why)
            return
        self.hall.around.background.signed_in(self.grant)

    # --- what is behind the door ---

    def session_requested(self) -> tuple[SSHServerChannel, ZoneSession] | bool:
        """Give a channel with the zone's files."""
        if self.grant is None or not self.is_in or self._sessions >= MOST_SESSIONS:
            return False
        self._sessions += 1
        grant = self.grant
        uploads = self.hall.uploads_of(Zone(grant.zone_id))
        channel = self.connection.create_server_channel(encoding=None, window=WINDOW, max_pktsize=PACKET)
        return channel, ZoneSession(lambda own: ZoneFiles(own, grant, uploads, self.hall.around))
