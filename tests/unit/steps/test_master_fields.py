"""Master fields: in a record that two apps feed, a protected value stays, and everything after sees the value that will be stored."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
import pytest

from dataquality.steps.filters import Condition, FilterRule
from dataquality.steps.uniqueness import Domain
from imports.config import ImportConfig
from imports.context import OtherApp, PipelineParams, keep_master_values
from mapping.steps.master_fields import DO_NOT_OVERRIDE, MASTER, MasterField, Protection, protections_between
from records.attributes import RecordType
from records.text import TEXT
from tests.unit.steps.kit import TODAY, MemoryLive, Ran, Row, again, district, mapped, run, yesterday

pytestmark = pytest.mark.no_database

EMAIL = (RecordType.STUDENT, "email")


def other(*fields: tuple[RecordType, str], feeds: tuple[str, ...] = ("S1", "S2"), mode: str = MASTER, name: str = "SFTP") -> OtherApp:
    """Another app that feeds the records of these keys."""
    return OtherApp(name, tuple(MasterField(*one, mode) for one in fields), lambda _: pd.Series(feeds, dtype=TEXT))


def config(*fields: tuple[RecordType, str], mode: str = MASTER, **values: Any) -> ImportConfig:
    return ImportConfig(all_missing_as_new=True, master_fields=tuple(MasterField(*one, mode) for one in fields), **values)


def today(others: tuple[OtherApp, ...] = (), own: ImportConfig | None = None, **changes: Mapping[str, Row]) -> Ran:
    """The faultless district of yesterday, today with these changes."""
    files = district(**(changes or {"users": {"S1": {"email": "new@example.org"}}}))
    return again(yesterday(), files, config=own or config(), others=others)


def test_what_another_app_is_master_of_stays_and_is_named_by_line() -> None:
    ran = today((other(EMAIL),))
    assert ran.alive("student", "S1")["email"] == "s1.student@example.org"
    assert ran.counts("student")["updated"] == 0
    found = ran.one("master-field-kept")
    assert (found["file"], found["line"], found["column"], found["value"], found["key"]) == (
        "users.csv",
        2,
        "email",
        "new@example.org",
        "S1",
    )
    assert found["outcome"] == "note"
    assert ran.says("master-field-kept").message == (
        "email is new@example.org, but Email Address keeps the value it has in the portal: SFTP is Master of it."
    )


def test_the_rest_of_the_row_is_taken() -> None:
    ran = today((other(EMAIL),), users={"S1": {"email": "new@example.org", "givenName": "Other"}})
    alive = ran.alive("student", "S1")
    assert (alive["first_name"], alive["email"]) == ("Other", "s1.student@example.org")


def test_do_not_override_leaves_what_is_there() -> None:
    ran = today((other(),), config(EMAIL, mode=DO_NOT_OVERRIDE))
    assert ran.alive("student", "S1")["email"] == "s1.student@example.org"
    assert ran.one("master-field-kept")["detail"] == "this app does not override it"


@pytest.mark.parametrize(
    ("others", "own"),
    [
        pytest.param((), config(EMAIL, mode=DO_NOT_OVERRIDE), id="there is no other app"),
        pytest.param((other(EMAIL),), config(EMAIL), id="both are Master"),
        pytest.param((other(EMAIL, mode=DO_NOT_OVERRIDE),), config(), id="only the other app must not override"),
        pytest.param((other(EMAIL, feeds=("S2",)),), config(), id="the other app does not feed the record"),
        pytest.param((other((RecordType.TEACHER, "email")),), config(), id="it is Master for another record type"),
    ],
)
def test_otherwise_the_delivered_value_is_taken(others: tuple[OtherApp, ...], own: ImportConfig) -> None:
    ran = today(others, own)
    assert ran.alive("student", "S1")["email"] == "new@example.org"
    assert not ran.found("master-field-kept")


def test_of_several_apps_the_master_must_feed_the_record_itself() -> None:
    master, feeder = other(EMAIL, feeds=()), other(name="API")
    assert today((master, feeder)).alive("student", "S1")["email"] == "new@example.org"
    assert today((master, feeder), config(EMAIL, mode=DO_NOT_OVERRIDE)).alive("student", "S1")["email"] == "s1.student@example.org"


def test_an_empty_value_is_filled() -> None:
    phone = (RecordType.STUDENT, "phone")
    ran = today((other(phone),), config(phone, mode=DO_NOT_OVERRIDE), users={"S1": {"phone": "555"}})
    assert ran.alive("student", "S1")["phone"] == "555"
    assert not ran.found("master-field-kept")


def test_an_empty_cell_clears_nothing_and_needs_no_note() -> None:
    ran = today((other(EMAIL),), users={"S1": {"email": ""}})
    assert ran.alive("student", "S1")["email"] == "s1.student@example.org"
    assert ran.fate("student", "S1")[0] == "unchanged"  # the requirement is met by the value that is kept
    assert not ran.found("master-field-kept")


def test_a_deleted_record_holds_no_value() -> None:
    first = yesterday()
    gone = again(first, district(users={"S1": None}), config=config())
    back = again(gone, district(users={"S1": {"email": "new@example.org"}}), config=config(), others=(other(EMAIL),))
    assert back.alive("student", "S1")["email"] == "new@example.org"


def test_filters_judge_the_value_that_is_kept() -> None:
    only_third = (FilterRule(RecordType.STUDENT, (Condition("grades", "equals_any", ("03",)),)),)
    grades = (RecordType.STUDENT, "grades")
    ran = today((other(grades),), config(filters=only_third), users={"S1": {"grades": "04"}})
    assert ran.fate("student", "S1")[0] == "unchanged"
    assert today((), config(filters=only_third), users={"S1": {"grades": "04"}}).fate("student", "S1") == ("excluded", "filtered-out")


def test_uniqueness_judges_the_value_that_is_kept() -> None:
    domain = config(uniqueness=(Domain(RecordType.STUDENT, ("username",)),))
    username = (RecordType.STUDENT, "username")
    changes = {"S1": {"username": "same"}, "S2": {"username": "same"}}
    assert today((), domain, users=changes).counts("student")["duplicate"] == 2
    assert today((other(username),), domain, users=changes).counts("student")["duplicate"] == 0


def test_rows_that_are_left_out_and_records_without_a_row_are_untouched() -> None:
    ran = today((other(EMAIL),), users={"S1": {"email": "new@example.org", "status": "inactive"}, "S2": None})
    assert not ran.found("master-field-kept")
    assert (ran.counts("student")["deleted"], ran.counts("student")["kept"]) == (0, 2)  # for the other app delivers them


def test_a_demographic_value_is_named_where_it_stands() -> None:
    born = (RecordType.STUDENT, "birth_date")
    ran = today((other(born),), demographics={"S2": {"birthDate": "2016-01-01"}})
    found = ran.one("master-field-kept")
    assert (found["file"], found["line"], found["column"]) == ("demographics.csv", 3, "birthDate")
    assert ran.alive("student", "S2")["birth_date"] == "2017-03-02"


def test_an_attribute_that_only_the_other_app_delivers_stays() -> None:
    lunch = (RecordType.STUDENT, "lunch")
    theirs = config(sources=mapped(RecordType.STUDENT, lunch="users.lunch"))
    first = run(district(users={"S1": {"lunch": "free"}}), config=theirs)
    assert '"lunch": "free"' in first.alive("student", "S1")["extra"]
    kept = again(first, district(), config=config(), others=(other(lunch),))
    assert '"lunch": "free"' in kept.alive("student", "S1")["extra"]


def test_a_delta_protects_like_a_whole_file() -> None:
    first = yesterday()
    delta = {
        **district(),
        "users": [row for row in district(users={"S1": {"email": "new@example.org"}})["users"] if row["sourcedId"] == "S1"],
    }
    ran = again(first, delta, config=config(), others=(other(EMAIL),), modes={"users": "delta"})
    assert ran.alive("student", "S1")["email"] == "s1.student@example.org"
    assert ran.alive("student", "S2") is not None


def test_nothing_is_read_where_no_rule_asks_for_it() -> None:
    def never(_: RecordType) -> pd.Series:
        raise AssertionError("the keys of the other app were read")

    others = (OtherApp("SFTP", (MasterField(*EMAIL, DO_NOT_OVERRIDE),), never),)
    frames = {RecordType.STUDENT: pd.DataFrame({"key": ["S1"]})}
    assert keep_master_values(frames, PipelineParams(config(EMAIL), TODAY, others=others), MemoryLive()) == (frames, [])


def test_who_protects_what() -> None:
    masters = {"SFTP": [MasterField(*EMAIL, MASTER)], "API": [MasterField(*EMAIL, MASTER)]}
    assert protections_between([], masters) == [Protection(*EMAIL, ("SFTP", "API"), "SFTP and API are Master of it")]
    assert protections_between([MasterField(*EMAIL, MASTER)], masters) == []
    assert protections_between([MasterField(*EMAIL, DO_NOT_OVERRIDE)], {}) == []
