"""A district with the SFTP app under a schedule, a landing zone to put files into, and a clock that the test moves."""

import itertools
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import District
from imports.models import ImportApp, LandingRun, LandingZone
from imports.services.activate_app import activate_app
from imports.services.run_schedule import run_due
from imports.services.save_config import save_config
from imports.zone import Zone
from synthetic.write import manifest
from tests.unit.steps.kit import district, to_csv

ALL_NEW: dict[str, Any] = {"schools": {"all_missing_as_new": True, "mapping": {}}}
SCHEDULE = LandingRun.Reason.SCHEDULE
_numbers = itertools.count(1)


@dataclass
class Clock:
    """The portal's clock, which stands where the test puts it."""

    patch: pytest.MonkeyPatch
    now: datetime = field(default_factory=timezone.now)

    def set(self, moment: str, zone: str = "UTC") -> datetime:
        """Put it to a moment: as UTC, unless its offset is given ("2027-03-14T02:30-06:00")."""
        read = datetime.fromisoformat(moment)
        self.now = (read if read.tzinfo else read.replace(tzinfo=UTC)).astimezone(UTC)
        self.patch.setattr(timezone, "now", lambda: self.now)
        return self.now

    def beat(self, moment: str) -> list[LandingRun]:
        """Put it to a moment, and let the scheduler come."""
        self.set(moment)
        return run_due()


@dataclass
class Scheduled:
    """A district of Chicago whose SFTP app has a schedule."""

    part: dict[str, Any] | None = None
    time_zone: str = "America/Chicago"
    app: ImportApp = field(init=False)

    def __post_init__(self) -> None:
        """Make the district, and switch the schedule on."""
        self.district = District.objects.create(slug=f"sched-{next(_numbers)}", name="Maple", time_zone=self.time_zone)
        self.app = activate_app(district=self.district, kind=ImportApp.Kind.SFTP, by=None)
        self.schedule(self.part)

    def schedule(self, part: dict[str, Any] | None) -> None:
        """Save another schedule, at the clock's moment."""
        save_config(app=self.app, document={**ALL_NEW, "schedule": part}, by=None)
        self.app.refresh_from_db()

    @property
    def row(self) -> LandingZone:
        """The landing zone as the database has it."""
        return LandingZone.objects.of(self.district).get(app=self.app)

    @property
    def zone(self) -> Zone:
        """Its folders."""
        return Zone(self.row.pk)

    def put(self, *names: str, **changes: Any) -> None:
        """Have files come whole: those that are named, or all eight."""
        files = {f"{name}.csv": to_csv(name, rows) for name, rows in district(**changes).items()} | {"manifest.csv": manifest()}
        for name in names or files:
            (self.zone.root / name).write_text(files[name], encoding="utf-8", newline="")

    def runs(self) -> list[LandingRun]:
        """All runs of the app, the oldest first."""
        return list(LandingRun.objects.of(self.district).filter(app=self.app).select_related("sync").order_by("pk"))

    def due(self) -> list[str]:
        """The moments of the scheduled runs, in UTC."""
        return [f"{run.due_at:%m-%d %H:%M}" for run in self.runs() if run.reason == SCHEDULE and run.due_at]
