"""The SFTP app of a district, and files in its landing zone, as the pages' tests need them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from accounts.models import Role
from imports.landing.host_keys import host_key_files
from imports.models import Arrival, ImportApp, LandingRun, LandingZone, Sync
from imports.services.activate_app import activate_app
from imports.services.arrivals import note_arrivals
from imports.services.run_landing import run_landing
from imports.services.run_sync import run_sync
from imports.services.save_config import save_config
from imports.zone import Zone, host_keys_folder
from synthetic.write import manifest
from tests.integration.imports_ui.files import first_delivery
from tests.integration.imports_ui.world import World

MANUAL = LandingRun.Reason.MANUAL
_HOST_KEYS: dict[str, bytes] = {}


def lend_host_keys() -> None:
    """Give the test's landing zones the server keys of an earlier test of this run: to make them takes a second."""
    folder = host_keys_folder()
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in _HOST_KEYS.items():
        (folder / name).write_bytes(content)
    _HOST_KEYS.update({path.name: path.read_bytes() for path in host_key_files().values()})


def whole_set() -> dict[str, str]:
    """The eight files of a first run."""
    return {**first_delivery(), "manifest.csv": manifest()}


@dataclass
class SftpWorld(World):
    """A district that has the SFTP app beside CSV Upload."""

    sftp: ImportApp = field(init=False)

    def __post_init__(self) -> None:
        """Activate SFTP, all schools taken as they come."""
        super().__post_init__()
        lend_host_keys()
        self.sftp = activate_app(district=self.district, kind=ImportApp.Kind.SFTP, by=self.owner)
        save_config(app=self.sftp, document={"schools": {"all_missing_as_new": True, "mapping": {}}}, by=self.owner)
        self.sftp.refresh_from_db()

    @property
    def row(self) -> LandingZone:
        """The landing zone as the database has it."""
        return LandingZone.objects.of(self.district).get(app=self.sftp)

    @property
    def zone(self) -> Zone:
        """Its folders."""
        return Zone(self.row.pk)

    def let_in(self) -> None:
        """Set a password, so that somebody can sign in."""
        LandingZone.objects.of(self.district).update(password="argon2$not-a-real-one")

    def put(self, files: Mapping[str, str | bytes]) -> list[Arrival]:
        """Have files come whole; the tests let them settle at once."""
        for name, content in files.items():
            path = self.zone.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        return note_arrivals(self.sftp)

    def begin(self, name: str, content: bytes = b"half of it") -> None:
        """Have a file begin to come, and not end."""
        with self.zone.lock():
            self.zone.mark(name)
        (self.zone.root / name).write_bytes(content)

    def run(self, **options: Any) -> LandingRun:
        """A run of what waits."""
        return run_landing(app=self.sftp, wake=False, **{"reason": MANUAL, "by": self.owner, **options})

    def work(self, run: LandingRun) -> Sync:
        """Work the sync that a run has queued, in this process."""
        assert run.sync_id is not None, run.outcome
        run_sync(run.sync_id, wakes_next=False)
        return Sync.objects.of(self.district).select_related("detail", "delivery").get(pk=run.sync_id)

    def imported(self) -> Sync:
        """A first run of the whole set, to its end."""
        self.put(whole_set())
        return self.work(self.run())

    def ran(self, *, minutes_ago: int = 5, **values: Any) -> LandingRun:
        """A run of a while ago, as the database has it."""
        run = LandingRun.objects.create(district=self.district, app=self.sftp, **{"reason": MANUAL, "by": self.owner, **values})
        moment: datetime = timezone.now() - timedelta(minutes=minutes_ago)
        LandingRun.objects.of(self.district).filter(pk=run.pk).update(ran_at=moment)
        run.ran_at = moment
        return run

    def read(self, address: str, role: Role = Role.OWNER, status: int = 200) -> str:
        """A page as a member of that role sees it."""
        response = self.client(role).get(address)
        assert response.status_code == status, response.status_code
        return response.content.decode()
