"""What the words of the portal mean."""

from django.http import HttpResponse
from django.shortcuts import render

from accounts.current import DistrictRequest, require_member
from imports.states import State

OUTCOMES = (
    ("created", "The row is a new record, and it was added."),
    ("updated", "The record was here, and the row changed it."),
    ("unchanged", "The record was here, exactly as in the row."),
    ("skipped", "The row lacks a value that your Data Requirements demand. A live record of it stays as it is."),
    ("excluded", "A filter, the mapping of schools, the role or status, or another row that it depends on keeps it out."),
    ("duplicate", "The row shares a value with another row that may occur only once, such as the SIS ID or the email."),
    ("invalid", "The row breaks the OneRoster rules, so it cannot be read safely."),
    ("deleted", "The record was here, and its file came without it. It disappears from every list and is kept for a while."),
    ("reported", "The record was imported, but a value is missing that your Data Requirements report."),
)
STATES = (
    (State.QUEUED, "The files are stored; a worker will take them."),
    (State.RUNNING, "A worker reads and checks the files. The live records are untouched so far."),
    (State.NEEDS_SCHOOL_MAPPING, "Schools came that are not mapped yet. Map them, and the sync goes on with the same files."),
    (State.HELD, "The sync is ready, but a person must approve it, because of Preview Mode or a limit. Nothing has changed."),
    (State.COMPLETED, "Everything was applied."),
    (State.COMPLETED_WITH_ISSUES, "Everything acceptable was applied; some rows were left out or reported."),
    (State.NO_CHANGES, "The files are the same as last time."),
    (State.SIMULATED, "The whole work was done as for a sync, but nothing was imported."),
    (State.FAILED, "It stopped, and nothing was changed. The page of the sync says why."),
)


@require_member
def help_page(request: DistrictRequest) -> HttpResponse:
    """Explain the outcomes, the states and the roles."""
    return render(request, "portal/help.html", {"outcomes": OUTCOMES, "states": STATES, "breadcrumb": [("Home", "/"), ("Help", "")]})
