"""Make the pictures of docs/admin-guide.md: `python -m scripts.screenshots [NAME …]`.

Starts a portal of its own with the demo district, goes to every page the guide shows, and saves it under docs/screenshots.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
OUT = ROOT / "docs" / "screenshots"
SIZE = {"width": 1440, "height": 900}
START_SECONDS = 120
CHROMIUM_ARGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--font-render-hinting=none",
]  # fmt: skip
APP = "/apps/csv_upload/"
STEP = f"{APP}configure/"


@dataclass(frozen=True)
class Shot:
    """One picture: the page, what is done on it first ("selector=on" ticks, "click selector", "wait selector"), and how much of it is shown."""

    name: str
    url: str
    acts: tuple[str, ...] = ()
    whole: bool = True


SHOTS = (
    Shot("gallery", "/gallery/?mode=import"),
    Shot("app", APP, whole=False),
    Shot("sync", "/history/2/", whole=False),
    Shot("delivery", f"{STEP}delivery/", ("#update_threshold-on=on", "#deletion_threshold-on=on")),
    Shot("schools", f"{STEP}schools/"),
    Shot("attributes", f"{STEP}attributes/", whole=False),
    Shot("requirements", f"{STEP}requirements/", ("[name='skip:student:middle_name']=on",), whole=False),
    Shot("filters", f"{STEP}filters/", ("click text=Add Filter Rule", "label:has-text('KG')=on", "label:has-text('01')=on")),
    Shot("uniqueness", f"{STEP}uniqueness/", whole=False),
    Shot("master-fields", f"{STEP}master_fields/", whole=False),
    Shot("simulation", f"{STEP}requirements/", ("click button[value=simulate]", "wait text=Simulated"), whole=False),
    Shot("settings", f"{STEP}requirements/", ("click button[value=finish]",), whole=False),
    Shot("versions", f"{APP}versions/?to=3", whole=False),
)


@contextmanager
def portal() -> Iterator[tuple[str, str, str]]:
    """A portal with the demo district, in processes of its own; gives address, email and password."""
    with tempfile.TemporaryDirectory(prefix="rps-", dir="/tmp") as folder, socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        probe.close()
        keep = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG"}}
        env = keep | {"PORTAL_DATA_DIR": folder, "PORTAL_HTTP_PORT": str(port)}
        log = (Path(folder) / "run.log").open("w")
        process = subprocess.Popen([sys.executable, str(ROOT / "manage.py"), "run_portal"], env=env, stdout=log, stderr=log)  # noqa: S603
        try:
            signed = Path(folder) / "demo_sign_in"  # written once the demo district is imported
            _wait(lambda: signed.exists() and _answers(f"http://127.0.0.1:{port}/readyz"), process)
            email, password = signed.read_text(encoding="utf-8").split()
            yield f"http://localhost:{port}", email, password
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(60)


def _wait(is_ready: Callable[[], bool], process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        if is_ready():
            return
        time.sleep(0.3)
    raise RuntimeError("The portal did not start.")


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2):  # noqa: S310 - our own address
            return True
    except (urllib.error.URLError, OSError):
        return False


def take(page: Page, address: str, shot: Shot) -> None:
    """Go to the page, do what is to be done, and save the picture when nothing moves any more."""
    page.goto(address + shot.url)
    page.wait_for_load_state("networkidle")
    for act in shot.acts:
        if act.startswith("click "):
            page.locator(act.removeprefix("click ")).first.click()
        elif act.startswith("wait "):
            page.locator(act.removeprefix("wait ")).first.wait_for()
        else:
            page.locator(act.rpartition("=")[0]).first.check()
        page.wait_for_load_state("networkidle")
    page.wait_for_timeout(900)
    page.wait_for_load_state("networkidle")
    page.evaluate("document.activeElement?.blur(); window.scrollTo(0, 0)")
    page.screenshot(path=OUT / f"{shot.name}.png", full_page=shot.whole, animations="disabled")


def main(names: list[str]) -> None:
    """Make all pictures, or those named."""
    OUT.mkdir(parents=True, exist_ok=True)
    with portal() as (address, email, password), sync_playwright() as playwright:
        browser: Any = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=CHROMIUM_ARGS)
        page = browser.new_context(viewport=SIZE, color_scheme="light", reduced_motion="reduce").new_page()
        page.goto(f"{address}/sign-in/")
        page.locator("input[name=username]").fill(email)
        page.locator("input[name=password]").fill(password)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url(f"{address}/")
        for shot in SHOTS:
            if not names or shot.name in names:
                take(page, address, shot)
                sys.stdout.write(f"docs/screenshots/{shot.name}.png\n")
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1:])
