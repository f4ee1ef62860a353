"""Start the SFTP server, watch that those who are in still may be, and stop it."""

import asyncio
import logging
import os
import resource
import signal
from functools import partial

import asyncssh
import uvloop
from django.conf import settings
from django.db import Error, close_old_connections

from imports.landing.ciphers import use_own_ciphers
from imports.landing.door import PACKET, WINDOW, Door
from imports.landing.hall import Hall
from imports.landing.host_keys import host_key_files, host_key_lines
from imports.landing.sign_in import Grant, still_holds

CIPHERS = (
    "aes128-gcm@openssh.com", "aes256-gcm@openssh.com", "aes128-ctr", "aes256-ctr", "aes192-ctr", "chacha20-poly1305@openssh.com",
)  # fmt: skip
_KEX = (
    "curve25519-sha256", "curve25519-sha256@libssh.org", "ecdh-sha2-nistp256", "ecdh-sha2-nistp384", "ecdh-sha2-nistp521",
    "diffie-hellman-group16-sha512", "diffie-hellman-group18-sha512", "diffie-hellman-group14-sha256",
)  # fmt: skip
_MACS = ("hmac-sha2-256-etm@openssh.com", "hmac-sha2-512-etm@openssh.com", "hmac-sha2-256", "hmac-sha2-512")
_SIGNATURES = ("ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521", "rsa-sha2-512", "rsa-sha2-256")
_LOGIN_SECONDS, _KEEPALIVE_SECONDS, _KEEPALIVE_COUNT = 30, 30, 4
_CHECK_SECONDS = 15.0
_STOP_SECONDS = 1.5
_UMASK = 0o027
_MOST_FILES = 65_536  # open at once, sockets included; the usual 1,024 are too few for as many users as there may be
logger = logging.getLogger("portal.sftp")


def run() -> None:
    """Serve until SIGTERM or SIGINT.

    Raises:
        OSError: the port cannot be had.
    """
    os.umask(_UMASK)
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most if 0 <= most < _MOST_FILES else _MOST_FILES, most))
    logging.getLogger("asyncssh").setLevel(logging.ERROR)  # what clients do wrong is told by us, in our words
    use_own_ciphers()
    uvloop.run(_serve())


async def _serve() -> None:
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    keys = [str(path) for path in (await asyncio.to_thread(host_key_files)).values()]
    hall = Hall()
    acceptor = await listen(hall, keys, settings.PORTAL_SFTP_LISTEN, settings.PORTAL_SFTP_PORT)
    logger.info("SFTP server on %s, port %d", settings.PORTAL_SFTP_LISTEN, settings.PORTAL_SFTP_PORT)
    for kind, fingerprint, _ in await asyncio.to_thread(host_key_lines):
        logger.info("host key %s %s", kind, fingerprint)
    watcher = loop.create_task(_watch(hall))
    await stop.wait()
    acceptor.close()
    watcher.cancel()
    await _end_all(hall)


async def listen(hall: Hall, keys: list[str], host: str, port: int) -> asyncssh.SSHAcceptor:
    """Listen, with modern algorithms only and nothing but files to be had."""
    return await asyncssh.listen(
        host, port, server_factory=partial(Door, hall), server_host_keys=keys, server_version="RosterPortal",
        encryption_algs=CIPHERS, kex_algs=_KEX, mac_algs=_MACS, signature_algs=_SIGNATURES, compression_algs=["none"],
        login_timeout=_LOGIN_SECONDS, keepalive_interval=_KEEPALIVE_SECONDS, keepalive_count_max=_KEEPALIVE_COUNT,
        allow_pty=False, x11_forwarding=False, agent_forwarding=False, gss_host=None, config=[], line_editor=False,
        authorized_client_keys=None, host_based_auth=False, encoding=None, window=WINDOW, max_pktsize=PACKET, tcp_keepalive=True,
    )  # fmt: skip


async def _watch(hall: Hall) -> None:
    """Send away those whose key, password or address is allowed no more; and count the zones anew now and then."""
    while True:
        await asyncio.sleep(_CHECK_SECONDS)
        for door in list(hall.doors):
            grant = door.grant
            if grant is None or not door.is_in:
                continue
            try:
                holds = await asyncio.get_running_loop().run_in_executor(hall.sign_ins, _asked, grant)
            except Error:
                break  # nobody is sent away because the database is busy or gone; we go on watching
            except Exception:
                logger.exception("It could not be checked whether %s may stay; it will be in a moment.", grant.username)
                continue
            if not holds and door in hall.doors:
                logger.info("%s from %s is sent away: the sign-in was changed", grant.username, grant.address)
                door.send_away("The way of signing in was changed. Sign in again.")


def _asked(grant: Grant) -> bool:
    close_old_connections()
    try:
        return still_holds(grant)
    finally:
        close_old_connections()


async def _end_all(hall: Hall) -> None:
    """End the connections. Their sessions leave their files marked as unfinished, which they are."""
    for door in list(hall.doors):
        door.connection.abort()
    own = asyncio.current_task()
    others = [task for task in asyncio.all_tasks() if task is not own]
    if others:
        await asyncio.wait(others, timeout=_STOP_SECONDS)
    hall.close(0.5)
    logger.info("SFTP server stopped")
    logging.shutdown()
    os._exit(0)  # threads that wait for a locked database are not waited for
