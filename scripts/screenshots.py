"""Make the pictures of docs/admin-guide.md: `python -m scripts.screenshots [NAME …]`.

Starts a portal of its own with the demo district, goes to every page the guide shows, and saves it under docs/screenshots.
"""

import json
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

from playwright.sync_api import Page, ViewportSize, sync_playwright

from scripts import pictured_landing as landing
from scripts import pictured_year as year

ROOT = Path(__file__).resolve().parents[1]
OUT = ROOT / "docs" / "screenshots"
SIZE: ViewportSize = {"width": 1440, "height": 900}
HELD = 2  # how import_roster ends when the sync waits for a person
START_SECONDS = 120
CHROMIUM_ARGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--font-render-hinting=none",
]  # fmt: skip
APP = "/apps/csv_upload/"
STEP = f"{APP}configure/"
SFTP = "/apps/sftp/"
RUN = "click button:has-text('Run Import')"


@dataclass(frozen=True)
class Shot:
    """One picture: the page, what is done on it first, and how much of it is shown.

    url: with {bad}, {good} and {student} where these are meant (see Stage).
    acts: "selector=on" ticks, "click selector", "wait selector", "fill selector=words", "upload folder".
    before: the delivery that must have come before, by name; of the landing zone "sftp" (it is set up) or "sftp" and a part of its files.
    """

    name: str
    url: str
    acts: tuple[str, ...] = ()
    whole: bool = True
    before: str = ""


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
    Shot("held", "/history/{bad}/", whole=False, before="bad"),
    Shot("review", "/history/{bad}/review/", ("click summary:has-text('grade promotions')", "wait .peek .diff-new"), before="bad"),
    Shot("new-ids", "/history/{bad}/churn/student/", whole=False, before="bad"),
    Shot("part", "/history/{bad}/review/", ("click text=Approve only…", "click label.tick:has-text('Harbor Creek')"), before="bad"),
    Shot("reject", "/history/{bad}/review/", ("click summary:has-text('Reject')", f"fill #reject-reason={year.REASON}"), whole=False, before="bad"),
    Shot("rollback", "/history/{good}/rollback/", whole=False, before="good"),
    Shot(
        "rollback-review", "/history/{good}/rollback/", ("click text=Work out the rollback", "click a.btn:has-text('Review')"), whole=False,
        before="good",
    ),
    Shot("rollover", "/administration/rollover/", whole=False),
    Shot("rehearsal", "/administration/rollover/", ("upload next", "click .panel-head button:has-text('Rehearse')", "wait #drops"), whole=False),
    Shot("notifications", "/administration/notifications/", before="good"),
    Shot("history", "/history/", whole=False, before="good"),
    Shot("compare", "/history/compare/?a={bad}&b={good}", whole=False, before="good"),
    Shot("find", "/browse/find/?q=Gómez", whole=False, before="good"),
    Shot("timeline", "/browse/student/timeline/?key={student}", before="good"),
    Shot("sftp-delivery", f"{SFTP}configure/delivery/", whole=False, before="sftp"),
    Shot("sftp-schedule", f"{SFTP}configure/schedule/", whole=False, before="sftp"),
    Shot("sftp-first", SFTP, (RUN, "wait text=The last run took nothing"), whole=False, before="sftp part"),
    Shot("sftp-sync", SFTP, (RUN, "wait #sync-state .is-completed"), whole=False, before="sftp rest"),
    Shot("sftp-app", SFTP, whole=False, before="sftp later"),
    Shot("sftp-landing", f"{SFTP}landing/", whole=False, before="sftp later"),
    Shot("sftp-replay", f"{SFTP}landing/?show=archive", ("click .replay > summary",), whole=False, before="sftp later"),
)  # fmt: skip


