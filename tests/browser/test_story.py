"""The main job as an admin does it: sign in, activate, upload, map schools, watch, read what became of every row."""

import base64
import csv
import io
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from synthetic import write_district
from tests.browser.conftest import Portal, sign_in

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.no_database]

WORK_MS = 60_000
DROP = """([name, data]) => {
  const bytes = Uint8Array.from(atob(data), c => c.charCodeAt(0));
  const transfer = new DataTransfer();
  transfer.items.add(new File([bytes], name));
  return transfer;
}"""


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A synthetic district with one student without email, one enrollment in a class that does not exist, and a formula for a name."""
    folder = tmp_path_factory.mktemp("district")
    write_district(folder, students=300, seed=5)
    users = list(csv.DictReader(io.StringIO((folder / "users.csv").read_text(encoding="utf-8"))))
    student = next(row for row in users if row["role"] == "student")
    other = next(row for row in users if row["role"] == "teacher")
    student["email"], student["givenName"], other["givenName"] = "", "Nomail", "=1+1"
    _rewrite(folder / "users.csv", users)
    enrollments = list(csv.DictReader(io.StringIO((folder / "enrollments.csv").read_text(encoding="utf-8"))))
    enrollments[0]["classSourcedId"] = "no-such-class"
    _rewrite(folder / "enrollments.csv", enrollments)
    return folder


def _rewrite(path: Path, rows: list[dict[str, str]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)


def _drop(page: Page, path: Path) -> None:
    data = base64.b64encode(path.read_bytes()).decode()
    page.dispatch_event("#drop-zone", "drop", {"dataTransfer": page.evaluate_handle(DROP, [path.name, data])})


def test_from_sign_in_to_the_fate_of_every_row(page: Page, portal: Portal, files: Path, console_guard: list[str], tmp_path: Path) -> None:
    sign_in(page, portal, portal.district("story", "Story District"))
    page.get_by_role("link", name="Application Gallery").click()
    page.get_by_role("button", name="Activate CSV Upload").click()
    expect(page.get_by_role("heading", name="Delivery Configuration", level=1)).to_be_visible()
    page.get_by_role("button", name="Finish Configuration").first.click()
    expect(page.get_by_role("heading", name="CSV Upload", level=1)).to_be_visible()

    _drop(page, files / "users.csv")  # alone: refused before anything is sent, in words
    expect(page.get_by_text("6 of the 7 files are missing")).to_be_visible()
    for name in ("orgs", "users", "courses", "classes", "enrollments", "academicSessions", "demographics"):
        _drop(page, files / f"{name}.csv")
    page.get_by_role("button", name="Upload files").click()

    page.get_by_role("link", name="Map schools").first.click(timeout=WORK_MS)
    page.get_by_role("button", name="Auto Mapping").click()
    page.get_by_role("textbox", name=re.compile("^Name of the new school")).first.fill("Renamed by hand")
    page.get_by_role("button", name="Save & Run").last.click()

    expect(page.get_by_text("Completed with issues").first).to_be_visible(timeout=WORK_MS)
    expect(page).to_have_title(re.compile("Completed with issues"))
    report = portal.report("story")
    student = report["records"]["student"]
    assert (student["in_file"], student["skipped"], student["created"]) == (300, 1, 299)
    assert report["records"]["enrollment"]["invalid"] == 1
    for count in report["records"].values():
        assert count["in_file"] == sum(
            count[name] for name in ("created", "updated", "unchanged", "skipped", "excluded", "duplicate", "invalid")
        )

    page.locator("a[href$='/student/skipped/']").first.click()
    expect(page.get_by_text("Nomail").first).to_be_visible()
    expect(page.get_by_text("has no Email Address").first).to_be_visible()
    page.go_back()

    page.get_by_role("link", name="Show Errors").click()
    expect(page.get_by_text("no-such-class").first).to_be_visible()
    expect(page.get_by_role("rowheader", name="enrollments.csv").first).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("link", name=re.compile("CSV")).first.click()
    target = tmp_path / "errors.csv"
    download.value.save_as(target)
    lines = list(csv.DictReader(io.StringIO(target.read_text(encoding="utf-8-sig"))))
    assert any(line["File Name"] == "enrollments.csv" and line["Line"] == "2" for line in lines)

    page.get_by_role("link", name="Data Quality").first.click()
    expect(page.get_by_text("Required value missing").first).to_be_visible()
    page.goto(f"{portal.url}/browse/student/?q=Nomail")
    expect(page.get_by_text("Nomail")).to_have_count(0)  # left out, so not in the live roster
    page.goto(f"{portal.url}/administration/")
    expect(page.get_by_text("Renamed by hand").first).to_be_visible()


def test_the_same_files_again_change_nothing(page: Page, portal: Portal, files: Path, console_guard: list[str]) -> None:
    sign_in(page, portal, "owner@story.example")
    page.goto(f"{portal.url}/apps/csv_upload/")
    page.set_input_files(
        "#files",
        [files / f"{name}.csv" for name in ("orgs", "users", "courses", "classes", "enrollments", "academicSessions", "demographics")],
    )
    page.get_by_role("button", name="Upload files").click()
    expect(page.get_by_text("No changes").first).to_be_visible(timeout=WORK_MS)
    records = portal.report("story")["records"]
    assert records["student"]["unchanged"] == 299
    assert records["student"]["skipped"] == 1


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("OneRoster.zip", b"not a zip at all", "is not a zip file"),
        ("OneRoster.zip", b"PK\x03\x04 truncated", "damaged"),
    ],
)
def test_a_bad_upload_is_refused_in_words_and_nothing_is_kept(
    page: Page, portal: Portal, name: str, content: bytes, words: str, tmp_path: Path
) -> None:
    sign_in(page, portal, "owner@story.example")
    before = portal.report("story")["id"]
    page.goto(f"{portal.url}/apps/csv_upload/")
    bad = tmp_path / name
    bad.write_bytes(content)
    page.set_input_files("#files", bad)
    page.get_by_role("button", name="Upload files").click()
    expect(page.locator("#upload-problems")).to_contain_text(words)
    assert portal.report("story")["id"] == before


def test_a_held_sync_is_shown_and_approved(page: Page, portal: Portal, files: Path, console_guard: list[str], tmp_path: Path) -> None:
    config = tmp_path / "config.json"
    config.write_text('{"delivery": {"preview": true}, "schools": {"all_missing_as_new": true}}')
    portal.manage("configure_import", "story", "--app", "csv_upload", "--file", str(config))
    sign_in(page, portal, "owner@story.example")
    page.goto(f"{portal.url}/apps/csv_upload/")
    expect(page.get_by_text(re.compile("Preview Mode is enabled", re.IGNORECASE)).first).to_be_visible()
    changed = tmp_path / "changed"
    write_district(changed, students=300, seed=5, day=3)
    page.set_input_files("#files", changed / "OneRoster.zip")
    page.get_by_role("button", name="Upload files").click()
    expect(page).to_have_title(re.compile("^Held · "), timeout=WORK_MS)
    live = portal.report("story")["records"]["student"]["live"]
    assert portal.report("story")["hold"]["kind"] == "preview"
    page.get_by_role("link", name="Review", exact=True).click()
    page.get_by_text(re.compile("^Approve… ")).click()
    page.get_by_role("button", name=re.compile("^Approve: ")).click()
    expect(page.get_by_text("Completed").first).to_be_visible(timeout=WORK_MS)
    after = portal.report("story")["records"]["student"]
    assert after["live"] == live + after["created"] - after["deleted"]
