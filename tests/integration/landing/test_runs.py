"""What a run takes, what it leaves, and what it says: first all eight, later any subset, a zip before loose files, nothing new."""

import threading
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.utils import timezone

from imports.models import Arrival, Delivery, LandingRun, LandingZone, Rollover, Sync
from imports.selectors.landing import bytes_used, needs_whole_set, still_arriving, waiting_files
from imports.services import arrivals
from imports.services import run_landing as module
from imports.services.pull import Left, PullResult
from tests.integration.landing.ground import ROSTER, Ground, eight, seven, zip_of

Reason = LandingRun.Reason
CHANGED = {"S1": {"givenName": "Changed"}}


def test_a_first_run_takes_all_eight_and_archives_them(ground):
    ground.put_all(eight())
    run = ground.run()
    assert not run.is_refused and run.sync is not None
    assert sorted(run.outcome.removeprefix("Took ").removesuffix(".").split(", ")) == sorted(ROSTER)
    folder = run.sync.delivery.archived_as
    day = timezone.now().astimezone(ZoneInfo("America/New_York"))
    assert folder == f"{day:%Y-%m-%d}-{run.sync.pk}"
    assert ground.lying() == [] and ground.archived() == sorted(f"{folder}/{name}" for name in ROSTER)
    assert run.sync.delivery.source == Delivery.Source.SFTP and run.sync.delivery.batch
    assert {state for _, state in ground.states()} == {"taken"}
    assert f"Taken by sync {run.sync.pk}; it lies in archive/{folder}/ now." in ground.receipt(ground.arrival("users.csv"))
    ground.check_law()
    assert ground.work(run.sync).state == "completed"
    assert not needs_whole_set(ground.app)


@pytest.mark.parametrize("missing", ["manifest.csv", "users.csv"])
def test_a_first_run_without_one_of_the_eight_is_refused_and_nothing_moves(ground, missing):
    files = eight()
    del files[missing]
    ground.put_all(files)
    run = ground.run()
    assert (
        run.is_refused
        and run.sync is None
        and f"all eight files together. Missing: {missing}. Upload it; what has come waits." in run.outcome
    )
    assert ground.lying() == sorted(files) and not Delivery.objects.of(ground.district).exists()
    assert {state for _, state in ground.states()} == {"waiting"}
    ground.put(missing, eight()[missing])
    assert ground.import_waiting().state == "completed"
    ground.check_law()


def test_a_refused_first_run_names_what_is_still_arriving(ground):
    files = eight()
    del files["users.csv"]
    ground.put_all(files)
    ground.begin("users.csv")
    assert ground.run().outcome.endswith("users.csv is still arriving and waits for the next run.")


def test_later_any_subset_will_do(imported):
    imported.put("users.csv", seven(users=CHANGED)["users.csv"])
    imported.begin("orgs.csv")
    run = imported.run()
    assert run.outcome == "Took users.csv. orgs.csv is still arriving and waits for the next run."
    assert list(run.sync.delivery.files.values_list("name", flat=True)) == ["users.csv"]
    assert imported.lying() == ["orgs.csv"]
    imported.check_law()


def test_later_a_manifest_alone_is_no_delivery(imported):
    imported.put("manifest.csv", b"propertyName,value\r\n")
    run = imported.run()
    assert run.is_refused and "None of the delivered files is a OneRoster file." in run.outcome
    assert imported.states()[-1] == ("manifest.csv", "waiting")


