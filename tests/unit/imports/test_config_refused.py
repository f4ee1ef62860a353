"""Every way in which a configuration document is refused: the path of the fault, and the words that help to mend it."""

from typing import Any

import pytest

from imports.config import ConfigRefused
from imports.config_parser import parse_config
from tests.unit.imports.documents import SCHEDULE, a_filter, mapped


def faults(document: Any, kind: str = "csv_upload") -> dict[str, str]:
    with pytest.raises(ConfigRefused) as refused:
        parse_config(document, kind)
    return {problem.path: problem.message for problem in refused.value.problems}


REFUSED = [
    # the whole
    pytest.param([1], "document", "object of named parts", id="document is a list"),
    pytest.param({"filterz": []}, "filterz", 'Did you mean "filters"?', id="unknown part"),
    pytest.param({"schedule": SCHEDULE}, "schedule", "Only the SFTP app", id="schedule of an upload app"),
    pytest.param({"delivery": {"run_on_arrival": True}}, "delivery.run_on_arrival", "Only the SFTP app", id="on arrival of an upload app"),
    pytest.param({"preprocess": {}}, "preprocess", "not available", id="preprocess is for later"),
    pytest.param({"sharing": {}}, "sharing", "not available", id="sharing is for later"),
    # delivery
    pytest.param({"delivery": []}, "delivery", "an object", id="delivery is a list"),
    pytest.param({"delivery": {"prewiew": True}}, "delivery.prewiew", 'Did you mean "preview"?', id="unknown key of delivery"),
    pytest.param({"delivery": {"preview": "yes"}}, "delivery.preview", "true or false", id="preview as text"),
    pytest.param({"delivery": {"preview": 1}}, "delivery.preview", "true or false", id="preview as number"),
    pytest.param({"delivery": {"aides_as_teachers": None}}, "delivery.aides_as_teachers", "true or false", id="aides null"),
    pytest.param({"delivery": {"update_threshold": -1}}, "delivery.update_threshold", "0 to 100", id="threshold below 0"),
    pytest.param({"delivery": {"deletion_threshold": 100.5}}, "delivery.deletion_threshold", "0 to 100", id="threshold over 100"),
    pytest.param({"delivery": {"update_threshold": "35"}}, "delivery.update_threshold", "a number", id="threshold as text"),
    pytest.param({"delivery": {"update_threshold": True}}, "delivery.update_threshold", "a number", id="threshold as boolean"),
    pytest.param({"delivery": {"update_threshold": float("nan")}}, "delivery.update_threshold", "0 to 100", id="threshold not a number"),
    pytest.param({"delivery": {"data_schema": "clever"}}, "delivery.data_schema", "not available in this version", id="clever"),
    pytest.param({"delivery": {"data_schema": "oneroster-1.2"}}, "delivery.data_schema", "oneroster-1.1", id="unknown schema"),
    pytest.param({"delivery": {"data_schema": 1.1}}, "delivery.data_schema", "oneroster-1.1", id="schema as number"),
    pytest.param({"delivery": {"password": "x"}}, "delivery.password", "Only the SFTP app", id="password of an upload app"),
    # schools
    pytest.param({"schools": True}, "schools", "an object", id="schools is a flag"),
    pytest.param({"schools": {"all": True}}, "schools.all", "not a key", id="unknown key of schools"),
    pytest.param({"schools": {"all_missing_as_new": "no"}}, "schools.all_missing_as_new", "true or false", id="all missing as text"),
    pytest.param({"schools": {"mapping": ["S-1"]}}, "schools.mapping", "an object", id="mapping is a list"),
    pytest.param({"schools": {"mapping": {"S-1": 7}}}, "schools.mapping.S-1", "a text", id="target is a number"),
    pytest.param({"schools": {"mapping": {"S-1": " "}}}, "schools.mapping.S-1", "empty", id="target is blank"),
    pytest.param({"schools": {"mapping": {"S 1": "a\0b"}}}, 'schools.mapping["S 1"]', "control", id="target holds NUL"),
    pytest.param({"schools": {"mapping": {"S": "x" * 256}}}, "schools.mapping.S", "255", id="target too long"),
    pytest.param({"schools": {"mapping": {"": "x"}}}, 'schools.mapping[""]', "sourcedId", id="school without id"),
    # attributes
    pytest.param({"attributes": ["student"]}, "attributes", "an object", id="attributes is a list"),
    pytest.param({"attributes": {"pupil": {}}}, "attributes.pupil", "not a record type", id="unknown record type"),
    pytest.param({"attributes": {"students": {}}}, "attributes.students", 'Did you mean "student"?', id="record type in plural"),
    pytest.param({"attributes": {"student": []}}, "attributes.student", "an object", id="attributes of a type is a list"),
    pytest.param(mapped("student", email=3), "attributes.student.email", "a text", id="source is a number"),
    pytest.param(mapped("student", email="email"), "attributes.student.email", "file.header", id="source without file"),
    pytest.param(mapped("student", email="users.email["), "attributes.student.email", "file.header", id="source with open bracket"),
    pytest.param(mapped("student", email="people.email"), "attributes.student.email", "users.csv", id="unknown file"),
    pytest.param(mapped("student", email="classes.title"), "attributes.student.email", "not from", id="file of another type"),
    pytest.param(
        mapped("class", class_name="demographics.sex"), "attributes.class.class_name", "classes.csv", id="demographics of a class"
    ),
    pytest.param(mapped("student", email="users.emial"), "attributes.student.email", 'Did you mean "email"?', id="misspelled header"),
    pytest.param(mapped("student", email="users.Email"), "attributes.student.email", 'Did you mean "email"?', id="header in other case"),
    pytest.param(mapped("student", mail="users.Email"), "attributes.student.mail", 'Did you mean "email"?', id="own from other case"),
    pytest.param(mapped("student", email="users.metadata."), "attributes.student.email", "no header", id="metadata without a name"),
    pytest.param(mapped("student", email="users.password"), "attributes.student.email", "never imported", id="passwords"),
    pytest.param(
        mapped("student", secret="users.password"), "attributes.student.secret", "never imported", id="passwords as own attribute"
    ),
    pytest.param(mapped("student", email="users.email[X]"), "attributes.student.email", "users.userIds", id="type of a plain header"),
    pytest.param(mapped("student", user_type=None), "attributes.student.user_type", "must be fed", id="role of people not fed"),
    pytest.param(mapped("contact", primary_school=""), "attributes.contact.primary_school", "must be fed", id="schools of people not fed"),
    pytest.param(mapped("class", school_id=None), "attributes.class.school_id", "must be fed", id="school of a class not fed"),
    pytest.param(mapped("enrollment", role=None), "attributes.enrollment.role", "must be fed", id="role of an enrollment not fed"),
    pytest.param(
        mapped("enrollment", person_id=None), "attributes.enrollment.person_id", "must be fed", id="person of an enrollment not fed"
    ),
    pytest.param(mapped("student", sis_id=None), "attributes.student.sis_id", "must be fed", id="sis_id null"),
    pytest.param(mapped("course", sis_id=""), "attributes.course.sis_id", "must be fed", id="sis_id empty"),
    pytest.param(mapped("student", sis_id="users.username"), "attributes.student.sis_id", "users.identifier", id="sis_id from username"),
    pytest.param(
        mapped("student", sis_id="users.userIds"), "attributes.student.sis_id", "users.userIds[Type]", id="sis_id from all userIds"
    ),
    pytest.param(
        mapped("student", sis_id="demographics.sourcedId"), "attributes.student.sis_id", "SIS ID of people", id="sis_id elsewhere"
    ),
    pytest.param(mapped("school", sis_id="orgs.identifier"), "attributes.school.sis_id", "always orgs.sourcedId", id="sis_id of a school"),
    pytest.param(mapped("student", **{"State ID": "users.x"}), 'attributes.student["State ID"]', "small letters", id="own name with space"),
    pytest.param(mapped("student", key="users.x"), "attributes.student.key", "uses itself", id="own name is taken"),
    # requirements
    pytest.param({"requirements": []}, "requirements", "an object", id="requirements is a list"),
    pytest.param({"requirements": {"pupil": {}}}, "requirements.pupil", "not a record type", id="requirement of no type"),
    pytest.param({"requirements": {"student": "skip"}}, "requirements.student", "an object", id="requirement of a type is a text"),
    pytest.param(
        {"requirements": {"student": {"emial": "skip"}}}, "requirements.student.emial", 'Did you mean "email"?', id="misspelled attribute"
    ),
    pytest.param({"requirements": {"class": {"email": "skip"}}}, "requirements.class.email", "classes", id="attribute of another type"),
    pytest.param({"requirements": {"student": {"email": "must"}}}, "requirements.student.email", "none, report, skip", id="unknown level"),
    pytest.param({"requirements": {"student": {"email": None}}}, "requirements.student.email", "one of", id="level null"),
    # filters
    pytest.param({"filters": {}}, "filters", "a list", id="filters is an object"),
    pytest.param({"filters": ["x"]}, "filters[0]", "an object", id="filter is a text"),
    pytest.param({"filters": [{"conditions": [1]}]}, "filters[0].record_type", "missing", id="filter without type"),
    pytest.param({"filters": [{"record_type": "student"}]}, "filters[0].conditions", "missing", id="filter without conditions"),
    pytest.param(
        {"filters": [{"record_type": "student", "conditions": []}]}, "filters[0].conditions", "no conditions", id="filter of no condition"
    ),
    pytest.param(
        {"filters": [{"record_type": "student", "conditions": {}}]}, "filters[0].conditions", "a list", id="conditions is an object"
    ),
    pytest.param(
        {"filters": [{"record_type": "Student", "conditions": []}]}, "filters[0].record_type", "not known", id="type in other case"
    ),
    pytest.param({**a_filter(), "filters": [*a_filter()["filters"], 5]}, "filters[1]", "an object", id="second filter"),
    pytest.param({"filters": [{**a_filter()["filters"][0], "match": "some"}]}, "filters[0].match", "all, any", id="unknown match"),
    pytest.param({"filters": [{**a_filter()["filters"][0], "name": "x"}]}, "filters[0].name", "not a key", id="unknown key of a filter"),
    pytest.param(a_filter(value="x"), "filters[0].conditions[0].value", 'Did you mean "values"?', id="unknown key of a condition"),
    pytest.param(a_filter(attribute=...), "filters[0].conditions[0].attribute", "missing", id="condition without attribute"),
    pytest.param(a_filter(attribute="state_id"), "filters[0].conditions[0].attribute", "attributes.student", id="own attribute not named"),
    pytest.param(a_filter(attribute="metadata."), "filters[0].conditions[0].attribute", "not an attribute", id="metadata without name"),
    pytest.param(a_filter(attribute=4), "filters[0].conditions[0].attribute", "a text", id="attribute is a number"),
    pytest.param(a_filter(operator=...), "filters[0].conditions[0].operator", "missing", id="condition without operator"),
    pytest.param(a_filter(operator="equals"), "filters[0].conditions[0].operator", 'Did you mean "equals_any"?', id="unknown operator"),
    pytest.param(a_filter(operator="before"), "filters[0].conditions[0].operator", "for dates", id="date operator on text"),
    pytest.param(a_filter(operator="is_empty"), "filters[0].conditions[0].values", "takes no values", id="values of is_empty"),
    pytest.param(a_filter(values=[]), "filters[0].conditions[0].values", "at least one", id="contains nothing"),
    pytest.param(a_filter(values=...), "filters[0].conditions[0].values", "at least one", id="no values"),
    pytest.param(a_filter(values="x"), "filters[0].conditions[0].values", "a list", id="values is a text"),
    pytest.param(a_filter(values=["a", 1]), "filters[0].conditions[0].values[1]", "a text", id="value is a number"),
    pytest.param(a_filter(values=[" "]), "filters[0].conditions[0].values[0]", "empty", id="blank value"),
    pytest.param(
        a_filter(attribute="birth_date", operator="before", values=["2010-01-01", "2011-01-01"]),
        "filters[0].conditions[0].values",
        "one date",
        id="before two dates",
    ),
    pytest.param(
        a_filter(attribute="birth_date", operator="after", values=["01/02/2010"]),
        "filters[0].conditions[0].values[0]",
        "YYYY-MM-DD",
        id="after a US date",
    ),
    pytest.param(
        a_filter(attribute="birth_date", operator="on", values=["2010-02-30"]),
        "filters[0].conditions[0].values[0]",
        "not a date",
        id="on an impossible day",
    ),
    pytest.param(
        a_filter(attribute="enabled", operator="equals_any", values=["maybe"]),
        "filters[0].conditions[0].values[0]",
        "true or false",
        id="boolean is maybe",
    ),
    pytest.param(
        a_filter(attribute="grades", operator="equals_any", values=["KG", "14"]),
        "filters[0].conditions[0].values[1]",
        "a grade",
        id="impossible grade",
    ),
    pytest.param(
        a_filter(attribute="gender", operator="equals_any", values=["x"]),
        "filters[0].conditions[0].values[0]",
        "male, female",
        id="impossible choice",
    ),
    # the rest
    pytest.param({"drop_empty_classes": "true"}, "drop_empty_classes", "true or false", id="drop as text"),
    pytest.param({"uniqueness": {}}, "uniqueness", "a list", id="uniqueness is an object"),
    pytest.param({"uniqueness": [{"record_type": "student"}]}, "uniqueness[0].attributes", "missing", id="domain without attributes"),
    pytest.param({"uniqueness": [{"attributes": ["email"]}]}, "uniqueness[0].record_type", "missing", id="domain without type"),
    pytest.param({"uniqueness": [{"record_type": "student", "attributes": []}]}, "uniqueness[0].attributes", "empty", id="empty domain"),
    pytest.param(
        {"uniqueness": [{"record_type": "student", "attributes": "email"}]}, "uniqueness[0].attributes", "a list", id="domain is a text"
    ),
    pytest.param(
        {"uniqueness": [{"record_type": "class", "attributes": ["email"]}]},
        "uniqueness[0].attributes[0]",
        "classes",
        id="domain of an unknown attribute",
    ),
    pytest.param(
        {"uniqueness": [{"record_type": "student", "attributes": ["phone", "phone"]}]},
        "uniqueness[0].attributes[1]",
        "twice",
        id="attribute twice in a domain",
    ),
    pytest.param(
        {
            "uniqueness": [
                {"record_type": "student", "attributes": ["phone", "sms"]},
                {"record_type": "student", "attributes": ["sms", "phone"]},
            ]
        },
        "uniqueness[1]",
        "uniqueness[0]",
        id="domain twice",
    ),
    pytest.param(
        {"master_fields": [{"record_type": "student", "attribute": "email", "mode": "slave"}]},
        "master_fields[0].mode",
        "master, do_not_override",
        id="unknown mode",
    ),
    pytest.param(
        {"master_fields": [{"record_type": "student", "attribute": "x", "mode": "master"}]},
        "master_fields[0].attribute",
        "not an attribute",
        id="master field of no attribute",
    ),
    pytest.param(
        {"master_fields": [{"record_type": "pupil", "attribute": "x", "mode": "master"}]},
        "master_fields[0].record_type",
        "not known",
        id="master field of no type",
    ),
    pytest.param(
        {"master_fields": [{"record_type": "student", "attribute": "email", "mode": mode} for mode in ("master", "do_not_override")]},
        "master_fields[1]",
        "master_fields[0]",
        id="master field twice",
    ),
    pytest.param(
        {"master_fields": [{"record_type": "student", "attribute": "sis_id", "mode": "master"}]},
        "master_fields[0].attribute",
        "names the record",
        id="master field of the key",
    ),
    pytest.param(
        {"master_fields": [{"record_type": "enrollment", "attribute": "person_id", "mode": "do_not_override"}]},
        "master_fields[0].attribute",
        "makes the enrollment what it is",
        id="master field of an enrollment's person",
    ),
]


