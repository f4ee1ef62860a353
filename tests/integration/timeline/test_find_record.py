"""A record is found whatever became of it."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from imports.selectors.find_record import Hit, find_records
from roster.services.purge_deleted import purge_deleted
from tests.integration.pipeline.desk import Desk
from tests.unit.steps.kit import district, person

pytestmark = pytest.mark.django_db


def seen(hits: list[Hit]) -> list[tuple[str, str, str, int]]:
    return [(hit.record_type.value, hit.key, hit.fate, hit.line) for hit in hits]


def test_live_deleted_left_out_and_gone(data_dir: Path) -> None:
    desk = Desk()
    desk.deliver(district())
    users = {"S2": None, "S1": {"email": ""}, "S3": person("S3", "student", email=""), "": person("", "student", familyName="Nokey")}
    sync = desk.deliver(district(users=users, enrollments={"E2": None}))
    found = find_records(desk.district, "given familys")
    assert seen(found.live) == [("student", "S1", "live", 0)]
    assert seen(found.deleted) == [("student", "S2", "deleted", 0)]
    assert seen(found.left_out) == [("student", "S3", "skipped", 6)], "S1 was left out too, but is here"
    assert found.left_out[0].sync == sync
    assert (found.left_out[0].name, found.left_out[0].file) == ("GivenS3 FamilyS3", "users.csv")
    assert seen(find_records(desk.district, "s2.student@EXAMPLE").deleted) == [("student", "S2", "deleted", 0)]
    assert seen(find_records(desk.district, "nokey").left_out) == [("student", "", "invalid", 7)]
    assert seen(find_records(desk.district, "E2").deleted) == [("enrollment", "E2", "deleted", 0)]
    assert {hit.key for hit in find_records(desk.district, "C1").live} == {"C1", "E1", "E3"}, "a class, and its enrollments by its whole id"
    purge_deleted(before=timezone.now() + timedelta(days=1))
    gone = find_records(desk.district, "S2")
    assert (seen(gone.older), gone.older[0].name) == ([("student", "S2", "gone", 0)], "GivenS2 FamilyS2")
    assert find_records(desk.district, "Family S2").is_empty, "of what is gone only the whole id is known"
    for nothing in ("", "  ", "\0", "nobody at all", "%", "_", "S1' OR 1=1"):
        assert find_records(desk.district, nothing).is_empty, nothing
    assert find_records(Desk().district, "S1").is_empty
