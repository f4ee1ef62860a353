"""Count live records by school, in the tables."""

from typing import Any

from django.db.models import Count

from records.attributes import SCHOOL_ATTRIBUTE
from roster.models import LIVE


def count_by_school(district_id: int) -> dict[str, dict[str, int]]:
    """Organization key -> record type -> live records; "" for records without a school."""
    result: dict[str, dict[str, int]] = {}
    for record_type, attribute in SCHOOL_ATTRIBUTE.items():
        model: Any = LIVE[record_type]
        live = model.objects.of(district_id).filter(deleted_at=None).values_list(attribute).annotate(rows=Count("pk")).order_by()
        for school, rows in live:
            result.setdefault(school, {})[record_type.value] = rows
    return result
