"""Run the measurements, each in a fresh process on a fresh copy of the database."""

import csv
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.engines import Engine, Place
from benchmarks.goals import CHANGED, IDENTICAL, INITIAL
from benchmarks.results import Measurement
from formats.oneroster.tables import FILES
from synthetic import write_district

CHANGE_SHARE = 0.02
CHANGED_COLUMNS = {"users": "phone", "classes": "location", "enrollments": "endDate"}  # of the delivery with 30 % changed
SEED = 7
KEPT_FILES = {"orgs", "users"}  # the others are left with their header alone
OTHERS = {
    "update_or_create": "`update_or_create` loop",
    "import_export": "django-import-export",
    "import_export_bulk": "django-import-export, bulk mode",
}
Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class SizeResult:
    """One size on one engine: L, the imports by name, the wizard's counts, timelines, review and rollback.

    Of repeated runs the one of median time stands; `limits` has every L.
    """

    students: int
    engine: str
    limit: Measurement
    imports: dict[str, Measurement]
    limits: tuple[float, ...]
    counts: Measurement
    timeline: Measurement
    safety: Measurement


@dataclass(frozen=True, slots=True)
class OthersResult:
    """The same users.csv by the portal and by other means, on one engine."""

    engine: str
    whole: Measurement  # the district the file belongs to
    users_only: Measurement  # users.csv and orgs.csv, the other files with a header alone
    others: dict[str, Measurement] = field(default_factory=dict)


def measure_size(engine: Engine, students: int, files: dict[str, Path], repeats: int, tell: Tell) -> SizeResult:
    """L and the three imports; L is taken before and after each round of imports, for machines that change their pace."""
    limits: list[Measurement] = []
    rounds: dict[str, list[Measurement]] = {INITIAL: [], IDENTICAL: [], CHANGED: []}
    counts: list[Measurement] = []
    timelines: list[Measurement] = []
    safety: list[Measurement] = []

    def limit() -> None:
        with engine.fresh("bench_limit") as place:
            limits.append(_told(tell, engine, students, "limit L", place.run("limit", files["first"])))

    limit()
    for _ in range(repeats):
        with engine.fresh("bench_import") as place:
            for what, folder in ((INITIAL, "first"), (IDENTICAL, "first"), (CHANGED, "second")):
                rounds[what].append(_told(tell, engine, students, what, _import(place, what, files[folder])))
            counts.append(_told(tell, engine, students, "live counts, the slowest", place.run("live_counts")))
            timelines.append(_told(tell, engine, students, "timelines, the slowest", place.run("timeline")))
        with engine.fresh("bench_safety") as place:
            place.run("import", files["first"])
            safety.append(_told(tell, engine, students, "the first import rolled back", place.run("safety", files["third"])))
        limit()
    imports = {what: _middle(found) for what, found in rounds.items()}
    return SizeResult(
        students,
        engine.name,
        _middle(limits, quicker=True),
        imports,
        tuple(one.seconds for one in limits),
        *map(_middle, (counts, timelines, safety)),
    )


def _import(place: Place, what: str, files: Path) -> Measurement:
    """One import; its outcome must be the one that its name promises."""
    found = place.run("import", files)
    facts = found.facts
    if (facts["state"] == "no_changes") != (what == IDENTICAL) or (what == CHANGED and not 0 < facts["updated"] < found.rows / 10):
        raise RuntimeError(f"{what}: the sync ended otherwise than it should: {facts}")
    return found


def measure_others(engine: Engine, files: dict[str, Path], tell: Tell) -> OthersResult:
    """The same users.csv through the portal and by the other means."""
    users = _rows(files["first"] / "users.csv")

    def run(job: str, folder: Path, name: str) -> Measurement:
        with engine.fresh("bench_other") as place:
            return _told(tell, engine, users, name, place.run(job, folder))

    return OthersResult(
        engine.name,
        run("import", files["first"], "users.csv: the portal, whole district"),
        run("import", files["users"], "users.csv: the portal, users alone"),
        {name: run(job, files["first"], f"users.csv: {job}") for job, name in OTHERS.items()},
    )


def write_deliveries(folder: Path, students: int) -> dict[str, Path]:
    """A district, the same with 2 % of its rows changed, and with 30 %."""
    write_district(folder / "first", students=students, seed=SEED)
    write_district(folder / "second", students=students, seed=SEED, change_share=CHANGE_SHARE)
    shutil.copytree(folder / "first", folder / "third")
    for file, column in CHANGED_COLUMNS.items():
        _change(folder / "third" / f"{file}.csv", column)
    return {name: folder / name for name in ("first", "second", "third")}


def _change(path: Path, column: str) -> None:
    """Give three of ten rows another value."""
    with path.open(newline="", encoding="utf-8") as source:
        header, *rows = csv.reader(source)
    at = header.index(column)
    for number, row in enumerate(rows):
        if number % 10 < 3:
            row[at] = "2027-06-19" if column.endswith("Date") else f"555-{number:07}"
    with path.open("w", newline="", encoding="utf-8") as target:
        csv.writer(target, lineterminator="\r\n").writerows([header, *rows])


def write_users_delivery(folder: Path, first: Path) -> Path:
    """The delivery with orgs.csv and users.csv as they are, and of the other files only the headers."""
    shutil.copytree(first, folder)
    for file in set(FILES) - KEPT_FILES:
        path = folder / f"{file}.csv"
        with path.open("rb") as source:
            header = source.readline()
        path.write_bytes(header)
    return folder


def _rows(path: Path) -> int:
    with path.open("rb") as file:
        return sum(1 for _ in file) - 1


def _middle(found: list[Measurement], *, quicker: bool = False) -> Measurement:
    """The measurement of median time; of an even number the slower of the two in the middle, or the quicker."""
    return sorted(found, key=lambda one: one.seconds)[(len(found) - quicker) // 2]


def _told(tell: Tell, engine: Engine, size: int, what: str, found: Measurement) -> Measurement:
    tell(f"{engine.name:<11}{size:>10,}  {what:<40}{found.seconds:>9.2f} s  (cpu {found.cpu_seconds:.2f} s, {found.peak_mb:,.0f} MB)")
    return found
