"""Record types in addresses."""

from django.http import Http404

from records.attributes import RecordType


def parse_record_type(name: str) -> RecordType:
    """The record type an address names; Http404 if there is no such type."""
    try:
        return RecordType(name)
    except ValueError as error:
        raise Http404("There is no such record type.") from error
