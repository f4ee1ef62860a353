from roster.models.live import (
    LIVE,
    Admin,
    Class,
    Contact,
    Course,
    Enrollment,
    LiveRecord,
    School,
    Session,
    Student,
    Teacher,
)
from roster.models.organization import Organization
from roster.models.state import RosterState

__all__ = [
    "LIVE",
    "Admin",
    "Class",
    "Contact",
    "Course",
    "Enrollment",
    "LiveRecord",
    "Organization",
    "RosterState",
    "School",
    "Session",
    "Student",
    "Teacher",
]
