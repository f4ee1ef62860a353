"""The clock looks through the zones, and runs where a set is whole and its app is to run on arrival."""

import shutil
from datetime import timedelta

import pytest
from django.utils import timezone

from imports.models import ConfigVersion, LandingRun, LandingZone, Rollover, Sync
from imports.services import scan_zones as module
from imports.services.scan_zones import scan_zones
from imports.tasks import scan_zones_task
from notices.models import Event
from tests.integration.landing.ground import Ground, eight, seven, zip_of

CHANGED = {"S1": {"givenName": "Changed"}}


def switch_on(ground: Ground) -> None:
    version = ConfigVersion.objects.of(ground.district).get(pk=ground.app.config_id)
    version.document = {**version.document, "delivery": {**version.document["delivery"], "run_on_arrival": True}}
    version.save()


def runs(ground: Ground) -> list[tuple[str, bool]]:
    return list(LandingRun.objects.of(ground.district).order_by("pk").values_list("reason", "is_refused"))


def test_without_the_option_nothing_runs(ground):
    ground.put_all(eight())
    scan_zones_task()
    assert runs(ground) == [] and len(ground.states()) == 8


@pytest.mark.parametrize("files", [eight(), {"district.zip": zip_of(eight())}, {**seven(), "OneRoster.zip": zip_of(eight())}])
def test_a_whole_set_runs_once(ground, files):
    switch_on(ground)
    ground.put_all(files)
    for _ in range(3):
        scan_zones()
    assert runs(ground) == [("arrival", False)]
    ground.check_law()


@pytest.mark.parametrize("files", [seven(), {"OneRoster.zip": zip_of(seven())}, {"users.csv": seven()["users.csv"]}, {}])
def test_a_first_set_that_is_not_whole_waits(ground, files):
    switch_on(ground)
    ground.put_all(files)
    scan_zones()
    assert runs(ground) == []


def test_later_all_seven_are_a_whole_set_and_fewer_wait(imported):
    switch_on(imported)
    files = seven(users=CHANGED)
    for name, content in files.items():
        scan_zones()
        assert runs(imported) == [("manual", False)]
        imported.put(name, content)
    scan_zones()
    assert runs(imported) == [("manual", False), ("arrival", False)]


def test_nothing_runs_while_something_of_the_roster_is_still_arriving(imported):
    switch_on(imported)
    imported.put_all(seven(users=CHANGED))
    imported.begin("OneRoster.zip")
    imported.begin("movie.mp4")  # is none of an import's business
    scan_zones()
    assert runs(imported) == [("manual", False)]
    imported.put("OneRoster.zip", zip_of(seven(users=CHANGED)))
    scan_zones()
    assert runs(imported)[1:] == [("arrival", False)]
    assert Sync.objects.of(imported.district).order_by("-pk").first().delivery.files.get().name == "OneRoster.zip"


def test_the_same_refused_set_is_refused_once(imported):
    switch_on(imported)
    imported.put("a.zip", zip_of(seven()))
    imported.put("b.zip", zip_of(seven(users=CHANGED)))
    for _ in range(3):
        scan_zones()
    assert runs(imported)[1:] == [("arrival", True)]
    imported.put("c.zip", zip_of(seven(users={"S2": None})))
    for _ in range(3):
        scan_zones()
    assert runs(imported)[1:] == [("arrival", True)] * 2
    assert Event.objects.of(imported.district).filter(kind="delivery.refused").count() == 1  # the same cause is told once
    imported.remove("a.zip")
    imported.remove("c.zip")
    imported.put("b.zip", zip_of(seven(users={"T1": None})))
    scan_zones()
    assert runs(imported)[-1] == ("arrival", False)


def test_while_imports_are_suspended_a_set_waits_and_then_runs(imported):
    switch_on(imported)
    now = timezone.now()
    rollover = Rollover.objects.create(district=imported.district, suspends_from=now - timedelta(1), suspends_until=now + timedelta(1))
    imported.put_all(seven(users=CHANGED))
    scan_zones()
    assert runs(imported) == [("manual", False)]
    rollover.delete()
    scan_zones()
    assert runs(imported)[1:] == [("arrival", False)]


def test_a_run_refused_while_imports_are_suspended_does_not_keep_the_set_waiting_afterwards(imported):
    switch_on(imported)
    now = timezone.now()
    rollover = Rollover.objects.create(district=imported.district, suspends_from=now - timedelta(1), suspends_until=now + timedelta(1))
    imported.put_all(seven(users=CHANGED))
    scan_zones()
    assert imported.run().is_refused
    rollover.delete()
    scan_zones()
    assert runs(imported)[1:] == [("manual", True), ("arrival", False)]


def test_a_refused_set_runs_as_soon_as_what_was_wrong_with_it_is_removed(imported):
    switch_on(imported)
    imported.put("a.zip", zip_of(seven()))
    imported.put("b.zip", zip_of(seven(users=CHANGED)))
    scan_zones()
    assert runs(imported)[1:] == [("arrival", True)]
    imported.remove("a.zip")  # as the outcome advises
    scan_zones()
    assert runs(imported)[1:] == [("arrival", True), ("arrival", False)]


def test_a_fault_in_one_zone_keeps_no_other_from_being_looked_at(ground, monkeypatch):
    other = Ground()
    other.put("users.csv", b"sourcedId\r\n")
    real = module.note_arrivals

    def fail(app):
        if app.pk == ground.app.pk:
            raise ZeroDivisionError
        return real(app)

    monkeypatch.setattr(module, "note_arrivals", fail)
    scan_zones()
    assert other.states() == [("users.csv", "waiting")]


def test_a_scan_of_quiet_zones_is_cheap(imported, django_assert_max_num_queries):
    imported.put_all(seven(users=CHANGED))
    scan_zones()
    with django_assert_max_num_queries(4):  # the zones; of each its row, and what waits
        scan_zones()


def test_the_zone_of_an_app_that_lost_its_folder_is_made_anew(ground):
    shutil.rmtree(ground.zone.root)
    scan_zones()
    assert ground.zone.archive.is_dir()
    assert LandingZone.objects.of(ground.district).count() == 1
