"""The search of the top bar: a few hits of every record type people look for by name."""

from dataclasses import dataclass

from records.attributes import RecordType
from roster.models import RosterState
from roster.selectors.browse import Row, browse, clean_search

SEARCHED = (
    RecordType.STUDENT, RecordType.TEACHER, RecordType.ADMIN, RecordType.CONTACT, RecordType.CLASS, RecordType.COURSE, RecordType.SCHOOL,
)  # fmt: skip
HITS = 5


@dataclass(frozen=True, slots=True)
class Hits:
    """The first hits of one record type; `has_more` if its list finds further ones."""

    record_type: RecordType
    headings: list[str]
    rows: list[Row]
    has_more: bool


def search_everywhere(state: RosterState, search: str) -> list[Hits]:
    """The record types in which the search finds something, each with its first hits."""
    search = clean_search(search)
    found = []
    for record_type in SEARCHED:
        if search and state.counts.get(record_type):
            page = browse(state, record_type, search=search, limit=HITS)
            if page.rows:
                found.append(Hits(record_type, page.headings, page.rows, has_more=bool(page.after)))
    return found
