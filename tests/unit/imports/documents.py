"""Configuration documents for the tests."""

from typing import Any

FULL = {
    "delivery": {
        "data_schema": "oneroster-1.1",
        "preview": False,
        "update_threshold": 35,
        "deletion_threshold": 10,
        "aides_as_teachers": False,
    },
    "schools": {"all_missing_as_new": True, "mapping": {"S-1": "north-high"}},
    "attributes": {"student": {"sis_id": "users.sourcedId", "state_id": "users.userIds[State]", "lunch": "demographics.metadata.lunch"}},
    "requirements": {"student": {"email": "skip", "gender": "report", "state_id": "none"}},
    "filters": [
        {
            "record_type": "student",
            "match": "all",
            "conditions": [{"attribute": "grades", "operator": "equals_any", "values": ["KG", "01", "02"]}],
        }
    ],
    "drop_empty_classes": False,
    "uniqueness": [{"record_type": "student", "attributes": ["username"]}],
    "master_fields": [{"record_type": "student", "attribute": "email", "mode": "master"}],
}
SCHEDULE = {"when": "weekly", "days": ["mon", "thu"], "hour": 2, "minute": 30, "end_date": "2027-06-30"}


def a_filter(**condition: Any) -> dict[str, Any]:
    whole = {"attribute": "email", "operator": "contains", "values": ["x"], **condition}
    return {"filters": [{"record_type": "student", "conditions": [{key: value for key, value in whole.items() if value is not ...}]}]}


def mapped(record_type: str, **sources: Any) -> dict[str, Any]:
    return {"attributes": {record_type: sources}}
