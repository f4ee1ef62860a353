"""Short ways to ask for timelines and answers in tests."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.test import Client
from django.utils import timezone

from accounts.models import Membership, Role, User
from imports.files import local_artifact
from imports.models import Sync
from imports.selectors.answers import Answer
from imports.selectors.explain import explain_record
from imports.selectors.explain_class import ClassAnswer, explain_class
from imports.selectors.timeline import Event, History, Past, record_timeline
from imports.services.decide_sync import approve_sync, reject_sync
from records.attributes import RecordType
from records.key_index import key_index_path
from tests.integration.pipeline.desk import Desk

STUDENT, CLASS, ENROLLMENT = RecordType.STUDENT, RecordType.CLASS, RecordType.ENROLLMENT
PREVIEW = {"delivery": {"preview": True}}


def events(desk: Desk, kind: RecordType, key: str) -> list[Event]:
    return record_timeline(desk.district, kind, key, limit=1000).events


def told(desk: Desk, kind: RecordType, key: str) -> list[tuple[int, str, str, str, int]]:
    """Sync, phase, outcome, code, line of every event."""
    return [(one.sync.pk, one.phase.value, one.row.outcome, one.row.code, one.row.line) for one in events(desk, kind, key)]


def answer(desk: Desk, kind: RecordType, key: str, hides: Callable[[str, str], bool] = lambda *_: False) -> Answer:
    return explain_record(History(Past(desk.district), kind, key), hides)


def in_class(desk: Desk, person: str, class_key: str, kind: RecordType = STUDENT) -> ClassAnswer:
    return explain_class(desk.district, kind, person, class_key)


def reject(desk: Desk, sync: Sync) -> None:
    reject_sync(sync=sync, by=None, reason="No.")


def approve(desk: Desk, sync: Sync) -> Sync:
    approve_sync(sync=sync, by=None, wake=False)
    return desk.work(sync)


def without_index(sync: Sync) -> Path:
    """Let a sync be one of before there was an index."""
    path = local_artifact(sync.artifacts, key_index_path(Path()).name)
    assert path is not None
    path.unlink()
    return path


def day(sync: Sync) -> str:
    """The day on which a sync ended, as sentences say it."""
    moment = sync.finished_at or timezone.now()
    return f"{moment:%b} {moment.day}, {moment.year}"


def browser(desk: Desk, role: Role = Role.OWNER) -> Client:
    """A browser in which a member of the desk's district is signed in."""
    user, is_new = User.objects.get_or_create(email=f"{role}@{desk.district.slug}.example.org", defaults={"name": "Member"})
    if is_new:
        Membership.objects.create(district=desk.district, user=user, role=role)
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def page(client: Client, kind: RecordType, key: str, **query: Any) -> Any:
    return client.get(f"/browse/{kind}/timeline/", {"key": key, **query})
