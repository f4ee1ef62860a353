"""What narrows a list of rows: search, school, attribute that differs, reason; the same for the page and its download."""

from dataclasses import dataclass
from typing import Any

from django.http import QueryDict

from imports.forms import RowFilter
from imports.selectors.reasons import reason_of_code
from records.attributes import RecordType, attribute_label
from records.changed import PROMOTED, REGRADED, REWRITTEN
from records.rules import RULES

_MARKS = {
    PROMOTED: "Grade moves to the next one",
    REGRADED: "Grade changes in another way",
    REWRITTEN: "Stored anew, no value differs",
}


@dataclass(frozen=True, slots=True)
class Narrowed:
    """What is asked for; `school` is None for all, "" for records of no school."""

    search: str
    school: str | None
    changed: str
    code: str

    @property
    def arguments(self) -> dict[str, Any]:
        """As `read_rows` takes them."""
        return {"search": self.search, "school": self.school, "changed": self.changed, "code": self.code}

    @property
    def is_any(self) -> bool:
        """Whether anything is asked for."""
        return bool(self.search or self.school is not None or self.changed or self.code)

    def cause_words(self, record_type: RecordType) -> str:
        """The attribute or reason in words; empty where none is asked for."""
        if self.changed:
            return _MARKS.get(self.changed) or f"{attribute_label(record_type, self.changed)} differs"
        return reason_of_code(self.code, record_type).title if self.code in RULES else self.code


def read_filter(query: QueryDict) -> Narrowed:
    """What the query string asks for; what cannot be read is not asked for."""
    form = RowFilter(query)
    wanted = form.cleaned_data if form.is_valid() else {}
    school = "" if "without_school" in query else wanted.get("school") or None
    return Narrowed(wanted.get("q", ""), school, wanted.get("changed", ""), wanted.get("code", ""))
