"""Run a command with a throw-away PostgreSQL and Redis: `python -m scripts.with_services COMMAND…`."""

import os
import signal
import subprocess
import sys

from scripts.services import services


def main(command: list[str]) -> int:
    """Run the command with PORTAL_TEST_DATABASE_URL and PORTAL_TEST_REDIS_URL set; return its exit status."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the services are stopped
    with services() as variables:
        return subprocess.run(command, env=os.environ | variables, check=False).returncode  # noqa: S603


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
