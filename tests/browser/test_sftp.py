"""SFTP as an admin lives it: activated, a password set, files put there by a real client, run, looked up, and an older set replayed."""

import csv
import os
import re
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from synthetic import write_district
from tests.browser.conftest import Portal, sign_in
from tests.browser.looks import look_at

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.no_database]

WORK_MS = 60_000
SEEN_MS = 30_000  # until the page shows by itself what has arrived
FIRST = ("orgs.csv", "users.csv", "courses.csv", "classes.csv", "enrollments.csv")
REST = ("academicSessions.csv", "demographics.csv", "manifest.csv")
OLD_NAME, NEW_NAME = "Zebulonia", "Zenobiara"


@dataclass
class Client:
    """OpenSSH's sftp, as somebody uses it who types the password."""

    folder: Path
    port: int
    username: str = ""
    password: str = ""

    def put(self, *files: Path) -> None:
        """Upload the files to the top of the landing zone."""
        self.run(*(f'put "{file}"' for file in files))

    def run(self, *commands: str) -> str:
        """Sign in and do these commands, one after the other; the first that fails ends it."""
        asker = self.folder / "ask"
        asker.write_text('#!/bin/sh\nprintf "%s\\n" "$ROSTER_SFTP_PASSWORD"\n')
        asker.chmod(0o700)
        options = {
            "BatchMode": "no", "StrictHostKeyChecking": "accept-new", "UserKnownHostsFile": f"{self.folder}/known_hosts",
            "PreferredAuthentications": "password,keyboard-interactive", "NumberOfPasswordPrompts": "1", "IdentityAgent": "none",
        }  # fmt: skip
        given = [f"-o{name}={value}" for name, value in options.items()]
        env = {
            **os.environ,
            "SSH_ASKPASS": str(asker),
            "SSH_ASKPASS_REQUIRE": "force",
            "ROSTER_SFTP_PASSWORD": self.password,
            "DISPLAY": ":0",
        }
        result = subprocess.run(
            ["sftp", "-q", *given, "-P", str(self.port), "-b", "-", f"{self.username}@127.0.0.1"],
            input="\n".join(commands) + "\n", env=env, capture_output=True, text=True, timeout=60, check=False, start_new_session=True,
        )  # fmt: skip
        assert result.returncode == 0, f"{result.stdout}\n{result.stderr}"
        return result.stdout


@dataclass
class Story:
    """The page of the admin, the portal, and what axe has found so far."""

    page: Page
    portal: Portal
    faults: list[str] = field(default_factory=list)

    @property
    def app(self) -> str:
        """The address of the app's page."""
        return f"{self.portal.url}/apps/sftp/"

    def check(self) -> None:
        """Look at the page as it stands, wide and narrow, light and dark."""
        self.faults += look_at(self.page)

    def now(self) -> Locator:
        """The part of the page that follows what happens in the landing zone."""
        return self.page.locator("#landing-now")

    def run(self) -> None:
        """Press Run Import."""
        self.page.get_by_role("button", name="Run Import").click()

    def ends(self, state: str = "Completed") -> int:
        """Until the page of the sync says it, by itself; the number of the sync."""
        expect(self.page).to_have_title(re.compile(f"^{state}"), timeout=WORK_MS)
        return int(self.page.url.rstrip("/").split("/")[-1])


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A small district's eight files, and users.csv of the next day, in which one student has another name."""
    first, later = tmp_path_factory.mktemp("first"), tmp_path_factory.mktemp("later")
    write_district(first, students=200, seed=9)
    users = _read(first / "users.csv")
    student = next(row for row in users if row["role"] == "student")
    for folder, name in ((first, OLD_NAME), (later, NEW_NAME)):
        student["givenName"] = name
        _write(folder / "users.csv", users)
    return first, later


def _read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as source:
        return list(csv.DictReader(source))


