"""Which values of a sync a reader may not see: demographics and phone numbers are for owners and editors."""

from accounts.models import Membership
from records.attributes import ATTRIBUTES, RecordType, find_attribute

_HEADERS = {
    (f"{attribute.source.split('.')[0]}.csv", attribute.source.split(".")[1])
    for attributes in ATTRIBUTES.values()
    for attribute in attributes
    if attribute.is_sensitive
}
_PEOPLE = ("users.csv", "demographics.csv")


def hides_column(file: str, column: str, membership: Membership) -> bool:
    """Say whether the values of a file's column are hidden from this member; a district's own columns about people are."""
    if membership.can_edit:
        return False
    return (file, column) in _HEADERS or (file in _PEOPLE and column.startswith("metadata."))


def hides_attribute(record_type: str, name: str, membership: Membership) -> bool:
    """Say whether an attribute's values are hidden from this member."""
    if membership.can_edit:
        return False
    attribute = find_attribute(RecordType(record_type), name)
    return attribute.is_sensitive if attribute else record_type in {"student", "teacher", "admin", "contact"}
