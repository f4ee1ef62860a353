"""What all connections of the server share."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from imports.landing.arrivals import Arrivals
from imports.landing.background import Background
from imports.landing.connections import Connections
from imports.landing.files import Surroundings
from imports.landing.lockout import Lockout
from imports.landing.uploads import Uploads
from imports.zone import Zone

if TYPE_CHECKING:
    from imports.landing.door import Door

_FILE_THREADS, _SIGN_IN_THREADS = 16, 4


class Hall:
    """The open doors, the counts, the threads, and the zones that are in use."""

    def __init__(self) -> None:
        self.doors: set[Door] = set()
        self.connections, self.lockout = Connections(), Lockout()
        self.sign_ins = ThreadPoolExecutor(_SIGN_IN_THREADS, thread_name_prefix="sftp-sign-in")
        self._files = ThreadPoolExecutor(_FILE_THREADS, thread_name_prefix="sftp-files")
        self._notes = ThreadPoolExecutor(1, thread_name_prefix="sftp-arrivals")
        self.around = Surroundings(self._files, Background(), Arrivals(self._notes))
        self._uploads: dict[int, Uploads] = {}

    def uploads_of(self, zone: Zone) -> Uploads:
        """The one registry of a zone's uploads."""
        uploads = self._uploads.get(zone.zone_id)
        if uploads is None:
            zone.create()
            uploads = self._uploads[zone.zone_id] = Uploads(zone)
        self._files.submit(uploads.space.refresh)
        return uploads

    def close(self, seconds: float) -> None:
        """Let what is begun end."""
        self._files.shutdown(wait=True, cancel_futures=False)
        self.around.background.stop(seconds)
        for pool in (self.sign_ins, self._notes):
            pool.shutdown(wait=False, cancel_futures=True)
