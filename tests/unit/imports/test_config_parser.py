"""What a good configuration document becomes, and what holds for every document."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dataquality.steps.filters import OPERATORS, Condition, FilterRule
from dataquality.steps.uniqueness import Domain
from imports.config import ConfigProblem, ConfigRefused, ImportConfig, default_document, merge_document, without_sign_ins
from imports.config_parser import parse_config
from imports.config_parser.delivery import parse_schedule
from imports.config_parser.node import Node
from imports.schedule import DAYS, FREQUENCIES, Schedule, next_slots, read_schedule, words_of
from mapping.steps.attributes import Source
from mapping.steps.master_fields import MasterField
from records.attributes import ATTRIBUTES, RecordType
from tests.unit.imports.documents import FULL, SCHEDULE, a_filter, mapped


def test_the_sftp_app_takes_a_schedule_and_sign_ins() -> None:
    sign_ins = {"username": "sis", "password": "secret", "public_keys": ["ssh-ed25519 AAAA laptop"]}
    read = Schedule("weekly", ("mon", "thu"), 2, 30, date(2027, 6, 30))
    assert parse_config({"delivery": sign_ins, "schedule": SCHEDULE}, "sftp") == ImportConfig(schedule=read)
    assert parse_config({"delivery": {"run_on_arrival": True}, "schedule": None}, "sftp") == ImportConfig(run_on_arrival=True)


def test_a_schedule_is_read() -> None:
    assert parse_schedule(Node("schedule", SCHEDULE, [])) == Schedule("weekly", ("mon", "thu"), 2, 30, date(2027, 6, 30))
    assert parse_schedule(Node("schedule", {**SCHEDULE, "days": ["thu", "mon", "thu"]}, [])) == read_schedule({"schedule": SCHEDULE})


@pytest.mark.parametrize(
    ("part", "read"),
    [
        ({"when": "hourly"}, Schedule("hourly")),
        ({"when": "hourly", "minute": 59, "end_date": None}, Schedule("hourly", minute=59)),
        ({"when": "daily", "hour": 23, "minute": 0}, Schedule("daily", hour=23)),
        ({"when": "daily", "days": []}, Schedule("daily")),
        ({"when": "weekdays", "hour": 6, "minute": 5}, Schedule("weekdays", hour=6, minute=5)),
        ({"when": "monthly", "day": 31, "hour": 1}, Schedule("monthly", hour=1, day=31)),
    ],
)
def test_every_frequency_is_read_by_the_parser_and_from_a_saved_document_alike(part: dict[str, Any], read: Schedule) -> None:
    assert parse_config({"schedule": part}, "sftp").schedule == read == read_schedule({"schedule": part})


def test_a_document_of_the_sftp_app_is_whole_with_nothing_that_runs_by_itself() -> None:
    whole = merge_document({}, "sftp")
    assert whole == default_document("sftp") == merge_document(whole, "sftp")
    assert (whole["schedule"], whole["delivery"]["run_on_arrival"]) == (None, False)
    assert "schedule" not in default_document()
    assert "run_on_arrival" not in default_document()["delivery"]
    assert parse_config(whole, "sftp") == ImportConfig()
    assert list(merge_document({"schedule": SCHEDULE, "delivery": {"preview": True}}, "sftp")) == list(whole)


def test_no_version_keeps_how_one_signs_in() -> None:
    sent = merge_document({"delivery": {"username": "sis", "password": "secret", "public_keys": [], "preview": True}}, "sftp")
    assert without_sign_ins(sent) == merge_document({"delivery": {"preview": True}}, "sftp")
    assert without_sign_ins({"delivery": "x"}) == {"delivery": "x"}


def test_all_faults_are_named_at_once_and_in_one_sentence_each() -> None:
    document = {
        "x": 1,
        "delivery": {"preview": "yes"},
        "attributes": {"student": {"sis_id": None, "state_id": "users.userIds[State]", "email": "users.emial"}},
        "requirements": {"student": {"state_id": "must"}},
        "filters": [{"record_type": "student", "conditions": [{"attribute": "a", "operator": "b"}, {"attribute": "email"}]}],
    }
    with pytest.raises(ConfigRefused) as refused:
        parse_config(document)
    assert [problem.path for problem in refused.value.problems] == [
        "x", "delivery.preview", "attributes.student.sis_id", "attributes.student.email", "requirements.student.state_id",
        "filters[0].conditions[0].attribute", "filters[0].conditions[0].operator", "filters[0].conditions[1].operator",
    ]  # fmt: skip
    assert "delivery.preview: This must be true or false" in str(refused.value)


def test_the_default_document_means_the_defaults() -> None:
    assert parse_config(default_document()) == parse_config({}) == ImportConfig()


def test_a_full_document_becomes_the_parameters_of_a_sync() -> None:
    config = parse_config(FULL)
    assert (config.update_threshold, config.deletion_threshold, config.all_missing_as_new) == (35, 10, True)
    assert config.school_mapping == {"S-1": "north-high"}
    student = config.sources[RecordType.STUDENT]
    assert student["state_id"] == Source("users", "userIds", "State")
    assert student["lunch"] == Source("demographics", "metadata.lunch")
    assert student["email"] == Source("users", "email")
    assert config.requirements[RecordType.STUDENT]["state_id"] == "none"
    assert config.requirements[RecordType.STUDENT]["grades"] == "skip"
    assert config.filters == (FilterRule(RecordType.STUDENT, (Condition("grades", "equals_any", ("KG", "01", "02")),)),)
    assert config.uniqueness == (Domain(RecordType.STUDENT, ("username",)),)


def test_reading_a_document_leaves_it_as_it_is() -> None:
    whole = merge_document(FULL)
    before = repr(whole)
    parse_config(whole)
    assert repr(whole) == before
    assert merge_document(whole) == whole


@pytest.mark.parametrize("nothing", [None, ""])
def test_an_attribute_mapped_to_nothing_is_not_fed(nothing: str | None) -> None:
    sources = parse_config(mapped("student", phone=nothing, own=nothing)).sources[RecordType.STUDENT]
    assert sources["phone"] == Source("users", "")
    assert "own" not in sources


@pytest.mark.parametrize("source", ["users.sourcedId", "users.identifier", "users.userIds[SIS]", "users.metadata.number"])
def test_the_sis_id_of_people_may_come_from_every_id_they_have(source: str) -> None:
    assert parse_config(mapped("teacher", sis_id=source)).sources[RecordType.TEACHER]["sis_id"].text == source


def test_an_own_attribute_may_come_from_any_header_and_be_used_in_every_rule() -> None:
    document = {
        **mapped("teacher", room="users.Home Room"),
        "requirements": {"teacher": {"room": "report", "metadata.union": "skip"}},
        "filters": [
            {"record_type": "teacher", "match": "any", "conditions": [{"attribute": "metadata.union", "operator": "is_not_empty"}]}
        ],
        "uniqueness": [{"record_type": "teacher", "attributes": ["room", "username"]}],
        "master_fields": [{"record_type": "teacher", "attribute": "room", "mode": "do_not_override"}],
    }
    config = parse_config(document)
    assert config.sources[RecordType.TEACHER]["room"] == Source("users", "Home Room")
    assert config.filters[0].match == "any"
    assert config.master_fields == (MasterField(RecordType.TEACHER, "room", "do_not_override"),)


@pytest.mark.parametrize(
    ("attribute", "sent", "meant"),
    [
        ("grades", "K", "KG"),
        ("grades", "1st", "01"),
        ("enabled", "Yes", "true"),
        ("gender", "F", "female"),
        ("birth_date", "2010-01-02", "2010-01-02"),
    ],
)
def test_values_of_a_filter_are_read_like_the_values_of_the_files(attribute: str, sent: str, meant: str) -> None:
    config = parse_config(a_filter(attribute=attribute, operator="equals_any", values=[sent]))
    assert config.filters[0].conditions[0].values == (meant,)


@pytest.mark.parametrize("operator", OPERATORS)
def test_every_operator_can_be_used(operator: str) -> None:
    values = {"is_empty": ..., "is_not_empty": [], "is_past": None, "is_future": ...}.get(operator, ["2010-05-06"])
    config = parse_config(a_filter(attribute="birth_date", operator=operator, values=values))
    assert config.filters[0].conditions[0].operator == operator


@pytest.mark.parametrize("record_type", list(RecordType))
def test_every_attribute_of_the_interfaces_can_be_required(record_type: RecordType) -> None:
    levels = {attribute.name: "report" for attribute in ATTRIBUTES[record_type]}
    assert parse_config({"requirements": {record_type.value: levels}}).requirements[record_type] == levels


WORDS = st.sampled_from(["student", "email", "users.email", "all"])
KEYS = st.sampled_from(["student", "record_type", "conditions", "x.y", ""])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=8,
)


@given(part=st.sampled_from([*default_document("sftp")]), value=JSON, kind=st.sampled_from(["csv_upload", "sftp"]))
def test_whatever_a_part_holds_is_read_or_refused_below_its_own_path(part: str, value: Any, kind: str) -> None:
    problems = None
    try:
        parse_config({part: value}, kind)
    except ConfigRefused as refused:
        problems = refused.problems
    assert problems is None or (problems and all(problem.path.startswith(part) and problem.message for problem in problems))


PARTS_OF_SCHEDULE = st.fixed_dictionaries(
    {},
    optional={
        "when": st.sampled_from([*FREQUENCIES, "yearly"]) | JSON,
        "days": st.lists(st.sampled_from([*DAYS, "day"]) | JSON, max_size=3) | JSON,
        "day": st.integers(-1, 33) | JSON,
        "hour": st.integers(-1, 25) | JSON,
        "minute": st.integers(-1, 61) | JSON,
        "end_date": st.dates().map(str) | JSON,
    },
)


@given(PARTS_OF_SCHEDULE)
def test_whatever_a_schedule_says_it_is_refused_by_its_path_or_has_moments_and_words(part: dict[str, Any]) -> None:
    problems: list[ConfigProblem] = []
    read = parse_schedule(Node("schedule", part, problems))
    assert all(problem.path.startswith("schedule") for problem in problems)
    if not problems:
        assert read is not None
        assert read == read_schedule({"schedule": part})
        assert words_of(read)
        assert read.end_date or len(next_slots(read, ZoneInfo("America/Chicago"), datetime(2027, 2, 1, tzinfo=UTC), 3)) == 3


@pytest.mark.parametrize("change", [lambda d: d["delivery"].pop("preview"), lambda d: d.pop("filters")])
def test_what_is_left_out_keeps_its_default(change: Callable[[dict[str, Any]], Any]) -> None:
    document = default_document()
    change(document)
    assert parse_config(document) == ImportConfig()
