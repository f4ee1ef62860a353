"""The wizard's live counts over the last delivery, by the very pages: the first one after an upload, then one after every kind of change."""

import copy
import time
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.test import Client
from django.test.utils import override_settings
from django.urls import reverse

from accounts.models import Membership
from benchmarks.jobs.stopwatch import Stopwatch
from benchmarks.results import Measurement
from imports.models import ImportApp
from imports.services.drafts import fill_draft, open_draft
from roster.models import School

Document = dict[str, Any]


def _require(document: Document) -> None:
    document["requirements"]["student"]["username"] = "skip"


def _filter(document: Document) -> None:
    condition = {"attribute": "grades", "operator": "equals_any", "values": ["KG", "01", "02"]}
    document["filters"] = [{"record_type": "student", "match": "all", "conditions": [condition]}]


def _map(document: Document) -> None:
    document["attributes"]["student"]["email"] = "users.username"


def _make_unique(document: Document) -> None:
    document["uniqueness"] = [{"record_type": "enrollment", "attributes": ["class_id", "person_id"]}]


def _merge_schools(document: Document) -> None:
    one, other = School.unscoped.order_by("key").values_list("key", flat=True)[:2]
    document["schools"] = {"all_missing_as_new": True, "mapping": {one: other, other: other}}


def _take_aides(document: Document) -> None:
    document["delivery"]["aides_as_teachers"] = True


FIRST, FIRST_ATTRIBUTES = (
    "the first after an upload",
    "the first of attributes after an upload",
)  # what they make is kept for all that follow
CHANGES: tuple[tuple[str, Callable[[Document], None]], ...] = (
    ("requirements", _require), ("filters", _filter), ("attributes", _map), ("uniqueness", _make_unique), ("schools", _merge_schools),
    ("delivery", _take_aides),
)  # fmt: skip


def count_live() -> Measurement:
    """Seconds of the slowest count after a change; facts: seconds by step, and of the first counts after the upload."""
    plain = {**settings.STORAGES, "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
    with override_settings(STORAGES=plain, ALLOWED_HOSTS=["*"]):
        return _count()


def _count() -> Measurement:
    app = ImportApp.unscoped.select_related("district", "config").get()
    owner = Membership.objects.of(app.district_id).select_related("user").get().user
    client = Client()
    client.force_login(owner, backend="django.contrib.auth.backends.ModelBackend")
    draft = open_draft(app=app, user=owner)
    original = copy.deepcopy(draft.document)
    with Stopwatch() as whole:
        facts = {FIRST: _timed(client, app, "requirements"), FIRST_ATTRIBUTES: _timed(client, app, "attributes")}
        for step, change in CHANGES:
            document = copy.deepcopy(original)
            change(document)
            fill_draft(draft=draft, document=document)
            facts[step] = _timed(client, app, step)
    rows = next(iter(app.syncs.order_by("-pk").values_list("rows_in_files", flat=True)))
    return Measurement(rows, max(facts[step] for step, _ in CHANGES), whole.cpu_seconds, facts)


def _timed(client: Client, app: ImportApp, step: str) -> float:
    """Seconds of one page of counts.

    Raises:
        RuntimeError: it counted nothing.
    """
    started = time.perf_counter()
    page = client.get(reverse("imports:configure_counts", args=[app.kind, step]))
    seconds = time.perf_counter() - started
    if page.status_code != 200 or 'id="accepted-student"' not in page.content.decode():
        raise RuntimeError(f"{step} was not counted: {page.status_code}")
    return seconds