def _write(path: Path, rows: list[dict[str, str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as target:
        writer = csv.DictWriter(target, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)


def test_from_activation_over_two_runs_to_a_replay(
    page: Page, portal: Portal, files: tuple[Path, Path], console_guard: list[str], tmp_path: Path
) -> None:
    story = Story(page, portal)
    client = Client(tmp_path, int(portal.env["PORTAL_SFTP_PORT"]))
    first, later = files

    sign_in(page, portal, portal.district("landing", "Landing District"))
    _set_up(story, client)
    _first_run(story, client, first, console_guard)
    first_sync = story.ends("Completed")
    _look_up(story, first_sync)
    _later_run(story, client, later)
    assert _found(story, NEW_NAME)
    _replay(story, first_sync)
    assert _found(story, OLD_NAME)
    assert not _found(story, NEW_NAME)
    assert not story.faults, "\n".join(story.faults)


def _set_up(story: Story, client: Client) -> None:
    """Activate, generate a password, test the connection, finish; the page says how to begin."""
    page = story.page
    page.get_by_role("link", name="Application Gallery").click()
    page.get_by_role("button", name="Activate SFTP").click()
    expect(page.get_by_role("heading", name="Delivery Configuration", level=1)).to_be_visible()
    page.get_by_role("button", name="Generate").click()
    client.password = page.locator("#new-password").inner_text().strip()
    client.username = page.locator("#sftp-username").input_value()
    page.get_by_role("button", name="Test Connection").click()
    expect(page.locator("#test-result")).to_contain_text("Connection is OK.", timeout=WORK_MS)
    story.check()
    page.get_by_role("button", name="Finish Configuration").first.click()
    expect(page.get_by_role("heading", name="SFTP", level=1)).to_be_visible()
    expect(story.now()).to_contain_text("A password is set.")
    page.get_by_text("Connection details").click()
    expect(page.locator(".unfold-box")).to_contain_text(client.username)
    story.check()
    page.keyboard.press("Escape")
    expect(page.locator(".unfold-box")).to_be_hidden()


def _first_run(story: Story, client: Client, folder: Path, console_guard: list[str]) -> None:
    """Five files are seen to come, and refused; with the other three the run asks for the schools."""
    page = story.page
    client.put(*(folder / name for name in FIRST))
    expect(story.now()).to_contain_text("5 files wait for the next run", timeout=SEEN_MS)  # without a reload
    expect(story.now()).to_contain_text("The first run needs all eight files: 3 are missing.")
    story.check()
    story.run()
    expect(page.get_by_role("alert")).to_contain_text("manifest.csv")
    expect(story.now()).to_contain_text("5 files wait for the next run")
    story.check()
    console_guard[:] = [problem for problem in console_guard if "422" not in problem]  # the browser notes the refusal

    client.put(*(folder / name for name in REST))
    expect(story.now()).to_contain_text("8 files wait for the next run", timeout=SEEN_MS)
    story.run()
    page.get_by_role("link", name="Map schools").first.click(timeout=WORK_MS)
    page.get_by_role("button", name="Auto Mapping").click()
    page.get_by_role("button", name="Save & Run").last.click()


def _look_up(story: Story, sync: int) -> None:
    """History, receipts and runs name what happened."""
    page = story.page
    expect(page.get_by_text("Run Import by").first).to_be_visible()
    expect(page.get_by_text("Not sent, left as they are")).to_have_count(0)
    page.goto(f"{story.portal.url}/history/")
    expect(page.get_by_text(f"Sync #{sync}", exact=True)).to_be_visible()
    expect(page.get_by_text("Run Import by").first).to_be_visible()
    page.goto(f"{story.app}landing/?state=taken")
    expect(page.locator("#receipts tbody tr")).to_have_count(8)
    story.check()
    page.goto(f"{story.app}landing/?show=runs")
    expect(page.locator("#runs")).to_contain_text("Refused")
    story.check()


def _later_run(story: Story, client: Client, folder: Path) -> None:
    """One changed file is enough; the others are named as not sent."""
    page = story.page
    page.goto(story.app)
    client.put(folder / "users.csv")
    expect(story.now()).to_contain_text("1 file waits for the next run", timeout=SEEN_MS)
    expect(story.now()).not_to_contain_text("missing")
    story.check()
    story.run()
    story.ends()
    expect(page.locator("#files")).to_contain_text("Not sent, left as they are: ")
    expect(page.locator("#files")).to_contain_text("archive/")
    story.check()


def _replay(story: Story, sync: int) -> None:
    """The first set is imported again, and says so."""
    page = story.page
    page.goto(f"{story.app}landing/?show=archive")
    row = page.locator("#archive tbody tr").filter(has=page.get_by_role("link", name=f"#{sync}", exact=True))
    row.locator("summary").click()
    expect(row.get_by_text("records of the same kind that they leave out are deleted")).to_be_visible()
    story.check()
    row.get_by_role("button", name=re.compile("^Replay")).click()
    story.ends()
    expect(page.get_by_text("Replay of").first).to_be_visible()
    expect(page.get_by_role("link", name=f"sync #{sync}").first).to_be_visible()
    story.check()


def _found(story: Story, name: str) -> bool:
    story.page.goto(f"{story.portal.url}/browse/student/?q={name}")
    return story.page.get_by_role("cell", name=name).or_(story.page.get_by_role("rowheader", name=name)).count() > 0