def test_a_zip_wins_over_loose_files_which_are_named_and_kept(imported):
    imported.put("OneRoster.zip", zip_of(seven(users=CHANGED)))
    imported.put("users.csv", b"sourcedId\r\n")
    imported.put("classes.csv", b"sourcedId\r\n")
    run = imported.run()
    delivery = run.sync.delivery
    assert run.outcome == "Took OneRoster.zip. classes.csv, users.csv were passed over, for OneRoster.zip came with them."
    assert sorted(delivery.ignored) == ["classes.csv", "users.csv"]
    inside = [path for path in imported.archived() if path.startswith(delivery.archived_as)]
    assert inside == [f"{delivery.archived_as}/{name}" for name in ("OneRoster.zip", "ignored/classes.csv", "ignored/users.csv")]
    passed = imported.arrival("users.csv")
    assert passed.state == "ignored" and "OneRoster.zip of the same batch was taken instead" in passed.reason
    assert passed.reason in imported.receipt(passed)
    imported.check_law()
    imported.put("users.csv", b"sourcedId\r\n")  # the same content again: it came anew, and waits
    assert [one.state for one in imported.scan()] == ["waiting"]


def test_of_two_zips_the_one_named_oneroster_counts_and_without_one_neither(imported):
    content = zip_of(seven())
    imported.put("a.zip", content)
    imported.put("b.zip", zip_of(seven(users=CHANGED)))
    run = imported.run()
    assert run.is_refused and "More than one zip was delivered (a.zip, b.zip)" in run.outcome and "named OneRoster.zip" in run.outcome
    assert imported.lying() == ["a.zip", "b.zip"]
    imported.put("oneroster.ZIP", zip_of(seven(users=CHANGED)))
    assert imported.run().outcome == "Took oneroster.ZIP. a.zip, b.zip were passed over, for oneroster.ZIP came with them."
    imported.check_law()


def test_the_first_zip_must_hold_the_manifest_as_well(ground):
    ground.put("OneRoster.zip", zip_of(seven()))
    assert "Missing: manifest.csv" in ground.run().outcome
    ground.put("OneRoster.zip", zip_of(eight()))
    assert ground.import_waiting().state == "completed"
    ground.check_law()


def test_two_spellings_of_one_file_are_refused(imported):
    imported.put_all({"users.csv": seven()["users.csv"], "Users.csv": seven(users=CHANGED)["users.csv"]})
    assert "users.csv was delivered more than once" in imported.run().outcome
    assert imported.lying() == ["Users.csv", "users.csv"]


def test_while_imports_are_suspended_a_run_is_refused_with_the_date(imported):
    now = timezone.now()
    Rollover.objects.create(district=imported.district, suspends_from=now - timedelta(days=1), suspends_until=now + timedelta(days=1))
    imported.put("users.csv", seven()["users.csv"])
    run = imported.run()
    assert run.is_refused and "Data import is suspended until" in run.outcome
    assert imported.lying() == ["users.csv"]


def test_a_suspension_that_begins_during_a_run_puts_the_files_back(imported, monkeypatch):
    imported.put("users.csv", seven(users=CHANGED)["users.csv"])
    real, now = module.keep_files, timezone.now()

    def suspend(*args):
        Rollover.objects.create(district=imported.district, suspends_from=now - timedelta(days=1), suspends_until=now + timedelta(days=1))
        return real(*args)

    monkeypatch.setattr(module, "keep_files", suspend)
    run = imported.run()
    assert run.is_refused and "suspended" in run.outcome
    assert imported.lying() == ["users.csv"] and imported.states()[-1] == ("users.csv", "waiting")
    imported.check_law()


def test_files_that_were_just_closed_are_waited_for(imported, settings):
    settings.PORTAL_SFTP_SETTLE_SECONDS = 1
    imported.put("users.csv", seven(users=CHANGED)["users.csv"])
    assert imported.run().outcome == "Took users.csv."


def test_files_that_are_being_written_are_not_waited_for(imported, settings):
    settings.PORTAL_SFTP_SETTLE_SECONDS = 600
    imported.begin("users.csv")
    run = imported.run()  # at once
    assert run.outcome == "No new files had arrived. users.csv is still arriving and waits for the next run."


