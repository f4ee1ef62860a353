"""An archived delivery imported again: from storage, as a delivery of its own, under the present configuration."""

from datetime import timedelta

import pytest
from django.core.files.storage import default_storage
from django.utils import timezone

from imports.models import Delivery, LandingRun, Rollover, Sync
from imports.services.replay import replay
from tests.integration.landing.ground import Ground, eight, seven, zip_of


def first(ground: Ground) -> Delivery:
    return Delivery.objects.of(ground.district).order_by("pk").first()


def test_the_same_files_come_again_as_a_new_delivery_and_what_waits_stays(imported):
    imported.put("users.csv", seven(users={"S1": {"givenName": "New"}})["users.csv"])
    imported.scan()
    imported.configure({"delivery": {"preview": True}})
    run = replay(app=imported.app, delivery=first(imported), by=None, wake=False)
    assert (run.reason, run.is_refused) == (LandingRun.Reason.REPLAY, False)
    assert run.outcome.startswith(f"Took the files of archive/{first(imported).archived_as} again: ")
    delivery = run.sync.delivery
    assert delivery != first(imported) and (delivery.archived_as, delivery.batch) == ("", "")
    assert sorted(delivery.files.values_list("name", "sha256")) == sorted(first(imported).files.values_list("name", "sha256"))
    assert run.sync.config_id == imported.app.config_id
    assert imported.lying() == ["users.csv"] and imported.states()[-1] == ("users.csv", "waiting")
    imported.check_law()


def test_when_the_bytes_are_gone_it_says_so(imported):
    file = first(imported).files.get(name="users.csv")
    default_storage.delete(file.stored_as)
    run = replay(app=imported.app, delivery=first(imported), by=None)
    assert run.is_refused and run.sync is None and "users.csv of archive/" in run.outcome and "is not kept any more" in run.outcome
    assert Sync.objects.of(imported.district).count() == 1


def test_a_run_that_took_nothing_has_nothing_to_be_replayed(imported):
    empty = imported.run().sync.delivery
    run = replay(app=imported.app, delivery=empty, by=None)
    assert run.is_refused and "has no files" in run.outcome


def test_while_imports_are_suspended_it_is_refused(imported):
    now = timezone.now()
    Rollover.objects.create(district=imported.district, suspends_from=now - timedelta(1), suspends_until=now + timedelta(1))
    run = replay(app=imported.app, delivery=first(imported), by=None)
    assert run.is_refused and "suspended until" in run.outcome


@pytest.mark.parametrize(
    ("files", "missing"), [({"users.csv": seven()["users.csv"]}, "orgs.csv"), ({"a.zip": zip_of(seven())}, "manifest.csv")]
)
def test_once_nothing_stands_any_more_a_part_cannot_come_first(imported, files, missing):
    imported.put_all(files)
    part = imported.run().sync.delivery
    Sync.objects.of(imported.district).update(state="rolled_back")
    run = replay(app=imported.app, delivery=part, by=None)
    assert run.is_refused and f"{missing} is required" in run.outcome
    assert not replay(app=imported.app, delivery=first(imported), by=None, wake=False).is_refused


def test_another_app_s_delivery_is_none(imported):
    other = Ground()
    other.put_all(eight())
    delivery = other.run().sync.delivery
    with pytest.raises(ValueError, match="is none of"):
        replay(app=imported.app, delivery=delivery, by=None)
