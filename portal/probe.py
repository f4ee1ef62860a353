"""Ask the process of this container whether it can do its work: exit status 0 when it can. Run by its path, without Django.

`probe.py` asks the web process, `probe.py sftp` the SFTP server.
"""

import os
import socket
import sys
import urllib.request
from urllib.parse import urlsplit


def main() -> int:
    """Ask whom the first argument names."""
    return ask_sftp() if sys.argv[1:] == ["sftp"] else ask_web()


def ask_sftp() -> int:
    """Read how the SFTP server names itself."""
    try:
        with socket.create_connection(("127.0.0.1", int(os.environ.get("PORTAL_SFTP_PORT", "2222"))), timeout=4) as connection:
            return 0 if connection.recv(8).startswith(b"SSH-2.0-") else 1
    except OSError as error:
        print(error, file=sys.stderr)  # noqa: T201 - shown by `docker inspect`
        return 1


def ask_web() -> int:
    """Ask /readyz under the name that the portal allows, and print the reason when the answer is no."""
    port = os.environ.get("PORTAL_HTTP_PORT", "8000")
    host = urlsplit(os.environ.get("PORTAL_BASE_URL", "")).netloc or "localhost"
    request = urllib.request.Request(f"http://127.0.0.1:{port}/readyz", headers={"Host": host})
    try:
        with urllib.request.urlopen(request, timeout=4) as answer:  # noqa: S310 - always http, always this machine
            return 0 if answer.status == 200 else 1
    except OSError as error:
        print(error, file=sys.stderr)  # noqa: T201 - shown by `docker inspect`
        return 1


if __name__ == "__main__":
    sys.exit(main())
