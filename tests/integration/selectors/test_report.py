"""The sync report and the summary of a sync, in every state."""

import json
from typing import Any

import pytest

from imports.models import Sync
from imports.selectors import report
from imports.selectors.report import sync_report
from imports.selectors.summary import FunnelStep, sync_summary
from imports.services.decide_sync import reject_sync
from imports.states import State
from records.attributes import SCREEN_ORDER
from records.outcomes import COUNTS, OUTCOMES

from .conftest import CONFIG, Portal, Rows, World, spoil, students

PREVIEW: dict[str, Any] = {**CONFIG, "delivery": {"preview": True}}


def test_the_report_has_exactly_the_documented_keys(spoiled: Sync) -> None:
    found = json.loads(json.dumps(sync_report(spoiled)))
    assert list(found) == [
        "id", "district", "app", "state", "hold", "files", "records", "thresholds", "findings", "errors", "duration_seconds",
        "rows_per_second", "peak_memory_mb",
    ]  # fmt: skip
    assert {tuple(file) for file in found["files"]} == {("name", "rows", "encoding", "sha256", "mode")}
    assert {tuple(counts) for counts in found["records"].values()} == {COUNTS}
    assert set(found["thresholds"]) == {"all", *SCREEN_ORDER}
    assert {tuple(shares) for shares in found["thresholds"].values()} == {("update_share", "deletion_share")}
    assert {frozenset(finding) for finding in found["findings"]} == {frozenset({"code", "outcome", "record_type", "count"})}
    assert {tuple(error) for error in found["errors"]} == {("file", "line", "column", "code", "value", "message", "fix")}


def test_the_report_says_what_the_sync_did(spoiled: Sync) -> None:
    found = sync_report(spoiled)
    assert (found["id"], found["district"], found["app"], found["state"], found["hold"]) == (
        spoiled.pk, "shared", "csv_upload", "completed_with_issues", None,
    )  # fmt: skip
    assert list(found["records"]) == [kind.value for kind in SCREEN_ORDER]
    for kind, counts in found["records"].items():
        assert counts == spoiled.detail.counts[kind]
        assert counts["in_file"] == sum(counts[name] for name in OUTCOMES)
    assert found["rows_per_second"] == round(sum(file["rows"] for file in found["files"]) / found["duration_seconds"])


def test_errors_hold_what_needs_mending_but_not_what_was_left_out_on_purpose(spoiled: Sync) -> None:
    codes = {error["code"] for error in sync_report(spoiled)["errors"]}
    assert codes >= {
        "key-missing", "row-too-few-fields", "uniqueness-shared", "required-attribute-missing", "attribute-missing", "value-unreadable",
        "demographics-orphan", "reference-dangling",
    }  # fmt: skip
    listed = {finding["code"] for finding in sync_report(spoiled)["findings"]}
    assert listed - codes == {"status-inactive", "depends-on-excluded", "depends-on-kept"}


def test_errors_are_the_first_by_file_and_line(spoiled: Sync, monkeypatch: pytest.MonkeyPatch) -> None:
    every = sync_report(spoiled)["errors"]
    assert len(report.sync_errors(spoiled, 5)) == 5
    assert [(one["file"], one["line"]) for one in report.sync_errors(spoiled, 5)] == [(one["file"], one["line"]) for one in every[:5]]


def test_the_summary_adds_up(spoiled: Sync) -> None:
    summary = sync_summary(spoiled)
    counts = {kind.value: spoiled.detail.counts[kind] for kind in SCREEN_ORDER}
    assert summary.rows == [{"record_type": kind.value, "label": kind.plural, **counts[kind]} for kind in SCREEN_ORDER]
    total = {name: sum(count[name] for count in counts.values()) for name in COUNTS}
    accepted = total["created"] + total["updated"] + total["unchanged"]
    assert summary.funnel == [
        FunnelStep("In the files", total["in_file"], ""),
        *(FunnelStep(name.title(), total[name], name) for name in ("skipped", "excluded", "duplicate", "invalid")),
        FunnelStep("Accepted", accepted, ""),
        *(FunnelStep(name.title(), total[name], name) for name in ("created", "updated", "unchanged")),
    ]
    left_out = total["in_file"] - accepted
    assert summary.sentence == (
        f"Imported {accepted:,} of {total['in_file']:,} rows; {left_out:,} were left out, {spoiled.issue_count:,} need attention."
    )


def test_the_schools_of_the_summary_are_named_and_add_up(world: World, spoiled: Sync) -> None:
    by_school = sync_summary(spoiled).by_school
    assert all(school["name"] for school in by_school if school["key"])
    assert "District office" in {school["name"] for school in by_school}
    assert [bool(school["key"]) for school in by_school] == sorted((bool(school["key"]) for school in by_school), reverse=True)
    in_file = sum(school["counts"].get("student", {}).get("in_file", 0) for school in by_school)
    assert in_file == spoiled.detail.counts["student"]["in_file"]


