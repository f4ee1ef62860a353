"""Believable districts that never existed, as OneRoster 1.1 files: for the demo, the tests and the benchmark."""

from pathlib import Path

from synthetic.write import DistrictSummary

__all__ = ["DistrictSummary", "write_district"]


def write_district(out: Path, *, students: int, seed: int, day: int = 0, change_share: float | None = None) -> DistrictSummary:
    """Write the district of this size and seed, as it is `day` school days after the first extract, into the folder `out`.

    The same arguments give the same bytes. Every day changes about 0.4 % of the rows of users, classes and enrollments and builds on the
    day before. With `change_share` one more step follows that changes exactly that share (0.02 is 2 %) of the rows of each of the
    three: 70 % of them updated, 15 % removed, 15 % added.

    Raises:
        ValueError: fewer than one student, a negative day, or a share outside 0 to 0.2.
    """
    from synthetic.changes import DAILY_SHARE, advance  # numpy and pyarrow load only when a district is made
    from synthetic.district import build_district
    from synthetic.write import write_files

    if day < 0:
        raise ValueError(f"A day cannot be before the first extract: {day}.")
    if change_share is not None and not 0 <= change_share <= 0.2:
        raise ValueError(f"The share of changed rows must be between 0 and 0.2, not {change_share}.")
    district = build_district(students, seed)
    steps = [DAILY_SHARE] * day + ([change_share] if change_share else [])
    changes: dict[str, int] = {}
    for number, share in enumerate(steps, 1):
        for kind, count in advance(district, number, share).items():
            changes[kind] = changes.get(kind, 0) + count
    return write_files(district, out, changes)
