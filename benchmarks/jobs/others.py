"""The same users.csv by other means, into the table of students: a loop of update_or_create, and django-import-export."""

import csv
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import tablib
from django.db import models, transaction
from import_export.instance_loaders import CachedInstanceLoader
from import_export.resources import ModelResource

from accounts.models import District
from benchmarks.jobs.stopwatch import Stopwatch
from benchmarks.results import Measurement
from records.attributes import ATTRIBUTES, RecordType
from roster.models import Student

COLUMNS = {
    attribute.name: attribute.source.removeprefix("users.")
    for attribute in ATTRIBUTES[RecordType.STUDENT]
    if attribute.source.startswith("users.") and attribute.name != "sis_id"
}
_BATCH_ROWS = 1000


class PlainStudent(Student):
    """The students as these libraries know a model, with a manager that is not scoped to a district."""

    objects = models.Manager()  # type: ignore[assignment]

    class Meta:
        proxy = True
        default_manager_name = "objects"
        app_label = "roster"


class StudentResource(ModelResource):
    """django-import-export as its manual begins: one look-up, one save and one difference per row."""

    class Meta:
        model = PlainStudent
        import_id_fields = ("key",)
        fields = ("key", "district", "fingerprint", "first_sync", "last_sync", *COLUMNS)


class BulkStudentResource(StudentResource):
    """The same with all its manual offers for speed: bulk writes, cached look-up, no differences."""

    class Meta(StudentResource.Meta):
        use_bulk = True
        batch_size = _BATCH_ROWS
        skip_diff = True
        instance_loader_class = CachedInstanceLoader


def _rows(files: Path) -> Iterator[dict[str, Any]]:
    """The rows of users.csv as columns of the table."""
    common = {"district": District.objects.get().pk, "fingerprint": 1, "first_sync": 1, "last_sync": 1}
    with (files / "users.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            yield {"key": row["sourcedId"], **common, **{name: row[header] for name, header in COLUMNS.items()}}


def by_update_or_create(files: Path) -> Measurement:
    """One update_or_create per row, all in one transaction."""

    def work() -> None:
        with transaction.atomic():
            for row in _rows(files):
                key, district = row.pop("key"), row.pop("district")
                PlainStudent.objects.update_or_create(district_id=district, key=key, defaults=row)

    return _measure(work)


def by_import_export(files: Path) -> Measurement:
    """django-import-export with its defaults."""
    return _measure(lambda: _through(StudentResource(), files))


def by_import_export_in_bulk(files: Path) -> Measurement:
    """django-import-export in bulk mode."""
    return _measure(lambda: _through(BulkStudentResource(), files))


def _through(resource: ModelResource, files: Path) -> None:
    rows = list(_rows(files))
    dataset = tablib.Dataset(*(tuple(row.values()) for row in rows), headers=list(rows[0]))
    resource.import_data(dataset, raise_errors=True)


def _measure(work: Callable[[], None]) -> Measurement:
    with Stopwatch() as watch:
        work()
    return Measurement(PlainStudent.objects.count(), watch.seconds, watch.cpu_seconds)
