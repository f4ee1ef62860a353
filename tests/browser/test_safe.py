"""Safe syncs as an admin lives them: a bad file is held, the mail leads to the review, it is rejected, the good file goes in, and is undone."""

import csv
import json
import re
import sqlite3
import time
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from records.attributes import RecordType, live_columns
from roster.models import LIVE
from synthetic import write_district
from tests.browser.conftest import PASSWORD, Portal, sign_in
from tests.browser.looks import look_at
from tests.integration.notices.kit import MailServer, forbidden_words, texts

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.no_database]

WORK_MS = 60_000
NAMES = ("orgs", "users", "courses", "classes", "enrollments", "academicSessions", "demographics")
MAIL_SECONDS, STUDENTS = 30, 300
REASON = "The export lost a whole school. The SIS clerk sends it again."
OLD_MAIL, NEW_MAIL = "robin@safe.example", "robin.new@safe.example"


@dataclass
class Story:
    """The page of the admin, the portal, and what axe has found so far."""

    page: Page
    portal: Portal
    owner: str
    faults: list[str] = field(default_factory=list)

    def check(self) -> None:
        """Look at the page as it stands, wide and narrow, light and dark."""
        self.faults += look_at(self.page)

    def upload(self, folder: Path) -> int:
        """Upload the files of the folder; returns the number of their sync."""
        self.page.goto(f"{self.portal.url}/apps/csv_upload/")
        self.page.set_input_files("#files", [folder / f"{name}.csv" for name in NAMES])
        self.page.get_by_role("button", name="Upload files").click()
        self.page.wait_for_url(re.compile(r"/history/\d+/$"), timeout=WORK_MS)
        return int(self.page.url.split("/")[-2])

    def wait_for(self, state: str) -> None:
        """Until the page of the sync says it, by itself."""
        expect(self.page).to_have_title(re.compile(f"^{state} · "), timeout=WORK_MS)

    def roster(self) -> dict[str, list[tuple[str, ...]]]:
        """All that is live in the district, by record type: keys and values."""
        path = Path(self.portal.env["PORTAL_DATA_DIR"]) / "portal.sqlite3"
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
            return {kind: connection.execute(_select(kind)).fetchall() for kind in RecordType}


def _select(kind: RecordType) -> str:
    columns = ", ".join(f'"{name}"' for name in (*live_columns(kind), "extra", "fingerprint"))
    district = "(SELECT id FROM accounts_district WHERE slug = 'safe')"
    return f"SELECT {columns} FROM {LIVE[kind]._meta.db_table} WHERE district_id = {district} AND deleted_at IS NULL ORDER BY key"


@dataclass(frozen=True)
class Files:
    """The folders of three deliveries: a first one, one that lost its largest school, and one with a student's new address."""

    first: Path
    bad: Path
    good: Path
    school: str
    lost: int
    student: str


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    """Three days of a small district."""
    folders = {name: tmp_path_factory.mktemp(name) for name in ("first", "bad", "good")}
    for folder in folders.values():
        write_district(folder, students=STUDENTS, seed=5)
    users = _read(folders["first"] / "users.csv")
    ((school, lost),) = Counter(row["orgSourcedIds"] for row in users if row["role"] == "student").most_common(1)
    student = next(row for row in users if row["role"] == "student" and row["orgSourcedIds"] == school)
    student["email"] = OLD_MAIL
    _write(folders["first"] / "users.csv", users)
    _write(folders["bad"] / "users.csv", [row for row in users if row["orgSourcedIds"] != school or row["role"] != "student"])
    student["email"] = NEW_MAIL
    _write(folders["good"] / "users.csv", users)
    names = {row["sourcedId"]: row["name"] for row in _read(folders["first"] / "orgs.csv")}
    return Files(**folders, school=names[school], lost=lost, student=student["sourcedId"])