def test_a_held_sync_counts_the_roster_as_it_is(portal: Portal) -> None:
    portal.configure(PREVIEW)
    held = portal.deliver()
    found, summary = sync_report(held), sync_summary(held)
    assert (found["state"], found["hold"]) == ("held", {"kind": "preview", "detail": held.hold_detail})
    assert (found["records"]["student"]["created"], found["records"]["student"]["live"]) == (60, 0)
    assert summary.sentence.startswith("Held, because Preview Mode is enabled. It would create 903, update 0 and delete 0.")
    names = {school["name"] for school in summary.by_school if "student" in school["counts"]}
    assert names
    assert all(name.endswith("School") for name in names)  # named by the files, as no school of the portal exists yet


def test_a_rejected_sync_has_changed_nothing(portal: Portal) -> None:
    portal.configure(PREVIEW)
    held = portal.deliver()
    reject_sync(sync=held, by=None)
    rejected = portal.reload(held)
    assert sync_report(rejected)["records"]["student"]["live"] == 0
    assert sync_report(rejected)["hold"] is None
    assert sync_summary(rejected).sentence == "It was rejected. Nothing was changed."


def test_shares_are_told_per_record_type_and_over_all(portal: Portal) -> None:
    def without_two(files: dict[str, Rows]) -> None:
        for row in students(files)[:2]:
            files["users"].remove(row)

    first = portal.deliver()
    found = sync_report(portal.deliver(without_two))
    assert found["thresholds"]["student"]["deletion_share"] == pytest.approx(2 / 60)
    deleted = sum(counts["deleted"] for counts in found["records"].values())
    assert found["thresholds"]["all"]["deletion_share"] == pytest.approx(deleted / sum(c["live"] for c in first.detail.counts.values()))
    assert found["thresholds"]["session"] == {"update_share": 0.0, "deletion_share": 0.0}


@pytest.mark.django_db
def test_a_repeated_sync_counts_all_as_unchanged(world: World) -> None:
    again = world.portal.deliver(spoil, last_line="too,few\n")
    found, before = sync_report(again), sync_report(world.spoiled)
    assert found["state"] == "no_changes"
    for kind, counts in found["records"].items():
        was = before["records"][kind]
        assert counts["unchanged"] == was["created"] + was["updated"] + was["unchanged"]
        assert (counts["created"], counts["updated"], counts["deleted"], counts["live"]) == (0, 0, 0, was["live"])
    assert found["errors"] == before["errors"]
    assert sync_summary(again).sentence.startswith("Nothing has changed since the last sync: ")


def test_a_failed_sync_says_what_is_wrong_with_its_files(portal: Portal) -> None:
    def drop_headers(files: dict[str, Rows]) -> None:
        files["users"] = [{name: value for name, value in row.items() if name != "role"} for row in files["users"]]
        files["classes"] = [{name: value for name, value in row.items() if name != "title"} for row in files["classes"]]

    failed = portal.deliver(drop_headers)
    found = sync_report(failed)
    assert found["state"] == "failed"
    assert [(one["file"], one["code"]) for one in found["errors"]] == [("classes.csv", "header-missing"), ("users.csv", "header-missing")]
    assert found["findings"] == [{"code": "header-missing", "outcome": "error", "record_type": "", "count": 2}]
    assert sync_summary(failed).sentence == failed.failure != ""


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"state": State.QUEUED}, "It waits for a worker."),
        ({"state": State.RUNNING, "rows_done": 1200, "rows_total": 4000}, "It is being worked on. 1,200 of 4,000 rows are done."),
        ({"state": State.APPLYING, "rows_total": 0}, "It is being applied."),
        ({"state": State.EXPIRED}, "Nobody decided in time, so it counts as rejected. Nothing was changed."),
        ({"state": State.SUPERSEDED}, "A newer delivery took its place. Nothing was changed."),
        ({"state": State.CANCELLED}, "It was cancelled. Nothing was changed."),
        ({"state": State.FAILED, "failure": ""}, "It failed before anything was changed."),
    ],
)
def test_every_state_has_its_sentence(world: World, fields: dict[str, Any], sentence: str) -> None:
    sync = world.portal.reload(world.first)
    for name, value in fields.items():
        setattr(sync, name, value)
    assert sync_summary(sync).sentence == sentence


def test_a_sync_that_was_rolled_back_says_so(world: World) -> None:
    sync = world.portal.reload(world.spoiled)
    sync.state = State.ROLLED_BACK
    assert sync_summary(sync).sentence.endswith("It was rolled back later.")
    assert sync_report(sync)["records"]["student"]["live"] == sync.detail.counts["student"]["live"]
