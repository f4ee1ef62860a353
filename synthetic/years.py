"""The school year of the district: its sessions and its days. No clock is read."""

from dataclasses import dataclass

import numpy as np

SCHOOL_YEAR_ENDS = 2027
YEAR, FALL, SPRING = 0, 1, 2  # when a class meets
WHOLE_YEAR_BY_TRIMESTER = 3


@dataclass(frozen=True, slots=True)
class Session:
    """One row of academicSessions.csv. The end is the first day after the session, as the standard words it."""

    source_id: str
    title: str
    type: str
    start: str
    end: str
    parent: str = ""


def sessions(year_ends: int = SCHOOL_YEAR_ENDS) -> tuple[Session, ...]:
    """The school year, its semesters with their quarters, and the trimesters of the elementary schools."""
    first, last = year_ends - 1, year_ends
    year = f"SY{last}"
    return (
        Session(year, f"{first}-{last}", "schoolYear", f"{first}-08-17", f"{last}-06-05"),
        Session(f"{year}-S1", f"Fall Semester {first}", "semester", f"{first}-08-17", f"{last}-01-16", year),
        Session(f"{year}-S2", f"Spring Semester {last}", "semester", f"{last}-01-16", f"{last}-06-05", year),
        Session(f"{year}-T1", "Trimester 1", "term", f"{first}-08-17", f"{first}-11-14", year),
        Session(f"{year}-T2", "Trimester 2", "term", f"{first}-11-14", f"{last}-02-27", year),
        Session(f"{year}-T3", "Trimester 3", "term", f"{last}-02-27", f"{last}-06-05", year),
        Session(f"{year}-Q1", "Quarter 1", "gradingPeriod", f"{first}-08-17", f"{first}-10-17", f"{year}-S1"),
        Session(f"{year}-Q2", "Quarter 2", "gradingPeriod", f"{first}-10-17", f"{last}-01-16", f"{year}-S1"),
        Session(f"{year}-Q3", "Quarter 3", "gradingPeriod", f"{last}-01-16", f"{last}-03-20", f"{year}-S2"),
        Session(f"{year}-Q4", "Quarter 4", "gradingPeriod", f"{last}-03-20", f"{last}-06-05", f"{year}-S2"),
    )


def meeting_sessions(year_ends: int = SCHOOL_YEAR_ENDS) -> tuple[str, ...]:
    """The termSourcedIds cell of a class by when it meets, quoted where they are a list."""
    year = f"SY{year_ends}"
    return f'"{year}-S1,{year}-S2"', f"{year}-S1", f"{year}-S2", f'"{year}-T1,{year}-T2,{year}-T3"'


def meeting_days(year_ends: int = SCHOOL_YEAR_ENDS) -> tuple[np.ndarray, np.ndarray]:
    """First day, and first day after the last, of a class by when it meets (datetime64[D])."""
    by_id = {s.source_id: s for s in sessions(year_ends)}
    year = f"SY{year_ends}"
    spans = [by_id[name] for name in (year, f"{year}-S1", f"{year}-S2", year)]
    return np.array([s.start for s in spans], "datetime64[D]"), np.array([s.end for s in spans], "datetime64[D]")


def extract_day(day: int, year_ends: int = SCHOOL_YEAR_ENDS) -> np.datetime64:
    """The date of the files: day 0 is 14 September, later ones are school days (Monday to Friday)."""
    return np.busday_offset(f"{year_ends - 1}-09-14", day, roll="forward")


def age_cutoff(year_ends: int = SCHOOL_YEAR_ENDS) -> np.datetime64:
    """A child enters kindergarten in the school year in which it is five by this day."""
    return np.datetime64(f"{year_ends - 1}-09-01")