def _read(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def _write(path: Path, rows: list[dict[str, str]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)


@pytest.fixture
def story(page: Page, portal: Portal, console_guard: list[str], tmp_path: Path) -> Story:
    """A district whose imports wait when more than 10 % would be deleted, and its owner, signed in."""
    page.set_default_timeout(15_000)
    owner = portal.district("safe", "Safe District")
    config = tmp_path / "config.json"
    config.write_text(json.dumps({"delivery": {"deletion_threshold": 10}, "schools": {"all_missing_as_new": True}}))
    portal.manage("configure_import", "safe", "--app", "csv_upload", "--file", str(config))
    sign_in(page, portal, owner)
    return Story(page, portal, owner)


def test_a_bad_file_is_held_and_rejected_and_a_good_one_undone(story: Story, files: Files, mail_server: MailServer) -> None:
    story.upload(files.first)
    story.wait_for("Completed")
    before = story.roster()
    assert len(before[RecordType.STUDENT]) == STUDENTS

    bad = story.upload(files.bad)
    story.wait_for("Held")
    story.check()
    _sign_out(story)
    _follow_the_mail(story, files, mail_server, bad)
    _read_the_review(story, files)
    _reject(story)
    assert story.roster() == before

    good = story.upload(files.good)
    story.wait_for("Completed")
    assert story.roster() != before
    _roll_back(story, good)
    assert story.roster() == before

    _read_the_timeline(story, files, bad, good)
    _read_the_history(story, bad, good)
    assert not story.faults, "\n".join(story.faults)


def _sign_out(story: Story) -> None:
    story.page.get_by_role("button", name="your menu").click()
    story.page.get_by_role("button", name="Sign out").click()
    story.page.wait_for_url("**/sign-in/")


def _follow_the_mail(story: Story, files: Files, mail_server: MailServer, bad: int) -> None:
    """The mail names no person; its link asks to sign in, and leads to the review."""
    deadline = time.monotonic() + MAIL_SECONDS
    while not (mails := [mail for mail in mail_server.mails if f"#{bad} of Safe District" in str(mail["Subject"])]):
        assert time.monotonic() < deadline, "no mail came"
        time.sleep(0.1)
    (mail,) = mails
    assert str(mail["To"]) == story.owner
    assert str(mail["Subject"]).startswith("Held: ")
    plain, html = texts(mail)
    named = forbidden_words(_read(files.first / "users.csv"))
    assert not set(re.findall(r"[\w.@-]+", plain)) & named
    (link,) = re.findall(rf"{re.escape(story.portal.url)}/history/\S+", plain)
    assert link in html
    story.page.goto(link)
    assert "/sign-in/" in story.page.url
    story.check()
    story.page.get_by_label(re.compile("email", re.IGNORECASE)).fill(story.owner)
    story.page.get_by_label(re.compile("^password", re.IGNORECASE)).fill(PASSWORD)
    story.page.get_by_role("button", name="Sign in").click()
    story.page.wait_for_url(link)
    assert link == f"{story.portal.url}/history/{bad}/review/"


def _read_the_review(story: Story, files: Files) -> None:
    """Why it is held, and by what cause: a school whose students are all gone, opened to the first of them."""
    page = story.page
    expect(page.get_by_role("heading", level=1)).to_contain_text("Review of CSV Upload")
    expect(page.locator("main")).to_contain_text("limit 10 %")
    cause = page.locator("details.cause", has_text=f"{files.school}: all {files.lost} students deleted")
    cause.locator("summary").click()
    expect(cause.locator("ul.peek li").first).to_be_visible()
    story.check()


def _reject(story: Story) -> None:
    page = story.page
    page.get_by_text("Reject…").click()
    form = page.get_by_role("form", name="Reject this sync")
    form.get_by_label(re.compile("^Reason")).fill(REASON)
    story.check()
    form.get_by_role("button").click()
    expect(page.get_by_text("is rejected. Nothing was changed.")).to_be_visible()
    expect(page).to_have_title(re.compile("^Rejected · "))
    expect(page.get_by_text(REASON).first).to_be_visible()
    story.check()


def _roll_back(story: Story, good: int) -> None:
    """From the page of the sync: asked for, looked at, approved."""
    page = story.page
    page.get_by_role("link", name="Roll back…").click()
    story.check()
    page.get_by_label(re.compile("^Reason")).fill("The new addresses do not work yet.")
    page.get_by_role("button", name="Work out the rollback").click()
    story.wait_for("Held")
    page.get_by_role("link", name="Review", exact=True).click()
    expect(page.locator("details.cause > summary")).to_have_count(1)
    page.get_by_text("Approve… Update 1").click()
    story.check()
    page.get_by_role("button", name="Approve: update 1").click()
    story.wait_for("Completed")
    page.goto(f"{story.portal.url}/history/{good}/")
    expect(page).to_have_title(re.compile("^Rolled back · "))
    story.check()


def _read_the_timeline(story: Story, files: Files, bad: int, good: int) -> None:
    """One student's page tells all of it, newest on top."""
    page = story.page
    page.goto(f"{story.portal.url}/browse/find/?q={OLD_MAIL}")
    story.check()
    page.get_by_role("link", name=re.compile(".")).and_(page.locator(f"main a[href$='{files.student}']")).first.click()
    events = page.locator("ol.events > li")
    expect(events).to_have_count(4)
    for event, words in zip(events.all(), (f"rolled back sync #{good}", NEW_MAIL, f"Sync #{bad}", "Created"), strict=True):
        expect(event).to_contain_text(words)
    expect(events.nth(2)).to_contain_text("Would have been deleted")
    expect(events.nth(2)).to_contain_text("Rejected")
    story.check()


def _read_the_history(story: Story, bad: int, good: int) -> None:
    """The history and the comparison of the two deliveries."""
    page = story.page
    page.goto(f"{story.portal.url}/history/")
    expect(page.locator("main")).to_contain_text("Rejected")
    story.check()
    page.goto(f"{story.portal.url}/history/compare/?a={bad}&b={good}")
    story.check()
