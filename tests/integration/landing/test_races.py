"""Clients that upload while scans and runs go on: nothing half is ever taken, nothing is lost, nothing is taken twice."""

import random
import threading
import time
from collections import Counter

from django.db import connection

from imports.models import Arrival, StoredFile
from imports.services.run_landing import run_landing
from imports.services.scan_zones import scan_zones
from tests.integration.landing.ground import eight

SECONDS = 3.0


def test_uploads_scans_and_runs_at_the_same_time(shared):
    shared.put_all(eight())
    shared.run()
    shared.app.syncs.update(state="completed")
    zone, dice, until = shared.zone, random.Random(4), time.monotonic() + SECONDS
    whole: Counter[bytes] = Counter()  # what was closed and not overwritten by its client
    errors: list[BaseException] = []

    def upload(name: str) -> None:
        number = 0
        while time.monotonic() < until:
            number += 1
            content = f"sourcedId,{name},{number}\r\n".encode() * 50
            with zone.lock():  # as the server opens a file: what lay there is overwritten
                zone.mark(name)
                before = (zone.root / name).read_bytes() if (zone.root / name).exists() else None
                file = (zone.root / name).open("wb")
            if before is not None:
                whole[before] -= 1
            with file:
                file.write(content[:777])
                file.flush()
                time.sleep(dice.random() / 50)
                file.write(content[777:])
            with zone.lock():
                zone.unmark(name)
            whole[content] += 1
            time.sleep(dice.random() / 5)

    def act(what) -> None:
        while time.monotonic() < until:
            try:
                what()
            except Exception as error:  # noqa: BLE001
                errors.append(error)
            time.sleep(0.02)
        connection.close()

    def run() -> None:
        run_landing(app=shared.app, reason="manual", wake=False)

    threads = [threading.Thread(target=upload, args=(name,)) for name in ("users.csv", "orgs.csv", "classes.csv")]
    threads += [threading.Thread(target=act, args=(what,)) for what in (run, run, scan_zones)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    shared.run()
    shared.scan()
    assert shared.lying() == [] and list(zone.taking.iterdir()) == []
    first = set(eight().values())
    archived = Counter(path.read_bytes() for path in zone.archive.rglob("*.csv"))
    taken = Counter({content: count for content, count in archived.items() if content not in first})
    assert taken == +whole
    assert max(taken.values()) == 1
    stored = StoredFile.objects.of(shared.district).count()
    assert stored == sum(archived.values()) == Arrival.objects.of(shared.district).filter(state="taken").count()
    assert not Arrival.objects.of(shared.district).filter(state__in=["waiting", "removed"]).exists()
