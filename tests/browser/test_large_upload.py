"""A large upload streams to disk: the web process does not grow with it."""

import http.client
import os
import re
import urllib.parse
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from formats.oneroster.tables import FILE_NAMES
from tests.browser.conftest import PASSWORD, Portal

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.no_database]

SIZE_MB = 300
GROWTH_MB = 80
BOUNDARY = "portal-test-boundary"


def _zip(path: Path) -> Path:
    """A zip of 300 MB that cannot be packed any smaller, with all the names that are asked for."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for name in FILE_NAMES:
            with archive.open(name, "w", force_zip64=True) as entry:
                for _ in range(SIZE_MB if name == "enrollments.csv" else 1):
                    entry.write(os.urandom(1 << 20) if name == "enrollments.csv" else b"sourcedId\n")
    return path


def _peak_mb(env: dict[str, str]) -> dict[int, float]:
    """The most memory each gunicorn process of this portal ever held."""
    peaks = {}
    for folder in Path("/proc").iterdir():
        try:
            if (
                b"gunicorn" in (folder / "cmdline").read_bytes()
                and f"PORTAL_DATA_DIR={env['PORTAL_DATA_DIR']}".encode() in (folder / "environ").read_bytes()
            ):
                line = next(line for line in (folder / "status").read_text().splitlines() if line.startswith("VmHWM:"))
                peaks[int(folder.name)] = int(line.split()[1]) / 1024
        except (OSError, StopIteration, ValueError):
            continue
    return peaks


def _body(path: Path, token: str) -> Iterator[bytes]:
    yield f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="csrfmiddlewaretoken"\r\n\r\n{token}\r\n'.encode()
    yield f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="files"; filename="OneRoster.zip"\r\nContent-Type: application/zip\r\n\r\n'.encode()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            yield block
    yield f"\r\n--{BOUNDARY}--\r\n".encode()


class Session:
    """A browser's cookies over http.client, which streams."""

    def __init__(self, url: str) -> None:
        self.host = urllib.parse.urlsplit(url).netloc
        self.cookies: dict[str, str] = {}

    def send(self, method: str, path: str, body: object = None, headers: dict[str, str] | None = None) -> tuple[int, str]:
        connection = http.client.HTTPConnection(self.host, timeout=120)
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        connection.request(method, path, body=body, headers={"Cookie": cookies, "Referer": f"http://{self.host}/", **(headers or {})})  # type: ignore[arg-type]
        response = connection.getresponse()
        for header in response.headers.get_all("Set-Cookie") or []:
            name, _, value = header.split(";")[0].partition("=")
            self.cookies[name] = value
        text = response.read().decode(errors="replace")
        connection.close()
        return response.status, text

    def token(self, path: str) -> str:
        found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', self.send("GET", path)[1])
        assert found, path
        return found[1]


def test_a_300_mb_zip_does_not_grow_the_web_process(portal: Portal, tmp_path: Path) -> None:
    email = portal.district("large", "Large District")
    session = Session(portal.url)
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    fields = urllib.parse.urlencode({"username": email, "password": PASSWORD, "csrfmiddlewaretoken": session.token("/sign-in/")})
    assert session.send("POST", "/sign-in/", fields, form)[0] == 302
    fields = urllib.parse.urlencode({"csrfmiddlewaretoken": session.token("/gallery/")})
    assert session.send("POST", "/gallery/csv_upload/activate/", fields, form)[0] == 302
    path, token = _zip(tmp_path / "OneRoster.zip"), session.token("/apps/csv_upload/")
    before = _peak_mb(portal.env)
    assert before, "no gunicorn process was found"
    length = sum(len(part) for part in _body(path, token))
    headers = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}", "Content-Length": str(length), "Accept": "application/json"}
    status, text = session.send("POST", "/apps/csv_upload/upload/", _body(path, token), headers)
    assert status in {200, 201, 302}, text[:500]
    after = _peak_mb(portal.env)
    grown = {pid: round(after[pid] - before.get(pid, after[pid])) for pid in after}
    assert max(grown.values()) < GROWTH_MB, grown
