"""One night in the life of a district: from today's files to tomorrow's."""

import numpy as np

from synthetic.details import change_details
from synthetic.district import District
from synthetic.ids import stream
from synthetic.moves import move_people
from synthetic.night import Night, budget
from synthetic.timetables import adjust_enrollments, change_courses, replace_sections, reschedule
from synthetic.years import extract_day

DAILY_SHARE = 0.004


def advance(d: District, day: int, share: float = DAILY_SHARE) -> dict[str, int]:
    """Turn the district of day - 1 into that of `day`; returns what changed, counted by kind.

    `share` of the rows of users, classes and enrollments change. In a district of a few thousand rows the share is exceeded:
    at least one of each main kind of change happens.
    """
    users, classes, enrollments = (budget(int(table.alive.sum()), share) for table in (d.people, d.classes, d.enrollments))
    today = int(extract_day(day).astype(np.int64))
    night = Night.begin(d, stream(d.seed, "changes", day), today)
    enrolled, size = int(d.enrollments.alive.sum()), len(d.enrollments.alive)
    replace_sections(night, classes)
    move_people(night, users, enrollments)
    added = len(d.enrollments.alive) - size
    removed = enrolled + added - int(d.enrollments.alive.sum())
    change_courses(night, enrollments.removed - removed, enrollments.added - added)
    reschedule(night, classes)
    change_details(night, users, share)
    adjust_enrollments(night, enrollments)
    d.day = day
    return night.counts