class Stage:
    """The running portal, and the deliveries that are brought in when the first picture needs them."""

    def __init__(self, address: str, sign_in: tuple[str, str], env: dict[str, str], folder: Path) -> None:
        self.address, (self.email, self.password), self.env = address, sign_in, env
        self.folders = {name: folder / name for name in ("bad", "good", "next", "sftp")}
        self.numbers: dict[str, str] = {}

    def files(self, name: str) -> Path:
        """The folder of a delivery, written when it is first asked for."""
        folder = self.folders[name]
        if not folder.exists():
            folder.mkdir()
            {"bad": year.write_bad, "good": year.write_good, "next": year.write_next_year, "sftp": landing.write_files}[name](folder)
        return folder

    def deliver(self, name: str) -> None:
        """Have the delivery imported, once: the bad one is held by the limits; before the good one comes, it is rejected."""
        if name in self.numbers:
            return
        if name.startswith("sftp"):
            self._bring(name)
            return
        if name == "good":
            self.deliver("bad")
            self._manage("sync", "demo", self.numbers["bad"], "--reject", "--reason", year.REASON)
        else:
            schools = json.loads(self._manage("configure_import", "demo", "--show"))["schools"]
            document = json.dumps({"delivery": year.LIMITS, "schools": schools})
            self._manage("configure_import", "demo", "--file", "-", given=document)
            self.numbers["student"] = year.told_student(self.files("good"))
        files = [str(self.files(name) / f"{file}.csv") for file in year.FILES]
        self.numbers[name] = str(json.loads(self._manage("import_roster", "demo", *files, "--json"))["id"])

    def _bring(self, name: str) -> None:
        """Set up the landing zone, or put a part of the files there."""
        self.numbers[name] = ""
        _, _, part = name.partition(" ")
        if part:
            self.deliver("sftp")
            landing.put(self.files("sftp"), part, int(self.env["PORTAL_SFTP_PORT"]))
            return
        schools = json.loads(self._manage("configure_import", "demo", "--show"))["schools"]
        document = json.dumps({**landing.DOCUMENT, "schools": schools})
        self._manage("configure_import", "demo", "--app", "sftp", "--file", "-", given=document)

    def _manage(self, *arguments: str, given: str | None = None) -> str:
        command = [sys.executable, str(ROOT / "manage.py"), *arguments]
        result = subprocess.run(command, env=self.env, input=given, stdout=subprocess.PIPE, text=True, check=False)  # noqa: S603
        if result.returncode not in {0, HELD}:
            raise RuntimeError(f"{' '.join(arguments)} ended with {result.returncode}.")
        return result.stdout


@contextmanager
def portal() -> Iterator[Stage]:
    """A portal with the demo district, in processes of its own."""
    with tempfile.TemporaryDirectory(prefix="rps-", dir="/tmp") as folder:
        port, sftp_port = _free_ports(2)
        keep = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG"}}
        env = keep | {"PORTAL_DATA_DIR": f"{folder}/data", "PORTAL_HTTP_PORT": str(port), "EMAIL_URL": "dummymail://"}
        env |= {"PORTAL_SFTP_PORT": str(sftp_port), "PORTAL_SFTP_ADDRESS": "sftp.cedar-valley.example"}
        log = (Path(folder) / "run.log").open("w")
        process = subprocess.Popen([sys.executable, str(ROOT / "manage.py"), "run_portal"], env=env, stdout=log, stderr=log)  # noqa: S603
        try:
            signed = Path(folder) / "data" / "demo_sign_in"  # written once the demo district is imported
            _wait(lambda: signed.exists() and _answers(f"http://127.0.0.1:{port}/readyz"), process)
            email, password = signed.read_text(encoding="utf-8").split()
            yield Stage(f"http://localhost:{port}", (email, password), env, Path(folder))
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(60)


def _free_ports(count: int) -> list[int]:
    probes = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [probe.getsockname()[1] for probe in probes]
    for probe in probes:
        probe.close()
    return ports


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


def act_on(page: Page, stage: Stage, act: str) -> None:
    """Do one thing on the page."""
    verb, _, what = act.partition(" ")
    selector, _, words = what.rpartition("=")
    if verb == "click":
        page.locator(what).first.click()
    elif verb == "wait":
        page.locator(what).first.wait_for()
    elif verb == "fill":
        page.locator(selector).first.fill(words)
    elif verb == "upload":
        page.set_input_files("#files", [stage.files(what) / f"{file}.csv" for file in year.FILES])
    else:
        page.locator(act.rpartition("=")[0]).first.check()


def take(page: Page, stage: Stage, shot: Shot) -> None:
    """Go to the page, do what is to be done, and save the picture when nothing moves any more."""
    if shot.before:
        stage.deliver(shot.before)
    page.goto(stage.address + shot.url.format(**stage.numbers))
    page.wait_for_load_state("networkidle")
    for act in shot.acts:
        act_on(page, stage, act)
        page.wait_for_load_state("networkidle")
    page.wait_for_timeout(900)
    page.wait_for_load_state("networkidle")
    page.evaluate("document.activeElement?.blur(); window.scrollTo(0, 0)")
    if shot.whole:  # a bar that is always in view then stands at the end of the page
        page.set_viewport_size({**SIZE, "height": max(SIZE["height"], page.evaluate("document.documentElement.scrollHeight"))})
    page.screenshot(path=OUT / f"{shot.name}.png", full_page=shot.whole, animations="disabled")
    page.set_viewport_size(SIZE)


def main(names: list[str]) -> None:
    """Make all pictures, or those named."""
    OUT.mkdir(parents=True, exist_ok=True)
    with portal() as stage, sync_playwright() as playwright:
        browser: Any = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=CHROMIUM_ARGS)
        page = browser.new_context(viewport=SIZE, color_scheme="light", reduced_motion="reduce").new_page()
        page.goto(f"{stage.address}/sign-in/")
        page.locator("input[name=username]").fill(stage.email)
        page.locator("input[name=password]").fill(stage.password)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url(f"{stage.address}/")
        for shot in SHOTS:
            if not names or shot.name in names:
                take(page, stage, shot)
                sys.stdout.write(f"docs/screenshots/{shot.name}.png\n")
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1:])
