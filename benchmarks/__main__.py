"""`python -m benchmarks --size 100000`: measure, print the table, and write it into docs/benchmarks.md."""

import argparse
import tempfile
from pathlib import Path

from benchmarks.document import others_section, size_section, write
from benchmarks.engines import POSTGRESQL, SQLITE, engines
from benchmarks.machine import machine_facts
from benchmarks.plan import SizeResult, measure_others, measure_size, write_deliveries, write_users_delivery
from benchmarks.sftp import measure_sftp
from benchmarks.sftp_document import sftp_section

DOCUMENT = Path(__file__).resolve().parent.parent / "docs" / "benchmarks.md"
USERS_STUDENTS = 6_310  # a district of so many students has a users.csv of about 10,000 rows
_SMALLEST = 10_000


def sizes_up_to(size: int) -> list[int]:
    """The sizes to measure: every power of ten from 10,000 that is smaller, then the size itself."""
    smaller = [_SMALLEST * 10**power for power in range(6) if _SMALLEST * 10**power < size]
    return [*smaller, size]


def main(arguments: list[str] | None = None) -> int:
    """Measure on both engines; the exit status says whether everything could be measured, not whether the goals were met."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--size", type=int, default=100_000, help="students of the largest district (default 100000)")
    parser.add_argument("--repeats", type=int, default=1, help="rounds of imports; the median counts (default 1)")
    parser.add_argument("--document", type=Path, default=DOCUMENT, help="the file to write (default docs/benchmarks.md)")
    parser.add_argument("--sftp-mb", type=int, default=300, help="size of the file that is sent by SFTP (default 300)")
    parser.add_argument("--engine", choices=(SQLITE, POSTGRESQL), help="measure this engine alone")
    given = parser.parse_args(arguments)
    sections: list[str] = []
    with tempfile.TemporaryDirectory(prefix="rpb-", dir="/tmp") as scratch, engines(Path(scratch), given.engine) as some:
        previous: list[SizeResult] = []
        for size in sizes_up_to(given.size):
            files = write_deliveries(Path(scratch) / f"files-{size}", size)
            results = [measure_size(engine, size, files, given.repeats, _tell) for engine in some]
            sections.append(size_section(results, previous, machine_facts()))
            previous = results
        users = write_deliveries(Path(scratch) / "files-users", min(given.size, USERS_STUDENTS))
        users["users"] = write_users_delivery(Path(scratch) / "files-users-alone", users["first"])
        sections.append(others_section([measure_others(engine, users, _tell) for engine in some], machine_facts()))
        sections.append(sftp_section(measure_sftp(Path(scratch) / "sftp", _tell, size_mb=given.sftp_mb), machine_facts()))
    write(given.document, sections)
    print("\n" + "\n".join(sections), flush=True)
    return 0


def _tell(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
