"""The data folder's layout, in particular the broker's socket, whose path the kernel limits."""

import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from portal.paths import DataPaths
from portal.secret_key import load_or_create_secret_key

pytestmark = pytest.mark.no_database


def test_the_socket_lies_in_the_data_folder_when_its_path_is_short():
    assert DataPaths(Path("/srv/portal")).broker_socket == Path("/srv/portal/run/broker.sock")


def test_a_deep_data_folder_gets_a_short_private_socket_folder(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    paths = DataPaths(Path("/srv") / ("deep" * 30))
    paths.create_socket_folder()
    assert paths.broker_socket.parent.parent == tmp_path
    assert paths.broker_socket.parent.stat().st_mode & 0o777 == 0o700
    assert paths.broker_socket == DataPaths(paths.root).broker_socket
    assert paths.broker_socket != DataPaths(paths.root / "other").broker_socket


@pytest.mark.parametrize("trap", ["link", "open"])
def test_a_socket_folder_that_somebody_prepared_is_refused(tmp_path, monkeypatch, trap):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    paths = DataPaths(Path("/srv") / ("deep" * 30))
    folder = paths.broker_socket.parent
    if trap == "link":
        (tmp_path / "elsewhere").mkdir()
        folder.symlink_to(tmp_path / "elsewhere")
    else:
        folder.mkdir()
        folder.chmod(0o777)
    with pytest.raises(PermissionError, match="not private"):
        paths.create_socket_folder()


def test_processes_that_start_together_share_one_secret_key(tmp_path):
    path = tmp_path / "new" / "secret_key"
    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(load_or_create_secret_key, [path] * 8))
    assert len(keys) == 1
    assert [entry.name for entry in path.parent.iterdir()] == ["secret_key"]
    assert path.stat().st_mode & 0o777 == 0o600