@pytest.mark.parametrize(("document", "path", "words"), REFUSED)
def test_a_fault_is_refused_with_its_path_and_how_to_mend_it(document: Any, path: str, words: str) -> None:
    found = faults(document)
    assert path in found
    assert words in found[path]


SFTP_REFUSED = [
    pytest.param({"schedule": []}, "schedule", id="schedule is a list"),
    pytest.param({"schedule": {}}, "schedule.when", id="schedule without frequency"),
    pytest.param({"schedule": {"when": "yearly"}}, "schedule.when", id="unknown frequency"),
    pytest.param({"schedule": {"when": "weekly"}}, "schedule.days", id="weekly without days"),
    pytest.param({"schedule": {"when": "daily", "days": ["mon"]}}, "schedule.days", id="daily with days"),
    pytest.param({"schedule": {**SCHEDULE, "days": ["monday"]}}, "schedule.days[0]", id="unknown day"),
    pytest.param({"schedule": {**SCHEDULE, "hour": 24}}, "schedule.hour", id="hour 24"),
    pytest.param({"schedule": {**SCHEDULE, "minute": 1.5}}, "schedule.minute", id="half a minute"),
    pytest.param({"schedule": {**SCHEDULE, "end_date": "30.6.2027"}}, "schedule.end_date", id="end date in another form"),
    pytest.param({"schedule": {**SCHEDULE, "end_date": ""}}, "schedule.end_date", id="empty end date"),
    pytest.param({"schedule": {"when": "weekly", "days": []}}, "schedule.days", id="weekly on no day"),
    pytest.param({"schedule": {"when": "weekdays", "days": ["mon"]}}, "schedule.days", id="weekdays with days"),
    pytest.param({"schedule": {"when": "monthly", "day": 1, "days": ["mon"]}}, "schedule.days", id="monthly with days of the week"),
    pytest.param({"schedule": {"when": "monthly"}}, "schedule.day", id="monthly without a day"),
    pytest.param({"schedule": {"when": "monthly", "day": 0}}, "schedule.day", id="day 0"),
    pytest.param({"schedule": {"when": "monthly", "day": 32}}, "schedule.day", id="day 32"),
    pytest.param({"schedule": {"when": "monthly", "day": 1.5}}, "schedule.day", id="half a day"),
    pytest.param({"schedule": {"when": "weekly", "days": ["mon"], "day": 1}}, "schedule.day", id="weekly with a day of the month"),
    pytest.param({"schedule": {"when": "hourly", "hour": 2}}, "schedule.hour", id="hourly with an hour"),
    pytest.param({"schedule": {**SCHEDULE, "minute": 60}}, "schedule.minute", id="minute 60"),
    pytest.param({"delivery": {"run_on_arrival": "yes"}}, "delivery.run_on_arrival", id="on arrival in words"),
    pytest.param({"schedule": {**SCHEDULE, "zone": "UTC"}}, "schedule.zone", id="unknown key"),
    pytest.param({"delivery": {"public_keys": ["AAAA"]}}, "delivery.public_keys[0]", id="no public key"),
    pytest.param({"delivery": {"username": 1}}, "delivery.username", id="user name is a number"),
]


@pytest.mark.parametrize(("document", "path"), SFTP_REFUSED)
def test_faults_of_the_sftp_parts_are_refused_with_their_path(document: Any, path: str) -> None:
    assert path in faults(document, "sftp")
