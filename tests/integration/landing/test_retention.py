"""What lies in landing zones too long goes; what a sync was made of stays in storage."""

import os
import time

from imports.models import Delivery
from imports.services.receipts import PART
from imports.services.tidy import tidy
from tests.integration.landing.ground import Ground

DAYS = 86_400


def age(path, days):
    moment = time.time() - days * DAYS
    os.utime(path, (moment, moment))


def test_archive_and_receipts_go_after_their_days_and_the_delivery_knows(imported, settings):
    settings.PORTAL_ARCHIVE_DAYS = 30
    delivery = Delivery.objects.of(imported.district).get()
    assert tidy() == []
    old = sorted(imported.zone.receipts.iterdir())[:3]
    for path in (imported.zone.archive / delivery.archived_as, *old):
        age(path, 31)
    removed = tidy()
    assert len(removed) == 4 and f"landing zone {imported.row.pk}: archive/{delivery.archived_as}" in removed
    delivery.refresh_from_db()
    assert delivery.archived_as == "" and imported.archived() == [] and len(imported.receipts()) == 5
    assert delivery.files.count() == 8
    assert tidy() == []


def test_what_waits_is_never_too_old(ground):
    ground.put("users.csv", b"x")
    ground.put("in/notes.txt", b"y")
    for name in ("users.csv", "in/notes.txt"):
        age(ground.zone.root / name, 1000)
    ground.scan()
    tidy()
    assert ground.lying() == ["in/notes.txt", "users.csv"]


def test_batches_and_halves_of_receipts_that_killed_processes_left_are_put_right(ground):
    (ground.zone.taking / ("a" * 32)).mkdir()
    (ground.zone.taking / ("a" * 32) / "users.csv").write_bytes(b"x")
    half, young = (ground.zone.marks / f"{PART}{name}" for name in ("old", "young"))
    half.write_text("half")
    young.write_text("half")
    age(half, 2)
    ground.begin("orgs.csv")
    age(ground.zone.marks / ".lock", 400)
    tidy()
    assert ground.lying() == ["orgs.csv", "users.csv"] and ground.zone.is_marked("orgs.csv")
    assert not half.exists() and young.exists() and (ground.zone.marks / ".lock").exists()


def test_an_other_district_s_folder_of_the_same_name_is_not_meant(imported):
    other = Ground()
    name = Delivery.objects.of(imported.district).get().archived_as
    (other.zone.archive / name).mkdir()
    age(other.zone.archive / name, 1000)
    tidy()
    assert Delivery.objects.of(imported.district).get().archived_as == name
