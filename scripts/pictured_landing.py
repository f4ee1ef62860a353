"""The landing zone that the pictures of "SFTP" show: five of eight files have come, then all, then a changed one."""

import asyncio
import csv
import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import asyncssh

from synthetic import write_district

USERNAME, PASSWORD = "cedar-valley", "maple-harbor-42-lantern"
DOCUMENT = {
    "delivery": {"username": USERNAME, "password": PASSWORD},
    "schedule": {"when": "weekdays", "hour": 2, "minute": 30},
}
STUDENTS, SEED, DAY = 1_000, 1, 2  # the demo district, the day after its last delivery
SETTLE_SECONDS = 9  # until the page shows what has come
PARTS = {  # picture -> the files that have come by then
    "part": ("orgs.csv", "users.csv", "courses.csv", "classes.csv", "enrollments.csv"),
    "rest": ("academicSessions.csv", "demographics.csv", "manifest.csv"),
    "later": ("users.csv", "readme.txt"),
}


def write_files(folder: Path) -> None:
    """The eight files, a text file that came along, and in the folder `later` a day's users.csv with other grades."""
    write_district(folder, students=STUDENTS, seed=SEED, day=DAY)
    later = folder / "later"
    later.mkdir()
    shutil.copy(folder / "users.csv", later / "users.csv")
    _rename(later / "users.csv")
    (later / "readme.txt").write_text("Export of the SIS, every weekday at 2:00.\n", encoding="utf-8")


def put(folder: Path, part: str, port: int) -> None:
    """Upload one part as a client does, and let it settle."""
    source = folder / "later" if part == "later" else folder
    with ThreadPoolExecutor(1) as beside:  # the browser has a loop of its own in this thread
        beside.submit(asyncio.run, _put([source / name for name in PARTS[part]], port)).result()
    time.sleep(SETTLE_SECONDS)


async def _put(files: list[Path], port: int) -> None:
    connected = asyncssh.connect(
        "127.0.0.1", port, username=USERNAME, password=PASSWORD, known_hosts=None, client_keys=None, agent_path=None
    )
    async with connected as connection, connection.start_sftp_client() as sftp:
        for file in files:
            await sftp.put(file, file.name)


def _rename(path: Path) -> None:
    """A dozen students get another first name."""
    with path.open(encoding="utf-8", newline="") as source:
        rows = list(csv.DictReader(source))
    for row in [row for row in rows if row["role"] == "student"][:12]:
        row["givenName"] = f"{row['givenName']}a"
    with path.open("w", encoding="utf-8", newline="") as target:
        writer = csv.DictWriter(target, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)