def test_a_new_upload_during_a_run_waits_for_the_next(imported, monkeypatch):
    first, second = (seven(users={"S1": {"givenName": name}})["users.csv"] for name in ("One", "Two"))
    imported.put("users.csv", first)
    real = module.keep_files

    def upload(*args):
        imported.put("users.csv", second)
        assert imported.scan() == []  # a scan meanwhile leaves both alone
        return real(*args)

    with monkeypatch.context() as patch:
        patch.setattr(module, "keep_files", upload)
        imported.run()
    assert imported.states()[-1] == ("users.csv", "taken") and imported.lying() == ["users.csv"]
    imported.check_law()
    assert [one.state for one in imported.scan()] == ["waiting"]
    imported.run()
    imported.check_law()


@pytest.mark.parametrize("act", ["write", "mark"])
def test_what_changes_after_the_scan_stays_for_the_next_run(imported, monkeypatch, act):
    imported.put_all({name: seven(users=CHANGED)[name] for name in ("users.csv", "orgs.csv")})

    def note(app):
        arrivals.note_arrivals(app)
        if act == "write":
            imported.put("users.csv", seven(users={"S2": None})["users.csv"])
        else:
            imported.begin("users.csv")

    with monkeypatch.context() as patch:
        patch.setattr(module, "note_arrivals", note)
        run = imported.run()
    assert run.outcome.startswith("Took orgs.csv.") and imported.lying() == ["users.csv"]
    imported.scan()
    imported.check_law()


def test_a_change_after_the_scan_that_breaks_the_first_set_refuses_it(ground, monkeypatch):
    ground.put_all(eight())
    with monkeypatch.context() as patch:
        patch.setattr(module, "note_arrivals", lambda app: (arrivals.note_arrivals(app), ground.begin("users.csv")))
        run = ground.run()
    assert run.is_refused and "Missing: users.csv" in run.outcome and "still arriving" in run.outcome
    assert len(ground.lying()) == 8
    ground.check_law()


def test_what_somebody_writes_without_a_mark_is_never_taken_for_what_was_seen(imported, monkeypatch):
    imported.put("users.csv", seven(users=CHANGED)["users.csv"])
    real = module.keep_files

    def spoil(app, paths):
        paths[0].write_bytes(b"something else")
        return real(app, paths)

    with monkeypatch.context() as patch:
        patch.setattr(module, "keep_files", spoil)
        run = imported.run()
    assert run.is_refused and "changed while it was taken" in run.outcome and imported.lying() == ["users.csv"]


def test_a_moment_of_the_schedule_runs_once(imported):
    due = datetime(2026, 11, 25, 7, tzinfo=UTC)
    imported.put("users.csv", seven(users=CHANGED)["users.csv"])
    first = imported.run(Reason.SCHEDULE, due_at=due)
    imported.put("users.csv", seven(users={"S2": None})["users.csv"])
    assert imported.run(Reason.SCHEDULE, due_at=due) == first
    assert imported.lying() == ["users.csv"]
    assert imported.run(Reason.SCHEDULE, due_at=due + timedelta(hours=1)) != first


def test_two_processes_with_the_same_moment_take_it_once_and_put_back_the_rest(imported, monkeypatch):
    due = datetime(2026, 11, 25, 7, tzinfo=UTC)
    imported.put("users.csv", seven(users=CHANGED)["users.csv"])
    real, others = module.keep_files, []

    def other_first(*args):
        monkeypatch.setattr(module, "keep_files", real)
        others.append(imported.run(Reason.SCHEDULE, due_at=due))
        return real(*args)

    monkeypatch.setattr(module, "keep_files", other_first)
    run = imported.run(Reason.SCHEDULE, due_at=due)
    assert [run] == others and run.outcome == "No new files had arrived."
    assert imported.lying() == ["users.csv"] and imported.states()[-1] == ("users.csv", "waiting")
    imported.check_law()


