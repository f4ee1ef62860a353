"""A run for which nothing had come: a sync that says so on every page, and that concerns nothing else."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Membership, Role, User
from imports.models import Arrival, Delivery, ImportApp, Sync
from imports.selectors.last_good import last_rows_of
from imports.selectors.report import sync_report
from imports.services.daily_notices import tell_missing
from imports.services.rest import newer_delivery
from imports.services.rollback import rollback_range, why_not
from imports.services.sweep import sweep
from imports.states import State
from imports.trial import last_delivery
from notices.models import ExpectedDelivery
from records.attributes import SCREEN_ORDER
from tests.integration.landing.ground import Ground, eight, seven

CHANGED = {"S1": {"givenName": "Changed"}}
PREVIEW = {"delivery": {"preview": True}}


@pytest.fixture
def applied(ground: Ground) -> Ground:
    """A district that really imported all eight files."""
    ground.put_all(eight())
    sync = ground.import_waiting()
    assert sync.state == State.COMPLETED, sync.failure
    return ground


def client(ground: Ground) -> Client:
    user = User.objects.create(email="owner@zone.example.org", name="Owner")
    Membership.objects.create(district=ground.district, user=user, role=Role.OWNER)
    browser = Client()
    browser.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return browser


def test_it_ends_at_once_as_no_changes(applied):
    run = applied.run()
    sync = run.sync
    assert (sync.state, run.outcome, run.is_refused) == (State.NO_CHANGES, "No new files had arrived.", False)
    assert sync.delivery.is_empty and sync.finished_at is not None
    assert list(sync.transitions.values_list("from_state", "to_state", "reason")) == [
        ("", "queued", ""), ("queued", "no_changes", "No new files had arrived."),
    ]  # fmt: skip
    sweep()
    assert applied.work(sync).state == State.NO_CHANGES  # a worker that is sent after it finds nothing to do


def test_it_supersedes_nothing_and_is_nobody_s_delivery(applied):
    real = Sync.objects.of(applied.district).get()
    applied.configure(PREVIEW)
    applied.put_all(eight(users=CHANGED))
    held = applied.import_waiting()
    assert held.state == State.HELD
    rows = last_rows_of(applied.app)
    empty = applied.run().sync
    held.refresh_from_db()
    assert held.state == State.HELD
    assert newer_delivery(held) is None and newer_delivery(real) == held
    assert last_delivery(applied.app) == (held.delivery, held.pk)
    assert last_rows_of(applied.app) == rows
    assert empty.pk not in rollback_range(applied.district.pk) and "No new files had arrived" in why_not(empty)


def test_the_same_files_after_it_are_still_the_same(applied):
    first = Sync.objects.of(applied.district).get()
    applied.run()
    applied.put_all(eight())
    same = applied.import_waiting()
    assert (same.state, same.repeats) == (State.NO_CHANGES, first)


def test_its_report_has_all_nine_types_with_what_was_live(applied):
    before = sync_report(Sync.objects.of(applied.district).select_related("app", "district", "detail").get())
    sync = applied.work(applied.run().sync)
    applied.configure({"delivery": {"deletion_threshold": None}})
    report = sync_report(sync)
    assert set(report["records"]) == {str(kind) for kind in SCREEN_ORDER}
    for kind, count in report["records"].items():
        assert count["live"] == before["records"][kind]["live"]
        assert not any(number for name, number in count.items() if name != "live")
    assert (report["state"], report["files"], report["errors"], report["findings"]) == ("no_changes", [], [], [])


def test_before_anything_was_ever_imported_it_works_as_well(ground):
    report = sync_report(ground.work(ground.run().sync))
    assert len(report["records"]) == 9 and report["records"]["student"]["live"] == 0


def test_every_page_says_so_plainly(applied):
    real = Sync.objects.of(applied.district).get()
    empty = applied.run().sync
    browser = client(applied)
    page = browser.get(f"/history/{empty.pk}/").content.decode()
    assert "No new files had arrived" in page and "same as last time" not in page and "are as they were" not in page
    assert "No new files had arrived" in browser.get("/history/").content.decode()
    for path, status in {
        f"/history/{empty.pk}/status/": 200, f"/history/compare/?a={real.pk}&b={empty.pk}": 200, f"/history/compare/?a={empty.pk}&b={applied.run().sync.pk}": 200,
        "/": 200, "/apps/sftp/": 200, "/apps/sftp/landing/": 200, f"/history/{empty.pk}/errors/": 200, f"/history/{empty.pk}/details/": 200, f"/history/{empty.pk}/student/created/": 200,
    }.items():  # fmt: skip
        assert browser.get(path).status_code == status, path


def test_it_is_not_what_was_expected_but_a_file_that_waits_is(applied):
    now = timezone.now()
    ExpectedDelivery.objects.create(district=applied.district, app=ImportApp.Kind.SFTP, hours=24, since=now - timedelta(days=9))
    for model, name in ((Delivery, "received_at"), (Arrival, "seen_at")):
        model.objects.of(applied.district).update(**{name: now - timedelta(days=2)})
    applied.run()
    applied.put("notes.txt", b"hello")
    applied.scan()
    assert tell_missing(applied.district, now) == 1
    assert tell_missing(applied.district, now) == 0  # once
    applied.put("users.csv", seven(users=CHANGED)["users.csv"])
    applied.scan()
    assert tell_missing(applied.district, now + timedelta(hours=23)) == 0
    assert tell_missing(applied.district, now + timedelta(hours=25)) == 1


def test_a_file_that_could_not_be_taken_is_named_where_nothing_else_came(imported):
    imported.put("OneRoster.zip", b"PK and no more of it")
    imported.put("notes.txt", b"x")
    run = imported.run()
    assert run.outcome.startswith("No new files had arrived. OneRoster.zip is damaged")
    assert "notes.txt" not in run.outcome
    notes = Sync.objects.of(imported.district).select_related("detail").get(pk=run.sync_id).detail.notes
    assert notes[0] == "No new files had arrived." and notes[1].startswith("OneRoster.zip is damaged")
    imported.remove("OneRoster.zip")
    assert imported.run().outcome == "No new files had arrived."
