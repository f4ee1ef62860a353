"""A desk with an imported district, deliveries that lose a student, and a rollover."""

from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from imports.models import Delivery, Rollover, Sync
from imports.services.receive_delivery import Upload, receive_delivery
from imports.services.rollover import disable_deletion, end_suspension, suspend_import
from imports.services.run_sync import run_sync
from imports.services.simulate import start_simulation
from imports.services.start_sync import start_sync
from records.attributes import RecordType
from tests.integration.pipeline.desk import Desk
from tests.unit.steps.kit import District, district, to_csv

HOUR = timedelta(hours=1)


def without_student() -> District:
    """S2, their enrollment and class C2 are gone; S1 has a phone."""
    return district(
        users={"S2": None, "S1": {"phone": "5"}}, enrollments={"E2": None, "E4": None}, classes={"C2": None}, demographics={"S2": None}
    )


def desk(document: dict[str, Any] | None = None) -> Desk:
    """A desk whose first delivery is applied, and that is configured so after it."""
    one = Desk()
    assert one.deliver(district()).state.startswith("completed")
    if document:
        one.configure(document)
    return one


def deliver_only(one: Desk, files: District, folder: Any) -> Delivery:
    """A stored delivery, without a sync."""
    folder.mkdir(exist_ok=True)
    for file, rows in files.items():
        (folder / f"{file}.csv").write_text(to_csv(file, rows), encoding="utf-8", newline="")
    uploads = [Upload(path.name, path) for path in sorted(folder.iterdir())]
    return receive_delivery(app=one.app, uploads=uploads, source=Delivery.Source.BROWSER, by=None)


def queue(one: Desk, files: District, folder: Any) -> Sync:
    """A queued sync, not worked yet."""
    return start_sync(delivery=deliver_only(one, files, folder), by=None, wake=False)


def simulate(one: Desk, files: District, folder: Any, *, is_rehearsal: bool = False) -> Sync:
    """A simulation or rehearsal, worked to its end."""
    sync = start_simulation(app=one.app, delivery=deliver_only(one, files, folder), by=None, is_rehearsal=is_rehearsal, wake=False)
    run_sync(sync.pk, wakes_next=False)
    return Sync.objects.all_of(one.district).select_related("detail", "district").get(pk=sync.pk)


def suspend(one: Desk, starts: datetime | None = None, ends: datetime | None = None) -> Rollover:
    """Suspend imports, from now for an hour unless told."""
    return suspend_import(district=one.district, starts=starts, ends=ends or timezone.now() + HOUR, by=None)


def resume(one: Desk) -> None:
    """End the suspension."""
    assert end_suspension(district=one.district, by=None)


def lapse(one: Desk) -> None:
    """Let the suspension have ended by itself."""
    now = timezone.now()
    Rollover.objects.of(one.district).update(suspends_from=now - 2 * HOUR, suspends_until=now - timedelta(seconds=1))


def keep(one: Desk, is_disabled: bool = True) -> None:
    """Disable deletion, or enable it again."""
    assert disable_deletion(district=one.district, is_disabled=is_disabled, by=None)


def counts(sync: Sync, name: str) -> dict[str, int]:
    """One count of every record type that has any."""
    return {kind: one[name] for kind, one in sync.detail.counts.items() if one[name]}


def keys(one: Desk, kind: RecordType) -> set[str]:
    """What is live of a type."""
    return set(one.live()[kind])


def fresh(sync: Sync) -> Sync:
    """The sync as it is now."""
    return Sync.objects.all_of(sync.district_id).select_related("detail", "district").get(pk=sync.pk)