def test_two_runs_at_once_take_everything_once(shared):
    shared.put_all(eight())
    barrier, runs = threading.Barrier(3), []

    def run():
        try:
            barrier.wait()
            runs.append(shared.run())
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(one.outcome.split()[0] for one in runs) == ["No", "No", "Took"]
    assert Delivery.objects.of(shared.district).filter(is_empty=False).count() == 1
    assert len(shared.states()) == 8 and {state for _, state in shared.states()} == {"taken"}
    shared.check_law()


def test_a_run_fetches_from_a_custom_server_first(imported, monkeypatch):
    LandingZone.objects.of(imported.district).update(server=LandingZone.Server.CUSTOM)

    def pull(zone):
        assert zone.app_id == imported.app.pk
        imported.put("users.csv", seven(users=CHANGED)["users.csv"])
        return PullResult(("users.csv",), (Left("orgs.csv", "It is larger than 1 MB."),))

    monkeypatch.setattr(module, "pull_new", pull)
    assert imported.run().outcome == "Took users.csv. orgs.csv was not fetched: It is larger than 1 MB."


def test_a_custom_server_that_does_not_answer_refuses_the_run(imported, monkeypatch):
    LandingZone.objects.of(imported.district).update(server=LandingZone.Server.CUSTOM)
    monkeypatch.setattr(module, "pull_new", lambda zone: PullResult(problem="The server did not answer."))
    imported.put("users.csv", seven(users=CHANGED)["users.csv"])
    run = imported.run()
    assert (run.is_refused, run.outcome) == (True, "The server did not answer.")
    assert imported.lying() == ["users.csv"]


def test_an_other_district_s_files_are_never_taken(imported):
    other = Ground()
    other.put_all(eight())
    other.scan()
    assert imported.run().outcome == "No new files had arrived."
    assert len(other.lying()) == 8 and {state for _, state in other.states()} == {"waiting"}


def test_what_the_pages_ask_for(imported):
    imported.put("users.csv", seven(users=CHANGED)["users.csv"])
    imported.put("orgs.csv", seven()["orgs.csv"])
    imported.scan()
    imported.begin("orgs.csv", b"half")
    imported.put("courses.csv.part", b"more")
    imported.put(".hidden", b"x")
    assert [one.path for one in waiting_files(imported.app)] == ["users.csv"]
    found = {one.path: (one.size, one.words) for one in still_arriving(imported.row)}
    assert found == {"orgs.csv": (4, "Arriving"), "courses.csv.part": (4, "Waits for its final name")}
    lying = sum(path.stat().st_size for path in imported.zone.root.rglob("*") if path.is_file())
    assert bytes_used(imported.app) == lying > 1000


def test_every_arrival_of_a_run_points_to_its_delivery(imported):
    sync = Sync.objects.of(imported.district).get()
    assert set(Arrival.objects.of(imported.district).values_list("delivery", flat=True)) == {sync.delivery_id}


@pytest.mark.parametrize(
    ("document", "words"),
    [({"schools": {"all_missing_as_new": False}}, "map its schools first"), ({"delivery": {"preview": True}}, "approve it first")],
)
def test_while_the_first_set_waits_for_a_person_a_part_is_told_so(ground, document, words):
    ground.configure(document)
    ground.put_all(eight())
    first = ground.run().sync
    assert ground.work(first).is_waiting
    ground.put("users.csv", seven(users=CHANGED)["users.csv"])
    run = ground.run()
    assert run.is_refused
    assert f"Sync {first.pk} with the first set waits for a person: {words}" in run.outcome


def test_while_imports_are_suspended_nobody_is_told_to_send_again_what_waits(imported):
    now = timezone.now()
    Rollover.objects.create(district=imported.district, suspends_from=now - timedelta(1), suspends_until=now + timedelta(3))
    imported.put("users.csv", seven(users=CHANGED)["users.csv"])
    run = imported.run()
    assert run.is_refused
    assert "What lies in the landing zone waits for the next run after that." in run.outcome
    assert "Send" not in run.outcome
    assert imported.lying() == ["users.csv"]
